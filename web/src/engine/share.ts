/**
 * What came over a channel is a copy, and a screen would draw all of it anew. Here it takes over from the last value
 * whatever is equal, so that a part which did not change keeps its identity.
 */

/** `next`, with every part that equals its part of `last` replaced by that one. */
export function share<T>(last: T, next: T): T {
  if (Object.is(last, next)) return last;
  if (Array.isArray(last) && Array.isArray(next)) return shareList(last, next) as T;
  if (isPlain(last) && isPlain(next)) return shareFields(last, next) as T;
  return next;
}

function shareList(last: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const named = byName(last);
  let same = last.length === next.length;
  const shared = next.map((item, at) => {
    // A line that moved by one is still the line it was.
    const before = named?.get(nameOf(item)) ?? last[at];
    const kept = share(before, item);
    if (kept !== last[at]) same = false;
    return kept;
  });
  return same ? last : shared;
}

function shareFields(last: Fields, next: Fields): Fields {
  const names = Object.keys(next);
  let same = names.length === Object.keys(last).length;
  const shared = names.map((name): [string, unknown] => {
    // Somebody may call a field `__proto__`: only what a value has of its own counts, here and below.
    const had = Object.hasOwn(last, name) ? last[name] : undefined;
    const kept = Object.hasOwn(last, name) ? share(had, next[name]) : next[name];
    if (!Object.hasOwn(last, name) || kept !== had) same = false;
    return [name, kept];
  });
  return same ? last : Object.fromEntries(shared);
}

type Fields = { [name: string]: unknown };

function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What tells an item of a list from the others: a line's name, a conversation's, a person's. */
function nameOf(item: unknown): unknown {
  if (!isPlain(item)) return undefined;
  return item["send_id"] ?? item["conv"] ?? item["user"];
}

function byName(list: readonly unknown[]): Map<unknown, unknown> | undefined {
  if (nameOf(list[0]) === undefined) return undefined;
  return new Map(list.map((item) => [nameOf(item), item]));
}
