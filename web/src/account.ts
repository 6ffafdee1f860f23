/** /akun: copying a fresh token. */
import { word } from "./words";

const button = document.getElementById("copy-token") as HTMLButtonElement | null;
const token = document.getElementById("token")?.textContent;
if (button && token && navigator.clipboard) {
  button.hidden = false;
  button.onclick = () => void navigator.clipboard.writeText(token).then(() => (button.textContent = word("account.script.copied")));
}
