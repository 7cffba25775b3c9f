//! Invite links and those who ask to be let in. They belong to the conversation, so that joining is one transaction.

use super::db::{self, Db};
use super::held::{Conversation, Member};
use super::job::{Outcome, Problem};
use super::log;
use super::members::{self, Turn};
use super::work::Work;
use crate::error::Refused;
use crate::link::{Join, JoinRequest, Joined, Link, LinkLook, NewLink};
use crate::record::SecretHash;
use mutants::Mutant;
use protocol::rights::{Action, may};
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Kind, SendId, UserId, limits};
use rusqlite::Row;

/// A query over links whose rows [`link`] reads.
macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "SELECT l.id, n.id, l.uses_left, l.expires_ms, l.created_ms FROM links l ",
            "JOIN user_numbers n ON n.number = l.creator ",
            $rest
        )
    };
}

/// [`crate::Store::add_link`].
pub(super) fn add(work: &mut Work, new: &NewLink) -> Outcome<Link> {
    let db = &work.db;
    let conversation = work.held.get(db, new.conv)?.ok_or(Refused::NotFound)?;
    let creator = allowed(conversation, new.actor, Action::Link)?;
    let conv = conversation.number;
    db.run(
        "DELETE FROM links WHERE conv = ?1 AND (uses_left = 0 OR expires_ms <= ?2)",
        (conv, db::sql(work.pen.now_ms)),
    )?;
    // A repeat has lost the answer, and with it the secret: the one that is told last holds.
    let again = db.run(
        "UPDATE links SET hash = ?4 WHERE conv = ?1 AND creator = ?2 AND id = ?3",
        (conv, creator, new.id.as_bytes(), new.hash),
    )?;
    if again == 0 {
        let count = db.first("SELECT count(*) FROM links WHERE conv = ?1", [conv], |row| {
            db::number(row, 0)
        })?;
        if count.unwrap_or(0) >= limits::LINKS_MAX as u64 {
            return Err(Refused::TooManyLinks.into());
        }
        db.run(
            "INSERT INTO links(conv, creator, id, hash, uses_left, expires_ms, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                conv,
                creator,
                new.id.as_bytes(),
                new.hash,
                new.uses,
                db::sql(new.expires_ms),
                db::sql(work.pen.now_ms),
            ),
        )?;
    }
    let made = db.first(
        rows!("WHERE l.conv = ?1 AND l.creator = ?2 AND l.id = ?3"),
        (conv, creator, new.id.as_bytes()),
        link,
    )?;
    made.ok_or(Problem::Damage("a link that was written is not there"))
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        id: SendId::from_bytes(row.get(0)?),
        creator: db::user_id(row, 1)?,
        uses_left: row.get(2)?,
        expires_ms: db::number(row, 3)?,
        created_ms: db::number(row, 4)?,
    })
}

/// The local number of a member who has this right.
fn allowed(conversation: &Conversation, user: UserId, action: Action) -> Outcome<i64> {
    let member = conversation.members.get(&user).ok_or(Refused::NotFound)?;
    let role = member.role.ok_or(Refused::NotAMember)?;
    if conversation.kind != ConversationKind::Group {
        return Err(Refused::NotAGroup.into());
    }
    if !may(role, action, conversation.settings.mode()) {
        return Err(Refused::Forbidden.into());
    }
    Ok(member.number)
}

/// [`crate::Store::links`].
pub(super) fn list(db: &Db, now_ms: u64, reader: UserId, conv: ConversationId) -> Outcome<Vec<Link>> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::NotFound)?;
    allowed(&conversation, reader, Action::Link)?;
    db.all(
        rows!(
            "WHERE l.conv = ?1 AND (l.uses_left IS NULL OR l.uses_left > 0) AND l.expires_ms > ?2
             ORDER BY l.created_ms, n.id, l.id"
        ),
        (conversation.number, db::sql(now_ms)),
        link,
    )
}

/// [`crate::Store::revoke_link`].
pub(super) fn revoke(work: &mut Work, actor: UserId, conv: ConversationId, id: SendId) -> Outcome<bool> {
    let db = &work.db;
    let conversation = work.held.get(db, conv)?.ok_or(Refused::NotFound)?;
    allowed(conversation, actor, Action::Link)?;
    let gone = db.run(
        "DELETE FROM links WHERE conv = ?1 AND id = ?2",
        (conversation.number, id.as_bytes()),
    )?;
    Ok(gone > 0)
}

/// The row of the link of this hash, if it can be used: never into a group that everybody has left.
fn usable(db: &Db, conversation: &Conversation, hash: &SecretHash, now_ms: u64) -> Outcome<i64> {
    let least = i64::from(!mutants::is(Mutant::LinkUsedOnceTooOften));
    let found = db.first(
        "SELECT rowid FROM links WHERE conv = ?1 AND hash = ?2 AND (uses_left IS NULL OR uses_left >= ?4)
         AND expires_ms > ?3",
        (conversation.number, hash, db::sql(now_ms), least),
        |row| row.get(0),
    )?;
    let found = found.filter(|_| conversation.present().next().is_some());
    found.ok_or(Refused::InviteInvalid.into())
}

/// [`crate::Store::look`].
pub(super) fn look(db: &Db, now_ms: u64, user: UserId, conv: ConversationId, hash: &SecretHash) -> Outcome<LinkLook> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::InviteInvalid)?;
    usable(db, &conversation, hash, now_ms)?;
    let members = conversation.present().count();
    let member = conversation
        .members
        .get(&user)
        .is_some_and(|member| member.role.is_some());
    let asked = match db.user_number(user)? {
        Some(user) => asks(db, conversation.number, user)?,
        None => false,
    };
    Ok(LinkLook {
        title: conversation.title,
        description: conversation.settings.description,
        members,
        approve: conversation.settings.approve,
        member,
        asked,
    })
}

