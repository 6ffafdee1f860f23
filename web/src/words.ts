/** The words of the page, from its JSON block, and times as people say them. */
const block = typeof document === "undefined" ? null : document.getElementById("words");
const words: Record<string, string> = block ? JSON.parse(block.textContent ?? "{}") : {};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WIB = 7 * HOUR;

/** The sentence under a dotted key, with its gaps filled; the key itself when the page has none. */
export function word(key: string, gaps: Record<string, string | number> = {}): string {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (gap, name: string) => String(gaps[name] ?? gap));
}

const unit = (name: string, n: number) => word(`common.ago.${name}`, { n });

/** A length of time in its two largest units: `2 jam 5 menit`. */
export function span(ms: number): string {
  const length = Math.abs(ms);
  if (length >= DAY) return `${unit("days", Math.floor(length / DAY))} ${unit("hours", Math.floor((length % DAY) / HOUR))}`;
  if (length >= HOUR) {
    return `${unit("hours", Math.floor(length / HOUR))} ${unit("minutes", Math.floor((length % HOUR) / MINUTE))}`;
  }
  if (length >= 10 * MINUTE) return unit("minutes", Math.floor(length / MINUTE));
  return `${unit("minutes", Math.floor(length / MINUTE))} ${unit("seconds", Math.floor((length % MINUTE) / 1000))}`;
}

/** The hour of a time: `21.41`. */
export function clockTime(at: string | number): string {
  const time = new Date(new Date(at).getTime() + WIB);
  return `${String(time.getUTCHours()).padStart(2, "0")}.${String(time.getUTCMinutes()).padStart(2, "0")}`;
}

/** A time in the form that the server's pages use: `24 Nov 2026, 21.41 WIB`. */
export function moment(at: string | number): string {
  const time = new Date(new Date(at).getTime() + WIB);
  const two = (n: number) => String(n).padStart(2, "0");
  const month = word(`common.months.m${time.getUTCMonth() + 1}`);
  return `${time.getUTCDate()} ${month} ${time.getUTCFullYear()}, ${two(time.getUTCHours())}.${two(time.getUTCMinutes())} WIB`;
}
