//! One script played against the model and an engine side by side.

use super::command::{Command, FAULT, Question, said};
use super::script::Script;
use crate::scene::{Open, Scene, done, model, wait};
use protocol::{ConversationId, Generation, Seq};
use std::collections::BTreeMap;
use store::{InboxRecord, Store, ThreadRecord};

/// Steps of a script.
const STEPS: usize = 45;
/// Changes that are submitted together at most: an engine may make one batch of them.
const TOGETHER_MAX: usize = 8;
/// Earlier readings of conversations that are kept for late bumps.
const READINGS_MAX: usize = 40;

pub struct Play {
    pub seed: u64,
    pub script: Script,
    pub yardstick: Scene,
    pub engine: Scene,
    /// Rows that were read some time, for bumps that come late.
    readings: Vec<InboxRecord>,
    /// The same of threads.
    thread_readings: Vec<ThreadRecord>,
    /// Marks that were read some time: of the model, of the engine.
    marks: Vec<(ConversationId, u64, u64)>,
    /// The last things that were done, for the report.
    trail: Vec<String>,
    /// What was said, where somebody counts.
    words: Option<Vec<String>>,
    /// Whether the engine fails while it changes something.
    trouble: bool,
    /// How often it was not known whether a change was made.
    pub unknown_outcomes: usize,
}

/// Only a read that names its generation may be repeated: under "the present one" it would, after somebody has marked
/// the conversation unread, read it again.
fn repeatable(mut command: Command) -> Command {
    if let Command::Cursors(moves) = &mut command {
        for one in moves {
            one.generation = one.generation.or(Some(Generation::ZERO));
        }
    }
    command
}

impl Play {
    pub fn new(seed: u64, open: Open) -> Self {
        Self {
            seed,
            script: Script::new(seed),
            yardstick: Scene::new(model),
            engine: Scene::new(open),
            readings: Vec::new(),
            thread_readings: Vec::new(),
            marks: Vec::new(),
            trail: Vec::new(),
            words: None,
            trouble: false,
            unknown_outcomes: 0,
        }
    }

    /// With an engine that fails now and then.
    pub fn in_trouble(self) -> Self {
        Self { trouble: true, ..self }
    }

    /// Plays the script to its end.
    pub fn run(&mut self) {
        let beginning = self.script.beginning();
        self.together(&beginning);
        for _ in 0..STEPS {
            self.step();
        }
        self.settle_all();
        self.compare_ending();
    }

    /// Plays, and counts how many answers hold each of the words that are looked for.
    pub fn count(mut self, seen: &mut BTreeMap<&'static str, usize>) {
        self.words = Some(Vec::new());
        self.run();
        for said in self.words.iter().flatten() {
            for word in super::WORDS {
                *seen.entry(word).or_default() += usize::from(said.contains(word));
            }
        }
    }

    fn step(&mut self) {
        match self.script.chance.below(20) {
            0..9 => {
                let count = 1 + self.script.chance.below(TOGETHER_MAX);
                let heads = self.heads();
                let head_of = |conv| heads.get(&conv).copied().unwrap_or_default();
                let commands: Vec<Command> = (0..count).map(|_| self.script.command(&head_of)).collect();
                self.together(&commands);
            }
            9..12 => {
                let heads = self.heads();
                for _ in 0..5 {
                    let question = self
                        .script
                        .question(&|conv| heads.get(&conv).copied().unwrap_or_default());
                    self.ask(&question);
                }
            }
            12..15 => self.fan_out(),
            15 => self.late_bump(),
            16 => self.stale_settle(),
            17 | 18 => {
                let ms = self.script.chance.one_of(&[1, 700, 20_000, 61_000]);
                self.pass_ms(ms);
            }
            _ => self.seldom(),
        }
    }

    /// What would take too much of a script if it came as often as the rest.
    fn seldom(&mut self) {
        match self.script.chance.below(6) {
            0 => {
                let many = self.script.many_devices();
                self.together(&many);
            }
            1 => {
                let ms = self.script.chance.one_of(&[31, 91]) * 24 * 3_600_000;
                self.pass_ms(ms);
                let limit = 1 + self.script.chance.below(100);
                self.expire(limit);
            }
            2 => {
                let ms = self.script.chance.one_of(&[1, 30_000, 3_600_000]);
                self.step_back_ms(ms);
            }
            3 | 4 => {
                self.trail.push("restart".into());
                self.engine.reopen();
            }
            _ => {}
        }
    }

