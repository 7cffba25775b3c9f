//! Invite links: how people join a group by themselves.
//!
//! A link is a token in the *fragment* of a URL, `<public-url>/j/#<token>`: a browser sends no fragment to a server, so
//! the secret stands in no log of one. A token is the group's id and 128 random bits, a point between them.

use crate::ids::{ConversationId, SendId, UserId};
use crate::token::TokenText;
use serde::{Deserialize, Serialize};

/// The path of the page that a browser shows who follows a link.
pub const LINK_PAGE: &str = "/j/";
/// The path of a link, before the `#` and the token.
pub const LINK_PATH: &str = "/j/#";

/// `link`: make one. Answered by `link` with the token, which is told this once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MakeLink {
    /// Into which group.
    pub conv: ConversationId,
    /// The link's name: a repeat under the same one voids the token that was told before, and tells another.
    pub send_id: SendId,
    /// How often it can be used, at least once; absent: until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// Until when, in milliseconds since 1970 UTC; absent: [`crate::limits::LINK_MS`] from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

/// `links`: which can still be used. Answered by `links`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskLinks {
    /// Of which group.
    pub conv: ConversationId,
}

/// `revoke_link`: void one. Answered by `links` with those that are left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeLink {
    /// Of which group.
    pub conv: ConversationId,
    /// Its name.
    pub link: SendId,
}

/// `look`: what is behind a link. Answered by `look`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskLook {
    /// The link's token.
    pub token: TokenText,
}

/// `POST /v1/preview`: what is behind a link, for who is not signed in. Answered by a [`Preview`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskPreview {
    /// The link's token.
    pub token: TokenText,
}

/// What somebody without an account is told of a group whose link they hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many members it has.
    pub members: u32,
    /// Who joins has to be let in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
    /// Who has no account can make one here with this link and nothing else.
    pub sign_up: bool,
}

/// `join`: be added by a link. Answered by `ack`, or by `asked` where somebody has to let one in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Join {
    /// The link's token.
    pub token: TokenText,
    /// The change's name.
    pub send_id: SendId,
}

/// `requests`: who asks to be let in. Answered by `requests`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskRequests {
    /// Into which group.
    pub conv: ConversationId,
}

/// `admit`: let somebody in who asks, or turn them away. Answered by `ack`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Admit {
    /// Into which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// Whom.
    pub user: UserId,
    /// Let them in; else they ask no longer.
    pub yes: bool,
}

/// A link that can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// Its name.
    pub link: SendId,
    /// Who made it.
    pub creator: UserId,
    /// How often it can still be used; absent: until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// Until when, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
    /// When it was made.
    pub created_ms: u64,
}

/// `link`: it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkMade {
    /// Into which group.
    pub conv: ConversationId,
    /// What it is.
    #[serde(flatten)]
    pub link: Link,
    /// Its token, told this once.
    pub token: TokenText,
    /// What people can open in a browser; absent where the server does not know its own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<TokenText>,
}

/// `links`: those that can still be used, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// Of which group.
    pub conv: ConversationId,
    /// They.
    pub list: Vec<Link>,
}

/// `look`: a group from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Look {
    /// Which.
    pub conv: ConversationId,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many members it has.
    pub members: u32,
    /// Who joins has to be let in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
    /// The asker is a member already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub member: bool,
    /// The asker has asked to be let in already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// `asked`: somebody has to let the asker in; the row of the group appears in their inbox when that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asked {
    /// Into which group.
    pub conv: ConversationId,
}

/// `requests`: who asks to be let in, the longest waiting first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Requests {
    /// Into which group.
    pub conv: ConversationId,
    /// They.
    pub list: Vec<Request>,
}

/// Somebody who asks to be let in. By asking they say who they are: whoever answers need not be acquainted with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Who.
    pub user: UserId,
    /// Since when, in milliseconds since 1970 UTC.
    pub asked_ms: u64,
    /// Their handle; absent where it cannot be told, and from older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The token in what somebody pasted: a whole URL, or the token alone.
#[must_use]
pub fn token_in(pasted: &str) -> &str {
    let pasted = pasted.trim();
    pasted.rsplit_once('#').map_or(pasted, |(_, token)| token)
}

/// The server that a pasted link leads to: `https://chat.example`. `None`: it is a token alone, or no link.
#[must_use]
pub fn server_in(pasted: &str) -> Option<&str> {
    let (server, _) = pasted.trim().split_once(LINK_PATH)?;
    (!server.is_empty()).then_some(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_apart_as_people_paste_it() {
        let link = " https://chat.example:8443/j/#8a.1wbcz\n";
        assert_eq!(
            (server_in(link), token_in(link)),
            (Some("https://chat.example:8443"), "8a.1wbcz")
        );
        for bare in ["8a.1wbcz", "#8a.1wbcz", "/j/#8a.1wbcz"] {
            assert_eq!((server_in(bare), token_in(bare)), (None, "8a.1wbcz"), "{bare}");
        }
    }
}
