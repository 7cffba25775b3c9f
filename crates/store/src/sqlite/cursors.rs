//! Cursors: what members have stored and read, and when.

use super::db::{self, Db};
use super::held::{Conversation, Member, Run};
use super::job::{Outcome, Problem};
use super::log;
use super::work::{Pen, Work};
use crate::error::Refused;
use crate::record::{Append, CursorMove, CursorMoved};
use mutants::Mutant;
use protocol::{Generation, Ordinal, Seq, UserId};

/// A minute of receipts, in milliseconds.
const RUN_MS: u64 = 60_000;
/// Kinds of receipt runs.
pub(super) const DELIVERED: i64 = 1;
pub(super) const READ: i64 = 2;

/// What one move asks of one member's cursors.
struct Step {
    delivered: Option<Seq>,
    read: Option<Seq>,
    generation: Option<Generation>,
    private: bool,
}

/// [`crate::Store::move_cursors`].
pub(super) fn move_all(work: &mut Work, moves: &[CursorMove]) -> Outcome<Vec<Result<CursorMoved, Refused>>> {
    let mut answers = Vec::with_capacity(moves.len());
    for ask in moves {
        answers.push(match move_one(work, ask) {
            Ok(moved) => Ok(moved),
            Err(Problem::Refused(refused)) => Err(refused),
            Err(problem) => return Err(problem),
        });
    }
    Ok(answers)
}

fn move_one(work: &mut Work, ask: &CursorMove) -> Outcome<CursorMoved> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let member = conversation.members.get(&ask.user).ok_or(Refused::NotFound)?;
    let readable = member.readable_head(conversation.head_seq);
    if [ask.delivered, ask.read]
        .into_iter()
        .flatten()
        .any(|seq| seq > readable)
    {
        return Err(Refused::BeyondHead.into());
    }
    let step = Step {
        delivered: ask.delivered,
        read: ask.read,
        generation: ask.generation,
        private: ask.private,
    };
    advance(db, &work.pen, conversation, ask.user, &step)
}

/// Moves one member's cursors. What is asked for has been checked against the head.
fn advance(db: &Db, pen: &Pen, conversation: &mut Conversation, user: UserId, step: &Step) -> Outcome<CursorMoved> {
    let (conv, head_seq, head_ord) = (conversation.number, conversation.head_seq, conversation.head_ord);
    let is_quiet = conversation.is_quiet();
    let member = conversation.members.get_mut(&user).ok_or(Refused::NotFound)?;
    let before = (member.delivered, member.read);
    let said = step.delivered.max(step.read).unwrap_or_default();
    let mine_before = (member.mine, member.generation);
    if let Some(read) = step.read {
        if !is_quiet && !step.private {
            member.read = member.read.max(read);
        }
        move_private(member, read, step.generation);
    }
    if !is_quiet {
        member.delivered = member.delivered.max(said);
    }
    // Planted fault: the public cursors go where they are told, also back.
    if mutants::is(Mutant::CursorGoesBack) {
        member.read = step.read.unwrap_or(member.read);
        member.delivered = step.delivered.max(step.read).unwrap_or(member.delivered);
    }
    let changed_mine = (member.mine, member.generation) != mine_before;
    if changed_mine {
        member.mine_ord = if member.mine == head_seq {
            head_ord
        } else {
            log::place(db, conv, member.mine)?.0
        };
    }
    let (delivered, read) = (member.delivered, member.read);
    note_run(db, conv, member, DELIVERED, before.0, delivered, pen.now_ms)?;
    note_run(db, conv, member, READ, before.1, read, pen.now_ms)?;
    let moved = (member.delivered, member.read) != before;
    let answer = CursorMoved {
        // In a quiet 1:1 it is not public, and answered as if it were, or it would be said again and again.
        delivered: if is_quiet {
            member.delivered.max(said)
        } else {
            member.delivered
        },
        read: member.read,
        mine: member.mine,
        mine_ord: member.mine_ord,
        generation: member.generation,
        moved,
    };
    if moved || changed_mine {
        member.dirty = true;
        let (number, present) = (member.number, member.role.is_some());
        conversation.note_cursor(number, present, pen.now_ms);
    }
    Ok(answer)
}

/// The private cursor: a maximum within a generation; a later one may set it lower.
fn move_private(member: &mut Member, read: Seq, generation: Option<Generation>) {
    let generation = generation.unwrap_or(member.generation);
    if generation > member.generation {
        member.generation = generation;
        member.mine = read;
    } else if generation == member.generation {
        member.mine = member.mine.max(read);
    }
}

/// The cursors of somebody who sends and says what they have been shown.
pub(super) fn read_before_send(
    db: &Db,
    pen: &Pen,
    conversation: &mut Conversation,
    ask: &Append,
    read: Seq,
) -> Outcome<()> {
    let step = Step {
        delivered: None,
        read: Some(read),
        generation: None,
        private: ask.private,
    };
    advance(db, pen, conversation, ask.sender, &step).map(|_| ())
}

/// What somebody had read when they took a request up is delivered then.
pub(super) fn deliver(db: &Db, pen: &Pen, conversation: &mut Conversation, user: UserId, to: Seq) -> Outcome<()> {
    let step = Step {
        delivered: Some(to),
        read: None,
        generation: None,
        private: false,
    };
    advance(db, pen, conversation, user, &step).map(|_| ())
}

/// One's own message: each read cursor that stood right before it passes it. That is no receipt.
pub(super) fn pass_own(conversation: &mut Conversation, user: UserId, seq: Seq, ord: Ordinal) {
    let Some(member) = conversation.members.get_mut(&user) else {
        return;
    };
    if member.read == seq.prev() {
        member.read = seq;
        member.delivered = member.delivered.max(seq);
        member.dirty = true;
    }
    if member.mine == seq.prev() {
        member.mine = seq;
        member.mine_ord = ord;
        member.dirty = true;
    }
}

/// Notes when a public cursor passed entries: it extends the run of this minute, or starts one.
fn note_run(db: &Db, conv: i64, member: &mut Member, kind: i64, from: Seq, to: Seq, now_ms: u64) -> Outcome<()> {
    if to <= from {
        return Ok(());
    }
    let slot = usize::from(kind == READ);
    let last = match member.runs[slot] {
        Some(run) => Some(run),
        None => db.first(
            "SELECT from_seq, at_ms FROM receipt_runs WHERE conv = ?1 AND user = ?2 AND kind = ?3
             ORDER BY from_seq DESC LIMIT 1",
            (conv, member.number, kind),
            |row| {
                Ok(Run {
                    from_seq: row.get(0)?,
                    at_ms: db::number(row, 1)?,
                })
            },
        )?,
    };
    if let Some(run) = last.filter(|run| run.at_ms / RUN_MS == now_ms / RUN_MS) {
        db.run(
            "UPDATE receipt_runs SET to_seq = ?5 WHERE conv = ?1 AND user = ?2 AND kind = ?3 AND from_seq = ?4",
            (conv, member.number, kind, run.from_seq, db::sql(to.0)),
        )?;
        member.runs[slot] = Some(run);
        return Ok(());
    }
    let run = Run {
        from_seq: db::sql(from.0 + 1),
        at_ms: now_ms,
    };
    db.run(
        "INSERT INTO receipt_runs(conv, user, kind, from_seq, to_seq, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (conv, member.number, kind, run.from_seq, db::sql(to.0), db::sql(now_ms)),
    )?;
    member.runs[slot] = Some(run);
    Ok(())
}
