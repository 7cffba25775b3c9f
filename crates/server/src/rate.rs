//! Who may do how much: one token bucket for each person, address or conversation. What is above its rate is refused
//! with the time after which it would be let through.
//!
//! The buckets are bounded in number, so that a flood of made-up addresses costs no memory: a full bucket says the same
//! as none at all and is forgotten; at the bound the fullest go first, so whoever is near the limit is remembered
//! longest.

use crate::config::{Rate, Rates};
use protocol::{ConversationId, UserId};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};

/// The longest wait a refusal names, in milliseconds: a day.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 3_600_000;
/// Buckets of one gate that are remembered.
pub const BUCKETS_MAX: usize = SHARDS * SHARD_BUCKETS_MAX;
/// Locks the buckets of one gate are spread over.
const SHARDS: usize = 16;
/// Buckets of one shard.
const SHARD_BUCKETS_MAX: usize = 4_096;
/// How much more than the burst may be spent, for rounding: never adds up, for what is spent is compared as a whole.
const ROUNDING: f64 = 1e-6;

/// One token bucket, full at first. It does not hold its rate: one number for a gate is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// Tokens that are missing from a full bucket, as of `last_ms`.
    spent: f64,
    last_ms: u64,
}

impl Bucket {
    /// Takes `cost` tokens, or answers after how many milliseconds they would be there. What costs more than a full
    /// bucket takes the whole of one.
    ///
    /// # Errors
    /// The wait in milliseconds, at least 1 and at most [`RETRY_AFTER_MS_MAX`].
    pub fn take(&mut self, rate: Rate, cost: f64, now_ms: u64) -> Result<(), u64> {
        self.refill(rate, now_ms);
        let over = self.spent + cost.min(rate.burst) - rate.burst;
        if over > ROUNDING {
            let wait_ms = (over / rate.per_second * 1_000.0).ceil();
            // A cast from a float saturates: a rate of nothing a second waits the longest.
            return Err((wait_ms as u64).clamp(1, RETRY_AFTER_MS_MAX));
        }
        self.spent += cost.min(rate.burst);
        Ok(())
    }

    /// Puts back what was taken for something that did not happen.
    pub fn give_back(&mut self, cost: f64) {
        self.spent = (self.spent - cost).max(0.0);
    }

    /// A clock that went back refills nothing.
    fn refill(&mut self, rate: Rate, now_ms: u64) {
        let passed_ms = now_ms.saturating_sub(self.last_ms);
        self.spent = (self.spent - rate.per_second * passed_ms as f64 / 1_000.0).max(0.0);
        self.last_ms = self.last_ms.max(now_ms);
    }
}

/// Buckets by key, bounded.
#[derive(Debug)]
pub struct Buckets<K> {
    rate: Rate,
    shards: Vec<Mutex<BTreeMap<K, Bucket>>>,
}

impl<K: Copy + Ord + Hash> Buckets<K> {
    /// Every bucket is full.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes `cost` tokens out of a key's bucket.
    ///
    /// # Errors
    /// After how many milliseconds they would be there.
    pub fn take(&self, key: K, cost: f64, now_ms: u64) -> Result<(), u64> {
        let mut shard = self.shard(&key);
        if let Some(bucket) = shard.get_mut(&key) {
            return bucket.take(self.rate, cost, now_ms);
        }
        if shard.len() >= SHARD_BUCKETS_MAX {
            make_room(&mut shard, self.rate, now_ms);
        }
        shard.entry(key).or_default().take(self.rate, cost, now_ms)
    }

    /// Puts back what was taken for something that did not happen.
    pub fn give_back(&self, key: K, cost: f64) {
        if let Some(bucket) = self.shard(&key).get_mut(&key) {
            bucket.give_back(cost);
        }
    }

