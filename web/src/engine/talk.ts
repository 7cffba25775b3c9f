/**
 * What tabs and the one engine say to each other. Each tab has a worker of its own, its desk; one of these workers holds
 * the lock and runs the house, which keeps, sends and receives for all of them. A desk speaks to the house over a
 * channel that all share, the house to each desk over that desk's own.
 *
 * A desk says everything again to a new house: watches are a state, and an order that changes something has its name
 * before it is given, so that the same order twice is one change.
 */

import type { No, OrderName, ViewName } from "./contract";

/** One desk, for as long as its tab lives. */
export type DeskId = string;

/** Said to the house. */
export type ToHouse =
  | { say: "here"; desk: DeskId; visible: boolean }
  | { say: "gone"; desk: DeskId }
  | { say: "watch"; desk: DeskId; id: number; view: ViewName; of: unknown }
  | { say: "unwatch"; desk: DeskId; id: number }
  | { say: "order"; desk: DeskId; id: number; order: OrderName; ask: unknown; send_id: string };

/** Said to one desk. */
export type ToDesk =
  | { say: "is"; id: number; is: unknown }
  | { say: "done"; id: number; answer: unknown }
  | { say: "not done"; id: number; no: No };

/** Said to all desks: which house there is. `term` grows with every house, so that an old one that thaws is known. */
export type FromHouse = { say: "beat"; term: number };

/** Said between a page and its own worker. */
export type ToWorker =
  | { say: "watch"; id: number; view: ViewName; of: unknown }
  | { say: "unwatch"; id: number }
  | { say: "order"; id: number; order: OrderName; ask: unknown }
  | { say: "visible"; visible: boolean };

/** How often a house says that it is there, in milliseconds. */
export const HOUSE_BEAT_MS = 2_000;
/** Beats that a house may miss before a visible tab takes its place. */
export const HOUSE_BEATS_MISSED_MAX = 2;

/** The lock that the house holds. */
export const HOUSE_LOCK = "tidings-house";
/** The channel to the house. */
export const HOUSE_CHANNEL = "tidings-to-house";
/** The channel from the house to all. */
export const BEAT_CHANNEL = "tidings-from-house";

/** The channel to a desk. */
export function deskChannel(desk: DeskId): string {
  return `tidings-desk-${desk}`;
}
