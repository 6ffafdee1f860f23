/** What leaves the site: picked by wave, handed out by trip. */
import { useEffect, useState } from "preact/hooks";
import { kept, type Waiting } from "../../store";
import { clockTime, moment, word } from "../../words";
import { amount, day } from "../format";
import { useDoing } from "../hooks";
import { Do, Problem, StateBadge, TierBadge, Waiting as Loading } from "../parts";
import { placeName } from "../places";
import { say } from "../toasts";
import type { Lot, Pickup } from "./detail";
import { KEPT_SITES, send } from "./kept";

interface Props {
  rows: Pickup[] | null;
  lots: Lot[];
  canEdit: boolean;
  entries: Waiting[];
  again: () => void;
}

/** What goes out together. */
interface Trip {
  id: string;
  rows: Pickup[];
}

interface Wave {
  id: string;
  name: string | null;
  departs_at: string | null;
  trips: Trip[];
}

const LATER = "later";
/** Not on its way yet: to be picked. */
const HERE = new Set(["proposed", "offered", "accepted"]);

function wavesOf(rows: Pickup[]): Wave[] {
  const waves = new Map<string, Wave>();
  for (const row of rows) {
    const id = row.wave?.id ?? LATER;
    const wave = waves.get(id) ?? { id, name: row.wave?.name ?? null, departs_at: row.wave?.departs_at ?? null, trips: [] };
    waves.set(id, wave);
    const trip = wave.trips.find((one) => one.id === row.trip_id);
    if (trip) trip.rows.push(row);
    else wave.trips.push({ id: row.trip_id, rows: [row] });
  }
  return [...waves.values()].sort((a, b) => (a.departs_at ?? "~").localeCompare(b.departs_at ?? "~"));
}

export function Pickups({ rows, lots, canEdit, entries, again }: Props) {
  return (
    <section class="part" aria-label={word("sites.pickups")}>
      <h2>{word("sites.pickups")}</h2>
      {!rows && <Loading />}
      {rows && !rows.length && <p class="muted">{word("sites.no_pickups")}</p>}
      {wavesOf(rows ?? []).map((wave) => (
        <section key={wave.id} class="wave stack" aria-label={wave.name ?? word("sites.no_wave")}>
          <h3>
            {wave.name ?? word("sites.no_wave")}
            {wave.departs_at && ` · ${word("sites.departs", { when: clockTime(wave.departs_at) })}`}
          </h3>
          <Picking wave={wave} lots={lots} />
          <ul>
            {wave.trips.map((trip) => (
              <OneTrip key={trip.id} trip={trip} canEdit={canEdit} entries={entries} again={again} />
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** What to take off the shelves for a wave, lot by lot, to tick off; the ticks stay on this phone. */
function Picking({ wave, lots }: { wave: Wave; lots: Lot[] }) {
  const name = `${KEPT_SITES}picked/${wave.id}`;
  const [ticked, setTicked] = useState<string[]>([]);
  useEffect(() => {
    void kept.get<string[]>(name).then((before) => setTicked(before ?? []), () => undefined);
  }, [name]);
  const sums = new Map<string, number>();
  const lines = wave.trips.flatMap(({ rows }) => rows).filter(({ state }) => HERE.has(state));
  for (const { lot_id, quantity } of lines.flatMap((row) => row.lots))
    sums.set(lot_id, (sums.get(lot_id) ?? 0) + quantity);
  if (!sums.size) return null;
  const toggle = (key: string) => {
    const next = ticked.includes(key) ? ticked.filter((one) => one !== key) : [...ticked, key];
    setTicked(next);
    void kept.put(name, next).catch(() => undefined);
  };
  return (
    <fieldset class="ticks">
      <legend>{word("sites.pick")}</legend>
      {[...sums].map(([lotId, quantity]) => {
        const lot = lots.find(({ id }) => id === lotId);
        // Another quantity than was ticked off is another thing to fetch.
        const key = `${lotId}/${quantity}`;
        return (
          <label key={key}>
            <input type="checkbox" checked={ticked.includes(key)} onChange={() => toggle(key)} />{" "}
            {lot ? amount(lot.item, quantity) : quantity}
            {lot?.expiry && <small> ({day(lot.expiry)})</small>}{" "}
            <small class="muted">{word("sites.lot", { code: lotId.slice(-6).toUpperCase() })}</small>
          </label>
        );
      })}
    </fieldset>
  );
}

interface TripProps {
  trip: Trip;
  canEdit: boolean;
  entries: Waiting[];
  again: () => void;
}

function OneTrip({ trip, canEdit, entries, again }: TripProps) {
  const doing = useDoing();
  const first = trip.rows[0]!;
  const taken = trip.rows.filter(({ state }) => state === "accepted");
  const isWaiting = entries.some((entry) => !entry.refused && trip.rows.some(({ id }) => entry.id === `stock/${id}`));
  const goods = trip.rows.flatMap(({ lines }) => lines);
  const who = first.volunteer ?? word("sites.nobody_yet");
  const handOut = async () => {
    const lead = taken[0]!;
    const told = `${word("sites.hand_out")}: ${who}, ${goods.map((line) => amount(line.item, line.quantity)).join(", ")}`;
    const effects = taken
      .flatMap(({ lots }) => lots)
      .map(({ lot_id, quantity }) => ({ lot_id, on_hand: -quantity, held: -quantity }));
    const step = { id: `stock/${lead.id}`, path: `/api/assignments/${lead.id}/depart`, body: {} };
    const past = ["en_route", "delivered", "confirmed"];
    const done = await doing.run(() => send({ ...step, told, effects, past }));
    if (done) say(word(done === "kept" ? "sites.kept" : "sites.handed_out", { name: who }));
    again();
  };
  return (
    <li>
      <p class="job-head">
        <TierBadge tier={first.tier} />
        <strong>{who}</strong>
        <StateBadge noun="assignment" name={first.state} />
      </p>
      <p>{goods.map((line) => amount(line.item, line.quantity)).join(", ")}</p>
      <p class="muted">
        {[
          ...trip.rows.map((row) => `#${row.case_id} ${placeName(row.area)}`),
          first.vehicle && word(`vehicles.${first.vehicle}`),
          moment(first.changed_at),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Problem refusal={doing.refusal} />
      {canEdit && taken.length > 0 && !isWaiting && (
        <Do tone="primary" busy={doing.busy} onClick={() => void handOut()}>
          {word("sites.hand_out")}
        </Do>
      )}
    </li>
  );
}
