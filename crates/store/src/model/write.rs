//! What writes entries: append and create, and the one place where an entry gets its seq, ord, time and name.

use super::State;
use super::conversation::{Asked, Conversation, Membership, Sent};
use super::seen::Eyes;
use crate::record::{Append, Appended, Create, Entry, Mentions};
use crate::{Refused, Result};
use protocol::group::GroupSettings;
use protocol::limits::GROUP_MEMBERS_MAX;
use protocol::people::FirstContact;
use protocol::rights::{Action, may};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Kind, Ordinal, SendId, Seq, UserId, entry};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An entry without its place.
pub(super) struct Draft {
    pub conv: ConversationId,
    pub sender: UserId,
    pub send_id: SendId,
    pub kind: Kind,
    pub body: Arc<str>,
    /// What it changes.
    pub target: Option<Seq>,
    pub reply_to: Option<Seq>,
    pub thread: Option<Seq>,
    /// For the retry.
    pub asked: Asked,
}

impl Conversation {
    /// What must hold before anything is written.
    fn may_append(&self, append: &Append, now_ms: u64) -> std::result::Result<(), Refused> {
        let sender = self.member(append.sender)?;
        if !may(sender.role, Action::Write, self.settings.mode()) {
            return Err(Refused::AnnouncementsOnly);
        }
        self.on_terms(append.sender)?;
        let named = [append.reply_to, append.thread];
        if !named.iter().flatten().all(|&seq| self.may_read(sender, seq)) {
            return Err(Refused::BadReference);
        }
        if append.forward.is_some_and(|forward| !forward.found) {
            return Err(Refused::BadReference);
        }
        if append.read.is_some_and(|read| read > self.head_seq()) {
            return Err(Refused::BeyondHead);
        }
        if append.mentions == Mentions::Everybody && !may(sender.role, Action::MentionAll, self.settings.mode()) {
            return Err(Refused::Forbidden);
        }
        self.may_reply(append)?;
        if let Some(retry_after_ms) = self.has_to_wait(append.sender, sender.role, now_ms) {
            return Err(Refused::SlowMode { retry_after_ms });
        }
        Ok(())
    }
}

impl State {
    pub(super) fn append(&mut self, append: Append, now_ms: u64) -> Result<Appended> {
        let conversation = self.conversation(append.conv)?;
        let asked = Asked::Append {
            kind: append.kind.clone(),
            // What is passed on is asked for by its place.
            body: match append.forward {
                Some(forward) => format!("{} {}", forward.conv, forward.seq).into(),
                None => Arc::clone(&append.body),
            },
            reply_to: append.reply_to,
            thread: append.thread,
        };
        if let Some(known) = conversation.known(append.sender, append.send_id, &asked) {
            return Ok(known?);
        }
        let find = |seq: Option<Seq>, name| seq.and_then(|seq| conversation.place(seq, name));
        let append = Append {
            reply_to: find(append.reply_to, append.names.reply_to),
            thread: find(append.thread, append.names.thread),
            ..append
        };
        conversation.may_append(&append, now_ms)?;
        let head_before = conversation.head_seq();
        let counts = append.kind.counts();
        let members = conversation.present().map(|(user, _)| user);
        let mentioned: Vec<UserId> = append
            .mentions
            .of(append.sender, members)
            .into_iter()
            .filter(|&user| conversation.member(user).is_ok())
            .collect();

        self.take_up(append.conv, append.sender, now_ms);
        let entry = self.write_entry(
            Draft {
                conv: append.conv,
                sender: append.sender,
                send_id: append.send_id,
                kind: append.kind,
                body: append.body,
                target: None,
                reply_to: append.reply_to,
                thread: append.thread,
                asked,
            },
            now_ms,
        );
        let conversation = self.conversation_mut(append.conv);
        conversation
            .mentions
            .extend(mentioned.iter().map(|&user| (user, entry.seq)));
        let is_quiet = conversation.is_quiet();
        let sender = conversation.members.get_mut(&append.sender).expect("a member");
        if let Some(read) = append.read {
            let generation = sender.generation;
            if is_quiet {
                sender.advance_mine(Some((read, generation)));
            } else {
                sender.advance(None, Some((read, generation)), append.private, now_ms);
            }
        }
        if counts {
            sender.pass_own(head_before, entry.seq);
        }
        self.dirty_all(append.conv, now_ms);
        self.replied(&entry, &mentioned, now_ms);
        Ok(Appended { entry, dup: false })
    }

