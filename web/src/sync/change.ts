/**
 * What a device keeps, one change at a time: the journal's vocabulary. Replaying the changes in order gives the state.
 *
 * The names on disk are for ever, like those on the wire: a journal outlives the program that wrote it.
 */

import type { Ack, ConversationId, Epoch, Head, InboxRow, Refusal, SendId, Ver } from "../wire/wire";
import type { Mine } from "./cursors";
import type { Held } from "./log";
import type { Item } from "./outbox";
import type { About, Wishes } from "./wish";

/** One change of what is kept. Moments are in milliseconds since 1970. */
export type Change =
  /**
   * The lineage of everything that follows. Caches (inbox, logs, cursors) are dropped, the outbox stays, and what was
   * acknowledged lately is in it again.
   */
  | { change: "epoch"; epoch: Epoch; at_ms: number }
  /** Rows of the inbox, and the version that holds with them. */
  | { change: "rows"; ver: Ver; rows: InboxRow[] }
  /** Heads that moved, and the version that holds with them. */
  | { change: "heads"; ver: Ver; heads: Head[] }
  /** A log starts again in this lineage; what was acknowledged lately for it is in the outbox again. */
  | { change: "restarted"; conv: ConversationId; epoch: Epoch; at_ms: number }
  /** Entries of a log. */
  | { change: "held"; conv: ConversationId; held: Held }
  /** A log's entries were let go, to make room. */
  | { change: "emptied"; conv: ConversationId }
  /** A change was put into the outbox. */
  | { change: "queued"; item: Item }
  /** The server acknowledged a change. */
  | { change: "acked"; send_id: SendId; ack: Ack; at_ms: number }
  /** The server refused a change for good. */
  | { change: "failed"; send_id: SendId; refusal: Refusal }
  /** A change was dismissed by its author. */
  | { change: "dismissed"; send_id: SendId }
  /** Where I want my read cursor. The delivered one follows from the entries held. */
  | { change: "wanted"; conv: ConversationId; mine: Mine }
  /** What is wished of one's own about one thing; nothing: all of it is answered. */
  | { change: "wished"; about: About; wishes: Wishes }
  /** What the server has of my cursors. */
  | { change: "confirmed"; conv: ConversationId; mine: Mine };

/** Whether somebody will be told something that is only true once this is on the disk. */
export function mustBeDurable({ change }: Change): boolean {
  switch (change) {
    case "epoch":
    case "rows":
    case "restarted":
    case "held":
    case "queued":
    case "wished":
    case "wanted":
      return true;
    case "heads":
    case "emptied":
    case "acked":
    case "failed":
    case "dismissed":
    case "confirmed":
      return false;
  }
}
