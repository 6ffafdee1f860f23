/** What a plan leaves open, and why; and which villages that concerns. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { casePath, go } from "../address";
import { number, quantityOf } from "../format";
import type { Model } from "../model";
import { TierBadge } from "../parts";
import { placeName } from "../places";
import type { Plan, Unmet } from "./detail";
import { nameOf, supplierNames } from "./matches";
import { WhyUnmet } from "./why_match";

const MOST = 50;

export function UnmetNeeds({ plan, model }: { plan: Plan; model: Model }) {
  const [most, setMost] = useState(MOST);
  if (!plan.unmet.length)
    return plan.state === "ready" || plan.state === "approved" ? (
      <p class="notice good">{word("plan.all_met")}</p>
    ) : null;
  const suppliers = supplierNames(plan, model);
  const rows = [...plan.unmet].sort((a, b) => a.tier - b.tier || b.quantity - a.quantity);
  return (
    <section class="site-matches">
      <h3>
        {word("plan.unmet")} <span class="muted">{number(rows.length)}</span>
      </h3>
      <ul class="match-list">
        {rows.slice(0, most).map((row) => (
          <UnmetLine key={row.need_id} row={row} suppliers={suppliers} />
        ))}
      </ul>
      {rows.length > most && (
        <button type="button" class="link" onClick={() => setMost(most + 10 * MOST)}>
          {word("plan.more", { n: number(rows.length - most) })}
        </button>
      )}
      <Villages plan={plan} />
    </section>
  );
}

function UnmetLine({ row, suppliers }: { row: Unmet; suppliers: Map<string, string> }) {
  return (
    <li>
      <div class="match no-pick">
        <TierBadge tier={row.tier} />
        <span class="match-what">
          <strong>
            {word(`items.${row.item}`)} {quantityOf(row.item, row.quantity)}
          </strong>
          <span class="muted">{placeName(row.area)}</span>
          <WhyUnmet why={row.why} item={row.item} name={nameOf(suppliers)} />
        </span>
        <button type="button" class="link" onClick={() => go(casePath(row.case_id))}>
          #{row.case_id}
        </button>
      </div>
    </li>
  );
}

/** Where most stays open: whether villages are left behind must be seen, not averaged away. */
function Villages({ plan }: { plan: Plan }) {
  const worst = plan.villages
    .filter((one) => one.left_open > 0)
    .sort((a, b) => b.left_open / b.needs - a.left_open / a.needs || b.left_open - a.left_open);
  if (!worst.length) return null;
  return (
    <details>
      <summary>{word("plan.villages", { n: number(worst.length) })}</summary>
      <ul class="villages">
        {worst.slice(0, MOST).map((one) => (
          <li key={one.area}>
            {placeName(one.area)}: {word("plan.left_open", { left: number(one.left_open), needs: number(one.needs) })}
          </li>
        ))}
      </ul>
    </details>
  );
}
