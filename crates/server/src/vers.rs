//! Telling people that their inboxes moved, at most once a second each: what comes in between is gathered into one
//! frame.
//!
//! The frame says `prev`, so a client that missed one sees it; and a lost one costs at most a heartbeat.

use protocol::server_frame::{Head, VerMoved};
use protocol::{ConversationId, UserId, Ver};
use std::collections::BTreeMap;
use store::Bumped;

/// How often one person is told at most, in milliseconds.
pub const TELL_INTERVAL_MS: u64 = 1_000;
/// Heads in one frame; more are told by `pull`.
pub const HEADS_TOLD_MAX: usize = 50;

/// What is to be told, and when whom was told last.
#[derive(Debug, Default)]
pub struct Vers {
    people: BTreeMap<UserId, Person>,
}

#[derive(Debug)]
struct Person {
    /// When they were told last, and up to where.
    told: Option<(u64, Ver)>,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    prev: Ver,
    ver: Ver,
    heads: BTreeMap<ConversationId, Head>,
    pull: bool,
}

impl Vers {
    /// An inbox moved. Answers the frame, if it may be told at once.
    pub fn moved(&mut self, bumped: &Bumped, head: Head, now_ms: u64) -> Option<VerMoved> {
        let head = bumped.head_only.then_some((bumped.conv, head));
        self.gather(bumped.user, (bumped.prev, bumped.ver), head, now_ms)
    }

    /// A topic that is no conversation took this version. Answers the frame, if it may be told at once.
    pub fn topic_moved(&mut self, user: UserId, ver: Ver, now_ms: u64) -> Option<VerMoved> {
        self.gather(user, (ver.prev(), ver), None, now_ms)
    }

    /// Gathers one move; `head`: nothing else changed.
    fn gather(
        &mut self,
        user: UserId,
        (prev, ver): (Ver, Ver),
        head: Option<(ConversationId, Head)>,
        now_ms: u64,
    ) -> Option<VerMoved> {
        let person = self.people.entry(user).or_insert(Person {
            told: None,
            waiting: None,
        });
        // What was told of already, or comes late, is known: a client that missed the frame sees it by the next one's
        // `prev`.
        if person.told.is_some_and(|(_, told)| ver <= told) {
            return None;
        }
        let waiting = person.waiting.get_or_insert_with(|| Waiting {
            prev,
            ver,
            heads: BTreeMap::new(),
            pull: false,
        });
        // A bump that does not join on to what waits came late or after a lost one: the inbox itself must tell.
        waiting.pull |= head.is_none() || (prev != waiting.ver && ver != waiting.ver);
        waiting.prev = waiting.prev.min(prev);
        waiting.ver = waiting.ver.max(ver);
        match head {
            Some((conv, head)) if waiting.heads.len() < HEADS_TOLD_MAX => {
                let known = waiting.heads.entry(conv).or_insert(head);
                if known.seq < head.seq {
                    *known = head;
                }
            }
            _ => waiting.pull = true,
        }
        person.is_due(now_ms).then(|| person.tell(now_ms)).flatten()
    }

    /// Up to where a person was told, as far as this node remembers. A guess, and for a planted fault only.
    #[must_use]
    pub fn told(&self, user: UserId) -> Ver {
        let told = self.people.get(&user).and_then(|person| person.told);
        told.map_or(Ver::ZERO, |(_, ver)| ver)
    }

    /// Time passed: those whose second is over are told; those who have nothing to be told are forgotten.
    pub fn tick(&mut self, now_ms: u64) -> Vec<(UserId, VerMoved)> {
        let mut told = Vec::new();
        self.people.retain(|user, person| {
            if !person.is_due(now_ms) {
                return true;
            }
            match person.tell(now_ms) {
                Some(frame) => {
                    told.push((*user, frame));
                    true
                }
                None => false,
            }
        });
        told
    }
}

impl Person {
    fn is_due(&self, now_ms: u64) -> bool {
        self.told
            .is_none_or(|(told_ms, _)| told_ms + TELL_INTERVAL_MS <= now_ms)
    }

    fn tell(&mut self, now_ms: u64) -> Option<VerMoved> {
        let waiting = self.waiting.take()?;
        self.told = Some((now_ms, waiting.ver));
        let heads = waiting.heads.into_values().collect();
        Some(VerMoved {
            prev: waiting.prev,
            ver: waiting.ver,
            heads,
            pull: waiting.pull,
        })
    }
}

#[cfg(test)]
mod tests;
