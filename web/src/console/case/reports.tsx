/** What people told us about a case: text, flags, channel, history; the phone only for a reason. */
import { useState } from "preact/hooks";
import { moment, word } from "../../words";
import { post } from "../calls";
import { number, wordOr } from "../format";
import { useDoing } from "../hooks";
import { Do, Problem, StateBadge } from "../parts";
import { may } from "../setup";
import { say } from "../toasts";
import { forgetTyped } from "../typed";
import { TextForm } from "./actions";
import { actOn, askedAs, type CaseDetail, type ReportDetail } from "./detail";

export function Reports({ found, again }: { found: CaseDetail; again: () => void }) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const doing = useDoing();
  const canSplit = found.reports.length > 1 && may("case:verify", found.area);
  const pick = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const split = async () => {
    const done = await doing.run(() => actOn(found.id, "split", { version: found.version, report_ids: [...picked] }));
    if (done) {
      setPicked(new Set());
      say(word("case.done.split"));
    }
    again();
  };
  return (
    <section class="part">
      <h3>{word("case.reports", { n: found.reports.length })}</h3>
      <ul class="reports">
        {found.reports.map((report) => (
          <li key={report.id}>
            {canSplit && (
              <label class="pick">
                <input type="checkbox" checked={picked.has(report.id)} onChange={() => pick(report.id)} />
                <span class="visually-hidden">{word("case.pick_report")}</span>
              </label>
            )}
            <Report report={report} area={found.area} />
          </li>
        ))}
      </ul>
      {picked.size > 0 && picked.size < found.reports.length && (
        <Do busy={doing.busy} onClick={() => void split()}>
          {word("case.split", { n: picked.size })}
        </Do>
      )}
      <Problem refusal={doing.refusal} />
    </section>
  );
}

function Report({ report, area }: { report: ReportDetail; area: string }) {
  const dangers = Object.keys(report.danger).filter((name) => report.danger[name]);
  return (
    <article>
      <p class="report-head">
        <StateBadge noun="report" name={report.state} words="case.report_states" />
        <span class="muted">
          {wordOr(`channels.${report.channel}`, report.channel)} · {moment(report.received_at)}
          {report.on_behalf && ` · ${word("case.on_behalf")}`}
        </span>
      </p>
      {dangers.map((name) => (
        <p key={name} class="danger-line">
          {word(`danger.${name}`)}
        </p>
      ))}
      <blockquote>{report.text || <em class="muted">{word("case.no_text")}</em>}</blockquote>
      <p class="report-facts muted">
        {report.place_text && <span>{word("case.said_place", { place: report.place_text })}</span>}
        {report.people !== null && <span>{word("console.people", { n: number(report.people) })}</span>}
        {report.flags.map((flag) => (
          <span key={flag} class="badge warn">
            ! {word(`flags.${flag}`)}
          </span>
        ))}
      </p>
      {report.question && report.state === "needs_info" && (
        <p class="muted">{word("case.asked", { question: report.question })}</p>
      )}
      {report.asked_about && report.state === "needs_info" && (
        <p class="muted">{word(`case.asked_about.${report.asked_about}`)}</p>
      )}
      <Contact report={report} area={area} />
      <details>
        <summary>{word("case.history")}</summary>
        <ol class="steps">
          {report.history.map((step) => (
            <li key={`${step.at}${step.step}`}>
              {wordOr(`case.history_of.${step.step}`, word(`steps.${step.step}`, step.params), step.params)}
              <time dateTime={step.at}>{moment(step.at)}</time>
            </li>
          ))}
        </ol>
      </details>
    </article>
  );
}

/** The question that waits for a reporter as a message, with the page to answer it on, to send from one's own phone. */
function Message({ report, phone, path }: { report: ReportDetail; phone: string; path: string }) {
  const about = report.asked_about;
  const question = report.question ?? (about ? word(askedAs(about, report.asked_danger)) : "");
  const text = word("case.message.text", { question, url: new URL(path, location.href).href });
  const body = encodeURIComponent(text);
  return (
    <div class="message">
      <blockquote>{text}</blockquote>
      <p class="row">
        <a class="button small" href={`sms:${phone}?body=${body}`}>
          {word("case.message.sms")}
        </a>
        <a class="button small" href={`https://wa.me/${phone.replace("+", "")}?text=${body}`} target="_blank" rel="noreferrer">
          {word("case.message.whatsapp")}
        </a>
      </p>
    </div>
  );
}

interface Person {
  name: string | null;
  phone: string | null;
  /** Of the page on which they can answer, while a question waits for them. */
  path: string | null;
}

function Contact({ report, area }: { report: ReportDetail; area: string }) {
  const doing = useDoing();
  const [isAsking, setAsking] = useState(false);
  const [person, setPerson] = useState<Person | null>(null);
  const form = `report/${report.id}/reveal`;
  if (!report.phone_last3) return <p class="muted">{word("case.no_phone")}</p>;
  if (person) {
    return (
      <>
        <p class="contact">
          {person.name} <a href={`tel:${person.phone}`}>{person.phone}</a>
        </p>
        {person.phone && person.path && <Message report={report} phone={person.phone} path={person.path} />}
      </>
    );
  }
  const reveal = async (reason: string) => {
    const found = await doing.run(() => post<Person>(`/api/reports/${report.id}/reveal`, { reason }));
    if (!found) return;
    forgetTyped(form);
    setPerson(found);
  };
  return (
    <>
      <p class="contact">
        <span aria-label={word("case.phone_hidden", { last: report.phone_last3 })}>•••• ••• {report.phone_last3}</span>
        {may("contact:reveal", area) && (
          <button type="button" class="link" aria-expanded={isAsking} onClick={() => setAsking(!isAsking)}>
            {word("case.reveal")}
          </button>
        )}
      </p>
      {isAsking && (
        <TextForm
          form={form}
          field="reason"
          label={word("case.reveal_why")}
          button={word("case.reveal")}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(reason) => void reveal(reason)}
        />
      )}
    </>
  );
}
