/** The cases on a map: of however many there are, what is in view and a little beyond. */
import type { Feature } from "geojson";
import type { GeoJSONSource, Map } from "maplibre-gl";
import { DRAWN, type Bounds, type CasePoint } from "./contract";
import { Grid, type Mark } from "./grid";
import { clusterIconOf } from "./icon_names";

/** Marks follow changes at most this often. */
const PACE_MS = 100;
/** How much more than the view is drawn, as a share of it on each side: a pan within it needs no new marks. */
const BEYOND = 0.5;

export class CaseMarks {
  private grid = new Grid();
  private timer = 0;
  private drawnAt = 0;
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
    if (this.timer) return;
    const wait = Math.max(0, this.drawnAt + PACE_MS - performance.now());
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.drawnAt = performance.now();
      this.draw();
    }, wait);
  }

  private draw(): void {
    const source = this.map.getSource<GeoJSONSource>("cases");
    if (!source) return;
    this.view = { bounds: this.wider(), zoom: this.zoom() };
    const marks = this.grid.marks(this.view.bounds, this.view.zoom);
    source.setData({ type: "FeatureCollection", features: marks.map((mark) => this.feature(mark)) });
    this.tellWhenDrawn(this.news);
    this.news = [];
  }

  private feature(mark: Mark): Feature {
    const { point, count, worst, key } = mark;
    const properties = point
      ? { id: point.id, tier: point.tier, icon: point.icon }
      : { key, count, worst, icon: clusterIconOf(worst), label: this.thousands.format(count) };
    return { type: "Feature", geometry: { type: "Point", coordinates: [mark.lon, mark.lat] }, properties };
  }

  private tellWhenDrawn(ids: number[]): void {
    if (!ids.length) return;
    const listener = (event: { sourceId?: string; isSourceLoaded?: boolean }) => {
      if (event.sourceId !== "cases" || !event.isSourceLoaded) return;
      this.map.off("sourcedata", listener);
      this.map.once("render", () => dispatchEvent(new CustomEvent(DRAWN, { detail: ids })));
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
