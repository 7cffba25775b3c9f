//! What goes in and comes out about invite links: values, as in [`crate::record`].

use crate::record::{Appended, SecretHash};
use protocol::{ConversationId, SendId, UserId};

/// For [`crate::Store::add_link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// Into which group.
    pub conv: ConversationId,
    /// Who makes it.
    pub actor: UserId,
    /// The name it has among this person's links of the group.
    pub id: SendId,
    /// The hash of its secret.
    pub hash: SecretHash,
    /// How often it can be used; `None`: until it expires.
    pub uses: Option<u32>,
    /// Not at or after, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
}

/// A link that can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub id: SendId,
    /// Who made it.
    pub creator: UserId,
    /// How often it can still be used; `None`: until it expires.
    pub uses_left: Option<u32>,
    /// Not at or after, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
    /// When it was made.
    pub created_ms: u64,
}

/// What somebody sees of a group before they join it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLook {
    /// Its title.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// How many members it has.
    pub members: usize,
    /// Who joins has to be let in.
    pub approve: bool,
    /// Whoever looks is a member already.
    pub member: bool,
    /// Whoever looks has asked already.
    pub asked: bool,
}

/// For [`crate::Store::join`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// Which group.
    pub conv: ConversationId,
    /// Who.
    pub user: UserId,
    /// The change's name.
    pub send_id: SendId,
    /// The hash of the link's secret.
    pub hash: SecretHash,
}

/// What joining came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// They are a member.
    In(Appended),
    /// They have asked; somebody has to let them in.
    Asked,
}

/// Somebody who asks to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// Who.
    pub user: UserId,
    /// Since when, in milliseconds since 1970 UTC.
    pub asked_ms: u64,
}
