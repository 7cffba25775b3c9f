/**
 * What is one's own: marks and drafts as the inbox tells them, and what this device was told of its own preferences,
 * marks and drafts and has no answer for yet.
 *
 * A wish is kept before it is said, and said until it is answered, so that what was typed in a tunnel is not lost. Of
 * one thing at most one wish is under way: only its answer tells the name under which a draft stands, and whoever
 * writes on from there says that name, or the next words would look like those of a stranger.
 */

import type {
  ConversationId, DraftRow, DraftState, InboxRow, Json, MarkRow, Prefs, Refusal, Seq, ThreadRow, Ver,
} from "../wire/wire";
import { OWN_ROWS_MAX, RETRY_MS } from "./bounds";
import type { Bounds } from "./bounds";
import { inOrder, soonest } from "./order";
import { aboutOf, joined, slotOf, withPrefs } from "./wish";
import type { About, DraftWish, Wish, Wishes } from "./wish";

type Slot = {
  about: About;
  wishes: Wishes;
  /** The first may have been heard: it is not changed any more, only repeated. */
  said: boolean;
  under_way: boolean;
  not_before_ms: number;
};

type Row<T> = { ver: Ver; row: T };

/** Marks, drafts and wishes of one device. */
export class Own {
  private mark_rows = new Map<string, Row<MarkRow>>();
  private draft_rows = new Map<ConversationId, Row<DraftRow>>();
  private thread_rows = new Map<string, Row<ThreadRow>>();
  private slots = new Map<string, Slot>();

  /** Takes a wish in. The caller keeps the slot before asking for `next`. False: it would be one slot too many. */
  wish(wish: Wish, bounds: Bounds): boolean {
    const about = aboutOf(wish);
    const slot = this.slots.get(slotOf(about)) ?? newSlot(about, {});
    if (!this.slots.has(slotOf(about)) && this.slots.size >= bounds.own_wishes_max) return false;
    let wanted = wish;
    if (wanted.t === "draft" && wanted.base_ver === undefined) {
      const base_ver = this.draft_rows.get(wanted.conv)?.row.text_ver;
      if (base_ver !== undefined) wanted = { ...wanted, base_ver };
    }
    const into = slot.said ? "then" : "first";
    const earlier = slot.wishes[into];
    slot.wishes = { ...slot.wishes, [into]: earlier ? joined(earlier, wanted) : wanted };
    this.slots.set(slotOf(about), slot);
    return true;
  }

  /** The next wish to say, now under way. */
  next(now_ms: number): Wish | undefined {
    let first: string | undefined;
    for (const [key, slot] of this.slots) {
      const due = !slot.under_way && slot.not_before_ms <= now_ms && slot.wishes.first !== undefined;
      if (due && (first === undefined || key < first)) first = key;
    }
    const slot = first === undefined ? undefined : this.slots.get(first);
    if (!slot) return undefined;
    slot.said = true;
    slot.under_way = true;
    return slot.wishes.first;
  }

  /** The server has it durably. What was wanted since stands on it: a draft on the text of this name. */
  answered(about: About, text_ver?: Ver): void {
    const next = this.slots.get(slotOf(about))?.wishes.then;
    this.putFirst(about, next?.t === "draft" && text_ver !== undefined ? { ...next, base_ver: text_ver } : next);
  }

  /** The server said no. True: for good, and the wish is gone. */
  refused(about: About, refusal: Refusal, now_ms: number): boolean {
    const slot = this.slots.get(slotOf(about));
    if (!slot) return false;
    slot.under_way = false;
    if (refusal.retry) {
      slot.not_before_ms = now_ms + (refusal.retry_after_ms ?? RETRY_MS);
      return false;
    }
    this.putFirst(about, slot.wishes.then);
    return true;
  }

  /** The connection is gone: what was under way is said again. */
  disconnected(): void {
    for (const slot of this.slots.values()) {
      slot.under_way = false;
      slot.not_before_ms = 0;
    }
  }

  /** When `next` has to be asked again although nothing happened. */
  wakeAt(now_ms: number): number | undefined {
    return soonest(
      [...this.slots.values()].map((slot) =>
        !slot.under_way && slot.not_before_ms > now_ms ? slot.not_before_ms : undefined,
      ),
    );
  }

