//! No file descriptor is left: idle connections hold them all. Who is connected goes on, who comes waits, and once the
//! idle ones go, the door is open again.

use super::sender::{self, Manner};
use super::traffic::Traffic;
use super::{Ground, NotRun, Outcome, Size};
use client::address::Address;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Its name.
pub const NAME: &str = "no descriptors";
/// File descriptors the server may have.
const FILES_MAX: u64 = 160;
/// Idle connections: more than that.
const IDLE: usize = 220;
/// Acknowledgements among those who are connected, while there is no descriptor left.
const ACKS_MIN: u64 = 100;
/// How long the door may take to open again, in milliseconds.
const DOOR_MS_MAX: u64 = 15_000;

/// Takes all descriptors and gives them back, several times.
///
/// # Errors
/// The server cannot be started.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    let mut outcome = Outcome::named(NAME);
    rounds(ground, size.pick(2, 20), &mut outcome)
        .await
        .map_err(|error| NotRun::broke(NAME, error))?;
    outcome.tells(
        ground,
        &format!("none left {} times", outcome.runs),
        "until the door opens",
    );
    Ok(outcome)
}

async fn rounds(ground: &Ground, rounds: u64, outcome: &mut Outcome) -> io::Result<()> {
    let place = tempfile::tempdir_in(&ground.scratch)?;
    let mut options = ground.options(NAME);
    options.limit_files = Some(FILES_MAX);
    let manner = Manner {
        people: 3,
        text_bytes: 40,
    };
    let mut traffic = Traffic::begin(ground, &place.path().join("data"), &options, manner, ground.seed).await?;
    let address = Address::parse(&format!("ws://{}", traffic.served.address())).map_err(io::Error::other)?;
    let me = traffic.senders.people[0].clone();
    for round in 1..=rounds {
        traffic.goes_on(50, "before the descriptors go").await;
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            // The kernel takes them for the server; those it cannot accept wait there.
            idle.push(TcpStream::connect((address.host.as_str(), address.port)).await?);
        }
        outcome.runs += 1;
        if sender::welcomed(&address, &me).await.is_ok() {
            traffic.wrong("somebody was let in though no descriptor was left".to_owned());
        }
        traffic.goes_on(ACKS_MIN, "while no descriptor is left").await;
        drop(idle);
        let freed = Instant::now();
        loop {
            if sender::welcomed(&address, &me).await.is_ok() {
                traffic.recovery_ms.push(freed.elapsed().as_secs_f64() * 1_000.0);
                break;
            }
            if freed.elapsed() > Duration::from_millis(DOOR_MS_MAX) {
                traffic.wrong("the door stays shut after the idle connections went".to_owned());
                break;
            }
        }
        (ground.tell)(&format!("{NAME}: {round} of {rounds}"));
    }
    outcome.ends(traffic).await
}
