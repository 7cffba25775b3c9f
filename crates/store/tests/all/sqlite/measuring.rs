//! A first measurement, for whoever changes the hot path; not a test. With numbers to keep: `make bench`.
//!
//! `cargo test -p store --test all measuring -- --ignored --nocapture`

use super::{Inline, options};
use crate::scene::{Chance, Hands, Scene, wait};
use protocol::{ConversationId, SendId, UserId};
use std::fs;
use store::{Append, CursorMove, Reply, Store};
use tempfile::TempDir;

/// CPU time of this process so far, in microseconds, to a clock tick (10 ms).
fn cpu_us() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10_000
}

struct Bench {
    inline: Inline,
    scene: Scene,
    convs: Vec<(ConversationId, [UserId; 2])>,
    chance: Chance,
    sent: u64,
}

impl Bench {
    fn new(convs: usize) -> Self {
        let hands = Hands::new();
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory on a disk");
        let mut inline = Inline::open_in(dir, options(&hands));
        let mut scene = Scene::new(crate::scene::model);
        let mut begun = Vec::new();
        let mut replies = Vec::new();
        for _ in 0..convs {
            let people = [scene.user_id(), scene.user_id()];
            let create = scene.create_direct(people[0], people[1]);
            begun.push((create.conv, people));
            replies.push(inline.store.create(create));
            if replies.len() == 256 {
                while inline.step() {}
                replies.drain(..).for_each(|reply| assert!(wait(reply).is_ok()));
            }
        }
        while inline.step() {}
        Self {
            inline,
            scene,
            convs: begun,
            chance: Chance::new(1),
            sent: 0,
        }
    }

    fn append(&mut self) -> Append {
        let (conv, people) = self.chance.one_of(&self.convs);
        let sender = self.chance.one_of(&people);
        let mut append = self.scene.text(conv, sender, &"w".repeat(109));
        // As clients make them: time first, then chance.
        self.sent += 1;
        let bits = u128::from(self.sent / 8) << 80 | u128::from(self.chance.bits());
        append.send_id = SendId::from_bytes(bits.to_be_bytes());
        append
    }

    #[expect(clippy::print_stdout, reason = "this is for whoever runs it")]
    fn run(&mut self, what: &str, batch: usize, count: usize, mut one: impl FnMut(&mut Self)) {
        let cpu = cpu_us();
        #[expect(clippy::disallowed_methods, reason = "this measures")]
        let start = std::time::Instant::now();
        for _ in 0..count / batch {
            (0..batch).for_each(|_| one(self));
            while self.inline.opened.writer.step() {}
            self.inline.opened.checkpointer.step();
        }
        #[expect(clippy::disallowed_methods, reason = "this measures")]
        let us = start.elapsed().as_micros() as u64;
        let cpu = cpu_us() - cpu;
        let (each, count) = (count as f64, count as u64);
        println!(
            "{what:<22} batch {batch:>4}: {:>7.0}/s, {:>6.1} us each, {:>5.1} us CPU each",
            each * 1e6 / us as f64,
            us as f64 / each,
            cpu as f64 / count as f64
        );
    }
}

impl Bench {
    fn answer<T: Unpin>(&mut self, reply: Reply<T>) -> T {
        self.inline.done(reply)
    }

    /// Brings every inbox up to date, as the server would: rows of many conversations in one bump.
    #[expect(clippy::print_stdout, reason = "this is for whoever runs it")]
    fn fan_out(&mut self) {
        let (store, cpu, mut rows_done, mut convs) = (self.inline.store.clone(), cpu_us(), 0, 0);
        #[expect(clippy::disallowed_methods, reason = "this measures")]
        let start = std::time::Instant::now();
        loop {
            let dirty = self.answer(store.dirty(128));
            if dirty.is_empty() {
                break;
            }
            let due: Vec<_> = dirty.iter().map(|dirty| store.inbox_rows(dirty.conv)).collect();
            while self.inline.step() {}
            let due: Vec<_> = due.into_iter().map(|due| wait(due).expect("read")).collect();
            let rows: Vec<_> = due.iter().flat_map(|due| due.rows.clone()).collect();
            rows_done += rows.len();
            convs += dirty.len();
            self.answer(store.bump(rows));
            let marks = dirty
                .iter()
                .zip(&due)
                .map(|(dirty, due)| store.settle(dirty.conv, due.mark.expect("dirty")));
            let settled: Vec<_> = marks.collect();
            while self.inline.step() {}
            settled.into_iter().for_each(|reply| wait(reply).expect("settled"));
        }
        #[expect(clippy::disallowed_methods, reason = "this measures")]
        let us = start.elapsed().as_micros() as u64;
        println!(
            "fan-out of {convs} conversations, {rows_done} rows: {:.1} us a row, {:.1} us CPU a row",
            us as f64 / rows_done as f64,
            (cpu_us() - cpu) as f64 / rows_done as f64
        );
    }
}

#[test]
#[ignore = "a measurement"]
fn measure() {
    let mut bench = Bench::new(5_000);
    for (batch, count) in [(1, 2_000), (8, 8_000), (64, 64_000), (256, 128_000)] {
        bench.run("append", batch, count, |bench| {
            let append = bench.append();
            drop(bench.inline.store.append(append));
        });
    }
    let bytes = fs::metadata(bench.inline.dir().join("tidings.db"))
        .expect("the file")
        .len();
    println!("{} bytes a message in the file", bytes / bench.sent);
    bench.run("append that reads", 64, 32_000, |bench| {
        let mut append = bench.append();
        append.read = Some(protocol::Seq(1 + bench.chance.bits() % 10));
        drop(bench.inline.store.append(append));
    });
    bench.run("cursor moves, 64 a call", 1, 500, |bench| {
        let moves = (0..64).map(|_| {
            let (conv, people) = bench.chance.one_of(&bench.convs);
            let read = Some(protocol::Seq(1 + bench.chance.bits() % 20));
            let user = bench.chance.one_of(&people);
            CursorMove {
                read,
                ..crate::scene::still(conv, user)
            }
        });
        let moves = moves.collect();
        drop(bench.inline.store.move_cursors(moves));
    });
    bench.fan_out();
}
