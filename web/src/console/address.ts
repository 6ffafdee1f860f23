/** Which screen the address names, and going to another one without loading the page again. */
import { useEffect, useState } from "preact/hooks";
import { TIERS, type Tier } from "./rows";

export interface Address {
  screen: "board" | "plans";
  caseId: number | null;
  planId: string | null;
  incident: string | null;
  area: string | null;
}

export function readAddress(): Address {
  const [, , part, id] = location.pathname.split("/");
  const query = new URLSearchParams(location.search);
  const isPlans = part === "rencana";
  return {
    screen: isPlans ? "plans" : "board",
    caseId: part === "kasus" && id ? Number(id) : null,
    planId: isPlans && id ? id : null,
    incident: query.get("incident"),
    area: query.get("area"),
  };
}

/** The path with the incident and area that are looked at. */
export function pathTo(path: string): string {
  const kept = new URLSearchParams(location.search);
  kept.delete("lang");
  return kept.size ? `${path}?${kept}` : path;
}

export const casePath = (caseId: number): string => pathTo(`/konsol/kasus/${caseId}`);
export const boardPath = (): string => pathTo("/konsol");
export const plansPath = (planId = ""): string => pathTo(planId ? `/konsol/rencana/${planId}` : "/konsol/rencana");

export function go(path: string): void {
  if (path === location.pathname + location.search) return;
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** What is looked for on the board, as the address keeps it: it can be sent to a colleague and outlives a reload. */
export interface Kept {
  within: string;
  tiers: Tier[];
  text: string;
  list: string;
}

export function readKept(): Kept {
  const query = new URLSearchParams(location.search);
  const tiers = TIERS.filter((tier) => (query.get("tiers") ?? "").includes(String(tier)));
  return {
    within: query.get("within") ?? "",
    tiers: tiers.length ? tiers : [...TIERS],
    text: query.get("q") ?? "",
    list: query.get("list") ?? "",
  };
}

export function keep({ within, tiers, text, list }: Kept): void {
  const query = new URLSearchParams(location.search);
  const put = (name: string, value: string) => (value ? query.set(name, value) : query.delete(name));
  put("within", within);
  put("tiers", tiers.length === TIERS.length ? "" : tiers.join(""));
  put("q", text);
  put("list", list);
  const path = query.size ? `${location.pathname}?${query}` : location.pathname;
  if (path !== location.pathname + location.search) history.replaceState(null, "", path);
}

export function useAddress(): Address {
  const [address, setAddress] = useState(readAddress);
  useEffect(() => {
    const listener = () => setAddress(readAddress());
    addEventListener("popstate", listener);
    return () => removeEventListener("popstate", listener);
  }, []);
  return address;
}
