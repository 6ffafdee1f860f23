/** One plan: map and tables are two views of one choice; what is open says why; the plan is approved here. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { moment, word } from "../../words";
import { go, plansPath } from "../address";
import { number } from "../format";
import { useDoing, useWide } from "../hooks";
import type { Model } from "../model";
import { Do, Problem, Waiting } from "../parts";
import { namesVersion } from "../places";
import { may } from "../setup";
import { approve, type Approved, type Plan, type PlanBrief, type PlanState } from "./detail";
import { Filters } from "./filters";
import { usePlan } from "./follow";
import type { Member } from "./flows";
import type { Picks } from "./matches";
import { Outcome } from "./outcome";
import { FlowMap } from "./plan_map";
import { Summary } from "./proof";
import { Tables } from "./tables";
import { EVERYTHING, marks, matchKey, narrowed, Places, pickedOf, unmetKey, type Tab, type View } from "./view";
import {
  countOf,
  Papers,
  SaveWave,
  toggled,
  UNCHANGED,
  WavesPanel,
  withQuantity,
  type Draft,
} from "./waves";
import { Answer, changesWord, WhatIfPanel, type Idea } from "./what_if";

interface Props {
  planId: string;
  model: Model;
  /** What the list knows of the plan's state: when it moves on, the plan is read again. */
  state: PlanState | null;
  again: () => void;
  choice: ComponentChildren;
  make: ComponentChildren;
  waves: PlanBrief[];
  /** The table that was last looked at, of whatever plan. */
  tab: { current: Tab };
  /** A plan that came after this one. */
  newer: string | null;
  hold: () => void;
  /** To the newest plan, and to whatever comes after it. */
  follow: () => void;
}

export function PlanView(props: Props) {
  const { planId, model, state } = props;
  const loaded = usePlan(planId, model);
  useEffect(() => {
    // A plan that was overtaken may have lost its lines; what is on the screen stays readable.
    if (state && state !== "superseded" && loaded.value && state !== loaded.value.state) loaded.again();
  }, [state, loaded.value]);
  const plan = loaded.value;
  if (!plan)
    return (
      <div class="plan-page">
        <header class="plan-head">{props.choice}</header>
        {loaded.loading && !loaded.refusal ? <Waiting /> : <Problem refusal={loaded.refusal} again={loaded.again} />}
      </div>
    );
  if (plan.state === "requested" || plan.state === "failed")
    return (
      <div class="plan-page">
        <header class="plan-head">
          {props.choice}
          {props.make}
        </header>
        {plan.state === "failed" ? (
          <p class="notice bad">{word("plan.failed")}</p>
        ) : (
          <p class="working" role="status">
            <i class="spinner" aria-hidden="true" />
            {word("plan.working")}
          </p>
        )}
      </div>
    );
  return <ReadyPlan {...props} plan={plan} reload={loaded.again} />;
}

type Panel = "tables" | "what_if" | "waves";

function ReadyPlan(props: Props & { plan: Plan; reload: () => void }) {
  const { plan, model, hold, follow } = props;
  const isWide = useWide();
  const [view, setView] = useState<View>({ ...EVERYTHING, tab: props.tab.current });
  const [panel, setPanel] = useState<Panel>("tables");
  const [side, setSide] = useState<"tables" | "map">("tables");
  const [idea, setIdea] = useState<Partial<Idea>>({});
  const places = useMemo(() => new Places(plan, model), [plan, model.board.ready, namesVersion()]);
  const lines = useMemo(() => narrowed(plan, places, view), [places, view]);
  // What is picked stands out on the map among all that passes the filter, instead of standing alone.
  const { text, item, tiers } = view;
  const around = useMemo(() => narrowed(plan, places, { ...EVERYTHING, text, item, tiers }), [places, text, item, tiers]);
  const picked = useMemo(() => pickedOf(view, lines), [lines, view.opened, view.tab, view.only, view.site, view.area]);
  const markOf = useMemo(() => marks(plan), [plan]);
  const set = (change: Partial<View>) => {
    if (change.opened) hold();
    if (change.tab) props.tab.current = change.tab;
    setView({ ...view, ...change });
  };
  const choosing = useChoosing(props, hold);
  const canRule = may("assignment:manage", plan.area) && plan.kind !== "what_if" && plan.state === "ready";
  const tryIdea = (part: Partial<Idea>) => {
    hold();
    setIdea(part);
    setPanel("what_if");
    setSide("tables");
  };
  const onPick = (what: { members: Member[] } | { site: string } | null) => {
    setPanel("tables");
    set(pickedOnMap(what));
    if (what) setSide("tables");
  };
  const showMap = isWide || side === "map";
  const showTables = isWide || side === "tables";
  return (
    <div class="plan-page">
      <Head {...props} panel={panel} setPanel={(one) => (one === "what_if" ? tryIdea({}) : setPanel(one))} />
      <Banners {...props} outcome={choosing.outcome} close={choosing.close} />
      <div class="plan-body">
        {showTables && (
          <section class="plan-left" aria-label={word("plan.one")}>
            {panel === "what_if" && (
              <WhatIfPanel
                plan={plan}
                model={model}
                first={ideaFor(plan, model, view, idea)}
                close={() => setPanel("tables")}
                look={(id) => go(plansPath(id))}
              />
            )}
            {panel === "waves" && (
              <WavesPanel model={model} waves={props.waves} close={() => setPanel("tables")} again={props.again} />
            )}
            {panel === "tables" && (
              <>
                <Summary plan={plan} />
                <Filters plan={plan} places={places} view={view} set={set} />
                <Tables
                  plan={plan}
                  view={view}
                  set={set}
                  lines={lines}
                  places={places}
                  marks={markOf}
                  picks={choosing.picks}
                  onlyThese={choosing.onlyThese}
                  canRule={canRule}
                  ruled={follow}
                  tryMore={plan.kind === "live" ? tryIdea : null}
                />
                {choosing.bar}
              </>
            )}
          </section>
        )}
        {showMap && (
          <FlowMap
            incident={model.incident}
            lines={around}
            places={places}
            picked={picked}
            withGone={view.tab === "changes"}
            onPick={onPick}
          />
        )}
      </div>
      {!isWide && <Sides side={side} set={setSide} />}
    </div>
  );
}

