//! Inboxes: one compacted row per person and topic, numbered by the person's `ver`.

pub(super) mod threads;

use super::db::{self, Db};
use super::job::{Outcome, Problem};
use super::own;
use super::work::{self, Work};
use super::{people, terms};
use crate::BUMP_ROWS_MAX;
use crate::record::{Bumped, Head, InboxPage, InboxRecord, PeerCursor, Topic};
use mutants::Mutant;
use protocol::{ConversationId, Epoch, Generation, Ordinal, Seq, UserId, Ver, limits};
use rusqlite::Row;

/// Topics that are no conversations.
pub(super) const DEVICES: i64 = 1;
pub(super) const PROFILE: i64 = 2;
pub(super) const PRIVACY: i64 = 11;
pub(super) const BLOCKS: i64 = 12;

/// A row as it stands, with what its mentions were read at.
struct Stored {
    record: InboxRecord,
    mentions_at: At,
}

/// Readings of mentions in order: never lower from one to the next.
type At = (Seq, Generation, Seq);

/// [`crate::Store::bump`].
pub(super) fn bump(work: &mut Work, epoch: Epoch, rows: &[InboxRecord]) -> Outcome<Vec<Bumped>> {
    if rows.len() > BUMP_ROWS_MAX {
        return Err(Problem::Damage("more rows than one bump may have"));
    }
    let mut bumped = Vec::new();
    for row in rows {
        bumped.extend(bump_one(work, epoch, row)?);
    }
    Ok(bumped)
}

fn bump_one(work: &mut Work, epoch: Epoch, row: &InboxRecord) -> Outcome<Option<Bumped>> {
    let db = &work.db;
    let user = work.numbers.give(db, row.user)?;
    let conv = match work.held.number(row.conv) {
        Some(number) => number,
        None => work::number_conversation(db, row.conv)?,
    };
    let id = user << db::SEQ_BITS | conv;
    let stored = find(db, id, row.user, row.conv)?;
    let mentions_at = (row.as_of, row.generation, row.read_seq);
    let (merged, head_only, changed) = match &stored {
        None => (
            Stored {
                record: row.clone(),
                mentions_at,
            },
            false,
            true,
        ),
        Some(stored) => {
            let merged = merge(stored, row);
            let but_head = InboxRecord {
                head_seq: stored.record.head_seq,
                head_ord: stored.record.head_ord,
                head_ms: stored.record.head_ms,
                as_of: stored.record.as_of,
                terms_rev: stored.record.terms_rev,
                ..merged.record.clone()
            };
            let head_only = but_head == stored.record;
            let changed = !head_only || merged.record.head_seq != stored.record.head_seq;
            (merged, head_only, changed)
        }
    };
    if !changed {
        if let Some(stored) = &stored
            && (merged.record.as_of != stored.record.as_of
                || merged.mentions_at != stored.mentions_at
                || merged.record.terms_rev != stored.record.terms_rev)
        {
            note_reading(db, id, &merged)?;
        }
        return Ok(None);
    }
    let ver = work.vers.next(db, user)?;
    write(db, (id, user), ver, &merged)?;
    Ok(Some(Bumped {
        user: row.user,
        prev: ver.prev(),
        ver,
        conv: row.conv,
        head: Head {
            conv: row.conv,
            epoch,
            seq: merged.record.head_seq,
            ord: merged.record.head_ord,
            ms: merged.record.head_ms,
        },
        head_only,
    }))
}

