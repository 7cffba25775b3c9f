//! One device in ten takes nothing of what is written to it, and one in ten a kilobyte a second, in rooms where much is
//! said. The server's memory stays below its bound, everybody else is served as if they were not there, and they catch
//! up once they read again.

use super::scene::Part;
use super::{Ground, NotRun, Outcome, Size, percentile, together};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use swarm::history::{Phase, Record, What};
use swarm::plan::{Plan, Verb};

/// Its name.
pub const NAME: &str = "bad readers";
/// Resident memory of the server, in KiB.
const RSS_KIB_MAX: u64 = 256 * 1024;
/// Steps a second of each person: much is said, so that what is not read piles up.
const STEPS_PER_S_EACH: u32 = 10;
/// Words of a text, besides those it would have: as much as fills what waits for a reader within seconds.
const WORDS_MORE: u32 = 900;

/// Lets people freeze and crawl.
///
/// # Errors
/// A server cannot be started here.
pub async fn run(ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    let (people, for_ms, runs) = size.pick((12, 10_000, 1), (30, 30_000, 5));
    let mut outcome = Outcome::named(NAME);
    for number in 0..runs {
        let seed = ground.seed.wrapping_add(number);
        one(ground, people, for_ms, seed, &mut outcome)
            .await
            .map_err(|error| NotRun::broke(NAME, error))?;
        (ground.tell)(&format!("{NAME}: {} of {runs}", number + 1));
    }
    let sum = together(&outcome.verdicts);
    let worst = |of: fn(&swarm::verdict::Summary) -> f64| {
        outcome
            .verdicts
            .iter()
            .map(|verdict| of(&verdict.summary))
            .fold(0.0, f64::max)
    };
    outcome.says = format!(
        "{} runs with {people} people, {} changes acknowledged, {} received, {} lost, {} gaps; everybody \
         had caught up {:.0} ms after the thaw",
        outcome.runs,
        sum.acked,
        sum.received,
        sum.lost,
        sum.gaps,
        worst(|summary| summary.converged_ms[2]),
    );
    Ok(outcome)
}

async fn one(ground: &Ground, people: u32, for_ms: u64, seed: u64, outcome: &mut Outcome) -> io::Result<()> {
    let mut part = Part::new(ground, NAME, people, for_ms, seed);
    (part.shape.frozen_percent, part.shape.slow_percent) = (10, 10);
    part.shape.groups = 3;
    part.shape.steps_per_s = people * STEPS_PER_S_EACH;
    part.demands.rss_kib_max = RSS_KIB_MAX;
    // If nobody was ever told that they are behind, nobody read badly enough.
    part.demands.hard.insert("readers_told_behind", 1);
    part.edit = one_room;
    let mut recorder = None;
    let played = part
        .play(ground, async |strike| {
            recorder = Some(strike.recorder.clone());
            strike.fault(NAME, Phase::Start);
            strike.pass(for_ms).await;
            strike.fault(NAME, Phase::Stop);
            Ok(())
        })
        .await?;
    let (highest_kib, received_ms) = recorder.map(|recorder| recorder.look(look)).unwrap_or_default();
    outcome.notes.push(format!(
        "at most {} MiB resident of {} allowed; told that they are behind: {}; from send to received by those who read \
         well p50 {:.0} ms, p99 {:.0} ms",
        highest_kib / 1024,
        RSS_KIB_MAX / 1024,
        played
            .verdict
            .summary
            .hardness
            .get("readers_told_behind")
            .copied()
            .unwrap_or(0),
        percentile(&received_ms, 50),
        percentile(&received_ms, 99),
    ));
    outcome.runs += 1;
    outcome.take(played);
    Ok(())
}

/// The most memory the server had, in KiB, and how long what was said by people who read well took to others who do, in
/// milliseconds.
fn look(records: &[Record]) -> (u64, Vec<f64>) {
    let (mut highest_kib, mut slow, mut asked, mut took_ms) = (0, BTreeSet::new(), BTreeMap::new(), Vec::new());
    for record in records {
        match &record.what {
            What::Sample { rss_kib, .. } => highest_kib = highest_kib.max(*rss_kib),
            What::Device { slow: true, .. } => slow.extend(record.device),
            What::Invoke { send_id, .. } if record.device.is_some_and(|device| !slow.contains(&device)) => {
                asked.insert(*send_id, record.at_us);
            }
            What::Shown { entries, .. } if record.device.is_some_and(|device| !slow.contains(&device)) => {
                let asked = entries.iter().filter_map(|entry| asked.get(&entry.send_id));
                took_ms.extend(asked.map(|asked| record.at_us.saturating_sub(*asked) as f64 / 1_000.0));
            }
            _ => {}
        }
    }
    (highest_kib, took_ms)
}

/// Everybody is in the first room, stays there, and says there what they say, at length. Nobody's line is cut: then
/// what is late is late because of those who read badly.
fn one_room(plan: &mut Plan) {
    let people = plan.shape.people;
    let Some(room) = plan.rooms.first_mut() else { return };
    room.others = (0..people).filter(|person| *person != room.keeper).collect();
    room.group = true;
    plan.steps.retain(|step| {
        !matches!(
            step.verb,
            Verb::Reconnect(_) | Verb::Tunnel(_) | Verb::Away(_) | Verb::Remove(_) | Verb::Leave(_)
        )
    });
    for step in &mut plan.steps {
        if let Verb::Send(send) = &mut step.verb {
            send.room = 0;
            send.words += WORDS_MORE;
        }
    }
}
