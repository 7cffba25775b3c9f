/**
 * Something of one's own that is to change: preferences, marks, drafts. A wish is the frame that says it.
 */

import type { ClientFrame, ConversationId, Prefs, Seq, SetPrefs as WireSetPrefs } from "../wire/wire";

/** As on the wire, where `null` brings a preference back to its default (docs/PROTOCOL.md, "prefs"). */
export type SetPrefs = Pick<WireSetPrefs, "conv" | "cleared_seq"> & {
  [field in Exclude<keyof WireSetPrefs, "conv" | "cleared_seq">]?: WireSetPrefs[field] | null;
};
export type PrefsWish = { t: "prefs" } & SetPrefs;
export type MarkWish = Extract<ClientFrame, { t: "mark" }>;
export type DraftWish = Extract<ClientFrame, { t: "draft" }>;
/** Whether I want to hear of a thread. */
export type FollowWish = Extract<ClientFrame, { t: "follow" }>;
/** How far I have read a thread. */
export type ThreadReadWish = Extract<ClientFrame, { t: "thread_read" }>;
export type Wish = PrefsWish | MarkWish | DraftWish | FollowWish | ThreadReadWish;

/** What a wish is about: of each there is one slot. */
export type About =
  | { about: "prefs"; conv: ConversationId }
  | { about: "mark"; conv: ConversationId; seq: Seq }
  | { about: "draft"; conv: ConversationId }
  /** Whether a thread is followed, and my cursor in it; `seq` starts it. */
  | { about: "follow" | "thread_read"; conv: ConversationId; seq: Seq };

/** The wishes about one thing, as they are kept: what is or may have been said, and what is wanted after it. */
export type Wishes = {
  /** Said, or to be said next. */
  first?: Wish;
  /** Wanted since. */
  then?: Wish;
};

/** What it is about. */
export function aboutOf(wish: Wish): About {
  const { conv } = wish;
  if (wish.t === "mark") return { about: "mark", conv, seq: wish.seq };
  if (wish.t === "follow" || wish.t === "thread_read") return { about: wish.t, conv, seq: wish.thread };
  return { about: wish.t, conv };
}

/** A key for the slot of this, so that keys stand in the order in which slots have their turn. */
export function slotOf(about: About): string {
  const rank = { prefs: 1, mark: 2, draft: 3, follow: 4, thread_read: 5 }[about.about];
  const seq = "seq" in about ? String(about.seq).padStart(16, "0") : "";
  return `${rank} ${about.conv} ${seq}`;
}

/**
 * A wish and then another about the same thing, as one. Both have the same writer, so a draft stands on what the first
 * one stood on.
 */
export function joined(first: Wish, later: Wish): Wish {
  if (first.t === "prefs" && later.t === "prefs") {
    const cleared_seq = Math.max(first.cleared_seq ?? -1, later.cleared_seq ?? -1);
    return { ...given(first), ...given(later), ...(cleared_seq >= 0 && { cleared_seq }) };
  }
  if (first.t === "mark" && later.t === "mark") return { ...given(first), ...given(later) };
  if (first.t === "draft" && later.t === "draft") {
    const { base_ver: _, ...rest } = given(later);
    const forget = [...new Set([...(first.forget ?? []), ...(later.forget ?? [])])];
    return { ...given(first), ...rest, ...(forget.length > 0 && { forget }) };
  }
  if (first.t === "thread_read" && later.t === "thread_read") {
    return { ...later, read: Math.max(first.read, later.read) };
  }
  return later;
}

/** Preferences with a change: what it names is replaced; what was cleared stays cleared. */
export function withPrefs(prefs: Prefs, change: SetPrefs): Prefs {
  const { t: _t, conv: _c, cleared_seq, ...named } = given(change as PrefsWish);
  const next: Prefs = { ...prefs };
  for (const [field, value] of Object.entries(named)) {
    // A default is left out, as the server leaves it out.
    if (!value) delete next[field as keyof Prefs];
    else Object.assign(next, { [field]: value });
  }
  const cleared = Math.max(prefs.cleared_seq ?? 0, cleared_seq ?? 0);
  if (cleared > 0) next.cleared_seq = cleared;
  return next;
}

/** Without the fields that are there with nothing in them: they would hide what an earlier wish named. */
function given<W extends object>(wish: W): W {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as W;
}
