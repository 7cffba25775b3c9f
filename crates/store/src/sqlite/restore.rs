//! Bringing a backup back: checked first, then made ready in a directory of its own, then put in the place of the old
//! database in one step.
//!
//! A crash at any point leaves the old database or the new one. The danger is the old write-ahead log: laid beside
//! another database it must never be read. So it is folded into the old database before the new one takes its name; if
//! the old one is too broken for that, the log's name is taken by a file that SQLite passes over, while the database
//! is missing: in that state no server starts, and restoring again finishes the work.

use super::backup::{Digesting, Seal, TAKEN, flush_dir, free_bytes, read_bytes, unwatched};
use super::file::{FILE, LOCK_FILE, OpenError, Use, check_header, claim, connection, file_bytes, sibling};
use super::open::new_epoch;
use super::options::Options;
use super::verify::{Verified, VerifyError, verify_file};
use crate::backup::Progress;
use protocol::Epoch;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The directory in which a restore is made ready.
const STAGE: &str = "restore.part";
/// What lies in the place of a broken database's log meanwhile. It must not begin like a log of SQLite's.
const GUARD: &[u8] = b"A restore was interrupted here. Run `tidings restore` again.\n";
/// What must not come back. An invite or a link that was used up or voided since would let somebody in again; a push
/// would wake people for what they have read.
const VOID: &[&str] = &["invites", "links", "push_jobs"];
/// Names that are tried for what is kept aside.
const NAMES_TRIED_MAX: u32 = 1_000;
/// What must stay free on the disk, in bytes.
const SPARE_BYTES: u64 = 64 * 1_024 * 1_024;

/// What is to be restored, and where.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// The data directory; made if it is not there.
    pub dir: PathBuf,
    /// If there is a database already, keep it in a directory of this name in the data directory. `None`: refuse.
    pub aside: Option<String>,
    /// Sign all devices out: who was signed out after the backup would be in again.
    pub sign_out_all: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The new lineage.
    pub epoch: Epoch,
    /// Where the old database is now.
    pub aside: Option<PathBuf>,
    /// What the backup holds.
    pub verified: Verified,
}

/// The steps that change something in the data directory, in their order; for tests that end the process before one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Copying the backup.
    Copy,
    /// Giving the copy its lineage.
    Renew,
    /// Folding the old log into the old database.
    Fold,
    /// Giving the old files their second name.
    Keep,
    /// Taking the old database away, where its log could not be folded.
    TakeAway,
    /// Guarding the place of its log.
    Guard,
    /// Giving the new database its name.
    Switch,
    /// Taking the guard away.
    Unguard,
    /// Removing what is no longer needed.
    Clean,
}

/// Why nothing was restored. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be looked at.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The backup is no good.
    #[error(
        "{} is not restored, because it is damaged: {}; take another backup",
        .0.path.display(),
        .0.faults.join("; ")
    )]
    Damaged(Box<Verified>),
    /// There is something already.
    #[error(
        "{} is not empty ({what} is in it); name an empty directory, or say --replace to keep the old database aside",
        dir.display()
    )]
    Occupied {
        /// Which directory.
        dir: PathBuf,
        /// What is in it.
        what: String,
    },
    /// It would not fit.
    #[error("there is no room in {}: {needed_bytes} bytes are needed and {free_bytes} are free", dir.display())]
    Full {
        /// Which directory.
        dir: PathBuf,
        /// What is needed.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
    },
    /// The data directory does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk fails.
    #[error("the restore failed while it {doing}: {what}; run it again")]
    Failed {
        /// At what.
        doing: &'static str,
        /// In the words of the system or the database.
        what: String,
    },
    /// It was asked to stop.
    #[error("the restore was stopped before it {0}; run it again")]
    Stopped(&'static str),
}

fn failed(doing: &'static str) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> RestoreError {
    move |error| RestoreError::Failed {
        doing,
        what: error.to_string(),
    }
}

fn io_failed(doing: &'static str) -> impl Fn(io::Error) -> RestoreError {
    move |error| failed(doing)(error.into())
}

