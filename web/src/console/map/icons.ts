/** The map's signs, drawn here: each tier has its own outline and figure besides its colour. */
import type { Map } from "maplibre-gl";
import { caseIconOf, openIconOf, TIER_COLOURS } from "./icon_names";

const RATIO = 2;
const PAPER = "#ffffff";
export type Pen = CanvasRenderingContext2D;

/** Corners on a circle of radius 1, the first at `from` turns. */
function corners(count: number, from: number): [number, number][] {
  return Array.from({ length: count }, (_, n) => {
    const turn = 2 * Math.PI * (from + n / count);
    return [Math.cos(turn), Math.sin(turn)];
  });
}

/** T0 a stop sign, T1 a triangle, T2 a square, T3 a circle. */
const OUTLINES: readonly [number, number][][] = [
  corners(8, 1 / 16),
  corners(3, -1 / 4),
  corners(4, 1 / 8),
  corners(40, 0),
];
const SIZES = [11.5, 13.5, 12, 9.5] as const;
const LOWER = [0, 2.5, 0, 0] as const;
const CLUSTER_SIZES = [23, 30, 26, 22] as const;
const CLUSTER_LOWER = [0, 5, 0, 0] as const;

function outline(pen: Pen, tier: number, middle: number, radius: number): void {
  pen.beginPath();
  for (const [x, y] of OUTLINES[tier] ?? []) pen.lineTo(middle + radius * x, middle + (LOWER[tier] ?? 0) + radius * y);
  pen.closePath();
}

/** A case: full when it was verified, hollow before. */
export function drawCase(pen: Pen, size: number, tier: number, verified: boolean): void {
  const [middle, colour] = [size / 2, TIER_COLOURS[tier] ?? TIER_COLOURS[3]];
  pen.lineJoin = "round";
  outline(pen, tier, middle, SIZES[tier] ?? 10);
  pen.strokeStyle = PAPER;
  pen.lineWidth = 5;
  pen.stroke();
  pen.fillStyle = verified ? colour : PAPER;
  pen.fill();
  pen.strokeStyle = colour;
  pen.lineWidth = 2.2;
  pen.stroke();
  pen.fillStyle = verified ? PAPER : colour;
  pen.font = "bold 11px 'Liberation Sans', Arial, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(tier), middle, middle + (LOWER[tier] ?? 0) + 0.5);
}

/** Several cases: the outline of the most urgent one, with room for letters. */
export function drawCluster(pen: Pen, size: number, tier: number): void {
  const [middle, colour] = [size / 2, TIER_COLOURS[tier] ?? TIER_COLOURS[3]];
  pen.lineJoin = "round";
  pen.beginPath();
  for (const [x, y] of OUTLINES[tier] ?? []) {
    pen.lineTo(middle + (CLUSTER_SIZES[tier] ?? 22) * x, middle + (CLUSTER_LOWER[tier] ?? 0) + (CLUSTER_SIZES[tier] ?? 22) * y);
  }
  pen.closePath();
  pen.strokeStyle = PAPER;
  pen.lineWidth = 6;
  pen.stroke();
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.fill();
  pen.stroke();
}

/** What stays open at a place: a ring with room for a number. */
function drawOpen(pen: Pen, size: number, tier: number): void {
  const middle = size / 2;
  pen.beginPath();
  pen.arc(middle, middle, middle - 2, 0, 2 * Math.PI);
  pen.fillStyle = PAPER;
  pen.fill();
  pen.strokeStyle = TIER_COLOURS[tier] ?? TIER_COLOURS[3];
  pen.lineWidth = 3;
  pen.stroke();
}

/** A site: a house. */
function drawSite(pen: Pen, size: number, isOpen: boolean): void {
  const m = size / 2;
  pen.beginPath();
  for (const [x, y] of [
    [-7, 8],
    [-7, -1],
    [0, -8],
    [7, -1],
    [7, 8],
  ] as const)
    pen.lineTo(m + x, m + y);
  pen.closePath();
  pen.lineJoin = "round";
  pen.strokeStyle = PAPER;
  pen.lineWidth = 4;
  pen.stroke();
  pen.fillStyle = isOpen ? "#0b3d4a" : "#8496a0";
  pen.fill();
  pen.fillStyle = PAPER;
  pen.fillRect(m - 2, m + 2, 4, 6);
}

/** A volunteer: head and shoulders; with somebody under way they are hollow. */
function drawVolunteer(pen: Pen, size: number, isBusy: boolean): void {
  const m = size / 2;
  const colour = "#14633a";
  for (const [width, stroke, fill] of [
    [4, PAPER, PAPER],
    [1.6, colour, isBusy ? PAPER : colour],
  ] as const) {
    pen.lineWidth = width;
    pen.strokeStyle = stroke;
    pen.fillStyle = fill;
    pen.beginPath();
    pen.arc(m, m - 3.5, 3, 0, 2 * Math.PI);
    pen.closePath();
    pen.moveTo(m + 5.5, m + 7);
    pen.arc(m, m + 7, 5.5, 0, Math.PI, true);
    pen.closePath();
    pen.stroke();
    pen.fill();
  }
}

/** A square picture, its side in CSS pixels, for a canvas of so many pixels to one. */
export function picture(size: number, ratio: number, draw: (pen: Pen) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(size * ratio);
  const pen = canvas.getContext("2d");
  pen?.scale(ratio, ratio);
  if (pen) draw(pen);
  return canvas;
}

const pixels = (canvas: HTMLCanvasElement): ImageData =>
  canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? new ImageData(1, 1);

export function addIcons(map: Map): void {
  const add = (name: string, size: number, draw: (pen: Pen) => void) =>
    map.addImage(name, pixels(picture(size, RATIO, draw)), { pixelRatio: RATIO });
  for (const tier of [0, 1, 2, 3]) add(caseIconOf(tier), 36, (pen) => drawCase(pen, 36, tier, false));
  for (const tier of [0, 1, 2, 3]) add(openIconOf(tier), 40, (pen) => drawOpen(pen, 40, tier));
  add("site", 26, (pen) => drawSite(pen, 26, true));
  add("site-closed", 26, (pen) => drawSite(pen, 26, false));
  add("volunteer", 26, (pen) => drawVolunteer(pen, 26, false));
  add("volunteer-busy", 26, (pen) => drawVolunteer(pen, 26, true));
}
