/**
 * Time is handed in, so that a test can be at any hour and wait for nothing.
 */

/** What time it is, and how to be called later. */
export type Clock = {
  /** Milliseconds since 1970 by this device, never backwards. */
  nowMs(): number;
  /** Calls after so many milliseconds; returns how to prevent that. */
  after(ms: number, call: () => void): () => void;
};

/** No wait is longer than this at a stretch, in milliseconds: a browser calls a timer that is too long at once. */
const WAIT_MS_MAX = 2_000_000_000;

/**
 * The wall clock at the start plus time that only runs forward: what a device keeps must mean something after a
 * restart, and what it waits for must not jump when somebody sets the clock.
 */
export function browserClock(): Clock {
  const start_ms = Date.now() - performance.now();
  return {
    nowMs: () => Math.floor(start_ms + performance.now()),
    after: (ms, call) => {
      const timer = setTimeout(call, Math.min(Math.max(ms, 0), WAIT_MS_MAX));
      return () => clearTimeout(timer);
    },
  };
}
