//! The disk takes no writes any more: once because its files may not be written for a while, once because the file
//! system found an error and turned read-only, which only a new mount mends. Nothing is acknowledged meanwhile, what is
//! asked for is refused so that it will be asked again, and people can still read.

use super::disk::{self, Disk};
use super::disk_full::reads;
use super::sender::Manner;
use super::traffic::Traffic;
use super::{Ground, NotRun, Outcome, Size, percentile, together};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use store::sqlite;
use tokio::time::Instant;

/// Its name.
pub const NAME: &str = "read-only";
/// The size of the file system, in MiB.
const DISK_MIB: u64 = 96;
/// Refusals that show that the server cannot write.
const REFUSALS_MIN: u64 = 20;
/// How long those may take, in milliseconds.
const REFUSALS_MS_MAX: u64 = 10_000;

/// Forbids writing and allows it again, several times, in both ways.
///
/// # Errors
/// File systems cannot be made here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    if let Some(why) = disk::missing() {
        return Err(NotRun::because(NAME, why));
    }
    let mut outcome = Outcome::named(NAME);
    rounds(ground, size, &mut outcome)
        .await
        .map_err(|error| NotRun::because(NAME, error))?;
    outcome.points_to(ground);
    let sum = together(&outcome.verdicts);
    outcome.says = format!(
        "read-only {} times, {} sends acknowledged, {} lost, {} doubled; until the next ack p50 {:.0} ms, p99 {:.0} ms",
        outcome.runs,
        sum.acked,
        sum.lost,
        sum.doubled,
        percentile(&outcome.recovery_ms, 50),
        percentile(&outcome.recovery_ms, 99),
    );
    Ok(outcome)
}

async fn rounds(ground: &Ground, size: Size, outcome: &mut Outcome) -> io::Result<()> {
    let rounds = size.pick(4, 40);
    let mut disk = Disk::new(&ground.scratch, DISK_MIB)?;
    let data = disk.path().join("data");
    let manner = Manner {
        people: 3,
        text_bytes: 200,
    };
    let mut traffic = Traffic::begin(ground, &data, &ground.options(NAME), manner, ground.seed).await?;
    for round in 1..=rounds {
        if !traffic.goes_on(50, "while the disk can be written").await {
            break;
        }
        outcome.runs += 1;
        if round % 2 == 0 {
            disk.fail()?;
            refuses(&mut traffic, "on a file system that turned read-only").await;
            reads(&mut traffic, "on a file system that turned read-only").await;
            traffic.tally.close();
            traffic.served.kill().await?;
            disk.again()?;
            let verdict = traffic.compare().await?;
            if !verdict.violations.is_empty() {
                outcome.verdicts.push(verdict);
                return Ok(());
            }
            traffic.again("after the file system was mended").await;
        } else {
            frozen(&data, true)?;
            refuses(&mut traffic, "while no file may be written").await;
            reads(&mut traffic, "while no file may be written").await;
            frozen(&data, false)?;
            let mended = Instant::now();
            traffic.recovers(mended, "after the files may be written again").await;
        }
        (ground.tell)(&format!("{NAME}: {round} of {rounds}"));
    }
    outcome
        .notes
        .push(format!("refusals by code: {:?}", traffic.tally.refusals()));
    let (verdict, recovery_ms) = traffic.end().await?;
    outcome.verdicts.push(verdict);
    outcome.recovery_ms = recovery_ms;
    Ok(())
}

async fn refuses(traffic: &mut Traffic, when: &str) {
    let refused = |traffic: &Traffic| traffic.tally.refusals().values().sum::<u64>();
    let (before, started) = (refused(traffic), Instant::now());
    while refused(traffic) < before + REFUSALS_MIN {
        if started.elapsed() > Duration::from_millis(REFUSALS_MS_MAX) {
            traffic.wrong(format!("nothing is refused {when}"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Makes the database and its log immutable, which holds for those who have them open too, or mutable again.
fn frozen(data: &Path, yes: bool) -> io::Result<()> {
    let database = data.join(sqlite::FILE);
    let wal = data.join(format!("{}-wal", sqlite::FILE));
    let done = Command::new("chattr")
        .arg(if yes { "+i" } else { "-i" })
        .args([database, wal])
        .output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}
