//! The live end of one conversation's log on one node: the only place that decides what is delivered, and in which
//! order.
//!
//! Entries come in as hints: early, late, doubled, or not at all. Only the next one goes out; an early one waits a
//! moment for the hole before it, then the log is read. *The handler that stored a message must never hand it out
//! itself*: with two worker threads up to 13 % of a busy conversation's messages came out of order that way.
//!
//! Who gets an entry is decided by the log's own record of membership as of that entry, never by who is a member "now",
//! so a removal and a message cannot cross.

use crate::wire;
use bytes::Bytes;
use mutants::Mutant;
use protocol::entry::{Added, Created, Removed};
use protocol::{Epoch, Kind, Ordinal, Seq, Span, UserId, unread};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use store::{Entry, TailPage};

/// Early entries that may wait; the furthest are dropped first, the log has them.
pub const EARLY_ENTRIES_MAX: usize = 256;
/// Entries read at once to fill a hole.
pub const PULL_ENTRIES_MAX: usize = 256;

/// The live end of one log.
#[derive(Debug)]
pub struct Tail {
    epoch: Epoch,
    state: State,
    early: BTreeMap<Seq, Arc<Entry>>,
    /// The highest entry that anybody told of. It may have been dropped from the shelf, and is still to be handed out.
    told: Seq,
    /// Everybody's spans as of `spans_at`; later entries are applied as they go out.
    spans: BTreeMap<UserId, Vec<Span>>,
    spans_at: Seq,
    /// Who is a member as of the last entry handed out. Shared by every delivery until that changes.
    members: Arc<[UserId]>,
    /// What is to be handed out, in order; see [`Tail::take`].
    ready: VecDeque<Delivery>,
    handing_out: bool,
    used_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is known yet: the log is being read, or could not be read at that time.
    Cold { failed_ms: Option<u64> },
    /// Everything below `next` was handed out or was there before.
    Live { next: Seq, hole: Hole },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    None,
    /// An early entry waits since then.
    Since(u64),
    /// The log is being read.
    Pulling,
}

/// One entry for the sessions of these people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Its frame, encoded once.
    pub frame: Bytes,
    /// Everybody who may read it.
    pub to: Arc<[UserId]>,
}

/// Read the log above `after` and come back with [`Tail::loaded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Above this entry.
    pub after: Seq,
}

impl Tail {
    /// A tail that knows nothing yet but this entry, and the pull that wakes it up.
    #[must_use]
    pub fn start(epoch: Epoch, entry: Arc<Entry>, now_ms: u64) -> (Self, Pull) {
        let (after, told) = (entry.seq.prev(), entry.seq);
        let tail = Self {
            epoch,
            state: State::Cold { failed_ms: None },
            told,
            early: BTreeMap::from([(entry.seq, entry)]),
            spans: BTreeMap::new(),
            spans_at: Seq::ZERO,
            members: Arc::from([]),
            ready: VecDeque::new(),
            handing_out: false,
            used_ms: now_ms,
        };
        (tail, Pull { after })
    }

    /// An entry of this log was committed, says a hint. An entry of another lineage starts the tail anew.
    pub fn hint(&mut self, epoch: Epoch, entry: Arc<Entry>, hold_ms_max: u64, now_ms: u64) -> Option<Pull> {
        self.used_ms = now_ms;
        if epoch != self.epoch {
            let (fresh, pull) = Self::start(epoch, entry, now_ms);
            let ready = std::mem::take(&mut self.ready);
            *self = Self {
                ready,
                handing_out: self.handing_out,
                ..fresh
            };
            return Some(pull);
        }
        if let State::Live { next, .. } = self.state
            && entry.seq < next
        {
            return None;
        }
        // Planted fault: a tail that waits for nothing starts anew, from whatever it is told of.
        if mutants::is(Mutant::TailStartsAnywhere)
            && let State::Live { next, hole: Hole::None } = &mut self.state
        {
            *next = entry.seq;
        }
        self.told = self.told.max(entry.seq);
        self.early.insert(entry.seq, entry);
        if self.early.len() > EARLY_ENTRIES_MAX {
            self.early.pop_last();
        }
        self.advance(now_ms);
        self.tick(hold_ms_max, now_ms)
    }

