//! A node at work: the tasks that go on beside its sessions, and how they end.

use crate::bus::Hint;
use crate::disk::Edge;
use crate::node::Node;
use crate::presence::Tell;
use crate::{fanout, receipts};
use bytes::Bytes;
use protocol::ServerFrame;
use protocol::close::Close;
use protocol::server_frame::{Bye, Presence as PresenceFrame, PresenceOf};
use protocol::{UserId, limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// How often holes, presence and ver pushes are looked at, in milliseconds.
const TICK_MS: u64 = 50;
/// How often sessions that fell silent are looked for, in milliseconds.
const SILENCE_LOOK_MS: u64 = 1_000;
/// How often the disk is looked at, in milliseconds: with 256 MiB to spare, 128 MiB a second may be written.
const DISK_LOOK_MS: u64 = 2_000;
/// Beats a session may miss.
const BEATS_MISSED_MAX: u64 = 3;
/// How often what outlived its time is removed, in milliseconds.
const EXPIRE_INTERVAL_MS: u64 = 60_000;
/// Rows removed at once.
const EXPIRE_ROWS_MAX: usize = 500;

/// A node at work. Dropping it stops its tasks at once; [`Running::drain`] lets its sessions go first.
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    tasks: JoinSet<()>,
}

/// Sets a node going: from here on hints are told, inboxes brought up to date, cursors committed.
#[must_use]
pub fn start(node: Arc<Node>) -> Running {
    let mut tasks = JoinSet::new();
    tasks.spawn(fanout::work(Arc::clone(&node)));
    tasks.spawn(fanout::sweep(Arc::clone(&node)));
    tasks.spawn(tick(Arc::clone(&node)));
    tasks.spawn(commit_cursors(Arc::clone(&node)));
    tasks.spawn(look_for_silence(Arc::clone(&node)));
    tasks.spawn(expire(Arc::clone(&node)));
    Running { node, tasks }
}

impl Running {
    /// Sends every session away, each with another wait before it comes back, and waits until they are gone or the time
    /// is over. Then the tasks stop; what they did not do, the next start finds in the store.
    pub async fn drain(mut self, wait_ms_max: u64) {
        self.node.drain();
        for (_, _, outbox) in self.node.sessions.all() {
            let after_ms = self.node.random_below(self.node.config.drain_spread_ms);
            let bye = ServerFrame::Bye(Bye {
                after_ms,
                reason: "draining".to_owned(),
            });
            outbox.push(Bytes::from(bye.encode(None)));
            outbox.close(Close::Draining);
        }
        let deadline = self.node.now_ms() + wait_ms_max;
        while self.node.sessions.count() > 0 && self.node.now_ms() < deadline {
            tokio::time::sleep(Duration::from_millis(TICK_MS)).await;
        }
        while receipts::flush(&self.node).await {}
        self.tasks.shutdown().await;
    }
}

async fn tick(node: Arc<Node>) {
    let mut ticks = every(TICK_MS);
    loop {
        ticks.tick().await;
        let now_ms = node.now_ms();
        for (conv, pull) in node.tails.tick(now_ms) {
            node.pull(conv, pull);
        }
        let moved = node.vers.lock().expect("nothing panics under this lock").tick(now_ms);
        for (user, frame) in moved {
            node.tell_ver(user, frame);
        }
        let due = node
            .counts
            .lock()
            .expect("nothing panics under this lock")
            .take(now_ms, usize::MAX);
        for conv in due {
            let node = Arc::clone(&node);
            tokio::spawn(async move { receipts::tell_counts(&node, conv).await });
        }
        tell_presence(&node, now_ms);
    }
}

/// Tells edges of presence to those who watch, and to other nodes. When somebody was last seen, each session writes
/// down itself as it goes.
fn tell_presence(node: &Arc<Node>, now_ms: u64) {
    let unix_ms = node.clock.unix_ms();
    let actions = node
        .presence
        .lock()
        .expect("nothing panics under this lock")
        .tick(now_ms, unix_ms);
    for PresenceOf {
        user,
        state,
        last_seen_ms,
    } in actions.publish
    {
        node.bus.publish(Hint::Presence {
            node: node.id,
            user,
            state,
            last_seen_ms,
        });
    }
    for Tell { session, viewer, list } in actions.tell {
        let node = Arc::clone(node);
        tokio::spawn(async move { tell_edges(&node, session, viewer, list).await });
    }
}

/// Tells one session, after another look at whether its person may still know.
async fn tell_edges(node: &Node, session: protocol::SessionId, viewer: UserId, list: Vec<PresenceOf>) {
    let people = list.iter().map(|one| one.user).collect();
    let Ok(entitled) = node.store.may_see(viewer, people).await else {
        return;
    };
    let list: Vec<PresenceOf> = list.into_iter().filter(|one| entitled.contains(&one.user)).collect();
    if list.is_empty() {
        return;
    }
    let frame = ServerFrame::Presence(PresenceFrame {
        list,
        ttl_ms: limits::PRESENCE_TTL_MS,
    });
    if let Some(outbox) = node.sessions.outbox(viewer, session) {
        outbox.push_ephemeral(Bytes::from(frame.encode(None)));
    }
}

/// Looks at the disk for as long as the node lives, with `free_bytes`, and says at the edges what changes. For whoever
/// starts a node over a disk of this machine.
pub async fn watch_disk(node: Arc<Node>, free_bytes: impl Fn() -> std::io::Result<u64> + Send + Sync + 'static) {
    let mut ticks = every(DISK_LOOK_MS);
    let free_bytes = Arc::new(free_bytes);
    loop {
        ticks.tick().await;
        // A disk that hangs must not take a worker of the runtime with it.
        let look = Arc::clone(&free_bytes);
        let found = tokio::task::spawn_blocking(move || look()).await;
        let free_bytes = found.ok().and_then(Result::ok);
        let min_bytes = node.disk.free_bytes_min();
        match node.disk.saw(free_bytes) {
            Some(Edge::Low) => {
                tracing::error!(
                    free_bytes,
                    min_bytes,
                    "the disk is nearly full: nothing new is taken; make room"
                );
            }
            Some(Edge::Room) => tracing::info!(free_bytes, "there is room on the disk again: new entries are taken"),
            None => {}
        }
    }
}

async fn commit_cursors(node: Arc<Node>) {
    let mut ticks = every(node.config.cursor_gather_ms);
    loop {
        ticks.tick().await;
        while receipts::flush(&node).await {}
    }
}

/// Lets go of sessions that have not beaten for too long: their network is gone, and nobody told us.
async fn look_for_silence(node: Arc<Node>) {
    let mut ticks = every(SILENCE_LOOK_MS);
    loop {
        ticks.tick().await;
        let deadline_ms = node.now_ms().saturating_sub(node.config.beat_ms * BEATS_MISSED_MAX);
        for (_, _, outbox) in node.sessions.all() {
            if outbox.heard_ms() < deadline_ms {
                outbox.close(Close::Silent);
            }
        }
    }
}

async fn expire(node: Arc<Node>) {
    let mut ticks = every(EXPIRE_INTERVAL_MS);
    loop {
        ticks.tick().await;
        while matches!(node.store.expire(EXPIRE_ROWS_MAX).await, Ok(EXPIRE_ROWS_MAX)) {}
    }
}

fn every(ms: u64) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_millis(ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