/// Restores a backup into a data directory whose engine is not open. `goes_on` is asked before each step: `false` ends
/// it there, as a crash would.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(
    ask: &Restore,
    options: &Options,
    progress: &Progress,
    mut goes_on: impl FnMut(Step) -> bool,
) -> Result<Restored, RestoreError> {
    let mut before = |step| {
        if goes_on(step) {
            Ok(())
        } else {
            Err(RestoreError::Stopped(doing(step)))
        }
    };
    // Before the directory is made or touched: a wrong path should leave nothing behind.
    let verified = verify_file(&ask.file, false, progress)?;
    if !verified.is_good() {
        return Err(RestoreError::Damaged(Box::new(verified)));
    }
    let (_lock, path) = claim(&ask.dir)?;
    if ask.aside.is_none()
        && let Some(what) = occupant(&ask.dir).map_err(io_failed("looked into the directory"))?
    {
        return Err(RestoreError::Occupied {
            dir: ask.dir.clone(),
            what,
        });
    }
    let stage = Stage::new(&ask.dir, verified.bytes)?;
    before(Step::Copy)?;
    stage.copy(&ask.file)?;
    // The copy, not the original: what is checked is what will be used.
    let copied = verify_file(&stage.file, true, &unwatched())?;
    if !copied.is_good() {
        return Err(RestoreError::Damaged(Box::new(copied)));
    }
    before(Step::Renew)?;
    let epoch = stage.renew(options, ask.sign_out_all)?;
    let aside = put(ask, &path, &stage, &mut before)?;
    before(Step::Clean)?;
    fs::remove_dir_all(&stage.dir).map_err(io_failed("cleaned up"))?;
    Ok(Restored { epoch, aside, verified })
}

fn doing(step: Step) -> &'static str {
    match step {
        Step::Copy => "copied the backup",
        Step::Renew => "gave it a new lineage",
        Step::Fold => "folded the old log in",
        Step::Keep => "kept the old database",
        Step::TakeAway => "took the old database away",
        Step::Guard => "took the old log away",
        Step::Switch => "put the new database in place",
        Step::Unguard | Step::Clean => "cleaned up",
    }
}

/// The first name in a directory that says it is in use for something.
fn occupant(dir: &Path) -> io::Result<Option<String>> {
    // The settings stand in the directory before there is a store.
    let ours = [LOCK_FILE, STAGE, "lost+found", "tidings.toml"];
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.into_iter().find(|name| !ours.contains(&name.as_str())))
}

/// Where the new database is made ready.
struct Stage {
    dir: PathBuf,
    file: PathBuf,
}

impl Stage {
    fn new(data: &Path, bytes: u64) -> Result<Self, RestoreError> {
        let dir = data.join(STAGE);
        // Left behind by a restore that was interrupted.
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(io_failed("cleaned up after an earlier one"))?;
        }
        let needed_bytes = bytes + SPARE_BYTES;
        match free_bytes(data) {
            Ok(free_bytes) if free_bytes < needed_bytes => {
                return Err(RestoreError::Full {
                    dir: data.to_owned(),
                    needed_bytes,
                    free_bytes,
                });
            }
            _ => {}
        }
        let made = fs::DirBuilder::new().mode(0o700).create(&dir);
        made.map_err(io_failed("made a directory"))?;
        let file = dir.join(FILE);
        Ok(Self { dir, file })
    }

    /// The database in the backup, without its seal.
    fn copy(&self, from: &Path) -> Result<(), RestoreError> {
        let copied = || -> io::Result<bool> {
            let from = File::open(from)?;
            let seal = Seal::of(&from)?;
            let mut to = File::options()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(&self.file)?;
            let mut digesting = Digesting::default();
            read_bytes(&from, seal.map_or(u64::MAX, |seal| seal.bytes), |bytes| {
                digesting.take(bytes);
                to.write_all(bytes)
            })?;
            to.sync_all()?;
            Ok(seal.is_none_or(|seal| seal == digesting.seal()))
        };
        if copied().map_err(io_failed("copied the backup"))? {
            Ok(())
        } else {
            let what = "the backup changed while it was read".to_owned();
            Err(RestoreError::Failed {
                doing: "copied the backup",
                what,
            })
        }
    }

    /// A new lineage, and without what must not come back.
    fn renew(&self, options: &Options, sign_out_all: bool) -> Result<Epoch, RestoreError> {
        let epoch = new_epoch(&self.dir, options)?;
        let renewed = || -> rusqlite::Result<()> {
            let conn = connection(&self.file, 1_024, Use::Write)?;
            conn.execute("DELETE FROM meta WHERE name = ?1", [TAKEN])?;
            for table in VOID {
                // One that this program's schema does not have yet has nothing to void.
                let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
                if conn.query_row(sql, [table], |row| row.get(0))? {
                    conn.execute(&format!("DELETE FROM {table}"), [])?;
                }
            }
            if sign_out_all {
                conn.execute_batch("DELETE FROM devices; DELETE FROM mailbox; DELETE FROM key_packages;")?;
            }
            fold(&conn)
        };
        renewed().map_err(|error| failed("gave it a new lineage")(error.into()))?;
        // With the last connection the log went; the new database is one file.
        if file_bytes(&sibling(&self.file, "-wal")) > 0 {
            let error = "its write-ahead log could not be folded in";
            return Err(failed("gave it a new lineage")(error.into()));
        }
        let flushed = File::open(&self.file).and_then(|file| file.sync_all());
        flushed
            .and_then(|()| flush_dir(&self.dir))
            .map_err(io_failed("flushed the new database"))?;
        Ok(epoch)
    }
}

