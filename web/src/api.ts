/** Calls to our own API, which never throw: without a network the status is 0. */
export interface Answer {
  status: number;
  /** What came back, when it was JSON. */
  json: Record<string, unknown> | null;
  retryAfterMs: number;
}

export interface Refusal {
  code: string;
  message: string;
  fields: Record<string, string>;
  state?: unknown;
}

export interface Asking {
  method?: string;
  /** Sent as JSON unless it is a Blob. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Without the session: what anybody may do needs no proof of who does it. */
  anonymous?: boolean;
  timeoutMs?: number;
  /** What changes by the year may come from the browser's own store. */
  cache?: RequestCache;
  signal?: AbortSignal;
  /** Goes out even when the page is left meanwhile; for small bodies only, as browsers have it. */
  lasting?: boolean;
}

const NO_ANSWER: Answer = { status: 0, json: null, retryAfterMs: 0 };

export async function ask(path: string, asking: Asking = {}): Promise<Answer> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), asking.timeoutMs ?? 30_000);
  asking.signal?.addEventListener("abort", () => stop.abort());
  try {
    const response = await fetch(path, {
      method: asking.method ?? "GET",
      headers: headersOf(asking),
      body: bodyOf(asking.body),
      credentials: asking.anonymous ? "omit" : "same-origin",
      cache: asking.cache ?? "no-store",
      signal: stop.signal,
      keepalive: asking.lasting ?? false,
    });
    return { status: response.status, json: await jsonOf(response), retryAfterMs: retryAfter(response) };
  } catch {
    return NO_ANSWER;
  } finally {
    clearTimeout(timer);
  }
}

/** What the server says is wrong, in the reader's words. */
export function refusalOf(answer: Answer): Refusal {
  const error = answer.json?.error as Partial<Refusal> | undefined;
  return { code: error?.code ?? "error", message: error?.message ?? "", fields: error?.fields ?? {}, state: error?.state };
}

let csrf: string | null = null;

/** A change by the signed-in person, with the session's CSRF token; a stale one is renewed once. */
export async function change(path: string, asking: Asking): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    if (csrf === null) {
      const me = await ask("/api/me");
      if (me.status !== 200) return me;
      csrf = String(me.json?.csrf ?? "");
    }
    const answer = await ask(path, { method: "POST", ...asking, headers: { ...asking.headers, "X-CSRF-Token": csrf } });
    if (tries > 0 || refusalOf(answer).code !== "csrf") return answer;
    csrf = null;
  }
}

function headersOf(asking: Asking): Record<string, string> {
  const json = asking.body !== undefined && !(asking.body instanceof Blob);
  const headers: Record<string, string> = json ? { "Content-Type": "application/json" } : {};
  if (typeof document !== "undefined") headers["Accept-Language"] = document.documentElement.lang;
  return { ...headers, ...asking.headers };
}

function bodyOf(body: unknown): BodyInit | undefined {
  if (body === undefined) return undefined;
  return body instanceof Blob ? body : JSON.stringify(body);
}

/** A login page of a free network answers 200 as well, but not in JSON. */
async function jsonOf(response: Response): Promise<Answer["json"]> {
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return null;
  return (await response.json()) as Record<string, unknown>;
}

function retryAfter(response: Response): number {
  return Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
}
