//! The settings of `tidings serve`: by a flag, a variable or a file, out of one table. And `tidings config`, which
//! prints what holds.

pub mod flags;
mod file;
mod given;
mod kind;
mod paper;
mod settings;
mod strangers;
mod typed;

pub use flags::Flags;
pub use strangers::strangers;
pub use typed::{LogFormat, Settings, TlsFiles};

use crate::Wrong;
use clap::Args;
use given::Effective;
use std::io::{self, Write};

/// The arguments of `tidings config`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings config                                What `tidings serve` would do, and why.
  tidings config --listen 0.0.0.0:8080 > data/tidings.toml
                                                The same from now on, by a file.

It takes the flags of `tidings serve`, reads the same variables and the same file, and fails on
what `tidings serve` would fail on. A flag wins over its variable, that over the file.")]
pub struct Config {
    #[command(flatten)]
    flags: Flags,
}

/// Prints what holds, as a file.
pub fn run(arguments: &Config) -> Result<(), Wrong> {
    let effective = effective(&arguments.flags)?;
    Settings::of(&effective)?;
    let mut out = io::stdout();
    for stranger in strangers() {
        writeln!(out, "# NOT READ: {stranger}")?;
    }
    Ok(out.write_all(paper::as_file(&effective).as_bytes())?)
}

/// The settings that hold, given these flags.
///
/// # Errors
/// What is wrong, where it stands, and what was expected.
pub fn load(flags: &Flags) -> Result<Settings, Wrong> {
    Settings::of(&effective(flags)?)
}

fn effective(flags: &Flags) -> Result<Effective, Wrong> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    given::effective(&flags.0, &variable)
}
