//! The files: the directory and its lock, whose database it is, connections to it, and words for what is wrong.

#[cfg(target_os = "linux")]
mod flush;

use super::job::Problem;
use super::schema;
use mutants::Mutant;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's name in the data directory.
pub const FILE: &str = "tidings.db";
/// The name of the file that is locked while the engine is open.
pub const LOCK_FILE: &str = "lock";

/// Bytes in a page: with 2 KiB a batch over many conversations writes half of what it does with 4 KiB.
const PAGE_BYTES: u32 = 2_048;
/// How long a connection waits for a lock of SQLite's, in milliseconds. There is one writer; only a checkpoint that
/// begins the log anew ever meets somebody.
const BUSY_MS_MAX: u64 = 250;

/// Why the engine did not open. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the data directory {} is in use by another process; stop that one, or name another directory",
        .0.display()
    )]
    Locked(PathBuf),
    /// A newer program has written it.
    #[error(
        "the database {} has schema version {found}, and this program knows up to {known}; use the program that wrote \
         it, or a newer one",
        path.display()
    )]
    NewerDatabase {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// It is not what was written.
    #[error(
        "the database {} is damaged ({what}); keep the whole directory as it is and restore the latest backup into a \
         new one",
        path.display()
    )]
    DamagedDatabase {
        /// Which file.
        path: PathBuf,
        /// What was found, in SQLite's words or ours.
        what: String,
    },
    /// It is a database of another program.
    #[error("{} is a database of another program; name another directory", .0.display())]
    ForeignDatabase(PathBuf),
    /// The disk or the directory does not do what it must.
    #[error("cannot open the data directory {}: {what}", path.display())]
    Failed {
        /// Which directory or file.
        path: PathBuf,
        /// What failed, in the system's words.
        what: String,
    },
}

/// Makes the directory ours: created if it is missing, and locked. The lock goes with the process, however it ends.
pub(super) fn claim(dir: &Path) -> Result<(File, PathBuf), OpenError> {
    let failed = |error: io::Error| OpenError::Failed {
        path: dir.to_owned(),
        what: error.to_string(),
    };
    if !dir.exists() {
        create_dir(dir).map_err(failed)?;
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK_FILE))
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok((lock, dir.join(FILE))),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Messages are nobody else's on this machine.
fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    // The new name has to survive a power cut as well.
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes the empty file, so that it is nobody else's even where the directory is open to all. SQLite gives its other
/// files the same mode.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Tells a file of ours, or an empty one, from others. Nothing is set or written before it is known to be ours.
pub(super) fn recognise(path: &Path) -> Result<(), OpenError> {
    let look = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        let found = (schema::version(&conn)?, schema::application_id(&conn)?);
        let holds_tables = conn.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
        Ok((found, holds_tables))
    };
    let ((found, owner), holds_tables): (_, bool) = look().map_err(|error| Words(path).sql(error))?;
    if holds_tables && owner != schema::APPLICATION_ID {
        return Err(OpenError::ForeignDatabase(path.to_owned()));
    }
    if found > schema::VERSION {
        return Err(OpenError::NewerDatabase {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    Ok(())
}

/// A file that does not begin like a database would be taken for an empty one, or for one with a password.
pub(super) fn check_header(path: &Path) -> Result<(), String> {
    let mut header = [0; 16];
    let read = File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut header));
    match read {
        Ok(()) if header == *b"SQLite format 3\0" => Ok(()),
        Ok(()) => Err("it does not begin like a database".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn file_bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// SQLite's files beside the database.
pub(super) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What a connection is for. A reader and the checkpointer need a file they may write to as well: both touch the locks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// To write.
    Write,
    /// To read, or to checkpoint.
    Read,
}

/// A connection with our settings, to a file that is there: SQLite must not make one where ours has gone.
pub(super) fn connection(path: &Path, cache_kib: u32, purpose: Use) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[cfg(target_os = "linux")]
    let conn = Connection::open_with_flags_and_vfs(path, flags, flush::layer()?)?;
    #[cfg(not(target_os = "linux"))]
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    if purpose == Use::Write {
        conn.pragma_update(None, "page_size", PAGE_BYTES)?;
        let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            let what = format!("the file system does not do write-ahead logging (journal mode {mode})");
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
                Some(what),
            ));
        }
        // Deleted words leave no trace in free pages.
        conn.pragma_update(None, "secure_delete", true)?;
    }
    // Plans do not depend on the values of a moment. Without this SQLite prepares every statement with a bound LIMIT
    // anew at each use, which was half of what a small read cost.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A commit is durable when it returns. With NORMAL a power cut loses acknowledged messages.
    let synchronous = if mutants::is(Mutant::SyncNormal) {
        "NORMAL"
    } else {
        "FULL"
    };
    conn.pragma_update(None, "synchronous", synchronous)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(conn)
}

/// Finds words for what SQLite says about a file.
pub(super) struct Words<'a>(pub(super) &'a Path);

impl Words<'_> {
    pub(super) fn damaged(&self, what: &str) -> OpenError {
        OpenError::DamagedDatabase {
            path: self.0.to_owned(),
            what: what.to_owned(),
        }
    }

    pub(super) fn sql(&self, error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => self.damaged(&error.to_string()),
            _ => OpenError::Failed {
                path: self.0.to_owned(),
                what: error.to_string(),
            },
        }
    }

    pub(super) fn problem(&self, problem: Problem) -> OpenError {
        match problem {
            Problem::Sql(error) => self.sql(error),
            Problem::Damage(what) => self.damaged(what),
            Problem::Refused(refused) => self.damaged(&refused.to_string()),
        }
    }
}
