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
use std::sync::Arc;
use std::time::Duration;
use store::{BUMP_ROWS_MAX, InboxRecord, InboxRows};

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
    let mut rows: Vec<InboxRecord> = called_for.into_iter().flat_map(|one| one.rows).collect();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(BUMP_ROWS_MAX));
        let bumped = node.store.bump(std::mem::replace(&mut rows, rest)).await?;
        node.metrics.inbox_rows.inc_by(bumped.len() as u64);
        if !bumped.is_empty() {
            node.bus.publish(Hint::Inbox(bumped.into()));
        }
    }
    for settled in join_all(marks.into_iter().map(|(conv, mark)| node.store.settle(conv, mark))).await {
        settled?;
    }
    Ok(())
}

/// Looks for fanout rows that have lain too long, for ever. The first look, at the start, takes up everything a crash
/// left.
pub async fn sweep(node: Arc<Node>) {
    let mut after_ms = 0;
    loop {
        match node.store.dirty(SWEEP_ROWS_MAX).await {
            Ok(dirty) => {
                let due_ms = node.clock.unix_ms().saturating_sub(after_ms);
                let lain: Vec<_> = dirty.iter().filter(|one| one.since_ms <= due_ms).collect();
                node.metrics.sweeps.inc_by(lain.len() as u64);
                lain.iter().for_each(|one| node.inboxes_behind(one.conv));
            }
            Err(error) => tracing::warn!(%error, "the sweeper could not look"),
        }
        after_ms = node.config.sweep_after_ms;
        tokio::time::sleep(Duration::from_millis(SWEEP_INTERVAL_MS)).await;
    }
}
