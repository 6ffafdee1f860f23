/** A stock-take: every lot of the site counted in one go; each difference becomes ledger rows of its own. */
import { useEffect, useRef, useState } from "preact/hooks";
import { newId } from "../../offline";
import { kept } from "../../store";
import { word } from "../../words";
import { amount, day, number, quantityOf } from "../format";
import { Do, Field } from "../parts";
import { say } from "../toasts";
import { sendStock, type Lot, type Site } from "./detail";
import { KEPT_SITES } from "./kept";

interface Draft {
  counts: Record<string, string>;
  reason: string;
}

const NOTHING: Draft = { counts: {}, reason: "" };

export function CountAll({ site, lots, done }: { site: Site; lots: Lot[]; done: () => void }) {
  const [draft, setDraft] = useState(NOTHING);
  const [isLoaded, setLoaded] = useState(false);
  // What is typed quickly one after the other must not be put together from what is on the screen.
  const latest = useRef(NOTHING);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const ids = useRef<Record<string, string>>({});
  const isRunning = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const name = `${KEPT_SITES}count/${site.id}`;
  useEffect(() => {
    void kept
      .get<Draft>(name)
      .catch(() => undefined)
      .then((before) => {
        latest.current = before ?? NOTHING;
        setDraft(latest.current);
        setLoaded(true);
      });
  }, [name]);
  useEffect(() => form.current?.querySelector<HTMLElement>(".wrong input")?.focus(), [wrong]);
  const change = (part: Partial<Draft>) => {
    latest.current = { ...latest.current, ...part };
    setDraft(latest.current);
    void kept.put(name, latest.current).catch(() => undefined);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isRunning.current) return;
    const problems = wrongOf(draft, lots);
    setWrong(problems);
    if (Object.keys(problems).length) return;
    isRunning.current = true;
    setBusy(true);
    const { counts, refused, isKept } = await save(draft, lots, ids.current);
    isRunning.current = false;
    setBusy(false);
    change({ counts, reason: Object.keys(refused).length ? draft.reason : "" });
    setWrong(refused);
    if (Object.keys(refused).length) return;
    say(word(isKept ? "sites.kept" : "sites.done.adjust"));
    done();
  };
  // What is typed before the earlier draft is there would be lost to it.
  if (!isLoaded) return null;
  return (
    <form class="inline-form count-all" ref={form} noValidate onSubmit={(event) => void submit(event)}>
      <h3>{word("sites.count_all")}</h3>
      <p class="hint">{word("sites.count_all_how")}</p>
      {lots.map((lot) => (
        <Field
          key={lot.id}
          name={`count-${lot.id}`}
          label={`${word(`items.${lot.item}`)}${lot.expiry ? ` (${day(lot.expiry)})` : ""}`}
          hint={hintOf(lot, draft.counts[lot.id])}
          wrong={wrong[lot.id]}
        >
          <input
            id={`count-${lot.id}`}
            inputMode="numeric"
            autocomplete="off"
            value={draft.counts[lot.id] ?? ""}
            onInput={(event) =>
              change({ counts: { ...latest.current.counts, [lot.id]: event.currentTarget.value } })
            }
          />
        </Field>
      ))}
      <Field name="count-reason" label={word("sites.count_reason")} wrong={wrong.reason}>
        <input
          id="count-reason"
          value={draft.reason}
          onInput={(event) => change({ reason: event.currentTarget.value })}
        />
      </Field>
      <Do submit tone="primary" busy={busy}>
        {word("sites.count_all_do")}
      </Do>
    </form>
  );
}

function hintOf(lot: Lot, typed: string | undefined): string {
  const ledger = word("sites.by_ledger", { n: quantityOf(lot.item, lot.on_hand) });
  const counted = wholeOf(typed);
  if (counted === null) return ledger;
  const difference = counted - lot.on_hand;
  return `${ledger} · ${word("sites.difference", { n: `${difference > 0 ? "+" : ""}${number(difference)}` })}`;
}

const wholeOf = (text: string | undefined): number | null =>
  /^\d{1,8}$/.test((text ?? "").trim()) ? Number(text!.trim()) : null;

function wrongOf(draft: Draft, lots: Lot[]): Record<string, string> {
  const typed = lots.filter((lot) => (draft.counts[lot.id] ?? "").trim() !== "");
  const found: Record<string, string> = {};
  for (const lot of typed) if (wholeOf(draft.counts[lot.id]) === null) found[lot.id] = word("sites.whole_number");
  const differs = typed.some((lot) => wholeOf(draft.counts[lot.id]) !== lot.on_hand);
  if (differs && draft.reason.trim().length < 3) found.reason = word("sites.reason_wanted");
  const first = lots[0];
  if (!typed.length && first) found[first.id] = word("sites.count_something");
  return found;
}

/** Sends what differs, lot by lot; gives back what was refused, with the counts that were not taken. */
async function save(draft: Draft, lots: Lot[], ids: Record<string, string>) {
  const counts = { ...draft.counts };
  const refused: Record<string, string> = {};
  let isKept = false;
  for (const lot of lots) {
    const counted = wholeOf(counts[lot.id]);
    if (counted === null) continue;
    if (counted !== lot.on_hand) {
      ids[lot.id] ??= newId();
      const body = { client_id: ids[lot.id], lot_id: lot.id, counted, on_hand: lot.on_hand, reason: draft.reason.trim() };
      const effects = [{ lot_id: lot.id, on_hand: counted - lot.on_hand, held: 0 }];
      const result = await sendStock("adjust", body, `${word("sites.actions.adjust")}: ${amount(lot.item, counted)}`, effects);
      if (!result.ok) {
        refused[lot.id] = Object.values(result.refusal.fields).join(" ") || result.refusal.message;
        delete ids[lot.id];
        continue;
      }
      isKept ||= result.value === "kept";
      delete ids[lot.id];
    }
    delete counts[lot.id];
  }
  return { counts, refused, isKept };
}
