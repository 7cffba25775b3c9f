//! The server stands still (SIGSTOP), as a machine does that swaps or is moved: its sockets stay open and nothing comes
//! out of them. Then it goes on, in the belief that no time went by.

use super::scene::Part;
use super::{Ground, NotRun, Outcome, Size, percentile, together};
use std::io;
use std::time::Duration;
use swarm::history::Phase;
use tokio::time::{Instant, sleep};

/// Its name.
pub const NAME: &str = "stopped";
/// Before it and after it people act for so long, in milliseconds.
const AROUND_MS: u64 = 1_500;

/// Stops the server for a while and lets it go on.
///
/// # Errors
/// A server cannot be started here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    let (times, stop_ms) = size.pick((1, 5_000), (4, 30_000));
    let mut outcome = Outcome::named(NAME);
    one(ground, times, stop_ms, &mut outcome)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    let sum = together(&outcome.verdicts);
    outcome.says = format!(
        "stood still {} times for {} s, {} changes acknowledged, {} lost, {} doubled, {} reordered; until the next ack \
         p50 {:.0} ms",
        outcome.runs,
        stop_ms / 1_000,
        sum.acked,
        sum.lost,
        sum.doubled,
        sum.reordered,
        percentile(&outcome.recovery_ms, 50),
    );
    Ok(outcome)
}

async fn one(ground: &Ground, times: u64, stop_ms: u64, outcome: &mut Outcome) -> io::Result<()> {
    let mut part = Part::new(ground, NAME, 8, times * (stop_ms + AROUND_MS) + AROUND_MS, ground.seed);
    part.options.arguments = vec!["--beat-ms".to_owned(), "1000".to_owned()];
    let played = part
        .play(ground, async |strike| {
            for _ in 0..times {
                strike.pass(AROUND_MS).await;
                strike.fault(NAME, Phase::Start);
                strike.served.stop()?;
                sleep(Duration::from_millis(stop_ms)).await;
                strike.served.go_on()?;
                strike.fault(NAME, Phase::Stop);
                strike.recovers(Instant::now()).await;
            }
            strike.pass(AROUND_MS).await;
            Ok(())
        })
        .await?;
    outcome.runs += times;
    outcome.take(played);
    Ok(())
}
