/**
 * Everything of an incident in an area as the server last told it: a snapshot with its cursor, and the
 * events after it. Events at or below the cursor are dropped; the rows they carry replace older ones.
 */
import {
  NOUNS,
  type AssignmentRow,
  type CaseRow,
  type Columns,
  type EventMessage,
  type NeedRow,
  type Noun,
  type ReportRow,
  type Rows,
  type Snapshot,
} from "./rows";

type Tables = { [N in Noun]: Map<Rows[N]["id"], Rows[N]> };
type OfCase = { reports: ReportRow; needs: NeedRow; assignments: AssignmentRow };
type Index<N extends keyof OfCase> = Map<number, Set<OfCase[N]["id"]>>;

const emptyTables = (): Tables => ({
  reports: new Map(),
  cases: new Map(),
  needs: new Map(),
  assignments: new Map(),
  volunteers: new Map(),
  sites: new Map(),
});

export class Board {
  cursor = 0;
  /** Counts up with every change, so that what was worked out from the board knows its age. */
  version = 0;
  /** Whether a snapshot is there at all. */
  ready = false;
  tables = emptyTables();
  private index: { [N in keyof OfCase]: Index<N> } = { reports: new Map(), needs: new Map(), assignments: new Map() };
  /** Cases whose rows changed since somebody last took them away. */
  private touched = new Set<number>();
  private listeners = new Set<(events: EventMessage[]) => void>();

  /** Put a snapshot in place of everything. */
  load(snapshot: Snapshot): void {
    this.tables = emptyTables();
    this.index = { reports: new Map(), needs: new Map(), assignments: new Map() };
    for (const noun of NOUNS) for (const row of expanded(snapshot[noun])) this.put(noun, row as unknown as Rows[Noun]);
    this.touched = new Set(this.tables.cases.keys());
    this.cursor = snapshot.cursor;
    this.ready = true;
    this.changed([]);
  }

  /** Take what is new of these events. `cursor` is how far they reach, when that is beyond the last one. */
  apply(events: EventMessage[], cursor = 0): void {
    const fresh = events.filter((event) => event.id > this.cursor).sort((a, b) => a.id - b.id);
    for (const event of fresh) this.take(event);
    this.cursor = Math.max(this.cursor, cursor);
    if (fresh.length) this.changed(fresh);
  }

  reportsOf = (caseId: number): ReportRow[] => this.ofCase("reports", caseId);
  needsOf = (caseId: number): NeedRow[] => this.ofCase("needs", caseId);
  assignmentsOf = (caseId: number): AssignmentRow[] => this.ofCase("assignments", caseId);
  case = (caseId: number): CaseRow | undefined => this.tables.cases.get(caseId);

  /** The cases that changed since the last call. */
  takeTouched(): Set<number> {
    const touched = this.touched;
    this.touched = new Set();
    return touched;
  }

  /** Be told of changes, with the events that made them; a new snapshot has none. */
  subscribe(listener: (events: EventMessage[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private take(event: EventMessage): void {
    // Two events of one batch may carry the same number only if one was sent twice.
    if (event.id <= this.cursor) return;
    this.cursor = event.id;
    for (const noun of NOUNS) for (const row of event.data.rows?.[noun] ?? []) this.put(noun, row);
  }

  private put<N extends Noun>(noun: N, row: Rows[N]): void {
    const table = this.tables[noun] as Map<Rows[N]["id"], Rows[N]>;
    const old = table.get(row.id);
    table.set(row.id, row);
    if (noun === "cases") this.touched.add(row.id as number);
    else if (noun in this.index)
      this.reindex(noun as keyof OfCase, old as OfCase[keyof OfCase] | undefined, row as OfCase[keyof OfCase]);
  }

  private reindex(noun: keyof OfCase, old: OfCase[keyof OfCase] | undefined, row: OfCase[keyof OfCase]): void {
    const index = this.index[noun] as Map<number, Set<string | number>>;
    if (old && old.case_id !== row.case_id) {
      index.get(old.case_id)?.delete(row.id);
      this.touched.add(old.case_id);
    }
    const there = index.get(row.case_id);
    if (there) there.add(row.id);
    else index.set(row.case_id, new Set([row.id]));
    this.touched.add(row.case_id);
  }

  private ofCase<N extends keyof OfCase>(noun: N, caseId: number): OfCase[N][] {
    const table = this.tables[noun] as unknown as Map<string | number, OfCase[N]>;
    return [...(this.index[noun].get(caseId) ?? [])].flatMap((id) => table.get(id) ?? []);
  }

  private changed(events: EventMessage[]): void {
    this.version += 1;
    for (const listener of this.listeners) listener(events);
  }
}

function* expanded(compact: Columns): Generator<Record<string, unknown>> {
  for (const values of compact.rows) {
    yield Object.fromEntries(compact.columns.map((name, n) => [name, values[n]]));
  }
}
