//! How far I have stored and read each conversation, as I said it to the server, repeated until the server says that it
//! is durable there.
//!
//! A cursor is a place, not an event: one frame speaks for everything up to it, so moves are gathered, and a lost frame
//! is mended by the next. What is never lost is the duty to say it: until a `cursor_ok` covers it, it is said again.

use crate::bounds::{CURSOR_GATHER_MS, CURSOR_REPEAT_MS};
use protocol::client_frame::Cursor;
use protocol::server_frame::CursorOk;
use protocol::{ConversationId, Generation, Refusal, Seq};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// My cursors in one conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mine {
    /// This device has stored everything up to here.
    pub delivered: Seq,
    /// I have seen everything up to here.
    pub read: Seq,
    /// How often I marked the conversation unread: `read` may go back only under a higher one.
    #[serde(rename = "gen")]
    pub generation: Generation,
}

impl Mine {
    fn covers(&self, want: &Self) -> bool {
        self.delivered >= want.delivered && self.covers_read(want)
    }

    fn covers_read(&self, want: &Self) -> bool {
        (self.generation, self.read) >= (want.generation, want.read)
    }

    /// Takes over a read cursor that may be of a newer generation.
    fn take_read(&mut self, read: Seq, generation: Generation) {
        if (generation, read) > (self.generation, self.read) {
            (self.generation, self.read) = (generation, read);
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct One {
    want: Mine,
    ok: Mine,
    under_way: bool,
    due_ms: u64,
}

/// All of my cursors.
#[derive(Clone, Debug, Default)]
pub struct Cursors {
    all: BTreeMap<ConversationId, One>,
    /// Those with something to say.
    unsaid: BTreeSet<ConversationId>,
}

impl Cursors {
    /// Where I stand in a conversation.
    #[must_use]
    pub fn mine(&self, conv: ConversationId) -> Mine {
        self.all.get(&conv).map_or_else(Mine::default, |one| one.want)
    }

    /// What the server is known to hold of it.
    #[must_use]
    pub fn known(&self, conv: ConversationId) -> Mine {
        self.all.get(&conv).map_or_else(Mine::default, |one| one.ok)
    }

    /// This device has kept everything up to `seq`. True if that is news.
    pub fn delivered(&mut self, conv: ConversationId, seq: Seq, now_ms: u64) -> bool {
        self.moved(conv, now_ms, |mine| mine.delivered = mine.delivered.max(seq))
    }

    /// I have seen everything up to `seq`. True if that is news.
    pub fn read(&mut self, conv: ConversationId, seq: Seq, now_ms: u64) -> bool {
        self.moved(conv, now_ms, |mine| mine.read = mine.read.max(seq))
    }

    /// I mark the conversation unread from above `seq` on: a new generation, under which `read` may go back.
    pub fn mark_unread(&mut self, conv: ConversationId, seq: Seq, now_ms: u64) {
        self.moved(conv, now_ms, |mine| {
            mine.generation = mine.generation.next();
            mine.read = seq;
        });
    }

    /// The inbox says how far I had read, perhaps on another device.
    pub fn told(&mut self, conv: ConversationId, read: Seq, generation: Generation) {
        if read == Seq::ZERO && generation == Generation::ZERO {
            return;
        }
        let one = self.all.entry(conv).or_default();
        one.ok.take_read(read, generation);
        one.want.take_read(read, generation);
        self.note(conv);
    }

    /// The server has it durably: so far it need not be said again.
    pub fn ok(&mut self, ok: &CursorOk, now_ms: u64) {
        let one = self.all.entry(ok.conv).or_default();
        one.under_way = false;
        one.ok.delivered = one.ok.delivered.max(ok.delivered);
        one.ok.take_read(ok.read, ok.generation);
        one.want.take_read(ok.read, ok.generation);
        one.want.delivered = one.want.delivered.max(ok.delivered);
        // It was said and only part of it is held: the rest again, but not in a tight circle.
        one.due_ms = one.due_ms.max(now_ms + CURSOR_GATHER_MS);
        self.note(ok.conv);
    }

    /// The server said no. For good: it is not said again until it moves.
    pub fn refused(&mut self, conv: ConversationId, refusal: &Refusal, now_ms: u64) {
        let Some(one) = self.all.get_mut(&conv) else { return };
        one.under_way = false;
        if refusal.retry {
            one.due_ms = now_ms.saturating_add(refusal.retry_after_ms.unwrap_or(CURSOR_REPEAT_MS));
        } else {
            one.want = one.ok;
        }
        self.note(conv);
    }

    /// The connection is gone: what was not confirmed is said again on the next.
    pub fn disconnected(&mut self) {
        for one in self.all.values_mut() {
            one.under_way = false;
            one.due_ms = 0;
        }
    }

    /// The next to say, now under way.
    pub fn next(&mut self, now_ms: u64) -> Option<Cursor> {
        let due = |one: &One| !one.under_way && one.due_ms <= now_ms;
        let conv = self
            .unsaid
            .iter()
            .find(|conv| self.all.get(conv).is_some_and(due))
            .copied()?;
        let one = self.all.get_mut(&conv)?;
        one.under_way = true;
        one.due_ms = 0;
        let read = !one.ok.covers_read(&one.want);
        Some(Cursor {
            conv,
            delivered: (one.want.delivered > one.ok.delivered).then_some(one.want.delivered),
            read: read.then_some(one.want.read),
            generation: read.then_some(one.want.generation),
        })
    }

    /// When [`Self::next`] has to be asked again although nothing happened.
    #[must_use]
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        let waits = self.unsaid.iter().filter_map(|conv| self.all.get(conv));
        waits
            .filter(|one| !one.under_way && one.due_ms > now_ms)
            .map(|one| one.due_ms)
            .min()
    }

    /// Forgets a conversation's cursors, or all: their places are of another lineage.
    pub fn forget(&mut self, conv: Option<ConversationId>) {
        match conv {
            Some(conv) => {
                self.all.remove(&conv);
                self.unsaid.remove(&conv);
            }
            None => *self = Self::default(),
        }
    }

    /// Every conversation with what I want said of it.
    pub fn wanted(&self) -> impl Iterator<Item = (ConversationId, Mine, Mine)> + '_ {
        self.all.iter().map(|(conv, one)| (*conv, one.want, one.ok))
    }

    /// Brings back what was kept.
    pub fn restore(&mut self, conv: ConversationId, want: Mine) {
        self.all.entry(conv).or_default().want = want;
        self.note(conv);
    }

    fn moved(&mut self, conv: ConversationId, now_ms: u64, change: impl FnOnce(&mut Mine)) -> bool {
        let one = self.all.entry(conv).or_default();
        let before = one.want;
        change(&mut one.want);
        if one.want == before {
            return false;
        }
        if one.due_ms == 0 {
            one.due_ms = now_ms + CURSOR_GATHER_MS;
        }
        self.note(conv);
        true
    }

    fn note(&mut self, conv: ConversationId) {
        let unsaid = self.all.get(&conv).is_some_and(|one| !one.ok.covers(&one.want));
        if unsaid {
            self.unsaid.insert(conv);
        } else {
            self.unsaid.remove(&conv);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Ordinal;
    use protocol::refusal::Code;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const CONV: ConversationId = ConversationId::from_bytes([1; 16]);

    fn ok(mine: Mine) -> CursorOk {
        let Mine {
            delivered,
            read,
            generation,
        } = mine;
        CursorOk {
            conv: CONV,
            delivered,
            read,
            read_ord: Ordinal::ZERO,
            generation,
        }
    }

    /// RCP4: a cursor is repeated until `cursor_ok` covers it, whatever is lost; moves are gathered into few frames.
    #[test]
    fn rcp4_a_cursor_is_said_until_it_is_durable() {
        for seed in 0..200 {
            let mut chance = StdRng::seed_from_u64(seed);
            let (mut cursors, mut server, mut now_ms, mut frames) = (Cursors::default(), Mine::default(), 0, 0);
            for n in 1..=100 {
                now_ms += chance.random_range(0..40);
                cursors.delivered(CONV, Seq(n), now_ms);
                if chance.random_bool(0.3) {
                    cursors.read(CONV, Seq(chance.random_range(1..=n)), now_ms);
                }
                if chance.random_bool(0.02) {
                    cursors.mark_unread(CONV, Seq(n / 2), now_ms);
                }
                if chance.random_bool(0.05) {
                    cursors.disconnected();
                }
                let Some(said) = cursors.next(now_ms) else { continue };
                frames += 1;
                if chance.random_bool(0.3) {
                    cursors.disconnected();
                    continue;
                }
                server.delivered = server.delivered.max(said.delivered.unwrap_or_default());
                server.take_read(said.read.unwrap_or_default(), said.generation.unwrap_or_default());
                if chance.random_bool(0.8) {
                    cursors.ok(&ok(server), now_ms);
                } else {
                    cursors.refused(CONV, &Code::Overloaded.refuse_for_ms(50), now_ms);
                }
            }
            for _ in 0..10 {
                now_ms += CURSOR_REPEAT_MS;
                cursors.disconnected();
                let Some(said) = cursors.next(now_ms) else { break };
                server.delivered = server.delivered.max(said.delivered.unwrap_or_default());
                server.take_read(said.read.unwrap_or_default(), said.generation.unwrap_or_default());
                cursors.ok(&ok(server), now_ms);
            }
            assert_eq!(cursors.mine(CONV), server, "seed {seed}: the server holds what I am at");
            assert!(
                cursors.wake_at(0).is_none() && frames < 60,
                "seed {seed}: {frames} frames for 100 moves"
            );
        }
    }

    #[test]
    fn marked_unread_elsewhere_moves_mine_back_and_a_refusal_for_good_is_silence() {
        let mut cursors = Cursors::default();
        cursors.read(CONV, Seq(9), 0);
        cursors.told(CONV, Seq(4), Generation(1));
        assert_eq!(cursors.mine(CONV).read, Seq(4), "a higher generation wins");
        cursors.delivered(CONV, Seq(12), 0);
        assert!(cursors.next(CURSOR_GATHER_MS).is_some());
        cursors.refused(CONV, &Code::BeyondHead.refuse(), 0);
        assert_eq!(cursors.next(u64::MAX), None);
    }
}
