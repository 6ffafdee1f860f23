/** Small things that every screen of the staff draws. */
import { cloneElement, isValidElement, toChildArray, type ComponentChild, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Refusal } from "../api";
import { word } from "../words";
import { shortSpan, wordOr } from "./format";
import { useNow } from "./hooks";
import type { Tier } from "./rows";

export function TierBadge({ tier }: { tier: Tier }) {
  return (
    <span class={`tier t${tier}`} title={word(`common.tiers.t${tier}`)}>
      T{tier}
    </span>
  );
}

const TONES: Record<string, string> = {
  verified: "good",
  delivered: "good",
  confirmed: "good",
  met: "good",
  approved: "good",
  closed: "good",
  accepted: "info",
  en_route: "info",
  offered: "info",
  open: "info",
  received: "info",
  ready: "info",
  needs_info: "warn",
  partly_met: "warn",
  pending: "warn",
  requested: "warn",
  proposed: "warn",
  unmet: "bad",
  failed: "bad",
};

/** The state of a noun; `words` names another list than `states`, where staff read other words. */
export function StateBadge({ noun, name, words = "states" }: { noun: string; name: string; words?: string }) {
  return (
    <span class={`badge ${TONES[name] ?? "plain"}`}>
      {wordOr(`${words}.${noun}.${name}`, word(`states.${noun}.${name}`))}
    </span>
  );
}

/** The time left until `at`, running; over it, how late it is. */
export function Clock({ at, long = false }: { at: number | null; long?: boolean }) {
  const now = useNow(5_000);
  if (at === null) return null;
  const left = at - now;
  const tone = left < 0 ? "late" : left < 15 * 60_000 ? "soon" : "";
  const text = word(left < 0 ? "common.ago.late" : "common.ago.left", { span: shortSpan(left) });
  return (
    <time class={`left ${tone} ${long ? "long" : ""}`} dateTime={new Date(at).toISOString()}>
      {text}
    </time>
  );
}

/** What a call refused, as a whole; what is wrong with single fields stands beside them. */
export function Problem({ refusal, again }: { refusal: Refusal | null; again?: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [refusal]);
  if (!refusal) return null;
  return (
    <div class="notice bad" role="alert" ref={box}>
      <p>{refusal.code === "not_signed_in" ? word("console.link.signed_out_typed") : refusal.message}</p>
      {refusal.code === "not_signed_in" && (
        <a class="button small" href="/masuk" target="_blank" rel="noopener">
          {word("nav.signin")}
        </a>
      )}
      {again && refusal.code !== "not_found" && (
        <button type="button" class="button small" onClick={again}>
          {word("console.again")}
        </button>
      )}
    </div>
  );
}

export const fieldsOf = (refusal: Refusal | null): Record<string, string> => refusal?.fields ?? {};

/** What was refused about fields that a form does not show; nothing is kept quiet. */
export function OtherFields({ refusal, shown }: { refusal: Refusal | null; shown: string[] }) {
  const rest = Object.entries(fieldsOf(refusal)).filter(([name]) => !shown.includes(name));
  return (
    <>
      {rest.map(([name, sentence]) => (
        <p key={name} class="problem">
          {sentence}
        </p>
      ))}
    </>
  );
}

interface FieldProps {
  name: string;
  label: string;
  wrong?: string | undefined;
  hint?: string;
  optional?: boolean;
  children: ComponentChildren;
}

const CONTROLS: unknown[] = ["input", "select", "textarea"];

/** The control of a field, saying to those who do not see it what stands beside it. */
const described = (child: ComponentChild, by: string, isWrong: boolean): ComponentChild =>
  isValidElement(child) && CONTROLS.includes(child.type)
    ? cloneElement(child, { "aria-describedby": by || undefined, "aria-invalid": isWrong ? "true" : undefined })
    : child;

/** A labelled control; the control inside has the id `name`. */
export function Field({ name, label, wrong, hint, optional, children }: FieldProps) {
  const by = [hint && `${name}-hint`, wrong && `${name}-problem`].filter(Boolean).join(" ");
  return (
    <div class={`field ${wrong ? "wrong" : ""}`}>
      <label for={name}>
        {label}
        {optional && <span class="optional"> {word("common.optional")}</span>}
      </label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {wrong && (
        <p class="problem" id={`${name}-problem`}>
          {wrong}
        </p>
      )}
      {toChildArray(children).map((child) => described(child, by, Boolean(wrong)))}
    </div>
  );
}

interface FormProps {
  class?: string;
  refusal: Refusal | null;
  /** Fields whose problems the form's own children show. */
  shown: string[];
  submit: () => Promise<unknown> | void;
  children: ComponentChildren;
}

const FIRST_WRONG = ":is(input, select, textarea):is([aria-invalid], .wrong *)";

/** A form of the staff: what is refused stands above it and beside its fields, and the focus goes to the first of them. */
export function Form({ class: name = "inline-form", refusal, shown, submit, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!refusal) return;
    const at = form.current?.querySelector<HTMLElement>(FIRST_WRONG) ?? form.current?.querySelector<HTMLElement>(".problem, .notice");
    if (at && !at.matches("input, select, textarea")) at.tabIndex = -1;
    at?.focus();
  }, [refusal]);
  return (
    <form
      class={name}
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Problem refusal={refusal} />
      <OtherFields refusal={refusal} shown={shown} />
      {children}
    </form>
  );
}

interface DoProps {
  children: ComponentChildren;
  busy?: boolean;
  tone?: "primary" | "danger" | "quiet" | "";
  onClick?: () => void;
  submit?: boolean;
  disabled?: boolean;
  pressed?: boolean;
}

/** A button that shows when its call is under way, and cannot be pressed twice. */
export function Do({ children, busy = false, tone = "", onClick, submit = false, disabled = false, pressed }: DoProps) {
  return (
    <button
      type={submit ? "submit" : "button"}
      class={`button small ${tone} ${busy ? "busy" : ""}`}
      disabled={disabled || busy}
      aria-pressed={pressed}
      aria-busy={busy}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** How much of something is covered and delivered. */
export function FillBar({ quantity, covered, delivered }: { quantity: number; covered: number; delivered: number }) {
  const share = (n: number) => Math.min(100, (100 * n) / quantity);
  const onTheWay = Math.max(0, share(covered) - share(delivered));
  return (
    <span class="fill" aria-hidden="true">
      <span class="fill-done" style={{ width: `${share(delivered)}%` }} />
      <span class="fill-way" style={{ width: `${onTheWay}%` }} />
    </span>
  );
}

export function Waiting() {
  return (
    <p class="waiting" role="status">
      {word("console.loading")}
    </p>
  );
}
