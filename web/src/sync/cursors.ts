/**
 * How far I have stored and read each conversation, as I said it to the server, repeated until the server says that it
 * is durable there.
 *
 * A cursor is a place, not an event: one frame speaks for everything up to it, so moves are gathered, and a lost frame
 * is mended by the next. What is never lost is the duty to say it: until a `cursor_ok` covers it, it is said again.
 */

import type { ConversationId, Cursor, CursorOk, Generation, Refusal, Seq } from "../wire/wire";
import { CONVERSATIONS_MAX, CURSOR_GATHER_MS, CURSOR_REPEAT_MS } from "./bounds";
import { inOrder, soonest } from "./order";

/** My cursors in one conversation: this device has stored up to `delivered`, I have seen up to `read`. */
export type Mine = {
  delivered: Seq;
  read: Seq;
  /** How often I marked the conversation unread: `read` may go back only under a higher one. */
  gen: Generation;
};

const NOTHING: Readonly<Mine> = { delivered: 0, read: 0, gen: 0 };

type One = { want: Mine; ok: Mine; under_way: boolean; due_ms: number };

function coversRead(has: Mine, want: Mine): boolean {
  return has.gen > want.gen || (has.gen === want.gen && has.read >= want.read);
}

/** Takes over a read cursor that may be of a newer generation. */
function withRead(mine: Mine, read: Seq, gen: Generation): Mine {
  return coversRead(mine, { delivered: 0, read, gen }) ? mine : { ...mine, read, gen };
}

/** All of my cursors. */
export class Cursors {
  private all = new Map<ConversationId, One>();
  /** Those with something to say. */
  private unsaid = new Set<ConversationId>();

  /** Where I stand in a conversation. */
  mine(conv: ConversationId): Readonly<Mine> {
    return this.all.get(conv)?.want ?? NOTHING;
  }

  /** What the server is known to hold of it. */
  known(conv: ConversationId): Readonly<Mine> {
    return this.all.get(conv)?.ok ?? NOTHING;
  }

  /** This device has kept everything up to `seq`. True if that is news. */
  delivered(conv: ConversationId, seq: Seq, now_ms: number): boolean {
    return this.moved(conv, now_ms, (mine) => ({ ...mine, delivered: Math.max(mine.delivered, seq) }));
  }

  /** I have seen everything up to `seq`. True if that is news. */
  read(conv: ConversationId, seq: Seq, now_ms: number): boolean {
    return this.moved(conv, now_ms, (mine) => ({ ...mine, read: Math.max(mine.read, seq) }));
  }

  /** I mark the conversation unread from above `seq` on: a new generation, under which `read` may go back. */
  markUnread(conv: ConversationId, seq: Seq, now_ms: number): void {
    this.moved(conv, now_ms, (mine) => ({ ...mine, read: seq, gen: mine.gen + 1 }));
  }

  /** The inbox says how far I had read, perhaps on another device. */
  told(conv: ConversationId, read: Seq, gen: Generation): void {
    if (read === 0 && gen === 0) return;
    const one = this.one(conv);
    one.ok = withRead(one.ok, read, gen);
    one.want = withRead(one.want, read, gen);
    this.note(conv);
  }

  /** The server has it durably: so far it need not be said again. */
  ok(ok: Pick<CursorOk, "conv" | "delivered" | "read" | "gen">, now_ms: number): void {
    const one = this.one(ok.conv);
    one.under_way = false;
    const take = (mine: Mine) =>
      withRead({ ...mine, delivered: Math.max(mine.delivered, ok.delivered) }, ok.read, ok.gen);
    one.ok = take(one.ok);
    one.want = take(one.want);
    // It was said and only part of it is held: the rest again, but not in a tight circle.
    one.due_ms = Math.max(one.due_ms, now_ms + CURSOR_GATHER_MS);
    this.note(ok.conv);
  }

  /** The server said no. For good: it is not said again until it moves. */
  refused(conv: ConversationId, refusal: Refusal, now_ms: number): void {
    const one = this.all.get(conv);
    if (!one) return;
    one.under_way = false;
    if (refusal.retry) one.due_ms = now_ms + (refusal.retry_after_ms ?? CURSOR_REPEAT_MS);
    else one.want = one.ok;
    this.note(conv);
  }

  /** The connection is gone: what was not confirmed is said again on the next. */
  disconnected(): void {
    for (const one of this.all.values()) {
      one.under_way = false;
      one.due_ms = 0;
    }
  }

  /** The next to say, now under way. */
  next(now_ms: number): Cursor | undefined {
    let conv: ConversationId | undefined;
    for (const candidate of this.unsaid) {
      const one = this.all.get(candidate);
      const due = one && !one.under_way && one.due_ms <= now_ms;
      if (due && (conv === undefined || candidate < conv)) conv = candidate;
    }
    const one = conv === undefined ? undefined : this.all.get(conv);
    if (!one || conv === undefined) return undefined;
    one.under_way = true;
    one.due_ms = 0;
    const cursor: Cursor = { conv };
    if (one.want.delivered > one.ok.delivered) cursor.delivered = one.want.delivered;
    if (!coversRead(one.ok, one.want)) {
      cursor.read = one.want.read;
      cursor.gen = one.want.gen;
    }
    return cursor;
  }

  /** When `next` has to be asked again although nothing happened. */
  wakeAt(now_ms: number): number | undefined {
    const waits = [...this.unsaid].map((conv) => this.all.get(conv));
    return soonest(waits.map((one) => (one && !one.under_way && one.due_ms > now_ms ? one.due_ms : undefined)));
  }

  /** Forgets a conversation's cursors, or all: their places are of another lineage. */
  forget(conv?: ConversationId): void {
    if (conv === undefined) {
      this.all.clear();
      this.unsaid.clear();
    } else {
      this.all.delete(conv);
      this.unsaid.delete(conv);
    }
  }

  /** Every conversation with what I want said of it and what the server has of it. */
  wanted(): { conv: ConversationId; want: Mine; ok: Mine }[] {
    return inOrder(this.all).map((conv) => ({ conv, want: { ...this.mine(conv) }, ok: { ...this.known(conv) } }));
  }

  /** Brings back what was kept. */
  restore(conv: ConversationId, want: Mine): void {
    this.one(conv).want = { ...want };
    this.note(conv);
  }

  private moved(conv: ConversationId, now_ms: number, change: (mine: Mine) => Mine): boolean {
    const one = this.one(conv);
    const before = one.want;
    one.want = change(before);
    const { delivered, read, gen } = one.want;
    if (delivered === before.delivered && read === before.read && gen === before.gen) return false;
    if (one.due_ms === 0) one.due_ms = now_ms + CURSOR_GATHER_MS;
    this.note(conv);
    return true;
  }

  private one(conv: ConversationId): One {
    const known = this.all.get(conv);
    if (known) return known;
    const made: One = { want: NOTHING, ok: NOTHING, under_way: false, due_ms: 0 };
    if (this.all.size < CONVERSATIONS_MAX) this.all.set(conv, made);
    return made;
  }

  private note(conv: ConversationId): void {
    const one = this.all.get(conv);
    const unsaid = one && !(one.ok.delivered >= one.want.delivered && coversRead(one.ok, one.want));
    if (unsaid) this.unsaid.add(conv);
    else this.unsaid.delete(conv);
  }
}
