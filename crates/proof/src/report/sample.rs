//! A made-up proof to try the report with.

use super::{Caught, Proof, Stage, add};
use swarm::verdict::{HARD, Share, Summary};

/// A run in which so much was acknowledged.
pub(super) fn summary(seed: u64, acked: u64) -> Summary {
    let share = |good, of| Share { good, of };
    Summary {
        people: 5,
        devices: 15,
        sent: acked + 4,
        acked,
        unknown: 9,
        received: acked * 5,
        faults: [("kill".to_owned(), 3), ("partition".to_owned(), 2)].into(),
        p50_send_ack_ms: 3.0,
        p99_send_ack_ms: 22.0,
        p50_send_received_ms: 5.0,
        p99_send_received_ms: 412.0,
        max_send_received_ms: 2_345.0,
        messages_per_s: 59.5,
        seed,
        hardness: HARD
            .iter()
            .zip(3..)
            .map(|(name, count)| ((*name).to_owned(), count))
            .collect(),
        availability: [("none".to_owned(), share(90, 90)), ("kill".to_owned(), share(79, 80))].into(),
        longest_outage_ms: 812.0,
        converged_ms: [12.0, 220.0, 1_350.0],
        ..Summary::default()
    }
}

fn stage(name: &str, says: &str, runs: u64) -> Stage {
    let mut sum = Summary::default();
    for run in 0..runs {
        add(&mut sum, &summary(run, 1_000));
    }
    Stage {
        name: name.to_owned(),
        says: says.to_owned(),
        runs,
        faults: sum.faults.clone(),
        summary: sum,
        took_s: 61 * runs,
        seeds: format!("0 to {}", runs - 1),
        ..Stage::default()
    }
}

/// A whole proof in which all went well, but for what could not run.
pub(super) fn proof() -> Proof {
    let kill = Stage {
        recovery_ms: (1..=200).map(f64::from).collect(),
        ..stage("kill", "`kill -9` amid traffic, and a start | at once.", 3)
    };
    Proof {
        date: "2026-11-24".to_owned(),
        machine: "2 cores, 23 GiB, Debian 12".to_owned(),
        commit: "0123456".to_owned(),
        full: true,
        stages: vec![
            stage("simulation", "Two nodes over one store, and a lossy bus.", 100),
            kill,
        ],
        mutants: vec![caught("ack-before-commit", 3, "I1"), caught("seq-from-clock", 1, "I4")],
        not_run: vec![(
            "power cut".to_owned(),
            "no root: no file system can be mounted here".to_owned(),
        )],
    }
}

pub(super) fn caught(mutant: &str, seed: u64, rule: &str) -> Caught {
    Caught {
        mutant: mutant.to_owned(),
        seed: Some(seed),
        rule: Some(rule.to_owned()),
        says: Some("the log has <nothing> at #7".to_owned()),
        tried: seed + 1,
    }
}
