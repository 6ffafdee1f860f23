/** What goes where, in two lines: how urgent, how much of which item, and the place with what stands beside it. */
import type { ComponentChildren } from "preact";
import { word } from "../../words";
import { quantityOf } from "../format";
import { TierBadge } from "../parts";
import { placeName } from "../places";
import type { Match } from "./detail";

interface Props {
  one: Pick<Match, "tier" | "item" | "area">;
  quantity: number;
  beside: string;
  children?: ComponentChildren;
}

export function ItemLine({ one, quantity, beside, children }: Props) {
  return (
    <>
      <TierBadge tier={one.tier} />
      <span class="lt-lines">
        <strong>
          {word(`items.${one.item}`)} {quantityOf(one.item, quantity)}
          {children}
        </strong>
        <span class="muted">
          {placeName(one.area)} · {beside}
        </span>
      </span>
    </>
  );
}
