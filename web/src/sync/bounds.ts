/**
 * web/src/sync: one device's end of a server, without its socket, its disk and its clock. The same words and rules as
 * crates/client, file by file.
 *
 * Here: every bound that the wire does not already name, with its unit in its name.
 */

import { LIMITS } from "../wire/wire";

/** What one device may hold. */
export type Bounds = {
  /** Changes in the outbox that are not acknowledged, failed ones among them. One more is refused to its author. */
  outbox_entries_max: number;
  /** The same, in bytes of their bodies. */
  outbox_bytes_max: number;
  /** Acknowledged changes kept for a resync; beyond it the oldest goes before its time. */
  acked_entries_max: number;
  /** The same, in bytes of their bodies. */
  acked_bytes_max: number;
  /** Entries held of one log; beyond it the lowest go. */
  log_entries_max: number;
  /** Logs that hold entries; beyond it the one that was least recently active is emptied. */
  logs_max: number;
  /** How many entries are fetched of a log of which nothing is held, or after a long gap. */
  tail_entries: number;
  /** A hole wider than this is not filled: the tail is fetched and the hole stays, entries. */
  gap_fill_entries_max: number;
  /** With nothing held of a log, a live entry is shown at once and what lies below it follows. */
  begin_anywhere: boolean;
  /** Commands that wait for a connection or for a place among the unanswered requests. */
  commands_max: number;
  /** Things of one's own (drafts, marks, preferences) that wait to be said. One more is refused to its author. */
  own_wishes_max: number;
};

/** As in Rust: a person's only client. */
export const BOUNDS: Readonly<Bounds> = {
  outbox_entries_max: 1_000,
  outbox_bytes_max: 8 << 20,
  acked_entries_max: 1_000,
  acked_bytes_max: 4 << 20,
  log_entries_max: 2_000,
  logs_max: 500,
  tail_entries: 50,
  gap_fill_entries_max: 1_000,
  begin_anywhere: true,
  commands_max: 256,
  own_wishes_max: 1_000,
};

/** For a page: a browser ends a worker that holds too much without a word, so fewer logs and shorter ones. */
export const PAGE_BOUNDS: Readonly<Bounds> = { ...BOUNDS, log_entries_max: 1_000, logs_max: 100 };

/** The highest position there is: what would be higher is no whole number in a browser any more. */
export const POSITION_MAX = Number.MAX_SAFE_INTEGER;
/** Early entries of one log on its shelf; those above are dropped and pulled. */
export const SHELF_ENTRIES_MAX = 64;
/** Conversations that are fetched unasked after a resume: the most lately active ones. */
export const RESUME_EAGER_MAX = 20;
/** Members whose public cursors are held of one open conversation. */
export const PEERS_MAX = LIMITS.group_members_max;
/** Conversations that are open at once; one more closes none, and is told to the server only when another is closed. */
export const OPEN_MAX = 256;
/** People whose presence is watched at once. */
export const PRESENCE_OF_MAX = 1_000;
/** Conversations of which anything is held. A server that names more is passed over, or it could fill the memory. */
export const CONVERSATIONS_MAX = 100_000;
/** Marks and drafts that are held, each. */
export const OWN_ROWS_MAX = 100_000;
/** How long a request may go unanswered before the connection is given up, in milliseconds. */
export const ANSWER_MS_MAX = 15_000;
/** How long connecting and the WebSocket's handshake may take, in milliseconds. */
export const CONNECT_MS_MAX = 10_000;
/** No beat comes sooner after another, in milliseconds: a server that asks for more is not believed. */
export const BEAT_MS_MIN = 1_000;
/** Beats that may go unanswered; at this many the connection is given up. */
export const BEATS_MISSED_MAX = 2;
/** How long cursors are gathered before they are sent, in milliseconds: one frame speaks for many entries. */
export const CURSOR_GATHER_MS = 200;
/** After how long a cursor that was refused for now, or answered with less than it said, is said again, in ms. */
export const CURSOR_REPEAT_MS = 2_000;
/** How long after a refusal that names no wait something is tried again, in milliseconds. */
export const RETRY_MS = 1_000;
