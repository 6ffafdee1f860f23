/** /lapor: keeps what is typed, stores the report on the phone first, and shows what became of it. */
import { fieldsOf, fill, problemsByField, problemsOf, reportOf, showProblems, type Fields } from "./form";
import { enqueue, flush, newId, onChange, start } from "./offline";
import { shrunk } from "./photos";
import { startPlace } from "./place";
import { drawQueue } from "./queue_view";
import { receiptOf, startReceipt } from "./receipt";
import { sent, waiting } from "./store";
import { word } from "./words";

const DRAFT = "draft";
const PHOTOS_MOST = 5;
let showing: string | undefined;

function draftOf(): Fields | null {
  try {
    return JSON.parse(localStorage.getItem(DRAFT) ?? "null") as Fields | null;
  } catch {
    return null;
  }
}

function keepDraft(form: HTMLFormElement): void {
  try {
    const typed = fieldsOf(form).filter(([name]) => name !== "client_id" && name !== "csrf" && name !== "incident");
    localStorage.setItem(DRAFT, JSON.stringify(typed));
  } catch {
    // A full or forbidden storage only means that a closed page is typed again.
  }
}

function newReport(form: HTMLFormElement): void {
  form.reset();
  for (const name of ["lon", "lat", "accuracy_m", "area_code"]) (form.elements.namedItem(name) as HTMLInputElement).value = "";
  (form.elements.namedItem("client_id") as HTMLInputElement).value = newId();
  localStorage.removeItem(DRAFT);
}

async function startForm(form: HTMLFormElement): Promise<void> {
  const id = form.elements.namedItem("client_id") as HTMLInputElement;
  const mending = new URLSearchParams(location.search).get("betulkan");
  const entry = mending ? await waiting.get(mending) : undefined;
  const isAnswered = form.querySelector(".problem, #summary") !== null;
  id.value ||= newId();
  if (entry?.refused && entry.fields) {
    fill(form, entry.fields);
    showProblems(form, problemsByField(entry.refused.fields, entry.body as Record<string, unknown>));
  } else if (!isAnswered) {
    const draft = draftOf();
    if (draft) fill(form, draft);
  }
  if (!entry && (await sent.get(id.value))) id.value = newId();
}

async function submit(form: HTMLFormElement): Promise<void> {
  const fields = fieldsOf(form);
  const body = reportOf(fields);
  const problems = problemsOf(fields, body);
  showProblems(form, problems);
  if (Object.keys(problems).length) return;
  const id = String(body.client_id);
  const files = Array.from((form.elements.namedItem("photo") as HTMLInputElement).files ?? []).slice(0, PHOTOS_MOST);
  try {
    await enqueue({ id, kind: "report", path: "/api/reports", body, fields });
  } catch {
    // This phone keeps nothing: let the browser send the form as it would without a script.
    form.submit();
    return;
  }
  showing = id;
  form.hidden = true;
  newReport(form);
  await showState(form);
  await keepPhotos(id, files);
  await flush(true);
  await showState(form);
}

/** Photos follow the text, each as its own small upload. */
async function keepPhotos(report: string, files: File[]): Promise<void> {
  let n = 0;
  for (const file of files) {
    try {
      const body = await shrunk(file);
      n += 1;
      await enqueue({ id: `${report}/${n}`, kind: "photo", report, path: `/api/reports/${report}/photos/${n}`, body });
    } catch {
      document.getElementById("queue")?.append(Object.assign(document.createElement("p"), { textContent: word("report.script.photo_refused") }));
    }
  }
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
    if (entry.refused.code === "client_id_taken") (form.elements.namedItem("client_id") as HTMLInputElement).value = newId();
    keepDraft(form);
    await waiting.remove(entry.id);
    showProblems(form, problemsByField(entry.refused.fields, entry.body as Record<string, unknown>));
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
      void submit(form);
    });
    (form.elements.namedItem("photo") as HTMLInputElement).multiple = true;
    await startForm(form).catch(() => undefined);
    const keep = () => keepDraft(form);
    startPlace(form, keep);
    form.addEventListener("input", keep);
    onChange(() => void showState(form));
    await drawQueue().catch(() => 0);
  }
  await start();
}

void main();
