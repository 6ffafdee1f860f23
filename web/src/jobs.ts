/** Cards of a volunteer's jobs and offers. */
import { ask, refusalOf, type Answer } from "./api";
import { button, element } from "./dom";
import { newId } from "./offline";
import { shrunk } from "./photos";
import { locate } from "./place";
import { waiting, type Waiting } from "./store";
import { act, ahead, photo, step, type Job, type Offer, type Work } from "./work";
import { span, word } from "./words";

/** What cards need from the page: to draw anew, and to say what went wrong. */
export interface Page {
  renew(): Promise<void>;
  say(problem: string): void;
}

const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);
const heading = (text: string) => element("h2", {}, text);

export function drawWork(work: Work, steps: Waiting[], page: Page): void {
  const jobs = work.jobs.map((job) => jobCard(ahead(job, steps), work, page, steps));
  const offers = work.offers.map((offer) => offerCard(offer, work, page));
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

function tier(job: Job): HTMLElement {
  return element("span", { className: `badge t${job.tier}` }, element("b", {}, `T${job.tier}`), ` ${word(`common.tiers.t${job.tier}`)}`);
}

function goods(job: Job): HTMLElement {
  const lines = job.items.map(({ item, quantity, unit }) =>
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

function pickUp(job: Job): HTMLElement | null {
  if (!job.site) return null;
  const where = element("p", {}, element("b", {}, job.site.name), job.site.address ? `, ${job.site.address}` : "");
  const weight = element("p", { className: "muted" }, say("weight", { kg: job.weight_kg }));
  return element("div", { className: "leg stack" }, element("h3", {}, say("pick_up")), where, goods(job), weight, way(job.site.place));
}

function destination(job: Job, work: Work): HTMLElement {
  const people = job.people ? element("p", {}, say("people", { count: job.people })) : null;
  const what = job.kind === "service" || job.state !== "accepted" ? goods(job) : null;
  const where = element("p", {}, element("b", {}, work.areas[job.area] ?? job.area));
  const title = say(job.kind === "service" ? "do_at" : "bring_to");
  return element("div", { className: "leg stack" }, element("h3", {}, title), what, where, people, way(job.place));
}

function offerCard(offer: Offer, work: Work, page: Page): HTMLElement {
  const settle = async (answer: Answer) => {
    if (answer.status !== 200) page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
    await page.renew();
  };
  const clock = element("b", { className: "clock" });
  clock.dataset.deadline = offer.deadline_at;
  const accept = button(say("accept"), "primary big", async () => settle(await act(offer, "accept")));
  const decline = button(say("decline"), "", async () => settle(await act(offer, "decline")));
  const head = element("div", { className: "row apart" }, tier(offer), clock);
  return element("article", { className: "card offer" }, head, pickUp(offer), destination({ ...offer, state: "accepted" }, work), element("div", { className: "row" }, accept, decline));
}

function jobCard(job: Job, work: Work, page: Page, steps: Waiting[]): HTMLElement {
  const state = element("span", { className: "badge info" }, word(`states.assignment.${job.state}`));
  const own = steps.filter(({ id }) => id.startsWith(`${job.id}/`));
  const notes = own.filter((entry) => entry.refused).map((entry) => refused(entry, page));
  if (own.length > notes.length) notes.push(element("p", { className: "notice warn" }, say("waiting")));
  const head = element("div", { className: "row apart" }, tier(job), state);
  if (job.overdue) notes.push(areYouWell(job, page));
  const legs = job.state === "accepted" ? [pickUp(job), destination(job, work)] : [destination(job, work)];
  return element("article", { className: "card job" }, head, ...notes, ...legs, ...next(job, page));
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

/** What can be done with a job now. */
function next(job: Job, page: Page): (HTMLElement | null)[] {
  if (job.state === "accepted") {
    const depart = button(say("depart"), "primary big wide", async () => {
      await step(job, "depart", {});
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
