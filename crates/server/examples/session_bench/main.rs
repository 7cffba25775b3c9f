//! What a real session costs the real server: memory when idle and a minute after load, processor time of a sign-in and
//! of a delivery, and how many deliveries share a system call (`docs/bench/gateway.md`).
//!
//! `session_bench idle|hello|fanout|syscalls PROGRAM [SESSIONS]`, PROGRAM being `target/release/tidings`.
//!
//! - `idle`: so many devices sign in; memory at once, a minute later, after a message to each from each of its group's
//!   last 20, and a minute after that.
//! - `hello`: so many sockets that have not said hello; what a session takes before it is one.
//! - `fanout`: one group of 256, all there; messages one by one and 16 at a time.
//! - `syscalls`: the same under `strace`.

mod peer;
mod process;
mod seed;

use peer::{Peer, kind};
use process::{Memory, Server, Strace};
use server::clock::{Clock, SystemClock};
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{interval_at, sleep};

/// Whatever went wrong, told to whoever started this.
pub type Wrong = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "session_bench idle|hello|fanout|syscalls PROGRAM [SESSIONS]";
/// Sign-ins that are under way at once.
const SIGN_INS_AT_ONCE: usize = 64;
/// How often each session beats, in milliseconds: as often as the protocol says.
const BEAT_MS: u64 = protocol::limits::BEAT_MS;
/// Between a load and the last look, in milliseconds: a minute, and all beats.
const IDLE_MS: u64 = 60_000;
/// Messages to each group under load.
const LOAD_MESSAGES: usize = 20;
/// Deliveries in one measurement of the fan-out.
const DELIVERIES: usize = 256 * 4_096;
/// The same under strace, which is slow.
const DELIVERIES_TRACED: usize = 256 * 512;
/// The text of every message.
const TEXT_BYTES: usize = 128;

fn main() -> Result<(), Wrong> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn run() -> Result<(), Wrong> {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().ok_or(USAGE)?;
    let program = PathBuf::from(arguments.next().ok_or(USAGE)?);
    let sessions: usize = arguments.next().map_or(Ok(15_000), |text| text.parse())?;
    let data = tempfile::tempdir()?;
    let people = match what.as_str() {
        "fanout" | "syscalls" => seed::GROUP_MEMBERS,
        _ => sessions + WARM_UP,
    };
    seed::write(data.path(), people).await?;
    let server = Server::start(&program, data.path())?;
    println!("{what}: {sessions} sessions");
    match what.as_str() {
        "idle" => idle(&server, sessions).await,
        "hello" => hello(&server, sessions).await,
        "fanout" => fanout(&server, None).await,
        "syscalls" => {
            let out = data.path().join("strace");
            fanout(&server, Some(&out)).await
        }
        _ => Err(USAGE.into()),
    }
}

/// Sessions that come and go before anything is counted, so that what is paid once is paid.
const WARM_UP: usize = 200;

/// Tells the memory of each of so many sessions.
struct Scale<'s> {
    server: &'s Server,
    before: Memory,
    sessions: usize,
}

impl<'s> Scale<'s> {
    async fn warm(server: &'s Server, sessions: usize) -> Result<Self, Wrong> {
        for number in 0..WARM_UP {
            let mut peer = Peer::sign_in(server.address, 0, &seed::token(sessions + number)).await?;
            peer.say(&[beat()]).await?;
            peer.expect("beat").await?;
        }
        sleep(Duration::from_secs(1)).await;
        let before = server.memory()?;
        Ok(Self {
            server,
            before,
            sessions,
        })
    }

