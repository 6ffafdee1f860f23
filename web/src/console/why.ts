/** The codes and numbers of geo/explain.py as sentences. */
import { word } from "../words";
import { number, quantityOf } from "./format";

type Numbers = { code: string } & Record<string, unknown>;

export interface Lacking {
  code: string;
  [name: string]: unknown;
}

/** A supply that was not chosen; it would be when it came `minutes_nearer`, where that could be told. */
export interface Next {
  supply_id: string;
  minutes: number;
  free: number;
  left: number;
  lacks: Lacking[];
  minutes_nearer?: number;
  /** How many of its units go to each tier. */
  taken?: Record<string, number>;
}

export interface Why {
  /** `weight` with all that is in it, of that `fairness`; `cost` in weighted seconds for a unit; of the minutes on
   * the way `around_minutes` are for going around closed roads. */
  terms?: {
    minutes: number;
    around_minutes?: number;
    keeps_minutes: number;
    weight: number;
    cost: number;
    fairness?: number;
  };
  /** What one unit more would do: serve a unit of a tier, or save weighted minutes. */
  price?: { serves_tier?: number; saves_minutes?: number };
  next?: Next[];
  /** When the way takes so much longer, a unit goes to another supply, or stays open (null). */
  flip?: { minutes_longer: number; goes_to: string | null; out_of_time: boolean };
  /** The supply that wins by coming the fewest minutes nearer, or by being allowed. */
  rival?: { supply_id: string; minutes_nearer?: number; allowed?: boolean };
  /** A person's ruling, which takes the place of all other reasons. */
  ruling_id?: string;
}

export type WhyOpen = {
  code: string;
  nearest?: Next;
  would_serve?: { units: number; ahead: number; skills?: string; minutes?: number };
  /** How many units the kits that the plan names would serve. */
  kits?: number;
} & Record<string, unknown>;

/** Finds a supply's name by the id that the reasons have. */
export type NameOf = (supplyId: string) => string;

/** What a supply that was not chosen lacked. */
export function lackWord(lack: Numbers, item: string): string {
  return word(`why.${lack.code}`, gapsOf(lack, item));
}

const tenth = (n: number) => number(Math.round(n * 10) / 10);
const list = (parts: string[]) => parts.filter(Boolean).join(" ");

const SECONDS = 60;

/** The terms that a match's cost is made of. */
export function termsWord(terms: NonNullable<Why["terms"]>): string {
  const gaps = {
    minutes: tenth(terms.minutes),
    keeps: tenth(terms.keeps_minutes),
    weight: number(Math.round(terms.weight * 100) / 100),
    cost: tenth(terms.cost / SECONDS),
  };
  const fairness = Math.round(((terms.fairness ?? 1) - 1) * 100);
  const around = terms.around_minutes ?? 0;
  return list([
    word(terms.keeps_minutes > 0 ? "plan.why_terms" : "plan.why_way", gaps),
    around > 0 ? word("plan.why_around", { minutes: tenth(around) }) : "",
    fairness > 0 ? word("plan.why_fair", { percent: number(fairness) }) : "",
  ]);
}

/** What one unit more of a scarce supply would do. */
export function priceWord(price: NonNullable<Why["price"]>): string {
  return price.serves_tier === undefined
    ? word("plan.price", { n: tenth(price.saves_minutes ?? 0) })
    : word("plan.price_serves", { tier: word(`common.tiers.t${price.serves_tier}`) });
}

/** One of the next candidates: what it lacked, and what would make it the choice. */
export function nextWord(one: Next, item: string): string {
  const lacks = one.lacks.map((lack) => lackWord(lack, item));
  if (one.minutes_nearer !== undefined) lacks.push(word("plan.wins_nearer", { minutes: tenth(one.minutes_nearer) }));
  return lacks.join("; ");
}

/** The changes that turn a match over, the smallest first. */
export function flipWords(why: Why, name: NameOf): string[] {
  const { flip, rival } = why;
  const found: [number, string][] = [];
  if (flip) found.push([flip.minutes_longer, longerWord(flip, name)]);
  if (rival) {
    const minutes = rival.minutes_nearer ?? 0;
    const key = rival.allowed ? "plan.flip_allowed" : "plan.flip_nearer";
    found.push([minutes, word(key, { name: name(rival.supply_id), minutes: tenth(minutes) })]);
  }
  return found.sort((a, b) => a[0] - b[0]).map(([, sentence]) => sentence);
}

function longerWord(flip: NonNullable<Why["flip"]>, name: NameOf): string {
  const minutes = tenth(flip.minutes_longer);
  const turned =
    flip.goes_to === null
      ? word("plan.flip_open", { minutes })
      : word("plan.flip_to", { minutes, name: name(flip.goes_to) });
  return flip.out_of_time ? `${turned} ${word("plan.flip_time")}` : turned;
}

/** Why a need stays open. */
export function unmetWord(why: Numbers, item: string): string {
  return word(`unmet.${why.code}`, gapsOf(why, item));
}

/** Why units of a need stay open, where the nearest supply is and what it lacks, and what would serve them. */
export function openWords(why: WhyOpen, item: string, name: NameOf): string[] {
  const found = [unmetWord(why, item)];
  if (why.nearest) found.push(nearestWord(why.nearest, item, name));
  if (why.would_serve) found.push(remedyWord(why.would_serve, item));
  return found;
}

function nearestWord(nearest: Next, item: string, name: NameOf): string {
  const where = word("plan.nearest", { name: name(nearest.supply_id), minutes: number(Math.round(nearest.minutes)) });
  const lacks = nearest.lacks.map((lack) => lackWord(lack, item)).join("; ");
  const taken = Object.entries(nearest.taken ?? {}).map(([tier, n]) =>
    word("plan.taken_by", { n: quantityOf(item, n), tier: word(`common.tiers.t${tier}`) }),
  );
  return list([
    where,
    lacks && word("plan.nearest_lacks", { lacks }),
    taken.length ? word("plan.taken", { list: taken.join(", ") }) : "",
  ]);
}

function remedyWord(remedy: NonNullable<WhyOpen["would_serve"]>, item: string): string {
  const first = remedy.ahead ? word("plan.ahead", { n: quantityOf(item, remedy.ahead) }) : "";
  if (remedy.minutes === undefined)
    return list([word("plan.would_serve", { n: quantityOf(item, remedy.units) }), first]);
  const gaps = { n: number(remedy.units), minutes: remedy.minutes, skills: skills(remedy.skills ?? "") };
  return list([word(remedy.skills ? "plan.would_serve_skilled" : "plan.would_serve_people", gaps), first]);
}

const OF_THE_ITEM = new Set(["free", "wanted", "missing", "left"]);

function gapsOf(numbers: Numbers, item: string): Record<string, string | number> {
  const gaps: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === "number")
      gaps[name] = OF_THE_ITEM.has(name) ? quantityOf(item, value) : number(Math.round(value));
    else if (typeof value === "string") gaps[name] = name === "skills" ? skills(value) : value;
  }
  return gaps;
}

const skills = (codes: string): string =>
  codes
    .split(", ")
    .filter(Boolean)
    .map((code) => word(`skills.${code}`))
    .join(", ");
