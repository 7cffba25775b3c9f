//! What the writer holds in memory: conversations with their heads and members, and where inboxes stand.
//!
//! A batch *moves* what it touches out of the cache into its overlay and changes it there; only after the commit does
//! it go back. If the batch fails the overlay is dropped, and the next use reads the file: memory never knows more than
//! the disk. Nothing here is ever the only copy of anything that was told to somebody.

use super::db::{self, Db};
use super::job::Outcome;
use super::log;
use super::terms::Side;
use crate::record::Mentions;
use protocol::group::GroupSettings;
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Generation, MessageId, Ordinal, Seq, Span, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

/// A conversation as the writer knows it.
pub(super) struct Conversation {
    /// Its local number.
    pub(super) number: i64,
    pub(super) kind: ConversationKind,
    pub(super) title: Option<String>,
    pub(super) settings: GroupSettings,
    pub(super) floor_seq: Seq,
    pub(super) head_seq: Seq,
    pub(super) head_ord: Ordinal,
    /// When the head was committed.
    pub(super) head_ms: u64,
    pub(super) head_id: MessageId,
    /// Everybody who is or was a member.
    pub(super) members: BTreeMap<UserId, Member>,
    /// What this batch adds to the fanout row; written once, at its end.
    pub(super) fanout: Option<Fanout>,
    /// The fanout row as it was last written, if there is one. The writer's only: [`Conversation::load`] leaves it out.
    pub(super) waiting: Option<Waiting>,
}

/// A present or former member.
#[derive(Clone)]
pub(super) struct Member {
    /// Their local number.
    pub(super) number: i64,
    /// `None`: no longer a member.
    pub(super) role: Option<Role>,
    /// The entry that says they are here, of their last stay.
    pub(super) since: Seq,
    /// When they last wrote, as far as the writer happens to know: for slow mode.
    pub(super) wrote_ms: Option<u64>,
    pub(super) spans: Vec<Span>,
    pub(super) delivered: Seq,
    pub(super) read: Seq,
    pub(super) mine: Seq,
    pub(super) mine_ord: Ordinal,
    pub(super) generation: Generation,
    /// The latest entry that mentions them.
    pub(super) mentioned: Seq,
    /// The latest receipt runs, delivered and read, once they were looked at.
    pub(super) runs: [Option<Run>; 2],
    /// Their side of a 1:1's terms.
    pub(super) side: Side,
    /// The row has to be written at the end of the batch.
    pub(super) dirty: bool,
}

/// A receipt run that may be extended.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) from_seq: i64,
    /// The advance that began it.
    pub(super) at_ms: u64,
}

/// A fanout row.
pub(super) struct Waiting {
    /// The first entry that inboxes may not know; `None`: only cursors moved.
    pub(super) from_seq: Option<Seq>,
    pub(super) mark: u64,
    /// Whose inboxes are behind for their cursors, by local number.
    pub(super) users: Vec<i64>,
    /// Which threads changed, and for whom by local number; `None`: for all who follow.
    pub(super) threads: BTreeSet<(Seq, Option<i64>)>,
}

/// What a batch adds to a fanout row.
#[derive(Default)]
pub(super) struct Fanout {
    /// The first entry that was written; `None`: only cursors moved.
    pub(super) from_seq: Option<Seq>,
    /// Present members whose cursors moved, by local number.
    pub(super) movers: Vec<i64>,
    /// Former members whose cursors moved.
    pub(super) former: Vec<i64>,
    /// Which threads changed, and for whom.
    pub(super) threads: BTreeSet<(Seq, Option<i64>)>,
    /// When the first of it was written.
    pub(super) since_ms: u64,
}

impl Conversation {
    /// Who is mentioned by this author; also people who are no members.
    pub(super) fn named(&self, mentions: &Mentions, author: UserId) -> Vec<UserId> {
        let members = self.members.iter().filter(|(_, member)| member.role.is_some());
        mentions.of(author, members.map(|(user, _)| *user))
    }

    /// Reads a conversation. Its head is derived from the log.
    pub(super) fn load(db: &Db, id: ConversationId) -> Outcome<Option<Self>> {
        let Some(number) = db.conversation_number(id)? else {
            return Ok(None);
        };
        Self::load_numbered(db, number)
    }

