//! A pretended server's logs, for the tests of the pure cores: the simplest thing that answers like the real one.

use protocol::client_frame::Place;
use protocol::server_frame::Entries;
use protocol::{Body, ConversationId, Entry, Epoch, Kind, MessageId, Ordinal, SendId, Seq, UserId};
use std::sync::Arc;

/// One log, with edits as entries that name their target.
#[derive(Clone, Debug)]
pub struct PretendLog {
    pub conv: ConversationId,
    pub epoch: Epoch,
    pub entries: Vec<Entry>,
}

impl PretendLog {
    pub fn new(conv: ConversationId, epoch: Epoch) -> Self {
        Self {
            conv,
            epoch,
            entries: Vec::new(),
        }
    }

    pub fn head(&self) -> (Seq, Ordinal) {
        self.entries
            .last()
            .map_or((Seq::ZERO, Ordinal::ZERO), |e| (e.seq, e.ord))
    }

    /// A message of somebody.
    pub fn say(&mut self, sender: UserId, send_id: SendId, text: &str) -> Entry {
        let entry = Entry {
            seq: self.head().0.next(),
            ord: self.head().1.next(),
            id: MessageId::from_bytes(*send_id.as_bytes()),
            sender,
            send_id,
            created_ms: self.entries.len() as u64,
            kind: Kind::Text,
            body: Arc::from(Body::text(text).to_raw()),
            rev: None,
            target_seq: None,
            reply_to: None,
            thread: None,
        };
        self.entries.push(entry.clone());
        entry
    }

    /// An edit of an entry.
    pub fn edit(&mut self, target: Seq) -> Entry {
        let ord = self.head().1;
        let id = SendId::from_bytes([200; 16]);
        let mut change = self.say(UserId::from_bytes([9; 16]), id, "edit");
        change.kind = Kind::of("edit");
        change.ord = ord;
        change.target_seq = Some(target);
        *self.entries.last_mut().expect("just said") = change.clone();
        let held = &mut self.entries[target.0 as usize - 1];
        held.rev = Some(change.seq);
        held.body = Arc::from(Body::text(format!("edited by {}", change.seq)).to_raw());
        change
    }

    /// The answer to a `get`.
    pub fn get(&self, place: Place, limit: usize) -> Entries {
        let head = self.head();
        let below = |seq: Seq| (1..seq.0.min(head.0.0 + 1)).rev().take(limit).last();
        let (from, to, since) = match place {
            Place::After(seq) => (seq.0 + 1, (seq.0 + limit as u64).min(head.0.0), None),
            Place::Before(seq) => (below(seq).unwrap_or(seq.0), seq.0.saturating_sub(1).min(head.0.0), None),
            Place::Around(seq) => {
                let from = seq.0.saturating_sub(limit as u64 / 2).max(1);
                (from, (from + limit as u64 - 1).min(head.0.0), None)
            }
            Place::Range(from, to, since) => (from.0, to.0.min(head.0.0).min(from.0 + limit as u64 - 1), since),
        };
        let in_range = self.entries.iter().filter(|e| e.seq.0 >= from && e.seq.0 <= to);
        Entries {
            conv: self.conv,
            epoch: self.epoch,
            from: Seq(from),
            to: Seq(to),
            more: match place {
                Place::Before(_) => from > 1 && from <= to,
                Place::Range(_, last, _) => to < last.0.min(head.0.0),
                _ => to < head.0.0,
            },
            head_seq: head.0,
            head_ord: head.1,
            floor_seq: Seq(1),
            items: in_range
                .filter(|e| since.is_none_or(|s| e.rev.unwrap_or(e.seq) > s))
                .cloned()
                .collect(),
        }
    }
}
