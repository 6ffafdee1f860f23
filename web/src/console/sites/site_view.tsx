/** One site: what lies there, what leaves it, what came and went. */
import { useEffect, useRef, useState } from "preact/hooks";
import { word } from "../../words";
import { useDoing, useLoaded } from "../hooks";
import { Do, Problem, Waiting } from "../parts";
import { wholePlaceName } from "../places";
import { may } from "../setup";
import { say } from "../toasts";
import { changeSite, loadLedger, loadPickups, loadSite, loadStock, type Site } from "./detail";
import { ahead, useWaiting } from "./kept";
import { Ledger } from "./ledger";
import { Pickups } from "./pickups";
import { goTo } from "./sites";
import { Stock } from "./stock";
import { Unsent } from "./unsent";

const LOOK_AGAIN_MS = 20_000;

export function SiteView({ id }: { id: string }) {
  const site = useLoaded(id, (signal) => loadSite(id, signal));
  const stock = useLoaded(id, (signal) => loadStock(id, signal));
  const pickups = useLoaded(id, (signal) => loadPickups(id, signal));
  const ledger = useLoaded(id, (signal) => loadLedger(id, signal));
  const entries = useWaiting();
  const [turn, setTurn] = useState(0);
  const lots = stock.value && ahead(stock.value.lots, entries);
  const everything = () => {
    for (const one of [site, stock, pickups, ledger]) one.again();
    setTurn(turn + 1);
  };
  // What was sent has changed what the server says.
  const waited = useRef(0);
  useEffect(() => {
    if (entries.length < waited.current) everything();
    waited.current = entries.length;
  }, [entries.length]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      stock.again();
      pickups.again();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [id]);
  return (
    <>
      <p>
        <button type="button" class="link" onClick={() => goTo("/posko")}>
          ‹ {word("sites.all")}
        </button>
      </p>
      <Unsent entries={entries} again={everything} />
      <Problem refusal={site.refusal} again={site.again} />
      {!site.value && site.loading && <Waiting />}
      {site.value && (
        <>
          <Head site={site.value} again={everything} />
          <div class="site-parts">
            <div class="stack">
              <Stock site={site.value} lots={lots} again={everything} />
              <Problem refusal={stock.refusal} again={stock.again} />
              <Ledger entries={ledger.value?.entries ?? null} />
            </div>
            <div class="stack">
              <Pickups
                rows={pickups.value?.pickups ?? null}
                lots={lots ?? []}
                canEdit={may("stock:edit", site.value.area)}
                entries={entries}
                again={everything}
              />
              <Problem refusal={pickups.refusal} again={pickups.again} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

function Head({ site, again }: { site: Site; again: () => void }) {
  const doing = useDoing();
  const toggle = async () => {
    const done = await doing.run(() => changeSite(site.id, { version: site.version, is_open: !site.open }));
    if (done) say(word(done.open ? "sites.now_open" : "sites.now_closed"));
    again();
  };
  return (
    <header class="stack">
      <div class="row apart">
        <h1>{site.name}</h1>
        {may("site:edit", site.area) && (
          <Do busy={doing.busy} onClick={() => void toggle()}>
            {word(site.open ? "sites.close" : "sites.open")}
          </Do>
        )}
      </div>
      <p class="muted">
        {[word(`site_kinds.${site.kind}`), site.address, wholePlaceName(site.area)].filter(Boolean).join(" · ")}
      </p>
      {!site.open && <p class="notice warn">{word("sites.closed_what")}</p>}
      {site.flags.map((flag) => (
        <p key={flag} class="notice warn">
          {word(`flags.${flag}`)}
        </p>
      ))}
      <Problem refusal={doing.refusal} />
    </header>
  );
}
