//! One run at a real server: everybody gathers and acts, the server is killed meanwhile, all settle and read everything
//! once more. What comes out is a history; the verdict is another's.

use crate::counted::{self, Counter};
use crate::crowd::{Crowd, Progress};
use crate::history::{Phase, Record, Recorder, What};
use crate::plan::{Plan, Shape};
use crate::served::{Served, Tcp};
use crate::verdict::Demands;
use client::address::Address;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How long nothing may move while all settle, in milliseconds, before what is missing is missing for good.
const PATIENCE_MS: u64 = 15_000;
/// How often somebody who watches is told how it goes.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// How often the server is asked what it uses.
const SAMPLE_PAUSE: Duration = Duration::from_secs(1);
/// Kills are spread over so many hundredths of the time in which people act: after the last one they still do.
const KILL_PERCENT: u64 = 90;
/// What faults happen to: there is one server.
const NODE: &str = "node 0";

/// What a server may use, whoever is there: memory in KiB, file descriptors.
const RSS_KIB_MAX: u64 = 256 * 1024;
const FDS_MAX: u64 = 256;
/// What it may use more for each device.
const DEVICE_RSS_KIB_MAX: u64 = 1_024;
const DEVICE_FDS_MAX: u64 = 4;
/// What may wait in its queues.
const WAITING_MAX: u64 = 20_000;
/// How long after the last fault a device may take to hold the head, in milliseconds.
const CONVERGE_MS_MAX: u64 = 30_000;

/// What is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What people do.
    pub plan: Arc<Plan>,
    /// What it is called.
    pub name: String,
    /// How often the server is killed meanwhile; only one of our own is.
    pub kills: u32,
    /// The fault that was planted into the server, if any.
    pub mutant: Option<String>,
}

/// Where it runs.
#[derive(Debug)]
pub enum Server {
    /// A process of our own, to be killed and looked into.
    Own(Box<Served>),
    /// Somebody's.
    Other(Address),
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What happened.
    pub history: Vec<Record>,
    /// Who did not come to rest, and what else was odd, in words. What is wrong with it the verdict finds, too.
    pub odd: Vec<String>,
}

impl Server {
    /// The address its people are given.
    fn address(&self) -> Result<Address, String> {
        match self {
            Self::Own(served) => Address::parse(&served.address().to_string()).map_err(|error| error.to_string()),
            Self::Other(address) => Ok(address.clone()),
        }
    }

    async fn counted(&self) -> Option<BTreeMap<String, u64>> {
        let read = match self {
            Self::Own(served) => counted::read(served.address()).await,
            Self::Other(address) => counted::read((address.host.as_str(), address.port)).await,
        };
        read.ok()
    }
}

impl Run {
    /// Carries it out. `watch` is told how it goes; when `stop` returns, people stop acting and the rest goes on as
    /// ever.
    ///
    /// # Errors
    /// In words: it could not begin, or the server did not come back after a kill.
    pub async fn carry_out(
        &self,
        server: Server,
        mut watch: impl FnMut(Duration, Progress, u32),
        stop: impl Future<Output = ()>,
    ) -> Result<Ran, String> {
        let recorder = recorder();
        recorder.note(None, self.begins());
        let world = Tcp {
            address: server.address()?,
            unix_ms: client_unix_ms(),
        };
        let mut hand = Hand::new(self, server, recorder.clone()).await;
        let crowd = Crowd::gather(world, Arc::clone(&self.plan), recorder.clone()).await?;
        {
            let (mut acting, mut stop) = (std::pin::pin!(crowd.act()), std::pin::pin!(stop));
            let began = Instant::now();
            let mut looks = tokio::time::interval(LOOK_PAUSE);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // What the hand has begun it ends: nobody settles at a server that is down.
            loop {
                tokio::select! {
                    biased;
                    () = &mut acting => break,
                    () = &mut stop => break,
                    _ = looks.tick() => {}
                }
                watch(began.elapsed(), crowd.progress(), hand.killed);
                hand.strike(began.elapsed(), &crowd).await?;
            }
        }
        let mut odd = crowd.settle(PATIENCE_MS).await;
        hand.sample().await;
        hand.tell_counted().await;
        crowd.finish(0).await;
        if let Server::Own(served) = &mut hand.server {
            match served.terminate().await {
                Ok(true) => {}
                Ok(false) => odd.push("the server did not end well when it was asked to".to_owned()),
                Err(error) => odd.push(error.to_string()),
            }
        }
        Ok(Ran {
            history: recorder.history(),
            odd,
        })
    }

    fn begins(&self) -> What {
        What::Run {
            seed: self.plan.seed,
            name: self.name.clone(),
            people: self.plan.shape.people,
            nodes: 1,
            mutant: self.mutant.clone(),
        }
    }

