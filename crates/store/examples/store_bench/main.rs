//! How fast the store is, alone: durable messages a second and CPU each, with what follows a message, small and full.
//!
//! `cargo run --release -p store --example store_bench -- --dir DIR [--rows N] [--seconds S] [--only WORDS]` prints the
//! tables of docs/bench/store.md. Rates are of this machine in this minute; CPU and bytes a message, and ratios to what
//! the disk did in the same run, travel better. Nothing here is asserted.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

mod load;
mod machine;

use load::{After, Load, options};
use machine::{Took, cpu_seconds, syncs};
use protocol::client_frame::Place;
use protocol::{Seq, limits};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::sqlite::{self, FILE};
use store::{AskPage, Store};

/// What to measure, and where.
struct Ask {
    /// An empty directory; what is made in it stays there.
    dir: PathBuf,
    /// Rows to fill the store with for the second half; 0: no second half.
    rows: u64,
    /// How long each measurement runs.
    seconds: u64,
    /// Only measurements of messages whose name holds these words, and nothing else.
    only: Option<String>,
}

/// Inbox rows of a conversation at most once a second, as in the server.
const INBOXES: After = After {
    inboxes_every: Some(Duration::from_secs(1)),
    receipts: false,
};
const RECEIPTS: After = After {
    receipts: true,
    ..INBOXES
};
const NOTHING: After = After {
    inboxes_every: None,
    receipts: false,
};

fn main() {
    let ask = arguments();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let load = Load::start(&ask.dir).await;
        let mut limit = Limit::default();
        if ask.only.is_none() {
            generator(&load);
            limit = Limit::measure(&ask);
        }
        println!(
            "\n| what | in flight | messages/s | CPU µs/message | inbox rows/message | p50 ms | p99 ms | worst ms |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |"
        );
        // The rows of the setup belong to no message.
        load.take_rows();
        let alone = measure(&ask, &load, "append", 1, NOTHING).await;
        for in_flight in [64, 256] {
            measure(&ask, &load, "append", in_flight, NOTHING).await;
        }
        for in_flight in [64, 256] {
            measure(&ask, &load, "append, inbox rows", in_flight, INBOXES).await;
        }
        measure(&ask, &load, "append, inbox rows, receipts", 256, RECEIPTS).await;
        if ask.rows > 0 && ask.only.is_none() {
            fill(&load, ask.rows).await;
            measure(&ask, &load, "full: append", 64, NOTHING).await;
            measure(&ask, &load, "full: append", 256, NOTHING).await;
            measure(&ask, &load, "full: append, inbox rows, receipts", 256, RECEIPTS).await;
        }
        if ask.only.is_none() {
            limit.compare(alone);
            rest(&ask, load).await;
        }
    });
}

fn arguments() -> Ask {
    let mut arguments = std::env::args().skip(1);
    let mut dir = None;
    let (mut rows, mut seconds, mut only) = (0, 8, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next().expect("each option has a value");
        match name.as_str() {
            "--dir" => dir = Some(PathBuf::from(value)),
            "--rows" => rows = value.parse().expect("a number of rows"),
            "--seconds" => seconds = value.parse().expect("a number of seconds"),
            "--only" => only = Some(value),
            other => panic!("unknown option {other}: --dir DIR [--rows N] [--seconds S] [--only WORDS]"),
        }
    }
    Ask {
        dir: dir.expect("--dir DIR names an empty directory"),
        rows,
        seconds,
        only,
    }
}

/// What the disk does alone.
#[derive(Default)]
struct Limit {
    over: f64,
    appending: f64,
}

impl Limit {
    fn measure(ask: &Ask) -> Self {
        let (mut over, mut appending) = (syncs(&ask.dir, false), syncs(&ask.dir, true));
        Self {
            over: over.ms(0.5),
            appending: appending.ms(0.5),
        }
    }

    fn compare(&self, alone_ms: f64) {
        println!("\n| limit in the same run | p50 ms | one durable message, p50, in these |");
        println!("| --- | --- | --- |");
        for (what, ms) in [
            ("fdatasync of 4 KiB over an old file", self.over),
            ("fdatasync of 4 KiB at a file's end", self.appending),
        ] {
            println!("| {what} | {ms:.2} | {:.2} |", alone_ms / ms);
        }
    }
}

