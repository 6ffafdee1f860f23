/** The four lists beside the map: to look at, waiting, running, done. */
import { word } from "../words";
import { amount, number } from "./format";
import type { Job } from "./lists";
import { TABS, type Model, type Tab } from "./model";
import { CaseClock } from "./case_clock";
import { Clock, StateBadge, TierBadge } from "./parts";
import { placeName } from "./places";
import type { Summary } from "./summary";
import { VirtualList } from "./virtual_list";

const ROW_PX = 74;
const MOST_ITEMS = 2;

interface Props {
  model: Model;
  open: (caseId: number) => void;
  opened: number | null;
}

export function ListPane({ model, open, opened }: Props) {
  return (
    <section class="list-pane" aria-label={word("console.lists")}>
      <div class="list-tabs" role="tablist">
        {TABS.map((tab) => (
          <TabButton key={tab} model={model} tab={tab} />
        ))}
      </div>
      {model.filter.only && (
        <p class="picked">
          {word("console.picked", { n: model.filter.only.size })}
          <button type="button" class="link" onClick={() => model.narrow({ only: null })}>
            {word("console.show_all")}
          </button>
        </p>
      )}
      {model.tab === "running" ? (
        <Jobs model={model} open={open} />
      ) : (
        <Cases model={model} rows={model.lists[model.tab]} open={open} opened={opened} />
      )}
      <p class="keys">{word("console.keys")}</p>
    </section>
  );
}

function TabButton({ model, tab }: { model: Model; tab: Tab }) {
  const is = model.tab === tab;
  return (
    <button type="button" role="tab" aria-selected={is} onClick={() => model.set({ tab, marked: null })}>
      <b>{number(model.lists[tab].length)}</b>
      <span>{word(`console.tabs.${tab}`)}</span>
    </button>
  );
}

interface CasesProps extends Props {
  rows: Summary[];
}

function Cases({ model, rows, open, opened }: CasesProps) {
  return (
    <VirtualList
      rows={rows}
      rowHeight={ROW_PX}
      keyOf={(summary) => String(summary.row.id)}
      marked={model.marked}
      label={word(`console.tabs.${model.tab}`)}
      empty={<Empty model={model} />}
      draw={(summary) => {
        const key = String(summary.row.id);
        return (
          <button
            type="button"
            class={`row-card t${summary.tier}`}
            aria-current={opened === summary.row.id}
            data-marked={model.marked === key}
            onClick={() => {
              model.set({ marked: key });
              open(summary.row.id);
            }}
          >
            <CaseLines summary={summary} />
          </button>
        );
      }}
    />
  );
}

function CaseLines({ summary }: { summary: Summary }) {
  const { row } = summary;
  return (
    <>
      <TierBadge tier={summary.tier} />
      <span class="row-main">
        <strong>{placeName(row.area)}</strong>
        <span class="row-what">{whatOf(summary)}</span>
        <span class="row-facts">
          #{row.id}
          {row.people !== null && ` · ${word("console.people", { n: number(row.people) })}`}
          {summary.reports > 1 && ` · ${word("console.reports", { n: summary.reports })}`}
          {row.alike && <span class="flagged"> · ≈ {word("console.alike")}</span>}
          {summary.flagged && <span class="flagged"> · ! {word("console.flagged")}</span>}
        </span>
      </span>
      <span class="row-side">
        <CaseClock summary={summary} />
        {summary.group === "done" && (
          <span class="muted">{word(summary.rejected ? "console.rejected" : "console.done")}</span>
        )}
      </span>
    </>
  );
}

/** What a case still asks for, in one line. */
export function whatOf(summary: Summary): string {
  const needs = summary.missing.length ? summary.missing : summary.needs;
  if (!needs.length) return word("console.no_needs");
  const shown = needs
    .slice(0, MOST_ITEMS)
    .map((need) => amount(need.item, Math.max(need.quantity - need.covered, 0) || need.quantity));
  const more = needs.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` +${more}` : "");
}

function Jobs({ model, open }: { model: Model; open: (caseId: number) => void }) {
  return (
    <VirtualList
      rows={model.lists.running}
      rowHeight={ROW_PX}
      keyOf={(job) => job.row.id}
      marked={model.marked}
      label={word("console.tabs.running")}
      empty={<Empty model={model} />}
      draw={(job) => (
        <button
          type="button"
          class={`row-card t${job.case.tier}`}
          data-marked={model.marked === job.row.id}
          onClick={() => {
            model.set({ marked: job.row.id });
            open(job.row.case_id);
          }}
        >
          <JobLines model={model} job={job} />
        </button>
      )}
    />
  );
}

function JobLines({ model, job }: { model: Model; job: Job }) {
  const { row } = job;
  return (
    <>
      <TierBadge tier={job.case.tier} />
      <span class="row-main">
        <strong>{placeName(job.case.row.area)}</strong>
        <span class="row-what">{row.lines.map((line) => amount(line.item, line.quantity)).join(", ")}</span>
        <span class="row-facts">{whoOf(model, job)}</span>
      </span>
      <span class="row-side">
        <StateBadge noun="assignment" name={row.state} />
        {row.attention ? (
          <span class="left late">{word(`console.trouble.${row.attention}`)}</span>
        ) : (
          <Clock at={job.dueAt} />
        )}
      </span>
    </>
  );
}

function whoOf(model: Model, job: Job): string {
  const { volunteers, sites } = model.board.tables;
  const id = job.row.volunteer_id;
  // Who has checked out since is not on the board any more.
  const volunteer = id ? (volunteers.get(id)?.alias ?? word("console.a_volunteer")) : undefined;
  const site = job.row.site_id ? sites.get(job.row.site_id)?.name : undefined;
  return [`#${job.row.case_id}`, site, volunteer ?? word("console.nobody_yet")].filter(Boolean).join(" · ");
}

function Empty({ model }: { model: Model }) {
  const isNarrowed = model.filter.text || model.filter.area || model.filter.only || model.filter.tiers.size < 4;
  return <p class="empty">{word(isNarrowed ? "console.empty_filtered" : `console.empty.${model.tab}`)}</p>;
}
