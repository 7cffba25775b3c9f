//! The logs as the store has them, read beside everything: of a lineage that is about to be given up, nobody else can
//! tell.

use super::house::House;
use protocol::{ConversationId, Kind, Seq, UserId};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use store::sqlite::{self, Opened};
use store::{Entry, Reply, Store, TailPage};
use swarm::history::{Change, Logged, Record, Ruled, What, digest};

/// Entries read at once.
const PAGE_ENTRIES: usize = 500;

/// The conversations that a history speaks of.
#[must_use]
pub fn conversations(history: &[Record]) -> BTreeSet<ConversationId> {
    let of = |record: &Record| match &record.what {
        What::Invoke { conv, .. } | What::Ok { conv, .. } | What::Shown { conv, .. } => Some(*conv),
        _ => None,
    };
    history.iter().filter_map(of).collect()
}

/// Logs, whole.
type Logs = Vec<(ConversationId, Vec<Logged>)>;

impl House {
    /// The logs as they lie on the disk. The engine must not be open.
    ///
    /// # Errors
    /// The engine cannot be opened, or does not answer.
    pub fn logs(&self, convs: BTreeSet<ConversationId>) -> Result<Logs, Box<dyn std::error::Error>> {
        let mut opened = sqlite::open(self.disk.borrow().place(), self.sound_options())?;
        let mut logs = Vec::new();
        for conv in convs {
            let mut entries: Vec<Logged> = Vec::new();
            loop {
                let after = Seq(entries.last().map_or(0, |last| last.seq.0));
                let reply = opened.store.tail(conv, Some(after), PAGE_ENTRIES);
                // The conversation may not be in it: its creation was never acknowledged.
                let Some(page) = answer(&mut opened, reply)? else { break };
                if page.entries.is_empty() {
                    break;
                }
                entries.extend(page.entries.iter().map(logged));
            }
            if !entries.is_empty() {
                logs.push((conv, entries));
            }
        }
        Ok(logs)
    }
}

/// Works until the engine has answered. `None`: there is no such log.
fn answer(opened: &mut Opened, reply: Reply<TailPage>) -> Result<Option<TailPage>, Box<dyn std::error::Error>> {
    let mut reply = pin!(reply);
    loop {
        let worked = opened.step();
        match reply.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(page)) => return Ok(Some(page)),
            Poll::Ready(Err(store::Error::Refused(_))) => return Ok(None),
            Poll::Ready(Err(error)) => return Err(error.to_string().into()),
            Poll::Pending if worked => {}
            Poll::Pending => return Err("the engine does not answer".into()),
        }
    }
}

/// The parts of a server's bodies that say who comes and goes.
#[derive(Default, Deserialize)]
struct Moved {
    #[serde(default)]
    members: Vec<UserId>,
    #[serde(default)]
    users: Vec<UserId>,
    #[serde(default)]
    user: Option<UserId>,
}

fn logged(entry: &Entry) -> Logged {
    let moved = || serde_json::from_str::<Moved>(&entry.body).unwrap_or_default();
    let (comes, goes) = match entry.kind {
        Kind::Created => (moved().members, Vec::new()),
        Kind::Added => (moved().users, Vec::new()),
        Kind::Removed => (Vec::new(), moved().user.into_iter().collect()),
        Kind::Left => (Vec::new(), vec![entry.sender]),
        Kind::Text
        | Kind::Edit
        | Kind::Delete
        | Kind::React
        | Kind::Pin
        | Kind::Settings
        | Kind::Role
        | Kind::Other(_) => Default::default(),
    };
    Logged {
        seq: entry.seq,
        ord: entry.ord,
        kind: entry.kind.as_str().to_owned(),
        sender: entry.sender,
        send_id: entry.send_id,
        digest: digest(&entry.body),
        created_ms: entry.created_ms,
        comes,
        goes,
        thread: entry.thread,
        change: Change::of(&entry.kind, entry.target_seq, &entry.body),
        state: None,
        ruled: Ruled::of(&entry.kind, entry.sender, &entry.body),
    }
}
