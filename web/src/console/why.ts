/** The codes and numbers of geo/explain.py as sentences. */
import { word } from "../words";
import { number, quantityOf } from "./format";

type Numbers = { code: string } & Record<string, unknown>;

/** What a supply that was not chosen lacked. */
export function lackWord(lack: Numbers, item: string): string {
  return word(`why.${lack.code}`, gapsOf(lack, item));
}

/** Why a need stays open. */
export function unmetWord(why: Numbers, item: string): string {
  return word(`unmet.${why.code}`, gapsOf(why, item));
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
    .map((code) => word(`skills.${code}`))
    .join(", ");
