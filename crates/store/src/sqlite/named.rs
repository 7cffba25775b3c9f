//! Entries that a change points to by their place and by their name: the place is of the log that its author knew.
//! After a backup was restored another entry may stand there, and the one that is meant may have come back elsewhere.

use super::db::{self, Db};
use super::job::Outcome;
use crate::change::Amend;
use crate::record::{Append, Names};
use mutants::Mutant;
use protocol::{SendId, Seq};
use std::borrow::Cow;

/// The change, with the place where its target stands; a place where nothing ever stands if there is no target.
pub(super) fn amend<'a>(db: &Db, conv: i64, ask: &'a Amend) -> Outcome<Cow<'a, Amend>> {
    let target = place(db, conv, ask.target, ask.target_name)?.unwrap_or(Seq::ZERO);
    if target == ask.target {
        return Ok(Cow::Borrowed(ask));
    }
    let here = Amend { target, ..ask.clone() };
    Ok(Cow::Owned(here))
}

/// What is said, with the places where what it points to stands. Words are worth more than what they point to: where
/// that is gone they are said without it.
pub(super) fn append<'a>(db: &Db, conv: i64, ask: &'a Append) -> Outcome<Cow<'a, Append>> {
    if ask.names == Names::default() {
        return Ok(Cow::Borrowed(ask));
    }
    let find = |seq: Option<Seq>, name| match seq {
        Some(seq) => place(db, conv, seq, name),
        None => Ok(None),
    };
    let reply_to = find(ask.reply_to, ask.names.reply_to)?;
    let thread = find(ask.thread, ask.names.thread)?;
    if (reply_to, thread) == (ask.reply_to, ask.thread) {
        return Ok(Cow::Borrowed(ask));
    }
    let here = Append {
        reply_to,
        thread,
        ..ask.clone()
    };
    Ok(Cow::Owned(here))
}

/// Where the entry of this name stands, most likely at `seq`. `None`: there is none, or more than one of other people,
/// so that nobody can say which is meant.
fn place(db: &Db, conv: i64, seq: Seq, name: Option<SendId>) -> Outcome<Option<Seq>> {
    // Planted fault: what stands at the place is what is meant.
    let Some(name) = name.filter(|_| !mutants::is(Mutant::ChangeByPlace)) else {
        return Ok(Some(seq));
    };
    let here = db.first(
        "SELECT 1 FROM log WHERE id = ?1 AND send_id = ?2",
        (db::log_id(conv, seq), name.as_bytes()),
        |row| row.get::<_, i64>(0),
    )?;
    if here.is_some() {
        return Ok(Some(seq));
    }
    // A change that came to nothing has a row, too, which leads to an entry of another name.
    let bearers = db.all(
        "SELECT l.id FROM sends s JOIN log l ON l.id = (s.conv << 32) | s.seq
         WHERE s.send_id = ?1 AND s.conv = ?2 AND l.send_id = s.send_id LIMIT 2",
        (name.as_bytes(), conv),
        |row| Ok(db::seq_of(row.get(0)?)),
    )?;
    Ok(match bearers[..] {
        [only] => Some(only),
        _ => None,
    })
}
