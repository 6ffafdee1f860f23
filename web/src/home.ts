/** Pages around the report: what this phone has sent and what it still holds. */
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
