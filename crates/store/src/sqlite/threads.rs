//! Threads: the places of replies in them, who follows them and how far they have read.
//!
//! What is not read of a thread is derived like what is not read of a conversation: places and spans, no counter.

use super::db::{self, Db};
use super::held::{Conversation, Member};
use super::job::Outcome;
use super::log;
use super::read::{Bounds, Viewer};
use super::seen::{self, Eyes};
use super::work::Work;
use crate::error::Refused;
use crate::record::{Append, Entry};
use crate::thread::{AskThread, FollowThread, ReadThread, ThreadEntries, ThreadPlace, ThreadRecord};
use protocol::{ConversationId, Epoch, Ordinal, Seq, Span, UserId, limits, unread};

/// log.flags: in a thread, and not counted by ord.
pub(super) const IN_THREAD: i64 = 2;

/// What a row of `thread_members` says about following.
const LET_GO: i64 = 0;
const FOLLOWS: i64 = 1;
const DECLINED: i64 = 2;

/// A row of `thread_members`.
#[derive(Clone, Copy)]
struct Say {
    follows: i64,
    read: Seq,
    rev: u64,
}

/// Why a reply cannot hang there, if it cannot. Its root is readable.
pub(super) fn may_reply(db: &Db, conversation: &Conversation, ask: &Append) -> Outcome<Result<(), Refused>> {
    let Some(root) = ask.thread else { return Ok(Ok(())) };
    let Some(entry) = root_entry(db, ask.conv, conversation.number, root)? else {
        return Ok(Err(Refused::NotARoot));
    };
    let deleted = seen::deleted_by(db, conversation.number, entry.rev)?.is_some();
    Ok(if deleted { Err(Refused::Deleted) } else { Ok(()) })
}

/// The entry that can start a thread, if this one can.
fn root_entry(db: &Db, conv: ConversationId, number: i64, root: Seq) -> Outcome<Option<Entry>> {
    let entry = log::read(db, conv, number, root)?;
    Ok(Some(entry).filter(|entry| entry.kind.counts() && entry.thread.is_none()))
}

/// A reply was written: it gets its place, and who is concerned follows.
pub(super) fn replied(db: &Db, conversation: &mut Conversation, entry: &Entry, named: &[UserId]) -> Outcome<()> {
    let Some(root) = entry.thread else { return Ok(()) };
    let conv = conversation.number;
    let before = last(db, conv, root, Seq(db::SEQ_MAX))?;
    let place = before.map_or(Ordinal::ZERO, |(_, place)| place);
    let place = if entry.kind.counts() { place.next() } else { place };
    db.run(
        "INSERT INTO threads(conv, root, seq, tord) VALUES (?1, ?2, ?3, ?4)",
        (conv, db::sql(root.0), db::sql(entry.seq.0), db::sql(place.0)),
    )?;
    conversation.note_thread(root, None);
    if before.is_none() {
        let author = log::read(db, entry.conv, conv, root)?.sender;
        begin(db, conversation, author, root, root)?;
    }
    for user in named {
        begin(db, conversation, *user, root, entry.seq.prev())?;
    }
    wrote(db, conversation, entry, root)
}

/// An edit mentions people anew in a reply: they follow from the edit on.
pub(super) fn named_later(db: &Db, conversation: &mut Conversation, target: &Entry, named: &[UserId]) -> Outcome<()> {
    let Some(root) = target.thread.filter(|_| !named.is_empty()) else {
        return Ok(());
    };
    // What carried a thread before there were any is in none.
    if last(db, conversation.number, root, target.seq)?.is_none_or(|(seq, _)| seq != target.seq) {
        return Ok(());
    }
    for user in named {
        if present(conversation, *user).is_some_and(|member| unread::may_read(&member.spans, target.seq)) {
            begin(db, conversation, *user, root, target.seq.prev())?;
        }
    }
    Ok(())
}

