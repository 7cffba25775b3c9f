/**
 * My inbox: one compacted row per conversation, and the version up to which it is known whole.
 *
 * A version says "I know of every change up to here". It is adopted only together with the rows that make it true, and
 * each row marks its log stale up to the row's head: whoever adopts a version without its heads has lost a message for
 * good, because nobody will ever mention it again.
 */

import type {
  ConversationId, ConversationRow, Head, Inbox as Page, InboxRow, Ordinal, Prefs, Privacy, Span, UserId, Ver, VerMoved,
} from "../wire/wire";
import { CONVERSATIONS_MAX } from "./bounds";
import { inOrder } from "./order";

/** A row that is about a conversation. */
export type ConversationInboxRow = Extract<InboxRow, { topic: "conversation" }>;

/**
 * What came of a page or of a move. "ask": it starts above what is held, or tells only that something moved, so the
 * inbox is asked for. "known": nothing new. Otherwise these are new, and with them the version is adopted; their logs
 * are to be marked stale up to their heads.
 */
export type Taken = "ask" | "known" | { rows: InboxRow[] } | { heads: Head[] };

/** Where nobody has chosen. */
const UNCHOSEN: Privacy = {
  who_writes: "everyone", who_adds: "acquainted", last_seen: "acquainted", receipts: "acquainted",
};

/** The rows, and how far they are whole. */
export class Inbox {
  ver: Ver = 0;
  /**
   * The last page said that there is no more. Until it does, a row that changed below the version may be missing: it
   * changed again meanwhile and stands above. A move that tells only its head then would hide the rest of it for good.
   */
  private whole = false;
  private by_conv = new Map<ConversationId, ConversationInboxRow>();
  private privacy_row: { ver: Ver; privacy: Privacy } = { ver: 0, privacy: UNCHOSEN };
  private blocks_row: { ver: Ver; users: UserId[] } = { ver: 0, users: [] };

  /** The row of a conversation. */
  row(conv: ConversationId): ConversationInboxRow | undefined {
    return this.by_conv.get(conv);
  }

  /** All rows, by id. */
  rows(): ConversationInboxRow[] {
    return inOrder(this.by_conv).map((conv) => this.by_conv.get(conv) as ConversationInboxRow);
  }

  /** Who may reach me and know what of me, as far as this device was told. */
  privacy(): Privacy {
    return this.privacy_row.privacy;
  }

  /** Whom I block, as far as this device was told, in order of their ids. */
  blocks(): readonly UserId[] {
    return this.blocks_row.users;
  }

  /** All rows with their versions, as they are kept. */
  kept(): InboxRow[] {
    const kept: InboxRow[] = this.rows();
    const { privacy_row, blocks_row } = this;
    if (privacy_row.ver > 0) kept.push({ topic: "privacy", ver: privacy_row.ver, ...privacy_row.privacy });
    if (blocks_row.ver > 0) kept.push({ topic: "blocks", ver: blocks_row.ver, users: blocks_row.users });
    return kept;
  }

  /** Conversations by activity, the latest first. */
  latest(count: number): ConversationId[] {
    return latestFirst([...this.by_conv.values()]).slice(0, count).map((row) => row.conv);
  }

  /** Another connection, to an inbox that stands at `ver`: pages of the one before may have been missed. */
  connected(ver: Ver): void {
    this.whole = ver <= this.ver;
  }

  /** A page of the inbox came. */
  page(page: Page): Taken {
    if (page.from > this.ver) return "ask";
    const whole = !page.more;
    if (page.to <= this.ver) {
      this.whole ||= whole && page.to === this.ver;
      return "known";
    }
    const rows = page.rows.filter((row) => row.ver > this.ver);
    for (const row of rows) this.put(row);
    this.ver = page.to;
    this.whole = whole;
    return { rows };
  }

  /** The inbox moved, somebody says. */
  moved(moved: VerMoved): Taken {
    if (moved.ver <= this.ver) return "known";
    const known = moved.heads.every((head) => this.row(head.conv)?.epoch === head.epoch);
    if (moved.pull || moved.prev !== this.ver || !known || !this.whole) return "ask";
    this.takeHeads(moved.ver, moved.heads);
    return { heads: moved.heads };
  }

  /** Takes one row in, unless a newer one of its topic is held. */
  put(row: InboxRow): void {
    switch (row.topic) {
      case "conversation": {
        const held = this.by_conv.get(row.conv);
        const room = held !== undefined || this.by_conv.size < CONVERSATIONS_MAX;
        if (room && (held === undefined || held.ver <= row.ver)) this.by_conv.set(row.conv, row);
        break;
      }
      case "privacy":
        if (row.ver >= this.privacy_row.ver) {
          const { who_writes, who_adds, last_seen, receipts } = row;
          this.privacy_row = { ver: row.ver, privacy: { who_writes, who_adds, last_seen, receipts } };
        }
        break;
      case "blocks":
        if (row.ver >= this.blocks_row.ver) {
          this.blocks_row = { ver: row.ver, users: inOrder(new Set(row.users ?? [])) };
        }
    }
  }

  /** The answer to a change of mine is here before its row: the row will say the same. */
  putPrefs(conv: ConversationId, answered: Ver, prefs: Prefs): void {
    const row = this.by_conv.get(conv);
    if (row && answered > row.ver) this.by_conv.set(conv, { ...row, prefs });
  }

  /** Moves the heads of rows, and with them the version. */
  takeHeads(ver: Ver, heads: readonly Head[]): void {
    for (const head of heads) {
      const row = this.by_conv.get(head.conv);
      if (!row) continue;
      const moved = head.seq > row.head_seq && { head_seq: head.seq, head_ord: head.ord, head_ms: head.ms };
      this.by_conv.set(head.conv, { ...row, ver, ...moved });
    }
    this.adopt(ver);
  }

  /** Adopts a version whose rows were taken in before. */
  adopt(ver: Ver): void {
    this.ver = Math.max(this.ver, ver);
  }

  /** Messages not read, for the pair of head and cursor this device knows: each side counts as far as it was told. */
  unread(conv: ConversationId, head: { seq: number; ord: Ordinal }, read_ord?: Ordinal): number {
    const row = this.row(conv);
    if (!row) return 0;
    const head_ord = head.seq > row.head_seq ? head.ord : row.head_ord;
    return unreadIn(row.spans, head_ord, read_ord ?? row.read_ord);
  }
}

/** By activity, the latest first; ids decide between equals, so that nothing jumps. */
export function latestFirst<R extends ConversationRow>(rows: R[]): R[] {
  return rows.sort((a, b) => b.head_ms - a.head_ms || (a.conv < b.conv ? 1 : a.conv > b.conv ? -1 : 0));
}

/** Messages above the read cursor inside the spans. */
export function unreadIn(spans: readonly Span[], head_ord: Ordinal, read_ord: Ordinal): number {
  let unread = 0;
  for (const span of spans) {
    const last = span.to_ord === undefined ? head_ord : Math.min(span.to_ord, head_ord);
    unread += Math.max(0, last - Math.max(read_ord, span.from_ord));
  }
  return unread;
}
