//! What `prove` gathers on its way, and how it tells of it.

pub mod disasters;
pub mod mutants;
pub mod report;
pub mod simulation;

use proof::disaster::Ground;
use proof::report::{Caught, Stage};
use std::path::PathBuf;
use tempfile::TempDir;

/// A proof under way.
pub struct Proving {
    /// Where disasters take place.
    pub ground: Ground,
    /// Simulated runs at once.
    pub threads: usize,
    /// What was done.
    pub stages: Vec<Stage>,
    /// What became of the planted faults.
    pub mutants: Vec<Caught>,
    /// What was not run, and why.
    pub not_run: Vec<(String, String)>,
    /// What began and came to no end, and why: the proof fails.
    pub broke: Vec<(String, String)>,
    /// Goes with everything in it, unless something was found.
    scratch: Option<TempDir>,
}

impl Proving {
    /// Nothing is proven yet.
    pub fn new(seed: u64, server: Option<PathBuf>, threads: usize) -> Result<Self, String> {
        let program = match server {
            Some(program) => program,
            None => beside_us()?,
        };
        if !program.is_file() {
            let say = "there is no server's program at";
            return Err(format!(
                "{say} {}: `cargo build -p cli -p proof` makes it",
                program.display()
            ));
        }
        let scratch = tempfile::Builder::new()
            .prefix("tidings-proof-")
            .tempdir()
            .map_err(|error| format!("a directory to work in cannot be made: {error}"))?;
        let ground = Ground {
            program,
            scratch: scratch.path().to_owned(),
            seed,
            mutant: None,
            tell,
        };
        Ok(Self {
            ground,
            threads,
            stages: Vec::new(),
            mutants: Vec::new(),
            not_run: Vec::new(),
            broke: Vec::new(),
            scratch: Some(scratch),
        })
    }

    /// Keeps everything that was made, for a look at it; answers where.
    pub fn keep(&mut self) -> PathBuf {
        self.scratch
            .take()
            .map_or_else(|| self.ground.scratch.clone(), TempDir::keep)
    }
}

fn beside_us() -> Result<PathBuf, String> {
    let us = std::env::current_exe().map_err(|error| format!("where this program lies cannot be told: {error}"))?;
    Ok(us.with_file_name("tidings"))
}

/// Tells how it goes.
#[expect(clippy::print_stdout, reason = "this is what the person at the terminal is told")]
pub fn tell(line: &str) {
    println!("{line}");
}
