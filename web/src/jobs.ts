/** Cards of a volunteer's jobs and offers. */
import { amount, tierBadge } from "./around";
import { ask, refusalOf, type Answer } from "./api";
import { button, element } from "./dom";
import { showProblems } from "./form";
import { newId, sendAgain } from "./offline";
import { shrunk } from "./photos";
import { locate } from "./place";
import { waiting, type Waiting } from "./store";
import { drop, keepPicture, picture, remember } from "./typed";
import { act, ahead, byTrip, photo, step, type Job, type Offer, type Work } from "./work";
import { clockTime, moment, span, word } from "./words";

/** What cards need from the page: to draw anew, and to say what went wrong. */
export interface Page {
  renew(): Promise<void>;
  say(problem: string): void;
}

let ahead_ms = 0;

const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);
const heading = (text: string) => element("h2", {}, text);

export function drawWork(work: Work, steps: Waiting[], page: Page): void {
  ahead_ms = work.ahead_ms;
  const had = focused();
  const jobs = byTrip(work.jobs).flatMap((stops) => {
    const trip = stops.map((job) => ahead(job, steps, stops));
    return trip.map((job) => jobCard(job, trip, work, page, steps));
  });
  const offers = byTrip(work.offers).map((trip) => offerCard(trip, work, page));
  const none = element("p", { className: "muted" }, say(work.checkin ? "no_offers" : "no_offers_yet"));
  // Also of jobs that are not this volunteer's any more: what was done must not vanish unsaid.
  const gone = steps.filter(({ id, refused, told }) => refused && !told && !work.jobs.some((job) => id.startsWith(`${job.id}/`)));
  const lost = gone.map((entry) => refused(entry, page));
  const all = [...lost, ...jobs];
  document.getElementById("jobs")!.replaceChildren(...(all.length ? [heading(say("jobs")), ...all] : []));
  document.getElementById("offers")!.replaceChildren(heading(say("offers")), ...(offers.length ? offers : [none]));
  tick();
  refocus(had);
}

/** Which control has the focus, and of which trip: cards are drawn anew under the hands of who uses the keyboard. */
function focused(): Place | null {
  const at = document.activeElement;
  // A button that was pressed cannot be pressed again until it is done, and loses the focus by that.
  return at === document.body ? pressed : placeOf(at);
}

interface Place {
  id: string;
  trip: string;
}

let pressed: Place | null = null;

function placeOf(control: Element | null): Place | null {
  const card = control?.closest<HTMLElement>("[data-trip]");
  return control && card ? { id: control.id, trip: card.dataset.trip! } : null;
}

/** Remembers what was pressed last, for when its card is drawn anew. */
export function watchPresses(): void {
  document.addEventListener("click", ({ target }) => (pressed = placeOf(target as Element)), true);
}

function refocus(had: Place | null): void {
  if (!had) return;
  const control = had.id ? document.getElementById(had.id) : null;
  const next = control ?? document.querySelector<HTMLElement>(`[data-trip="${had.trip}"]`) ?? document.querySelector<HTMLElement>("#offers h2");
  if (next instanceof HTMLHeadingElement) next.tabIndex = -1;
  next?.focus({ preventScroll: control !== null });
}

/** The time by the server's clock. */
const serverNow = (): number => Date.now() + ahead_ms;

/** Runs the countdowns of the offers, and of the next sign of life. */
export function tick(): void {
  for (const clock of Array.from(document.querySelectorAll<HTMLElement>("[data-deadline]"))) {
    const left = new Date(clock.dataset.deadline!).getTime() - serverNow();
    clock.textContent = left > 0 ? word("common.ago.left", { span: span(left) }) : say("too_late");
    if (left <= 0) for (const control of Array.from(clock.closest("article")!.querySelectorAll("button"))) control.disabled = true;
  }
  for (const clock of Array.from(document.querySelectorAll<HTMLElement>("[data-expected]"))) {
    const left = new Date(clock.dataset.expected!).getTime() - serverNow();
    const when = clockTime(clock.dataset.expected!);
    clock.textContent = left > 0 ? say("expected", { when, span: span(left) }) : say("expected_past", { when });
  }
}

