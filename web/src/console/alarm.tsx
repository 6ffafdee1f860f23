/** Lives in danger that nobody goes to yet: above everything, whatever is filtered, until somebody does. */
import { word } from "../words";
import type { Model } from "./model";
import { Clock } from "./parts";
import { placeName } from "./places";

const MOST = 3;

export function Alarm({ model, open }: { model: Model; open: (caseId: number) => void }) {
  const { alarms } = model.lists;
  if (!alarms.length) return null;
  return (
    <div class="alarm" role="alert">
      <strong>{word("console.alarm.title", { n: alarms.length })}</strong>
      <span class="alarm-call">{word("console.alarm.call")}</span>
      <span class="alarm-cases">
        {alarms.slice(0, MOST).map((summary) => (
          <button key={summary.row.id} type="button" onClick={() => open(summary.row.id)}>
            #{summary.row.id} {placeName(summary.row.area)} <Clock at={summary.dueAt} />
          </button>
        ))}
        {alarms.length > MOST && (
          <button
            type="button"
            onClick={() => model.narrow({ only: new Set(alarms.map((summary) => summary.row.id)) })}
          >
            {word("console.alarm.all", { n: alarms.length })}
          </button>
        )}
      </span>
    </div>
  );
}
