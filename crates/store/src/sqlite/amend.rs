//! What is done to an entry after it was written: edit, delete, react, pin.

use super::db::{self, Db};
use super::held::{Conversation, Member};
use super::job::{Outcome, Problem};
use super::log::{self, Draft};
use super::named;
use super::read::Viewer;
use super::seen::{self, Eyes};
use super::threads;
use super::work::{Digest, Pen, Work};
use crate::change::{Amend, Amendment, AskHistory, Revisions};
use crate::record::{Appended, Entry};
use crate::{EMPTY_BODY, Refused};
use mutants::Mutant;
use protocol::limits::{
    DELETE_MS_MAX, EDIT_MS_MAX, ENTRY_EMOJIS_MAX, ENTRY_REACTIONS_MAX, PAGE_BYTES_MAX, PERSON_REACTIONS_MAX, PINS_MAX,
};
use protocol::rights::{self, Action};
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Epoch, Kind, Seq, UserId, unread};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether a change that may be made changes anything.
#[derive(PartialEq, Eq)]
enum Comes {
    ToSomething,
    ToNothing,
}

/// [`crate::Store::amend`].
pub(super) fn amend(work: &mut Work, ask: &Amend) -> Outcome<Appended> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let actor = conversation.members.get(&ask.actor).ok_or(Refused::NotFound)?.number;
    let digest = digest(&work.pen, ask);
    let conv = (ask.conv, conversation.number);
    if let Some(before) = log::known(db, conv, actor, ask.send_id, digest)? {
        return Ok(before);
    }
    let ask = &*named::amend(db, conv.1, ask)?;
    let (target, comes) = may_amend(db, &work.pen, conversation, ask)?;
    if comes == Comes::ToNothing {
        log::note_send(db, conv.1, actor, ask.send_id, conversation.head_seq, digest)?;
        return log::again(db, conv, conversation.head_seq);
    }
    let seq = log::next_seq(&work.pen, conversation);
    log::note_send(db, conv.1, actor, ask.send_id, seq, digest)?;
    let draft = Draft {
        conv: ask.conv,
        sender: ask.actor,
        sender_number: actor,
        send_id: ask.send_id,
        kind: ask.change.kind(),
        body: ask.change.body(),
        target: Some(ask.target),
        reply_to: None,
        thread: None,
    };
    let entry = log::write(db, &mut work.pen, conversation, draft)?;
    match &ask.change {
        Amendment::Edit { body, mentions } => {
            let named = conversation.named(mentions, ask.actor);
            mention_anew(db, conversation, &target, entry.seq, &named)?;
            threads::named_later(db, conversation, &target, &named)?;
            edit(db, conv.1, &target, entry.seq, body)?;
        }
        Amendment::Delete => delete(db, conv.1, target.seq)?,
        Amendment::React { emoji, on } => react(db, conv.1, &entry, target.seq, emoji, *on)?,
        Amendment::Pin { on } => pin(db, conv.1, &entry, target.seq, actor, *on)?,
    }
    db.run(
        "UPDATE log SET rev = ?2 WHERE id = ?1",
        (db::log_id(conv.1, target.seq), db::sql(entry.seq.0)),
    )?;
    let entry = Arc::new(seen::seen(db, conv.1, Entry::clone(&entry), Eyes::Delivery)?);
    Ok(Appended { entry, dup: false })
}

