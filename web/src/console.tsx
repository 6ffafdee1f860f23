/** The coordinator's console. */
import { render } from "preact";
import { App } from "./console/app";
import { keepPages } from "./worker";

keepPages();

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
