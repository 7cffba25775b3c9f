//! The bridge: which conversations' inboxes may be behind, and what they call for.

use super::db::{self, Db};
use super::held::{Conversation, Member, Waiting};
use super::job::Outcome;
use super::links;
use super::log;
use super::threads;
use super::work::{Pen, Work};
use crate::record::{Dirty, InboxRecord, InboxRows, MENTIONS_TOLD_MAX, PeerCursor};
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, Seq, UserId};
use std::collections::BTreeSet;

/// fanout_threads.user: all who follow. No person has this number.
const FOLLOWERS: i64 = 0;

/// Adds what the batch has written to the conversation's fanout row, under a new mark.
pub(super) fn write(db: &Db, pen: &mut Pen, conversation: &mut Conversation) -> Outcome<()> {
    let Some(fanout) = conversation.fanout.take() else {
        return Ok(());
    };
    let (conv, mark) = (conversation.number, pen.mark());
    let from_seq = |from: Option<Seq>| from.map(|seq| db::sql(seq.0));
    let waiting = match &mut conversation.waiting {
        Some(waiting) => {
            waiting.mark = mark;
            waiting.from_seq = match (waiting.from_seq, fanout.from_seq) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            db.run(
                "UPDATE fanout SET mark = ?2, from_seq = ?3 WHERE conv = ?1",
                (conv, db::sql(mark), from_seq(waiting.from_seq)),
            )?;
            waiting
        }
        None => {
            db.run(
                "INSERT INTO fanout(conv, from_seq, since_ms, mark) VALUES (?1, ?2, ?3, ?4)",
                (conv, from_seq(fanout.from_seq), db::sql(fanout.since_ms), db::sql(mark)),
            )?;
            conversation.waiting.insert(Waiting {
                from_seq: fanout.from_seq,
                mark,
                users: Vec::new(),
                threads: BTreeSet::new(),
            })
        }
    };
    // An entry concerns every member anyhow.
    let movers = if fanout.from_seq.is_some() {
        &[][..]
    } else {
        &fanout.movers
    };
    for user in movers.iter().chain(&fanout.former) {
        if !waiting.users.contains(user) {
            db.run("INSERT INTO fanout_users(conv, user) VALUES (?1, ?2)", (conv, user))?;
            waiting.users.push(*user);
        }
    }
    for (root, user) in fanout.threads {
        if waiting.threads.insert((root, user)) {
            db.run(
                "INSERT INTO fanout_threads(conv, root, user) VALUES (?1, ?2, ?3)",
                (conv, db::sql(root.0), user.unwrap_or(FOLLOWERS)),
            )?;
        }
    }
    Ok(())
}

/// A conversation with the fanout row that it has in storage.
pub(super) fn waits(db: &Db, mut conversation: Conversation) -> Outcome<Conversation> {
    let conv = conversation.number;
    let row = db.first("SELECT from_seq, mark FROM fanout WHERE conv = ?1", [conv], |row| {
        Ok((db::number_or_none(row, 0)?.map(Seq), db::number(row, 1)?))
    })?;
    if let Some((from_seq, mark)) = row {
        let users = db.all("SELECT user FROM fanout_users WHERE conv = ?1", [conv], |row| {
            row.get(0)
        })?;
        let threads = db.all("SELECT root, user FROM fanout_threads WHERE conv = ?1", [conv], |row| {
            let user = Some(row.get::<_, i64>(1)?).filter(|user| *user != FOLLOWERS);
            Ok((Seq(db::number(row, 0)?), user))
        })?;
        conversation.waiting = Some(Waiting {
            from_seq,
            mark,
            users,
            threads: threads.into_iter().collect(),
        });
    }
    Ok(conversation)
}

/// [`crate::Store::settle`].
pub(super) fn settle(work: &mut Work, conv: ConversationId, mark: u64) -> Outcome<()> {
    let Some(conversation) = work.held.get(&work.db, conv)? else {
        return Ok(());
    };
    // What the open batch wrote to it is about to get a mark that nobody has read yet.
    if conversation.fanout.is_some() {
        return Ok(());
    }
    let Some(settled) = conversation.waiting.take_if(|waiting| waiting.mark == mark) else {
        return Ok(());
    };
    let conv = conversation.number;
    work.db.run("DELETE FROM fanout WHERE conv = ?1", [conv])?;
    if !settled.threads.is_empty() {
        work.db.run("DELETE FROM fanout_threads WHERE conv = ?1", [conv])?;
    }
    if !settled.users.is_empty() {
        work.db.run("DELETE FROM fanout_users WHERE conv = ?1", [conv])?;
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

/// [`crate::Store::inbox_rows`]. The writer reads it, out of what it holds in memory, and it is answered like a change:
/// after the commit, so that nobody learns what is not durable. A reader needs seven queries and a snapshot for the
/// same.
pub(super) fn inbox_rows(work: &mut Work, conv: ConversationId) -> Outcome<InboxRows> {
    let db = &work.db;
    let Some(conversation) = work.held.get(db, conv)? else {
        return Ok(InboxRows::default());
    };
    // What the open batch wrote is in these rows, so the row gets its mark now.
    write(db, &mut work.pen, conversation)?;
    let Some(Waiting {
        from_seq, mark, users, ..
    }) = &conversation.waiting
    else {
        return Ok(InboxRows::default());
    };
    let concerned = |member: &Member| {
        users.contains(&member.number)
            || match *from_seq {
                None => conversation.kind == ConversationKind::Direct,
                Some(from) => member
                    .spans
                    .last()
                    .is_some_and(|span| span.to_seq.is_none_or(|to| to >= from)),
            }
    };
    let asking = match conversation.kind {
        ConversationKind::Group => links::asking(db, conversation.number)?,
        ConversationKind::Direct | ConversationKind::Unknown => 0,
    };
    let mut rows = Vec::new();
    for (user, member) in conversation.members.iter().filter(|(_, member)| concerned(member)) {
        rows.push(record(db, conv, conversation, (*user, member), asking)?);
    }
    Ok(InboxRows {
        mark: Some(*mark),
        rows,
        threads: threads::rows(db, conv, conversation)?,
    })
}

fn record(
    db: &Db,
    conv: ConversationId,
    conversation: &Conversation,
    (user, member): (UserId, &Member),
    asking: u64,
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
        settings: conversation.settings.clone(),
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
        prefs: protocol::own::Prefs::default(),
        request: member.side.request,
        asking: if links::may_admit(conversation, member) {
            u32::try_from(asking).unwrap_or(u32::MAX)
        } else {
            0
        },
        terms_rev: member.side.rev,
    })
}

/// The latest mentions above the read cursor, in order.
fn mentions(db: &Db, conv: i64, member: &Member) -> Outcome<Vec<Seq>> {
    if member.mentioned <= member.mine {
        return Ok(Vec::new());
    }
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
