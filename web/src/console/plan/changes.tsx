/** How a plan differs from the plan in force: what is new, what is gone, what is of another quantity. */
import { word } from "../../words";
import { casePath, go } from "../address";
import { number, quantityOf } from "../format";
import { useWide } from "../hooks";
import { TierBadge } from "../parts";
import { placeName } from "../places";
import type { Gone, Match, Plan } from "./detail";
import { LongTable, type Column } from "./long_table";
import type { Mark, Narrowed, Places } from "./view";

interface Props {
  plan: Plan;
  lines: Narrowed;
  places: Places;
  marks: Map<number, Mark>;
  opened: string | null;
  open: (key: string | null) => void;
}

interface Row {
  key: string;
  kind: "new" | "changed" | "gone";
  line: Match | Gone;
  before: number | null;
}

const ORDER = { gone: 0, changed: 1, new: 2 } as const;

export const goneKey = (gone: Gone): string => `g${gone.need_id}-${gone.lot_id ?? gone.volunteer_id ?? ""}`;

export function Changes({ plan, lines, places, marks, opened, open }: Props) {
  const isWide = useWide();
  if (!plan.difference?.against) return <p class="empty">{word("plan.no_base")}</p>;
  const rows = [
    ...lines.gone.map((line): Row => ({ key: goneKey(line), kind: "gone", line, before: null })),
    ...lines.matches.flatMap((line): Row[] => {
      const mark = marks.get(line.n);
      if (!mark) return [];
      return [{ key: `m${line.n}`, kind: mark.kind, line, before: mark.kind === "changed" ? mark.before : null }];
    }),
  ];
  const kind: Column<Row> = {
    name: "mark",
    label: word("plan.columns.change"),
    width: "6rem",
    sort: (row) => ORDER[row.kind],
    draw: (row) => (
      <span class={`badge ${{ gone: "plain", new: "info", changed: "warn" }[row.kind]}`}>
        {word(`plan.mark.${row.kind}`)}
      </span>
    ),
  };
  const source: Column<Row> = {
    name: "source",
    label: word("plan.columns.source"),
    width: "minmax(0, 0.8fr)",
    sort: (row) => places.source(row.line),
    draw: (row) => places.source(row.line),
  };
  return (
    <LongTable
      label={word("plan.tabs.changes")}
      columns={isWide ? [source, kind] : [kind]}
      rows={rows}
      rowHeight={isWide ? 52 : 64}
      keyOf={(row) => row.key}
      opened={opened}
      open={open}
      sortedBy="mark"
      mainLabel={word("plan.columns.what")}
      mainSort={(row) => `${row.line.tier} ${word(`items.${row.line.item}`)}`}
      main={(row) => (
        <>
          <TierBadge tier={row.line.tier} />
          <span class="lt-lines">
            <strong>
              {word(`items.${row.line.item}`)}{" "}
              {row.before !== null && `${number(row.before)} → `}
              {quantityOf(row.line.item, row.line.quantity)}
            </strong>
            <span class="muted">
              {placeName(row.line.area)} · {isWide ? `#${row.line.case_id}` : places.source(row.line)}
            </span>
          </span>
        </>
      )}
      detail={(row) => (
        <>
          <p>
            {row.kind === "changed"
              ? word("plan.mark_what.changed", { before: quantityOf(row.line.item, row.before ?? 0) })
              : word(`plan.mark_what.${row.kind}`)}{" "}
            {word("plan.route", {
              from: places.source(row.line),
              to: placeName(row.line.area),
              minutes: number(Math.round(row.line.minutes)),
            })}
          </p>
          <button type="button" class="link" onClick={() => go(casePath(row.line.case_id))}>
            {word("plan.open_case", { id: row.line.case_id })}
          </button>
        </>
      )}
      empty={word("plan.no_change")}
    />
  );
}