/// The later reading wins, field by field, so that rows may come late and twice.
fn merge(stored: &Stored, row: &InboxRecord) -> Stored {
    let mut merged = stored.record.clone();
    let mut mentions_at = stored.mentions_at;
    if row.head_seq > merged.head_seq {
        (merged.head_seq, merged.head_ord, merged.head_ms) = (row.head_seq, row.head_ord, row.head_ms);
        // Planted fault: one more for each time the head moves.
        if mutants::is(Mutant::UnreadByIncrement) {
            merged.head_ord = stored.record.head_ord.next();
        }
    }
    if (row.generation, row.read_seq) > (merged.generation, merged.read_seq) {
        (merged.generation, merged.read_seq, merged.read_ord) = (row.generation, row.read_seq, row.read_ord);
    }
    merged.peer = match (merged.peer, row.peer) {
        (Some(one), Some(other)) => Some(PeerCursor {
            user: other.user,
            delivered: one.delivered.max(other.delivered),
            read: one.read.max(other.read),
        }),
        (one, other) => other.or(one),
    };
    if row.as_of >= merged.as_of && row.terms_rev >= merged.terms_rev {
        merged.asking = row.asking;
    }
    if row.as_of >= merged.as_of {
        merged.as_of = row.as_of;
        merged.kind = row.kind;
        merged.title.clone_from(&row.title);
        merged.settings.clone_from(&row.settings);
        merged.role = row.role;
        merged.spans.clone_from(&row.spans);
    }
    if row.terms_rev >= merged.terms_rev {
        (merged.terms_rev, merged.request) = (row.terms_rev, row.request);
    }
    let at = (row.as_of, row.generation, row.read_seq);
    if at >= mentions_at {
        mentions_at = at;
        merged.mention_seqs.clone_from(&row.mention_seqs);
    }
    Stored {
        record: merged,
        mentions_at,
    }
}

/// The columns that [`record`] reads, from its second argument on.
macro_rules! rows {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " i.as_of, i.kind, i.title, i.role, i.spans, i.head_seq, i.head_ord, i.head_ms, i.read_seq, i.read_ord, ",
            "i.gen, i.mentions, i.peer, i.peer_delivered, i.peer_read, i.prefs, i.settings, i.request, i.terms_rev, ",
            "i.asking FROM inbox i ",
            $rest
        )
    };
}

fn find(db: &Db, id: i64, user: UserId, conv: ConversationId) -> Outcome<Option<Stored>> {
    let sql = rows!("i.mention_as_of, i.mention_gen, i.mention_read,", "WHERE i.id = ?1");
    let found = db.first(sql, [id], |row| {
        let at = (
            Seq(db::number(row, 0)?),
            Generation(db::number(row, 1)?),
            Seq(db::number(row, 2)?),
        );
        Ok((at, record(row, 3, user, conv)?))
    })?;
    found
        .map(|(mentions_at, record)| {
            Ok(Stored {
                record: record?,
                mentions_at,
            })
        })
        .transpose()
}

fn record(row: &Row<'_>, first: usize, user: UserId, conv: ConversationId) -> rusqlite::Result<Outcome<InboxRecord>> {
    let number = |column: usize| db::number(row, first + column);
    let peer = match row.get::<_, Option<[u8; 16]>>(first + 12)? {
        None => None,
        Some(peer) => Some(PeerCursor {
            user: UserId::from_bytes(peer),
            delivered: Seq(number(13)?),
            read: Seq(number(14)?),
        }),
    };
    let spans = match db::spans(row.get_ref(first + 4)?.as_blob()?) {
        Ok(spans) => spans,
        Err(problem) => return Ok(Err(problem)),
    };
    let settings = match db::settings(row.get::<_, Option<String>>(first + 16)?.as_deref()) {
        Ok(settings) => settings,
        Err(problem) => return Ok(Err(problem)),
    };
    Ok(Ok(InboxRecord {
        user,
        conv,
        as_of: Seq(number(0)?),
        kind: db::conversation_kind(row.get(first + 1)?),
        title: row.get(first + 2)?,
        settings,
        role: db::role(row.get(first + 3)?),
        spans,
        head_seq: Seq(number(5)?),
        head_ord: Ordinal(number(6)?),
        head_ms: number(7)?,
        read_seq: Seq(number(8)?),
        read_ord: Ordinal(number(9)?),
        generation: Generation(number(10)?),
        mention_seqs: db::seqs(row.get_ref(first + 11)?.as_blob()?),
        peer,
        prefs: own::prefs(row.get::<_, Option<String>>(first + 15)?.as_deref()),
        request: terms::request(row.get(first + 17)?),
        terms_rev: number(18)?,
        asking: row.get(first + 19)?,
    }))
}

