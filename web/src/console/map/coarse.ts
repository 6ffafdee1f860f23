/** On a machine that draws slowly, as without a graphics processor, a map has fewer pixels while it is moved. */
import type { Map } from "maplibre-gl";

/** Above this many ms between the frames of a move (their median) a map lags behind the hand. */
const SLOW_MS = 40;
const FRAMES = 8;
const COARSE = 0.6;
/** It is sharp again when it has rested for so long: each change of its size costs a frame. */
const REST_MS = 4_000;

export function coarseWhileMoved(map: Map): void {
  let gaps: number[] = [];
  let last = 0;
  let isSlow = false;
  let timer = 0;
  // A new size is told as a move.
  let isOwn = false;

  function draw(share: number): void {
    const ratio = devicePixelRatio * share;
    if (map.getPixelRatio() === ratio) return;
    isOwn = true;
    map.setPixelRatio(ratio);
    isOwn = false;
  }

  map.on("render", () => {
    if (isSlow) return;
    const now = performance.now();
    if (last) gaps = [...gaps, now - last].slice(-FRAMES);
    last = map.isMoving() ? now : 0;
    isSlow = gaps.length === FRAMES && median(gaps) > SLOW_MS;
    if (isSlow) draw(COARSE);
  });
  map.on("movestart", () => {
    if (isOwn) return;
    clearTimeout(timer);
    if (isSlow) draw(COARSE);
  });
  map.on("moveend", () => {
    if (isOwn) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => draw(1), REST_MS);
  });
  map.once("remove", () => clearTimeout(timer));
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
