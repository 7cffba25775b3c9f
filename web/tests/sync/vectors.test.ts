/**
 * The main proof that this end and crates/client are one: plans that the Rust core went through, written down by
 * crates/client/src/core/vectors.rs, are gone through here. Every input at its time, with the same chance; every frame,
 * event, reply and change in the same order; the same wake-up time; the same state at the end, held and kept.
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BOUNDS } from "../../src/sync/bounds";
import type { Bounds } from "../../src/sync/bounds";
import type { Reply } from "../../src/sync/command";
import { Core } from "../../src/sync/core/core";
import type { Action, Follow, Input } from "../../src/sync/core/core";
import type { Mine } from "../../src/sync/cursors";
import type { Event } from "../../src/sync/event";
import type { Log } from "../../src/sync/log";
import { inOrder } from "../../src/sync/order";
import { State } from "../../src/sync/state";
import type { About } from "../../src/sync/wish";

type Step = [at_ms: number, input: string | { [what: string]: unknown }, did?: unknown[], wake?: number | null,
  chance?: number];
type Plan = { follow: Follow; steps: Step[]; stand: unknown; kept: unknown };

/** As in the plans' bounds there. */
const SMALL: Bounds = {
  ...BOUNDS, tail_entries: 6, gap_fill_entries_max: 20, log_entries_max: 30, logs_max: 4, outbox_entries_max: 3,
  acked_entries_max: 6,
};

const { me, plans } = readPlans();

test.each(plans.map((plan, seed) => ({ seed, plan })))("plan $seed", ({ plan }) => {
  const kept = new State();
  let core = restarted(kept, plan.follow);
  let steps = 0;
  for (const [now_ms, input, did, wake, drawn] of plan.steps) {
    steps += 1;
    if (input === "restart") {
      core = restarted(kept, plan.follow);
      continue;
    }
    chance = drawn;
    const actions = core.step(inputOf(input), now_ms);
    const where = `step ${steps}: ${JSON.stringify(input)}`;
    expect(actions.map(didOf), where).toEqual(did);
    expect(core.wakeAt(now_ms) ?? null, where).toEqual(wake);
    for (const action of actions) if (action.do === "keep") kept.replay(structuredClone(action.change), SMALL);
  }
  expect(plain(standOf(core.state))).toEqual(plan.stand);
  expect(plain(standOf(kept))).toEqual(plan.kept);
  const again = new State();
  for (const change of kept.snapshot()) again.replay(structuredClone(change), SMALL);
  // A snapshot says nothing of empty logs, and of none that a row does not name.
  const said = (state: State) => {
    const { logs, ...rest } = standOf(state);
    return plain({ ...rest, logs: logs.filter(([, log]) => log.entries.length > 0) });
  };
  expect(said(again), "a snapshot gives it again").toEqual(said(kept));
});

test("plans are of some weight", () => {
  expect(plans.length).toBeGreaterThan(20);
  expect(plans.reduce((sum, plan) => sum + plan.steps.length, 0)).toBeGreaterThan(1_500);
  const text = JSON.stringify(plans);
  for (const word of ["resynced", "skipped", "keep emptied", "own refused", "queued", "\"restart\"", "no full"]) {
    expect(text.includes(word), word).toBe(true);
  }
});

/** What the core draws next. */
let chance: number | undefined;

function draw(below: number): number {
  if (chance === undefined) throw new Error("nothing was drawn there");
  const drawn = chance;
  chance = undefined;
  expect(drawn).toBeLessThan(below);
  return drawn;
}

function restarted(kept: State, follow: Follow): Core {
  // What is kept goes on living; the core gets a copy of its own.
  return new Core({ token: "t", me, follow, chance: draw }, SMALL, copyOf(kept, new Map()));
}

/** A copy down to the last part, of its class and with the same identities among its parts. */
function copyOf<T>(of: T, made: Map<unknown, unknown>): T {
  if (typeof of !== "object" || of === null) return of;
  const known = made.get(of);
  if (known) return known as T;
  const copy: unknown =
    of instanceof Map ? new Map() : of instanceof Set ? new Set() : Array.isArray(of) ? [] :
      Object.create(Object.getPrototypeOf(of) as object);
  made.set(of, copy);
  if (copy instanceof Map) (of as unknown as Map<unknown, unknown>).forEach((v, k) => copy.set(k, copyOf(v, made)));
  else if (copy instanceof Set) (of as unknown as Set<unknown>).forEach((v) => copy.add(copyOf(v, made)));
  else for (const [k, v] of Object.entries(of)) (copy as { [k: string]: unknown })[k] = copyOf(v as unknown, made);
  return copy as T;
}

