//! The tails of this node: one for each conversation that was written to lately, found by id.

use crate::tail::{Delivery, Pull, Tail};
use protocol::{ConversationId, Epoch, UserId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use store::{Entry, TailPage};

/// Locks the conversations are spread over.
const SHARDS: usize = 64;
/// Tails of one shard; the longest unused are forgotten above it.
const SHARD_TAILS_MAX: usize = 1_024;
/// How long an idle tail is kept, in milliseconds.
const IDLE_MS_MAX: u64 = 120_000;

/// How long after a tail's last news its members are believed, in milliseconds.
const MEMBERS_TRUST_MS: u64 = 2_000;

/// What a step came to: entries to hand out now (then call [`Tails::more`]) and perhaps a read of the log.
#[derive(Debug, Default)]
pub struct Step {
    /// To hand out, in order.
    pub deliveries: VecDeque<Delivery>,
    /// To read.
    pub pull: Option<Pull>,
    /// The entry came before the one it follows, and waits.
    pub held: bool,
    /// It is the first that the tail saw: the tail began with it.
    pub started: bool,
}

/// Every tail of this node.
#[derive(Debug)]
pub struct Tails {
    shards: Vec<Mutex<BTreeMap<ConversationId, Tail>>>,
    hold_ms_max: u64,
}

impl Tails {
    /// No tails yet.
    #[must_use]
    pub fn new(hold_ms_max: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hold_ms_max,
        }
    }

    /// A hint: an entry was committed.
    pub fn hint(&self, epoch: Epoch, entry: Arc<Entry>, now_ms: u64) -> Step {
        let (conv, seq) = (entry.conv, entry.seq);
        let mut shard = self.shard(conv);
        match shard.get_mut(&conv) {
            Some(tail) => {
                let pull = tail.hint(epoch, entry, self.hold_ms_max, now_ms);
                Step {
                    deliveries: tail.take(false),
                    pull,
                    held: tail.holds(seq),
                    started: false,
                }
            }
            None => {
                make_room(&mut shard);
                let (tail, pull) = Tail::start(epoch, entry, now_ms);
                shard.insert(conv, tail);
                Step {
                    pull: Some(pull),
                    started: true,
                    ..Step::default()
                }
            }
        }
    }

    /// The log was read, or could not be.
    pub fn loaded(&self, conv: ConversationId, page: Option<TailPage>, now_ms: u64) -> Step {
        let mut shard = self.shard(conv);
        let Some(tail) = shard.get_mut(&conv) else {
            return Step::default();
        };
        let pull = match page {
            Some(page) => tail.loaded(page, self.hold_ms_max, now_ms),
            None => {
                tail.load_failed(now_ms);
                None
            }
        };
        Step {
            deliveries: tail.take(false),
            pull,
            ..Step::default()
        }
    }

    /// What else there is to hand out, for whoever just handed something out; nothing: they are done.
    pub fn more(&self, conv: ConversationId) -> VecDeque<Delivery> {
        self.shard(conv)
            .get_mut(&conv)
            .map(|tail| tail.take(true))
            .unwrap_or_default()
    }

    /// Time passed: holes that waited long enough are to be read, idle tails are forgotten.
    pub fn tick(&self, now_ms: u64) -> Vec<(ConversationId, Pull)> {
        let mut pulls = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().expect("nothing panics under this lock");
            shard.retain(|_, tail| !tail.is_idle() || tail.used_ms() + IDLE_MS_MAX > now_ms);
            let waiting = shard.iter_mut().filter(|(_, tail)| !tail.is_idle());
            pulls.extend(waiting.filter_map(|(conv, tail)| Some((*conv, tail.tick(self.hold_ms_max, now_ms)?))));
        }
        pulls
    }

    /// The members of a conversation, if its tail knows them and heard of its log lately: a hint that told of a removal
    /// may have been lost, and nothing but a later one or a look into the store would show it.
    #[must_use]
    pub fn members(&self, conv: ConversationId, now_ms: u64) -> Option<Arc<[UserId]>> {
        let shard = self.shard(conv);
        shard
            .get(&conv)
            .filter(|tail| tail.used_ms() + MEMBERS_TRUST_MS > now_ms)
            .and_then(Tail::members)
    }

    /// How many tails there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().expect("nothing panics under this lock").len())
            .sum()
    }

    fn shard(&self, conv: ConversationId) -> MutexGuard<'_, BTreeMap<ConversationId, Tail>> {
        let index = usize::from(conv.as_bytes()[0] ^ conv.as_bytes()[15]) % SHARDS;
        self.shards[index].lock().expect("nothing panics under this lock")
    }
}

/// Forgets a tail of a full shard: the longest unused one that is idle, else the longest unused one that nobody is
/// handing out from. What that one waited for, its readers find by their next beat.
fn make_room(shard: &mut BTreeMap<ConversationId, Tail>) {
    if shard.len() < SHARD_TAILS_MAX {
        return;
    }
    let oldest = shard
        .iter()
        .filter(|(_, tail)| !tail.is_handing_out())
        .min_by_key(|(_, tail)| (!tail.is_idle(), tail.used_ms()));
    if let Some(conv) = oldest.map(|(conv, _)| *conv) {
        shard.remove(&conv);
    }
}

#[cfg(test)]
mod tests;
