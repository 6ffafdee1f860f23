/** Sites and their stock, and volunteers who wait to be accepted. */
import { render } from "preact";
import { Sites } from "./console/sites/sites";
import { start } from "./offline";

void start();

const root = document.getElementById("sites");
if (root) {
  root.replaceChildren();
  render(<Sites />, root);
}