    /// The log was read: what is in it goes out, and so does what waited for it.
    pub fn loaded(&mut self, page: TailPage, hold_ms_max: u64, now_ms: u64) -> Option<Pull> {
        if page.epoch != self.epoch {
            self.change_lineage(page);
            return None;
        }
        // A page that was read before the last change of members was handed out knows less than this tail: with its
        // spans a removed member would be one again.
        if page.head_seq >= self.spans_at {
            self.spans = page.spans.into_iter().collect();
            self.spans_at = page.head_seq;
            self.members = Arc::from([]);
        }
        self.told = self.told.max(page.head_seq);
        // A cold tail starts at the lowest entry it was told of: everything below is in the store for whoever asks, and
        // was told by the inbox; everything from there on goes out live. Never above what the page knows, for changes
        // of members may lie between; and never further back than one page, for a hint that comes very late must not
        // hand out half a log again.
        let start = match self.state {
            State::Live { next, .. } => next,
            // Planted fault: it starts from the entry that woke it, which the page begins with.
            State::Cold { .. } if mutants::is(Mutant::TailStartsAnywhere) => {
                page.entries.first().map_or(page.head_seq.next(), |entry| entry.seq)
            }
            State::Cold { .. } => {
                let above = page.head_seq.next();
                let back = Seq(above.0.saturating_sub(PULL_ENTRIES_MAX as u64));
                self.early
                    .keys()
                    .next()
                    .map_or(above, |lowest| above.min(*lowest).max(back))
            }
        };
        self.state = State::Live {
            next: start,
            hole: Hole::None,
        };
        for entry in page.entries {
            if entry.seq >= start {
                self.early.entry(entry.seq).or_insert_with(|| Arc::new(entry));
            }
        }
        self.advance(now_ms);
        match self.state {
            // The page ended before the log did. One that brought nothing is not asked for again at once.
            State::Live { next, .. } if next > start && next <= page.head_seq => self.pull(),
            _ => self.tick(hold_ms_max, now_ms),
        }
    }

    /// A page of another lineage than the hints were of. If it was waited for, it is believed: its lineage is taken up
    /// where it ends, and should it be the page that is from the past, the next hint starts the tail anew.
    fn change_lineage(&mut self, page: TailPage) {
        if matches!(self.state, State::Live { hole, .. } if hole != Hole::Pulling) {
            return;
        }
        self.epoch = page.epoch;
        self.state = State::Live {
            next: page.head_seq.next(),
            hole: Hole::None,
        };
        self.early.clear();
        self.told = page.head_seq;
        self.spans = page.spans.into_iter().collect();
        self.spans_at = page.head_seq;
        self.members = Arc::from([]);
    }

    /// Reading the log failed: try again with the next tick.
    pub fn load_failed(&mut self, now_ms: u64) {
        match &mut self.state {
            State::Live { hole, .. } => *hole = Hole::Since(now_ms),
            State::Cold { failed_ms } => *failed_ms = Some(now_ms),
        }
    }

    /// Time passed: a hole that waited long enough is read from the log, and so is what could not be read.
    pub fn tick(&mut self, hold_ms_max: u64, now_ms: u64) -> Option<Pull> {
        match self.state {
            State::Live {
                hole: Hole::Since(since),
                ..
            } if since + hold_ms_max <= now_ms => self.pull(),
            State::Cold {
                failed_ms: Some(failed_ms),
            } if failed_ms + hold_ms_max <= now_ms => {
                self.state = State::Cold { failed_ms: None };
                let lowest = self.early.keys().next().copied();
                Some(Pull {
                    after: lowest.unwrap_or(self.told).prev(),
                })
            }
            _ => None,
        }
    }

    /// Whether somebody is handing out what came from here: to forget it now could break the order.
    #[must_use]
    pub fn is_handing_out(&self) -> bool {
        self.handing_out
    }

