/**
 * The connection's life: connect, greet, beat, notice silence, end, wait.
 */

import type { Epoch, Hello, Welcome } from "../../wire/wire";
import { down, forget, up } from "../backoff";
import { ANSWER_MS_MAX, BEATS_MISSED_MAX, BEAT_MS_MIN, CONNECT_MS_MAX } from "../bounds";
import { dutyAfter } from "../event";
import { soonest } from "../order";
import type { Core } from "./core";
import { LIMITS_UNTOLD } from "./core";
import { eager } from "./pump";

/** The versions of the protocol that are spoken here. */
const VERSIONS = [1];

/** Where the connection stands. */
export type Link =
  /** There is none; the next try is due then. */
  | { link: "waiting"; until_ms: number }
  /** A try is under way, or it is there and `hello` is not answered. */
  | { link: "connecting"; since_ms: number }
  /** The server knows us. */
  | { link: "ready"; session: Session }
  /** There will be none. */
  | { link: "stopped" };

/** One greeted connection. */
export type Session = {
  beat_ms: number;
  next_beat_ms: number;
  beats_missed: number;
  /** The inbox is known at least as far as the welcome said. */
  caught_up: boolean;
  /** The inbox has to be asked for. */
  inbox_due: boolean;
  /** What is on the screen has to be said. */
  watch_due: boolean;
  /** The server asked for a pause with these, in milliseconds by this device's clock. */
  inbox_not_before_ms: number;
  pulls_not_before_ms: number;
};

/** When a pause ends, if one is on. */
export function pausedUntil(session: Session, now_ms: number): number | undefined {
  const { inbox_due, inbox_not_before_ms: inbox, pulls_not_before_ms: pulls } = session;
  return soonest([inbox_due && inbox > now_ms ? inbox : undefined, pulls > now_ms ? pulls : undefined]);
}

export function connected(core: Core, now_ms: number): void {
  if (core.link.link !== "connecting") return;
  const { options, state } = core;
  const hello: Hello = { v: VERSIONS };
  if (options.token !== undefined) hello.token = options.token;
  if (options.client !== undefined) hello.client = options.client;
  if (state.epoch !== undefined) {
    hello.epoch = state.epoch;
    hello.ver = state.inbox.ver;
  }
  if (core.watches()) hello.watch = core.watch();
  core.ask({ ask: "hello" }, { t: "hello", ...hello }, now_ms);
}

export function welcomed(core: Core, welcome: Welcome, now_ms: number): void {
  if (core.link.link !== "connecting") return;
  const { state } = core;
  core.forgetAsks(({ ask }) => ask === "hello");
  up(core.backoff, now_ms);
  core.limits = { ...LIMITS_UNTOLD, ...welcome.limits };
  const beat_ms = Math.max(welcome.beat_ms, BEAT_MS_MIN);
  core.link = {
    link: "ready",
    session: {
      beat_ms,
      // The first beat falls anywhere in the interval: those who came together do not beat together.
      next_beat_ms: now_ms + core.options.chance(beat_ms),
      beats_missed: 0,
      caught_up: false,
      inbox_due: false,
      // `hello` said what was on the screen and is answered by no `watching`.
      watch_due: core.watches(),
      inbox_not_before_ms: 0,
      pulls_not_before_ms: 0,
    },
  };
  core.tell({ event: "online", user: welcome.user });
  if (state.epoch === undefined) {
    state.epoch = welcome.epoch;
    core.keep({ change: "epoch", epoch: welcome.epoch, at_ms: now_ms });
  } else if (state.epoch !== welcome.epoch) resync(core, welcome.epoch, now_ms);
  state.inbox.connected(welcome.ver);
  if (welcome.ver <= state.inbox.ver) caughtUp(core);
}

/** The server's store is of another lineage: drop what is cached, ask again, submit again. */
export function resync(core: Core, epoch: Epoch, now_ms: number): void {
  core.keep({ change: "epoch", epoch, at_ms: now_ms });
  core.state.restart(epoch, now_ms);
  core.peers.clear();
  core.pulls.clear();
  core.forgetAsks(({ ask }) => ask === "pull" || ask === "inbox" || ask === "cursor" || ask === "own");
  const session = core.session();
  if (session) Object.assign(session, { caught_up: false, inbox_due: true, watch_due: true });
  core.tell({ event: "resynced" });
}

