//! Changes this device asked for and the server has not acknowledged: each with its `send_id` and without a seq.
//!
//! An item is kept (made durable) before it is first sent, and every retry carries the same `send_id`, so that a cut at
//! any moment costs a repetition and never a message. Within one conversation at most one is under way: were two sent
//! at once and the first told to wait, the second would overtake it.

mod item;
#[cfg(test)]
mod plans;

pub use item::{Item, Phase, Verb};

use crate::bounds::{Bounds, RETRY_MS};
use crate::change::Change;
use mutants::Mutant;
use protocol::server_frame::Ack;
use protocol::{ConversationId, Refusal, SendId, Seq, limits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The outbox of one device.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// By the order in which they were queued; that order holds within each conversation.
    items: BTreeMap<u64, Item>,
    by_id: BTreeMap<SendId, u64>,
    bytes: usize,
    next_number: u64,
    /// Acknowledged, the oldest first; kept to be submitted again should the server lose its memory of them.
    acked: VecDeque<Acked>,
    acked_bytes: usize,
}

/// A change that the server acknowledged.
#[derive(Clone, Debug)]
struct Acked {
    number: u64,
    item: Item,
    at_ms: u64,
    ack: Ack,
}

/// There is no room: so many changes or bytes wait already. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What came of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It will be sent again.
    Later,
    /// It never will: its author decides. Kept until dismissed.
    Failed(ConversationId),
    /// Nothing of that name waits.
    Unknown,
}

impl Outbox {
    /// Takes a change in. The caller keeps it before asking for [`Self::next`].
    ///
    /// # Errors
    /// [`Full`] when it would pass the bounds.
    pub fn queue(&mut self, item: Item, bounds: &Bounds) -> Result<(), Full> {
        if self.items.len() >= bounds.outbox_entries_max || self.bytes + item.bytes > bounds.outbox_bytes_max {
            return Err(Full);
        }
        self.put(item);
        Ok(())
    }

    /// Takes a change in whatever the bounds: it comes from what was kept.
    pub fn put(&mut self, item: Item) {
        if !self.by_id.contains_key(&item.send_id) {
            let number = self.next_number;
            self.next_number += 1;
            self.insert(number, item);
        }
    }

    /// The next change to send, now under way; `None` where all wait or are under way.
    pub fn next(&mut self, now_ms: u64) -> Option<Item> {
        let mut passed = BTreeSet::new();
        for item in self.items.values_mut() {
            let first = !matches!(item.phase, Phase::Failed(_)) && passed.insert(item.conv);
            if first && matches!(item.phase, Phase::Waiting { not_before_ms } if not_before_ms <= now_ms) {
                item.phase = Phase::UnderWay;
                return Some(item.clone());
            }
        }
        None
    }

    /// It is durable on the server. Gives what it was, unless that was known already.
    pub fn acked(&mut self, send_id: SendId, ack: &Ack, now_ms: u64, bounds: &Bounds) -> Option<Item> {
        let (number, mut item) = self.remove(send_id)?;
        item.phase = Phase::Waiting { not_before_ms: 0 };
        self.acked_bytes += item.bytes;
        let acked = Acked {
            number,
            item: item.clone(),
            at_ms: now_ms,
            ack: *ack,
        };
        self.acked.push_back(acked);
        self.expire(now_ms, bounds);
        Some(item)
    }

    /// The server said no.
    pub fn refused(&mut self, send_id: SendId, refusal: &Refusal, now_ms: u64) -> Refused {
        let Some(item) = self.by_id.get(&send_id).and_then(|n| self.items.get_mut(n)) else {
            return Refused::Unknown;
        };
        if refusal.retry {
            let wait_ms = refusal.retry_after_ms.unwrap_or(RETRY_MS);
            item.phase = Phase::Waiting {
                not_before_ms: now_ms.saturating_add(wait_ms),
            };
            return Refused::Later;
        }
        item.phase = Phase::Failed(refusal.clone());
        Refused::Failed(item.conv)
    }

    /// The connection is gone: nobody knows whether what was under way arrived. It is sent again, under the same name.
    pub fn disconnected(&mut self) {
        for item in self.items.values_mut() {
            if item.phase == Phase::UnderWay {
                item.phase = Phase::Waiting { not_before_ms: 0 };
                // Planted fault: it is sent again under another name.
                if mutants::is(Mutant::RetryWithNewId)
                    && let Verb::Send(send) = &mut item.verb
                {
                    send.send_id = SendId(uuid::Uuid::from_u128(send.send_id.0.as_u128() + 1));
                }
            }
        }
    }

