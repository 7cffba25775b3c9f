//! On what terms two people are in a 1:1.

use super::State;
use super::conversation::{Conversation, Membership};
use crate::record::{SetTerms, Terms};
use crate::{Refused, Result};
use protocol::people::FirstContact;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, UserId};

/// A member's side of it. In a group only `rev` is ever set.
#[derive(Clone, Copy, Default)]
pub(super) struct Side {
    pub request: Option<FirstContact>,
    /// They block the other one.
    pub blocks: bool,
    /// Their account is deactivated.
    pub gone: bool,
    /// How often `request` and `blocks` changed; in a group, who asks to be let in while they might admit them.
    pub rev: u64,
}

impl Conversation {
    /// Whether it is a 1:1 in which nothing that passes is told.
    pub(super) fn is_quiet(&self) -> bool {
        let quiet = |membership: &Membership| membership.side.request.is_some() || membership.side.blocks;
        self.kind == ConversationKind::Direct && self.members.values().any(quiet)
    }

    /// Whether somebody may write, as far as the two of a 1:1 are concerned.
    pub(super) fn on_terms(&self, user: UserId) -> std::result::Result<(), Refused> {
        let other = self.members.iter().find(|(other, _)| **other != user);
        match (self.kind, other) {
            (ConversationKind::Direct, Some((_, other))) if other.side.gone => Err(Refused::PeerDeactivated),
            (ConversationKind::Direct, Some((_, other))) if other.side.blocks => Err(Refused::NotAccepted),
            (ConversationKind::Direct, _) if self.members[&user].side.blocks => Err(Refused::YouBlock),
            _ => Ok(()),
        }
    }
}

impl State {
    /// Takes a request up, if it is one to this person.
    pub(super) fn take_up(&mut self, conv: ConversationId, user: UserId, now_ms: u64) -> bool {
        let conversation = self.conversation_mut(conv);
        let membership = conversation.members.get_mut(&user).expect("looked at before");
        if membership.side.request.take().is_none() {
            return false;
        }
        membership.side.rev += 1;
        let read = membership.mine;
        if !conversation.is_quiet() {
            let membership = conversation.members.get_mut(&user).expect("looked at before");
            membership.advance(Some(read), None, true, now_ms);
        }
        self.dirty_mover(conv, user, now_ms);
        true
    }

    pub(super) fn set_terms(&mut self, ask: SetTerms, now_ms: u64) -> Result<bool> {
        let conversation = self.conversation(ask.conv)?;
        let side = conversation.reader(ask.user)?.side;
        if conversation.kind != ConversationKind::Direct {
            return Err(Refused::NotARequest.into());
        }
        let mut new = side;
        match ask.terms {
            Terms::Accept => return Ok(self.take_up(ask.conv, ask.user, now_ms)),
            Terms::Ignore if side.request.is_none() => return Err(Refused::NotARequest.into()),
            Terms::Ignore => new.request = Some(FirstContact::Ignored),
            Terms::Blocks(on) => new.blocks = on,
        }
        if (new.request, new.blocks) == (side.request, side.blocks) {
            return Ok(false);
        }
        new.rev += 1;
        let conversation = self.conversation_mut(ask.conv);
        conversation.members.get_mut(&ask.user).expect("looked at before").side = new;
        self.dirty_mover(ask.conv, ask.user, now_ms);
        Ok(true)
    }

    pub(super) fn note_deactivated(&mut self, user: UserId, deactivated: bool, limit: usize) -> usize {
        let directs = self
            .conversations
            .values_mut()
            .filter(|conversation| conversation.kind == ConversationKind::Direct);
        let theirs = directs.filter_map(|conversation| conversation.members.get_mut(&user));
        let stale = theirs
            .filter(|membership| membership.side.gone != deactivated)
            .take(limit);
        stale.map(|membership| membership.side.gone = deactivated).count()
    }
}
