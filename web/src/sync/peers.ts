/**
 * How far the others have got in the conversations that are open: what ticks are made of.
 */

import type { ConversationId, CursorCounts, Cursors, MemberCursor, Seq, UserId } from "../wire/wire";
import { PEERS_MAX } from "./bounds";
import { inOrder } from "./order";

/** Up to where somebody, or everybody, has stored and read. */
export type Have = { delivered: Seq; read: Seq };

type Circle = { list: Map<UserId, Have>; counts?: CursorCounts };

const NOTHING: Have = { delivered: 0, read: 0 };

/** Public cursors of others, by conversation. */
export class Peers {
  private circles = new Map<ConversationId, Circle>();

  /** The server told cursors: all of them, or those that moved. They never go back. */
  told(told: Cursors, me: UserId): void {
    const circle = this.circles.get(told.conv) ?? { list: new Map<UserId, Have>() };
    this.circles.set(told.conv, circle);
    for (const { user, delivered, read } of told.list ?? []) {
      if (user === me || (circle.list.size >= PEERS_MAX && !circle.list.has(user))) continue;
      const had = circle.list.get(user) ?? NOTHING;
      circle.list.set(user, { delivered: Math.max(delivered, read, had.delivered), read: Math.max(read, had.read) });
    }
    if (told.counts) circle.counts = told.counts;
  }

  /** Up to where everybody else has stored, and read; `peer` is the other person of a 1:1, from my inbox. */
  allHave(conv: ConversationId, peer?: MemberCursor): Have {
    const circle = this.circles.get(conv);
    const listed = circle ? ofAll(circle) : NOTHING;
    const told = peer ? { delivered: Math.max(peer.delivered, peer.read), read: peer.read } : NOTHING;
    return { delivered: Math.max(listed.delivered, told.delivered), read: Math.max(listed.read, told.read) };
  }

  /** Each one's stored and read position, where the conversation is small enough to be told one by one. */
  list(conv: ConversationId): MemberCursor[] {
    const circle = this.circles.get(conv);
    return circle ? inOrder(circle.list).map((user) => ({ user, ...(circle.list.get(user) ?? NOTHING) })) : [];
  }

  /** The conversation is no longer on the screen. */
  forget(conv: ConversationId): void {
    this.circles.delete(conv);
  }

  /** Another lineage: all places are void. */
  clear(): void {
    this.circles.clear();
  }
}

function ofAll({ list, counts }: Circle): Have {
  if (counts) return { delivered: Math.max(counts.delivered_min, counts.read_min), read: counts.read_min };
  if (list.size === 0) return NOTHING;
  let [delivered, read] = [Infinity, Infinity];
  for (const have of list.values()) {
    delivered = Math.min(delivered, have.delivered);
    read = Math.min(read, have.read);
  }
  return { delivered, read };
}
