//! One conversation's log as this device holds it: stretches without a hole, a shelf for entries that came early, and
//! what it would ask the server for next.
//!
//! The dangers it guards against: showing n+1 after n where something lies between; waiting for ever for an entry that
//! was lost on the way; missing an edit inside a stretch that was skipped; and taking the server's "it is stored" for
//! "I have everything up to it". An ack therefore never comes near this file.

#[cfg(test)]
mod plans;
mod ranges;

pub use ranges::{Range, Ranges};

use crate::bounds::{Bounds, RETRY_MS, SHELF_ENTRIES_MAX};
use protocol::client_frame::Place;
use protocol::entry::{Pinned, Reacted, Reaction};
use protocol::server_frame::Entries;
use protocol::{Entry, Epoch, Kind, Ordinal, Seq, UserId, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The lineage of everything in here; none yet where nothing is held.
    epoch: Option<Epoch>,
    ranges: Ranges,
    entries: BTreeMap<Seq, Entry>,
    /// Early entries, above a hole. Never shown, never kept.
    shelf: BTreeMap<Seq, Entry>,
    /// The last entry that is known to exist for this reader, and the messages up to it.
    head: (Seq, Ordinal),
    /// From when on the hole below the head may be pulled.
    due_ms: u64,
    /// Somebody said that something was dropped: ask once, whatever the head.
    doubted: bool,
    /// Held entries that a later entry changed: their seq, and the lowest change not yet seen in them.
    outdated: BTreeMap<Seq, Seq>,
    /// The first entry this reader may read.
    first_readable: Seq,
}

/// Entries to be kept: what a page or a live entry added to a log, in the form in which it is kept and replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The first seq that is held now.
    pub from: Seq,
    /// The last.
    pub to: Seq,
    /// How fresh.
    pub as_of: Seq,
    /// Only entries that changed above this seq: the others between `from` and `to` are as they were held.
    pub since: Option<Seq>,
    /// The entries, in order.
    pub items: Vec<Entry>,
}

/// What came of a live entry or a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// Entries that follow what was the last one, in order, without a hole among them.
    pub grown: Vec<Entry>,
    /// To be kept before anybody is told.
    pub held: Vec<Held>,
    /// Something below the old end came or changed.
    pub changed: bool,
    /// A hole too wide to fill lies below `grown`: its first and last seq.
    pub skipped: Option<(Seq, Seq)>,
}

impl Log {
    /// The lineage of what is held.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The last entry held without a hole below it; zero where nothing is held.
    #[must_use]
    pub fn end(&self) -> Seq {
        self.ranges.top().map_or(Seq::ZERO, |r| r.to)
    }

    /// The last entry known to exist, and the messages up to it.
    #[must_use]
    pub fn head(&self) -> (Seq, Ordinal) {
        self.head
    }

