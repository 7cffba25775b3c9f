//! The disk takes no writes any more: once because its files may not be written for a while, once because the file
//! system found an error and turned read-only, which only a new mount mends. Nothing is acknowledged meanwhile, what is
//! asked for is refused so that it will be asked again, and people can still read.
//!
//! In the second way every acknowledgement counts that was read before the new mount, also one of the very milliseconds
//! in which the file system gives up. There ext4 answers flushes with success that it does not keep, and the store asks
//! it once more (`crates/store/src/sqlite/file/flush.rs`). Without that, about one failure in ten loses what was
//! acknowledged.

use super::disk::{self, Disk};
use super::disk_full::reads;
use super::sender::Manner;
use super::traffic::Traffic;
use super::{Ground, NotRun, Outcome, Size};
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
    disk::needed(NAME)?;
    let mut outcome = Outcome::named(NAME);
    rounds(ground, size.pick(8, 40), &mut outcome)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    outcome.tells(
        ground,
        &format!("read-only {} times", outcome.runs),
        "until the next ack",
    );
    Ok(outcome)
}

async fn rounds(ground: &Ground, rounds: u64, outcome: &mut Outcome) -> io::Result<()> {
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
    outcome.ends(traffic).await
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
