//! `prove`: the whole proof, or a part of it, and the report.

mod prove;

use clap::{Parser, Subcommand};
use prove::{Proving, disasters, mutants, report, simulation};
use std::path::PathBuf;
use std::process::ExitCode;

/// Breaks Tidings in every way there is, and shows what came of it.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  prove full                          Everything; writes docs/proof/README.md. Hours.
  prove cut                           A few minutes of everything, as a part of `make test`.
  prove mutants                       Plants each known fault and shows that the checker catches it.
  prove mutants ack-before-commit     One of them.
  prove simulation --seeds 1000       Simulated runs only; --first 4711 --seeds 1 runs one seed again.
  prove disaster kill \"power cut\"     Some disasters, in the size of the cut; --full for the large one.

Disasters need the server's program beside this one: `cargo build -p cli -p proof`. Power cuts and full disks need
root and loop devices, and PROVE=1 or CI=true to say that mounts may be made. What could not run is named at the end.")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// What all chance of the disasters comes from.
    #[arg(long, global = true, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// The server's program; else `tidings` beside this one.
    #[arg(long, global = true, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Simulated runs at once.
    #[arg(long, global = true, default_value_t = 2, value_name = "COUNT")]
    threads: usize,
}

#[derive(Subcommand)]
enum What {
    /// Everything, and the report.
    Full {
        /// Simulated runs.
        #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
        seeds: u64,
        /// Seeds to try for each planted fault.
        #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
        mutant_seeds: u64,
        /// Where the report goes.
        #[arg(long, default_value = "docs/proof/README.md", value_name = "FILE")]
        report: PathBuf,
    },
    /// Disasters in their small size.
    Cut,
    /// Planted faults.
    Mutants {
        /// Their names; none: all.
        names: Vec<String>,
        /// Seeds to try for each.
        #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
        seeds: u64,
    },
    /// Simulated runs.
    Simulation {
        /// How many.
        #[arg(long, default_value_t = 300, value_name = "COUNT")]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        first: u64,
    },
    /// Some disasters.
    Disaster {
        /// Their names; none: all.
        names: Vec<String>,
        /// In their large size.
        #[arg(long)]
        full: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match prove(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            prove::tell(&format!("prove: {why}"));
            ExitCode::from(2)
        }
    }
}

/// Whether nothing was found.
fn prove(arguments: Arguments) -> Result<bool, String> {
    let Arguments {
        what,
        seed,
        server,
        threads,
    } = arguments;
    let mut proving = Proving::new(seed, server, threads)?;
    match what {
        What::Full {
            seeds,
            mutant_seeds,
            report: path,
        } => {
            disasters::run(&mut proving, &[], proof::disaster::Size::Full)?;
            mutants::run(&mut proving, &[], mutant_seeds)?;
            simulation::run(&mut proving, 0..seeds);
            report::write(&proving, &path)?;
        }
        What::Cut => disasters::run(&mut proving, &[], proof::disaster::Size::Cut)?,
        What::Mutants { names, seeds } => mutants::run(&mut proving, &names, seeds)?,
        What::Simulation { seeds, first } => simulation::run(&mut proving, first..first + seeds),
        What::Disaster { names, full } => {
            let size = if full {
                proof::disaster::Size::Full
            } else {
                proof::disaster::Size::Cut
            };
            disasters::run(&mut proving, &names, size)?;
        }
    }
    Ok(report::last_word(&proving))
}
