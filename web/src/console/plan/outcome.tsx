/** What an approval made, and what did not hold any more. */
import { word } from "../../words";
import { amount, number, quantityOf } from "../format";
import { placeName } from "../places";
import type { Approved, Plan } from "./detail";

export function Outcome({ outcome, plan, close }: { outcome: Approved; plan: Plan; close: () => void }) {
  const byNumber = new Map(plan.matches.map((match) => [match.n, match]));
  const what = (n: number): string => {
    const match = byNumber.get(n);
    return match ? `#${match.case_id} ${placeName(match.area)}, ${amount(match.item, match.quantity)}` : String(n);
  };
  const only = (n: number, quantity: number): string => {
    const match = byNumber.get(n);
    return word("plan.reduced", { n: match ? quantityOf(match.item, quantity) : number(quantity) });
  };
  const isWhole = !outcome.dropped.length && !outcome.reduced.length;
  return (
    <div class={`notice outcome ${isWhole ? "good" : "warn"}`} role="status">
      <p>
        <strong>{word("plan.done", { n: number(outcome.approved.length) })}</strong>{" "}
        <button type="button" class="link" onClick={close}>
          {word("console.close")}
        </button>
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
            {what(one.n)}: {only(one.n, one.quantity)} {word(`dropped.${one.reason}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}
