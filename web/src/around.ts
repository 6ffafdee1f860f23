/** What lacks near the volunteer, and what they have done: lists that are asked for when they are opened, kept for later. */
import { element } from "./dom";
import { listOf, type Listed } from "./work";
import { moment, word } from "./words";

interface Amount {
  item: string;
  quantity: number;
  unit: string;
}

interface Near {
  area: string;
  km: number;
  tier: number;
  items: Amount[];
}

interface Done {
  id: string;
  state: string;
  area: string;
  reason: string | null;
  changed_at: string;
  items: Amount[];
}

const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);

export const amount = ({ item, quantity, unit }: Amount): string =>
  `${word(`items.${item}`)}: ${quantity.toLocaleString(document.documentElement.lang)} ${word(`units.${unit}`)}`;

export const tierBadge = (tier: number): HTMLElement =>
  element("span", { className: `badge t${tier}` }, element("b", {}, `T${tier}`), ` ${word(`common.tiers.t${tier}`)}`);

/** Fills `#near` and `#history` each time they are opened. */
export function startLists(): void {
  whenOpened("near", async (box) => box.replaceChildren(...near(await listOf<Near>("near", "near"))));
  whenOpened("history", async (box) => box.replaceChildren(...history(await listOf<Done>("history", "done"))));
}

function whenOpened(name: string, draw: (box: HTMLElement) => Promise<void>): void {
  const details = document.getElementById(name) as HTMLDetailsElement | null;
  const box = details?.querySelector<HTMLElement>(".list");
  if (!details || !box) return;
  details.hidden = false;
  const open = () => {
    if (!details.open) return;
    if (!box.childElementCount) box.replaceChildren(element("p", { className: "muted" }, say("loading")));
    void draw(box);
  };
  details.addEventListener("toggle", open);
  open();
}

function near(listed: Listed<Near> | null): HTMLElement[] {
  if (!listed) return [line(say("list_offline"))];
  if (listed.whole.near === null) return [line(say("near_check_in"))];
  if (!listed.rows.length) return [line(say("near_none"))];
  const villages = listed.rows.map(({ area, km, tier, items }) =>
    element(
      "li",
      { className: "stack" },
      element("div", { className: "row apart" }, tierBadge(tier), element("span", {}, say("near_km", { km }))),
      element("b", {}, listed.areas[area] ?? area),
      element("p", {}, items.map(amount).join(" · ")),
    ),
  );
  return [line(say("near_what")), element("ul", { className: "plain" }, ...villages), seenAt(listed)];
}

function history(listed: Listed<Done> | null): HTMLElement[] {
  if (!listed) return [line(say("list_offline"))];
  if (!listed.rows.length) return [line(say("history_none"))];
  const done = listed.rows.map(({ state, area, reason, changed_at, items }) =>
    element(
      "li",
      { className: "stack" },
      element("div", { className: "row apart" }, element("b", {}, moment(changed_at)), element("span", { className: `badge ${TONES[state] ?? "plain"}` }, word(`states.assignment.${state}`))),
      element("p", {}, [...items.map(amount), listed.areas[area] ?? area].join(" · ")),
      reason ? element("p", { className: "muted" }, reason) : null,
    ),
  );
  return [line(say("history_sum", { n: Number(listed.whole.delivered) })), element("ul", { className: "plain" }, ...done), seenAt(listed)];
}

const TONES: Record<string, string> = { delivered: "good", confirmed: "good", failed: "bad" };

const line = (text: string): HTMLElement => element("p", { className: "muted" }, text);
const seenAt = (listed: Listed<unknown>): HTMLElement => line(say("as_of", { when: moment(listed.seen_at) }));
