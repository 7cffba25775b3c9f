//! Which stretches of a log are held without a hole, and how fresh each is.

use protocol::Seq;
use serde::{Deserialize, Serialize};

/// A stretch without a hole: every entry from the first to the last seq that may be read is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first seq.
    pub from: Seq,
    /// The last seq.
    pub to: Seq,
    /// Every change (edit, delete) up to this seq is in the entries of the stretch.
    pub as_of: Seq,
}

/// Stretches in order; between any two lies a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// The stretch that ends highest.
    #[must_use]
    pub fn top(&self) -> Option<Range> {
        self.0.last().copied()
    }

    /// The stretch that holds `seq`.
    #[must_use]
    pub fn around(&self, seq: Seq) -> Option<Range> {
        self.0.iter().find(|r| r.from <= seq && seq <= r.to).copied()
    }

    /// All of them, the lowest first.
    #[must_use]
    pub fn all(&self) -> &[Range] {
        &self.0
    }

    /// Adds a stretch, joining it with those it touches. The joined one is as fresh as its stalest part, unless it
    /// holds every entry after that part's `as_of`: then all changes since were seen going by.
    pub fn insert(&mut self, mut new: Range) {
        let came = new;
        let touches =
            |r: &Range, n: &Range| r.from.0 <= n.to.0.saturating_add(1) && n.from.0 <= r.to.0.saturating_add(1);
        let first = self
            .0
            .iter()
            .position(|r| touches(r, &new))
            .unwrap_or_else(|| self.0.iter().position(|r| r.from > new.to).unwrap_or(self.0.len()));
        while let Some(old) = self.0.get(first).copied().filter(|r| touches(r, &new)) {
            // A part that the stretch covers whole, as it came and not as it has grown, is as fresh as the stretch.
            let covered = came.from <= old.from && old.to <= came.to;
            new = Range {
                from: new.from.min(old.from),
                to: new.to.max(old.to),
                as_of: if covered { new.as_of } else { new.as_of.min(old.as_of) },
            };
            self.0.remove(first);
        }
        if new.as_of.next() >= new.from {
            new.as_of = new.as_of.max(new.to);
        }
        self.0.insert(first, new);
    }

    /// What changed above `since` between `from` and `to` was asked for: a stretch in there is as fresh as `as_of`. One
    /// that was asked for only in part, or was stale before `since`, stays as it is.
    pub fn freshen(&mut self, from: Seq, to: Seq, since: Seq, as_of: Seq) {
        for range in &mut self.0 {
            if from <= range.from && range.to <= to && since <= range.as_of {
                range.as_of = range.as_of.max(as_of);
            }
        }
    }

    /// Everything below `seq` is no longer held.
    pub fn cut_below(&mut self, seq: Seq) {
        self.0.retain(|r| r.to >= seq);
        if let Some(lowest) = self.0.first_mut() {
            lowest.from = lowest.from.max(seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, to: u64, as_of: u64) -> Range {
        Range {
            from: Seq(from),
            to: Seq(to),
            as_of: Seq(as_of),
        }
    }

    #[test]
    fn stretches_join_and_the_stalest_part_decides() {
        let mut ranges = Ranges::default();
        ranges.insert(range(1, 10, 10));
        ranges.insert(range(61, 110, 110));
        assert_eq!(ranges.all(), [range(1, 10, 10), range(61, 110, 110)]);
        ranges.insert(range(11, 40, 110));
        assert_eq!(
            ranges.all(),
            [range(1, 40, 40), range(61, 110, 110)],
            "all changes from 11 to 40 went by"
        );
        ranges.insert(range(30, 70, 110));
        assert_eq!(ranges.all(), [range(1, 110, 110)]);
    }

    #[test]
    fn what_a_stretch_does_not_cover_stays_as_stale_as_it_was() {
        let mut ranges = Ranges::default();
        ranges.insert(range(1, 40, 40));
        ranges.insert(range(61, 70, 500));
        ranges.insert(range(21, 70, 500));
        assert_eq!(
            ranges.all(),
            [range(1, 70, 70)],
            "what changed in 1 to 20 above 70 was never asked for"
        );
        let mut ranges = Ranges::default();
        ranges.insert(range(5, 6, 20));
        ranges.insert(range(1, 10, 12));
        assert_eq!(
            ranges.all(),
            [range(1, 10, 12)],
            "a late answer is no fresher than it was"
        );
    }

    #[test]
    fn a_stale_stretch_stays_stale_where_changes_were_skipped() {
        let mut ranges = Ranges::default();
        ranges.insert(range(100, 110, 50));
        ranges.insert(range(111, 120, 200));
        assert_eq!(ranges.all(), [range(100, 120, 50)], "51 to 99 were never seen");
        ranges.freshen(Seq(105), Seq(120), Seq(50), Seq(210));
        assert_eq!(ranges.all(), [range(100, 120, 50)], "the rest was not asked for");
        ranges.freshen(Seq(100), Seq(120), Seq(51), Seq(210));
        assert_eq!(ranges.all(), [range(100, 120, 50)], "51 was not asked for");
        ranges.freshen(Seq(100), Seq(120), Seq(50), Seq(210));
        assert_eq!(ranges.all(), [range(100, 120, 210)]);
        ranges.cut_below(Seq(115));
        assert_eq!(ranges.all(), [range(115, 120, 210)]);
    }
}
