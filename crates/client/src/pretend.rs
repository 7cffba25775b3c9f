//! A pretended server's logs, for the tests of the pure cores: the simplest thing that answers like the real one.

use protocol::client_frame::Place;
use protocol::entry::{Reacted, Reaction};
use protocol::server_frame::Entries;
use protocol::{Body, ConversationId, Entry, Epoch, Kind, MessageId, Ordinal, SendId, Seq, UserId};
use serde_json::value::RawValue;
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

    /// Messages above a seq.
    pub fn messages_above(&self, seq: Seq) -> u64 {
        let above = |entry: &&Entry| entry.seq > seq && entry.kind.counts();
        self.entries.iter().filter(above).count() as u64
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
            edited: None,
            deleted_by: None,
            pinned: false,
            reactions: Vec::new(),
            now: None,
        };
        self.entries.push(entry.clone());
        entry
    }

    /// An edit of an entry, as it is told live.
    pub fn edit(&mut self, target: Seq) -> Entry {
        self.change(target, Kind::Edit, "{}")
    }

    /// A change of a message, as it is told live: of what is none, or is deleted, there is none, and something is said
    /// instead.
    pub fn change(&mut self, target: Seq, kind: Kind, body: &str) -> Entry {
        let ord = self.head().1;
        let mut change = self.say(UserId::from_bytes([9; 16]), SendId::from_bytes([200; 16]), "no change");
        let held = &mut self.entries[target.0 as usize - 1];
        if held.deleted_by.is_some() || held.kind != Kind::Text || target == change.seq {
            return change;
        }
        let raw = |source: &str| Arc::from(RawValue::from_string(source.to_owned()).expect("JSON"));
        held.rev = Some(change.seq);
        match kind {
            Kind::Edit => {
                held.body = Arc::from(Body::text(format!("edited by {}", change.seq)).to_raw());
                held.edited = Some(change.seq);
                change.now = Some(Arc::clone(&held.body));
            }
            Kind::Delete => {
                held.body = raw("{}");
                held.deleted_by = Some(change.sender);
                held.edited = None;
                held.pinned = false;
                held.reactions.clear();
            }
            Kind::Pin => held.pinned = body.contains("true"),
            _ => self.react(target, change.sender, body),
        }
        change.kind = kind;
        change.ord = ord;
        change.body = raw(body);
        change.target_seq = Some(target);
        *self.entries.last_mut().expect("just said") = Entry {
            now: None,
            ..change.clone()
        };
        change
    }

    fn react(&mut self, target: Seq, user: UserId, body: &str) {
        let reacted: Reacted = serde_json::from_str(body).expect("a reaction");
        let held = &mut self.entries[target.0 as usize - 1];
        held.reactions.retain(|reaction| reaction.emoji != reacted.emoji);
        if reacted.on {
            let (emoji, users) = (reacted.emoji, vec![user]);
            held.reactions.push(Reaction { emoji, users });
            held.reactions.sort_by(|one, other| one.emoji.cmp(&other.emoji));
        }
    }

    /// The `n`th of all sorts of changes, of an entry.
    pub fn some_change(&mut self, target: Seq, n: usize) -> Entry {
        match n % 7 {
            0 | 1 => self.edit(target),
            2 => self.change(target, Kind::React, r#"{"emoji":"👍","on":true}"#),
            3 => self.change(target, Kind::React, r#"{"emoji":":ok:","on":true}"#),
            4 => self.change(target, Kind::React, r#"{"emoji":"👍","on":false}"#),
            5 => self.change(target, Kind::Pin, r#"{"on":true}"#),
            _ => self.change(target, Kind::Delete, "{}"),
        }
    }

    /// An entry as it is told now: an edit with the words it made, if they still stand.
    fn told(&self, entry: &Entry) -> Entry {
        let mut told = entry.clone();
        if let (Kind::Edit, Some(target)) = (&entry.kind, entry.target_seq) {
            let later = |e: &&Entry| e.kind == Kind::Edit && e.target_seq == Some(target) && e.seq > entry.seq;
            let target = &self.entries[target.0 as usize - 1];
            let stands = target.deleted_by.is_none() && !self.entries.iter().any(|e| later(&e));
            told.now = stands.then(|| Arc::clone(&target.body));
        }
        told
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
                .map(|e| self.told(e))
                .collect(),
        }
    }
}
