//! How fast the store is, alone: durable messages a second and CPU each, over batch sizes, with what follows a message.
//!
//! `cargo run --release -p store --example store_bench -- --dir DIR [--rows N]` prints one line a measurement. Rates are of
//! this machine in this minute; CPU a message and bytes a message travel better. Nothing here is asserted.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use protocol::client_frame::Place;
use protocol::limits;
use protocol::server_frame::ConversationKind;
use protocol::{ConversationId, DeviceId, Kind, SendId, Seq, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::sqlite::{self, Options, Sqlite};
use store::{Append, AskPage, BUMP_ROWS_MAX, Create, CursorMove, InboxRecord, NewUser, Store};

/// Bytes of a message's text.
const TEXT_BYTES: usize = 128;
/// People, in pairs: half as many conversations.
const PEOPLE: usize = 10_000;
/// How long each measurement runs.
const MEASURE: Duration = Duration::from_secs(8);
/// Clock ticks a second in /proc (USER_HZ, a constant of Linux's ABI).
const TICKS_PER_SECOND: f64 = 100.0;

struct Bench {
    store: Sqlite,
    people: Vec<UserId>,
    convs: Vec<ConversationId>,
    heads: Vec<u64>,
    chance: StdRng,
    send_ids: u64,
}

/// What follows each message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Nothing,
    Inboxes,
    InboxesAndReceipts,
}

fn main() {
    let (dir, rows) = arguments();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut bench = Bench::start(dir.clone()).await;
        println!("| what | in flight | messages/s | CPU µs/message | p50 ms | p99 ms | worst ms |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for in_flight in [1, 64, 256] {
            bench.measure("append", in_flight, With::Nothing).await;
        }
        for in_flight in [64, 256] {
            bench.measure("append + two inbox rows", in_flight, With::Inboxes).await;
        }
        bench
            .measure(
                "append + inbox rows + delivered and read",
                256,
                With::InboxesAndReceipts,
            )
            .await;
        bench.pages("last 50").await;
        if rows > 0 {
            bench.fill(rows).await;
            bench
                .measure(&format!("append at {rows} rows"), 64, With::Nothing)
                .await;
            bench
                .measure(&format!("append at {rows} rows"), 256, With::Nothing)
                .await;
            bench.pages("last 50 when full").await;
        }
        bench.end(dir).await;
    });
}

fn arguments() -> (PathBuf, u64) {
    let mut arguments = std::env::args().skip(1);
    let (mut dir, mut rows) = (None, 0);
    while let Some(name) = arguments.next() {
        let value = arguments.next().expect("each option has a value");
        match name.as_str() {
            "--dir" => dir = Some(PathBuf::from(value)),
            "--rows" => rows = value.parse().expect("a number of rows"),
            other => panic!("unknown option {other}: --dir DIR [--rows N]"),
        }
    }
    (dir.expect("--dir DIR names an empty directory"), rows)
}

fn options() -> Options {
    let unix_ms = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis() as u64)
    };
    Options::new(Arc::new(unix_ms), [7; 32])
}

impl Bench {
    async fn start(dir: PathBuf) -> Self {
        let store = sqlite::start(&dir, options()).expect("an empty directory that can be written to");
        let mut chance = StdRng::seed_from_u64(1);
        let people: Vec<UserId> = (0..PEOPLE).map(|_| UserId::from_random(chance.random())).collect();
        let mut bench = Self {
            store,
            people,
            convs: Vec::new(),
            heads: Vec::new(),
            chance,
            send_ids: 0,
        };
        for slice in 0..PEOPLE / 200 {
            let people = &bench.people[slice * 200..(slice + 1) * 200];
            let new = |user: &UserId| NewUser {
                user: *user,
                handle: user.0.simple().to_string(),
                name: "Somebody".to_owned(),
                password_hash: String::new(),
                owner: false,
            };
            let created: Vec<_> = people.iter().map(|user| bench.store.create_user(new(user))).collect();
            for reply in created {
                reply.await.expect("a person");
            }
        }
        for pair in 0..PEOPLE / 2 {
            let (one, other) = (bench.people[pair * 2], bench.people[pair * 2 + 1]);
            bench.convs.push(ConversationId::direct(one, other));
        }
        bench.create_all().await;
        bench
    }

