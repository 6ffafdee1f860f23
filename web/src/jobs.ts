/** Cards of a volunteer's jobs and offers. */
import { ask, refusalOf, type Answer } from "./api";
import { button, element } from "./dom";
import { newId } from "./offline";
import { shrunk } from "./photos";
import { locate } from "./place";
import { waiting, type Waiting } from "./store";
import { act, ahead, byTrip, photo, step, type Job, type Offer, type Work } from "./work";
import { span, word } from "./words";

/** What cards need from the page: to draw anew, and to say what went wrong. */
export interface Page {
  renew(): Promise<void>;
  say(problem: string): void;
}

const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);
const heading = (text: string) => element("h2", {}, text);

export function drawWork(work: Work, steps: Waiting[], page: Page): void {
  const jobs = byTrip(work.jobs).flatMap((stops) => {
    const trip = stops.map((job) => ahead(job, steps, stops));
    return trip.map((job) => jobCard(job, trip, work, page, steps));
  });
  const offers = byTrip(work.offers).map((trip) => offerCard(trip, work, page));
  const none = element("p", { className: "muted" }, say("no_offers"));
  document.getElementById("jobs")!.replaceChildren(...(jobs.length ? [heading(say("jobs")), ...jobs] : []));
  document.getElementById("offers")!.replaceChildren(heading(say("offers")), ...(offers.length ? offers : [none]));
  tick();
}

/** Runs the countdowns of the offers. */
export function tick(): void {
  for (const clock of Array.from(document.querySelectorAll<HTMLElement>("[data-deadline]"))) {
    const left = new Date(clock.dataset.deadline!).getTime() - Date.now();
    clock.textContent = left > 0 ? word("common.ago.left", { span: span(left) }) : say("too_late");
  }
}

/** How urgent the most urgent of these stops is. */
function tier(stops: Job[]): HTMLElement {
  const most = Math.min(...stops.map(({ tier }) => tier));
  return element("span", { className: `badge t${most}` }, element("b", {}, `T${most}`), ` ${word(`common.tiers.t${most}`)}`);
}

/** What goes along for these stops, the same goods added up. */
function goods(...stops: Job[]): HTMLElement {
  const sums = new Map<string, { quantity: number; unit: string }>();
  for (const { item, quantity, unit } of stops.flatMap(({ items }) => items))
    sums.set(item, { quantity: (sums.get(item)?.quantity ?? 0) + quantity, unit });
  const lines = [...sums].map(([item, { quantity, unit }]) =>
    element("li", {}, `${word(`items.${item}`)}: ${quantity.toLocaleString(document.documentElement.lang)} ${word(`units.${unit}`)}`),
  );
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
  const clock = element("b", { className: "clock" });
  clock.dataset.deadline = offer.deadline_at;
  const accept = button(say("accept"), "primary big", async () => settle(await act(offer, "accept")));
  const decline = button(say("decline"), "", async () => settle(await act(offer, "decline")));
  const head = element("div", { className: "row apart" }, tier(trip), clock);
  const several = trip.length > 1 ? element("p", {}, say("stops", { n: trip.length })) : null;
  const places = trip.map((stop) => destination({ ...stop, state: "accepted" }, trip, work));
  return element("article", { className: "card offer" }, head, several, pickUp(trip), ...places, element("div", { className: "row" }, accept, decline));
}

function jobCard(job: Job, trip: Job[], work: Work, page: Page, steps: Waiting[]): HTMLElement {
  const state = element("span", { className: "badge info" }, word(`states.assignment.${job.state}`));
  const own = steps.filter(({ id }) => id.startsWith(`${job.id}/`));
  const notes = own.filter((entry) => entry.refused).map((entry) => refused(entry, page));
  if (own.length > notes.length) notes.push(element("p", { className: "notice warn" }, say("waiting")));
  const head = element("div", { className: "row apart" }, tier([job]), state);
  if (job.overdue) notes.push(areYouWell(job, page));
  const loading = trip.filter(({ state }) => state === "accepted");
  const legs = job === loading[0] ? [pickUp(loading), destination(job, trip, work)] : [destination(job, trip, work)];
  return element("article", { className: "card job" }, head, ...notes, ...legs, ...next(job, loading, page));
}

