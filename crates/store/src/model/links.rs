//! Invite links and those who ask to be let in.

use super::State;
use super::conversation::{Asked, Conversation, Membership};
use super::write::{Draft, json};
use crate::link::{Join, JoinRequest, Joined, Link, LinkLook, NewLink};
use crate::record::{Appended, SecretHash};
use crate::{Refused, Result};
use protocol::limits::{GROUP_MEMBERS_MAX, JOIN_REQUESTS_MAX, LINKS_MAX};
use protocol::rights::{Action, may};
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Kind, SendId, UserId, entry};
use std::collections::BTreeMap;

/// The links of one group, by who made them and under which name.
pub(super) type Links = BTreeMap<(UserId, SendId), (SecretHash, Link)>;

impl State {
    pub(super) fn add_link(&mut self, new: NewLink, now_ms: u64) -> Result<Link> {
        self.conversation(new.conv)?.may_link(new.actor)?;
        let conversation = self.conversation_mut(new.conv);
        conversation.links.retain(|_, (_, link)| is_usable(link, now_ms));
        let key = (new.actor, new.id);
        let before = conversation.links.get(&key).map(|(_, link)| *link);
        if before.is_none() && conversation.links.len() >= LINKS_MAX {
            return Err(Refused::TooManyLinks.into());
        }
        let link = before.unwrap_or(Link {
            id: new.id,
            creator: new.actor,
            uses_left: new.uses,
            expires_ms: new.expires_ms,
            created_ms: now_ms,
        });
        conversation.links.insert(key, (new.hash, link));
        Ok(link)
    }

    pub(super) fn links(&self, reader: UserId, conv: ConversationId, now_ms: u64) -> Result<Vec<Link>> {
        let conversation = self.conversation(conv)?;
        conversation.may_link(reader)?;
        let links = conversation.links.values().map(|(_, link)| *link);
        let mut links: Vec<Link> = links.filter(|link| is_usable(link, now_ms)).collect();
        links.sort_by_key(|link| (link.created_ms, link.creator, link.id));
        Ok(links)
    }

    pub(super) fn revoke_link(&mut self, actor: UserId, conv: ConversationId, id: SendId) -> Result<bool> {
        self.conversation(conv)?.may_link(actor)?;
        let links = &mut self.conversation_mut(conv).links;
        let before = links.len();
        links.retain(|(_, known), _| *known != id);
        Ok(links.len() < before)
    }

    pub(super) fn look(&self, user: UserId, conv: ConversationId, hash: &SecretHash, now_ms: u64) -> Result<LinkLook> {
        let conversation = self.conversation(conv).map_err(|_| Refused::InviteInvalid)?;
        conversation.usable(hash, now_ms).ok_or(Refused::InviteInvalid)?;
        Ok(LinkLook {
            title: conversation.title.clone(),
            description: conversation.settings.description.clone(),
            members: conversation.present().count(),
            approve: conversation.settings.approve,
            member: conversation.member(user).is_ok(),
            asked: conversation.requests.contains_key(&user),
        })
    }

