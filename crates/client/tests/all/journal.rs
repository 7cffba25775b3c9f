//! The journal on a real disk: what a cut leaves, what damage leaves, who may read it.

use crate::scripted::{BOB, CONV, EPOCH, ME, bobs};
use client::Bounds;
use client::change::Change;
use client::keep::{File, Keep};
use client::log::Held;
use client::outbox::{Item, Verb};
use protocol::client_frame::{Create, What};
use protocol::{SendId, Seq};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn changes(count: u64) -> Vec<Change> {
    let mut changes = vec![
        Change::Epoch { epoch: EPOCH, at_ms: 0 },
        Change::Restarted {
            conv: CONV,
            epoch: EPOCH,
            at_ms: 0,
        },
    ];
    for seq in 1..=count {
        let held = Held {
            from: Seq(seq),
            to: Seq(seq),
            as_of: Seq(seq),
            since: None,
            items: vec![bobs(seq)],
        };
        changes.push(Change::Held { conv: CONV, held });
    }
    let create = Create {
        send_id: SendId::from_bytes([8; 16]),
        what: What::Direct { with: BOB },
    };
    changes.push(Change::Queued {
        item: Item::new(Verb::Create(create), ME, 5),
    });
    changes
}

/// RES2: what was kept comes back, wherever a cut tore the journal: always the result of a beginning of the changes.
#[test]
fn res2_a_torn_journal_gives_a_beginning_of_what_was_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, bounds) = (folder.path().join("journal"), Bounds::default());
    let mut file = File::at(&path);
    file.load(&bounds).expect("empty");
    file.append(&changes(20)).expect("appended");
    file.sync().expect("durable");
    drop(file);
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    let whole = fs::read(&path).expect("readable");
    for cut in (0..=whole.len()).rev().step_by(61) {
        fs::write(&path, &whole[..cut]).expect("writable");
        let state = File::at(&path).load(&bounds).expect("a torn end is no damage");
        let end = state.logs.get(&CONV).map_or(0, |log| log.end().0);
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        // The first line of an empty journal holds an empty inbox; epoch and restart follow.
        assert_eq!(end, lines.saturating_sub(3).min(20), "cut at {cut}");
        let again = File::at(&path).load(&bounds).expect("written anew");
        assert_eq!(again.logs.get(&CONV).map_or(0, |log| log.end().0), end, "cut at {cut}");
    }
    fs::write(&path, &whole).expect("writable");
    let state = File::at(&path).load(&bounds).expect("whole");
    assert_eq!(state.outbox.waiting().count(), 1);
    assert_eq!(state.epoch, Some(EPOCH));
}

#[test]
fn a_damaged_journal_is_set_aside_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, bounds) = (folder.path().join("journal"), Bounds::default());
    let mut file = File::at(&path);
    file.load(&bounds).expect("empty");
    file.append(&changes(5)).expect("appended");
    let whole = fs::read_to_string(&path).expect("readable");
    let damaged = whole.replacen("\"seq\":3", "\"seq\":#", 1);
    fs::write(&path, &damaged).expect("writable");
    let state = File::at(&path).load(&bounds).expect("what is whole is taken");
    assert_eq!(state.logs[&CONV].end(), Seq(2));
    assert_eq!(
        fs::read_to_string(folder.path().join("journal.damaged")).expect("set aside"),
        damaged
    );
}

/// BND2: the journal is written anew when it has grown by its bound, and holds no more than what is held.
#[test]
fn bnd2_the_journal_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let bounds = Bounds {
        log_entries_max: 10,
        ..Bounds::default()
    };
    let mut file = File::at(&path).growth_bytes_max(20_000);
    file.load(&bounds).expect("empty");
    for change in changes(2_000) {
        file.append(&[change]).expect("appended");
    }
    let bytes = fs::metadata(&path).expect("there").len();
    assert!(bytes < 30_000, "{bytes} bytes");
    assert_eq!(
        File::at(&path).load(&bounds).expect("whole").logs[&CONV].end(),
        Seq(2_000)
    );
    assert!(!folder.path().join("journal.new").exists());
}
