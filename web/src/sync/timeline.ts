/**
 * What to show of one conversation: the entries that follow each other up to the newest, and below them what this
 * device has said and nobody has confirmed yet.
 *
 * An unsent message has a `send_id` and no seq. It stands at the end until the entry with that name arrives, and then
 * it is that entry, wherever in the log it lies: nothing is shown twice and nothing jumps from one copy to another.
 */

import type { Ack, ConversationId, Entry, Json, Reaction, Refusal, SendId, Seq, UserId } from "../wire/wire";
import type { Item, Outbox, Phase } from "./outbox";
import type { Have } from "./peers";

/** How far a line has got. None: somebody else's, or nobody's business. */
export type Ticks = "none" | "queued" | "failed" | "sent" | "delivered" | "read";

/** One line. */
export type Line = {
  /** Its place; absent while it is only here. */
  seq?: Seq;
  send_id: SendId;
  sender: UserId;
  /** In milliseconds since 1970: by the server's clock once it is there, before that by this device's. */
  at_ms: number;
  kind: string;
  body: Json;
  rev?: Seq;
  reply_to?: Seq;
  thread?: Seq;
  edited?: Seq;
  deleted_by?: UserId;
  pinned: boolean;
  reactions: readonly Reaction[];
  ticks: Ticks;
  /** Why it was refused, where `ticks` is `failed`. */
  refusal?: Refusal;
};

/** The lines of a conversation, in order. `all_have` is up to where everybody else has stored and read. */
export function linesOf(
  tail: readonly Entry[], outbox: Outbox, conv: ConversationId, me: UserId, all_have: Have,
): Line[] {
  return [...tail.map((entry) => lineOf(entry, me, all_have)), ...echoesOf(tail, outbox, conv, me)];
}

/** What this device has said there and nobody has confirmed, or whose entry has not come: the lines below the tail. */
export function echoesOf(tail: readonly Entry[], outbox: Outbox, conv: ConversationId, me: UserId): Line[] {
  const newest = tail.at(-1)?.seq ?? 0;
  // Confirmed, but the entry has not come yet. One at or below the end has come and gone from this window.
  const echoes: { item: Item; ack?: Ack; phase?: Phase }[] = outbox.lately().filter(({ ack }) => ack.seq > newest);
  echoes.push(...outbox.waiting());
  const here = echoes.filter(({ item }) => item.conv === conv);
  if (here.length === 0) return [];
  const named = new Set(tail.filter((entry) => entry.sender === me).map((entry) => entry.send_id));
  const lines: Line[] = [];
  for (const { item, ack, phase } of here) {
    if (named.has(item.send_id)) continue;
    named.add(item.send_id);
    const line = echoOf(item, ack, phase, me);
    if (line) lines.push(line);
  }
  return lines;
}

/** An entry as a line. */
export function lineOf(entry: Entry, me: UserId, all_have: Have): Line {
  const { seq, send_id, sender, kind, body, rev, reply_to, thread, edited, deleted_by } = entry;
  let ticks: Ticks = "none";
  // Only what counts as a message has ticks.
  if (sender === me && kind === "text") {
    ticks = seq <= all_have.read ? "read" : seq <= all_have.delivered ? "delivered" : "sent";
  }
  return {
    seq, send_id, sender, at_ms: entry.created_ms, kind, body, rev, reply_to, thread, edited, deleted_by,
    pinned: entry.pinned ?? false, reactions: entry.reactions ?? [], ticks,
  };
}

/** The line of something said here; what is not said (adding, leaving) has none before it is an entry. */
function echoOf(item: Item, ack: Ack | undefined, phase: Phase | undefined, me: UserId): Line | undefined {
  const { verb } = item;
  if (verb.t !== "send") return undefined;
  const failed = !ack && phase?.phase === "failed" ? phase : undefined;
  return {
    send_id: item.send_id,
    sender: me,
    at_ms: ack?.created_ms ?? item.queued_ms,
    kind: verb.kind,
    body: verb.body,
    reply_to: verb.reply_to,
    thread: verb.thread,
    pinned: false,
    reactions: [],
    ticks: ack ? "sent" : failed ? "failed" : "queued",
    refusal: failed?.refusal,
  };
}
