//! A run of the crowd at a real server that a disaster strikes: everybody gathers, acts, is struck, settles, reads
//! everything once more; then the verdict. The history and the page of a run that failed stay in the scratch directory.

use super::{Ground, Outcome, dump};
use crate::disaster::tally::violation;
use client::address::Address;
use server::clock::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use swarm::counted::{self, Counter};
use swarm::crowd::Crowd;
use swarm::history::{self, Phase, Record, Recorder, What};
use swarm::plan::{Plan, Shape};
use swarm::report;
use swarm::served::{Served, ServedOptions, Tcp};
use swarm::verdict::{Demands, Rule, Verdict, judge};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long nothing may move while everybody settles, in milliseconds, before what is missing is missing for good.
const PATIENCE_MS: u64 = 15_000;
/// How often the server is asked what it uses while time passes, in milliseconds.
const SAMPLE_MS: u64 = 250;
/// How often progress is looked at while an acknowledgement is waited for.
const LOOK_PAUSE: Duration = Duration::from_millis(2);
/// How long the next acknowledgement may take, in milliseconds; later is a matter of the verdict.
const ACK_MS_MAX: u64 = 10_000;
/// The one server.
const NODE: &str = "node 0";

/// What is played.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What everybody does.
    pub shape: Shape,
    /// What the plan is drawn from.
    pub seed: u64,
    /// How the server is started.
    pub options: ServedOptions,
    /// What the run is held to.
    pub demands: Demands,
    /// Changes the plan before it is carried out.
    pub edit: fn(&mut Plan),
}

/// The hand that strikes, while people act.
pub struct Strike<'a> {
    /// The server.
    pub served: &'a mut Served,
    /// The people.
    pub crowd: &'a Crowd<Tcp>,
    /// What happens is written down here.
    pub recorder: &'a Recorder,
    /// Where things may be put aside.
    pub place: &'a Path,
    /// From each return of the server to the first acknowledgement after it, in milliseconds.
    pub recovery_ms: Vec<f64>,
    /// Which lineage the server serves.
    pub lineage: u32,
    counter: Counter,
}

/// What a run came to.
pub struct Played {
    /// The verdict.
    pub verdict: Verdict,
    /// From each return of the server to the first acknowledgement after it, in milliseconds.
    pub recovery_ms: Vec<f64>,
    /// Where the history and the page of a failed run are.
    pub kept: Option<PathBuf>,
}

impl Part {
    /// So many people for so long, with the bounds of a small server.
    #[must_use]
    pub fn new(ground: &Ground, name: &'static str, people: u32, for_ms: u64, seed: u64) -> Self {
        Self {
            name,
            shape: Shape::of(people, for_ms),
            seed,
            options: ground.options(name),
            demands: demands(),
            edit: |_| {},
        }
    }