    pub(super) fn join(&mut self, join: Join, now_ms: u64) -> Result<Joined> {
        let conversation = self.conversation(join.conv).map_err(|_| Refused::InviteInvalid)?;
        let asked = Asked::Join(join.hash);
        if let Some(known) = conversation.known(join.user, join.send_id, &asked) {
            return Ok(Joined::In(known?));
        }
        if conversation.member(join.user).is_ok() {
            return Ok(Joined::In(self.nobody_new(join.conv, (join.user, join.send_id), asked)));
        }
        if conversation.requests.contains_key(&join.user) && conversation.settings.approve {
            return Ok(Joined::Asked);
        }
        let link = conversation.usable(&join.hash, now_ms).ok_or(Refused::InviteInvalid)?;
        if conversation.was_removed(join.user) {
            return Err(Refused::Removed.into());
        }
        if conversation.present().count() >= GROUP_MEMBERS_MAX {
            return Err(Refused::GroupFull.into());
        }
        let approve = conversation.settings.approve;
        if approve && conversation.requests.len() >= JOIN_REQUESTS_MAX {
            return Err(Refused::TooManyLinks.into());
        }
        let conversation = self.conversation_mut(join.conv);
        if let Some((_, link)) = conversation.links.get_mut(&link) {
            link.uses_left = link.uses_left.map(|left| left - 1);
        }
        if approve {
            conversation.requests.insert(join.user, now_ms);
            self.tell_who_asks(join.conv, now_ms);
            return Ok(Joined::Asked);
        }
        let draft = Draft {
            conv: join.conv,
            sender: join.user,
            send_id: join.send_id,
            kind: Kind::Added,
            body: json(&entry::Added { users: vec![join.user] }),
            reply_to: None,
            thread: None,
            target: None,
            asked,
        };
        let entry = self.write_entry(draft, now_ms);
        self.conversation_mut(join.conv).join(join.user, entry.seq);
        self.dirty_all(join.conv, now_ms);
        Ok(Joined::In(Appended { entry, dup: false }))
    }

    /// Somebody asks, or does so no longer, and no entry says it: the inboxes of those who may admit them are behind.
    pub(super) fn tell_who_asks(&mut self, conv: ConversationId, now_ms: u64) {
        let conversation = self.conversation(conv).expect("looked at before");
        let told: Vec<UserId> = conversation
            .present()
            .filter(|(_, membership)| conversation.may_admit(membership))
            .map(|(user, _)| user)
            .collect();
        for user in told {
            let membership = self.conversation_mut(conv).members.get_mut(&user);
            membership.expect("they are present").side.rev += 1;
            self.dirty_mover(conv, user, now_ms);
        }
    }

    pub(super) fn requests(&self, reader: UserId, conv: ConversationId) -> Result<Vec<JoinRequest>> {
        let conversation = self.conversation(conv)?;
        conversation.may(reader, Action::Admit)?;
        let request = |(&user, &asked_ms): (&UserId, &u64)| JoinRequest { user, asked_ms };
        let mut requests: Vec<JoinRequest> = conversation.requests.iter().map(request).collect();
        requests.sort_by_key(|request| (request.asked_ms, request.user));
        Ok(requests)
    }
}

impl Conversation {
    /// Whether a present or former member may let others in.
    pub(super) fn may_admit(&self, membership: &Membership) -> bool {
        self.kind == ConversationKind::Group
            && membership.is_member()
            && may(membership.role, Action::Admit, self.settings.mode())
    }

    fn may(&self, user: UserId, action: Action) -> std::result::Result<(), Refused> {
        let member = self.member(user)?;
        if self.kind != ConversationKind::Group {
            return Err(Refused::NotAGroup);
        }
        let allowed = may(member.role, action, self.settings.mode());
        allowed.then_some(()).ok_or(Refused::Forbidden)
    }

    fn may_link(&self, user: UserId) -> std::result::Result<(), Refused> {
        self.may(user, Action::Link)
    }

    /// The link of this hash, if it can be used: never into a group that everybody has left.
    fn usable(&self, hash: &SecretHash, now_ms: u64) -> Option<(UserId, SendId)> {
        let fits =
            |(_, (known, link)): &(&(UserId, SendId), &(SecretHash, Link))| known == hash && is_usable(link, now_ms);
        let found = self.links.iter().find(fits).map(|(key, _)| *key);
        found.filter(|_| self.present().next().is_some())
    }

    /// Whether somebody was taken out by somebody else when they were last here.
    fn was_removed(&self, user: UserId) -> bool {
        let end = self.members.get(&user).and_then(|member| member.spans.last()?.to_seq);
        end.and_then(|seq| self.entry(seq))
            .is_some_and(|entry| entry.kind == Kind::Removed)
    }
}

fn is_usable(link: &Link, now_ms: u64) -> bool {
    link.uses_left != Some(0) && now_ms < link.expires_ms
}