    /// Reads a conversation whose number is known.
    pub(super) fn load_numbered(db: &Db, number: i64) -> Outcome<Option<Self>> {
        let head = db.first(
            "SELECT kind, title, floor_seq, settings FROM conversations WHERE conv = ?1",
            [number],
            |row| {
                Ok((
                    db::conversation_kind(row.get(0)?),
                    row.get(1)?,
                    Seq(db::number(row, 2)?),
                    row.get::<_, Option<String>>(3)?,
                ))
            },
        )?;
        let Some((kind, title, floor_seq, settings)) = head else {
            return Ok(None);
        };
        let (head_seq, head_ord, head_ms, head_id) = log::head(db, number)?;
        Ok(Some(Self {
            number,
            kind,
            title,
            settings: db::settings(settings.as_deref())?,
            floor_seq,
            head_seq,
            head_ord,
            head_ms,
            head_id,
            members: Member::load_all(db, number)?,
            fanout: None,
            waiting: None,
        }))
    }

    /// The role of a present member.
    pub(super) fn role(&self, user: UserId) -> Option<Role> {
        self.members.get(&user)?.role
    }

    /// Present members.
    pub(super) fn present(&self) -> impl Iterator<Item = (UserId, &Member)> {
        self.members
            .iter()
            .filter(|(_, member)| member.role.is_some())
            .map(|(user, member)| (*user, member))
    }

    /// Notes that an entry was written, for the fanout row.
    pub(super) fn note_entry(&mut self, seq: Seq, now_ms: u64) {
        let fanout = self.fanout.get_or_insert_with(|| Fanout {
            since_ms: now_ms,
            ..Fanout::default()
        });
        fanout.from_seq = Some(fanout.from_seq.map_or(seq, |first| first.min(seq)));
    }

    /// Notes that a thread changed, for one of those who follow it or for all, beside an entry that was written.
    pub(super) fn note_thread(&mut self, root: Seq, user: Option<i64>) {
        let fanout = self.fanout.get_or_insert_with(Fanout::default);
        fanout.threads.insert((root, user));
    }

    /// Notes that a thread changed for one member, without an entry.
    pub(super) fn note_thread_now(&mut self, root: Seq, user: i64, now_ms: u64) {
        let fanout = self.fanout.get_or_insert_with(|| Fanout {
            since_ms: now_ms,
            ..Fanout::default()
        });
        fanout.threads.insert((root, Some(user)));
    }

    /// Notes that somebody's cursors moved, for the fanout row.
    pub(super) fn note_cursor(&mut self, user: i64, present: bool, now_ms: u64) {
        let fanout = self.fanout.get_or_insert_with(|| Fanout {
            since_ms: now_ms,
            ..Fanout::default()
        });
        let movers = if present {
            &mut fanout.movers
        } else {
            &mut fanout.former
        };
        if !movers.contains(&user) {
            movers.push(user);
        }
    }
}

impl Member {
    /// Somebody who has read nothing yet and may not read anything.
    pub(super) fn new(number: i64, role: Option<Role>) -> Self {
        Self {
            number,
            role,
            since: Seq::ZERO,
            wrote_ms: None,
            spans: Vec::new(),
            delivered: Seq::ZERO,
            read: Seq::ZERO,
            mine: Seq::ZERO,
            mine_ord: Ordinal::ZERO,
            generation: Generation::ZERO,
            mentioned: Seq::ZERO,
            runs: [None; 2],
            side: Side::default(),
            dirty: false,
        }
    }

    fn load_all(db: &Db, conv: i64) -> Outcome<BTreeMap<UserId, Self>> {
        let mut members: BTreeMap<UserId, Self> = db
            .all(
                "SELECT n.id, m.user, m.role, m.delivered, m.read, m.mine, m.mine_ord, m.gen,
                   (SELECT max(t.seq) FROM mentions t WHERE t.conv = m.conv AND t.user = m.user), m.since_seq,
                   m.request, m.blocks, m.gone, m.terms_rev
                 FROM members m JOIN user_numbers n ON n.number = m.user WHERE m.conv = ?1",
                [conv],
                |row| {
                    let member = Self {
                        number: row.get(1)?,
                        role: db::role(row.get(2)?),
                        since: Seq(db::number_or_none(row, 9)?.unwrap_or(0)),
                        wrote_ms: None,
                        spans: Vec::new(),
                        delivered: Seq(db::number(row, 3)?),
                        read: Seq(db::number(row, 4)?),
                        mine: Seq(db::number(row, 5)?),
                        mine_ord: Ordinal(db::number(row, 6)?),
                        generation: Generation(db::number(row, 7)?),
                        mentioned: Seq(db::number_or_none(row, 8)?.unwrap_or(0)),
                        runs: [None; 2],
                        side: Side::read(row, 10)?,
                        dirty: false,
                    };
                    Ok((db::user_id(row, 0)?, member))
                },
            )?
            .into_iter()
            .collect();
        let mut spans: HashMap<i64, Vec<Span>> = HashMap::with_capacity(members.len());
        let rows = db.all(
            "SELECT user, from_seq, from_ord, to_seq, to_ord FROM spans WHERE conv = ?1 ORDER BY user, from_seq",
            [conv],
            |row| {
                let span = Span {
                    from_seq: Seq(db::number(row, 1)?),
                    from_ord: Ordinal(db::number(row, 2)?),
                    to_seq: db::number_or_none(row, 3)?.map(Seq),
                    to_ord: db::number_or_none(row, 4)?.map(Ordinal),
                };
                Ok((row.get::<_, i64>(0)?, span))
            },
        )?;
        for (user, span) in rows {
            spans.entry(user).or_default().push(span);
        }
        for member in members.values_mut() {
            member.spans = spans.remove(&member.number).unwrap_or_default();
            // Rows of before there were stays that may read more than what came in them.
            if member.since == Seq::ZERO {
                member.since = member.spans.last().map_or(Seq::ZERO, |span| span.from_seq);
            }
        }
        Ok(members)
    }