    /// Plays it, with this strike.
    ///
    /// # Errors
    /// There is no server to strike, or the strike itself could not be carried out.
    pub async fn play<F>(self, ground: &Ground, strike: F) -> io::Result<Played>
    where
        F: AsyncFnOnce(&mut Strike<'_>) -> io::Result<()>,
    {
        let place = tempfile::Builder::new().prefix("run-").tempdir_in(&ground.scratch)?;
        let mut served = Served::start(&ground.program, &place.path().join("data"), &self.options).await?;
        let recorder = recorder();
        recorder.note(None, self.begins(ground));
        let url = format!("ws://{}", served.address());
        let world = Tcp {
            address: Address::parse(&url).map_err(io::Error::other)?,
            unix_ms: SystemClock::start().unix_ms(),
        };
        let mut plan = Plan::draw(self.seed, self.shape.clone());
        (self.edit)(&mut plan);
        let crowd = Crowd::gather(world, Arc::new(plan), recorder.clone())
            .await
            .map_err(io::Error::other)?;
        let mut hand = Strike {
            served: &mut served,
            crowd: &crowd,
            recorder: &recorder,
            place: place.path(),
            recovery_ms: Vec::new(),
            lineage: 0,
            counter: Counter::default(),
        };
        let ((), struck) = tokio::join!(crowd.act(), strike(&mut hand));
        struck?;
        let lacks = crowd.settle(PATIENCE_MS).await;
        let Strike {
            recovery_ms,
            lineage,
            mut counter,
            ..
        } = hand;
        crowd.finish(lineage).await;
        // Only now: a session counts some things when it ends.
        if let Ok(counted) = counted::read(served.address()).await {
            counter.saw(counted);
        }
        for (name, count) in counter.total() {
            recorder.note(None, What::Counted { name, count });
        }
        served.kill().await?;
        let integrity = dump::integrity(&place.path().join("data"))?;
        let history = recorder.history();
        let mut verdict = judge(&history, &self.demands);
        if integrity != "ok" {
            let says = format!("SQLite finds: {integrity}");
            verdict.violations.push(violation(Rule::I1, None, says));
        }
        let kept = match verdict.violations.is_empty() {
            true => None,
            false => Some(self.keep(ground, &history, &verdict, &lacks, &served, place)?),
        };
        Ok(Played {
            verdict,
            recovery_ms,
            kept,
        })
    }

    fn begins(&self, ground: &Ground) -> What {
        What::Run {
            seed: self.seed,
            name: self.name.to_owned(),
            people: self.shape.people,
            nodes: 1,
            mutant: ground.mutant.clone(),
        }
    }

    /// Lays down what somebody who looks into a failure wants to see; the data directory stays with it.
    fn keep(
        &self,
        ground: &Ground,
        history: &[Record],
        verdict: &Verdict,
        lacks: &[String],
        served: &Served,
        place: TempDir,
    ) -> io::Result<PathBuf> {
        let dir = ground
            .scratch
            .join(format!("failed-{}-{}", self.name.replace(' ', "-"), self.seed));
        std::fs::create_dir_all(&dir)?;
        let lines = io::BufWriter::new(std::fs::File::create(dir.join("history.jsonl"))?);
        history::write(history, lines)?;
        std::fs::write(dir.join("lacks.txt"), lacks.join("\n"))?;
        std::fs::write(dir.join("server.log"), served.log())?;
        std::fs::write(dir.join("data.path"), place.keep().to_string_lossy().as_bytes())?;
        for (number, violation) in verdict.violations.iter().enumerate().take(5) {
            std::fs::write(dir.join(format!("{number}.txt")), report::text(violation, history))?;
        }
        std::fs::write(dir.join("report.html"), report::page(verdict, history))?;
        Ok(dir)
    }
}

impl Strike<'_> {
    /// Lets time pass, and writes down what the server uses meanwhile.
    pub async fn pass(&mut self, ms: u64) {
        let until = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < until {
            let step = Duration::from_millis(SAMPLE_MS).min(until - Instant::now());
            sleep(step).await;
            if let Some(sample) = self.served.sample(0).await {
                self.recorder.note(None, sample);
            }
        }
    }

    /// A fault begins, ends, or happens.
    pub fn fault(&self, kind: &str, phase: Phase) {
        self.recorder.note(
            None,
            What::Fault {
                kind: kind.to_owned(),
                target: NODE.to_owned(),
                phase,
            },
        );
    }

    /// `kill -9`, and what it had counted is kept.
    ///
    /// # Errors
    /// The system does not do it.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.look().await;
        self.counter.ended();
        self.served.kill().await
    }

    /// Starts the server again, tells everybody to try at once, and measures the time to the first acknowledgement.
    ///
    /// # Errors
    /// It does not start.
    pub async fn again(&mut self) -> io::Result<()> {
        let started = Instant::now();
        self.served.again().await?;
        self.crowd.hurry().await;
        self.recovers(started).await;
        Ok(())
    }

    /// Measures from then to the next acknowledgement.
    pub async fn recovers(&mut self, since: Instant) {
        let acked = self.crowd.progress().acked;
        while since.elapsed() < Duration::from_millis(ACK_MS_MAX) {
            if self.crowd.progress().acked > acked {
                self.recovery_ms.push(since.elapsed().as_secs_f64() * 1_000.0);
                return;
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    /// Reads the counters of the server's present life.
    async fn look(&mut self) {
        if let Ok(counted) = counted::read(self.served.address()).await {
            self.counter.saw(counted);
        }
    }
}

impl Outcome {
    /// Takes in what one run came to.
    pub fn take(&mut self, played: Played) {
        if let Some(kept) = played.kept {
            self.notes
                .push(format!("the history of a failed run: {}", kept.display()));
        }
        self.recovery_ms.extend(played.recovery_ms);
        self.verdicts.push(played.verdict);
    }
}

/// The bounds of a small server with some dozens of devices.
#[must_use]
pub fn demands() -> Demands {
    Demands {
        rss_kib_max: 512 * 1024,
        fds_max: 2_000,
        waiting_max: 20_000,
        converge_ms_max: 30_000,
        hard: BTreeMap::new(),
    }
}

fn recorder() -> Recorder {
    let began = Instant::now();
    Recorder::new(Arc::new(move || {
        u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }))
}