/// Somebody begins to follow by what others did, having read up to `read`; unless they follow, or have said no, or may
/// not read the root.
fn begin(db: &Db, conversation: &mut Conversation, user: UserId, root: Seq, read: Seq) -> Outcome<()> {
    let Some(member) = present(conversation, user).filter(|member| unread::may_read(&member.spans, root)) else {
        return Ok(());
    };
    let (conv, number) = (conversation.number, member.number);
    let say = say(db, conv, number, root)?;
    match say {
        None => put(db, conv, number, root, Say::new(FOLLOWS, read))?,
        Some(say) if say.follows == LET_GO => put(db, conv, number, root, say.now(FOLLOWS, say.read))?,
        Some(_) => return Ok(()),
    }
    conversation.note_thread(root, Some(number));
    let_go(db, conversation, number, root)
}

/// Who writes follows, and has read what they wrote.
fn wrote(db: &Db, conversation: &mut Conversation, entry: &Entry, root: Seq) -> Outcome<()> {
    let (conv, number) = match present(conversation, entry.sender) {
        Some(member) => (conversation.number, member.number),
        None => return Ok(()),
    };
    let before = say(db, conv, number, root)?;
    let next = before.map_or(Say::new(FOLLOWS, entry.seq), |say| say.now(FOLLOWS, entry.seq));
    put(db, conv, number, root, next)?;
    if before.is_some_and(|say| say.follows == FOLLOWS) {
        return Ok(());
    }
    let_go(db, conversation, number, root)
}

/// Somebody follows one thread too many: the one that began first goes, but not `kept`.
fn let_go(db: &Db, conversation: &mut Conversation, number: i64, kept: Seq) -> Outcome<()> {
    let conv = conversation.number;
    let followed = db.all(
        "SELECT root FROM thread_members WHERE conv = ?1 AND user = ?2 AND follows = 1 ORDER BY root",
        (conv, number),
        |row| db::number(row, 0).map(Seq),
    )?;
    if followed.len() <= limits::THREADS_FOLLOWED_MAX {
        return Ok(());
    }
    let Some(first) = followed.into_iter().find(|root| *root != kept) else {
        return Ok(());
    };
    if let Some(say) = say(db, conv, number, first)? {
        put(db, conv, number, first, say.now(LET_GO, say.read))?;
        conversation.note_thread(first, Some(number));
    }
    Ok(())
}

/// Somebody left: they follow nothing any more, and come back as one who never did.
pub(super) fn left(db: &Db, conversation: &mut Conversation, number: i64) -> Outcome<()> {
    let conv = conversation.number;
    let followed = db.all(
        "SELECT root FROM thread_members WHERE conv = ?1 AND user = ?2 AND follows = 1",
        (conv, number),
        |row| db::number(row, 0).map(Seq),
    )?;
    followed
        .into_iter()
        .for_each(|root| conversation.note_thread(root, Some(number)));
    db.run(
        "DELETE FROM thread_members WHERE conv = ?1 AND user = ?2",
        (conv, number),
    )?;
    Ok(())
}

/// [`crate::Store::follow`].
pub(super) fn follow(work: &mut Work, ask: &FollowThread) -> Outcome<ThreadRecord> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let number = may_follow(db, conversation, (ask.conv, ask.user, ask.root))?;
    let conv = conversation.number;
    let before = say(db, conv, number, ask.root)?;
    let follows = if ask.on { FOLLOWS } else { DECLINED };
    let changes = before.is_none_or(|say| say.follows != follows);
    if changes {
        let next = match before {
            None => Say::new(follows, conversation.head_seq),
            Some(say) => say.now(follows, say.read),
        };
        put(db, conv, number, ask.root, next)?;
        conversation.note_thread_now(ask.root, number, work.pen.now_ms);
        if ask.on {
            let_go(db, conversation, number, ask.root)?;
        }
    }
    row(db, conversation, ask.conv, ask.user, ask.root)
}

