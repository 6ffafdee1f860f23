/** A field in which an area is found by its name and chosen with everything above it in sight. */
import { useRef, useState } from "preact/hooks";
import { ask } from "../api";
import { word } from "../words";
import { Field } from "./parts";

interface Found {
  code: string;
  name: string;
  level: string;
  parents?: string[];
}

/** What is typed, and the code of the area once one is chosen. */
export interface Chosen {
  text: string;
  code: string;
}

export const NO_AREA: Chosen = { text: "", code: "" };

interface Props {
  label: string;
  wrong?: string | undefined;
  optional?: boolean;
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

const PAUSE_MS = 250;

export function AreaField({ label, wrong, optional = false, chosen, choose }: Props) {
  const [found, setFound] = useState<Found[]>([]);
  const timer = useRef(0);
  const last = useRef(0);
  const type = (typed: string) => {
    choose({ text: typed, code: "" });
    clearTimeout(timer.current);
    if (typed.trim().length < 2) return setFound([]);
    timer.current = window.setTimeout(() => void search(typed), PAUSE_MS);
  };
  const search = async (typed: string) => {
    const turn = (last.current += 1);
    const answer = await ask(`/api/areas?limit=8&q=${encodeURIComponent(typed)}`);
    if (turn === last.current) setFound((answer.json?.areas as Found[] | undefined) ?? []);
  };
  const take = (area: Found) => {
    setFound([]);
    choose({ text: whole(area), code: area.code });
  };
  return (
    <Field name="area" label={label} wrong={wrong} optional={optional}>
      <input
        id="area"
        value={chosen.text}
        autocomplete="off"
        placeholder={word("case.area_hint")}
        onInput={(event) => type(event.currentTarget.value)}
      />
      {found.length > 0 && (
        <ul class="found">
          {found.map((area) => (
            <li key={area.code}>
              <button type="button" onClick={() => take(area)}>
                <strong>{area.name}</strong>{" "}
                <span class="muted">{[word(`levels.${area.level}`), ...(area.parents ?? [])].join(", ")}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Field>
  );
}

const whole = (area: Found): string => [area.name, ...(area.parents ?? [])].join(", ");
