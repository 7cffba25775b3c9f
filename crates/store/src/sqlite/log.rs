//! The log: writing an entry at the head, reading entries, and the table of sends that makes a retry harmless.

use super::cursors;
use super::db::{self, Db, SEQ_MAX};
use super::held::Conversation;
use super::job::{Outcome, Problem};
use super::named;
use super::planted;
use super::seen::{self, Eyes};
use super::settings;
use super::threads;
use super::work::{Digest, Pen, Work};
use crate::error::Refused;
use crate::record::{Append, Appended, Entry, Mentions};
use mutants::Mutant;
use protocol::rights::{Action, may};
use protocol::{ConversationId, Kind, MessageId, Ordinal, SendId, Seq, UserId, unread};
use rusqlite::Row;
use std::sync::Arc;

/// An entry that is about to be written.
pub(super) struct Draft {
    pub(super) conv: ConversationId,
    pub(super) sender: UserId,
    pub(super) sender_number: i64,
    pub(super) send_id: SendId,
    pub(super) kind: Kind,
    pub(super) body: Arc<str>,
    /// What it changes.
    pub(super) target: Option<Seq>,
    pub(super) reply_to: Option<Seq>,
    pub(super) thread: Option<Seq>,
}

/// Where a log ends: the highest row of its range.
pub(super) fn head(db: &Db, conv: i64) -> Outcome<(Seq, Ordinal, u64, MessageId)> {
    let found = db.first(
        "SELECT id, ord, created_ms, message_id FROM log WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
        (db::log_id(conv, Seq::ZERO), db::log_id(conv, Seq(SEQ_MAX))),
        |row| {
            Ok((
                db::seq_of(row.get(0)?),
                Ordinal(db::number(row, 1)?),
                db::number(row, 2)?,
                MessageId::from_bytes(row.get(3)?),
            ))
        },
    )?;
    Ok(found.unwrap_or((Seq::ZERO, Ordinal::ZERO, 0, MessageId::from_bytes([0; 16]))))
}

