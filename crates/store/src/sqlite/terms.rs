//! On what terms two people are in a 1:1: a request until it is taken up, blocked by one of them, with one of them
//! gone. All of it stands on the members' rows, so that a send finds it where it writes.

use super::cursors;
use super::db::{self, Db};
use super::held::Conversation;
use super::job::Outcome;
use super::work::{Pen, Work};
use crate::error::Refused;
use crate::record::{SetTerms, Terms};
use protocol::people::FirstContact;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, UserId};
use rusqlite::Row;

/// A member's side of it. In a group only `rev` is ever set.
#[derive(Clone, Copy, Default)]
pub(super) struct Side {
    pub(super) request: Option<FirstContact>,
    /// They block the other one.
    pub(super) blocks: bool,
    /// Their account is deactivated.
    pub(super) gone: bool,
    /// How often `request` and `blocks` changed; in a group, who asks to be let in while they might admit them.
    pub(super) rev: u64,
}

impl Side {
    /// Reads `request, blocks, gone, terms_rev` from column `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            request: request(row.get(first)?),
            blocks: row.get(first + 1)?,
            gone: row.get(first + 2)?,
            rev: db::number(row, first + 3)?,
        })
    }

    fn is_quiet(&self) -> bool {
        self.request.is_some() || self.blocks
    }
}

pub(super) fn request(code: i64) -> Option<FirstContact> {
    match code {
        0 => None,
        2 => Some(FirstContact::Ignored),
        _ => Some(FirstContact::Open),
    }
}

pub(super) fn request_code(request: Option<FirstContact>) -> i64 {
    match request {
        None => 0,
        Some(FirstContact::Open) => 1,
        Some(FirstContact::Ignored) => 2,
    }
}

impl Conversation {
    /// Whether it is a 1:1 in which nothing that passes is told.
    pub(super) fn is_quiet(&self) -> bool {
        self.kind == ConversationKind::Direct && self.members.values().any(|member| member.side.is_quiet())
    }

    /// Whether somebody who is a member may write, as far as the two of a 1:1 are concerned.
    pub(super) fn on_terms(&self, user: UserId) -> Result<(), Refused> {
        if self.kind != ConversationKind::Direct {
            return Ok(());
        }
        for (other, member) in &self.members {
            let (side, is_self) = (&member.side, *other == user);
            if !is_self && side.gone {
                return Err(Refused::PeerDeactivated);
            }
            if !is_self && side.blocks {
                return Err(Refused::NotAccepted);
            }
        }
        match self.members.get(&user) {
            Some(member) if member.side.blocks => Err(Refused::YouBlock),
            _ => Ok(()),
        }
    }

    /// Takes a request up, if it is one to this person: whoever writes into it does.
    pub(super) fn take_up(&mut self, db: &Db, pen: &Pen, user: UserId) -> Outcome<bool> {
        let Some(member) = self
            .members
            .get_mut(&user)
            .filter(|member| member.side.request.is_some())
        else {
            return Ok(false);
        };
        member.side.request = None;
        member.side.rev += 1;
        member.dirty = true;
        let (number, present, read) = (member.number, member.role.is_some(), member.mine);
        self.note_cursor(number, present, pen.now_ms);
        cursors::deliver(db, pen, self, user, read)?;
        Ok(true)
    }
}

/// [`crate::Store::set_terms`].
pub(super) fn set(work: &mut Work, ask: &SetTerms) -> Outcome<bool> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let kind = conversation.kind;
    let member = conversation.members.get_mut(&ask.user).ok_or(Refused::NotFound)?;
    if kind != ConversationKind::Direct {
        return Err(Refused::NotARequest.into());
    }
    let side = &mut member.side;
    match ask.terms {
        Terms::Accept => return conversation.take_up(db, &work.pen, ask.user),
        Terms::Ignore => match side.request {
            None => return Err(Refused::NotARequest.into()),
            Some(FirstContact::Ignored) => return Ok(false),
            Some(FirstContact::Open) => side.request = Some(FirstContact::Ignored),
        },
        Terms::Blocks(on) if side.blocks == on => return Ok(false),
        Terms::Blocks(on) => side.blocks = on,
    }
    side.rev += 1;
    member.dirty = true;
    let (number, present) = (member.number, member.role.is_some());
    conversation.note_cursor(number, present, work.pen.now_ms);
    Ok(true)
}

/// [`crate::Store::note_deactivated`]. No inbox tells it: people ask who somebody is.
pub(super) fn note_deactivated(work: &mut Work, user: UserId, deactivated: bool, limit: usize) -> Outcome<usize> {
    let Some(number) = work.db.user_number(user)? else {
        return Ok(0);
    };
    // What the open batch changed before is not in the file yet, but what this looks at is written at once.
    let convs = work.db.all(
        "SELECT n.id FROM members m JOIN conversations v ON v.conv = m.conv
         JOIN conversation_numbers n ON n.number = m.conv
         WHERE m.user = ?1 AND v.kind = ?2 AND m.gone <> ?3 ORDER BY m.conv LIMIT ?4",
        (
            number,
            db::conversation_kind_code(ConversationKind::Direct),
            deactivated,
            db::sql(limit as u64),
        ),
        |row| row.get(0).map(ConversationId::from_bytes),
    )?;
    for conv in &convs {
        let Some(conversation) = work.held.get(&work.db, *conv)? else {
            continue;
        };
        let conv = conversation.number;
        if let Some(member) = conversation.members.get_mut(&user) {
            member.side.gone = deactivated;
            member.write(&work.db, conv)?;
        }
    }
    Ok(convs.len())
}
