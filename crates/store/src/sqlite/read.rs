//! Reads of a log: pages, heads, tails, members, receipts. Each runs in one snapshot, and each looks at spans.

use super::cursors;
use super::db::{self, Db};
use super::held::Conversation;
use super::job::{Outcome, Problem};
use super::log;
use super::seen::{self, Eyes};
use crate::error::Refused;
use crate::record::{AskPage, Entry, Head, Member, MembersPage, Page, Receipt, TailPage};
use mutants::Mutant;
use protocol::client_frame::Place;
use protocol::{ConversationId, Epoch, MessageId, Ordinal, Seq, Span, UserId, limits, unread};

/// Somebody who is or was a member, looking at a log.
pub(super) struct Viewer {
    conv: ConversationId,
    pub(super) number: i64,
    pub(super) spans: Vec<Span>,
    floor_seq: Seq,
    /// The last entry they may read.
    head: Head,
}

impl Viewer {
    pub(super) fn find(db: &Db, epoch: Epoch, conv: ConversationId, user: UserId) -> Outcome<Option<Self>> {
        let found = db.first(
            "SELECT c.number, u.number, v.floor_seq FROM conversation_numbers c
             JOIN conversations v ON v.conv = c.number
             JOIN user_numbers u ON u.id = ?2
             JOIN members m ON m.conv = c.number AND m.user = u.number
             WHERE c.id = ?1",
            (conv.as_bytes(), user.as_bytes()),
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, Seq(db::number(row, 2)?))),
        )?;
        let Some((number, user, floor_seq)) = found else {
            return Ok(None);
        };
        let spans = db.all(
            "SELECT from_seq, from_ord, to_seq, to_ord FROM spans WHERE conv = ?1 AND user = ?2 ORDER BY from_seq",
            (number, user),
            |row| {
                Ok(Span {
                    from_seq: Seq(db::number(row, 0)?),
                    from_ord: Ordinal(db::number(row, 1)?),
                    to_seq: db::number_or_none(row, 2)?.map(Seq),
                    to_ord: db::number_or_none(row, 3)?.map(Ordinal),
                })
            },
        )?;
        let (head_seq, head_ord, head_ms, _) = log::head(db, number)?;
        let seq = unread::readable_head(&spans, head_seq).unwrap_or(Seq::ZERO);
        let (ord, ms) = if seq == head_seq {
            (head_ord, head_ms)
        } else {
            log::place(db, number, seq)?
        };
        let head = Head {
            conv,
            epoch,
            seq,
            ord,
            ms,
        };
        Ok(Some(Self {
            conv,
            number,
            spans,
            floor_seq,
            head,
        }))
    }

    /// Readable entries from `from` to `to`, the lowest first. Stops before the bound that the next one would break.
    fn up(&self, db: &Db, from: Seq, to: Seq, since: Option<Seq>, bounds: &mut Bounds) -> Outcome<Taken> {
        let mut taken = Taken::default();
        for (low, high) in self.ranges(from, to) {
            // Planted fault: time, to the second, is the order.
            let mut statement = db.prepare(if mutants::is(Mutant::PullByTime) {
                log::entries!(
                    "WHERE l.id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR l.rev > ?3)
                     ORDER BY l.created_ms / 1000, l.send_id"
                )
            } else {
                log::entries!("WHERE l.id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR l.rev > ?3) ORDER BY l.id")
            })?;
            let since = since.map(|seq| db::sql(seq.0));
            let mut rows = statement.query((db::log_id(self.number, low), db::log_id(self.number, high), since))?;
            while let Some(row) = rows.next()? {
                let entry = seen::seen(db, self.number, log::entry(row, self.conv)?, Eyes::Reader(&self.spans))?;
                if !bounds.admit(entry.bytes()) {
                    taken.more = true;
                    return Ok(taken);
                }
                taken.entries.push(entry);
            }
        }
        Ok(taken)
    }

    /// Readable entries up to `to`, the highest first. They come back in order.
    fn down(&self, db: &Db, to: Seq, bounds: &mut Bounds) -> Outcome<Taken> {
        let mut taken = Taken::default();
        'spans: for (low, high) in self.ranges(Seq(1), to).into_iter().rev() {
            // Planted fault: time, to the second, is the order.
            let mut statement = db.prepare(if mutants::is(Mutant::PullByTime) {
                log::entries!("WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.created_ms / 1000 DESC, l.send_id DESC")
            } else {
                log::entries!("WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.id DESC")
            })?;
            let mut rows = statement.query((db::log_id(self.number, low), db::log_id(self.number, high)))?;
            while let Some(row) = rows.next()? {
                let entry = seen::seen(db, self.number, log::entry(row, self.conv)?, Eyes::Reader(&self.spans))?;
                if !bounds.admit(entry.bytes()) {
                    taken.more = true;
                    break 'spans;
                }
                taken.entries.push(entry);
            }
        }
        taken.entries.reverse();
        Ok(taken)
    }

    /// Whether there is an entry at `seq` that they may read.
    pub(super) fn may_read(&self, seq: Seq) -> bool {
        seq >= self.floor_seq && seq <= self.head.seq && unread::may_read(&self.spans, seq)
    }

    /// What they may read between two seqs, as ranges in order.
    pub(super) fn ranges(&self, from: Seq, to: Seq) -> Vec<(Seq, Seq)> {
        let to = to.min(self.head.seq);
        self.spans
            .iter()
            .map(|span| (span.from_seq.max(from), span.to_seq.unwrap_or(to).min(to)))
            .filter(|(low, high)| low <= high)
            .collect()
    }
}

