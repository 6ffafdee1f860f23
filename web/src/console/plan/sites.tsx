/** A plan by the site that things come from. */
import { word } from "../../words";
import { amount, number } from "../format";
import { useWide } from "../hooks";
import { Do } from "../parts";
import { placeName } from "../places";
import type { Match } from "./detail";
import { LongTable, type Column } from "./long_table";
import { Every, type Picks } from "./matches";
import { amounts, groups, type Places, type SiteLine } from "./view";

interface Props {
  sites: SiteLine[];
  places: Places;
  opened: string | null;
  open: (key: string | null) => void;
  picks: Picks | null;
  /** Approve nothing but these. */
  onlyThese: ((numbers: number[]) => void) | null;
  show: (site: string) => void;
}

const counted = (name: "lines" | "cases" | "villages" | "farthest", value: (line: SiteLine) => number) =>
  ({
    name,
    label: word(`plan.columns.${name}`),
    title: word(`plan.columns_what.${name}`),
    width: "4.75rem",
    numeric: true,
    falling: true,
    sort: value,
    draw: (line) => number(Math.round(value(line))),
  }) satisfies Column<SiteLine>;

export function Sites({ sites, places, opened, open, picks, onlyThese, show }: Props) {
  const isWide = useWide();
  return (
    <LongTable
      label={word("plan.tabs.sites")}
      columns={[
        counted("lines", (line) => line.matches.length),
        ...(isWide ? [counted("cases", (line) => line.cases), counted("villages", (line) => line.villages)] : []),
        counted("farthest", (line) => line.farthest),
      ]}
      rows={sites}
      rowHeight={isWide ? 48 : 64}
      keyOf={(line) => line.site}
      opened={opened}
      open={open}
      sortedBy="lines"
      mainLabel={word("plan.columns.site")}
      mainSort={(line) => places.siteName(line.site)}
      main={(line) => (
        <span class="lt-lines">
          <strong>{places.siteName(line.site)}</strong>
          {!isWide && (
            <span class="muted">
              {word("plan.site_reach", { cases: number(line.cases), villages: number(line.villages) })}
            </span>
          )}
        </span>
      )}
      before={
        picks
          ? {
              head: <Every matches={sites.flatMap((line) => line.matches)} picks={picks} />,
              draw: (line) => (
                <Every
                  matches={line.matches}
                  picks={picks}
                  label={word("plan.take_all", { site: places.siteName(line.site) })}
                />
              ),
            }
          : undefined
      }
      detail={(line) => <SiteDetail line={line} onlyThese={onlyThese} show={show} />}
      empty={word("plan.nothing_here")}
    />
  );
}

const MOST_VILLAGES = 6;

function SiteDetail({ line, onlyThese, show }: { line: SiteLine } & Pick<Props, "onlyThese" | "show">) {
  const gives = amounts(line.matches).map((one) => amount(one.item, one.quantity));
  const villages = [...groups(line.matches, (match: Match) => match.area)].sort((a, b) => b[1].length - a[1].length);
  const rest = villages.length - MOST_VILLAGES;
  return (
    <>
      <p>{word("plan.gives", { what: gives.join(", ") })}</p>
      <p>
        {word("plan.goes_to", {
          where:
            villages
              .slice(0, MOST_VILLAGES)
              .map(([area]) => placeName(area))
              .join("; ") + (rest > 0 ? ` +${number(rest)}` : ""),
        })}
      </p>
      <div class="row lt-actions">
        <Do onClick={() => show(line.site)}>{word("plan.see_matches", { n: number(line.matches.length) })}</Do>
        {onlyThese && (
          <Do onClick={() => onlyThese(line.matches.map((match) => match.n))}>{word("plan.only_site")}</Do>
        )}
      </div>
    </>
  );
}
