/** Who else looks at the case just now: two who decide the same thing should know of each other. */
import { useEffect, useState } from "preact/hooks";
import { word } from "../../words";
import { post } from "../calls";

/** How often we say that we are still here: server/services/looking.py counts on it. */
const SAY_MS = 8_000;

export function Others({ caseId }: { caseId: number }) {
  const [others, setOthers] = useState<string[]>([]);
  useEffect(() => {
    let isGone = false;
    const path = `/api/cases/${caseId}/look`;
    const say = async () => {
      // A page that nobody sees does not look.
      if (document.hidden) return;
      const answer = await post<{ others: string[] }>(path, {});
      if (!isGone) setOthers(answer.ok ? answer.value.others : []);
    };
    const leave = () => void post(path, { away: true }, true);
    void say();
    const timer = setInterval(() => void say(), SAY_MS);
    addEventListener("pagehide", leave);
    return () => {
      isGone = true;
      clearInterval(timer);
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [caseId]);
  return (
    <p class="others" role="status">
      {others.length > 0 && word("case.others", { names: others.join(", ") })}
    </p>
  );
}
