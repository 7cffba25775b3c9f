/**
 * web/src/keep: where a device keeps what must outlive the page: its place in the inbox, its logs, its outbox.
 */

import type { Bounds } from "../sync/bounds";
import type { Change } from "../sync/change";
import { State } from "../sync/state";

/**
 * A place to keep one device's state, for one writer at a time: two would each write a journal that the other does not
 * know, so whoever opens it sees to that (a lock, one worker for all tabs).
 *
 * Promised: after an `append` that was durable has settled, a `load` (also in another process, also after the power
 * went) gives a state that holds every change appended before. Changes appended after it may be lost, but only from the
 * end, and those of one `append` together.
 *
 * Everything rejects with a `KeepFailure` and nothing else. After a rejection nothing more may be told that rests on
 * it.
 */
export type Keep = {
  /** What was kept. Called once, before anything else. */
  load(bounds: Bounds): Promise<State>;
  /** Takes changes in, in their order, in one transaction. `durable`: they and all before are when it settles. */
  append(changes: readonly Change[], durable: boolean): Promise<void>;
  /** Lets go of the place. What was appended stays. */
  close(): void;
};

/**
 * Why something cannot be kept. Full: the browser gives no more room. Newer: a newer version of this app has written
 * there. Blocked: another tab holds an older version open. Taken away: another tab or the browser has closed or deleted
 * it. Unavailable: there is no such place in this browser (a private window, for one). Broken: anything else.
 */
export type Fault = "full" | "newer" | "blocked" | "taken away" | "unavailable" | "broken";

const WORDS: { [fault in Fault]: string } = {
  full: "There is no room left to keep messages in this browser; free some space on this device.",
  newer: "A newer version of this app has kept messages here; reload the page to get it.",
  blocked: "Another tab holds an older version of what is kept; close it or reload it.",
  "taken away": "What is kept here was closed or cleared by the browser or another tab; reload the page.",
  unavailable: "This browser keeps nothing for this page; what is here lasts as long as this tab.",
  broken: "What is kept in this browser cannot be read or written.",
};

/** A failure of the place, with its name and words for a person. */
export class KeepFailure extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(WORDS[fault], { cause });
    this.name = "KeepFailure";
    this.fault = fault;
  }
}

/**
 * Keeps in memory, for as long as `kept` lives: where the browser keeps nothing, and for tests. Changes are cloned, as
 * a database would: what was kept must not change with what is held.
 */
export function memoryKeep(kept: Change[] = []): Keep {
  return {
    load: async (bounds) => replayed(kept, bounds),
    append: async (changes) => {
      kept.push(...structuredClone(changes as Change[]));
    },
    close: () => undefined,
  };
}

/** The state that changes give, one after the other. */
export function replayed(changes: Iterable<Change>, bounds: Bounds): State {
  const state = new State();
  for (const change of changes) state.replay(change, bounds);
  return state;
}
