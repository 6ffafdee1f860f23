/** The button for a volunteer in trouble: kept on the phone and sent before all else, with the place as soon as it is known. */
import { button, element } from "./dom";
import { enqueue, flush, newId } from "./offline";
import { locate } from "./place";
import { waiting, type Waiting } from "./store";
import type { Call } from "./work";
import { moment, word } from "./words";

const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.distress.${key}`, gaps);

let isAsking = false;
let drawn = "";

/** Draws the button, the question whether to call, or what became of the call, into `#distress`. */
export async function drawDistress(call: Call | null, renew: () => Promise<void>): Promise<void> {
  const box = document.getElementById("distress");
  if (!box) return;
  const unsent = (await waiting.all().catch(() => [])).filter(({ kind }) => kind === "distress");
  if (call || unsent.length) isAsking = false;
  // Drawn only when something changed: it is read aloud, and somebody may be typing.
  const looks = JSON.stringify([call, isAsking, unsent.map(({ id, refused }) => [id, refused])]);
  if (looks === drawn) return;
  drawn = looks;
  if (call || unsent.length) {
    box.replaceChildren(state(call, unsent, renew));
  } else if (isAsking) {
    box.replaceChildren(question(call, renew));
  } else {
    const open = button(say("button"), "danger wide", async () => {
      isAsking = true;
      await drawDistress(call, renew);
      box.querySelector<HTMLElement>("button")?.focus();
    });
    box.replaceChildren(open);
  }
}

function question(call: Call | null, renew: () => Promise<void>): HTMLElement {
  const note = element("input", { id: "distress-note", maxLength: 400, autocomplete: "off" });
  const yes = element("button", { className: "button danger big wide" }, say("call"));
  const no = button(say("cancel"), "wide", async () => {
    isAsking = false;
    await drawDistress(call, renew);
    document.querySelector<HTMLElement>("#distress button")?.focus();
  });
  const label = element("label", { htmlFor: note.id }, `${say("note")} `, element("span", { className: "optional" }, word("common.optional")));
  const form = element(
    "form",
    { className: "notice bad stack" },
    element("p", {}, element("strong", {}, say("sure"))),
    yes,
    phones(),
    element("div", { className: "field" }, label, note),
    no,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    if (yes.disabled) return;
    yes.disabled = true;
    void send(note.value.trim(), renew);
  };
  return form;
}

/** A call may go through where data do not. */
function phones(): HTMLElement {
  const links = ["112", "119"].map((number) => element("a", { className: "button", href: `tel:${number}` }, say("phone", { number })));
  return element("div", { className: "row" }, ...links);
}

async function send(note: string, renew: () => Promise<void>): Promise<void> {
  const body = { client_id: newId(), at: new Date().toISOString(), note: note || undefined };
  const entry = { id: `distress/${body.client_id}`, kind: "distress" as const, path: "/api/me/distress" };
  await enqueue({ ...entry, body });
  await flush(true);
  await renew();
  const point = await locate();
  if (!point) return;
  const place = { lon: point.longitude, lat: point.latitude, accuracy_m: Math.round(point.accuracy) };
  await enqueue({ ...entry, id: `${entry.id}/place`, body: { ...body, place } });
  await flush(true);
  await renew();
}

function state(call: Call | null, unsent: Waiting[], renew: () => Promise<void>): HTMLElement {
  const refused = unsent.find((entry) => entry.refused)?.refused;
  const line = refused ? refused.message : !call ? say("unsent") : call.answered_by ? say("answered", { name: call.answered_by }) : say("sent", { when: moment(call.called_at) });
  const lines = [element("p", {}, element("strong", {}, line)), phones()];
  if (call) lines.push(button(say("safe"), "wide", () => end(call, renew)));
  if (refused) lines.push(button(word("volunteer.script.understood"), "", () => Promise.all(unsent.map(({ id }) => waiting.remove(id))).then(renew)));
  const made = element("div", { className: `notice stack ${call?.answered_by ? "good" : "bad"}` }, ...lines);
  made.setAttribute("role", "status");
  return made;
}

async function end(call: Call, renew: () => Promise<void>): Promise<void> {
  await enqueue({ id: `distress/${call.id}/end`, kind: "distress", path: `/api/distress/${call.id}/end`, body: {} });
  await flush(true);
  await renew();
}
