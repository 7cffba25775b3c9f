/**
 * One conversation's log as this device holds it: stretches without a hole, a shelf for entries that came early, and
 * what it would ask the server for next.
 *
 * The dangers it guards against: showing n+1 after n where something lies between; waiting for ever for an entry that
 * was lost on the way; missing an edit inside a stretch that was skipped; and taking the server's "it is stored" for
 * "I have everything up to it". An ack therefore never comes near this file.
 */

import { LIMITS } from "../wire/wire";
import type { Entries, Entry, Epoch, Get, Ordinal, Seq } from "../wire/wire";
import { amend } from "./amend";
import { POSITION_MAX, RETRY_MS, SHELF_ENTRIES_MAX } from "./bounds";
import type { Bounds } from "./bounds";
import { placeOf } from "./order";
import { Ranges } from "./ranges";
import type { Range } from "./ranges";

/** From where a page is asked. */
export type Place =
  | { at: "after"; seq: Seq }
  | { at: "before"; seq: Seq }
  | { at: "around"; seq: Seq }
  | { at: "range"; from: Seq; to: Seq; since?: Seq };

/** Entries to be kept: what a page or a live entry added to a log, in the form in which it is kept and replayed. */
export type Held = {
  /** The first seq that is held now, the last, and how fresh. */
  from: Seq;
  to: Seq;
  as_of: Seq;
  /** Only entries that changed above this seq: the others between `from` and `to` are as they were held. */
  since?: Seq;
  /** The entries, in order. */
  items: Entry[];
};

/** What came of a live entry or a page. */
export type News = {
  /** Entries that follow what was the last one, in order, without a hole among them. */
  grown: Entry[];
  /** To be kept before anybody is told. */
  held: Held[];
  /** Something below the old end came or changed. */
  changed: boolean;
  /** A hole too wide to fill lies below `grown`: its first and last seq. */
  skipped?: [Seq, Seq];
};

const seqOf = (entry: Entry): number => entry.seq;
/** "Never changed" is below every change. */
const revOf = (entry: Entry): number => entry.rev ?? -1;

/** One log. */
export class Log {
  /** The lineage of everything in here; none yet where nothing is held. */
  epoch: Epoch | undefined;
  private stretches = new Ranges();
  /** In order of seq. */
  private entries: Entry[] = [];
  /** Early entries, above a hole, in order. Never shown, never kept. */
  private shelf: Entry[] = [];
  /** The last entry that is known to exist for this reader, and the messages up to it. */
  head: { seq: Seq; ord: Ordinal } = { seq: 0, ord: 0 };
  /** From when on the hole below the head may be pulled. */
  private due_ms = 0;
  /** Somebody said that something was dropped: ask once, whatever the head. */
  private doubted = false;
  /** Held entries that a later entry changed: their seq, and the lowest change not yet seen in them. */
  private outdated = new Map<Seq, Seq>();
  /** The first entry this reader may read. */
  private first_readable: Seq = 0;

  /** The last entry held without a hole below it; zero where nothing is held. */
  end(): Seq {
    return this.stretches.top()?.to ?? 0;
  }

  /** Whether entries are known to exist that are not held. */
  isStale(): boolean {
    return this.head.seq > this.end() || this.doubted;
  }

  /** Nothing is held and nothing waits: the log can be forgotten and made again. */
  isEmpty(): boolean {
    return this.stretches.all().length === 0 && this.shelf.length === 0;
  }

  /** The stretches held, the lowest first. */
  ranges(): readonly Range[] {
    return this.stretches.all();
  }

  /** The entries of the topmost stretch: what may be shown as following each other, up to the newest. */
  tail(): Entry[] {
    const top = this.stretches.top();
    return top ? this.entries.slice(placeOf(this.entries, top.from, seqOf)) : [];
  }

