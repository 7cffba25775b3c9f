//! `tidings doctor`: looks at everything a server needs, and says what to do about what is not as it should be.

mod certificate;
mod database;
mod directory;
mod finding;
mod machine;
mod pinned;
mod port;
mod settings;

use crate::Wrong;
use crate::config::Flags;
pub use certificate::needs_ca;
use clap::Args;
use finding::State;
use server::clock::{Clock, SystemClock};
use std::io::{self, Write};

/// The arguments of `tidings doctor`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings doctor                           For `tidings serve` as it would start here.
  tidings doctor --data /var/lib/tidings   For a server whose data lie there.
  tidings doctor --json                    For a script; ends with 1 if something is wrong.

Run it under the server's account, with the flags and variables of the server; while the server runs
and while it does not. Nothing is changed.")]
pub struct Doctor {
    #[command(flatten)]
    flags: Flags,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// Looks, prints, and fails if anything is wrong.
pub fn run(arguments: &Doctor) -> Result<(), Wrong> {
    let (settings, mut findings) = settings::look(&arguments.flags);
    if let Some(settings) = settings {
        let (clock, wall_ms) = (SystemClock::start(), crate::clock::now_ms());
        let server = database::server(&settings.data);
        findings.extend(directory::look(&settings));
        findings.extend(database::look(&settings, &server));
        findings.extend(certificate::look(&settings));
        findings.extend(port::look(&settings, &server));
        findings.push(machine::descriptors(settings.sessions_max));
        // Last: the time that all of this took is how long the two clocks are compared.
        let passed_ms = crate::clock::now_ms().abs_diff(wall_ms);
        findings.push(machine::clock(&settings.data, wall_ms, clock.now_ms(), passed_ms));
    }
    let text = if arguments.json {
        finding::as_json(&findings)
    } else {
        finding::as_text(&findings)
    };
    io::stdout().write_all(text.as_bytes())?;
    match findings.iter().filter(|one| one.state == State::Wrong).count() {
        0 => Ok(()),
        1 => Err("one thing is wrong".into()),
        wrong => Err(format!("{wrong} things are wrong").into()),
    }
}
