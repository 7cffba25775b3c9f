//! Simulated runs: the real server twice over one real store, real clients, a network, a bus, clocks and a disk that
//! fail, all on one thread and by one seed. The same seed gives the same history, byte for byte.
//!
//! `simulation/house.rs` has the machines, `simulation/nemesis.rs` draws what goes wrong and `simulation/hands.rs` does
//! it; [`many`] runs many seeds at once, and [`catch`] looks for one that shows a planted fault.

mod bus;
mod disk;
mod hands;
mod house;
mod lineage;
mod many;
mod nemesis;
mod network;
mod stage;
mod time;

pub use many::{Caught, Sum, catch, many, seeds_from_environment};

use hands::{Hands, LATENCY_MS_MAX};
use house::House;
use mutants::Mutant;
use network::{NODES, PEOPLE, STORE, SimWorld};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use stage::Stage;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use swarm::crowd::Crowd;
use swarm::history::{Record, Recorder, What};
use swarm::plan::{Plan, Shape};
use swarm::verdict::{Demands, Rule, Verdict, Violation, judge};
use turmoil::Sim;

/// How far simulated time goes at each step, in milliseconds.
const TICK_MS: u64 = 2;
/// No run takes longer, in simulated milliseconds.
const RUN_MS_MAX: u64 = 300_000;
/// For how long nothing may move, once the faults are over, before it is taken that nothing will, in milliseconds. A
/// client waits up to 15 s for an answer, and then up to 10 s for a connection.
const PATIENCE_MS: u64 = 30_000;
/// How long after the faults everybody may take to hold everything, in milliseconds.
const CONVERGE_MS_MAX: u64 = 60_000;

/// What to run.
#[derive(Clone, Debug)]
pub struct SimulationOptions {
    /// The fault that is planted, if any.
    pub mutant: Option<Mutant>,
    /// Who acts, and how much; `None`: drawn from the seed.
    pub shape: Option<Shape>,
    /// What the run is held to.
    pub judge: Demands,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            mutant: None,
            shape: None,
            judge: Demands {
                rss_kib_max: u64::MAX,
                fds_max: u64::MAX,
                waiting_max: u64::MAX,
                converge_ms_max: CONVERGE_MS_MAX,
                hard: BTreeMap::new(),
            },
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What happened.
    pub history: Vec<Record>,
    /// What is to be said of it.
    pub verdict: Verdict,
}

/// Runs one seed on this thread. A run that does not come to its end is a violation too.
#[must_use]
pub fn run(seed: u64, options: &SimulationOptions) -> Outcome {
    let planted = Planted::here(options.mutant);
    let kept: Cell<Option<Recorder>> = Cell::new(None);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        simulate(seed, options, |recorder| kept.set(Some(recorder))).map_err(|error| error.to_string())
    }));
    drop(planted);
    let history = kept.take().map_or_else(Vec::new, |recorder| recorder.history());
    let mut verdict = judge(&history, &options.judge);
    let broken = match ran {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(panic) => Some(format!("a panic: {}", words(panic.as_ref()))),
    };
    if let Some(why) = broken {
        let at_us = history.last().map_or(0, |record| record.at_us);
        let slice = history.last().cloned().into_iter().collect();
        verdict.violations.push(Violation {
            rule: Rule::I14,
            says: format!("the run did not come to its end: {why}"),
            conv: None,
            at_us,
            slice,
        });
    }
    Outcome { history, verdict }
}

/// A fault that is planted on this thread for as long as this lives.
struct Planted;

impl Planted {
    fn here(mutant: Option<Mutant>) -> Self {
        mutants::choose_here(mutant);
        Self
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        mutants::choose_here(None);
    }
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
}

/// A few people who talk a lot for a few seconds, and some of whom read badly.
fn shape(chance: &mut StdRng) -> Shape {
    Shape {
        people: chance.random_range(3..=4),
        devices_each: 2,
        groups: chance.random_range(1..=2),
        for_ms: chance.random_range(4_000..7_000),
        steps_per_s: chance.random_range(10..40),
        frozen_percent: 15,
        slow_percent: 15,
    }
}

