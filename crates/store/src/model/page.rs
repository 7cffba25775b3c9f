//! Pages of a log as one reader may see it.

use super::State;
use super::conversation::{Conversation, Membership};
use super::seen::Eyes;
use crate::Result;
use crate::record::{AskPage, Entry, Page};
use protocol::client_frame::Place;
use protocol::limits::{PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use protocol::{Seq, unread};

/// What a page speaks of and what it holds.
struct Cut {
    from: Seq,
    to: Seq,
    more: bool,
    entries: Vec<Entry>,
}

/// What a page may still hold.
#[derive(Clone, Copy)]
pub(super) struct Room {
    entries: usize,
    bytes: usize,
    /// The first entry goes in whatever its size.
    first_free: bool,
}

impl Room {
    /// For a page of so many entries.
    pub(super) fn page(entries: usize) -> Self {
        Self {
            entries,
            bytes: PAGE_BYTES_MAX,
            first_free: true,
        }
    }
}

impl State {
    pub(super) fn page(&self, ask: AskPage) -> Result<Page> {
        let conversation = self.conversation(ask.conv)?;
        let reader = conversation.reader(ask.reader)?;
        let room = Room::page(ask.limit.clamp(1, PAGE_ENTRIES_MAX));
        let end = conversation.readable_head(reader);
        let cut = match ask.place {
            Place::After(after) => conversation.upward(reader, Seq(after.0.saturating_add(1)), end, room, |_| true),
            Place::Before(before) => conversation.downward(reader, before.prev().min(end), room),
            Place::Around(middle) => conversation.around(reader, middle, end, room),
            Place::Range(from, to, since) => {
                let wanted = |entry: &Entry| since.is_none_or(|since| entry.rev > Some(since));
                conversation.upward(reader, from.max(Seq(1)), to.min(end), room, wanted)
            }
        };
        Ok(Page {
            from: cut.from,
            to: cut.to,
            more: cut.more,
            head: conversation.head(ask.conv, self.epoch, reader),
            floor_seq: Seq(1),
            entries: cut.entries,
        })
    }
}

impl Conversation {
    fn readable<'a>(&'a self, reader: &'a Membership) -> impl DoubleEndedIterator<Item = &'a Entry> {
        let all = self.log.iter().map(|entry| &**entry);
        all.filter(|entry| unread::may_read(&reader.spans, entry.seq))
    }

    /// Takes while there is room, each as the reader sees it; whether something was left.
    pub(super) fn take<'a>(
        &self,
        reader: &Membership,
        entries: impl Iterator<Item = &'a Entry>,
        room: Room,
    ) -> (Vec<Entry>, bool) {
        let mut taken = Vec::new();
        let mut bytes = 0;
        for entry in entries {
            let seen = self.seen(entry, Eyes::Reader(&reader.spans));
            bytes += seen.bytes();
            let free = room.first_free && taken.is_empty();
            if taken.len() == room.entries || (bytes > room.bytes && !free) {
                return (taken, true);
            }
            taken.push(seen);
        }
        (taken, false)
    }

    /// The lowest from `from` to `end`.
    fn upward(&self, reader: &Membership, from: Seq, end: Seq, room: Room, wanted: impl Fn(&Entry) -> bool) -> Cut {
        let inside = |entry: &&Entry| from <= entry.seq && entry.seq <= end && wanted(entry);
        let (entries, more) = self.take(reader, self.readable(reader).filter(inside), room);
        let last_taken = entries.last().map_or(from.prev(), |entry| entry.seq);
        Cut {
            from,
            to: if more { last_taken } else { end.max(from.prev()) },
            more,
            entries,
        }
    }

    /// The highest up to `end`.
    fn downward(&self, reader: &Membership, end: Seq, room: Room) -> Cut {
        let inside = |entry: &&Entry| entry.seq <= end;
        let (mut entries, more) = self.take(reader, self.readable(reader).rev().filter(inside), room);
        entries.reverse();
        Cut {
            from: if more { entries[0].seq } else { Seq(1) },
            to: end,
            more,
            entries,
        }
    }

    fn around(&self, reader: &Membership, middle: Seq, end: Seq, room: Room) -> Cut {
        let half = Room {
            entries: room.entries.div_ceil(2),
            ..room
        };
        let below = self.downward(reader, middle.min(end), half);
        let left = Room {
            entries: room.entries - below.entries.len(),
            bytes: room.bytes.saturating_sub(below.entries.iter().map(Entry::bytes).sum()),
            first_free: below.entries.is_empty(),
        };
        let above = self.upward(reader, Seq(middle.0.saturating_add(1)), end, left, |_| true);
        Cut {
            from: below.from,
            to: if above.to > middle { above.to } else { below.to },
            more: below.more || above.more,
            entries: below.entries.into_iter().chain(above.entries).collect(),
        }
    }
}
