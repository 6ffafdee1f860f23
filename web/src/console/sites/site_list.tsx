/** All sites, found by name, place or kind; and a form for a new one. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { amount, number } from "../format";
import { useLoaded } from "../hooks";
import { Problem, Waiting } from "../parts";
import { placeName } from "../places";
import { mayAnywhere } from "../setup";
import { AddSite } from "./add_site";
import { loadSites, SITE_KINDS, type Site } from "./detail";
import { goTo } from "./sites";
import { Stale } from "./unsent";

const MOST = 100;
const MOST_ITEMS = 4;

export function SiteList() {
  const loaded = useLoaded("sites", loadSites);
  const [text, setText] = useState("");
  const [kind, setKind] = useState("");
  const [onlyStocked, setOnlyStocked] = useState(false);
  const [most, setMost] = useState(MOST);
  const [isAdding, setAdding] = useState(false);
  const all = loaded.value ?? [];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((site) => fits(site, words, kind, onlyStocked));
  return (
    <>
      <header class="row apart">
        <h1>{word("sites.title")}</h1>
        {mayAnywhere("site:edit") && (
          <button type="button" class="button" aria-expanded={isAdding} onClick={() => setAdding(!isAdding)}>
            {word("sites.add")}
          </button>
        )}
      </header>
      {isAdding && (
        <AddSite
          done={(site) => {
            setAdding(false);
            goTo(`/posko/${site.id}`);
          }}
        />
      )}
      <div class="site-search">
        <input
          type="search"
          aria-label={word("sites.search")}
          placeholder={word("sites.search")}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <select aria-label={word("sites.kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          <option value="">{word("sites.all_kinds")}</option>
          {SITE_KINDS.map((one) => (
            <option key={one} value={one}>
              {word(`site_kinds.${one}`)}
            </option>
          ))}
        </select>
        <label class="tick">
          <input
            type="checkbox"
            checked={onlyStocked}
            onChange={(event) => setOnlyStocked(event.currentTarget.checked)}
          />
          {word("sites.only_stocked")}
        </label>
      </div>
      <div role="status">
        <Stale />
      </div>
      <Problem refusal={loaded.refusal} again={loaded.again} />
      {!loaded.value && loaded.loading && <Waiting />}
      {loaded.value && (
        <p class="muted" role="status">
          {word("sites.count", { n: number(found.length), all: number(all.length) })}
        </p>
      )}
      <ul class="site-cards">
        {found.slice(0, most).map((site) => (
          <li key={site.id}>
            <SiteCard site={site} />
          </li>
        ))}
      </ul>
      {found.length > most && (
        <button type="button" class="button wide" onClick={() => setMost(most + 5 * MOST)}>
          {word("sites.more", { n: number(found.length - most) })}
        </button>
      )}
    </>
  );
}

function fits(site: Site, words: string[], kind: string, onlyStocked: boolean): boolean {
  if (kind && site.kind !== kind) return false;
  if (onlyStocked && !Object.keys(site.stock).length) return false;
  const hay = `${site.name} ${placeName(site.area)} ${site.address ?? ""}`.toLowerCase();
  return words.every((one) => hay.includes(one));
}

function SiteCard({ site }: { site: Site }) {
  const stock = Object.entries(site.stock);
  const path = `/posko/${site.id}`;
  return (
    <a
      class="card site-card"
      href={path}
      onClick={(event) => {
        event.preventDefault();
        goTo(path);
      }}
    >
      <span class="row apart">
        <strong>{site.name}</strong>
        {!site.open && <span class="badge warn">{word("sites.closed")}</span>}
      </span>
      <span class="muted">
        {word(`site_kinds.${site.kind}`)} · {placeName(site.area)}
      </span>
      <span>
        {stock.length
          ? stock
              .slice(0, MOST_ITEMS)
              .map(([item, free]) => amount(item, free))
              .join(", ") + (stock.length > MOST_ITEMS ? ` +${stock.length - MOST_ITEMS}` : "")
          : word("sites.no_stock")}
      </span>
      {site.flags.map((flag) => (
        <span key={flag} class="flagged">
          ! {word(`flags.${flag}`)}
        </span>
      ))}
    </a>
  );
}
