/** What a plan would do, by the site it comes from, each line with its reasons. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { casePath, go } from "../address";
import { number, quantityOf } from "../format";
import type { Model } from "../model";
import { TierBadge } from "../parts";
import { placeName } from "../places";
import type { NameOf } from "../why";
import type { Match, Plan } from "./detail";
import { WhyMatch } from "./why_match";

interface Props {
  plan: Plan;
  model: Model;
  /** The matches that were left out of the approval; null when nothing is to be approved. */
  left: ReadonlySet<number> | null;
  toggle: (numbers: number[], on: boolean) => void;
}

const SERVICES = "services";
/** Lines of one site that are drawn at once; the rest on request, so that ten thousand do not stop the page. */
const MOST = 50;

export function Matches({ plan, model, left, toggle }: Props) {
  const groups = new Map<string, Match[]>();
  for (const match of plan.matches) {
    const key = match.site_id ?? SERVICES;
    const there = groups.get(key);
    if (there) there.push(match);
    else groups.set(key, [match]);
  }
  const suppliers = supplierNames(plan, model);
  const siteNames = new Map(Object.values(plan.sources).map((source) => [source.site_id, source.name]));
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
  return (
    <>
      {sorted.map(([site, matches]) => (
        <SiteMatches
          key={site}
          title={siteNames.get(site) ?? word("plan.services")}
          matches={matches}
          left={left}
          toggle={toggle}
          suppliers={suppliers}
        />
      ))}
    </>
  );
}

/** Lots and volunteers by the id that reasons name them by. */
export function supplierNames(plan: Plan, model: Model): Map<string, string> {
  const names = new Map(Object.entries(plan.sources).map(([lot, source]) => [lot, source.name]));
  for (const one of model.board.tables.volunteers.values()) names.set(one.id, one.alias);
  return names;
}

/** What a supply is called where reasons name it. */
export const nameOf =
  (suppliers: Map<string, string>): NameOf =>
  (id) =>
    suppliers.get(id) ?? word("plan.other_supply");

interface SiteProps {
  title: string;
  matches: Match[];
  left: ReadonlySet<number> | null;
  toggle: (numbers: number[], on: boolean) => void;
  suppliers: Map<string, string>;
}

function SiteMatches({ title, matches, left, toggle, suppliers }: SiteProps) {
  const [most, setMost] = useState(MOST);
  const numbers = matches.map((match) => match.n);
  const taken = left ? numbers.filter((n) => !left.has(n)).length : numbers.length;
  return (
    <section class="site-matches">
      <h3>
        {left && (
          <input
            type="checkbox"
            aria-label={word("plan.take_all", { site: title })}
            checked={taken === numbers.length}
            indeterminate={taken > 0 && taken < numbers.length}
            onChange={(event) => toggle(numbers, event.currentTarget.checked)}
          />
        )}
        {title} <span class="muted">{word("plan.matched", { n: number(matches.length) })}</span>
      </h3>
      <ul class="match-list">
        {matches.slice(0, most).map((match) => (
          <MatchLine key={match.n} match={match} left={left} toggle={toggle} suppliers={suppliers} />
        ))}
      </ul>
      {matches.length > most && (
        <button type="button" class="link" onClick={() => setMost(most + 10 * MOST)}>
          {word("plan.more", { n: number(matches.length - most) })}
        </button>
      )}
    </section>
  );
}

interface LineProps {
  match: Match;
  left: ReadonlySet<number> | null;
  toggle: (numbers: number[], on: boolean) => void;
  suppliers: Map<string, string>;
}

function MatchLine({ match, left, toggle, suppliers }: LineProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <div class={`match ${left ? "" : "no-pick"}`}>
        {left && (
          <input
            type="checkbox"
            aria-label={word("plan.take", { n: match.n })}
            checked={!left.has(match.n)}
            onChange={(event) => toggle([match.n], event.currentTarget.checked)}
          />
        )}
        <TierBadge tier={match.tier} />
        <span class="match-what">
          <strong>
            {word(`items.${match.item}`)} {quantityOf(match.item, match.quantity)}
          </strong>
          <span class="muted">
            {match.volunteer_id && `${suppliers.get(match.volunteer_id) ?? ""} · `}
            {placeName(match.area)}
          </span>
        </span>
        <span class="match-minutes">{word("why.minutes", { n: number(Math.round(match.minutes)) })}</span>
        <button type="button" class="link" onClick={() => go(casePath(match.case_id))}>
          #{match.case_id}
        </button>
        <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {word("plan.why")}
        </button>
      </div>
      {isOpen && <WhyMatch why={match.why} item={match.item} name={nameOf(suppliers)} />}
    </li>
  );
}
