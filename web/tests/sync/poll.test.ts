import { expect, test } from "vitest";
import { memoryKeep } from "../../src/keep/keep";
import { BOUNDS } from "../../src/sync/bounds";
import { startDriver } from "../../src/sync/driver";
import type { Broken } from "../../src/sync/driver";
import type { Event } from "../../src/sync/event";
import { SOCKET_AGAIN_MS } from "../../src/link/link";
import { BOB, CONV, ME, pretendClock, pretendServer, uuid } from "./pretend";

async function setUp() {
  const clock = pretendClock();
  const server = pretendServer(clock);
  server.bad.barred = true;
  const events: (Event | Broken)[] = [];
  const driver = await startDriver({
    options: { me: ME, chance: (below) => Math.floor(below / 2) },
    bounds: BOUNDS,
    keep: memoryKeep(),
    network: server.network,
    tell: (event) => events.push(event),
  });
  return { clock, server, events, driver };
}

test("where sockets are barred a device polls, says things by request, and goes back to a socket", async () => {
  const { clock, server, driver } = await setUp();
  await clock.pass(5_000);
  expect(driver.door.way()).toBe("poll");
  expect(driver.core.isCaughtUp()).toBe(true);
  void driver.write({ t: "send", conv: CONV, kind: "text", body: { text: "hello" } });
  await clock.pass(1_000);
  server.say(BOB, uuid(50), { text: "good morning" });
  await clock.pass(2_000);
  const lines = () => driver.core.timeline(CONV).map((line) => [line.seq, line.body.text]);
  expect(lines()).toEqual([[1, "hello"], [2, "good morning"]]);
  expect(server.delivered()).toBe(2);
  void driver.do({ command: "open", conv: CONV });
  await clock.pass(30_000);
  const polls = server.requests.filter(({ path }) => path === "poll");
  expect(polls.at(-1)?.body.watch).toEqual({ open: [CONV], presence_of: [], show: "online" });
  expect(polls.length, "no circle").toBeLessThan(25);
  expect(driver.core.isCaughtUp(), "beats keep it alive").toBe(true);
  server.bad.barred = false;
  await clock.pass(SOCKET_AGAIN_MS + 5_000);
  expect(driver.door.way()).toBe("socket");
  server.say(BOB, uuid(51), { text: "still there" });
  await clock.pass(1_000);
  expect(lines().at(-1)).toEqual([3, "still there"]);
  await driver.end();
});

test("a network that is away is no network that bars sockets", async () => {
  const { clock, server, driver, events } = await setUp();
  await clock.pass(5_000);
  server.bad.away = true;
  await clock.pass(200_000);
  expect(events.at(-1)?.event).toBe("offline");
  server.bad.away = false;
  server.bad.barred = false;
  void driver.do({ command: "hurry" });
  await clock.pass(10_000);
  void driver.do({ command: "hurry" });
  await clock.pass(10_000);
  expect(driver.core.isCaughtUp()).toBe(true);
  await driver.end();
});

test("signed out elsewhere, a device that polls is told to sign in", async () => {
  const { clock, server, events } = await setUp();
  await clock.pass(5_000);
  server.bad.unknown = true;
  await clock.pass(60_000);
  expect(events.at(-1)).toEqual({ event: "stopped", duty: "sign in", code: 4100 });
});
