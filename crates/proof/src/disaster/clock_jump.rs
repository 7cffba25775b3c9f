//! The machine's clock jumps a day ahead, a day back, and home again, under a server that runs and one that starts
//! anew: nothing is reordered, no log's times go back, and nobody is signed out.

use super::scene::{Part, Strike};
use super::{Ground, NotRun, Outcome, Size, together};
use std::io;
use std::path::{Path, PathBuf};
use swarm::history::Phase;

/// Its name.
pub const NAME: &str = "clock jumps";
/// Where the library that shows a program another time may lie.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];
/// By how many seconds the clock is wrong, one after the other.
const JUMPS_S: [&str; 4] = ["+86400", "-86400", "+86400", "+0"];

/// Lets the clock jump.
///
/// # Errors
/// There is no libfaketime, or a server cannot be started here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    let Some(library) = LIBRARIES.into_iter().find(|library| Path::new(library).exists()) else {
        return Err(NotRun::because(
            NAME,
            "libfaketime is not installed (the package is called faketime)",
        ));
    };
    // A running server believes its machine's clock only if two readings agree that are ten seconds apart.
    let stay_ms = size.pick(1_500, 25_000);
    let mut outcome = Outcome::named(NAME);
    one(ground, library, stay_ms, &mut outcome)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    let sum = together(&outcome.verdicts);
    outcome.says = format!(
        "{} jumps of a day and more, {} changes acknowledged, {} lost, {} reordered, {} gaps or times that go back",
        outcome.runs, sum.acked, sum.lost, sum.reordered, sum.gaps,
    );
    Ok(outcome)
}

async fn one(ground: &Ground, library: &str, stay_ms: u64, outcome: &mut Outcome) -> io::Result<()> {
    let place = tempfile::tempdir_in(&ground.scratch)?;
    let time = Time(place.path().join("time"));
    time.is(JUMPS_S[JUMPS_S.len() - 1])?;
    let jumps = JUMPS_S.len() as u64 * 2;
    let mut part = Part::new(ground, NAME, 6, jumps * (stay_ms + 500) + 1_000, ground.seed);
    let told = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    part.options.arguments = vec!["--beat-ms".to_owned(), "1000".to_owned()];
    part.options.env.extend([
        told("LD_PRELOAD", library),
        told("FAKETIME_NO_CACHE", "1"),
        told("DONT_FAKE_MONOTONIC", "1"),
        told("FAKETIME_TIMESTAMP_FILE", &time.0.to_string_lossy()),
    ]);
    let played = part
        .play(ground, async |strike| {
            strike.pass(500).await;
            for jump in JUMPS_S {
                jumps_under(strike, &time, jump, stay_ms).await?;
            }
            Ok(())
        })
        .await?;
    outcome.runs += jumps;
    outcome.take(played);
    Ok(())
}

/// The clock jumps under a server that runs; then one starts that has never seen another time.
async fn jumps_under(strike: &mut Strike<'_>, time: &Time, jump: &str, stay_ms: u64) -> io::Result<()> {
    time.is(jump)?;
    strike.fault("clock-jump", Phase::Once);
    strike.pass(stay_ms).await;
    strike.fault("kill", Phase::Start);
    strike.kill().await?;
    strike.again().await?;
    strike.fault("kill", Phase::Stop);
    strike.pass(stay_ms).await;
    Ok(())
}

/// The file that says by how much the clock is wrong.
struct Time(PathBuf);

impl Time {
    /// It is wrong by this much from now on. Nobody may read half of it.
    fn is(&self, by: &str) -> io::Result<()> {
        let next = self.0.with_extension("next");
        std::fs::write(&next, format!("{by}\n"))?;
        std::fs::rename(next, &self.0)
    }
}