    /// When the server is killed: once in each of so many equal parts of the time, in order.
    fn kills(&self) -> VecDeque<Duration> {
        // Not the plan's own chance: the same people do the same, however often the server is killed.
        let mut chance = StdRng::seed_from_u64(self.plan.seed ^ 0x6b69_6c6c);
        let spread_ms = self.plan.shape.for_ms * KILL_PERCENT / 100;
        let part_ms = spread_ms / u64::from(self.kills.max(1));
        let at = |part| Duration::from_millis(part * part_ms + chance.random_range(0..part_ms.max(1)));
        (0..u64::from(self.kills)).map(at).collect()
    }
}

/// The hand that strikes, and looks.
struct Hand {
    server: Server,
    recorder: Recorder,
    kills: VecDeque<Duration>,
    killed: u32,
    next_sample: Instant,
    counter: Counter,
    /// What a server that was there before had counted already.
    before: BTreeMap<String, u64>,
}

impl Hand {
    async fn new(run: &Run, server: Server, recorder: Recorder) -> Self {
        Self {
            kills: match server {
                Server::Own(_) => run.kills(),
                Server::Other(_) => VecDeque::new(),
            },
            killed: 0,
            before: server.counted().await.unwrap_or_default(),
            server,
            recorder,
            next_sample: Instant::now(),
            counter: Counter::default(),
        }
    }

    /// Does what is due so long after people began to act.
    async fn strike(&mut self, at: Duration, crowd: &Crowd<Tcp>) -> Result<(), String> {
        if Instant::now() >= self.next_sample {
            self.sample().await;
            self.next_sample = Instant::now() + SAMPLE_PAUSE;
        }
        if self.kills.front().is_none_or(|due| at < *due) {
            return Ok(());
        }
        self.kills.pop_front();
        self.look().await;
        let Server::Own(served) = &mut self.server else {
            return Ok(());
        };
        note_kill(&self.recorder, Phase::Start);
        served.kill().await.map_err(|error| error.to_string())?;
        self.counter.ended();
        served.again().await.map_err(|error| error.to_string())?;
        note_kill(&self.recorder, Phase::Stop);
        self.killed += 1;
        crowd.hurry().await;
        Ok(())
    }

    async fn sample(&mut self) {
        self.look().await;
        if let Server::Own(served) = &self.server
            && let Some(sample) = served.sample(0).await
        {
            self.recorder.note(None, sample);
        }
    }

    async fn look(&mut self) {
        if let Some(counted) = self.server.counted().await {
            self.counter.saw(counted);
        }
    }

    async fn tell_counted(&mut self) {
        self.look().await;
        for (name, count) in self.counter.total() {
            let count = count.saturating_sub(self.before.get(&name).copied().unwrap_or(0));
            self.recorder.note(None, What::Counted { name, count });
        }
    }
}

/// The bounds that a server is held to with so many people.
#[must_use]
pub fn demands(shape: &Shape) -> Demands {
    // Ears and those who compare are devices, too.
    let devices = u64::from(shape.devices()) + u64::from(shape.people) * 2;
    Demands {
        rss_kib_max: RSS_KIB_MAX + devices * DEVICE_RSS_KIB_MAX,
        fds_max: FDS_MAX + devices * DEVICE_FDS_MAX,
        waiting_max: WAITING_MAX,
        converge_ms_max: CONVERGE_MS_MAX,
        hard: BTreeMap::new(),
    }
}

fn note_kill(recorder: &Recorder, phase: Phase) {
    let (kind, target) = ("kill".to_owned(), NODE.to_owned());
    recorder.note(None, What::Fault { kind, target, phase });
}

/// A recorder whose clock starts now.
fn recorder() -> Recorder {
    let began = Instant::now();
    Recorder::new(Arc::new(move || {
        u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the crate's one look at the wall clock, at the start of a run"
)]
fn client_unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, kills: u32) -> Run {
        Run {
            plan: Arc::new(Plan::draw(seed, Shape::of(3, 10_000))),
            name: "test".to_owned(),
            kills,
            mutant: None,
        }
    }

    #[test]
    fn kills_are_spread_and_come_from_the_seed() {
        let kills = run(7, 3).kills();
        assert_eq!(kills, run(7, 3).kills());
        assert_ne!(kills, run(8, 3).kills());
        let parts: Vec<u128> = kills.iter().map(|at| at.as_millis() / 3_000).collect();
        assert_eq!(parts, [0, 1, 2]);
        assert!(run(7, 0).kills().is_empty());
        // More than there are milliseconds: all at once, and no panic.
        assert_eq!(run(7, 20_000).kills().len(), 20_000);
    }
}