function Sides({ side, set }: { side: "tables" | "map"; set: (side: "tables" | "map") => void }) {
  return (
    <nav class="views" aria-label={word("console.views")}>
      {(["tables", "map"] as const).map((one) => (
        <button key={one} type="button" aria-pressed={side === one} onClick={() => set(one)}>
          {word(`plan.side.${one}`)}
        </button>
      ))}
    </nav>
  );
}

/** Where a click on the map leads: to the one line or site there, or to all lines that lie there together. */
function pickedOnMap(what: { members: Member[] } | { site: string } | null): Partial<View> {
  const cleared: Partial<View> = { only: null, site: null, area: null, opened: null };
  if (!what) return cleared;
  if ("site" in what) return { ...cleared, tab: "sites", opened: what.site };
  const matches = what.members.flatMap((member) => member.matches);
  const unmet = what.members.flatMap((member) => member.unmet);
  const tab: Tab = matches.length ? "matches" : "unmet";
  const [match, need] = [matches[0], unmet[0]];
  if (matches.length === 1 && !unmet.length && match) return { ...cleared, tab, opened: matchKey(match) };
  if (unmet.length === 1 && !matches.length && need) return { ...cleared, tab, opened: unmetKey(need) };
  const label = what.members[0]?.label ?? "";
  const rest = what.members.length - 1;
  const only = {
    label: rest > 0 ? `${label} +${number(rest)}` : label,
    matches: new Set(matches.map((one) => one.n)),
    needs: new Set(unmet.map((one) => one.need_id)),
  };
  return { ...cleared, tab, only };
}

/** What a trial begins with: what is asked of, where it comes from now, and the item that is lacking most often. */
function ideaFor(plan: Plan, model: Model, view: View, part: Partial<Idea>): Idea {
  const lacking = new Map<string, number>();
  for (const one of plan.unmet) lacking.set(one.item, (lacking.get(one.item) ?? 0) + 1);
  const [most] = [...lacking].sort((a, b) => b[1] - a[1]).map(([item]) => item);
  const busiest = [...plan.sites].sort((a, b) => b.matches - a.matches)[0]?.site_id;
  const any = [...model.board.tables.sites.keys()][0] ?? "";
  const opened = view.tab === "sites" && view.opened && view.opened !== "services" ? view.opened : null;
  return {
    kind: "add_stock",
    site: opened ?? busiest ?? any,
    item: most ?? "blanket",
    quantity: "200",
    vehicle: "truck",
    skill: "medical",
    count: "1",
    ...part,
  };
}

interface HeadProps extends Props {
  plan: Plan;
  panel: Panel;
  setPanel: (panel: Panel) => void;
}

function Head({ plan, choice, make, panel, setPanel }: HeadProps) {
  const press = (one: Panel) => setPanel(panel === one ? "tables" : one);
  return (
    <header class="plan-head">
      {choice}
      {plan.kind === "wave" && <Papers plan={plan} />}
      <span class="plan-actions">
        {plan.kind !== "what_if" && may("plan:make", plan.area) && (
          <Do pressed={panel === "what_if"} onClick={() => press("what_if")}>
            {word("plan.what_if.open")}
          </Do>
        )}
        <Do pressed={panel === "waves"} onClick={() => press("waves")}>
          {word("plan.wave.title")}
        </Do>
        {make}
      </span>
    </header>
  );
}

interface BannerProps extends Props {
  plan: Plan;
  outcome: Approved | null;
  close: () => void;
}

