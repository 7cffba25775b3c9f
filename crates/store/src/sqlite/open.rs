//! Opening: the lock on the directory, the file, its schema, and everything that can be wrong with them.

use super::checkpoint::{Bell, Checkpointer};
use super::db::{self, Db};
use super::job::{Outcome, Problem};
use super::lane::Lane;
use super::options::Options;
use super::reader::Reader;
use super::shared::Shared;
use super::work::{Held, MARK_BITS, Numbers, Pen, Vers, Work};
use super::writer::Writer;
use super::{Sqlite, schema};
use protocol::Epoch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;
use tokio::sync::Notify;

/// The database's name in the data directory.
pub const FILE: &str = "tidings.db";
/// The name of the file that is locked while the engine is open.
pub const LOCK_FILE: &str = "lock";

/// Bytes in a page: with 2 KiB a batch over many conversations writes half of what it does with 4 KiB.
const PAGE_BYTES: u32 = 2_048;
/// How long a connection waits for a lock of SQLite's, in milliseconds. There is one writer; only a checkpoint that begins
/// the log anew ever meets somebody.
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

/// The engine, open, with its parts for the caller to drive: in threads ([`super::start`]) or in one task
/// ([`super::drive`]).
pub struct Opened {
    /// The store.
    pub store: Sqlite,
    /// Makes the changes.
    pub writer: Writer,
    /// Do the reads.
    pub readers: Vec<Reader>,
    /// Keeps the write-ahead log short.
    pub checkpointer: Checkpointer,
}

/// Opens the database in a directory, or creates both.
///
/// # Errors
/// [`OpenError`] says what is wrong and what to do.
pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Opened, OpenError> {
    let (lock, path) = claim(dir.as_ref())?;
    let mut chance = StdRng::from_seed(options.seed);
    let conn = prepare(&path, &options, &mut chance)?;
    let words = Words(&path);
    let reopen = Reopen {
        path: path.clone(),
        options: options.clone(),
        kept: None,
    };
    let (work, epoch) = first_work(conn, &options, chance).map_err(|problem| words.problem(problem))?;
    let connect = |kib| connection(&path, kib, Use::Read).map_err(|error| words.sql(error));
    let readers = options.readers.max(1);
    let shared = Arc::new(Shared {
        epoch,
        clock: Arc::clone(&options.clock),
        writes: Lane::new(options.queue_writes_max),
        reads: Lane::new(options.queue_reads_max),
        ready: Notify::new(),
        checkpoint: Bell::default(),
        readers: AtomicUsize::new(0),
        retry_after_ms: options.retry_after_ms,
        batches: AtomicU64::new(0),
        changes: AtomicU64::new(0),
        wal_bytes: AtomicU64::new(0),
        path: path.clone(),
    });
    let lock = Arc::new(lock);
    let readers = (0..readers)
        .map(|_| {
            let db = Db::new(connect(options.reader_cache_kib)?);
            Ok(Reader::new(
                Arc::clone(&shared),
                Arc::clone(&lock),
                Arc::clone(&options.faults),
                db,
            ))
        })
        .collect::<Result<_, OpenError>>()?;
    let checkpointer = Checkpointer::new(
        Arc::clone(&shared),
        Arc::clone(&lock),
        options.clone(),
        Db::new(connect(1_024)?),
    );
    Ok(Opened {
        store: Sqlite::new(Arc::clone(&shared)),
        writer: Writer::new(shared, lock, options, reopen, work),
        readers,
        checkpointer,
    })
}

/// Gives the store in a directory another lineage, as after a restore: clients then drop what they hold and ask again.
/// The engine must not be open.
///
/// # Errors
/// As [`open`].
pub fn new_epoch(dir: impl AsRef<Path>, options: &Options) -> Result<Epoch, OpenError> {
    let (_lock, path) = claim(dir.as_ref())?;
    let mut chance = StdRng::from_seed(options.seed);
    let conn = prepare(&path, options, &mut chance)?;
    let epoch = Epoch::from_random(bytes(&mut chance));
    conn.execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [epoch.as_bytes()])
        .map_err(|error| Words(&path).sql(error))?;
    Ok(epoch)
}

