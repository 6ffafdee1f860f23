/** The board for a projector: large figures, what is most urgent, the map; to be read from across the room. */
import { useEffect } from "preact/hooks";
import { word } from "../words";
import { number } from "./format";
import { useNow } from "./hooks";
import { byUrgency } from "./lists";
import { whatOf } from "./list_pane";
import { MapPane } from "./map_pane";
import { TABS, type Model } from "./model";
import { Clock, TierBadge } from "./parts";
import { placeName } from "./places";

const MOST = 7;
const TIME = new Intl.DateTimeFormat("id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" });

export function Wall({ model, close }: { model: Model; close: () => void }) {
  useAwake();
  const now = useNow(1_000);
  const { review, waiting } = model.lists;
  const urgent = [...review.slice(0, MOST), ...waiting.slice(0, MOST)].sort(byUrgency).slice(0, MOST);
  return (
    <div class="wall">
      <section class="wall-side" aria-label={word("console.lists")}>
        <p class="wall-time">
          <time>{TIME.format(now)}</time> WIB
          <button type="button" class="button small quiet" onClick={close}>
            {word("console.wall.close")}
          </button>
        </p>
        <dl class="wall-counts">
          {TABS.map((tab) => (
            <div key={tab}>
              <dd>{number(model.lists[tab].length)}</dd>
              <dt>{word(`console.tabs.${tab}`)}</dt>
            </div>
          ))}
        </dl>
        <h2>{word("console.wall.urgent")}</h2>
        <ol class="wall-cases">
          {urgent.map((summary) => (
            <li key={summary.row.id}>
              <TierBadge tier={summary.tier} />
              <span>
                <strong>{placeName(summary.row.area)}</strong>
                <span class="row-what">{whatOf(summary)}</span>
              </span>
              <Clock at={summary.dueAt} />
            </li>
          ))}
        </ol>
      </section>
      <MapPane model={model} opened={null} open={() => undefined} covered={0} />
    </div>
  );
}

/** The screen stays on; a browser that cannot promise that goes on without. */
function useAwake(): void {
  useEffect(() => {
    const lock = navigator.wakeLock?.request("screen").catch(() => null);
    return () => void lock?.then((held) => held?.release());
  }, []);
}
