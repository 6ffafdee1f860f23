/** A trial: what a plan would be if things were otherwise. Nothing of it is saved, nothing can be approved. */
import { useEffect, useRef, useState } from "preact/hooks";
import { word } from "../../words";
import { asAsked } from "../case/wanted";
import { amount, large, number, quantityOf } from "../format";
import { useDoing } from "../hooks";
import type { Model } from "../model";
import { Do, Field, fieldsOf, Form, Problem } from "../parts";
import { placeName } from "../places";
import { items } from "../setup";
import { useTyped } from "../typed";
import { askWhatIf, type Change, type Plan, type Served, type Standing, type WhatIf } from "./detail";
import { usePlan } from "./follow";
import { spanOf } from "./proof";
import { groups } from "./view";

const KINDS = ["add_stock", "close_site", "add_vehicle", "add_volunteer"] as const;
const VEHICLES = ["motorcycle", "car", "boat", "pickup", "truck"] as const;
const SKILLS = [
  "ambulance",
  "cooking",
  "driving",
  "evacuation",
  "medical",
  "psychosocial",
  "search_and_rescue",
] as const;
const MOST_CHANGES = 20;
/** What is typed of a change, by the server's names; all else is chosen. */
const COUNTS = /^changes\.\d+\.(quantity|count)$/;

export interface Idea {
  kind: Change["kind"];
  site: string;
  item: string;
  quantity: string;
  vehicle: string;
  skill: string;
  count: string;
}

interface Props {
  plan: Plan;
  model: Model;
  first: Idea;
  close: () => void;
  /** To the page of the trial, with its map. */
  look: (planId: string) => void;
}

export function WhatIfPanel({ plan, model, first, close, look }: Props) {
  const [ideas, setIdeas] = useTyped<{ key: number; idea: Idea }[]>(`trial/${plan.id}`, "ideas", [{ key: 0, idea: first }]);
  const doing = useDoing();
  const [asked, setAsked] = useState<string | null>(null);
  const sites = sitesOf(model);
  const wrong = fieldsOf(doing.refusal);
  const ask = async () => {
    setAsked(null);
    const changes = ideas.map(({ idea }) => changeOf(idea));
    const trial = await doing.run(() => askWhatIf(plan.incident, plan.area || null, changes));
    if (trial) setAsked(trial.id);
  };
  const change = (key: number, idea: Idea) =>
    setIdeas(ideas.map((one) => (one.key === key ? { key, idea } : one)));
  return (
    <section class="plan-panel what-if" aria-label={word("plan.what_if.title")}>
      <PanelHead title={word("plan.what_if.title")} close={close}>
        <span class="badge warn">{word("plan.what_if.trial")}</span>
      </PanelHead>
      <p class="muted">{word("plan.what_if.what")}</p>
      <Form class="" refusal={doing.refusal} shown={Object.keys(wrong).filter((name) => COUNTS.test(name))} submit={ask}>
        <ol class="ideas">
          {ideas.map(({ key, idea }, n) => (
            <li key={key}>
              <IdeaRow
                n={n}
                idea={idea}
                wrong={wrong[`changes.${n}.quantity`] ?? wrong[`changes.${n}.count`]}
                sites={sites}
                change={(changed) => change(key, changed)}
                remove={ideas.length > 1 ? () => setIdeas(ideas.filter((one) => one.key !== key)) : null}
              />
            </li>
          ))}
        </ol>
        <div class="row lt-actions">
          <Do submit tone="primary" busy={doing.busy}>
            {word("plan.what_if.ask")}
          </Do>
          {ideas.length < MOST_CHANGES && (
            <Do onClick={() => setIdeas([...ideas, { key: 1 + Math.max(...ideas.map(({ key }) => key)), idea: first }])}>
              {word("plan.what_if.another")}
            </Do>
          )}
        </div>
      </Form>
      {asked && <Answered key={asked} planId={asked} model={model} look={look} />}
    </section>
  );
}

interface HeadProps {
  title: string;
  close: () => void;
  children?: preact.ComponentChildren;
}

export function PanelHead({ title, close, children }: HeadProps) {
  return (
    <header class="panel-head">
      <h3>{title}</h3>
      {children}
      <button type="button" class="link" onClick={close}>
        {word("plan.to_tables")}
      </button>
    </header>
  );
}

interface SiteName {
  id: string;
  name: string;
}

const sitesOf = (model: Model): SiteName[] =>
  [...model.board.tables.sites.values()]
    .filter((site) => site.open)
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ id, name }) => ({ id, name }));

function changeOf({ kind, site, item, quantity, vehicle, skill, count }: Idea): Change {
  const at = { site_id: site };
  if (kind === "add_stock") return { kind, ...at, item, quantity: asAsked(quantity) };
  if (kind === "add_vehicle") return { kind, ...at, vehicle, count: asAsked(count) };
  if (kind === "add_volunteer") return { kind, ...at, skills: [skill], count: asAsked(count) };
  return { kind, ...at };
}

