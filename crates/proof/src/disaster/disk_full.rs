//! The disk is full, and then it is not. While it is full nothing is acknowledged that is not durable, what is asked
//! for is refused so that it will be asked again, and people can still read. Once there is room, sends go through again
//! without anybody's help; and if the power goes while the disk is full, nothing acknowledged goes with it.

use super::disk::{self, Disk};
use super::sender::{self, Manner};
use super::traffic::Traffic;
use super::{Ground, NotRun, Outcome, Size};
use client::address::Address;
use protocol::client_frame::Get;
use protocol::{ClientFrame, RequestId, Seq, ServerFrame};
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// Its name.
pub const NAME: &str = "disk full";
/// The size of the file system, in MiB.
const DISK_MIB: u64 = 48;
/// Refusals that show that the disk is full for the server too.
const REFUSALS_MIN: u64 = 20;
/// How long the disk is filled again and again until the server has nothing left to write into, in milliseconds.
const FILL_MS_MAX: u64 = 10_000;
/// How long a page may take, in milliseconds.
const PAGE_MS_MAX: u64 = 5_000;

/// Fills the disk and frees it again, several times; every other time the power goes before it is freed.
///
/// # Errors
/// File systems cannot be made here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    disk::needed(NAME)?;
    let mut outcome = Outcome::named(NAME);
    rounds(ground, size.pick(4, 40), &mut outcome)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    outcome.tells(ground, &format!("full {} times", outcome.runs), "from room to next ack");
    Ok(outcome)
}

async fn rounds(ground: &Ground, rounds: u64, outcome: &mut Outcome) -> io::Result<()> {
    let mut disk = Disk::new(&ground.scratch, DISK_MIB)?;
    let data = disk.path().join("data");
    let manner = Manner {
        people: 3,
        text_bytes: 2_000,
    };
    let mut traffic = Traffic::begin(ground, &data, &ground.options(NAME), manner, ground.seed).await?;
    for round in 1..=rounds {
        if !traffic.goes_on(50, "while there is room").await || !is_full(&disk, &mut traffic).await? {
            break;
        }
        outcome.runs += 1;
        reads(&mut traffic, "while the disk is full").await;
        if round % 2 == 0 {
            traffic.tally.close();
            disk.cut_power()?;
            traffic.served.kill().await?;
            disk.again()?;
            disk.free()?;
            let verdict = traffic.compare().await?;
            if !verdict.violations.is_empty() {
                outcome.verdicts.push(verdict);
                return Ok(());
            }
            traffic.again("after a power cut on a full disk").await;
        } else {
            disk.free()?;
            let freed = Instant::now();
            traffic.recovers(freed, "after there is room again").await;
        }
        (ground.tell)(&format!("{NAME}: {round} of {rounds}"));
    }
    outcome.ends(traffic).await
}

/// Fills the disk until the server refuses. What a checkpoint frees inside its own files it may use, so that takes a
/// while.
async fn is_full(disk: &Disk, traffic: &mut Traffic) -> io::Result<bool> {
    let refused = |traffic: &Traffic| traffic.tally.refusals().values().sum::<u64>();
    let (before, started) = (refused(traffic), Instant::now());
    while refused(traffic) < before + REFUSALS_MIN {
        if started.elapsed() > Duration::from_millis(FILL_MS_MAX) {
            traffic.wrong("nothing is refused on a full disk".to_owned());
            return Ok(false);
        }
        disk.fill()?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(true)
}

/// Somebody who comes now is welcomed and gets the first page of a log.
pub(super) async fn reads(traffic: &mut Traffic, when: &str) {
    let url = format!("ws://{}", traffic.served.address());
    let (me, conv) = (traffic.senders.people[0].clone(), traffic.senders.convs[0]);
    let page = async {
        let address = Address::parse(&url).map_err(io::Error::other)?;
        let mut link = sender::welcomed(&address, &me).await?;
        let get = ClientFrame::Get(Get::after(conv, Seq::ZERO));
        link.send(Some(RequestId(1)), &get).map_err(io::Error::other)?;
        loop {
            match link.next().await {
                Ok((Some(_), ServerFrame::Entries(page))) => return Ok(page.items.len()),
                Ok((Some(_), other)) => return Err(io::Error::other(format!("{other:?}"))),
                Ok(_) => {}
                Err(_) => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    };
    let page = tokio::time::timeout(Duration::from_millis(PAGE_MS_MAX), page).await;
    match page.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(entries) if entries > 0 => {}
        Ok(_) => traffic.wrong(format!("a page is empty {when}")),
        Err(error) => traffic.wrong(format!("a page cannot be read {when}: {error}")),
    }
}
