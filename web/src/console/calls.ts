/** Calls to our own API as the signed-in person. */
import { ask, refusalOf, type Answer, type Asking, type Refusal } from "../api";
import { word } from "../words";
import { setup } from "./setup";

export type Result<T> = { ok: true; value: T } | { ok: false; status: number; refusal: Refusal };

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  more: Pick<Asking, "signal" | "lasting"> = {},
): Promise<Result<T>> {
  const send = () => {
    const headers: Record<string, string> = method === "GET" ? {} : { "X-CSRF-Token": setup.csrf };
    return ask(path, { method, body: method === "GET" ? undefined : (body ?? {}), headers, ...more });
  };
  let answer = await send();
  if (isStale(answer) && (await isSignedInAgain())) answer = await send();
  if (answer.status === 0) return { ok: false, status: 0, refusal: offline() };
  if (answer.status >= 400) return { ok: false, status: answer.status, refusal: refusalOf(answer) };
  return { ok: true, value: answer.json as T };
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal ? { signal } : {});
export const post = <T>(path: string, body?: unknown, lasting = false) => call<T>("POST", path, body, { lasting });

/** Refused because the session that this page was drawn for is over, and another one has begun. */
const isStale = (answer: Answer): boolean => answer.status === 403 && refusalOf(answer).code === "csrf";

/** Whether the same person has signed in again, in another tab: the page then goes on with the new session. */
async function isSignedInAgain(): Promise<boolean> {
  const me = await ask("/api/me");
  if (me.status !== 200 || me.json?.name !== setup.me.name) return false;
  setup.csrf = String(me.json.csrf);
  return true;
}

/** A path with the parameters that have a value. */
export function withQuery(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${path}?${query}` : path;
}

const offline = (): Refusal => ({ code: "offline", message: word("console.link.no_answer"), fields: {} });