  /** The last entry of the topmost stretch, if it has any. */
  last(): Entry | undefined {
    const top = this.stretches.top();
    const last = this.entries.at(-1);
    return top && last && last.seq >= top.from ? last : undefined;
  }

  /** Held entries between two seqs, if the whole of it is one stretch; and how fresh that stretch is. */
  stretch(from: Seq, to: Seq): { entries: Entry[]; as_of: Seq } | undefined {
    const range = this.stretches.around(from);
    if (!range || to > range.to) return undefined;
    return { entries: this.between(from, to), as_of: range.as_of };
  }

  /** The stretch that holds a seq. */
  around(seq: Seq): Range | undefined {
    return this.stretches.around(seq);
  }

  /** The entry with this seq, if it is held. */
  entry(seq: Seq): Entry | undefined {
    const found = this.entries[placeOf(this.entries, seq, seqOf)];
    return found?.seq === seq ? found : undefined;
  }

  /** Messages up to and with `seq`, where the entries held tell it. */
  ordAt(seq: Seq): Ordinal | undefined {
    const range = this.stretches.around(seq);
    return range && this.between(range.from, seq).at(-1)?.ord;
  }

  /**
   * How far this device has stored the log, given how far it had before: the end of the topmost stretch, once that
   * reaches down to what was delivered before, to the first entry there is, or deep enough to have skipped on purpose.
   */
  delivered(before: Seq, bounds: Bounds): Seq {
    const top = this.stretches.top();
    return top && (top.from <= before + 1 || this.isDeep(top, bounds)) ? Math.max(before, top.to) : before;
  }

  /** Starts again in another lineage: nothing held survives, nothing of it may be compared. */
  restart(epoch: Epoch): void {
    this.epoch = epoch;
    this.stretches = new Ranges();
    this.entries = [];
    this.shelf = [];
    this.head = { seq: 0, ord: 0 };
    this.due_ms = 0;
    this.doubted = false;
    this.outdated.clear();
  }

  /** Where this reader's first span begins. */
  readableFrom(first: Seq): void {
    this.first_readable = first;
  }

  /** The log is known to reach `seq`. `at_once`: no live entry is on its way, so the hole is due now. */
  noteHead(seq: Seq, ord: Ordinal, now_ms: number, at_once: boolean): void {
    const due_ms = at_once ? now_ms : now_ms + LIMITS.early_hold_ms_max;
    const had_hole = this.head.seq > this.end();
    if (seq > this.head.seq) this.head = { seq, ord };
    if (seq > this.end()) this.due_ms = had_hole ? Math.min(this.due_ms, due_ms) : due_ms;
  }

  /** Something may have been dropped above what is held: ask, whatever the head. */
  doubt(): void {
    this.doubted = true;
  }

  /** An entry came live, of this log's lineage. */
  live(entry: Entry, now_ms: number, bounds: Bounds): News {
    const { seq } = entry;
    const end = this.end();
    this.noteHead(seq, entry.ord, now_ms, false);
    const news: News = { grown: [], held: [], changed: false };
    if (seq <= end) return news;
    // With nothing held, any entry is a stretch of its own; what lies below is asked for afterwards.
    const is_first = seq <= Math.max(this.first_readable, 1) && this.head.seq === seq;
    const nothing_held = this.stretches.all().length === 0;
    if (nothing_held ? bounds.begin_anywhere || is_first : seq === end + 1) {
      this.append(entry, news);
      this.takeFromShelf(news);
      this.trim(bounds);
    } else {
      const at = placeOf(this.shelf, seq, seqOf);
      this.shelf.splice(at, this.shelf[at]?.seq === seq ? 1 : 0, entry);
      if (this.shelf.length > SHELF_ENTRIES_MAX) this.shelf.pop();
    }
    return news;
  }

