/**
 * A table of any length that draws only the rows in sight. All rows are equally high, but for the one that is open:
 * below it stands what there is to say of it. Arrows walk through the rows, Enter opens one.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { word } from "../../words";
import { useWide } from "../hooks";
import { bringIntoSight, useScroll } from "../virtual_list";

export interface Column<T> {
  name: string;
  label: string;
  /** What the label means, where it is too short to say it. */
  title?: string;
  /** A CSS grid track. */
  width: string;
  numeric?: boolean;
  sort?: (row: T) => number | string;
  /** Sorted from the most to the least at first. */
  falling?: boolean;
  draw: (row: T) => ComponentChildren;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowHeight: number;
  keyOf: (row: T) => string;
  opened: string | null;
  open: (key: string | null) => void;
  /** The part of a row that opens it. */
  main: (row: T) => ComponentChildren;
  mainLabel: string;
  mainSort?: (row: T) => number | string;
  detail: (row: T) => ComponentChildren;
  /** A cell before all others, for a box to tick. */
  before?: { head: ComponentChildren; draw: (row: T) => ComponentChildren };
  sortedBy: string;
  empty: ComponentChildren;
}

const BEYOND = 8;
const MAIN = "main";

interface Order {
  by: string;
  falling: boolean;
}

export function LongTable<T>(props: Props<T>) {
  const { columns, rows, rowHeight, keyOf, opened, open } = props;
  const isWide = useWide();
  const [order, setOrder] = useState<Order>(() => orderBy(columns, props.sortedBy));
  const sorted = useMemo(() => inOrder(rows, columns, props.mainSort, order), [rows, order]);
  const place = opened === null ? -1 : sorted.findIndex((row) => keyOf(row) === opened);
  const box = useRef<HTMLDivElement>(null);
  const { top, height, onScroll } = useScroll(box);
  const [detailHeight, setDetailHeight] = useState(0);
  const extra = place < 0 ? 0 : detailHeight;
  const topOf = (n: number) => n * rowHeight + (n > place && place >= 0 ? extra : 0);
  const at = (y: number) => Math.floor((place >= 0 && y > (place + 1) * rowHeight ? Math.max(y - extra, place * rowHeight) : y) / rowHeight);
  const first = Math.max(0, at(top) - BEYOND);
  const shown = sorted.slice(first, at(top + height) + BEYOND);
  useEffect(() => {
    if (place < 0) return;
    // On a phone the tables are part of a page that scrolls: what is read gets all of it.
    if (!isWide) box.current?.closest(".plan-table")?.previousElementSibling?.scrollIntoView();
    bringIntoSight(box.current, place * rowHeight, rowHeight);
    // Only when another row is opened: rows that come and go must not pull the table about.
  }, [opened]);
  const tracks = [props.before ? "2.75rem" : "", "minmax(0, 1fr)", ...columns.map((one) => one.width)].join(" ");
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const from = Number((event.target as HTMLElement).closest<HTMLElement>("[data-place]")?.dataset.place ?? NaN);
    if (!by || Number.isNaN(from) || (event.target as HTMLElement).closest(".lt-detail")) return;
    event.preventDefault();
    const to = Math.min(sorted.length - 1, Math.max(0, from + by));
    bringIntoSight(box.current, topOf(to), rowHeight);
    // The row may only be drawn after the scroll.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-place="${to}"] .lt-main`)?.focus());
  };
  return (
    <div class="long-table" role="table" aria-label={props.label} aria-rowcount={rows.length + 1} onKeyDown={step}>
      <div role="rowgroup" class="lt-head">
        <div role="row" class="lt-row" style={{ gridTemplateColumns: tracks }} aria-rowindex={1}>
          {props.before && <span role="columnheader">{props.before.head}</span>}
          <Head name={MAIN} label={props.mainLabel} order={order} set={props.mainSort ? setOrder : null} />
          {columns.map((column) => (
            <Head
              key={column.name}
              name={column.name}
              label={column.label}
              title={column.title}
              numeric={column.numeric}
              falling={column.falling}
              order={order}
              set={column.sort ? setOrder : null}
            />
          ))}
        </div>
      </div>
      <div class="lt-body" ref={box} onScroll={onScroll} role="rowgroup">
        {sorted.length === 0 && (
          <div role="row">
            <div role="cell" class="empty">
              {props.empty}
            </div>
          </div>
        )}
        <div
          class="lt-all"
          role="presentation"
          style={{ height: `${sorted.length * rowHeight + extra}px`, display: sorted.length ? undefined : "none" }}
        >
          {shown.map((row, n) => {
            const key = keyOf(row);
            const isOpen = key === opened;
            return (
              <div
                key={key}
                role="presentation"
                class="lt-place"
                data-place={first + n}
                style={{ transform: `translateY(${topOf(first + n)}px)` }}
              >
                <div
                  role="row"
                  aria-rowindex={first + n + 2}
                  class={`lt-row ${isOpen ? "open" : ""}`}
                  style={{ gridTemplateColumns: tracks, height: `${rowHeight}px` }}
                  onClick={(event) => {
                    if (!(event.target as HTMLElement).closest("a, button, input, label")) open(isOpen ? null : key);
                  }}
                >
                  {props.before && <span role="cell">{props.before.draw(row)}</span>}
                  <span role="cell" class="lt-main-cell">
                    <button type="button" class="lt-main" aria-expanded={isOpen} onClick={() => open(isOpen ? null : key)}>
                      {props.main(row)}
                    </button>
                  </span>
                  {columns.map((column) => (
                    <span key={column.name} role="cell" class={`lt-${column.name} ${column.numeric ? "number" : ""}`}>
                      {column.draw(row)}
                    </span>
                  ))}
                </div>
                {isOpen && <Detail set={setDetailHeight}>{props.detail(row)}</Detail>}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** What is below an open row tells how high it is, so that the rows after it know where to stand. */
function Detail({ set, children }: { set: (height: number) => void; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const tell = () => set(element.offsetHeight);
    tell();
    const watch = new ResizeObserver(tell);
    watch.observe(element);
    return () => {
      watch.disconnect();
      set(0);
    };
  }, []);
  return (
    <div role="row" class="lt-detail" ref={box}>
      <div role="cell">{children}</div>
    </div>
  );
}

interface HeadProps {
  name: string;
  label: string;
  title?: string | undefined;
  numeric?: boolean | undefined;
  falling?: boolean | undefined;
  order: Order;
  set: ((order: Order) => void) | null;
}

function Head({ name, label, title, numeric = false, falling = false, order, set }: HeadProps) {
  const is = order.by === name;
  const sorting = !is ? "none" : order.falling ? "descending" : "ascending";
  return (
    <span role="columnheader" class={`lt-${name} ${numeric ? "number" : ""}`} aria-sort={set ? sorting : undefined}>
      {set ? (
        <button
          type="button"
          title={title ?? word("plan.sort_by", { name: label })}
          onClick={() => set({ by: name, falling: is ? !order.falling : falling })}
        >
          {label}
          <i aria-hidden="true">{is ? (order.falling ? "▼" : "▲") : ""}</i>
        </button>
      ) : (
        <span title={title}>{label}</span>
      )}
    </span>
  );
}

function orderBy<T>(columns: Column<T>[], name: string): Order {
  return { by: name, falling: columns.find((column) => column.name === name)?.falling ?? false };
}

function inOrder<T>(
  rows: T[],
  columns: Column<T>[],
  mainSort: ((row: T) => number | string) | undefined,
  order: Order,
): T[] {
  const value = order.by === MAIN ? mainSort : columns.find((column) => column.name === order.by)?.sort;
  if (!value) return rows;
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = order.falling ? -1 : 1;
  keyed.sort((a, b) => sign * compared(a.key, b.key));
  return keyed.map(({ row }) => row);
}

const byWords = new Intl.Collator(document.documentElement.lang, { numeric: true });

function compared(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : byWords.compare(String(a), String(b));
}
