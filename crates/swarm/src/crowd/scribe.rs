//! Writes down what one client is told, for as long as it lives.

use super::{Counts, Run};
use crate::history::{self, Recorder, Seen, What};
use crate::world::World;
use client::outbox::Phase;
use client::{Client, Core, Event, Events};
use protocol::{ConversationId, Entry, SendId, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// The scribe of one life of a device.
pub(super) struct Scribe {
    device: history::Device,
    client: Client,
    recorder: Recorder,
    counts: Arc<Counts>,
    /// The 1:1s of the plan that are this person's: there, the inbox tells the other's cursors.
    directs: BTreeSet<ConversationId>,
    online: bool,
    /// Others' cursors, as last written down: only what differs is worth a line.
    cursors: BTreeMap<(ConversationId, UserId), (Seq, Seq)>,
    /// Changes that were acknowledged or refused in this life.
    answered: BTreeSet<SendId>,
}

/// Somebody's public cursors: who, stored, read.
type PeerCursor = (UserId, Seq, Seq);

impl Scribe {
    pub fn new<W: World>(run: &Run<W>, device: history::Device, me: UserId, client: Client) -> Self {
        let others = run.users.iter().filter(|other| **other != me);
        Self {
            device,
            client,
            recorder: run.recorder.clone(),
            counts: Arc::clone(&run.counts),
            directs: others.map(|other| ConversationId::direct(me, *other)).collect(),
            online: false,
            cursors: BTreeMap::new(),
            answered: BTreeSet::new(),
        }
    }

    /// Until the client has ended. Answers which changes were answered.
    pub async fn write(mut self, mut events: Events) -> BTreeSet<SendId> {
        while let Some(event) = events.next().await {
            self.event(event).await;
        }
        self.offline();
        self.answered
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Online { .. } => {
                self.online = true;
                self.note(What::Connected { epoch: None });
            }
            Event::Offline { .. } => {
                if self.offline() {
                    self.unanswered().await;
                }
            }
            Event::Stopped { duty, code } => {
                self.offline();
                let why = format!("{duty:?} after close code {code:?}");
                self.note(What::Stopped { why });
            }
            Event::Broken { why } => self.note(What::Stopped { why }),
            Event::Resynced => {
                self.cursors.clear();
                self.note(What::Resynced);
            }
            Event::Grown { conv, entries } => self.grown(conv, &entries),
            Event::Skipped { conv, from, to } => self.note(What::Skipped { conv, from, to }),
            Event::Acked { send_id, conv, seq } => {
                self.answered.insert(send_id);
                self.counts.acked.fetch_add(1, Relaxed);
                self.note(What::Ok { send_id, conv, seq });
            }
            Event::Failed { send_id, conv, refusal } => {
                self.answered.insert(send_id);
                self.counts.refused.fetch_add(1, Relaxed);
                let code = refusal.code;
                self.note(What::Fail { send_id, conv, code });
                // Its author has seen it; left where it is it would fill the outbox.
                let _ = self.client.dismiss(send_id).await;
            }
            Event::Inbox { convs } => {
                for conv in convs
                    .into_iter()
                    .filter(|conv| self.directs.contains(conv))
                    .collect::<Vec<_>>()
                {
                    self.saw_cursors(conv, move |core| peer(core, conv)).await;
                }
            }
            Event::Cursors { conv } if !self.directs.contains(&conv) => {
                self.saw_cursors(conv, move |core| core.peers().list(conv)).await;
            }
            Event::Typing(now) => self.note(What::SawTyping {
                conv: now.conv,
                user: now.user,
            }),
            Event::Presence { list, .. } => {
                for one in list {
                    let (user, state) = (one.user, one.state);
                    self.note(What::SawPresence { user, state });
                }
            }
            Event::Behind => self.note(What::EventsLost),
            Event::CaughtUp
            | Event::Leaving { .. }
            | Event::Account
            | Event::Changed { .. }
            | Event::Own { .. }
            | Event::OwnRefused { .. }
            | Event::Cursors { .. } => {}
        }
    }

    fn note(&self, what: What) {
        self.recorder.note(Some(self.device), what);
    }

    /// The connection is gone, if there was one.
    fn offline(&mut self) -> bool {
        let was_online = std::mem::take(&mut self.online);
        if was_online {
            self.note(What::Disconnected);
        }
        was_online
    }

    /// The connection went: of what was under way, nobody knows whether it arrived. The core has taken it back already;
    /// of each conversation it was the first that waits.
    async fn unanswered(&self) {
        for (send_id, conv) in self.client.look(first_waiting).await.unwrap_or_default() {
            if !self.answered.contains(&send_id) {
                self.note(What::Unknown { send_id, conv });
            }
        }
    }

    fn grown(&self, conv: ConversationId, entries: &[Entry]) {
        self.counts.shown.fetch_add(entries.len() as u64, Relaxed);
        let entries = entries.iter().map(Seen::told).collect();
        self.note(What::Shown { conv, entries });
    }

    async fn saw_cursors(&mut self, conv: ConversationId, of: impl FnOnce(&Core) -> Vec<PeerCursor> + Send + 'static) {
        for (user, delivered, read) in self.client.look(of).await.unwrap_or_default() {
            if self.cursors.insert((conv, user), (delivered, read)) != Some((delivered, read)) {
                self.note(What::SawCursor {
                    conv,
                    user,
                    delivered,
                    read,
                });
            }
        }
    }
}

fn peer(core: &Core, conv: ConversationId) -> Vec<PeerCursor> {
    let peer = core.state().inbox.row(conv).and_then(|row| row.peer);
    peer.into_iter()
        .map(|peer| (peer.user, peer.delivered, peer.read))
        .collect()
}

fn first_waiting(core: &Core) -> Vec<(SendId, ConversationId)> {
    let mut seen = BTreeSet::new();
    let items = core.state().outbox.waiting();
    let waiting = items.filter(|item| !matches!(item.phase, Phase::Failed(_)) && seen.insert(item.conv));
    waiting.map(|item| (item.send_id, item.conv)).collect()
}
