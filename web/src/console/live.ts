/** Keeps a board up to date: a snapshot, then events by socket, and what was missed after every interruption. */
import { io, type Socket } from "socket.io-client";
import type { Refusal } from "../api";
import type { Board } from "./board";
import { get, withQuery } from "./calls";
import type { EventMessage, Snapshot } from "./rows";

/** starting: no board yet. live: events arrive. behind: catching up, or asking again and again. */
export type LinkState = "starting" | "live" | "behind" | "signed_out" | "refused";

interface Page {
  events: EventMessage[];
  cursor: number;
  next: number | null;
}

/** What the document says when the page may have slept. */
const WAKE_SIGNS = ["visibilitychange", "resume"] as const;
const AGAIN_MS = 3_000;
const CHECK_MS = 45_000;
/** A clock that stood still this long tells that the machine slept; what was connected then is dead. */
const TICK_MS = 2_000;
const SLEPT_MS = 20_000;
/** Pages of events beyond which a new snapshot is less to send. */
const MOST_PAGES = 8;
/** How old, in seconds, the first board may be: what came after is asked for once the socket listens. */
const FIRST_MAY_BE_S = 30;

export class Live {
  state: LinkState = "starting";
  refusal: Refusal | null = null;
  /** When the server was last heard, in ms: what is shown is as old as that. */
  heardAt = 0;
  private socket: Socket | null = null;
  private held: EventMessage[] | null = null;
  private healing: Promise<void> | null = null;
  private asking = new AbortController();
  private timer = 0;
  private ticks = 0;
  private forget = (): void => undefined;
  private stopped = false;

  constructor(
    private board: Board,
    private where: { incident: string; area: string | null },
    private onState: () => void,
  ) {}

  async start(): Promise<void> {
    await this.takeBoard(Number.POSITIVE_INFINITY, FIRST_MAY_BE_S);
    if (this.stopped) return;
    this.socket = io({ path: "/socket.io", transports: ["websocket", "polling"], tryAllTransports: true });
    this.socket.on("connect", () => void this.listen());
    this.socket.on("events", (events: EventMessage[]) => this.hear(events));
    this.socket.on("disconnect", (reason) => void this.lost(reason));
    this.socket.on("connect_error", () => this.say("behind"));
    // The server's own sign of life, every 25 s.
    this.socket.io.on("ping", () => this.heard());
    this.askAgain();
    this.watchSleep();
  }

  /** After a sleep of the machine, catch up at once instead of when a timer or the socket gets round to it. */
  private watchSleep(): void {
    let last = Date.now();
    const look = () => {
      const slept = Date.now() - last;
      last = Date.now();
      if (slept > SLEPT_MS && !document.hidden) this.wake();
    };
    this.ticks = window.setInterval(look, TICK_MS);
    for (const sign of WAKE_SIGNS) document.addEventListener(sign, look);
    addEventListener("online", this.wake);
    this.forget = () => {
      clearInterval(this.ticks);
      for (const sign of WAKE_SIGNS) document.removeEventListener(sign, look);
      removeEventListener("online", this.wake);
    };
  }

  private wake = (): void => {
    this.say("behind");
    // What was asked before the sleep is not waited for.
    this.asking.abort();
    this.asking = new AbortController();
    void Promise.resolve(this.healing).then(() => this.heal());
    // Also one that looks connected: nobody told it that the other end is gone.
    this.socket?.disconnect().connect();
  };

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.forget();
    this.socket?.disconnect();
  }

  /** Also without a socket the board goes on, by asking; with one, a rare look makes up for what got lost. */
  private askAgain(): void {
    const pause = this.state === "live" ? CHECK_MS : AGAIN_MS;
    this.timer = window.setTimeout(async () => {
      await this.heal();
      if (!this.stopped) this.askAgain();
    }, pause);
  }

  /** A server that hangs up on purpose means that the session or a right is over, which asking tells; nobody redials. */
  private async lost(reason: string): Promise<void> {
    this.say("behind");
    if (reason === "io server disconnect" && (await this.heal()) && !this.stopped) this.socket?.connect();
  }

  private async listen(): Promise<void> {
    if (this.state !== "starting") this.say("behind");
    const { incident, area } = this.where;
    const wanted = { incident, ...(area === null ? {} : { area }), cursor: this.board.cursor };
    const answer = (await this.socket
      ?.timeout(10_000)
      .emitWithAck("subscribe", wanted)
      .catch(() => null)) as { ok?: boolean; error?: Refusal } | null | undefined;
    if (answer?.error) this.refuse(answer.error);
    if (!answer?.ok) return;
    // What is under way was asked for before we listened, and may end before what we hear first.
    await this.healing;
    if ((await this.heal()) && this.socket?.connected) this.say("live");
  }

  private hear(events: EventMessage[]): void {
    this.heard();
    if (this.held) this.held.push(...events);
    else this.board.apply(events);
  }

  /** Take what was missed; live events wait meanwhile, so that none is dropped for being newer. */
  private async heal(): Promise<boolean> {
    this.healing ??= this.catchUp()
      .catch(() => undefined)
      .finally(() => {
        this.healing = null;
      });
    await this.healing;
    return this.caughtUp;
  }

  private caughtUp = false;

  private async catchUp(): Promise<void> {
    this.held = [];
    this.caughtUp = false;
    try {
      this.caughtUp = await this.pages();
    } finally {
      const held = this.held ?? [];
      this.held = null;
      this.board.apply(held);
    }
  }

  private async pages(): Promise<boolean> {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const path = withQuery("/api/events", { ...this.where, after: this.board.cursor || "0" });
      const answer = await get<Page>(path, this.asking.signal);
      if (!answer.ok && answer.status === 410) return this.takeBoard(1);
      if (!answer.ok) return this.failed(answer.status, answer.refusal);
      this.heard();
      this.board.apply(answer.value.events, answer.value.cursor);
      if (answer.value.next === null) return true;
    }
    return this.takeBoard(1);
  }

  private failed(status: number, refusal: Refusal): false {
    if (status === 401) this.say("signed_out");
    else if (status === 403 || status === 404 || status === 422) this.refuse(refusal);
    else this.say("behind");
    return false;
  }

  private async takeBoard(tries: number, mayBeS = 0): Promise<boolean> {
    for (let n = 1; n <= tries && !this.stopped; n += 1) {
      const answer = await get<Snapshot>(withQuery("/api/board", { ...this.where, max_age: mayBeS }));
      if (this.stopped) return false;
      if (answer.ok) {
        this.heard();
        this.board.load(answer.value);
        return true;
      }
      this.failed(answer.status, answer.refusal);
      if (this.state === "refused" || this.state === "signed_out") return false;
      if (n < tries) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    return false;
  }

  private heard(): void {
    this.heardAt = Date.now();
  }

  private refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.say("refused");
  }

  private say(state: LinkState): void {
    // Who is signed out stays so until the page is opened anew.
    if (this.stopped || this.state === state || this.state === "signed_out") return;
    this.state = state;
    this.onState();
  }
}