    #[expect(clippy::print_stdout, reason = "the figures are what it is for")]
    fn tell(&self, when: &str) -> Result<(), Wrong> {
        let now = self.server.memory()?;
        let each = |now: u64, before: u64| now.saturating_sub(before) * 1_024 / self.sessions as u64;
        let anon = each(now.anon_kib, self.before.anon_kib);
        let pss = each(now.pss_kib, self.before.pss_kib);
        println!(
            "{when}: {anon} bytes a session (RssAnon), {pss} (Pss); process {} KiB, before {} KiB",
            now.anon_kib, self.before.anon_kib
        );
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn idle(server: &Server, sessions: usize) -> Result<(), Wrong> {
    let scale = Scale::warm(server, sessions).await?;
    let clock = SystemClock::start();
    let (cpu_us, began_ms) = (server.cpu_us()?, clock.now_ms());
    let peers = sign_in(server.address, sessions).await?;
    let (cpu_us, took_ms) = (server.cpu_us()? - cpu_us, clock.now_ms() - began_ms);
    println!(
        "{:.0} sign-ins a second, {} us of processor each",
        sessions as f64 * 1_000.0 / took_ms.max(1) as f64,
        cpu_us / sessions as u64
    );
    scale.tell("signed in")?;
    let counts = Arc::new(Counts::default());
    let mut speakers = Vec::new();
    for (number, peer) in peers.into_iter().enumerate() {
        let (speaker, said) = mpsc::channel(1);
        tokio::spawn(live(peer, number, said, Arc::clone(&counts)));
        speakers.push(speaker);
    }
    sleep(Duration::from_millis(IDLE_MS)).await;
    scale.tell("a minute later")?;
    let cpu_us = server.cpu_us()?;
    sleep(Duration::from_millis(BEAT_MS)).await;
    println!(
        "{} us of processor a beat",
        (server.cpu_us()? - cpu_us) / sessions as u64
    );
    let groups = sessions / seed::GROUP_MEMBERS;
    let expected = (groups * LOAD_MESSAGES * seed::GROUP_MEMBERS) as u64;
    for round in 0..LOAD_MESSAGES {
        for group in 0..groups {
            let by = group * seed::GROUP_MEMBERS + round;
            speakers[by]
                .send(vec![message(group, group * LOAD_MESSAGES + round)])
                .await?;
        }
    }
    counts.wait(expected).await;
    scale.tell("after 20 messages to each")?;
    sleep(Duration::from_millis(IDLE_MS)).await;
    scale.tell("a minute later")?;
    println!(
        "{} deliveries, {} lost connections",
        counts.entries.load(Relaxed),
        counts.lost.load(Relaxed)
    );
    Ok(())
}

async fn hello(server: &Server, sessions: usize) -> Result<(), Wrong> {
    let scale = Scale::warm(server, sessions).await?;
    let mut peers = Vec::with_capacity(sessions);
    for number in 0..sessions {
        peers.push(Peer::connect(server.address, number).await?);
    }
    scale.tell("shaken hands, no hello")
}

async fn sign_in(server: SocketAddr, sessions: usize) -> Result<Vec<Peer>, Wrong> {
    let (mut under_way, mut peers) = (JoinSet::new(), Vec::with_capacity(sessions));
    for number in 0..sessions {
        if under_way.len() >= SIGN_INS_AT_ONCE {
            peers.extend(under_way.join_next().await.transpose()?.transpose()?);
        }
        under_way.spawn(async move {
            let peer = Peer::sign_in(server, number, &seed::token(number)).await;
            peer.map(|peer| (number, peer))
        });
    }
    while let Some(peer) = under_way.join_next().await {
        peers.push(peer??);
    }
    peers.sort_unstable_by_key(|(number, _)| *number);
    Ok(peers.into_iter().map(|(_, peer)| peer).collect())
}

/// What all sessions together saw.
#[derive(Default)]
struct Counts {
    entries: AtomicU64,
    lost: AtomicU64,
    moved: Notify,
}

impl Counts {
    async fn wait(&self, entries: u64) {
        while self.entries.load(Relaxed) < entries {
            self.moved.notified().await;
        }
    }
}

/// One session's life: it beats, says what it is told to say, and counts what it hears.
async fn live(mut peer: Peer, number: usize, mut said: mpsc::Receiver<Vec<String>>, counts: Arc<Counts>) {
    let phase_ms = number as u64 * 7_919 % BEAT_MS;
    let first = tokio::time::Instant::now() + Duration::from_millis(phase_ms);
    let mut beats = interval_at(first, Duration::from_millis(BEAT_MS));
    let entry = kind("entry");
    loop {
        let done = tokio::select! {
            heard = peer.hear() => heard.map(|text| {
                if text.contains(&entry) {
                    counts.entries.fetch_add(1, Relaxed);
                    counts.moved.notify_one();
                }
            }),
            Some(frames) = said.recv() => peer.say(&frames).await,
            _ = beats.tick() => peer.say(&[beat()]).await,
        };
        if done.is_err() {
            counts.lost.fetch_add(1, Relaxed);
            return;
        }
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn fanout(server: &Server, strace_out: Option<&PathBuf>) -> Result<(), Wrong> {
    let mut peers = sign_in(server.address, seed::GROUP_MEMBERS).await?.into_iter();
    let mut sender = peers.next().ok_or("nobody is there")?;
    let counts = Arc::new(Counts::default());
    let mut speakers = Vec::new();
    for (number, peer) in peers.enumerate() {
        let (speaker, said) = mpsc::channel(1);
        tokio::spawn(live(peer, number, said, Arc::clone(&counts)));
        speakers.push(speaker);
    }
    let clock = SystemClock::start();
    let others = seed::GROUP_MEMBERS - 1;
    let (entry, mut number, mut expected) = (kind("entry"), 0, 0);
    for at_once in [1, 16, 64] {
        let deliveries = if strace_out.is_some() {
            DELIVERIES_TRACED
        } else {
            DELIVERIES
        };
        let rounds = deliveries / seed::GROUP_MEMBERS / at_once / if at_once == 1 { 4 } else { 1 };
        let strace = strace_out.map(|out| Strace::attach(server.pid(), out)).transpose()?;
        if strace.is_some() {
            sleep(Duration::from_secs(2)).await;
        }
        let (cpu_us, began_ms) = (server.cpu_us()?, clock.now_ms());
        for _ in 0..rounds {
            let frames: Vec<String> = (0..at_once).map(|n| message(0, number + n)).collect();
            number += at_once;
            expected += (at_once * others) as u64;
            sender.say(&frames).await?;
            let mut own = 0;
            while own < at_once {
                own += usize::from(sender.hear().await?.contains(&entry));
            }
            counts.wait(expected).await;
        }
        let (cpu_us, took_ms) = (server.cpu_us()? - cpu_us, clock.now_ms() - began_ms);
        let made = rounds * at_once * seed::GROUP_MEMBERS;
        println!(
            "{at_once} in flight: {:.0} deliveries a second, {:.2} us of processor each \
             ({made} deliveries, {rounds} rounds)",
            made as f64 * 1_000.0 / took_ms.max(1) as f64,
            cpu_us as f64 / made as f64
        );
        if let (Some(strace), Some(out)) = (strace, strace_out) {
            strace.detach()?;
            println!("{}", std::fs::read_to_string(out)?);
        }
    }
    Ok(())
}

fn beat() -> String {
    r#"{"t":"beat"}"#.to_owned()
}

/// A message to a group, by number.
fn message(group: usize, number: usize) -> String {
    let (conv, id) = (seed::group(group), seed::send_id(number));
    let text = "x".repeat(TEXT_BYTES);
    format!(r#"{{"t":"send","id":2,"conv":"{conv}","send_id":"{id}","kind":"text","body":{{"text":"{text}"}}}}"#)
}
