//! Threads in an inbox: one row for each that its person follows, or did.

use super::super::db::{self, Db};
use super::super::job::{Outcome, Problem};
use super::super::work::{self, Work};
use crate::BUMP_ROWS_MAX;
use crate::record::Topic;
use crate::thread::ThreadRecord;
use protocol::{ConversationId, Seq, UserId, Ver};

/// [`crate::Store::bump_threads`].
pub(in crate::sqlite) fn bump(work: &mut Work, rows: &[ThreadRecord]) -> Outcome<Vec<(UserId, Ver)>> {
    if rows.len() > BUMP_ROWS_MAX {
        return Err(Problem::Damage("more rows than one bump may have"));
    }
    let mut bumped = Vec::new();
    for row in rows {
        bumped.extend(bump_one(work, row)?.map(|ver| (row.user, ver)));
    }
    Ok(bumped)
}

/// The later reading stands; the version of a change.
fn bump_one(work: &mut Work, row: &ThreadRecord) -> Outcome<Option<Ver>> {
    let db = &work.db;
    let user = work.numbers.give(db, row.user)?;
    let conv = match work.held.number(row.conv) {
        Some(number) => number,
        None => work::number_conversation(db, row.conv)?,
    };
    let key = (user, conv, db::sql(row.root.0));
    let stored = db.first(
        "SELECT as_of, rev, following, head, read, unread FROM inbox_threads
         WHERE user = ?1 AND conv = ?2 AND root = ?3",
        key,
        |found| record(found, 0, (row.user, row.conv, row.root)),
    )?;
    match stored {
        None if !row.following => return Ok(None),
        Some(stored) if (stored.as_of, stored.rev) > (row.as_of, row.rev) => return Ok(None),
        Some(stored) if shown(&stored) == shown(row) => {
            if (stored.as_of, stored.rev) != (row.as_of, row.rev) {
                db.run(
                    "UPDATE inbox_threads SET as_of = ?4, rev = ?5 WHERE user = ?1 AND conv = ?2 AND root = ?3",
                    (key.0, key.1, key.2, db::sql(row.as_of.0), db::sql(row.rev)),
                )?;
            }
            return Ok(None);
        }
        None | Some(_) => {}
    }
    let ver = work.vers.next(db, user)?;
    db.run(
        "INSERT INTO inbox_threads(user, conv, root, ver, as_of, rev, following, head, read, unread)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (user, conv, root) DO UPDATE SET ver = ?4, as_of = ?5, rev = ?6, following = ?7, head = ?8,
           read = ?9, unread = ?10",
        (
            key.0,
            key.1,
            key.2,
            db::sql(ver.0),
            db::sql(row.as_of.0),
            db::sql(row.rev),
            row.following,
            db::sql(row.head.0),
            db::sql(row.read.0),
            db::sql(row.unread),
        ),
    )?;
    Ok(Some(ver))
}

/// What its person sees of a row.
fn shown(row: &ThreadRecord) -> (bool, Seq, Seq, u64) {
    (row.following, row.head, row.read, row.unread)
}

/// Threads changed above `after`, for a page of the inbox: the `limit` first.
pub(super) fn changed_above(db: &Db, user: (UserId, i64), after: Ver, limit: i64) -> Outcome<Vec<(Ver, Topic)>> {
    db.all(
        "SELECT t.ver, n.id, t.root, t.as_of, t.rev, t.following, t.head, t.read, t.unread FROM inbox_threads t
         JOIN conversation_numbers n ON n.number = t.conv
         WHERE t.user = ?1 AND t.ver > ?2 ORDER BY t.ver LIMIT ?3",
        (user.1, db::sql(after.0), limit),
        |row| {
            let (conv, root) = (ConversationId::from_bytes(row.get(1)?), Seq(db::number(row, 2)?));
            let record = record(row, 3, (user.0, conv, root))?;
            Ok((Ver(db::number(row, 0)?), Topic::Thread(record)))
        },
    )
}

fn record(
    row: &rusqlite::Row<'_>,
    first: usize,
    (user, conv, root): (UserId, ConversationId, Seq),
) -> rusqlite::Result<ThreadRecord> {
    let number = |column: usize| db::number(row, first + column);
    Ok(ThreadRecord {
        user,
        conv,
        root,
        as_of: Seq(number(0)?),
        rev: number(1)?,
        following: row.get(first + 2)?,
        head: Seq(number(3)?),
        read: Seq(number(4)?),
        unread: number(5)?,
    })
}
