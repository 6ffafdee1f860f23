/** Draws what waits on this phone, and what was sent from it. */
import { element } from "./dom";
import { flush } from "./offline";
import { sent, waiting, type Waiting } from "./store";
import { moment, word } from "./words";

/** Cards of the reports that the server does not have yet, into `#queue`; hidden when there are none. */
export async function drawQueue(except?: string): Promise<number> {
  const box = document.getElementById("queue");
  if (!box) return 0;
  const entries = (await waiting.all()).filter((entry) => entry.id !== except);
  const photos = entries.filter((entry) => entry.kind === "photo" && !entry.refused).length;
  const cards = entries.filter((entry) => entry.kind === "report").map(card);
  if (photos) cards.push(element("p", { className: "notice warn" }, word("report.script.photos_left", { count: photos })));
  box.replaceChildren(...cards);
  box.hidden = cards.length === 0;
  return cards.length;
}

function card(entry: Waiting): HTMLElement {
  const told = element("p", { className: "muted small" }, word("report.script.report_of", { when: moment(entry.made_at) }));
  if (entry.refused) {
    const mend = element("a", { className: "button", href: `/lapor?betulkan=${entry.id}` }, word("report.script.mend"));
    const reasons = Object.values(entry.refused.fields).concat(Object.keys(entry.refused.fields).length ? [] : [entry.refused.message]);
    const title = element("p", {}, element("strong", {}, word("report.script.refused")));
    return element("div", { className: "notice bad" }, title, ...reasons.map((reason) => element("p", {}, reason)), told, mend);
  }
  const button = element("button", { className: "button", type: "button" }, word("report.script.send_now"));
  button.onclick = () => {
    button.disabled = true;
    button.textContent = word("report.script.sending");
    void flush(true).then(() => drawQueue());
  };
  const title = element("p", {}, element("strong", {}, word("report.script.waiting")));
  const waits = element("div", { className: "notice warn" }, title, element("p", {}, word("report.script.waiting_why")), told, button);
  return (entry.body as { danger?: unknown }).danger ? element("div", { className: "stack" }, call(), waits) : waits;
}

/** A call may go through where data do not. */
function call(): HTMLElement {
  const links = ["112", "119"].map((number) => element("a", { className: "button danger", href: `tel:${number}` }, number));
  const row = element("div", { className: "row" }, ...links);
  return element("div", { className: "notice bad" }, element("p", {}, element("strong", {}, word("report.script.call_now"))), row);
}

/** Links to the reports sent from this phone, newest first, into `#sent`. */
export async function drawSent(): Promise<number> {
  const list = document.getElementById("sent");
  const found = (await sent.all()).sort((a, b) => b.received_at.localeCompare(a.received_at));
  list?.replaceChildren(
    ...found.map((report) => {
      const when = element("span", { className: "muted small" }, moment(report.received_at));
      return element("li", {}, element("a", { href: `/lacak/${report.code}` }, element("b", {}, report.code), when));
    }),
  );
  return found.length;
}
