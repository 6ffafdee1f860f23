/** Narrowing a plan: by words, item and tier, and by what was picked on the map or in a table. */
import { word } from "../../words";
import { placeName } from "../places";
import { TierChoice } from "../tier_choice";
import type { Plan } from "./detail";
import { EVERYTHING, isNarrowed, type Places, type View } from "./view";

interface Props {
  plan: Plan;
  places: Places;
  view: View;
  set: (change: Partial<View>) => void;
}

export function Filters({ plan, places, view, set }: Props) {
  const items = [...new Set([...plan.matches, ...plan.unmet].map((line) => line.item))];
  items.sort((a, b) => word(`items.${a}`).localeCompare(word(`items.${b}`)));
  return (
    <div class="plan-filters">
      <input
        id="plan-search"
        type="search"
        value={view.text}
        placeholder={word("plan.search")}
        aria-label={word("plan.search")}
        onInput={(event) => set({ text: event.currentTarget.value, opened: null })}
      />
      <select
        aria-label={word("plan.item")}
        value={view.item}
        onChange={(event) => set({ item: event.currentTarget.value, opened: null })}
      >
        <option value="">{word("plan.all_items")}</option>
        {items.map((item) => (
          <option key={item} value={item}>
            {word(`items.${item}`)}
          </option>
        ))}
      </select>
      <TierChoice chosen={view.tiers} choose={(tiers) => set({ tiers, opened: null })} />
      {isNarrowed(view) && <Chips places={places} view={view} set={set} />}
    </div>
  );
}

/** What else narrows, each of which can be taken back. */
function Chips({ places, view, set }: Pick<Props, "places" | "view" | "set">) {
  const chips: [string, Partial<View>][] = [];
  if (view.site) chips.push([places.siteName(view.site), { site: null }]);
  if (view.area) chips.push([placeName(view.area), { area: null }]);
  if (view.only) chips.push([view.only.label, { only: null }]);
  const { tab, opened } = view;
  return (
    <p class="plan-chips">
      {chips.map(([label, change]) => (
        <button key={label} type="button" class="chip" onClick={() => set(change)}>
          {label} <span aria-hidden="true">✕</span>
          <span class="visually-hidden">{word("plan.take_back")}</span>
        </button>
      ))}
      <button type="button" class="link" onClick={() => set({ ...EVERYTHING, tab, opened })}>
        {word("plan.show_all")}
      </button>
    </p>
  );
}
