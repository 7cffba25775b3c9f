//! When a conversation's inboxes are brought up to date: at once if it was idle, a busy one at most once per interval.

use protocol::ConversationId;
use std::collections::{BTreeMap, BTreeSet};

/// Conversations waiting at once; above it the sweeper finds the others in the store.
const WAITING_MAX: usize = 100_000;

/// Which conversations are due, and when.
#[derive(Debug)]
pub struct Schedule {
    interval_ms: u64,
    due: BTreeSet<(u64, ConversationId)>,
    known: BTreeMap<ConversationId, Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    due_ms: Option<u64>,
    started_ms: Option<u64>,
}

impl Schedule {
    /// Nothing is due yet.
    #[must_use]
    pub fn new(interval_ms: u64) -> Self {
        Self {
            interval_ms,
            due: BTreeSet::new(),
            known: BTreeMap::new(),
        }
    }

    /// Something was written to a conversation.
    pub fn note(&mut self, conv: ConversationId, now_ms: u64) {
        if self.known.len() >= WAITING_MAX && !self.known.contains_key(&conv) {
            return;
        }
        let known = self.known.entry(conv).or_default();
        if known.due_ms.is_none() {
            let due_ms = known
                .started_ms
                .map_or(now_ms, |started| now_ms.max(started + self.interval_ms));
            known.due_ms = Some(due_ms);
            self.due.insert((due_ms, conv));
        }
    }

    /// Takes what is due, at most `limit`. What is noted from here on is due again later.
    pub fn take(&mut self, now_ms: u64, limit: usize) -> Vec<ConversationId> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(&(due_ms, conv)) = self.due.first().filter(|(due_ms, _)| *due_ms <= now_ms) else {
                break;
            };
            self.due.remove(&(due_ms, conv));
            self.known.insert(
                conv,
                Known {
                    due_ms: None,
                    started_ms: Some(now_ms),
                },
            );
            taken.push(conv);
        }
        if taken.is_empty() {
            // Those that were quiet for an interval are idle again: forgotten, so that the next change goes at once.
            let interval_ms = self.interval_ms;
            self.known.retain(|_, known| {
                known.due_ms.is_some() || known.started_ms.is_some_and(|started| started + interval_ms > now_ms)
            });
        }
        taken
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.due.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_conversation_goes_at_once_and_a_busy_one_once_per_interval() {
        let conv = ConversationId::from_random([1; 16]);
        let mut schedule = Schedule::new(1_000);
        schedule.note(conv, 5_000);
        schedule.note(conv, 5_001);
        assert_eq!(schedule.take(5_001, 10), vec![conv]);
        schedule.note(conv, 5_002);
        assert_eq!(schedule.take(5_500, 10), vec![]);
        assert_eq!(schedule.next_due_ms(), Some(6_001));
        assert_eq!(schedule.take(6_001, 10), vec![conv]);
        assert_eq!(schedule.take(8_000, 10), vec![]);
        schedule.note(conv, 8_001);
        assert_eq!(schedule.take(8_001, 10), vec![conv], "idle again");
    }
}
