//! `kill -9`, again and again, while a crowd writes, reads, comes and goes: with hints as they should be, with all of
//! them lost, with some lost, doubled and late. People's lines are cut meanwhile too: that is part of their plan.

use super::scene::{Part, Played};
use super::{Ground, NotRun, Outcome, Size, percentile, together};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::time::Duration;
use swarm::history::Phase;
use tokio::time::sleep;

/// Its name.
pub const NAME: &str = "kill";
/// People of a run.
const PEOPLE: u32 = 6;
/// Between two kills, in milliseconds.
const BETWEEN_MS: std::ops::Range<u64> = 60..420;
/// What a kill takes in the plan's time, its restart among it, in milliseconds.
const KILL_MS: u64 = 330;

/// The server's arguments: hints as they should be; every hint lost; hints lost, doubled and late.
const SETTINGS: [&[&str]; 3] = [
    &["--beat-ms", "1000"],
    &["--beat-ms", "400", "--drill-hints", "100,0,0,0"],
    &["--beat-ms", "400", "--drill-hints", "20,20,20,60"],
];

/// Kills the server again and again.
///
/// # Errors
/// A server cannot be started here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    // The three settings run side by side, each with a server of its own: a kill is mostly waiting.
    let (rounds, kills_each) = size.pick((1, 17), (14, 24));
    let mut outcome = Outcome::named(NAME);
    for round in 0..rounds {
        let seed = ground.seed.wrapping_add(round * SETTINGS.len() as u64);
        let [plain, deaf, late] = SETTINGS;
        let played = tokio::try_join!(
            one(ground, seed, kills_each, plain),
            one(ground, seed.wrapping_add(1), kills_each, deaf),
            one(ground, seed.wrapping_add(2), kills_each, late),
        );
        let (plain, deaf, late) = played.map_err(|error| NotRun::broke(NAME, error))?;
        for played in [plain, deaf, late] {
            outcome.runs += kills_each;
            outcome.take(played);
        }
        let all = rounds * kills_each * SETTINGS.len() as u64;
        (ground.tell)(&format!("{NAME}: {} of {all}", outcome.runs));
        if !outcome.is_well() {
            break;
        }
    }
    let sum = together(&outcome.verdicts);
    outcome.says = format!(
        "{} kills in {} runs, {} changes acknowledged, {} lost, {} doubled, {} reordered; from start to first ack p50 \
         {:.0} ms, p99 {:.0} ms",
        outcome.runs,
        outcome.verdicts.len(),
        sum.acked,
        sum.lost,
        sum.doubled,
        sum.reordered,
        percentile(&outcome.recovery_ms, 50),
        percentile(&outcome.recovery_ms, 99),
    );
    Ok(outcome)
}

async fn one(ground: &Ground, seed: u64, kills: u64, arguments: &[&str]) -> io::Result<Played> {
    let mut part = Part::new(ground, NAME, PEOPLE, kills * KILL_MS + 500, seed);
    part.shape.steps_per_s = 200;
    part.options.arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
    // A kill under which nothing was under way shows nothing.
    part.demands.hard.extend([("unknown_outcomes", 1), ("dedupe_hits", 1)]);
    let mut chance = StdRng::seed_from_u64(seed);
    part.play(ground, async |strike| {
        for _ in 0..kills {
            sleep(Duration::from_millis(chance.random_range(BETWEEN_MS))).await;
            strike.fault("kill", Phase::Start);
            strike.kill().await?;
            strike.again().await?;
            strike.fault("kill", Phase::Stop);
        }
        Ok(())
    })
    .await
}
