//! What is one person's own: preferences, marks and drafts. Rows of the user family, each with the version of its last
//! change.

use super::db::{self, Db};
use super::job::{Outcome, Problem};
use super::work::Work;
use crate::error::Refused;
use crate::own::{Draft, DraftState, Owned, SetDraft};
use crate::record::{Head, Topic};
use mutants::Mutant;
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::{ConversationId, Epoch, Ordinal, Seq, Span, UserId, Ver, limits, unread};

/// The row of a conversation in somebody's inbox, as far as it matters here.
struct OwnRow {
    user: i64,
    conv: i64,
    ver: Ver,
    prefs: Prefs,
    spans: Vec<Span>,
    head: Head,
}

/// [`crate::Store::set_prefs`].
pub(super) fn set_prefs(work: &mut Work, epoch: Epoch, user: UserId, change: &SetPrefs) -> Outcome<Owned<Prefs>> {
    let row = row(&work.db, epoch, user, change.conv)?;
    if change.cleared_seq.is_some_and(|seq| seq > row.head.seq) {
        return Err(Refused::BeyondHead.into());
    }
    let prefs = row.prefs.with(change);
    if prefs == row.prefs {
        return Ok(Owned::unchanged(prefs, row.ver));
    }
    let ver = work.vers.next(&work.db, row.user)?;
    work.db.run(
        "UPDATE inbox SET prefs = ?2, ver = ?3 WHERE id = ?1",
        (row.user << db::SEQ_BITS | row.conv, json(&prefs)?, db::sql(ver.0)),
    )?;
    Ok(Owned::changed(prefs, user, ver, row.head))
}

/// [`crate::Store::set_mark`].
pub(super) fn set_mark(work: &mut Work, epoch: Epoch, user: UserId, change: &SetMark) -> Outcome<Owned<MarkRow>> {
    let db = &work.db;
    let row = row(db, epoch, user, change.conv)?;
    if change.seq > row.head.seq {
        return Err(Refused::BeyondHead.into());
    }
    if !unread::may_read(&row.spans, change.seq) {
        return Err(Refused::BadReference.into());
    }
    let key = (row.user, row.conv, db::sql(change.seq.0));
    let known = db.first(
        "SELECT ver, star, hidden, at_ms FROM marks WHERE user = ?1 AND conv = ?2 AND seq = ?3",
        key,
        |found| Ok((Ver(db::number(found, 0)?), mark(found, 1, change.conv, change.seq)?)),
    )?;
    let (ver, before) = known.unwrap_or((
        Ver::ZERO,
        MarkRow {
            conv: change.conv,
            seq: change.seq,
            star: false,
            hidden: false,
            at_ms: 0,
        },
    ));
    let after = MarkRow {
        star: change.star.unwrap_or(before.star),
        hidden: change.hidden.unwrap_or(before.hidden),
        ..before
    };
    if after == before {
        return Ok(Owned::unchanged(before, ver));
    }
    if known.is_none() {
        let count = db.first("SELECT count(*) FROM marks WHERE user = ?1", [row.user], |row| {
            db::number(row, 0)
        })?;
        if count.unwrap_or(0) >= limits::MARKS_MAX as u64 {
            return Err(Refused::TooManyMarks.into());
        }
    }
    let after = MarkRow {
        at_ms: work.pen.now_ms,
        ..after
    };
    let ver = work.vers.next(db, row.user)?;
    db.run(
        "INSERT INTO marks(user, conv, seq, ver, star, hidden, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (user, conv, seq) DO UPDATE SET ver = ?4, star = ?5, hidden = ?6, at_ms = ?7",
        (
            key.0,
            key.1,
            key.2,
            db::sql(ver.0),
            after.star,
            after.hidden,
            db::sql(after.at_ms),
        ),
    )?;
    Ok(Owned::changed(after, user, ver, row.head))
}

