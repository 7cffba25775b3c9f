//! From a log to its members' inboxes: what makes a message findable by somebody who was not there when it came.
//!
//! The fanout row, written with the entry, says that inboxes are behind; it goes only after every one of them is
//! durable. A crash in between costs a repeat, which changes nothing. The sweeper finds rows that nobody on this node
//! remembers.

use crate::bus::Hint;
use crate::node::Node;
use futures_util::future::join_all;
use mutants::Mutant;
use protocol::ConversationId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{BUMP_ROWS_MAX, Dirty, InboxRecord, InboxRows, ThreadRecord};

/// Conversations brought up to date at once.
const PASS_CONVERSATIONS_MAX: usize = 64;
/// Rows the sweeper looks at in one go.
const SWEEP_ROWS_MAX: usize = 1_000;
/// How often the sweeper looks, in milliseconds.
const SWEEP_INTERVAL_MS: u64 = 1_000;
/// How long a failed pass waits before the next, in milliseconds: the store may be down.
const FAILED_WAIT_MS: u64 = 200;

/// Brings inboxes up to date, for ever: cancelled by whoever spawned it.
pub async fn work(node: Arc<Node>) {
    loop {
        let due = node
            .schedule
            .lock()
            .expect("nothing panics under this lock")
            .take(node.now_ms(), PASS_CONVERSATIONS_MAX);
        if due.is_empty() {
            wait(&node).await;
        } else if let Err(error) = pass(&node, due).await {
            // The rows stay in the store, so the sweeper comes back to them.
            tracing::warn!(%error, "inboxes could not be brought up to date; the sweeper will repeat it");
            tokio::time::sleep(Duration::from_millis(FAILED_WAIT_MS)).await;
        }
    }
}

/// Waits until something is noted, or due.
async fn wait(node: &Node) {
    let next_due_ms = node
        .schedule
        .lock()
        .expect("nothing panics under this lock")
        .next_due_ms();
    let moved = node.schedule_moved.notified();
    match next_due_ms {
        Some(due_ms) => {
            let ms = due_ms.saturating_sub(node.now_ms()).max(1);
            let _ = tokio::time::timeout(Duration::from_millis(ms), moved).await;
        }
        None => moved.await,
    }
}

/// One pass: read what the conversations call for, make it durable in slices, tell, settle.
async fn pass(node: &Node, convs: Vec<ConversationId>) -> store::Result<()> {
    let called_for = join_all(convs.iter().map(|conv| node.store.inbox_rows(*conv))).await;
    let called_for = called_for.into_iter().collect::<store::Result<Vec<InboxRows>>>()?;
    let marks: Vec<_> = convs
        .into_iter()
        .zip(&called_for)
        .filter_map(|(conv, rows)| Some((conv, rows.mark?)))
        .collect();
    // Planted fault: the rows go once they are read.
    if mutants::is(Mutant::FanoutRemovedEarly) {
        for (conv, mark) in &marks {
            node.store.settle(*conv, *mark).await?;
        }
    }
    let mut threads: Vec<ThreadRecord> = Vec::new();
    let mut rows: Vec<InboxRecord> = Vec::new();
    for one in called_for {
        rows.extend(one.rows);
        threads.extend(one.threads);
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(BUMP_ROWS_MAX));
        let bumped = node.store.bump(std::mem::replace(&mut rows, rest)).await?;
        node.metrics.inbox_rows.inc_by(bumped.len() as u64);
        if !bumped.is_empty() {
            node.bus.publish(Hint::Inbox(bumped.into()));
        }
    }
    for rows in threads.chunks(BUMP_ROWS_MAX) {
        let bumped = node.store.bump_threads(rows.to_vec()).await?;
        node.metrics.inbox_rows.inc_by(bumped.len() as u64);
        bumped
            .into_iter()
            .for_each(|(user, ver)| node.topic_moved(user, Some(ver)));
    }
    for settled in join_all(marks.into_iter().map(|(conv, mark)| node.store.settle(conv, mark))).await {
        settled?;
    }
    Ok(())
}

