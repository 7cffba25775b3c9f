//! The power goes while people write. What they read an acknowledgement of before that moment must be there after it,
//! at its place, once; and so must it after the next cut.
//!
//! The control runs the same with SQLite's `synchronous=NORMAL`, which flushes nothing at a commit: if that is not
//! caught, these cuts prove nothing.

use super::disk::{self, Disk};
use super::sender::Manner;
use super::tally::violation;
use super::traffic::Traffic;
use super::{Ground, NotRun, Outcome, Size};
use crate::report::Caught;
use mutants::Mutant;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::time::Duration;
use swarm::verdict::{Rule, Verdict};

/// Its name.
pub const NAME: &str = "power cut";
/// Cuts of one file system and one log: later ones find a longer log, and more that was written before the last cut.
const CUTS_EACH: u64 = 20;
/// The size of the file system, in MiB.
const DISK_MIB: u64 = 256;
/// Acknowledgements before each cut, at least.
const ACKS_MIN: u64 = 20;
/// How much longer people write before a cut, at most, in milliseconds.
const LONGER_MS_MAX: u64 = 250;
/// In so many cuts the control must be caught.
const CONTROL_CUTS_MAX: u64 = 8;

/// Cuts the power again and again.
///
/// # Errors
/// File systems cannot be made here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    disk::needed(NAME)?;
    let cuts = size.pick(12, 200);
    let mut outcome = Outcome::named(NAME);
    while outcome.runs < cuts && outcome.is_well() {
        let here = (cuts - outcome.runs).min(CUTS_EACH);
        let seed = ground.seed.wrapping_add(outcome.runs);
        let series = series(ground, seed, here)
            .await
            .map_err(|error| NotRun::broke(NAME, error))?;
        outcome.runs += series.cuts;
        outcome.recovery_ms.extend(&series.recovery_ms);
        outcome.verdicts.push(series.verdict);
        (ground.tell)(&format!("{NAME}: {} of {cuts}", outcome.runs));
    }
    if ground.mutant.is_none() && outcome.is_well() {
        let caught = control(ground).await?;
        outcome
            .notes
            .push(format!("control: {}", caught.says.as_deref().unwrap_or_default()));
        outcome.verdicts.extend(uncaught(&caught));
        outcome.caught.push(caught);
    }
    outcome.tells(ground, &format!("{} cuts", outcome.runs), "from start to first ack");
    Ok(outcome)
}

/// The negative control: with `synchronous=NORMAL` acknowledged sends must be seen to be lost.
///
/// # Errors
/// File systems cannot be made here.
async fn control(ground: &Ground) -> Result<Caught, NotRun> {
    let seed = ground.seed.wrapping_add(1);
    let mutant = Mutant::SyncNormal.name().to_owned();
    let ground = Ground {
        mutant: Some(mutant.clone()),
        ..ground.clone()
    };
    let series = series(&ground, seed, CONTROL_CUTS_MAX)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    let (cuts, lost, acked) = (series.cuts, series.verdict.summary.lost, series.verdict.summary.acked);
    let is_caught = lost > 0;
    let says = if is_caught {
        format!("synchronous=NORMAL lost {lost} of {acked} acknowledged sends, seen after power cut {cuts}")
    } else {
        format!("synchronous=NORMAL lost nothing in {cuts} cuts: these cuts would not show a missing flush")
    };
    Ok(Caught {
        mutant,
        seed: is_caught.then_some(seed),
        rule: is_caught.then(|| format!("{:?}", Rule::I1)),
        says: Some(says),
        tried: cuts,
    })
}

/// What is wrong if the control was not caught.
fn uncaught(caught: &Caught) -> Option<Verdict> {
    let says = caught.says.clone().filter(|_| caught.seed.is_none())?;
    Some(Verdict {
        violations: vec![violation(Rule::TooEasy, None, says)],
        ..Verdict::default()
    })
}

/// What several cuts of one file system came to. It ends early with the first thing found.
struct Series {
    cuts: u64,
    verdict: Verdict,
    recovery_ms: Vec<f64>,
}

async fn series(ground: &Ground, seed: u64, cuts: u64) -> io::Result<Series> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut disk = Disk::new(&ground.scratch, DISK_MIB)?;
    let data = disk.path().join("data");
    let manner = Manner {
        people: 4,
        text_bytes: 40,
    };
    let mut traffic = Traffic::begin(ground, &data, &ground.options(NAME), manner, seed).await?;
    for cut in 1..=cuts {
        if !traffic.goes_on(ACKS_MIN, "between two power cuts").await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..LONGER_MS_MAX))).await;
        traffic.tally.close();
        disk.cut_power()?;
        traffic.served.kill().await?;
        disk.again()?;
        let verdict = traffic.compare().await?;
        if !verdict.violations.is_empty() {
            return Ok(Series {
                cuts: cut,
                verdict,
                recovery_ms: traffic.recovery_ms,
            });
        }
        if !traffic.again("after a power cut").await {
            break;
        }
    }
    let (verdict, recovery_ms) = traffic.end().await?;
    Ok(Series {
        cuts,
        verdict,
        recovery_ms,
    })
}
