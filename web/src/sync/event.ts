/**
 * What the owner of a device's end is told. Everything an event tells of is kept already.
 */

import type {
  ConversationId, Entry, PresenceOf, Refusal, SendId, Seq, TypingNow, UserId,
} from "../wire/wire";

/** What has to be done after a connection has ended: `stop` is a fault that coming back does not mend. */
export type Duty = "reconnect" | "sign in" | "stop";

/** Something happened. */
export type Event =
  /** The server knows us; what follows is live. */
  | { event: "online"; user: UserId }
  /** The inbox is known whole: what was missed while away is known of, if not yet fetched. */
  | { event: "caught up" }
  /** There is no connection; the next try comes in so many milliseconds. */
  | { event: "offline"; retry_in_ms: number }
  /** There will be no further try: sign in again, or update. With the close code that said so. */
  | { event: "stopped"; duty: Duty; code?: number }
  /** The server goes down for a moment; the client comes back by itself. */
  | { event: "leaving"; reason: string }
  /** The server lives in another lineage: everything shown so far is void, ask anew. */
  | { event: "resynced" }
  /** Rows of the inbox changed. */
  | { event: "inbox"; convs: ConversationId[] }
  /** My devices or my profile changed: ask for them. Or my privacy, or whom I block: look at the inbox. */
  | { event: "account" }
  /** Entries that follow the last one told of this conversation, without a hole among them. */
  | { event: "grown"; conv: ConversationId; entries: Entry[] }
  /** A hole too wide to fill lies before the next `grown`: its first and its last seq. */
  | { event: "skipped"; conv: ConversationId; from: Seq; to: Seq }
  /** Something older came, changed or went: what is shown of the conversation is to be read anew. */
  | { event: "changed"; conv: ConversationId }
  /** A change of mine is durable on the server. */
  | { event: "acked"; send_id: SendId; conv: ConversationId; seq: Seq }
  /** A change of mine was refused for good. It stays in the outbox until dismissed. */
  | { event: "failed"; send_id: SendId; conv: ConversationId; refusal: Refusal }
  /** What is my own changed: preferences, marks or drafts, here or on another device. */
  | { event: "own"; convs: ConversationId[] }
  /** A wish about what is my own was refused for good, and is gone. */
  | { event: "own refused"; conv: ConversationId; refusal: Refusal }
  /** Others' cursors, or mine on another device, moved: ticks may have. */
  | { event: "cursors"; conv: ConversationId }
  /** Somebody types. */
  | ({ event: "typing" } & TypingNow)
  /** Who is there; true for `ttl_ms`. */
  | { event: "presence"; list: PresenceOf[]; ttl_ms: number };

/** The duty after a connection that ended with this code, known or not: the hundred says it. */
export function dutyAfter(code: number | undefined): Duty {
  if (code !== undefined && code >= 4100 && code < 4200) return "sign in";
  if (code !== undefined && code >= 4200 && code < 4300) return "stop";
  return "reconnect";
}