/// What is left of a page's limits.
pub(super) struct Bounds {
    entries: usize,
    bytes: usize,
    /// Nothing was taken yet: the first one is, however large.
    empty: bool,
}

impl Bounds {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: limit,
            bytes: limits::PAGE_BYTES_MAX,
            empty: true,
        }
    }

    pub(super) fn admit(&mut self, bytes: usize) -> bool {
        if !self.empty && (self.entries == 0 || bytes > self.bytes) {
            return false;
        }
        self.empty = false;
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        true
    }
}

#[derive(Default)]
struct Taken {
    entries: Vec<Entry>,
    more: bool,
}

/// [`crate::Store::page`].
pub(super) fn page(db: &Db, epoch: Epoch, ask: &AskPage) -> Outcome<Page> {
    let viewer = Viewer::find(db, epoch, ask.conv, ask.reader)?.ok_or(Refused::NotFound)?;
    let limit = ask.limit.clamp(1, limits::PAGE_ENTRIES_MAX);
    let head = viewer.head.seq;
    let mut bounds = Bounds::new(limit);
    let (from, to, taken) = match ask.place {
        Place::After(seq) => above(db, &viewer, seq.next(), head, None, &mut bounds)?,
        Place::Range(first, last, since) => {
            above(db, &viewer, first.prev().next(), last.min(head), since, &mut bounds)?
        }
        Place::Before(seq) => below(db, &viewer, seq.prev(), &mut bounds)?,
        Place::Around(seq) => {
            let half = limit.div_ceil(2);
            bounds.entries = half;
            let (from, to, mut lower) = below(db, &viewer, seq, &mut bounds)?;
            bounds.entries = limit - lower.entries.len();
            let (_, upper_to, upper) = above(db, &viewer, seq.next(), head, None, &mut bounds)?;
            lower.entries.extend(upper.entries);
            lower.more |= upper.more;
            (from, to.max(upper_to.min(head)), lower)
        }
    };
    Ok(Page {
        from,
        to,
        more: taken.more,
        head: viewer.head,
        floor_seq: viewer.floor_seq,
        entries: taken.entries,
    })
}

fn above(
    db: &Db,
    viewer: &Viewer,
    from: Seq,
    last: Seq,
    since: Option<Seq>,
    bounds: &mut Bounds,
) -> Outcome<(Seq, Seq, Taken)> {
    // Planted fault: who comes back gets what follows one entry late, on a page that says it is whole.
    let first = if mutants::is(Mutant::ResumeOffByOne) && from > Seq(1) {
        from.next()
    } else {
        from
    };
    let taken = viewer.up(db, first, last, since, bounds)?;
    let end = match taken.entries.last() {
        Some(entry) if taken.more => entry.seq,
        None if taken.more => from.prev(),
        _ => last.max(from.prev()),
    };
    Ok((from, end, taken))
}

fn below(db: &Db, viewer: &Viewer, last: Seq, bounds: &mut Bounds) -> Outcome<(Seq, Seq, Taken)> {
    let taken = viewer.down(db, last, bounds)?;
    let start = match taken.entries.first() {
        Some(entry) if taken.more => entry.seq,
        _ => Seq(1),
    };
    Ok((start, last.min(viewer.head.seq), taken))
}

/// [`crate::Store::find`]. Ids go up with the seqs, so the log is its own index.
pub(super) fn find(db: &Db, epoch: Epoch, reader: UserId, conv: ConversationId, id: MessageId) -> Outcome<Seq> {
    let viewer = Viewer::find(db, epoch, conv, reader)?.ok_or(Refused::NotFound)?;
    let (mut low, mut high) = (viewer.floor_seq, viewer.head.seq);
    while low <= high {
        let middle = Seq(low.0 + (high.0 - low.0) / 2);
        let there = db
            .first(
                "SELECT message_id FROM log WHERE id = ?1",
                [db::log_id(viewer.number, middle)],
                |row| row.get(0).map(MessageId::from_bytes),
            )?
            .ok_or(Problem::Damage("an entry between floor and head is not in the log"))?;
        match there.cmp(&id) {
            std::cmp::Ordering::Equal if viewer.may_read(middle) => return Ok(middle),
            std::cmp::Ordering::Equal => break,
            std::cmp::Ordering::Less => low = middle.next(),
            std::cmp::Ordering::Greater if middle <= viewer.floor_seq => break,
            std::cmp::Ordering::Greater => high = middle.prev(),
        }
    }
    Err(Refused::BadReference.into())
}

