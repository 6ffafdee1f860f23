/** What a verifier or coordinator decides about a case; one form open at a time. */
import { useState } from "preact/hooks";
import type { Refusal } from "../../api";
import { word } from "../../words";
import { amount, number } from "../format";
import { Do, Field, fieldsOf, Form, Problem } from "../parts";
import { useDoing } from "../hooks";
import { wholePlaceName } from "../places";
import type { Tier } from "../rows";
import { mayOf } from "../setup";
import { say } from "../toasts";
import { forgetTyped, useTyped } from "../typed";
import { backOf, done as sayDone } from "../undo";
import { actOn, askedAs, type AskBack, type CaseAction, type CaseDetail } from "./detail";
import { Correction } from "./correction";

interface Props {
  found: CaseDetail;
  again: () => void;
}

type Open = "correct" | "ask" | "reject" | "set_tier" | null;

export function Actions({ found, again }: Props) {
  const [open, setOpen] = useState<Open>(null);
  /** The case as it was when the open form was begun: what is decided is decided about that. */
  const [basis, setBasis] = useState(found);
  const doing = useDoing();
  const isNew = found.reports.some((report) => report.state === "received");
  const isAsked = found.reports.some((report) => report.state === "needs_info");
  const canVerify = mayOf("case:verify", found) && (isNew || !found.verified);
  /** Known to have moved on, by a lost race, and not yet shown: a press now would only be late once more. */
  const isBehind = found.version < ((doing.refusal?.state as { version?: number } | undefined)?.version ?? 0);
  const act = async (action: CaseAction, body: object) => {
    const { version } = open === null ? found : basis;
    const done = await doing.run(() => actOn(found.id, action, { version, ...body }));
    if (done) {
      if (open) forgetTyped(formOf(found.id, open));
      setOpen(null);
      const text = word(`case.done.${action}`, { id: found.id });
      const back = backOf(action, found, done);
      if (back) sayDone(text, back);
      else say(text);
    }
    // Also after a lost race: the present state has to be seen.
    again();
  };
  const toggle = (which: Open) => {
    doing.clear();
    setBasis(found);
    setOpen(open === which ? null : which);
  };
  return (
    <div class="actions">
      <div class="row">
        {canVerify && (
          <Do tone="primary" busy={doing.busy || isBehind} onClick={() => void act("verify", {})}>
            {word("case.verify")}
          </Do>
        )}
        {mayOf("case:verify", found) && (
          <Toggle
            which="correct"
            open={open}
            toggle={toggle}
            label={word(canVerify ? "case.verify_changed" : "case.correct")}
          />
        )}
        {mayOf("case:verify", found) && isNew && (
          <Toggle which="ask" open={open} toggle={toggle} label={word("case.ask")} />
        )}
        {mayOf("case:verify", found) && (isNew || isAsked) && (
          <Toggle which="reject" open={open} toggle={toggle} label={word("case.reject")} />
        )}
        {mayOf("case:edit", found) && (
          <Toggle which="set_tier" open={open} toggle={toggle} label={word("case.set_tier")} />
        )}
      </div>
      {open === null && <Problem refusal={doing.refusal} />}
      {open !== null && basis.version !== found.version && (
        <Meanwhile
          before={basis}
          now={found}
          goOn={() => {
            doing.clear();
            setBasis(found);
          }}
        />
      )}
      {open === "correct" && (
        <Correction form={formOf(found.id, open)} found={found} busy={doing.busy} refusal={doing.refusal} act={(body) => void act("verify", body)} />
      )}
      {open === "ask" && found.ask_back && (
        <Decisive ask={found.ask_back} busy={doing.busy} send={(about) => void act("ask", { about })} />
      )}
      {open === "ask" && (
        <TextForm
          form={formOf(found.id, open)}
          field="text"
          label={word("case.ask_what")}
          button={word("case.ask")}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(text) => void act("ask", { text })}
        />
      )}
      {open === "reject" && (
        <TextForm
          form={formOf(found.id, open)}
          field="reason"
          label={word("case.reject_why")}
          button={word("case.reject")}
          tone="danger"
          busy={doing.busy}
          refusal={doing.refusal}
          act={(reason) => void act("reject", { reason })}
        />
      )}
      {open === "set_tier" && (
        <TierForm
          form={formOf(found.id, open)}
          found={found}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(tier, reason) => void act("set_tier", { tier, reason })}
        />
      )}
    </div>
  );
}

