/** A list of any length that draws only the rows in sight; all rows are equally high. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props<T> {
  rows: T[];
  rowHeight: number;
  keyOf: (row: T) => string;
  /** The key that has to be in sight. */
  marked: string | null;
  label: string;
  draw: (row: T) => ComponentChildren;
  empty: ComponentChildren;
}

const BEYOND = 6;

export function VirtualList<T>({ rows, rowHeight, keyOf, marked, label, draw, empty }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const { top, height, onScroll } = useScroll(box);
  useEffect(() => {
    const place = marked === null ? -1 : rows.findIndex((row) => keyOf(row) === marked);
    if (place >= 0) bringIntoSight(box.current, place * rowHeight, rowHeight);
    // Only when the mark moves: rows that come and go must not pull the list about.
  }, [marked]);
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const shown = rows.slice(first, Math.ceil((top + height) / rowHeight) + BEYOND);
  return (
    <div class="rows" ref={box} onScroll={onScroll} tabIndex={-1}>
      {rows.length === 0 ? (
        empty
      ) : (
        <ul aria-label={label} style={{ height: `${rows.length * rowHeight}px` }}>
          {shown.map((row, n) => (
            <li
              key={keyOf(row)}
              aria-setsize={rows.length}
              aria-posinset={first + n + 1}
              style={{ height: `${rowHeight}px`, transform: `translateY(${(first + n) * rowHeight}px)` }}
            >
              {draw(row)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Which part of a box is in sight: how far it is scrolled, and how high it is. */
export function useScroll(box: { current: HTMLDivElement | null }) {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(800);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const onScroll = (event: Event) => setTop((event.currentTarget as HTMLElement).scrollTop);
  return { top, height, onScroll };
}

/** Scrolls no farther than it takes to see what lies between. */
export function bringIntoSight(box: HTMLDivElement | null, top: number, height: number): void {
  if (!box) return;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
}
