/** The frame of the sites' screen: the list, one site, or volunteers who wait. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { word } from "../../words";
import { DistressAlarm } from "../distress";
import { useChanges } from "../hooks";
import { loadNames, whenNamed } from "../places";
import { mayAnywhere } from "../setup";
import { Toasts } from "../toasts";
import { SiteList } from "./site_list";
import { SiteView } from "./site_view";
import { Volunteers } from "./volunteers";

type Where = { screen: "list" } | { screen: "site"; id: string } | { screen: "volunteers" };

function read(): Where {
  const id = location.pathname.split("/")[2];
  if (id) return { screen: "site", id };
  return { screen: location.hash === "#relawan" ? "volunteers" : "list" };
}

export function goTo(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
  scrollTo(0, 0);
}

export function Sites() {
  const [where, setWhere] = useState(read);
  useEffect(() => {
    const listener = () => setWhere(read());
    addEventListener("popstate", listener);
    void loadNames();
    return () => removeEventListener("popstate", listener);
  }, []);
  useChanges(useCallback((listener) => whenNamed(listener), []));
  return (
    <div class="sites stack">
      <DistressAlarm />
      <nav class="screens" aria-label={word("sites.screens")}>
        <Tab path="/posko" label={word("sites.title")} current={where.screen !== "volunteers"} />
        {mayAnywhere("volunteer:accept") && (
          <Tab path="/posko#relawan" label={word("sites.volunteers")} current={where.screen === "volunteers"} />
        )}
        {mayAnywhere("gift:edit") && <a href="/posko/donasi">{word("desk.title")}</a>}
      </nav>
      {where.screen === "list" && <SiteList />}
      {where.screen === "site" && <SiteView key={where.id} id={where.id} />}
      {where.screen === "volunteers" && <Volunteers />}
      <Toasts />
    </div>
  );
}

function Tab({ path, label, current }: { path: string; label: string; current: boolean }) {
  return (
    <a
      href={path}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        event.preventDefault();
        goTo(path);
      }}
    >
      {label}
    </a>
  );
}
