/**
 * What should make a coordinator look up, and nothing else: lives in danger have their own line (`alarm.tsx`);
 * here are volunteers who are missed, urgent clocks that run out soon, and goods that are asked for and gone.
 */
import type { Job } from "./lists";
import type { Model } from "./model";
import type { VolunteerRow } from "./rows";
import { items } from "./setup";
import type { Summary } from "./summary";

/** Half an hour is what it takes to send somebody who is near: an assumption of ours. */
const SOON_MS = 30 * 60_000;
const URGENT_TIER = 1;

export interface Alarms {
  /** Volunteers who called for help, and nobody sees to it yet. */
  distressed: VolunteerRow[];
  /** Jobs whose volunteers are overdue. */
  missed: Job[];
  /** Urgent cases whose clock runs out within half an hour. */
  soon: Summary[];
  /** Goods that open needs ask for and no open site has any more of. */
  gone: string[];
}

export function alarmsOf(model: Model, now: number): Alarms {
  const { review, waiting, running } = model.lists;
  const isSoon = ({ tier, dueAt, paused }: Summary) =>
    tier <= URGENT_TIER && !paused && dueAt !== null && dueAt > now && dueAt - now < SOON_MS;
  return {
    distressed: [...model.board.tables.volunteers.values()].filter((one) => one.distress === "open"),
    missed: running.filter((job) => job.row.attention === "overdue"),
    soon: [...review.filter(isSoon), ...waiting.filter(isSoon)],
    gone: goneGoods(model),
  };
}

function goneGoods(model: Model): string[] {
  const asked = new Set<string>();
  for (const { missing } of model.lists.waiting) for (const need of missing) asked.add(need.item);
  const sites = [...model.board.tables.sites.values()].filter((site) => site.open);
  // Before anything was ever stored, all goods are missing, and that is no news.
  if (!sites.some((site) => Object.values(site.stock).some((free) => free > 0))) return [];
  const isGone = (item: string) =>
    items.get(item)?.kind === "goods" && !sites.some((site) => (site.stock[item] ?? 0) > 0);
  return [...asked].filter(isGone).sort();
}
