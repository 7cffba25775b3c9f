//! Hints from node to node: "look, this happened". A hint is only that: it may be lost, doubled, early or late, and
//! all that costs is time. What must not be lost is in the store.
//!
//! A bus brings a hint back to the node that published it too, so there is one way to be told, and a test that drops
//! every hint tests a single node as well.

use protocol::server_frame::{MemberCursor, PresenceState};
use protocol::{ConversationId, DeviceId, Epoch, UserId, Ver};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::Duration;
use store::{Bumped, Entry};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Hint {
    /// An entry was committed.
    Entry {
        /// The lineage of its log.
        epoch: Epoch,
        /// The entry.
        entry: Arc<Entry>,
    },
    /// Inboxes moved.
    Inbox(Arc<[Bumped]>),
    /// A topic of an inbox moved that is no conversation.
    Topic {
        /// Whose inbox.
        user: UserId,
        /// The version it took.
        ver: Ver,
    },
    /// What people are not told, and must not tell, changed.
    Manners {
        /// Whose.
        users: Arc<[UserId]>,
    },
    /// Public cursors moved.
    Cursors {
        /// Where.
        conv: ConversationId,
        /// Whose, and to where.
        moved: Arc<[MemberCursor]>,
    },
    /// Somebody is typing.
    Typing {
        /// Where.
        conv: ConversationId,
        /// Who.
        user: UserId,
        /// Members who must not be told.
        hidden_from: Arc<[UserId]>,
    },
    /// Somebody came, went, or changed how they appear on the node that says so.
    Presence {
        /// The node that says so.
        node: u64,
        /// Who.
        user: UserId,
        /// How.
        state: PresenceState,
        /// When they were last there, if they are not.
        last_seen_ms: Option<u64>,
    },
    /// Devices were signed out: their live sockets close.
    Revoked {
        /// Whose.
        user: UserId,
        /// Which.
        devices: Arc<[DeviceId]>,
    },
}

/// Who wants to be told.
pub trait Listener: Send + Sync {
    /// Takes one hint. Called from any task; must not block.
    fn hear(&self, hint: Hint);
}

/// Carries hints between nodes.
pub trait Bus: Send + Sync {
    /// Tells everybody, the node itself among them, soon and perhaps.
    fn publish(&self, hint: Hint);
}

/// How badly an in-process bus behaves. All zero: perfectly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusFaults {
    /// Hints lost, in percent.
    pub lose_percent: u8,
    /// Hints told twice, in percent.
    pub double_percent: u8,
    /// Hints told late, in percent.
    pub delay_percent: u8,
    /// How late at most, in milliseconds.
    pub delay_ms_max: u64,
}

/// A bus within one process. Without faults it tells at once, on the caller's task.
pub struct InProcess {
    listeners: RwLock<Vec<Weak<dyn Listener>>>,
    faults: Mutex<BusFaults>,
    chance: Mutex<StdRng>,
}

impl InProcess {
    /// A bus that behaves well.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::with_faults(BusFaults::default(), 0)
    }

    /// A bus that behaves badly, by this seed.
    #[must_use]
    pub fn with_faults(faults: BusFaults, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            listeners: RwLock::new(Vec::new()),
            faults: Mutex::new(faults),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
        })
    }

    /// Brings a node to the bus; it leaves when it is dropped.
    pub fn join(&self, listener: Weak<dyn Listener>) {
        let mut listeners = self.listeners.write().expect("nothing panics under this lock");
        listeners.retain(|one| one.strong_count() > 0);
        listeners.push(listener);
    }

    /// Changes how it behaves.
    pub fn set_faults(&self, faults: BusFaults) {
        *self.faults.lock().expect("nothing panics under this lock") = faults;
    }

    /// How often, and how late each time, one listener is told. Chance decides, anew for each listener.
    fn deliveries(&self) -> Vec<u64> {
        let faults = *self.faults.lock().expect("nothing panics under this lock");
        if faults == BusFaults::default() {
            return vec![0];
        }
        let mut chance = self.chance.lock().expect("nothing panics under this lock");
        let mut happens = |percent: u8| chance.random_range(0..100) < percent;
        if happens(faults.lose_percent) {
            return Vec::new();
        }
        let times = 1 + usize::from(happens(faults.double_percent));
        let late: Vec<bool> = (0..times).map(|_| happens(faults.delay_percent)).collect();
        late.into_iter()
            .map(|late| {
                if late {
                    chance.random_range(0..=faults.delay_ms_max)
                } else {
                    0
                }
            })
            .collect()
    }
}

impl Bus for InProcess {
    fn publish(&self, hint: Hint) {
        let listeners: Vec<_> = {
            let listeners = self.listeners.read().expect("nothing panics under this lock");
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            for late_ms in self.deliveries() {
                let hint = hint.clone();
                if late_ms == 0 {
                    listener.hear(hint);
                } else {
                    let listener = Arc::downgrade(&listener);
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(late_ms)).await;
                        if let Some(listener) = listener.upgrade() {
                            listener.hear(hint);
                        }
                    });
                }
            }
        }
    }
}
