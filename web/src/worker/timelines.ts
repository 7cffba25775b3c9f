/**
 * The stretch of a conversation that a screen shows: its end as the device holds it, longer ends and older stretches as
 * pages. Pages are asked for as they are looked at, and anew when something in them changed.
 */

import type { Line, Timeline, TimelineOf } from "../engine/contract";
import { LINES_MAX } from "../engine/contract";
import type { Core } from "../sync/core/core";
import type { Page, Reply } from "../sync/command";
import { echoesOf, lineOf } from "../sync/timeline";
import type { Place } from "../sync/log";
import type { ConversationId, Entry, Seq } from "../wire/wire";
import { isShown, shown } from "./views";

/** Entries in one page, at most, as the server gives them. */
const PAGE_ENTRIES_MAX = 200;

/** What one watched timeline has besides what the device holds. */
export type Stretch = {
  of: TimelineOf;
  /** Entries that were fetched for it, in order, without a hole. */
  fetched: Entry[];
  /** There is more below, above what was fetched. */
  below: boolean;
  above: boolean;
  loading: boolean;
  /** What was fetched may have changed since. */
  stale: boolean;
};

export function newStretch(of: TimelineOf): Stretch {
  const bounded = { ...of, count: Math.min(of.count, LINES_MAX) };
  return { of: bounded, fetched: [], below: true, above: of.around !== null, loading: false, stale: true };
}

/** What a page is asked by. */
export type AskPage = (conv: ConversationId, place: Place, limit: number) => Promise<Reply>;

/** The first seq that I may read there. */
function floor(core: Core, conv: ConversationId): Seq {
  return core.state.inbox.row(conv)?.spans[0]?.from_seq ?? 1;
}

/** What a stretch still has to ask for, if anything. */
export function wants(core: Core, stretch: Stretch): { place: Place; limit: number } | undefined {
  const { conv, around, count } = stretch.of;
  if (stretch.loading) return undefined;
  if (around !== null) {
    return stretch.stale ? { place: { at: "around", seq: around }, limit: Math.min(count, PAGE_ENTRIES_MAX) } : undefined;
  }
  const tail = core.state.logs.get(conv)?.tail() ?? [];
  const first = joined(stretch, tail)[0]?.seq;
  const have = joined(stretch, tail).length;
  if (first === undefined || first <= floor(core, conv) || have >= count || !stretch.below) return undefined;
  return { place: { at: "before", seq: first }, limit: Math.min(count - have, PAGE_ENTRIES_MAX) };
}

/** Takes a page in. */
export function take(core: Core, stretch: Stretch, page: Page, place: Place): void {
  const { conv, around } = stretch.of;
  stretch.stale = false;
  if (around !== null) {
    stretch.fetched = page.entries;
    stretch.below = page.from > floor(core, conv);
    stretch.above = page.to < (core.state.logs.get(conv)?.end() ?? 0);
    return;
  }
  if (place.at !== "before") return;
  stretch.below = page.more && page.from > floor(core, conv);
  stretch.fetched = [...page.entries, ...stretch.fetched.filter((entry) => entry.seq > page.to)];
}

/** What was fetched and what is held, as one stretch without a hole; what is held is newer. */
function joined(stretch: Stretch, tail: readonly Entry[]): readonly Entry[] {
  const first = tail[0]?.seq;
  if (stretch.fetched.length === 0 || first === undefined) return tail;
  const below = stretch.fetched.filter((entry) => entry.seq < first);
  const meets = below.at(-1)?.seq === first - 1;
  return meets ? [...below, ...tail] : tail;
}

/** The lines as they are shown. */
export function timelineOf(core: Core, stretch: Stretch): Timeline {
  const { conv, around, count } = stretch.of;
  const cleared = core.state.prefs(conv).cleared_seq ?? 0;
  const all_have = core.allHave(conv);
  const me = core.options.me;
  const tail = core.state.logs.get(conv)?.tail() ?? [];
  let entries: readonly Entry[] = around === null ? joined(stretch, tail) : stretch.fetched;
  // An entry that is also held is shown as it is held: changes come there first.
  entries = entries.map((entry) => core.state.logs.get(conv)?.entry(entry.seq) ?? entry);
  const held = entries.map((entry) => lineOf(entry, me, all_have));
  const unsent = around === null ? echoesOf(tail, core.state.outbox, conv, me) : [];
  const known = new Set(held.map((line) => line.send_id + line.sender));
  const all = [...held, ...unsent.filter((line) => !known.has(line.send_id + line.sender))];
  const shows = all.filter((line) => isShown(core, conv, line, cleared));
  const lines: Line[] = (around === null ? shows.slice(-count) : shows).map((line) => shown(core, conv, line));
  const first = entries[0]?.seq ?? 0;
  const more = around === null ? first > floor(core, conv) && stretch.below : stretch.below;
  return {
    conv, lines, before: more || lines.length < shows.length, after: stretch.above, loading: stretch.loading,
  };
}