    fn pass_ms(&mut self, ms: u64) {
        self.trail.push(format!("{ms} ms pass"));
        self.yardstick.hands.pass_ms(ms);
        self.engine.hands.pass_ms(ms);
    }

    /// A wall clock that was set.
    fn step_back_ms(&mut self, ms: u64) {
        self.trail.push(format!("the clock steps back by {ms} ms"));
        for scene in [&self.yardstick, &self.engine] {
            scene.hands.set_ms(scene.hands.now_ms() - ms);
        }
    }

    /// Expires until nothing is left: in which order rows go is the engine's own affair.
    fn expire(&mut self, limit: usize) {
        let all = |scene: &Scene| {
            std::iter::from_fn(|| Some(done(scene.store.expire(limit))).filter(|&n| n > 0)).sum::<usize>()
        };
        let (expected, told) = (all(&self.yardstick), all(&self.engine));
        self.compare("expire", &expected.to_string(), &told.to_string());
    }

    /// The heads of all logs, by the model.
    fn heads(&self) -> BTreeMap<ConversationId, Seq> {
        let head = |&conv| Some((conv, wait(self.yardstick.store.tail(conv, None, 0)).ok()?.head_seq));
        self.script.convs.iter().filter_map(head).collect()
    }

    /// Submits changes without waiting in between, then compares all answers.
    fn together(&mut self, commands: &[Command]) {
        if self.trouble {
            return commands
                .iter()
                .cloned()
                .for_each(|command| self.until_it_is_known(&repeatable(command)));
        }
        let submit = |store: &dyn Store| commands.iter().map(|command| command.submit(store)).collect::<Vec<_>>();
        let (expected, told) = (submit(&*self.yardstick.store), submit(&*self.engine.store));
        for ((command, expected), told) in commands.iter().zip(expected).zip(told) {
            self.compare(&format!("{command:?}"), &expected(), &told());
        }
    }

    /// Makes one change while the engine fails now and then, and repeats it with the same ids until there is an answer.
    fn until_it_is_known(&mut self, command: &Command) {
        let expected = command.submit(&*self.yardstick.store)();
        let mut unknown = 0;
        // Mail has no id that a repeat could be known by.
        self.engine
            .fail_one_in(if matches!(command, Command::PutMail(_)) { 0 } else { 3 });
        let told = loop {
            let told = command.submit(&*self.engine.store)();
            if told != FAULT {
                break told;
            }
            unknown += 1;
            assert!(
                unknown < 1_000,
                "STORE_PLAN_SEED={}: never an answer to {command:?}",
                self.seed
            );
        };
        self.engine.fail_one_in(0);
        self.unknown_outcomes += unknown;
        let what = format!("{command:?}, after {unknown} faults");
        if unknown == 0 {
            return self.compare(&what, &expected, &told);
        }
        // A repeat may hear that it is one; of changes without a send_id the answer tells only what was left to do.
        let first = |said: &str| said.replace("dup: true", "dup: false");
        match command {
            Command::Create(_) | Command::Append(_) | Command::Amend(_) | Command::Change(_) => {
                self.compare(&what, &first(&expected), &first(&told));
            }
            _ => self.trail.push(what),
        }
    }

    pub fn ask(&mut self, question: &Question) {
        let (expected, told) = (question.ask(&*self.yardstick.store), question.ask(&*self.engine.store));
        self.compare(&format!("{question:?}"), &expected, &told);
    }

    pub fn compare(&mut self, what: &str, expected: &str, told: &str) {
        let trail = &self.trail;
        assert!(
            expected == told,
            "STORE_PLAN_SEED={}\nafter\n  {}\non\n  {what}\nthe model says\n  {expected}\nthe engine says\n  {told}\n",
            self.seed,
            trail[trail.len().saturating_sub(30)..].join("\n  "),
        );
        if let Some(words) = &mut self.words {
            words.push(expected.to_owned());
        }
        self.trail.push(what.to_owned());
    }

    /// Which conversations are dirty, the same on both sides.
    fn dirty(&mut self) -> Vec<ConversationId> {
        let list = |scene: &Scene| {
            let dirty = done(scene.store.dirty(1_000));
            assert!(
                dirty.windows(2).all(|pair| pair[0].since_ms <= pair[1].since_ms),
                "the longest waiting first"
            );
            let mut list: Vec<_> = dirty.into_iter().map(|dirty| (dirty.since_ms, dirty.conv)).collect();
            list.sort_unstable();
            list
        };
        let (expected, told) = (list(&self.yardstick), list(&self.engine));
        self.compare("dirty", &format!("{expected:?}"), &format!("{told:?}"));
        expected.into_iter().map(|(_, conv)| conv).collect()
    }

