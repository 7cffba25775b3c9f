//! `tidings`, the one binary: the server, the terminal client, and the admin's tools. Here is the index of what it can
//! do; each subcommand is a file of its name, and below them stands what several of them want.

mod serve;
mod config;
mod chat;
mod send;
mod tail;
mod account;
mod admin;
mod demo;
mod backup;
mod verify;
mod restore;
mod doctor;
mod offline;
mod meter;
mod connect;
mod words;
mod people;
mod profile;
mod password;
mod safe;
mod clock;

use clap::{Parser, Subcommand};
use profile::Profile;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time chat that never loses a message.
#[derive(Parser)]
#[command(name = "tidings", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Who you are on this machine: each profile has its own account, messages and outbox.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_PROFILE",
        default_value = "default",
        value_name = "NAME"
    )]
    profile: String,
    /// For a server whose certificate this system does not trust: the file of that certificate, or of the one that
    /// signed it (PEM). No other is trusted then. The profile remembers it.
    #[arg(long, global = true, env = "TIDINGS_CA", value_name = "FILE")]
    ca: Option<std::path::PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  tidings serve                        Start a server here; it says how the first one signs up.
  tidings chat                         Talk. /help there tells the rest.
  tidings --profile bob chat           Be a second person on the same machine.
  echo done | tidings send @bob -      Speak from a script; 0 when the server has it safely.
  tidings config                       What `serve` would do, and which flag, variable or file says so.
  tidings tail --json                  Read in a script: one JSON line for all that is said.
  tidings admin invite                 Let somebody in, on the server's machine.
  tidings backup --to FILE             Copy everything while the server works.
  tidings demo                         Fill a server that runs with people who talk, to see it live.
  tidings doctor                       What is wrong here, and what to do about it.

What is kept for you lies in $TIDINGS_HOME, else in $XDG_STATE_HOME/tidings, else in
~/.local/state/tidings.";

#[derive(Subcommand)]
enum Command {
    /// Serve people over HTTP and WebSocket.
    Serve(serve::Serve),
    /// Print what `serve` would do with these flags, variables and file, as a file.
    Config(config::Config),
    /// Talk with people, line by line.
    Chat(chat::Chat),
    /// Say one thing and wait until the server has it safely.
    Send(send::Send),
    /// Print what is said, as it is said.
    Tail(tail::Tail),
    /// Make an account and sign this profile in.
    SignUp(account::SignUpHere),
    /// Sign this profile in to an account that exists.
    SignIn(account::SignInHere),
    /// Sign this profile out.
    SignOut(account::SignOutHere),
    /// List the devices that are signed in to your account, or sign some out.
    Devices(account::DevicesHere),
    /// Look after a server, from its own machine.
    Admin(admin::Admin),
    /// Fill a server that runs with a team, a family and their history, and let them talk on.
    Demo(demo::Demo),
    /// Copy everything into one file, while the server works or without one.
    Backup(backup::Backup),
    /// Look whether a backup, or a data directory, is whole.
    Verify(verify::Verify),
    /// Bring a backup back.
    Restore(restore::Restore),
    /// Look at everything a server needs, and say what to do.
    Doctor(doctor::Doctor),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let profile = || Profile::named(&arguments.profile, arguments.ca.as_deref());
    let outcome = match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Chat(arguments) => profile().and_then(|profile| chat::run(arguments, &profile)),
        Command::Send(arguments) => profile().and_then(|profile| send::run(arguments, &profile)),
        Command::Tail(arguments) => profile().and_then(|profile| tail::run(&arguments, &profile)),
        Command::SignUp(arguments) => profile().and_then(|profile| account::sign_up(&arguments, &profile)),
        Command::SignIn(arguments) => profile().and_then(|profile| account::sign_in(&arguments, &profile)),
        Command::SignOut(arguments) => profile().and_then(|profile| account::sign_out(&arguments, &profile)),
        Command::Devices(arguments) => profile().and_then(|profile| account::devices(&arguments, &profile)),
        Command::Admin(arguments) => admin::run(arguments),
        Command::Demo(arguments) => profile().and_then(|profile| demo::run(&arguments, &profile)),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
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

/// How this program was started, so that a command it names can be typed as it stands.
fn program() -> String {
    let name = std::env::args_os()
        .next()
        .map(|name| name.to_string_lossy().into_owned());
    let plain = |name: &String| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+'))
    };
    match name {
        Some(name) if plain(&name) && !name.is_empty() => name,
        Some(name) => format!("'{}'", safe::line(&name).replace('\'', "'\\''")),
        None => "tidings".to_owned(),
    }
}

/// Everything but the server: one thread is enough for one person.
fn block_on<T>(work: impl Future<Output = Result<T, Wrong>>) -> Result<T, Wrong> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
