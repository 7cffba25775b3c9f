//! `kill -9` at random moments under traffic, then a comparison of what everybody was told with the log.

use crate::crowd::Crowd;
use crate::probe::{self, Heard};
use crate::served::Served;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;

/// Kills of one run.
const KILLS: usize = 50;

/// One run: how badly the hints and the sockets behave, and how often the server is killed.
struct Run {
    seed: u64,
    kills: usize,
    arguments: &'static [&'static str],
    cut_bytes_max: Option<u64>,
}

/// DUR3 IDM5 GAP1 ORD1: 50 times `kill -9` under traffic: nothing acknowledged is lost, doubled or moved, and all
/// devices end in the state of the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dur3_fifty_kills_lose_nothing() {
    run(Run {
        seed: seed(1),
        kills: KILLS,
        arguments: &["--beat-ms", "1000"],
        cut_bytes_max: None,
    })
    .await;
}

/// CNV3 DUR3: the same while every hint between commit and delivery is lost: heartbeats alone bring everybody there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cnv3_fifty_kills_with_every_hint_lost() {
    let arguments = &["--beat-ms", "400", "--drill-hints", "100,0,0,0"];
    run(Run {
        seed: seed(2),
        kills: KILLS,
        arguments,
        cut_bytes_max: None,
    })
    .await;
}

/// CNV5 DUR3 RES2: the same while hints are lost, doubled and late, and every socket is cut somewhere in its first 400
/// kB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cnv5_fifty_kills_with_bad_hints_and_cut_sockets() {
    let arguments = &["--beat-ms", "400", "--drill-hints", "20,20,20,60"];
    run(Run {
        seed: seed(3),
        kills: KILLS,
        arguments,
        cut_bytes_max: Some(400_000),
    })
    .await;
}

/// The seed of a run; another one by TIDINGS_SEED, to see a failure again.
fn seed(usual: u64) -> u64 {
    std::env::var("TIDINGS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(usual)
}

async fn run(run: Run) {
    let mut chance = StdRng::seed_from_u64(run.seed);
    let mut served = Served::start(run.arguments).await;
    let mut crowd = Crowd::gather(&served, run.seed, run.cut_bytes_max).await;
    let (stop, stopped) = watch::channel(false);
    let ears: Vec<_> = crowd
        .tokens()
        .into_iter()
        .map(|token| tokio::spawn(probe::listen(served.address, token, stopped.clone())))
        .collect();
    crowd.talk();
    let mut dups = 0;
    for _ in 0..run.kills {
        crowd.until_acked(chance.random_range(1..150)).await;
        dups += served.counted("tidings_dups_total").await;
        served.kill().await;
        served.again().await;
        crowd.hurry().await;
    }
    crowd.until_acked(100).await;
    crowd.fall_silent().await;
    dups += served.counted("tidings_dups_total").await;
    let wrong = crowd.settle(&served).await;
    stop.send_replace(true);
    let mut heard = Heard::default();
    for ear in ears {
        let one = ear.await.expect("no panic");
        heard.entries += one.entries;
        heard.reordered.extend(one.reordered);
    }
    let summary = format!(
        "{}, {dups} retries found, {} heard live",
        crowd.summary(),
        heard.entries
    );
    assert!(
        wrong.is_empty(),
        "seed {}: {summary}\n{}",
        run.seed,
        first_lines(&wrong)
    );
    assert!(
        heard.reordered.is_empty(),
        "seed {}: {summary}; told out of order: {:?}",
        run.seed,
        heard.reordered
    );
    // A run in which no answer was ever lost would prove little.
    assert!(dups > 0, "seed {}: too easy: {summary}", run.seed);
    #[expect(
        clippy::print_stdout,
        reason = "what a run was like is worth reading in a passing test, too"
    )]
    {
        println!("seed {}: {} kills, {summary}", run.seed, run.kills);
    }
}

fn first_lines(wrong: &[String]) -> String {
    let more = wrong.len().saturating_sub(20);
    format!(
        "{}\n… and {more} more",
        wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    )
}
