//! Looking whether a file is what it should be: ours, whole, unchanged since it was written, and true to what the store
//! promises. Nothing is written to what is looked at.

mod log;
mod rules;

use super::backup::{Digesting, Seal, TAKEN, read_bytes};
use super::file::{FILE, OpenError, claim, file_bytes, sibling};
use super::{db, schema};
use crate::backup::Progress;
use protocol::Epoch;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Faults that are told in words; the others are counted.
const FAULTS_TOLD_MAX: usize = 20;
/// Page cache, in KiB.
const CACHE_KIB: i64 = 16 * 1_024;
/// What a seal that does not fit says.
const CHANGED: &str = "bytes of it are no longer what they were when the backup was made";
/// How long SQLite waits for a lock, in milliseconds: nobody else should have any.
const BUSY_MS_MAX: u64 = 1_000;

/// What was found in a database that could be read.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The file.
    pub path: PathBuf,
    /// Bytes of the database, without its seal.
    pub bytes: u64,
    /// Its schema.
    pub schema: u32,
    /// Its lineage.
    pub epoch: Option<Epoch>,
    /// The moment it shows, if it is a backup, in milliseconds since 1970 UTC.
    pub taken_ms: Option<u64>,
    /// It bears a seal, and every byte is as it was sealed.
    pub sealed: bool,
    /// How much there is.
    pub counts: Counts,
    /// What is wrong, in words; empty: nothing is. At most 20.
    pub faults: Vec<String>,
    /// How many faults there are in all.
    pub faults_all: u64,
    /// What is no fault and should be known.
    pub remarks: Vec<String>,
}

impl Verified {
    /// Whether it may be relied on.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.faults_all == 0
    }

    fn fault(&mut self, text: String) {
        self.faults_all += 1;
        if self.faults.len() < FAULTS_TOLD_MAX {
            self.faults.push(text);
        }
    }
}

/// How much there is in a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People.
    pub people: u64,
    /// Devices signed in.
    pub devices: u64,
    /// Conversations.
    pub conversations: u64,
    /// Entries of all logs.
    pub entries: u64,
    /// Those of them that count as messages.
    pub messages: u64,
    /// Rows of inboxes.
    pub inbox_rows: u64,
}

/// Why there is nothing to look at. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such file.
    #[error("there is no database at {}; see whether the path is right", .0.display())]
    Missing(PathBuf),
    /// It has no bytes.
    #[error("{} is empty: it was cut short, or nothing was ever written to it; take another backup", .0.display())]
    Empty(PathBuf),
    /// It is something else.
    #[error("{} is no database: it does not begin like one; take another backup", .0.display())]
    NoDatabase(PathBuf),
    /// It is a database of another program.
    #[error("{} is a database of another program; see whether the path is right", .0.display())]
    Foreign(PathBuf),
    /// A newer program has written it.
    #[error(
        "{} has schema version {found}, and this program knows up to {known}; use the program that wrote it, or a \
         newer one",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Its newest part lies beside it.
    #[error(
        "beside {} lies its write-ahead log, which belongs to it; name the directory instead, and stop the server \
         first",
        .0.display()
    )]
    HasLog(PathBuf),
    /// The directory does not open.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// It cannot be read.
    #[error("{} cannot be read: {what}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// In the words of the system or the database.
        what: String,
    },
}

/// Looks at a backup file, or at a data directory whose engine is not open (its lock is held meanwhile).
///
/// # Errors
/// [`VerifyError`]: it is nothing that could be looked at. What is wrong with a database of ours stands in
/// [`Verified::faults`].
pub fn verify(path: &Path, progress: &Progress) -> Result<Verified, VerifyError> {
    if !path.is_dir() {
        return verify_file(path, false, progress);
    }
    let file = path.join(FILE);
    if !file.exists() {
        return Err(VerifyError::Missing(file));
    }
    let (_lock, file) = claim(path)?;
    begins_well(&file)?;
    let conn = open_home(&file).map_err(|error| unreadable(&file, error))?;
    look(&conn, &file, file_bytes(&file), progress)
}