/// What must hold before anything is written, and the entry that is to be changed.
fn may_amend(db: &Db, pen: &Pen, conversation: &Conversation, ask: &Amend) -> Outcome<(Entry, Comes)> {
    let actor = conversation.members.get(&ask.actor).ok_or(Refused::NotFound)?;
    if actor.role.is_none() {
        return Err(Refused::NotAMember.into());
    }
    let there = ask.target >= conversation.floor_seq && ask.target <= conversation.head_seq;
    if !there || !unread::may_read(&actor.spans, ask.target) {
        return Err(Refused::BadReference.into());
    }
    let target = log::read(db, ask.conv, conversation.number, ask.target)?;
    let is_edit = matches!(ask.change, Amendment::Edit { .. });
    if !target.kind.may_be_sent() || (is_edit && target.kind != Kind::Text) {
        return Err(Refused::NotAMessage.into());
    }
    let own = target.sender == ask.actor;
    let action = match ask.change {
        Amendment::Edit { .. } if !own => return Err(Refused::Forbidden.into()),
        Amendment::Edit { .. } => Action::EditOwn,
        Amendment::Delete if own => Action::DeleteOwn,
        Amendment::Delete => Action::DeleteOthers,
        Amendment::React { .. } => Action::React,
        Amendment::Pin { .. } => Action::Pin,
    };
    if !allows(conversation, actor, action) {
        return Err(Refused::Forbidden.into());
    }
    if ask.change.says_something() {
        conversation.on_terms(ask.actor)?;
    }
    if ask.change.names_everybody() && !allows(conversation, actor, Action::MentionAll) {
        return Err(Refused::Forbidden.into());
    }
    let deleted = seen::deleted_by(db, conversation.number, target.rev)?.is_some();
    let age_ms = pen.now_ms.saturating_sub(target.created_ms);
    let comes = match &ask.change {
        Amendment::Delete if deleted => Comes::ToNothing,
        _ if deleted => return Err(Refused::Deleted.into()),
        Amendment::Edit { .. } if age_ms > EDIT_MS_MAX => return Err(Refused::TooLate.into()),
        Amendment::Delete if age_ms > DELETE_MS_MAX && !allows(conversation, actor, Action::DeleteOthers) => {
            return Err(Refused::TooLate.into());
        }
        Amendment::React { emoji, on } => comes_of_reacting(db, conversation.number, ask, emoji, *on)?,
        Amendment::Pin { on } => comes_of_pinning(db, conversation.number, target.seq, *on)?,
        Amendment::Edit { .. } | Amendment::Delete => Comes::ToSomething,
    };
    Ok((target, comes))
}

/// Whether somebody may do this here. In a 1:1 nobody is above the other.
fn allows(conversation: &Conversation, member: &Member, action: Action) -> bool {
    if conversation.kind == ConversationKind::Direct && action == Action::DeleteOthers {
        return false;
    }
    let mode = conversation.settings.mode();
    member.role.is_some_and(|role| rights::may(role, action, mode))
}

fn comes_of_reacting(db: &Db, conv: i64, ask: &Amend, emoji: &str, on: bool) -> Outcome<Comes> {
    let there = seen::reactions(db, conv, ask.target)?;
    let this = there.iter().find(|reaction| reaction.emoji == emoji);
    if this.is_some_and(|reaction| reaction.users.contains(&ask.actor)) == on {
        return Ok(Comes::ToNothing);
    }
    let all: usize = there.iter().map(|reaction| reaction.users.len()).sum();
    let mine = there
        .iter()
        .filter(|reaction| reaction.users.contains(&ask.actor))
        .count();
    let new_emoji = this.is_none() && there.len() >= ENTRY_EMOJIS_MAX;
    if on && (new_emoji || all >= ENTRY_REACTIONS_MAX || mine >= PERSON_REACTIONS_MAX) {
        return Err(Refused::TooMany.into());
    }
    Ok(Comes::ToSomething)
}

fn comes_of_pinning(db: &Db, conv: i64, target: Seq, on: bool) -> Outcome<Comes> {
    if seen::is_pinned(db, conv, target)? == on {
        return Ok(Comes::ToNothing);
    }
    let pinned = db.first("SELECT count(*) FROM pins WHERE conv = ?1", [conv], |row| {
        db::number(row, 0)
    })?;
    if on && pinned.unwrap_or(0) >= PINS_MAX as u64 {
        return Err(Refused::TooMany.into());
    }
    Ok(Comes::ToSomething)
}

