/** What leaves the site: whom to hand what. */
import { moment, word } from "../../words";
import { amount } from "../format";
import { StateBadge, TierBadge, Waiting } from "../parts";
import { placeName } from "../places";
import type { Pickup } from "./detail";

export function Pickups({ rows }: { rows: Pickup[] | null }) {
  return (
    <section class="part" aria-label={word("sites.pickups")}>
      <h2>{word("sites.pickups")}</h2>
      {!rows && <Waiting />}
      {rows && !rows.length && <p class="muted">{word("sites.no_pickups")}</p>}
      <ul>
        {rows?.map((row) => (
          <li key={row.id}>
            <p class="job-head">
              <TierBadge tier={row.tier} />
              <strong>{row.volunteer ?? word("sites.nobody_yet")}</strong>
              <StateBadge noun="assignment" name={row.state} />
            </p>
            <p>{row.lines.map((line) => amount(line.item, line.quantity)).join(", ")}</p>
            <p class="muted">
              {[
                `#${row.case_id} ${placeName(row.area)}`,
                row.vehicle && word(`vehicles.${row.vehicle}`),
                moment(row.changed_at),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
