//! Cursors: public ones that never go back, a private one that may under a later generation, and when each advanced.

use super::State;
use super::conversation::{Membership, Run};
use crate::Refused;
use crate::record::{CursorMove, CursorMoved};
use protocol::{Generation, Seq};

/// One run is one member, kind and minute.
const RUN_MS: u64 = 60_000;

impl State {
    pub(super) fn move_cursor(&mut self, ask: &CursorMove, now_ms: u64) -> Result<CursorMoved, Refused> {
        let conversation = self.conversation(ask.conv)?;
        let membership = conversation.reader(ask.user)?;
        let readable_head = conversation.readable_head(membership);
        if [ask.delivered, ask.read].iter().flatten().any(|&to| to > readable_head) {
            return Err(Refused::BeyondHead);
        }

        let conversation = self.conversation_mut(ask.conv);
        let is_quiet = conversation.is_quiet();
        let membership = conversation.members.get_mut(&ask.user).expect("looked at before");
        let before = membership.cursors();
        let read = ask
            .read
            .map(|read| (read, ask.generation.unwrap_or(membership.generation)));
        if is_quiet {
            membership.advance_mine(read);
        } else {
            membership.advance(ask.delivered, read, ask.private, now_ms);
        }
        let after = membership.cursors();
        let (delivered, read, mine, generation) = after;
        let mine_ord = conversation.ord(mine);
        if after != before {
            self.dirty_mover(ask.conv, ask.user, now_ms);
        }
        let said = ask.delivered.max(ask.read).filter(|_| is_quiet);
        Ok(CursorMoved {
            delivered: delivered.max(said.unwrap_or_default()),
            read,
            mine,
            mine_ord,
            generation,
            moved: (delivered, read) != (before.0, before.1),
        })
    }
}

impl Membership {
    fn cursors(&self) -> (Seq, Seq, Seq, Generation) {
        (self.delivered, self.read, self.mine, self.generation)
    }

    /// Moves what is given: `delivered`, and `read` with its generation, which is not public if it is `private`.
    /// Reading delivers.
    pub(super) fn advance(
        &mut self,
        delivered: Option<Seq>,
        read: Option<(Seq, Generation)>,
        private: bool,
        now_ms: u64,
    ) {
        if let Some(to) = delivered.max(read.map(|(to, _)| to)) {
            advance_public(&mut self.delivered, &mut self.delivered_runs, to, now_ms);
        }
        if let Some((to, _)) = read.filter(|_| !private) {
            advance_public(&mut self.read, &mut self.read_runs, to, now_ms);
        }
        self.advance_mine(read);
    }

    /// Moves the private read cursor only.
    pub(super) fn advance_mine(&mut self, read: Option<(Seq, Generation)>) {
        let Some((to, generation)) = read else { return };
        if generation >= self.generation {
            let begins = generation > self.generation;
            self.mine = if begins { to } else { self.mine.max(to) };
            self.generation = generation;
        }
    }
}

/// Moves a public cursor forward and notes when.
fn advance_public(cursor: &mut Seq, runs: &mut Vec<Run>, to: Seq, now_ms: u64) {
    if to <= *cursor {
        return;
    }
    let above = std::mem::replace(cursor, to);
    match runs.last_mut() {
        Some(last) if last.at_ms / RUN_MS == now_ms / RUN_MS => last.to = to,
        _ => runs.push(Run {
            above,
            to,
            at_ms: now_ms,
        }),
    }
}
