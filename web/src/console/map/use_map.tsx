/** A map in a component: made when its script is there, gone with the component. */
import { useEffect, useRef, useState } from "preact/hooks";
import { word } from "../../words";
import { loadScript } from "./load";

export type MapState = "loading" | "ready" | "failed";

/** Makes a map in `box` by `open`, anew whenever `key` is another; `map` is null until it is made. */
export function useMap<M extends { remove(): void }>(
  key: unknown,
  open: (box: HTMLDivElement, onReady: () => void) => M | undefined,
) {
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<M | null>(null);
  const [state, setState] = useState<MapState>("loading");
  useEffect(() => {
    let isGone = false;
    const make = () => {
      if (isGone || !box.current) return;
      const made = open(box.current, () => !isGone && setState("ready"));
      if (!made) throw new Error("map");
      map.current = made;
    };
    loadScript()
      .then(make)
      .catch(() => !isGone && setState("failed"));
    return () => {
      isGone = true;
      map.current?.remove();
      map.current = null;
    };
  }, [key]);
  return { box, map, state };
}

/** What stands where the map is not yet, or cannot be. */
export function MapNote({ state }: { state: MapState }) {
  return state === "ready" ? null : <p class="map-note">{word(`console.map.${state}`)}</p>;
}