/// [`crate::Store::heads`].
pub(super) fn heads(db: &Db, epoch: Epoch, reader: UserId, convs: &[ConversationId]) -> Outcome<Vec<Head>> {
    let mut heads = Vec::with_capacity(convs.len());
    for conv in convs {
        heads.extend(Viewer::find(db, epoch, *conv, reader)?.map(|viewer| viewer.head));
    }
    Ok(heads)
}

/// [`crate::Store::tail`].
pub(super) fn tail(db: &Db, epoch: Epoch, conv: ConversationId, after: Option<Seq>, limit: usize) -> Outcome<TailPage> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::NotFound)?;
    let entries = match after {
        None => Vec::new(),
        Some(after) => db.all(
            log::entries!("WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.id LIMIT ?3"),
            (
                db::log_id(conversation.number, after.next()),
                db::log_id(conversation.number, conversation.head_seq),
                db::sql(limit as u64),
            ),
            |row| log::entry(row, conv),
        )?,
    };
    let as_committed = |entry| seen::seen(db, conversation.number, entry, Eyes::Delivery);
    let entries = entries.into_iter().map(as_committed).collect::<Outcome<Vec<Entry>>>()?;
    Ok(TailPage {
        epoch,
        kind: conversation.kind,
        head_seq: conversation.head_seq,
        head_ord: conversation.head_ord,
        entries,
        spans: conversation
            .members
            .into_iter()
            .map(|(user, member)| (user, member.spans))
            .collect(),
    })
}

/// [`crate::Store::members`].
pub(super) fn members(
    db: &Db,
    reader: UserId,
    conv: ConversationId,
    after: Option<UserId>,
    limit: usize,
) -> Outcome<MembersPage> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::NotFound)?;
    let viewer = conversation.members.get(&reader).ok_or(Refused::NotFound)?;
    if viewer.role.is_none() {
        return Err(Refused::NotAMember.into());
    }
    let mut beyond = conversation
        .present()
        .filter(|(user, _)| after.is_none_or(|after| *user > after));
    let mut page = Vec::new();
    for (user, member) in beyond.by_ref().take(limit.clamp(1, limits::MEMBERS_PAGE_MAX)) {
        page.push(Member {
            user,
            role: member.role.unwrap_or(protocol::server_frame::Role::Member),
            from_seq: member.since,
            delivered: member.delivered,
            read: member.read,
        });
    }
    Ok(MembersPage {
        more: beyond.next().is_some(),
        count: conversation.present().count(),
        members: page,
    })
}

/// [`crate::Store::receipts`].
pub(super) fn receipts(db: &Db, reader: UserId, conv: ConversationId, seq: Seq) -> Outcome<Vec<Receipt>> {
    let conversation = Conversation::load(db, conv)?.ok_or(Refused::NotFound)?;
    let viewer = conversation.members.get(&reader).ok_or(Refused::NotFound)?;
    if viewer.role.is_none() {
        return Err(Refused::NotAMember.into());
    }
    if seq > conversation.head_seq || seq < conversation.floor_seq || !unread::may_read(&viewer.spans, seq) {
        return Err(Refused::BadReference.into());
    }
    let sender = log::read(db, conv, conversation.number, seq)?.sender;
    let mut receipts = Vec::new();
    for (user, member) in conversation.present() {
        if user == sender || !unread::may_read(&member.spans, seq) || member.found(seq) {
            continue;
        }
        let run = |kind: i64| {
            let found = db.first(
                "SELECT to_seq, at_ms FROM receipt_runs WHERE conv = ?1 AND user = ?2 AND kind = ?3 AND from_seq <= ?4
                 ORDER BY from_seq DESC LIMIT 1",
                (conversation.number, member.number, kind, db::sql(seq.0)),
                |row| Ok((Seq(db::number(row, 0)?), db::number(row, 1)?)),
            )?;
            Ok::<_, Problem>(found.filter(|(to, _)| *to >= seq).map(|(_, at_ms)| at_ms))
        };
        receipts.push(Receipt {
            user,
            delivered_ms: run(cursors::DELIVERED)?,
            read_ms: run(cursors::READ)?,
        });
    }
    Ok(receipts)
}

/// [`crate::Store::acquainted`].
pub(super) fn acquainted(db: &Db, viewer: UserId, people: &[UserId]) -> Outcome<Vec<UserId>> {
    let Some(viewer) = db.user_number(viewer)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for person in people {
        let Some(number) = db.user_number(*person)? else {
            continue;
        };
        // All kinds there are so far hold at most 256 people.
        let shared = db.first(
            "SELECT 1 FROM members a JOIN members b ON b.conv = a.conv AND b.user = ?2
             WHERE a.user = ?1 AND a.role IS NOT NULL AND b.role IS NOT NULL LIMIT 1",
            (viewer, number),
            |_| Ok(()),
        )?;
        found.extend(shared.map(|()| *person));
    }
    Ok(found)
}
