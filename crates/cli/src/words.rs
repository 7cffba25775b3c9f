//! What an entry says, in words: texts as they were typed, and who came and went as sentences.

use crate::people::People;
use crate::safe;
use protocol::entry::{Added, Created, Left, Removed};
use protocol::server_frame::{ConversationKind, ConversationRow, PresenceState};
use protocol::{Body, Kind, UserId};
use serde_json::value::RawValue;

/// What stands for a content this program does not know.
pub const UPDATE: &str = "[update to see this]";

/// What the conversation with oneself is called.
pub const NOTES: &str = "notes to yourself";

/// What an entry says.
pub enum Said {
    /// Its sender's words.
    Words(String),
    /// What its sender did, without a subject: `left`.
    Did(String),
}

/// What an entry says; names have been asked for. The words are safe to show.
pub fn said(kind: &Kind, raw: &RawValue, sender: UserId, people: &People, me: UserId) -> Said {
    match kind {
        Kind::Text => Said::Words(text(raw)),
        Kind::Created => Said::Did(created(raw, sender, people, me)),
        Kind::Added => {
            let users = read::<Added>(raw).map(|added| added.users).unwrap_or_default();
            Said::Did(format!("added {}", people.several(&users, me)))
        }
        Kind::Removed => {
            let users: Vec<UserId> = read::<Removed>(raw).into_iter().map(|removed| removed.user).collect();
            Said::Did(format!("removed {}", people.several(&users, me)))
        }
        Kind::Left => match read::<Left>(raw).and_then(|left| left.owner) {
            Some(owner) if owner == me => Said::Did("left; this group is yours now".to_owned()),
            Some(owner) => Said::Did(format!("left; this group is @{}'s now", people.handle(owner))),
            None => Said::Did("left".to_owned()),
        },
        Kind::Other(_) => Said::Words(UPDATE.to_owned()),
    }
}

/// Whoever is named in an entry besides its sender.
pub fn named(kind: &Kind, raw: &RawValue) -> Vec<UserId> {
    match kind {
        Kind::Created => read::<Created>(raw).map(|created| created.members).unwrap_or_default(),
        Kind::Added => read::<Added>(raw).map(|added| added.users).unwrap_or_default(),
        Kind::Removed => read::<Removed>(raw).into_iter().map(|removed| removed.user).collect(),
        Kind::Left => read::<Left>(raw).and_then(|left| left.owner).into_iter().collect(),
        Kind::Text | Kind::Other(_) => Vec::new(),
    }
}

/// Whether a text names somebody.
pub fn mentions(kind: &Kind, raw: &RawValue, user: UserId) -> bool {
    *kind == Kind::Text && read::<Body>(raw).is_some_and(|body| body.mentions.iter().any(|one| one.user == user))
}

/// What a conversation is called by one of its people.
pub fn title(row: &ConversationRow, people: &People) -> String {
    match (&row.title, &row.peer, row.kind) {
        (_, Some(peer), ConversationKind::Direct) => format!("@{}", people.handle(peer.user)),
        (Some(title), _, _) => safe::line(title),
        (None, None, ConversationKind::Direct) => NOTES.to_owned(),
        (None, _, _) => format!("conversation {}", &row.conv.to_string()[..8]),
    }
}

/// How somebody is there.
pub fn presence(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Online => "online",
        PresenceState::Away => "away",
        PresenceState::Offline => "offline",
    }
}

fn text(raw: &RawValue) -> String {
    let Some(body) = read::<Body>(raw) else {
        return UPDATE.to_owned();
    };
    let text = safe::shown(&body.text);
    match body.media.len() {
        0 if text.trim().is_empty() => "(gone)".to_owned(),
        0 => text.trim_end().to_owned(),
        n => format!("{} [{n} attached: update to see]", text.trim_end())
            .trim_start()
            .to_owned(),
    }
}

fn created(raw: &RawValue, sender: UserId, people: &People, me: UserId) -> String {
    let Some(created) = read::<Created>(raw) else {
        return "began this conversation".to_owned();
    };
    match created.title {
        None => "began this conversation".to_owned(),
        Some(title) => {
            let others: Vec<UserId> = created.members.into_iter().filter(|user| *user != sender).collect();
            let members = people.several(&others, me);
            format!("made the group {} with {members}", safe::line(&title))
        }
    }
}

fn read<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
