/** Cases that may be the same: why each is suggested, all that was compared, and what a person makes of it. */
import { moment, span, word } from "../../words";
import { readAddress } from "../address";
import { number } from "../format";
import { Do, TierBadge } from "../parts";
import { may } from "../setup";
import { say } from "../toasts";
import { hold } from "../undo";
import { actOn, type CaseDetail, type Signals, type Twin } from "./detail";

interface Props {
  found: CaseDetail;
  again: () => void;
  open: (caseId: number) => void;
}

export function Twins({ found, again, open }: Props) {
  const twins = found.possible_duplicates;
  if (!twins.length) return null;
  const canJoin = may("case:verify", found.area);
  const merge = (twin: Twin) => {
    // The older case stays: its reporters have waited longest. Numbers do not tell, they are given out in blocks.
    const isNewer = Date.parse(twin.received_at) >= Date.parse(found.opened_at);
    const [from, into] = isNewer ? [twin.case_id, found.id] : [found.id, twin.case_id];
    hold(word("case.merging", { from, into }), () => void send(from, into, { into }));
  };
  const mergeAll = () => {
    const here = { case_id: found.id, received_at: found.opened_at };
    const [oldest, ...others] = [here, ...twins].sort((a, b) => Date.parse(a.received_at) - Date.parse(b.received_at));
    const [into, take] = [oldest!.case_id, others.map((one) => one.case_id)];
    hold(word("case.merging_all", { n: take.length, into }), () => void send(into, into, { take }));
  };
  const send = async (on: number, into: number, body: object) => {
    const answer = await actOn(on, "merge", body);
    if (!answer.ok) {
      say(answer.refusal.message, { bad: true, again: () => void send(on, into, body) });
      return again();
    }
    say(word("case.done.merge", { id: into }));
    if (into === found.id) again();
    else if (readAddress().caseId === found.id) open(into);
  };
  const keepApart = async (id: number) => {
    const answer = await actOn(found.id, "keep_apart", { into: id });
    if (answer.ok) say(word("case.done.keep_apart", { id }));
    else say(answer.refusal.message, { bad: true, again: () => void keepApart(id) });
    again();
  };
  return (
    <section class="part twins">
      <h3>{word("case.twins")}</h3>
      <ul>
        {twins.map((twin) => (
          <li key={twin.case_id}>
            <TierBadge tier={twin.tier} />
            <button type="button" class="link" onClick={() => open(twin.case_id)}>
              {word("case.title", { id: twin.case_id })}
            </button>
            <span class="muted">{moment(twin.received_at)}</span>
            {canJoin && (
              <>
                <Do onClick={() => merge(twin)}>{word("case.merge")}</Do>
                <Do onClick={() => void keepApart(twin.case_id)}>{word("case.keep_apart")}</Do>
              </>
            )}
            <p class="reasons">{twin.reasons.map((reason) => word(`case.same.why.${reason}`)).join(" · ")}</p>
            <details>
              <summary>{word("case.same.signals.title")}</summary>
              <ul class="plain">
                {compared(twin.signals).map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
      {canJoin && twins.length > 1 && <Do onClick={mergeAll}>{word("case.merge_all", { n: twins.length })}</Do>}
    </section>
  );
}

/** Every signal with its value, in words. */
function compared(signals: Signals): string[] {
  const line = (name: string, gaps: Record<string, string | number> = {}) => word(`case.same.signals.${name}`, gaps);
  const { metres, words, troubles, items, phone, photo_bits: bits } = signals;
  const far = metres === null ? line("placeless") : line("metres", { metres: number(metres) });
  const found = [
    signals.rough ? `${far} (${line("rough")})` : far,
    line("apart", { span: span(signals.minutes * 60_000) }),
    words.length
      ? line("words", { words: words.join(", "), percent: Math.round(signals.words_share * 100) })
      : line("no_words"),
  ];
  if (troubles.length) found.push(line("troubles", { names: named(troubles, "case.same.troubles") }));
  if (items.length) found.push(line("items", { names: named(items, "items") }));
  if (phone !== null) found.push(line(phone ? "phone_same" : "phone_other"));
  if (bits !== null) found.push(line("photo", { bits }));
  return found;
}

const named = (codes: string[], under: string): string => codes.map((code) => word(`${under}.${code}`)).join(", ");
