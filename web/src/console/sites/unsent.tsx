/** What this phone has not been able to send, and how old what it shows is. */
import type { Waiting } from "../../store";
import { moment, word } from "../../words";
import { dismiss, useStale } from "./kept";

/** That what is shown was seen some time ago, where it was. */
export function Stale() {
  const stale = useStale();
  return stale === null ? null : <p class="notice warn">{word("sites.offline", { when: moment(stale) })}</p>;
}

export function Unsent({ entries, again }: { entries: Waiting[]; again: () => void }) {
  const drop = (entry: Waiting) => void dismiss(entry).then(again);
  return (
    <div role="status" class="stack">
      <Stale />
      {entries.length > 0 && (
        <section class="notice warn unsent">
          <h2>{word("sites.unsent", { n: entries.length })}</h2>
          <ul>
            {entries.map((entry) => (
              <li key={entry.id}>
                {entry.told}
                {entry.refused && (
                  <>
                    <p class="problem">
                      {[word("sites.refused"), ...reasons(entry.refused)].join(" ")}
                    </p>
                    <button type="button" class="button small" onClick={() => drop(entry)}>
                      {word("sites.dismiss")}
                    </button>
                  </>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

const reasons = ({ message, fields }: NonNullable<Waiting["refused"]>): string[] =>
  Object.values(fields).length ? Object.values(fields) : [message];