fn simulate(
    seed: u64,
    options: &SimulationOptions,
    keep: impl FnOnce(Recorder),
) -> Result<(), Box<dyn std::error::Error>> {
    let mut chance = StdRng::seed_from_u64(seed);
    let shape = options.shape.clone().unwrap_or_else(|| shape(&mut chance));
    let house = House::new(seed)?;
    let time = Arc::clone(&house.time);
    let recorder = Recorder::new(Arc::new(move || time.now_us()));
    keep(recorder.clone());
    let begins = What::Run {
        seed,
        name: "simulation".to_owned(),
        people: shape.people,
        nodes: 2,
        mutant: options.mutant.map(|mutant| mutant.name().to_owned()),
    };
    recorder.note(None, begins);
    let stage = Rc::new(Stage::default());
    let world = SimWorld::new(seed, house.door());
    let calm_ms = chance.random_range(0..2 * shape.for_ms);
    let plan = Arc::new(Plan::draw(seed, shape.clone()));
    let mut sim = machines(seed, &house);
    sim.client(
        PEOPLE,
        people(world, plan, recorder.clone(), Rc::clone(&stage), calm_ms),
    );
    let faults = nemesis::draw(&mut chance, shape.for_ms);
    let mut hands = Hands::new(Rc::clone(&house), recorder.clone(), faults);
    // The nemesis's own time: it goes on while people act and nobody has asked for calm.
    let mut at_ms = 0;
    loop {
        if house.step(&mut sim)? {
            break;
        }
        if !stage.has_begun() || stage.is_healed() || stage.is_calm() {
            continue;
        }
        hands.end_what_is_over(&mut sim, at_ms);
        if stage.wants_calm() {
            if hands.is_idle() {
                stage.calms();
            }
        } else {
            hands.begin_what_is_due(&mut sim, at_ms)?;
        }
        at_ms += TICK_MS;
        if stage.has_acted() && hands.is_done() {
            stage.heals(hands.lineage());
        }
    }
    for node in 0..NODES.len() {
        house.count(node);
    }
    for (name, count) in house.counts() {
        let name = name.to_owned();
        recorder.note(None, What::Counted { name, count });
    }
    Ok(())
}

/// What people do, from their sign-up to their last look. If they still act after `calm_ms`, they are compared once in
/// between.
async fn people(
    world: SimWorld,
    plan: Arc<Plan>,
    recorder: Recorder,
    stage: Rc<Stage>,
    calm_ms: u64,
) -> turmoil::Result {
    let crowd = Crowd::gather(world, plan, recorder).await?;
    stage.begins();
    let look = async {
        tokio::time::sleep(Duration::from_millis(calm_ms)).await;
        if !stage.has_acted() {
            stage.calm().await;
            crowd.snapshot(PATIENCE_MS).await;
            stage.calm_ends();
        }
    };
    let act = async {
        crowd.act().await;
        stage.acted();
    };
    tokio::join!(look, act);
    let lineage = stage.healed().await;
    // What they lack then, if anything, is in the history, and the verdict's to say.
    let _ = crowd.settle(PATIENCE_MS).await;
    crowd.finish(lineage).await;
    Ok(())
}

fn machines(seed: u64, house: &Rc<House>) -> Sim<'static> {
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(TICK_MS))
        .simulation_duration(Duration::from_millis(RUN_MS_MAX))
        .max_message_latency(Duration::from_millis(LATENCY_MS_MAX))
        .enable_random_order()
        .build();
    let machine = Rc::clone(house);
    sim.host(STORE, move || Rc::clone(&machine).run_store());
    for (number, name) in NODES.into_iter().enumerate() {
        let machine = Rc::clone(house);
        sim.host(name, move || Rc::clone(&machine).run_node(number));
    }
    sim
}