/// [`crate::Store::starred`].
pub(super) fn starred(db: &Db, user: UserId, before: Option<Ver>, limit: usize) -> Outcome<Vec<(Ver, MarkRow)>> {
    let Some(user) = db.user_number(user)? else {
        return Ok(Vec::new());
    };
    db.all(
        "SELECT m.ver, n.id, m.seq, m.star, m.hidden, m.at_ms FROM marks m
         JOIN conversation_numbers n ON n.number = m.conv
         WHERE m.user = ?1 AND m.star AND m.ver < ?2 ORDER BY m.ver DESC LIMIT ?3",
        (
            user,
            db::sql(before.map_or(u64::MAX, |before| before.0)),
            db::sql(limit as u64),
        ),
        numbered_mark,
    )
}

/// [`crate::Store::set_draft`].
pub(super) fn set_draft(work: &mut Work, epoch: Epoch, ask: &SetDraft) -> Outcome<Owned<Draft>> {
    let row = row(&work.db, epoch, ask.user, ask.conv)?;
    let known = work.db.first(
        "SELECT ver, text, text_ver, at_ms, kept FROM drafts WHERE user = ?1 AND conv = ?2",
        (row.user, row.conv),
        |found| Ok((Ver(db::number(found, 0)?), draft(found, 1, ask.conv)?)),
    )?;
    let (ver, before) = match known {
        Some((ver, draft)) => (ver, draft?),
        None => (Ver::ZERO, empty(ask.conv)),
    };
    let mut after = before.clone();
    after.kept.retain(|kept| !ask.forget.contains(&kept.text_ver));
    let writes = ask.text.as_ref().filter(|text| {
        let knows = ask.base_ver == before.now.text_ver;
        **text != before.now.text && (knows || !text.is_empty())
    });
    if writes.is_none() && after == before {
        return Ok(Owned::unchanged(before, ver));
    }
    let ver = work.vers.next(&work.db, row.user)?;
    if let Some(text) = writes {
        overwrite(&mut after, text, ask.base_ver, (ver, work.pen.now_ms));
    }
    work.db.run(
        "INSERT INTO drafts(user, conv, ver, text, text_ver, at_ms, kept) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (user, conv) DO UPDATE SET ver = ?3, text = ?4, text_ver = ?5, at_ms = ?6, kept = ?7",
        (
            row.user,
            row.conv,
            db::sql(ver.0),
            &after.now.text,
            db::sql(after.now.text_ver.0),
            db::sql(after.now.at_ms),
            kept_json(&after.kept)?,
        ),
    )?;
    Ok(Owned::changed(after, ask.user, ver, row.head))
}

/// The last writer wins; what they did not know is kept beside, the latest of it.
fn overwrite(draft: &mut Draft, text: &str, base_ver: Ver, (text_ver, at_ms): (Ver, u64)) {
    let next = DraftState {
        text: text.to_owned(),
        text_ver,
        at_ms,
    };
    let last = std::mem::replace(&mut draft.now, next);
    // Planted fault: whoever writes last wins, and nothing is kept.
    if last.text.is_empty() || last.text_ver == base_ver || mutants::is(Mutant::DraftOverwritten) {
        return;
    }
    draft.kept.push(last);
    if draft.kept.len() > limits::KEPT_DRAFTS_MAX {
        draft.kept.remove(0);
    }
}

/// Marks and drafts changed above `after`, for a page of the inbox: the `limit` first of each.
pub(super) fn changed_above(db: &Db, user: i64, after: Ver, limit: i64) -> Outcome<Vec<(Ver, Topic)>> {
    let ask = (user, db::sql(after.0), limit);
    let marks = db.all(
        "SELECT m.ver, n.id, m.seq, m.star, m.hidden, m.at_ms FROM marks m
         JOIN conversation_numbers n ON n.number = m.conv
         WHERE m.user = ?1 AND m.ver > ?2 ORDER BY m.ver LIMIT ?3",
        ask,
        numbered_mark,
    )?;
    let mut rows: Vec<(Ver, Topic)> = marks.into_iter().map(|(ver, mark)| (ver, Topic::Mark(mark))).collect();
    let drafts = db.all(
        "SELECT d.ver, n.id, d.text, d.text_ver, d.at_ms, d.kept FROM drafts d
         JOIN conversation_numbers n ON n.number = d.conv
         WHERE d.user = ?1 AND d.ver > ?2 ORDER BY d.ver LIMIT ?3",
        ask,
        |row| {
            let conv = ConversationId::from_bytes(row.get(1)?);
            Ok((Ver(db::number(row, 0)?), draft(row, 2, conv)?))
        },
    )?;
    for (ver, draft) in drafts {
        rows.push((ver, Topic::Draft(Box::new(draft?))));
    }
    Ok(rows)
}

