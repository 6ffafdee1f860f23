/**
 * The service worker: pages for phones open without a network. The queue of reports lies in IndexedDB,
 * out of reach of any update of this file.
 */
import { flush } from "./offline";
import { kept } from "./store";
import { OWN_PAGES } from "./work";

declare const self: ServiceWorkerGlobalScope;
interface SyncEvent extends ExtendableEvent {
  tag: string;
}

const CACHE = `tanggap-${BUILD_ID}`;
const LANGUAGES = ["id", "en"];
const SHELLS = ["/lapor", "/offline"];
/** A volunteer's work, and the sheets of a plan: what is needed where there is no signal. */
const KEPT_OWN = /^\/relawan\/tugas$|^\/rencana\/[^/]+\/(daftar-ambil|rute)$/;
const FILES = ["base.css", "home.css", "logo.svg", "tanggap.webmanifest", "report.js", "home.js", "volunteer.css", "volunteer.js", "sheets.css"];
const PATIENCE_MS = 5_000;

const shellUrl = (path: string, language: string) => `${path}?lang=${language}`;
const isPhoneFile = (url: URL) => FILES.some((name) => url.pathname === `/static/${name}`);

async function language(): Promise<string> {
  const known = await kept.get<string>("language").catch(() => undefined);
  return known && LANGUAGES.includes(known) ? known : LANGUAGES[0]!;
}

/** Fetches a shell that is the same for everybody, with the files it names; 304 leaves the kept one. */
async function keepShell(url: string): Promise<void> {
  const cache = await caches.open(CACHE);
  const etag = (await cache.match(url))?.headers.get("ETag");
  const headers = { "X-Shell": "1", ...(etag ? { "If-None-Match": etag } : {}) };
  const response = await fetch(url, { headers, credentials: "omit", cache: "no-store" });
  if (response.status !== 200) return;
  const text = await response.clone().text();
  const files = new Set(text.match(/\/static\/[^"]+/g) ?? []);
  await Promise.all([...files].map(async (file) => (await cache.match(file)) ?? cache.add(file)));
  await cache.put(url, response);
}

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  const files = FILES.filter((name) => name in ASSETS).map((name) => `/static/${name}?v=${ASSETS[name]}`);
  await cache.addAll(files);
  await Promise.all(SHELLS.flatMap((path) => LANGUAGES.map((code) => keepShell(shellUrl(path, code)))));
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name !== CACHE && name !== OWN_PAGES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function reportPage(url: URL, event: FetchEvent): Promise<Response> {
  const asked = url.searchParams.get("lang");
  const code = asked && LANGUAGES.includes(asked) ? asked : await language();
  const shell = shellUrl("/lapor", code);
  const found = await (await caches.open(CACHE)).match(shell);
  if (!found) return page(event.request);
  event.waitUntil(keepShell(shell).catch(() => undefined));
  return found;
}

function inTime(request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("too slow")), PATIENCE_MS);
    fetch(request).then(resolve, reject);
  });
}

/** A page of a signed-in person: from the network, else as it was last seen. */
async function ownPage(request: Request): Promise<Response> {
  const cache = await caches.open(OWN_PAGES);
  const path = new URL(request.url).pathname;
  try {
    const response = await inTime(request);
    if (response.ok && !response.redirected) await cache.put(path, response.clone());
    return response;
  } catch {
    return (await cache.match(path)) ?? page(request);
  }
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const offline = await (await caches.open(CACHE)).match(shellUrl("/offline", await language()));
    return offline ?? Response.error();
  }
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("sync", ((event: SyncEvent) => event.waitUntil(flush(true))) as EventListener);
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method !== "GET") return;
  if (isPhoneFile(url)) event.respondWith(file(request));
  else if (request.mode !== "navigate") return;
  else if (url.pathname === "/lapor" && !url.searchParams.has("incident")) event.respondWith(reportPage(url, event));
  else if (KEPT_OWN.test(url.pathname)) event.respondWith(ownPage(request));
  else event.respondWith(page(request));
});
