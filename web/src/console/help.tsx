/** What the keys do, over the screen; and everywhere a way to it for who has no keyboard at hand. */
import { useEffect, useRef } from "preact/hooks";
import { word } from "../words";

const KEYS: [string, string][] = [
  ["j k", "move"],
  ["n", "next"],
  ["Enter", "open"],
  ["v", "verify"],
  ["m", "merge"],
  ["a", "assign"],
  ["u", "undo"],
  ["c", "call"],
  ["/", "search"],
  ["1–4", "lists"],
  ["w", "wall"],
  ["Esc", "close"],
  ["?", "help"],
];

export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="keys-help" ref={dialog} aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">{word("console.keys_help.title")}</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{word(`console.keys_help.${what}`)}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button class="button small" autofocus>
          {word("console.close")}
        </button>
      </form>
    </dialog>
  );
}