/** What was missed is known of: fetch what somebody is likely to look at. */
export function caughtUp(core: Core): void {
  const session = core.session();
  if (!session || session.caught_up) return;
  session.caught_up = true;
  for (const conv of eager(core)) core.lookAt(conv);
  core.tell({ event: "caught up" });
}

export function disconnected(core: Core, code: number | undefined, now_ms: number): void {
  if (core.link.link === "stopped" || core.link.link === "waiting") return;
  const { state } = core;
  state.outbox.disconnected();
  state.cursors.disconnected();
  state.own.disconnected();
  core.pulls.clear();
  // What was asked is asked again, before what has not been asked yet.
  const asked = [...core.pending.values()].flatMap(({ ask }) =>
    ask.ask === "page" || ask.ask === "question" ? [{ ticket: ask.ticket, question: ask.question }] : [],
  );
  core.pending.clear();
  core.questions = [...asked, ...core.questions];
  const duty = dutyAfter(code);
  if (duty === "reconnect") {
    const retry_in_ms = down(core.backoff, now_ms, core.options.chance);
    core.link = { link: "waiting", until_ms: now_ms + retry_in_ms };
    core.tell({ event: "offline", retry_in_ms });
    return;
  }
  core.link = { link: "stopped" };
  core.tell({ event: "stopped", duty, ...(code !== undefined && { code }) });
  const unanswered = core.questions;
  core.questions = [];
  for (const { ticket } of unanswered) core.reply(ticket, { reply: "no", no: { no: "stopped" } });
}

/**
 * Try now: the network came back. What was tried while it was away says nothing any more: a try that is still under way
 * may have gone out into nowhere, and so may a session be dead without a word. The first is not waited for long after
 * it fails, the second is asked for a sign of life.
 */
export function hurry(core: Core, now_ms: number): void {
  forget(core.backoff);
  const { link } = core;
  if (link.link === "waiting") link.until_ms = 0;
  else if (link.link === "ready") link.session.next_beat_ms = Math.min(link.session.next_beat_ms, now_ms);
}

/** Everything that happens because time went by. */
export function keepTime(core: Core, now_ms: number): void {
  const { link } = core;
  if (link.link === "waiting" && link.until_ms <= now_ms) {
    core.link = { link: "connecting", since_ms: now_ms };
    core.act({ do: "connect" });
  } else if (link.link === "connecting" && now_ms >= link.since_ms + CONNECT_MS_MAX) {
    giveUp(core, now_ms);
  } else if (link.link === "ready") {
    const since = oldestAskMs(core);
    if (since !== undefined && now_ms >= since + ANSWER_MS_MAX) giveUp(core, now_ms);
    else if (link.session.next_beat_ms <= now_ms) beat(core, link.session, now_ms);
  }
}

export function linkWakeAt(core: Core): number | undefined {
  const { link } = core;
  switch (link.link) {
    case "waiting":
      return link.until_ms;
    case "connecting":
      return link.since_ms + CONNECT_MS_MAX;
    case "ready":
      return Math.min(link.session.next_beat_ms, (oldestAskMs(core) ?? Infinity) + ANSWER_MS_MAX);
    case "stopped":
      return undefined;
  }
}

function beat(core: Core, session: Session, now_ms: number): void {
  if (session.beats_missed >= BEATS_MISSED_MAX) return giveUp(core, now_ms);
  session.beats_missed += 1;
  session.next_beat_ms = now_ms + session.beat_ms;
  // Every hint may be lost: what is on the screen is asked again at each beat.
  session.watch_due ||= core.watches();
  core.forgetAsks(({ ask }) => ask === "beat");
  core.ask({ ask: "beat" }, { t: "beat" }, now_ms);
}

/** The other side is silent: this connection is as good as gone. */
function giveUp(core: Core, now_ms: number): void {
  core.act({ do: "close" });
  disconnected(core, undefined, now_ms);
}

/** Since when the oldest request is unanswered. Beats have their own patience. */
function oldestAskMs(core: Core): number | undefined {
  return soonest([...core.pending.values()].map(({ ask, since_ms }) => (ask.ask === "beat" ? undefined : since_ms)));
}