    /// Fans some of the dirty conversations out; now and then something comes in between, or the last part is left out.
    fn fan_out(&mut self) {
        for conv in self.dirty() {
            if self.script.chance.below(4) == 0 {
                continue;
            }
            let marks = self.read_rows(conv);
            let rows = self.readings.split_off(self.readings.len() - marks.2);
            let threads = self.thread_readings.split_off(self.thread_readings.len() - marks.3);
            let slice = 1 + self.script.chance.below(5);
            let crashes = self.script.chance.below(8) == 0;
            for (n, rows) in rows.chunks(if rows.len() > 20 { 256 } else { slice }).enumerate() {
                if !(crashes && n > 0) {
                    self.together(&[Command::Bump(rows.to_vec())]);
                }
            }
            for rows in threads.chunks(slice).take_while(|_| !crashes) {
                self.together(&[Command::BumpThreads(rows.to_vec())]);
            }
            self.readings.extend(rows.into_iter().take(READINGS_MAX / 4));
            let surplus = self.readings.len().saturating_sub(READINGS_MAX);
            self.readings.drain(..surplus);
            self.thread_readings.extend(threads.into_iter().take(READINGS_MAX / 4));
            let surplus = self.thread_readings.len().saturating_sub(READINGS_MAX);
            self.thread_readings.drain(..surplus);
            if self.script.chance.below(4) == 0 {
                let heads = self.heads();
                let command = self
                    .script
                    .command(&|conv| heads.get(&conv).copied().unwrap_or_default());
                self.together(&[command]);
            }
            if crashes {
                // Its rows are not all durable: nobody may settle with this mark, however late.
                self.marks.pop();
            } else {
                self.settle(conv, marks.0, marks.1);
            }
        }
    }

    /// Reads the rows that a conversation calls for, the same on both sides, and remembers them and their marks.
    fn read_rows(&mut self, conv: ConversationId) -> (u64, u64, usize, usize) {
        let (mut expected, mut told) = (
            done(self.yardstick.store.inbox_rows(conv)),
            done(self.engine.store.inbox_rows(conv)),
        );
        let marks = (expected.mark.take().expect("dirty"), told.mark.take().expect("dirty"));
        self.compare(&format!("inbox rows of {conv}"), &said(Ok(&expected)), &said(Ok(&told)));
        self.marks.push((conv, marks.0, marks.1));
        let count = expected.rows.len();
        self.readings.extend(expected.rows);
        let threads = expected.threads.len();
        self.thread_readings.extend(expected.threads);
        (marks.0, marks.1, count, threads)
    }

    fn settle(&mut self, conv: ConversationId, of_model: u64, of_engine: u64) {
        self.trail.push(format!("settle {conv}"));
        done(self.yardstick.store.settle(conv, of_model));
        done(self.engine.store.settle(conv, of_engine));
    }

    /// A mark of some time ago.
    fn stale_settle(&mut self) {
        if self.marks.is_empty() {
            return;
        }
        let at = self.script.chance.below(self.marks.len());
        let (conv, of_model, of_engine) = self.marks[at];
        self.settle(conv, of_model, of_engine);
    }

    /// Rows of some time ago, of several conversations and readings together.
    fn late_bump(&mut self) {
        if self.readings.is_empty() {
            return;
        }
        let count = 1 + self.script.chance.below(6);
        let rows = (0..count).map(|_| self.readings[self.script.chance.below(self.readings.len())].clone());
        let rows = rows.collect();
        self.together(&[Command::Bump(rows)]);
        if !self.thread_readings.is_empty() {
            let at = self.script.chance.below(self.thread_readings.len());
            self.together(&[Command::BumpThreads(self.thread_readings[at..].to_vec())]);
        }
    }

    /// Fans everything out, undisturbed.
    fn settle_all(&mut self) {
        for conv in self.dirty() {
            let (of_model, of_engine, count, threads) = self.read_rows(conv);
            let threads = self.thread_readings.split_off(self.thread_readings.len() - threads);
            let rows = self.readings.split_off(self.readings.len() - count);
            for rows in rows.chunks(store::BUMP_ROWS_MAX) {
                self.together(&[Command::Bump(rows.to_vec())]);
            }
            for rows in threads.chunks(store::BUMP_ROWS_MAX) {
                self.together(&[Command::BumpThreads(rows.to_vec())]);
            }
            self.settle(conv, of_model, of_engine);
        }
        assert_eq!(self.dirty(), [], "STORE_PLAN_SEED={}: all is settled", self.seed);
    }
}