/** How urgent the most urgent of these stops is. */
const tier = (stops: Job[]): HTMLElement => tierBadge(Math.min(...stops.map(({ tier }) => tier)));

/** What goes along for these stops, the same goods added up. */
function goods(...stops: Job[]): HTMLElement {
  const sums = new Map<string, { quantity: number; unit: string }>();
  for (const { item, quantity, unit } of stops.flatMap(({ items }) => items))
    sums.set(item, { quantity: (sums.get(item)?.quantity ?? 0) + quantity, unit });
  const lines = [...sums].map(([item, sum]) => element("li", {}, amount({ item, ...sum })));
  return element("ul", {}, ...lines);
}

/** A link that the phone's own map application opens. */
function way(place: { lon: number; lat: number } | null): HTMLElement | null {
  if (!place) return null;
  const at = `${place.lat},${place.lon}`;
  return element("a", { className: "button", href: `geo:${at}?q=${at}` }, say("open_map"));
}

/** Where the goods of these stops are taken up. */
function pickUp(stops: Job[]): HTMLElement | null {
  const site = stops[0]?.site;
  if (!site) return null;
  const where = element("p", {}, element("b", {}, site.name), site.address ? `, ${site.address}` : "");
  const kg = Math.round(stops.reduce((sum, { weight_kg }) => sum + weight_kg, 0) * 10) / 10;
  const weight = element("p", { className: "muted" }, say("weight", { kg }));
  return element("div", { className: "leg stack" }, element("h3", {}, say("pick_up")), where, goods(...stops), weight, way(site.place));
}

function destination(job: Job, trip: Job[], work: Work): HTMLElement {
  const people = job.people ? element("p", {}, say("people", { count: job.people })) : null;
  const what = job.kind === "service" || job.state !== "accepted" || trip.length > 1 ? goods(job) : null;
  const where = element("p", {}, element("b", {}, work.areas[job.area] ?? job.area));
  const stop = trip.length > 1 ? `${say("stop", { n: job.stop })}: ` : "";
  const title = stop + say(job.kind === "service" ? "do_at" : "bring_to");
  return element("div", { className: "leg stack" }, element("h3", {}, title), what, where, people, way(job.place));
}

function offerCard(trip: Offer[], work: Work, page: Page): HTMLElement {
  const offer = trip[0]!;
  const settle = async (answer: Answer) => {
    if (answer.status !== 200) page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
    await page.renew();
  };
  const clock = element("b", { className: "clock", role: "timer" });
  clock.dataset.deadline = offer.deadline_at;
  const accept = button(say("accept"), "primary big", async () => settle(await act(offer, "accept")));
  const decline = button(say("decline"), "big", async () => settle(await act(offer, "decline")));
  accept.id = `accept-${offer.id}`;
  decline.id = `decline-${offer.id}`;
  const head = element("div", { className: "row apart" }, tier(trip), clock);
  const several = trip.length > 1 ? element("p", {}, say("stops", { n: trip.length })) : null;
  const places = trip.map((stop) => destination({ ...stop, state: "accepted" }, trip, work));
  const choice = element("div", { className: "row choice" }, decline, accept);
  return card("offer", offer, head, several, whyMe(trip, work), pickUp(trip), ...places, choice);
}

function card(kind: "offer" | "job", job: Job, ...children: (HTMLElement | null)[]): HTMLElement {
  const made = element("article", { className: `card ${kind}`, tabIndex: -1 }, ...children);
  made.dataset.trip = job.trip_id;
  return made;
}

