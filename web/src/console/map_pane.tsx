/** The live map: loads its script when first in sight, then follows the board. */
import type { FeatureCollection } from "geojson";
import { useEffect, useRef, useState } from "preact/hooks";
import { word } from "../words";
import { casePoint, chosenFeature, lineFeatures, siteFeatures, volunteerFeatures } from "./features";
import { amount } from "./format";
import type { LiveMap, MapSource, Picked } from "./map/contract";
import { baseStart } from "./map/load";
import { MapNote, useMap } from "./map/use_map";
import type { Model } from "./model";
import { boundsOf, namesVersion, placeName } from "./places";
import { incidentOf, within } from "./setup";

/** Lines, sites and volunteers change at most this often; cases have a pace of their own. */
const PACE_MS = 700;

interface Props {
  model: Model;
  opened: number | null;
  open: (caseId: number) => void;
  /** Pixels at the right edge that the case's panel covers. */
  covered: number;
}

export function MapPane({ model, opened, open, covered }: Props) {
  const [about, setAbout] = useState<Picked>(null);
  const onPick = useRef<(what: Picked) => void>(() => undefined);
  onPick.current = (what) => {
    setAbout(what && !("cases" in what) ? what : null);
    if (!what || !("cases" in what)) return;
    if (what.cases.length === 1) open(what.cases[0] as number);
    else pickSeveral(model, what.cases);
  };

  const { box, map, state } = useMap<LiveMap>(model, (container, onReady) =>
    window.tanggapMap?.(container, { ...baseStart(model.incident), onPick: (what) => onPick.current(what), onReady }),
  );

  const shownArea = model.filter.area || areaAtFirst(model);
  /** Whether there is a map to be led over: the first place is where it begins. */
  const isShown = useRef(false);
  useEffect(() => {
    const bounds = state === "ready" && shownArea ? boundsOf(shownArea) : null;
    if (bounds) map.current?.fit(bounds, isShown.current);
    isShown.current = state === "ready";
  }, [shownArea, state, namesVersion()]);

  const follower = useRef<Follower | null>(null);
  useEffect(() => {
    if (state !== "ready" || !map.current) return;
    if (follower.current?.map !== map.current) follower.current = new Follower(map.current, model);
    follower.current.cases();
  }, [model.lists, state]);
  usePaced(state === "ready", [model.lists, model.board.version], () => follower.current?.rest());
  useEffect(() => {
    if (state !== "ready") return;
    map.current?.show("chosen", chosenFeature(model, opened));
    const row = opened === null ? undefined : model.board.case(opened);
    if (row && row.lon !== null && row.lat !== null) {
      map.current?.look(row.lon, row.lat, row.accuracy_m ?? 0, covered);
    }
    // Following the opened case only when another one is opened leaves the map to the hand.
  }, [opened, state]);

  return (
    <section class="map-pane" aria-label={word("console.map.label")}>
      <div class="map" ref={box} />
      <MapNote state={state} />
      <Legend />
      {about && <About model={model} what={about} close={() => setAbout(null)} />}
    </section>
  );
}

/** Where the map will be. It waits for the board, which is wanted first and would be slowed by it. */
export function EmptyMap({ isComing }: { isComing: boolean }) {
  return (
    <section class="map-pane" aria-label={word("console.map.label")}>
      {isComing && <MapNote state="loading" />}
    </section>
  );
}

function pickSeveral(model: Model, cases: number[]): void {
  const groups = cases.map((caseId) => model.summary(caseId)?.group);
  const tab = (["review", "waiting", "running"] as const).find((wanted) => groups.includes(wanted));
  if (tab) model.tab = tab;
  model.narrow({ only: new Set(cases) });
}

/** Tells a map what changed since it was last told. */
class Follower {
  private isNew = true;
  private told: Partial<Record<MapSource, string>> = {};

  constructor(
    readonly map: LiveMap,
    private model: Model,
  ) {}

  cases(): void {
    const { shown } = this.model.lists;
    const moved = this.model.takeMoved();
    if (this.isNew || moved === null) this.map.showCases([...shown.values()].flatMap((one) => casePoint(one) ?? []));
    else this.changed([...moved]);
    this.isNew = false;
  }

