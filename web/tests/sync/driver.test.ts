import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { KeepFailure, memoryKeep } from "../../src/keep/keep";
import type { Keep } from "../../src/keep/keep";
import { deleteKeep, openKeep } from "../../src/keep/indexed";
import { BOUNDS } from "../../src/sync/bounds";
import type { Change } from "../../src/sync/change";
import { startDriver } from "../../src/sync/driver";
import type { Broken, Driver } from "../../src/sync/driver";
import type { Event } from "../../src/sync/event";
import { BOB, CONV, ME, pretendClock, pretendServer, settle, uuid } from "./pretend";

/** Chance that is the same at every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function setUp(seed = 1) {
  const clock = pretendClock();
  const server = pretendServer(clock);
  const chance = seeded(seed);
  const events: (Event | Broken)[] = [];
  const start = (keep: Keep) =>
    startDriver({
      options: { me: ME, chance }, bounds: BOUNDS, keep, network: server.network, tell: (event) => events.push(event),
    });
  return { clock, server, chance, events, start };
}

function saying(driver: Driver, text: string) {
  return driver.write({ t: "send", conv: CONV, kind: "text", body: { text } });
}

test("a message goes out, comes back, and is delivered; another's comes in", async () => {
  const { clock, server, events, start } = setUp();
  const driver = await start(memoryKeep());
  await clock.pass(2_000);
  const replied = saying(driver, "hello");
  await clock.pass(1_000);
  const reply = await replied;
  expect(reply.reply).toBe("queued");
  expect(server.bad.said[0]).toEqual({ t: "hello", id: 1, v: [1] });
  server.say(BOB, uuid(50), { text: "good morning" });
  await clock.pass(1_000);
  const lines = driver.core.timeline(CONV).map((line) => [line.seq, line.body.text, line.ticks]);
  expect(lines).toEqual([[1, "hello", "sent"], [2, "good morning", "none"]]);
  expect(server.delivered()).toBe(2);
  if (reply.reply === "queued") expect(await driver.outcome(reply.send_id)).toEqual({ seq: 1 });
  const draft = driver.do({ command: "own", wish: { t: "draft", conv: CONV, text: "Dear" } });
  await clock.pass(500);
  expect((await draft).reply).toBe("done");
  expect(server.drafts.map((frame) => frame.text)).toEqual(["Dear"]);
  expect(events.map((event) => event.event)).toContain("caught up");
  await driver.end();
  expect(await saying(driver, "too late")).toEqual({ reply: "no", no: { no: "ended" } });
});

/** IDM5, RCP4: whatever is said or told is kept, however slow the place is and wherever the connection is cut. */
test("nothing is sent, told or answered before it is kept", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { clock, server, chance, start } = setUp(seed);
    const kept: Change[] = [];
    const inner = memoryKeep(kept);
    let durable_upto = 0;
    const keep: Keep = {
      ...inner,
      append: async (changes, durable) => {
        await new Promise<void>((resolve) => void clock.after(chance(30), resolve));
        await inner.append(changes, durable);
        if (durable) durable_upto = kept.length;
      },
    };
    const isKept = (send_id: string) =>
      kept.slice(0, durable_upto).some((change) => change.change === "queued" && change.item.send_id === send_id);
    const driver = await start(keep);
    const names: string[] = [];
    for (let n = 0; n < 25; n++) {
      void saying(driver, `${n}`).then((reply) => {
        if (reply.reply !== "queued") return;
        expect(isKept(reply.send_id), "answered before it was kept").toBe(true);
        names.push(reply.send_id);
      });
      await clock.pass(chance(200));
      if (chance(8) === 0) server.cut();
    }
    await clock.pass(60_000);
    for (const frame of server.bad.said) {
      if (frame.t === "send") expect(isKept(frame.send_id as string), "sent before it was kept").toBe(true);
    }
    expect(server.entries.map((entry) => entry.body.text), `seed ${seed}: in order, each once`).toEqual(
      Array.from({ length: 25 }, (_, n) => `${n}`),
    );
    expect(server.entries.map((entry) => entry.send_id)).toEqual(names);
    expect(driver.core.state.outbox.isQuiet()).toBe(true);
    await driver.end();
  }
}, 60_000);

