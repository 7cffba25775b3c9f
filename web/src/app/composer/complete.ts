/** What is being typed before the caret that can be completed: `:smi` or `@an`. */
import type { Mention, UserId } from "../../wire/wire";
import { bytesOf } from "../bytes";

export type Begun = { sort: "emoji" | "person"; part: string; from: number };

export function begun(text: string, caret: number): Begun | null {
  const before = text.slice(0, caret);
  const emoji = /(?:^|[\s(])(:([a-z0-9_+-]{2,24}))$/i.exec(before);
  if (emoji) return { sort: "emoji", part: emoji[2] ?? "", from: caret - (emoji[1]?.length ?? 0) };
  const person = /(?:^|[\s(])(@([\p{L}\p{N}._-]{0,32}))$/u.exec(before);
  if (person) return { sort: "person", part: person[2] ?? "", from: caret - (person[1]?.length ?? 0) };
  return null;
}

/** A shortcode that was just closed by its second colon. */
export function closed(text: string, caret: number): { name: string; from: number } | null {
  const found = /:([a-z0-9_+-]{1,24}):$/i.exec(text.slice(0, caret));
  return found ? { name: found[1] ?? "", from: caret - found[0].length } : null;
}

/** Where in the text those who were picked are named, in bytes, as the wire wants it. */
export function mentionsIn(text: string, picked: ReadonlyMap<string, UserId>, most: number): Mention[] {
  const found: { at: number; words: string; user: UserId }[] = [];
  // The longest name first: "@Ann" must not be found inside of "@Ann-Kathrin".
  const words = [...picked].sort(([a], [b]) => b.length - a.length);
  for (const [name, user] of words) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      if (/[\p{L}\p{N}]/u.test(text[at + name.length] ?? "")) continue;
      if (found.some(one => at < one.at + one.words.length && one.at < at + name.length)) continue;
      found.push({ at, words: name, user });
    }
  }
  return found
    .sort((a, b) => a.at - b.at)
    .slice(0, most)
    .map(({ at, words, user }) => ({ user, start: bytesOf(text.slice(0, at)), len: bytesOf(words) }));
}