/** The question to who should have been heard of; a coordinator asks it too. */
function areYouWell(job: Job, page: Page): HTMLElement {
  const yes = button(say("all_well"), "", async () => {
    const answer = await act(job, "all_well");
    if (answer.status !== 200) page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
    await page.renew();
  });
  return element("div", { className: "notice warn" }, element("p", {}, say("overdue")), yes);
}

function refused(entry: Waiting, page: Page): HTMLElement {
  const { message = "", fields = {} } = entry.refused ?? {};
  const reasons = Object.values(fields).length ? Object.values(fields) : [message];
  const again = button(say("understood"), "", async () => {
    await waiting.remove(entry.id);
    await page.renew();
  });
  return element("div", { className: "notice bad" }, element("p", {}, element("strong", {}, say("refused"))), ...reasons.map((r) => element("p", {}, r)), again);
}

/** What can be done with a job now; `loading`: the stops of its trip that are not on the way yet, and go together. */
function next(job: Job, loading: Job[], page: Page): (HTMLElement | null)[] {
  if (job.state === "accepted") {
    if (job !== loading[0]) return [element("p", { className: "muted" }, say("depart_first")), contact(job, page), failing(job, page)];
    const depart = button(say("depart"), "primary big wide", async () => {
      await step(job, "depart", {}, loading);
      await page.renew();
    });
    return [depart, contact(job, page), failing(job, page)];
  }
  if (job.state === "en_route") return [contact(job, page), handOver(job, page), failing(job, page)];
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

/** The hand-over: the recipient's code, or a photo with the place where the code is not to be had. */
function handOver(job: Job, page: Page): HTMLElement {
  const code = element("input", { id: `code-${job.id}`, className: "four", inputMode: "numeric", maxLength: 4, autocomplete: "off" });
  const picture = element("input", { id: `photo-${job.id}`, type: "file", accept: "image/*" });
  picture.setAttribute("capture", "environment");
  const form = element(
    "form",
    { className: "leg stack" },
    element("h3", {}, say("hand_over")),
    element("div", { className: "field" }, element("label", { htmlFor: code.id }, say("code")), element("p", { className: "hint" }, say("code_hint")), code),
    element(
      "details",
      { className: "more" },
      element("summary", {}, say("no_code")),
      element("div", { className: "field" }, element("label", { htmlFor: picture.id }, say("photo")), element("p", { className: "hint" }, say("photo_hint")), picture),
    ),
    element("button", { className: "button primary big wide" }, say("deliver")),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    void deliver(job, page, code.value.trim(), picture.files?.[0]);
  };
  return form;
}

async function deliver(job: Job, page: Page, code: string, image: File | undefined): Promise<void> {
  const proof = /^\d{4}$/.test(code) ? { code } : image ? await photoProof(job, image, page) : undefined;
  if (proof === undefined) return page.say(say("proof_wanted"));
  if (proof === null) return;
  await step(job, "deliver", { client_id: newId(), at: new Date().toISOString(), ...proof });
  await page.renew();
}

/** The place that goes with a photo, once the photo is kept for sending; null after saying what is missing. */
async function photoProof(job: Job, image: File, page: Page): Promise<Record<string, unknown> | null> {
  const point = await locate();
  const small = await shrunk(image).catch(() => null);
  if (!point || !small) {
    page.say(say(point ? "photo_wrong" : "place_wanted"));
    return null;
  }
  await photo(job, small);
  return { place: { lon: point.longitude, lat: point.latitude, accuracy_m: Math.round(point.accuracy) } };
}

function failing(job: Job, page: Page): HTMLElement {
  const reason = element("input", { id: `reason-${job.id}`, maxLength: 400, required: true, minLength: 3 });
  const form = element(
    "form",
    { className: "stack" },
    element("div", { className: "field" }, element("label", { htmlFor: reason.id }, say("fail_reason")), reason),
    element("button", { className: "button danger" }, say("fail_do")),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    void act(job, "fail", { reason: reason.value }).then(async (answer) => {
      if (answer.status !== 200) page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
      await page.renew();
    });
  };
  return element("details", { className: "more" }, element("summary", {}, say("fail")), form);
}
