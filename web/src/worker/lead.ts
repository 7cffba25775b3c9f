/**
 * Which worker runs the house: the one that holds the lock. A tab that goes frees it, and the next in line takes it. A
 * tab that the browser froze holds it and does nothing: so a desk on the screen that misses the house's beats takes the
 * lock away. The frozen one may thaw and write once more before it hears of that; what it writes bears its old term, and
 * the place where things are kept refuses it.
 */

import { HOUSE_BEAT_MS, HOUSE_BEATS_MISSED_MAX, HOUSE_LOCK } from "../engine/talk";

/** A house that runs. */
export type Running = { stop(): Promise<void> };

/** What leading needs of the world. */
export type LeadParts = {
  locks: Pick<LockManager, "request">;
  now_ms(): number;
  every(ms: number, what: () => void): void;
  /** Opens the house under a term that is higher than any before. */
  open(): Promise<Running>;
  /** This worker's tab is on the screen. */
  visible(): boolean;
};

export type Lead = {
  /** A house was heard. */
  heard(): void;
};

export function lead(parts: LeadParts): Lead {
  let heard_ms = parts.now_ms();
  let leads = false;

  const hold = async (): Promise<void> => {
    leads = true;
    const house = await parts.open();
    await new Promise<never>((_, stolen) => {
      release = () => stolen(new Error("the lock was taken away"));
    }).catch(() => undefined);
    leads = false;
    // What it could not keep any more is not its own: whoever took over has all that anybody was told.
    await house.stop().catch(() => undefined);
  };
  let release = () => {};

  const queue = (): void => {
    parts.locks.request(HOUSE_LOCK, hold).catch(() => lost());
  };
  const take = (): void => {
    heard_ms = parts.now_ms();
    parts.locks.request(HOUSE_LOCK, { steal: true }, hold).catch(() => lost());
  };
  // Somebody took it away, or the house could not be opened: back into the line.
  const lost = (): void => {
    release();
    leads = false;
    heard_ms = parts.now_ms();
    queue();
  };

  queue();
  parts.every(HOUSE_BEAT_MS, () => {
    const silent_ms = parts.now_ms() - heard_ms;
    if (!leads && parts.visible() && silent_ms > HOUSE_BEAT_MS * HOUSE_BEATS_MISSED_MAX + HOUSE_BEAT_MS / 2) take();
  });
  return {
    heard() {
      heard_ms = parts.now_ms();
    },
  };
}