interface RowProps {
  n: number;
  idea: Idea;
  wrong: string | undefined;
  sites: SiteName[];
  change: (idea: Idea) => void;
  remove: (() => void) | null;
}

function IdeaRow({ n, idea, wrong, sites, change, remove }: RowProps) {
  const set = (part: Partial<Idea>) => change({ ...idea, ...part });
  const goods = [...items.values()].filter((item) => item.kind === "goods");
  return (
    <fieldset class="idea">
      <legend class="visually-hidden">{word("plan.what_if.nth", { n: n + 1 })}</legend>
      <Choice name="kind" value={idea.kind} set={(kind) => set({ kind: kind as Idea["kind"] })}>
        {KINDS.map((kind) => [kind, word(`plan.what_if.kinds.${kind}`)])}
      </Choice>
      {idea.kind === "add_stock" && (
        <>
          <Count n={n} name="quantity" value={idea.quantity} set={(quantity) => set({ quantity })} wrong={wrong} />
          <Choice name="item" value={idea.item} set={(item) => set({ item })}>
            {goods.map((item) => [item.code, `${word(`items.${item.code}`)} (${word(`units.${item.unit}`)})`])}
          </Choice>
        </>
      )}
      {(idea.kind === "add_vehicle" || idea.kind === "add_volunteer") && (
        <Count n={n} name="count" value={idea.count} set={(count) => set({ count })} wrong={wrong} />
      )}
      {idea.kind === "add_vehicle" && (
        <Choice name="vehicle" value={idea.vehicle} set={(vehicle) => set({ vehicle })}>
          {VEHICLES.map((one) => [one, word(`vehicles.${one}`)])}
        </Choice>
      )}
      {idea.kind === "add_volunteer" && (
        <Choice name="skill" value={idea.skill} set={(skill) => set({ skill })}>
          {SKILLS.map((one) => [one, word(`skills.${one}`)])}
        </Choice>
      )}
      <Choice name="site" value={idea.site} set={(site) => set({ site })}>
        {sites.map((site) => [site.id, site.name])}
      </Choice>
      {remove && (
        <button type="button" class="link" onClick={remove}>
          {word("plan.what_if.remove")}
        </button>
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  set: (value: string) => void;
  children: [string, string][];
}

function Choice({ name, value, set, children }: ChoiceProps) {
  return (
    <label class={`idea-${name}`}>
      <span>{word(`plan.what_if.fields.${name}`)}</span>
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {children.map(([code, name_]) => (
          <option key={code} value={code}>
            {name_}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CountProps {
  n: number;
  name: "quantity" | "count";
  value: string;
  set: (value: string) => void;
  wrong: string | undefined;
}

function Count({ n, name, value, set, wrong }: CountProps) {
  const id = `idea-${n}-${name}`;
  return (
    <div class={`idea-${name}`}>
      <Field name={id} label={word(`plan.what_if.fields.${name}`)} wrong={wrong}>
        <input id={id} inputMode="numeric" value={value} onInput={(event) => set(event.currentTarget.value)} />
      </Field>
    </div>
  );
}

/** Waits for the trial to be worked out, then says what came of it. */
function Answered({ planId, model, look }: { planId: string; model: Model; look: (planId: string) => void }) {
  const { value, refusal, again } = usePlan(planId, model);
  const box = useRef<HTMLDivElement>(null);
  const isAnswered = Boolean(value?.what_if);
  useEffect(() => box.current?.scrollIntoView({ block: isAnswered ? "start" : "nearest" }), [isAnswered]);
  return (
    <div class="answer" aria-live="polite" ref={box}>
      <Problem refusal={refusal} again={again} />
      {!refusal && (!value || value.state === "requested") && (
        <p class="working" role="status">
          <i class="spinner" aria-hidden="true" />
          {word("plan.what_if.working")}
        </p>
      )}
      {value?.state === "failed" && <p class="notice bad">{word("plan.failed")}</p>}
      {value?.what_if && (
        <>
          <Answer what={value.what_if} />
          <Do onClick={() => look(value.id)}>{word("plan.what_if.look")}</Do>
        </>
      )}
    </div>
  );
}

/** The changes of a trial in words. */
export function changesWord(changes: Change[], model: Model): string {
  const at = (change: Change) => model.board.tables.sites.get(change.site_id)?.name ?? word("plan.other_supply");
  return changes
    .map((change) => {
      const site = at(change);
      if (change.kind === "add_stock")
        return word("plan.what_if.said.add_stock", { what: amount(change.item, change.quantity), site });
      if (change.kind === "add_vehicle")
        return word("plan.what_if.said.add_vehicle", {
          n: number(change.count),
          vehicle: word(`vehicles.${change.vehicle}`),
          site,
        });
      if (change.kind === "add_volunteer")
        return word("plan.what_if.said.add_volunteer", {
          n: number(change.count),
          skills: change.skills.map((skill) => word(`skills.${skill}`)).join(", "),
          site,
        });
      return word("plan.what_if.said.close_site", { site });
    })
    .join("; ");
}

/** What a trial changes, in words and numbers. */
export function Answer({ what }: { what: WhatIf }) {
  const { base, now } = what;
  return (
    <>
      <ul class="answer-words">
        <li class={what.served_more.length ? "more" : ""}>{servedWord("more", what.served_more)}</li>
        <li class={what.served_less.length ? "less" : ""}>{servedWord("less", what.served_less)}</li>
        <MeanWord before={base.mean_minutes ?? null} after={now.mean_minutes ?? null} />
        <li>{lastWord(base.last_minutes, now.last_minutes)}</li>
      </ul>
      <BeforeAfter base={base} now={now} />
      <ByVillage title={word("plan.what_if.more_where")} served={what.served_more} />
      <ByVillage title={word("plan.what_if.less_where")} served={what.served_less} />
    </>
  );
}

function servedWord(way: "more" | "less", served: Served[]): string {
  if (!served.length) return word(way === "more" ? "plan.what_if.no_more" : "plan.what_if.no_less");
  const whats = [...groups(served, (one) => one.item)].map(([item, those]) => amount(item, sum(those)));
  return word(way === "more" ? "plan.what_if.more" : "plan.what_if.less", {
    what: whats.join(", "),
    needs: number(new Set(served.map((one) => one.need_id)).size),
    villages: number(new Set(served.map((one) => one.area)).size),
  });
}

const sum = (served: Served[]): number => served.reduce((total, one) => total + one.quantity, 0);

/** Loads that come sooner or later on average: what a vehicle more does even when the last arrival stays. */
function MeanWord({ before, after }: { before: number | null; after: number | null }) {
  if (before === null || after === null || Math.round(before) === Math.round(after)) return null;
  const said = after < before ? "sooner" : "later";
  return (
    <li class={after < before ? "more" : "less"}>
      {word(`plan.what_if.mean_${said}`, { before: spanOf(before), after: spanOf(after) })}
    </li>
  );
}

function lastWord(before: number | null, after: number | null): string {
  if (after === null) return word("plan.what_if.last_never");
  if (before === null) return word("plan.what_if.last_now", { after: spanOf(after) });
  if (Math.round(before) === Math.round(after)) return word("plan.what_if.last_same", { after: spanOf(after) });
  return word("plan.what_if.last", { before: spanOf(before), after: spanOf(after) });
}

const FIGURES: { name: Exclude<keyof Standing, "plan_id">; show: (n: number) => string }[] = [
  { name: "open_needs", show: number },
  { name: "unmet_units", show: number },
  { name: "loads_left", show: number },
  { name: "mean_minutes", show: spanOf },
  { name: "last_minutes", show: spanOf },
  { name: "gini", show: (n) => number(Math.round(n * 1000) / 1000) },
  { name: "cost", show: large },
];

function BeforeAfter({ base, now }: { base: Standing; now: Standing }) {
  return (
    <table class="table before-after">
      <thead>
        <tr>
          <th scope="col">{word("plan.what_if.figure")}</th>
          <th scope="col" class="number">
            {word("plan.what_if.before")}
          </th>
          <th scope="col" class="number">
            {word("plan.what_if.after")}
          </th>
        </tr>
      </thead>
      <tbody>
        {FIGURES.map(({ name, show }) => (
          <tr key={name}>
            <th scope="row">{word(`plan.what_if.figures.${name}`)}</th>
            <td class="number">{shownOr(base[name], show)}</td>
            <td class={`number ${tone(base[name], now[name])}`}>{shownOr(now[name], show)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Figure = number | null | undefined;

const shownOr = (n: Figure, show: (n: number) => string): string => (n == null ? "–" : show(n));

/** Of all these figures less is better. */
function tone(before: Figure, after: Figure): string {
  if (before == null || after == null || before === after) return "";
  return after < before ? "better" : "worse";
}

const MOST = 12;

function ByVillage({ title, served }: { title: string; served: Served[] }) {
  if (!served.length) return null;
  const villages = [...groups(served, (one) => one.area)].sort((a, b) => b[1].length - a[1].length);
  return (
    <details>
      <summary>{title}</summary>
      <ul>
        {villages.slice(0, MOST).map(([area, those]) => (
          <li key={area}>
            {placeName(area)}:{" "}
            {[...groups(those, (one) => one.item)]
              .map(([item, lines]) => `${word(`items.${item}`)} ${quantityOf(item, sum(lines))}`)
              .join(", ")}
          </li>
        ))}
        {villages.length > MOST && <li>{word("plan.what_if.and_more", { n: number(villages.length - MOST) })}</li>}
      </ul>
    </details>
  );
}
