//! Opening: one process at a time, and every way a directory can be wrong has its own sentence.

use super::options;
use crate::scene::{EPOCH, Hands, Scene};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use store::sqlite::{self, FILE, OpenError, SCHEMA_VERSION};
use store::{Result, Store};
use tempfile::TempDir;

fn open(dir: &Path) -> std::result::Result<sqlite::Opened, OpenError> {
    sqlite::open(dir, options(&Hands::new()))
}

/// What opening says, which must be a refusal.
fn refusal(dir: &Path) -> OpenError {
    match open(dir) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// DUR6: two processes on one file would each answer for what the other undoes: the second is refused, by name.
#[test]
fn dur6_a_directory_in_use_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let first = open(dir.path()).expect("the first");
    let second = refusal(dir.path());
    assert!(matches!(second, OpenError::Locked(_)), "{second}");
    assert!(
        second.to_string().contains(&dir.path().display().to_string()),
        "{second}"
    );
    drop(first);
    open(dir.path()).expect("the first has gone");
}

/// DUR7: a store that a newer program has written is left alone.
#[test]
fn dur7_a_newer_database_is_refused_and_not_touched() {
    let dir = TempDir::new().expect("a directory");
    drop(open(dir.path()).expect("a new one"));
    let file = dir.path().join(FILE);
    let newer = SCHEMA_VERSION + 1;
    let conn = Connection::open(&file).expect("the file");
    conn.pragma_update(None, "user_version", newer)
        .expect("a newer version");
    drop(conn);
    let error = refusal(dir.path());
    let told = error.to_string();
    assert!(
        matches!(error, OpenError::NewerDatabase { found, known, .. } if found == newer && known == SCHEMA_VERSION),
        "{told}"
    );
    assert!(
        told.contains(&format!("{newer}")) && told.contains(&format!("up to {SCHEMA_VERSION}")),
        "{told}"
    );
    let conn = Connection::open(&file).expect("the file");
    let version: u32 = conn
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("a version");
    assert_eq!(version, newer);
}

/// DUR7: what is missing is created; what is damaged is never taken for missing.
#[test]
fn dur7_damaged_is_told_from_missing() {
    let dir = TempDir::new().expect("a directory");
    let new = dir.path().join("a").join("b");
    drop(open(&new).expect("a missing directory is created"));
    let file = new.join(FILE);
    let whole = fs::read(&file).expect("the file");

    let damage = |what: &str, bytes: &[u8]| {
        fs::write(&file, bytes).expect("written");
        let error = refusal(&new);
        assert!(matches!(error, OpenError::DamagedDatabase { .. }), "{what}: {error}");
        assert_eq!(fs::read(&file).expect("the file"), bytes, "{what}: left as it is");
    };
    damage("text", b"not a database, but longer than its header would be");
    damage("cut in the header", &whole[..10]);
    let mut zeroed = whole.clone();
    zeroed[2_048..6_144].fill(0);
    damage("two pages of nothing", &zeroed);
    let mut first = whole.clone();
    first[100..400].fill(0xff);
    damage("a broken first page", &first);

    fs::remove_file(&file).expect("removed");
    fs::write(new.join("tidings.db-wal"), b"what was told as durable").expect("written");
    let error = refusal(&new);
    assert!(
        matches!(error, OpenError::DamagedDatabase { .. }),
        "a log without its database: {error}"
    );

    fs::remove_file(new.join("tidings.db-wal")).expect("removed");
    fs::write(&file, &whole).expect("restored");
    open(&new).expect("whole again");
}

/// DUR7: a first start that was cut off, after the tables and before anything was in them, is taken up again.
#[test]
fn dur7_a_first_start_that_was_cut_off_is_finished() {
    let dir = TempDir::new().expect("a directory");
    drop(open(dir.path()).expect("a new one"));
    let conn = Connection::open(dir.path().join(FILE)).expect("the file");
    conn.execute_batch("DELETE FROM meta").expect("as it was before");
    drop(conn);
    let opened = open(dir.path()).expect("taken up");
    assert_eq!(opened.store.epoch(), EPOCH);
}

/// A database of another program is not migrated over.
#[test]
fn a_foreign_database_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let conn = Connection::open(dir.path().join(FILE)).expect("a file");
    conn.execute_batch("CREATE TABLE bookmarks(url TEXT)").expect("a table");
    drop(conn);
    let before = fs::read(dir.path().join(FILE)).expect("the file");
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::ForeignDatabase(_)), "{error}");
    assert_eq!(
        fs::read(dir.path().join(FILE)).expect("the file"),
        before,
        "left as it is"
    );
}

/// Messages are nobody else's on the machine, even in a directory that is open to all.
#[cfg(unix)]
#[test]
fn the_files_are_the_servers_own() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("open to all");
    let opened = open(dir.path()).expect("a new one");
    for name in [FILE, "tidings.db-wal", "tidings.db-shm"] {
        let mode = fs::metadata(dir.path().join(name))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(opened);
}

/// RES1: the lineage stays the same over restarts and is another one after `new_epoch`; what was written stays.
#[test]
fn res1_the_epoch_changes_only_on_order() {
    let hands = Hands::new();
    let dir = TempDir::new().expect("a directory");
    let mut random = options(&hands);
    random.epoch = None;
    let epoch = |options| sqlite::open(dir.path(), options).expect("open").store.epoch();
    let first = epoch(random.clone());
    assert_ne!(first, EPOCH);
    random.seed = [8; 32];
    assert_eq!(epoch(random.clone()), first);
    let second = sqlite::new_epoch(dir.path(), &random).expect("a new one");
    assert_ne!(second, first);
    assert_eq!(epoch(random), second);
}

/// DUR1: after closing, every call is answered with a fault, and what was queued before was done.
#[test]
fn dur1_closing_finishes_what_waits() {
    let mut scene = Scene::new(super::engine);
    let [ann, bob] = scene.persons();
    let conv = scene.group(&[ann, bob]);
    let appends: Vec<_> = (0..50).map(|n| scene.text(conv, ann, &format!("{n}"))).collect();
    let replies: Vec<_> = appends.into_iter().map(|append| scene.store.append(append)).collect();
    assert!(scene.reopen());
    let done: Result<Vec<_>> = replies.into_iter().map(crate::scene::wait).collect();
    assert_eq!(done.expect("all were done").len(), 50);
    assert_eq!(scene.log(conv).len(), 51);
}