    /// Writes the member's row as it is now.
    pub(super) fn write(&mut self, db: &Db, conv: i64) -> Outcome<()> {
        db.run(
            "INSERT INTO members(conv, user, role, delivered, read, mine, mine_ord, gen, since_seq, request, blocks,
               gone, terms_rev)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (conv, user) DO UPDATE SET role = excluded.role, delivered = excluded.delivered,
               read = excluded.read, mine = excluded.mine, mine_ord = excluded.mine_ord, gen = excluded.gen,
               since_seq = excluded.since_seq, request = excluded.request, blocks = excluded.blocks,
               gone = excluded.gone, terms_rev = excluded.terms_rev",
            (
                conv,
                self.number,
                db::role_code(self.role),
                db::sql(self.delivered.0),
                db::sql(self.read.0),
                db::sql(self.mine.0),
                db::sql(self.mine_ord.0),
                db::sql(self.generation.0),
                db::sql(self.since.0),
                super::terms::request_code(self.side.request),
                self.side.blocks,
                self.side.gone,
                db::sql(self.side.rev),
            ),
        )?;
        self.dirty = false;
        Ok(())
    }

    /// Whether they joined after `seq` and found it there.
    pub(super) fn found(&self, seq: Seq) -> bool {
        seq < self.since && self.spans.last().is_some_and(|span| span.holds(seq))
    }

    /// The last entry they may read.
    pub(super) fn readable_head(&self, head: Seq) -> Seq {
        protocol::unread::readable_head(&self.spans, head).unwrap_or(Seq::ZERO)
    }
}

/// A bounded map that forgets what was not used lately: two halves, of which the older is dropped whole when the
/// younger is full. Everything in it can be read again.
pub(super) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// The weight of `young`.
    weight: usize,
    weight_max: usize,
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(weight_max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            weight: 0,
            weight_max: (weight_max / 2).max(1),
        }
    }

    /// Looks at a value without keeping it young.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, key: &K, weigh: impl Fn(&V) -> usize) -> Option<V> {
        if let Some(value) = self.young.remove(key) {
            self.weight = self.weight.saturating_sub(weigh(&value));
            return Some(value);
        }
        self.old.remove(key)
    }

    /// Puts a value in.
    pub(super) fn put(&mut self, key: K, value: V, weight: usize) {
        if self.weight + weight > self.weight_max {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.old.remove(&key);
        self.young.insert(key, value);
        self.weight += weight;
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
        self.weight = 0;
    }
}

impl<K: Eq + Hash + Copy, V: Copy> Cache<K, V> {
    /// Reads a value that is small enough to copy, and keeps it young.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(*value);
        }
        let value = self.old.remove(key)?;
        self.put(*key, value, 1);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_keeps_what_is_used_and_stays_bounded() {
        let mut cache = Cache::new(20);
        for n in 0..1_000_u32 {
            cache.put(n, n, 1);
            assert_eq!(cache.get(&7), (n >= 7).then_some(7), "7 is used all the time");
            assert!(cache.young.len() + cache.old.len() <= 21, "at {n}");
        }
        assert_eq!(cache.get(&500), None);
        assert_eq!(cache.take(&999, |_| 1), Some(999));
        assert_eq!(cache.get(&999), None);
    }
}