fn write(db: &Db, (id, user): (i64, i64), ver: Ver, stored: &Stored) -> Outcome<()> {
    let record = &stored.record;
    let (mention_as_of, mention_gen, mention_read) = stored.mentions_at;
    db.run(
        "INSERT INTO inbox(id, user, ver, as_of, kind, title, role, spans, head_seq, head_ord, head_ms, read_seq,
           read_ord, gen, mentions, mention_as_of, mention_gen, mention_read, peer, peer_delivered, peer_read, settings,
           request, terms_rev, asking)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
           ?23, ?24, ?25)
         ON CONFLICT (id) DO UPDATE SET ver = ?3, as_of = ?4, kind = ?5, title = ?6, role = ?7, spans = ?8,
           head_seq = ?9, head_ord = ?10, head_ms = ?11, read_seq = ?12, read_ord = ?13, gen = ?14, mentions = ?15,
           mention_as_of = ?16, mention_gen = ?17, mention_read = ?18, peer = ?19, peer_delivered = ?20,
           peer_read = ?21, settings = ?22, request = ?23, terms_rev = ?24, asking = ?25",
        rusqlite::params![
            id,
            user,
            db::sql(ver.0),
            db::sql(record.as_of.0),
            db::conversation_kind_code(record.kind),
            &record.title,
            db::role_code(record.role),
            db::spans_blob(&record.spans),
            db::sql(record.head_seq.0),
            db::sql(record.head_ord.0),
            db::sql(record.head_ms),
            db::sql(record.read_seq.0),
            db::sql(record.read_ord.0),
            db::sql(record.generation.0),
            db::seqs_blob(&record.mention_seqs),
            db::sql(mention_as_of.0),
            db::sql(mention_gen.0),
            db::sql(mention_read.0),
            record.peer.map(|peer| *peer.user.as_bytes()),
            record.peer.map(|peer| db::sql(peer.delivered.0)),
            record.peer.map(|peer| db::sql(peer.read.0)),
            db::settings_value(&record.settings),
            terms::request_code(record.request),
            db::sql(record.terms_rev),
            record.asking,
        ],
    )?;
    Ok(())
}

/// A later reading that changed nothing anybody sees: kept, so that an earlier one still loses, but no change.
fn note_reading(db: &Db, id: i64, stored: &Stored) -> Outcome<()> {
    let (mention_as_of, mention_gen, mention_read) = stored.mentions_at;
    db.run(
        "UPDATE inbox SET as_of = ?2, mention_as_of = ?3, mention_gen = ?4, mention_read = ?5, terms_rev = ?6
         WHERE id = ?1",
        (
            id,
            db::sql(stored.record.as_of.0),
            db::sql(mention_as_of.0),
            db::sql(mention_gen.0),
            db::sql(mention_read.0),
            db::sql(stored.record.terms_rev),
        ),
    )?;
    Ok(())
}

/// Moves a topic that is no conversation.
pub(super) fn bump_topic(work: &mut Work, user: i64, topic: i64) -> Outcome<Ver> {
    let ver = work.vers.next(&work.db, user)?;
    work.db.run(
        "INSERT INTO topics(user, topic, ver) VALUES (?1, ?2, ?3)
         ON CONFLICT (user, topic, name) DO UPDATE SET ver = excluded.ver",
        (user, topic, db::sql(ver.0)),
    )?;
    Ok(ver)
}

