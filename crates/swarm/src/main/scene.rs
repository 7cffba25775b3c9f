//! How a run is set up: its seed, its plan, its directory, its server; and how it is judged.

use crate::arguments::Arguments;
use crate::tell;
use client::address::Address;
use rand::TryRng;
use rand::rngs::SysRng;
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use swarm::history::{self, Record};
use swarm::plan::Plan;
use swarm::report;
use swarm::run::{Run, Server, demands};
use swarm::served::{Served, ServedOptions};
use swarm::verdict::{Verdict, judge};
use tempfile::TempDir;

/// How often clients say that they are alive, in milliseconds: what a lost hint costs, and a run is short.
const BEAT_MS: u64 = 1_000;

/// Plays the whole: answers whether nothing was wrong.
pub async fn play(arguments: &Arguments) -> Result<bool, String> {
    let plan = Arc::new(plan(arguments)?);
    let out = out(arguments, plan.seed)?;
    tell::begins(&plan, &out);
    let saved = serde_json::to_string_pretty(&*plan).map_err(|error| error.to_string())?;
    keep(&out.join("plan.json"), |path| std::fs::write(path, saved))?;
    let data = TempDir::with_prefix("swarm-data-").map_err(|error| format!("no directory for a server: {error}"))?;
    let run = Run {
        plan: Arc::clone(&plan),
        name: format!("swarm --kill {}", arguments.kill),
        kills: arguments.kill,
        mutant: arguments.mutant.clone(),
    };
    let server = server(arguments, data.path(), &out).await?;
    let for_ms = plan.shape.for_ms;
    let mut line = tell::Line::new();
    let told = |at: Duration, progress, kills| line.show(at, for_ms, progress, kills);
    let ran = tokio::select! {
        ran = run.carry_out(server, told, interrupted()) => ran.map_err(|says| at_whose(arguments, says))?,
        () = async { interrupted().await; interrupted().await } => return Err("interrupted".to_owned()),
    };
    line.end();
    let verdict = judge(&ran.history, &demands(&plan.shape));
    kept(&out, &ran.history, &verdict)?;
    tell::verdict(arguments.json, &verdict, &ran, &out);
    Ok(verdict.violations.is_empty() && ran.odd.is_empty())
}

/// Says where to look, when somebody's server does not do as ours do.
fn at_whose(arguments: &Arguments, says: String) -> String {
    match &arguments.url {
        Some(url) => format!("{says}; is {url} a Tidings server with `--sign-up open --no-rates`?"),
        None => says,
    }
}

/// Ctrl-C.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Nobody can interrupt, then.
        std::future::pending::<()>().await;
    }
}

fn plan(arguments: &Arguments) -> Result<Plan, String> {
    if let Some(path) = &arguments.plan {
        let file = keep(path, |path| File::open(path))?;
        return serde_json::from_reader(BufReader::new(file))
            .map_err(|error| format!("{} is not a plan of this version: {error}", path.display()));
    }
    let seed = match arguments.seed {
        Some(seed) => seed,
        // Short enough to be typed again.
        None => u64::from(
            SysRng
                .try_next_u32()
                .map_err(|error| format!("no chance: {error}; give a --seed"))?,
        ),
    };
    Ok(Plan::draw(seed, arguments.shape()))
}

/// The directory for what is kept.
fn out(arguments: &Arguments, seed: u64) -> Result<PathBuf, String> {
    match &arguments.out {
        Some(out) => {
            keep(out, |path| std::fs::create_dir_all(path))?;
            Ok(out.clone())
        }
        None => TempDir::with_prefix(format!("swarm-{seed}-"))
            .map(TempDir::keep)
            .map_err(|error| format!("no directory for what is kept: {error}; name one with --out")),
    }
}

async fn server(arguments: &Arguments, data: &Path, out: &Path) -> Result<Server, String> {
    if let Some(url) = &arguments.url {
        let address = Address::parse(url).map_err(|error| format!("--url {url}: {error}"))?;
        return Ok(Server::Other(address));
    }
    let program = match &arguments.server {
        Some(program) => program.clone(),
        None => beside_this()?,
    };
    let mut options = ServedOptions {
        arguments: vec!["--beat-ms".to_owned(), BEAT_MS.to_string()],
        log: out.join("server.log"),
        ..ServedOptions::default()
    };
    if let Some(hints) = &arguments.hints {
        options.arguments.extend(["--drill-hints".to_owned(), hints.clone()]);
    }
    if let Some(mutant) = &arguments.mutant {
        options.env.push(("TIDINGS_MUTANT".to_owned(), mutant.clone()));
    }
    let served = Served::start(&program, &data.join("data"), &options).await;
    served
        .map(|served| Server::Own(Box::new(served)))
        .map_err(|error| error.to_string())
}

/// The server's program, where it is built and installed: beside this one.
fn beside_this() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let program = this.with_file_name("tidings");
    match program.exists() {
        true => Ok(program),
        false => Err(format!(
            "there is no {}: build it with `cargo build -p cli`, or name a program with --server, or a server that \
             runs with --url",
            program.display()
        )),
    }
}

fn kept(out: &Path, history: &[Record], verdict: &Verdict) -> Result<(), String> {
    let write = |path: &Path| history::write(history, BufWriter::new(File::create(path)?));
    keep(&out.join("history.jsonl"), write)?;
    keep(&out.join("report.html"), |path| {
        std::fs::write(path, report::page(verdict, history))
    })
}

/// Does something with a file; what goes wrong is told with its name.
fn keep<T>(path: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> Result<T, String> {
    work(path).map_err(|error| format!("{}: {error}", path.display()))
}