    /// How many buckets are remembered: at most [`BUCKETS_MAX`].
    #[must_use]
    pub fn count(&self) -> usize {
        let len = |shard: &Mutex<BTreeMap<K, Bucket>>| shard.lock().expect("nothing panics under this lock").len();
        self.shards.iter().map(len).sum()
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, BTreeMap<K, Bucket>> {
        // This hasher's keys are fixed, so a run replays. Whoever aims at one shard fills that one up to its bound.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let index = hasher.finish() as usize % SHARDS;
        self.shards[index].lock().expect("nothing panics under this lock")
    }
}

/// Forgets the full buckets of a shard, and, if that is not enough, the fullest until a quarter is free: so the walk
/// over the shard is paid by the many keys that then find room.
fn make_room<K: Copy + Ord>(shard: &mut BTreeMap<K, Bucket>, rate: Rate, now_ms: u64) {
    shard.retain(|_, bucket| {
        bucket.refill(rate, now_ms);
        bucket.spent > 0.0
    });
    let keep = SHARD_BUCKETS_MAX - SHARD_BUCKETS_MAX / 4;
    if shard.len() <= keep {
        return;
    }
    let mut by_spent: Vec<(f64, K)> = shard.iter().map(|(key, bucket)| (bucket.spent, *key)).collect();
    by_spent.sort_unstable_by(|(one, a), (other, b)| one.total_cmp(other).then(a.cmp(b)));
    for (_, key) in &by_spent[..shard.len() - keep] {
        shard.remove(key);
    }
}

/// Whom an address stands for: an IPv4 host, also where it is written as IPv6; of IPv6 the first 64 bits, for one
/// subscriber has at least so many addresses (RFC 6177).
#[must_use]
pub fn address_group(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Every gate of a node, but for the frames of a device: that bucket lives in its session.
#[derive(Debug)]
pub struct Gates {
    connects: Buckets<IpAddr>,
    sign_ins_from: Buckets<IpAddr>,
    previews_from: Buckets<IpAddr>,
    sign_ins_to: Buckets<UserId>,
    sends_of: Buckets<UserId>,
    sends_to: Buckets<ConversationId>,
    creates: Buckets<UserId>,
    lookups: Buckets<UserId>,
    requests: Buckets<UserId>,
}

impl Gates {
    /// Gates with these rates.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            connects: Buckets::new(rates.connects_per_address),
            sign_ins_from: Buckets::new(rates.sign_ins_per_address),
            previews_from: Buckets::new(rates.previews_per_address),
            sign_ins_to: Buckets::new(rates.sign_ins_per_user),
            sends_of: Buckets::new(rates.sends_per_user),
            sends_to: Buckets::new(rates.sends_per_conversation),
            creates: Buckets::new(rates.creates_per_user),
            lookups: Buckets::new(rates.lookups_per_user),
            requests: Buckets::new(rates.requests_per_user),
        }
    }

    /// A connection from this address.
    ///
    /// # Errors
    /// After how many milliseconds it would be let through; so for every gate.
    pub fn connect(&self, addr: IpAddr, now_ms: u64) -> Result<(), u64> {
        self.connects.take(address_group(addr), 1.0, now_ms)
    }

    /// A sign-up or sign-in from this address.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn sign_in_from(&self, addr: IpAddr, now_ms: u64) -> Result<(), u64> {
        self.sign_ins_from.take(address_group(addr), 1.0, now_ms)
    }

    /// A look behind a link from this address, by who is not signed in.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn preview(&self, addr: IpAddr, now_ms: u64) -> Result<(), u64> {
        self.previews_from.take(address_group(addr), 1.0, now_ms)
    }

    /// A sign-in to this account, from anywhere.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn sign_in_to(&self, user: UserId, now_ms: u64) -> Result<(), u64> {
        self.sign_ins_to.take(user, 1.0, now_ms)
    }

    /// An entry by this person into this conversation. What the conversation refuses is not counted against the person.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn send(&self, user: UserId, conv: ConversationId, now_ms: u64) -> Result<(), u64> {
        self.sends_of.take(user, 1.0, now_ms)?;
        self.sends_to
            .take(conv, 1.0, now_ms)
            .inspect_err(|_| self.sends_of.give_back(user, 1.0))
    }

    /// A conversation begun, or members changed, by this person.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn create(&self, user: UserId, now_ms: u64) -> Result<(), u64> {
        self.creates.take(user, 1.0, now_ms)
    }

    /// A look-up of people by handle, by this person.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn lookup(&self, user: UserId, now_ms: u64) -> Result<(), u64> {
        self.lookups.take(user, 1.0, now_ms)
    }

    /// A conversation begun by this person with somebody they are not acquainted with.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn request(&self, user: UserId, now_ms: u64) -> Result<(), u64> {
        self.requests.take(user, 1.0, now_ms)
    }
}

#[cfg(test)]
mod tests;
