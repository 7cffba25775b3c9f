/** The gap rule, the arithmetic of stretches, and what a change does to the entry it names. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { BOUNDS } from "../../src/sync/bounds";
import type { Bounds } from "../../src/sync/bounds";
import { Log } from "../../src/sync/log";
import type { Held, News, Place } from "../../src/sync/log";
import { Ranges } from "../../src/sync/ranges";
import type { Entries, Entry } from "../../src/wire/wire";
import { BOB, CONV, ME, uuid } from "./pretend";

const EPOCH = uuid(9);

/** The truth: messages, and changes of earlier ones. */
function truth(count: number, changes: ReadonlySet<number>): Entry[] {
  const log: Entry[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const ord = log.at(-1)?.ord ?? 0;
    const entry: Entry = {
      seq, ord: ord + 1, id: uuid(seq), sender: BOB, send_id: uuid(seq), created_ms: seq, kind: "text",
      body: { text: `${seq}` },
    };
    const target = seq > 3 && changes.has(seq) ? log[(seq * 7) % (seq - 1)] : undefined;
    if (target && target.kind === "text") {
      const at = target.seq - 1;
      const now = { text: `${target.seq} edited at ${seq}` };
      log[at] = { ...target, body: now, edited: seq, rev: seq };
      log.push({ ...entry, ord, kind: "edit", body: {}, target_seq: target.seq, now });
    } else log.push(entry);
  }
  return log;
}

/** How an entry stood when the log ended at `head`, as it is told live or in a page. */
function asOf(all: readonly Entry[], entry: Entry, head: number): Entry {
  const edits = all.filter((one) => one.target_seq === entry.seq && one.seq <= head);
  const last = edits.at(-1);
  const { edited: _e, rev: _r, ...plain } = entry;
  if (entry.kind === "text" && last?.now) return { ...plain, body: last.now, edited: last.seq, rev: last.seq };
  return entry.kind === "text" ? { ...plain, body: { text: `${entry.seq}` } } : entry;
}

function get(all: readonly Entry[], head: number, place: Place, limit: number): Entries {
  let [from, to] = [1, head];
  if (place.at === "after") [from, to] = [place.seq + 1, Math.min(place.seq + limit, head)];
  if (place.at === "before") [from, to] = [Math.max(1, place.seq - limit), Math.min(place.seq - 1, head)];
  if (place.at === "range") [from, to] = [place.from, Math.min(place.to, head)];
  const since = place.at === "range" ? place.since : undefined;
  const items = all.slice(from - 1, to).map((entry) => asOf(all, entry, head));
  return {
    conv: CONV, epoch: EPOCH, from, to, head_seq: head, head_ord: all[head - 1]?.ord ?? 0, floor_seq: 1,
    more: place.at === "before" ? from > 1 && from <= to : to < head,
    items: since === undefined ? items : items.filter((entry) => (entry.rev ?? entry.seq) > since),
  };
}

const SMALL: Bounds = { ...BOUNDS, tail_entries: 5, gap_fill_entries_max: 12, log_entries_max: 40 };

/** GAP1, GAP3: whatever is lost, doubled and late, what is told follows, and in the end what is held is the truth. */
test("the gap rule", () => {
  const steps = fc.array(
    fc.record({
      grow: fc.integer({ min: 0, max: 25 }), heard: fc.double({ min: 0, max: 1, noNaN: true }),
      asks: fc.boolean(), salt: fc.nat(),
    }),
    { minLength: 1, maxLength: 25 },
  );
  fc.assert(
    fc.property(steps, fc.boolean(), fc.array(fc.nat(400), { maxLength: 80 }), (plan, anywhere, changes) => {
      const bounds: Bounds = anywhere ? SMALL : { ...SMALL, begin_anywhere: false, gap_fill_entries_max: Infinity };
      const all = truth(650, new Set(changes));
      const log = new Log();
      const kept: Held[] = [];
      log.restart(EPOCH);
      let [head, now_ms, told] = [0, 0, 0];
      const take = (news: News) => {
        kept.push(...structuredClone(news.held));
        if (news.skipped) {
          expect(news.skipped[0]).toBe(told + 1);
          told = news.skipped[1];
          expect(anywhere, "whoever needs everything skips nothing").toBe(true);
        }
        for (const entry of news.grown) {
          if (told > 0) expect(entry.seq).toBe(told + 1);
          told = entry.seq;
        }
      };
      const ask = () => {
        const place = log.wants(now_ms, bounds);
        if (place) take(log.page(place, get(all, head, place, 9), now_ms, bounds));
        return place !== undefined;
      };
      for (const { grow, heard, asks, salt } of plan) {
        const late: Entry[] = [];
        for (let n = 0; n < grow; n++) {
          head += 1;
          // The entry as it was told when it came: with the words of its edit, and as nobody had changed it yet.
          const entry = asOf(all, all[head - 1] as Entry, head);
          const luck = ((head * 31 + salt) % 97) / 97;
          if (luck < heard) take(log.live(entry, now_ms, bounds));
          else if (luck < heard + 0.2) late.push(entry);
          if (luck < heard / 4) take(log.live(entry, now_ms, bounds));
        }
        for (const entry of late.reverse()) take(log.live(entry, now_ms, bounds));
        now_ms += 700;
        if (asks) ask();
      }
      log.noteHead(head, all[head - 1]?.ord ?? 0, now_ms, true);
      for (let turn = 0; turn < 200 && ask(); turn++) now_ms += 1_000;
      expect(log.end()).toBe(head);
      expect(log.isStale()).toBe(false);
      // An edit, live or in a page, leaves its words in its target alone.
      const shown = (entry: Entry) => ({ ...asOf(all, entry, head), now: undefined });
      expect(log.tail()).toEqual(all.slice(head - log.tail().length, head).map(shown));
      const again = new Log();
      again.restart(EPOCH);
      for (const held of kept) {
        again.apply(held);
        again.trim(bounds);
      }
      expect(again.ranges(), "what was kept gives it again").toEqual(log.ranges());
      expect(again.tail()).toEqual(log.tail());
    }),
    { numRuns: 400 },
  );
});

