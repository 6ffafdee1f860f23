/** Setting a case right while verifying it: how many people, where, and what they need. */
import { useState } from "preact/hooks";
import type { Refusal } from "../../api";
import { word } from "../../words";
import { AreaField } from "../area_field";
import { Do, Field, fieldsOf, OtherFields, Problem } from "../parts";
import { setup } from "../setup";
import type { CaseDetail } from "./detail";

interface Props {
  found: CaseDetail;
  busy: boolean;
  refusal: Refusal | null;
  act: (body: Record<string, unknown>) => void;
}

interface Wanted {
  item: string;
  quantity: string;
}

const HERE = /^(people|area_code|needs)/;

export function Correction({ found, busy, refusal, act }: Props) {
  const [people, setPeople] = useState(found.people === null ? "" : String(found.people));
  const [area, setArea] = useState("");
  const [wanted, setWanted] = useState<Wanted[]>([]);
  const wrong = fieldsOf(refusal);
  const submit = (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = {};
    if (people !== "" && people !== String(found.people ?? "")) body.people = asNumber(people);
    if (area) body.area_code = area;
    const needs = wanted.filter((one) => one.item);
    if (needs.length)
      body.needs = needs.map((one) => ({
        item: one.item,
        quantity: one.quantity === "" ? null : asNumber(one.quantity),
      }));
    act(body);
  };
  const change = (n: number, part: Partial<Wanted>) =>
    setWanted(wanted.map((one, m) => (m === n ? { ...one, ...part } : one)));
  return (
    <form class="inline-form" onSubmit={submit}>
      <Problem refusal={refusal} />
      <OtherFields refusal={refusal} shown={Object.keys(wrong).filter((name) => HERE.test(name))} />
      <Field name="people" label={word("case.people")} wrong={wrong.people} optional>
        <input
          id="people"
          inputMode="numeric"
          value={people}
          onInput={(event) => setPeople(event.currentTarget.value)}
        />
      </Field>
      <AreaField label={word("case.other_place")} wrong={wrong.area_code} onChoose={setArea} optional />
      <fieldset>
        <legend>{word("case.needs")}</legend>
        <p class="hint">{word("case.norm_hint")}</p>
        {wanted.map((one, n) => (
          <div class="need-line" key={n}>
            <select
              aria-label={word("case.item")}
              value={one.item}
              onChange={(event) => change(n, { item: event.currentTarget.value })}
            >
              <option value="">{word("case.choose_item")}</option>
              {setup.workplace.items.map((item) => (
                <option key={item.code} value={item.code}>
                  {word(`items.${item.code}`)} ({word(`units.${item.unit}`)})
                </option>
              ))}
            </select>
            <input
              aria-label={word("case.quantity")}
              inputMode="numeric"
              placeholder={word("case.by_norm")}
              value={one.quantity}
              onInput={(event) => change(n, { quantity: event.currentTarget.value })}
            />
            <p class="problem">{wrong[`needs.${n}.item`] ?? wrong[`needs.${n}.quantity`] ?? ""}</p>
          </div>
        ))}
        <button type="button" class="button small" onClick={() => setWanted([...wanted, { item: "", quantity: "" }])}>
          + {word("case.add_need")}
        </button>
      </fieldset>
      <Do submit tone="primary" busy={busy}>
        {word(found.verified ? "case.save" : "case.verify")}
      </Do>
    </form>
  );
}

/** What is no number goes to the server as it was typed, which then says what is wrong with it. */
const asNumber = (text: string): number | string => (/^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text);
