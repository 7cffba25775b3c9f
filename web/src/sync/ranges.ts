/**
 * Which stretches of a log are held without a hole, and how fresh each is.
 */

import type { Seq } from "../wire/wire";

/** A stretch without a hole: every entry from the first to the last seq that may be read is held. */
export type Range = {
  from: Seq;
  to: Seq;
  /** Every change (edit, delete) up to this seq is in the entries of the stretch. */
  as_of: Seq;
};

/** Stretches in order; between any two lies a hole. */
export class Ranges {
  private list: Range[] = [];

  /** The stretch that ends highest. */
  top(): Range | undefined {
    return this.list.at(-1);
  }

  /** The stretch that holds `seq`. */
  around(seq: Seq): Range | undefined {
    return this.list.find((range) => range.from <= seq && seq <= range.to);
  }

  /** All of them, the lowest first. */
  all(): readonly Range[] {
    return this.list;
  }

  /**
   * Adds a stretch, joining it with those it touches. The joined one is as fresh as its stalest part, unless it holds
   * every entry after that part's `as_of`: then all changes since were seen going by. A part that the added stretch
   * covers whole takes its freshness from it, and one that it covers in part does not: what sticks out was not asked.
   */
  insert(added: Range): void {
    const parts = this.list.filter((range) => range.from <= added.to + 1 && added.from <= range.to + 1);
    const before = this.list.filter((range) => range.to + 1 < added.from);
    const after = this.list.filter((range) => added.to + 1 < range.from);
    let { from, to, as_of } = added;
    for (const part of parts) {
      from = Math.min(from, part.from);
      to = Math.max(to, part.to);
      const covered = added.from <= part.from && part.to <= added.to;
      if (!covered) as_of = Math.min(as_of, part.as_of);
    }
    if (as_of + 1 >= from) as_of = Math.max(as_of, to);
    this.list = [...before, { from, to, as_of }, ...after];
  }

  /**
   * What changed above `since` between `from` and `to` was asked for: a stretch in there is as fresh as `as_of`. One
   * that was asked for only in part, or was stale before `since`, stays as it is.
   */
  freshen(from: Seq, to: Seq, since: Seq, as_of: Seq): void {
    this.list = this.list.map((range) =>
      from <= range.from && range.to <= to && since <= range.as_of
        ? { ...range, as_of: Math.max(range.as_of, as_of) }
        : range,
    );
  }

  /** Everything below `seq` is no longer held. */
  cutBelow(seq: Seq): void {
    this.list = this.list.filter((range) => range.to >= seq);
    const lowest = this.list[0];
    if (lowest && lowest.from < seq) this.list[0] = { ...lowest, from: seq };
  }
}
