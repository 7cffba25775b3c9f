/**
 * What a change does to the entry it names. Entries are shared with whoever shows them, so a changed one is another
 * one: nobody's picture changes behind their back, and a screen sees by identity what is new.
 */

import type { Entry, Json, Reaction, UserId } from "../wire/wire";
import { byBytes } from "./order";

/** The target after the change. `undefined`: it does not say enough for that, and the entry has to be asked for. */
export function amend(target: Entry, change: Entry): Entry | undefined {
  switch (change.kind) {
    case "edit":
      return change.now && { ...target, body: change.now, edited: change.seq, rev: change.seq };
    case "delete": {
      const { edited: _e, pinned: _p, reactions: _r, ...rest } = target;
      return { ...rest, body: {}, deleted_by: change.sender, rev: change.seq };
    }
    case "react": {
      const { emoji, on } = change.body;
      if (typeof emoji !== "string" || typeof on !== "boolean") return undefined;
      return withReactions(target, react(target.reactions ?? [], emoji, on, change.sender), change);
    }
    case "pin": {
      const { on } = change.body as Json;
      if (typeof on !== "boolean") return undefined;
      const { pinned: _p, ...rest } = target;
      return { ...rest, ...(on && { pinned: true }), rev: change.seq };
    }
    default:
      return undefined;
  }
}

function withReactions(target: Entry, reactions: Reaction[], change: Entry): Entry {
  const { reactions: _r, ...rest } = target;
  return { ...rest, ...(reactions.length > 0 && { reactions }), rev: change.seq };
}

/** Emojis stay in order of their bytes and people in order of their ids, as the server tells them. */
function react(before: readonly Reaction[], emoji: string, on: boolean, user: UserId): Reaction[] {
  const others = before.filter((reaction) => reaction.emoji !== emoji);
  const users = (before.find((reaction) => reaction.emoji === emoji)?.users ?? []).filter((one) => one !== user);
  if (on) users.push(user);
  if (users.length === 0) return others;
  users.sort();
  return [...others, { emoji, users }].sort((a, b) => byBytes(a.emoji, b.emoji));
}
