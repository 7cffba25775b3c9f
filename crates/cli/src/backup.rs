//! `tidings backup`: a copy of everything in one file, while the server works or without one.

use crate::clock::{Local, now_ms};
use crate::meter::{Meter, size};
use crate::verify::counted;
use crate::{Wrong, block_on, offline, safe};
use clap::Args;
use server::admin::{Answer, Request, ask_through};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::backup::{BackUp, BackedUp, Progress};
use store::sqlite::{self, DirectoryError, OpenError};

/// The arguments of `tidings backup`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings backup --to /backup/tidings.bak
                              Of the server here, which goes on meanwhile.
  tidings backup --data /var/lib/tidings --to \"/backup/tidings-$(date +%F).bak\"
                              One for each day; no other file is ever written over.
  tidings verify FILE         Look at one again, on any machine.
  tidings restore FILE        Bring one back.

Run it on the server's machine under the server's account. With a server it is the server that writes
the file. It holds everybody's messages: keep it where nobody else reads.")]
pub struct Backup {
    /// The data directory of the server.
    #[arg(long, env = "TIDINGS_DATA", default_value = "./data", value_name = "DIRECTORY")]
    data: PathBuf,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    force: bool,
    /// Do not look at the file again when it is written.
    #[arg(long)]
    no_verify: bool,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Writes a backup and looks at it.
pub fn run(arguments: &Backup) -> Result<(), Wrong> {
    let ask = BackUp {
        // The server stands elsewhere.
        to: std::path::absolute(&arguments.to)?,
        overwrite: arguments.force,
        progress: Arc::default(),
    };
    let done = match through_the_server(&arguments.data, &ask)? {
        Some(done) => done,
        None => directly(&arguments.data, &ask)?,
    };
    let looked = if arguments.no_verify {
        None
    } else {
        let _meter = Meter::new("Looking at it again");
        let looked = sqlite::verify(&done.path, &Progress::default())?;
        if !looked.is_good() {
            let what = looked.faults.join("\n  ");
            let (path, data) = (done.path.display(), arguments.data.display());
            return Err(format!(
                "the backup {path} was written, but it holds damage, so the data in {data} must, too:\n  {what}"
            )
            .into());
        }
        Some(looked)
    };
    let text = if arguments.json {
        let counts = looked.as_ref().map(|looked| counted(&looked.counts));
        let json = serde_json::json!({
            "path": done.path, "bytes": done.bytes, "taken_ms": done.taken_ms, "verified": looked.is_some(),
            "counts": counts,
        });
        format!("{json}\n")
    } else {
        let found = looked.map_or(String::new(), |looked| {
            format!("; it is whole: {}", crate::verify::told(&looked.counts))
        });
        let (path, size, at) = (done.path.display(), size(done.bytes), Local::at(done.taken_ms).minute());
        format!("{path}: {size}, as of {at}{found}.\n")
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Lets the running server write it. `None`: none runs.
fn through_the_server(data: &Path, ask: &BackUp) -> Result<Option<BackedUp>, Wrong> {
    let request = Request::BackUp {
        to: ask.to.clone(),
        overwrite: ask.overwrite,
    };
    let mut meter = Meter::new("Backing up");
    let answer = block_on(async {
        let answer = ask_through(data, &request, |done, total| meter.show(done, total)).await;
        Ok::<_, Wrong>(answer)
    })?;
    drop(meter);
    match answer {
        Ok(Answer::BackedUp { path, bytes, taken_ms }) => Ok(Some(BackedUp { path, bytes, taken_ms })),
        Ok(Answer::Refused(refusal)) => Err(safe::line(&refusal.say).into()),
        Ok(_) => Err("the server answered something else; is it of another version?".into()),
        Err(error) if offline::is_nobody_there(&error) => Ok(None),
        Err(error) => Err(crate::admin::unanswered(data, &error)),
    }
}

/// Without a server: the directory is locked meanwhile, so that none starts.
fn directly(data: &Path, ask: &BackUp) -> Result<BackedUp, Wrong> {
    let clock: sqlite::Clock = Arc::new(now_ms);
    let working = {
        let (data, ask) = (data.to_owned(), ask.clone());
        std::thread::spawn(move || sqlite::back_up_directory(&data, &ask, &clock))
    };
    let mut meter = Meter::new("Backing up");
    while !working.is_finished() {
        let (done, total) = ask.progress.bytes();
        meter.show(done, total);
        // A short look at the clock of the terminal's line; nothing waits for it.
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    drop(meter);
    match working.join() {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(DirectoryError::Open(OpenError::Locked(_)))) => Err(offline::silent_server(data)),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err("the backup panicked; this is a fault of ours".into()),
    }
}
