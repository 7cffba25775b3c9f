//! `tidings verify`: is a backup, or a data directory, whole and true to what the server promises?

use crate::Wrong;
use crate::clock::Local;
use crate::meter::{Meter, size};
use clap::Args;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use store::backup::Progress;
use store::sqlite::{self, Counts, Verified};

/// The arguments of `tidings verify`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings verify /backup/tidings.bak   Is this backup whole? 0 when it is, 1 when not.
  tidings verify /var/lib/tidings      The same for a data directory whose server is stopped.

Nothing is changed. It reads everything once or twice, so a large one takes its time.")]
pub struct Verify {
    /// A backup, or a data directory without a server.
    #[arg(value_name = "FILE_OR_DIRECTORY")]
    path: PathBuf,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// Looks, prints what was found, and fails if anything is wrong.
pub fn run(arguments: &Verify) -> Result<(), Wrong> {
    let mut meter = Meter::new("Looking");
    meter.show(0, 0);
    let looked = sqlite::verify(&arguments.path, &Progress::default());
    drop(meter);
    let verified = looked?;
    let text = if arguments.json {
        as_json(&verified)
    } else {
        as_text(&verified)
    };
    io::stdout().write_all(text.as_bytes())?;
    if verified.is_good() {
        Ok(())
    } else {
        let (path, faults) = (verified.path.display(), verified.faults_all);
        Err(format!("{path} is damaged ({faults} faults); keep it, and use another backup").into())
    }
}

fn as_json(verified: &Verified) -> String {
    let json = serde_json::json!({
        "path": verified.path, "good": verified.is_good(), "bytes": verified.bytes, "schema": verified.schema,
        "taken_ms": verified.taken_ms, "sealed": verified.sealed, "counts": counted(&verified.counts),
        "faults": verified.faults, "faults_all": verified.faults_all, "remarks": verified.remarks,
    });
    format!("{json}\n")
}

fn as_text(verified: &Verified) -> String {
    let mut text = String::new();
    let (path, size, schema) = (verified.path.display(), size(verified.bytes), verified.schema);
    let _ = writeln!(text, "{path}: {size}, schema {schema}");
    if let Some(taken_ms) = verified.taken_ms {
        let seal = if verified.sealed { ", as it was sealed" } else { "" };
        let _ = writeln!(text, "a backup of {}{seal}", Local::at(taken_ms).minute());
    }
    let _ = writeln!(text, "{}", told(&verified.counts));
    for remark in &verified.remarks {
        let _ = writeln!(text, "note: {remark}");
    }
    for fault in &verified.faults {
        let _ = writeln!(text, "WRONG: {}", crate::safe::line(fault));
    }
    let more = verified.faults_all - verified.faults.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "WRONG: and {more} more");
    }
    if verified.is_good() {
        text.push_str("It is whole.\n");
    }
    text
}

/// How much there is, in words.
pub fn told(counts: &Counts) -> String {
    format!(
        "{} people, {} devices, {} conversations, {} entries ({} messages)",
        counts.people, counts.devices, counts.conversations, counts.entries, counts.messages
    )
}

/// The same as JSON.
pub fn counted(counts: &Counts) -> serde_json::Value {
    serde_json::json!({
        "people": counts.people, "devices": counts.devices, "conversations": counts.conversations,
        "entries": counts.entries, "messages": counts.messages, "inbox_rows": counts.inbox_rows,
    })
}
