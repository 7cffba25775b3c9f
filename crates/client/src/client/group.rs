//! What a client asks about a group: its settings, roles and links, and who is let in.

use super::{Client, Joined, odd};
use crate::core::{Command, No, Reply};
use crate::outbox::Verb;
use protocol::group::{ChangeRole, ChangeSettings, SettingsChange};
use protocol::link::{
    Admit, AskLinks, AskLook, AskRequests, Join, Link, LinkMade, Look, MakeLink, Request, RevokeLink, token_in,
};
use protocol::server_frame::Role;
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, SendId, ServerFrame, UserId};

impl Client {
    /// Changes what a group is.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn change_settings(&self, conv: ConversationId, change: SettingsChange) -> Result<SendId, No> {
        let make = move |send_id| Verb::Settings(Box::new(ChangeSettings { conv, send_id, change }));
        self.write(make).await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn change_role(&self, conv: ConversationId, user: UserId, role: Role) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::Role(ChangeRole {
                conv,
                send_id,
                user,
                role,
            })
        };
        self.write(make).await
    }

    /// Lets somebody in who asks, or turns them away.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn admit(&self, conv: ConversationId, user: UserId, yes: bool) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::Admit(Admit {
                conv,
                send_id,
                user,
                yes,
            })
        };
        self.write(make).await
    }

    /// Makes an invite link. Its token is told this once.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn make_link(&self, link: MakeLink) -> Result<LinkMade, No> {
        match self.about_links(ClientFrame::Link(link)).await? {
            ServerFrame::Link(made) => Ok(made),
            _ => Err(No::Stopped),
        }
    }

    /// The invite links of a group that can still be used.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn links(&self, conv: ConversationId) -> Result<Vec<Link>, No> {
        match self.about_links(ClientFrame::Links(AskLinks { conv })).await? {
            ServerFrame::Links(links) => Ok(links.list),
            _ => Err(No::Stopped),
        }
    }

    /// Voids an invite link; the others are answered.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn revoke_link(&self, conv: ConversationId, link: SendId) -> Result<Vec<Link>, No> {
        let frame = ClientFrame::RevokeLink(RevokeLink { conv, link });
        match self.about_links(frame).await? {
            ServerFrame::Links(links) => Ok(links.list),
            _ => Err(No::Stopped),
        }
    }

    /// What is behind an invite link: a token, or a URL with one.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn look_behind(&self, link: &str) -> Result<Look, No> {
        let token = TokenText::new(token_in(link));
        match self.about_links(ClientFrame::Look(AskLook { token })).await? {
            ServerFrame::Look(look) => Ok(look),
            _ => Err(No::Stopped),
        }
    }

    /// Joins by an invite link: a token, or a URL with one. `send_id` is another one for each join.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn join(&self, link: &str, send_id: SendId) -> Result<Joined, No> {
        let token = TokenText::new(token_in(link));
        match self.about_links(ClientFrame::Join(Join { token, send_id })).await? {
            ServerFrame::Ack(ack) => Ok(Joined::In(ack)),
            ServerFrame::Asked(asked) => Ok(Joined::Asked(asked.conv)),
            _ => Err(No::Stopped),
        }
    }

    /// Who asks to be let into a group, the longest waiting first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn join_requests(&self, conv: ConversationId) -> Result<Vec<Request>, No> {
        match self.about_links(ClientFrame::Requests(AskRequests { conv })).await? {
            ServerFrame::Requests(requests) => Ok(requests.list),
            _ => Err(No::Stopped),
        }
    }

    async fn about_links(&self, frame: ClientFrame) -> Result<ServerFrame, No> {
        match self.ask(Command::Link(Box::new(frame))).await? {
            Reply::Link(frame) => Ok(*frame),
            other => Err(odd(other)),
        }
    }
}
