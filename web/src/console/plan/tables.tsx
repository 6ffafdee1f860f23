/** The tables of a plan, one at a time. */
import { useRef } from "preact/hooks";
import { word } from "../../words";
import { number } from "../format";
import { Changes } from "./changes";
import type { Plan } from "./detail";
import { Matches, type Picks } from "./matches";
import { Proof } from "./proof";
import { Sites } from "./sites";
import { UnmetNeeds } from "./unmet";
import { Villages } from "./villages";
import { sitesOf, TABS, type Mark, type Narrowed, type Places, type Tab, type View } from "./view";
import type { Idea } from "./what_if";

interface Props {
  plan: Plan;
  view: View;
  set: (change: Partial<View>) => void;
  lines: Narrowed;
  places: Places;
  marks: Map<number, Mark>;
  picks: Picks | null;
  onlyThese: ((numbers: number[]) => void) | null;
  canRule: boolean;
  ruled: () => void;
  tryMore: ((idea: Partial<Idea>) => void) | null;
}

export function Tables(props: Props) {
  const { view, set } = props;
  return (
    <>
      <Tabs {...props} />
      <div class="plan-table" role="tabpanel" id="plan-table" aria-labelledby={`tab-${view.tab}`}>
        <Table {...props} open={(opened) => set({ opened })} />
      </div>
    </>
  );
}

function Tabs({ plan, view, set, lines, marks }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const counts: Record<Tab, number | null> = {
    matches: lines.matches.length,
    villages: lines.villages.length,
    sites: sitesOf(lines.matches).length,
    unmet: lines.unmet.length,
    changes: plan.difference?.against
      ? lines.gone.length + lines.matches.filter((match) => marks.has(match.n)).length
      : null,
    proof: null,
  };
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    const tab = TABS[(TABS.indexOf(view.tab) + by + TABS.length) % TABS.length] as Tab;
    set({ tab, opened: null });
    box.current?.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  };
  return (
    <div class="plan-tabs" role="tablist" aria-label={word("plan.one")} ref={box} onKeyDown={step}>
      {TABS.map((tab) => (
        <button
          key={tab}
          type="button"
          role="tab"
          id={`tab-${tab}`}
          aria-selected={view.tab === tab}
          aria-controls="plan-table"
          tabIndex={view.tab === tab ? 0 : -1}
          onClick={() => set({ tab, opened: null })}
        >
          {word(`plan.tabs.${tab}`)} {counts[tab] !== null && <b>{number(counts[tab] ?? 0)}</b>}
        </button>
      ))}
    </div>
  );
}

function Table(props: Props & { open: (key: string | null) => void }) {
  const { plan, view, set, lines, places, marks, picks, canRule, ruled, open } = props;
  const { opened } = view;
  switch (view.tab) {
    case "matches":
      return <Matches {...{ matches: lines.matches, places, marks, opened, open, picks, ruled, canRule }} />;
    case "villages":
      return (
        <Villages
          villages={lines.villages}
          matches={lines.matches}
          unmet={lines.unmet}
          opened={opened}
          open={open}
          show={(area, tab) => set({ area, tab, opened: null })}
        />
      );
    case "sites":
      return (
        <Sites
          sites={sitesOf(lines.matches)}
          places={places}
          opened={opened}
          open={open}
          picks={picks}
          onlyThese={props.onlyThese}
          show={(site) => set({ site, tab: "matches", opened: null })}
        />
      );
    case "unmet":
      return (
        <UnmetNeeds
          unmet={lines.unmet}
          places={places}
          opened={opened}
          open={open}
          canRule={canRule}
          ruled={ruled}
          tryMore={props.tryMore}
          item={view.item}
          only={(item) => set({ item, opened: null })}
          isAllMet={!plan.unmet.length}
        />
      );
    case "changes":
      return <Changes {...{ plan, lines, places, marks, opened, open }} />;
    case "proof":
      return <Proof {...{ plan, places, canRule, ruled }} />;
  }
}
