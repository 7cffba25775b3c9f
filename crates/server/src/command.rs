//! What a client may ask for: one file a verb, and here the index of them all.
//!
//! A verb is a function that checks, *queues its work with the store before it returns*, and answers later: so two
//! requests of one session about one conversation are done in the order in which they came, however their answers are
//! awaited. Where people must be looked up first (`create`, `add`), what comes after does not wait for it.

mod answer;
mod beat;
mod change;
mod create;
mod cursor;
mod forward;
mod get;
mod group;
mod heads;
mod inbox;
mod link;
mod members;
mod own;
mod people;
mod planted;
mod read_all;
mod receipts;
mod privacy;
mod profile;
mod report;
mod roster;
mod send;
mod thread;
mod typing;
mod watch;

pub mod hello;

use crate::node::Node;
use crate::outbox::Outbox;
use crate::wire;
use mutants::Mutant;
use protocol::frame::RequestId;
use protocol::refusal::Code;
use protocol::{ClientFrame, DeviceId, Refusal, ServerFrame, SessionId, UserId, limits};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use store::SeenDevice;

/// Who asks: one connected device.
#[derive(Debug)]
pub struct Who {
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The connection.
    pub session: SessionId,
    /// Where frames that are no answers go.
    pub outbox: Arc<Outbox>,
    /// Where and when this session lately said that its person types.
    pub typed: Mutex<typing::Typed>,
    /// It does not want to be seen.
    pub invisible: AtomicBool,
}

/// What a request comes to: the frame that answers it, nothing, or no.
pub type Outcome = Result<Option<ServerFrame>, Refusal>;

/// An outcome that is on its way.
pub type Later = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Does what a client asks for.
pub fn run(node: &Arc<Node>, who: &Arc<Who>, re: Option<RequestId>, frame: ClientFrame) -> Later {
    if node.disk.is_low() && fills_the_disk(&frame) {
        return refuse(Code::LowDisk.refuse_for_ms(LOW_DISK_RETRY_MS));
    }
    match frame {
        ClientFrame::Hello(_) => refuse(Code::OutOfOrder.refuse()),
        ClientFrame::Send(frame) => send::send(node, who, *frame),
        ClientFrame::Get(frame) => get::get(node, who, &frame),
        ClientFrame::Cursor(frame) => cursor::cursor(node, who, re, frame),
        ClientFrame::Inbox(frame) => inbox::inbox(node, who, frame),
        ClientFrame::Heads(frame) => heads::heads(node, who, frame),
        ClientFrame::Watch(frame) => watch::watch(node, who, frame),
        ClientFrame::Beat(_) => beat::beat(node, who),
        ClientFrame::Typing(frame) => typing::typing(node, who, frame),
        ClientFrame::Create(frame) => create::create(node, who, frame),
        ClientFrame::Add(frame) => roster::add(node, who, frame),
        ClientFrame::Remove(frame) => roster::remove(node, who, frame),
        ClientFrame::Leave(frame) => roster::leave(node, who, frame),
        ClientFrame::Settings(frame) => group::settings(node, who, *frame),
        ClientFrame::Role(frame) => group::role(node, who, frame),
        ClientFrame::Link(frame) => link::make(node, who, frame),
        ClientFrame::Links(frame) => link::list(node, who, frame),
        ClientFrame::RevokeLink(frame) => link::revoke(node, who, frame),
        ClientFrame::Look(frame) => link::look(node, who, &frame),
        ClientFrame::Join(frame) => link::join(node, who, &frame),
        ClientFrame::Requests(frame) => link::requests(node, who, frame),
        ClientFrame::Admit(frame) => group::admit(node, who, frame),
        ClientFrame::Edit(frame) => change::edit(node, who, *frame),
        ClientFrame::Delete(frame) => change::delete(node, who, frame),
        ClientFrame::React(frame) => change::react(node, who, frame),
        ClientFrame::Pin(frame) => change::pin(node, who, frame),
        ClientFrame::Pins(frame) => change::pins(node, who, frame),
        ClientFrame::History(frame) => change::history(node, who, frame),
        ClientFrame::Members(frame) => members::members(node, who, frame),
        ClientFrame::People(frame) => people::people(node, who, frame),
        ClientFrame::Prefs(frame) => own::prefs(node, who, frame),
        ClientFrame::Mark(frame) => own::mark(node, who, frame),
        ClientFrame::Starred(frame) => own::starred(node, who, frame),
        ClientFrame::Draft(frame) => own::draft(node, who, frame),
        ClientFrame::ReadAll(_) => read_all::read_all(node, who),
        ClientFrame::Receipts(frame) => receipts::receipts(node, who, frame),
        ClientFrame::Profile(frame) => profile::profile(node, who, frame),
        ClientFrame::Privacy(frame) => privacy::privacy(node, who, frame),
        ClientFrame::Block(frame) => privacy::block(node, who, frame),
        ClientFrame::Answer(frame) => answer::answer(node, who, frame),
        ClientFrame::Report(frame) => report::report(node, who, frame),
        ClientFrame::Follow(frame) => thread::follow(node, who, frame),
        ClientFrame::ThreadRead(frame) => thread::read(node, who, frame),
        ClientFrame::Thread(frame) => thread::page(node, who, frame),
        ClientFrame::Find(frame) => thread::find(node, who, frame),
    }
}

