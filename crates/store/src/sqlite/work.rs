//! What a change works with: the open transaction, what the writer holds in memory, time and chance.

use super::db::{self, Db};
use super::held::{Cache, Conversation};
use super::job::{Outcome, Problem};
use hmac::{Hmac, KeyInit, Mac};
use protocol::{ConversationId, MessageId, UserId, Ver};
use rand::Rng;
use rand::rngs::StdRng;
use sha2::Sha256;
use std::collections::BTreeMap;

/// A digest of what was asked under a send_id.
pub(super) type Digest = [u8; 16];

/// The writer's desk. The parts are apart so that a change can hold a conversation and still use the rest.
pub(super) struct Work {
    pub(super) db: Db,
    pub(super) held: Held,
    pub(super) numbers: Numbers,
    pub(super) vers: Vers,
    pub(super) pen: Pen,
}

/// Time, chance and keys.
pub(super) struct Pen {
    /// The time of this batch.
    pub(super) now_ms: u64,
    pub(super) chance: StdRng,
    /// The last fanout mark that was given.
    pub(super) mark: u64,
    key: Hmac<Sha256>,
}

/// Conversations: committed ones in the cache, those of the open batch in the overlay.
pub(super) struct Held {
    overlay: BTreeMap<ConversationId, Conversation>,
    cache: Cache<ConversationId, Conversation>,
}

/// Local numbers of people. Those given in the open batch are not in the cache yet.
pub(super) struct Numbers {
    fresh: BTreeMap<UserId, i64>,
    cache: Cache<UserId, i64>,
}

/// Where inboxes stand, by local number. Those moved in the open batch are written once, at its end.
pub(super) struct Vers {
    moved: BTreeMap<i64, Ver>,
    cache: Cache<i64, Ver>,
}

/// Bits of a fanout mark below the number of the opening.
pub(super) const MARK_BITS: u32 = 40;

impl Pen {
    pub(super) fn new(key: &[u8; 32], chance: StdRng, mark: u64) -> Self {
        Self {
            now_ms: 0,
            chance,
            mark,
            key: Hmac::new_from_slice(key).expect("HMAC takes a key of any length"),
        }
    }

    /// Another mark than any before, also than those before a restart.
    pub(super) fn mark(&mut self) -> u64 {
        self.mark += 1;
        self.mark
    }

    /// A keyed digest over `parts`, each with its length before it. The key keeps it from telling anything about bodies
    /// that are long deleted.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.key.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let full = mac.finalize().into_bytes();
        let mut digest = Digest::default();
        digest.copy_from_slice(&full[..16]);
        digest
    }

    /// A UUIDv7 (RFC 9562 §5.7, method 1: the 12 bits of rand_a count) that comes after `last`. Several in one
    /// millisecond count on, if need be into the next one.
    pub(super) fn message_id(&mut self, created_ms: u64, last: MessageId) -> MessageId {
        let last_bits = u128::from_be_bytes(*last.as_bytes());
        let last_stamp = (last_bits >> 80 << 12) as u64 | (last_bits >> 64 & 0xfff) as u64;
        let stamp = (created_ms << 12).max(last_stamp + 1);
        let bits = u128::from(stamp >> 12) << 80
            | 7 << 76
            | u128::from(stamp & 0xfff) << 64
            | 2 << 62
            | u128::from(self.chance.next_u64() >> 2);
        MessageId::from_bytes(bits.to_be_bytes())
    }
}

impl Work {
    /// Writes what the batch has gathered: cursors, fanout rows, inbox positions. The last step before the commit.
    pub(super) fn flush(&mut self) -> Outcome<()> {
        for conversation in self.held.overlay.values_mut() {
            let number = conversation.number;
            for member in conversation.members.values_mut().filter(|member| member.dirty) {
                member.write(&self.db, number)?;
            }
            super::fanout::write(&self.db, &mut self.pen, conversation)?;
        }
        for (user, ver) in &self.vers.moved {
            self.db.run(
                "INSERT INTO user_heads(user, ver) VALUES (?1, ?2) ON CONFLICT (user) DO UPDATE SET ver = excluded.ver",
                (user, db::sql(ver.0)),
            )?;
        }
        Ok(())
    }

