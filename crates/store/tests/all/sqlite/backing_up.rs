//! Backups: one moment of everything, taken while it goes on; and a look that finds what is wrong with one.

use super::options;
use crate::scene::{Hands, Scene, done, wait};
use protocol::{ConversationId, Seq, UserId};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::backup::{BackUp, BackedUp, BackupError, Progress};
use store::sqlite::{self, Sqlite, Verified, VerifyError, back_up_directory, verify};
use store::{Append, Store};
use tempfile::TempDir;

/// People who write while backups are taken.
const WRITERS: usize = 3;
/// Backups of one run.
const BACKUPS: usize = 4;

pub fn ask(to: PathBuf) -> BackUp {
    BackUp {
        to,
        overwrite: false,
        progress: Arc::default(),
    }
}

/// What `verify` finds in a file or directory that it can read.
pub fn look(path: &Path) -> Verified {
    verify(path, &Progress::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn good(path: &Path) -> Verified {
    let verified = look(path);
    assert!(verified.is_good(), "{:?}", verified.faults);
    verified
}

/// A store with people, a group with somebody who was removed and came back, a 1:1, and messages.
pub fn lived_in(scene: &mut Scene) -> (ConversationId, [UserId; 3]) {
    let [ada, bob, cem] = scene.persons();
    let group = scene.group(&[ada, bob, cem]);
    for n in 0..5 {
        scene.say(group, ada, &format!("message {n}"));
    }
    scene.remove(group, ada, cem);
    scene.say(group, bob, "without cem");
    scene.add(group, ada, &[cem]);
    scene.say(group, cem, "again");
    scene.reads(group, bob, Seq(4));
    let direct = scene.direct(ada, bob);
    scene.say(direct, bob, "between us");
    (group, [ada, bob, cem])
}

/// A directory with a store that was lived in and is closed, and a backup of it.
pub fn closed() -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a directory");
    let hands = Hands::new();
    let data = dir.path().join("data");
    let store = sqlite::start(&data, options(&hands)).expect("it opens");
    let mut scene = Scene::over(Arc::new(store.clone()), &hands);
    lived_in(&mut scene);
    let file = dir.path().join("backup");
    done(store.back_up(ask(file.clone()))).expect("a backup");
    drop(scene);
    store.close();
    (dir, file)
}

/// THR2: replies in threads, which no ord counts, are no fault of a log; also once they are deleted.
#[test]
fn thr2_a_log_with_threads_is_good() {
    let dir = TempDir::new().expect("a directory");
    let hands = Hands::new();
    let data = dir.path().join("data");
    let store = sqlite::start(&data, options(&hands)).expect("it opens");
    let mut scene = Scene::over(Arc::new(store.clone()), &hands);
    let (group, [ada, bob, _]) = lived_in(&mut scene);
    for who in [bob, ada, bob] {
        let reply = Append {
            thread: Some(Seq(2)),
            ..scene.text(group, who, "in a thread")
        };
        scene.append(reply);
        scene.say(group, who, "beside it");
    }
    let send_id = scene.send_id();
    let target = scene
        .log(group)
        .iter()
        .rfind(|entry| entry.thread.is_some())
        .expect("one")
        .seq;
    done(store.amend(store::Amend {
        target_name: None,
        conv: group,
        actor: bob,
        send_id,
        target,
        change: store::Amendment::Delete,
    }));
    drop(scene);
    store.close();
    good(&data);
}

/// What a writer was told: the seq of each of its sends, in order.
struct Written {
    acked: AtomicU64,
    asked: AtomicU64,
}

/// BAK1: backups taken while people write hold what was acknowledged before they began, nothing that was sent after
/// they ended, and of each log a beginning without gaps.
#[test]
fn bak1_a_backup_under_traffic_is_one_moment() {
    let dir = TempDir::new().expect("a directory");
    let hands = Hands::new();
    let store = sqlite::start(dir.path().join("data"), options(&hands)).expect("it opens");
    let mut scene = Scene::over(Arc::new(store.clone()), &hands);
    let people: [UserId; WRITERS] = scene.persons();
    let convs: Vec<ConversationId> = people.iter().map(|one| scene.group(&[*one])).collect();
    let plans: Vec<Append> = convs
        .iter()
        .zip(&people)
        .map(|(conv, one)| scene.text(*conv, *one, &"x".repeat(300)))
        .collect();
    let told: Vec<Written> = (0..WRITERS)
        .map(|_| Written {
            acked: AtomicU64::new(1),
            asked: AtomicU64::new(1),
        })
        .collect();
    let end = AtomicBool::new(false);
    let bounds = std::thread::scope(|threads| {
        for (plan, told) in plans.iter().zip(&told) {
            let store = store.clone();
            let end = &end;
            threads.spawn(move || {
                for n in 2_u64.. {
                    if end.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut send_id = [0xa5; 16];
                    send_id[8..].copy_from_slice(&n.to_be_bytes());
                    told.asked.store(n, Ordering::SeqCst);
                    let append = Append {
                        send_id: protocol::SendId::from_bytes(send_id),
                        ..plan.clone()
                    };
                    let entry = done(store.append(append)).entry;
                    told.acked.store(entry.seq.0, Ordering::SeqCst);
                }
            });
        }
        let bounds: Vec<Vec<(u64, u64)>> = (0..BACKUPS)
            .map(|n| {
                let acked: Vec<u64> = told.iter().map(|one| one.acked.load(Ordering::SeqCst)).collect();
                let to = dir.path().join(format!("b{n}"));
                done(store.back_up(ask(to))).expect("a backup");
                let asked = told.iter().map(|one| one.asked.load(Ordering::SeqCst));
                acked.into_iter().zip(asked).collect()
            })
            .collect();
        end.store(true, Ordering::SeqCst);
        bounds
    });
    for (n, bounds) in bounds.iter().enumerate() {
        let file = dir.path().join(format!("b{n}"));
        let verified = good(&file);
        assert!(verified.sealed && verified.taken_ms == Some(hands.now_ms()));
        let restored = restored(&file, &dir.path().join(format!("r{n}")), &hands);
        for ((conv, one), (acked, asked)) in convs.iter().zip(&people).zip(bounds) {
            let head = done(restored.heads(*one, vec![*conv])).remove(0).seq.0;
            assert!((*acked..=*asked).contains(&head), "{acked} <= {head} <= {asked}");
            let (now, then) = (log_of(&store, *conv), log_of(&restored, *conv));
            assert_eq!(now[..then.len()], then, "a beginning of the log");
        }
        restored.close();
    }
    store.close();
}

/// The store that a backup comes back as.
fn restored(file: &Path, dir: &Path, hands: &Hands) -> Sqlite {
    let restore = sqlite::Restore {
        file: file.to_owned(),
        dir: dir.to_owned(),
        aside: None,
        sign_out_all: false,
    };
    sqlite::restore(&restore, &options(hands), &Progress::default(), |_| true).expect("restored");
    sqlite::start(dir, options(hands)).expect("it opens")
}

/// Every entry of a log: seq and body.
fn log_of(store: &impl Store, conv: ConversationId) -> Vec<(Seq, Arc<str>)> {
    let mut entries: Vec<(Seq, Arc<str>)> = Vec::new();
    loop {
        let after = entries.last().map_or(Seq::ZERO, |entry| entry.0);
        let page = done(store.tail(conv, Some(after), 4_096));
        entries.extend(page.entries.iter().map(|entry| (entry.seq, Arc::clone(&entry.body))));
        if page.entries.is_empty() || entries.last().is_some_and(|entry| entry.0 >= page.head_seq) {
            return entries;
        }
    }
}

/// BAK2: no other file is touched unasked, nothing half is left behind, and one backup is made at a time.
#[test]
fn bak2_a_backup_takes_no_other_files_name() {
    let dir = TempDir::new().expect("a directory");
    let hands = Hands::new();
    let data = dir.path().join("data");
    let store = sqlite::start(&data, options(&hands)).expect("it opens");
    lived_in(&mut Scene::over(Arc::new(store.clone()), &hands));
    let back_up = |ask: BackUp| -> Result<BackedUp, BackupError> { done(store.back_up(ask)) };
    let file = dir.path().join("mine");
    fs::write(&file, "something else").expect("a file");

    assert_eq!(back_up(ask(file.clone())), Err(BackupError::Exists(file.clone())));
    assert_eq!(fs::read(&file).expect("it is there"), b"something else");
    let over = BackUp {
        overwrite: true,
        ..ask(file.clone())
    };
    let written = back_up(over).expect("asked to");
    assert_eq!(written.bytes, fs::metadata(&file).expect("it is there").len());
    good(&file);

    for nowhere in [
        data.join(sqlite::FILE),
        data.join("tidings.db-wal"),
        data.join("lock"),
        dir.path().to_owned(),
        dir.path().join("no such directory/b"),
    ] {
        let refused = back_up(BackUp {
            overwrite: true,
            ..ask(nowhere.clone())
        });
        assert!(
            matches!(refused, Err(BackupError::NoPlace { .. })),
            "{nowhere:?}: {refused:?}"
        );
    }
    let stopped = ask(dir.path().join("stopped"));
    stopped.progress.stop();
    assert_eq!(back_up(stopped), Err(BackupError::Stopped));
    let mut names: Vec<String> = fs::read_dir(dir.path())
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
    assert_eq!(names, ["data", "mine"], "nothing half is left");

    let two = (
        store.back_up(ask(dir.path().join("one"))),
        store.back_up(ask(dir.path().join("two"))),
    );
    let two = (done(two.0), wait(two.1).expect("an answer"));
    assert!(
        two.0.is_ok() && matches!(two.1, Err(BackupError::Busy) | Ok(_)),
        "{two:?}"
    );
    let while_open = back_up_directory(&data, &ask(dir.path().join("three")), &options(&hands).clock);
    assert!(while_open.is_err(), "the directory is in use");
    store.close();
    back_up_directory(&data, &ask(dir.path().join("three")), &options(&hands).clock).expect("not in use any longer");
    assert_eq!(good(&dir.path().join("three")).counts, good(&data).counts);
}

/// BAK4: a byte that changed anywhere, an end that is missing, another program's file and an empty one are told.
#[test]
fn bak4_what_is_no_whole_backup_is_told() {
    let (dir, file) = closed();
    let whole = fs::read(&file).expect("it can be read");
    let counts = good(&file).counts;
    assert_eq!((counts.people, counts.conversations, counts.messages), (3, 2, 8));
    let other = dir.path().join("other");
    let told = |bytes: &[u8]| -> String {
        fs::write(&other, bytes).expect("written");
        match verify(&other, &Progress::default()) {
            Ok(verified) => {
                assert!(!verified.is_good() && !verified.faults.is_empty());
                verified.faults.join("; ")
            }
            Err(error) => error.to_string(),
        }
    };
    // Prime, so that it comes by every place in a page; the last lies in the seal.
    for at in (0..whole.len()).step_by(1_009).chain([whole.len() - 3]) {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        told(&changed);
    }
    for bytes in [1, 15, 100, whole.len() / 2, whole.len() - 200, whole.len() - 1] {
        told(&whole[..bytes]);
    }
    assert!(told(&[]).contains("empty"));
    assert!(told(b"Dear diary, today I was not a database at all.").contains("no database"));
    let foreign = dir.path().join("foreign");
    Connection::open(&foreign)
        .and_then(|conn| conn.execute_batch("CREATE TABLE recipes(name TEXT)"))
        .expect("another program's");
    let error = verify(&foreign, &Progress::default()).expect_err("not ours");
    assert!(matches!(error, VerifyError::Foreign(_)), "{error}");
    let error = verify(&dir.path().join("nothing"), &Progress::default()).expect_err("not there");
    assert!(matches!(error, VerifyError::Missing(_)), "{error}");
}

/// BAK4: a database that is sound and says what cannot be is told as well.
#[test]
fn bak4_what_contradicts_itself_is_told() {
    let breaks = [
        (
            "DELETE FROM log WHERE id = (SELECT max(id) - 1 FROM log WHERE id < 2 << 32)",
            "goes from seq",
        ),
        ("DELETE FROM log WHERE id = (1 << 32) + 1", "begins at seq"),
        ("UPDATE log SET ord = ord + 1 WHERE id = (1 << 32) + 4", "has ord"),
        ("UPDATE log SET created_ms = 1 WHERE id = (1 << 32) + 4", "is older"),
        (
            "UPDATE log SET sender = 99 WHERE id = (1 << 32) + 4",
            "sender is nobody",
        ),
        ("DELETE FROM sends WHERE seq = 4", "no send names"),
        ("UPDATE sends SET seq = 77 WHERE seq = 8", "points at no entry"),
        ("UPDATE spans SET from_seq = 900 WHERE from_seq > 1", "beyond its log"),
        ("UPDATE spans SET to_seq = 9 WHERE to_seq IS NOT NULL", "overlap"),
        ("UPDATE spans SET from_ord = 1 WHERE from_seq = 1", "ords are not those"),
        ("DELETE FROM spans WHERE to_seq IS NULL", "may read nothing"),
        ("UPDATE members SET read = 500", "cursor beyond"),
        ("DELETE FROM meta WHERE name = 'epoch'", "`meta` lacks"),
        ("DELETE FROM conversations WHERE conv = 2", "is not there"),
        (
            "INSERT INTO inbox(id, user, ver, as_of, kind, spans, head_seq, head_ord, head_ms, read_seq, read_ord, gen,
             mentions, mention_as_of, mention_gen, mention_read)
             VALUES (1 << 32 | 1, 1, 5, 1, 2, x'', 99, 1, 1, 0, 0, 0, x'', 0, 0, 0)",
            "knows more than the log",
        ),
    ];
    for (sql, says) in breaks {
        let (dir, _) = closed();
        let data = dir.path().join("data");
        good(&data);
        Connection::open(data.join(sqlite::FILE))
            .and_then(|conn| conn.execute_batch(sql))
            .expect("broken");
        let verified = look(&data);
        assert!(
            verified.faults.iter().any(|fault| fault.contains(says)),
            "{sql}: {:?}",
            verified.faults
        );
    }
}

