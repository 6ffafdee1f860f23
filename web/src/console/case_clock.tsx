/** The clock of a case, as its reporter's page shows it: what is waited for and for how long, or how much is left. */
import { word } from "../words";
import { shortSpan } from "./format";
import { Clock } from "./parts";
import type { Summary } from "./summary";

export function CaseClock({ summary, long = false }: { summary: Summary; long?: boolean }) {
  const { row, paused, dueAt } = summary;
  const stage = long && row.stage && <span class="muted">{word(`console.stage.${row.stage}`)} </span>;
  if (!paused) {
    return (
      <>
        {dueAt !== null && stage}
        <Clock at={dueAt} long={long} />
      </>
    );
  }
  return (
    <>
      {stage}
      <span class={`left ${long ? "long" : ""}`}>
        {word("console.paused")} · {leftOf(row.stage_due_at, row.paused_at)}
      </span>
    </>
  );
}

/** What was left, or how late it was, when the clock stopped. */
function leftOf(due: string | null, stopped: string | null): string {
  if (due === null || stopped === null) return "";
  const left = Date.parse(due) - Date.parse(stopped);
  return word(left < 0 ? "common.ago.late" : "common.ago.left", { span: shortSpan(left) });
}