/// [`crate::Store::read_thread`].
pub(super) fn read_to(work: &mut Work, ask: &ReadThread) -> Outcome<ThreadRecord> {
    let db = &work.db;
    let conversation = work.held.get(db, ask.conv)?.ok_or(Refused::NotFound)?;
    let number = may_follow(db, conversation, (ask.conv, ask.user, ask.root))?;
    if ask.read > conversation.head_seq {
        return Err(Refused::BeyondHead.into());
    }
    let conv = conversation.number;
    if let Some(say) = say(db, conv, number, ask.root)?.filter(|say| say.follows == FOLLOWS && say.read < ask.read) {
        put(db, conv, number, ask.root, say.now(FOLLOWS, ask.read))?;
        conversation.note_thread_now(ask.root, number, work.pen.now_ms);
    }
    row(db, conversation, ask.conv, ask.user, ask.root)
}

/// The number of a member who may say something to a thread.
fn may_follow(db: &Db, conversation: &Conversation, ask: (ConversationId, UserId, Seq)) -> Outcome<i64> {
    let (conv, user, root) = ask;
    let member = conversation.members.get(&user).ok_or(Refused::NotFound)?;
    if member.role.is_none() {
        return Err(Refused::NotAMember.into());
    }
    let there = root >= conversation.floor_seq && root <= conversation.head_seq;
    if !there || !unread::may_read(&member.spans, root) {
        return Err(Refused::BadReference.into());
    }
    root_entry(db, conv, conversation.number, root)?.ok_or(Refused::NotARoot)?;
    Ok(member.number)
}

fn present(conversation: &Conversation, user: UserId) -> Option<&Member> {
    conversation.members.get(&user).filter(|member| member.role.is_some())
}

/// The rows that changed threads call for.
pub(super) fn rows(db: &Db, conv: ConversationId, conversation: &Conversation) -> Outcome<Vec<ThreadRecord>> {
    let Some(waiting) = &conversation.waiting else {
        return Ok(Vec::new());
    };
    let mut called_for = std::collections::BTreeSet::new();
    for (root, user) in &waiting.threads {
        match user {
            Some(number) => drop(called_for.insert((*number, *root))),
            None => called_for.extend(
                db.all(
                    "SELECT user FROM thread_members WHERE conv = ?1 AND root = ?2 AND follows = 1",
                    (conversation.number, db::sql(root.0)),
                    |row| row.get::<_, i64>(0),
                )?
                .into_iter()
                .map(|number| (number, *root)),
            ),
        }
    }
    let mut rows = Vec::new();
    for (user, member) in &conversation.members {
        for (_, root) in called_for.range((member.number, Seq::ZERO)..=(member.number, Seq(u64::MAX))) {
            rows.push(row(db, conversation, conv, *user, *root)?);
        }
    }
    Ok(rows)
}

/// A thread as it stands for a member, or for who was one.
fn row(db: &Db, conversation: &Conversation, conv: ConversationId, user: UserId, root: Seq) -> Outcome<ThreadRecord> {
    let member = conversation.members.get(&user).ok_or(Refused::NotFound)?;
    let number = conversation.number;
    let say = say(db, number, member.number, root)?;
    let mut record = ThreadRecord {
        user,
        conv,
        root,
        as_of: conversation.head_seq,
        rev: say.map_or(0, |say| say.rev),
        following: false,
        head: Seq::ZERO,
        read: Seq::ZERO,
        unread: 0,
    };
    if let Some(say) = say.filter(|say| say.follows == FOLLOWS) {
        let at = |seq: Seq| place(db, number, root, seq);
        let spans = unread::counted(&member.spans, at)?;
        record.following = true;
        record.read = say.read;
        record.head = last_readable(db, number, root, &member.spans)?;
        record.unread = unread::unread(&spans, at(Seq(db::SEQ_MAX))?, at(say.read)?);
    }
    Ok(record)
}

fn last_readable(db: &Db, conv: i64, root: Seq, spans: &[Span]) -> Outcome<Seq> {
    for span in spans.iter().rev() {
        let found = last(db, conv, root, span.to_seq.unwrap_or(Seq(db::SEQ_MAX)))?;
        if let Some((seq, _)) = found.filter(|(seq, _)| span.holds(*seq)) {
            return Ok(seq);
        }
    }
    Ok(Seq::ZERO)
}

