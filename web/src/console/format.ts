/** Numbers, amounts and times as the reader writes them. */
import { word } from "../words";
import { items } from "./setup";

const language = document.documentElement.lang === "en" ? "en" : "id";
const grouped = new Intl.NumberFormat(language);

const shortened = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 6 });

export const number = (n: number): string => grouped.format(n);

/** A very large number in words of thousands, so that two can still be told apart. */
export const large = (n: number): string => shortened.format(n);

/** `Air minum 1.680 L` */
export function amount(item: string, quantity: number): string {
  return `${word(`items.${item}`)} ${quantityOf(item, quantity)}`;
}

export function quantityOf(item: string, quantity: number): string {
  const unit = items.get(item)?.unit;
  return unit ? `${number(quantity)} ${word(`units.${unit}`)}` : number(quantity);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in as few letters as can be read: `7 mnt`, `3 j 05`, `4 hr`. */
export function shortSpan(ms: number): string {
  const length = Math.abs(ms);
  if (length < HOUR) return word("console.clock.minutes", { n: Math.floor(length / MINUTE) });
  if (length < 2 * DAY) {
    const minutes = String(Math.floor((length % HOUR) / MINUTE)).padStart(2, "0");
    return word("console.clock.hours", { n: Math.floor(length / HOUR), minutes });
  }
  return word("console.clock.days", { n: Math.floor(length / DAY) });
}

/** A day as `24 Nov 2026`. */
export function day(date: string): string {
  const [year, month, n] = date.split("-").map(Number);
  return `${n} ${word(`common.months.m${month}`)} ${year}`;
}

/** The word under a key, or what stands in for it when there is none. */
export function wordOr(key: string, otherwise: string, gaps: Record<string, string | number> = {}): string {
  const found = word(key, gaps);
  return found === key ? otherwise : found;
}
