//! The end: everybody reads everything once more, and the logs themselves are written down.

use super::device::Device;
use super::{Crowd, Person};
use crate::history::{Change, Logged, Present, Ruled, Seen, What, digest};
use crate::world::World;
use client::Client;
use protocol::client_frame::Place;
use protocol::entry::{Added, Created, Removed};
use protocol::{ConversationId, Entry, Kind, Seq, UserId, limits};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a log is asked for, and how long it waits in between.
const TRIES_MAX: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);
/// How long a page may take, and an ear or a device to end.
const PAGE_TIME_MAX: Duration = Duration::from_secs(30);
const END_TIME_MAX: Duration = Duration::from_secs(5);
/// Of so many entries of a conversation all bodies are asked for, the latest.
const BODIES_ASKED_MAX: usize = 40;

impl<W: World> Crowd<W> {
    /// Everybody reads everything once more, is compared, and ends; the logs are written down as those of `lineage`.
    pub async fn finish(self, lineage: u32) {
        let (held, fresh) = (self.held().await, self.fresh().await);
        for (number, held) in held.iter().enumerate() {
            self.note_snapshot(number, held, self.fresh_of(&fresh, number));
        }
        let mut reading = Vec::new();
        for device in &self.devices {
            let (device, rooms) = (Arc::clone(device), Arc::clone(&self.rooms));
            let recorder = self.run.recorder.clone();
            reading.push(tokio::spawn(async move {
                for conv in rooms.iter() {
                    if let Some(entries) = device.read_all(*conv).await {
                        recorder.note(Some(device.number), What::Final { conv: *conv, entries });
                    }
                    if let Some(entries) = device.holds(*conv).await {
                        recorder.note(Some(device.number), What::Holds { conv: *conv, entries });
                    }
                }
            }));
        }
        for device in reading {
            let _ = device.await;
        }
        self.dump(lineage).await;
        self.note_bodies().await;
        for person in &self.people {
            self.note_reads(person).await;
            self.note_drafts(person).await;
        }
        self.ears_stop.send_replace(true);
        for ear in self.ears {
            let _ = timeout(END_TIME_MAX, ear).await;
        }
        for device in &self.devices {
            let _ = timeout(END_TIME_MAX, device.end(&self.run, true)).await;
        }
    }

    /// Writes the logs down as they are now, as their keepers see them: in a calm moment only.
    pub async fn dump(&self, lineage: u32) {
        for (room, conv) in self.run.plan.rooms.iter().zip(self.rooms.iter()) {
            let keeper = &self.people[room.keeper as usize];
            if let Some(entries) = self.log(keeper, *conv).await {
                let entries = entries.iter().map(logged).collect();
                let log = What::Log {
                    lineage,
                    conv: *conv,
                    entries,
                };
                self.run.recorder.note(Some(keeper.fresh.0), log);
            }
        }
    }

    /// Writes down what the server itself tells a person who holds nothing yet: a device may answer out of what it
    /// keeps.
    async fn note_reads(&self, person: &Person) {
        let Some(mut reader) = self.reader(person).await else {
            return;
        };
        for conv in self.rooms.iter().copied() {
            if let Some(log) = reader.log(conv).await {
                let entries = log.iter().map(Seen::present).collect();
                self.run
                    .recorder
                    .note(Some(person.fresh.0), What::Final { conv, entries });
            }
        }
    }

    /// Writes down which bodies the server still tells of what was deleted or edited, as the keepers are told.
    async fn note_bodies(&self) {
        for (room, conv) in self.run.plan.rooms.iter().zip(self.rooms.iter()) {
            let keeper = &self.people[room.keeper as usize];
            let log = self.log(keeper, *conv).await.unwrap_or_default();
            let changed: Vec<&Entry> = log.iter().filter(|entry| is_rewritten(entry)).collect();
            if changed.is_empty() {
                continue;
            }
            let Some(mut reader) = self.reader(keeper).await else {
                continue;
            };
            for entry in changed.into_iter().rev().take(BODIES_ASKED_MAX) {
                if let Some(bodies) = reader.bodies(*conv, entry.seq).await {
                    let (conv, seq) = (*conv, entry.seq);
                    let what = What::Bodies { conv, seq, bodies };
                    self.run.recorder.note(Some(keeper.fresh.0), what);
                }
            }
        }
    }