  /** Whether everything is answered. */
  isQuiet(): boolean {
    return this.slots.size === 0;
  }

  /** A slot, as it is kept. */
  wishes(about: About): Wishes {
    return { ...this.slots.get(slotOf(about))?.wishes };
  }

  /** A slot comes back from what was kept: nobody knows what of it was heard. */
  restore(about: About, wishes: Wishes): void {
    if (!wishes.first) this.slots.delete(slotOf(about));
    else this.slots.set(slotOf(about), { ...newSlot(about, wishes), said: true });
  }

  /** All slots, as they are kept. */
  keptWishes(): { about: About; wishes: Wishes }[] {
    return inOrder(this.slots).map((key) => {
      const { about, wishes } = this.slots.get(key) as Slot;
      return { about, wishes: { ...wishes } };
    });
  }

  /** All rows, as they are kept. */
  keptRows(): InboxRow[] {
    const marks = inOrder(this.mark_rows).map((key) => this.mark_rows.get(key) as Row<MarkRow>);
    const drafts = inOrder(this.draft_rows).map((conv) => this.draft_rows.get(conv) as Row<DraftRow>);
    const threads = inOrder(this.thread_rows).map((key) => this.thread_rows.get(key) as Row<ThreadRow>);
    return [
      ...marks.map(({ ver, row }): InboxRow => ({ topic: "mark", ...row, ver })),
      ...drafts.map(({ ver, row }): InboxRow => ({ topic: "draft", ...row, ver })),
      ...threads.map(({ ver, row }): InboxRow => ({ topic: "thread", ...row, ver })),
    ];
  }

  /** Takes a row of the inbox in, unless a newer one is held. Where it is about. */
  put(row: InboxRow): ConversationId | undefined {
    if (row.topic === "mark") this.putMark(row.ver, row);
    else if (row.topic === "draft") this.putDraft(row.ver, row);
    else if (row.topic === "thread") putRow(this.thread_rows, threadKey(row), row.ver, threadRow(row));
    else return undefined;
    return row.conv;
  }

  /** Takes marks in, unless newer ones are held. */
  putMark(ver: Ver, { conv, seq, star, hidden, at_ms }: MarkRow): void {
    const row: MarkRow = { conv, seq, at_ms, ...(star && { star }), ...(hidden && { hidden }) };
    putRow(this.mark_rows, slotOf({ about: "mark", conv, seq }), ver, row);
  }

  /** Takes a draft in, unless a newer one is held. */
  putDraft(ver: Ver, { conv, text, text_ver, at_ms, kept }: DraftRow): void {
    putRow(this.draft_rows, conv, ver, { conv, text, text_ver, at_ms, ...(kept?.length && { kept }) });
  }

  /** How far a thread is read, from the answer, until its row says so: a cursor only goes forward. */
  putThreadRead(ok: ThreadRow): void {
    const held = this.thread_rows.get(threadKey(ok));
    if (held?.row.following && (ok.read ?? 0) > (held.row.read ?? 0)) held.row = threadRow(ok);
  }

  /** Another lineage: rows go, wishes stay. But places and names of the old one mean something else now. */
  restart(): void {
    this.mark_rows.clear();
    this.draft_rows.clear();
    this.thread_rows.clear();
    this.disconnected();
    for (const [key, slot] of this.slots) {
      if ("seq" in slot.about) this.slots.delete(key);
      const { first, then } = slot.wishes;
      slot.wishes = { ...(first && { first: withoutPlaces(first) }), ...(then && { then: withoutPlaces(then) }) };
    }
  }

  /** Preferences as they stand in the row, with what I wish. */
  prefs(conv: ConversationId, row: Prefs): Prefs {
    return this.wished({ about: "prefs", conv }).reduce(
      (prefs, wish) => (wish.t === "prefs" ? withPrefs(prefs, wish) : prefs),
      row,
    );
  }

