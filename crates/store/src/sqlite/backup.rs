//! Backups: the whole file as of one moment, made while the writer goes on.
//!
//! A connection of its own opens one snapshot and copies its pages in steps, with SQLite's backup API. In write-ahead
//! mode a snapshot keeps nobody from writing: the only price is that the log cannot begin anew until it is closed, so
//! the copy is made at the speed of the disk. (`VACUUM INTO` shows one moment too, but builds every tree anew: several
//! times the work, with the snapshot open all the while.) The pages that were written are flushed every few MiB: one
//! large flush at the end would make the writer's own flushes wait behind it.

mod place;
mod seal;

pub(super) use place::{flush_dir, free_bytes};
pub(super) use seal::{Digesting, SEAL_BYTES, Seal, read_bytes};

use super::file::{FILE, OpenError, Use, claim, connection, recognise};
use super::options::Clock;
use super::shared::Shared;
use crate::backup::{BackUp, BackedUp, BackupError, Progress};
use crate::reply::Reply;
use place::{Part, Place};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

/// Pages copied at once, 512 KiB: between two steps it is seen whether to stop.
const STEP_PAGES: i32 = 256;
/// What may lie unflushed, in bytes.
const UNFLUSHED_BYTES_MAX: u64 = 8 * 1_024 * 1_024;
/// What must stay free on the disk beside the backup, in bytes.
const SPARE_BYTES: u64 = 64 * 1_024 * 1_024;
/// Page cache of each end, in KiB.
const CACHE_KIB: u32 = 2_048;
/// The row of `meta` that says that a file is a backup, and of which moment.
pub(super) const TAKEN: &str = "backup_ms";
/// Where the header says whether the file has a write-ahead log: two bytes, 2 for yes, 1 for no.
const JOURNAL_OFFSET: u64 = 18;

type Done = Result<BackedUp, BackupError>;

/// [`crate::Store::back_up`]: begins it on a thread of its own.
pub(super) fn begin(shared: &Arc<Shared>, ask: BackUp) -> Reply<Done> {
    if shared.backing_up.swap(true, Ordering::AcqRel) {
        return Reply::ready(Ok(Err(BackupError::Busy)));
    }
    let (promise, reply) = Reply::promised();
    let ends = Ends(Arc::clone(shared));
    let spawned = thread::Builder::new().name("store-backup".to_owned()).spawn(move || {
        let shared = &ends.0;
        let stopped = || ask.progress.is_stopped() || shared.writes.is_closed();
        let done = connection(&shared.path, CACHE_KIB, Use::Read)
            .map_err(|error| BackupError::failed("opened the database", error))
            .and_then(|conn| copy(&conn, &shared.path, &ask, &shared.clock, &stopped));
        // Ended before it is told: whoever hears of it may begin the next.
        drop(ends);
        promise.keep(Ok(done));
    });
    match spawned {
        Ok(_) => reply,
        Err(error) => Reply::ready(Ok(Err(BackupError::failed("started", error)))),
    }
}

/// Ends the backup for the writer, however it ends.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.backing_up.store(false, Ordering::Release);
    }
}

/// Why a directory that no server has open was not backed up.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opens, and there is no backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// A backup of a directory whose engine is not open. Holds its lock meanwhile.
///
/// # Errors
/// [`DirectoryError`].
pub fn back_up_directory(dir: &Path, ask: &BackUp, clock: &Clock) -> Result<BackedUp, DirectoryError> {
    let path = dir.join(FILE);
    if !path.exists() {
        let what = format!("there is no database in {}", dir.display());
        return Err(BackupError::failed("looked for the database", what).into());
    }
    let (_lock, path) = claim(dir)?;
    recognise(&path)?;
    let conn = connection(&path, CACHE_KIB, Use::Read).map_err(|error| BackupError::failed("opened it", error))?;
    Ok(copy(&conn, &path, ask, clock, &|| ask.progress.is_stopped())?)
}

/// Copies what a connection sees now. `stopped` is asked between steps.
fn copy(conn: &Connection, from: &Path, ask: &BackUp, clock: &Clock, stopped: &dyn Fn() -> bool) -> Done {
    let place = Place::choose(&ask.to, from, ask.overwrite)?;
    let mut part = Part::create(&place)?;
    let taken_ms = copy_pages(conn, &place, &part, ask, clock, stopped)?;
    forget_log(part.file()).map_err(|error| BackupError::failed("finished the file", error))?;
    note_moment(part.path(), taken_ms).map_err(|error| BackupError::failed("finished the file", error))?;
    let bytes = seal_file(part.file(), stopped)?;
    part.publish(&place)?;
    tracing::info!(bytes, taken_ms, "a backup was written");
    Ok(BackedUp {
        path: ask.to.clone(),
        bytes,
        taken_ms,
    })
}

