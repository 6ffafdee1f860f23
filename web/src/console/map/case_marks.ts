/** The cases on a map: of however many there are, what is in view and a little beyond. */
import type { Feature } from "geojson";
import type { GeoJSONSource, Map } from "maplibre-gl";
import { DRAWN, type Bounds, type CasePoint } from "./contract";
import { Grid, type Mark } from "./grid";
import { clusterIconOf } from "./icon_names";

/** Marks follow changes at most this often, and never before the last ones were drawn. */
const PACE_MS = 40;
/** A drawing that nobody sees, in a hidden page, is not waited for. */
const PATIENCE_MS = 400;
/** How much more than the view is drawn, as a share of it on each side: a pan within it needs no new marks. */
const BEYOND = 0.5;

export class CaseMarks {
  private grid = new Grid();
  private timer = 0;
  /** When the next drawing may begin: some time after the last one, which may yet be under way. */
  private freeAt = 0;
  private isWaiting = false;
  private view: { bounds: Bounds; zoom: number } | null = null;
  /** The cases that changed since the last drawing began. */
  private news: number[] = [];
  private thousands = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });

  constructor(private map: Map) {
    map.on("move", () => this.isBeyond() && this.drawSoon());
    map.once("remove", () => clearTimeout(this.timer));
  }

  replace(points: Iterable<CasePoint>): void {
    this.grid.clear();
    for (const point of points) this.grid.put(point);
    this.drawSoon();
  }

  change(there: CasePoint[], gone: number[]): void {
    for (const point of there) this.grid.put(point);
    for (const id of gone) this.grid.remove(id);
    for (const point of there) this.news.push(point.id);
    this.drawSoon();
  }

  members = (key: string): CasePoint[] => this.grid.members(key);

  private drawSoon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.draw(), Math.max(0, this.freeAt - performance.now()));
    this.isWaiting = true;
  }

  private draw(): void {
    const source = this.map.getSource<GeoJSONSource>("cases");
    if (!source) return;
    this.isWaiting = false;
    this.freeAt = performance.now() + PATIENCE_MS;
    this.view = { bounds: this.wider(), zoom: this.zoom() };
    const marks = this.grid.marks(this.view.bounds, this.view.zoom);
    source.setData({ type: "FeatureCollection", features: marks.map((mark) => this.feature(mark)) });
    this.whenDrawn(this.news, performance.now());
    this.news = [];
  }

  private feature(mark: Mark): Feature {
    const { point, count, worst, key } = mark;
    const properties = point
      ? { id: point.id, tier: point.tier, icon: point.icon }
      : { key, count, worst, icon: clusterIconOf(worst), label: this.thousands.format(count) };
    return { type: "Feature", geometry: { type: "Point", coordinates: [mark.lon, mark.lat] }, properties };
  }

  private whenDrawn(ids: number[], begunAt: number): void {
    const listener = (event: { sourceId?: string; isSourceLoaded?: boolean }) => {
      if (event.sourceId !== "cases" || !event.isSourceLoaded) return;
      this.map.off("sourcedata", listener);
      this.map.once("render", () => {
        this.freeAt = begunAt + PACE_MS;
        if (this.isWaiting) this.drawSoon();
        if (ids.length) dispatchEvent(new CustomEvent(DRAWN, { detail: ids }));
      });
    };
    this.map.on("sourcedata", listener);
  }

  private zoom = (): number => Math.max(0, Math.floor(this.map.getZoom()));

  private isBeyond(): boolean {
    if (!this.view || this.view.zoom !== this.zoom()) return true;
    const [west, south, east, north] = this.view.bounds;
    const now = this.bounds();
    return now[0] < west || now[1] < south || now[2] > east || now[3] > north;
  }

  private bounds(): Bounds {
    const seen = this.map.getBounds();
    return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()];
  }

  private wider(): Bounds {
    const [west, south, east, north] = this.bounds();
    const [across, down] = [(east - west) * BEYOND, (north - south) * BEYOND];
    return [west - across, south - down, east + across, north + down];
  }
}