    /// Whether entries are known to exist that are not held.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.head.0 > self.end() || self.doubted
    }

    /// Nothing is held and nothing waits: the log can be forgotten and made again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.all().is_empty() && self.shelf.is_empty()
    }

    /// The stretches held, the lowest first.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        self.ranges.all()
    }

    /// The entries of the topmost stretch: what may be shown as following each other, up to the newest.
    pub fn tail(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        let from = self.ranges.top().map_or(Seq(u64::MAX), |r| r.from);
        self.entries.range(from..).map(|(_, entry)| entry)
    }

    /// Held entries between two seqs, if the whole of it is one stretch; and how fresh that stretch is.
    pub fn stretch(&self, from: Seq, to: Seq) -> Option<(Vec<Entry>, Seq)> {
        let range = self.ranges.around(from).filter(|r| to <= r.to)?;
        Some((
            self.entries.range(from..=to).map(|(_, e)| e.clone()).collect(),
            range.as_of,
        ))
    }

    /// The stretch that holds a seq.
    #[must_use]
    pub fn around(&self, seq: Seq) -> Option<Range> {
        self.ranges.around(seq)
    }

    /// The entry with this seq, if it is held.
    #[must_use]
    pub fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// Messages up to and with `seq`, where the entries held tell it.
    #[must_use]
    pub fn ord_at(&self, seq: Seq) -> Option<Ordinal> {
        let range = self.ranges.around(seq)?;
        self.entries.range(range.from..=seq).next_back().map(|(_, e)| e.ord)
    }

    /// How far this device has stored the log, given how far it had before: the end of the topmost stretch, once that
    /// reaches down to what was delivered before, to the first entry there is, or deep enough to have skipped on
    /// purpose.
    #[must_use]
    pub fn delivered(&self, before: Seq, bounds: &Bounds) -> Seq {
        match self.ranges.top() {
            Some(top) if top.from <= before.next() || self.is_deep(top, bounds) => before.max(top.to),
            _ => before,
        }
    }

    fn is_deep(&self, top: Range, bounds: &Bounds) -> bool {
        let deep = (bounds.tail_entries as usize).min(bounds.log_entries_max.max(1));
        top.from <= self.first_readable.max(Seq(1)) || self.entries.range(top.from..=top.to).count() >= deep
    }

    /// Starts again in another lineage: nothing held survives, nothing of it may be compared.
    pub fn restart(&mut self, epoch: Epoch) {
        *self = Self {
            epoch: Some(epoch),
            first_readable: self.first_readable,
            ..Self::default()
        };
    }

    /// Where this reader's first span begins.
    pub fn readable_from(&mut self, first: Seq) {
        self.first_readable = first;
    }

    /// The log is known to reach `seq`. `at_once`: no live entry is on its way, so the hole is due now.
    pub fn note_head(&mut self, seq: Seq, ord: Ordinal, now_ms: u64, at_once: bool) {
        let due_ms = if at_once {
            now_ms
        } else {
            now_ms + limits::EARLY_HOLD_MS_MAX
        };
        let had_hole = self.head.0 > self.end();
        if seq > self.head.0 {
            self.head = (seq, ord);
        }
        if seq > self.end() {
            self.due_ms = if had_hole { self.due_ms.min(due_ms) } else { due_ms };
        }
    }

    /// Something may have been dropped above what is held: ask, whatever the head.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// An entry came live, of this log's lineage.
    pub fn live(&mut self, entry: Entry, now_ms: u64, bounds: &Bounds) -> News {
        let (seq, end) = (entry.seq, self.end());
        self.note_head(seq, entry.ord, now_ms, false);
        let mut news = News::default();
        if seq <= end {
            return news;
        }
        // With nothing held, any entry is a stretch of its own; what lies below is asked for afterwards.
        let is_first = seq <= self.first_readable.max(Seq(1)) && self.head.0 == seq;
        let begins = bounds.begin_anywhere || is_first;
        let nothing_held = self.ranges.all().is_empty();
        if (nothing_held && begins) || (!nothing_held && seq == end.next()) {
            self.append(entry, &mut news);
            self.take_from_shelf(&mut news);
            self.trim(bounds);
        } else {
            self.shelf.insert(seq, entry);
            if self.shelf.len() > SHELF_ENTRIES_MAX {
                self.shelf.pop_last();
            }
        }
        news
    }

    /// A page came, of this log's lineage, in answer to a `get` of `place`.
    pub fn page(&mut self, place: Place, page: Entries, now_ms: u64, bounds: &Bounds) -> News {
        let before = self.end();
        self.note_head(page.head_seq, page.head_ord, now_ms, true);
        let answered_to = if page.more { page.to } else { Seq(u64::MAX) };
        let held = Self::held_of(place, page);
        let mut news = News::default();
        if held.to >= held.from {
            let fresh = held.since.is_none() && held.to > before;
            if fresh {
                news.grown = held.items.iter().filter(|e| e.seq > before).cloned().collect();
                news.skipped =
                    (before > Seq::ZERO && held.from > before.next()).then(|| (before.next(), held.from.prev()));
            }
            news.changed = !fresh || held.from <= before;
            news.changed |= self.apply(&held);
            news.held.push(held);
        }
        self.settle(place, answered_to, before, now_ms);
        self.take_from_shelf(&mut news);
        self.trim(bounds);
        news
    }

    /// Replays what was kept, or takes it in for the first time. Whether entries that were held were changed by it.
    pub fn apply(&mut self, held: &Held) -> bool {
        let mut changed = false;
        if held.since.is_none() {
            let gone: Vec<Seq> = self.entries.range(held.from..=held.to).map(|(seq, _)| *seq).collect();
            for seq in gone
                .into_iter()
                .filter(|seq| held.items.binary_search_by_key(seq, |e| e.seq).is_err())
            {
                self.entries.remove(&seq);
            }
        }
        for item in &held.items {
            // A change of an entry in a hole is no entry that is held.
            if held.since.is_none() || self.ranges.around(item.seq).is_some() {
                changed |= self.put(item, held);
            }
        }
        if let Some(since) = held.since {
            self.ranges.freshen(held.from, held.to, since, held.as_of);
        } else {
            self.ranges.insert(Range {
                from: held.from,
                to: held.to,
                as_of: held.as_of,
            });
        }
        let end = self.end();
        if let Some(last) = self.entries.get(&end).filter(|_| end > self.head.0) {
            self.head = (end, last.ord);
        }
        changed
    }

    /// Drops the lowest entries above the bound.
    pub fn trim(&mut self, bounds: &Bounds) {
        while self.entries.len() > bounds.log_entries_max.max(1) {
            if let Some((seq, _)) = self.entries.pop_first() {
                self.ranges.cut_below(seq.next());
                self.outdated.remove(&seq);
            }
        }
    }

    /// Everything held, in the form in which it is kept.
    pub fn kept(&self) -> impl Iterator<Item = Held> + '_ {
        self.ranges.all().iter().map(|range| Held {
            from: range.from,
            to: range.to,
            as_of: range.as_of,
            since: None,
            items: self
                .entries
                .range(range.from..=range.to)
                .map(|(_, e)| e.clone())
                .collect(),
        })
    }

    /// What to ask the server for now, if anything.
    #[must_use]
    pub fn wants(&self, now_ms: u64, bounds: &Bounds) -> Option<Place> {
        let (end, head) = (self.end(), self.head.0);
        if self.doubted || (head > end && self.due_ms <= now_ms) {
            let wide = head.0.saturating_sub(end.0) > bounds.gap_fill_entries_max;
            let nothing = self.ranges.all().is_empty() && head > Seq::ZERO;
            return Some(if wide || nothing {
                Place::Before(head.next())
            } else {
                Place::After(end)
            });
        }
        let top = self.ranges.top()?;
        if !self.is_deep(top, bounds) {
            return Some(Place::Before(top.from));
        }
        let (first, last) = (*self.outdated.first_key_value()?.0, *self.outdated.last_key_value()?.0);
        let since = self.outdated.values().min()?.prev();
        Some(Place::Range(first, last, Some(since)))
    }

    /// When [`Self::wants`] has to be asked again although nothing happened.
    #[must_use]
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        (self.head.0 > self.end() && self.due_ms > now_ms).then_some(self.due_ms)
    }

    fn held_of(place: Place, page: Entries) -> Held {
        // Nothing more below: whatever lies there is not for this reader.
        let (from, to) = match place {
            Place::Before(seq) if !page.more && page.to < page.from => (Seq(1), seq.prev().min(page.head_seq)),
            Place::Before(_) if !page.more => (Seq(1), page.to),
            _ => (page.from, page.to),
        };
        Held {
            from,
            to,
            as_of: page.head_seq,
            since: match place {
                Place::Range(_, _, since) => since,
                _ => None,
            },
            items: page.items,
        }
    }

    /// An answer came: what it was asked for is no longer in question.
    fn settle(&mut self, place: Place, answered_to: Seq, before: Seq, now_ms: u64) {
        match place {
            Place::Range(from, to, Some(_)) => {
                let to = to.min(answered_to);
                self.outdated.retain(|seq, _| *seq < from || *seq > to);
            }
            Place::After(_) | Place::Before(_) => {
                self.doubted = false;
                if self.end() == before && self.head.0 > before {
                    // The answer brought nothing: the store behind that node may be a step late. Not again at once.
                    self.due_ms = now_ms + RETRY_MS;
                }
            }
            Place::Around(_) | Place::Range(_, _, None) => {}
        }
    }

    fn append(&mut self, entry: Entry, news: &mut News) {
        let held = Held {
            from: entry.seq,
            to: entry.seq,
            as_of: entry.seq,
            since: None,
            items: vec![entry.clone()],
        };
        news.changed |= self.apply(&held);
        news.held.push(held);
        news.grown.push(entry);
    }

    fn take_from_shelf(&mut self, news: &mut News) {
        let mut end = self.end();
        while let Some(first) = self.shelf.first_entry().filter(|first| *first.key() <= end.next()) {
            let entry = first.remove();
            if entry.seq > end {
                self.append(entry, news);
                end = self.end();
            }
        }
    }

    /// Puts one entry in its place, unless a later change of it is there already, and makes the change that it says.
    /// Whether that changed an entry that was held. The words of an edit stay in its target alone, so that they go with
    /// it.
    fn put(&mut self, item: &Entry, held: &Held) -> bool {
        // What is kept is replayed without the asking, and knows by this alone that the answer came.
        if self
            .outdated
            .get(&item.seq)
            .is_some_and(|change| Some(*change) <= item.rev)
        {
            self.outdated.remove(&item.seq);
        }
        if self.entries.get(&item.seq).is_none_or(|old| old.rev <= item.rev) {
            let without = Entry {
                now: None,
                ..item.clone()
            };
            self.entries.insert(item.seq, without);
        }
        let Some(target) = item.target_seq else { return false };
        // Every change of the target before this one was seen going by, or it would be made to an older state of it.
        let seen_all = held.since.is_none()
            && !(held.from <= target && target <= held.to)
            && !self.outdated.contains_key(&target)
            && self
                .ranges
                .around(target)
                .is_some_and(|range| range.as_of.next() >= held.from);
        let Some(old) = self.entries.get_mut(&target).filter(|old| old.rev < Some(item.seq)) else {
            return false;
        };
        if seen_all && amend(old, item) {
            return true;
        }
        let change = self.outdated.entry(target).or_insert(item.seq);
        *change = item.seq.min(*change);
        false
    }
}