/// [`crate::Store::join`].
pub(super) fn join(work: &mut Work, ask: &Join) -> Outcome<Joined> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::InviteInvalid)?;
    let conv = conversation.number;
    let user = work.numbers.give(db, ask.user)?;
    let digest = work.pen.digest(&[b"join", &ask.hash]);
    if let Some(before) = log::known(db, (ask.conv, conv), user, ask.send_id, digest)? {
        return Ok(Joined::In(before));
    }
    let turn = Turn {
        conv: ask.conv,
        actor: ask.user,
        send_id: ask.send_id,
        sender: user,
        digest,
    };
    if conversation
        .members
        .get(&ask.user)
        .is_some_and(|member| member.role.is_some())
    {
        return turn.nothing_new(db, conversation).map(Joined::In);
    }
    let approve = conversation.settings.approve;
    if approve && asks(db, conv, user)? {
        return Ok(Joined::Asked);
    }
    let link = usable(db, conversation, &ask.hash, work.pen.now_ms)?;
    if was_removed(db, conversation, ask.user)? {
        return Err(Refused::Removed.into());
    }
    if conversation.present().count() >= limits::GROUP_MEMBERS_MAX {
        return Err(Refused::GroupFull.into());
    }
    if approve && asking(db, conv)? >= limits::JOIN_REQUESTS_MAX as u64 {
        return Err(Refused::TooManyLinks.into());
    }
    db.run("UPDATE links SET uses_left = uses_left - 1 WHERE rowid = ?1", [link])?;
    if approve {
        db.run(
            "INSERT INTO join_requests(conv, user, asked_ms) VALUES (?1, ?2, ?3)",
            (conv, user, db::sql(work.pen.now_ms)),
        )?;
        tell_who_asks(conversation, work.pen.now_ms);
        return Ok(Joined::Asked);
    }
    let added = [(ask.user, user)];
    members::add(db, &mut work.pen, conversation, &turn, &added).map(Joined::In)
}

/// Whether somebody was taken out by somebody else when they were last here: the last entry they may read says so.
fn was_removed(db: &Db, conversation: &Conversation, user: UserId) -> Outcome<bool> {
    let member = conversation.members.get(&user);
    let Some(end) = member.and_then(|member| member.spans.last()?.to_seq) else {
        return Ok(false);
    };
    let kind = db.first(
        "SELECT kind FROM log WHERE id = ?1",
        [db::log_id(conversation.number, end)],
        |row| Ok(db::kind(row.get_ref(0)?)),
    )?;
    Ok(kind == Some(Kind::Removed))
}

/// Whether somebody asks to be let in.
pub(super) fn asks(db: &Db, conv: i64, user: i64) -> Outcome<bool> {
    let found = db.first(
        "SELECT 1 FROM join_requests WHERE conv = ?1 AND user = ?2",
        (conv, user),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// How many ask to be let in.
pub(super) fn asking(db: &Db, conv: i64) -> Outcome<u64> {
    let count = db.first("SELECT count(*) FROM join_requests WHERE conv = ?1", [conv], |row| {
        db::number(row, 0)
    })?;
    Ok(count.unwrap_or(0))
}

/// Somebody is in, or was turned away: they ask no longer. Answers whether they did.
pub(super) fn answered(db: &Db, conv: i64, user: i64) -> Outcome<bool> {
    let gone = db.run("DELETE FROM join_requests WHERE conv = ?1 AND user = ?2", (conv, user))?;
    Ok(gone > 0)
}

/// Somebody asks no longer, and no entry says it.
pub(super) fn turn_away(db: &Db, conversation: &mut Conversation, user: i64, now_ms: u64) -> Outcome<()> {
    if answered(db, conversation.number, user)? {
        tell_who_asks(conversation, now_ms);
    }
    Ok(())
}

/// Whether a present or former member may let others in.
pub(super) fn may_admit(conversation: &Conversation, member: &Member) -> bool {
    let may = |role| may(role, Action::Admit, conversation.settings.mode());
    conversation.kind == ConversationKind::Group && member.role.is_some_and(may)
}

/// Somebody asks, or does so no longer, and no entry says it: the inboxes of those who may admit them are behind.
fn tell_who_asks(conversation: &mut Conversation, now_ms: u64) {
    let present = conversation
        .present()
        .filter(|(_, member)| may_admit(conversation, member));
    let told: Vec<(UserId, i64)> = present.map(|(user, member)| (user, member.number)).collect();
    for (user, number) in told {
        if let Some(member) = conversation.members.get_mut(&user) {
            member.side.rev += 1;
            member.dirty = true;
        }
        conversation.note_cursor(number, true, now_ms);
    }
}

/// [`crate::Store::requests`].
pub(super) fn requests(db: &Db, reader: UserId, conv: ConversationId) -> Outcome<Vec<JoinRequest>> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::NotFound)?;
    allowed(&conversation, reader, Action::Admit)?;
    db.all(
        "SELECT n.id, r.asked_ms FROM join_requests r JOIN user_numbers n ON n.number = r.user
         WHERE r.conv = ?1 ORDER BY r.asked_ms, n.id",
        [conversation.number],
        |row| {
            Ok(JoinRequest {
                user: db::user_id(row, 0)?,
                asked_ms: db::number(row, 1)?,
            })
        },
    )
}