/// Preferences as they stand in a row. What an older or newer program wrote there is read as far as it is known.
pub(super) fn prefs(source: Option<&str>) -> Prefs {
    source.map_or_else(Prefs::default, |source| {
        serde_json::from_str(source).unwrap_or_default()
    })
}

fn row(db: &Db, epoch: Epoch, user: UserId, conv: ConversationId) -> Outcome<OwnRow> {
    let (user, number) = match (db.user_number(user)?, db.conversation_number(conv)?) {
        (Some(user), Some(number)) => (user, number),
        _ => return Err(Refused::NotFound.into()),
    };
    let found = db.first(
        "SELECT ver, prefs, spans, head_seq, head_ord, head_ms FROM inbox WHERE id = ?1",
        [user << db::SEQ_BITS | number],
        |row| {
            let spans = match db::spans(row.get_ref(2)?.as_blob()?) {
                Ok(spans) => spans,
                Err(problem) => return Ok(Err(problem)),
            };
            Ok(Ok(OwnRow {
                user,
                conv: number,
                ver: Ver(db::number(row, 0)?),
                prefs: prefs(row.get::<_, Option<String>>(1)?.as_deref()),
                spans,
                head: Head {
                    conv,
                    epoch,
                    seq: Seq(db::number(row, 3)?),
                    ord: Ordinal(db::number(row, 4)?),
                    ms: db::number(row, 5)?,
                },
            }))
        },
    )?;
    found.ok_or(Refused::NotFound)?
}

fn mark(row: &rusqlite::Row<'_>, first: usize, conv: ConversationId, seq: Seq) -> rusqlite::Result<MarkRow> {
    Ok(MarkRow {
        conv,
        seq,
        star: row.get(first)?,
        hidden: row.get(first + 1)?,
        at_ms: db::number(row, first + 2)?,
    })
}

fn numbered_mark(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Ver, MarkRow)> {
    let conv = ConversationId::from_bytes(row.get(1)?);
    let seq = Seq(db::number(row, 2)?);
    Ok((Ver(db::number(row, 0)?), mark(row, 3, conv, seq)?))
}

fn draft(row: &rusqlite::Row<'_>, first: usize, conv: ConversationId) -> rusqlite::Result<Outcome<Draft>> {
    let now = DraftState {
        text: row.get(first)?,
        text_ver: Ver(db::number(row, first + 1)?),
        at_ms: db::number(row, first + 2)?,
    };
    let kept = serde_json::from_str::<Vec<(String, u64, u64)>>(row.get_ref(first + 3)?.as_str()?);
    let Ok(kept) = kept else {
        return Ok(Err(Problem::Damage(
            "the kept texts of a draft are not what was written",
        )));
    };
    let state = |(text, text_ver, at_ms): (String, u64, u64)| DraftState {
        text,
        text_ver: Ver(text_ver),
        at_ms,
    };
    let kept = kept.into_iter().map(state).collect();
    Ok(Ok(Draft { conv, now, kept }))
}

fn empty(conv: ConversationId) -> Draft {
    Draft {
        conv,
        now: DraftState::default(),
        kept: Vec::new(),
    }
}

fn kept_json(kept: &[DraftState]) -> Outcome<String> {
    let plain: Vec<(&str, u64, u64)> = kept
        .iter()
        .map(|state| (state.text.as_str(), state.text_ver.0, state.at_ms))
        .collect();
    json(&plain)
}

fn json<T: serde::Serialize>(value: &T) -> Outcome<String> {
    serde_json::to_string(value).map_err(|_| Problem::Damage("a value cannot be written as JSON"))
}
