//! `hello`: who I am and where I stood. Authenticate, take part in live delivery, *then* read: what happens between
//! the two is told twice rather than not at all.

use super::{Who, was_here, watch};
use crate::account;
use crate::node::Node;
use crate::outbox::Outbox;
use crate::sessions::Connected;
use crate::wire;
use protocol::client_frame::{Hello, Show};
use protocol::close::Close;
use protocol::refusal::Code;
use protocol::server_frame::{Limits, Resync, Welcome};
use protocol::{Refusal, ServerFrame, SessionId, VERSIONS, Ver};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A session that is in: who it is, and what to tell it first.
#[derive(Debug)]
pub struct Welcomed {
    /// Who.
    pub who: Arc<Who>,
    /// What to tell, in order.
    pub frames: Vec<ServerFrame>,
}

/// Why a session is not let in.
#[derive(Debug)]
pub struct TurnedAway {
    /// What to answer.
    pub refusal: Refusal,
    /// How to close.
    pub close: Close,
}

/// Lets a session in. From a good answer on it takes part in live delivery: whoever called this must take it out again
/// with [`farewell`].
///
/// # Errors
/// [`TurnedAway`] says what to answer and how to close.
pub async fn hello(
    node: &Arc<Node>,
    outbox: Arc<Outbox>,
    address: IpAddr,
    frame: Hello,
) -> Result<Welcomed, TurnedAway> {
    let away = |refusal: Refusal, close| TurnedAway { refusal, close };
    if !frame.v.iter().any(|v| VERSIONS.contains(v)) {
        return Err(away(Code::UnsupportedVersion.refuse(), Close::UnsupportedVersion));
    }
    if node.is_draining() {
        return Err(away(Code::Draining.refuse(), Close::Draining));
    }
    let turned = |refusal: Refusal| {
        // The close code tells the client its duty: a token is to be forgotten only if the token was what was wrong.
        let close = match refusal.code {
            200..300 => Close::Unauthenticated,
            500.. => Close::Fault,
            _ => Close::Malformed,
        };
        away(refusal, close)
    };
    // Before the session takes part in anything: there is nothing to take back then.
    frame.watch.as_ref().map_or(Ok(()), watch::check).map_err(turned)?;
    let who = account::authenticate(node, &frame.token, address)
        .await
        .map_err(turned)?;
    let session = SessionId::from_random(node.random());
    tracing::debug!(user = %who.user, device = %who.device, %session, %address, "a session is let in");
    let who = Arc::new(Who {
        user: who.user,
        device: who.device,
        session,
        outbox: Arc::clone(&outbox),
        typed: Mutex::default(),
        invisible: AtomicBool::new(false),
    });
    join(node, &who, &frame);
    // Looked at again: who joins after the draining node sent everybody away would be told nothing.
    if node.is_draining() {
        farewell(node, &who);
        return Err(away(Code::Draining.refuse(), Close::Draining));
    }
    match first_frames(node, &who, &frame).await {
        Ok(frames) => Ok(Welcomed { who, frames }),
        Err(refusal) => {
            farewell(node, &who);
            Err(turned(refusal))
        }
    }
}

fn join(node: &Node, who: &Who, frame: &Hello) {
    let connected = Connected {
        session: who.session,
        device: who.device,
        outbox: Arc::clone(&who.outbox),
        open: Arc::from([]),
    };
    node.sessions.join(who.user, connected);
    let show = frame.watch.as_ref().and_then(|watch| watch.show).unwrap_or_default();
    who.invisible.store(show == Show::Invisible, Ordering::Relaxed);
    let now_ms = node.now_ms();
    node.presence
        .lock()
        .expect("nothing panics under this lock")
        .join(who.user, who.session, show, now_ms);
}

/// Takes a session out of live delivery.
pub fn farewell(node: &Node, who: &Who) {
    node.sessions.leave(who.user, who.session);
    if !node.sessions.has(who.user) {
        node.manners.forget(who.user);
    }
    let now_ms = node.now_ms();
    node.presence
        .lock()
        .expect("nothing panics under this lock")
        .leave(who.user, who.session, now_ms);
    was_here(node, who, who.invisible.load(Ordering::Relaxed));
}

async fn first_frames(node: &Arc<Node>, who: &Arc<Who>, frame: &Hello) -> Result<Vec<ServerFrame>, Refusal> {
    // Signed out between authentication and joining? Then the hint that would have closed this session came too early.
    let device = node.store.device(who.user, who.device);
    // Before anything is told that they must not be told.
    let manners = node.learn_manners(who.user);
    let epoch = node.store.epoch();
    let same_lineage = frame.epoch.is_none_or(|held| held == epoch);
    let held = if same_lineage {
        frame.ver.unwrap_or_default()
    } else {
        Ver::ZERO
    };
    let mut after = held;
    let mut page = node.store.inbox(who.user, after).await.map_err(wire::refusal)?;
    let ahead = page.rows.is_empty() && page.to < held;
    if ahead {
        after = Ver::ZERO;
        page = node.store.inbox(who.user, after).await.map_err(wire::refusal)?;
    }
    if device.await.map_err(wire::refusal)?.is_none() {
        return Err(Code::Unauthenticated.refuse());
    }
    manners.await.map_err(wire::refusal)?;
    let mut frames = vec![welcome(node, who, &page)];
    if !ahead && same_lineage && held > Ver::ZERO {
        node.metrics.resumes.inc();
    }
    if ahead || !same_lineage {
        tracing::warn!(user = %who.user, ahead, "a client holds another lineage; it is told to resync");
        node.metrics.resyncs.inc();
        frames.push(ServerFrame::Resync(Resync { epoch }));
    }
    let manners = node.manners.of(who.user);
    frames.push(wire::inbox(epoch, after, page, manners.as_ref()));
    if let Some(watch) = frame.watch.clone() {
        frames.extend(watch::watching(node, who, watch).await?);
    }
    Ok(frames)
}

fn welcome(node: &Node, who: &Who, page: &store::InboxPage) -> ServerFrame {
    ServerFrame::Welcome(Box::new(Welcome {
        v: VERSIONS[0],
        session: who.session,
        epoch: node.store.epoch(),
        user: who.user,
        device: who.device,
        ver: page.to,
        server_ms: node.clock.unix_ms(),
        beat_ms: node.config.beat_ms,
        limits: Limits::default(),
    }))
}
