/** Pages around the report: what this phone has sent and what it still holds. */
import { ask } from "./api";
import { onChange, start } from "./offline";
import { drawQueue, drawSent } from "./queue_view";

async function draw(): Promise<void> {
  const box = document.getElementById("mine");
  const count = (await drawQueue()) + (await drawSent());
  if (box) box.hidden = count === 0;
}

onChange(() => void draw());
void draw().catch(() => undefined);
void start();

const LOOK_AGAIN_MS = 4_000;

/** This page is shown in place of one that needs a network: that one opens as soon as the server answers. */
async function comeBack(): Promise<void> {
  const { status } = await ask(location.href, { method: "HEAD" });
  if (status > 0) location.reload();
}

if (document.querySelector("[data-returns]") && location.pathname !== "/offline") {
  addEventListener("online", () => void comeBack());
  setInterval(() => void comeBack(), LOOK_AGAIN_MS);
}
