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
const LANGUAGES = ["id", "en", "su"];
const SHELLS = ["/lapor", "/offline"];
const PAGE = "/lapor";
/** A volunteer's work, a site, and the sheets of a plan: what is needed where there is no signal. */
const KEPT_OWN = /^\/relawan\/tugas$|^\/posko(\/[^/]+)?$|^\/rencana\/[^/]+\/(daftar-ambil|rute)$/;
const FILES = ["base.css", "home.css", "logo.svg", "tanggap.webmanifest", "report.js", "home.js"];
/** Of those pages: heavy for somebody who only reports, so they are kept once such a page is opened. */
const WORK_FILES = ["volunteer.css", "volunteer.js", "sheets.css"];
/** Of a keeper's page, kept with it: volunteers do not need them. */
const KEEPER_FILES = ["sites.js", "console.css"];
const PATIENCE_MS = 5_000;

const shellUrl = (path: string, language: string) => `${path}?lang=${language}`;
const isPhoneFile = (url: URL) => [...FILES, ...WORK_FILES, ...KEEPER_FILES].some((name) => url.pathname === `/static/${name}`);

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

/** Whether somebody works with this phone: a page of theirs is open, or was seen before. */
async function isAtWork(): Promise<boolean> {
  const open = await self.clients.matchAll({ includeUncontrolled: true });
  if (open.some((client) => KEPT_OWN.test(new URL(client.url).pathname))) return true;
  return (await (await caches.open(OWN_PAGES)).keys()).length > 0;
}

/** Only what this reader needs: a first visit may have to come through 50 kbit/s. */
async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  const names = (await isAtWork()) ? [...FILES, ...WORK_FILES] : FILES;
  await cache.addAll(names.filter((name) => name in ASSETS).map((name) => `/static/${name}?v=${ASSETS[name]}`));
  await keepShells(await language());
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name !== CACHE && name !== OWN_PAGES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The form: as kept, brought up to date behind it; of one incident from the network, for as long as there is one. */
async function reportPage(url: URL, event: FetchEvent): Promise<Response> {
  const asked = url.searchParams.get("lang");
  const code = asked && LANGUAGES.includes(asked) ? asked : await language();
  const cache = await caches.open(CACHE);
  const found = await cache.match(shellUrl(PAGE, code));
  event.waitUntil(keepShells(code).catch(() => undefined));
  if (found && !url.searchParams.has("incident")) return found;
  return inTime(event.request).catch(async () => found ?? (await cache.match(PAGE, { ignoreSearch: true })) ?? page(event.request));
}

/** The form as it is now; of the other shells the first one will do, for a new build keeps all anew. */
async function keepShells(code: string): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = SHELLS.map((path) => shellUrl(path, code));
  const lacking = await Promise.all(wanted.map(async (url) => url.startsWith(`${PAGE}?`) || !(await cache.match(url))));
  await Promise.all(wanted.filter((_, n) => lacking[n]).map(keepShell));
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
    if (response.ok && !response.redirected) await keepOwn(cache, path, response.clone());
    return response;
  } catch {
    return (await cache.match(path)) ?? page(request);
  }
}

/** Keeps a page with those of its files that were not kept when the worker was installed. */
async function keepOwn(cache: Cache, path: string, response: Response): Promise<void> {
  const files = (await response.clone().text()).match(/\/static\/[^"]+/g) ?? [];
  const own = files.filter((file) => KEEPER_FILES.some((name) => file.startsWith(`/static/${name}?`)));
  await Promise.all(own.map(async (file) => (await cache.match(file)) ?? cache.add(file)));
  await cache.put(path, response);
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const cache = await caches.open(CACHE);
    const offline = (await cache.match(shellUrl("/offline", await language()))) ?? (await cache.match("/offline", { ignoreSearch: true }));
    return offline ?? Response.error();
  }
}

/** A file of this version, which stays; without a network, that of another version before none. */
async function file(request: Request): Promise<Response> {
  const found = await caches.match(request);
  if (found) return found;
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(CACHE)).put(request, response.clone());
    return response;
  } catch {
    return (await caches.match(request, { ignoreSearch: true })) ?? Response.error();
  }
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
  else if (url.pathname === PAGE) event.respondWith(reportPage(url, event));
  else if (KEPT_OWN.test(url.pathname)) event.respondWith(ownPage(request));
  else event.respondWith(page(request));
});