/// Looks at a file that nobody has open. `unsealed`: the seal was checked and taken off already.
pub(super) fn verify_file(path: &Path, unsealed: bool, progress: &Progress) -> Result<Verified, VerifyError> {
    if !path.exists() {
        return Err(VerifyError::Missing(path.to_owned()));
    }
    begins_well(path)?;
    if file_bytes(&sibling(path, "-wal")) > 0 {
        return Err(VerifyError::HasLog(path.to_owned()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let seal = Seal::of(&file).map_err(|error| unreadable(path, error))?;
    let all_bytes = file_bytes(path);
    let bytes = seal.map_or(all_bytes, |seal| seal.bytes);
    let changed = match seal {
        Some(seal) => !is_as_sealed(&file, seal, progress).map_err(|error| unreadable(path, error))?,
        None => false,
    };
    let looked = open_alone(path)
        .map_err(|error| unreadable(path, error))
        .and_then(|conn| look(&conn, path, bytes, progress));
    let mut verified = match looked {
        Err(VerifyError::Unreadable { what, .. }) if changed => {
            return Err(unreadable(path, format!("{CHANGED} ({what}); take another backup")));
        }
        looked => looked?,
    };
    verified.sealed = seal.is_some() && !changed;
    if changed {
        verified.fault(CHANGED.to_owned());
    }
    if seal.is_none() && !unsealed {
        match verified.taken_ms {
            Some(_) => verified.fault("the seal at the end of the backup is missing or damaged".to_owned()),
            None => verified.remarks.push(
                "this is no file of `tidings backup`: without its seal, changed letters in a message go unseen"
                    .to_owned(),
            ),
        }
    }
    Ok(verified)
}

/// One part of the look.
type Look = fn(&Connection, &mut Verified, &Progress) -> rusqlite::Result<()>;

fn begins_well(path: &Path) -> Result<(), VerifyError> {
    let mut header = [0; 16];
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    match io::Read::read_exact(&mut file, &mut header) {
        Ok(()) if header == *b"SQLite format 3\0" => Ok(()),
        _ if file_bytes(path) == 0 => Err(VerifyError::Empty(path.to_owned())),
        Ok(()) => Err(VerifyError::NoDatabase(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(VerifyError::NoDatabase(path.to_owned())),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn is_as_sealed(file: &File, seal: Seal, progress: &Progress) -> io::Result<bool> {
    let mut digesting = Digesting::default();
    let mut done_bytes = 0;
    read_bytes(file, seal.bytes, |bytes| {
        digesting.take(bytes);
        done_bytes += bytes.len() as u64;
        progress.set(done_bytes, seal.bytes);
        Ok(())
    })?;
    Ok(digesting.seal() == seal)
}

/// A file alone: no lock, no log, nothing beside it.
fn open_alone(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => uri.push(char::from(*byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    read_only(Connection::open_with_flags(uri, flags)?)
}

/// The database of a directory, with its log: as it lies there, so that nothing of a damaged one changes.
fn open_home(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_MS_MAX))?;
    // Otherwise the log would be folded in as the connection closes. Without one there is nothing to keep, and SQLite
    // takes away the files that it made beside the database.
    let keeps_log = file_bytes(&sibling(path, "-wal")) > 0;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps_log)?;
    read_only(conn)
}

fn read_only(conn: Connection) -> rusqlite::Result<Connection> {
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(conn)
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> VerifyError {
    VerifyError::Unreadable {
        path: path.to_owned(),
        what: error.to_string(),
    }
}

fn look(conn: &Connection, path: &Path, bytes: u64, progress: &Progress) -> Result<Verified, VerifyError> {
    let schema = ours(conn, path)?;
    let mut verified = Verified {
        path: path.to_owned(),
        bytes,
        schema,
        epoch: None,
        taken_ms: None,
        sealed: false,
        counts: Counts::default(),
        faults: Vec::new(),
        faults_all: 0,
        remarks: Vec::new(),
    };
    // Each look goes as far as it comes: where one page cannot be read, the others may still tell something.
    let looks: [Look; 4] = [pages, meta, log::walk, rules::hold];
    for look in looks {
        if let Err(error) = look(conn, &mut verified, progress) {
            verified.fault(format!("the database cannot be read: {error}"));
        }
    }
    Ok(verified)
}

/// SQLite's own look at every page and every index.
fn pages(conn: &Connection, verified: &mut Verified, _: &Progress) -> rusqlite::Result<()> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let says: String = row.get(0)?;
        if says != "ok" {
            verified.fault(format!("the database is damaged: {}", says.replace('\n', " ")));
        }
    }
    Ok(())
}

fn meta(conn: &Connection, verified: &mut Verified, _: &Progress) -> rusqlite::Result<()> {
    let sql = "SELECT value FROM meta WHERE name = ?1";
    let epoch: Option<[u8; 16]> = conn.query_row(sql, ["epoch"], |row| row.get(0)).optional()?;
    let key: Option<[u8; 32]> = conn.query_row(sql, ["digest_key"], |row| row.get(0)).optional()?;
    let taken_ms: Option<i64> = conn.query_row(sql, [TAKEN], |row| row.get(0)).optional()?;
    verified.epoch = epoch.map(Epoch::from_bytes);
    verified.taken_ms = taken_ms.map(db::unsql);
    if epoch.is_none() || key.is_none() {
        verified.fault("`meta` lacks a row that every database has".to_owned());
    }
    Ok(())
}

/// A short look at the database of a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Its schema.
    pub schema: u32,
    /// Bytes of the database.
    pub bytes: u64,
    /// Bytes of its write-ahead log.
    pub log_bytes: u64,
    /// What SQLite says of its pages: `ok`, or what is wrong. `None`: it is too large for a short look.
    pub pages: Option<String>,
}

/// Looks shortly at a data directory whose engine is not open: at its pages only if it has at most so many bytes.
///
/// # Errors
/// As [`verify`].
pub fn glance(dir: &Path, check_bytes_max: u64) -> Result<Glance, VerifyError> {
    let file = dir.join(FILE);
    if !file.exists() {
        return Err(VerifyError::Missing(file));
    }
    let (_lock, file) = claim(dir)?;
    begins_well(&file)?;
    let failed = |error: rusqlite::Error| unreadable(&file, error);
    let conn = open_home(&file).map_err(failed)?;
    let schema = ours(&conn, &file)?;
    let bytes = file_bytes(&file);
    let log_bytes = file_bytes(&sibling(&file, "-wal"));
    let checks = bytes <= check_bytes_max;
    let check = || conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    Ok(Glance {
        schema,
        bytes,
        log_bytes,
        pages: checks.then(check).transpose().map_err(failed)?,
    })
}

/// The schema of a database of ours.
fn ours(conn: &Connection, path: &Path) -> Result<u32, VerifyError> {
    let failed = |error: rusqlite::Error| unreadable(path, error);
    let found = schema::version(conn).map_err(failed)?;
    let owner = schema::application_id(conn).map_err(failed)?;
    if owner != schema::APPLICATION_ID || found == 0 {
        return Err(VerifyError::Foreign(path.to_owned()));
    }
    if found > schema::VERSION {
        return Err(VerifyError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    Ok(found)
}
