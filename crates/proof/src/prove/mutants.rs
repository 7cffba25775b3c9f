//! Each planted fault, until the checker catches it.

use super::{Proving, disasters, tell};
use mutants::Mutant;
use proof::disaster::{Size, power_cut};
use proof::report::Caught;
use proof::simulation::catch;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plants those that are named, one after the other; none: all.
pub fn run(proving: &mut Proving, names: &[String], seeds: u64) -> Result<(), String> {
    let chosen: Vec<Mutant> = if names.is_empty() {
        Mutant::ALL.to_vec()
    } else {
        let named = |name: &String| Mutant::named(name).ok_or_else(|| format!("there is no mutant {name:?}"));
        names.iter().map(named).collect::<Result<_, _>>()?
    };
    tell(&format!("--- {} planted faults", chosen.len()));
    let simulated: Vec<Mutant> = chosen
        .iter()
        .copied()
        .filter(|mutant| *mutant != Mutant::SyncNormal)
        .collect();
    proving
        .mutants
        .extend(in_simulation(&simulated, seeds, proving.threads));
    if chosen.contains(&Mutant::SyncNormal) {
        without_power(proving)?;
    }
    Ok(())
}

/// On several threads: the choice of a fault is a thread's own.
fn in_simulation(chosen: &[Mutant], seeds: u64, threads: usize) -> Vec<Caught> {
    let next = AtomicUsize::new(0);
    let caught = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(mutant) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = hunt(*mutant, seeds);
                    caught.lock().expect("nobody panics with it").push((*mutant, one));
                }
            });
        }
    });
    let mut caught = caught.into_inner().expect("nobody panics with it");
    caught.sort_by_key(|(mutant, _)| *mutant);
    caught.into_iter().map(|(_, one)| one).collect()
}

fn hunt(mutant: Mutant, seeds: u64) -> Caught {
    let name = mutant.name();
    match catch(mutant, 0..seeds) {
        Some(found) => {
            tell(&format!(
                "    {name}: caught by seed {}, {:?}: {}",
                found.seed, found.rule, found.says
            ));
            Caught {
                mutant: name.to_owned(),
                seed: Some(found.seed),
                rule: Some(format!("{:?}", found.rule)),
                says: Some(found.says),
                tried: found.seed + 1,
            }
        }
        None => {
            tell(&format!("    {name}: SURVIVED {seeds} seeds: a hole in the checker"));
            Caught {
                mutant: name.to_owned(),
                tried: seeds,
                ..Caught::default()
            }
        }
    }
}

/// The commit that is not flushed shows only when the power goes: the stage of power cuts has it as its own negative
/// control.
fn without_power(proving: &mut Proving) -> Result<(), String> {
    if let Some(why) = proof::disaster::disk::missing() {
        let name = Mutant::SyncNormal.name();
        tell(&format!("    {name}: NOT RUN: {why}"));
        proving.not_run.push((format!("the planted fault {name}"), why));
        return Ok(());
    }
    if !proving.stages.iter().any(|stage| stage.name == power_cut::NAME) {
        disasters::run(proving, &[power_cut::NAME.to_owned()], Size::Cut)?;
    }
    Ok(())
}
