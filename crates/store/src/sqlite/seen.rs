//! An entry as somebody sees it: what the changes that they may read have made of it. The log holds each entry as it is
//! now, and beside it stand its reactions, its pin and its earlier bodies. Whoever may read every later change is given
//! that; for everybody else it is made out of the changes one by one.

use super::db::{self, Db};
use super::job::{Outcome, Problem};
use crate::change::Revision;
use crate::record::Entry;
use protocol::entry::{Pinned, Reacted, Reaction};
use protocol::{Kind, Seq, Span, UserId, unread};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who looks.
#[derive(Clone, Copy)]
pub(super) enum Eyes<'a> {
    /// Somebody with these spans.
    Reader(&'a [Span]),
    /// Delivery: an entry as it was committed.
    Delivery,
}

/// One change of an entry.
struct Change {
    seq: Seq,
    kind: Kind,
    sender: UserId,
    body: String,
}

/// An entry, read from the log, as these eyes see it.
pub(super) fn seen(db: &Db, conv: i64, entry: Entry, eyes: Eyes<'_>) -> Outcome<Entry> {
    let mut seen = entry;
    if let (Kind::Edit, Some(target)) = (&seen.kind, seen.target_seq) {
        seen.now = made(db, conv, seen.seq, target, eyes)?;
        return Ok(seen);
    }
    let Some(rev) = seen.rev else {
        return Ok(seen);
    };
    seen.deleted_by = deleted_by(db, conv, Some(rev))?;
    if seen.deleted_by.is_some() {
        return Ok(seen);
    }
    match eyes {
        Eyes::Reader(spans) if spans.iter().any(|span| span.is_open() && span.holds(seen.seq)) => {
            seen.edited = edits(db, conv, seen.seq)?.last().map(|(seq, _)| *seq);
            seen.reactions = reactions(db, conv, seen.seq)?;
            seen.pinned = is_pinned(db, conv, seen.seq)?;
        }
        Eyes::Reader(spans) => replay(db, conv, &mut seen, spans)?,
        Eyes::Delivery => {
            seen.body = body(db, conv, seen.seq, None)?.unwrap_or(seen.body);
            seen.rev = None;
        }
    }
    Ok(seen)
}

/// Makes an entry anew out of the changes that somebody may read.
fn replay(db: &Db, conv: i64, seen: &mut Entry, spans: &[Span]) -> Outcome<()> {
    let (mut rev, mut edit, mut pinned) = (None, None, false);
    let mut by_emoji: BTreeMap<String, BTreeSet<UserId>> = BTreeMap::new();
    let changes = changes(db, conv, seen.seq)?;
    for change in changes.into_iter().filter(|change| unread::may_read(spans, change.seq)) {
        rev = Some(change.seq);
        match change.kind {
            Kind::Edit => edit = Some(change.seq),
            Kind::Pin => pinned = serde_json::from_str::<Pinned>(&change.body).is_ok_and(|pinned| pinned.on),
            Kind::React => {
                let reacted: Reacted =
                    serde_json::from_str(&change.body).map_err(|_| Problem::Damage("a reaction in the log is none"))?;
                let users = by_emoji.entry(reacted.emoji).or_default();
                if reacted.on {
                    users.insert(change.sender);
                } else {
                    users.remove(&change.sender);
                }
            }
            _ => {}
        }
    }
    if let Some(body) = body(db, conv, seen.seq, edit)? {
        seen.body = body;
    }
    seen.rev = rev;
    seen.edited = edit;
    seen.pinned = pinned;
    seen.reactions = listed(by_emoji);
    Ok(())
}

/// Who deleted an entry for everybody, by its `rev`.
pub(super) fn deleted_by(db: &Db, conv: i64, rev: Option<Seq>) -> Outcome<Option<UserId>> {
    let Some(rev) = rev else {
        return Ok(None);
    };
    let last = db.first(
        "SELECT l.kind, n.id FROM log l JOIN user_numbers n ON n.number = l.sender WHERE l.id = ?1",
        [db::log_id(conv, rev)],
        |row| Ok((db::kind(row.get_ref(0)?), db::user_id(row, 1)?)),
    )?;
    Ok(last.and_then(|(kind, sender)| (kind == Kind::Delete).then_some(sender)))
}

/// The changes of an entry, in order.
fn changes(db: &Db, conv: i64, target: Seq) -> Outcome<Vec<Change>> {
    db.all(
        "SELECT l.id, l.kind, n.id, l.body FROM log l JOIN user_numbers n ON n.number = l.sender
         WHERE l.target_seq = ?1 AND l.kind IN (6, 7, 8, 9) AND l.id BETWEEN ?2 AND ?3 ORDER BY l.id",
        (
            db::sql(target.0),
            db::log_id(conv, target),
            db::log_id(conv, Seq(db::SEQ_MAX)),
        ),
        |row| {
            Ok(Change {
                seq: db::seq_of(row.get(0)?),
                kind: db::kind(row.get_ref(1)?),
                sender: db::user_id(row, 2)?,
                body: row.get(3)?,
            })
        },
    )
}

