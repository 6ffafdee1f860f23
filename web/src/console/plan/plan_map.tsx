/** The map of the plan: shows the lines that remain and what is picked; a click picks. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { word } from "../../words";
import type { PlanMap, PlanPick, PlanSource } from "../map/contract";
import { baseStart } from "../map/load";
import { MapNote, useMap } from "../map/use_map";
import { boundsOf, drawn, pickedFeatures, type Member } from "./flows";
import type { Narrowed, Places } from "./view";

interface Props {
  incident: string;
  lines: Narrowed;
  places: Places;
  /** What stands out. */
  picked: { matches: Narrowed["matches"]; unmet: Narrowed["unmet"] };
  /** Whether what the plan in force has more is drawn too. */
  withGone: boolean;
  onPick: (what: { members: Member[] } | { site: string } | null) => void;
}

export function FlowMap({ incident, lines, places, picked, withGone, onPick }: Props) {
  const shown = useMemo(() => drawn(lines, places, withGone), [lines, places, withGone]);
  const heard = useRef<(what: PlanPick) => void>(() => undefined);
  heard.current = (what) => {
    if (!what || "site" in what) return onPick(what);
    onPick({ members: what.keys.flatMap((key) => shown.members.get(key) ?? []) });
  };

  const { box, map, state } = useMap<PlanMap>(incident, (container, onReady) =>
    window.tanggapPlanMap?.(container, { ...baseStart(incident), onPick: (what) => heard.current(what), onReady }),
  );

  useEffect(() => {
    if (state !== "ready") return;
    for (const [name, features] of Object.entries(shown.sources)) map.current?.show(name as PlanSource, features);
  }, [shown, state]);

  // A plan is fitted once; after that the map stays where the hand has put it, unless what is picked is out of sight.
  useEffect(() => {
    if (state === "ready" && shown.bounds) map.current?.fit(shown.bounds);
  }, [places.plan.id, state]);
  useEffect(() => {
    if (state !== "ready") return;
    const features = pickedFeatures(picked, places);
    map.current?.show("picked", features);
    map.current?.dim(features.features.length > 0);
    const bounds = boundsOf(features.features);
    if (bounds) map.current?.reveal(bounds);
  }, [picked, state]);

  return (
    <section class="map-pane plan-map" aria-label={word("plan.map.label")}>
      <div class="map" ref={box} />
      <MapNote state={state} />
      <Legend withGone={withGone} />
    </section>
  );
}

function Legend({ withGone }: { withGone: boolean }) {
  return (
    <details class="legend">
      <summary>{word("console.map.legend")}</summary>
      <ul>
        {[0, 1, 2, 3].map((tier) => (
          <li key={tier}>
            <i class={`sign flow t${tier}`} />
            {word(`common.tiers.t${tier}`)}
          </li>
        ))}
        <li>{word("plan.map.width")}</li>
        <li>
          <i class="sign open-need" />
          {word("plan.map.open")}
        </li>
        <li>{word("plan.map.near")}</li>
        {withGone && (
          <li>
            <i class="sign flow gone" />
            {word("plan.map.gone")}
          </li>
        )}
      </ul>
    </details>
  );
}
