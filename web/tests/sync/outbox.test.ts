/** The outbox: order, one at a time, each once, again after a resync. And wishes: said until they are answered. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { BOUNDS } from "../../src/sync/bounds";
import { Cursors } from "../../src/sync/cursors";
import { direct, group } from "../../src/sync/derived";
import { byBytes, utf8Bytes } from "../../src/sync/order";
import { Outbox, newItem } from "../../src/sync/outbox";
import type { Item } from "../../src/sync/outbox";
import { Own } from "../../src/sync/own";
import { State } from "../../src/sync/state";
import { linesOf } from "../../src/sync/timeline";
import { refusalOf } from "../../src/sync/verb";
import type { DraftWish } from "../../src/sync/wish";
import { LIMITS_UNTOLD } from "../../src/sync/core/core";
import type { Ack, Refusal } from "../../src/wire/wire";
import { BOB, CONV, ME, uuid } from "./pretend";

const LATER: Refusal = { code: 502, name: "overloaded", say: "", retry: true, retry_after_ms: 50 };
const NEVER: Refusal = { code: 302, name: "not_a_member", say: "", retry: false };

function item(n: number, conv = CONV): Item {
  return newItem({ t: "send", conv, send_id: uuid(n), kind: "text", body: { text: `${n}` } }, ME, 7);
}

function ackOf(conv: string, seq: number): Ack {
  return { conv, epoch: uuid(9), seq, ord: seq, message_id: uuid(seq), created_ms: 9 };
}

/** IDM1, IDM5: whatever is cut, refused and started again, a server that knows names stores each once, in order. */
test("each change once and in order, through cuts, refusals and restarts", () => {
  const doing = fc.constantFrom("queue", "queue", "send", "send", "send", "cut", "restart", "lose");
  fc.assert(
    fc.property(fc.array(fc.tuple(doing, fc.nat(9)), { maxLength: 120 }), (plan) => {
      let outbox = new Outbox();
      const stored: string[] = [];
      const queued: string[] = [];
      let now_ms = 0;
      const send = (luck: number) => {
        const next = outbox.next(now_ms);
        if (!next) return;
        // Two of one conversation are never under way together.
        const others = outbox.waiting().filter(({ item, phase }) =>
          item.conv === next.conv && phase.phase === "under way");
        expect(others).toHaveLength(1);
        if (luck < 2) return void outbox.refused(next.send_id, LATER, now_ms);
        if (!stored.includes(next.send_id)) stored.push(next.send_id);
        if (luck < 4) return outbox.disconnected();
        outbox.acked(next.send_id, ackOf(next.conv, stored.length), now_ms, BOUNDS);
      };
      for (const [what, luck] of plan) {
        now_ms += 20;
        if (what === "queue") {
          const made = item(1_000 + queued.length, uuid(100 + (luck % 3)));
          expect(outbox.queue(made, BOUNDS)).toBe(true);
          queued.push(made.send_id);
        } else if (what === "send") send(luck);
        else if (what === "cut") outbox.disconnected();
        else if (what === "restart") {
          const again = new State();
          for (const change of outbox.snapshot()) again.replay(structuredClone(change), BOUNDS);
          outbox = again.outbox;
        } else {
          // A backup comes back without the last of what was stored.
          stored.splice(Math.max(0, stored.length - luck));
          outbox.disconnected();
          outbox.resubmit(undefined, now_ms);
        }
      }
      outbox.disconnected();
      for (let n = 0; n < 500 && !outbox.isQuiet(); n++, now_ms += 100) send(9);
      expect([...stored].sort()).toEqual([...queued].sort());
      const of = (list: string[], n: number) => list.filter((send_id) => convs.get(send_id) === uuid(100 + n));
      const convs = new Map(outbox.lately().map(({ item }) => [item.send_id, item.conv]));
      for (let n = 0; n < 3; n++) expect(of(stored, n)).toEqual(of(queued, n));
    }),
    { numRuns: 500 },
  );
});

