//! Opening: from a directory to an engine, and the writer's desk, at first and after a failure.

use super::checkpoint::{Bell, Checkpointer};
use super::db::{self, Db};
use super::file::{
    OpenError, Use, Words, check_header, claim, connection, create_file, file_bytes, recognise, sibling,
};
use super::job::{Outcome, Problem};
use super::lane::Lane;
use super::options::Options;
use super::reader::Reader;
use super::shared::Shared;
use super::work::{Held, MARK_BITS, Numbers, Pen, Vers, Work};
use super::writer::Writer;
use super::{Sqlite, schema};
use mutants::Mutant;
use protocol::Epoch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use tokio::sync::Notify;

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
    let (work, epoch, instance) = first_work(conn, &options, chance).map_err(|problem| words.problem(problem))?;
    let connect = |kib| connection(&path, kib, Use::Read).map_err(|error| words.sql(error));
    let readers = options.readers.max(1);
    let shared = Arc::new(Shared {
        epoch,
        instance,
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
        backing_up: AtomicBool::new(false),
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
    // Planted fault: it keeps the lineage that the backup has.
    if mutants::is(Mutant::EpochKept) {
        let kept = meta(&conn, "epoch").map_err(|problem| Words(&path).problem(problem))?;
        return Ok(Epoch::from_bytes(kept));
    }
    let epoch = Epoch::from_random(bytes(&mut chance));
    conn.execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [epoch.as_bytes()])
        .map_err(|error| Words(&path).sql(error))?;
    Ok(epoch)
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
fn first_work(conn: Connection, options: &Options, chance: StdRng) -> Outcome<(Work, Epoch, u32)> {
    let opens: i64 = conn.query_row(
        "UPDATE meta SET value = value + 1 WHERE name = 'opens' RETURNING value",
        [],
        |row| row.get(0),
    )?;
    let epoch = Epoch::from_bytes(meta(&conn, "epoch")?);
    let highest: Option<i64> = conn.query_row("SELECT max(mark) FROM fanout", [], |row| row.get(0))?;
    let mark = (db::unsql(opens) << MARK_BITS).max(highest.map_or(0, db::unsql));
    let key = meta(&conn, "digest_key")?;
    Ok((desk(conn, options, &key, chance, mark), epoch, instance(&key)))
}

/// A name made of what only this database has, and which a restore keeps. The key cannot be found from it.
fn instance(key: &[u8; 32]) -> u32 {
    let digest = Sha256::new().chain_update(b"instance").chain_update(key).finalize();
    u32::from_be_bytes(digest[..4].try_into().expect("a SHA-256 has 32 bytes"))
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
