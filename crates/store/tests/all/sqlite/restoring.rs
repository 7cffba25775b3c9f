//! Restores: whole or not at all, whatever ends them, and never with what must not come back.

use super::backing_up::{closed, look};
use super::options;
use crate::scene::{EPOCH, Hands, done};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use store::backup::Progress;
use store::sqlite::{self, Counts, OpenError, Restore, RestoreError, Restored, Step};
use store::{Invite, Store};

fn ask(file: &Path, dir: &Path, aside: Option<&str>) -> Restore {
    Restore {
        file: file.to_owned(),
        dir: dir.to_owned(),
        aside: aside.map(str::to_owned),
        sign_out_all: false,
    }
}

fn restore(ask: &Restore, goes_on: impl FnMut(Step) -> bool) -> Result<Restored, RestoreError> {
    // Another seed than the store was made with: the new lineage is drawn from it.
    let options = sqlite::Options {
        seed: [9; 32],
        ..options(&Hands::new())
    };
    sqlite::restore(ask, &options, &Progress::default(), goes_on)
}

/// A directory with another store in it, which ended without a checkpoint: its newest part lies in the log.
fn another(dir: &Path) -> Counts {
    let hands = Hands::new();
    let data = dir.join("made");
    let store = sqlite::start(&data, options(&hands)).expect("it opens");
    let mut scene = crate::scene::Scene::over(std::sync::Arc::new(store.clone()), &hands);
    let one = scene.person();
    scene.group(&[one]);
    drop(scene);
    // As after a kill: copied while it is open, both files in one moment without writes.
    let to = dir.join("data");
    fs::create_dir(&to).expect("a directory");
    for name in [sqlite::FILE, "tidings.db-wal"] {
        fs::copy(data.join(name), to.join(name)).expect("copied");
    }
    store.close();
    assert!(fs::metadata(to.join("tidings.db-wal")).expect("a log").len() > 0);
    let counts = look(&to).counts;
    assert_eq!((counts.people, counts.conversations), (1, 1));
    counts
}