/** Why the offer was put to this volunteer and not to another. */
function whyMe(trip: Offer[], work: Work): HTMLElement {
  const { minutes, planned, nearer, asked, by_hand } = trip[0]!.why;
  const reasons: string[] = [];
  if (by_hand) reasons.push(say("why.by_hand"));
  if (planned) reasons.push(say("why.planned"));
  if (nearer === 0) reasons.push(say("why.nearest"));
  else if (nearer) reasons.push(say("why.nearer", { n: nearer }));
  if (typeof minutes === "number") reasons.push(say(trip[0]!.site ? "why.minutes_site" : "why.minutes", { minutes }));
  const vehicle = work.checkin?.vehicle;
  if (trip[0]!.site && vehicle) reasons.push(say("why.vehicle", { vehicle: word(`vehicles.${vehicle}`) }));
  if (asked && asked > 1) reasons.push(say("why.asked", { n: asked }));
  const list = element("ul", {}, ...reasons.map((reason) => element("li", {}, reason)));
  return element("details", { className: "more why", open: true }, element("summary", {}, say("why.title")), list);
}

function jobCard(job: Job, trip: Job[], work: Work, page: Page, steps: Waiting[]): HTMLElement {
  const state = element("span", { className: "badge info" }, word(`states.assignment.${job.state}`));
  const own = steps.filter(({ id }) => id.startsWith(`${job.id}/`));
  const notes = own.filter((entry) => entry.refused && !mended(entry, job)).map((entry) => refused(entry, page));
  if (own.some((entry) => !entry.refused)) notes.push(element("p", { className: "notice warn" }, say("waiting")));
  const head = element("div", { className: "row apart" }, tier([job]), state);
  const loading = trip.filter(({ state }) => state === "accepted");
  const legs = job === loading[0] ? [pickUp(loading), destination(job, trip, work)] : [destination(job, trip, work)];
  return card("job", job, head, progress(job), ...notes, ...legs, ...next(job, loading, page, own), safety(job, steps, page));
}

const ORDER = ["accepted", "en_route", "delivered", "confirmed"];

/** How far the job has come, in its four steps. */
function progress(job: Job): HTMLElement {
  const at = ORDER.indexOf(job.state);
  const steps = ORDER.map((state, n) => {
    const step = element("li", { className: n < at ? "done" : n === at ? "now" : "" }, say(`progress.${state}`));
    if (n === at) step.setAttribute("aria-current", "step");
    return step;
  });
  return element("ol", { className: "progress" }, ...steps);
}

/** By when a coordinator will look for the volunteer if nothing is heard, and the button that says all is well. */
function safety(job: Job, steps: Waiting[], page: Page): HTMLElement | null {
  if (!job.expected_at || !["accepted", "en_route"].includes(job.state)) return null;
  const clock = element("p", {});
  clock.dataset.expected = job.expected_at;
  const isWaiting = steps.some(({ id }) => id === `${job.id}/all_well`);
  const well = button(say("all_well"), "wide", async () => {
    await step(job, "all_well", {});
    await page.renew();
  });
  well.id = `well-${job.id}`;
  const strong = (text: string) => element("p", {}, element("strong", {}, text));
  const cut = job.road_closed ? strong(say("road_closed")) : null;
  const lines = [cut, job.overdue ? strong(say("overdue")) : null, clock, isWaiting ? null : well];
  return element("div", { className: job.overdue || job.road_closed ? "notice warn stack" : "leg stack" }, ...lines);
}

/** Whether a refusal is told beside the field that it is about. */
const mended = (entry: Waiting, job: Job): boolean => entry.id === `${job.id}/deliver` && job.state === "en_route" && Boolean(entry.refused?.fields.code);

/** What the server did not take, why, and what to do about it: it may be sent again, or be given up. */
function refused(entry: Waiting, page: Page): HTMLElement {
  const { message = "", fields = {} } = entry.refused ?? {};
  const reasons = Object.values(fields).length ? Object.values(fields) : [message];
  const act = (text: string, does: () => Promise<void>) => button(text, "", () => does().then(() => page.renew()));
  const what = `${say(entry.id.split("/")[1]!)}, ${moment(entry.made_at)}`;
  return element(
    "div",
    { className: "notice bad stack" },
    element("p", {}, element("strong", {}, say("refused")), ` ${what}`),
    ...reasons.map((reason) => element("p", {}, reason)),
    element("p", {}, say("refused_then")),
    element("div", { className: "row" }, act(say("send_again"), () => sendAgain(entry)), act(say("understood"), () => waiting.remove(entry.id))),
  );
}

