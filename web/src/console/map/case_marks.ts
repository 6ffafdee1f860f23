/**
 * The cases on a map: of however many there are, what is in view and a little beyond.
 *
 * They have a canvas of their own above the map's. A case that comes costs a drawing of the signs in view; as a
 * layer of the map it would cost a trip to its worker and a drawing of land, borders and names as well.
 */
import type { Map, Point } from "maplibre-gl";
import { DRAWN, type Bounds, type CasePoint } from "./contract";
import { Grid, type Mark } from "./grid";
import { caseSign, clusterSign, type Sign } from "./signs";

/** How much more than the view is sought, as a share of it on each side: a pan within it needs no new marks. */
const BEYOND = 0.5;

/** A mark with its sign, and where on the canvas its middle is. */
interface Shown {
  mark: Mark;
  sign: Sign;
  x: number;
  y: number;
}

export class CaseMarks {
  private grid = new Grid();
  private canvas = document.createElement("canvas");
  private pen = this.canvas.getContext("2d");
  private frame = 0;
  private over = new AbortController();
  /** Pixels of the canvas to a CSS pixel: another screen or zoom has others. */
  private ratio = devicePixelRatio;
  private hasMoved = true;
  private view: { bounds: Bounds; zoom: number } | null = null;
  /** What is drawn, the last on top. */
  private shown: Shown[] = [];
  /** The cases that changed since the last drawing. */
  private news = new Set<number>();
  private thousands = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });

  constructor(private map: Map) {
    this.canvas.className = "case-marks";
    map.getCanvasContainer().after(this.canvas);
    map.on("move", () => {
      this.hasMoved = true;
      if (this.isBeyond()) this.seekSoon();
    });
    map.on("resize", () => this.fit());
    // In the frame that moves the ground below them.
    map.on("render", () => this.hasMoved && this.paint());
    map.once("remove", () => {
      this.over.abort();
      cancelAnimationFrame(this.frame);
    });
    this.fitTheScreen();
  }

  replace(points: Iterable<CasePoint>): void {
    this.grid.clear();
    for (const point of points) this.grid.put(point);
    this.seekSoon();
  }

  change(there: CasePoint[], gone: number[]): void {
    for (const point of there) this.grid.put(point);
    for (const id of gone) this.grid.remove(id);
    for (const point of there) this.news.add(point.id);
    this.seekSoon();
  }

  members = (key: string): CasePoint[] => this.grid.members(key);

  /** The marks at a point of the map, the uppermost first. */
  at({ x, y }: Point): Mark[] {
    const isHit = (one: Shown) => Math.hypot(one.x - x, one.y - y) <= one.sign.reach;
    return this.shown.filter(isHit).map((one) => one.mark).reverse();
  }

  /** Now, and whenever the window comes to a screen or a zoom with other pixels. */
  private fitTheScreen(): void {
    this.fit();
    this.seekSoon();
    const density = matchMedia(`(resolution: ${this.ratio}dppx)`);
    density.addEventListener("change", () => this.fitTheScreen(), { once: true, signal: this.over.signal });
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.map.getContainer();
    this.ratio = devicePixelRatio;
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.hasMoved = true;
  }

  private seekSoon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.seek();
      this.paint();
    });
  }

  private seek(): void {
    this.view = { bounds: this.wider(), zoom: this.zoom() };
    const { ratio } = this;
    this.shown = this.grid
      .marks(this.view.bounds, this.view.zoom)
      .sort(mostUrgentLast)
      .map((mark) => ({ mark, sign: this.signOf(mark, ratio), x: 0, y: 0 }));
  }

  private signOf({ point, worst, count }: Mark, ratio: number): Sign {
    return point ? caseSign(point.tier, point.verified, ratio) : clusterSign(worst, count, this.thousands.format(count), ratio);
  }

  private paint(): void {
    this.hasMoved = false;
    if (!this.pen) return;
    const { ratio } = this;
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const one of this.shown) {
      const { x, y } = this.map.project([one.mark.lon, one.mark.lat]);
      one.x = x;
      one.y = y;
      const { image } = one.sign;
      // On whole pixels nothing has to be smoothed.
      this.pen.drawImage(image, Math.round(x * ratio - image.width / 2), Math.round(y * ratio - image.height / 2));
    }
    if (!this.news.size) return;
    dispatchEvent(new CustomEvent(DRAWN, { detail: [...this.news] }));
    this.news.clear();
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

/** Clusters below cases, and among each the most urgent on top; what is equal keeps its order from frame to frame. */
function mostUrgentLast(a: Mark, b: Mark): number {
  return (
    Number(a.point !== null) - Number(b.point !== null) || b.worst - a.worst || (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}