/// Messages up to and with an entry, and when it was committed. 0 before the first.
pub(super) fn place(db: &Db, conv: i64, seq: Seq) -> Outcome<(Ordinal, u64)> {
    let found = db.first(
        "SELECT ord, created_ms FROM log WHERE id = ?1",
        [db::log_id(conv, seq)],
        |row| Ok((Ordinal(db::number(row, 0)?), db::number(row, 1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// A query over the log whose rows [`entry`] reads.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT l.id, l.message_id, l.send_id, l.ord, l.kind, n.id, l.created_ms, l.rev, l.target_seq, ",
            "l.reply_to, l.thread, l.body FROM log l JOIN user_numbers n ON n.number = l.sender ",
            $rest
        )
    };
}
pub(super) use entries;

/// Reads a row of [`entries`].
pub(super) fn entry(row: &Row<'_>, conv: ConversationId) -> rusqlite::Result<Entry> {
    let seq = |column| Ok::<_, rusqlite::Error>(db::number_or_none(row, column)?.map(Seq));
    Ok(Entry {
        conv,
        seq: db::seq_of(row.get(0)?),
        ord: Ordinal(db::number(row, 3)?),
        id: MessageId::from_bytes(row.get(1)?),
        sender: db::user_id(row, 5)?,
        send_id: SendId::from_bytes(row.get(2)?),
        created_ms: db::number(row, 6)?,
        kind: db::kind(row.get_ref(4)?),
        body: Arc::from(row.get_ref(11)?.as_str()?),
        rev: seq(7)?,
        target_seq: seq(8)?,
        reply_to: seq(9)?,
        thread: seq(10)?,
        edited: None,
        deleted_by: None,
        pinned: false,
        reactions: Vec::new(),
        now: None,
    })
}

/// Reads one entry that must be there.
pub(super) fn read(db: &Db, conv: ConversationId, number: i64, seq: Seq) -> Outcome<Entry> {
    db.first(entries!("WHERE l.id = ?1"), [db::log_id(number, seq)], |row| {
        entry(row, conv)
    })?
    .ok_or(Problem::Damage("an entry that was written is not in the log"))
}

/// What a send_id of this sender in this log already names: its entry again, or a refusal if something else was asked.
pub(super) fn known(
    db: &Db,
    conv: (ConversationId, i64),
    sender: i64,
    send_id: SendId,
    digest: Digest,
) -> Outcome<Option<Appended>> {
    // Planted fault: what a memory or an old snapshot does not show was never sent.
    if (mutants::is(Mutant::DedupeInMemory) || mutants::is(Mutant::DedupeOnOldSnapshot))
        && planted::overlooks(db, conv.1, sender, send_id)?
    {
        return Ok(None);
    }
    let found = db.first(
        "SELECT seq, digest FROM sends WHERE send_id = ?1 AND conv = ?2 AND sender = ?3",
        (send_id.as_bytes(), conv.1, sender),
        |row| Ok((Seq(db::number(row, 0)?), row.get::<_, Digest>(1)?)),
    )?;
    match found {
        None => Ok(None),
        Some((_, other)) if other != digest => Err(Refused::SendIdReused.into()),
        Some((seq, _)) => again(db, conv, seq).map(Some),
    }
}

/// [`crate::Store::has_done`].
pub(super) fn has_done(db: &Db, actor: UserId, conv: ConversationId, send_id: SendId) -> Outcome<bool> {
    let (Some(actor), Some(conv)) = (db.user_number(actor)?, db.conversation_number(conv)?) else {
        return Ok(false);
    };
    let found = db.first(
        "SELECT 1 FROM sends WHERE send_id = ?1 AND conv = ?2 AND sender = ?3",
        (send_id.as_bytes(), conv, actor),
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// An entry as the answer to a change that came before.
pub(super) fn again(db: &Db, conv: (ConversationId, i64), seq: Seq) -> Outcome<Appended> {
    let entry = read(db, conv.0, conv.1, seq)?;
    Ok(Appended {
        entry: Arc::new(seen::seen(db, conv.1, entry, Eyes::Delivery)?),
        dup: true,
    })
}

/// Notes what a send_id names. `false`: it names something already, and nothing was written.
pub(super) fn note_send(db: &Db, conv: i64, sender: i64, send_id: SendId, seq: Seq, digest: Digest) -> Outcome<bool> {
    // Planted fault: what a memory or an old snapshot does not show is noted over the row that is there.
    if mutants::is(Mutant::DedupeInMemory) || mutants::is(Mutant::DedupeOnOldSnapshot) {
        planted::note(db, conv, sender, send_id)?;
    }
    let written = db.run(
        "INSERT INTO sends(send_id, conv, sender, seq, digest) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        (send_id.as_bytes(), conv, sender, db::sql(seq.0), digest),
    )?;
    Ok(written > 0)
}

/// The seq of the next entry: while the batch is open, nobody else moves the head.
pub(super) fn next_seq(pen: &Pen, conversation: &Conversation) -> Seq {
    // Planted fault: the clock counts the entries.
    if mutants::is(Mutant::SeqFromClock) && conversation.head_seq > Seq::ZERO {
        return Seq(pen.now_ms & SEQ_MAX);
    }
    // Planted fault: what the batch wrote before, and what was committed just now, is not seen.
    if mutants::is(Mutant::SeqWithoutLock) {
        let first = conversation.fanout.as_ref().and_then(|fanout| fanout.from_seq);
        let just_now = pen.now_ms.abs_diff(conversation.head_ms) < 5 && conversation.head_seq > Seq(1);
        return match first {
            Some(first) => first,
            None if just_now => conversation.head_seq,
            None => conversation.head_seq.next(),
        };
    }
    conversation.head_seq.next()
}

/// Writes an entry at the head. Its row in `sends` is the caller's.
pub(super) fn write(db: &Db, pen: &mut Pen, conversation: &mut Conversation, draft: Draft) -> Outcome<Arc<Entry>> {
    let seq = next_seq(pen, conversation);
    if seq.0 > SEQ_MAX {
        return Err(Problem::Damage("the log is full: 2^32 entries"));
    }
    let ord = if draft.kind.counts() && draft.thread.is_none() {
        conversation.head_ord.next()
    } else {
        conversation.head_ord
    };
    let created_ms = pen.now_ms.max(conversation.head_ms);
    let id = pen.message_id(created_ms, conversation.head_id);
    // Planted fault: whoever comes later to a seq that two were given takes it.
    if mutants::is(Mutant::SeqWithoutLock) {
        db.run("DELETE FROM log WHERE id = ?1", [db::log_id(conversation.number, seq)])?;
    }
    db.run(
        "INSERT INTO log(id, message_id, send_id, ord, kind, sender, created_ms, reply_to, thread, body, target_seq,
           flags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        (
            db::log_id(conversation.number, seq),
            id.as_bytes(),
            draft.send_id.as_bytes(),
            db::sql(ord.0),
            db::kind_value(&draft.kind),
            draft.sender_number,
            db::sql(created_ms),
            draft.reply_to.map(|seq| db::sql(seq.0)),
            draft.thread.map(|seq| db::sql(seq.0)),
            &*draft.body,
            draft.target.map(|seq| db::sql(seq.0)),
            if draft.thread.is_some() { threads::IN_THREAD } else { 0 },
        ),
    )?;
    conversation.head_seq = seq;
    conversation.head_ord = ord;
    conversation.head_ms = created_ms;
    conversation.head_id = id;
    conversation.note_entry(seq, pen.now_ms);
    Ok(Arc::new(Entry {
        conv: draft.conv,
        seq,
        ord,
        id,
        sender: draft.sender,
        send_id: draft.send_id,
        created_ms,
        kind: draft.kind,
        body: draft.body,
        rev: None,
        target_seq: draft.target,
        reply_to: draft.reply_to,
        thread: draft.thread,
        edited: None,
        deleted_by: None,
        pinned: false,
        reactions: Vec::new(),
        now: None,
    }))
}

/// [`crate::Store::append`].
pub(super) fn append(work: &mut Work, ask: &Append) -> Outcome<Appended> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let number = conversation.number;
    let sender = conversation.members.get(&ask.sender).ok_or(Refused::NotFound)?.number;
    let digest = digest(&work.pen, ask);
    let ask = &*named::append(db, number, ask)?;
    let slow = settings::has_to_wait(db, &work.pen, conversation, ask.sender)?;
    let allowed = match may_append(conversation, ask) {
        Ok(()) => threads::may_reply(db, conversation, ask)?,
        Err(refused) => Err(refused),
    };
    if let Err(refused) = allowed.and(slow.map_or(Ok(()), Err)) {
        let before = known(db, (ask.conv, number), sender, ask.send_id, digest)?;
        return before.ok_or(refused.into());
    }
    let seq = next_seq(&work.pen, conversation);
    if !note_send(db, number, sender, ask.send_id, seq, digest)? {
        let before = known(db, (ask.conv, number), sender, ask.send_id, digest)?;
        return before.ok_or(Problem::Damage("a send_id is taken and names nothing"));
    }
    conversation.take_up(db, &work.pen, ask.sender)?;
    if let Some(read) = ask.read {
        cursors::read_before_send(db, &work.pen, conversation, ask, read)?;
    }
    let draft = Draft {
        conv: ask.conv,
        sender: ask.sender,
        sender_number: sender,
        send_id: ask.send_id,
        kind: ask.kind.clone(),
        body: Arc::clone(&ask.body),
        target: None,
        reply_to: ask.reply_to,
        thread: ask.thread,
    };
    let entry = write(db, &mut work.pen, conversation, draft)?;
    let named = conversation.named(&ask.mentions, ask.sender);
    threads::replied(db, conversation, &entry, &named)?;
    for user in &named {
        let Some(member) = conversation
            .members
            .get_mut(user)
            .filter(|member| member.role.is_some())
        else {
            continue;
        };
        member.mentioned = entry.seq;
        db.run(
            "INSERT INTO mentions(conv, user, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (number, member.number, db::sql(entry.seq.0)),
        )?;
    }
    if let Some(member) = conversation.members.get_mut(&ask.sender) {
        member.wrote_ms = Some(entry.created_ms);
    }
    if ask.kind.counts() {
        cursors::pass_own(conversation, ask.sender, entry.seq, entry.ord);
    }
    Ok(Appended { entry, dup: false })
}

/// What must hold before anything is written. A repeat is answered even where it does not hold any longer.
fn may_append(conversation: &Conversation, ask: &Append) -> Result<(), Refused> {
    let member = conversation.members.get(&ask.sender).ok_or(Refused::NotFound)?;
    if member.role.is_none() {
        return Err(Refused::NotAMember);
    }
    if member
        .role
        .is_some_and(|role| !may(role, Action::Write, conversation.settings.mode()))
    {
        return Err(Refused::AnnouncementsOnly);
    }
    conversation.on_terms(ask.sender)?;
    let readable = |seq: &Seq| {
        *seq >= conversation.floor_seq && *seq <= conversation.head_seq && unread::may_read(&member.spans, *seq)
    };
    if ![ask.reply_to, ask.thread].iter().flatten().all(readable) || ask.forward.is_some_and(|one| !one.found) {
        return Err(Refused::BadReference);
    }
    if ask.read.is_some_and(|read| read > conversation.head_seq) {
        return Err(Refused::BeyondHead);
    }
    let may_name_all = member
        .role
        .is_some_and(|role| may(role, Action::MentionAll, conversation.settings.mode()));
    if ask.mentions == Mentions::Everybody && !may_name_all {
        return Err(Refused::Forbidden);
    }
    Ok(())
}

fn digest(pen: &Pen, ask: &Append) -> Digest {
    let place = |seq: Option<Seq>| seq.map_or(0, |seq| seq.0).to_le_bytes();
    let (reply_to, thread) = (place(ask.reply_to), place(ask.thread));
    // What is passed on is asked for by its place: its words may have changed since, or gone.
    if let Some(forward) = ask.forward {
        let (kind, conv, seq) = (ask.kind.as_str(), forward.conv, place(Some(forward.seq)));
        return pen.digest(&[b"forward", kind.as_bytes(), conv.as_bytes(), &seq, &reply_to, &thread]);
    }
    pen.digest(&[
        b"append",
        ask.kind.as_str().as_bytes(),
        ask.body.as_bytes(),
        &reply_to,
        &thread,
    ])
}
