/**
 * What stands between the core and the world: one per device. It decides nothing; it does what the core says, in that
 * order, and brings back what happened.
 *
 * One round takes in what has happened by now, keeps everything that came of it in one transaction, and only then
 * tells, answers and sends. So a place to keep things that is slow makes rounds larger and not the line longer, and
 * nothing is told, answered or sent that is not kept. Whatever is told rests on one place: when that fails, the driver
 * ends.
 */

import { KeepFailure } from "../keep/keep";
import type { Keep } from "../keep/keep";
import { newDoor } from "../link/link";
import type { Door, Link, Network } from "../link/link";
import type { SendId, Seq } from "../wire/wire";
import type { Bounds } from "./bounds";
import { mustBeDurable } from "./change";
import type { Change } from "./change";
import type { Command, No, Reply } from "./command";
import { Core } from "./core/core";
import type { Action, Input, Options } from "./core/core";
import type { Event } from "./event";
import type { Verb } from "./verb";

/** What a driver is made of. */
export type Parts = {
  options: Options;
  bounds: Bounds;
  keep: Keep;
  network: Network;
  /** Told in order. What it is told of is kept already. What it throws is thrown on, later, and stops nothing here. */
  tell(event: Event | Broken): void;
};

/** What has to be kept cannot be kept; the driver has ended, so that nothing is told that is not kept. */
export type Broken = { event: "broken"; failure: KeepFailure };

/** A command that was not carried out because the driver has ended. */
export type Ended = { no: "ended" };

/** What became of a change. */
export type Outcome = { seq: Seq } | { no: No | Ended | { no: "unknown" } };

/** A verb without its name: the core gives one. */
export type Unnamed<V> = V extends { send_id: SendId } ? Omit<V, "send_id"> : never;

export type Driver = {
  /** What is held, to be read and not changed. A step ahead of what is kept, never of what was told. */
  readonly core: Core;
  readonly door: Door;
  /** Does something; settles with the answer. */
  do(command: Command): Promise<Reply | { reply: "no"; no: Ended }>;
  /** Writes something under a name the core gives. `queued` says that it is durable here and will be sent. */
  write(verb: Unnamed<Verb>): Promise<Reply | { reply: "no"; no: Ended }>;
  /** Tells what became of a change, when that is known. */
  outcome(send_id: SendId): Promise<Outcome>;
  /** Says good-bye: what has happened is kept, the connection ends. The place to keep things is not closed. */
  end(): Promise<void>;
};

/** What happened on a link, with which one: an older one has nothing to say any more. */
type Happened = { input: Input; link?: number };

/** Inputs in one round, at most: what is told must not wait for the end of a flood. */
const ROUND_INPUTS_MAX = 64;
/** Inputs that wait, at most. A server that says more before it is heard is cut off: it will say it again. */
const WAITING_INPUTS_MAX = 4_096;

