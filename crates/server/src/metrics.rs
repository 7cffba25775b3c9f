//! What is seen from outside: counters, times and levels, as OpenMetrics text (`GET /metrics`).
//!
//! A leaf: anybody counts, nobody is asked. Counting is one relaxed atomic addition or two, so the way of a message may
//! do it for each. What others already know (how long a queue is) is not kept here a second time but handed in at the
//! scrape, as a [`Snapshot`]. Every name that comes out is explained in `docs/OPERATING.md`, and a test compares the
//! two.

mod counts;
mod times;

pub use counts::Counts;
pub use times::Times;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::ClientFrame;
use protocol::close::Close;
use protocol::refusal::Code;

/// How a login ended.
pub const LOGIN_OUTCOMES: &[&str] = &["ok", "refused", "limited", "failed"];
/// Frames whose type nobody knows are counted under this word, so that a client cannot make up labels.
pub const UNKNOWN_TYPE: &str = "unknown";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Frames that came in, by their word; [`UNKNOWN_TYPE`] for all others.
    pub frames_received: Counts<&'static str>,
    /// Frames handed to sockets.
    pub frames_sent: Counter,
    /// Entries put into outboxes: one for each entry and session.
    pub deliveries: Counter,
    /// What was refused, by number, at any door.
    pub refusals: Counts<u16>,
    /// Connections the server closed, by close code.
    pub closes: Counts<u16>,
    /// From a decoded `send` to its durable commit.
    pub send_commit: Times,
    /// From the commit of an entry to its place in the outbox of a session.
    pub commit_socket: Times,
    /// Sends that were known already: retries that the dedupe found.
    pub dups: Counter,
    /// Readers that were too slow: their queue was replaced by `behind`.
    pub outbox_overflows: Counter,
    /// Hints heard from the bus.
    pub hints: Counter,
    /// Entries that came before the one they follow, and were held.
    pub early_entries: Counter,
    /// Reads of a log to fill a hole in a tail.
    pub pulls: Counter,
    /// Live ends begun: the first entry of a conversation that this node hears of, or the first after it forgot.
    pub tails_started: Counter,
    /// Fanout rows that lay too long and were taken up again.
    pub sweeps: Counter,
    /// Inbox rows that were brought up to date.
    pub inbox_rows: Counter,
    /// Sessions that were told to start over: another epoch, or ahead of the store.
    pub resyncs: Counter,
    /// Sessions that resumed with what they had.
    pub resumes: Counter,
    /// `hello`s and sign-ins, by outcome ([`LOGIN_OUTCOMES`]).
    pub logins: Counts<&'static str>,
    /// Accounts made.
    pub sign_ups: Counter,
    /// Devices signed out.
    pub devices_revoked: Counter,
    /// Answers of the HTTP door, by the hundred of their status.
    pub http_answers: Counts<u16>,
}