/// Replaces a body; the one before is kept under the edit that made it.
fn edit(db: &Db, conv: i64, target: &Entry, edit: Seq, body: &str) -> Outcome<()> {
    let before = seen::edits(db, conv, target.seq)?
        .into_iter()
        .rfind(|(seq, _)| *seq < edit);
    let (rev, at_ms) = before.unwrap_or((Seq::ZERO, target.created_ms));
    db.run(
        "INSERT INTO revisions(conv, seq, rev, at_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        (
            conv,
            db::sql(target.seq.0),
            db::sql(rev.0),
            db::sql(at_ms),
            &*target.body,
        ),
    )?;
    db.run(
        "UPDATE log SET body = ?2 WHERE id = ?1",
        (db::log_id(conv, target.seq), body),
    )?;
    Ok(())
}

/// Everything of an entry's content goes.
fn delete(db: &Db, conv: i64, target: Seq) -> Outcome<()> {
    let seq = db::sql(target.0);
    db.run(
        "UPDATE log SET body = ?2, flags = flags | 1 WHERE id = ?1",
        (db::log_id(conv, target), EMPTY_BODY),
    )?;
    // Planted fault: what it said before it was edited stays.
    if !mutants::is(Mutant::DeleteLeavesACopy) {
        db.run("DELETE FROM revisions WHERE conv = ?1 AND seq = ?2", (conv, seq))?;
    }
    db.run("DELETE FROM reactions WHERE conv = ?1 AND seq = ?2", (conv, seq))?;
    db.run("DELETE FROM pins WHERE conv = ?1 AND seq = ?2", (conv, seq))?;
    for place in places(db, conv, target)? {
        db.run(
            "DELETE FROM mentions WHERE conv = ?1 AND seq = ?2",
            (conv, db::sql(place.0)),
        )?;
    }
    Ok(())
}

fn react(db: &Db, conv: i64, entry: &Entry, target: Seq, emoji: &str, on: bool) -> Outcome<()> {
    let sender = db
        .user_number(entry.sender)?
        .ok_or(Problem::Damage("a member has no number"))?;
    let seq = db::sql(target.0);
    if on {
        db.run(
            "INSERT INTO reactions(conv, seq, user, emoji, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            (conv, seq, sender, emoji, db::sql(entry.created_ms)),
        )?;
    } else {
        db.run(
            "DELETE FROM reactions WHERE conv = ?1 AND seq = ?2 AND user = ?3 AND emoji = ?4",
            (conv, seq, sender, emoji),
        )?;
    }
    Ok(())
}

fn pin(db: &Db, conv: i64, entry: &Entry, target: Seq, actor: i64, on: bool) -> Outcome<()> {
    let seq = db::sql(target.0);
    if on {
        db.run(
            "INSERT INTO pins(conv, seq, user, at_ms, pin_seq) VALUES (?1, ?2, ?3, ?4, ?5)",
            (conv, seq, actor, db::sql(entry.created_ms), db::sql(entry.seq.0)),
        )?;
    } else {
        db.run("DELETE FROM pins WHERE conv = ?1 AND seq = ?2", (conv, seq))?;
    }
    Ok(())
}

/// Where rows of mentions of an entry may stand: at it, and at its edits.
fn places(db: &Db, conv: i64, target: Seq) -> Outcome<BTreeSet<Seq>> {
    let mut places: BTreeSet<Seq> = seen::edits(db, conv, target)?.into_iter().map(|(seq, _)| seq).collect();
    places.insert(target);
    Ok(places)
}

