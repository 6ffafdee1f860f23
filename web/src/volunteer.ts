/** /relawan and /relawan/tugas: signing up; check-in, offers and jobs, live, and from memory without a network. */
import { io } from "socket.io-client";
import { startLists } from "./around";
import { drawCheckIn, startCheckIn } from "./checkin";
import { drawDistress } from "./distress";
import { element } from "./dom";
import { drawWork, tick, watchPresses, type Page } from "./jobs";
import { onChange, start } from "./offline";
import { startAreaSearch } from "./place";
import { dropForm, load, rememberForm } from "./typed";
import { lastSeen, refresh, stepsOf } from "./work";
import { moment, word } from "./words";

const LOOK_AGAIN_MS = 20_000;
const LOOK_AGAIN_LIVE_MS = 120_000;
const GATHER_MS = 300;
const say = (key: string, gaps: Record<string, string | number> = {}) => word(`volunteer.script.${key}`, gaps);

async function startSignUp(form: HTMLFormElement): Promise<void> {
  const wrong = form.querySelector<HTMLElement>("[aria-invalid]") ?? form.querySelector<HTMLElement>("#summary");
  if (!wrong) await rememberForm(form);
  else wrong.focus();

  const code = form.querySelector<HTMLInputElement>("#home_area");
  const list = form.querySelector<HTMLElement>("#areas");
  const text = form.querySelector<HTMLInputElement>("#home_text");
  if (code && list && text) startAreaSearch(text, code, list, () => undefined);
}

class WorkPage implements Page {
  private offered = 0;
  private drawn = "";
  private hasAsked = false;
  private isLive = false;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private next: ReturnType<typeof setTimeout> | undefined;

  async begin(): Promise<void> {
    await load();
    await startCheckIn(document.getElementById("check-in") as HTMLFormElement, this);
    startLists();
    watchPresses();
    this.listen();
    onChange(() => void this.draw());
    document.addEventListener("visibilitychange", () => void this.renew());
    // What went wrong is told until something else is tried.
    document.addEventListener("click", ({ target }) => {
      if ((target as Element).closest("button, summary, label")) document.getElementById("problem")!.hidden = true;
    });
    addEventListener("online", () => void this.renew());
    setInterval(tick, 1000);
    await this.draw();
    await this.renew();
  }

  say(problem: string): void {
    const box = document.getElementById("problem")!;
    box.replaceChildren(element("p", {}, element("strong", {}, problem)));
    box.hidden = false;
    box.scrollIntoView({ block: "center" });
  }

  async renew(): Promise<void> {
    clearTimeout(this.next);
    const news = await refresh();
    this.hasAsked = true;
    const work = await lastSeen();
    const box = document.getElementById("network")!;
    box.hidden = news === "fresh";
    if (news === "offline") box.textContent = work.seen_at ? say("offline", { when: moment(work.seen_at) }) : say("offline_empty");
    if (news === "signed_out") {
      box.replaceChildren(`${say("signed_out")} `, element("a", { href: "/masuk?next=/relawan/tugas" }, say("sign_in")));
    }
    if (news === "fresh") this.notice(work.offers.length);
    await this.draw();
    this.next = setTimeout(() => void this.renew(), this.isLive ? LOOK_AGAIN_LIVE_MS : LOOK_AGAIN_MS);
  }

  /** Draws what is known where it changed, but not under the hands of somebody who is filling something in. */
  private async draw(): Promise<void> {
    const work = await lastSeen();
    const field = document.activeElement;
    const form = field?.closest<HTMLFormElement>("#jobs form");
    const isTyping = field instanceof HTMLInputElement && field.value !== "" && form && !form.dataset.busy;
    const steps = await stepsOf();
    const looks = JSON.stringify([{ ...work, seen_at: 0, ahead_ms: 0 }, steps.map(({ id, refused, made_at }) => [id, refused, made_at])]);
    await drawDistress(work.call, () => this.renew());
    // Before anything is known there is nothing to say about offers, nor whether the volunteer has checked in.
    if (!work.seen_at && !this.hasAsked) return document.getElementById("offers")!.replaceChildren(element("p", { className: "muted" }, say("loading")));
    if (isTyping || looks === this.drawn) return;
    this.drawn = looks;
    drawWork(work, steps, this);
    drawCheckIn(work, this);
  }

  private notice(offers: number): void {
    if (offers > this.offered && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
    this.offered = offers;
    document.title = document.title.replace(/^(\(\d+\) )?/, offers ? `(${offers}) ` : "");
  }

  /** Hears of offers as they come; without it the page asks by itself. */
  private listen(): void {
    const socket = io({ transports: ["websocket", "polling"] });
    socket.on("connect", () => {
      socket.emit("subscribe", { me: true }, (answer: { ok?: boolean }) => {
        this.isLive = answer.ok === true;
        void this.renew();
      });
    });
    socket.on("disconnect", () => (this.isLive = false));
    socket.on("events", () => {
      clearTimeout(this.gathering);
      this.gathering = setTimeout(() => void this.renew(), GATHER_MS);
    });
  }
}

const signUp = document.querySelector<HTMLFormElement>("form#sign-up");
if (signUp) void startSignUp(signUp);
else if (document.getElementById("signed-up")) void dropForm("sign-up");
if (document.getElementById("work")) void new WorkPage().begin();
void start();