    pub(super) fn create(&mut self, create: Create, now_ms: u64) -> Result<Appended> {
        let asked = Asked::Create {
            title: create.title.clone(),
            members: create.members.clone(),
        };
        if let Some(conversation) = self.conversations.get(&create.conv) {
            let first = conversation.log.first().expect("a conversation has its first entry");
            let same = conversation.sends[&(first.sender, first.send_id)].asked == asked;
            // A 1:1 is the same whoever begins it and however: its id names its two people.
            if create.kind != ConversationKind::Direct && !same {
                return Err(Refused::SendIdReused.into());
            }
            let entry = Arc::clone(first);
            return Ok(Appended { entry, dup: true });
        }
        if create.members.len() > GROUP_MEMBERS_MAX {
            return Err(Refused::GroupFull.into());
        }
        let body = json(&entry::Created {
            title: create.title.clone(),
            members: create.members.clone(),
        });
        let role = |user: UserId| match create.kind {
            ConversationKind::Group if user == create.creator => Role::Owner,
            _ => Role::Member,
        };
        let with_oneself = create.kind == ConversationKind::Direct && create.members.len() == 1;
        let begin = |&user: &UserId| {
            let mut membership = Membership::beginning(role(user), Seq(1), Ordinal::ZERO);
            if with_oneself {
                (membership.delivered, membership.read, membership.mine) = (Seq(1), Seq(1), Seq(1));
            }
            let is_asked = create.request && create.kind == ConversationKind::Direct && user != create.creator;
            membership.side.request = is_asked.then_some(FirstContact::Open);
            (user, membership)
        };
        let conversation = Conversation {
            kind: create.kind,
            title: create.title,
            settings: GroupSettings::default(),
            links: BTreeMap::new(),
            requests: BTreeMap::new(),
            log: Vec::new(),
            sends: BTreeMap::new(),
            members: create.members.iter().map(begin).collect(),
            revisions: BTreeMap::new(),
            mentions: BTreeSet::new(),
            says: BTreeMap::new(),
        };
        self.conversations.insert(create.conv, conversation);
        let entry = self.write_entry(
            Draft {
                conv: create.conv,
                sender: create.creator,
                send_id: create.send_id,
                kind: Kind::Created,
                body,
                target: None,
                reply_to: None,
                thread: None,
                asked,
            },
            now_ms,
        );
        self.dirty_all(create.conv, now_ms);
        Ok(Appended { entry, dup: false })
    }

    /// Gives an entry its place and its name, and remembers the change. Nothing may refuse it any more.
    pub(super) fn write_entry(&mut self, draft: Draft, now_ms: u64) -> Arc<Entry> {
        let conversation = self.conversations.get_mut(&draft.conv).expect("looked at before");
        let last = conversation.log.last();
        let created_ms = last.map_or(now_ms, |last| now_ms.max(last.created_ms));
        let ord = conversation.head_ord();
        let entry = Arc::new(Entry {
            conv: draft.conv,
            seq: conversation.head_seq().next(),
            ord: if draft.kind.counts() && draft.thread.is_none() {
                ord.next()
            } else {
                ord
            },
            id: self.chance.message_id(created_ms, last.map(|last| last.id)),
            sender: draft.sender,
            send_id: draft.send_id,
            created_ms,
            kind: draft.kind,
            body: draft.body,
            rev: None,
            target_seq: draft.target,
            reply_to: draft.reply_to,
            thread: draft.thread,
            edited: None,
            deleted_by: None,
            pinned: false,
            reactions: Vec::new(),
            now: None,
        });
        conversation.log.push(Arc::clone(&entry));
        let sent = Sent {
            seq: entry.seq,
            asked: draft.asked,
        };
        conversation.sends.insert((draft.sender, draft.send_id), sent);
        entry
    }
}

impl Conversation {
    /// The answer to a change whose name is known: the first one again, or that the name is another's.
    pub(super) fn known(
        &self,
        sender: UserId,
        send_id: SendId,
        asked: &Asked,
    ) -> Option<std::result::Result<Appended, Refused>> {
        let sent = self.sends.get(&(sender, send_id))?;
        if sent.asked != *asked {
            return Some(Err(Refused::SendIdReused));
        }
        let entry = self.entry(sent.seq).expect("a change's entry stands");
        Some(Ok(Appended {
            entry: Arc::new(self.seen(entry, Eyes::Delivery)),
            dup: true,
        }))
    }
}

impl Membership {
    /// One's own message is no news: each read cursor that stood at the entry before it moves on to it.
    fn pass_own(&mut self, before: Seq, own: Seq) {
        if self.read >= before {
            self.read = own;
            self.delivered = self.delivered.max(own);
        }
        if self.mine >= before {
            self.mine = own;
        }
    }
}

/// The body of an entry that the server writes.
pub(super) fn json<T: serde::Serialize>(body: &T) -> Arc<str> {
    serde_json::to_string(body)
        .expect("ids and strings are always JSON")
        .into()
}