/// The CPU in every figure that is not the store's.
fn generator(load: &Load) {
    let (before, count) = (cpu_seconds(), 200_000);
    for _ in 0..count {
        std::hint::black_box(load.message());
    }
    println!(
        "Generator alone: {:.1} µs a message.",
        (cpu_seconds() - before) * 1e6 / f64::from(count)
    );
}

/// Runs one row of the table; answers its p50 in ms.
async fn measure(ask: &Ask, load: &Load, what: &str, in_flight: usize, after: After) -> f64 {
    if ask.only.as_ref().is_some_and(|only| what != only) {
        return 0.0;
    }
    let (started, cpu) = (Instant::now(), cpu_seconds());
    load.end(false);
    let write = async {
        let (mut took, mut messages) = (Took::default(), 0);
        while started.elapsed() < Duration::from_secs(ask.seconds) {
            let before = Instant::now();
            load.append(in_flight, after).await;
            took.0.push(before.elapsed());
            messages += in_flight;
        }
        load.end(true);
        (took, messages, started.elapsed().as_secs_f64())
    };
    let ((mut took, messages, seconds), (), ()) = tokio::join!(write, load.follow(after), load.receive(after));
    let cpu = cpu_seconds() - cpu;
    println!(
        "| {what} | {in_flight} | {:.0} | {:.1} | {:.2} | {:.2} | {:.2} | {:.1} |",
        messages as f64 / seconds,
        cpu * 1e6 / messages as f64,
        load.take_rows() as f64 / messages as f64,
        took.ms(0.5),
        took.ms(0.99),
        took.ms(1.0),
    );
    took.ms(0.5)
}

async fn fill(load: &Load, rows: u64) {
    let mut have = load.store.stats().await.expect("stats").entries;
    while have < rows {
        for _ in 0..200 {
            load.append(1_024, NOTHING).await;
        }
        have += 200 * 1_024;
        // Who watches a long fill wants to see it move; standard error is not part of the table.
        #[expect(clippy::print_stderr, reason = "progress")]
        {
            eprintln!("{have} of {rows} rows");
        }
    }
}

/// Reading and opening, at the size it has now, and the size of an open that finds next to nothing.
async fn rest(ask: &Ask, load: Load) {
    println!("\n| reading and opening | p50 ms | p95 ms | worst ms |\n| --- | --- | --- | --- |");
    pages(&load).await;
    let entries = load.store.stats().await.expect("stats").entries;
    let (person, conv) = (load.people[0], load.convs[0]);
    load.store.close();
    drop(load);
    let bytes = std::fs::metadata(ask.dir.join(FILE)).map_or(0, |file| file.len());
    let empty = ask.dir.join("empty");
    drop(Load::start(&empty).await);
    for (what, dir) in [
        (format!("{entries} entries"), &ask.dir),
        ("one entry a conversation".to_owned(), &empty),
    ] {
        let mut took = Took::default();
        for _ in 0..5 {
            let before = Instant::now();
            let store = sqlite::start(dir, options()).expect("opens again");
            store.heads(person, vec![conv]).await.expect("answers");
            took.0.push(before.elapsed());
            store.close();
        }
        println!(
            "| open until the first answer, {what} | {:.1} | {:.1} | {:.1} |",
            took.ms(0.5),
            took.ms(0.95),
            took.ms(1.0)
        );
    }
    println!(
        "\n{entries} entries in {bytes} bytes: {} bytes a message, everything included.",
        bytes / entries.max(1)
    );
}

async fn pages(load: &Load) {
    let mut took = Took::default();
    for _ in 0..5_000 {
        let (index, head) = load.any();
        let ask = AskPage {
            reader: load.people[index * 2],
            conv: load.convs[index],
            place: Place::Before(Seq(head.0 + 1)),
            limit: 50.min(limits::PAGE_ENTRIES_MAX),
        };
        let before = Instant::now();
        load.store.page(ask).await.expect("a page");
        took.0.push(before.elapsed());
    }
    println!(
        "| last 50 of any conversation, 5,000 times | {:.3} | {:.3} | {:.1} |",
        took.ms(0.5),
        took.ms(0.95),
        took.ms(1.0)
    );
}
