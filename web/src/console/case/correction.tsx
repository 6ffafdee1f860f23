/** Setting a case right while verifying it: how many people, where, and what they need. */
import { useState } from "preact/hooks";
import type { Refusal } from "../../api";
import { word } from "../../words";
import { AreaField } from "../area_field";
import { Do, Field, fieldsOf, OtherFields, Problem } from "../parts";
import type { CaseDetail } from "./detail";
import { asNeeds, asNumber, WantedLines, type Wanted } from "./wanted";

interface Props {
  found: CaseDetail;
  busy: boolean;
  refusal: Refusal | null;
  act: (body: Record<string, unknown>) => void;
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
    const needs = asNeeds(wanted);
    if (needs.length) body.needs = needs;
    act(body);
  };
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
      <WantedLines wanted={wanted} change={setWanted} wrong={wrong} />
      <Do submit tone="primary" busy={busy}>
        {word(found.verified ? "case.save" : "case.verify")}
      </Do>
    </form>
  );
}