/// Entries in the store that is measured, of a KiB each, and how long each half of the measurement takes.
const MEASURED_ENTRIES: u64 = 250_000;
const MEASURED_S: u64 = 6;

/// What a backup costs whoever writes meanwhile: how long an append takes without one, and with one after the other.
#[test]
#[ignore = "a measurement"]
fn measure_what_a_backup_costs() {
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory on a disk");
    let hands = Hands::new();
    let store = sqlite::start(dir.path().join("data"), options(&hands)).expect("it opens");
    let mut scene = Scene::over(Arc::new(store.clone()), &hands);
    let one = scene.person();
    let conv = scene.group(&[one]);
    let text = scene.text(conv, one, &"x".repeat(1_000));
    let append = |n: u64| Append {
        send_id: protocol::SendId::from_bytes((u128::from(n) + (1 << 70)).to_be_bytes()),
        ..text.clone()
    };
    let mut waiting = std::collections::VecDeque::new();
    for n in 0..MEASURED_ENTRIES {
        waiting.push_back(store.append(append(n)));
        if waiting.len() >= 2_000 {
            done(waiting.pop_front().expect("one waits"));
        }
    }
    waiting.into_iter().for_each(|reply| drop(done(reply)));
    let mut n = MEASURED_ENTRIES;
    let mut stretch = |what: &str, backups: bool| {
        let end = AtomicBool::new(false);
        let mut took_us: Vec<u64> = Vec::new();
        let made = std::thread::scope(|threads| {
            let backing = threads.spawn(|| {
                let mut made: Vec<u64> = Vec::new();
                while backups && !end.load(Ordering::SeqCst) {
                    let start = now_us();
                    let to = BackUp {
                        overwrite: true,
                        ..ask(dir.path().join("b"))
                    };
                    done(store.back_up(to)).expect("a backup");
                    made.push((now_us() - start) / 1_000);
                }
                made
            });
            let start = now_us();
            while now_us() - start < MEASURED_S * 1_000_000 {
                let began = now_us();
                done(store.append(append(n)));
                took_us.push(now_us() - began);
                n += 1;
            }
            end.store(true, Ordering::SeqCst);
            backing.join().expect("it ended")
        });
        took_us.sort_unstable();
        let at = |share: usize| took_us[(took_us.len() * share / 1_000).min(took_us.len() - 1)];
        println!(
            "{what:<18} {:>6} appends one by one: p50 {} us, p99 {} us, p99.9 {} us, most {} us; backups, ms {made:?}",
            took_us.len(),
            at(500),
            at(990),
            at(999),
            at(1_000)
        );
    };
    stretch("without a backup", false);
    stretch("with backups", true);
    stretch("without a backup", false);
    let bytes = fs::metadata(dir.path().join("b")).expect("it is there").len();
    let peak = peak_memory();
    println!("{bytes} bytes in the backup; {peak}");
    drop(scene);
    store.close();
}

/// The line of the kernel that says so.
fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    lines.find(|line| line.starts_with("VmHWM")).unwrap_or("").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(0))
}