test("a full outbox says so, and what failed is kept until it is dismissed", () => {
  const outbox = new Outbox();
  const bounds = { ...BOUNDS, outbox_entries_max: 2 };
  expect([1, 2, 3].map((n) => outbox.queue(item(n), bounds))).toEqual([true, true, false]);
  expect(outbox.next(0)?.send_id).toBe(uuid(1));
  expect(outbox.dismiss(uuid(1)), "it may have arrived").toBe(false);
  expect(outbox.refused(uuid(1), NEVER, 0)).toEqual({ failed: CONV });
  expect(outbox.next(0)?.send_id, "what failed holds up nobody").toBe(uuid(2));
  const lines = linesOf([], outbox, CONV, ME, { delivered: 0, read: 0 });
  expect(lines.map((line) => [line.ticks, line.refusal?.code])).toEqual([["failed", 302], ["queued", undefined]]);
  expect(outbox.dismiss(uuid(1))).toBe(true);
  expect(outbox.waiting()).toHaveLength(1);
});

/** IDM5: a local echo is replaced by the entry with its `send_id`; at no moment is one said twice. */
test("an echo becomes its entry", () => {
  const outbox = new Outbox();
  for (const n of [1, 2]) outbox.queue(item(n), BOUNDS);
  outbox.next(0);
  const entry = { seq: 1, ord: 1, id: uuid(1), sender: ME, send_id: uuid(1), created_ms: 9, kind: "text", body: {} };
  const shown = (tail: typeof entry[]) =>
    linesOf(tail, outbox, CONV, ME, { delivered: 1, read: 0 }).map((line) => [line.seq, line.ticks]);
  expect(shown([])).toEqual([[undefined, "queued"], [undefined, "queued"]]);
  expect(shown([entry]), "the entry came before the ack").toEqual([[1, "delivered"], [undefined, "queued"]]);
  outbox.acked(uuid(1), ackOf(CONV, 1), 0, BOUNDS);
  expect(shown([]), "the ack came before the entry").toEqual([[undefined, "sent"], [undefined, "queued"]]);
  expect(shown([entry])).toEqual([[1, "delivered"], [undefined, "queued"]]);
});

function draft(text: string): DraftWish {
  return { t: "draft", conv: CONV, text };
}

/** OWN3: what was typed is said until it is answered; what is typed meanwhile stands on the answer. */
test("a wish is said until it is answered and the next stands on it", () => {
  const own = new Own();
  own.putDraft(4, { conv: CONV, text: "old", text_ver: 4, at_ms: 0 });
  for (const text of ["D", "De", "Dea"]) own.wish(draft(text), BOUNDS);
  expect(own.draft(CONV)).toBe("Dea");
  expect(own.next(0)).toEqual({ ...draft("Dea"), base_ver: 4 });
  expect(own.next(0), "one at a time").toBeUndefined();
  own.wish(draft("Dear"), BOUNDS);
  own.disconnected();
  const again = new Own();
  again.putDraft(4, { conv: CONV, text: "old", text_ver: 4, at_ms: 0 });
  for (const { about, wishes } of structuredClone(own.keptWishes())) again.restore(about, wishes);
  expect(again.next(0), "the same again").toEqual({ ...draft("Dea"), base_ver: 4 });
  expect(again.refused({ about: "draft", conv: CONV }, LATER, 0)).toBe(false);
  expect([again.next(49), again.wakeAt(0)]).toEqual([undefined, 50]);
  expect(again.next(50)).toEqual({ ...draft("Dea"), base_ver: 4 });
  again.answered({ about: "draft", conv: CONV }, 9);
  expect(again.next(50)).toEqual({ ...draft("Dear"), base_ver: 9 });
  again.answered({ about: "draft", conv: CONV }, 10);
  expect(again.isQuiet()).toBe(true);
});

