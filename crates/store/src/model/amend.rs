//! What is done to an entry after it was written: edit, delete, react, pin.

use super::State;
use super::conversation::{Asked, Conversation, Membership};
use super::seen::{EVERYTHING, Eyes};
use super::write::Draft;
use crate::change::{Amend, Amendment};
use crate::record::{Appended, Entry};
use crate::{Refused, Result};
use protocol::limits::{
    DELETE_MS_MAX, EDIT_MS_MAX, ENTRY_EMOJIS_MAX, ENTRY_REACTIONS_MAX, PERSON_REACTIONS_MAX, PINS_MAX,
};
use protocol::rights::{self, Action};
use protocol::server_frame::ConversationKind;
use protocol::{Kind, Seq, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether a change that may be made changes anything.
#[derive(PartialEq, Eq)]
enum Comes {
    ToSomething,
    ToNothing,
}

impl State {
    pub(super) fn amend(&mut self, amend: Amend, now_ms: u64) -> Result<Appended> {
        let conversation = self.conversation(amend.conv)?;
        let asked = Asked::Amend {
            target: amend.target,
            kind: amend.change.kind(),
            body: match &amend.change {
                Amendment::Edit { body, .. } => Arc::clone(body),
                other => other.body(),
            },
        };
        if let Some(known) = conversation.known(amend.actor, amend.send_id, &asked) {
            return Ok(known?);
        }
        let target = conversation.place(amend.target, amend.target_name).unwrap_or(Seq::ZERO);
        let amend = Amend { target, ..amend };
        if conversation.may_amend(&amend, now_ms)? == Comes::ToNothing {
            return Ok(self.nobody_new(amend.conv, (amend.actor, amend.send_id), asked));
        }
        let entry = self.write_entry(
            Draft {
                conv: amend.conv,
                sender: amend.actor,
                send_id: amend.send_id,
                kind: amend.change.kind(),
                body: amend.change.body(),
                target: Some(amend.target),
                reply_to: None,
                thread: None,
                asked,
            },
            now_ms,
        );
        let conversation = self.conversation_mut(amend.conv);
        let mut named_now = Vec::new();
        match &amend.change {
            Amendment::Edit { body, mentions } => {
                conversation.edit(&entry, amend.target, body);
                let members = conversation.present().map(|(user, _)| user);
                let named = mentions.of(amend.actor, members);
                conversation.mention_anew(amend.target, entry.seq, &named);
                named_now = named;
            }
            Amendment::Delete => conversation.forget_content(amend.target),
            // What they come to is found by walking the log.
            Amendment::React { .. } | Amendment::Pin { .. } => {}
        }
        conversation.change_entry(amend.target, |target| target.rev = Some(entry.seq));
        let entry = Arc::new(conversation.seen(&entry, Eyes::Delivery));
        self.dirty_all(amend.conv, now_ms);
        self.named_later(amend.conv, amend.target, &named_now, now_ms);
        Ok(Appended { entry, dup: false })
    }
}

impl Conversation {
    fn may_amend(&self, amend: &Amend, now_ms: u64) -> std::result::Result<Comes, Refused> {
        let actor = self.member(amend.actor)?;
        if !self.may_read(actor, amend.target) {
            return Err(Refused::BadReference);
        }
        let target = self.entry(amend.target).ok_or(Refused::BadReference)?;
        let is_edit = matches!(amend.change, Amendment::Edit { .. });
        if !target.kind.may_be_sent() || (is_edit && target.kind != Kind::Text) {
            return Err(Refused::NotAMessage);
        }
        let own = target.sender == amend.actor;
        let action = match amend.change {
            Amendment::Edit { .. } if !own => return Err(Refused::Forbidden),
            Amendment::Edit { .. } => Action::EditOwn,
            Amendment::Delete if own => Action::DeleteOwn,
            Amendment::Delete => Action::DeleteOthers,
            Amendment::React { .. } => Action::React,
            Amendment::Pin { .. } => Action::Pin,
        };
        let may = |action| self.allows(actor, action);
        if !may(action) {
            return Err(Refused::Forbidden);
        }
        if amend.change.says_something() {
            self.on_terms(amend.actor)?;
        }
        if amend.change.names_everybody() && !may(Action::MentionAll) {
            return Err(Refused::Forbidden);
        }
        let deleted = self.deleted_by(target).is_some();
        let age_ms = now_ms.saturating_sub(target.created_ms);
        match &amend.change {
            Amendment::Delete if deleted => return Ok(Comes::ToNothing),
            _ if deleted => return Err(Refused::Deleted),
            Amendment::Edit { .. } if age_ms > EDIT_MS_MAX => return Err(Refused::TooLate),
            Amendment::Delete if age_ms > DELETE_MS_MAX && !may(Action::DeleteOthers) => return Err(Refused::TooLate),
            Amendment::React { emoji, on } => return self.comes_of_reacting(target.seq, amend.actor, emoji, *on),
            Amendment::Pin { on } => return self.comes_of_pinning(target, *on),
            Amendment::Edit { .. } | Amendment::Delete => {}
        }
        Ok(Comes::ToSomething)
    }

    /// Whether somebody may do this here. In a 1:1 nobody is above the other.
    fn allows(&self, member: &Membership, action: Action) -> bool {
        if self.kind == ConversationKind::Direct && action == Action::DeleteOthers {
            return false;
        }
        rights::may(member.role, action, self.settings.mode())
    }

    fn comes_of_reacting(
        &self,
        target: Seq,
        actor: UserId,
        emoji: &str,
        on: bool,
    ) -> std::result::Result<Comes, Refused> {
        let there = self.reactions(target, Eyes::Reader(&EVERYTHING));
        let this = there.iter().find(|reaction| reaction.emoji == emoji);
        if this.is_some_and(|reaction| reaction.users.contains(&actor)) == on {
            return Ok(Comes::ToNothing);
        }
        let all: usize = there.iter().map(|reaction| reaction.users.len()).sum();
        let mine = there.iter().filter(|reaction| reaction.users.contains(&actor)).count();
        let new_emoji = this.is_none() && there.len() >= ENTRY_EMOJIS_MAX;
        if on && (new_emoji || all >= ENTRY_REACTIONS_MAX || mine >= PERSON_REACTIONS_MAX) {
            return Err(Refused::TooMany);
        }
        Ok(Comes::ToSomething)
    }

    fn comes_of_pinning(&self, target: &Entry, on: bool) -> std::result::Result<Comes, Refused> {
        if self.is_pinned(target) == on {
            return Ok(Comes::ToNothing);
        }
        let pinned = self.log.iter().filter(|entry| self.is_pinned(entry)).count();
        if on && pinned >= PINS_MAX {
            return Err(Refused::TooMany);
        }
        Ok(Comes::ToSomething)
    }

    /// Replaces a body; the one before is kept under the edit that made it.
    fn edit(&mut self, edit: &Entry, target: Seq, body: &Arc<str>) {
        let before = self
            .changes(target)
            .filter(|change| change.kind == Kind::Edit && change.seq < edit.seq)
            .last()
            .map_or(Seq::ZERO, |edit| edit.seq);
        let old = Arc::clone(&self.log[target.0 as usize - 1].body);
        self.revisions.insert((target, before), old);
        self.change_entry(target, |entry| entry.body = Arc::clone(body));
    }

    /// The mentions of an entry follow its new body.
    fn mention_anew(&mut self, target: Seq, edit: Seq, named: &[UserId]) {
        let mut places: BTreeSet<Seq> = self.changes(target).map(|change| change.seq).collect();
        places.insert(target);
        let had: BTreeSet<UserId> = self
            .mentions
            .iter()
            .filter(|(_, seq)| places.contains(seq))
            .map(|(user, _)| *user)
            .collect();
        self.mentions
            .retain(|(user, seq)| !places.contains(seq) || named.contains(user));
        for &user in named.iter().filter(|user| !had.contains(user)) {
            let Ok(member) = self.member(user) else { continue };
            if self.may_read(member, target) {
                let at = if member.mine >= target { edit } else { target };
                self.mentions.insert((user, at));
            }
        }
    }
}
