//! The last word, and the report.

use super::{Proving, tell};
use jiff::Timestamp;
use proof::report::{Proof, add, markdown};
use std::path::Path;
use std::process::Command;
use swarm::verdict::{HARD, Summary};

/// Of so many stages, or so many runs, together everything that shows them to be hard must have happened.
const STAGES_ENOUGH: usize = 5;
const RUNS_ENOUGH: u64 = 50;

/// Writes the report.
pub fn write(proving: &Proving, path: &Path) -> Result<(), String> {
    let proof = Proof {
        date: Timestamp::now().strftime("%Y-%m-%d").to_string(),
        machine: machine(),
        commit: first_line("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned()),
        full: true,
        stages: proving.stages.clone(),
        mutants: proving.mutants.clone(),
        not_run: [&proving.not_run[..], &proving.broke[..]].concat(),
    };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    std::fs::write(path, markdown(&proof)).map_err(|error| format!("{}: {error}", path.display()))?;
    tell(&format!("The report is in {}", path.display()));
    Ok(())
}

/// Says what came out; answers whether nothing was found and nothing survived.
pub fn last_word(proving: &Proving) -> bool {
    let mut sum = Summary::default();
    proving.stages.iter().for_each(|stage| add(&mut sum, &stage.summary));
    let wrong: u64 = proving.stages.iter().map(proof::report::Stage::wrong).sum();
    let easy = too_easy(proving, &sum);
    let survivors: Vec<&str> = proving
        .mutants
        .iter()
        .filter(|one| one.seed.is_none())
        .map(|one| one.mutant.as_str())
        .collect();
    for (what, why) in &proving.not_run {
        tell(&format!("NOT RUN: {what}: {why}"));
    }
    for (what, why) in &proving.broke {
        tell(&format!("BROKE: {what}: {why}"));
    }
    if !proving.stages.is_empty() {
        let faults: u64 = proving.stages.iter().flat_map(|stage| stage.faults.values()).sum();
        tell(&format!(
            "{faults} faults; {} acknowledged, {} told",
            sum.acked, sum.received
        ));
        tell(&format!(
            "{} lost, {} doubled, {} reordered, {} gaps, {} leaked, {} wrong unread counts, {} wrong receipts",
            sum.lost, sum.doubled, sum.reordered, sum.gaps, sum.leaked, sum.unread_wrong, sum.receipts_wrong
        ));
        let hard = HARD.map(|name| {
            let count = sum.hardness.get(name).copied().unwrap_or(0);
            format!("{} {count}", name.replace('_', " "))
        });
        tell(&format!("how hard it was: {}", hard.join(", ")));
    }
    if !proving.mutants.is_empty() {
        let (all, caught) = (proving.mutants.len(), proving.mutants.len() - survivors.len());
        tell(&format!("{caught} of {all} mutants caught"));
    }
    if !survivors.is_empty() {
        tell(&format!("SURVIVED: {}", survivors.join(", ")));
    }
    if wrong > 0 {
        tell(&format!("{wrong} VIOLATIONS"));
    }
    if !easy.is_empty() {
        tell(&format!("TOO EASY, it never happened: {}", easy.join(", ")));
    }
    wrong == 0 && survivors.is_empty() && easy.is_empty() && proving.broke.is_empty()
}

/// What never happened although enough was run for it: a proof without it shows little.
fn too_easy(proving: &Proving, sum: &Summary) -> Vec<&'static str> {
    let runs: u64 = proving.stages.iter().map(|stage| stage.runs).sum();
    let is_enough = proving.stages.len() >= STAGES_ENOUGH || runs >= RUNS_ENOUGH;
    let never = |name: &&str| sum.hardness.get(*name).copied().unwrap_or(0) == 0;
    HARD.into_iter().filter(never).filter(|_| is_enough).collect()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
    });
    let gib = kib.unwrap_or(0).div_ceil(1024 * 1024);
    let kernel = first_line("uname", &["-sr"]).unwrap_or_default();
    format!("{cores} cores, {gib} GiB, {kernel}")
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let said = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    text.lines().next().map(str::to_owned).filter(|_| said.status.success())
}
