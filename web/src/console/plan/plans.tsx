/** Plans over all open needs: asked for, looked at, approved. */
import { useEffect, useRef, useState } from "preact/hooks";
import { moment, word } from "../../words";
import { go, plansPath } from "../address";
import { number } from "../format";
import { useDoing, useLoaded, type Doing } from "../hooks";
import type { Model } from "../model";
import { Do, Problem, Waiting } from "../parts";
import { placeName } from "../places";
import { mayAnywhere } from "../setup";
import { askForPlan, loadPlans, loadWaves, type PlanBrief } from "./detail";
import { PlanView } from "./plan_view";
import type { Tab } from "./view";

const PLAN_EVENTS = new Set(["PlanRequested", "PlanReady", "PlanApproved", "PlanChanged"]);
const LOOK_AGAIN_MS = 2_000;

export function Plans({ model, planId }: { model: Model; planId: string | null }) {
  const plans = usePlans(model);
  const waves = useLoaded(model.incident, (signal) => loadWaves(model.incident, signal));
  const again = () => {
    plans.again();
    waves.again();
  };
  useEffect(
    () => model.onEvents((events) => void (events.some((event) => PLAN_EVENTS.has(event.type)) && again())),
    [model],
  );
  // Somebody decides on this one: it is not pulled away when the next one comes.
  const [held, setHeld] = useState<string | null>(null);
  const tab = useRef<Tab>("matches");
  const asking = useDoing();
  const ask = async () => {
    setHeld(null);
    if (await asking.run(() => askForPlan(model.incident, model.area))) go(plansPath());
    again();
  };
  const drafts = waves.value?.waves ?? [];
  const live = (plans.value ?? []).filter((plan) => plan.kind !== "wave" && plan.kind !== "what_if");
  const newest = live.find((plan) => plan.state === "ready")?.id ?? live[0]?.id ?? null;
  const shown = planId ?? held ?? newest;
  const brief = [...live, ...drafts].find((plan) => plan.id === shown);
  const isWaiting = live.some((plan) => plan.state === "requested");
  const choice = <PlanChoice plans={live} waves={drafts} shown={shown} choose={() => setHeld(null)} />;
  const make = mayAnywhere("plan:make") && <Make doing={asking} ask={ask} isWaiting={isWaiting} />;
  if (!plans.value && plans.loading) return <Waiting />;
  if (!plans.value) return <Problem refusal={plans.refusal} again={again} />;
  if (!shown) return <NoPlan make={make} refusal={asking.refusal} />;
  return (
    <>
      <Problem refusal={asking.refusal} again={() => void ask()} />
      <PlanView
        key={shown}
        planId={shown}
        model={model}
        state={brief?.state ?? null}
        again={again}
        choice={choice}
        make={make}
        waves={drafts}
        tab={tab}
        newer={newest !== null && newest !== shown && isLaterThan(live, newest, shown) ? newest : null}
        hold={() => setHeld(shown)}
        follow={() => {
          setHeld(null);
          go(plansPath());
        }}
      />
    </>
  );
}

/** The plans as the server lists them; while one is being worked out they are looked at again, as one may fail untold. */
function usePlans(model: Model) {
  const loaded = useLoaded(model.incident, (signal) => loadPlans(model.incident, signal));
  const plans = loaded.value?.plans ?? null;
  const isWaiting = plans?.some((plan) => plan.state === "requested") ?? false;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(loaded.again, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  return { ...loaded, value: plans };
}

/** The newest plans come first; one that is not listed any more is older than all. */
function isLaterThan(plans: PlanBrief[], one: string, other: string): boolean {
  const at = (id: string) => plans.findIndex((plan) => plan.id === id);
  return at(other) < 0 || at(one) < at(other);
}

interface MakeProps {
  doing: Doing;
  ask: () => Promise<void>;
  isWaiting: boolean;
}

function Make({ doing, ask, isWaiting }: MakeProps) {
  return (
    <Do busy={doing.busy || isWaiting} onClick={() => void ask()}>
      {word(isWaiting ? "plan.making" : "plan.make")}
    </Do>
  );
}

function NoPlan({ make, refusal }: { make: preact.ComponentChildren; refusal: Doing["refusal"] }) {
  return (
    <div class="no-plan">
      <p>
        <strong>{word("plan.none")}</strong>
      </p>
      <p class="muted">{word("plan.what")}</p>
      <Problem refusal={refusal} />
      {make}
    </div>
  );
}

interface ChoiceProps {
  plans: PlanBrief[];
  waves: PlanBrief[];
  shown: string | null;
  choose: () => void;
}

function PlanChoice({ plans, waves, shown, choose }: ChoiceProps) {
  // What was worked out by itself and overtaken by the next is of no use to anybody.
  const useful = plans.filter((plan) => plan.id === shown || !(plan.automatic && plan.state === "superseded"));
  const isListed = [...useful, ...waves].some((plan) => plan.id === shown);
  return (
    <select
      class="plan-choice"
      aria-label={word("plan.choose")}
      value={shown ?? ""}
      onChange={(event) => {
        choose();
        go(plansPath(event.currentTarget.value));
      }}
    >
      {!isListed && <option value={shown ?? ""}>{word("plan.one")}</option>}
      <optgroup label={word("plan.title")}>
        {useful.map((plan) => (
          <option key={plan.id} value={plan.id}>
            {[
              word(`states.plan.${plan.state}`),
              moment(plan.requested_at),
              plan.automatic ? word("plan.automatic") : plan.by,
              plan.area && placeName(plan.area),
              plan.matched !== undefined && word("plan.matched", { n: number(plan.matched) }),
            ]
              .filter(Boolean)
              .join(" · ")}
          </option>
        ))}
      </optgroup>
      {waves.length > 0 && (
        <optgroup label={word("plan.wave.title")}>
          {waves.map((wave) => (
            <option key={wave.id} value={wave.id}>
              {[word(`states.plan.${wave.state}`), wave.asked.name, wave.asked.departs_at && moment(wave.asked.departs_at)]
                .filter(Boolean)
                .join(" · ")}
            </option>
          ))}
        </optgroup>
      )}
    </select>
  );
}
