//! An old backup is put back under people who are connected: what was acknowledged since is gone from the server, and
//! everybody still holds it. With the backup comes another lineage; clients notice it, drop what they hold of the old
//! one, and bring back what they had been told is safe.

use super::scene::{Part, Strike};
use super::tally::violation;
use super::{Ground, NotRun, Outcome, Size, dump, percentile, together};
use mutants::Mutant;
use protocol::Epoch;
use std::io;
use std::path::Path;
use store::sqlite;
use swarm::history::{Phase, What};
use swarm::verdict::Rule;

/// Its name.
pub const NAME: &str = "restore";
/// People act for so long before the backup, between it and its return, and after that, in milliseconds.
const STRETCH_MS: u64 = 1_800;

/// Makes a backup, and puts it back when much has happened since.
///
/// # Errors
/// A server cannot be started here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    let runs = size.pick(1, 10);
    let mut outcome = Outcome::named(NAME);
    for number in 0..runs {
        let seed = ground.seed.wrapping_add(number);
        one(ground, seed, &mut outcome)
            .await
            .map_err(|error| NotRun::broke(NAME, error))?;
        (ground.tell)(&format!("{NAME}: {} of {runs}", number + 1));
    }
    let sum = together(&outcome.verdicts);
    outcome.says = format!(
        "{} times, {} changes acknowledged, {} lost, {} doubled, {} reordered; until the next ack p50 {:.0} ms",
        outcome.runs,
        sum.acked,
        sum.lost,
        sum.doubled,
        sum.reordered,
        percentile(&outcome.recovery_ms, 50),
    );
    Ok(outcome)
}

async fn one(ground: &Ground, seed: u64, outcome: &mut Outcome) -> io::Result<()> {
    let mut part = Part::new(ground, NAME, 8, 3 * STRETCH_MS + 500, seed);
    part.shape.steps_per_s = 100;
    part.options.arguments = vec!["--beat-ms".to_owned(), "1000".to_owned()];
    let mutant = ground.mutant.as_deref().and_then(Mutant::named);
    let mut given_up = 0;
    let mut played = part
        .play(ground, async |strike| {
            strike.pass(STRETCH_MS).await;
            back_up(strike).await?;
            strike.pass(STRETCH_MS).await;
            given_up = put_back(strike, mutant).await?;
            strike.pass(STRETCH_MS).await;
            Ok(())
        })
        .await?;
    outcome.runs += 1;
    outcome.notes.push(format!("{given_up} entries were given up"));
    if given_up == 0 {
        let says = "nothing was said between the backup and its return".to_owned();
        played.verdict.violations.push(violation(Rule::TooEasy, None, says));
    }
    outcome.take(played);
    Ok(())
}

/// Copies everything while the server is down.
async fn back_up(strike: &mut Strike<'_>) -> io::Result<()> {
    strike.fault("kill", Phase::Start);
    strike.kill().await?;
    dump::copy(strike.served.data(), &strike.place.join("backup"))?;
    strike.again().await?;
    strike.fault("kill", Phase::Stop);
    Ok(())
}

/// Puts the copy back, with another lineage; the logs that are given up are written down. Answers how many entries they
/// had that the copy has not.
async fn put_back(strike: &mut Strike<'_>, mutant: Option<Mutant>) -> io::Result<usize> {
    strike.fault(NAME, Phase::Start);
    strike.kill().await?;
    let (data, given_up) = (strike.served.data().to_owned(), strike.place.join("given-up"));
    dump::copy(&data, &given_up)?;
    let newer = dump::of_directory(&given_up, strike.crowd.rooms(), strike.lineage).await?;
    dump::copy(&strike.place.join("backup"), &data)?;
    let older = dump::of_directory(&data, strike.crowd.rooms(), strike.lineage).await?;
    let lost = entries(&newer).saturating_sub(entries(&older));
    newer.into_iter().for_each(|log| strike.recorder.note(None, log));
    let epoch = Some(new_lineage(&data, strike.lineage, mutant)?);
    strike.lineage += 1;
    let number = strike.lineage;
    strike.recorder.note(None, What::Lineage { number, epoch });
    strike.again().await?;
    strike.fault(NAME, Phase::Stop);
    Ok(lost)
}

fn entries(logs: &[What]) -> usize {
    let each = logs.iter().map(|log| match log {
        What::Log { entries, .. } => entries.len(),
        _ => 0,
    });
    each.sum()
}

/// The step of a restore that is the server's own; so a mutant of the server may spoil it. It is done on this thread.
fn new_lineage(data: &Path, number: u32, mutant: Option<Mutant>) -> io::Result<Epoch> {
    let seed = [u8::try_from(number % 251).unwrap_or(0) + 1; 32];
    let options = sqlite::Options {
        seed,
        ..dump::options()
    };
    mutants::choose_here(mutant);
    let done = sqlite::new_epoch(data, &options);
    mutants::choose_here(None);
    done.map_err(io::Error::other)
}
