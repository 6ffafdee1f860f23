/** The needs of a case: what is covered, and who or what could cover the rest. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { day, number, quantityOf, wordOr } from "../format";
import { useDoing, useLoaded } from "../hooks";
import type { Model } from "../model";
import { post } from "../calls";
import { Clock, Do, Field, fieldsOf, FillBar, Form, Problem, StateBadge, Waiting } from "../parts";
import type { AssignmentRow } from "../rows";
import { may } from "../setup";
import { forgetTyped, useTyped } from "../typed";
import { backOfAssignment, done } from "../undo";
import { lackWord } from "../why";
import { loadCandidates, type Candidate, type CaseDetail } from "./detail";
import { NeedReasons } from "./reasons";
import { asNumber } from "./wanted";

interface Props {
  found: CaseDetail;
  model: Model;
  again: () => void;
}

type Need = CaseDetail["needs"][number];

export function Needs({ found, model, again }: Props) {
  return (
    <section class="part">
      <h3>{word("case.needs")}</h3>
      {!found.needs.length && <p class="muted">{word("console.no_needs")}</p>}
      <ul class="needs">
        {found.needs.map((need) => (
          <NeedLine key={need.id} found={found} need={need} model={model} again={again} />
        ))}
      </ul>
    </section>
  );
}

function NeedLine({ found, need, model, again }: Props & { need: Need }) {
  const [isOpen, setOpen] = useState(false);
  const isMissing = need.state === "open" && need.covered < need.quantity;
  return (
    <li>
      <div class="need-head">
        <strong>{word(`items.${need.item}`)}</strong>
        <span class="need-number">
          {number(need.covered)} / {quantityOf(need.item, need.quantity)}
        </span>
        <StateBadge noun="need" name={need.state === "open" ? need.fill : need.state} />
      </div>
      <FillBar quantity={need.quantity} covered={need.covered} delivered={need.delivered} />
      <p class="need-facts muted">
        <span>{word("case.delivered_of", { delivered: number(need.delivered), quantity: number(need.quantity) })}</span>
        {need.state === "open" && <Clock at={Date.parse(need.due_at)} />}
        {isMissing && (
          <button
            type="button"
            class="link who-can"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {word("case.candidates")}
          </button>
        )}
      </p>
      <p class="basis muted">{basisWord(need.basis)}</p>
      <NeedReasons {...{ found, need, model, again }} />
      {isOpen && isMissing && <Candidates need={need} area={found.area} again={again} />}
    </li>
  );
}

/** Where the quantity comes from: `asked`, `danger:<name>`, `norm:<source>` or `assumed:<source>`. */
function basisWord(basis: string): string {
  const [kind, source] = basis.split(":");
  return wordOr(`basis.${kind}`, basis, { source: source ? wordOr(`basis.sources.${source}`, source) : "" });
}

function Candidates({ need, area, again }: { need: Need; area: string; again: () => void }) {
  const loaded = useLoaded(`${need.id}:${need.covered}`, (signal) => loadCandidates(need.id, signal));
  const [chosen, setChosen] = useState<string | null>(null);
  if (!loaded.value) return loaded.refusal ? <Problem refusal={loaded.refusal} again={loaded.again} /> : <Waiting />;
  const { candidates } = loaded.value;
  if (!candidates.length) return <p class="muted">{word("case.no_candidates")}</p>;
  return (
    <ol class="candidates">
      {candidates.map((one) => {
        const id = one.lot_id ?? one.volunteer_id ?? "";
        return (
          <li key={id} class={one.possible ? "" : "impossible"}>
            <CandidateLine one={one} item={need.item} />
            {one.possible && may("assignment:manage", area) && (
              <button
                type="button"
                class="link"
                aria-expanded={chosen === id}
                onClick={() => setChosen(chosen === id ? null : id)}
              >
                {word("case.assign")}
              </button>
            )}
            {chosen === id && <AssignForm need={need} one={one} again={again} />}
          </li>
        );
      })}
    </ol>
  );
}

function CandidateLine({ one, item }: { one: Candidate; item: string }) {
  const facts =
    one.kind === "goods"
      ? [
          word("why.free", { n: quantityOf(item, one.free ?? 0) }),
          one.expiry ? word("why.expires", { day: day(one.expiry) }) : null,
        ]
      : [
          one.vehicle ? word(`vehicles.${one.vehicle}`) : null,
          ...(one.skills ?? []).map((skill) => word(`skills.${skill}`)),
        ];
  return (
    <>
      <strong>{one.site ?? one.alias}</strong>
      <span>
        {word("why.minutes", { n: Math.round(one.terms.minutes) })} · {facts.filter(Boolean).join(" · ")}
      </span>
      {one.lacks.length > 0 && <span class="lacks">{one.lacks.map((lack) => lackWord(lack, item)).join("; ")}</span>}
      {one.possible && (
        <span class="muted">
          {word("why.terms", { minutes: one.terms.minutes, trips: one.terms.trip_minutes, cost: one.terms.cost })}
        </span>
      )}
    </>
  );
}

/** By hand, past the plan: with a reason that is written down. */
function AssignForm({ need, one, again }: { need: Need; one: Candidate; again: () => void }) {
  const doing = useDoing();
  const most = one.kind === "goods" ? Math.min(need.quantity - need.covered, one.free ?? 0) : 1;
  const form = `need/${need.id}/${one.lot_id ?? one.volunteer_id}`;
  const [quantity, setQuantity] = useTyped(form, "quantity", String(most));
  const [reason, setReason] = useTyped(form, "reason", "");
  const wrong = fieldsOf(doing.refusal);
  const submit = async () => {
    const what =
      one.kind === "goods"
        ? { lot_id: one.lot_id, quantity: asNumber(quantity) }
        : { volunteer_id: one.volunteer_id };
    const made = await doing.run(() => post<AssignmentRow>("/api/assignments", { need_id: need.id, ...what, reason }));
    if (made) forgetTyped(form);
    if (made) done(word("case.done.assign"), backOfAssignment(made));
    again();
  };
  return (
    <Form refusal={doing.refusal} shown={["quantity", "reason"]} submit={submit}>
      {one.kind === "goods" && (
        <Field name="assign-quantity" label={word("case.quantity")} wrong={wrong.quantity}>
          <input
            id="assign-quantity"
            inputMode="numeric"
            value={quantity}
            onInput={(event) => setQuantity(event.currentTarget.value)}
          />
        </Field>
      )}
      <Field name="assign-reason" label={word("case.assign_why")} wrong={wrong.reason}>
        <input id="assign-reason" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </Field>
      <Do submit tone="primary" busy={doing.busy}>
        {word("case.assign")}
      </Do>
    </Form>
  );
}