/// The mentions of an entry follow its new body.
fn mention_anew(db: &Db, conversation: &mut Conversation, target: &Entry, edit: Seq, named: &[UserId]) -> Outcome<()> {
    let conv = conversation.number;
    let mut had: BTreeMap<i64, Vec<Seq>> = BTreeMap::new();
    for place in places(db, conv, target.seq)? {
        let users = db.all(
            "SELECT user FROM mentions WHERE conv = ?1 AND seq = ?2",
            (conv, db::sql(place.0)),
            |row| row.get::<_, i64>(0),
        )?;
        users
            .into_iter()
            .for_each(|user| had.entry(user).or_default().push(place));
    }
    let kept: BTreeSet<i64> = named
        .iter()
        .filter_map(|user| Some(conversation.members.get(user)?.number))
        .collect();
    for (user, seqs) in had.iter().filter(|(user, _)| !kept.contains(user)) {
        for seq in seqs {
            db.run(
                "DELETE FROM mentions WHERE conv = ?1 AND user = ?2 AND seq = ?3",
                (conv, user, db::sql(seq.0)),
            )?;
        }
    }
    for user in named {
        let member = conversation
            .members
            .get_mut(user)
            .filter(|member| member.role.is_some());
        let Some(member) = member.filter(|member| unread::may_read(&member.spans, target.seq)) else {
            continue;
        };
        if had.contains_key(&member.number) {
            continue;
        }
        // Whoever has read the entry already would never look there.
        let at = if member.mine >= target.seq { edit } else { target.seq };
        member.mentioned = member.mentioned.max(at);
        db.run(
            "INSERT INTO mentions(conv, user, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (conv, member.number, db::sql(at.0)),
        )?;
    }
    Ok(())
}

/// [`crate::Store::history`].
pub(super) fn history(db: &Db, epoch: Epoch, ask: &AskHistory) -> Outcome<Revisions> {
    let viewer = Viewer::find(db, epoch, ask.conv, ask.reader)?.ok_or(Refused::NotFound)?;
    if !viewer.may_read(ask.seq) {
        return Err(Refused::BadReference.into());
    }
    let entry = log::read(db, ask.conv, viewer.number, ask.seq)?;
    let (mut list, mut bytes, mut more) = (Vec::new(), 0, false);
    for revision in seen::bodies(db, viewer.number, &entry, &viewer.spans)?
        .into_iter()
        .rev()
    {
        if ask
            .before
            .is_some_and(|before| revision.rev.unwrap_or_default() >= before)
        {
            continue;
        }
        bytes += revision.body.len();
        more = bytes > PAGE_BYTES_MAX && !list.is_empty();
        if more {
            break;
        }
        list.push(revision);
    }
    Ok(Revisions { more, list })
}

/// [`crate::Store::pins`].
pub(super) fn pins(db: &Db, epoch: Epoch, reader: UserId, conv: ConversationId) -> Outcome<Vec<Seq>> {
    let viewer = Viewer::find(db, epoch, conv, reader)?.ok_or(Refused::NotFound)?;
    if !viewer.spans.last().is_some_and(protocol::Span::is_open) {
        return Err(Refused::NotAMember.into());
    }
    let pinned = db.all(
        "SELECT seq, pin_seq FROM pins WHERE conv = ?1 ORDER BY pin_seq DESC",
        [viewer.number],
        |row| Ok((Seq(db::number(row, 0)?), Seq(db::number(row, 1)?))),
    )?;
    let mut shown = Vec::new();
    for (seq, _) in pinned.into_iter().filter(|(seq, _)| viewer.may_read(*seq)) {
        let entry = log::read(db, conv, viewer.number, seq)?;
        if seen::seen(db, viewer.number, entry, Eyes::Reader(&viewer.spans))?.pinned {
            shown.push(seq);
        }
    }
    Ok(shown)
}

fn digest(pen: &Pen, ask: &Amend) -> Digest {
    let kind = ask.change.kind();
    let body = match &ask.change {
        Amendment::Edit { body, .. } => Arc::clone(body),
        other => other.body(),
    };
    pen.digest(&[
        b"amend",
        kind.as_str().as_bytes(),
        &ask.target.0.to_le_bytes(),
        body.as_bytes(),
    ])
}