    async fn create_all(&mut self) {
        for slice in (0..self.convs.len()).collect::<Vec<_>>().chunks(200) {
            let replies: Vec<_> = slice
                .iter()
                .map(|&index| {
                    let members = vec![self.people[index * 2], self.people[index * 2 + 1]];
                    self.store.create(Create {
                        conv: self.convs[index],
                        kind: ConversationKind::Direct,
                        creator: members[0],
                        send_id: SendId::from_random([1; 16]),
                        title: None,
                        members,
                    })
                })
                .collect();
            for reply in replies {
                reply.await.expect("a conversation");
            }
        }
        self.heads = vec![1; self.convs.len()];
        for slice in 0..self.convs.len().div_ceil(100) {
            let convs: Vec<usize> = (slice * 100..((slice + 1) * 100).min(self.convs.len())).collect();
            self.fan_out(&convs).await;
        }
    }

    /// Time-ordered, as clients are told to make them.
    fn send_id(&mut self) -> SendId {
        self.send_ids += 1;
        let mut bytes: [u8; 16] = self.chance.random();
        bytes[..8].copy_from_slice(&(0x0190_0000_0000_0000 + self.send_ids).to_be_bytes());
        SendId::from_random(bytes)
    }

    /// Writes so many messages at once; answers to which conversations.
    async fn append(&mut self, count: usize) -> Vec<usize> {
        let mut touched = Vec::with_capacity(count);
        let mut replies = Vec::with_capacity(count);
        for _ in 0..count {
            // Some conversations are busier than others.
            let spread: f64 = self.chance.random::<f64>();
            let index = (spread * spread * self.convs.len() as f64) as usize;
            let sender = self.people[index * 2 + usize::from(self.chance.random_bool(0.5))];
            let text: String = (0..TEXT_BYTES)
                .map(|_| char::from(self.chance.random_range(b'a'..=b'z')))
                .collect();
            let send_id = self.send_id();
            replies.push(self.store.append(Append {
                conv: self.convs[index],
                sender,
                device: DeviceId::from_random([1; 16]),
                send_id,
                kind: Kind::Text,
                body: format!("{{\"text\":\"{text}\"}}").into(),
                mentions: Vec::new(),
                reply_to: None,
                thread: None,
                read: None,
            }));
            touched.push(index);
        }
        for (index, reply) in touched.iter().zip(replies) {
            let appended = reply.await.expect("an entry");
            self.heads[*index] = appended.entry.seq.0;
        }
        touched
    }

    async fn fan_out(&self, convs: &[usize]) {
        let asked: Vec<_> = convs
            .iter()
            .map(|&index| (index, self.store.inbox_rows(self.convs[index])))
            .collect();
        let (mut rows, mut marks): (Vec<InboxRecord>, Vec<_>) = (Vec::new(), Vec::new());
        for (index, reply) in asked {
            let called_for = reply.await.expect("rows");
            rows.extend(called_for.rows);
            marks.extend(called_for.mark.map(|mark| (index, mark)));
        }
        let bumps: Vec<_> = rows
            .chunks(BUMP_ROWS_MAX)
            .map(|slice| self.store.bump(slice.to_vec()))
            .collect();
        for reply in bumps {
            reply.await.expect("bumped");
        }
        let settled: Vec<_> = marks
            .iter()
            .map(|&(index, mark)| self.store.settle(self.convs[index], mark))
            .collect();
        for reply in settled {
            reply.await.expect("settled");
        }
    }