/// [`crate::Store::inbox`].
pub(super) fn inbox(db: &Db, user: UserId, after: Ver) -> Outcome<InboxPage> {
    let empty = InboxPage {
        to: Ver::ZERO,
        more: false,
        rows: Vec::new(),
    };
    let Some(number) = db.user_number(user)? else {
        return Ok(empty);
    };
    let head = ver(db, number)?;
    // One more than fits, of each sort, tells whether there are more.
    let limit = db::sql(limits::INBOX_ROWS_MAX as u64 + 1);
    let sql = rows!(
        "i.ver, n.id,",
        "JOIN conversation_numbers n ON n.number = (i.id & 4294967295)
         WHERE i.user = ?1 AND i.ver > ?2 ORDER BY i.ver LIMIT ?3"
    );
    let mut rows = Vec::new();
    let found = db.all(sql, (number, db::sql(after.0), limit), |row| {
        let conv = ConversationId::from_bytes(row.get(1)?);
        Ok((Ver(db::number(row, 0)?), record(row, 2, user, conv)?))
    })?;
    for (ver, record) in found {
        rows.push((ver, Topic::Conversation(Box::new(record?))));
    }
    let topics = db.all(
        "SELECT ver, topic FROM topics WHERE user = ?1 AND ver > ?2 AND topic IN (1, 2, 11, 12) ORDER BY ver LIMIT ?3",
        (number, db::sql(after.0), limit),
        |row| Ok((Ver(db::number(row, 0)?), row.get::<_, i64>(1)?)),
    )?;
    for (ver, topic) in topics {
        rows.push((ver, self::topic(db, number, topic)?));
    }
    rows.extend(own::changed_above(db, number, after, limit)?);
    rows.extend(threads::changed_above(db, (user, number), after, limit)?);
    rows.sort_by_key(|(ver, _)| *ver);
    let room = room(&rows);
    let more = rows.len() > room;
    rows.truncate(room);
    let to = match rows.last() {
        Some((ver, _)) if more => *ver,
        _ => head,
    };
    Ok(InboxPage { to, more, rows })
}

/// How many of these rows make a page: bounded in number, and in bytes of drafts, which are long. One at least.
fn room(rows: &[(Ver, Topic)]) -> usize {
    let (mut count, mut bytes) = (0, 0);
    for (_, topic) in rows.iter().take(limits::INBOX_ROWS_MAX) {
        if let Topic::Draft(draft) = topic {
            bytes += draft.now.text.len() + draft.kept.iter().map(|kept| kept.text.len()).sum::<usize>();
        }
        if bytes > limits::INBOX_DRAFT_BYTES_MAX && count > 0 {
            break;
        }
        count += 1;
    }
    count
}

/// A topic that is no conversation, as it stands now.
fn topic(db: &Db, user: i64, topic: i64) -> Outcome<Topic> {
    Ok(match topic {
        PROFILE => Topic::Profile,
        PRIVACY => Topic::Privacy(people::privacy(db, user)?),
        BLOCKS => Topic::Blocks(people::blocked_by(db, user)?),
        _ => Topic::Devices,
    })
}

/// [`crate::Store::vers`].
pub(super) fn vers(db: &Db, users: &[UserId]) -> Outcome<Vec<Ver>> {
    let mut statement =
        db.prepare("SELECT h.ver FROM user_numbers n JOIN user_heads h ON h.user = n.number WHERE n.id = ?1")?;
    let mut vers = Vec::with_capacity(users.len());
    for user in users {
        let mut rows = statement.query([user.as_bytes()])?;
        vers.push(match rows.next()? {
            Some(row) => Ver(db::number(row, 0)?),
            None => Ver::ZERO,
        });
    }
    Ok(vers)
}

fn ver(db: &Db, user: i64) -> Outcome<Ver> {
    let found = db.first("SELECT ver FROM user_heads WHERE user = ?1", [user], |row| {
        db::number(row, 0).map(Ver)
    })?;
    Ok(found.unwrap_or(Ver::ZERO))
}
