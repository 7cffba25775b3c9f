//! Real processes, really broken.

use super::{Proving, tell};
use proof::disaster::together;
use proof::disaster::{
    Ground, NotRun, Outcome, Size, bad_readers, clock_jump, descriptors, disk_full, kill, power_cut, read_only,
    restore, stopped,
};
use proof::report::Stage;
use tokio::time::Instant;

/// All of them, in the order in which they are run: the quick ones first.
const ALL: [&str; 9] = [
    restore::NAME,
    stopped::NAME,
    clock_jump::NAME,
    descriptors::NAME,
    bad_readers::NAME,
    read_only::NAME,
    disk_full::NAME,
    kill::NAME,
    power_cut::NAME,
];

/// Runs those that are named; none: all.
pub fn run(proving: &mut Proving, names: &[String], size: Size) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| !ALL.contains(&name.as_str())) {
        return Err(format!(
            "there is no disaster {unknown:?}; there are: {}",
            ALL.join(", ")
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("the system gives no threads: {error}"))?;
    for name in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            runtime.block_on(strike(proving, name, size));
        }
    }
    Ok(())
}

async fn strike(proving: &mut Proving, name: &'static str, size: Size) {
    tell(&format!("--- {name}"));
    let began = Instant::now();
    match one(name, &proving.ground, size).await {
        Ok(outcome) => {
            let stage = stage(&outcome, proving.ground.seed, began.elapsed().as_secs());
            tell(&format!("    {} ({} s)", stage.says, stage.took_s));
            outcome.notes.iter().for_each(|note| tell(&format!("    {note}")));
            if !outcome.is_well() {
                complain(proving, &outcome);
            }
            proving.mutants.extend(outcome.caught);
            proving.stages.push(stage);
        }
        Err(NotRun { name, why, broke }) => {
            tell(&format!("    {}: {why}", if broke { "BROKE" } else { "NOT RUN" }));
            let list = if broke {
                &mut proving.broke
            } else {
                &mut proving.not_run
            };
            list.push((name.to_owned(), why));
        }
    }
}

async fn one(name: &str, ground: &Ground, size: Size) -> Result<Outcome, NotRun> {
    match name {
        restore::NAME => restore::run(ground, size).await,
        stopped::NAME => stopped::run(ground, size).await,
        clock_jump::NAME => clock_jump::run(ground, size).await,
        descriptors::NAME => descriptors::run(ground, size).await,
        bad_readers::NAME => bad_readers::run(ground, size).await,
        read_only::NAME => read_only::run(ground, size).await,
        disk_full::NAME => disk_full::run(ground, size).await,
        kill::NAME => kill::run(ground, size).await,
        _ => power_cut::run(ground, size).await,
    }
}

fn stage(outcome: &Outcome, seed: u64, took_s: u64) -> Stage {
    let summary = together(&outcome.verdicts);
    let mut faults = summary.faults.clone();
    if faults.is_empty() {
        faults.insert(outcome.name.to_owned(), outcome.runs);
    }
    Stage {
        name: outcome.name.to_owned(),
        says: outcome.says.clone(),
        runs: outcome.verdicts.len() as u64,
        faults,
        summary,
        violations: outcome
            .verdicts
            .iter()
            .map(|verdict| verdict.violations.len() as u64)
            .sum(),
        took_s,
        seeds: format!("from {seed}"),
        recovery_ms: outcome.recovery_ms.clone(),
    }
}

/// Says what is wrong, and keeps what was made.
fn complain(proving: &mut Proving, outcome: &Outcome) {
    for violation in outcome.verdicts.iter().flat_map(|verdict| &verdict.violations).take(10) {
        tell(&format!("    WRONG {:?}: {}", violation.rule, violation.says));
    }
    tell(&format!("    what was made is kept in {}", proving.keep().display()));
}
