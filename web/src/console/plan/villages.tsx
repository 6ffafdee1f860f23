/** Who gets how much: a plan village by village, the worst served first. */
import { word } from "../../words";
import { amount, number, shortSpan } from "../format";
import { useWide } from "../hooks";
import { Do, TierBadge } from "../parts";
import { placeName } from "../places";
import { unmetWord } from "../why";
import type { Match, Unmet, Village } from "./detail";
import { LongTable, type Column } from "./long_table";
import { amounts, groups } from "./view";

const MINUTE = 60_000;
export const percent = (share: number): string => `${number(Math.round(share * 100))} %`;

interface Props {
  villages: Village[];
  matches: Match[];
  unmet: Unmet[];
  opened: string | null;
  open: (key: string | null) => void;
  /** To the lines of one village. */
  show: (area: string, tab: "matches" | "unmet") => void;
}

const people = (name: "asked" | "covered"): Column<Village> => ({
  name,
  label: word(`plan.columns.${name}`),
  title: word(`plan.columns_what.${name}`),
  width: "4.5rem",
  numeric: true,
  falling: true,
  sort: (one) => one[name],
  draw: (one) => number(Math.round(one[name])),
});

const columns = (): Column<Village>[] => [
  people("asked"),
  people("covered"),
  {
    name: "share",
    label: word("plan.columns.share"),
    title: word("plan.columns_what.share"),
    width: "5rem",
    numeric: true,
    sort: (one) => one.share,
    draw: (one) => <Share share={one.share} />,
  },
  {
    name: "left_open",
    label: word("plan.columns.left_open"),
    title: word("plan.columns_what.left_open"),
    width: "4.5rem",
    numeric: true,
    falling: true,
    sort: (one) => one.left_open,
    draw: (one) => number(one.left_open),
  },
  {
    name: "wait",
    label: word("plan.columns.wait"),
    title: word("plan.columns_what.wait"),
    width: "4.75rem",
    numeric: true,
    falling: true,
    sort: (one) => one.longest_wait_min ?? -1,
    draw: (one) => (one.longest_wait_min === null ? "–" : shortSpan(one.longest_wait_min * MINUTE)),
  },
];

function Share({ share }: { share: number }) {
  return (
    <span class={`share ${share < 0.5 ? "low" : ""}`}>
      {percent(share)}
      <i aria-hidden="true" style={{ width: `${Math.round(share * 100)}%` }} />
    </span>
  );
}

/** What fits beside the name; the rest stands below it. */
const ON_A_PHONE = new Set(["share", "left_open"]);

function OnAPhone({ village }: { village: Village }) {
  return (
    <span class="lt-lines">
      <strong>{placeName(village.area)}</strong>
      <span class="muted">
        {word("plan.of_people", {
          covered: number(Math.round(village.covered)),
          asked: number(Math.round(village.asked)),
        })}
      </span>
    </span>
  );
}

export function Villages({ villages, matches, unmet, opened, open, show }: Props) {
  const isWide = useWide();
  return (
    <LongTable
      label={word("plan.tabs.villages")}
      columns={isWide ? columns() : columns().filter((column) => ON_A_PHONE.has(column.name))}
      rows={villages}
      rowHeight={isWide ? 48 : 64}
      keyOf={(one) => one.area}
      opened={opened}
      open={open}
      sortedBy="share"
      mainLabel={word("plan.columns.village")}
      mainSort={(one) => placeName(one.area)}
      main={(one) => (isWide ? <strong>{placeName(one.area)}</strong> : <OnAPhone village={one} />)}
      detail={(one) => (
        <VillageDetail
          matches={matches.filter((match) => match.area === one.area)}
          unmet={unmet.filter((line) => line.area === one.area)}
          show={(tab) => show(one.area, tab)}
        />
      )}
      empty={word("plan.nothing_here")}
    />
  );
}

interface DetailProps {
  matches: Match[];
  unmet: Unmet[];
  show: (tab: "matches" | "unmet") => void;
}

function VillageDetail({ matches, unmet, show }: DetailProps) {
  const gets = amounts(matches).map((one) => amount(one.item, one.quantity));
  return (
    <>
      <p>{gets.length ? word("plan.gets", { what: gets.join(", ") }) : word("plan.gets_nothing")}</p>
      {unmet.length > 0 && (
        <>
          <p>{word("plan.lacks")}</p>
          <ul class="plain-list">
            {[...groups(unmet, (one) => `${one.item} ${one.why.code}`)].map(([key, those]) => (
              <Lack key={key} unmet={those} />
            ))}
          </ul>
        </>
      )}
      <div class="row lt-actions">
        {matches.length > 0 && (
          <Do onClick={() => show("matches")}>{word("plan.see_matches", { n: number(matches.length) })}</Do>
        )}
        {unmet.length > 0 && (
          <Do onClick={() => show("unmet")}>{word("plan.see_unmet", { n: number(unmet.length) })}</Do>
        )}
      </div>
    </>
  );
}

/** Open needs of one item for one reason. */
function Lack({ unmet }: { unmet: Unmet[] }) {
  const first = unmet[0] as Unmet;
  const [sum] = amounts(unmet);
  return (
    <li>
      <TierBadge tier={Math.min(...unmet.map((one) => one.tier)) as Unmet["tier"]} />{" "}
      <strong>{sum && amount(sum.item, sum.quantity)}</strong>: {unmetWord(first.why, first.item)}
    </li>
  );
}