    /// Whether it has nothing to wait for and nothing to hand out: it may be forgotten.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let waits = !matches!(self.state, State::Live { hole: Hole::None, .. });
        !waits && self.ready.is_empty() && !self.handing_out
    }

    /// Whether this entry waits for the one it follows.
    #[must_use]
    pub fn holds(&self, seq: Seq) -> bool {
        matches!(self.state, State::Live { .. }) && self.early.contains_key(&seq)
    }

    /// When it was last told something.
    #[must_use]
    pub fn used_ms(&self) -> u64 {
        self.used_ms
    }

    /// Who is a member as of the last entry that was handed out, if anything is known yet.
    #[must_use]
    pub fn members(&self) -> Option<Arc<[UserId]>> {
        matches!(self.state, State::Live { hole: Hole::None, .. }).then(|| {
            let open = |(user, spans): (&UserId, &Vec<Span>)| spans.last().is_some_and(Span::is_open).then_some(*user);
            self.spans.iter().filter_map(open).collect()
        })
    }

    /// Takes what is to be handed out. Whoever got something must hand it out, in order, and call again; everybody else
    /// gets nothing meanwhile. So the order of handing out is the order of the log without a lock held while it is
    /// done.
    pub fn take(&mut self, again: bool) -> VecDeque<Delivery> {
        if self.handing_out && !again {
            return VecDeque::new();
        }
        let ready = std::mem::take(&mut self.ready);
        self.handing_out = !ready.is_empty();
        ready
    }

    fn pull(&mut self) -> Option<Pull> {
        let State::Live { next, hole } = &mut self.state else {
            return None;
        };
        *hole = Hole::Pulling;
        Some(Pull { after: next.prev() })
    }

    /// Moves every entry that is next from the shelf to the door.
    fn advance(&mut self, now_ms: u64) {
        let State::Live { mut next, hole } = self.state else {
            return;
        };
        while let Some(entry) = self.early.remove(&next) {
            self.hand_out(entry);
            next = next.next();
        }
        // Entries below `next` can only be repeats that waited here while it was cold.
        self.early = self.early.split_off(&next);
        let hole = match hole {
            Hole::Pulling => Hole::Pulling,
            _ if next > self.told => Hole::None,
            Hole::Since(since) => Hole::Since(since),
            Hole::None => Hole::Since(now_ms),
        };
        self.state = State::Live { next, hole };
    }

    fn hand_out(&mut self, entry: Arc<Entry>) {
        let seq = entry.seq;
        if seq > self.spans_at {
            if entry.kind.moves_members() {
                self.move_members(&entry);
                self.members = Arc::from([]);
            }
            self.spans_at = seq;
        }
        let to = self.readers_of(seq, entry.kind.moves_members());
        let entry = self.for_all(entry, &to);
        let frame = Bytes::from(wire::live(self.epoch, &entry));
        self.ready.push_back(Delivery { entry, frame, to });
    }

    /// The entry as all of these may be told it: the words of an edit only if each of them may read what was edited.
    /// Whoever holds that asks for it otherwise.
    fn for_all(&self, entry: Arc<Entry>, to: &[UserId]) -> Arc<Entry> {
        let Some(target) = entry.target_seq.filter(|_| entry.now.is_some()) else {
            return entry;
        };
        let may = |user: &UserId| {
            self.spans
                .get(user)
                .is_some_and(|spans| unread::may_read(spans, target))
        };
        // Planted fault: whoever may read that something was edited gets what it says now.
        if mutants::is(Mutant::EditLeaksToJoiner) || to.iter().all(may) {
            return entry;
        }
        Arc::new(Entry {
            now: None,
            ..Entry::clone(&entry)
        })
    }

    /// Everybody who may read `seq`. Between changes of members that is the same list every time.
    fn readers_of(&mut self, seq: Seq, changed: bool) -> Arc<[UserId]> {
        let of = |spans: &BTreeMap<UserId, Vec<Span>>| -> Arc<[UserId]> {
            spans
                .iter()
                .filter(|(_, spans)| unread::may_read(spans, seq))
                .map(|(user, _)| *user)
                .collect()
        };
        if changed || seq < self.spans_at {
            return of(&self.spans);
        }
        if self.members.is_empty() {
            self.members = of(&self.spans);
        }
        Arc::clone(&self.members)
    }

    fn move_members(&mut self, entry: &Entry) {
        let (seq, body) = (entry.seq, &*entry.body);
        let opened = match entry.kind {
            Kind::Created => serde_json::from_str::<Created>(body)
                .map(|b| b.members)
                .unwrap_or_default(),
            Kind::Added => serde_json::from_str::<Added>(body).map(|b| b.users).unwrap_or_default(),
            _ => Vec::new(),
        };
        let closed = match entry.kind {
            // Planted fault: who was a member when the tail was read stays one.
            Kind::Removed | Kind::Left if mutants::is(Mutant::MembershipAtConnect) => None,
            Kind::Removed => serde_json::from_str::<Removed>(body).map(|b| b.user).ok(),
            Kind::Left => Some(entry.sender),
            _ => None,
        };
        for user in opened {
            let span = Span {
                from_seq: seq,
                from_ord: Ordinal::ZERO,
                to_seq: None,
                to_ord: None,
            };
            let spans = self.spans.entry(user).or_default();
            // Two open spans of one person would leave one open when they are removed.
            if !spans.last().is_some_and(Span::is_open) {
                spans.push(span);
            }
        }
        if let Some(span) = closed
            .and_then(|user| self.spans.get_mut(&user))
            .and_then(|spans| spans.last_mut())
            .filter(|span| span.is_open())
        {
            span.to_seq = Some(seq);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
