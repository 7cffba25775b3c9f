/**
 * Orders in which things stand. Rust's maps are sorted and these rules lean on it: whose turn it is must not depend on
 * what came first into memory.
 */

/** The keys of a map or the members of a set, the lowest first. */
export function inOrder<K extends string | number>(of: ReadonlyMap<K, unknown> | ReadonlySet<K>): K[] {
  const keys = [...of.keys()];
  // Ids are UUIDs in lower case: as texts they stand in the order of their bytes.
  return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Where `key` stands in a sorted list, or would stand: the first place whose key is not below it. */
export function placeOf<T>(list: readonly T[], key: number, of: (one: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (of(list[middle] as T) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The lowest of some moments, where there is one. */
export function soonest(moments: Iterable<number | undefined>): number | undefined {
  let first: number | undefined;
  for (const at of moments) {
    if (at !== undefined && (first === undefined || at < first)) first = at;
  }
  return first;
}

/** Compares texts by their code points, which is the order of their UTF-8: `<` compares halves of surrogate pairs. */
export function byBytes(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length) {
    const [x, y] = [a.codePointAt(at) ?? 0, b.codePointAt(at) ?? 0];
    if (x !== y) return x - y;
    at += x > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

/** How long a text is in UTF-8, in bytes, without writing it out. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      at += 1;
    } else bytes += 3;
  }
  return bytes;
}