/// Brings everything from the log into the database.
fn fold(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 {
        Ok(())
    } else {
        Err(rusqlite::Error::InvalidQuery)
    }
}

/// Puts the new database in the place of the old one. Answers where the old one is.
fn put(
    ask: &Restore,
    path: &Path,
    stage: &Stage,
    before: &mut impl FnMut(Step) -> Result<(), RestoreError>,
) -> Result<Option<PathBuf>, RestoreError> {
    let (wal, shm) = (sibling(path, "-wal"), sibling(path, "-shm"));
    let is_there = path.exists() || file_bytes(&wal) > 0;
    before(Step::Fold)?;
    // SQLite would throw the log of what is no database away.
    if file_bytes(&wal) > 0 && check_header(path).is_ok() {
        // What comes of it is seen below. A database that is too broken keeps its log.
        let _ = connection(path, 1_024, Use::Read).and_then(|conn| fold(&conn));
    }
    let is_one_file = file_bytes(&wal) == 0;
    let name = ask.aside.as_deref().unwrap_or("before-restore");
    let aside = is_there.then(|| free_name(&ask.dir, name));
    before(Step::Keep)?;
    if let Some(aside) = &aside {
        keep(aside, path, &wal).map_err(io_failed("kept the old database"))?;
        flush_dir(&ask.dir).map_err(io_failed("kept the old database"))?;
    }
    if !is_one_file {
        before(Step::TakeAway)?;
        remove(path).map_err(io_failed("took the old database away"))?;
        before(Step::Guard)?;
        let guard = stage.dir.join("guard");
        let guarded = write_durably(&guard, GUARD).and_then(|()| fs::rename(&guard, &wal));
        guarded.map_err(io_failed("took the old log away"))?;
        flush_dir(&ask.dir).map_err(io_failed("took the old log away"))?;
    }
    remove(&shm).map_err(io_failed("removed the old index of the log"))?;
    before(Step::Switch)?;
    let switched = fs::rename(&stage.file, path).and_then(|()| flush_dir(&ask.dir));
    switched.map_err(io_failed("put the new database in place"))?;
    before(Step::Unguard)?;
    remove(&wal).map_err(io_failed("cleaned up"))?;
    Ok(aside)
}

/// A name of which there is nothing yet: this one, or it with a number.
fn free_name(dir: &Path, name: &str) -> PathBuf {
    let numbered = (2..=NAMES_TRIED_MAX).map(|number| dir.join(format!("{name}-{number}")));
    let mut names = std::iter::once(dir.join(name)).chain(numbered);
    names.find(|path| !path.exists()).unwrap_or_else(|| dir.join(name))
}

/// A second name for each of the old files: they keep the first until the new ones take it.
fn keep(aside: &Path, path: &Path, wal: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).recursive(true).create(aside)?;
    for file in [path, wal] {
        let is_guard = file_bytes(file) == GUARD.len() as u64 && fs::read(file)? == GUARD;
        if let Some(name) = file.file_name()
            && file_bytes(file) > 0
            && !is_guard
        {
            fs::hard_link(file, aside.join(name))?;
        }
    }
    flush_dir(aside)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
