/** The signs of cases as pictures that are made once, for a canvas of so many pixels to a CSS pixel. */
import { drawCase, drawCluster, picture } from "./icons";
import type { CasePoint } from "./contract";

type Tier = CasePoint["tier"];

export interface Sign {
  image: HTMLCanvasElement;
  /** How far from its middle it can be touched, in CSS pixels. */
  reach: number;
}

const CASE_PX = 36;
const CASE_REACH = 16;
const CLUSTER_PX = 66;
const CLUSTER_REACH = 26;
/** From how many cases on a cluster is drawn how large. */
const SCALES = [
  [1000, 1.1],
  [100, 0.95],
  [10, 0.85],
  [0, 0.75],
] as const;
const LETTERS = "bold 11px 'Noto Sans', 'Liberation Sans', Arial, sans-serif";
const LINE_PX = 11.5;
/** Numbers come and go all day; what was not needed for long is made again. */
const MOST_KEPT = 2000;

const kept = new Map<string, Sign>();

function once(key: string, make: () => Sign): Sign {
  const known = kept.get(key);
  if (known) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const made = make();
  kept.set(key, made);
  return made;
}

/** The sign of one case. */
export function caseSign(tier: Tier, verified: boolean, ratio: number): Sign {
  return once(`case ${tier} ${verified} ${ratio}`, () => ({
    image: picture(CASE_PX, ratio, (pen) => drawCase(pen, CASE_PX, tier, verified)),
    reach: CASE_REACH,
  }));
}

/** The sign of several cases: the most urgent tier among them, and how many they are. */
export function clusterSign(worst: Tier, count: number, label: string, ratio: number): Sign {
  const scale = SCALES.find(([least]) => count >= least)?.[1] ?? 1;
  const size = CLUSTER_PX * scale;
  return once(`cluster ${worst} ${label} ${scale} ${ratio}`, () => ({
    image: picture(size, ratio, (pen) => {
      pen.save();
      pen.scale(scale, scale);
      drawCluster(pen, CLUSTER_PX, worst);
      pen.restore();
      pen.fillStyle = "#ffffff";
      pen.font = LETTERS;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(`T${worst}`, size / 2, (size - LINE_PX) / 2);
      pen.fillText(label, size / 2, (size + LINE_PX) / 2);
    }),
    reach: CLUSTER_REACH * scale,
  }));
}
