/** Plans over all open needs: asked for, looked at, approved. */
import { useEffect } from "preact/hooks";
import { moment, word } from "../../words";
import { go, plansPath } from "../address";
import { number } from "../format";
import { useDoing, useLoaded } from "../hooks";
import type { Model } from "../model";
import { Do, Problem, StateBadge, Waiting } from "../parts";
import { placeName } from "../places";
import { mayAnywhere } from "../setup";
import { askForPlan, loadPlans, type PlanBrief } from "./detail";
import { PlanView } from "./plan_view";

const PLAN_EVENTS = new Set(["PlanRequested", "PlanReady", "PlanApproved"]);
const LOOK_AGAIN_MS = 2_000;

export function Plans({ model, planId }: { model: Model; planId: string | null }) {
  const loaded = useLoaded(model.incident, (signal) => loadPlans(model.incident, signal));
  // What was worked out by itself and overtaken by the next is of no use to anybody.
  const plans = (loaded.value?.plans ?? []).filter(
    (plan) => plan.id === planId || !(plan.automatic && plan.state === "superseded"),
  );
  const isWaiting = plans.some((plan) => plan.state === "requested");
  useEffect(
    () => model.onEvents((events) => void (events.some((event) => PLAN_EVENTS.has(event.type)) && loaded.again())),
    [model],
  );
  useEffect(() => {
    if (!isWaiting) return;
    // A plan that fails is told of by nobody.
    const timer = setInterval(loaded.again, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  const shown = planId ?? plans.find((plan) => plan.state === "ready")?.id ?? plans[0]?.id ?? null;
  return (
    <div class={`plans ${planId ? "with-plan" : ""}`}>
      <aside class="plan-list">
        <Ask model={model} again={loaded.again} />
        <Problem refusal={loaded.refusal} again={loaded.again} />
        {!loaded.value && loaded.loading && <Waiting />}
        {loaded.value && !plans.length && <p class="empty">{word("plan.none")}</p>}
        <ul>
          {plans.map((plan) => (
            <li key={plan.id}>
              <PlanCard plan={plan} current={plan.id === shown} />
            </li>
          ))}
        </ul>
      </aside>
      {shown && (
        <PlanView
          key={shown}
          planId={shown}
          model={model}
          state={plans.find((plan) => plan.id === shown)?.state ?? null}
          again={loaded.again}
        />
      )}
    </div>
  );
}

function Ask({ model, again }: { model: Model; again: () => void }) {
  const doing = useDoing();
  if (!mayAnywhere("plan:make")) return null;
  const ask = async () => {
    const plan = await doing.run(() => askForPlan(model.incident, model.area));
    if (plan) go(plansPath(plan.id));
    again();
  };
  return (
    <div class="plan-ask">
      <p class="muted">{word("plan.what")}</p>
      <Do tone="primary" busy={doing.busy} onClick={() => void ask()}>
        {word("plan.make")}
      </Do>
      <Problem refusal={doing.refusal} again={() => void ask()} />
    </div>
  );
}

function PlanCard({ plan, current }: { plan: PlanBrief; current: boolean }) {
  const path = plansPath(plan.id);
  return (
    <a
      class="plan-card"
      href={path}
      aria-current={current ? "true" : undefined}
      onClick={(event) => {
        event.preventDefault();
        go(path);
      }}
    >
      <span>
        <strong>{moment(plan.requested_at)}</strong>
        <StateBadge noun="plan" name={plan.state} />
      </span>
      <span class="muted">
        {[
          plan.automatic ? word("plan.automatic") : plan.by,
          plan.area && placeName(plan.area),
          plan.matched !== undefined && word("plan.matched", { n: number(plan.matched) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </a>
  );
}