  private changed(moved: number[]): void {
    const { shown } = this.model.lists;
    const points = moved.map((caseId) => shown.get(caseId)).flatMap((one) => (one && casePoint(one)) ?? []);
    const placed = new Set(points.map((point) => point.id));
    this.map.changeCases(
      points,
      moved.filter((caseId) => !placed.has(caseId)),
    );
  }

  rest(): void {
    const { model } = this;
    const { assignments, volunteers, sites, cases } = model.board.changes;
    const ends = model.lists.running.length ? `${cases} ${model.lists.shown.size}` : "";
    this.tell("lines", [assignments, volunteers, sites, ends], () => lineFeatures(model));
    this.tell("sites", [sites], () => siteFeatures(model));
    // A check-in ends without an event.
    const minute = Math.floor(Date.now() / 60_000);
    this.tell("volunteers", [volunteers, assignments, minute], () => volunteerFeatures(model, Date.now()));
  }

  /** Every drawing costs a frame: none without need. */
  private tell(source: MapSource, state: (string | number)[], features: () => FeatureCollection): void {
    const key = state.join(" ");
    if (this.told[source] === key) return;
    this.told[source] = key;
    this.map.show(source, features());
  }
}

/** Do something when any of `what` changes, but not more often than every PACE_MS; the last change is never lost. */
function usePaced(isOn: boolean, what: unknown[], work: () => void): void {
  const timer = useRef(0);
  const last = useRef(0);
  const newest = useRef(work);
  newest.current = work;
  useEffect(() => {
    if (!isOn || timer.current) return;
    timer.current = window.setTimeout(
      () => {
        timer.current = 0;
        last.current = performance.now();
        newest.current();
      },
      Math.max(0, last.current + PACE_MS - performance.now()),
    );
  }, [isOn, ...what]);
  useEffect(() => () => clearTimeout(timer.current), []);
}

/** Where to look at first: where the incident is, within what the person looks after; "" leaves its bounds. */
function areaAtFirst(model: Model): string {
  const incident = incidentOf(model.incident);
  if (incident?.bounds) return "";
  const own = model.area ?? "";
  const [area = "", ...others] = incident?.areas ?? [];
  return others.length === 0 && within(area, own) ? area : own;
}

/** What the signs mean. */
function Legend() {
  return (
    <details class="legend">
      <summary>{word("console.map.legend")}</summary>
      <ul>
        {[0, 1, 2, 3].map((tier) => (
          <li key={tier}>
            <i class={`sign tier t${tier}`}>{tier}</i>
            {word(`common.tiers.t${tier}`)}
          </li>
        ))}
        <li>{word("console.map.hollow")}</li>
        <li>
          <i class="sign line dashed" />
          {word("console.map.dashed")}
        </li>
        <li>
          <i class="sign line" />
          {word("console.map.going")}
        </li>
      </ul>
    </details>
  );
}

/** A site or volunteer that was picked on the map. */
function About({ model, what, close }: { model: Model; what: NonNullable<Picked>; close: () => void }) {
  return (
    <aside class="about">
      <button type="button" class="close" aria-label={word("console.close")} onClick={close}>
        ✕
      </button>
      {"site" in what && <AboutSite model={model} id={what.site} />}
      {"volunteer" in what && <AboutVolunteer model={model} id={what.volunteer} />}
    </aside>
  );
}

function AboutSite({ model, id }: { model: Model; id: string }) {
  const site = model.board.tables.sites.get(id);
  if (!site) return null;
  const stock = Object.entries(site.stock);
  return (
    <>
      <strong>{site.name}</strong>
      <p class="muted">
        {word(`site_kinds.${site.kind}`)} · {placeName(site.area)}
      </p>
      {stock.length ? (
        <p>{stock.map(([item, free]) => amount(item, free)).join(", ")}</p>
      ) : (
        <p>{word("console.map.no_stock")}</p>
      )}
      <a href={`/posko/${id}`}>{word("console.map.open_site")}</a>
    </>
  );
}

function AboutVolunteer({ model, id }: { model: Model; id: string }) {
  const one = model.board.tables.volunteers.get(id);
  if (!one) return null;
  return (
    <>
      <strong>{one.alias}</strong>
      <p class="muted">
        {[one.vehicle && word(`vehicles.${one.vehicle}`), ...one.skills.map((skill) => word(`skills.${skill}`))]
          .filter(Boolean)
          .join(", ")}
      </p>
      <p>{placeName(one.area ?? one.home_area)}</p>
    </>
  );
}
