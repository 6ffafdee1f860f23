/** Where a volunteer is, and until when they help. */
import { change, refusalOf } from "./api";
import { button, element } from "./dom";
import { showProblems } from "./form";
import type { Page } from "./jobs";
import { startPlace } from "./place";
import { dropForm, rememberForm } from "./typed";
import type { Work } from "./work";
import { moment, word } from "./words";

const HOUR_MS = 3_600_000;
const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);

/** The present check-in with its buttons, or the form for a new one. */
export function drawCheckIn(work: Work, page: Page): void {
  const box = document.getElementById("checked-in")!;
  const form = document.getElementById("check-in")!;
  box.hidden = !work.checkin;
  if (form.dataset.open !== "yes") form.hidden = Boolean(work.checkin);
  if (!work.checkin) return;
  const { area, until, vehicle, team } = work.checkin;
  const change_ = button(say("change"), "", () => {
    form.dataset.open = "yes";
    form.hidden = false;
    form.scrollIntoView();
    form.querySelector<HTMLElement>("#locate, #place_text")?.focus();
  });
  const end = button(say("check_out"), "", async () => {
    const answer = await change("/api/checkins/current", { method: "DELETE" });
    if (answer.status !== 204) page.say(answer.status ? refusalOf(answer).message : say("needs_network"));
    await page.renew();
  });
  box.replaceChildren(
    element("h2", {}, say("checked_in")),
    element("p", {}, say("until", { when: moment(until) }), element("br"), work.areas[area] ?? area, vehicle ? `, ${word(`vehicles.${vehicle}`)}` : "", team ? `, ${say("team", { n: team })}` : ""),
    element("div", { className: "row" }, change_, end),
  );
}

export async function startCheckIn(form: HTMLFormElement, page: Page): Promise<void> {
  const keep = await rememberForm(form);
  startPlace(form, keep);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    void checkIn(form, page).finally(() => delete form.dataset.busy);
  };
}

async function checkIn(form: HTMLFormElement, page: Page): Promise<void> {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? "");
  const point = text("lon") ? { lon: Number(text("lon")), lat: Number(text("lat")), accuracy_m: Number(text("accuracy_m")) } : undefined;
  if (!point && !text("area_code")) return showProblems(form, { place_text: say("place_first") });
  const skills = data.getAll("skills");
  const body = {
    place: point,
    area_code: point ? undefined : text("area_code"),
    until: new Date(Date.now() + Number(text("hours")) * HOUR_MS).toISOString(),
    vehicle: text("vehicle") || undefined,
    team: text("team") ? Number(text("team")) : undefined,
    skills: skills.length ? skills : undefined,
  };
  const answer = await change("/api/checkins", { body });
  const refusal = refusalOf(answer);
  const problems = Object.entries(refusal.fields).map(([name, sentence]) => [/place|area/.test(name) ? "place_text" : name, sentence]);
  showProblems(form, Object.fromEntries(problems) as Record<string, string>);
  if (answer.status === 201) {
    form.dataset.open = "no";
    form.hidden = true;
    await dropForm(form.id);
  } else if (!problems.length) {
    page.say(answer.status ? refusal.message : say("needs_network"));
  }
  await page.renew();
  if (form.hidden) document.querySelector<HTMLElement>("#checked-in button")?.focus();
}
