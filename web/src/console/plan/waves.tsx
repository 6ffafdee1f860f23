/** Waves: what leaves together at a set time. Drafted here, changed and approved on the page of its plan. */
import { moment, word } from "../../words";
import { go, plansPath } from "../address";
import { number } from "../format";
import { useDoing } from "../hooks";
import type { Model } from "../model";
import { Do, Field, fieldsOf, Form, StateBadge } from "../parts";
import { mayAnywhere } from "../setup";
import { forgetTyped, useTyped } from "../typed";
import { draftWave, editWave, type Plan, type PlanBrief, type WaveEdit } from "./detail";
import { Reason } from "./ruling_forms";
import { PanelHead } from "./what_if";

const HOUR = 3_600_000;
/** Western Indonesian time, which all times of the page are in. */
const ZONE = { hours: 7, suffix: "+07:00" };

interface Props {
  model: Model;
  waves: PlanBrief[];
  close: () => void;
  again: () => void;
}

export function WavesPanel({ model, waves, close, again }: Props) {
  return (
    <section class="plan-panel" aria-label={word("plan.wave.title")}>
      <PanelHead title={word("plan.wave.title")} close={close} />
      <p class="muted">{word("plan.wave.what")}</p>
      {mayAnywhere("plan:make") && <DraftForm model={model} again={again} />}
      <h4>{word("plan.wave.list")}</h4>
      {!waves.length && <p class="muted">{word("plan.wave.none")}</p>}
      <ul class="wave-list">
        {waves.map((wave) => (
          <li key={wave.id}>
            <WaveCard wave={wave} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function WaveCard({ wave }: { wave: PlanBrief }) {
  const path = plansPath(wave.id);
  return (
    <a
      class="plan-card"
      href={path}
      onClick={(event) => {
        event.preventDefault();
        go(path);
      }}
    >
      <span>
        <strong>{wave.asked.name}</strong>
        <StateBadge noun="plan" name={wave.state} />
      </span>
      <span class="muted">
        {wave.asked.departs_at && word("plan.wave.departs", { at: moment(wave.asked.departs_at) })}
        {wave.matched !== undefined && ` · ${word("plan.matched", { n: number(wave.matched) })}`}
      </span>
    </a>
  );
}

/** The full hour after the next, as a field for times takes it. */
function soon(): string {
  const hour = Math.ceil(Date.now() / HOUR + 1) * HOUR;
  return new Date(hour + ZONE.hours * HOUR).toISOString().slice(0, 16);
}

function DraftForm({ model, again }: { model: Model; again: () => void }) {
  const doing = useDoing();
  const form = `wave/${model.incident}`;
  const [name, setName] = useTyped(form, "name", "");
  const [at, setAt] = useTyped(form, "at", soon());
  const wrong = fieldsOf(doing.refusal);
  const submit = async () => {
    const departs = at ? `${at}:00${ZONE.suffix}` : "";
    const wave = await doing.run(() => draftWave(model.incident, model.area, name, departs));
    if (!wave) return;
    forgetTyped(form);
    again();
    go(plansPath(wave.id));
  };
  return (
    <Form class="inline-form wave-form" refusal={doing.refusal} shown={["name", "departs_at"]} submit={submit}>
      <Field name="wave-name" label={word("plan.wave.name")} hint={word("plan.wave.name_hint")} wrong={wrong.name}>
        <input id="wave-name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <Field name="wave-departs" label={word("plan.wave.departs_at")} wrong={wrong.departs_at}>
        <input
          id="wave-departs"
          type="datetime-local"
          value={at}
          onInput={(event) => setAt(event.currentTarget.value)}
        />
      </Field>
      <Do submit tone="primary" busy={doing.busy}>
        {word("plan.wave.draft")}
      </Do>
    </Form>
  );
}

/** The papers of a wave, once there is something on them. */
export function Papers({ plan }: { plan: Plan }) {
  return (
    <span class="papers">
      <a class="button small" href={`/rencana/${plan.id}/daftar-ambil`} target="_blank" rel="noopener">
        {word("plan.wave.picking")}
      </a>
      <a class="button small" href={`/rencana/${plan.id}/rute`} target="_blank" rel="noopener">
        {word("plan.wave.routes")}
      </a>
    </span>
  );
}

/** What was changed of a wave by hand and is not saved yet. */
export interface Draft {
  out: ReadonlySet<number>;
  back: ReadonlySet<number>;
  quantities: ReadonlyMap<number, number>;
}

export const UNCHANGED: Draft = { out: new Set(), back: new Set(), quantities: new Map() };

export const countOf = (draft: Draft): number => draft.out.size + draft.back.size + draft.quantities.size;

export function toggled(draft: Draft, plan: Plan, numbers: number[], on: boolean): Draft {
  const [out, back] = [new Set(draft.out), new Set(draft.back)];
  const isOut = new Set(plan.matches.filter((match) => match.taken_out).map((match) => match.n));
  for (const n of numbers) {
    out.delete(n);
    back.delete(n);
    if (on && isOut.has(n)) back.add(n);
    if (!on && !isOut.has(n)) out.add(n);
  }
  return { ...draft, out, back };
}

export function withQuantity(draft: Draft, plan: Plan, n: number, quantity: number): Draft {
  const quantities = new Map(draft.quantities);
  const planned = plan.matches.find((match) => match.n === n)?.quantity;
  if (quantity === planned || !(quantity >= 1)) quantities.delete(n);
  else quantities.set(n, Math.floor(quantity));
  return { ...draft, quantities };
}

interface SaveProps {
  plan: Plan;
  draft: Draft;
  undo: () => void;
  saved: () => void;
}

export function SaveWave({ plan, draft, undo, saved }: SaveProps) {
  const doing = useDoing();
  const [reason, setReason] = useTyped(`wave/${plan.id}`, "reason", "");
  const submit = async () => {
    const edit: WaveEdit = {
      version: plan.version,
      take_out: [...draft.out],
      put_back: [...draft.back],
      quantities: Object.fromEntries(draft.quantities),
      reason,
    };
    if (!(await doing.run(() => editWave(plan.id, edit)))) return;
    forgetTyped(`wave/${plan.id}`);
    saved();
  };
  return (
    <Form class="save-wave" refusal={doing.refusal} shown={["reason"]} submit={submit}>
      <p>
        <strong>{word("plan.wave.unsaved", { n: number(countOf(draft)) })}</strong>
      </p>
      <Reason id="wave-reason" value={reason} set={setReason} wrong={fieldsOf(doing.refusal).reason} />
      <div class="row lt-actions">
        <Do submit tone="primary" busy={doing.busy}>
          {word("plan.wave.save")}
        </Do>
        <Do onClick={undo}>{word("plan.wave.undo")}</Do>
      </div>
    </Form>
  );
}
