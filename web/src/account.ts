/** /akun: copying a fresh token, and leaving nothing of one's own on the phone after signing out. */
import { forget } from "./work";
import { word } from "./words";

const button = document.getElementById("copy-token") as HTMLButtonElement | null;
const token = document.getElementById("token")?.textContent;
if (button && token && navigator.clipboard) {
  button.hidden = false;
  button.onclick = () => void navigator.clipboard.writeText(token).then(() => (button.textContent = word("account.script.copied")));
}

const signOut = document.querySelector<HTMLFormElement>("form[action='/keluar']");
signOut?.addEventListener("submit", (event) => {
  event.preventDefault();
  // What was typed on a page of the staff and not sent, too.
  sessionStorage.clear();
  void forget().finally(() => signOut.submit());
});
