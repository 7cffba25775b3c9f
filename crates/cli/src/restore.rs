//! `tidings restore`: brings a backup back, whole or not at all.

use crate::clock::{Local, now_ms};
use crate::meter::Meter;
use crate::{Wrong, offline, program};
use clap::Args;
use rustix::process::{Signal, getpid, kill_process};
use std::io::{self, Write};
use std::path::PathBuf;
use store::backup::Progress;
use store::sqlite::{self, OpenError, RestoreError, Restored};

/// Kills this process before the step of the restore with this number (1 is the first): for tests of what is left then.
const DIES_BEFORE: &str = "TIDINGS_RESTORE_DIES_BEFORE";

/// The arguments of `tidings restore`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings restore /backup/tidings.bak --data /var/lib/tidings
                        Into a new directory, or an empty one.
  tidings restore /backup/tidings.bak --data /var/lib/tidings --replace
                        In place of what is there, which is kept aside.

Stop the server first. Afterwards people's apps notice by themselves that this is another history:
they drop what they kept, ask for everything, and send again what they had sent in the last ten
minutes. Invites are void. Whoever signed a device out or changed a password after the backup was
taken must do it again; --sign-out-all does it for everybody.")]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The data directory to restore into; made if it is not there.
    #[arg(long, env = "TIDINGS_DATA", default_value = "./data", value_name = "DIRECTORY")]
    data: PathBuf,
    /// Take the place of what is there; it is kept in a directory of its own in the data directory.
    #[arg(long)]
    replace: bool,
    /// Sign all devices out: everybody signs in again with the password they had.
    #[arg(long)]
    sign_out_all: bool,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Restores, and says what to do next.
pub fn run(arguments: &Restore) -> Result<(), Wrong> {
    let ask = sqlite::Restore {
        file: arguments.file.clone(),
        dir: arguments.data.clone(),
        aside: arguments
            .replace
            .then(|| format!("before-restore-{}", Local::at(now_ms()).stamp())),
        sign_out_all: arguments.sign_out_all,
    };
    let dies_before: Option<usize> = std::env::var(DIES_BEFORE).ok().and_then(|step| step.parse().ok());
    let mut meter = Meter::new("Restoring");
    meter.show(0, 0);
    let mut steps = 0;
    let restored = sqlite::restore(&ask, &offline::options()?, &Progress::default(), |_| {
        steps += 1;
        if dies_before == Some(steps) {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        true
    });
    drop(meter);
    let restored = restored.map_err(|error| match error {
        RestoreError::Open(OpenError::Locked(data)) => {
            format!("a server runs on {}; stop it first, then restore", data.display())
        }
        error => error.to_string(),
    })?;
    let text = if arguments.json {
        as_json(&restored)
    } else {
        as_text(arguments, &restored)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn as_json(restored: &Restored) -> String {
    let json = serde_json::json!({
        "epoch": restored.epoch, "aside": restored.aside, "taken_ms": restored.verified.taken_ms,
        "counts": crate::verify::counted(&restored.verified.counts),
    });
    format!("{json}\n")
}

fn as_text(arguments: &Restore, restored: &Restored) -> String {
    let data = arguments.data.display();
    let moment = restored
        .verified
        .taken_ms
        .map_or("an unknown moment".to_owned(), |ms| Local::at(ms).minute());
    let counts = crate::verify::told(&restored.verified.counts);
    let mut text = format!("{data} is as of {moment}: {counts}.\n");
    if let Some(aside) = &restored.aside {
        text.push_str(&format!(
            "What was there before lies in {}; remove it when all is well.\n",
            aside.display()
        ));
    }
    let devices = if arguments.sign_out_all {
        "Everybody signs in anew, with the password they had then."
    } else {
        "Devices stay signed in; one that was signed out after the backup is in again (`tidings admin devices`)."
    };
    text.push_str(devices);
    text.push_str(&format!(
        "\nInvites are void. People's apps notice the new history by themselves and fetch it.\n\
         Start the server: {} serve --data {data}\n",
        program()
    ));
    text
}
