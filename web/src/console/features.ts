/** The board as the map's features. */
import type { Feature, FeatureCollection, Position } from "geojson";
import type { CasePoint } from "./map/contract";
import type { Model } from "./model";
import type { AssignmentRow } from "./rows";
import { RUNNING } from "./rows";
import type { Summary } from "./summary";

const collection = (features: Feature[]): FeatureCollection => ({ type: "FeatureCollection", features });

function point(lon: number | null, lat: number | null, properties: Record<string, unknown>): Feature[] {
  if (lon === null || lat === null) return [];
  return [{ type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties }];
}

/** A case as the map has it; null where nobody knows the place. */
export function casePoint({ row, tier }: Summary): CasePoint | null {
  if (row.lon === null || row.lat === null) return null;
  return { id: row.id, lon: row.lon, lat: row.lat, tier, verified: row.verified };
}

export function siteFeatures(model: Model): FeatureCollection {
  return collection(
    [...model.board.tables.sites.values()].flatMap((site) =>
      point(site.lon, site.lat, { id: site.id, name: site.name, open: site.open }),
    ),
  );
}

/** Volunteers whose check-in still runs. */
export function volunteerFeatures(model: Model, now: number): FeatureCollection {
  const busy = new Set(underWay(model).map((row) => row.volunteer_id));
  return collection(
    [...model.board.tables.volunteers.values()]
      .filter((one) => one.until !== null && Date.parse(one.until) > now)
      .flatMap((one) => point(one.lon, one.lat, { id: one.id, busy: busy.has(one.id) })),
  );
}

/** A line from where the help comes to where it goes; dashed until somebody has accepted. */
export function lineFeatures(model: Model): FeatureCollection {
  const { shown } = model.lists;
  const features: Feature[] = [];
  for (const row of model.board.tables.assignments.values()) {
    if (!RUNNING.has(row.state) || row.state === "delivered" || !shown.has(row.case_id)) continue;
    const [from, to] = [startOf(model, row), placeOf(model.board.case(row.case_id))];
    if (!from || !to) continue;
    const properties = { dashed: row.state === "proposed" || row.state === "offered", trouble: row.attention !== null };
    features.push({ type: "Feature", geometry: { type: "LineString", coordinates: [from, to] }, properties });
  }
  return collection(features);
}

const underWay = (model: Model): AssignmentRow[] =>
  [...model.board.tables.assignments.values()].filter((row) => row.state === "accepted" || row.state === "en_route");

function startOf(model: Model, row: AssignmentRow): Position | null {
  const { sites, volunteers } = model.board.tables;
  if (row.site_id) return placeOf(sites.get(row.site_id));
  return row.volunteer_id ? placeOf(volunteers.get(row.volunteer_id)) : null;
}

function placeOf(thing: { lon: number | null; lat: number | null } | undefined): Position | null {
  return thing && thing.lon !== null && thing.lat !== null ? [thing.lon, thing.lat] : null;
}

export function chosenFeature(model: Model, caseId: number | null): FeatureCollection {
  const row = caseId === null ? undefined : model.board.case(caseId);
  return collection(row ? point(row.lon, row.lat, {}) : []);
}
