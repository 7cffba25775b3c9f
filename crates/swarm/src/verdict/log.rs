//! One log of one lineage, as it was dumped, and who may read what of it.

use super::standing::Standing;
use crate::history::Logged;
use protocol::group::History;
use protocol::{SendId, Seq, UserId};
use std::collections::BTreeMap;

/// A stretch of a log that somebody may read, both ends included; `to` `None`: to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The first entry: the one that let them in, or where newcomers read what was said before, the first one since
    /// they were last there.
    pub from: Seq,
    /// The entry that let them in.
    pub came: Seq,
    /// The entry that saw them out.
    pub to: Option<Seq>,
}

impl Stay {
    fn holds(&self, seq: Seq) -> bool {
        self.from <= seq && self.to.is_none_or(|to| seq <= to)
    }
}

/// A dumped log. Where one seq stands twice, the first counts here; the rules see the dump itself.
#[derive(Debug)]
pub struct Log<'a> {
    /// Which record dumped it.
    pub at: usize,
    /// As it was dumped.
    pub dump: &'a [Logged],
    by_seq: BTreeMap<Seq, &'a Logged>,
    by_send: BTreeMap<SendId, &'a Logged>,
    /// What was done to each entry, in order.
    changes: BTreeMap<Seq, Vec<&'a Logged>>,
    stays: BTreeMap<UserId, Vec<Stay>>,
    /// Where messages stand.
    messages: Vec<Seq>,
}

impl<'a> Log<'a> {
    /// The log of a dump.
    pub fn new(at: usize, dump: &'a [Logged]) -> Self {
        let mut log = Self {
            at,
            dump,
            by_seq: BTreeMap::new(),
            by_send: BTreeMap::new(),
            changes: BTreeMap::new(),
            stays: BTreeMap::new(),
            messages: Vec::new(),
        };
        for entry in dump {
            log.by_seq.entry(entry.seq).or_insert(entry);
            log.by_send.entry(entry.send_id).or_insert(entry);
        }
        let mut standing = Standing::default();
        for entry in log.by_seq.values() {
            if let Some(change) = &entry.change {
                log.changes.entry(change.target).or_default().push(entry);
            }
            if entry.counts() {
                log.messages.push(entry.seq);
            }
            for user in &entry.comes {
                let stays = log.stays.entry(*user).or_default();
                if stays.last().is_none_or(|stay| stay.to.is_some()) {
                    let since = stays.last().and_then(|stay| stay.to).map_or(Seq(1), Seq::next);
                    let is_open = standing.settings.history == History::All;
                    let came = entry.seq;
                    let from = if is_open { since } else { came };
                    stays.push(Stay { from, came, to: None });
                }
            }
            for user in &entry.goes {
                if let Some(stay) = log.stays.get_mut(user).and_then(|stays| stays.last_mut()) {
                    stay.to.get_or_insert(entry.seq);
                }
            }
            standing.apply(entry);
        }
        log
    }

    /// The entry at a seq.
    pub fn entry(&self, seq: Seq) -> Option<&'a Logged> {
        self.by_seq.get(&seq).copied()
    }

    /// The entry of this name.
    pub fn named(&self, send_id: SendId) -> Option<&'a Logged> {
        self.by_send.get(&send_id).copied()
    }

    /// What was done to the entry at a seq, in order.
    pub fn changes(&self, seq: Seq) -> &[&'a Logged] {
        self.changes.get(&seq).map_or(&[], Vec::as_slice)
    }

    /// The highest seq.
    pub fn head(&self) -> Seq {
        self.by_seq.last_key_value().map_or(Seq::ZERO, |(seq, _)| *seq)
    }

    /// Everybody who was ever in it.
    pub fn people(&self) -> impl Iterator<Item = UserId> + '_ {
        self.stays.keys().copied()
    }

    /// What somebody may read, in order.
    pub fn stays(&self, user: UserId) -> &[Stay] {
        self.stays.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody may read the entry at a seq.
    pub fn may_read(&self, user: UserId, seq: Seq) -> bool {
        self.stays(user).iter().any(|stay| stay.holds(seq))
    }

    /// The entries that somebody may read, in order.
    pub fn readable(&self, user: UserId) -> impl Iterator<Item = &'a Logged> + '_ {
        self.readable_between(user, Seq::ZERO, Seq(u64::MAX))
    }

    /// Those of them that lie between two seqs, both included.
    pub fn readable_between(&self, user: UserId, from: Seq, to: Seq) -> impl Iterator<Item = &'a Logged> + '_ {
        let within = move |stay: &Stay| (stay.from.max(from), stay.to.map_or(to, |end| end.min(to)));
        let stretches = self.stays(user).iter().map(within).filter(|(from, to)| from <= to);
        stretches.flat_map(|(from, to)| self.by_seq.range(from..=to).map(|(_, entry)| *entry))
    }

    /// The first entry above a seq that somebody may read.
    pub fn next_readable(&self, user: UserId, above: Seq) -> Option<&'a Logged> {
        self.readable_between(user, above.next(), Seq(u64::MAX)).next()
    }

    /// The first entry above a seq that somebody is told of while they are there: not what they may read of the time
    /// before they came.
    pub fn next_told(&self, user: UserId, above: Seq) -> Option<&'a Logged> {
        let within = |stay: &Stay| (stay.came.max(above.next()), stay.to.unwrap_or(Seq(u64::MAX)));
        let mut stretches = self.stays(user).iter().map(within).filter(|(from, to)| from <= to);
        stretches.find_map(|(from, to)| self.by_seq.range(from..=to).next().map(|(_, entry)| *entry))
    }

    /// The last entry that somebody may read.
    pub fn last_readable(&self, user: UserId) -> Option<&'a Logged> {
        let last = |stay: &Stay| {
            let to = stay.to.unwrap_or(Seq(u64::MAX));
            self.by_seq.range(stay.from..=to).next_back().map(|(_, entry)| *entry)
        };
        self.stays(user).iter().rev().find_map(last)
    }

    /// Messages above one seq and up to another that somebody may read, counted in the log itself.
    pub fn messages_between(&self, user: UserId, above: Seq, upto: Seq) -> u64 {
        let up_to = |seq: Seq| self.messages.partition_point(|at| *at <= seq) as u64;
        let inside = |stay: &Stay| {
            let to = stay.to.map_or(upto, |to| to.min(upto));
            up_to(to).saturating_sub(up_to(stay.from.prev().max(above)))
        };
        self.stays(user).iter().map(inside).sum()
    }
}
