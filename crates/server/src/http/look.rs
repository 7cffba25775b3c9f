//! What an operator and a passer-by look at: is it alive, is it ready, what does it count, what is it.

use super::{Door, address, address_of, unknown_path};
use crate::metrics::Snapshot;
use crate::node::Node;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use protocol::{DeviceId, UserId};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use store::SeenDevice;

/// How long the store may take to answer before the node is not ready, in milliseconds.
const READY_MS_MAX: u64 = 1_000;
/// OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /`: what this is and how to talk to it.
pub async fn page() -> &'static str {
    include_str!("page.txt")
}

/// `GET /healthz`: the process answers. Says nothing of what lies behind it: a restart mends no store.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the node takes sessions, and its store reads and writes.
pub async fn readyz(State(door): State<Door>) -> Response {
    match unready(&door.node).await {
        // Ready all the same: it answers, and whoever only reads is served. Elsewhere there is no other disk.
        None if door.node.disk.is_low() => "ready, but the disk is nearly full: nothing new is taken\n".into_response(),
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn unready(node: &Node) -> Option<&'static str> {
    if node.is_draining() {
        return Some("draining: sessions are being sent away for a restart");
    }
    let nobody = (UserId::from_bytes([0; 16]), DeviceId::from_bytes([0; 16]));
    // Nothing is noted of a device that is not signed in, but the answer comes through the writer's queue, after its
    // commit.
    let write = node.store.saw_device(SeenDevice {
        user: nobody.0,
        device: nobody.1,
        at_ms: 0,
        used_next: false,
        invisible: true,
    });
    let read = node.store.device(nobody.0, nobody.1);
    let both = async { (write.await, read.await) };
    match tokio::time::timeout(Duration::from_millis(READY_MS_MAX), both).await {
        Ok((Ok(()), Ok(_))) => None,
        Ok((Err(store::Error::Overloaded { .. }), _)) => Some("overloaded: the store's queue is full"),
        Ok((Err(_), _)) => Some("the store does not write; its log says why"),
        Ok((_, Err(_))) => Some("the store does not read; its log says why"),
        Err(_) => Some("the store did not answer within a second"),
    }
}

/// `GET /metrics`, for this machine and private networks. To the Internet it is a path like any other that is not
/// there.
pub async fn metrics(State(door): State<Door>, request: Request) -> Response {
    if !address::is_near(address_of(&door, &request)) {
        return unknown_path().await.into_response();
    }
    let text = door.node.metrics.encode(&snapshot(&door.node));
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

/// What is known elsewhere, as it stands now.
fn snapshot(node: &Node) -> Snapshot {
    let listen = &node.listen_counts;
    Snapshot {
        uptime_ms: node.now_ms().saturating_sub(node.started_ms),
        draining: node.is_draining(),
        sessions: node.sessions.count(),
        tails: node.tails.count(),
        fanout_waiting: node.schedule.lock().expect("nothing panics under this lock").waiting(),
        cursors_waiting: node.gather.lock().expect("nothing panics under this lock").waiting(),
        passwords_waiting: node.passwords.waiting(),
        password_hashes: node.passwords.computed(),
        connections_accepted: listen.accepted.load(Relaxed),
        connections_crowded: listen.crowded.load(Relaxed),
        accept_errors: listen.accept_errors.load(Relaxed),
        disk_free_bytes: node.disk.free_bytes(),
        disk_low: node.disk.is_low(),
        store: node.store.load(),
    }
}
