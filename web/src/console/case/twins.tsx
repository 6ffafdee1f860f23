/** Other reports that may be about the same people: near in place and time, or by the same phone. */
import { moment, word } from "../../words";
import { readAddress } from "../address";
import { Do, TierBadge } from "../parts";
import { may } from "../setup";
import { say } from "../toasts";
import { hold } from "../undo";
import { actOn, type CaseDetail, type Twin } from "./detail";

interface Props {
  found: CaseDetail;
  again: () => void;
  open: (caseId: number) => void;
}

export function Twins({ found, again, open }: Props) {
  const twins = [...new Map(found.possible_duplicates.map((twin) => [twin.case_id, twin])).values()];
  if (!twins.length) return null;
  const merge = (twin: Twin) => {
    // The older case stays: its reporters have waited longest. Numbers do not tell, they are given out in blocks.
    const isNewer = Date.parse(twin.received_at) >= Date.parse(found.opened_at);
    const [from, into] = isNewer ? [twin.case_id, found.id] : [found.id, twin.case_id];
    hold(word("case.merging", { from, into }), () => void send(from, into));
  };
  const send = async (from: number, into: number) => {
    const answer = await actOn(from, "merge", { into });
    if (!answer.ok) {
      say(answer.refusal.message, { bad: true, again: () => void send(from, into) });
      return again();
    }
    say(word("case.done.merge", { id: into }));
    if (into === found.id) again();
    else if (readAddress().caseId === from) open(into);
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
            {twin.said && <b>{word("case.said_same")}</b>}
            {may("case:verify", found.area) && (
              <Do onClick={() => merge(twin)}>{word("case.merge")}</Do>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
