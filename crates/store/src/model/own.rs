//! What is one person's own: preferences, marks and drafts.

use super::State;
use crate::own::{Draft, DraftState, Owned, SetDraft};
use crate::record::{Head, InboxRecord};
use crate::{Refused, Result};
use protocol::limits::{KEPT_DRAFTS_MAX, MARKS_MAX};
use protocol::own::{MarkRow, Prefs, SetMark, SetPrefs};
use protocol::{ConversationId, Seq, UserId, Ver, unread};
use std::collections::BTreeMap;

/// Marks and drafts of one person, each with the version of its last change. Preferences stand in the inbox's rows.
#[derive(Default)]
pub(super) struct Own {
    pub marks: BTreeMap<(ConversationId, Seq), (Ver, MarkRow)>,
    pub drafts: BTreeMap<ConversationId, (Ver, Draft)>,
}

impl State {
    pub(super) fn set_prefs(&mut self, user: UserId, change: SetPrefs) -> Result<Owned<Prefs>> {
        let (ver, row) = self.own_row(user, change.conv)?;
        let prefs = row.prefs.with(&change);
        if change.cleared_seq.is_some_and(|seq| seq > row.head_seq) {
            return Err(Refused::BeyondHead.into());
        }
        if prefs == row.prefs {
            return Ok(Owned::unchanged(prefs, ver));
        }
        let head = self.own_head(row);
        let inbox = self.inboxes.get_mut(&user).expect("it has a row");
        let ver = inbox.next_ver();
        let stored = inbox.conversations.get_mut(&change.conv).expect("looked at before");
        stored.0 = ver;
        stored.1.prefs = prefs;
        Ok(Owned::changed(prefs, user, ver, head))
    }

    pub(super) fn set_mark(&mut self, user: UserId, change: SetMark, now_ms: u64) -> Result<Owned<MarkRow>> {
        let (conv, seq) = (change.conv, change.seq);
        let (_, row) = self.own_row(user, conv)?;
        if seq > row.head_seq {
            return Err(Refused::BeyondHead.into());
        }
        if !unread::may_read(&row.spans, seq) {
            return Err(Refused::BadReference.into());
        }
        let head = self.own_head(row);
        let inbox = self.inboxes.get_mut(&user).expect("it has a row");
        let known = inbox.own.marks.get(&(conv, seq)).copied();
        let none = MarkRow {
            conv,
            seq,
            star: false,
            hidden: false,
            at_ms: 0,
        };
        let (ver, before) = known.unwrap_or((Ver::ZERO, none));
        let star = change.star.unwrap_or(before.star);
        let hidden = change.hidden.unwrap_or(before.hidden);
        if (star, hidden) == (before.star, before.hidden) {
            return Ok(Owned::unchanged(before, ver));
        }
        if known.is_none() && inbox.own.marks.len() >= MARKS_MAX {
            return Err(Refused::TooManyMarks.into());
        }
        let mark = MarkRow {
            star,
            hidden,
            at_ms: now_ms,
            ..before
        };
        let ver = inbox.next_ver();
        inbox.own.marks.insert((conv, seq), (ver, mark));
        Ok(Owned::changed(mark, user, ver, head))
    }

    pub(super) fn starred(&self, user: UserId, before: Option<Ver>, limit: usize) -> Vec<(Ver, MarkRow)> {
        let Some(inbox) = self.inboxes.get(&user) else {
            return Vec::new();
        };
        let marks = inbox.own.marks.values();
        let mut stars: Vec<(Ver, MarkRow)> = marks
            .filter(|(ver, mark)| mark.star && before.is_none_or(|before| *ver < before))
            .copied()
            .collect();
        stars.sort_by_key(|(ver, _)| std::cmp::Reverse(*ver));
        stars.truncate(limit);
        stars
    }

    pub(super) fn set_draft(&mut self, ask: SetDraft, now_ms: u64) -> Result<Owned<Draft>> {
        let (user, conv) = (ask.user, ask.conv);
        let (_, row) = self.own_row(user, conv)?;
        let head = self.own_head(row);
        let inbox = self.inboxes.get_mut(&user).expect("it has a row");
        let (ver, before) = inbox.own.drafts.get(&conv).cloned().unwrap_or_else(|| {
            let empty = Draft {
                conv,
                now: DraftState::default(),
                kept: Vec::new(),
            };
            (Ver::ZERO, empty)
        });
        let mut draft = before.clone();
        draft.kept.retain(|kept| !ask.forget.contains(&kept.text_ver));
        if let Some(text) = ask.text {
            let knew = ask.base_ver == draft.now.text_ver;
            // To empty what one does not know is to empty nothing.
            let stays = text == draft.now.text || (text.is_empty() && !knew);
            if !stays {
                if !knew && !draft.now.text.is_empty() {
                    draft.kept.push(draft.now.clone());
                    let too_many = draft.kept.len().saturating_sub(KEPT_DRAFTS_MAX);
                    draft.kept.drain(..too_many);
                }
                draft.now = DraftState {
                    text,
                    text_ver: inbox.ver.next(),
                    at_ms: now_ms,
                };
            }
        }
        if draft == before {
            return Ok(Owned::unchanged(draft, ver));
        }
        let ver = inbox.next_ver();
        inbox.own.drafts.insert(conv, (ver, draft.clone()));
        Ok(Owned::changed(draft, user, ver, head))
    }

    fn own_row(&self, user: UserId, conv: ConversationId) -> std::result::Result<(Ver, &InboxRecord), Refused> {
        let row = self.inboxes.get(&user).and_then(|inbox| inbox.conversations.get(&conv));
        row.map(|(ver, row)| (*ver, row)).ok_or(Refused::NotFound)
    }

    fn own_head(&self, row: &InboxRecord) -> Head {
        Head {
            conv: row.conv,
            epoch: self.epoch,
            seq: row.head_seq,
            ord: row.head_ord,
            ms: row.head_ms,
        }
    }
}