  /** A page came, of this log's lineage, in answer to a `get` of `place`. */
  page(place: Place, page: Entries, now_ms: number, bounds: Bounds): News {
    const before = this.end();
    this.noteHead(page.head_seq, page.head_ord, now_ms, true);
    const answered_to = page.more ? page.to : POSITION_MAX;
    const held = heldOf(place, page);
    const news: News = { grown: [], held: [], changed: false };
    if (held.to >= held.from) {
      const fresh = held.since === undefined && held.to > before;
      if (fresh) {
        news.grown = held.items.filter((item) => item.seq > before);
        if (before > 0 && held.from > before + 1) news.skipped = [before + 1, held.from - 1];
      }
      news.changed = !fresh || held.from <= before;
      news.changed = this.apply(held) || news.changed;
      news.held.push(held);
    }
    this.settle(place, answered_to, before, now_ms);
    this.takeFromShelf(news);
    this.trim(bounds);
    return news;
  }

  /** Replays what was kept, or takes it in for the first time. Whether entries that were held were changed by it. */
  apply(held: Held): boolean {
    let changed = false;
    if (held.since === undefined) {
      const start = placeOf(this.entries, held.from, seqOf);
      const stop = placeOf(this.entries, held.to + 1, seqOf);
      if (start < stop) {
        const there = new Set(held.items.map(seqOf));
        const stays = this.entries.slice(start, stop).filter((entry) => there.has(entry.seq));
        this.entries.splice(start, stop - start, ...stays);
      }
    }
    for (const item of held.items) {
      // A change of an entry in a hole is no entry that is held.
      if (held.since === undefined || this.stretches.around(item.seq)) changed = this.put(item, held) || changed;
    }
    if (held.since !== undefined) this.stretches.freshen(held.from, held.to, held.since, held.as_of);
    else this.stretches.insert({ from: held.from, to: held.to, as_of: held.as_of });
    const end = this.end();
    const last = end > this.head.seq ? this.entry(end) : undefined;
    if (last) this.head = { seq: end, ord: last.ord };
    return changed;
  }

  /** Drops the lowest entries above the bound. */
  trim(bounds: Bounds): void {
    const over = this.entries.length - Math.max(bounds.log_entries_max, 1);
    if (over <= 0) return;
    for (const { seq } of this.entries.splice(0, over)) {
      this.stretches.cutBelow(seq + 1);
      this.outdated.delete(seq);
    }
  }

  /** Everything held, in the form in which it is kept. */
  kept(): Held[] {
    return this.stretches.all().map((range) => ({ ...range, items: this.between(range.from, range.to) }));
  }

  /** What to ask the server for now, if anything. */
  wants(now_ms: number, bounds: Bounds): Place | undefined {
    const end = this.end();
    const head = this.head.seq;
    if (this.doubted || (head > end && this.due_ms <= now_ms)) {
      const wide = head - end > bounds.gap_fill_entries_max;
      const nothing = this.stretches.all().length === 0 && head > 0;
      return wide || nothing ? { at: "before", seq: head + 1 } : { at: "after", seq: end };
    }
    const top = this.stretches.top();
    if (!top) return undefined;
    if (!this.isDeep(top, bounds)) return { at: "before", seq: top.from };
    if (this.outdated.size === 0) return undefined;
    let [from, to, since] = [POSITION_MAX, 0, POSITION_MAX];
    for (const [seq, change] of this.outdated) {
      from = Math.min(from, seq);
      to = Math.max(to, seq);
      since = Math.min(since, change);
    }
    return { at: "range", from, to, since: Math.max(since - 1, 0) };
  }

  /** When `wants` has to be asked again although nothing happened. */
  wakeAt(now_ms: number): number | undefined {
    return this.head.seq > this.end() && this.due_ms > now_ms ? this.due_ms : undefined;
  }

  private between(from: Seq, to: Seq): Entry[] {
    return this.entries.slice(placeOf(this.entries, from, seqOf), placeOf(this.entries, to + 1, seqOf));
  }

