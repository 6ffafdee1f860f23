/** Volunteers who call for help: above everything on every screen, until a coordinator answers and it is over. */
import { useEffect, useState } from "preact/hooks";
import { moment, word } from "../words";
import { get, post, type Result } from "./calls";
import { useDoing } from "./hooks";
import type { Model } from "./model";
import { Problem } from "./parts";
import { placeName } from "./places";
import { mayAnywhere } from "./setup";

interface Call {
  id: string;
  state: "open" | "answered";
  alias: string;
  area: string;
  note: string | null;
  place: { lon: number; lat: number; accuracy_m: number | null } | null;
  called_at: string;
  answered_by: string | null;
}

/** Calls of other incidents than the one on the screen come by asking, and all of them where there is no board. */
const LOOK_AGAIN_MS = 30_000;

export function DistressAlarm({ model }: { model?: Model }) {
  const [calls, setCalls] = useState<Call[]>([]);
  useEffect(() => {
    if (!mayAnywhere("assignment:manage")) return;
    const look = () =>
      void get<{ calls: Call[] }>("/api/distress").then((found) => found.ok && setCalls(found.value.calls));
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    const stop = model?.onEvents((events) => {
      if (events.some(({ type }) => type === "DistressChanged")) look();
    });
    return () => {
      clearInterval(timer);
      stop?.();
    };
  }, [model]);
  const settle = (now: Call) =>
    setCalls((before) => before.map((one) => (one.id === now.id ? { ...one, ...now } : one)).filter(isLive));
  if (!calls.length) return null;
  return (
    <div class="distress" role="alert">
      <strong>{word("console.distress.title", { n: calls.length })}</strong>
      <ul>
        {calls.map((call) => (
          <One key={call.id} call={call} settle={settle} />
        ))}
      </ul>
    </div>
  );
}

const isLive = (call: { state: string }): boolean => call.state !== "ended";

function One({ call, settle }: { call: Call; settle: (now: Call) => void }) {
  const doing = useDoing();
  const [phone, setPhone] = useState<string | null>(null);
  const act = async (action: "answer" | "end") => {
    const now = await doing.run((): Promise<Result<Call>> => post(`/api/distress/${call.id}/${action}`));
    if (now) settle(now);
  };
  const show = async () => {
    const found = await doing.run(() =>
      post<{ name: string; phone: string | null }>(`/api/distress/${call.id}/reveal`),
    );
    if (found) setPhone(found.phone ?? "");
  };
  const { place } = call;
  return (
    <li>
      <b>{call.alias}</b> {placeName(call.area)} <time dateTime={call.called_at}>{moment(call.called_at)}</time>
      {call.note && <q>{call.note}</q>}
      {place && (
        <a href={`geo:${place.lat},${place.lon}?q=${place.lat},${place.lon}`}>
          {place.lat.toFixed(5)}, {place.lon.toFixed(5)}
        </a>
      )}
      {call.answered_by && <span>{word("console.distress.answered", { name: call.answered_by })}</span>}
      {phone ? (
        <a href={`tel:${phone}`}>{phone}</a>
      ) : (
        <button type="button" onClick={() => void show()} disabled={doing.busy}>
          {word(phone === "" ? "console.distress.no_phone" : "console.distress.phone")}
        </button>
      )}
      {call.state === "open" && (
        <button type="button" onClick={() => void act("answer")} disabled={doing.busy}>
          {word("console.distress.answer")}
        </button>
      )}
      {call.state === "answered" && (
        <button type="button" onClick={() => void act("end")} disabled={doing.busy}>
          {word("console.distress.end")}
        </button>
      )}
      <Problem refusal={doing.refusal} />
    </li>
  );
}
