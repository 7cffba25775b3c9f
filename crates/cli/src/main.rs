//! `tidings`, the one binary: the server, the terminal client, and the admin's tools. Here is the index of what it can do;
//! each subcommand is a file of its name.

mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time chat that never loses a message.
#[derive(Parser)]
#[command(name = "tidings", version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve people over HTTP and WebSocket.
    Serve(serve::Serve),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            say_wrong(&wrong);
            ExitCode::FAILURE
        }
    }
}

/// What went wrong, for the person at the terminal: what, with what, and what to do.
#[expect(clippy::print_stderr, reason = "a program's last words belong on its standard error")]
fn say_wrong(wrong: &Wrong) {
    eprintln!("tidings: {wrong}");
}

/// What a subcommand failed with, as one sentence or a few.
type Wrong = Box<dyn std::error::Error>;
