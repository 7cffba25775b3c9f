//! One node: everything its sessions share. It holds no truth; any node may die at any moment.

use crate::bus::{Bus, Hint};
use crate::clock::SharedClock;
use crate::config::Config;
use crate::disk::Disk;
use crate::fanout_schedule::Schedule;
use crate::gather::Gather;
use crate::listen::ListenCounts;
use crate::manners::KnownManners;
use crate::metrics::Metrics;
use crate::password::Passwords;
use crate::presence::Presence;
use crate::rate::Gates;
use crate::sessions::Sessions;
use crate::tails::Tails;
use crate::vers::Vers;
use mutants::Memory;
use protocol::{ConversationId, MessageId, UserId, Ver};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};
use store::{Entry, Store};
use tokio::sync::{Notify, watch};

/// What a node is made of, handed in by whoever starts it.
pub struct Parts {
    /// How it behaves.
    pub config: Config,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Hints to and from other nodes, and back to this one.
    pub bus: Arc<dyn Bus>,
    /// Time.
    pub clock: SharedClock,
    /// Chance.
    pub chance: StdRng,
}

/// One node.
pub struct Node {
    /// Its name among the nodes, for as long as it lives.
    pub id: u64,
    /// How it behaves.
    pub config: Config,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Hints to and from other nodes, and back to this one.
    pub bus: Arc<dyn Bus>,
    /// Time.
    pub clock: SharedClock,
    /// Who is connected here.
    pub sessions: Sessions,
    /// The live ends of logs.
    pub tails: Tails,
    /// Who is to be told that their inbox moved.
    pub vers: Mutex<Vers>,
    /// Cursors on their way to the store.
    pub gather: Mutex<Gather>,
    /// Conversations whose inboxes are to be brought up to date.
    pub schedule: Mutex<Schedule>,
    /// Wakes the fan-out worker.
    pub schedule_moved: Notify,
    /// Who is there.
    pub presence: Mutex<Presence>,
    /// What must not be told to those who are connected here.
    pub manners: KnownManners,
    /// Who may do how much.
    pub gates: Gates,
    /// Password hashes, a few at a time.
    pub passwords: Passwords,
    /// Whether there is room for more on the disk.
    pub disk: Disk,
    /// What is seen from outside.
    pub metrics: Metrics,
    /// Larger groups whose members' cursors moved: told together, twice a second at most.
    pub counts: Mutex<Schedule>,
    /// What its listeners counted: hand it to [`crate::listen::serve`].
    pub listen_counts: Arc<ListenCounts>,
    /// When it was made, in milliseconds of its own clock.
    pub started_ms: u64,
    /// What its commands handed out by themselves, for a planted fault.
    pub handed_out: Memory<BTreeSet<MessageId>>,
    me: Weak<Node>,
    draining: watch::Sender<bool>,
    chance: Mutex<StdRng>,
}

/// How often the cursors of one larger group are told at most, in milliseconds.
const COUNTS_INTERVAL_MS: u64 = 500;

impl Node {
    /// A node that does nothing yet: [`crate::serve::start`] sets it going.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            config,
            store,
            bus,
            clock,
            mut chance,
        } = parts;
        let started_ms = clock.now_ms();
        Arc::new_cyclic(|me| Self {
            id: chance.random(),
            store,
            bus,
            clock,
            sessions: Sessions::default(),
            tails: Tails::new(config.tail_hold_ms_max),
            vers: Mutex::default(),
            gather: Mutex::new(Gather::default()),
            schedule: Mutex::new(Schedule::new(config.fanout_interval_ms)),
            schedule_moved: Notify::new(),
            presence: Mutex::new(Presence::new(config.presence_grace_ms)),
            manners: KnownManners::default(),
            gates: Gates::new(config.rates),
            passwords: Passwords::new(config.password_hashes_max),
            disk: Disk::new(config.disk_free_bytes_min),
            metrics: Metrics::new(),
            counts: Mutex::new(Schedule::new(COUNTS_INTERVAL_MS)),
            listen_counts: Arc::default(),
            started_ms,
            handed_out: Memory::default(),
            me: Weak::clone(me),
            draining: watch::Sender::new(false),
            chance: Mutex::new(chance),
            config,
        })
    }

    /// This node, for a task that outlives the call.
    #[must_use]
    pub fn shared(&self) -> Arc<Self> {
        self.me.upgrade().expect("whoever calls a method holds the node")
    }

    /// Random bytes from the chance that was handed in.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance
            .lock()
            .expect("nothing panics under this lock")
            .fill(&mut bytes[..]);
        bytes
    }

    /// A random number below `end`.
    #[must_use]
    pub fn random_below(&self, end: u64) -> u64 {
        self.chance
            .lock()
            .expect("nothing panics under this lock")
            .random_range(0..end.max(1))
    }

    /// Now, for timeouts.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// An entry was committed by this node: everybody is told, and its conversation's inboxes are now behind.
    pub fn committed(&self, entry: Arc<Entry>) {
        let conv = entry.conv;
        self.bus.publish(Hint::Entry {
            epoch: self.store.epoch(),
            entry,
        });
        self.inboxes_behind(conv);
    }

    /// A conversation's inboxes are behind.
    pub fn inboxes_behind(&self, conv: ConversationId) {
        let now_ms = self.now_ms();
        self.schedule
            .lock()
            .expect("nothing panics under this lock")
            .note(conv, now_ms);
        self.schedule_moved.notify_one();
    }

    /// A topic of somebody's inbox that is no conversation moved to this version, if it did.
    pub fn topic_moved(&self, user: UserId, ver: Option<Ver>) {
        if let Some(ver) = ver {
            self.bus.publish(Hint::Topic { user, ver });
        }
    }

    /// Reads somebody's manners anew, if they are connected here.
    ///
    /// # Errors
    /// As the store's; what was known stays.
    pub async fn learn_manners(&self, user: UserId) -> store::Result<()> {
        if self.sessions.has(user) {
            let manners = self.store.manners(user).await?;
            self.manners.note(user, manners);
        }
        Ok(())
    }

    /// Starts to drain: no new sessions, the present ones are sent away.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Whether it drains.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Tells when it starts to drain.
    #[must_use]
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }
}
