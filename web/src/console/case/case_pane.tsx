/** One case: who said what, what is needed, who can help, what is under way, and what to do about it. */
import { useEffect, useRef } from "preact/hooks";
import { moment, word } from "../../words";
import { number } from "../format";
import { useLoaded } from "../hooks";
import type { Model } from "../model";
import { CaseClock } from "../case_clock";
import { Problem, TierBadge, Waiting } from "../parts";
import { wholePlaceName } from "../places";
import type { EventMessage } from "../rows";
import { Actions } from "./actions";
import { Assignments } from "./assignments";
import { loadCase, type CaseDetail } from "./detail";
import { Needs } from "./needs";
import { Notes } from "./notes";
import { Others } from "./others";
import { Photos } from "./photos";
import { Reports } from "./reports";
import { Score } from "./score";
import { Standing } from "./standing";
import { Twins } from "./twins";

const SETTLE_MS = 250;

interface Props {
  model: Model;
  caseId: number;
  close: () => void;
  open: (caseId: number) => void;
}

export function CasePane({ model, caseId, close, open }: Props) {
  const loaded = useLoaded(String(caseId), (signal) => loadCase(caseId, signal));
  useFollowed(model, caseId, loaded.again);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [caseId]);
  const found = loaded.value;
  const summary = model.summary(caseId);
  return (
    <section class="case-pane" aria-labelledby="case-title">
      <header class={`case-head t${found?.tier ?? summary?.tier ?? 3}`}>
        <button type="button" class="back" onClick={close}>
          <span aria-hidden="true">‹</span> {word("case.back")}
        </button>
        <h2 id="case-title" tabIndex={-1} ref={heading}>
          {word("case.title", { id: caseId })}
        </h2>
        {summary && <TierBadge tier={summary.tier} />}
        {summary && <CaseClock summary={summary} long />}
      </header>
      <div class="case-body">
        <Others caseId={caseId} />
        <Problem refusal={loaded.refusal} again={loaded.again} />
        {!found && loaded.loading && <Waiting />}
        {found && <Whole model={model} found={found} again={loaded.again} open={open} />}
      </div>
    </section>
  );
}

interface WholeProps {
  model: Model;
  found: CaseDetail;
  again: () => void;
  open: (caseId: number) => void;
}

function Whole({ model, found, again, open }: WholeProps) {
  if (found.merged_into !== null) {
    const target = found.merged_into;
    return (
      <div class="notice info">
        <p>{word("case.merged", { id: target })}</p>
        <button type="button" class="button small" onClick={() => open(target)}>
          {word("case.open_other", { id: target })}
        </button>
      </div>
    );
  }
  return (
    <>
      {found.tier === 0 && <p class="notice bad call">{word("console.alarm.call")}</p>}
      <Facts found={found} />
      <Actions found={found} again={again} />
      <Standing found={found} />
      <Twins found={found} again={again} open={open} />
      <Needs found={found} model={model} again={again} />
      <Assignments found={found} model={model} again={again} />
      <Reports found={found} again={again} />
      <Photos found={found} again={again} />
      <Score found={found} />
      <Notes found={found} again={again} />
    </>
  );
}

function Facts({ found }: { found: CaseDetail }) {
  const groups = Object.entries(found.vulnerable).filter(([, count]) => count > 0);
  return (
    <dl class="facts">
      <dt>{word("case.place")}</dt>
      <dd>
        {wholePlaceName(found.area)}
        {found.accuracy_m !== null && <span class="muted"> ± {distance(found.accuracy_m)}</span>}
        {found.lon === null && <span class="muted"> · {word("case.no_point")}</span>}
      </dd>
      <dt>{word("case.people")}</dt>
      <dd>
        {found.people === null ? word("case.unknown") : number(found.people)}
        {groups.length > 0 && (
          <span class="muted">
            {" "}
            · {groups.map(([name, count]) => `${number(count)} ${word(`groups.${name}`)}`).join(", ")}
          </span>
        )}
      </dd>
      <dt>{word("case.opened")}</dt>
      <dd>{moment(found.opened_at)}</dd>
      <dt>{word("case.checked")}</dt>
      <dd>{word(found.verified ? "case.verified" : "case.not_verified")}</dd>
      {found.tier_reason && (
        <>
          <dt>{word("case.tier_by_hand")}</dt>
          <dd>{found.tier_reason}</dd>
        </>
      )}
    </dl>
  );
}

export function distance(metres: number): string {
  return metres >= 1000 ? `${number(Math.round(metres / 100) / 10)} km` : `${number(metres)} m`;
}

/** Look again when something of this case has changed; several events together make one look. */
function useFollowed(model: Model, caseId: number, again: () => void): void {
  useEffect(() => {
    let timer = 0;
    const stop = model.onEvents((events) => {
      if (events.length && !events.some((event) => concerns(event, caseId))) return;
      clearTimeout(timer);
      timer = window.setTimeout(again, SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [model, caseId]);
}

function concerns(event: EventMessage, caseId: number): boolean {
  // Any plan may speak of the case.
  if (event.type === "PlanReady" || event.type === "PlanApproved") return true;
  if (event.data.case_id === caseId) return true;
  const rows = event.data.rows ?? {};
  if (rows.cases?.some((row) => row.id === caseId)) return true;
  return [rows.reports, rows.needs, rows.assignments].some((list) => list?.some((row) => row.case_id === caseId));
}
