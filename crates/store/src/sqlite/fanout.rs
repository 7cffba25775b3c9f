//! The bridge: which conversations' inboxes may be behind, and what they call for.

use super::db::{self, Db};
use super::held::{Conversation, Fanout, Member};
use super::job::Outcome;
use super::log;
use super::work::Work;
use crate::record::{Dirty, InboxRecord, InboxRows, MENTIONS_TOLD_MAX, PeerCursor};
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeSet;

/// Adds what a batch has written to the conversation's fanout row.
pub(super) fn write(db: &Db, conv: i64, fanout: &Fanout, mark: u64) -> Outcome<()> {
    db.run(
        "INSERT INTO fanout(conv, from_seq, since_ms, mark) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conv) DO UPDATE SET mark = excluded.mark,
           from_seq = coalesce(min(from_seq, excluded.from_seq), from_seq, excluded.from_seq)",
        (
            conv,
            fanout.from_seq.map(|seq| db::sql(seq.0)),
            db::sql(fanout.since_ms),
            db::sql(mark),
        ),
    )?;
    // An entry concerns every member anyhow.
    let movers = if fanout.from_seq.is_some() {
        &[][..]
    } else {
        &fanout.movers
    };
    for user in movers.iter().chain(&fanout.former) {
        db.run(
            "INSERT INTO fanout_users(conv, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (conv, user),
        )?;
    }
    Ok(())
}

/// [`crate::Store::settle`].
pub(super) fn settle(work: &mut Work, conv: ConversationId, mark: u64) -> Outcome<()> {
    // The open batch wrote to it, so the row on disk is about to get a mark that nobody has read yet.
    if work.held.wrote_to(conv) {
        return Ok(());
    }
    let Some(number) = work.db.conversation_number(conv)? else {
        return Ok(());
    };
    let settled = work.db.run(
        "DELETE FROM fanout WHERE conv = ?1 AND mark = ?2",
        (number, db::sql(mark)),
    )?;
    if settled > 0 {
        work.db.run("DELETE FROM fanout_users WHERE conv = ?1", [number])?;
    }
    Ok(())
}

/// [`crate::Store::dirty`].
pub(super) fn dirty(db: &Db, limit: usize) -> Outcome<Vec<Dirty>> {
    db.all(
        "SELECT n.id, f.since_ms, f.mark FROM fanout f JOIN conversation_numbers n ON n.number = f.conv
         ORDER BY f.since_ms, f.conv LIMIT ?1",
        [db::sql(limit as u64)],
        |row| {
            Ok(Dirty {
                conv: ConversationId::from_bytes(row.get(0)?),
                since_ms: db::number(row, 1)?,
                mark: db::number(row, 2)?,
            })
        },
    )
}

/// [`crate::Store::inbox_rows`].
pub(super) fn inbox_rows(db: &Db, conv: ConversationId) -> Outcome<InboxRows> {
    let Some(conversation) = Conversation::load(db, conv)? else {
        return Ok(InboxRows::default());
    };
    let row = db.first(
        "SELECT from_seq, mark FROM fanout WHERE conv = ?1",
        [conversation.number],
        |row| Ok((db::number_or_none(row, 0)?.map(Seq), db::number(row, 1)?)),
    )?;
    let Some((from_seq, mark)) = row else {
        return Ok(InboxRows::default());
    };
    let movers: BTreeSet<i64> = db
        .all(
            "SELECT user FROM fanout_users WHERE conv = ?1",
            [conversation.number],
            |row| row.get(0),
        )?
        .into_iter()
        .collect();
    let concerned = |member: &Member| {
        movers.contains(&member.number)
            || match from_seq {
                None => conversation.kind == ConversationKind::Direct,
                Some(from) => member
                    .spans
                    .last()
                    .is_some_and(|span| span.to_seq.is_none_or(|to| to >= from)),
            }
    };
    let mut rows = Vec::new();
    for (user, member) in conversation.members.iter().filter(|(_, member)| concerned(member)) {
        rows.push(record(db, conv, &conversation, *user, member)?);
    }
    Ok(InboxRows { mark: Some(mark), rows })
}

fn record(
    db: &Db,
    conv: ConversationId,
    conversation: &Conversation,
    user: UserId,
    member: &Member,
) -> Outcome<InboxRecord> {
    let head_seq = member.readable_head(conversation.head_seq);
    let (head_ord, head_ms) = if head_seq == conversation.head_seq {
        (conversation.head_ord, conversation.head_ms)
    } else {
        log::place(db, conversation.number, head_seq)?
    };
    let peer = (conversation.kind == ConversationKind::Direct)
        .then(|| conversation.members.iter().find(|(other, _)| **other != user))
        .flatten()
        .map(|(other, cursors)| PeerCursor {
            user: *other,
            delivered: cursors.delivered,
            read: cursors.read,
        });
    Ok(InboxRecord {
        user,
        conv,
        as_of: conversation.head_seq,
        kind: conversation.kind,
        title: conversation.title.clone(),
        role: member.role,
        spans: member.spans.clone(),
        head_seq,
        head_ord,
        head_ms,
        read_seq: member.mine,
        read_ord: member.mine_ord,
        generation: member.generation,
        mention_seqs: mentions(db, conversation.number, member)?,
        peer,
    })
}

/// The latest mentions above the read cursor, in order.
fn mentions(db: &Db, conv: i64, member: &Member) -> Outcome<Vec<Seq>> {
    let mut seqs = db.all(
        "SELECT seq FROM mentions WHERE conv = ?1 AND user = ?2 AND seq > ?3 ORDER BY seq DESC LIMIT ?4",
        (
            conv,
            member.number,
            db::sql(member.mine.0),
            db::sql(MENTIONS_TOLD_MAX as u64),
        ),
        |row| db::number(row, 0).map(Seq),
    )?;
    seqs.reverse();
    Ok(seqs)
}
