/**
 * Changes this device asked for and the server has not acknowledged: each with its `send_id` and without a seq.
 *
 * An item is kept (made durable) before it is first sent, and every retry carries the same `send_id`, so that a cut at
 * any moment costs a repetition and never a message. Within one conversation at most one is under way: were two sent at
 * once and the first told to wait, the second would overtake it.
 */

import { LIMITS } from "../wire/wire";
import type { Ack, ConversationId, Refusal, SendId, Seq, UserId } from "../wire/wire";
import { RETRY_MS } from "./bounds";
import type { Bounds } from "./bounds";
import type { Change } from "./change";
import { placeOf, soonest } from "./order";
import { bodyBytes, convOf } from "./verb";
import type { Verb } from "./verb";

/** Bytes an item takes besides its body. */
const ENVELOPE_BYTES = 256;

/** One change that somebody on this device asked for, as it is kept. */
export type Item = {
  /** Its name, the same on every try. */
  send_id: SendId;
  /** The conversation it belongs to; for a `create`, the one it will make. */
  conv: ConversationId;
  /** What to do. */
  verb: Verb;
  /** When it was asked for, in milliseconds since 1970 by this device's clock; for display. */
  queued_ms: number;
  /** What it counts for against the bound, in bytes. */
  bytes: number;
};

/** How far a change has got. Waiting: not before this moment, in milliseconds by this device's clock; 0: at once. */
export type Phase =
  | { phase: "waiting"; not_before_ms: number }
  | { phase: "under way" }
  | { phase: "failed"; refusal: Refusal };

type Queued = { number: number; item: Item; phase: Phase };

/** A change that the server acknowledged. */
type Acked = { number: number; item: Item; at_ms: number; ack: Ack };

const AT_ONCE: Phase = { phase: "waiting", not_before_ms: 0 };

/** A change that `me` asks for. */
export function newItem(verb: Verb, me: UserId, now_ms: number): Item {
  const bytes = ENVELOPE_BYTES + bodyBytes(verb);
  return { send_id: verb.send_id, conv: convOf(verb, me), verb, queued_ms: now_ms, bytes };
}

/** The outbox of one device. */
export class Outbox {
  /** In the order in which they were queued; that order holds within each conversation. */
  private items: Queued[] = [];
  private by_id = new Map<SendId, Queued>();
  private bytes = 0;
  private next_number = 0;
  /** Acknowledged, the oldest first; kept to be submitted again should the server lose its memory of them. */
  private ackeds: Acked[] = [];
  private acked_bytes = 0;

  /** Takes a change in. The caller keeps it before asking for `next`. False: there is no room, nothing was queued. */
  queue(item: Item, bounds: Bounds): boolean {
    if (this.items.length >= bounds.outbox_entries_max || this.bytes + item.bytes > bounds.outbox_bytes_max) {
      return false;
    }
    this.put(item);
    return true;
  }

  /** Takes a change in whatever the bounds: it comes from what was kept. */
  put(item: Item): void {
    if (this.by_id.has(item.send_id)) return;
    this.insert(this.next_number, item);
    this.next_number += 1;
  }

  /** The next change to send, now under way; `undefined` where all wait or are under way. */
  next(now_ms: number): Item | undefined {
    const passed = new Set<ConversationId>();
    for (const queued of this.items) {
      const { phase, item } = queued;
      if (phase.phase === "failed" || passed.has(item.conv)) continue;
      passed.add(item.conv);
      if (phase.phase === "waiting" && phase.not_before_ms <= now_ms) {
        queued.phase = { phase: "under way" };
        return item;
      }
    }
    return undefined;
  }

  /** It is durable on the server. Gives what it was, unless that was known already. */
  acked(send_id: SendId, ack: Ack, now_ms: number, bounds: Bounds): Item | undefined {
    const queued = this.remove(send_id);
    if (!queued) return undefined;
    const { number, item } = queued;
    this.acked_bytes += item.bytes;
    this.ackeds.push({ number, item, at_ms: now_ms, ack });
    this.expire(now_ms, bounds);
    return item;
  }

  /**
   * The server said no. "later": it will be sent again; a conversation: it never will, its author decides, and it is
   * kept until dismissed; `undefined`: nothing of that name waits.
   */
  refused(send_id: SendId, refusal: Refusal, now_ms: number): "later" | { failed: ConversationId } | undefined {
    const queued = this.by_id.get(send_id);
    if (!queued) return undefined;
    if (refusal.retry) {
      queued.phase = { phase: "waiting", not_before_ms: now_ms + (refusal.retry_after_ms ?? RETRY_MS) };
      return "later";
    }
    queued.phase = { phase: "failed", refusal };
    return { failed: queued.item.conv };
  }

