/** What this phone keeps, in IndexedDB: what waits to be sent, what was sent, and small things by name. */
export type Kind = "distress" | "report" | "photo" | "step";

export interface Waiting {
  /** The client id that makes sending it twice harmless. */
  id: string;
  kind: Kind;
  path: string;
  /** Of a step: POST unless it says otherwise. */
  method?: string;
  body: unknown;
  /** Of a photo: the client id of its report. */
  report?: string;
  /** Of a report: the form's fields, to fill it in again. */
  fields?: [string, string][];
  /** Of a step: the states in which it has been taken already. */
  past?: string[];
  /** Of a keeper's step: what it says in the list of what waits. */
  told?: string;
  /** Of a keeper's step: what it will make of lots. */
  effects?: Effect[];
  made_at: number;
  tries: number;
  next_at: number;
  /** The server will not take it as it is, and why. */
  refused?: { code: string; message: string; fields: Record<string, string> };
}

/** How much a step adds to what is on hand and held of a lot. */
export interface Effect {
  lot_id: string;
  on_hand: number;
  held: number;
}

/** The server's answer to a report that it has. */
export interface Sent {
  id: string;
  code: string;
  tier: number;
  due_at: string;
  received_at: string;
  /** What was sent, as JSON: a page that still shows it must not send it as another report. */
  content?: string;
  place_candidates?: { code: string; name: string; parents: string[] }[];
}

const NAME = "tanggap";
let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("waiting", { keyPath: "id" });
      request.result.createObjectStore("sent", { keyPath: "id" });
      request.result.createObjectStore("kept");
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Resolves when the change is on disk, not when it was asked for. */
async function run<T>(store: string, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const transaction = (await database()).transaction(store, mode);
  const request = act(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result as T);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const waiting = {
  all: () => run<Waiting[]>("waiting", "readonly", (store) => store.getAll()),
  get: (id: string) => run<Waiting | undefined>("waiting", "readonly", (store) => store.get(id)),
  put: (entry: Waiting) => run<void>("waiting", "readwrite", (store) => store.put(entry)),
  remove: (id: string) => run<void>("waiting", "readwrite", (store) => store.delete(id)),
};

export const sent = {
  all: () => run<Sent[]>("sent", "readonly", (store) => store.getAll()),
  get: (id: string) => run<Sent | undefined>("sent", "readonly", (store) => store.get(id)),
  put: (entry: Sent) => run<void>("sent", "readwrite", (store) => store.put(entry)),
};

export const kept = {
  get: <T>(name: string) => run<T | undefined>("kept", "readonly", (store) => store.get(name)),
  put: (name: string, value: unknown) => run<void>("kept", "readwrite", (store) => store.put(value, name)),
  remove: (name: string) => run<void>("kept", "readwrite", (store) => store.delete(name)),
  removeUnder: (beginning: string) =>
    run<void>("kept", "readwrite", (store) => store.delete(IDBKeyRange.bound(beginning, `${beginning}\uffff`))),
};
