/** Alarms above everything, whatever is filtered: lives in danger that nobody goes to yet, then the few others. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { word } from "../words";
import { alarmsOf, type Alarms } from "./alarms";
import { number } from "./format";
import { useNow } from "./hooks";
import type { Model } from "./model";
import { Clock } from "./parts";
import { placeName } from "./places";
import { isSoundOn, ring, turnSound } from "./sound";

const MOST = 3;
const MOST_GONE = 4;
const LOOK_MS = 10_000;

interface Props {
  model: Model;
  open: (caseId: number) => void;
}

export function Alarm({ model, open }: Props) {
  const { alarms } = model.lists;
  const now = useNow(LOOK_MS);
  const others = useMemo(() => alarmsOf(model, now), [model.lists, model.board.changes.sites, model.board.changes.volunteers, now]);
  useRing(model, alarms.length, others.missed.length + others.distressed.length);
  return (
    <>
      {alarms.length > 0 && <Lives model={model} open={open} />}
      <Others model={model} open={open} others={others} />
    </>
  );
}

function Lives({ model, open }: Props) {
  const { alarms } = model.lists;
  return (
    <div class="alarm" role="alert">
      <strong>{word("console.alarm.title", { n: number(alarms.length) })}</strong>
      <span class="alarm-call">{word("console.alarm.call")}</span>
      <span class="alarm-cases">
        {alarms.slice(0, MOST).map((summary) => (
          <button key={summary.row.id} type="button" onClick={() => open(summary.row.id)}>
            #{summary.row.id} {placeName(summary.row.area)} <Clock at={summary.dueAt} />
          </button>
        ))}
        {alarms.length > MOST && (
          <button
            type="button"
            onClick={() => model.narrow({ only: new Set(alarms.map((summary) => summary.row.id)) })}
          >
            {word("console.alarm.all", { n: number(alarms.length) })}
          </button>
        )}
      </span>
    </div>
  );
}

function Others({ model, open, others }: Props & { others: Alarms }) {
  const { distressed, missed, soon, gone } = others;
  const showHelped = (id: string) => {
    const job = model.lists.running.find((one) => one.row.volunteer_id === id);
    if (job) open(job.row.case_id);
    else location.assign("/posko#relawan");
  };
  const showSoon = () => model.narrow({ only: new Set(soon.map((summary) => summary.row.id)) });
  const showMissed = () => {
    const [first] = missed;
    model.set({ tab: "running", marked: first?.row.id ?? null });
    if (missed.length === 1 && first) open(first.row.case_id);
  };
  if (!distressed.length && !missed.length && !soon.length && !gone.length) return null;
  return (
    <div class="alerts" role="status">
      {distressed.map((one) => (
        <button key={one.id} type="button" class="alert missed" onClick={() => showHelped(one.id)}>
          {word("console.alarm.distress", { name: one.alias })}
        </button>
      ))}
      {missed.length > 0 && (
        <button type="button" class="alert missed" onClick={showMissed}>
          {word("console.alarm.missed", { n: number(missed.length) })}
        </button>
      )}
      {soon.length > 0 && (
        <button type="button" class="alert soon" onClick={showSoon}>
          {word("console.alarm.soon", { n: number(soon.length) })}
        </button>
      )}
      {gone.length > 0 && (
        <a class="alert gone" href="/posko">
          {word("console.alarm.gone", { items: gone.slice(0, MOST_GONE).map((item) => word(`items.${item}`)).join(", ") })}
          {gone.length > MOST_GONE && ` +${gone.length - MOST_GONE}`}
        </a>
      )}
    </div>
  );
}

/** Ring when there are more alarms than before; what was there when the page was opened is no news. */
function useRing(model: Model, lives: number, missed: number): void {
  const before = useRef<{ lives: number; missed: number } | null>(null);
  useEffect(() => {
    const was = before.current;
    if (was && (lives > was.lives || missed > was.missed)) ring();
    if (model.board.ready) before.current = { lives, missed };
  }, [lives, missed, model.board.ready]);
}

export function SoundToggle() {
  const [isOn, setOn] = useState(isSoundOn);
  const toggle = () => {
    turnSound(!isOn);
    setOn(!isOn);
  };
  return (
    <button type="button" class="button small quiet" aria-pressed={isOn} onClick={toggle}>
      {word(isOn ? "console.sound.on" : "console.sound.off")}
    </button>
  );
}
