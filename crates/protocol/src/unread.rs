//! Spans of membership, and the arithmetic of unread counts over them.
//!
//! Unread is derived, never an incremented counter: messages above my read cursor inside my spans. With one open span
//! that is `head_ord - read_ord`; who left and came back has two spans, and the messages between them are not theirs to
//! count.

use crate::position::{Ordinal, Seq};
use serde::{Deserialize, Serialize};

/// One stretch of a conversation's log that somebody may read, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    /// The first entry they may read.
    pub from_seq: Seq,
    /// Messages before the first entry.
    pub from_ord: Ordinal,
    /// The last entry they may read; absent while they are a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_seq: Option<Seq>,
    /// Messages up to and with the last entry; present exactly when `to_seq` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ord: Option<Ordinal>,
}

impl Span {
    /// Whether `seq` lies in this span.
    #[must_use]
    pub fn holds(&self, seq: Seq) -> bool {
        self.from_seq <= seq && self.to_seq.is_none_or(|to| seq <= to)
    }

    /// Whether it is still open: its person is a member.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.to_seq.is_none()
    }
}

/// Whether a reader with these spans may read the entry at `seq`.
#[must_use]
pub fn may_read(spans: &[Span], seq: Seq) -> bool {
    spans.iter().any(|span| span.holds(seq))
}

/// The last entry that a reader with these spans may read in a log whose head is `head`: nothing for a stranger.
#[must_use]
pub fn readable_head(spans: &[Span], head: Seq) -> Option<Seq> {
    spans
        .iter()
        .map(|span| span.to_seq.map_or(head, |to| to.min(head)))
        .max()
}

/// Messages above the read cursor inside the spans. `read_ord` counts messages up to the cursor, `head_ord` up to the
/// head; spans are in order and do not touch.
#[must_use]
pub fn unread(spans: &[Span], head_ord: Ordinal, read_ord: Ordinal) -> u64 {
    let above = |span: &Span| {
        let last = span.to_ord.map_or(head_ord, |to| to.min(head_ord)).0;
        last.saturating_sub(read_ord.max(span.from_ord).0)
    };
    spans.iter().map(above).sum()
}

/// The same spans, counted in the replies of a thread: `at` tells how many of its replies there are up to and with an
/// entry. So one arithmetic, [`unread`], does for both.
///
/// # Errors
/// As `at`.
pub fn counted<E>(spans: &[Span], mut at: impl FnMut(Seq) -> Result<Ordinal, E>) -> Result<Vec<Span>, E> {
    let mut counted = Vec::with_capacity(spans.len());
    for span in spans {
        counted.push(Span {
            from_ord: at(span.from_seq.prev())?,
            to_ord: span.to_seq.map(&mut at).transpose()?,
            ..*span
        });
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// UNR1: the count equals a walk over the log, for every head and cursor, with any spans.
        #[test]
        fn unr1_unread_equals_a_brute_force_count(
            counts in proptest::collection::vec(any::<bool>(), 1..40),
            cuts in proptest::collection::btree_set(1_usize..40, 0..6),
            read in 0_usize..41,
        ) {
            let head = counts.len();
            let ord_at = |seq: usize| Ordinal(counts.iter().take(seq).filter(|&&c| c).count() as u64);
            let cuts: Vec<usize> = cuts.into_iter().filter(|&c| c <= head).collect();
            let spans: Vec<Span> = cuts.chunks(2).map(|pair| Span {
                from_seq: Seq(pair[0] as u64),
                from_ord: ord_at(pair[0] - 1),
                to_seq: pair.get(1).map(|&to| Seq(to as u64 - 1)),
                to_ord: pair.get(1).map(|&to| ord_at(to - 1)),
            }).collect();
            let read = read.min(head);
            let walked = (1..=head)
                .filter(|&seq| counts[seq - 1] && seq > read && may_read(&spans, Seq(seq as u64)))
                .count() as u64;
            prop_assert_eq!(unread(&spans, ord_at(head), ord_at(read)), walked);
        }

        /// THR2: what is not read of a thread equals a walk over the log, for every head and cursor, with any spans.
        #[test]
        fn thr2_unread_of_a_thread_equals_a_brute_force_count(
            thread_of in proptest::collection::vec(0_u8..3, 1..40),
            cuts in proptest::collection::btree_set(1_usize..40, 0..6),
            read in 0_usize..41,
        ) {
            let head = thread_of.len();
            let is_reply = |seq: usize| thread_of[seq - 1] == 1;
            let at = |seq: Seq| {
                let replies = (1..=head.min(seq.0 as usize)).filter(|&seq| is_reply(seq)).count();
                Ok::<_, std::convert::Infallible>(Ordinal(replies as u64))
            };
            let cuts: Vec<usize> = cuts.into_iter().filter(|&c| c <= head).collect();
            // Their ords are the conversation's, and of no use here.
            let spans: Vec<Span> = cuts.chunks(2).map(|pair| Span {
                from_seq: Seq(pair[0] as u64),
                from_ord: Ordinal(77),
                to_seq: pair.get(1).map(|&to| Seq(to as u64 - 1)),
                to_ord: pair.get(1).map(|_| Ordinal(77)),
            }).collect();
            let read = read.min(head);
            let walked = (1..=head)
                .filter(|&seq| is_reply(seq) && seq > read && may_read(&spans, Seq(seq as u64)))
                .count() as u64;
            let counted = counted(&spans, at).expect("infallible");
            let (head, read) = (at(Seq(head as u64)), at(Seq(read as u64)));
            prop_assert_eq!(unread(&counted, head.expect("infallible"), read.expect("infallible")), walked);
        }
    }

    #[test]
    fn one_open_span_is_a_plain_difference() {
        let span = Span {
            from_seq: Seq(1),
            from_ord: Ordinal(0),
            to_seq: None,
            to_ord: None,
        };
        assert_eq!(unread(&[span], Ordinal(9), Ordinal(4)), 5);
        assert_eq!(readable_head(&[span], Seq(12)), Some(Seq(12)));
        assert_eq!(readable_head(&[], Seq(12)), None);
    }
}
