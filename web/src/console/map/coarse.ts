/** On a machine that draws slowly, as without a graphics processor, a map has fewer pixels while it comes and is moved. */
import type { Map } from "maplibre-gl";

/** Above this many ms between the frames of a move (their median) a map lags behind the hand. */
const SLOW_MS = 40;
const FRAMES = 8;
const COARSE = 0.6;
/** It is sharp again when it has rested for so long: each change of its size costs a frame. */
const REST_MS = 4_000;
/** What draws in the place of a graphics processor, as browsers name it. */
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export function coarseWhileMoved(map: Map): void {
  let gaps: number[] = [];
  let last = 0;
  let isSlow = isDrawnByProcessor(map);
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

  function rest(): void {
    clearTimeout(timer);
    timer = window.setTimeout(() => draw(1), REST_MS);
  }

  map.on("render", () => {
    if (isSlow) return;
    const now = performance.now();
    if (last) gaps = [...gaps, now - last].slice(-FRAMES);
    last = map.isMoving() ? now : 0;
    isSlow = gaps.length === FRAMES && median(gaps) > SLOW_MS;
    if (isSlow) draw(COARSE);
  });
  if (isSlow) draw(COARSE);
  map.once("idle", rest);
  map.on("movestart", () => {
    if (isOwn) return;
    clearTimeout(timer);
    if (isSlow) draw(COARSE);
  });
  map.on("moveend", () => {
    if (!isOwn) rest();
  });
  map.once("remove", () => clearTimeout(timer));
}

function isDrawnByProcessor(map: Map): boolean {
  // The context that the map has, not another one.
  const gl = map.getCanvas().getContext("webgl2");
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  return named ? BY_PROCESSOR.test(String(gl?.getParameter(named.UNMASKED_RENDERER_WEBGL))) : false;
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
