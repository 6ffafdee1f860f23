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

const AGAIN_MS = 3_000;
const CHECK_MS = 45_000;
/** Pages of events beyond which a new snapshot is less to send. */
const MOST_PAGES = 8;

export class Live {
  state: LinkState = "starting";
  refusal: Refusal | null = null;
  private socket: Socket | null = null;
  private held: EventMessage[] | null = null;
  private healing: Promise<void> | null = null;
  private timer = 0;
  private stopped = false;

  constructor(
    private board: Board,
    private where: { incident: string; area: string | null },
    private onState: () => void,
  ) {}

  async start(): Promise<void> {
    await this.takeBoard();
    if (this.stopped) return;
    this.socket = io({ path: "/socket.io", transports: ["websocket", "polling"], tryAllTransports: true });
    this.socket.on("connect", () => void this.listen());
    this.socket.on("events", (events: EventMessage[]) => this.hear(events));
    this.socket.on("disconnect", () => this.say("behind"));
    this.socket.on("connect_error", () => this.say("behind"));
    this.askAgain();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
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

  private async listen(): Promise<void> {
    this.say("behind");
    const { incident, area } = this.where;
    const wanted = { incident, ...(area === null ? {} : { area }), cursor: this.board.cursor };
    const answer = (await this.socket
      ?.timeout(10_000)
      .emitWithAck("subscribe", wanted)
      .catch(() => null)) as { ok?: boolean; error?: Refusal } | null | undefined;
    if (answer?.error) this.refuse(answer.error);
    if (!answer?.ok) return;
    // What is under way was asked for before we listened, and may end before what we hear first.
    await this.healing?.catch(() => undefined);
    if ((await this.heal()) && this.socket?.connected) this.say("live");
  }

  private hear(events: EventMessage[]): void {
    if (this.held) this.held.push(...events);
    else this.board.apply(events);
  }

  /** Take what was missed; live events wait meanwhile, so that none is dropped for being newer. */
  private async heal(): Promise<boolean> {
    this.healing ??= this.catchUp().finally(() => {
      this.healing = null;
    });
    await this.healing.catch(() => undefined);
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
      const answer = await get<Page>(withQuery("/api/events", { ...this.where, after: this.board.cursor || "0" }));
      if (!answer.ok && answer.status === 410) return this.takeBoard(1);
      if (!answer.ok) return this.failed(answer.status, answer.refusal);
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

  private async takeBoard(tries = Number.POSITIVE_INFINITY): Promise<boolean> {
    for (let n = 1; n <= tries && !this.stopped; n += 1) {
      const answer = await get<Snapshot>(withQuery("/api/board", this.where));
      if (this.stopped) return false;
      if (answer.ok) {
        this.board.load(answer.value);
        return true;
      }
      this.failed(answer.status, answer.refusal);
      if (this.state === "refused" || this.state === "signed_out") return false;
      if (n < tries) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    return false;
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
