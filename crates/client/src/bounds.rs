//! Every bound of this crate that the wire does not already name, with its unit in its name.

use protocol::limits;

/// What one client may hold in memory. A bot among thousands in one process wants less than a person's only client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Changes in the outbox that are not acknowledged, failed ones among them. One more is refused to its author.
    pub outbox_entries_max: usize,
    /// The same, in bytes of their bodies.
    pub outbox_bytes_max: usize,
    /// Acknowledged changes kept for a resync; beyond it the oldest goes before its time.
    pub acked_entries_max: usize,
    /// The same, in bytes of their bodies.
    pub acked_bytes_max: usize,
    /// Entries held of one log; beyond it the lowest go.
    pub log_entries_max: usize,
    /// Logs that hold entries; beyond it the one that was least recently active is emptied.
    pub logs_max: usize,
    /// How many entries are fetched of a log of which nothing is held, or after a long gap.
    pub tail_entries: u32,
    /// A hole wider than this is not filled: the tail is fetched and the hole stays, entries.
    pub gap_fill_entries_max: u64,
    /// With nothing held of a log, a live entry is shown at once and what lies below it follows. Otherwise it waits
    /// until that is fetched, so that whoever needs every entry is told all of them in order.
    pub begin_anywhere: bool,
    /// Events that wait for their reader; one more and all are replaced by `Event::Behind`.
    pub events_max: usize,
    /// Commands that wait for a connection or for a place among the unanswered requests.
    pub commands_max: usize,
    /// Things of one's own (drafts, marks, preferences) that wait to be said. One more is refused to its author.
    pub own_wishes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            outbox_entries_max: 1_000,
            outbox_bytes_max: 8 << 20,
            acked_entries_max: 1_000,
            acked_bytes_max: 4 << 20,
            log_entries_max: 2_000,
            logs_max: 500,
            tail_entries: 50,
            gap_fill_entries_max: 1_000,
            begin_anywhere: true,
            events_max: 1_024,
            commands_max: 256,
            own_wishes_max: 1_000,
        }
    }
}

impl Bounds {
    /// For one of thousands in a process: short logs, a small outbox.
    #[must_use]
    pub fn small() -> Self {
        Self {
            outbox_entries_max: 256,
            outbox_bytes_max: 1 << 20,
            acked_entries_max: 64,
            acked_bytes_max: 64 << 10,
            log_entries_max: 100,
            logs_max: 64,
            events_max: 256,
            commands_max: 64,
            ..Self::default()
        }
    }
}

/// Early entries of one log on its shelf; those above are dropped and pulled.
pub const SHELF_ENTRIES_MAX: usize = 64;
/// Conversations that are fetched unasked after a resume: the most lately active ones.
pub const RESUME_EAGER_MAX: usize = 20;
/// Members whose public cursors are held of one open conversation.
pub const PEERS_MAX: usize = limits::GROUP_MEMBERS_MAX;
/// How long a request may go unanswered before the connection is given up, in milliseconds.
pub const ANSWER_MS_MAX: u64 = 15_000;
/// How long connecting and the WebSocket's handshake may take, in milliseconds.
pub const CONNECT_MS_MAX: u64 = 10_000;
/// Beats that may go unanswered; at this many the connection is given up.
pub const BEATS_MISSED_MAX: u32 = 2;
/// How long cursors are gathered before they are sent, in milliseconds: one frame speaks for many entries.
pub const CURSOR_GATHER_MS: u64 = 200;
/// After how long a cursor that was refused for now, or answered with less than it said, is said again, in
/// milliseconds.
pub const CURSOR_REPEAT_MS: u64 = 2_000;
/// How long after a refusal that names no wait something is tried again, in milliseconds.
pub const RETRY_MS: u64 = 1_000;
