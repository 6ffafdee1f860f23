/** What came and went, the newest first, as the ledger has it. */
import { moment, word } from "../../words";
import { quantityOf, wordOr } from "../format";
import type { Entry } from "./detail";

export function Ledger({ entries }: { entries: Entry[] | null }) {
  if (!entries?.length) return null;
  return (
    <details class="part ledger">
      <summary>{word("sites.ledger")}</summary>
      <ul>
        {entries.map((entry) => (
          <li key={entry.id}>
            <strong class={entry.quantity > 0 ? "plus" : "minus"}>
              {entry.quantity > 0 ? "+" : "−"}
              {quantityOf(entry.item, Math.abs(entry.quantity))}
            </strong>{" "}
            {word(`items.${entry.item}`)}, {wordOr(`stock_reasons.${entry.reason}`, entry.reason)}
            {entry.note && <>: {entry.note}</>}
            <span class="muted">
              {" "}
              {entry.by} · {moment(entry.at)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
