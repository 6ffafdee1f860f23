// Builds what the browser loads: web/src and web/css -> web/dist.
// dist/manifest.json maps each built file to a hash of its content; pages ask for `/static/NAME?v=HASH`,
// so the gateway may let a browser keep it for a year. Each text file also gets .br and .gz beside it.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const modules = join(web, "..", "node_modules");
const out = join(web, "dist");
// Built beside the old one and swapped in at the end: a running system never serves half a build.
const staging = join(web, `.dist-${process.pid}`);

const PAGES = ["home", "report", "track", "volunteer", "console", "map", "sites", "public", "account", "publicmap"];
const WORKER = "sw";
const OLDEST_BROWSERS = ["chrome80", "firefox78", "safari15"];
const COMPRESSED = new Set([".js", ".mjs", ".css", ".json", ".svg", ".html", ".geojson", ".webmanifest"]);
const TOO_SMALL_TO_COMPRESS = 256;

/** Files of packages that pages load as they are: [path in node_modules, name in dist]. */
const FROM_PACKAGES = [
  ["leaflet/dist/leaflet.js", "leaflet/leaflet.js"],
  ["leaflet/dist/leaflet.css", "leaflet/leaflet.css"],
  ["leaflet/dist/images", "leaflet/images"],
  ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"],
];

const COMMON = {
  bundle: true,
  minify: true,
  sourcemap: false,
  target: OLDEST_BROWSERS,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  logLimit: 10,
  // MapLibre asks where it was loaded from only when nobody told it where its worker is.
  logOverride: { "empty-import-meta": "silent" },
};

const exists = (path) => stat(path).then(() => true, () => false);

async function existing(names) {
  const found = [];
  for (const name of names) {
    for (const extension of [".ts", ".tsx"]) {
      const path = join(web, "src", name + extension);
      if (await exists(path)) found.push(path);
    }
  }
  return found;
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

async function hashes() {
  const found = {};
  for (const path of await filesUnder(staging)) {
    found[relative(staging, path).split(sep).join("/")] = hashOf(await readFile(path));
  }
  return found;
}

async function buildPages() {
  const entryPoints = await existing(PAGES);
  const { metafile } = await build({ ...COMMON, entryPoints, outdir: staging, format: "iife", metafile: true });
  if (Object.keys(metafile.inputs).some((path) => path.includes("/maplibre-gl/"))) await buildMapWorker();
}

/** MapLibre cuts its tiles in a worker of its own; a page with a map names it by setWorkerUrl. */
async function buildMapWorker() {
  const entry = join(modules, "maplibre-gl/dist/maplibre-gl-worker.mjs");
  await build({ ...COMMON, entryPoints: [entry], outfile: join(staging, "maplibre-worker.js"), format: "iife" });
}

async function buildStyles() {
  const folder = join(web, "css");
  if (!(await exists(folder))) return;
  const sheets = (await readdir(folder)).filter((name) => name.endsWith(".css")).map((name) => join(folder, name));
  await build({ ...COMMON, entryPoints: sheets, outdir: staging, loader: { ".svg": "dataurl" }, external: ["/static/*"] });
}

async function copyAssets() {
  for (const [from, to] of FROM_PACKAGES) {
    await mkdir(dirname(join(staging, to)), { recursive: true });
    await cp(join(modules, from), join(staging, to), { recursive: true });
  }
  const own = join(web, "assets");
  if (await exists(own)) await cp(own, staging, { recursive: true });
}

/** The service worker comes last: it carries the hashes of all the rest. */
async function buildWorker(assets) {
  const define = { ASSETS: JSON.stringify(assets), BUILD_ID: JSON.stringify(hashOf(JSON.stringify(assets))) };
  await build({ ...COMMON, entryPoints: await existing([WORKER]), outdir: staging, format: "iife", define });
}

async function compress() {
  const brotli = (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  for (const path of await filesUnder(staging)) {
    const bytes = await readFile(path);
    if (!COMPRESSED.has(extname(path)) || bytes.length < TOO_SMALL_TO_COMPRESS) continue;
    await writeFile(`${path}.br`, await brotli(bytes));
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}

async function swapIn() {
  const old = `${staging}-old`;
  if (await exists(out)) await rename(out, old);
  await rename(staging, out);
  await rm(old, { recursive: true, force: true });
}

async function main() {
  await mkdir(staging, { recursive: true });
  await buildPages();
  await buildStyles();
  await copyAssets();
  await buildWorker(await hashes());
  await writeFile(join(staging, "manifest.json"), JSON.stringify(await hashes(), null, 1));
  await compress();
  await swapIn();
}

try {
  await main();
} catch (error) {
  // esbuild has printed what is wrong and where.
  if (!error.errors) console.error(error);
  await rm(staging, { recursive: true, force: true });
  process.exitCode = 1;
}