/** What can be done with a job now; `loading`: the stops of its trip that are not on the way yet, and go together. */
function next(job: Job, loading: Job[], page: Page, own: Waiting[]): (HTMLElement | null)[] {
  if (job.state === "accepted") {
    if (job !== loading[0]) return [element("p", { className: "muted" }, say("depart_first")), contact(job, page), failing(job, page)];
    const depart = button(say("depart"), "primary big wide", async () => {
      await step(job, "depart", {}, loading);
      await page.renew();
    });
    depart.id = `depart-${job.id}`;
    return [depart, contact(job, page), failing(job, page)];
  }
  if (job.state === "en_route") return [contact(job, page), handOver(job, page, own), failing(job, page)];
  return [element("p", { className: "notice good" }, say("wait_confirm"))];
}

interface Person {
  name: string | null;
  phone: string;
}
/** Contacts that were looked at on this page: each look is written down, so nobody looks twice. */
const seen = new Map<string, Person[]>();

function contact(job: Job, page: Page): HTMLElement {
  const box = element("div", { className: "stack" });
  const links = () => (seen.get(job.id) ?? []).map(({ name, phone }) => element("a", { className: "button", href: `tel:${phone}` }, `${name ?? ""} ${phone}`.trim()));
  const draw = () => box.replaceChildren(...(seen.get(job.id)!.length ? links() : [element("p", {}, say("no_contact"))]));
  const show = button(say("call"), "", async () => {
    const answer = await ask(`/api/me/assignments/${job.id}/contact`);
    if (answer.status !== 200) return page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
    seen.set(job.id, answer.json!.contacts as Person[]);
    draw();
  });
  box.append(show);
  if (seen.has(job.id)) draw();
  return box;
}

/** Refusals that were shown once, with the focus on their field: it is not taken there again. */
const shown = new Set<string>();

/** The hand-over: the recipient's code, or a photo with the place where the code is not to be had. */
function handOver(job: Job, page: Page, own: Waiting[]): HTMLElement {
  const failed = own.find((entry) => mended(entry, job));
  const code = element("input", { id: `code-${job.id}`, className: "four", inputMode: "numeric", maxLength: 4, autocomplete: "off" });
  const camera = element("input", { id: `photo-${job.id}`, type: "file", accept: "image/*" });
  const preview = element("div", {});
  remember(code, String((failed?.body as { code?: string } | undefined)?.code ?? ""));
  camera.setAttribute("capture", "environment");
  code.setAttribute("aria-describedby", `${code.id}-hint`);
  camera.setAttribute("aria-describedby", `${camera.id}-hint`);
  const hint = (id: string, text: string) => element("p", { className: "hint", id: `${id}-hint` }, text);
  const form = element(
    "form",
    { className: "leg stack", noValidate: true },
    element("h3", {}, say("hand_over")),
    element("div", { className: "field" }, element("label", { htmlFor: code.id }, say("code")), hint(code.id, say("code_hint")), code),
    element(
      "details",
      { className: "more", open: picture(job.id) !== undefined },
      element("summary", {}, say("no_code")),
      element("div", { className: "field" }, element("label", { htmlFor: camera.id }, say("photo")), hint(camera.id, say("photo_hint")), camera, preview),
    ),
    element("button", { className: "button primary big wide", id: `deliver-${job.id}` }, say("deliver")),
  );
  const draw = () => showPicture(preview, job);
  draw();
  camera.onchange = () => void choose(form, job, camera, draw);
  form.onsubmit = (event) => {
    event.preventDefault();
    void once(form, () => deliver(form, job, page, code.value.trim()));
  };
  if (failed) tellRefused(form, failed, code.id);
  return form;
}

