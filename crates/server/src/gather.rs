//! Cursors on their way to the store: gathered for a moment, one move per person and conversation, however many devices
//! and frames it came from. Only where two moves of a read cursor are of different generations ("mark unread") do both
//! go to the store, in the order they came: which of them counts is for the store to say. Losing one is harmless: the
//! client repeats a cursor until `cursor_ok`.

use crate::outbox::Outbox;
use protocol::frame::RequestId;
use protocol::{ConversationId, DeviceId, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::CursorMove;

/// Moves waiting at once; above it cursors are refused with a retry.
pub const WAITING_MAX: usize = 65_536;
/// Moves handed to the store at once: one big flush would stall every send behind it.
pub const FLUSH_MOVES_MAX: usize = 256;
/// Moves of one person in one conversation that may wait, for they could not be joined.
const APART_MAX: usize = 4;
/// Sessions waiting for one move's `cursor_ok`.
const WAITERS_MAX: usize = 32;

/// Cursors on their way.
#[derive(Debug, Default)]
pub struct Gather {
    /// In order of coming within each person and conversation.
    waiting: BTreeMap<(ConversationId, UserId, u64), Gathered>,
    came: u64,
}

/// One move and who waits for it.
#[derive(Debug)]
pub struct Gathered {
    /// The move.
    pub cursor: CursorMove,
    /// Sessions to tell `cursor_ok`.
    pub waiters: Vec<Waiter>,
}

/// A session that waits for a `cursor_ok`.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Of which device.
    pub device: DeviceId,
    /// The request to answer.
    pub re: Option<RequestId>,
    /// Where to.
    pub outbox: Arc<Outbox>,
}

impl Gather {
    /// Takes a move in, joined with one that waits already. Answers whether there was room.
    pub fn add(&mut self, cursor: CursorMove, waiter: Waiter) -> bool {
        let (conv, user) = (cursor.conv, cursor.user);
        let full = self.waiting.len() >= WAITING_MAX;
        let (mut apart, mut last) = (0, None);
        for (_, gathered) in self.waiting.range_mut((conv, user, 0)..=(conv, user, u64::MAX)) {
            apart += 1;
            last = Some(gathered);
        }
        // Every request is answered: a move that nobody else can wait for takes nobody in.
        if last
            .as_ref()
            .is_some_and(|gathered| gathered.waiters.len() >= WAITERS_MAX)
        {
            return false;
        }
        let joined = last.and_then(|gathered| {
            gathered.cursor = join(gathered.cursor, cursor)?;
            Some(gathered)
        });
        let gathered = match joined {
            Some(gathered) => gathered,
            None if full || apart >= APART_MAX => return false,
            None => {
                self.came += 1;
                let waiters = Vec::new();
                self.waiting
                    .entry((conv, user, self.came))
                    .or_insert(Gathered { cursor, waiters })
            }
        };
        gathered.waiters.push(waiter);
        true
    }

    /// Takes what waits, at most [`FLUSH_MOVES_MAX`].
    pub fn take(&mut self) -> Vec<Gathered> {
        let mut taken = Vec::new();
        while taken.len() < FLUSH_MOVES_MAX
            && let Some((_, gathered)) = self.waiting.pop_first()
        {
            taken.push(gathered);
        }
        taken
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// Two moves as one that does what the first and then the other would; `None`: there is none.
fn join(one: CursorMove, other: CursorMove) -> Option<CursorMove> {
    // A generation without a read means nothing.
    let (read, generation) = match (one.read, other.read) {
        (_, None) => (one.read, one.generation),
        (None, Some(_)) => (other.read, other.generation),
        (Some(_), Some(_)) if one.generation == other.generation => (one.read.max(other.read), one.generation),
        (Some(_), Some(_)) => return None,
    };
    let delivered = one.delivered.max(other.delivered);
    Some(CursorMove {
        delivered,
        read,
        generation,
        ..one
    })
}

#[cfg(test)]
mod tests;