    /// Writes down what a person had begun to write, everywhere.
    async fn note_drafts(&self, person: &Person) {
        for _ in 0..TRIES_MAX {
            let inbox = match self.reader(person).await {
                Some(mut reader) => reader.inbox().await,
                None => None,
            };
            let Some(inbox) = inbox else {
                sleep(PAUSE).await;
                continue;
            };
            for draft in inbox.drafts.into_values() {
                let now = &draft.now.text.0;
                let what = What::Draft {
                    conv: draft.conv,
                    now: (!now.is_empty()).then(|| digest(now)),
                    kept: draft.kept.iter().map(|kept| digest(&kept.text.0)).collect(),
                };
                self.run.recorder.note(Some(person.fresh.0), what);
            }
            return;
        }
    }

    async fn log(&self, keeper: &Person, conv: ConversationId) -> Option<Vec<Entry>> {
        for _ in 0..TRIES_MAX {
            if let Some(mut reader) = self.reader(keeper).await
                && let Some(log) = reader.log(conv).await
            {
                return Some(log);
            }
            sleep(PAUSE).await;
        }
        None
    }
}

impl<W: World> Device<W> {
    /// What this device shows of a conversation.
    async fn holds(&self, conv: ConversationId) -> Option<Vec<Seen>> {
        let shown = move |core: &client::Core| {
            let log = core.state().logs.get(&conv)?;
            Some(log.tail().map(Seen::present).collect())
        };
        self.client()?.look(shown).await.ok()?
    }

    /// Everything this device can read of a conversation, page by page; `None`: nothing of it is for them.
    async fn read_all(&self, conv: ConversationId) -> Option<Vec<Seen>> {
        let client: Client = self.client()?;
        let (mut after, mut all) = (Seq::ZERO, Vec::new());
        loop {
            let page = client.page(conv, Place::After(after), limits::PAGE_ENTRIES_MAX as u32);
            let page = timeout(PAGE_TIME_MAX, page).await.ok()?.ok()?;
            all.extend(page.entries.iter().map(Seen::present));
            if !page.more || page.to <= after {
                return Some(all);
            }
            after = page.to;
        }
    }
}

/// Whether it says something else now than at first, or nothing.
fn is_rewritten(entry: &Entry) -> bool {
    entry.edited.is_some() || entry.deleted_by.is_some()
}

pub(super) fn logged(entry: &Entry) -> Logged {
    let (comes, goes) = moves(entry);
    Logged {
        seq: entry.seq,
        ord: entry.ord,
        kind: entry.kind.as_str().to_owned(),
        sender: entry.sender,
        send_id: entry.send_id,
        digest: digest(entry.body.get()),
        created_ms: entry.created_ms,
        comes,
        goes,
        thread: entry.thread,
        change: Change::of(&entry.kind, entry.target_seq, entry.body.get()),
        state: Present::of(entry).digest(),
        ruled: Ruled::of(&entry.kind, entry.sender, entry.body.get()),
    }
}

/// Who comes and who goes with an entry. A body that cannot be read moves nobody; the verdict then finds readers who
/// should be none.
fn moves(entry: &Entry) -> (Vec<UserId>, Vec<UserId>) {
    match entry.kind {
        Kind::Created => (
            body(entry).map_or_else(Vec::new, |created: Created| created.members),
            Vec::new(),
        ),
        Kind::Added => (
            body(entry).map_or_else(Vec::new, |added: Added| added.users),
            Vec::new(),
        ),
        Kind::Removed => (
            Vec::new(),
            body(entry).map_or_else(Vec::new, |removed: Removed| vec![removed.user]),
        ),
        Kind::Left => (Vec::new(), vec![entry.sender]),
        Kind::Text
        | Kind::Edit
        | Kind::Delete
        | Kind::React
        | Kind::Pin
        | Kind::Settings
        | Kind::Role
        | Kind::Other(_) => (Vec::new(), Vec::new()),
    }
}

fn body<T: DeserializeOwned>(entry: &Entry) -> Option<T> {
    serde_json::from_str(entry.body.get()).ok()
}
