//! The store as a whole: what has outlived its time, and how much there is.

use super::db::{self, Db, SEQ_MAX};
use super::file::sibling;
use super::job::Outcome;
use super::work::Work;
use crate::record::Stats;
use protocol::limits;
use std::path::Path;

/// How long receipt runs are kept, in milliseconds: 90 days.
const RUNS_MS_MAX: u64 = 90 * 24 * 3_600_000;

/// [`crate::Store::expire`].
pub(super) fn expire(work: &mut Work, limit: usize) -> Outcome<usize> {
    let now_ms = work.pen.now_ms;
    let before = |age_ms: u64| db::sql(now_ms.saturating_sub(age_ms));
    let mail = work.db.run(
        "DELETE FROM mailbox WHERE (user, device, dseq) IN
           (SELECT user, device, dseq FROM mailbox WHERE created_ms < ?1 ORDER BY created_ms LIMIT ?2)",
        (before(limits::MAILBOX_MS_MAX), db::sql(limit as u64)),
    )?;
    let runs = work.db.run(
        "DELETE FROM receipt_runs WHERE (conv, user, kind, from_seq) IN
           (SELECT conv, user, kind, from_seq FROM receipt_runs WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        (before(RUNS_MS_MAX), db::sql((limit - mail.min(limit)) as u64)),
    )?;
    Ok(mail + runs)
}

/// [`crate::Store::stats`]. Entries are counted by the ends of the logs: counting the rows
/// would read the whole log.
pub(super) fn stats(db: &Db, path: &Path) -> Outcome<Stats> {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let count = |sql: &str| Ok::<_, super::job::Problem>(db.first(sql, [], |row| db::number(row, 0))?.unwrap_or(0));
    let entries = db.first(
        "SELECT coalesce(sum((SELECT id & ?1 FROM log WHERE id BETWEEN conv << 32 AND (conv << 32) | ?1
           ORDER BY id DESC LIMIT 1) - floor_seq + 1), 0) FROM conversations",
        [db::sql(SEQ_MAX)],
        |row| db::number(row, 0),
    )?;
    Ok(Stats {
        users: count("SELECT count(*) FROM users")?,
        devices: count("SELECT count(*) FROM devices")?,
        conversations: count("SELECT count(*) FROM conversations")?,
        entries: entries.unwrap_or(0),
        dirty: count("SELECT count(*) FROM fanout")?,
        disk_bytes: bytes(path) + bytes(&sibling(path, "-wal")),
    })
}