    /// After the commit: what the batch changed is what everybody may know now.
    pub(super) fn merge(&mut self) {
        for (id, conversation) in std::mem::take(&mut self.held.overlay) {
            let weight = weigh(&conversation);
            self.held.cache.put(id, conversation, weight);
        }
        for (user, number) in std::mem::take(&mut self.numbers.fresh) {
            self.numbers.cache.put(user, number, 1);
        }
        for (user, ver) in std::mem::take(&mut self.vers.moved) {
            self.vers.cache.put(user, ver, 1);
        }
    }

    /// After a rollback: what the batch changed never was.
    pub(super) fn forget(&mut self) {
        self.held.overlay.clear();
        self.numbers.fresh.clear();
        for user in std::mem::take(&mut self.vers.moved).into_keys() {
            self.vers.cache.take(&user, |_| 1);
        }
    }

    /// After a failure that leaves open what the disk holds: nothing in memory is believed.
    pub(super) fn forget_all(&mut self) {
        self.forget();
        self.held.cache.clear();
        self.numbers.cache.clear();
        self.vers.cache.clear();
    }
}

fn weigh(conversation: &Conversation) -> usize {
    conversation.members.len() + 1
}

impl Held {
    pub(super) fn new(members_max: usize) -> Self {
        Self {
            overlay: BTreeMap::new(),
            cache: Cache::new(members_max),
        }
    }

    /// The conversation as the open batch has it, or `None` if there is none.
    pub(super) fn get(&mut self, db: &Db, id: ConversationId) -> Outcome<Option<&mut Conversation>> {
        if !self.overlay.contains_key(&id) {
            let found = match self.cache.take(&id, weigh) {
                Some(found) => Some(found),
                None => Conversation::load(db, id)?
                    .map(|found| super::fanout::waits(db, found))
                    .transpose()?,
            };
            let Some(conversation) = found else {
                return Ok(None);
            };
            self.overlay.insert(id, conversation);
        }
        Ok(self.overlay.get_mut(&id))
    }

    /// Whether the open batch wrote to a log, before [`Work::flush`]. For a planted fault only.
    pub(super) fn wrote(&self) -> bool {
        self.overlay.values().any(|conversation| conversation.fanout.is_some())
    }

    /// A conversation that begins in the open batch.
    pub(super) fn begin(&mut self, id: ConversationId, conversation: Conversation) {
        self.overlay.insert(id, conversation);
    }

    /// The local number of a conversation that is in memory.
    pub(super) fn number(&self, id: ConversationId) -> Option<i64> {
        let held = self.overlay.get(&id).or_else(|| self.cache.peek(&id))?;
        Some(held.number)
    }
}

impl Numbers {
    pub(super) fn new(users_max: usize) -> Self {
        Self {
            fresh: BTreeMap::new(),
            cache: Cache::new(users_max),
        }
    }

    /// The local number of a person, given now if they have none.
    pub(super) fn give(&mut self, db: &Db, user: UserId) -> Outcome<i64> {
        if let Some(number) = self.fresh.get(&user).copied().or_else(|| self.cache.get(&user)) {
            return Ok(number);
        }
        let number = match db.user_number(user)? {
            Some(number) => number,
            None => {
                db.run("INSERT INTO user_numbers(id) VALUES (?1)", [user.as_bytes()])?;
                db.conn().last_insert_rowid()
            }
        };
        self.fresh.insert(user, number);
        Ok(number)
    }
}

impl Vers {
    pub(super) fn new(users_max: usize) -> Self {
        Self {
            moved: BTreeMap::new(),
            cache: Cache::new(users_max),
        }
    }

    /// The next position of an inbox.
    pub(super) fn next(&mut self, db: &Db, user: i64) -> Outcome<Ver> {
        let now = match self.moved.get(&user).copied().or_else(|| self.cache.get(&user)) {
            Some(ver) => ver,
            None => db
                .first("SELECT ver FROM user_heads WHERE user = ?1", [user], |row| {
                    db::number(row, 0).map(Ver)
                })?
                .unwrap_or(Ver::ZERO),
        };
        let next = now.next();
        self.moved.insert(user, next);
        Ok(next)
    }
}

/// The local number of a conversation, given now if it has none.
pub(super) fn number_conversation(db: &Db, conv: ConversationId) -> Outcome<i64> {
    if let Some(number) = db.conversation_number(conv)? {
        return Ok(number);
    }
    db.run("INSERT INTO conversation_numbers(id) VALUES (?1)", [conv.as_bytes()])?;
    let number = db.conn().last_insert_rowid();
    if number >= 1 << 31 {
        return Err(Problem::Damage("there are more than 2^31 conversations"));
    }
    Ok(number)
}