/// What others know, read at the scrape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot {
    /// How long this node runs, in milliseconds.
    pub uptime_ms: u64,
    /// It sends its sessions away.
    pub draining: bool,
    /// Sessions that are signed in.
    pub sessions: usize,
    /// Conversations with a live end here.
    pub tails: usize,
    /// Conversations that wait for the fan-out worker of this node.
    pub fanout_waiting: usize,
    /// Cursors that wait to be committed.
    pub cursors_waiting: usize,
    /// Passwords that wait to be hashed, and those being hashed.
    pub passwords_waiting: usize,
    /// Passwords hashed or checked.
    pub password_hashes: u64,
    /// Connections accepted.
    pub connections_accepted: u64,
    /// Connections refused because the node held as many as it may.
    pub connections_crowded: u64,
    /// Accepts that failed.
    pub accept_errors: u64,
    /// What is free on the disk, in bytes; `None`: not known.
    pub disk_free_bytes: Option<u64>,
    /// The disk is nearly full: nothing new is taken.
    pub disk_low: bool,
    /// The store's queues.
    pub store: store::Load,
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let words = ClientFrame::WORDS.iter().copied().chain([UNKNOWN_TYPE]);
        let metrics = Self {
            registry: Registry::with_prefix("tidings"),
            frames_received: Counts::new("type", words.map(|word| (word, word.to_owned()))),
            frames_sent: Counter::default(),
            deliveries: Counter::default(),
            refusals: Counts::new("code", Code::ALL.iter().map(|code| numbered(*code as u16))),
            closes: Counts::new("code", Close::ALL.iter().map(|close| numbered(close.code()))),
            send_commit: Times::default(),
            commit_socket: Times::default(),
            dups: Counter::default(),
            outbox_overflows: Counter::default(),
            hints: Counter::default(),
            early_entries: Counter::default(),
            pulls: Counter::default(),
            tails_started: Counter::default(),
            sweeps: Counter::default(),
            inbox_rows: Counter::default(),
            resyncs: Counter::default(),
            resumes: Counter::default(),
            logins: Counts::new("outcome", LOGIN_OUTCOMES.iter().map(|word| (*word, (*word).to_owned()))),
            sign_ups: Counter::default(),
            devices_revoked: Counter::default(),
            http_answers: Counts::new("status", (1..=5).map(|hundred| (hundred, format!("{hundred}xx")))),
        };
        metrics.registered()
    }

    /// The names under which the fields are seen; what each means stands in `docs/OPERATING.md` too.
    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        r.register("build", "The program that runs", Info::new(version));
        let received = self.frames_received.clone();
        r.register("frames_received", "Frames that came in", received);
        r.register("refusals", "Requests refused, at any door", self.refusals.clone());
        r.register("closes", "Connections closed by the server", self.closes.clone());
        r.register("logins", "Tries to sign in, by password or token", self.logins.clone());
        r.register("http_answers", "Answers of the HTTP door", self.http_answers.clone());
        let times = [
            ("send_commit", "From a decoded send to its commit", &self.send_commit),
            ("commit_socket", "From a commit to an outbox", &self.commit_socket),
        ];
        for (name, help, times) in times {
            r.register_with_unit(name, help, Unit::Seconds, times.clone());
        }
        let counters = [
            ("frames_sent", "Frames handed to sockets", &self.frames_sent),
            ("deliveries", "Entries put into outboxes", &self.deliveries),
            ("dups", "Changes known already by their send_id", &self.dups),
            ("outbox_overflows", "Readers told to be behind", &self.outbox_overflows),
            ("hints", "Hints heard from the bus", &self.hints),
            (
                "early_entries",
                "Entries held until those before came",
                &self.early_entries,
            ),
            ("pulls", "Reads of a log for a hole in its live end", &self.pulls),
            ("tails_started", "Live ends begun", &self.tails_started),
            ("sweeps", "Fanout rows that lay too long", &self.sweeps),
            ("inbox_rows", "Inbox rows that fan-out changed", &self.inbox_rows),
            ("resyncs", "Sessions told to start over", &self.resyncs),
            ("resumes", "Sessions that resumed with what they had", &self.resumes),
            ("sign_ups", "Accounts made", &self.sign_ups),
            ("devices_revoked", "Devices signed out", &self.devices_revoked),
        ];
        for (name, help, counter) in counters {
            r.register(name, help, counter.clone());
        }
        self
    }

    /// Counts an entry that went into so many outboxes, so long after its commit.
    pub fn delivered(&self, outboxes: usize, took_ms: u64) {
        let times = outboxes as u64;
        self.deliveries.inc_by(times);
        self.commit_socket.observe_many_us(took_ms * 1_000, times);
    }

    /// Everything, as OpenMetrics text.
    #[must_use]
    pub fn encode(&self, now: &Snapshot) -> String {
        let mut out = String::with_capacity(16 * 1024);
        text::encode_registry(&mut out, &self.registry)
            .and_then(|()| text::encode_registry(&mut out, &levels(now)))
            .and_then(|()| text::encode_eof(&mut out))
            .expect("writing into a String does not fail");
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The snapshot as metrics.
fn levels(now: &Snapshot) -> Registry {
    let mut r = Registry::with_prefix("tidings");
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of 285,000 years are exact in an f64"
    )]
    let uptime_s = now.uptime_ms as f64 / 1_000.0;
    let uptime = ConstGauge::new(uptime_s);
    r.register_with_unit("uptime", "How long this node runs", Unit::Seconds, uptime);
    if let Some(free_bytes) = now.disk_free_bytes {
        let free = ConstGauge::new(free_bytes);
        r.register_with_unit("disk_free", "Free on the disk of the data", Unit::Bytes, free);
    }
    let store = &now.store;
    let gauges = [
        ("draining", "1 while sessions are sent away", usize::from(now.draining)),
        ("disk_low", "1 while the disk is nearly full", usize::from(now.disk_low)),
        ("sessions", "Sessions that are signed in", now.sessions),
        ("tails", "Conversations with a live end here", now.tails),
        (
            "fanout_waiting",
            "Conversations waiting for fan-out",
            now.fanout_waiting,
        ),
        (
            "cursors_waiting",
            "Cursors waiting for their commit",
            now.cursors_waiting,
        ),
        (
            "passwords_waiting",
            "Passwords in or before their hash",
            now.passwords_waiting,
        ),
        (
            "store_writes_waiting",
            "Changes waiting for a batch",
            store.writes_waiting,
        ),
        (
            "store_writes_waiting_max",
            "Changes that may wait",
            store.writes_waiting_max,
        ),
        ("store_reads_waiting", "Reads waiting for a reader", store.reads_waiting),
    ];
    for (name, help, value) in gauges {
        r.register(name, help, ConstGauge::new(value as u64));
    }
    let counters = [
        ("password_hashes", "Passwords hashed or checked", now.password_hashes),
        ("connections_accepted", "Connections accepted", now.connections_accepted),
        (
            "connections_crowded",
            "Connections without a slot",
            now.connections_crowded,
        ),
        ("accept_errors", "Accepts that failed", now.accept_errors),
        ("store_batches", "Batches committed", store.batches),
        ("store_changes", "Changes committed", store.changes),
    ];
    for (name, help, value) in counters {
        r.register(name, help, ConstCounter::new(value));
    }
    r
}

fn numbered(number: u16) -> (u16, String) {
    (number, number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OBS1: what is counted is seen, with its unit and its labels, and an unknown label counts as unknown.
    #[test]
    fn obs1_what_is_counted_is_seen() {
        let metrics = Metrics::new();
        metrics.frames_received.add("send");
        metrics.frames_received.add("a word no client may make a label of");
        metrics.refusals.add(Code::RateLimited as u16);
        metrics.send_commit.observe_us(1_500);
        let text = metrics.encode(&Snapshot {
            sessions: 7,
            ..Snapshot::default()
        });
        for line in [
            "tidings_frames_received_total{type=\"send\"} 1",
            "tidings_frames_received_total{type=\"unknown\"} 1",
            "tidings_refusals_total{code=\"501\"} 1",
            "tidings_send_commit_seconds_count 1",
            "tidings_send_commit_seconds_sum 0.0015",
            "tidings_send_commit_seconds_bucket{le=\"0.001\"} 0",
            "tidings_send_commit_seconds_bucket{le=\"0.0025\"} 1",
            "tidings_sessions 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("make a label"));
    }
}
