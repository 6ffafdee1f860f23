/** A report taken down for somebody who calls: the same report as from a phone, with its code to read out. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { word } from "../words";
import { AreaField, NO_AREA, type Chosen } from "./area_field";
import { post } from "./calls";
import { asNeeds, asNumber, WantedLines, type Wanted } from "./case/wanted";
import { useDoing } from "./hooks";
import type { Model } from "./model";
import { Clock, Do, Field, fieldsOf, Form } from "./parts";
import { forgetTyped, useTyped } from "./typed";

const DANGERS = ["trapped", "medical", "rising", "vital"] as const;
const SHOWN = /^(text|people|area_code|place_text|contact|needs|danger)/;
const KEPT = "desk-entry";

interface Draft {
  /** Made with the draft, so that sending it twice stores it once. */
  client_id: string;
  name: string;
  phone: string;
  text: string;
  area: Chosen;
  place: string;
  people: string;
  dangers: string[];
  wanted: Wanted[];
}

interface Receipt {
  id: string;
  code: string;
  tier: number;
  clock: { due_at: string };
}

const blank = (): Draft => ({
  client_id: crypto.randomUUID(),
  name: "",
  phone: "",
  text: "",
  area: NO_AREA,
  place: "",
  people: "",
  dangers: [],
  wanted: [],
});

interface Props {
  model: Model;
  open: (caseId: number) => void;
  close: () => void;
}

export function DeskEntry({ model, open, close }: Props) {
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="case-pane" aria-labelledby="desk-title">
      <header class="case-head">
        <button type="button" class="back" onClick={close}>
          <span aria-hidden="true">‹</span> {word("case.back")}
        </button>
        <h2 id="desk-title" tabIndex={-1} ref={heading}>
          {word("console.desk.title")}
        </h2>
      </header>
      <div class="case-body">
        {receipt ? (
          <Taken model={model} receipt={receipt} open={open} again={() => setReceipt(null)} />
        ) : (
          <Entry model={model} taken={setReceipt} />
        )}
      </div>
    </section>
  );
}

function Entry({ model, taken }: { model: Model; taken: (receipt: Receipt) => void }) {
  const [draft, setDraft] = useTyped(KEPT, "draft", useMemo(blank, []));
  const doing = useDoing();
  const wrong = fieldsOf(doing.refusal);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = async () => {
    const receipt = await doing.run(() => post<Receipt>("/api/reports", asReport(draft, model.incident)));
    if (!receipt) return;
    forgetTyped(KEPT);
    taken(receipt);
  };
  const text = (name: "name" | "phone" | "place" | "people", field: string, mode?: "numeric" | "tel") => (
    <Field name={`desk-${name}`} label={word(`console.desk.${name}`)} wrong={wrong[field]} optional>
      <input
        id={`desk-${name}`}
        inputMode={mode}
        autocomplete="off"
        value={draft[name]}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </Field>
  );
  const toggle = (name: string, on: boolean) =>
    change({ dangers: on ? [...draft.dangers, name] : draft.dangers.filter((one) => one !== name) });
  return (
    <Form
      class="desk-entry"
      refusal={doing.refusal}
      shown={Object.keys(wrong).filter((name) => SHOWN.test(name))}
      submit={submit}
    >
      <fieldset>
        <legend>{word("console.desk.dangers")}</legend>
        {DANGERS.map((name) => (
          <label key={name} class="pick">
            <input
              type="checkbox"
              checked={draft.dangers.includes(name)}
              onChange={(event) => toggle(name, event.currentTarget.checked)}
            />{" "}
            {word(`danger.${name}`)}
          </label>
        ))}
      </fieldset>
      {draft.dangers.length > 0 && <p class="notice bad call">{word("console.alarm.call")}</p>}
      <Field name="desk-text" label={word("console.desk.text")} wrong={wrong.text}>
        <textarea
          id="desk-text"
          rows={3}
          value={draft.text}
          onInput={(event) => change({ text: event.currentTarget.value })}
        />
      </Field>
      <AreaField label={word("console.area_of")} wrong={wrong.area_code ?? wrong.place} chosen={draft.area} choose={(area) => change({ area })} />
      {text("place", "place_text")}
      {text("people", "people", "numeric")}
      <WantedLines wanted={draft.wanted} change={(wanted) => change({ wanted })} wrong={wrong} />
      {text("name", "contact.name")}
      {text("phone", "contact.phone", "tel")}
      <Do submit tone="primary" busy={doing.busy}>
        {word("console.desk.send")}
      </Do>
    </Form>
  );
}

function asReport(draft: Draft, incident: string): Record<string, unknown> {
  const report: Record<string, unknown> = { client_id: draft.client_id, incident, channel: "phone", on_behalf: true };
  if (draft.text.trim()) report.text = draft.text;
  if (draft.area.code) report.area_code = draft.area.code;
  if (draft.place.trim()) report.place_text = draft.place;
  if (draft.people.trim()) report.people = asNumber(draft.people);
  if (draft.dangers.length) report.danger = Object.fromEntries(draft.dangers.map((name) => [name, true]));
  const needs = asNeeds(draft.wanted);
  if (needs.length) report.needs = needs;
  const contact = { ...(draft.name.trim() && { name: draft.name }), ...(draft.phone.trim() && { phone: draft.phone }) };
  if (Object.keys(contact).length) report.contact = contact;
  return report;
}

interface TakenProps {
  model: Model;
  receipt: Receipt;
  open: (caseId: number) => void;
  again: () => void;
}

function Taken({ model, receipt, open, again }: TakenProps) {
  const caseId = model.board.tables.reports.get(receipt.id)?.case_id;
  return (
    <div class="notice good" role="status">
      <p>{word("console.desk.taken", { tier: receipt.tier })}</p>
      <p class="code">{receipt.code}</p>
      <p>
        <Clock at={Date.parse(receipt.clock.due_at)} long />
      </p>
      <div class="row">
        {caseId !== undefined && (
          <button type="button" class="button small primary" onClick={() => open(caseId)}>
            {word("console.desk.open")}
          </button>
        )}
        <button type="button" class="button small" onClick={again}>
          {word("console.desk.again")}
        </button>
      </div>
    </div>
  );
}
