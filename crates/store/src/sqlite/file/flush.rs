//! Flushes are believed only while the file system keeps its journal: a thin layer of ours under SQLite.
//!
//! ext4 may answer `fdatasync` with success for what it has just thrown away. When it gives its journal up (an error on
//! the disk, or in itself), the transaction that should have kept the file's new length is dropped; a flush that waited
//! for its words to be written meanwhile finds that transaction gone, takes "gone" for "done", and returns 0 (Linux
//! 6.18, `jbd2_complete_transaction`). Some milliseconds later the file system is read-only and every call fails, but a
//! whole batch may have been acknowledged by then, which is not there after the next mount.
//!
//! So after each flush we ask for a change that needs the journal, on a file beside: the space of the first byte of the
//! lock file, which it has. A journal that was given up stays so, hence one that answers now had not been given up when
//! the flush returned. Otherwise the flush has failed: SQLite then shows nobody what it was to keep, and no checkpoint
//! counts as copied. It costs some microseconds and no flush of its own.

#![expect(
    unsafe_code,
    reason = "SQLite's files are tables of C functions; each block says why it is sound"
)]

use super::LOCK_FILE;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_filename, sqlite3_io_methods, sqlite3_vfs};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::ffi::{CStr, OsStr, c_int};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

/// What this layer is called among SQLite's.
const NAME: &CStr = c"tidings";
/// Files whose flushes a promise depends on; the others are for the moment.
const KEPT: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;

type Flush = unsafe extern "C" fn(*mut sqlite3_file, c_int) -> c_int;
type Close = unsafe extern "C" fn(*mut sqlite3_file) -> c_int;

/// Stands behind SQLite's own record of an open file, in the memory that SQLite gives the file.
#[repr(C)]
struct Watched {
    /// SQLite's own, but for [`sync`] and [`close`]. It is the first field: the file points to it, and so to us.
    methods: sqlite3_io_methods,
    sync: Flush,
    close: Close,
    /// The file beside. `None`: it could not be opened, so no flush can be believed.
    beside: Option<File>,
}

/// The layer's name, for opening a connection over it.
///
/// # Errors
/// As of SQLite, out of memory.
pub(super) fn layer() -> rusqlite::Result<&'static CStr> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    match *REGISTERED.get_or_init(register) {
        ffi::SQLITE_OK => Ok(NAME),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

fn register() -> c_int {
    // SAFETY: SQLite may be asked from any thread; what it answers lives as long as the process.
    let Some(theirs) = (unsafe { ffi::sqlite3_vfs_find(std::ptr::null()).as_mut() }) else {
        return ffi::SQLITE_ERROR;
    };
    let Ok(watched_bytes) = c_int::try_from(size_of::<Watched>()) else {
        return ffi::SQLITE_ERROR;
    };
    let ours = sqlite3_vfs {
        zName: NAME.as_ptr(),
        szOsFile: aligned(theirs.szOsFile) + watched_bytes,
        xOpen: Some(open),
        pAppData: std::ptr::from_mut(theirs).cast(),
        ..*theirs
    };
    // SAFETY: it lives as long as the process, as it must. The functions that stay SQLite's own take no notice of
    // `pAppData`, which only theirs for opening reads, and that one is given theirs.
    unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 0) }
}

/// Where a [`Watched`] may begin, in bytes. SQLite aligns the whole to 8, which is enough for it.
const fn aligned(bytes: c_int) -> c_int {
    const { assert!(align_of::<Watched>() <= 8) };
    (bytes + 7) & !7
}