  /** The connection is gone: nobody knows whether what was under way arrived. It is sent again, under the same name. */
  disconnected(): void {
    for (const queued of this.items) if (queued.phase.phase === "under way") queued.phase = AT_ONCE;
  }

  /**
   * The server's memory is of another lineage: what it acknowledged lately (in `conv`, or anywhere) is sent again, in
   * its old order and before what came after it. Those that survived are recognised by their names.
   */
  resubmit(conv: ConversationId | undefined, now_ms: number): number {
    const again = (acked: Acked) => (conv === undefined || conv === acked.item.conv) && !isOld(acked, now_ms);
    const back = this.ackeds.filter(again);
    this.ackeds = this.ackeds.filter((acked) => !again(acked));
    for (const { number, item } of back) {
      this.acked_bytes -= item.bytes;
      this.insert(number, item);
    }
    return back.length;
  }

  /** Its author has seen that it failed, or takes back what was not sent. Not what is under way: it may be there. */
  dismiss(send_id: SendId): boolean {
    const queued = this.by_id.get(send_id);
    return queued !== undefined && queued.phase.phase !== "under way" && this.remove(send_id) !== undefined;
  }

  /** Forgets acknowledged changes that are too old or too many to be submitted again. */
  expire(now_ms: number, bounds: Bounds): void {
    for (let oldest = this.ackeds[0]; oldest; oldest = this.ackeds[0]) {
      const many = this.ackeds.length > bounds.acked_entries_max || this.acked_bytes > bounds.acked_bytes_max;
      if (!many && !isOld(oldest, now_ms)) break;
      this.acked_bytes -= oldest.item.bytes;
      this.ackeds.shift();
    }
  }

  /** The change of this name and how far it has got, if it is not acknowledged. */
  get(send_id: SendId): { item: Item; phase: Phase } | undefined {
    return this.by_id.get(send_id);
  }

  /** Where the change of this name was put, if it was acknowledged lately. */
  seqOf(send_id: SendId): Seq | undefined {
    return this.ackeds.findLast((acked) => acked.item.send_id === send_id)?.ack.seq;
  }

  /** What waits, is under way or failed, in order. */
  waiting(): readonly { item: Item; phase: Phase }[] {
    return this.items;
  }

  /** What was acknowledged lately and where it was put, the oldest first. */
  lately(): readonly { item: Item; ack: Ack }[] {
    return this.ackeds;
  }

  /** The fewest changes that give this outbox again: everything in its old order, then what was answered. */
  snapshot(): Change[] {
    const queued = [...this.items, ...this.ackeds].sort((a, b) => a.number - b.number);
    const changes: Change[] = queued.map(({ item }) => ({ change: "queued", item }));
    for (const { item, ack, at_ms } of this.ackeds) {
      changes.push({ change: "acked", send_id: item.send_id, ack, at_ms });
    }
    for (const { item, phase } of this.items) {
      if (phase.phase === "failed") changes.push({ change: "failed", send_id: item.send_id, refusal: phase.refusal });
    }
    return changes;
  }

  /** When `next` has to be asked again although nothing happened. */
  wakeAt(now_ms: number): number | undefined {
    return soonest(
      this.items.map(({ phase }) =>
        phase.phase === "waiting" && phase.not_before_ms > now_ms ? phase.not_before_ms : undefined,
      ),
    );
  }

  /** Whether nothing waits and nothing is under way. */
  isQuiet(): boolean {
    return this.items.every(({ phase }) => phase.phase === "failed");
  }

  private insert(number: number, item: Item): void {
    const queued: Queued = { number, item, phase: AT_ONCE };
    this.bytes += item.bytes;
    this.by_id.set(item.send_id, queued);
    this.items.splice(placeOf(this.items, number, (one) => one.number), 0, queued);
  }

  private remove(send_id: SendId): Queued | undefined {
    const queued = this.by_id.get(send_id);
    if (!queued) return undefined;
    this.by_id.delete(send_id);
    this.items.splice(this.items.indexOf(queued), 1);
    this.bytes -= queued.item.bytes;
    return queued;
  }
}

function isOld(acked: Acked, now_ms: number): boolean {
  return now_ms - acked.at_ms > LIMITS.acked_keep_ms;
}