test("another lineage keeps the words and drops the places", () => {
  const own = new Own();
  const bounds = { ...BOUNDS, own_wishes_max: 3 };
  own.putDraft(4, { conv: CONV, text: "old", text_ver: 4, at_ms: 0 });
  own.wish(draft("new"), bounds);
  own.wish({ t: "prefs", conv: CONV, cleared_seq: 3, pinned: true }, bounds);
  own.wish({ t: "mark", conv: CONV, seq: 3, star: true }, bounds);
  expect(own.mark(CONV, 3)).toEqual({ star: true, hidden: false });
  expect(own.wish({ t: "mark", conv: CONV, seq: 4, star: true }, bounds)).toBe(false);
  expect(own.prefs(CONV, { cleared_seq: 1 })).toEqual({ pinned: true, cleared_seq: 3 });
  own.restart();
  expect([own.draft(CONV), own.mark(CONV, 3)]).toEqual(["new", { star: false, hidden: false }]);
  expect(own.prefs(CONV, {})).toEqual({ pinned: true });
  expect([own.next(0), own.next(0)]).toEqual([{ t: "prefs", conv: CONV, pinned: true }, draft("new")]);
  expect(own.prefs(CONV, { mute_until_ms: 9, pinned: true })).toEqual({ mute_until_ms: 9, pinned: true });
  own.wish({ t: "prefs", conv: CONV, mute_until_ms: null }, bounds);
  expect(own.prefs(CONV, { mute_until_ms: 9 })).toEqual({ pinned: true });
});

test("what is sent is a draft no longer, and other words leave it alone", () => {
  const own = new Own();
  own.wish(draft(" hello "), BOUNDS);
  expect(own.emptiedBy(CONV, { text: "hello" })).toEqual(draft(""));
  expect(own.emptiedBy(CONV, { text: "hello you" })).toBeUndefined();
});

test("marked unread elsewhere moves mine back, and a refusal for good is silence", () => {
  const cursors = new Cursors();
  cursors.read(CONV, 9, 0);
  cursors.told(CONV, 4, 1);
  expect(cursors.mine(CONV).read, "a higher generation wins").toBe(4);
  cursors.delivered(CONV, 12, 0);
  expect(cursors.next(200)).toEqual({ conv: CONV, delivered: 12 });
  cursors.refused(CONV, NEVER, 0);
  expect(cursors.next(1e9)).toBeUndefined();
});

test("derived ids are those of the protocol", () => {
  const [ann, bob] = ["5b3e6f0a-9c1d-4a52-8f07-1d2c3b4a5e6f", "c2a4d8e1-7b60-4f39-9a1e-0f8e7d6c5b4a"];
  expect(direct(ann, bob)).toBe("726bd40b-4802-8c69-af10-828a16d3c8a2");
  expect(direct("02020202-0202-4202-8202-020202020202", "01010101-0101-4101-8101-010101010101"))
    .toBe("284da767-c3df-8a7b-a28d-4d8a5ac4f4d6");
  expect(group(ann, "0193f1a2-0000-7000-8000-000000000012")).toBe("2eae6aa7-effc-8333-9b1a-8f2ab405bc14");
});

test("texts are measured and compared as UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
      expect(utf8Bytes(a)).toBe(left.length);
      const at = left.findIndex((byte, n) => byte !== right[n]);
      const order = at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
      expect(Math.sign(byBytes(a, b))).toBe(Math.sign(order));
    }),
  );
});

test("what is too large or says nothing is told before it is queued", () => {
  const code = (body: object) => refusalOf("text", body as never, LIMITS_UNTOLD)?.code;
  expect(code({ text: "hello" })).toBeUndefined();
  expect(code({ text: " " })).toBe(404);
  expect(code({ text: "x".repeat(LIMITS_UNTOLD.text_bytes_max + 1) })).toBe(103);
  expect(code({ text: "é @bob", mentions: [{ user: BOB, start: 3, len: 4 }] })).toBeUndefined();
  expect(code({ text: "é @bob", mentions: [{ user: BOB, start: 1, len: 4 }] })).toBe(404);
});
