//! A log whose members change, kept the simple way.

use super::{USERS, epoch, user};
use crate::tail::*;
use protocol::ConversationId;
use protocol::server_frame::ConversationKind;
use protocol::{MessageId, SendId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

pub(super) type Members = BTreeSet<UserId>;
type Spans = BTreeMap<UserId, Vec<Span>>;

/// A log, and who may read what of it, kept the simple way: a copy for each entry.
pub(crate) struct Log {
    pub(crate) epoch: Epoch,
    pub(crate) entries: Vec<Arc<Entry>>,
    /// Members after each entry; at 0 before the first.
    pub(super) members: Vec<Members>,
    spans: Vec<Spans>,
}

impl Log {
    pub(super) fn new(epoch: Epoch, members: &[UserId]) -> Self {
        let mut log = Self {
            epoch,
            entries: Vec::new(),
            members: vec![Members::new()],
            spans: vec![Spans::new()],
        };
        let body = Created {
            title: None,
            members: members.to_vec(),
        };
        let after = members.iter().copied().collect();
        log.push(
            Kind::Created,
            user(0),
            serde_json::to_string(&body).expect("plain"),
            after,
        );
        log
    }

    pub(super) fn head(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, kind: Kind, sender: UserId, body: String, after: Members) {
        let seq = Seq(self.head() as u64 + 1);
        let before = self.members.last().expect("one at 0").clone();
        let mut spans = self.spans.last().expect("one at 0").clone();
        for joined in after.difference(&before) {
            let span = Span {
                from_seq: seq,
                from_ord: Ordinal::ZERO,
                to_seq: None,
                to_ord: None,
            };
            spans.entry(*joined).or_default().push(span);
        }
        for gone in before.difference(&after) {
            let span = spans
                .get_mut(gone)
                .and_then(|all| all.last_mut())
                .expect("a member has a span");
            (span.to_seq, span.to_ord) = (Some(seq), Some(Ordinal::ZERO));
        }
        self.entries.push(Arc::new(Entry {
            conv: ConversationId::from_random([9; 16]),
            seq,
            ord: Ordinal::ZERO,
            id: MessageId::from_bytes([7; 16]),
            sender,
            send_id: SendId::from_bytes([8; 16]),
            created_ms: seq.0,
            kind,
            body: body.into(),
            rev: None,
            target_seq: None,
            edited: None,
            deleted_by: None,
            pinned: false,
            reactions: Vec::new(),
            now: None,
            reply_to: None,
            thread: None,
        }));
        self.members.push(after);
        self.spans.push(spans);
    }

    /// One more entry of some sort.
    pub(super) fn grow(&mut self, chance: &mut StdRng, moves_percent: u8) {
        let mut members = self.members.last().expect("one at 0").clone();
        let some = user(chance.random_range(0..USERS));
        let is_member = members.contains(&some);
        if chance.random_range(0..100) >= moves_percent || (is_member && members.len() == 1) {
            let body = format!("{{\"text\":\"{}\"}}", self.head());
            return self.push(Kind::Text, some, body, members);
        }
        if !is_member {
            members.insert(some);
            let body = serde_json::to_string(&Added { users: vec![some] }).expect("plain");
            self.push(Kind::Added, user(0), body, members);
        } else if chance.random_bool(0.5) {
            members.remove(&some);
            let body = serde_json::to_string(&Removed { user: some }).expect("plain");
            self.push(Kind::Removed, user(0), body, members);
        } else {
            members.remove(&some);
            self.push(Kind::Left, some, "{}".to_owned(), members);
        }
    }

    /// Who may read an entry: whoever was a member before it or is one after it.
    pub(super) fn readers(&self, seq: Seq) -> Vec<UserId> {
        let at = seq.0 as usize;
        self.members[at - 1].union(&self.members[at]).copied().collect()
    }

    pub(crate) fn page(&self, after: Seq, limit: usize) -> TailPage {
        let entries = self.entries.iter().skip(after.0 as usize).take(limit);
        TailPage {
            epoch: self.epoch,
            kind: ConversationKind::Group,
            head_seq: Seq(self.head() as u64),
            head_ord: Ordinal::ZERO,
            entries: entries.map(|entry| Entry::clone(entry)).collect(),
            spans: self.spans.last().expect("one at 0").clone().into_iter().collect(),
        }
    }
}

/// A log of so many entries whose members stay.
pub(crate) fn log_of(entries: usize) -> Log {
    let mut log = Log::new(epoch(1), &[user(0), user(1)]);
    while log.head() < entries {
        log.grow(&mut StdRng::seed_from_u64(0), 0);
    }
    log
}
