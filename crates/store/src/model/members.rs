//! Changes of who is a member: add, remove, leave.

use super::State;
use super::conversation::{Asked, Conversation, Membership, Sent};
use super::seen::Eyes;
use super::write::{Draft, json};
use crate::record::{Appended, ChangeMembers, MemberChange};
use crate::{Refused, Result};
use protocol::group::{History, RoleChanged};
use protocol::limits::GROUP_MEMBERS_MAX;
use protocol::rights::{Action, may};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Kind, SendId, Seq, UserId, entry};
use std::sync::Arc;

/// What a change does, once it is known that it may.
enum Effect {
    Join(Vec<UserId>),
    Go { who: UserId, new_owner: Option<UserId> },
    Be { who: UserId, role: Role },
}

/// The entry that says so, and its effect; `None`: there is nothing to do.
type Decided = Option<(Kind, Arc<str>, Effect)>;

impl State {
    pub(super) fn change_members(&mut self, change: ChangeMembers, now_ms: u64) -> Result<Appended> {
        let conversation = self.conversation(change.conv)?;
        let asked = Asked::Members(change.change.clone());
        if let Some(known) = conversation.known(change.actor, change.send_id, &asked) {
            return Ok(known?);
        }
        let actor = conversation.member(change.actor)?;
        if conversation.kind == ConversationKind::Direct {
            return Err(Refused::NotAGroup.into());
        }
        let decided = conversation.decide(change.actor, actor.role, &change.change)?;
        let Some((kind, body, effect)) = decided else {
            if let MemberChange::Admit(who, _) = change.change
                && self.conversation_mut(change.conv).requests.remove(&who).is_some()
            {
                self.tell_who_asks(change.conv, now_ms);
            }
            return Ok(self.nobody_new(change.conv, (change.actor, change.send_id), asked));
        };
        let entry = self.write_entry(
            Draft {
                conv: change.conv,
                sender: change.actor,
                send_id: change.send_id,
                kind,
                body,
                target: None,
                reply_to: None,
                thread: None,
                asked,
            },
            now_ms,
        );
        let conversation = self.conversation_mut(change.conv);
        match &effect {
            Effect::Join(users) => users.iter().for_each(|&user| conversation.join(user, entry.seq)),
            Effect::Go { who, new_owner } => conversation.go(*who, *new_owner, entry.seq),
            Effect::Be { who, role } => conversation.members.get_mut(who).expect("a member").role = *role,
        }
        self.dirty_all(change.conv, now_ms);
        if let Effect::Go { who, .. } = effect {
            // The removed is no member any more, but their inbox has to tell them.
            self.dirty_mover(change.conv, who, now_ms);
            self.forget_threads(change.conv, who, now_ms);
        }
        Ok(Appended { entry, dup: false })
    }
}

impl State {
    /// There is nothing to do: the latest entry is the answer, now and to the repeat.
    pub(super) fn nobody_new(&mut self, conv: ConversationId, name: (UserId, SendId), asked: Asked) -> Appended {
        let conversation = self.conversation_mut(conv);
        let last = conversation.log.last().expect("a log is never empty");
        let entry = Arc::new(conversation.seen(last, Eyes::Delivery));
        conversation.sends.insert(name, Sent { seq: entry.seq, asked });
        Appended { entry, dup: true }
    }
}

impl Conversation {
    /// What a change by `actor` comes to; `None`: nothing new.
    fn decide(&self, actor: UserId, role: Role, change: &MemberChange) -> std::result::Result<Decided, Refused> {
        let allowed = |action| may(role, action, self.settings.mode());
        Ok(Some(match change {
            MemberChange::Add(users) => {
                if !allowed(Action::Add) {
                    return Err(Refused::Forbidden);
                }
                let mut users = users.clone();
                users.retain(|&user| self.member(user).is_err());
                if users.is_empty() {
                    return Ok(None);
                }
                if self.present().count() + users.len() > GROUP_MEMBERS_MAX {
                    return Err(Refused::GroupFull);
                }
                let body = entry::Added { users: users.clone() };
                (Kind::Added, json(&body), Effect::Join(users))
            }
            &MemberChange::Remove(who) => {
                let removed = self.member(who).map_err(|_| Refused::UnknownPerson)?;
                if role <= removed.role || !allowed(Action::Remove) {
                    return Err(Refused::Forbidden);
                }
                let body = entry::Removed { user: who };
                (Kind::Removed, json(&body), Effect::Go { who, new_owner: None })
            }
            MemberChange::Leave => {
                let who = actor;
                let new_owner = self.successor(who);
                let body = entry::Left { owner: new_owner };
                (Kind::Left, json(&body), Effect::Go { who, new_owner })
            }
            &MemberChange::Admit(who, yes) => {
                if !allowed(Action::Admit) {
                    return Err(Refused::Forbidden);
                }
                let here = self.member(who).is_ok();
                if !here && !self.requests.contains_key(&who) {
                    return Err(Refused::UnknownPerson);
                }
                if here || !yes {
                    return Ok(None);
                }
                if self.present().count() >= GROUP_MEMBERS_MAX {
                    return Err(Refused::GroupFull);
                }
                let body = entry::Added { users: vec![who] };
                (Kind::Added, json(&body), Effect::Join(vec![who]))
            }
            &MemberChange::Role(who, new) => {
                let present = self.member(who).map_err(|_| Refused::UnknownPerson)?.role;
                if !allowed(Action::SetRoles) {
                    return Err(Refused::Forbidden);
                }
                if present == new {
                    return Ok(None);
                }
                if present == Role::Owner && self.owners() == 1 {
                    return Err(Refused::LastOwner);
                }
                let body = RoleChanged { user: who, role: new };
                (Kind::Role, json(&body), Effect::Be { who, role: new })
            }
        }))
    }

    /// Who owns the group once `leaver` has left: nobody new if another owner stays or nobody stays.
    fn successor(&self, leaver: UserId) -> Option<UserId> {
        let stay = || self.present().filter(|&(user, _)| user != leaver);
        let leaver = &self.members[&leaver];
        if leaver.role != Role::Owner || stay().any(|(_, other)| other.role == Role::Owner) {
            return None;
        }
        let heir = stay().min_by_key(|(user, other)| (std::cmp::Reverse(other.role), other.since, *user));
        heir.map(|(user, _)| user)
    }

    fn owners(&self) -> usize {
        let owns = |(_, membership): &(UserId, &Membership)| membership.role == Role::Owner;
        self.present().filter(owns).count()
    }

    pub(super) fn join(&mut self, user: UserId, since: Seq) {
        self.requests.remove(&user);
        let mut membership = self.members.remove(&user).unwrap_or_else(Membership::never);
        let from = match self.settings.history {
            History::All => membership
                .spans
                .last()
                .and_then(|span| span.to_seq)
                .unwrap_or_default()
                .next(),
            _ => since,
        };
        membership.begin_span(Role::Member, from, self.ord(from.prev()), since);
        self.members.insert(user, membership);
    }

    fn go(&mut self, who: UserId, new_owner: Option<UserId>, to: Seq) {
        let to_ord = self.ord(to);
        self.members.get_mut(&who).expect("a member").end_span(to, to_ord);
        if let Some(owner) = new_owner {
            self.members.get_mut(&owner).expect("a member").role = Role::Owner;
        }
    }
}
