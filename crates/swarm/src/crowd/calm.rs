//! Calm moments: waits until every device holds what a device that just came would, and compares.

use super::device::Device;
use super::{Crowd, Person};
use crate::ear::Reader;
use crate::history::{Digest, InboxRow, ThreadAt, What, digest, settings_digest};
use crate::world::World;
use client::Core;
use client::log::Log;
use futures_util::{StreamExt as _, stream};
use protocol::own::{DraftRow, MarkRow};
use protocol::people::Privacy;
use protocol::server_frame::ConversationRow;
use protocol::{ConversationId, Generation, Seq, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Readers at once.
const READERS_AT_ONCE_MAX: usize = 8;
/// How often everybody is looked at while they settle.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// For how long everybody must agree, in milliseconds: an inbox tells of an entry that was acknowledged only after its
/// bump, which a sweeper may have to repeat, and until then who just came knows no more than everybody else.
const SETTLED_MS: u64 = 4_000;

/// What is so, for one person; `None`: the server did not answer.
pub(super) type Fresh = Option<Truth>;

/// What is so for a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Truth {
    pub rows: BTreeMap<ConversationId, InboxRow>,
    /// Their privacy and whom they block.
    pub myself: Digest,
}

/// What a device holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Held {
    pub rows: BTreeMap<ConversationId, InboxRow>,
    /// Its person's privacy and whom they block.
    pub myself: Digest,
    /// Up to where it holds each log.
    pub ends: BTreeMap<ConversationId, Seq>,
    /// Up to where the server acknowledged that it has read.
    pub reads: BTreeMap<ConversationId, (Generation, Seq)>,
    /// It is connected, knows its inbox whole, and has nothing to say.
    pub quiet: bool,
}

impl<W: World> Crowd<W> {
    /// A calm moment in the midst of it: nobody begins a step while every device that is here and reads well is
    /// compared with one that just came: once all agree, or nothing has moved for `patience_ms`. What still moves
    /// after three times as long is not compared. Nothing may be wrong meanwhile.
    pub async fn snapshot(&self, patience_ms: u64) {
        self.hold.send_replace(true);
        self.compare(patience_ms).await;
        self.hold.send_replace(false);
    }