/** Loads what was kept and begins to connect. Rejects with a `KeepFailure`. */
export async function startDriver(parts: Parts): Promise<Driver> {
  const { keep, network, tell } = parts;
  const { clock } = network;
  const core = new Core(parts.options, parts.bounds, await keep.load(parts.bounds));
  const door = newDoor(network, () => ({
    ...(core.state.epoch !== undefined && { epoch: core.state.epoch, ver: core.state.inbox.ver }),
  }));
  const happened: Happened[] = [];
  const replies = new Map<number, (reply: Reply | { reply: "no"; no: Ended }) => void>();
  const outcomes = new Map<SendId, ((outcome: Outcome) => void)[]>();
  let next_ticket = 0;
  let link: Link | undefined;
  let link_number = 0;
  /** Kept but perhaps not yet durable. */
  let unsynced = false;
  let ended = false;
  let running = false;
  let last_round: Promise<void> = Promise.resolve();
  let stopWaiting: () => void = () => undefined;

  function happens(input: Input, of_link?: number): void {
    if (ended) return;
    if (of_link !== undefined && happened.length >= WAITING_INPUTS_MAX) {
      if (of_link !== link_number) return;
      drop();
      happened.push({ input: { input: "disconnected" }, link: link_number });
    } else happened.push({ input, link: of_link });
    if (running) return;
    running = true;
    last_round = rounds();
  }

  async function rounds(): Promise<void> {
    // What happens in one turn of the event loop is one round.
    await Promise.resolve();
    stopWaiting();
    while (happened.length > 0 && !ended) {
      try {
        await once();
      } catch (error) {
        broken(error instanceof KeepFailure ? error : new KeepFailure("broken", error));
      }
    }
    running = false;
    if (!ended) wait();
  }

  async function once(): Promise<void> {
    const actions: Action[] = [];
    for (let taken = 0; taken < ROUND_INPUTS_MAX; taken++) {
      const next = happened.shift();
      if (!next) break;
      if (next.link !== undefined && next.link !== link_number) continue;
      const came = core.step(next.input, clock.nowMs());
      actions.push(...came);
      // From here on it is another connection: what waits may be of the one before.
      if (came.some((action) => action.do === "connect" || action.do === "close")) break;
    }
    const changes: Change[] = [];
    for (const action of actions) if (action.do === "keep") changes.push(action.change);
    unsynced ||= changes.some(mustBeDurable);
    const durable = unsynced && actions.some(confirms);
    if (changes.length > 0 || durable) {
      await keep.append(changes, durable);
      if (durable) unsynced = false;
    }
    if (!ended) actions.forEach(act);
  }

  function act(action: Action): void {
    switch (action.do) {
      case "connect": {
        drop();
        const number = link_number;
        link = door.connect({
          connected: () => happens({ input: "connected" }, number),
          frame: (frame) => happens({ input: "frame", frame }, number),
          over: (code) => happens({ input: "disconnected", ...(code !== undefined && { code }) }, number),
        });
        return;
      }
      case "close":
        return drop();
      case "send":
        return link?.send(action.frame);
      case "tell":
        settle(action.event);
        return telling(action.event);
      case "reply": {
        const reply = replies.get(action.ticket);
        replies.delete(action.ticket);
        return reply?.(action.reply);
      }
      case "keep":
    }
  }

  function telling(event: Event | Broken): void {
    try {
      tell(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** The link is gone, and what it still says is not heard. */
  function drop(): void {
    link_number += 1;
    link?.close();
    link = undefined;
  }

  /** Answers those who wait for what became of a change. */
  function settle(event: Event): void {
    if (event.event !== "acked" && event.event !== "failed") return;
    const outcome: Outcome =
      event.event === "acked" ? { seq: event.seq } : { no: { no: "refused", refusal: event.refusal } };
    const waiting = outcomes.get(event.send_id) ?? [];
    outcomes.delete(event.send_id);
    for (const tellOutcome of waiting) tellOutcome(outcome);
  }

  function wait(): void {
    stopWaiting();
    const now_ms = clock.nowMs();
    const at = core.wakeAt(now_ms);
    if (at !== undefined) stopWaiting = clock.after(Math.max(at - now_ms, 0), () => happens({ input: "tick" }));
  }

  function broken(failure: KeepFailure): void {
    stop();
    telling({ event: "broken", failure });
  }

  function stop(): void {
    ended = true;
    stopWaiting();
    drop();
    for (const reply of replies.values()) reply({ reply: "no", no: { no: "ended" } });
    for (const waiting of outcomes.values()) for (const one of waiting) one({ no: { no: "ended" } });
    replies.clear();
    outcomes.clear();
  }

  function perform(command: Command): Promise<Reply | { reply: "no"; no: Ended }> {
    if (ended) return Promise.resolve({ reply: "no", no: { no: "ended" } });
    const ticket = next_ticket;
    next_ticket += 1;
    const answer = new Promise<Reply | { reply: "no"; no: Ended }>((resolve) => replies.set(ticket, resolve));
    happens({ input: "command", ticket, command });
    return answer;
  }

  function outcome(send_id: SendId): Promise<Outcome> {
    if (ended) return Promise.resolve({ no: { no: "ended" } });
    const { outbox } = core.state;
    const queued = outbox.get(send_id);
    const seq = outbox.seqOf(send_id);
    if (queued?.phase.phase === "failed") {
      return Promise.resolve({ no: { no: "refused", refusal: queued.phase.refusal } });
    }
    if (queued) {
      return new Promise((resolve) => outcomes.set(send_id, [...(outcomes.get(send_id) ?? []), resolve]));
    }
    return Promise.resolve(seq === undefined ? { no: { no: "unknown" } } : { seq });
  }

  happens({ input: "tick" });
  return {
    core,
    door,
    do: perform,
    write: (verb) =>
      perform({ command: "write", verb: { ...verb, send_id: core.newSendId(clock.nowMs()) } as Verb }),
    outcome,
    end: async () => {
      while (running) await last_round;
      if (ended) return;
      stop();
      if (unsynced) await keep.append([], true);
    },
  };
}

/** Whether this tells the server, or the author of a change, that something is durable here. */
function confirms(action: Action): boolean {
  if (action.do === "reply") return action.reply.reply === "queued";
  if (action.do !== "send") return false;
  switch (action.frame.t) {
    case "send":
    case "create":
    case "add":
    case "remove":
    case "leave":
    case "settings":
    case "role":
    case "admit":
    case "edit":
    case "delete":
    case "react":
    case "pin":
    case "cursor":
    case "prefs":
    case "mark":
    case "draft":
    case "follow":
    case "thread_read":
      return true;
    default:
      return false;
  }
}