/// When to try again while the disk is nearly full, in milliseconds: somebody has to make room first.
const LOW_DISK_RETRY_MS: u64 = 10_000;

/// Whether a request makes logs or inboxes grow. What only moves (cursors, marks), what takes away, and what keeps
/// people safe from each other goes on.
fn fills_the_disk(frame: &ClientFrame) -> bool {
    matches!(
        frame,
        ClientFrame::Send(_)
            | ClientFrame::Edit(_)
            | ClientFrame::React(_)
            | ClientFrame::Pin(_)
            | ClientFrame::Create(_)
            | ClientFrame::Add(_)
            | ClientFrame::Mark(_)
            | ClientFrame::Draft(_)
            | ClientFrame::Settings(_)
            | ClientFrame::Link(_)
            | ClientFrame::Join(_)
            | ClientFrame::Admit(_)
    )
}

/// How many entries a page holds at most, of so many that are asked for.
fn page_limit(asked: Option<u32>) -> usize {
    asked
        .map_or(limits::PAGE_ENTRIES_MAX, |limit| limit as usize)
        .clamp(1, limits::PAGE_ENTRIES_MAX)
}

/// An outcome that is known already.
fn refuse(refusal: Refusal) -> Later {
    Box::pin(std::future::ready(Err(refusal)))
}

/// The answer to a change of a log. What is new goes to delivery here, in the task that asked: if that task is dropped,
/// the change stands all the same, and the sweeper tells of it.
async fn appended(node: &Node, reply: store::Reply<store::Appended>) -> Outcome {
    let appended = reply.await.map_err(wire::refusal)?;
    if appended.dup {
        node.metrics.dups.inc();
    } else {
        // Planted fault: whoever stored an entry hands it out, and the tail comes after.
        if mutants::is(Mutant::HandlerFansOut) {
            planted::hand_out(node, &appended.entry).await;
        }
        node.committed(Arc::clone(&appended.entry));
    }
    Ok(Some(wire::ack(node.store.epoch(), &appended)))
}

/// Writes down that a session is here until now: as it ends, and as it turns invisible, which is an end to everybody
/// else.
fn was_here(node: &Node, who: &Who, invisible: bool) {
    // Queued by the call; if it gets lost, a last-seen time is a little older.
    drop(node.store.saw_device(SeenDevice {
        user: who.user,
        device: who.device,
        at_ms: node.clock.unix_ms(),
        used_next: false,
        invisible,
    }));
}
