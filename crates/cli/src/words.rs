//! What an entry says, in words: texts as they were typed, and who came and went as sentences.

use crate::people::People;
use crate::safe;
use protocol::entry::{Added, Created, Left, Pinned, Reacted, Removed};
use protocol::group::{History, RoleChanged, SettingsChange};
use protocol::server_frame::{ConversationKind, ConversationRow, PresenceState, Role};
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
        Kind::Text => Said::Words(text(raw, people)),
        Kind::Created => Said::Did(created(raw, sender, people, me)),
        Kind::Added => {
            let users = read::<Added>(raw).map(|added| added.users).unwrap_or_default();
            if users == [sender] {
                return Said::Did("joined by a link".to_owned());
            }
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
        Kind::Settings => Said::Did(settings(&read(raw).unwrap_or_default())),
        Kind::Role => match read::<RoleChanged>(raw) {
            Some(RoleChanged { user, role }) => Said::Did(format!("made {} {}", people.several(&[user], me), a(role))),
            None => Said::Words(UPDATE.to_owned()),
        },
        // A change shows in what it changed.
        Kind::Edit => Said::Did("edited a message".to_owned()),
        Kind::Delete => Said::Did("deleted a message".to_owned()),
        Kind::React => Said::Did(match read::<Reacted>(raw) {
            Some(reacted) if reacted.on => format!("reacted {}", safe::line(&reacted.emoji)),
            _ => "took a reaction back".to_owned(),
        }),
        Kind::Pin => Said::Did(match read::<Pinned>(raw) {
            Some(pinned) if pinned.on => "pinned a message".to_owned(),
            _ => "unpinned a message".to_owned(),
        }),
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
        Kind::Role => read::<RoleChanged>(raw)
            .into_iter()
            .map(|changed| changed.user)
            .collect(),
        Kind::Text => read::<Body>(raw)
            .and_then(|body| body.forwarded)
            .into_iter()
            .map(|from| from.sender)
            .collect(),
        Kind::Settings | Kind::Edit | Kind::Delete | Kind::React | Kind::Pin | Kind::Other(_) => Vec::new(),
    }
}

/// What somebody is in a group, with its article.
pub fn a(role: Role) -> &'static str {
    match role {
        Role::Member => "a plain member",
        Role::Admin => "an admin",
        Role::Owner => "an owner",
    }
}

/// What became of a group.
fn settings(change: &SettingsChange) -> String {
    let yes = |yes: bool, so: &str, not: &str| if yes { so.to_owned() } else { not.to_owned() };
    let mut did = Vec::new();
    did.extend(
        change
            .title
            .as_ref()
            .map(|title| format!("called the group {}", safe::line(title))),
    );
    did.extend(change.description.as_ref().map(|text| match text.is_empty() {
        true => "removed its description".to_owned(),
        false => format!("described it: {}", safe::line(text)),
    }));
    did.extend(change.picture.map(|_| "changed its picture".to_owned()));
    let announce = |on| yes(on, "let only admins write", "let everybody write");
    did.extend(change.announce.map(announce));
    did.extend(change.slow_mode_s.map(|wait_s| match wait_s {
        0 => "ended slow mode".to_owned(),
        _ => format!("set slow mode: {wait_s} s between one's messages"),
    }));
    let history = |history| {
        yes(
            history == History::All,
            "opened its past to newcomers",
            "closed its past to newcomers",
        )
    };
    did.extend(change.history.map(history));
    let approve = |on| yes(on, "made joining need approval", "let everybody with a link join");
    did.extend(change.approve.map(approve));
    if did.is_empty() {
        UPDATE.to_owned()
    } else {
        did.join("; ")
    }
}

/// Whether a text names somebody.
pub fn mentions(kind: &Kind, raw: &RawValue, user: UserId) -> bool {
    *kind == Kind::Text
        && read::<Body>(raw)
            .is_some_and(|body| body.mention_all.is_some() || body.mentions.iter().any(|one| one.user == user))
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

fn text(raw: &RawValue, people: &People) -> String {
    let Some(body) = read::<Body>(raw) else {
        return UPDATE.to_owned();
    };
    let mut text = safe::shown(&body.text);
    if let Some(from) = body.forwarded {
        text = format!("[from @{}] {text}", people.handle(from.sender));
    }
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