/// BAK6: everything is back under a new lineage; invites are void, and devices stay signed in unless told otherwise.
#[test]
fn bak6_a_restored_store_has_a_new_lineage_and_no_invites() {
    let (dir, _) = closed();
    let hands = Hands::new();
    let data = dir.path().join("data");
    let store = sqlite::start(&data, options(&hands)).expect("it opens");
    done(store.add_invite(Invite {
        hash: [3; 32],
        owner: true,
        uses_left: 1,
        expires_ms: u64::MAX >> 12,
        created_ms: hands.now_ms(),
    }));
    let file = dir.path().join("with invite");
    done(store.back_up(super::backing_up::ask(file.clone()))).expect("a backup");
    store.close();
    let counts = look(&file).counts;
    let to = dir.path().join("restored");
    let restored = restore(&ask(&file, &to, None), |_| true).expect("restored");
    assert!(restored.epoch != EPOCH && restored.aside.is_none());
    let store = sqlite::start(&to, options(&hands)).expect("it opens");
    assert_eq!(store.epoch(), restored.epoch);
    assert!(
        done(store.invites(10)).is_empty(),
        "an invite would let somebody in twice"
    );
    store.close();
    let verified = look(&to);
    assert!(
        verified.is_good() && verified.counts == counts && verified.taken_ms.is_none(),
        "{verified:?}"
    );
    let mut names: Vec<String> = fs::read_dir(&to)
        .expect("it can be read")
        .map(|entry| {
            entry
                .expect("it can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    // SQLite's own files beside it go with the last connection, which is closed by a thread of its own.
    names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    assert_eq!(names, ["lock", "tidings.db"]);
}

/// BAK5: a directory in use or with something in it is left alone; with `aside` the old store is kept, whole.
#[test]
fn bak5_what_is_there_is_never_lost() {
    let (dir, file) = closed();
    let here = dir.path().join("here");
    fs::create_dir(&here).expect("a directory");
    let old = another(&here);
    let data = here.join("data");
    let refused = restore(&ask(&file, &data, None), |_| true).expect_err("not empty");
    assert!(matches!(refused, RestoreError::Occupied { .. }), "{refused}");
    assert_eq!(look(&data).counts, old);

    let open = sqlite::open(&data, options(&Hands::new())).expect("it opens");
    let refused = restore(&ask(&file, &data, Some("aside")), |_| true).expect_err("in use");
    assert!(matches!(refused, RestoreError::Open(OpenError::Locked(_))), "{refused}");
    drop(open);

    let restored = restore(&ask(&file, &data, Some("aside")), |_| true).expect("restored");
    assert_eq!(restored.aside, Some(data.join("aside")));
    assert_eq!(look(&data.join("aside")).counts, old);
    assert_eq!(look(&data).counts, look(&file).counts);

    let nowhere = dir.path().join("nowhere");
    fs::write(dir.path().join("bad"), "no backup").expect("a file");
    restore(&ask(&dir.path().join("bad"), &nowhere, None), |_| true).expect_err("no backup");
    assert!(!nowhere.exists(), "nothing is made for a backup that is none");
}

/// BAK5: ended before any of its steps, a restore leaves the old store or the new one, each whole; run again, it
/// finishes.
#[test]
fn bak5_ended_anywhere_it_leaves_the_old_or_the_new() {
    let (dir, file) = closed();
    let new = look(&file).counts;
    let mut steps = Vec::new();
    for at in 0.. {
        let here = dir.path().join(format!("here{at}"));
        fs::create_dir(&here).expect("a directory");
        let old = another(&here);
        let data = here.join("data");
        let mut left = at;
        let ended = restore(&ask(&file, &data, Some("aside")), |step| {
            if left == 0 {
                steps.push(step);
                return false;
            }
            left -= 1;
            true
        });
        sqlite::open(&data, options(&Hands::new())).map(drop).expect("it opens");
        let found = look(&data);
        assert!(found.is_good(), "{:?}", found.faults);
        let switched = steps.contains(&Step::Unguard);
        assert_eq!(
            found.counts,
            if switched { new } else { old },
            "ended before {:?}",
            steps.last()
        );
        let epoch = found.epoch.expect("an epoch");
        assert_eq!(epoch == EPOCH, !switched, "the new one has its lineage from the start");
        if ended.is_ok() {
            break;
        }
        restore(&ask(&file, &data, Some("again")), |_| true).expect("finished");
        assert_eq!(look(&data).counts, new);
    }
    let all = [
        Step::Copy,
        Step::Renew,
        Step::Fold,
        Step::Keep,
        Step::Switch,
        Step::Unguard,
        Step::Clean,
    ];
    assert_eq!(steps, all);
}

/// BAK5: an old store that is too broken to open is kept as it is, log and all; ended anywhere, the directory is never
/// taken for an empty one, and its log is never read into the new store.
#[test]
fn bak5_a_broken_store_gives_way_without_mixing() {
    let (dir, file) = closed();
    let new = look(&file).counts;
    let mut steps = Vec::new();
    for at in 0.. {
        let here = dir.path().join(format!("here{at}"));
        fs::create_dir(&here).expect("a directory");
        another(&here);
        let data = here.join("data");
        let broken: Vec<u8> = b"not a database".repeat(500);
        fs::write(data.join(sqlite::FILE), &broken).expect("broken");
        let log: Vec<u8> = b"not a log".repeat(500);
        fs::write(data.join("tidings.db-wal"), &log).expect("broken");
        let mut left = at;
        let ended = restore(&ask(&file, &data, Some("aside")), |step| {
            if left == 0 {
                steps.push(step);
                return false;
            }
            left -= 1;
            true
        });
        let switched = steps.contains(&Step::Unguard);
        match sqlite::open(&data, options(&Hands::new())) {
            Ok(_) => assert!(switched, "before {:?} nothing opens", steps.last()),
            Err(error) => {
                assert!(
                    !switched && matches!(error, OpenError::DamagedDatabase { .. }),
                    "{error}"
                );
            }
        }
        if steps.contains(&Step::TakeAway) {
            let kept: [PathBuf; 2] = [sqlite::FILE, "tidings.db-wal"].map(|name| data.join("aside").join(name));
            assert_eq!(fs::read(&kept[0]).expect("kept"), broken);
            assert_eq!(fs::read(&kept[1]).expect("kept"), log);
        }
        if ended.is_err() {
            restore(&ask(&file, &data, Some("again")), |_| true).expect("finished");
        }
        let found = look(&data);
        assert!(found.is_good() && found.counts == new, "{:?}", found.faults);
        if ended.is_ok() {
            break;
        }
    }
    assert!(
        steps.contains(&Step::Guard) && steps.contains(&Step::TakeAway),
        "{steps:?}"
    );
}

/// BAK4: a damaged backup is refused in a sentence, and the directory stays as it was.
#[test]
fn bak4_a_damaged_backup_is_not_restored() {
    let (dir, file) = closed();
    let mut bytes = fs::read(&file).expect("it can be read");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&file, bytes).expect("written");
    let here = dir.path().join("here");
    fs::create_dir(&here).expect("a directory");
    let old = another(&here);
    let refused = restore(&ask(&file, &here.join("data"), Some("aside")), |_| true).expect_err("damaged");
    assert!(refused.to_string().contains("no longer what they were"), "{refused}");
    assert_eq!(look(&here.join("data")).counts, old);

    // A sealed backup of what contradicts itself is refused as well.
    let (dir, _) = closed();
    let data = dir.path().join("data");
    Connection::open(data.join(sqlite::FILE))
        .and_then(|conn| conn.execute_batch("DELETE FROM sends"))
        .expect("broken");
    let file = dir.path().join("sealed");
    let asked = super::backing_up::ask(file.clone());
    sqlite::back_up_directory(&data, &asked, &options(&Hands::new()).clock).expect("a backup");
    let refused = restore(&ask(&file, &dir.path().join("to"), None), |_| true).expect_err("it lacks its sends");
    assert!(matches!(refused, RestoreError::Damaged(_)), "{refused}");
}