/** Does what a form asks for; pressed again before it is done, the form does nothing. */
async function once(form: HTMLFormElement, act: () => Promise<void>): Promise<void> {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  await act().finally(() => delete form.dataset.busy);
}

function tellRefused(form: HTMLFormElement, entry: Waiting, field: string): void {
  const name = `${entry.id}/${entry.made_at}`;
  const problems = { [field]: Object.values(entry.refused!.fields).join(" ") };
  const isNew = !shown.has(name);
  shown.add(name);
  // The card is put into the page in this turn; only then a field of it can have the focus.
  if (isNew) setTimeout(() => showProblems(form, problems));
  else showProblems(form, problems);
}

function showPicture(preview: HTMLElement, job: Job): void {
  const image = picture(job.id);
  if (!image) return preview.replaceChildren();
  const shown = element("img", { className: "proof", alt: say("photo_kept") });
  shown.src = URL.createObjectURL(image);
  shown.onload = () => URL.revokeObjectURL(shown.src);
  preview.replaceChildren(shown, element("p", { className: "muted" }, say("photo_kept")));
}

/** A chosen photo is kept at once: the camera may have cost the page its place in the phone's memory. */
async function choose(form: HTMLFormElement, job: Job, camera: HTMLInputElement, draw: () => void): Promise<void> {
  const file = camera.files?.[0];
  if (!file) return;
  const small = await shrunk(file).catch(() => null);
  if (!small) return showProblems(form, { [camera.id]: say("photo_wrong") });
  showProblems(form, {});
  await keepPicture(job.id, small);
  draw();
}

async function deliver(form: HTMLFormElement, job: Job, page: Page, code: string): Promise<void> {
  const image = picture(job.id);
  const isCode = /^\d{4}$/.test(code);
  if (!isCode && (code || !image)) return showProblems(form, { [`code-${job.id}`]: say(code ? "code_wrong" : "proof_wanted") });
  const proof = isCode ? { code } : await photoProof(form, job, image!);
  if (!proof) return;
  await step(job, "deliver", { client_id: newId(), at: new Date(serverNow()).toISOString(), ...proof });
  drop(`code-${job.id}`, job.id);
  await page.renew();
}

/** The place that goes with a photo, once the photo is kept for sending; null after saying what is missing. */
async function photoProof(form: HTMLFormElement, job: Job, image: Blob): Promise<Record<string, unknown> | null> {
  const point = await locate();
  if (!point) {
    showProblems(form, { [`photo-${job.id}`]: say("place_wanted") });
    return null;
  }
  await photo(job, image);
  return { place: { lon: point.longitude, lat: point.latitude, accuracy_m: Math.round(point.accuracy) } };
}

function failing(job: Job, page: Page): HTMLElement {
  const reason = element("input", { id: `reason-${job.id}`, maxLength: 400, autocomplete: "off" });
  remember(reason);
  const form = element(
    "form",
    { className: "stack", noValidate: true },
    element("div", { className: "field" }, element("label", { htmlFor: reason.id }, say("fail_reason")), reason),
    element("button", { className: "button danger", id: `fail-${job.id}` }, say("fail_do")),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    void once(form, () => giveUp(form, job, page, reason.value.trim()));
  };
  return element("details", { className: "more", open: reason.value !== "" }, element("summary", {}, say("fail")), form);
}

async function giveUp(form: HTMLFormElement, job: Job, page: Page, reason: string): Promise<void> {
  const field = `reason-${job.id}`;
  if (reason.length < 3) return showProblems(form, { [field]: say("reason_wanted") });
  const answer = await act(job, "fail", { reason });
  const refusal = refusalOf(answer);
  if (answer.status === 200) drop(field);
  else if (refusal.fields.reason) return showProblems(form, { [field]: refusal.fields.reason });
  else page.say(answer.status ? refusal.message : say("needs_network"));
  await page.renew();
}
