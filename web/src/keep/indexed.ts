/**
 * A journal of changes in IndexedDB: one database for each account. One `append` is one transaction and one record, so
 * what a step keeps is there as a whole or not at all. The journal is written anew, as short as possible, when it has
 * outgrown its bound, in one transaction too: at every moment one whole journal is there.
 *
 * The danger it guards against: a browser calls a transaction complete when the operating system has it, which a power
 * cut forgets. What somebody is told is durable is therefore written with durability "strict".
 */

import { deleteDB, openDB } from "idb";
import type { DBSchema, IDBPDatabase, IDBPTransaction } from "idb";
import type { Bounds } from "../sync/bounds";
import type { Change } from "../sync/change";
import { KeepFailure, replayed } from "./keep";
import type { Fault, Keep } from "./keep";

/** The key of the one row of `term`. */
const HOLDER = "holder";
/** The version of the database's shape. Each has a step from the one before in `SHAPES`; none is ever taken out. */
const VERSION = 1;
/** Changes in one record of a journal that is written anew: a record is read and cloned as a whole. */
const RECORD_CHANGES_MAX = 64;
/** A journal shorter than this is not written anew, in changes; a longer one when it has doubled. */
const GROWTH_CHANGES_MIN = 2_000;
/** How long another tab may take to let go of a database that is to be deleted, in milliseconds. */
const LET_GO_MS_MAX = 2_000;

interface Shape extends DBSchema {
  /** Changes of one step each, under numbers that rise. */
  journal: { key: number; value: readonly Change[] };
  /**
   * Who opened it last, as a number that rises. A tab that the browser froze may thaw after another took its place, and
   * write once more before it hears of that: what it then appends is refused.
   */
  term: { key: string; value: number };
}

type Writing = IDBPTransaction<Shape, ("journal" | "term")[], "readwrite">;

const SHAPES: readonly ((database: IDBPDatabase<Shape>) => void)[] = [
  (database) => {
    database.createObjectStore("journal", { autoIncrement: true });
    database.createObjectStore("term");
  },
];

/** Opens the journal of an account. `gone` is told when the browser or another tab takes it away. */
export async function openKeep(account: string, gone: (failure: KeepFailure) => void = () => undefined): Promise<Keep> {
  if (typeof indexedDB === "undefined") throw new KeepFailure("unavailable");
  let closed = false;
  const lost = () => {
    if (!closed) gone(new KeepFailure("taken away"));
    closed = true;
  };
  const database = await opened(account, lost);
  const term = await naming(() => takeTerm(database));
  let bounds: Bounds | undefined;
  /** Changes in the journal, and how many there were when it was last written anew. */
  let count = 0;
  let whole = 0;

  /** Ends the transaction if somebody has opened the place since: it is theirs. */
  async function stillMine(transaction: Writing): Promise<void> {
    if ((await transaction.objectStore("term").get(HOLDER)) === term) return;
    transaction.done.catch(() => undefined);
    transaction.abort();
    lost();
    throw new KeepFailure("taken away");
  }

  /** In one transaction: what was there, the fewest changes that give the same, and those instead. */
  async function writeAnew(as: Bounds): Promise<void> {
    const transaction = database.transaction(["journal", "term"], "readwrite", { durability: "strict" });
    await stillMine(transaction);
    const journal = transaction.objectStore("journal");
    const records = await journal.getAll();
    const snapshot = replayed(records.flat(), as).snapshot();
    try {
      journal.clear().catch(() => undefined);
      for (const record of inRecords(snapshot)) journal.add(record).catch(() => undefined);
    } catch (error) {
      // What is left to itself is committed: an empty journal, if the first record cannot be put.
      transaction.done.catch(() => undefined);
      transaction.abort();
      throw error;
    }
    await transaction.done;
    count = whole = snapshot.length;
  }

  return {
    load: (as) =>
      naming(async () => {
        const records = await database.getAll("journal");
        bounds = as;
        count = records.reduce((sum, record) => sum + record.length, 0);
        if (count >= GROWTH_CHANGES_MIN) await writeAnew(as).catch(() => (whole = count));
        return replayed(records.flat(), as);
      }),
    append: (changes, durable) =>
      naming(async () => {
        if (closed) throw new KeepFailure("taken away");
        if (!bounds) throw new KeepFailure("broken", "appended before it was loaded");
        // Nothing new, and yet everything before has to be durable: an empty record is the smallest write there is.
        if (changes.length === 0 && !durable) return;
        const durability = durable ? "strict" : "relaxed";
        const transaction = database.transaction(["journal", "term"], "readwrite", { durability });
        await stillMine(transaction);
        // A put that fails ends the transaction, which says so.
        transaction.objectStore("journal").add(changes).catch(() => undefined);
        transaction.commit();
        await transaction.done;
        count += changes.length;
        if (count < Math.max(GROWTH_CHANGES_MIN, 2 * whole)) return;
        // A journal that cannot be written anew, for want of room perhaps, is long and yet whole: later again.
        await writeAnew(bounds).catch(() => (whole = count));
      }),
    close: () => {
      closed = true;
      database.close();
    },
  };
}

