/** The receipt of a report: filled in from the server's answer, with ways to keep and share the code. */
import type { Sent } from "./store";
import { moment, word } from "./words";

/** The receipt for a report that this phone sent. */
export function receiptOf(report: Sent): HTMLElement {
  const template = document.getElementById("receipt") as HTMLTemplateElement;
  const receipt = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
  const part = (name: string) => receipt.querySelector<HTMLElement>(name)!;
  const path = `/lacak/${report.code}`;
  part('[data-fill="code"]').textContent = report.code;
  part('[data-fill="due"]').textContent = moment(report.due_at);
  part('[data-link="track"]').setAttribute("href", path);
  part('[data-when="t0"]').hidden = report.tier !== 0;
  part('[data-when="candidates"]').hidden = !report.place_candidates?.length;
  const form = part("[data-candidates]");
  form.setAttribute("action", path);
  form.querySelector(".ticks")!.replaceChildren(
    ...(report.place_candidates ?? []).map((area) =>
      Object.assign(document.createElement("button"), {
        className: "button",
        name: "area_code",
        value: area.code,
        textContent: [area.name, ...area.parents].join(", "),
      }),
    ),
  );
  startReceipt(receipt);
  return receipt;
}

/** Makes the buttons of a receipt work, where the browser can do what they say. */
export function startReceipt(receipt: HTMLElement): void {
  const code = receipt.querySelector('[data-fill="code"]')!.textContent ?? "";
  const copy = receipt.querySelector<HTMLButtonElement>("[data-copy]")!;
  const share = receipt.querySelector<HTMLButtonElement>("[data-share]")!;
  copy.hidden = !navigator.clipboard;
  copy.onclick = () => void navigator.clipboard.writeText(code).then(() => (copy.textContent = word("report.script.copied")));
  share.hidden = !navigator.share;
  share.onclick = () => {
    const url = `${location.origin}/lacak/${code}`;
    // Rejects when the person changes their mind.
    navigator.share({ text: word("report.script.share_text", { code }), url }).catch(() => undefined);
  };
}
