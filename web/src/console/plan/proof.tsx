/** How good a plan is proven to be, how fair it is, and what people's decisions cost it: in plain words. */
import { word } from "../../words";
import { large, number, quantityOf, shortSpan, wordOr } from "../format";
import { placeName } from "../places";
import type { Carriers, Fairness, Plan, Ruling, Trip } from "./detail";
import { EndRuling } from "./ruling_forms";
import { percent } from "./villages";
import { groups, type Places } from "./view";

const MINUTE = 60_000;
/** Below this a plan is as good as the best: what is left is rounding. */
const NO_GAP = 1e-9;

/** The length of weighted minutes in words. */
export const spanOf = (minutes: number): string => shortSpan(minutes * MINUTE);

export function gapWord(plan: Plan): string {
  const gap = plan.gap ?? 0;
  if (gap <= NO_GAP) return word("plan.proof.best");
  return word("plan.proof.gap", { n: number(Math.ceil(gap * 10_000) / 100) });
}

/** What matters most of a plan, in a line. */
export function Summary({ plan }: { plan: Plan }) {
  const { carriers } = plan;
  const last = carriers?.last_minutes;
  return (
    <p class="plan-summary">
      <strong>
        {word("plan.summary.serves", { n: number((plan.needs ?? 0) - plan.unmet.length), needs: number(plan.needs ?? 0) })}
      </strong>{" "}
      <strong class={plan.unmet.length ? "some-open" : ""}>
        {word(plan.unmet.length ? "plan.summary.open" : "plan.summary.none_open", { n: number(plan.unmet.length) })}
      </strong>{" "}
      <span class={(plan.gap ?? 0) > 0.01 ? "some-open" : "proven"}>{gapWord(plan)}</span>{" "}
      {typeof last === "number" && <span>{word("plan.summary.last", { span: spanOf(last) })}</span>}
    </p>
  );
}

interface Props {
  plan: Plan;
  places: Places;
  canRule: boolean;
  ruled: () => void;
}

export function Proof({ plan, places, canRule, ruled }: Props) {
  const minutes = plan.matches.reduce((sum, match) => sum + match.minutes, 0);
  return (
    <div class="proof">
      <section class="part">
        <h3>{word("plan.proof.title")}</h3>
        <p>
          <strong>{gapWord(plan)}</strong> {word("plan.proof.what")}
        </p>
        <dl class="figures">
          <Figure name="cost" value={large(plan.cost ?? 0)} />
          <Figure name="bound" value={large(plan.lower_bound ?? 0)} />
          <Figure name="travel" value={word("plan.hours", { n: number(Math.round(minutes / 6) / 10) })} />
          <Figure name="took" value={word("plan.seconds", { n: number(plan.seconds ?? 0) })} />
          {(plan.waiting_for_verification ?? 0) > 0 && (
            <Figure name="unverified" value={number(plan.waiting_for_verification ?? 0)} />
          )}
          {(plan.waiting_for_place ?? 0) > 0 && <Figure name="placeless" value={number(plan.waiting_for_place ?? 0)} />}
          {(plan.closures ?? 0) > 0 && <Figure name="closures" value={number(plan.closures ?? 0)} />}
        </dl>
      </section>
      {plan.fairness && <FairnessPart fairness={plan.fairness} />}
      <Rulings rulings={plan.rulings ?? []} places={places} canRule={canRule} ruled={ruled} />
      {plan.carriers && <CarriersPart carriers={plan.carriers} trips={plan.trips} places={places} />}
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{word(`plan.figure.${name}`)}</dt>
      <dd>{value}</dd>
      <dd class="muted">{word(`plan.figure_what.${name}`)}</dd>
    </div>
  );
}

function FairnessPart({ fairness }: { fairness: Fairness }) {
  const { worst, price } = fairness;
  return (
    <section class="part">
      <h3>{word("plan.fair.title")}</h3>
      <p>
        {word("plan.fair.gini", { n: number(Math.round(fairness.gini * 100) / 100) })} {word("plan.fair.gini_what")}
      </p>
      {worst && <p>{word("plan.fair.worst", { place: placeName(worst.area), share: percent(worst.share) })}</p>}
      {price ? (
        <p>
          {word(price.minutes > 0 ? "plan.fair.price" : "plan.fair.no_price", {
            minutes: number(Math.round(price.minutes)),
            share: number(Math.round(price.share * 1000) / 10),
          })}{" "}
          {word("plan.fair.without", { gini: number(Math.round(price.gini_without * 100) / 100) })}{" "}
          {price.worst_without &&
            word("plan.fair.worst_without", {
              place: placeName(price.worst_without.area),
              share: percent(price.worst_without.share),
            })}
        </p>
      ) : (
        <p class="muted">{word(fairness.strength > 0 ? "plan.fair.not_priced" : "plan.fair.off")}</p>
      )}
    </section>
  );
}

const MOST_TRIPS = 50;

interface CarriersProps {
  carriers: Carriers;
  trips: Trip[];
  places: Places;
}

