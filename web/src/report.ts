/** /lapor: keeps what is typed, stores the report on the phone first, and shows what became of it. */
import { element } from "./dom";
import { draftOf, forgetDraft, idField, keepDraft, takeDraft } from "./draft";
import { fieldsOf, fill, problemsByField, problemsOf, reportOf, showProblems } from "./form";
import { enqueue, flush, newId, onChange, start } from "./offline";
import { startNear } from "./near";
import { startPick } from "./pick";
import { startPlace } from "./place";
import { drawQueue } from "./queue_view";
import { receiptOf, startReceipt } from "./receipt";
import { chosen, draw as drawPhotos, startPhotos } from "./report_photos";
import { sent, waiting, type Waiting } from "./store";
import { moment, word } from "./words";

let showing: string | undefined;
let isSending = false;

function newReport(form: HTMLFormElement): void {
  form.reset();
  for (const name of ["lon", "lat", "accuracy_m", "area_code"]) (form.elements.namedItem(name) as HTMLInputElement).value = "";
  idField(form).value = newId();
  forgetDraft();
  void drawPhotos(form);
}

async function startForm(form: HTMLFormElement): Promise<void> {
  const id = idField(form);
  const mending = new URLSearchParams(location.search).get("betulkan");
  const entry = mending ? await waiting.get(mending) : undefined;
  const isAnswered = form.querySelector(".problem, #summary") !== null;
  id.value ||= newId();
  if (entry?.refused && entry.fields) {
    fill(form, entry.fields);
    showRefusal(form, entry);
  } else if (!isAnswered) {
    const draft = draftOf();
    if (draft?.fields.length) takeDraft(form, draft);
    if (draft?.fields.length) showDraft(form, draft.at);
  }
  if (!entry && (await sent.get(id.value))) id.value = newId();
  chooseIncident(form);
}

/** The incident of the address; the kept page does not know every one. */
function chooseIncident(form: HTMLFormElement): void {
  const slug = new URLSearchParams(location.search).get("incident");
  if (!slug) return;
  const list = form.querySelector<HTMLSelectElement>("select[name=incident]");
  if (list && Array.from(list.options).some((option) => option.value === slug)) list.value = slug;
  else if (list) list.append(element("option", { value: slug, selected: true }, slug));
  else form.append(element("input", { type: "hidden", name: "incident", value: slug }));
}

/** Says that this was begun before, by whoever had this phone. */
function showDraft(form: HTMLFormElement, at: number): void {
  const away = element("button", { type: "button", className: "button" }, word("report.script.draft_away"));
  const note = element("div", { className: "notice info", id: "draft" }, element("p", {}, word("report.script.draft", { when: moment(at) })), away);
  away.onclick = () => {
    newReport(form);
    note.remove();
    location.assign("/lapor");
  };
  form.querySelector("header")!.append(note);
}

async function submit(form: HTMLFormElement): Promise<void> {
  const fields = fieldsOf(form);
  const body = reportOf(fields);
  const problems = problemsOf(fields, body);
  showProblems(form, problems);
  if (Object.keys(problems).length) return;
  const photos = await chosen(form, idField(form).value);
  const id = await idFor(form, body);
  if (await isOther(id, body)) {
    idField(form).value = newId();
    return say(form, word("report.script.sent_before"));
  }
  try {
    await enqueue({ id, kind: "report", path: "/api/reports", body: { ...body, client_id: id }, fields });
    for (const [n, photo] of photos.entries()) {
      await enqueue({ id: `${id}/${n + 1}`, kind: "photo", report: id, path: `/api/reports/${id}/photos/${n + 1}`, body: photo });
    }
  } catch {
    // This phone keeps nothing: let the browser send the form as it would without a script.
    form.submit();
    return;
  }
  showing = id;
  form.hidden = true;
  newReport(form);
  await showState(form);
  await flush(true);
  await showState(form);
}

/** The report's client id; a new one when another page of this phone has one waiting under it, with other content. */
async function idFor(form: HTMLFormElement, body: Record<string, unknown>): Promise<string> {
  const id = idField(form).value;
  const entry = await waiting.get(id).catch(() => undefined);
  return entry && JSON.stringify(entry.body) !== JSON.stringify(body) ? newId() : id;
}

/** Whether another page of this phone sent something else under this id. */
async function isOther(id: string, body: Record<string, unknown>): Promise<boolean> {
  const content = (await sent.get(id).catch(() => undefined))?.content;
  return content !== undefined && content !== JSON.stringify(body);
}

/** What the server does not take, beside its fields, or above the form where it is none of them. */
function showRefusal(form: HTMLFormElement, entry: Waiting): void {
  const { code, message, fields } = entry.refused!;
  showProblems(form, problemsByField(fields, entry.body as Record<string, unknown>));
  if (Object.keys(fields).length) return;
  say(form, code === "client_id_taken" ? word("report.script.sent_before") : message);
}

/** A sentence about the form as a whole, above it; what is typed stays. */
function say(form: HTMLFormElement, text: string): void {
  const note = element("div", { className: "notice bad problem", tabIndex: -1 }, element("p", {}, element("strong", {}, text)));
  note.setAttribute("role", "alert");
  form.querySelector("header")!.append(note);
  note.focus();
}

/** The receipt once the server has the report, its waiting until then, its problems when it was refused. */
async function showState(form: HTMLFormElement): Promise<void> {
  const report = showing ? await sent.get(showing) : undefined;
  if (report && !document.querySelector(".receipt")) {
    const receipt = receiptOf(report);
    form.replaceWith(receipt);
    receipt.focus();
    scrollTo(0, 0);
  }
  const entry = showing ? await waiting.get(showing) : undefined;
  if (entry?.refused && form.hidden) {
    form.hidden = false;
    fill(form, entry.fields ?? []);
    if (entry.refused.code === "client_id_taken") idField(form).value = newId();
    keepDraft(form);
    await waiting.remove(entry.id);
    showRefusal(form, entry);
  }
  const left = await drawQueue();
  const another = document.getElementById("another");
  if (another) another.hidden = !(form.hidden && left);
}

async function main(): Promise<void> {
  const receipt = document.querySelector<HTMLElement>("main .receipt");
  if (receipt) startReceipt(receipt);
  const form = document.querySelector<HTMLFormElement>("form#report");
  if (form) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      void submit(form).finally(() => (isSending = false));
    });
    await startForm(form).catch(() => undefined);
    await startPhotos(form).catch(() => undefined);
    const keep = () => {
      keepDraft(form);
      form.dispatchEvent(new Event("place"));
    };
    const place = startPlace(form, keep);
    startPick(form.querySelector<HTMLDetailsElement>("#pick")!, { area: place.area, tap: place.point });
    startNear(form);
    form.addEventListener("input", keep);
    onChange(() => void showState(form));
    await drawQueue().catch(() => 0);
  }
  await start();
}

void main();