/// The edits of an entry with their times, in order.
pub(super) fn edits(db: &Db, conv: i64, target: Seq) -> Outcome<Vec<(Seq, u64)>> {
    db.all(
        "SELECT id, created_ms FROM log WHERE target_seq = ?1 AND kind = 6 AND id BETWEEN ?2 AND ?3 ORDER BY id",
        (
            db::sql(target.0),
            db::log_id(conv, target),
            db::log_id(conv, Seq(db::SEQ_MAX)),
        ),
        |row| Ok((db::seq_of(row.get(0)?), db::number(row, 1)?)),
    )
}

/// The body that an edit made (`None`: that an entry was written with), where a later edit replaced it.
fn body(db: &Db, conv: i64, seq: Seq, edit: Option<Seq>) -> Outcome<Option<Arc<str>>> {
    db.first(
        "SELECT body FROM revisions WHERE conv = ?1 AND seq = ?2 AND rev = ?3",
        (conv, db::sql(seq.0), db::sql(edit.unwrap_or_default().0)),
        |row| Ok(Arc::from(row.get_ref(0)?.as_str()?)),
    )
}

/// The body that an edit made, if it still is what these eyes see of its target.
fn made(db: &Db, conv: i64, edit: Seq, target: Seq, eyes: Eyes<'_>) -> Outcome<Option<Arc<str>>> {
    let later = |seq: Seq| match eyes {
        Eyes::Reader(spans) => unread::may_read(spans, seq),
        // A later edit is a reason to leave it out, whoever may read that one.
        Eyes::Delivery => true,
    };
    if matches!(eyes, Eyes::Reader(spans) if !unread::may_read(spans, target)) {
        return Ok(None);
    }
    let last = edits(db, conv, target)?.into_iter().rfind(|(seq, _)| later(*seq));
    if last.is_none_or(|(last, _)| last != edit) {
        return Ok(None);
    }
    let now = db.first(
        "SELECT body, rev FROM log WHERE id = ?1",
        [db::log_id(conv, target)],
        |row| {
            Ok((
                Arc::from(row.get_ref(0)?.as_str()?),
                db::number_or_none(row, 1)?.map(Seq),
            ))
        },
    )?;
    let (now, rev) = now.ok_or(Problem::Damage("what an entry changes is not in the log"))?;
    if deleted_by(db, conv, rev)?.is_some() {
        return Ok(None);
    }
    Ok(Some(body(db, conv, target, Some(edit))?.unwrap_or(now)))
}

/// Who put which emoji to an entry.
pub(super) fn reactions(db: &Db, conv: i64, seq: Seq) -> Outcome<Vec<Reaction>> {
    let rows = db.all(
        "SELECT r.emoji, n.id FROM reactions r JOIN user_numbers n ON n.number = r.user
         WHERE r.conv = ?1 AND r.seq = ?2",
        (conv, db::sql(seq.0)),
        |row| Ok((row.get::<_, String>(0)?, db::user_id(row, 1)?)),
    )?;
    let mut by_emoji: BTreeMap<String, BTreeSet<UserId>> = BTreeMap::new();
    for (emoji, user) in rows {
        by_emoji.entry(emoji).or_default().insert(user);
    }
    Ok(listed(by_emoji))
}

fn listed(by_emoji: BTreeMap<String, BTreeSet<UserId>>) -> Vec<Reaction> {
    let some = by_emoji.into_iter().filter(|(_, users)| !users.is_empty());
    some.map(|(emoji, users)| Reaction {
        emoji,
        users: users.into_iter().collect(),
    })
    .collect()
}

/// Whether an entry is pinned now.
pub(super) fn is_pinned(db: &Db, conv: i64, seq: Seq) -> Outcome<bool> {
    let found = db.first(
        "SELECT 1 FROM pins WHERE conv = ?1 AND seq = ?2",
        (conv, db::sql(seq.0)),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// The bodies an entry had that somebody may see, the first first; none if it was deleted.
pub(super) fn bodies(db: &Db, conv: i64, entry: &Entry, spans: &[Span]) -> Outcome<Vec<Revision>> {
    let edits = edits(db, conv, entry.seq)?;
    let mut made: Vec<(Option<Seq>, u64)> = vec![(None, entry.created_ms)];
    made.extend(edits.into_iter().map(|(seq, at_ms)| (Some(seq), at_ms)));
    let last = made.last().and_then(|(rev, _)| *rev);
    let mut bodies = Vec::new();
    let gone = deleted_by(db, conv, entry.rev)?.is_some();
    for (rev, at_ms) in made {
        if rev.is_some_and(|seq| !unread::may_read(spans, seq)) {
            continue;
        }
        let kept = body(db, conv, entry.seq, rev)?;
        let now = (rev == last && !gone).then(|| Arc::clone(&entry.body));
        bodies.extend(kept.or(now).map(|body| Revision { rev, at_ms, body }));
    }
    Ok(bodies)
}