function readPlans(): { me: string; plans: Plan[] } {
  const text = readFileSync(new URL("./vectors.json", import.meta.url), "utf8");
  const { ids } = JSON.parse(text) as { ids: string[] };
  return JSON.parse(text.replaceAll(/~(\d+)~/g, (_, at: string) => ids[Number(at)] ?? "")) as ReturnType<
    typeof readPlans
  >;
}

function inputOf(input: Step[1]): Input {
  if (input === "connected" || input === "tick") return { input };
  if (typeof input === "string") throw new Error(input);
  if ("frame" in input) return { input: "frame", frame: input.frame };
  if ("disconnected" in input) {
    const code = input.disconnected as number | null;
    return { input: "disconnected", ...(code !== null && { code }) };
  }
  const { ticket, command } = plain(input) as { ticket: number; command: { place?: { since?: unknown } } };
  if (command.place?.since === null) delete command.place.since;
  return { input: "command", ticket, command } as unknown as Input;
}

function didOf(action: Action): unknown {
  switch (action.do) {
    case "connect":
    case "close":
      return action.do;
    case "send":
      return plain(action.frame);
    case "keep":
      return `keep ${action.change.change}`;
    case "tell":
      return `tell ${toldOf(action.event)}`;
    case "reply":
      return `reply ${action.ticket} ${repliedOf(action.reply)}`;
  }
}

function toldOf(event: Event): string {
  switch (event.event) {
    case "online":
      return `online ${event.user}`;
    case "caught up":
    case "resynced":
      return event.event;
    case "offline":
      return `offline ${event.retry_in_ms}`;
    case "inbox":
    case "own":
      return `${event.event} ${event.convs.join(" ")}`;
    case "grown":
      return `grown ${event.conv} ${event.entries.map((entry) => entry.seq).join(" ")}`;
    case "skipped":
      return `skipped ${event.conv} ${event.from} ${event.to}`;
    case "changed":
    case "cursors":
      return `${event.event} ${event.conv}`;
    case "acked":
      return `acked ${event.send_id} ${event.conv} ${event.seq}`;
    case "failed":
      return `failed ${event.send_id} ${event.conv} ${event.refusal.code}`;
    case "own refused":
      return `own refused ${event.conv} ${event.refusal.code}`;
    default:
      throw new Error(event.event);
  }
}

function repliedOf(reply: Reply): string {
  switch (reply.reply) {
    case "done":
      return "done";
    case "queued":
      return `queued ${reply.send_id}`;
    case "page": {
      const { from, to, more, fresh, entries } = reply.page;
      return `page ${from} ${to} ${more} ${fresh} ${entries.map((entry) => entry.seq).join(" ")}`;
    }
    case "no":
      return `no ${reply.no.no === "refused" ? reply.no.refusal.code : reply.no.no}`;
    default:
      throw new Error(reply.reply);
  }
}

/** Where a device stands, as the Rust test writes it. */
function standOf(state: State) {
  const mine = ({ delivered, read, gen }: Mine) => [delivered, read, gen];
  return {
    epoch: state.epoch ?? null,
    ver: state.inbox.ver,
    rows: [...state.inbox.kept(), ...state.own.keptRows()],
    logs: inOrder(state.logs).map((conv) => [conv, logOf(state.logs.get(conv) as Log), state.unread(conv)] as const),
    outbox: state.outbox.waiting().map(({ item, phase }) => [
      item.send_id, item.conv, item.bytes,
      phase.phase === "waiting" ? `waiting ${phase.not_before_ms}`
        : phase.phase === "failed" ? `failed ${phase.refusal.code}` : phase.phase,
    ]),
    acked: state.outbox.lately().map(({ item, ack }) => [item.send_id, ack.seq]),
    cursors: state.cursors.wanted().map(({ conv, want, ok }) => [conv, mine(want), mine(ok)]),
    wishes: state.own.keptWishes().map(({ about, wishes }) => [
      aboutOf(about), wishes.first ?? null, wishes.then ?? null,
    ]),
  };
}

function aboutOf(about: About): string {
  return `${about.about} ${about.conv}${"seq" in about ? ` ${about.seq}` : ""}`;
}

function logOf(log: Log) {
  const lines = log.kept().flatMap(({ items }) =>
    items.map((entry) => {
      let line = `${entry.seq} ${entry.kind} ${JSON.stringify(entry.body)}`;
      for (const name of ["rev", "edited", "deleted_by", "pinned", "reactions"] as const) {
        if (entry[name] !== undefined) line += ` ${name} ${JSON.stringify(entry[name])}`;
      }
      return line;
    }),
  );
  return {
    epoch: log.epoch ?? null,
    head: [log.head.seq, log.head.ord],
    ranges: log.ranges().map(({ from, to, as_of }) => [from, to, as_of]),
    entries: lines,
  };
}

/** As JSON has it: without what is undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