function Banners({ plan, model, state, newer, follow, outcome, close }: BannerProps) {
  const isOvertaken = state === "superseded" || plan.state === "superseded";
  return (
    <>
      {plan.kind === "what_if" && (
        <div class="notice warn plan-banner">
          <p>
            <strong>{word("plan.what_if.banner")}</strong> {changesWord(plan.asked.changes ?? [], model)}
          </p>
          {plan.what_if && (
            <details>
              <summary>{word("plan.what_if.answer")}</summary>
              <Answer what={plan.what_if} />
            </details>
          )}
          <Do onClick={follow}>{word("plan.what_if.back")}</Do>
        </div>
      )}
      {plan.kind === "wave" && (
        <p class="plan-banner wave-name">
          <strong>{plan.asked.name}</strong>{" "}
          {plan.asked.departs_at && word("plan.wave.departs", { at: moment(plan.asked.departs_at) })}
        </p>
      )}
      {plan.kind === "live" && newer && !outcome && (
        <p class={`notice plan-banner ${isOvertaken ? "warn" : "info"}`} role="status">
          {word(isOvertaken ? "plan.overtaken" : "plan.newer")}{" "}
          <button type="button" class="link" onClick={follow}>
            {word("plan.to_newest")}
          </button>
        </p>
      )}
      {outcome && <Outcome outcome={outcome} plan={plan} close={close} />}
    </>
  );
}

interface Choosing {
  picks: Picks | null;
  onlyThese: ((numbers: number[]) => void) | null;
  bar: ComponentChildren;
  outcome: Approved | null;
  close: () => void;
}

/** Choosing what is approved: of a plan, any lines; a wave is changed first, then approved as one. */
function useChoosing(props: Props & { plan: Plan; reload: () => void }, hold: () => void): Choosing {
  const { plan, state, reload, again } = props;
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const [draft, setDraft] = useState<Draft>(UNCHANGED);
  const [outcome, setOutcome] = useState<Approved | null>(null);
  const doing = useDoing();
  const isWave = plan.kind === "wave";
  const can = plan.kind !== "what_if" && plan.state === "ready" && state !== "superseded" && may("plan:approve", plan.area);
  const taken = plan.matches.filter((match) => (isWave ? !match.taken_out : !left.has(match.n)));
  const take = async () => {
    hold();
    const only = !isWave && left.size ? taken.map((match) => match.n) : null;
    const result = await doing.run(() => approve(plan.id, plan.version, only));
    if (result) setOutcome(result);
    reload();
    again();
  };
  const saved = () => {
    setDraft(UNCHANGED);
    reload();
    again();
  };
  const isChanged = isWave && countOf(draft) > 0;
  const bar = can && plan.matches.length > 0 && (
    <div class="approve-bar">
      <Problem refusal={doing.refusal} />
      {isChanged ? (
        <SaveWave plan={plan} draft={draft} undo={() => setDraft(UNCHANGED)} saved={saved} />
      ) : (
        <>
          <Do tone="primary" busy={doing.busy} disabled={!taken.length} onClick={() => void take()}>
            {approveWord(plan, taken.length)}
          </Do>
          <span class="muted">{word(isWave ? "plan.wave.approve_what" : "plan.approve_what")}</span>
        </>
      )}
    </div>
  );
  const close = () => setOutcome(null);
  if (!can) return { picks: null, onlyThese: null, bar: null, outcome, close };
  const picks = isWave
    ? wavePicks(plan, draft, setDraft)
    : { left, toggle: (numbers: number[], on: boolean) => (hold(), setLeft(without(left, numbers, on))) };
  const onlyThese = (numbers: number[]) => {
    hold();
    const kept = new Set(numbers);
    setLeft(new Set(plan.matches.filter((match) => !kept.has(match.n)).map((match) => match.n)));
  };
  return { picks, onlyThese: isWave ? null : onlyThese, bar, outcome, close };
}

function approveWord(plan: Plan, taken: number): string {
  const [n, all] = [number(taken), number(plan.matches.length)];
  if (plan.kind === "wave") return word("plan.wave.approve", { n });
  return taken < plan.matches.length ? word("plan.approve_some", { n, all }) : word("plan.approve_all", { n });
}

function without(left: ReadonlySet<number>, numbers: number[], on: boolean): ReadonlySet<number> {
  const next = new Set(left);
  for (const n of numbers) {
    if (on) next.delete(n);
    else next.add(n);
  }
  return next;
}

function wavePicks(plan: Plan, draft: Draft, set: (draft: Draft) => void): Picks {
  const out = plan.matches.filter((match) => match.taken_out).map((match) => match.n);
  const left = new Set([...out.filter((n) => !draft.back.has(n)), ...draft.out]);
  return {
    left,
    toggle: (numbers, on) => set(toggled(draft, plan, numbers, on)),
    quantity: (n, quantity) => set(withQuantity(draft, plan, n, quantity)),
    quantities: draft.quantities,
  };
}
