/** What a need gets and why, of the plan in force and of the people who decided; and why the rest of it waits. */
import { word } from "../../words";
import { go, plansPath } from "../address";
import { amount, number, quantityOf } from "../format";
import type { Model } from "../model";
import { KitRemedy } from "../plan/kits";
import { WhyMatch, WhyUnmet } from "../plan/why_match";
import type { NameOf } from "../why";
import type { CaseDetail, Decided } from "./detail";

/** The names of the supplies that a case's reasons speak of. */
export function suppliersOf(found: CaseDetail): NameOf {
  return (id) => found.sources[id]?.name ?? found.volunteers[id]?.alias ?? word("plan.other_supply");
}

interface NeedProps {
  found: CaseDetail;
  model: Model;
  again: () => void;
  need: CaseDetail["needs"][number];
}

export function NeedReasons({ found, need, model, again }: NeedProps) {
  if (need.state !== "open") return null;
  const name = suppliersOf(found);
  const forbids = found.rulings.filter((one) => one.need_id === need.id && one.kind === "forbid" && !one.ended_by);
  return (
    <>
      {forbids.map((one) => (
        <p key={one.id} class="decided">
          {word("plan.ruled_forbid", { by: one.by, name: name(one.lot_id ?? one.volunteer_id ?? ""), reason: one.reason })}
        </p>
      ))}
      {need.covered < need.quantity && <Planned {...{ found, need, model, again, name }} />}
    </>
  );
}

function Planned({ found, need, model, again, name }: NeedProps & { name: NameOf }) {
  const { plan } = found;
  const matches = (plan?.matches.filter((one) => one.need_id === need.id) ?? []).sort((a, b) => a.minutes - b.minutes);
  const unmet = plan?.unmet.filter((one) => one.need_id === need.id) ?? [];
  if (!plan || !(matches.length + unmet.length)) return <p class="muted">{word(whyNotPlanned(found))}</p>;
  return (
    <div class="planned">
      {matches.map((match) => {
        const supply = match.lot_id ?? match.volunteer_id ?? "";
        return (
          <div key={`${supply} ${match.ruling ?? ""}`}>
            <p>
              {word("case.why_planned.what", {
                what: quantityOf(match.item, match.quantity),
                name: name(supply),
                minutes: number(Math.round(match.minutes)),
              })}
            </p>
            <details class="why-this">
              <summary>{word("case.why_planned.this")}</summary>
              <WhyMatch why={match.why} item={match.item} name={name} ruling={rulingOf(found, match.why.ruling_id)} />
            </details>
          </div>
        );
      })}
      {unmet.map((one) => (
        <div key="open" class="still-open">
          <strong>{word("case.why_planned.open", { what: quantityOf(one.item, one.quantity) })}</strong>{" "}
          <WhyUnmet why={one.why} item={one.item} name={name} />
          <KitRemedy one={one} kits={plan.kits} name={name} model={model} done={again} />
        </div>
      ))}
      {plan.may_open && (
        <button type="button" class="link" onClick={() => go(plansPath(plan.id))}>
          {word("case.why_planned.to_plan")}
        </button>
      )}
    </div>
  );
}

function whyNotPlanned(found: CaseDetail): string {
  if (!found.verified) return "case.why_planned.unverified";
  return found.lon === null ? "case.why_planned.placeless" : "case.why_planned.none";
}

const rulingOf = (found: CaseDetail, id: string | undefined) => found.rulings.find((one) => one.id === id);

/** Who made an assignment, and why: by hand with the reason given, or of a plan with why each line was in it. */
export function HowDecided({ found, decided }: { found: CaseDetail; decided: Decided | undefined }) {
  if (!decided) return null;
  const name = suppliersOf(found);
  if (decided.by_hand) return <p class="decided">{byHandWord(decided)}</p>;
  const explained = decided.lines.filter((line) => Object.keys(line.why).length > 0);
  return (
    <>
      <p class="decided">{word("case.decided.of_plan", { by: decided.by })}</p>
      {explained.map((line, n) => (
        <details key={n} class="why-this">
          <summary>
            {word("case.decided.why", { name: name(line.supply_id ?? "") })}
            {explained.length > 1 && `, ${amount(line.item, line.quantity)}`}
          </summary>
          <WhyMatch why={line.why} item={line.item} name={name} ruling={rulingOf(found, line.why.ruling_id)} />
        </details>
      ))}
    </>
  );
}

function byHandWord({ by, reason, instead_of }: Decided): string {
  if (!reason) return word("case.decided.by_hand_only", { by });
  return word(instead_of ? "case.decided.reassigned" : "case.decided.by_hand", { by, reason });
}