    async fn compare(&self, patience_ms: u64) {
        let give_up = Instant::now() + Duration::from_millis(3 * patience_ms);
        let mut still = Still::new();
        loop {
            let (held, fresh) = (self.held().await, self.fresh().await);
            let agrees = |number: usize| lack(&held[number], self.fresh_of(&fresh, number)).is_none();
            let well: Vec<usize> = (0..held.len()).filter(|&number| !self.devices[number].slow).collect();
            let is_still = still.look(&held, &fresh) >= patience_ms;
            if is_still || well.iter().all(|&number| agrees(number)) || Instant::now() >= give_up {
                // What is only late agrees in the end, so what still moves is compared by those who agree alone.
                for number in well {
                    if held[number].quiet && (is_still || agrees(number)) {
                        self.note_snapshot(number, &held[number], self.fresh_of(&fresh, number));
                    }
                }
                return;
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    /// All faults are over: wires are good again, whoever is away comes back, and everybody tries at once. Waits until
    /// all devices have held what is so, and nothing waits in an outbox, for [`SETTLED_MS`], or until nothing has moved
    /// for `patience_ms`. Answers who lacks what, in words; nothing: all is well.
    pub async fn settle(&self, patience_ms: u64) -> Vec<String> {
        for device in &self.devices {
            device.handle.thaw();
            let _ = device.begin(&self.run).await;
        }
        self.run.recorder.note(None, What::Healed);
        self.hurry().await;
        let mut still = Still::new();
        loop {
            let (held, fresh) = (self.held().await, self.fresh().await);
            let lack = |number: usize| {
                let lack = lack(&held[number], self.fresh_of(&fresh, number))?;
                Some(format!("device {number}: {lack}"))
            };
            let lacks: Vec<String> = (0..held.len()).filter_map(lack).collect();
            let still_ms = still.look(&held, &fresh);
            if still_ms >= if lacks.is_empty() { SETTLED_MS } else { patience_ms } {
                return lacks;
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    /// What every device holds, in their order; nothing of one that is away.
    pub(super) async fn held(&self) -> Vec<Held> {
        let mut all = Vec::new();
        for device in &self.devices {
            all.push(device.held().await);
        }
        all
    }

    /// What is so for everybody, by person.
    pub(super) async fn fresh(&self) -> Vec<Fresh> {
        let people = stream::iter(&self.people).map(|person| self.fresh_inbox(person));
        people.buffered(READERS_AT_ONCE_MAX).collect().await
    }

    pub(super) fn fresh_of<'a>(&self, fresh: &'a [Fresh], device: usize) -> &'a Fresh {
        &fresh[device / self.run.plan.shape.devices_each as usize]
    }

    pub(super) fn note_snapshot(&self, device: usize, held: &Held, fresh: &Fresh) {
        if let Some(fresh) = fresh {
            let number = self.devices[device].number;
            let (mine, so) = (held.myself, fresh.myself);
            let (held, fresh) = (
                held.rows.values().cloned().collect(),
                fresh.rows.values().cloned().collect(),
            );
            self.run.recorder.note(Some(number), What::Snapshot { held, fresh });
            let (held, fresh) = (mine, so);
            self.run.recorder.note(Some(number), What::Myself { held, fresh });
        }
    }

    /// A socket of the person's device that compares; `None`: there is no server just now.
    pub(super) async fn reader(
        &self,
        person: &Person,
    ) -> Option<Reader<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + use<W>>> {
        let (number, token) = &person.fresh;
        Reader::connect(&self.run.world.connector(*number), &self.run.address, token).await
    }

    async fn fresh_inbox(&self, person: &Person) -> Fresh {
        let inbox = self.reader(person).await?.inbox().await?;
        let own = |row: &ConversationRow| {
            let (first, last) = ((row.conv, Seq::ZERO), (row.conv, Seq(u64::MAX)));
            let marks = inbox.marks.range(first..=last).map(|(_, mark)| mark);
            own(row, marks, inbox.drafts.get(&row.conv))
        };
        let threads = |row: &ConversationRow| {
            let (first, last) = ((row.conv, Seq::ZERO), (row.conv, Seq(u64::MAX)));
            let threads = inbox.threads.range(first..=last);
            threads.filter_map(|(_, row)| ThreadAt::followed(row)).collect()
        };
        let rows = inbox.rows.values();
        Some(Truth {
            rows: rows
                .map(|row| (row.conv, inbox_row(row, row.unread(), own(row), threads(row))))
                .collect(),
            myself: myself(&inbox.privacy, &inbox.blocks),
        })
    }
}

impl<W: World> Device<W> {
    async fn held(&self) -> Held {
        let Some(client) = self.client() else {
            return Held::default();
        };
        client.look(held).await.unwrap_or_default()
    }
}

/// For how long nothing has moved.
struct Still {
    last: Option<(Vec<Held>, Vec<Fresh>)>,
    since: Instant,
}

impl Still {
    fn new() -> Self {
        Self {
            last: None,
            since: Instant::now(),
        }
    }

    /// Looks; answers for how long it has been like this, in milliseconds.
    fn look(&mut self, held: &[Held], fresh: &[Fresh]) -> u64 {
        let same = self.last.as_ref().is_some_and(|(h, f)| h == held && f == fresh);
        if !same {
            self.last = Some((held.to_vec(), fresh.to_vec()));
            self.since = Instant::now();
        }
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn held(core: &Core) -> Held {
    let state = core.state();
    let marks: Vec<&MarkRow> = state.own.marks().collect();
    let drafts: BTreeMap<ConversationId, &DraftRow> = state.own.drafts().map(|draft| (draft.conv, draft)).collect();
    let rows = state.inbox.rows().map(|row| {
        let marks = marks.iter().copied().filter(|mark| mark.conv == row.conv);
        let own = own(row, marks, drafts.get(&row.conv).copied());
        let threads = state.own.threads().filter(|thread| thread.conv == row.conv);
        let threads = threads.filter_map(ThreadAt::followed).collect();
        (row.conv, inbox_row(row, state.unread(row.conv), own, threads))
    });
    let said = |row: &ConversationRow| state.cursors.mine(row.conv) == state.cursors.known(row.conv);
    let read = |row: &ConversationRow| {
        let known = state.cursors.known(row.conv);
        (row.conv, (known.generation, known.read))
    };
    Held {
        rows: rows.collect(),
        myself: myself(&state.inbox.privacy(), state.inbox.blocks()),
        reads: state.inbox.rows().map(read).collect(),
        ends: state.logs.iter().map(|(conv, log)| (*conv, Log::end(log))).collect(),
        quiet: core.is_caught_up() && state.outbox.is_quiet() && state.own.is_quiet() && state.inbox.rows().all(said),
    }
}

/// What is one's own of a conversation, all together; marks that were taken away are none.
fn own<'a>(row: &ConversationRow, marks: impl Iterator<Item = &'a MarkRow>, draft: Option<&DraftRow>) -> Digest {
    let marks: Vec<&MarkRow> = marks.filter(|mark| mark.star || mark.hidden).collect();
    digest(&serde_json::to_string(&(row.prefs, marks, draft)).expect("rows are JSON"))
}

/// What a person decided about others, all together.
fn myself(privacy: &Privacy, blocks: &BTreeSet<UserId>) -> Digest {
    digest(&serde_json::to_string(&(privacy, blocks)).expect("words and ids are JSON"))
}

fn inbox_row(row: &ConversationRow, unread: u64, own: Digest, threads: Vec<ThreadAt>) -> InboxRow {
    InboxRow {
        conv: row.conv,
        head_seq: row.head_seq,
        head_ord: row.head_ord,
        read_seq: row.read_seq,
        generation: row.generation,
        unread,
        mentions: row.mention_seqs.len() as u64,
        role: row.role,
        own,
        threads,
        settings: settings_digest(row.title.as_deref(), &row.settings),
    }
}

/// What a device lacks of what is so, in words.
pub(super) fn lack(held: &Held, fresh: &Fresh) -> Option<String> {
    let Some(fresh) = fresh else {
        return Some("the server does not answer".to_owned());
    };
    if !held.quiet {
        return Some("it is not connected, or has something to say".to_owned());
    }
    if held.myself != fresh.myself {
        return Some("it holds another privacy, or other blocks, than are so".to_owned());
    }
    for (conv, row) in &fresh.rows {
        match held.rows.get(conv) {
            None => return Some(format!("it does not know {conv}")),
            Some(held) if held != row => return Some(format!("it holds {held:?}, and {row:?} is so")),
            Some(_) => {}
        }
        let end = held.ends.get(conv).copied().unwrap_or_default();
        if end != row.head_seq {
            return Some(format!("it holds {conv} up to {end:?} of {:?}", row.head_seq));
        }
        let read = held.reads.get(conv).copied().unwrap_or_default();
        if read > (row.generation, row.read_seq) {
            return Some(format!(
                "it has read {conv} up to {read:?}, and the inbox says {:?}",
                row.read_seq
            ));
        }
    }
    None
}