function CarriersPart({ carriers, trips, places }: CarriersProps) {
  const vehicles = Object.entries(carriers.vehicles).map(([vehicle, n]) => `${number(n)} ${word(`vehicles.${vehicle}`)}`);
  const stops = trips.reduce((all, trip) => all + trip.stops.length, 0);
  return (
    <section class="part">
      <h3>{word("plan.carriers.title")}</h3>
      <p>
        {word("plan.carriers.what", {
          loads: number(carriers.loads),
          vehicles: vehicles.join(", ") || word("plan.carriers.none"),
        })}{" "}
        {carriers.last_minutes === null
          ? word("plan.carriers.never")
          : word("plan.summary.last", { span: spanOf(carriers.last_minutes) })}{" "}
        {carriers.mean_minutes != null && word("plan.carriers.mean", { span: spanOf(carriers.mean_minutes) })}
      </p>
      <Left carriers={carriers} />
      {trips.length > 0 && (
        <details>
          <summary>{word("plan.carriers.trips", { trips: number(trips.length), stops: number(stops) })}</summary>
          <TripTable trips={trips.slice(0, MOST_TRIPS)} places={places} />
          {trips.length > MOST_TRIPS && <p>{word("plan.carriers.more", { n: number(trips.length - MOST_TRIPS) })}</p>}
        </details>
      )}
    </section>
  );
}

/** What no vehicle here brings, counted by why. */
function Left({ carriers }: { carriers: Carriers }) {
  if (!carriers.left.length) return null;
  return (
    <>
      <p class="some-open">{word("plan.carriers.left", { n: number(carriers.left.length) })}</p>
      <ul>
        {[...groups(carriers.left, (one) => one.why)].map(([why, those]) => (
          <li key={why}>
            {number(those.length)}: {word(`left_behind.${why}`)}
          </li>
        ))}
      </ul>
    </>
  );
}

function TripTable({ trips, places }: { trips: Trip[]; places: Places }) {
  return (
    <table class="table trips">
      <thead>
        <tr>
          <th scope="col">{word("plan.carriers.vehicle")}</th>
          <th scope="col">{word("plan.carriers.from")}</th>
          <th scope="col">{word("plan.carriers.stops")}</th>
          <th scope="col" class="number">
            {word("plan.carriers.weight")}
          </th>
          <th scope="col" class="number">
            {word("plan.carriers.arrives")}
          </th>
        </tr>
      </thead>
      <tbody>
        {trips.map((trip) => (
          <tr key={trip.n}>
            <th scope="row">
              {word(`vehicles.${trip.vehicle}`)} {trip.volunteer_id && places.supplier(trip.volunteer_id)}
              {trip.turn > 1 && ` (${word("plan.carriers.turn", { n: number(trip.turn) })})`}
            </th>
            <td>{places.siteName(trip.site_id)}</td>
            <td>{trip.stops.map((stop) => `#${stop.case_id}`).join(" → ")}</td>
            <td class="number">{number(Math.round(trip.weight_kg))} kg</td>
            <td class="number">{spanOf(trip.minutes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface RulingsProps {
  rulings: Ruling[];
  places: Places;
  canRule: boolean;
  ruled: () => void;
}

function Rulings({ rulings, places, canRule, ruled }: RulingsProps) {
  return (
    <section class="part rulings">
      <h3>{word("plan.rule.title")}</h3>
      {!rulings.length && <p class="muted">{word("plan.rule.none")}</p>}
      <ul>
        {rulings.map((ruling) => (
          <li key={ruling.id}>
            <p>
              <span class="badge plain">{word(`plan.rule.is.${ruling.kind}`)}</span>{" "}
              <strong>
                {word(`items.${ruling.item}`)} {ruling.quantity !== null && quantityOf(ruling.item, ruling.quantity)}
              </strong>{" "}
              {word("plan.rule.between", {
                from: places.supplier(ruling.lot_id ?? ruling.volunteer_id ?? ""),
                to: placeName(ruling.area),
                id: ruling.case_id,
              })}
            </p>
            <p>
              {costWord(ruling)}{" "}
              {ruling.state === "done" && word("plan.rule.became.done")}
              {ruling.state === "fallen" &&
                word("plan.rule.became.fallen", { because: wordOr(`fallen.${ruling.because}`, "") })}
            </p>
            <p class="muted">
              {ruling.by}: “{ruling.reason}”
            </p>
            {canRule && <EndRuling ruling={ruling} done={ruled} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a ruling costs the plan, which may be nothing. */
function costWord(ruling: Ruling): string {
  const minutes = ruling.cost_minutes;
  if (minutes === null || minutes === undefined) return word("plan.rule.cost_unknown");
  const units = ruling.cost_units ?? 0;
  const inTime = minutes > 0.05 ? word("plan.rule.cost", { minutes: number(Math.round(minutes)) }) : word("plan.rule.cost_none");
  return units > 0 ? `${inTime} ${word("plan.rule.cost_units", { n: number(units) })}` : inTime;
}
