/** What a plan would do, line by line; an open line says why, and lets a person decide otherwise. */
import { word } from "../../words";
import { casePath, go } from "../address";
import { number, quantityOf } from "../format";
import { useWide } from "../hooks";
import { placeName } from "../places";
import type { Match } from "./detail";
import { ItemLine } from "./item_line";
import { LongTable, type Column } from "./long_table";
import { RulingForms } from "./ruling_forms";
import { matchKey, type Mark, type Places } from "./view";
import { WhyMatch } from "./why_match";

/** Which lines are to be approved, where that is to be chosen. */
export interface Picks {
  /** Numbers of the lines that are left out. */
  left: ReadonlySet<number>;
  toggle: (numbers: number[], on: boolean) => void;
  /** Changes a line's quantity, where that can be changed. */
  quantity?: (n: number, quantity: number) => void;
  quantities?: ReadonlyMap<number, number>;
}

export interface MatchesProps {
  matches: Match[];
  places: Places;
  marks: Map<number, Mark>;
  opened: string | null;
  open: (key: string | null) => void;
  picks: Picks | null;
  ruled: () => void;
  canRule: boolean;
}

export function Matches({ matches, places, marks, opened, open, picks, ruled, canRule }: MatchesProps) {
  const isWide = useWide();
  const source: Column<Match> = {
    name: "source",
    label: word("plan.columns.source"),
    width: "minmax(0, 0.8fr)",
    sort: (match) => places.source(match),
    draw: (match) => places.source(match),
  };
  const minutes: Column<Match> = {
    name: "minutes",
    label: word("plan.columns.minutes"),
    title: word("plan.columns_what.minutes"),
    width: "4.75rem",
    numeric: true,
    falling: true,
    sort: (match) => match.minutes,
    draw: (match) => number(Math.round(match.minutes)),
  };
  return (
    <LongTable
      label={word("plan.tabs.matches")}
      columns={isWide ? [source, minutes] : [minutes]}
      rows={matches}
      rowHeight={isWide ? 52 : 64}
      keyOf={matchKey}
      opened={opened}
      open={open}
      sortedBy="main"
      mainLabel={word("plan.columns.what")}
      mainSort={(match) => `${match.tier} ${word(`items.${match.item}`)} ${placeName(match.area)}`}
      main={(match) => (
        <What match={match} places={isWide ? null : places} picks={picks} mark={marks.get(match.n)} />
      )}
      before={
        picks
          ? { head: <Every matches={matches} picks={picks} />, draw: (match) => <Tick match={match} picks={picks} /> }
          : undefined
      }
      detail={(match) => (
        <MatchDetail
          match={match}
          places={places}
          mark={marks.get(match.n)}
          picks={picks}
          ruled={ruled}
          canRule={canRule}
        />
      )}
      empty={word("plan.nothing_here")}
    />
  );
}

interface WhatProps {
  match: Match;
  /** Given where the source has no column of its own. */
  places: Places | null;
  picks: Picks | null;
  mark: Mark | undefined;
}

function What({ match, places, picks, mark }: WhatProps) {
  return (
    <ItemLine
      one={match}
      quantity={picks?.quantities?.get(match.n) ?? match.quantity}
      beside={places ? places.source(match) : `#${match.case_id}`}
    >
      {" "}
      <MarkBadge match={match} mark={mark} />
    </ItemLine>
  );
}

function MarkBadge({ match, mark }: { match: Match; mark: Mark | undefined }) {
  return (
    <>
      {match.ruling === "pin" && <span class="badge plain">{word("plan.pinned")}</span>}
      {mark && <span class={`badge ${mark.kind === "new" ? "info" : "warn"}`}>{word(`plan.mark.${mark.kind}`)}</span>}
    </>
  );
}

function Tick({ match, picks }: { match: Match; picks: Picks }) {
  return (
    <label class="hit">
      <input
        type="checkbox"
        aria-label={word("plan.take", { n: match.n })}
        checked={!picks.left.has(match.n)}
        onChange={(event) => picks.toggle([match.n], event.currentTarget.checked)}
      />
    </label>
  );
}

/** One box for all the lines that are shown. */
export function Every({ matches, picks, label }: { matches: Match[]; picks: Picks; label?: string }) {
  const numbers = matches.map((match) => match.n);
  const taken = numbers.filter((n) => !picks.left.has(n)).length;
  return (
    <label class="hit">
      <input
        type="checkbox"
        aria-label={label ?? word("plan.take_shown")}
        checked={taken === numbers.length && taken > 0}
        indeterminate={taken > 0 && taken < numbers.length}
        onChange={(event) => picks.toggle(numbers, event.currentTarget.checked)}
      />
    </label>
  );
}

interface DetailProps {
  match: Match;
  places: Places;
  mark: Mark | undefined;
  picks: Picks | null;
  ruled: () => void;
  canRule: boolean;
}

function MatchDetail({ match, places, mark, picks, ruled, canRule }: DetailProps) {
  return (
    <>
      <p>
        {word("plan.route", {
          from: places.source(match),
          to: placeName(match.area),
          minutes: number(Math.round(match.minutes)),
        })}{" "}
        {mark?.kind === "new" && word("plan.mark_what.new")}
        {mark?.kind === "changed" &&
          word("plan.mark_what.changed", { before: quantityOf(match.item, mark.before) })}
      </p>
      {picks?.quantity && <Quantity match={match} picks={picks} change={picks.quantity} />}
      <WhyMatch
        why={match.why}
        item={match.item}
        name={places.supplier}
        ruling={places.plan.rulings?.find((one) => one.id === match.why.ruling_id)}
      />
      <div class="row lt-actions">
        {canRule && <RulingForms match={match} places={places} done={ruled} />}
        <button type="button" class="link" onClick={() => go(casePath(match.case_id))}>
          {word("plan.open_case", { id: match.case_id })}
        </button>
      </div>
    </>
  );
}

interface QuantityProps {
  match: Match;
  picks: Picks;
  change: (n: number, quantity: number) => void;
}

function Quantity({ match, picks, change }: QuantityProps) {
  if (match.volunteer_id) return null;
  return (
    <label class="line-quantity">
      {word("plan.wave.quantity")}
      <input
        type="number"
        min={1}
        max={match.quantity}
        value={picks.quantities?.get(match.n) ?? match.quantity}
        onChange={(event) => change(match.n, event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