/// One snapshot, page by page. Answers its moment.
fn copy_pages(
    conn: &Connection,
    place: &Place,
    part: &Part,
    ask: &BackUp,
    clock: &Clock,
    stopped: &dyn Fn() -> bool,
) -> Result<u64, BackupError> {
    let failed = |error: rusqlite::Error| BackupError::failed("read the database", error);
    // While this transaction is open, every step copies from its snapshot, whatever is committed meanwhile.
    let snapshot = conn.unchecked_transaction().map_err(failed)?;
    let number = |pragma: &str| snapshot.query_row(pragma, [], |row| super::db::number(row, 0));
    let _: i64 = snapshot
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let taken_ms = clock();
    let page_bytes = number("PRAGMA page_size").map_err(failed)?;
    let total_bytes = page_bytes * number("PRAGMA page_count").map_err(failed)?;
    room(place, free_bytes(place.parent()), total_bytes)?;
    ask.progress.set(0, total_bytes);

    let mut target = target(part.path()).map_err(|error| BackupError::failed("opened the file", error))?;
    let backup = Backup::new(&snapshot, &mut target).map_err(failed)?;
    let mut flushed_bytes = 0;
    loop {
        if stopped() {
            return Err(BackupError::Stopped);
        }
        let step = backup.step(STEP_PAGES).map_err(failed)?;
        let left_bytes = u64::try_from(backup.progress().remaining).unwrap_or(0) * page_bytes;
        let done_bytes = total_bytes.saturating_sub(left_bytes);
        ask.progress.set(done_bytes, total_bytes);
        match step {
            StepResult::Done => return Ok(taken_ms),
            StepResult::More => {}
            // Nobody else knows the file, and in write-ahead mode nobody keeps a reader out.
            _ => return Err(BackupError::failed("copied pages", "somebody holds a lock")),
        }
        if done_bytes - flushed_bytes >= UNFLUSHED_BYTES_MAX {
            flushed_bytes = done_bytes;
            let flushed = part.file().sync_data();
            flushed.map_err(|error| BackupError::failed("flushed the file", error))?;
        }
    }
}

/// Whether it fits with something to spare. A disk that does not say how much is free is tried.
fn room(place: &Place, free_bytes: io::Result<u64>, total_bytes: u64) -> Result<(), BackupError> {
    let needed_bytes = total_bytes + SPARE_BYTES;
    match free_bytes {
        Ok(free_bytes) if free_bytes < needed_bytes => Err(BackupError::Full {
            path: place.file().to_owned(),
            needed_bytes,
            free_bytes,
        }),
        _ => Ok(()),
    }
}

/// A connection that writes straight into the file: until it has its name, a crash may leave it half.
fn target(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let _: String = conn.query_row("PRAGMA journal_mode = OFF", [], |row| row.get(0))?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
    Ok(conn)
}

/// The copy says it has a write-ahead log, as its original has. Alone it is to be whole: also for a disk that cannot be
/// written to, where SQLite could not open it otherwise.
fn forget_log(file: &File) -> io::Result<()> {
    file.write_all_at(&[1, 1], JOURNAL_OFFSET)
}

fn note_moment(path: &Path, taken_ms: u64) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)";
    target(path)?.execute(sql, (TAKEN, super::db::sql(taken_ms)))?;
    Ok(())
}

/// Adds the seal behind the last page and flushes everything. Answers the length of the file.
fn seal_file(mut file: &File, stopped: &dyn Fn() -> bool) -> Result<u64, BackupError> {
    let failed = |error: io::Error| BackupError::failed("sealed the file", error);
    let mut digesting = Digesting::default();
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    read_bytes(file, u64::MAX, |bytes| {
        digesting.take(bytes);
        if stopped() {
            Err(io::ErrorKind::Interrupted.into())
        } else {
            Ok(())
        }
    })
    .map_err(|error| if stopped() { BackupError::Stopped } else { failed(error) })?;
    let seal = digesting.seal();
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.write_all(&seal.to_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(seal.bytes + SEAL_BYTES as u64)
}

/// Work of which nobody asks how far it is.
#[must_use]
pub fn unwatched() -> Arc<Progress> {
    Arc::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BAK3: what does not fit is refused before a byte is written, and says how much is missing.
    #[test]
    fn bak3_what_does_not_fit_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::choose(&dir.path().join("b"), Path::new("/nowhere/tidings.db"), false).expect("a place");
        let fits = |free_bytes| room(&place, Ok(free_bytes), 1_000).is_ok();
        assert!(fits(SPARE_BYTES + 1_000) && !fits(SPARE_BYTES + 999));
        assert!(room(&place, Err(io::ErrorKind::Unsupported.into()), 1_000).is_ok());
    }
}
