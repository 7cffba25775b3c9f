/**
 * When to connect again. Full jitter: the wait is a random part of a bound that doubles with every failure, so that
 * ten thousand clients that lost their server in the same second come back spread out and not in waves.
 */

import type { Chance } from "./chance";

/** The bound of the first wait, in milliseconds: short, because most cuts are a moment's. */
export const BASE_MS = 500;
/** No wait the client chooses is longer, in milliseconds: a person stands before the screen. */
export const CAP_MS = 60_000;
/**
 * A connection that stayed up this long, in milliseconds, was a good one: the next failure starts from `BASE_MS`. One
 * that dies sooner counts as a failure, or a server that accepts and drops would be asked without pause.
 */
export const STAYED_UP_MS = 30_000;
/** A server that asks for a longer absence than this is not believed, in milliseconds: one hour. */
export const ASKED_MS_MAX = 3_600_000;

/** How often it failed, and what the server asked for. */
export type Backoff = { failures: number; up_since_ms?: number; asked_ms?: number };

export function newBackoff(): Backoff {
  return { failures: 0 };
}

/** A connection was greeted. */
export function up(backoff: Backoff, now_ms: number): void {
  backoff.up_since_ms = now_ms;
  backoff.asked_ms = undefined;
}

/** The server asked to be left alone for so long. The next wait is at least this. */
export function asked(backoff: Backoff, after_ms: number): void {
  backoff.asked_ms = Math.min(after_ms, ASKED_MS_MAX);
}

/**
 * The connection ended, or did not come about: how long to wait, in milliseconds. What the server asked for is spread
 * by the server; the jitter added to it is small, for servers that tell everybody the same number.
 */
export function down(backoff: Backoff, now_ms: number, chance: Chance): number {
  const { up_since_ms, asked_ms } = backoff;
  backoff.up_since_ms = undefined;
  backoff.asked_ms = undefined;
  if (up_since_ms !== undefined && now_ms - up_since_ms >= STAYED_UP_MS) backoff.failures = 0;
  const bound = Math.min(BASE_MS * 2 ** Math.min(backoff.failures, 16), CAP_MS);
  backoff.failures += 1;
  return asked_ms === undefined ? chance(bound + 1) : asked_ms + chance(BASE_MS + 1);
}

/** The person is here and waits (the network came back, the window was opened): the next try is at once. */
export function forget(backoff: Backoff): void {
  backoff.failures = 0;
  backoff.up_since_ms = undefined;
  backoff.asked_ms = undefined;
}