/// Replies that count, up to and with an entry.
fn place(db: &Db, conv: i64, root: Seq, seq: Seq) -> Outcome<Ordinal> {
    if seq <= root {
        return Ok(Ordinal::ZERO);
    }
    Ok(last(db, conv, root, seq)?.map_or(Ordinal::ZERO, |(_, place)| place))
}

/// The last reply up to and with an entry, and its place.
fn last(db: &Db, conv: i64, root: Seq, seq: Seq) -> Outcome<Option<(Seq, Ordinal)>> {
    db.first(
        "SELECT seq, tord FROM threads WHERE conv = ?1 AND root = ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT 1",
        (conv, db::sql(root.0), db::sql(seq.0)),
        |row| Ok((Seq(db::number(row, 0)?), Ordinal(db::number(row, 1)?))),
    )
}

impl Say {
    fn new(follows: i64, read: Seq) -> Self {
        Self { follows, read, rev: 1 }
    }

    /// As it is next: the cursor goes forward only.
    fn now(self, follows: i64, read: Seq) -> Self {
        Self {
            follows,
            read: self.read.max(read),
            rev: self.rev + 1,
        }
    }
}

fn say(db: &Db, conv: i64, user: i64, root: Seq) -> Outcome<Option<Say>> {
    db.first(
        "SELECT follows, read, rev FROM thread_members WHERE conv = ?1 AND user = ?2 AND root = ?3",
        (conv, user, db::sql(root.0)),
        |row| {
            Ok(Say {
                follows: row.get(0)?,
                read: Seq(db::number(row, 1)?),
                rev: db::number(row, 2)?,
            })
        },
    )
}

fn put(db: &Db, conv: i64, user: i64, root: Seq, say: Say) -> Outcome<()> {
    db.run(
        "INSERT INTO thread_members(conv, user, root, follows, read, rev) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (conv, user, root) DO UPDATE SET follows = ?4, read = ?5, rev = ?6",
        (
            conv,
            user,
            db::sql(root.0),
            say.follows,
            db::sql(say.read.0),
            db::sql(say.rev),
        ),
    )?;
    Ok(())
}

/// [`crate::Store::thread`].
pub(super) fn page(db: &Db, epoch: Epoch, ask: &AskThread) -> Outcome<ThreadEntries> {
    let viewer = Viewer::find(db, epoch, ask.conv, ask.reader)?.ok_or(Refused::NotFound)?;
    if !viewer.may_read(ask.root) {
        return Err(Refused::BadReference.into());
    }
    let (from, to, down) = match ask.place {
        ThreadPlace::After(seq) => (seq.next(), Seq(db::SEQ_MAX), false),
        ThreadPlace::Before(seq) => (Seq(1), seq.prev(), true),
    };
    let mut ranges = viewer.ranges(from, to);
    let sql = if down {
        ranges.reverse();
        log::entries!(
            "JOIN threads t ON l.id = (t.conv << 32 | t.seq)
             WHERE t.conv = ?1 AND t.root = ?2 AND t.seq BETWEEN ?3 AND ?4 ORDER BY t.seq DESC"
        )
    } else {
        log::entries!(
            "JOIN threads t ON l.id = (t.conv << 32 | t.seq)
             WHERE t.conv = ?1 AND t.root = ?2 AND t.seq BETWEEN ?3 AND ?4 ORDER BY t.seq"
        )
    };
    let mut bounds = Bounds::new(ask.limit.clamp(1, limits::PAGE_ENTRIES_MAX));
    let (mut entries, mut more) = (Vec::new(), false);
    'ranges: for (low, high) in ranges {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query((viewer.number, db::sql(ask.root.0), db::sql(low.0), db::sql(high.0)))?;
        while let Some(row) = rows.next()? {
            let entry = seen::seen(
                db,
                viewer.number,
                log::entry(row, ask.conv)?,
                Eyes::Reader(&viewer.spans),
            )?;
            if !bounds.admit(entry.bytes()) {
                more = true;
                break 'ranges;
            }
            entries.push(entry);
        }
    }
    if down {
        entries.reverse();
    }
    Ok(ThreadEntries { epoch, more, entries })
}