/// Looks for fanout rows that have lain too long, for ever. The first look, at the start, takes up everything a crash
/// left.
pub async fn sweep(node: Arc<Node>) {
    let mut lying = Lying::default();
    let mut after_ms = 0;
    loop {
        match node.store.dirty(SWEEP_ROWS_MAX).await {
            Ok(dirty) => {
                let lain = lying.look(&dirty, node.now_ms(), after_ms);
                node.metrics.sweeps.inc_by(lain.len() as u64);
                lain.into_iter().for_each(|conv| node.inboxes_behind(conv));
            }
            Err(error) => tracing::warn!(%error, "the sweeper could not look"),
        }
        after_ms = node.config.sweep_after_ms;
        tokio::time::sleep(Duration::from_millis(SWEEP_INTERVAL_MS)).await;
    }
}

/// Rows as the sweeper saw them at its last look, at most [`SWEEP_ROWS_MAX`], and when it first did.
///
/// How long one has lain is measured here, by a clock that only goes forward. The time that stands in the row was read
/// off the store's clock, and if that was a day ahead when the row was written, nobody would take it up for a day.
#[derive(Default)]
struct Lying {
    /// By conversation and the time in the row: another time is another row.
    since_ms: BTreeMap<(ConversationId, u64), u64>,
}

impl Lying {
    /// Looks at what there is now; answers what has lain for `after_ms`.
    fn look(&mut self, dirty: &[Dirty], now_ms: u64, after_ms: u64) -> Vec<ConversationId> {
        let before = std::mem::take(&mut self.since_ms);
        let mut lain = Vec::new();
        for row in dirty.iter().take(SWEEP_ROWS_MAX) {
            let row = (row.conv, row.since_ms);
            let since_ms = before.get(&row).copied().unwrap_or(now_ms);
            if now_ms.saturating_sub(since_ms) >= after_ms {
                lain.push(row.0);
            }
            self.since_ms.insert(row, since_ms);
        }
        lain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_DAY_MS: u64 = 24 * 3_600 * 1_000;

    fn row(conv: u8, since_ms: u64) -> Dirty {
        Dirty {
            conv: ConversationId::from_bytes([conv; 16]),
            since_ms,
            mark: 0,
        }
    }

    fn taken(lain: &[ConversationId]) -> Vec<u8> {
        lain.iter().map(|conv| conv.as_bytes()[0]).collect()
    }

    #[test]
    fn a_row_is_taken_up_after_it_was_seen_long_enough_whatever_time_stands_in_it() {
        let mut lying = Lying::default();
        let rows = [row(1, 0), row(2, A_DAY_MS)];
        assert_eq!(taken(&lying.look(&rows, 10_000, 2_000)), [0_u8; 0]);
        assert_eq!(taken(&lying.look(&rows, 11_999, 2_000)), [0_u8; 0]);
        assert_eq!(taken(&lying.look(&rows, 12_000, 2_000)), [1, 2]);
        assert_eq!(taken(&lying.look(&rows, 13_000, 2_000)), [1, 2], "until it is gone");
    }

    #[test]
    fn a_row_that_went_and_came_again_begins_anew() {
        let mut lying = Lying::default();
        lying.look(&[row(1, 5)], 10_000, 2_000);
        assert_eq!(taken(&lying.look(&[row(1, 6)], 12_000, 2_000)), [0_u8; 0]);
        lying.look(&[], 13_000, 2_000);
        assert_eq!(taken(&lying.look(&[row(1, 6)], 14_000, 2_000)), [0_u8; 0]);
    }

    #[test]
    fn the_first_look_takes_up_everything() {
        assert_eq!(taken(&Lying::default().look(&[row(1, A_DAY_MS)], 0, 0)), [1]);
    }
}