/** The page may go at any moment: whatever somebody was told is there again, and nothing is there twice. */
test("killed at any step, a device comes back to what it promised", async () => {
  for (let killed_at = 1; killed_at <= 14; killed_at++) {
    const { clock, server, start } = setUp(killed_at);
    const account = `killed ${killed_at}`;
    const keep = await openKeep(account);
    let appends = 0;
    let dead = false;
    const mortal: Keep = {
      ...keep,
      append: async (changes, durable) => {
        appends += 1;
        dead ||= appends >= killed_at;
        // Gone before, or just after, it was written: nobody hears of it.
        if (dead && killed_at % 2 === 0) await keep.append(changes, durable);
        if (dead) await new Promise(() => undefined);
        await keep.append(changes, durable);
      },
    };
    const first = await start(mortal);
    const promised: string[] = [];
    for (let n = 0; n < 5; n++) {
      void saying(first, `${n}`).then((reply) => reply.reply === "queued" && promised.push(reply.send_id));
      if (n === 2) server.say(BOB, uuid(60), { text: "hello" });
      await clock.pass(300);
    }
    await settle();
    const said = server.bad.said.filter((frame) => frame.t === "send").map((frame) => frame.send_id as string);
    const delivered = server.delivered();
    server.cut();
    keep.close();
    const again = await openKeep(account);
    const state = await again.load(BOUNDS);
    const known = new Set([...state.outbox.waiting(), ...state.outbox.lately()].map(({ item }) => item.send_id));
    for (const send_id of [...promised, ...said]) expect(known.has(send_id), `killed at ${killed_at}`).toBe(true);
    expect(state.logs.get(CONV)?.end() ?? 0).toBeGreaterThanOrEqual(delivered);
    const second = await start(again);
    await clock.pass(30_000);
    const stored = server.entries.map((entry) => entry.send_id);
    for (const send_id of promised) expect(stored.filter((one) => one === send_id)).toHaveLength(1);
    expect(second.core.state.outbox.isQuiet()).toBe(true);
    expect(second.core.state.logs.get(CONV)?.tail()).toEqual(server.entries);
    await second.end();
    again.close();
    await deleteKeep(account);
  }
}, 60_000);

test("where nothing can be kept, nothing is told: the device ends and says why", async () => {
  const { clock, server, events, start } = setUp();
  const full: Keep = { ...memoryKeep(), append: () => Promise.reject(new KeepFailure("full")) };
  const driver = await start(full);
  const reply = saying(driver, "hello");
  await clock.pass(5_000);
  expect(await reply).toEqual({ reply: "no", no: { no: "ended" } });
  expect(events.map((event) => event.event)).toEqual(["broken"]);
  expect(events[0]?.event === "broken" && events[0].failure.fault).toBe("full");
  expect(server.bad.said.filter((frame) => frame.t !== "hello")).toEqual([]);
});

test("a server that says nothing any more is left, and a person who is not known is told to sign in", async () => {
  const { clock, server, events, start } = setUp();
  const driver = await start(memoryKeep());
  await clock.pass(3_000);
  server.bad.deaf = true;
  await clock.pass(20_000);
  expect(events.map((event) => event.event)).toContain("offline");
  server.bad.deaf = false;
  server.bad.unknown = true;
  void driver.do({ command: "hurry" });
  await clock.pass(80_000);
  expect(events.at(-1)).toEqual({ event: "stopped", duty: "sign in", code: 4100 });
  expect(await driver.do({ command: "people", ask: {} })).toEqual({ reply: "no", no: { no: "stopped" } });
});