/** Takes the place: whoever had it before appends nothing any more. */
async function takeTerm(database: IDBPDatabase<Shape>): Promise<number> {
  const transaction = database.transaction("term", "readwrite");
  const term = ((await transaction.store.get(HOLDER)) ?? 0) + 1;
  await transaction.store.put(term, HOLDER);
  await transaction.done;
  return term;
}

/** Deletes everything that is kept for an account: somebody signed out. */
export async function deleteKeep(account: string): Promise<void> {
  if (typeof indexedDB === "undefined") return;
  await naming(
    () =>
      new Promise<void>((resolve, reject) => {
        // Whoever holds it open is told to let go, and does so in a moment. It goes when the last one has.
        const blocked = () => setTimeout(() => reject(new KeepFailure("blocked")), LET_GO_MS_MAX);
        deleteDB(nameOf(account), { blocked }).then(resolve, reject);
      }),
  );
}

async function opened(account: string, lost: () => void): Promise<IDBPDatabase<Shape>> {
  let refuse: (failure: KeepFailure) => void;
  const blocked = new Promise<never>((_, reject) => (refuse = reject));
  blocked.catch(() => undefined);
  return naming(async () => {
    const opening = openDB<Shape>(nameOf(account), VERSION, {
      upgrade: (database, old) => SHAPES.slice(old).forEach((step) => step(database)),
      blocked: () => refuse(new KeepFailure("blocked")),
      // Another tab wants to upgrade or delete it: whoever holds on keeps that tab out.
      blocking: (_old, _new, event) => {
        lost();
        (event.target as IDBDatabase).close();
      },
      terminated: lost,
    });
    // If it opens after all, nobody holds it.
    void opening.then((database) => blocked.catch(() => database.close())).catch(() => undefined);
    return Promise.race([opening, blocked]);
  });
}

function nameOf(account: string): string {
  return `tidings ${account}`;
}

function inRecords(changes: readonly Change[]): (readonly Change[])[] {
  const count = Math.ceil(changes.length / RECORD_CHANGES_MAX);
  return Array.from({ length: count }, (_, at) =>
    changes.slice(at * RECORD_CHANGES_MAX, (at + 1) * RECORD_CHANGES_MAX),
  );
}

/** Does something with the database, and gives its failures their names. */
async function naming<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof KeepFailure ? error : new KeepFailure(faultOf(error), error);
  }
}

function faultOf(error: unknown): Fault {
  switch (error instanceof Error ? error.name : "") {
    case "QuotaExceededError":
      return "full";
    case "VersionError":
      return "newer";
    case "InvalidStateError":
      return "taken away";
    case "SecurityError":
    case "NotSupportedError":
      return "unavailable";
    default:
      return "broken";
  }
}
