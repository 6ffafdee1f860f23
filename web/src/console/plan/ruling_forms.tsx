/** Deciding otherwise than the plan: pin a match or forbid it, always with the reason. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { asAsked } from "../case/wanted";
import { quantityOf } from "../format";
import { useDoing } from "../hooks";
import { Do, Field, fieldsOf, Form } from "../parts";
import { say } from "../toasts";
import { forgetTyped, useTyped } from "../typed";
import type { Next } from "../why";
import { endRuling, rule, type Match, type Ruling, type Unmet } from "./detail";
import type { Places } from "./view";

type Kind = "pin" | "forbid";

interface Props {
  match: Match;
  places: Places;
  done: () => void;
}

export function RulingForms({ match, places, done }: Props) {
  const [kind, setKind] = useState<Kind | null>(null);
  const source = match.volunteer_id ?? match.lot_id ?? "";
  const others = (match.why.next ?? []).filter((one) => one.supply_id !== source);
  const sources = [
    { id: source, label: word("plan.rule.as_planned", { name: places.source(match) }) },
    ...others.map((one) => choice(one, match.item, places)),
  ];
  return (
    <>
      <Choice kind={kind} set={setKind} />
      {kind && (
        <RulingForm
          key={kind}
          kind={kind}
          needId={match.need_id}
          service={match.volunteer_id !== null}
          sources={kind === "pin" ? sources : sources.slice(0, 1)}
          most={match.volunteer_id ? null : match.quantity}
          done={done}
        />
      )}
    </>
  );
}

/** A need that stays open can be given the nearest that there is, whatever it costs others. */
export function PinNearest({ one, places, done }: { one: Unmet; places: Places; done: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const { nearest } = one.why;
  if (!nearest) return null;
  return (
    <>
      <Do pressed={isOpen} onClick={() => setOpen(!isOpen)}>
        {word("plan.rule.serve")}
      </Do>
      {isOpen && (
        <RulingForm
          kind="pin"
          needId={one.need_id}
          service={!(nearest.supply_id in places.plan.sources)}
          sources={[choice(nearest, one.item, places)]}
          most={Math.min(one.quantity, nearest.free)}
          done={done}
        />
      )}
    </>
  );
}

const choice = (one: Next, item: string, places: Places) => ({
  id: one.supply_id,
  label: word("plan.rule.other", {
    name: places.supplier(one.supply_id),
    minutes: Math.round(one.minutes),
    free: quantityOf(item, one.free),
  }),
});

function Choice({ kind, set }: { kind: Kind | null; set: (kind: Kind | null) => void }) {
  return (
    <>
      {(["pin", "forbid"] as const).map((one) => (
        <Do key={one} pressed={kind === one} onClick={() => set(kind === one ? null : one)}>
          {word(`plan.rule.${one}`)}
        </Do>
      ))}
    </>
  );
}

interface FormProps {
  kind: Kind;
  needId: number;
  service: boolean;
  sources: { id: string; label: string }[];
  /** The quantity that is offered at first; null where there is none to choose. */
  most: number | null;
  done: () => void;
}

function RulingForm({ kind, needId, service, sources, most, done }: FormProps) {
  const doing = useDoing();
  const form = `ruling/${needId}/${kind}`;
  const [source, setSource] = useState(sources[0]?.id ?? "");
  const [quantity, setQuantity] = useTyped(form, "quantity", most === null ? "" : String(most));
  const [reason, setReason] = useTyped(form, "reason", "");
  const wrong = fieldsOf(doing.refusal);
  const hasQuantity = kind === "pin" && most !== null;
  const submit = async () => {
    const supply = service ? { volunteer_id: source } : { lot_id: source };
    const amount = hasQuantity ? { quantity: asAsked(quantity) } : {};
    if (await doing.run(() => rule({ kind, need_id: needId, ...supply, ...amount, reason }))) {
      forgetTyped(form);
      say(word(`plan.rule.done.${kind}`));
      done();
    }
  };
  return (
    <Form class="inline-form ruling-form" refusal={doing.refusal} shown={["quantity", "reason"]} submit={submit}>
      <p class="muted">{word(`plan.rule.what.${kind}`)}</p>
      {sources.length > 1 && (
        <Field name="ruling-source" label={word("plan.rule.source")}>
          <select id="ruling-source" value={source} onChange={(event) => setSource(event.currentTarget.value)}>
            {sources.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </select>
        </Field>
      )}
      {hasQuantity && (
        <Field name="ruling-quantity" label={word("plan.rule.quantity")} wrong={wrong.quantity}>
          <input
            id="ruling-quantity"
            inputMode="numeric"
            value={quantity}
            onInput={(event) => setQuantity(event.currentTarget.value)}
          />
        </Field>
      )}
      <Reason id="ruling-reason" value={reason} set={setReason} wrong={wrong.reason} />
      <Do submit tone="primary" busy={doing.busy}>
        {word(`plan.rule.do.${kind}`)}
      </Do>
    </Form>
  );
}

interface ReasonProps {
  id: string;
  value: string;
  set: (value: string) => void;
  wrong?: string | undefined;
}

export function Reason({ id, value, set, wrong }: ReasonProps) {
  return (
    <Field name={id} label={word("plan.reason")} hint={word("plan.reason_hint")} wrong={wrong}>
      <input id={id} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </Field>
  );
}

export function EndRuling({ ruling, done }: { ruling: Ruling; done: () => void }) {
  const doing = useDoing();
  const [isOpen, setOpen] = useState(false);
  const form = `ruling/${ruling.id}/end`;
  const [reason, setReason] = useTyped(form, "reason", "");
  const submit = async () => {
    if (!(await doing.run(() => endRuling(ruling.id, reason)))) return;
    forgetTyped(form);
    say(word("plan.rule.done.end"));
    done();
  };
  if (!isOpen) return <Do onClick={() => setOpen(true)}>{word("plan.rule.end")}</Do>;
  return (
    <Form class="inline-form ruling-form" refusal={doing.refusal} shown={["reason"]} submit={submit}>
      <Reason id={`end-${ruling.id}`} value={reason} set={setReason} wrong={fieldsOf(doing.refusal).reason} />
      <Do submit tone="primary" busy={doing.busy}>
        {word("plan.rule.do.end")}
      </Do>
    </Form>
  );
}
