/** What is looked at: incident, area, tiers, text; and how the link to the server is. */
import { useState } from "preact/hooks";
import { word } from "../words";
import { SoundToggle } from "./alarm";
import { boardPath, go, plansPath, type Address } from "./address";
import { shortSpan } from "./format";
import { useNow } from "./hooks";
import type { LinkState } from "./live";
import type { Model } from "./model";
import { below, placeName } from "./places";
import { incidentOf, mayAnywhere, setup } from "./setup";
import { TierChoice } from "./tier_choice";

const FRESH_MS = 50_000;

interface Props {
  model: Model;
  address: Address;
  help: () => void;
  enter: () => void;
  wall: () => void;
}

export function Toolbar({ model, address, help, enter, wall }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="toolbar">
      <nav class="screens" aria-label={word("console.screens")}>
        <ScreenLink path={boardPath()} label={word("console.board")} current={address.screen === "board"} />
        {mayAnywhere("board:read") && (
          <ScreenLink path={plansPath()} label={word("plan.title")} current={address.screen === "plans"} />
        )}
      </nav>
      <IncidentChoice model={model} />
      {incidentOf(model.incident)?.training && <span class="badge warn">{word("console.training_now")}</span>}
      {address.screen === "board" && (
        <>
          <button
            type="button"
            class="button small filters-toggle"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {word("console.filters")}
          </button>
          <div class={`filters ${isOpen ? "open" : ""}`}>
            <AreaChoice model={model} />
            <TierChoice chosen={model.filter.tiers} choose={(tiers) => model.narrow({ tiers })} />
            <input
              id="search"
              type="search"
              value={model.filter.text}
              placeholder={word("console.search")}
              aria-label={word("console.search")}
              onInput={(event) => model.narrow({ text: event.currentTarget.value })}
            />
          </div>
        </>
      )}
      {address.screen === "board" && (
        <button type="button" class="button small" onClick={enter}>
          + {word("console.desk.button")}
        </button>
      )}
      {address.screen === "board" && <More help={help} wall={wall} />}
      <Link state={model.link.state} heardAt={model.link.heardAt} />
    </div>
  );
}

/** What is wanted now and then. */
function More({ help, wall }: { help: () => void; wall: () => void }) {
  return (
    <details class="more-menu">
      <summary class="button small quiet">{word("console.more")}</summary>
      <div class="more-list">
        <SoundToggle />
        <button type="button" class="button small quiet" onClick={wall}>
          {word("console.wall.open")}
        </button>
        <button type="button" class="button small quiet" onClick={() => print()}>
          {word("console.print.button")}
        </button>
        <button type="button" class="button small quiet" onClick={help}>
          {word("console.keys_help.title")}
        </button>
      </div>
    </details>
  );
}

function ScreenLink({ path, label, current }: { path: string; label: string; current: boolean }) {
  return (
    <a
      href={path}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        event.preventDefault();
        go(path);
      }}
    >
      {label}
    </a>
  );
}

/** Another incident or top area is another board: the page starts anew with it. */
function IncidentChoice({ model }: { model: Model }) {
  const tops = setup.workplace.rights["board:read"] ?? [];
  const reopen = (name: string, value: string) => {
    const query = new URLSearchParams(location.search);
    query.set(name, value);
    location.assign(`${location.pathname.startsWith("/konsol/rencana") ? "/konsol/rencana" : "/konsol"}?${query}`);
  };
  return (
    <>
      <select
        aria-label={word("console.incident")}
        value={model.incident}
        onChange={(event) => reopen("incident", event.currentTarget.value)}
      >
        {setup.workplace.incidents.map((incident) => (
          <option key={incident.slug} value={incident.slug}>
            {incident.name}
            {incident.training ? ` (${word("console.training")})` : ""}
          </option>
        ))}
      </select>
      {tops.length > 1 && (
        <select
          aria-label={word("console.my_area")}
          value={model.area ?? ""}
          onChange={(event) => reopen("area", event.currentTarget.value)}
        >
          {tops.map((top) => (
            <option key={top} value={top}>
              {placeName(top)}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

/** Narrows the board step by step: first the regency, then its districts. */
function AreaChoice({ model }: { model: Model }) {
  const top = model.area ?? setup.workplace.rights["board:read"]?.[0] ?? "";
  const chosen = model.filter.area;
  const start = top === "" ? "32" : top;
  const inside = chosen === "" ? below(start) : below(chosen);
  const above = chosen.split(".").slice(0, -1).join(".");
  return (
    <select
      aria-label={word("console.area")}
      value={chosen}
      onChange={(event) => model.narrow({ area: event.currentTarget.value, only: null })}
    >
      <option value="">{word("console.all_areas")}</option>
      {chosen !== "" && above !== "" && above !== start && <option value={above}>‹ {placeName(above)}</option>}
      {chosen !== "" && <option value={chosen}>{placeName(chosen)}</option>}
      {inside.map((place) => (
        <option key={place.code} value={place.code}>
          {chosen === "" ? place.name : `  ${place.name}`}
        </option>
      ))}
    </select>
  );
}

/** How the link to the server is, and how old what is shown may be. */
function Link({ state, heardAt }: { state: LinkState; heardAt: number }) {
  const now = useNow(5_000);
  return (
    <span class="link-light">
      <span class={`link-state ${state}`} role="status">
        <i aria-hidden="true" />
        {word(`console.link.${state}`)}
      </span>
      {heardAt > 0 && (
        <time class="link-age" dateTime={new Date(heardAt).toISOString()} title={word("console.link.age_what")}>
          {ageWord(now - heardAt)}
        </time>
      )}
    </span>
  );
}

/** The server is heard at least every 25 s: below twice that, what is shown is of now. */
function ageWord(ms: number): string {
  return ms < FRESH_MS ? word("console.link.now") : word("console.link.age", { span: shortSpan(ms) });
}