/** Under which name it is kept what is typed into a form of a case. */
const formOf = (caseId: number, which: Open): string => `case/${caseId}/${which}`;

/** What somebody else changed while a form was open; nothing is sent over it unseen. */
function Meanwhile({ before, now, goOn }: { before: CaseDetail; now: CaseDetail; goOn: () => void }) {
  return (
    <div class="notice warn meanwhile" role="alert">
      <p>{word("case.meanwhile")}</p>
      <ul>
        {differences(before, now).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <button type="button" class="button small" onClick={goOn}>
        {word("case.meanwhile_go_on")}
      </button>
    </div>
  );
}

function differences(before: CaseDetail, now: CaseDetail): string[] {
  const people = (found: CaseDetail) => (found.people === null ? word("case.unknown") : number(found.people));
  const facts: [string, (found: CaseDetail) => string][] = [
    [word("case.place"), (found) => wholePlaceName(found.area)],
    [word("case.people"), people],
    [word("console.tier"), (found) => `T${found.tier}`],
    [word("case.checked"), (found) => word(found.verified ? "case.verified" : "case.not_verified")],
    [word("case.needs"), (found) => found.needs.filter((need) => need.state === "open").map(needWord).join(", ") || "–"],
  ];
  const changed = facts.filter(([, tell]) => tell(before) !== tell(now));
  return changed.map(([name, tell]) => `${name}: ${tell(before)} → ${tell(now)}`);
}

const needWord = (need: CaseDetail["needs"][number]): string => amount(need.item, need.quantity);

/** The question that decides, why it does, and a press to ask it; the reporter reads it in their own language. */
function Decisive({ ask, busy, send }: { ask: AskBack; busy: boolean; send: (about: AskBack["about"]) => void }) {
  const { tier, tier_then, needs } = ask;
  return (
    <div class="notice decisive">
      <p>
        <b>{word("case.ask_decisive")}</b>: {word(askedAs(ask.about, ask.danger))}
      </p>
      <p class="muted">{word(`ask_back.because.${ask.because}`, { tier, tier_then, needs })}</p>
      <Do tone="primary" busy={busy} onClick={() => send(ask.about)}>
        {word("case.ask_this")}
      </Do>
    </div>
  );
}

function Toggle({
  which,
  open,
  toggle,
  label,
}: {
  which: Open;
  open: Open;
  toggle: (which: Open) => void;
  label: string;
}) {
  return (
    <button type="button" class="button small" aria-expanded={open === which} onClick={() => toggle(which)}>
      {label}
    </button>
  );
}

interface FormState {
  /** The name under which is kept what is typed: see typed.ts. */
  form: string;
  busy: boolean;
  refusal: Refusal | null;
}

interface TextFormProps extends FormState {
  field: string;
  label: string;
  button: string;
  tone?: "primary" | "danger";
  act: (text: string) => void;
}

export function TextForm({ form, field, label, button, tone = "primary", busy, refusal, act }: TextFormProps) {
  const [text, setText] = useTyped(form, field, "");
  const id = `${form.replaceAll("/", "-")}-${field}`;
  return (
    <Form refusal={refusal} shown={[field]} submit={() => act(text)}>
      <Field name={id} label={label} wrong={fieldsOf(refusal)[field]}>
        <textarea id={id} rows={2} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </Field>
      <Do submit tone={tone} busy={busy}>
        {button}
      </Do>
    </Form>
  );
}

function TierForm({
  form,
  found,
  busy,
  refusal,
  act,
}: FormState & { found: CaseDetail; act: (tier: Tier, reason: string) => void }) {
  const [tier, setTier] = useTyped<Tier>(form, "tier", found.tier);
  const [reason, setReason] = useTyped(form, "reason", "");
  return (
    <Form refusal={refusal} shown={["reason"]} submit={() => act(tier, reason)}>
      <div class="row" role="group" aria-label={word("case.set_tier")}>
        {([0, 1, 2, 3] as const).map((one) => (
          <button
            key={one}
            type="button"
            class={`tier t${one}`}
            aria-pressed={tier === one}
            onClick={() => setTier(one)}
          >
            T{one} {word(`common.tiers.t${one}`)}
          </button>
        ))}
      </div>
      <Field name="tier-reason" label={word("case.why")} wrong={fieldsOf(refusal).reason}>
        <input id="tier-reason" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </Field>
      <Do submit tone="primary" busy={busy}>
        {word("case.set_tier")}
      </Do>
    </Form>
  );
}
