/** Loads the maps' script and style when a map first comes into sight. */
import { word } from "../../words";
import { incidentOf, setup } from "../setup";
import type { BaseStart, Bounds } from "./contract";

const WEST_JAVA: Bounds = [106.3, -7.85, 108.9, -5.9];

let script: Promise<void> | null = null;

/** Rejects when the script cannot be had; the next call tries again. */
export function loadScript(): Promise<void> {
  script ??= new Promise<void>((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = setup.map.style;
    const element = document.createElement("script");
    element.src = setup.map.script;
    element.onload = () => resolve();
    element.onerror = () => {
      script = null;
      reject(new Error("map"));
    };
    document.head.append(style, element);
  });
  return script;
}

/** What every map of an incident starts with. */
export function baseStart(incident: string): Omit<BaseStart, "onReady"> {
  return {
    incident,
    tiles: setup.tiles,
    worker: setup.map.worker,
    layers: setup.map.layers,
    bounds: incidentOf(incident)?.bounds ?? WEST_JAVA,
    labels: {
      title: word("console.map.label"),
      zoomIn: word("console.map.zoom_in"),
      zoomOut: word("console.map.zoom_out"),
      sources: word("console.map.sources"),
    },
  };
}
