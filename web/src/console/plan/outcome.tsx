/** What an approval made, and what did not hold any more. */
import { word } from "../../words";
import { amount, number } from "../format";
import { placeName } from "../places";
import type { Approved, Plan } from "./detail";

export function Outcome({ outcome, plan }: { outcome: Approved; plan: Plan }) {
  const byNumber = new Map(plan.matches.map((match) => [match.n, match]));
  const what = (n: number): string => {
    const match = byNumber.get(n);
    return match ? `#${match.case_id} ${placeName(match.area)}, ${amount(match.item, match.quantity)}` : String(n);
  };
  const isWhole = !outcome.dropped.length && !outcome.reduced.length;
  return (
    <div class={`notice ${isWhole ? "good" : "warn"}`} role="status">
      <p>
        <strong>{word("plan.done", { n: number(outcome.approved.length) })}</strong>
      </p>
      {outcome.dropped.length > 0 && <p>{word("plan.dropped", { n: number(outcome.dropped.length) })}</p>}
      <ul>
        {outcome.dropped.map((one) => (
          <li key={one.n}>
            {what(one.n)}: {word(`dropped.${one.reason}`)}
          </li>
        ))}
        {outcome.reduced.map((one) => (
          <li key={one.n}>
            {what(one.n)}: {word("plan.reduced", { n: number(one.quantity) })} {word(`dropped.${one.reason}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}