unsafe extern "C" fn open(
    ours: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the layer that [`register`] made, so that `pAppData` is its own, and with
    // `szOsFile` bytes for the file: theirs, and behind them a [`Watched`] that nobody else touches.
    unsafe {
        let theirs = (*ours).pAppData.cast::<sqlite3_vfs>();
        let Some(their_open) = (*theirs).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let code = their_open(theirs, name, file, flags, out_flags);
        if code != ffi::SQLITE_OK || flags & KEPT == 0 || name.is_null() {
            return code;
        }
        let Some(methods) = (*file).pMethods.as_ref() else {
            return code;
        };
        let (Some(their_sync), Some(their_close)) = (methods.xSync, methods.xClose) else {
            return code;
        };
        let path = Path::new(OsStr::from_bytes(CStr::from_ptr(name).to_bytes()));
        let watched = Watched {
            methods: sqlite3_io_methods {
                xSync: Some(sync),
                xClose: Some(close),
                ..*methods
            },
            sync: their_sync,
            close: their_close,
            beside: beside(path),
        };
        let place = file.byte_offset(aligned((*theirs).szOsFile) as isize).cast::<Watched>();
        place.write(watched);
        (*file).pMethods = place.cast();
    }
    ffi::SQLITE_OK
}

/// The lock file of the directory. Closing it again releases nobody's lock, as closing the database would.
fn beside(path: &Path) -> Option<File> {
    let lock = path.parent()?.join(LOCK_FILE);
    File::options().create(true).truncate(false).write(true).open(lock).ok()
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: only a file that [`open`] gave a [`Watched`] comes here, and until [`close`] it points to it.
    unsafe {
        let watched = &*(*file).pMethods.cast::<Watched>();
        match (watched.sync)(file, flags) {
            ffi::SQLITE_OK if !watched.beside.as_ref().is_some_and(keeps) => ffi::SQLITE_IOERR_FSYNC,
            code => code,
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as in [`sync`]. SQLite's own function clears its record, not ours, and nobody uses the file afterwards.
    unsafe {
        let watched = (*file).pMethods.cast::<Watched>().cast_mut();
        let code = ((*watched).close)(file);
        watched.drop_in_place();
        code
    }
}

/// Whether the file system still takes changes. One that cannot be asked so (NFS), or has no room, is not one that
/// gave up.
fn keeps(beside: &File) -> bool {
    #[cfg(test)]
    if tests::GIVEN_UP.get() {
        return false;
    }
    !matches!(
        fallocate(beside, FallocateFlags::KEEP_SIZE, 0, 1),
        Err(Errno::ROFS | Errno::IO)
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Use, connection, create_file};
    use std::cell::Cell;

    thread_local! {
        pub(super) static GIVEN_UP: Cell<bool> = const { Cell::new(false) };
    }

    /// DUR1, DUR5: nobody is told, or shown, what a file system took that had given up; when it is well, all goes on.
    #[test]
    fn a_commit_whose_flush_is_not_believed_fails_and_is_not_seen() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("tidings.db");
        create_file(&path).unwrap();
        let writer = connection(&path, 64, Use::Write).unwrap();
        let reader = connection(&path, 64, Use::Read).unwrap();
        let rows = || reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        writer
            .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
            .unwrap();
        assert_eq!(rows(), Ok(1));
        GIVEN_UP.set(true);
        let failed = writer.execute("INSERT INTO t VALUES (2)", []).unwrap_err();
        let code = failed.sqlite_error().map(|error| error.extended_code);
        assert_eq!(code, Some(rusqlite::ffi::SQLITE_IOERR_FSYNC));
        assert_eq!(rows(), Ok(1));
        GIVEN_UP.set(false);
        writer.execute("INSERT INTO t VALUES (3)", []).unwrap();
        assert_eq!(rows(), Ok(2));
    }

    /// A checkpoint whose flush is not believed has copied nothing: the log is not begun anew over it.
    #[test]
    fn a_checkpoint_whose_flush_is_not_believed_fails() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("tidings.db");
        create_file(&path).unwrap();
        let writer = connection(&path, 64, Use::Write).unwrap();
        writer
            .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
            .unwrap();
        let copied = || {
            writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
        };
        GIVEN_UP.set(true);
        assert!(copied().is_err());
        GIVEN_UP.set(false);
        let (frames, copied) = copied().unwrap();
        assert_eq!(frames, copied);
    }
}
