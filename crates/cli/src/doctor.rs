//! `tidings doctor`: looks at everything a server needs, and says what to do about what is not as it should be.

mod database;
mod directory;
mod finding;
mod machine;
mod port;

use crate::Wrong;
use crate::config::{self, Flags};
use clap::Args;
use finding::{Finding, State};
use server::clock::{Clock, SystemClock};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

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

/// What is looked at: the settings of a server.
pub struct Setup {
    /// Its data directory.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// It speaks TLS itself.
    pub tls: bool,
    /// Connections at once.
    pub sessions_max: usize,
    /// What must be free on the disk, in bytes.
    pub disk_free_bytes_min: u64,
}

/// Looks, prints, and fails if anything is wrong.
pub fn run(arguments: &Doctor) -> Result<(), Wrong> {
    let (setup, mut findings) = settings(arguments);
    if let Some(setup) = setup {
        let (clock, wall_ms) = (SystemClock::start(), crate::clock::now_ms());
        let server = database::server(&setup.data);
        findings.extend(directory::look(&setup));
        findings.extend(database::look(&setup, &server));
        findings.extend(port::look(&setup, &server));
        findings.push(machine::descriptors(setup.sessions_max));
        // Last: the time that all of this took is how long the two clocks are compared.
        let passed_ms = crate::clock::now_ms().abs_diff(wall_ms);
        findings.extend(machine::clock(&setup.data, wall_ms, clock.now_ms(), passed_ms));
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

/// The settings of the server; `None` where they cannot be read, which is a finding.
fn settings(arguments: &Doctor) -> (Option<Setup>, Vec<Finding>) {
    match config::load(&arguments.flags) {
        Ok(settings) => {
            let setup = Setup {
                disk_free_bytes_min: settings.disk_free_bytes_min(),
                data: settings.data,
                listen: settings.listen,
                tls: settings.tls.is_some(),
                sessions_max: settings.sessions_max,
            };
            let found = "they can be used; `tidings config` prints them";
            (Some(setup), vec![Finding::ok("settings", found)])
        }
        Err(error) => {
            let advice = "mend that first; the rest was not looked at";
            (None, vec![Finding::wrong("settings", error.to_string(), advice)])
        }
    }
}
