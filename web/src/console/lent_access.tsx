/** Who holds a role here for some hours: a deputy, or somebody who took it in an emergency. The board says so. */
import { useEffect, useState } from "preact/hooks";
import { clockTime, word } from "../words";
import { get } from "./calls";
import type { Model } from "./model";
import { serverNow } from "./setup";

interface Lent {
  id: string;
  kind: "deputy" | "emergency";
  to: string;
  role: string;
  area_name: string;
  ends_at: string;
  state: "running" | "coming" | "over";
}

/** Begins and ends are seen by asking; what is lent or taken now is told of by an event. */
const LOOK_AGAIN_MS = 60_000;

export function LentAccess({ model }: { model: Model }) {
  const [found, setFound] = useState<Lent[]>([]);
  useEffect(() => {
    const look = () =>
      void get<{ access: Lent[] }>("/api/access").then((answer) => answer.ok && setFound(answer.value.access));
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    const stop = model.onEvents((events) => {
      if (events.some(({ type }) => type === "AccessLent")) look();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [model]);
  const running = found.filter((one) => one.state === "running" && Date.parse(one.ends_at) > serverNow());
  if (!running.length) return null;
  const isUrgent = running.some((one) => one.kind === "emergency");
  return (
    <p class={`notice ${isUrgent ? "warn" : "info"} small`} role={isUrgent ? "alert" : "status"}>
      {running.map((one) => (
        <span key={one.id}>
          {word(`console.access.${one.kind}`, {
            name: one.to,
            role: word(`roles.${one.role}`),
            area: one.area_name,
            until: clockTime(one.ends_at),
          })}
          {". "}
        </span>
      ))}
      <a href="/akses">{word("console.access.all")}</a>
    </p>
  );
}
