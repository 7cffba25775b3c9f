//! How a node behaves: policy and bounds, handed in by whoever starts it. Every bound has its unit in its name.

mod public_url;
mod site;

pub use public_url::{BadPublicUrl, PublicUrl};
pub use site::{Asset, Site};

use protocol::limits;
use std::net::IpAddr;

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpPolicy {
    /// With an invite.
    #[default]
    Invite,
    /// Anybody who reaches the server.
    Open,
}

/// How a node behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// Whether who holds a link into a group may sign up with it where an invite is wanted. They may, where nobody says
    /// otherwise: whoever makes a link means people, not accounts, and half of those who get one have none yet.
    pub links_sign_up: bool,
    /// Whether everybody who has an account here counts as acquainted with everybody else: nobody's first words are a
    /// request then, and anybody may put anybody into a group. For a team that is one circle anyhow.
    pub everybody_is_acquainted: bool,
    /// Proxies whose `X-Forwarded-For` is believed; from everybody else the socket's own address counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// What people type to come here, if the operator said so: `https://chat.example`. A browser sends the same text
    /// as `Origin`.
    pub public_url: Option<PublicUrl>,
    /// Whether the node's own listeners speak TLS. A proxy before it is known by [`Self::public_url`] only.
    pub tls: bool,
    /// How often clients beat, in milliseconds.
    pub beat_ms: u64,
    /// Connections this node holds at once.
    pub sessions_max: usize,
    /// Bytes that may wait for one slow reader before it becomes a puller.
    pub outbox_bytes_max: usize,
    /// Frames that may wait for one slow reader before it becomes a puller.
    pub outbox_frames_max: usize,
    /// How long a peer may take nothing of what is written to it, in milliseconds.
    pub stuck_ms_max: u64,
    /// How long a hole in a tail may wait for its entry before the log is read, in milliseconds.
    pub tail_hold_ms_max: u64,
    /// How often a busy conversation's inboxes are brought up to date, in milliseconds.
    pub fanout_interval_ms: u64,
    /// How long a fanout row may lie before the sweeper takes it up, in milliseconds.
    pub sweep_after_ms: u64,
    /// How long cursors are gathered before they are committed, in milliseconds.
    pub cursor_gather_ms: u64,
    /// How long after the last session a person still counts as online, in milliseconds.
    pub presence_grace_ms: u64,
    /// Over how long the reconnects of a draining node are spread, in milliseconds.
    pub drain_spread_ms: u64,
    /// What must be free on the disk of the data directory for anything new to be taken, in bytes. 0: not looked at.
    pub disk_free_bytes_min: u64,
    /// Password hashes computed at once; each takes 19 MiB. 0: on the caller's own thread, for a simulation.
    pub password_hashes_max: usize,
    /// The rates at which requests are let through.
    pub rates: Rates,
    /// The web app.
    pub site: Site,
}

/// One token bucket: so many at once, refilled evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many at once.
    pub burst: f64,
    /// How many more each second.
    pub per_second: f64,
}

/// The rates at which requests are let through. What is above is refused with `retry_after_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Connections from one address.
    pub connects_per_address: Rate,
    /// Sign-ups and sign-ins from one address.
    pub sign_ins_per_address: Rate,
    /// Looks behind links by who is not signed in, from one address.
    pub previews_per_address: Rate,
    /// Sign-ins to one account, whoever tries.
    pub sign_ins_per_user: Rate,
    /// Frames from one device, of any sort.
    pub frames_per_device: Rate,
    /// Entries written by one person.
    pub sends_per_user: Rate,
    /// Entries written into one conversation, by anybody.
    pub sends_per_conversation: Rate,
    /// Conversations begun by one person, and changes of members.
    pub creates_per_user: Rate,
    /// Look-ups of people by handle, by one person.
    pub lookups_per_user: Rate,
    /// Conversations begun by one person with people they are not acquainted with.
    pub requests_per_user: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        let rate = |burst: f64, per_second: f64| Rate { burst, per_second };
        Self {
            connects_per_address: rate(200.0, 50.0),
            sign_ins_per_address: rate(20.0, 0.5),
            previews_per_address: rate(60.0, 1.0),
            sign_ins_per_user: rate(10.0, 0.1),
            frames_per_device: rate(1_000.0, 200.0),
            sends_per_user: rate(200.0, 40.0),
            sends_per_conversation: rate(2_000.0, 1_000.0),
            creates_per_user: rate(60.0, 2.0),
            lookups_per_user: rate(100.0, 1.0),
            requests_per_user: rate(20.0, 20.0 / 86_400.0),
        }
    }
}

impl Rates {
    /// Rates that let everything through: for benchmarks and load tests.
    #[must_use]
    pub fn unlimited() -> Self {
        let all = Rate {
            burst: 1e12,
            per_second: 1e12,
        };
        Self {
            connects_per_address: all,
            sign_ins_per_address: all,
            previews_per_address: all,
            sign_ins_per_user: all,
            frames_per_device: all,
            sends_per_user: all,
            sends_per_conversation: all,
            creates_per_user: all,
            lookups_per_user: all,
            requests_per_user: all,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sign_up: SignUpPolicy::default(),
            links_sign_up: true,
            everybody_is_acquainted: false,
            trusted_proxies: Vec::new(),
            public_url: None,
            tls: false,
            beat_ms: limits::BEAT_MS,
            sessions_max: 19_000,
            outbox_bytes_max: 256 * 1024,
            outbox_frames_max: 512,
            stuck_ms_max: 30_000,
            tail_hold_ms_max: 20,
            fanout_interval_ms: 1_000,
            sweep_after_ms: 2_000,
            cursor_gather_ms: 100,
            presence_grace_ms: limits::PRESENCE_GRACE_MS,
            drain_spread_ms: 10_000,
            disk_free_bytes_min: 256 * 1024 * 1024,
            password_hashes_max: 2,
            rates: Rates::default(),
            site: &[],
        }
    }
}