/// Makes a change to the entry it names. `false`: it does not say enough for that, and the entry has to be asked for.
fn amend(target: &mut Entry, change: &Entry) -> bool {
    match change.kind {
        Kind::Edit => {
            let Some(now) = &change.now else { return false };
            target.body = Arc::clone(now);
            target.edited = Some(change.seq);
        }
        Kind::Delete => {
            let nothing = RawValue::from_string("{}".to_owned()).expect("two braces are JSON");
            target.body = Arc::from(nothing);
            target.deleted_by = Some(change.sender);
            target.edited = None;
            target.pinned = false;
            target.reactions.clear();
        }
        Kind::React => {
            let Ok(reacted) = serde_json::from_str::<Reacted>(change.body.get()) else {
                return false;
            };
            react(&mut target.reactions, reacted, change.sender);
        }
        Kind::Pin => {
            let Ok(pinned) = serde_json::from_str::<Pinned>(change.body.get()) else {
                return false;
            };
            target.pinned = pinned.on;
        }
        _ => return false,
    }
    target.rev = Some(change.seq);
    true
}

/// Emojis stay in order of their bytes and people in order of their ids, as the server tells them.
fn react(reactions: &mut Vec<Reaction>, reacted: Reacted, user: UserId) {
    let at = reactions.binary_search_by(|reaction| reaction.emoji.cmp(&reacted.emoji));
    match (at, reacted.on) {
        (Ok(at), on) => {
            let users = &mut reactions[at].users;
            match users.binary_search(&user) {
                Err(place) if on => users.insert(place, user),
                Ok(place) if !on => drop(users.remove(place)),
                _ => {}
            }
            if users.is_empty() {
                reactions.remove(at);
            }
        }
        (Err(at), true) => {
            let users = vec![user];
            let emoji = reacted.emoji;
            reactions.insert(at, Reaction { emoji, users });
        }
        (Err(_), false) => {}
    }
}
