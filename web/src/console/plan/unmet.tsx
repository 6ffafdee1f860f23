/** What a plan leaves open, each with why, the nearest that there is and what would serve it. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { casePath, go } from "../address";
import { amount, number } from "../format";
import { useWide } from "../hooks";
import { Do } from "../parts";
import { placeName } from "../places";
import { items } from "../setup";
import { unmetWord } from "../why";
import type { Unmet } from "./detail";
import { ItemLine } from "./item_line";
import { LongTable, type Column } from "./long_table";
import { KitRemedy } from "./kits";
import { PinNearest } from "./ruling_forms";
import { groups, unmetKey, type Places } from "./view";
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
  /** The item that is looked at alone, and looking at one or at all. */
  item: string;
  only: (item: string) => void;
  /** Whether nothing at all stays open, or only nothing of what is looked at. */
  isAllMet: boolean;
}

export function UnmetNeeds({ unmet, places, opened, open, canRule, ruled, tryMore, item, only, isAllMet }: Props) {
  const isWide = useWide();
  const reason: Column<Unmet> = {
    name: "reason",
    label: word("plan.columns.reason"),
    width: "minmax(0, 1fr)",
    sort: (one) => unmetWord(one.why, one.item),
    draw: (one) => unmetWord(one.why, one.item),
  };
  return (
    <>
      <Lacking unmet={unmet} item={item} only={only} />
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
        main={(one) => <ItemLine one={one} quantity={one.quantity} beside={`#${one.case_id}`} />}
        detail={(one) => <UnmetDetail {...{ one, places, canRule, ruled, tryMore }} />}
        empty={word(isAllMet ? "plan.all_met" : "plan.nothing_here")}
      />
    </>
  );
}

const MOST_AT_FIRST = 4;

/** What is lacking in all, what most go without first; each item can be looked at alone. */
function Lacking({ unmet, item, only }: Pick<Props, "unmet" | "item" | "only">) {
  const [isWhole, setWhole] = useState(false);
  if (!unmet.length) return null;
  const byItem = [...groups(unmet, (one) => one.item)].sort((a, b) => b[1].length - a[1].length);
  const rest = byItem.length - MOST_AT_FIRST;
  return (
    <p class="lacking">
      <span>{word("plan.lacking")}</span>
      {byItem.slice(0, isWhole ? byItem.length : MOST_AT_FIRST).map(([code, those]) => (
        <button
          key={code}
          type="button"
          class="chip"
          aria-pressed={item === code}
          title={word("plan.lacking_what", {
            needs: number(those.length),
            villages: number(new Set(those.map((one) => one.area)).size),
          })}
          onClick={() => only(item === code ? "" : code)}
        >
          {amount(code, sumOf(those))} <b>{number(those.length)}</b>
        </button>
      ))}
      {rest > 0 && (
        <button type="button" class="link" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? word("plan.lacking_less") : word("plan.lacking_more", { n: number(rest) })}
        </button>
      )}
    </p>
  );
}

const sumOf = (those: Unmet[]): number => those.reduce((sum, one) => sum + one.quantity, 0);

type DetailProps = { one: Unmet } & Pick<Props, "places" | "canRule" | "ruled" | "tryMore">;

function UnmetDetail({ one, places, canRule, ruled, tryMore }: DetailProps) {
  return (
    <>
      <WhyUnmet why={one.why} item={one.item} name={places.supplier} />
      {canRule && (
        <KitRemedy one={one} kits={places.plan.kits} name={places.supplier} model={places.model} done={ruled} />
      )}
      <div class="row lt-actions">
        {tryMore && <Do onClick={() => tryMore(more(one, places))}>{word("plan.try_more")}</Do>}
        {canRule && <PinNearest one={one} places={places} done={ruled} />}
        <button type="button" class="link" onClick={() => go(casePath(one.case_id))}>
          {word("plan.open_case", { id: one.case_id })}
        </button>
      </div>
    </>
  );
}

/** Enough of what this need lacks, at the site that lies nearest to it. */
function more(one: Unmet, places: Places): Partial<Idea> {
  const units = String(one.why.would_serve?.units ?? one.quantity);
  const site = places.nearestSite(one);
  const at = site ? { site } : {};
  if (items.get(one.item)?.kind === "goods") return { kind: "add_stock", item: one.item, quantity: units, ...at };
  const skill = one.why.would_serve?.skills?.split(", ")[0];
  return { kind: "add_volunteer", count: units, ...(skill ? { skill } : {}), ...at };
}
