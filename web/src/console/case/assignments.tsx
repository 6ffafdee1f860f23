/** What is under way for a case, step by step, and what a coordinator may do about it. */
import { useState } from "preact/hooks";
import { moment, word } from "../../words";
import { post } from "../calls";
import { amount, number } from "../format";
import { useDoing } from "../hooks";
import type { Model } from "../model";
import { Do, Field, fieldsOf, Form, Problem, StateBadge } from "../parts";
import { RUNNING, type AssignmentRow } from "../rows";
import { may } from "../setup";
import { say } from "../toasts";
import { forgetTyped, useTyped } from "../typed";
import { TextForm } from "./actions";
import type { CaseDetail } from "./detail";
import { HowDecided } from "./reasons";

const STEPS = ["proposed", "offered", "accepted", "en_route", "delivered", "confirmed"];

interface Props {
  found: CaseDetail;
  model: Model;
  again: () => void;
}

export function Assignments({ found, model, again }: Props) {
  if (!found.assignments.length) return null;
  const isLive = (row: AssignmentRow) => RUNNING.has(row.state);
  const rows = [...found.assignments].sort((a, b) => Number(isLive(b)) - Number(isLive(a)));
  return (
    <section class="part">
      <h3>{word("case.assignments")}</h3>
      <ul class="jobs">
        {rows.map((row) => (
          <li key={row.id}>
            <Job row={row} model={model} found={found} again={again} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Job({ row, found, model, again }: Props & { row: AssignmentRow }) {
  const { sites, volunteers } = model.board.tables;
  const site = row.site_id ? sites.get(row.site_id)?.name : null;
  const volunteer = row.volunteer_id ? (volunteers.get(row.volunteer_id)?.alias ?? word("console.a_volunteer")) : null;
  return (
    <>
      <div class="job-head">
        <strong>{row.lines.map((line) => amount(line.item, line.quantity)).join(", ")}</strong>
        <StateBadge noun="assignment" name={row.state} />
      </div>
      <p class="muted">{[site, volunteer ?? word("console.nobody_yet")].filter(Boolean).join(" · ")}</p>
      <HowDecided found={found} decided={found.decided[row.id]} />
      {row.attention && <p class="notice warn">{word(`attention.${row.attention}`)}</p>}
      <WhichStop row={row} model={model} />
      {row.expected_at && (
        <p class="muted">
          {word(waits(row) ? "case.planned_arrival" : "case.expected", { when: moment(row.expected_at) })}
        </p>
      )}
      {STEPS.includes(row.state) && <Steps state={row.state} />}
      {may("assignment:manage", found.area) && <JobActions row={row} again={again} model={model} />}
    </>
  );
}

const waits = (row: AssignmentRow): boolean => row.state === "proposed" || row.state === "offered";

/** Which stop of a trip an assignment is, when others go with it: what is done about one may be about all. */
function WhichStop({ row, model }: { row: AssignmentRow; model: Model }) {
  const trip = [...model.board.tables.assignments.values()]
    .filter((one) => one.trip_id === row.trip_id && RUNNING.has(one.state))
    .sort((a, b) => a.stop - b.stop);
  const at = trip.findIndex((one) => one.id === row.id);
  if (trip.length < 2 || at < 0) return null;
  const cases = trip.map((one) => `#${one.case_id}`).join(" → ");
  return <p class="muted">{word("case.stop", { n: number(at + 1), all: number(trip.length), cases })}</p>;
}

function Steps({ state }: { state: string }) {
  const at = STEPS.indexOf(state);
  return (
    <ol class="track" aria-label={word("case.steps")}>
      {STEPS.map((step, n) => (
        <li key={step} class={n < at ? "past" : n === at ? "now" : ""} aria-current={n === at ? "step" : undefined}>
          {word(`case.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}

type Open = "cancel" | "fail" | "person" | null;

function JobActions({ row, again, model }: { row: AssignmentRow; again: () => void; model: Model }) {
  const doing = useDoing();
  const [open, setOpen] = useState<Open>(null);
  const form = `assignment/${row.id}/${open}`;
  const act = async (action: string, body: object = {}) => {
    const done = await doing.run(() =>
      post<AssignmentRow>(`/api/assignments/${row.id}/${action}`, { version: row.version, ...body }),
    );
    if (done) {
      if (open) forgetTyped(form);
      setOpen(null);
      say(word(`case.done.${action}`));
    }
    again();
  };
  const canAsk = waits(row);
  const toggle = (which: Open) => setOpen(open === which ? null : which);
  return (
    <>
      <div class="row">
        {canAsk && (
          <Do busy={doing.busy} onClick={() => void act("offer")}>
            {word("case.offer_round")}
          </Do>
        )}
        {canAsk && (
          <Do tone="quiet" onClick={() => toggle("person")}>
            {word("case.offer_person")}
          </Do>
        )}
        {row.attention === "overdue" && (
          <Do busy={doing.busy} onClick={() => void act("all_well")}>
            {word("case.all_well")}
          </Do>
        )}
        {row.state === "delivered" && (
          <Do tone="primary" busy={doing.busy} onClick={() => void act("confirm")}>
            {word("case.confirm")}
          </Do>
        )}
        {(canAsk || row.state === "accepted") && (
          <Do tone="quiet" onClick={() => toggle("cancel")}>
            {word("case.cancel")}
          </Do>
        )}
        {(row.state === "accepted" || row.state === "en_route") && (
          <Do tone="quiet" onClick={() => toggle("fail")}>
            {word("case.fail")}
          </Do>
        )}
      </div>
      {open === null && <Problem refusal={doing.refusal} />}
      {open === "person" && (
        <PersonForm
          form={form}
          model={model}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(volunteer_id, reason) => void act("offer", { volunteer_id, reason })}
        />
      )}
      {open === "cancel" && (
        <TextForm
          form={form}
          field="reason"
          label={word("case.cancel_why")}
          button={word("case.cancel")}
          tone="danger"
          busy={doing.busy}
          refusal={doing.refusal}
          act={(reason) => void act("cancel", { reason })}
        />
      )}
      {open === "fail" && (
        <FailForm
          form={form}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(reason, goods) => void act("fail", { reason, goods })}
        />
      )}
    </>
  );
}

type FormProps = Pick<Parameters<typeof TextForm>[0], "form" | "busy" | "refusal">;

interface PersonProps extends FormProps {
  model: Model;
  act: (volunteerId: string, reason?: string) => void;
}

function PersonForm({ form, model, busy, refusal, act }: PersonProps) {
  const [chosen, setChosen] = useTyped(form, "chosen", "");
  const [why, setWhy] = useTyped(form, "why", "");
  const here = [...model.board.tables.volunteers.values()].filter(
    (one) => one.until !== null && Date.parse(one.until) > Date.now(),
  );
  return (
    <Form refusal={refusal} shown={["volunteer_id", "reason"]} submit={() => act(chosen, why.trim() || undefined)}>
      <Field name="offer-person" label={word("case.offer_person")} wrong={fieldsOf(refusal).volunteer_id}>
        <select
          id="offer-person"
          value={chosen}
          onChange={(event) => setChosen(event.currentTarget.value)}
        >
          <option value="">{word(here.length ? "case.choose_person" : "case.nobody_here")}</option>
          {here.map((one) => (
            <option key={one.id} value={one.id}>
              {[
                one.alias,
                one.vehicle && word(`vehicles.${one.vehicle}`),
                one.team && word("case.people_together", { n: one.team }),
                one.busy && word("case.busy"),
              ]
                .filter(Boolean)
                .join(", ")}
            </option>
          ))}
        </select>
      </Field>
      {fieldsOf(refusal).reason && (
        <Field name="alone-why" label={word("case.alone_why")} wrong={fieldsOf(refusal).reason}>
          <input id="alone-why" value={why} maxLength={400} onInput={(event) => setWhy(event.currentTarget.value)} />
        </Field>
      )}
      <Do submit tone="primary" busy={busy}>
        {word("case.offer")}
      </Do>
    </Form>
  );
}

function FailForm({ form, busy, refusal, act }: FormProps & { act: (reason: string, goods: string) => void }) {
  const [goods, setGoods] = useTyped(form, "goods", "returned");
  return (
    <>
      <div class="row">
        {["returned", "lost"].map((one) => (
          <Do key={one} pressed={goods === one} onClick={() => setGoods(one)}>
            {word(`case.goods.${one}`)}
          </Do>
        ))}
      </div>
      <TextForm
        form={form}
        field="reason"
        label={word("case.fail_why")}
        button={word("case.fail")}
        tone="danger"
        busy={busy}
        refusal={refusal}
        act={(reason) => act(reason, goods)}
      />
    </>
  );
}
