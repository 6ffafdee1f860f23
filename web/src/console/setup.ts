/** What the page was given by the server before its script ran: server/services/workplace.py. */

export interface Incident {
  slug: string;
  name: string;
  kind: string;
  training: boolean;
  bounds: [number, number, number, number] | null;
  areas: string[];
  clocks: Record<string, { seen: number; settled: number }>;
}

export interface Item {
  code: string;
  kind: "goods" | "service";
  unit: string;
  tier: number;
  /** What one of it holds, where it is a kit that can be opened. */
  contents: Record<string, number>;
  /** Whether there is more in it than the catalogue has items for. */
  holds_more: boolean;
}

interface Setup {
  me: { name: string; roles: { role: string; area: string }[] };
  csrf: string;
  tiles: string;
  map: { script: string; worker: string; style: string; layers: string[] };
  workplace: { now?: string; rights: Record<string, string[]>; incidents: Incident[]; items: Item[] };
}

const block = document.getElementById("setup");
export const setup: Setup = JSON.parse(block?.textContent ?? "{}");

/** How far the server's clock, by which everything is due, is ahead of this machine's, in ms. */
const ahead = setup.workplace?.now ? Date.parse(setup.workplace.now) - Date.now() : 0;

/** The present time by the server's clock, in ms. */
export const serverNow = (): number => Date.now() + ahead;

export const items: ReadonlyMap<string, Item> = new Map(setup.workplace.items.map((item) => [item.code, item]));

export const within = (area: string, top: string): boolean => top === "" || area === top || area.startsWith(`${top}.`);

/** Whether to show what needs the permission; the server decides for itself. */
export function may(permission: string, area: string): boolean {
  return (setup.workplace.rights[permission] ?? []).some((top) => within(area, top));
}

/** The same over a case: where it lies, or as one of the unit that accepted it. */
export const mayOf = (permission: string, one: { area: string; holder: string | null }): boolean =>
  may(permission, one.area) || (one.holder !== null && may(permission, one.holder));

/** Whether the person holds the permission anywhere. */
export const mayAnywhere = (permission: string): boolean => (setup.workplace.rights[permission] ?? []).length > 0;

export function incidentOf(slug: string): Incident | undefined {
  return setup.workplace.incidents.find((incident) => incident.slug === slug);
}
