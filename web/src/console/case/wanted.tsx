/** What is asked for, line by line: an item, and an amount where the norm is not to decide. */
import { word } from "../../words";
import { setup } from "../setup";

export interface Wanted {
  item: string;
  quantity: string;
}

interface Props {
  wanted: Wanted[];
  change: (wanted: Wanted[]) => void;
  /** What is wrong, by the names that the server gives the fields. */
  wrong: Record<string, string>;
}

export function WantedLines({ wanted, change, wrong }: Props) {
  const set = (n: number, part: Partial<Wanted>) =>
    change(wanted.map((one, m) => (m === n ? { ...one, ...part } : one)));
  return (
    <fieldset>
      <legend>{word("case.needs")}</legend>
      <p class="hint">{word("case.norm_hint")}</p>
      {wanted.map((one, n) => (
        <div class={`need-line ${wrongOf(wrong, n) ? "wrong" : ""}`} key={n}>
          <select
            aria-label={word("case.item")}
            {...described(n, wrong[`needs.${n}.item`])}
            value={one.item}
            onChange={(event) => set(n, { item: event.currentTarget.value })}
          >
            <option value="">{word("case.choose_item")}</option>
            {setup.workplace.items.map((item) => (
              <option key={item.code} value={item.code}>
                {word(`items.${item.code}`)} ({word(`units.${item.unit}`)})
              </option>
            ))}
          </select>
          <input
            aria-label={word("case.quantity")}
            {...described(n, wrong[`needs.${n}.quantity`])}
            inputMode="numeric"
            placeholder={word("case.by_norm")}
            value={one.quantity}
            onInput={(event) => set(n, { quantity: event.currentTarget.value })}
          />
          <p class="problem" id={`need-${n}-problem`}>
            {wrongOf(wrong, n)}
          </p>
        </div>
      ))}
      <button type="button" class="button small" onClick={() => change([...wanted, { item: "", quantity: "" }])}>
        + {word("case.add_need")}
      </button>
    </fieldset>
  );
}

const wrongOf = (wrong: Props["wrong"], n: number): string =>
  wrong[`needs.${n}.item`] ?? wrong[`needs.${n}.quantity`] ?? "";

const described = (n: number, problem: string | undefined) =>
  problem ? { "aria-invalid": "true" as const, "aria-describedby": `need-${n}-problem` } : {};

/** The lines as the server takes them. */
export const asNeeds = (wanted: Wanted[]) =>
  wanted
    .filter((one) => one.item)
    .map((one) => ({ item: one.item, quantity: one.quantity === "" ? null : asNumber(one.quantity) }));

/** As `asNumber`, for a body in which the server wants a number and names what is none. */
export const asAsked = (text: string): number => asNumber(text) as number;

/** What is no number goes to the server as it was typed, which then says what is wrong with it. */
export const asNumber = (text: string): number | string => (/^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text);