    async fn receipts(&self, convs: &[usize]) {
        let moves = |index: &usize| {
            let at = Some(Seq(self.heads[*index]));
            let (conv, generation) = (self.convs[*index], None);
            let of = move |user| CursorMove {
                conv,
                user,
                delivered: at,
                read: at,
                generation,
            };
            [of(self.people[index * 2]), of(self.people[index * 2 + 1])]
        };
        let moves: Vec<CursorMove> = convs.iter().flat_map(moves).collect();
        let replies: Vec<_> = moves
            .chunks(256)
            .map(|slice| self.store.move_cursors(slice.to_vec()))
            .collect();
        for reply in replies {
            reply.await.expect("moved");
        }
    }

    async fn measure(&mut self, what: &str, in_flight: usize, with: With) {
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let (mut messages, mut took, mut dirty) = (0_usize, Vec::new(), Vec::new());
        while started.elapsed() < MEASURE {
            let before = Instant::now();
            let touched = self.append(in_flight).await;
            took.push(before.elapsed());
            messages += in_flight;
            dirty.extend(touched);
            // A busy conversation's inboxes are brought up to date once for many messages.
            if with != With::Nothing && dirty.len() >= 1_024 {
                dirty.sort_unstable();
                dirty.dedup();
                if with == With::InboxesAndReceipts {
                    self.receipts(&dirty).await;
                }
                self.fan_out(&dirty).await;
                dirty.clear();
            }
        }
        let (elapsed, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        println!(
            "| {what} | {in_flight} | {:.0} | {:.1} | {:.2} | {:.2} | {:.1} |",
            messages as f64 / elapsed,
            cpu * 1e6 / messages as f64,
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }

    async fn pages(&mut self, what: &str) {
        let mut took = Vec::new();
        for _ in 0..5_000 {
            let index = self.chance.random_range(0..self.convs.len());
            let ask = AskPage {
                reader: self.people[index * 2],
                conv: self.convs[index],
                place: Place::Before(Seq(self.heads[index] + 1)),
                limit: 50.min(limits::PAGE_ENTRIES_MAX),
            };
            let before = Instant::now();
            self.store.page(ask).await.expect("a page");
            took.push(before.elapsed());
        }
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        println!(
            "| {what}: p50 {:.3} ms, p95 {:.3} ms, worst {:.1} ms | | | | | | |",
            at(0.5),
            at(0.95),
            at(1.0)
        );
    }

    async fn fill(&mut self, rows: u64) {
        let mut have = self.store.stats().await.expect("stats").entries;
        while have < rows {
            for _ in 0..200 {
                self.append(1_024).await;
            }
            have += 200 * 1_024;
            // Who watches a long fill wants to see it move; standard error is not part of the table.
            #[expect(clippy::print_stderr, reason = "progress")]
            {
                eprintln!("{have} of {rows} rows");
            }
        }
    }

    async fn end(self, dir: PathBuf) {
        let entries = self.store.stats().await.expect("stats").entries;
        self.store.close();
        let bytes = std::fs::metadata(dir.join("tidings.db")).map_or(0, |file| file.len());
        println!(
            "| {entries} entries in {bytes} bytes: {} bytes a message | | | | | | |",
            bytes / entries.max(1)
        );
        let before = Instant::now();
        let store = sqlite::start(&dir, options()).expect("opens again");
        store.heads(self.people[0], vec![self.convs[0]]).await.expect("answers");
        println!(
            "| open again until the first answer: {:.1} ms | | | | | | |",
            before.elapsed().as_secs_f64() * 1e3
        );
        store.close();
    }
}

/// CPU seconds of this process, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(") ").next().expect("fields after the name");
    let fields: Vec<f64> = after_name.split(' ').filter_map(|field| field.parse().ok()).collect();
    // Fields 14 and 15 of proc(5); the state, which is no number, is field 3 and filtered out.
    (fields[10] + fields[11]) / TICKS_PER_SECOND
}
