/** One plan: how good it is proven to be, what it would do and why, what stays open, and approving it. */
import { useEffect, useState } from "preact/hooks";
import { word } from "../../words";
import { go, plansPath } from "../address";
import { large, number } from "../format";
import { useDoing, useLoaded } from "../hooks";
import type { Model } from "../model";
import { Do, Problem, StateBadge, Waiting } from "../parts";
import { may } from "../setup";
import { approve, loadPlan, type Approved, type Plan } from "./detail";
import { Matches } from "./matches";
import { Outcome } from "./outcome";
import { UnmetNeeds } from "./unmet";

interface Props {
  planId: string;
  model: Model;
  /** What the list knows of the plan's state: when it moves on, the plan is read again. */
  state: string | null;
  again: () => void;
}

export function PlanView({ planId, model, state, again }: Props) {
  const loaded = useLoaded(planId, (signal) => loadPlan(planId, signal));
  useEffect(() => {
    if (state && loaded.value && state !== loaded.value.state) loaded.again();
  }, [state, loaded.value]);
  const [outcome, setOutcome] = useState<Approved | null>(null);
  const plan = loaded.value;
  return (
    <section class="plan-view">
      <Problem refusal={loaded.refusal} again={loaded.again} />
      {!plan && loaded.loading && <Waiting />}
      {plan && (
        <>
          <header class="plan-head">
            <button type="button" class="back" onClick={() => go(plansPath())}>
              <span aria-hidden="true">‹</span> {word("plan.back")}
            </button>
            <h2>{word("plan.one")}</h2>
            <StateBadge noun="plan" name={plan.state} />
          </header>
          {plan.state === "requested" && <p class="notice info">{word("plan.working")}</p>}
          {plan.state === "failed" && <p class="notice bad">{word("plan.failed")}</p>}
          {plan.cost !== undefined && <Figures plan={plan} />}
          {outcome && <Outcome outcome={outcome} plan={plan} />}
          <Approval
            plan={plan}
            model={model}
            done={(result) => {
              if (result) setOutcome(result);
              loaded.again();
              again();
            }}
          />
          <UnmetNeeds plan={plan} model={model} />
        </>
      )}
    </section>
  );
}

function Figures({ plan }: { plan: Plan }) {
  const gap = plan.gap ?? 0;
  const minutes = plan.matches.reduce((sum, match) => sum + match.minutes, 0);
  return (
    <dl class="figures">
      <Figure name="matched" value={number(plan.matched ?? 0)} />
      <Figure name="unmet" value={number(plan.unmet.length)} tone={plan.unmet.length ? "warn" : ""} />
      <Figure name="travel" value={word("plan.hours", { n: number(Math.round(minutes / 6) / 10) })} />
      <Figure name="cost" value={large(plan.cost ?? 0)} />
      <Figure name="bound" value={large(plan.lower_bound ?? 0)} />
      <Figure
        name="gap"
        value={gap <= 0 ? word("plan.proven") : `${number(Math.round(gap * 10_000) / 100)} %`}
        tone={gap <= 0.01 ? "good" : "warn"}
      />
      <Figure name="took" value={word("plan.seconds", { n: number(plan.seconds ?? 0) })} />
      {(plan.waiting_for_verification ?? 0) > 0 && (
        <Figure name="unverified" value={number(plan.waiting_for_verification ?? 0)} tone="warn" />
      )}
      {(plan.waiting_for_place ?? 0) > 0 && (
        <Figure name="placeless" value={number(plan.waiting_for_place ?? 0)} tone="warn" />
      )}
    </dl>
  );
}

function Figure({ name, value, tone = "" }: { name: string; value: string; tone?: string }) {
  return (
    <div class={tone} title={word(`plan.figure_what.${name}`)}>
      <dt>{word(`plan.figure.${name}`)}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface ApprovalProps {
  plan: Plan;
  model: Model;
  done: (result: Approved | null) => void;
}

function Approval({ plan, model, done }: ApprovalProps) {
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const doing = useDoing();
  const canApprove = plan.state === "ready" && may("plan:approve", plan.area);
  const chosen = plan.matches.filter((match) => !left.has(match.n));
  const take = async () => {
    const only = left.size ? chosen.map((match) => match.n) : null;
    done(await doing.run(() => approve(plan.id, plan.version, only)));
  };
  const toggle = (numbers: number[], on: boolean) => {
    const next = new Set(left);
    for (const n of numbers) {
      if (on) next.delete(n);
      else next.add(n);
    }
    setLeft(next);
  };
  if (!plan.matches.length) return plan.state === "ready" ? <p class="notice info">{word("plan.nothing")}</p> : null;
  return (
    <>
      <Problem refusal={doing.refusal} />
      {canApprove && (
        <div class="approve-bar">
          <Do tone="primary" busy={doing.busy} disabled={!chosen.length} onClick={() => void take()}>
            {left.size
              ? word("plan.approve_some", { n: number(chosen.length), all: number(plan.matches.length) })
              : word("plan.approve_all", { n: number(chosen.length) })}
          </Do>
          <span class="muted">{word("plan.approve_what")}</span>
        </div>
      )}
      <Matches plan={plan} model={model} left={canApprove ? left : null} toggle={toggle} />
    </>
  );
}
