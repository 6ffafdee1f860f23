/**
 * Very many points as few marks: alone where there is room, together where there is none.
 *
 * Each zoom has its cells with what lies in them summed up, so a point that comes, moves or goes costs a few
 * additions, however many others there are; and only what is in view is asked for.
 */
import type { Bounds, CasePoint } from "./contract";

/** Cells and the distance below which neighbours become one mark, in pixels of the whole zoom below. */
const CELL_PX = 64;
const TOGETHER_PX = 42;
const WORLD_PX = 512;
/** From this zoom points stand alone, as long as they are no more than a map can show. */
export const APART_FROM_ZOOM = 13;
const MOST_APART = 1500;
const CELLS_AT_ZOOM_0 = WORLD_PX / CELL_PX;
const LATITUDE_AT_MOST = 85;

/** A point in the square world (0..1, 0..1). */
interface Spot extends CasePoint {
  x: number;
  y: number;
}

interface Cell {
  column: number;
  row: number;
  count: number;
  /** How many of each tier. */
  tiers: [number, number, number, number];
  /** Sums over the cell's points; of one point alone they are the point. */
  x: number;
  y: number;
  id: number;
}

type Level = Map<number, Cell>;

/** What is drawn: one point, or several as their middle, their number and the most urgent tier among them. */
export interface Mark {
  lon: number;
  lat: number;
  count: number;
  worst: CasePoint["tier"];
  /** Of a point alone. */
  point: CasePoint | null;
  /** Of several: which cells of which level. */
  key: string;
}

export class Grid {
  private spots = new Map<number, Spot>();
  private levels = new Map<number, Level>();
  /** The points by their cell at the zoom from which they stand alone. */
  private near = new Map<number, Set<Spot>>();

  get size(): number {
    return this.spots.size;
  }

  clear(): void {
    this.spots.clear();
    this.levels.clear();
    this.near.clear();
  }

  put(point: CasePoint): void {
    const old = this.spots.get(point.id);
    if (old && old.lon === point.lon && old.lat === point.lat) this.restate(old, point);
    else this.place(point);
  }

  /** Most changes leave a case where it is: nothing is taken out, so the tables do not grow by what was. */
  private restate(spot: Spot, point: CasePoint): void {
    for (const [zoom, level] of this.levels) {
      const tiers = level.get(keyAt(spot, zoom))?.tiers;
      if (!tiers) continue;
      tiers[spot.tier] -= 1;
      tiers[point.tier] += 1;
    }
    Object.assign(spot, point);
  }

  private place(point: CasePoint): void {
    this.remove(point.id);
    const spot: Spot = { ...point, ...square(point.lon, point.lat) };
    this.spots.set(spot.id, spot);
    const key = keyAt(spot, APART_FROM_ZOOM);
    const near = this.near.get(key);
    if (near) near.add(spot);
    else this.near.set(key, new Set([spot]));
    for (const [zoom, level] of this.levels) count(level, zoom, spot, 1);
  }

  remove(id: number): void {
    const spot = this.spots.get(id);
    if (!spot) return;
    this.spots.delete(id);
    const key = keyAt(spot, APART_FROM_ZOOM);
    const near = this.near.get(key);
    near?.delete(spot);
    if (near?.size === 0) this.near.delete(key);
    for (const [zoom, level] of this.levels) count(level, zoom, spot, -1);
  }

  /** The marks of a part of the world at a whole zoom. */
  marks(bounds: Bounds, zoom: number): Mark[] {
    if (zoom < APART_FROM_ZOOM) return this.asMarks(together(inside(this.level(zoom), zoom, bounds), zoom), zoom);
    const spots = this.spotsIn(bounds);
    if (spots.length <= MOST_APART) return spots.map(alone);
    const level: Level = new Map();
    for (const spot of spots) count(level, zoom, spot, 1);
    return this.asMarks(together(level, zoom), zoom);
  }

  /** The points behind a mark of several. */
  members(key: string): CasePoint[] {
    const [zoom = 0, ...cells] = key.split(" ").map(Number);
    const wanted = new Set(cells);
    return [...this.spots.values()].filter((spot) => wanted.has(keyAt(spot, zoom)));
  }

  private level(zoom: number): Level {
    const known = this.levels.get(zoom);
    if (known) return known;
    const made: Level = new Map();
    for (const spot of this.spots.values()) count(made, zoom, spot, 1);
    this.levels.set(zoom, made);
    return made;
  }

  private spotsIn([west, south, east, north]: Bounds): Spot[] {
    const [low, high] = [square(west, north), square(east, south)];
    const found: Spot[] = [];
    const [first, last] = [cellOf(low, APART_FROM_ZOOM), cellOf(high, APART_FROM_ZOOM)];
    for (let column = first.column; column <= last.column; column += 1) {
      for (let row = first.row; row <= last.row; row += 1) {
        found.push(...(this.near.get(keyOf(column, row, APART_FROM_ZOOM)) ?? []));
      }
    }
    return found;
  }

