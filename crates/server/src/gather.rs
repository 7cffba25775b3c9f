//! Cursors on their way to the store: gathered for a moment, one move per person and conversation, however many devices
//! and frames it came from. Losing one is harmless: the client repeats a cursor until `cursor_ok`.

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
/// Sessions waiting for one move's `cursor_ok`.
const WAITERS_MAX: usize = 32;

/// Cursors on their way.
#[derive(Debug, Default)]
pub struct Gather {
    waiting: BTreeMap<(ConversationId, UserId), Gathered>,
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
        let key = (cursor.conv, cursor.user);
        if self.waiting.len() >= WAITING_MAX && !self.waiting.contains_key(&key) {
            return false;
        }
        let gathered = self.waiting.entry(key).or_insert_with(|| Gathered {
            cursor,
            waiters: Vec::new(),
        });
        gathered.cursor = join(gathered.cursor, cursor);
        if gathered.waiters.len() < WAITERS_MAX {
            gathered.waiters.push(waiter);
        }
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

/// Two moves of one cursor as one. Within a generation the higher wins; a move of a later generation replaces the read.
fn join(one: CursorMove, other: CursorMove) -> CursorMove {
    let (read, generation) = match one.generation.cmp(&other.generation) {
        std::cmp::Ordering::Equal => (one.read.max(other.read), one.generation),
        std::cmp::Ordering::Less => (other.read.or(one.read), other.generation),
        std::cmp::Ordering::Greater => (one.read.or(other.read), one.generation),
    };
    CursorMove {
        delivered: one.delivered.max(other.delivered),
        read,
        generation,
        ..one
    }
}
