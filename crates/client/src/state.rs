//! Everything a device holds, and how it comes back from what was kept.

use crate::bounds::Bounds;
use crate::change::Change;
use crate::cursors::Cursors;
use crate::inbox::Inbox;
use crate::log::Log;
use crate::outbox::Outbox;
use crate::own::Own;
use protocol::own::Prefs;
use protocol::server_frame::{ConversationRow, CursorOk, InboxRow, Topic};
use protocol::{ConversationId, Epoch, Ordinal, Seq};
use std::collections::BTreeMap;

/// The inbox, the logs, the outbox and the cursors of one device, all of one lineage of the inbox.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The lineage; none before the first welcome.
    pub epoch: Option<Epoch>,
    /// The rows.
    pub inbox: Inbox,
    /// The logs, of which most hold nothing but a head.
    pub logs: BTreeMap<ConversationId, Log>,
    /// What is on its way.
    pub outbox: Outbox,
    /// How far I have got.
    pub cursors: Cursors,
    /// What is my own, and what I wish of it.
    pub own: Own,
}

impl State {
    /// Takes in one change, as it was kept.
    pub fn replay(&mut self, change: Change, bounds: &Bounds) {
        match change {
            Change::Epoch { epoch, at_ms } => self.restart(epoch, at_ms),
            Change::Rows { ver, rows } => {
                for row in &rows {
                    self.inbox.put(row);
                    self.own.put(row);
                    self.mark(row, 0, true);
                }
                self.inbox.adopt(ver);
            }
            Change::Heads { ver, heads } => {
                for head in &heads {
                    self.log(head.conv).note_head(head.seq, head.ord, 0, true);
                }
                self.inbox.take_heads(ver, &heads);
            }
            Change::Restarted { conv, epoch, at_ms } => self.restart_log(conv, epoch, at_ms),
            Change::Held { conv, held } => {
                let log = self.log(conv);
                log.apply(&held);
                log.trim(bounds);
            }
            Change::Emptied { conv } => self.empty(conv),
            Change::Queued { item } => self.outbox.put(item),
            Change::Acked { send_id, ack, at_ms } => {
                self.outbox.acked(send_id, &ack, at_ms, bounds);
            }
            Change::Failed { send_id, refusal } => {
                self.outbox.refused(send_id, &refusal, 0);
            }
            Change::Dismissed { send_id } => {
                self.outbox.dismiss(send_id);
            }
            Change::Wished { about, wishes } => self.own.restore(about, wishes),
            Change::Wanted { conv, mine } => self.cursors.restore(conv, mine),
            Change::Confirmed { conv, mine } => self.cursors.ok(
                &CursorOk {
                    conv,
                    delivered: mine.delivered,
                    read: mine.read,
                    read_ord: Ordinal::ZERO,
                    generation: mine.generation,
                },
                0,
            ),
        }
    }

    /// The fewest changes that give this state again.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        changes.extend(self.epoch.map(|epoch| Change::Epoch { epoch, at_ms: 0 }));
        let rows: Vec<InboxRow> = self.inbox.kept().chain(self.own.kept_rows()).collect();
        changes.push(Change::Rows {
            ver: self.inbox.ver(),
            rows,
        });
        for (&conv, log) in &self.logs {
            let Some(epoch) = log.epoch().filter(|_| !log.is_empty()) else {
                continue;
            };
            changes.push(Change::Restarted { conv, epoch, at_ms: 0 });
            changes.extend(log.kept().map(|held| Change::Held { conv, held }));
        }
        for (conv, want, ok) in self.cursors.wanted() {
            changes.push(Change::Confirmed { conv, mine: ok });
            changes.push(Change::Wanted { conv, mine: want });
        }
        let wished = self.own.kept_wishes();
        changes.extend(wished.map(|(about, wishes)| Change::Wished { about, wishes }));
        changes.extend(self.outbox.snapshot());
        changes
    }

    /// Another lineage: caches go, the outbox stays and takes back what was acknowledged lately. How many that was.
    pub fn restart(&mut self, epoch: Epoch, now_ms: u64) {
        // The first one makes nothing void.
        if self.epoch.is_some() {
            self.own.restart();
        }
        self.epoch = Some(epoch);
        self.inbox = Inbox::default();
        self.logs.clear();
        self.cursors = Cursors::default();
        self.outbox.resubmit(None, now_ms);
    }

    /// One conversation's log is of another lineage.
    pub fn restart_log(&mut self, conv: ConversationId, epoch: Epoch, now_ms: u64) {
        let had_another = self.log(conv).epoch().is_some_and(|old| old != epoch);
        self.log(conv).restart(epoch);
        if had_another {
            self.cursors.forget(Some(conv));
            self.outbox.resubmit(Some(conv), now_ms);
        }
        if let Some(row) = self.inbox.row(conv).filter(|row| row.epoch == epoch).cloned() {
            self.mark_stale(&row, now_ms, true);
        }
    }

    /// A row of the inbox marks its log stale up to its head, and brings my read cursor.
    /// `at_once`: no live entry is on its way that would close the hole.
    pub fn mark(&mut self, row: &InboxRow, now_ms: u64, at_once: bool) {
        let Topic::Conversation(row) = &row.topic else {
            return;
        };
        self.mark_stale(row, now_ms, at_once);
        self.cursors.told(row.conv, row.read_seq, row.generation);
    }

    /// How I want to see a conversation, with what is not answered yet.
    #[must_use]
    pub fn prefs(&self, conv: ConversationId) -> Prefs {
        let row = self.inbox.row(conv).map(|row| row.prefs).unwrap_or_default();
        self.own.prefs(conv, row)
    }

    /// The log of a conversation, made if there is none.
    pub fn log(&mut self, conv: ConversationId) -> &mut Log {
        self.logs.entry(conv).or_default()
    }

    /// Lets go of a log's entries; its head stays, so that it counts as stale.
    pub fn empty(&mut self, conv: ConversationId) {
        if let Some(log) = self.logs.get_mut(&conv)
            && let Some(epoch) = log.epoch()
        {
            let (seq, ord) = log.head();
            log.restart(epoch);
            log.note_head(seq, ord, 0, true);
        }
    }

    /// Messages I have not read in a conversation.
    #[must_use]
    pub fn unread(&self, conv: ConversationId) -> u64 {
        let Some(log) = self.logs.get(&conv) else {
            return self.inbox.row(conv).map_or(0, ConversationRow::unread);
        };
        let row_read = self.inbox.row(conv).map_or(Seq::ZERO, |row| row.read_seq);
        let read = self.cursors.mine(conv).read;
        let read = (read != row_read)
            .then(|| log.ord_at(read).map(|ord| (read, ord)))
            .flatten();
        self.inbox.unread(conv, log.head(), read)
    }

    fn mark_stale(&mut self, row: &ConversationRow, now_ms: u64, at_once: bool) {
        let log = self.log(row.conv);
        log.readable_from(row.spans.first().map_or(Seq(1), |span| span.from_seq));
        log.note_head(row.head_seq, row.head_ord, now_ms, at_once);
    }
}