  /** Whether an entry is starred and whether it is hidden, with what I wish. */
  mark(conv: ConversationId, seq: Seq): { star: boolean; hidden: boolean } {
    const about: About = { about: "mark", conv, seq };
    const row = this.mark_rows.get(slotOf(about))?.row;
    let { star = false, hidden = false } = row ?? {};
    for (const wish of this.wished(about)) {
      if (wish.t === "mark") [star, hidden] = [wish.star ?? star, wish.hidden ?? hidden];
    }
    return { star, hidden };
  }

  /** The text of a draft with what I wish; empty: none. */
  draft(conv: ConversationId): string {
    return this.wished({ about: "draft", conv }).reduce(
      (text, wish) => (wish.t === "draft" ? (wish.text ?? text) : text),
      this.draft_rows.get(conv)?.row.text ?? "",
    );
  }

  /** Texts of a draft that another device of mine overwrote, the oldest first. */
  kept(conv: ConversationId): readonly DraftState[] {
    return this.draft_rows.get(conv)?.row.kept ?? [];
  }

  /** All marks that stand, as the inbox tells them. */
  marks(): MarkRow[] {
    const rows = inOrder(this.mark_rows).map((key) => (this.mark_rows.get(key) as Row<MarkRow>).row);
    return rows.filter((mark) => mark.star || mark.hidden);
  }

  /** All drafts, as the inbox tells them. */
  drafts(): DraftRow[] {
    return inOrder(this.draft_rows).map((conv) => (this.draft_rows.get(conv) as Row<DraftRow>).row);
  }

  /** All threads that I follow, or did, as the inbox tells them. */
  threads(): ThreadRow[] {
    return inOrder(this.thread_rows).map((key) => (this.thread_rows.get(key) as Row<ThreadRow>).row);
  }

  /**
   * The threads of a conversation in which there are replies that I have not read. What I wish to have read to its end
   * is read.
   */
  unreadThreads(conv: ConversationId): ThreadRow[] {
    const unread = this.threads().filter((thread) => thread.conv === conv && (thread.unread ?? 0) > 0);
    return unread.filter(({ thread, head = 0 }) => {
      const wished = this.wished({ about: "thread_read", conv, seq: thread });
      return !wished.some((wish) => wish.t === "thread_read" && wish.read >= head);
    });
  }

  /** The wish that empties a draft, if its text is what is sent. Other words leave it alone. */
  emptiedBy(conv: ConversationId, body: Json): DraftWish | undefined {
    const draft = this.draft(conv).trim();
    const said = typeof body.text === "string" ? body.text.trim() : "";
    return draft !== "" && said === draft ? { t: "draft", conv, text: "" } : undefined;
  }

  private putFirst(about: About, next: Wish | undefined): void {
    if (!next) this.slots.delete(slotOf(about));
    else this.slots.set(slotOf(about), newSlot(about, { first: next }));
  }

  private wished(about: About): Wish[] {
    const { first, then } = this.slots.get(slotOf(about))?.wishes ?? {};
    return [first, then].filter((wish) => wish !== undefined);
  }
}

function newSlot(about: About, wishes: Wishes): Slot {
  return { about, wishes, said: false, under_way: false, not_before_ms: 0 };
}

function putRow<T>(rows: Map<string, Row<T>>, key: string, ver: Ver, row: T): void {
  // An answer of version 0 tells of no row: there was nothing to change.
  if (ver === 0) return;
  const held = rows.get(key);
  if (held ? held.ver <= ver : rows.size < OWN_ROWS_MAX) rows.set(key, { ver, row });
}

/** A key under which threads stand by conversation and then by the entry that starts them. */
function threadKey({ conv, thread }: ThreadRow): string {
  return `${conv} ${String(thread).padStart(16, "0")}`;
}

function threadRow({ conv, thread, following, head, read, unread }: ThreadRow): ThreadRow {
  return {
    conv, thread, ...(following && { following }), ...(head && { head }), ...(read && { read }), ...(unread && { unread }),
  };
}

function withoutPlaces(wish: Wish): Wish {
  if (wish.t === "draft") {
    const { base_ver: _b, forget: _f, ...rest } = wish;
    return rest;
  }
  if (wish.t === "prefs") {
    const { cleared_seq: _, ...rest } = wish;
    return rest;
  }
  return wish;
}