/** Against a model that remembers of every seq how fresh it is known to be. Answers overtake each other. */
test("stretches never claim more than was seen", () => {
  const insert = fc.record({ do: fc.constant("insert" as const), from: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 1, max: 15 }), ahead: fc.integer({ min: 0, max: 12 }),
    late: fc.integer({ min: 0, max: 9 }) });
  const freshen = fc.record({ do: fc.constant("freshen" as const), from: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 1, max: 40 }), ahead: fc.integer({ min: 0, max: 12 }) });
  const cut = fc.record({ do: fc.constant("cut" as const), from: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: insert }, freshen, cut), { maxLength: 30 }), (plan) => {
      const ranges = new Ranges();
      const held = new Map<number, number>();
      let head = 0;
      // Who holds what follows has seen the changes go by.
      const freshOf = (seq: number) => {
        let fresh = held.get(seq) ?? -1;
        while (held.has(fresh + 1)) fresh += 1;
        return fresh;
      };
      for (const step of plan) {
        if (step.do === "cut") {
          ranges.cutBelow(step.from);
          for (const seq of [...held.keys()]) if (seq < step.from) held.delete(seq);
        } else {
          const to = step.from + step.length - 1;
          head = Math.max(head, to) + step.ahead;
          if (step.do === "insert") {
            const as_of = Math.max(to, head - step.late);
            ranges.insert({ from: step.from, to, as_of });
            for (let seq = step.from; seq <= to; seq++) held.set(seq, Math.max(as_of, held.get(seq) ?? 0));
          } else {
            const since = Math.max(0, head - step.ahead - 3);
            ranges.freshen(step.from, to, since, head);
            for (const [seq, fresh] of [...held.keys()].map((seq) => [seq, freshOf(seq)] as const)) {
              if (seq >= step.from && seq <= to && fresh >= since) held.set(seq, Math.max(head, fresh));
            }
          }
        }
        const runs: number[][] = [];
        for (const seq of [...held.keys()].sort((a, b) => a - b)) {
          if (runs.at(-1)?.at(-1) === seq - 1) runs.at(-1)?.push(seq);
          else runs.push([seq]);
        }
        expect(ranges.all().map(({ from, to }) => [from, to])).toEqual(runs.map((run) => [run[0], run.at(-1)]));
        ranges.all().forEach(({ as_of }, at) => {
          expect(as_of).toBeLessThanOrEqual(Math.min(...(runs[at] ?? []).map(freshOf)));
        });
        const around = Array.from({ length: 60 }, (_, seq) => seq).filter((seq) => ranges.around(seq));
        expect(around).toEqual(runs.flat().filter((seq) => seq < 60));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a reaction, a pin and a deletion change their entry and leave the old one as it was", () => {
  const log = new Log();
  log.restart(EPOCH);
  const first = truth(1, new Set())[0] as Entry;
  let seq = 1;
  const change = (kind: string, body: Entry["body"], sender = ME) => {
    seq += 1;
    log.live({ ...first, seq, ord: 1, kind, body, sender, target_seq: 1, id: uuid(seq) }, 0, BOUNDS);
    return log.entry(1);
  };
  log.live(first, 0, BOUNDS);
  expect(change("react", { emoji: "👍", on: true }, BOB)?.reactions).toEqual([{ emoji: "👍", users: [BOB] }]);
  change("react", { emoji: "👍", on: true });
  const reacted = change("react", { emoji: ":ok:", on: true });
  expect(reacted?.reactions).toEqual([{ emoji: ":ok:", users: [ME] }, { emoji: "👍", users: [ME, BOB] }]);
  change("react", { emoji: "👍", on: false }, BOB);
  expect(change("pin", { on: true })).toMatchObject({ pinned: true, rev: 6, reactions: [{}, { users: [ME] }] });
  const gone = change("delete", {});
  expect(gone).toEqual({ ...first, body: {}, deleted_by: ME, rev: 7 });
  expect(reacted?.reactions, "nobody's picture changes behind their back").toHaveLength(2);
  expect(log.wants(0, BOUNDS)).toBeUndefined();
  // One that does not say enough: the entry is asked for.
  change("react", { what: 1 });
  expect(log.wants(0, BOUNDS)).toEqual({ at: "range", from: 1, to: 1, since: 7 });
});
