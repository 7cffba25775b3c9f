//! What happened, in one order, by one clock: the only thing the verdict reads.
//!
//! A history is JSON lines, one [`Record`] each. A device writes down what it asks for when it asks (`invoke`), and
//! what becomes of it (`ok`, `fail`; `unknown` while nobody can say), and everything it is told. Whoever makes faults
//! writes those down, and at the end everybody reads everything once more (`final`), a fresh device compares
//! (`snapshot`) and the log itself is dumped (`log`).

mod entry;
mod thread;

pub use entry::{Change, Logged, Present, Ruled, Seen, settings_digest};
pub use thread::ThreadAt;

use protocol::server_frame::{PresenceState, Role};
use protocol::{ConversationId, Epoch, Generation, Ordinal, SendId, Seq, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A device's place in the run; also of ears and of readers that come at the end.
pub type Device = u32;

/// What a body is compared by: the first 8 bytes of the SHA-256 of its JSON source. The body of every send of a run is
/// unlike any other (it names its device and a number), so a body that stands twice in a log is a double, whatever
/// name it stands under.
pub type Digest = u64;

/// The body of what was deleted, and of a change that says nothing itself.
pub const NO_BODY: &str = "{}";

/// The digest of a body's JSON source.
#[must_use]
pub fn digest(source: &str) -> Digest {
    let full = Sha256::digest(source.as_bytes());
    u64::from_be_bytes(full[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When, in microseconds since the run began.
    pub at_us: u64,
    /// Who says so; `None`: whoever runs the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What sort of device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The real client: everything it shows is told to a person.
    Client,
    /// A bare socket that knows none of the client's rules and hears what a session is really told.
    Ear,
    /// A device that signed in at the end, to compare.
    Fresh,
}

/// A conversation in somebody's inbox: what two devices of a person must agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRow {
    /// Which.
    pub conv: ConversationId,
    /// The last entry they may read.
    pub head_seq: Seq,
    /// Messages up to and with it.
    pub head_ord: Ordinal,
    /// Their private read cursor.
    pub read_seq: Seq,
    /// Its generation.
    pub generation: Generation,
    /// Messages above it that they may read, as the device counts them.
    pub unread: u64,
    /// Entries above the read cursor that mention them.
    pub mentions: u64,
    /// Their role; `None`: no longer a member.
    pub role: Option<Role>,
    /// What is their own of it: preferences, marks and draft, all together.
    #[serde(default)]
    pub own: Digest,
    /// Of a group: its title and settings, see [`settings_digest`].
    #[serde(default)]
    pub settings: Digest,
    /// The threads of it that they follow, in order of their roots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<ThreadAt>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    // ---- The run ---------------------------------------------------------------------------------------------------
    /// It begins.
    Run {
        /// What the plan and all chance came from.
        seed: u64,
        /// What is run, in words.
        name: String,
        /// People.
        people: u32,
        /// Server processes.
        nodes: u32,
        /// The mutant under test, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mutant: Option<String>,
    },
    /// A device exists.
    Device {
        /// Whose.
        user: UserId,
        /// What the person is called, for people.
        name: String,
        /// What sort.
        kind: DeviceKind,
        /// It reads slowly or not at all by plan: it need not hold the head while it does.
        #[serde(default)]
        slow: bool,
    },
    /// A fault begins, ends, or happens. One kind and target never overlaps itself.
    Fault {
        /// What sort: `kill`, `partition`, `power-cut`, …
        kind: String,
        /// Where.
        target: String,
        /// Which end of it.
        phase: Phase,
    },
    /// All faults are over; from here on everybody must converge.
    Healed,
    /// The store serves another lineage from now on: what was acknowledged since the backup is the clients' to bring
    /// back. `number` counts from 0 at the start of the run.
    Lineage {
        /// The new one.
        number: u32,
        /// What the server calls it, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
    },
    /// What a node used at this moment.
    Sample {
        /// Which.
        node: u32,
        /// Resident memory, in KiB.
        rss_kib: u64,
        /// Open file descriptors.
        fds: u64,
        /// What waits in its queues, all together.
        waiting: u64,
    },
    /// How often something happened in the whole run that shows it was hard (see [`crate::verdict::Hardness`]).
    Counted {
        /// Its name.
        name: String,
        /// How often.
        count: u64,
    },

    // ---- What a device asks ----------------------------------------------------------------------------------------
    /// A change of a log was handed to the client and is durable there.
    Invoke {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
        /// The verb's name in the plan: `send`, `create`, `add`, …
        verb: String,
        /// The body, of a send and of an edit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The entry that is to be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Seq>,
        /// What that entry is called. Where another one stands there in the end, this one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_name: Option<SendId>,
    },
    /// The server acknowledged it.
    Ok {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
        /// Its place.
        seq: Seq,
    },
    /// The server refused it for good.
    Fail {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
        /// The refusal's number.
        code: u16,
    },
    /// The connection went while it was under way: it may or may not have happened. A later `ok` or `fail` settles it.
    Unknown {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
    },
    /// The device forgets what it had not been answered (it restarts without what it kept): those are never settled.
    Forgets,
    /// The person read up to here.
    Read {
        /// Where.
        conv: ConversationId,
        /// Up to here.
        seq: Seq,
    },
    /// The person asks to have read everything.
    ReadsAll,
    /// The server acknowledged it.
    HasReadAll,
    /// The person marked as unread what is above.
    MarkUnread {
        /// Where.
        conv: ConversationId,
        /// Above this.
        seq: Seq,
    },

    /// The person begins to write something.
    Drafted {
        /// Where.
        conv: ConversationId,
        /// What; no two are alike.
        text: Digest,
        /// What the device knew to stand there before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<Digest>,
    },

    /// The person asks to hear nothing of somebody, or again.
    Blocking {
        /// Of whom.
        user: UserId,
        /// Whether, from now on.
        on: bool,
    },
    /// The server acknowledged it.
    Blocked {
        /// Of whom.
        user: UserId,
        /// Whether, from now on.
        on: bool,
    },
    /// The person asks to tell nobody something of themselves, or again.
    Hiding {
        /// What.
        what: Hidden,
        /// Whether, from now on.
        on: bool,
    },
    /// The server acknowledged it.
    Hides {
        /// What.
        what: Hidden,
        /// Whether, from now on.
        on: bool,
    },
    /// This 1:1 is a request to the person: a stranger began it.
    Requested {
        /// Which.
        conv: ConversationId,
    },
    /// The person asks to take a request up.
    TakesUp {
        /// Which.
        conv: ConversationId,
    },

    /// The server acknowledged that it has made a link into a group.
    Linked {
        /// Into which.
        conv: ConversationId,
        /// Its name.
        link: SendId,
        /// How often it can be used.
        uses: u32,
    },
    /// The person asks to void a link.
    Revoking {
        /// Into which group.
        conv: ConversationId,
        /// Which.
        link: SendId,
    },
    /// The server acknowledged it.
    Revoked {
        /// Into which group.
        conv: ConversationId,
        /// Which.
        link: SendId,
    },
    /// The person asks to join by a link; the `invoke` of it is written down besides.
    Joins {
        /// Which group.
        conv: ConversationId,
        /// By which.
        link: SendId,
        /// The change's name.
        send_id: SendId,
    },
    /// The server acknowledged that they are in by it.
    LetIn {
        /// Where.
        conv: ConversationId,
        /// The change's name.
        send_id: SendId,
    },
    /// The server answered that somebody has to let them in.
    MustWait {
        /// Where.
        conv: ConversationId,
        /// The change's name.
        send_id: SendId,
    },

    // ---- What a device is told -------------------------------------------------------------------------------------
    /// It has a session.
    Connected {
        /// Ear: of the lineage that the server named. It is what counts: an answer may come out of the network when the
        /// server that gave it is long gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
    },
    /// It has none.
    Disconnected,
    /// Client: entries that follow the last ones shown of this conversation.
    Shown {
        /// Where.
        conv: ConversationId,
        /// Which, in order.
        entries: Vec<Seen>,
    },
    /// Client: a hole too wide to fill lies before what is shown next.
    Skipped {
        /// Where.
        conv: ConversationId,
        /// The first not shown.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// Client: another lineage; everything shown before is void.
    Resynced,
    /// Client: its owner was too slow for its events; what is shown is read anew.
    EventsLost,
    /// Client: it ended for good (signed out, cannot keep): a violation unless the plan did it, and `why` begins with
    /// `plan`.
    Stopped {
        /// Why.
        why: String,
    },
    /// Ear: one live entry, as it came over the wire.
    Heard {
        /// Where.
        conv: ConversationId,
        /// Which.
        entry: Seen,
    },
    /// Ear: told that it is behind; `None`: everywhere.
    ToldBehind {
        /// Where.
        conv: Option<ConversationId>,
    },
    /// Ear: a page it asked for after it was told that it is behind, or at its connect.
    Pulled {
        /// Where.
        conv: ConversationId,
        /// The first seq the page speaks of.
        from: Seq,
        /// The last.
        to: Seq,
        /// What it holds.
        entries: Vec<Seen>,
    },
    /// Somebody's public cursors, as this device was told.
    SawCursor {
        /// Where.
        conv: ConversationId,
        /// Whose.
        user: UserId,
        /// Stored up to here.
        delivered: Seq,
        /// Read up to here.
        read: Seq,
    },
    /// Somebody types.
    SawTyping {
        /// Where.
        conv: ConversationId,
        /// Who.
        user: UserId,
    },
    /// Somebody is there, or not.
    SawPresence {
        /// Who.
        user: UserId,
        /// How.
        state: PresenceState,
    },

    // ---- The end, and calm moments ---------------------------------------------------------------------------------
    /// Everything this device can read of a conversation, paged from the first entry.
    Final {
        /// Where.
        conv: ConversationId,
        /// Which, in the order in which the pages gave them.
        entries: Vec<Seen>,
    },
    /// At the end: what this device shows of a conversation, out of what it was told in all that time.
    Holds {
        /// Where.
        conv: ConversationId,
        /// Which, in order.
        entries: Vec<Seen>,
    },
    /// At the end: the bodies that an entry had, as somebody is told who asks for them.
    Bodies {
        /// Where.
        conv: ConversationId,
        /// Of which entry.
        seq: Seq,
        /// The latest first.
        bodies: Vec<Digest>,
    },
    /// A calm moment: what this device holds, and what a device that just came would.
    Snapshot {
        /// What it holds.
        held: Vec<InboxRow>,
        /// What is so.
        fresh: Vec<InboxRow>,
    },
    /// A calm moment: what this device holds of its person, their privacy and whom they block, and what a device that
    /// just came would.
    Myself {
        /// What it holds.
        held: Digest,
        /// What is so.
        fresh: Digest,
    },
    /// At the end: what a person had begun to write.
    Draft {
        /// Where.
        conv: ConversationId,
        /// What stands there now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now: Option<Digest>,
        /// What is kept beside it, the oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<Digest>,
    },
    /// The log itself, by the one member who was always there, or by the store.
    Log {
        /// Of which lineage; see [`What::Lineage`].
        lineage: u32,
        /// Where.
        conv: ConversationId,
        /// Everything.
        entries: Vec<Logged>,
    },
}

/// What a person may tell nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// That they are there.
    Presence,
    /// How far they have read.
    Receipts,
}

/// Which end of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It begins.
    Start,
    /// It is over.
    Stop,
    /// It was over at once.
    Once,
}

/// The one clock of a run: microseconds since its start.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Where everybody writes down what happens. Clones write into the same history.
#[derive(Clone)]
pub struct Recorder {
    clock: Clock,
    records: Arc<Mutex<Vec<Record>>>,
}

impl Recorder {
    /// An empty history by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            records: Arc::default(),
        }
    }

    /// Now, by the run's clock.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        (self.clock)()
    }

    /// Something happens now.
    pub fn note(&self, device: Option<Device>, what: What) {
        self.note_at(self.now_us(), device, what);
    }

    /// Something began earlier than now.
    pub fn note_at(&self, at_us: u64, device: Option<Device>, what: What) {
        let record = Record { at_us, device, what };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// How much is written down.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at what is written down so far, in the order in which it was. Be quick: everybody waits.
    pub fn look<T>(&self, look: impl FnOnce(&[Record]) -> T) -> T {
        look(&self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The history, by time; what happened at one time stays in the order in which it was written down.
    #[must_use]
    pub fn history(&self) -> Vec<Record> {
        let mut history = self.look(<[Record]>::to_vec);
        history.sort_by_key(|record| record.at_us);
        history
    }
}

/// Writes a history as JSON lines.
///
/// # Errors
/// As `to`'s.
pub fn write(history: &[Record], mut to: impl Write) -> io::Result<()> {
    for record in history {
        serde_json::to_writer(&mut to, record)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Reads a history from JSON lines.
///
/// # Errors
/// As `from`'s; a line that is no record is named by its number.
pub fn read(from: impl BufRead) -> io::Result<Vec<Record>> {
    let mut history = Vec::new();
    for (number, line) in (1..).zip(from.lines()) {
        let record = serde_json::from_str(&line?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {error}")))?;
        history.push(record);
    }
    Ok(history)
}

/// Who every device of a history is: user, name, kind.
#[must_use]
pub fn devices(history: &[Record]) -> BTreeMap<Device, (UserId, String, DeviceKind)> {
    let device = |record: &Record| match (&record.what, record.device) {
        (What::Device { user, name, kind, .. }, Some(device)) => Some((device, (*user, name.clone(), *kind))),
        _ => None,
    };
    history.iter().filter_map(device).collect()
}
