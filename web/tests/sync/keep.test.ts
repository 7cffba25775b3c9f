/** The journal in IndexedDB: what was appended is there, whole, also after it was written anew; and its failures. */

import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, expect, test, vi } from "vitest";
import { deleteKeep, openKeep } from "../../src/keep/indexed";
import { KeepFailure } from "../../src/keep/keep";
import { BOUNDS } from "../../src/sync/bounds";
import type { Change } from "../../src/sync/change";
import { newItem } from "../../src/sync/outbox";
import { State } from "../../src/sync/state";
import { CONV, ME, uuid } from "./pretend";

const EPOCH = uuid(9);

afterEach(() => void vi.restoreAllMocks());

function queued(n: number): Change {
  const item = newItem({ t: "send", conv: CONV, send_id: uuid(n), kind: "text", body: { text: `${n}` } }, ME, 0);
  return { change: "queued", item };
}

function entry(seq: number): Change {
  const item = {
    seq, ord: seq, id: uuid(seq), sender: ME, send_id: uuid(seq), created_ms: seq, kind: "text",
    body: { text: `${seq}` },
  };
  return { change: "held", conv: CONV, held: { from: seq, to: seq, as_of: seq, items: [item] } };
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof KeepFailure ? error.fault : `thrown: ${String(error)}`),
  );
}

test("what was appended is there again, in its order, and another account knows nothing of it", async () => {
  const keep = await openKeep("ann");
  expect((await keep.load(BOUNDS)).outbox.isQuiet()).toBe(true);
  await keep.append([{ change: "epoch", epoch: EPOCH, at_ms: 0 }, queued(1), queued(2)], true);
  await keep.append([{ change: "dismissed", send_id: uuid(1) }], false);
  await keep.append([], true);
  keep.close();
  const again = await openKeep("ann");
  const state = await again.load(BOUNDS);
  expect(state.epoch).toBe(EPOCH);
  expect(state.outbox.waiting().map(({ item }) => item.send_id)).toEqual([uuid(2)]);
  const other = await openKeep("bob");
  expect((await other.load(BOUNDS)).epoch).toBeUndefined();
  [again, other].forEach((one) => one.close());
});

test("who thaws after another has taken the place appends nothing", async () => {
  const gone: string[] = [];
  const frozen = await openKeep("frozen", (failure) => gone.push(failure.fault));
  await frozen.load(BOUNDS);
  await frozen.append([queued(1)], true);
  const next = await openKeep("frozen");
  await next.load(BOUNDS);
  expect(await faultOf(frozen.append([queued(2)], true))).toBe("taken away");
  expect(await faultOf(frozen.append([queued(3)], true))).toBe("taken away");
  expect(gone).toEqual(["taken away"]);
  await next.append([queued(4)], true);
  next.close();
  const after = await openKeep("frozen");
  const state = await after.load(BOUNDS);
  expect(state.outbox.waiting().map(({ item }) => item.send_id)).toEqual([uuid(1), uuid(4)]);
  after.close();
});

test("a journal that has grown is written anew and says the same", async () => {
  const keep = await openKeep("long");
  await keep.load(BOUNDS);
  const expected = new State();
  const take = async (changes: Change[]) => {
    await keep.append(changes, false);
    for (const change of changes) expected.replay(structuredClone(change), BOUNDS);
  };
  const begun = { epoch: EPOCH, at_ms: 0 };
  await take([{ change: "epoch", ...begun }, { change: "restarted", conv: CONV, ...begun }]);
  for (let n = 0; n < 60; n++) {
    await take(Array.from({ length: 40 }, (_, at) => entry(1 + n * 40 + at)));
    await take([queued(9_000 + n)]);
    if (n % 2 === 0) await take([{ change: "dismissed", send_id: uuid(9_000 + n) }]);
  }
  keep.close();
  const database = await openDB("tidings long");
  const records = (await database.getAll("journal")) as Change[][];
  expect(records.flat().length).toBeLessThan(1_000);
  database.close();
  const again = await openKeep("long");
  expect((await again.load(BOUNDS)).snapshot()).toEqual(expected.snapshot());
  again.close();
});

test("a journal that cannot be written anew is whole all the same", async () => {
  const keep = await openKeep("longer");
  await keep.load(BOUNDS);
  const { add } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (this: IDBObjectStore, value: Change[]) {
    if (value.length !== 500) throw new DOMException("no room", "QuotaExceededError");
    return add.call(this, value);
  });
  for (let n = 0; n < 5; n++) await keep.append(Array.from({ length: 500 }, (_, at) => queued(n * 500 + at)), true);
  keep.close();
  const again = await openKeep("longer");
  expect((await again.load(BOUNDS)).outbox.waiting()).toHaveLength(2_500);
  again.close();
});

test("what has to be durable is written so that a power cut does not forget it", async () => {
  const keep = await openKeep("strict");
  await keep.load(BOUNDS);
  const asked: unknown[] = [];
  const { transaction } = IDBDatabase.prototype;
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, stores, mode, how) {
    asked.push(how?.durability);
    return transaction.call(this, stores, mode, how);
  });
  await keep.append([queued(1)], true);
  await keep.append([entry(1)], false);
  await keep.append([], false);
  expect(asked).toEqual(["strict", "relaxed"]);
  keep.close();
});

test("one append is there as a whole or not at all", async () => {
  const keep = await openKeep("torn");
  await keep.load(BOUNDS);
  await keep.append([queued(1)], true);
  // The second thing cannot be cloned into a database.
  const odd = { ...queued(3), odd: () => undefined } as unknown as Change;
  expect(await faultOf(keep.append([queued(2), odd], true))).toBe("broken");
  await keep.append([queued(4)], true);
  keep.close();
  const again = await openKeep("torn");
  const names = (await again.load(BOUNDS)).outbox.waiting().map(({ item }) => item.send_id);
  expect(names).toEqual([uuid(1), uuid(4)]);
  again.close();
});

test("signing out deletes it, and whoever holds it open is told", async () => {
  const gone: string[] = [];
  const keep = await openKeep("leaver", (failure) => gone.push(failure.fault));
  await keep.load(BOUNDS);
  await keep.append([queued(1)], true);
  await deleteKeep("leaver");
  expect(gone).toEqual(["taken away"]);
  expect(await faultOf(keep.append([queued(2)], true))).toBe("taken away");
  const again = await openKeep("leaver");
  expect((await again.load(BOUNDS)).outbox.waiting()).toEqual([]);
  again.close();
});

test("a newer version's database is left alone, and one without room says so", async () => {
  (await openDB("tidings newer", 99)).close();
  expect(await faultOf(openKeep("newer"))).toBe("newer");
  const keep = await openKeep("full");
  await keep.load(BOUNDS);
  vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(() => {
    throw new DOMException("no room", "QuotaExceededError");
  });
  expect(await faultOf(keep.append([queued(1)], true))).toBe("full");
  keep.close();
});

test("another tab that does not let go when it is asked to has a name", async () => {
  const holder = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open("tidings stubborn", 1);
    opening.onsuccess = () => resolve(opening.result);
  });
  expect(await faultOf(deleteKeep("stubborn"))).toBe("blocked");
  holder.close();
}, 10_000);

test("where the browser has no databases, that is said", async () => {
  vi.stubGlobal("indexedDB", undefined);
  expect(await faultOf(openKeep("nobody"))).toBe("unavailable");
  await deleteKeep("nobody");
  vi.unstubAllGlobals();
});