  private isDeep(top: Range, bounds: Bounds): boolean {
    const deep = Math.min(bounds.tail_entries, Math.max(bounds.log_entries_max, 1));
    const count = placeOf(this.entries, top.to + 1, seqOf) - placeOf(this.entries, top.from, seqOf);
    return top.from <= Math.max(this.first_readable, 1) || count >= deep;
  }

  /** An answer came: what it was asked for is no longer in question. */
  private settle(place: Place, answered_to: Seq, before: Seq, now_ms: number): void {
    if (place.at === "range" && place.since !== undefined) {
      const to = Math.min(place.to, answered_to);
      for (const seq of [...this.outdated.keys()]) {
        if (seq >= place.from && seq <= to) this.outdated.delete(seq);
      }
    } else if (place.at === "after" || place.at === "before") {
      this.doubted = false;
      // The answer brought nothing: the store behind that node may be a step late. Not again at once.
      if (this.end() === before && this.head.seq > before) this.due_ms = now_ms + RETRY_MS;
    }
  }

  private append(entry: Entry, news: News): void {
    const held: Held = { from: entry.seq, to: entry.seq, as_of: entry.seq, items: [entry] };
    news.changed = this.apply(held) || news.changed;
    news.held.push(held);
    news.grown.push(entry);
  }

  private takeFromShelf(news: News): void {
    let end = this.end();
    for (let first = this.shelf[0]; first && first.seq <= end + 1; first = this.shelf[0]) {
      this.shelf.shift();
      if (first.seq > end) {
        this.append(first, news);
        end = this.end();
      }
    }
  }

  /**
   * Puts one entry in its place, unless a later change of it is there already, and makes the change that it says.
   * Whether that changed an entry that was held. The words of an edit stay in its target alone, so that they go with
   * it.
   */
  private put(item: Entry, held: Held): boolean {
    // What is kept is replayed without the asking, and knows by this alone that the answer came.
    const waited = this.outdated.get(item.seq);
    if (waited !== undefined && waited <= revOf(item)) this.outdated.delete(item.seq);
    const at = placeOf(this.entries, item.seq, seqOf);
    const there = this.entries[at]?.seq === item.seq ? this.entries[at] : undefined;
    if (!there || revOf(there) <= revOf(item)) {
      const { now: _, ...without } = item;
      this.entries.splice(at, there ? 1 : 0, without);
    }
    const target = item.target_seq;
    if (target === undefined) return false;
    // Every change of the target before this one was seen going by, or it would be made to an older state of it.
    const range = this.stretches.around(target);
    const seen_all =
      held.since === undefined &&
      !(held.from <= target && target <= held.to) &&
      !this.outdated.has(target) &&
      range !== undefined &&
      range.as_of + 1 >= held.from;
    const place = placeOf(this.entries, target, seqOf);
    const old = this.entries[place];
    if (!old || old.seq !== target || revOf(old) >= item.seq) return false;
    const changed = seen_all ? amend(old, item) : undefined;
    if (changed) {
      this.entries[place] = changed;
      return true;
    }
    this.outdated.set(target, Math.min(item.seq, this.outdated.get(target) ?? item.seq));
    return false;
  }
}

function heldOf(place: Place, page: Entries): Held {
  let { from, to } = page;
  // Nothing more below: whatever lies there is not for this reader.
  if (place.at === "before" && !page.more) {
    if (to < from) to = Math.min(place.seq - 1, page.head_seq);
    from = 1;
  }
  const held: Held = { from, to, as_of: page.head_seq, items: page.items };
  if (place.at === "range" && place.since !== undefined) held.since = place.since;
  return held;
}

/** A place as the fields of a `get`. */
export function getOf(conv: string, place: Place, limit?: number): Get {
  const get: Get = { conv };
  if (limit !== undefined) get.limit = limit;
  if (place.at === "range") {
    get.range = [place.from, place.to];
    if (place.since !== undefined) get.since_rev = place.since;
  } else get[place.at] = place.seq;
  return get;
}
