//! A group's settings: how they change, and what slow mode makes of a message.

use super::State;
use super::conversation::{Asked, Conversation};
use super::write::{Draft, json};
use crate::record::{Appended, ChangeSettings};
use crate::{Refused, Result};
use protocol::group::SettingsChange;
use protocol::rights::{Action, may};
use protocol::server_frame::{ConversationKind, Role};
use protocol::{Kind, UserId};

impl State {
    pub(super) fn change_settings(&mut self, ask: ChangeSettings, now_ms: u64) -> Result<Appended> {
        let conversation = self.conversation(ask.conv)?;
        let asked = Asked::Settings(ask.change.clone());
        if let Some(known) = conversation.known(ask.actor, ask.send_id, &asked) {
            return Ok(known?);
        }
        let actor = conversation.member(ask.actor)?;
        if conversation.kind != ConversationKind::Group {
            return Err(Refused::NotAGroup.into());
        }
        let mode = conversation.settings.mode();
        if ask.change.needs().any(|action| !may(actor.role, action, mode)) {
            return Err(Refused::Forbidden.into());
        }
        let news = ask.change.news(conversation.title.as_deref(), &conversation.settings);
        if news == SettingsChange::default() {
            return Ok(self.nobody_new(ask.conv, (ask.actor, ask.send_id), asked));
        }
        let draft = Draft {
            conv: ask.conv,
            sender: ask.actor,
            send_id: ask.send_id,
            kind: Kind::Settings,
            body: json(&news),
            reply_to: None,
            thread: None,
            target: None,
            asked,
        };
        let entry = self.write_entry(draft, now_ms);
        let conversation = self.conversation_mut(ask.conv);
        news.apply(&mut conversation.title, &mut conversation.settings);
        self.dirty_all(ask.conv, now_ms);
        Ok(Appended { entry, dup: false })
    }
}

impl Conversation {
    /// How long a member has to wait before they may write again, in milliseconds.
    pub(super) fn has_to_wait(&self, sender: UserId, role: Role, now_ms: u64) -> Option<u64> {
        let wait_ms = u64::from(self.settings.slow_mode_s) * 1_000;
        if wait_ms == 0 || may(role, Action::SkipSlowMode, self.settings.mode()) {
            return None;
        }
        let mut theirs = self
            .log
            .iter()
            .filter(|entry| entry.sender == sender && entry.kind.may_be_sent());
        let ago_ms = now_ms.checked_sub(theirs.next_back()?.created_ms)?;
        wait_ms.checked_sub(ago_ms).filter(|left_ms| *left_ms > 0)
    }
}
