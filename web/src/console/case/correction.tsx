/** Setting a case right while verifying it: how many people, where, and what they need. */
import type { Refusal } from "../../api";
import { word } from "../../words";
import { AreaField, NO_AREA } from "../area_field";
import { Do, Field, fieldsOf, Form } from "../parts";
import { useTyped } from "../typed";
import type { CaseDetail } from "./detail";
import { asNeeds, asNumber, WantedLines, type Wanted } from "./wanted";

interface Props {
  /** The name under which is kept what is typed. */
  form: string;
  found: CaseDetail;
  busy: boolean;
  refusal: Refusal | null;
  act: (body: Record<string, unknown>) => void;
}

const HERE = /^(people|area_code|needs)/;

export function Correction({ form, found, busy, refusal, act }: Props) {
  const [people, setPeople] = useTyped(form, "people", found.people === null ? "" : String(found.people));
  const [area, setArea] = useTyped(form, "area", NO_AREA);
  const [wanted, setWanted] = useTyped<Wanted[]>(form, "wanted", []);
  const wrong = fieldsOf(refusal);
  const submit = () => {
    const body: Record<string, unknown> = {};
    if (people !== "" && people !== String(found.people ?? "")) body.people = asNumber(people);
    if (area.code) body.area_code = area.code;
    const needs = asNeeds(wanted);
    if (needs.length) body.needs = needs;
    act(body);
  };
  return (
    <Form refusal={refusal} shown={Object.keys(wrong).filter((name) => HERE.test(name))} submit={submit}>
      <Field name="people" label={word("case.people")} wrong={wrong.people} optional>
        <input
          id="people"
          inputMode="numeric"
          value={people}
          onInput={(event) => setPeople(event.currentTarget.value)}
        />
      </Field>
      <AreaField label={word("case.other_place")} wrong={wrong.area_code} chosen={area} choose={setArea} optional />
      <WantedLines wanted={wanted} change={setWanted} wrong={wrong} />
      <Do submit tone="primary" busy={busy}>
        {word(found.verified ? "case.save" : "case.verify")}
      </Do>
    </Form>
  );
}
