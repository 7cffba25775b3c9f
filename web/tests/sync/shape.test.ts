/** Whatever a server says, nothing is thrown out of the core, and what it does not know it passes over. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BOUNDS } from "../../src/sync/bounds";
import { Core } from "../../src/sync/core/core";
import { frameOf } from "../../src/sync/shape";
import { State } from "../../src/sync/state";
import type { Json } from "../../src/wire/wire";
import { CONV, ME, uuid } from "./pretend";

const PROTOCOL = readFileSync(new URL("../../../docs/PROTOCOL.md", import.meta.url), "utf8");

/** The examples of a chapter of the protocol, one for each frame that is described there. */
const SAID = PROTOCOL.slice(PROTOCOL.indexOf("## What a server says"), PROTOCOL.indexOf("## Shared shapes"));
const EXAMPLES = [...SAID.matchAll(/```json \w+\n([^]*?)```/g)].flatMap(([, text]) => {
  const value = JSON.parse(text as string) as Json;
  return typeof value.t === "string" ? [value] : [];
});

function greeted(): Core {
  const core = new Core({ me: ME, chance: () => 0 }, BOUNDS);
  core.step({ input: "tick" }, 0);
  core.step({ input: "connected" }, 0);
  const welcome = EXAMPLES.find((frame) => frame.t === "welcome");
  core.step({ input: "frame", frame: welcome }, 0);
  core.step({ input: "command", ticket: 0, command: { command: "open", conv: CONV } }, 0);
  return core;
}

test("every example of the protocol is read", () => {
  expect(EXAMPLES.length).toBeGreaterThan(30);
  for (const frame of EXAMPLES) expect(frameOf(frame), JSON.stringify(frame)).toMatchObject({ t: frame.t });
});

test("a word that is not known reads as the protocol says, and a topic that is not known counts", () => {
  const inbox = EXAMPLES.find((frame) => frame.t === "inbox") as { rows: Json[] };
  const conversation = inbox.rows.find((row) => row.topic === "conversation");
  const odd = { ...conversation, kind: "choir", role: "herald", ver: 7, request: "hm", title: null };
  const frame = frameOf({ t: "inbox", from: 0, to: 9, more: false, rows: [odd, { topic: "moon", ver: 8 }] });
  expect(frame).toMatchObject({
    rows: [{ kind: "unknown", role: "member", request: "open" }, { topic: "unknown", ver: 8 }],
  });
  expect(frameOf({ t: "moon" })).toBeUndefined();
  expect(frameOf({ t: "constructor" })).toBeUndefined();
  expect(frameOf({ t: "beat", ver: 2 ** 53, server_ms: 0 })).toBeUndefined();
});

test("a body that nests without end is passed over, and breaks no clone", () => {
  let body: Json = {};
  for (let depth = 0; depth < 5_000; depth++) body = { body };
  const live = EXAMPLES.find((frame) => frame.t === "entry") as { entry: Json };
  expect(frameOf(live)).toBeDefined();
  expect(frameOf({ ...live, entry: { ...live.entry, body } })).toBeUndefined();
});

test("nothing is thrown, whatever comes, and what is kept of it gives the same again", () => {
  const odd = fc.oneof(
    fc.anything(), fc.constant(null), fc.nat(), fc.constantFrom(0, 1, 2 ** 53 - 1, 1.5, -1, "", CONV, uuid(5)),
  );
  /** An example in which something is another thing, or missing. */
  const faulty = fc.array(fc.tuple(fc.nat(40), odd), { maxLength: 3 });
  const broken = fc.tuple(fc.constantFrom(...EXAMPLES), faulty, fc.nat(9))
    .map(([frame, faults, re]) => {
      const copy = structuredClone(frame);
      for (const [at, fault] of faults) {
        const places: [Json, string][] = [];
        const walk = (of: Json) => {
          for (const key of Object.keys(of)) {
            places.push([of, key]);
            if (typeof of[key] === "object" && of[key] !== null) walk(of[key] as Json);
          }
        };
        walk(copy);
        const [of, key] = places[at % places.length] ?? [copy, "t"];
        if (key !== "t") of[key] = fault;
      }
      return { ...copy, re };
    });
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: broken }, odd), { maxLength: 30 }), (frames) => {
      const core = greeted();
      const kept = new State();
      let now_ms = 0;
      for (const frame of frames) {
        now_ms += 300;
        for (const input of [{ input: "frame" as const, frame }, { input: "tick" as const }]) {
          for (const action of core.step(input, now_ms)) {
            if (action.do === "keep") kept.replay(structuredClone(action.change), BOUNDS);
          }
        }
        core.timeline(CONV);
        core.inbox();
        core.wakeAt(now_ms);
      }
      const again = new State();
      for (const change of kept.snapshot()) again.replay(structuredClone(change), BOUNDS);
      expect(again.snapshot()).toEqual(kept.snapshot());
    }),
    { numRuns: 1_000 },
  );
});