/// Makes the directory ours: created if it is missing, and locked. The lock goes with the process, however it ends.
fn claim(dir: &Path) -> Result<(File, PathBuf), OpenError> {
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

/// Makes the empty file, so that it is nobody else's even where the directory is open to all. SQLite gives its other files
/// the same mode.
fn create_file(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Opens the writer's connection on a file that is whole, ours and of the latest schema.
fn prepare(path: &Path, options: &Options, chance: &mut StdRng) -> Result<Connection, OpenError> {
    let words = Words(path);
    let bytes = file_bytes(path);
    if bytes == 0 {
        let wal = sibling(path, "-wal");
        if file_bytes(&wal) > 0 {
            return Err(words.damaged("the database is missing, and its write-ahead log is not"));
        }
        create_file(path).map_err(|error| OpenError::Failed {
            path: path.to_owned(),
            what: error.to_string(),
        })?;
    } else {
        check_header(path).map_err(|what| words.damaged(&what))?;
    }
    recognise(path)?;
    let mut conn = connection(path, options.writer_cache_kib, Use::Write).map_err(|error| words.sql(error))?;
    if bytes > 0 && bytes <= options.check_bytes_max {
        let verdict: String = conn
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| words.sql(error))?;
        if verdict != "ok" {
            return Err(words.damaged(&verdict));
        }
    }
    schema::migrate(&mut conn).map_err(|error| words.sql(error))?;
    mint(&conn, options.epoch, chance).map_err(|error| words.sql(error))?;
    Ok(conn)
}

/// Tells a file of ours, or an empty one, from others. Nothing is set or written before it is known to be ours.
fn recognise(path: &Path) -> Result<(), OpenError> {
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
fn check_header(path: &Path) -> Result<(), String> {
    let mut header = [0; 16];
    let read = File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut header));
    match read {
        Ok(()) if header == *b"SQLite format 3\0" => Ok(()),
        Ok(()) => Err("it does not begin like a database".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn file_bytes(path: &Path) -> u64 {
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
enum Use {
    /// To write.
    Write,
    /// To read, or to checkpoint.
    Read,
}

/// A connection with our settings, to a file that is there: SQLite must not make one where ours has gone.
fn connection(path: &Path, cache_kib: u32, purpose: Use) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
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
    // A commit is durable when it returns. With NORMAL a power cut loses acknowledged messages.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(conn)
}

/// What is random about a new database, once: also where a crash came between the tables and this.
fn mint(conn: &Connection, epoch: Option<Epoch>, chance: &mut StdRng) -> rusqlite::Result<()> {
    let random = Epoch::from_random(bytes(chance));
    let epoch = epoch.unwrap_or(random);
    let key: [u8; 32] = bytes(chance);
    conn.execute(
        "INSERT INTO meta(name, value)
         SELECT column1, column2 FROM (VALUES ('epoch', ?1), ('digest_key', ?2), ('opens', 0))
         WHERE NOT EXISTS (SELECT 1 FROM meta) AND NOT EXISTS (SELECT 1 FROM log)",
        (epoch.as_bytes(), key),
    )?;
    Ok(())
}

fn bytes<const N: usize>(chance: &mut StdRng) -> [u8; N] {
    let mut bytes = [0; N];
    chance.fill_bytes(&mut bytes);
    bytes
}

/// The writer's desk at the start. Counts the opening, so that no fanout mark is ever given twice.
fn first_work(conn: Connection, options: &Options, chance: StdRng) -> Outcome<(Work, Epoch)> {
    let opens: i64 = conn.query_row(
        "UPDATE meta SET value = value + 1 WHERE name = 'opens' RETURNING value",
        [],
        |row| row.get(0),
    )?;
    let epoch = Epoch::from_bytes(meta(&conn, "epoch")?);
    let highest: Option<i64> = conn.query_row("SELECT max(mark) FROM fanout", [], |row| row.get(0))?;
    let mark = (db::unsql(opens) << MARK_BITS).max(highest.map_or(0, db::unsql));
    let key = meta(&conn, "digest_key")?;
    Ok((desk(conn, options, &key, chance, mark), epoch))
}

fn desk(conn: Connection, options: &Options, key: &[u8; 32], chance: StdRng, mark: u64) -> Work {
    Work {
        db: Db::new(conn),
        held: Held::new(options.cache_members_max),
        numbers: Numbers::new(options.cache_users_max),
        vers: Vers::new(options.cache_users_max),
        pen: Pen::new(key, chance, mark),
    }
}

fn meta<const N: usize>(conn: &Connection, name: &str) -> Outcome<[u8; N]> {
    conn.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        .optional()?
        .ok_or(Problem::Damage("meta lacks a row that every database has"))
}

/// How the writer opens the database again after a failure.
pub(super) struct Reopen {
    path: PathBuf,
    options: Options,
    /// What goes on where it was: the generator, and the last fanout mark that was given.
    kept: Option<(StdRng, u64)>,
}

impl Reopen {
    pub(super) fn wal(&self) -> PathBuf {
        sibling(&self.path, "-wal")
    }

    /// Keeps what must go on counting, and closes the rest.
    pub(super) fn keep(&mut self, work: Work) {
        self.kept = Some((work.pen.chance, work.pen.mark));
    }

    /// A desk on a new connection, which knows nothing but what stands in the file.
    pub(super) fn work(&mut self) -> Outcome<Work> {
        let conn = connection(&self.path, self.options.writer_cache_kib, Use::Write)?;
        let key = meta(&conn, "digest_key")?;
        let (chance, mark) = self
            .kept
            .take()
            .ok_or(Problem::Damage("nothing was kept to go on with"))?;
        Ok(desk(conn, &self.options, &key, chance, mark))
    }
}

/// Finds words for what SQLite says about a file.
struct Words<'a>(&'a Path);

impl Words<'_> {
    fn damaged(&self, what: &str) -> OpenError {
        OpenError::DamagedDatabase {
            path: self.0.to_owned(),
            what: what.to_owned(),
        }
    }

    fn sql(&self, error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => self.damaged(&error.to_string()),
            _ => OpenError::Failed {
                path: self.0.to_owned(),
                what: error.to_string(),
            },
        }
    }

    fn problem(&self, problem: Problem) -> OpenError {
        match problem {
            Problem::Sql(error) => self.sql(error),
            Problem::Damage(what) => self.damaged(what),
            Problem::Refused(refused) => self.damaged(&refused.to_string()),
        }
    }
}
