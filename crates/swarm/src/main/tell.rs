//! What is said, and where: how it goes on standard error, what came out on standard output.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use swarm::crowd::Progress;
use swarm::plan::Plan;
use swarm::report;
use swarm::run::Ran;
use swarm::verdict::Verdict;

/// It could not begin, or could not go on.
const CANNOT: u8 = 2;
/// Violations told as text; the page draws more.
const VIOLATIONS_TOLD_MAX: usize = 5;
/// How often a line of progress is written where it cannot be written over.
const LINE_PAUSE: Duration = Duration::from_secs(5);
/// Back to the first column, and away with what stands there.
const OVER: &str = "\r\x1b[K";

/// What kept it from going on, and that it did.
#[expect(clippy::print_stderr, reason = "a program's last words belong on its standard error")]
pub fn wrong(says: &str) -> ExitCode {
    eprintln!("swarm: {says}");
    ExitCode::from(CANNOT)
}

/// What is going to happen.
#[expect(
    clippy::print_stderr,
    reason = "whoever started it wants the seed, also if it never ends"
)]
pub fn begins(plan: &Plan, out: &Path) {
    let shape = &plan.shape;
    eprintln!(
        "seed {}: {} people with {} devices each, for {}; kept in {}",
        plan.seed,
        report::counted(u64::from(shape.people)),
        shape.devices_each,
        report::lasting(shape.for_ms as f64),
        out.display()
    );
}

/// The line that is written over while a run goes on.
pub struct Line {
    is_terminal: bool,
    next: Duration,
}

impl Line {
    /// None yet.
    pub fn new() -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            next: Duration::ZERO,
        }
    }

    /// How it goes.
    #[expect(clippy::print_stderr, reason = "progress belongs on standard error")]
    pub fn show(&mut self, at: Duration, for_ms: u64, progress: Progress, kills: u32) {
        let now = report::Progress {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            for_ms,
            sent: progress.sent,
            acked: progress.acked,
            shown: progress.shown,
            faults: match kills {
                0 => BTreeMap::new(),
                kills => BTreeMap::from([("kill".to_owned(), u64::from(kills))]),
            },
        };
        if self.is_terminal {
            eprint!("{OVER}{}", report::progress(&now));
        } else if at >= self.next {
            self.next = at + LINE_PAUSE;
            eprintln!("{}", report::progress(&now));
        }
    }

    /// It is over: what is written next begins a line.
    #[expect(clippy::print_stderr, reason = "progress belongs on standard error")]
    pub fn end(&self) {
        if self.is_terminal {
            eprint!("{OVER}");
        }
    }
}

/// What came out. The last line is JSON, for scripts; if they ask for it, it is the only one.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
pub fn verdict(json_only: bool, verdict: &Verdict, ran: &Ran, out: &Path) {
    if !json_only {
        for violation in verdict.violations.iter().take(VIOLATIONS_TOLD_MAX) {
            println!("{}\n", report::text(violation, &ran.history));
        }
        for odd in ran.odd.iter().take(VIOLATIONS_TOLD_MAX) {
            println!("At the end: {odd}");
        }
        println!("{}", report::table(&verdict.summary));
        println!("\nThe page of it: {}\n", out.join("report.html").display());
    }
    println!("{}", report::line(&verdict.summary));
}
