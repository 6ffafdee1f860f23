/** What a plan leaves open, each with why, the nearest that there is and what would serve it. */
import { word } from "../../words";
import { casePath, go } from "../address";
import { quantityOf } from "../format";
import { useWide } from "../hooks";
import { Do, TierBadge } from "../parts";
import { placeName } from "../places";
import { items } from "../setup";
import { unmetWord } from "../why";
import type { Unmet } from "./detail";
import { LongTable, type Column } from "./long_table";
import { KitRemedy } from "./kits";
import { PinNearest } from "./ruling_forms";
import { unmetKey, type Places } from "./view";
import type { Idea } from "./what_if";
import { WhyUnmet } from "./why_match";

interface Props {
  unmet: Unmet[];
  places: Places;
  opened: string | null;
  open: (key: string | null) => void;
  canRule: boolean;
  ruled: () => void;
  /** To a trial with more of what is lacking. */
  tryMore: ((idea: Partial<Idea>) => void) | null;
  /** Whether nothing at all stays open, or only nothing of what is looked at. */
  isAllMet: boolean;
}

export function UnmetNeeds({ unmet, places, opened, open, canRule, ruled, tryMore, isAllMet }: Props) {
  const isWide = useWide();
  const reason: Column<Unmet> = {
    name: "reason",
    label: word("plan.columns.reason"),
    width: "minmax(0, 1fr)",
    sort: (one) => unmetWord(one.why, one.item),
    draw: (one) => unmetWord(one.why, one.item),
  };
  return (
    <LongTable
      label={word("plan.tabs.unmet")}
      columns={isWide ? [reason] : []}
      rows={unmet}
      rowHeight={isWide ? 52 : 64}
      keyOf={unmetKey}
      opened={opened}
      open={open}
      sortedBy="main"
      mainLabel={word("plan.columns.what")}
      mainSort={(one) => `${one.tier} ${word(`items.${one.item}`)} ${placeName(one.area)}`}
      main={(one) => (
        <>
          <TierBadge tier={one.tier} />
          <span class="lt-lines">
            <strong>
              {word(`items.${one.item}`)} {quantityOf(one.item, one.quantity)}
            </strong>
            <span class="muted">
              {placeName(one.area)} · #{one.case_id}
            </span>
          </span>
        </>
      )}
      detail={(one) => <UnmetDetail {...{ one, places, canRule, ruled, tryMore }} />}
      empty={word(isAllMet ? "plan.all_met" : "plan.nothing_here")}
    />
  );
}

type DetailProps = { one: Unmet } & Pick<Props, "places" | "canRule" | "ruled" | "tryMore">;

function UnmetDetail({ one, places, canRule, ruled, tryMore }: DetailProps) {
  return (
    <>
      <WhyUnmet why={one.why} item={one.item} name={places.supplier} />
      {canRule && (
        <KitRemedy one={one} kits={places.plan.kits} name={places.supplier} model={places.model} done={ruled} />
      )}
      <div class="row lt-actions">
        {tryMore && items.get(one.item)?.kind === "goods" && (
          <Do onClick={() => tryMore(more(one))}>{word("plan.try_more")}</Do>
        )}
        {canRule && <PinNearest one={one} places={places} done={ruled} />}
        <button type="button" class="link" onClick={() => go(casePath(one.case_id))}>
          {word("plan.open_case", { id: one.case_id })}
        </button>
      </div>
    </>
  );
}

/** Enough of the item for this need, at the site that lies nearest where there is one. */
function more(one: Unmet): Partial<Idea> {
  return { kind: "add_stock", item: one.item, quantity: String(one.why.would_serve?.units ?? one.quantity) };
}