    /// The server's memory is of another lineage: what it acknowledged lately (in `conv`, or anywhere) is sent again,
    /// in its old order and before what came after it. Those that survived are recognised by their names.
    pub fn resubmit(&mut self, conv: Option<ConversationId>, now_ms: u64) -> usize {
        let (again, stay): (VecDeque<Acked>, VecDeque<Acked>) = std::mem::take(&mut self.acked)
            .into_iter()
            .partition(|a| conv.is_none_or(|c| c == a.item.conv) && !is_old(a, now_ms));
        self.acked = stay;
        let count = again.len();
        for acked in again {
            self.acked_bytes -= acked.item.bytes;
            self.insert(acked.number, acked.item);
        }
        count
    }

    /// Its author has seen that it failed, or takes back what was not sent. Not what is under way: it may have arrived.
    pub fn dismiss(&mut self, send_id: SendId) -> bool {
        let phase = self
            .by_id
            .get(&send_id)
            .and_then(|n| self.items.get(n))
            .map(|i| &i.phase);
        let free = phase.is_some_and(|phase| *phase != Phase::UnderWay);
        free && self.remove(send_id).is_some()
    }

    /// Forgets acknowledged changes that are too old or too many to be submitted again.
    pub fn expire(&mut self, now_ms: u64, bounds: &Bounds) {
        while let Some(oldest) = self.acked.front() {
            let many = self.acked.len() > bounds.acked_entries_max || self.acked_bytes > bounds.acked_bytes_max;
            if !many && !is_old(oldest, now_ms) {
                break;
            }
            self.acked_bytes -= oldest.item.bytes;
            self.acked.pop_front();
        }
    }

    /// The change of this name, if it is not acknowledged.
    #[must_use]
    pub fn get(&self, send_id: SendId) -> Option<&Item> {
        self.by_id.get(&send_id).and_then(|n| self.items.get(n))
    }

    /// Where the change of this name was put, if it was acknowledged lately.
    #[must_use]
    pub fn seq_of(&self, send_id: SendId) -> Option<Seq> {
        self.acked
            .iter()
            .rev()
            .find(|a| a.item.send_id == send_id)
            .map(|a| a.ack.seq)
    }

    /// What waits, is under way or failed, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// What was acknowledged lately and where it was put, the oldest first.
    pub fn lately(&self) -> impl Iterator<Item = (&Item, &Ack)> {
        self.acked.iter().map(|a| (&a.item, &a.ack))
    }

    /// The fewest changes that give this outbox again: everything in its old order, then what was answered.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Change> {
        let mut queued: BTreeMap<u64, &Item> = self.items.iter().map(|(n, item)| (*n, item)).collect();
        queued.extend(self.acked.iter().map(|a| (a.number, &a.item)));
        let mut changes: Vec<Change> = queued
            .into_values()
            .map(|i| Change::Queued { item: i.clone() })
            .collect();
        changes.extend(self.acked.iter().map(|a| Change::Acked {
            send_id: a.item.send_id,
            ack: a.ack,
            at_ms: a.at_ms,
        }));
        changes.extend(self.items.values().filter_map(|item| match &item.phase {
            Phase::Failed(refusal) => Some(Change::Failed {
                send_id: item.send_id,
                refusal: refusal.clone(),
            }),
            Phase::Waiting { .. } | Phase::UnderWay => None,
        }));
        changes
    }

    /// When [`Self::next`] has to be asked again although nothing happened.
    #[must_use]
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        let waits = self.items.values().filter_map(|item| match item.phase {
            Phase::Waiting { not_before_ms } if not_before_ms > now_ms => Some(not_before_ms),
            _ => None,
        });
        waits.min()
    }

    /// Whether nothing waits and nothing is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.items.values().all(|item| matches!(item.phase, Phase::Failed(_)))
    }

    fn insert(&mut self, number: u64, item: Item) {
        self.bytes += item.bytes;
        self.by_id.insert(item.send_id, number);
        self.items.insert(number, item);
    }

    fn remove(&mut self, send_id: SendId) -> Option<(u64, Item)> {
        let number = self.by_id.remove(&send_id)?;
        let item = self.items.remove(&number)?;
        self.bytes -= item.bytes;
        Some((number, item))
    }
}

fn is_old(acked: &Acked, now_ms: u64) -> bool {
    now_ms.saturating_sub(acked.at_ms) > limits::ACKED_KEEP_MS
}