  private asMarks(groups: Cell[][], zoom: number): Mark[] {
    return groups.map((cells) => {
      const all = summed(cells);
      const one = all.count === 1 ? this.spots.get(all.id) : undefined;
      if (one) return alone(one);
      return {
        ...round(all.x / all.count, all.y / all.count),
        count: all.count,
        worst: Math.max(0, all.tiers.findIndex((n) => n > 0)) as CasePoint["tier"],
        point: null,
        key: [zoom, ...cells.map((cell) => keyOf(cell.column, cell.row, zoom))].join(" "),
      };
    });
  }
}

const alone = (spot: Spot): Mark => ({
  lon: spot.lon,
  lat: spot.lat,
  count: 1,
  worst: spot.tier,
  point: spot,
  key: String(spot.id),
});

function count(level: Level, zoom: number, spot: Spot, by: 1 | -1): void {
  const { column, row } = cellOf(spot, zoom);
  const key = keyOf(column, row, zoom);
  let cell = level.get(key);
  if (!cell) level.set(key, (cell = { column, row, count: 0, tiers: [0, 0, 0, 0], x: 0, y: 0, id: 0 }));
  cell.count += by;
  cell.tiers[spot.tier] += by;
  cell.x += by * spot.x;
  cell.y += by * spot.y;
  cell.id += by * spot.id;
  if (cell.count === 0) level.delete(key);
}

/** The cells of a level that lie in a part of the world, by their keys. */
function inside(level: Level, zoom: number, [west, south, east, north]: Bounds): Level {
  const [first, last] = [cellOf(square(west, north), zoom), cellOf(square(east, south), zoom)];
  const found: Level = new Map();
  for (const [key, cell] of level) {
    const isInside =
      cell.column >= first.column && cell.column <= last.column && cell.row >= first.row && cell.row <= last.row;
    if (isInside) found.set(key, cell);
  }
  return found;
}

/** Groups of neighbouring cells whose middles lie too close to be drawn apart; the fullest cells draw the others in. */
function together(level: Level, zoom: number): Cell[][] {
  const least = TOGETHER_PX / (WORLD_PX * 2 ** zoom);
  const taken = new Set<Cell>();
  const groups: Cell[][] = [];
  const fullest = [...level.values()].sort((a, b) => b.count - a.count || a.column - b.column || a.row - b.row);
  for (const cell of fullest) {
    if (taken.has(cell)) continue;
    taken.add(cell);
    const close = around(level, zoom, cell).filter((other) => !taken.has(other) && distance(cell, other) < least);
    for (const other of close) taken.add(other);
    groups.push([cell, ...close]);
  }
  return groups;
}

function around(level: Level, zoom: number, { column, row }: Cell): Cell[] {
  const found: Cell[] = [];
  for (const right of [-1, 0, 1]) {
    for (const down of [-1, 0, 1]) {
      const cell = right || down ? level.get(keyOf(column + right, row + down, zoom)) : undefined;
      if (cell) found.push(cell);
    }
  }
  return found;
}

const distance = (a: Cell, b: Cell): number =>
  Math.hypot(a.x / a.count - b.x / b.count, a.y / a.count - b.y / b.count);

function summed(cells: Cell[]): Omit<Cell, "column" | "row"> {
  const all = { count: 0, tiers: [0, 0, 0, 0] as Cell["tiers"], x: 0, y: 0, id: 0 };
  for (const cell of cells) {
    all.count += cell.count;
    for (const tier of [0, 1, 2, 3] as const) all.tiers[tier] += cell.tiers[tier];
    all.x += cell.x;
    all.y += cell.y;
    all.id += cell.id;
  }
  return all;
}

const cellsAt = (zoom: number): number => CELLS_AT_ZOOM_0 * 2 ** zoom;
const keyOf = (column: number, row: number, zoom: number): number => column * cellsAt(zoom) + row;
const cellOf = ({ x, y }: { x: number; y: number }, zoom: number) => ({
  column: Math.floor(x * cellsAt(zoom)),
  row: Math.floor(y * cellsAt(zoom)),
});

function keyAt(spot: Spot, zoom: number): number {
  const { column, row } = cellOf(spot, zoom);
  return keyOf(column, row, zoom);
}

/** Web Mercator, the world being 1 wide. */
function square(lon: number, lat: number): { x: number; y: number } {
  const kept = Math.max(-LATITUDE_AT_MOST, Math.min(LATITUDE_AT_MOST, lat));
  const sine = Math.sin((kept * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

function round(x: number, y: number): { lon: number; lat: number } {
  return { lon: (x - 0.5) * 360, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI };
}
