//! Entries as they are written down: as a device sees them, and as the log has them.
//!
//! A body may change, so it is compared as one of those that its entry had; what else changes of an entry is one
//! digest, which is written down only where an entry is read as it is now.

use super::{Digest, digest};
use protocol::entry::{Added, Created, Left, Pinned, Reacted, Reaction};
use protocol::group::{GroupSettings, RoleChanged, SettingsChange};
use protocol::server_frame::Role;
use protocol::{Entry, Kind, Ordinal, SendId, Seq, UserId};
use serde::{Deserialize, Serialize};

/// An entry, as a device sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its place.
    pub seq: Seq,
    /// The name its author gave it.
    pub send_id: SendId,
    /// Its body.
    pub digest: Digest,
    /// Of an edit: the body of what was edited, if it was told with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Digest>,
    /// In a final read: what changes made of it, see [`Present`]; nothing where they made nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Digest>,
}

/// An entry, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Its place.
    pub seq: Seq,
    /// Messages up to and with it.
    pub ord: Ordinal,
    /// The kind's name on the wire.
    pub kind: String,
    /// Who caused it.
    pub sender: UserId,
    /// The name its author gave it.
    pub send_id: SendId,
    /// Its body.
    pub digest: Digest,
    /// When it was committed, by the server.
    pub created_ms: u64,
    /// Who may read from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comes: Vec<UserId>,
    /// Who reads this and nothing after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goes: Vec<UserId>,
    /// The thread it is in: there it counts, and not in its conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// What it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// What changes made of it, see [`Present`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Digest>,
    /// What it changes of its group.
    #[serde(default, skip_serializing_if = "Ruled::is_nothing")]
    pub ruled: Ruled,
}

/// What an entry changes of its group: what it is, and who is what in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// Its title and settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsChange>,
    /// The roles that people have from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<(UserId, Role)>,
}

/// What an entry does to another; its kind says what sort of change it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// To which.
    pub target: Seq,
    /// Of a reaction: with what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub emoji: String,
    /// Of a reaction and a pin: put there, or taken back.
    #[serde(default)]
    pub on: bool,
}

/// What changes made of an entry, but for its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Present {
    /// The last edit.
    pub edited: Option<Seq>,
    /// Who deleted it.
    pub deleted_by: Option<UserId>,
    /// It is pinned.
    pub pinned: bool,
    /// Who put which emoji to it.
    pub reactions: Vec<Reaction>,
}

impl Seen {
    /// One that no change is known of.
    #[must_use]
    pub fn new(seq: Seq, send_id: SendId, digest: Digest) -> Self {
        Self {
            seq,
            send_id,
            digest,
            now: None,
            state: None,
        }
    }

    /// As somebody is told of it.
    #[must_use]
    pub fn told(entry: &Entry) -> Self {
        Self {
            now: entry.now.as_ref().map(|now| digest(now.get())),
            ..Self::new(entry.seq, entry.send_id, digest(entry.body.get()))
        }
    }

    /// As somebody reads it when everything is over, with all that changes made of it.
    #[must_use]
    pub fn present(entry: &Entry) -> Self {
        Self {
            state: Present::of(entry).digest(),
            ..Self::told(entry)
        }
    }
}

impl Logged {
    /// Whether it is a message of its conversation, which ordinals and unread count.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.thread.is_none() && Kind::of(&self.kind).counts()
    }
}

impl Present {
    /// Of an entry as it is read.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        Self {
            edited: entry.edited,
            deleted_by: entry.deleted_by,
            pinned: entry.pinned,
            reactions: entry.reactions.clone(),
        }
    }

    /// What it is compared by; `None`: nothing changed.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        let source = || serde_json::to_string(self).expect("ids and words are always JSON");
        (*self != Self::default()).then(|| digest(&source()))
    }
}

impl Change {
    /// What an entry of this kind, with this target and this body, does. A body that cannot be read changes nothing.
    #[must_use]
    pub fn of(kind: &Kind, target: Option<Seq>, body: &str) -> Option<Self> {
        let (target, mut emoji, mut on) = (target?, String::new(), false);
        match kind {
            Kind::React => Reacted { emoji, on } = serde_json::from_str(body).ok()?,
            Kind::Pin => Pinned { on } = serde_json::from_str(body).ok()?,
            Kind::Edit | Kind::Delete => {}
            _ => return None,
        }
        Some(Self { target, emoji, on })
    }
}

impl Ruled {
    /// What an entry of this kind, sender and body does. A body that cannot be read does nothing.
    #[must_use]
    pub fn of(kind: &Kind, sender: UserId, body: &str) -> Self {
        let read = match kind {
            Kind::Created => serde_json::from_str(body).map(|created| Self::created(sender, created)),
            Kind::Added => serde_json::from_str(body).map(|added: Added| Self {
                roles: added.users.into_iter().map(|user| (user, Role::Member)).collect(),
                ..Self::default()
            }),
            Kind::Left => serde_json::from_str(body).map(|left: Left| Self {
                roles: left.owner.into_iter().map(|user| (user, Role::Owner)).collect(),
                ..Self::default()
            }),
            Kind::Role => serde_json::from_str(body).map(|changed: RoleChanged| Self {
                roles: vec![(changed.user, changed.role)],
                ..Self::default()
            }),
            Kind::Settings => serde_json::from_str(body).map(|change| Self {
                settings: Some(change),
                ..Self::default()
            }),
            _ => return Self::default(),
        };
        read.unwrap_or_default()
    }

    fn created(creator: UserId, created: Created) -> Self {
        let is_group = created.title.is_some();
        let role = |user| match is_group && user == creator {
            true => Role::Owner,
            false => Role::Member,
        };
        Self {
            settings: is_group.then(|| SettingsChange {
                title: created.title,
                ..SettingsChange::default()
            }),
            roles: created.members.into_iter().map(|user| (user, role(user))).collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a group's title and settings are compared by; 0: it is none.
#[must_use]
pub fn settings_digest(title: Option<&str>, settings: &GroupSettings) -> Digest {
    let source = || serde_json::to_string(&(title, settings)).expect("settings are always JSON");
    title.map_or(0, |_| digest(&source()))
}
