/** Calls to our own API as the signed-in person. */
import { ask, refusalOf, type Asking, type Refusal } from "../api";
import { word } from "../words";
import { setup } from "./setup";

export type Result<T> = { ok: true; value: T } | { ok: false; status: number; refusal: Refusal };

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  more: Pick<Asking, "signal" | "lasting"> = {},
): Promise<Result<T>> {
  const headers: Record<string, string> = method === "GET" ? {} : { "X-CSRF-Token": setup.csrf };
  const answer = await ask(path, { method, body: method === "GET" ? undefined : (body ?? {}), headers, ...more });
  if (answer.status === 0) return { ok: false, status: 0, refusal: offline() };
  if (answer.status >= 400) return { ok: false, status: answer.status, refusal: refusalOf(answer) };
  return { ok: true, value: answer.json as T };
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal ? { signal } : {});
export const post = <T>(path: string, body?: unknown, lasting = false) => call<T>("POST", path, body, { lasting });

/** A path with the parameters that have a value. */
export function withQuery(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${path}?${query}` : path;
}

const offline = (): Refusal => ({ code: "offline", message: word("console.link.no_answer"), fields: {} });
