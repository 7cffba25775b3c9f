//! What a newcomer sees: a few people who go on talking at a human pace, read what was said, and answer.

use super::book::Chapter;
use super::cast::LEAD;
use super::heard::Heard;
use super::kept::{Kept, Person};
use super::script::{self, Act};
use super::stage::{Scene, Stage, done};
use crate::Wrong;
use client::Target;
use protocol::client_frame::Show;
use protocol::{ConversationId, Kind, Seq};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two things that one circle does, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 2_000..9_000;
/// How long somebody types: for each letter, and at least and at most, in milliseconds.
const TYPING_MS: (u64, u64, u64) = (70, 1_200, 7_000);
/// How long until the others have read, in milliseconds.
const READING_MS: std::ops::Range<u64> = 600..2_500;
/// Acts in one conversation before the circle turns to another.
const ACTS_IN_A_ROW: usize = 5;
/// Messages drawn ahead of one conversation.
const DRAWN: usize = 200;
/// In so many out of ten messages of a newcomer somebody puts an emoji to them.
const LIKED_IN_TEN: u32 = 4;

/// What is said to a newcomer.
const ANSWERS: &[(&str, &[&str])] = &[
    (
        "marcus",
        &[
            "Good point!",
            "I like that.",
            "Tell me more?",
            "Ha, exactly what I thought.",
        ],
    ),
    (
        "priya",
        &["बहुत बढ़िया! Noted.", "Oh nice, let's try it.", "+1 from me 🙌"],
    ),
    (
        "tariq",
        &["ممتاز 👌", "Makes sense to me.", "Should be easy, give me a day."],
    ),
    ("yuki", &["なるほど！", "ありがとうございます 😊", "いいですね！"]),
    ("diego", &["¡Qué bueno!", "Vale, I'll have a look.", "😄"]),
    ("oksana", &["Чудово!", "Дякую, записала.", "Let's do that."]),
    ("sabine", &["Schön, mein Schatz!", "Das erzähl ich gleich Oma.", "💛"]),
    ("joao", &["Que bom!", "Combinado 😊", "Boa ideia, filha."]),
    ("tiago", &["lol", "ok cool", "no way 😂"]),
    (
        "ilse",
        &["Das freut mich. Oma", "Hast du gegessen?", "lol (so sagt man doch?)"],
    ),
    ("teresa", &["Um beijinho grande 😘", "Que alegria!", "Ai que lindo!"]),
    (
        "carlos",
        &["¡Eso!", "¡Un abrazo desde Puebla! 🌵", "Jajaja, muy bueno."],
    ),
];

/// The people who talk, and where.
pub struct Live<'a> {
    /// Who says what.
    pub book: &'a [Chapter],
    /// With whom: not the lead.
    pub stage: &'a Stage,
    /// All conversations, by their keys.
    pub rooms: BTreeMap<String, ConversationId>,
    /// All people.
    pub people: BTreeMap<String, Person>,
}

impl<'a> Live<'a> {
    /// Everybody who is connected.
    pub fn new(book: &'a [Chapter], stage: &'a Stage, kept: &Kept) -> Self {
        Self {
            book,
            stage,
            rooms: kept.rooms.iter().map(|(key, room)| (key.clone(), room.conv)).collect(),
            people: kept.people.clone(),
        }
    }

    /// Talks until something is wrong. The team and the family talk beside each other, and both answer.
    pub async fn talk(&self, seed: u64, heard: mpsc::Receiver<Heard>) -> Result<(), Wrong> {
        let heads = self.heads().await?;
        for player in self.stage.players.values() {
            for conv in self.rooms.values().filter(|_| player.handle.len() % 3 != 0) {
                player.client.open(*conv).await?;
            }
        }
        let is_team = |chapter: &&Chapter| chapter.blanks.contains_key("feature");
        let team: Vec<Chapter> = self.book.iter().filter(is_team).map(|one| one.without(LEAD)).collect();
        let family = self.book.iter().filter(|chapter| !is_team(chapter));
        let family: Vec<Chapter> = family.map(|one| one.without(LEAD)).collect();
        tokio::select! {
            ended = self.circle(&team, seed) => ended,
            ended = self.circle(&family, seed.wrapping_add(1)) => ended,
            ended = self.answer(heard, heads, seed.wrapping_add(2)) => ended,
        }
    }

    /// Where each conversation ends now: what was said before is not answered.
    async fn heads(&self) -> Result<BTreeMap<ConversationId, Seq>, Wrong> {
        let mut heads = BTreeMap::new();
        for player in self.stage.players.values() {
            let rows = |core: &client::Core| {
                let rows = core.state().inbox.rows();
                rows.map(|row| (row.conv, row.head_seq)).collect::<Vec<_>>()
            };
            heads.extend(player.client.look(rows).await?);
        }
        Ok(heads)
    }

    /// Somebody who is in a conversation.
    fn anybody(&self, conv: ConversationId, chance: &mut StdRng) -> Option<&'static str> {
        let is_it = |chapter: &&Chapter| self.rooms.get(chapter.key) == Some(&conv);
        let members = &self.book.iter().find(is_it)?.members;
        let here: Vec<&'static str> = members.iter().copied().filter(|who| *who != LEAD).collect();
        here.choose(chance).copied()
    }

    async fn circle(&self, chapters: &[Chapter], seed: u64) -> Result<(), Wrong> {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut drawn: BTreeMap<&str, (VecDeque<Act>, Vec<Option<Target>>)> = BTreeMap::new();
        let places: Vec<usize> = (0..chapters.len())
            .flat_map(|n| std::iter::repeat_n(n, chapters[n].share))
            .collect();
        loop {
            let Some(chapter) = places.choose(&mut chance).map(|n| &chapters[*n]) else {
                return std::future::pending().await;
            };
            let (acts, said) = drawn.entry(chapter.key).or_default();
            if acts.is_empty() {
                said.clear();
                acts.extend(script::draw(chapter, DRAWN, chance.random_range(0..u64::MAX)));
            }
            for _ in 0..ACTS_IN_A_ROW {
                let Some(act) = acts.pop_front() else { break };
                pause(&mut chance, PAUSE_MS).await;
                self.perform(chapter, said, &act, &mut chance).await?;
            }
        }
    }

    async fn perform(
        &self,
        chapter: &Chapter,
        said: &mut Vec<Option<Target>>,
        act: &Act,
        chance: &mut StdRng,
    ) -> Result<(), Wrong> {
        let Some(conv) = self.rooms.get(chapter.key).copied() else {
            return Ok(());
        };
        let scene = Scene {
            conv,
            rooms: &self.rooms,
            people: &self.people,
        };
        let Act::Say { who, text, .. } = act else {
            return self.stage.act(&scene, said, act).await.map(drop);
        };
        self.type_it(who, conv, text).await?;
        let new = self.stage.act(&scene, said, act).await?;
        said.push(new);
        pause(chance, READING_MS).await;
        let Some(Target { seq, .. }) = new else { return Ok(()) };
        let reads = |_: &&&str| chance.random_range(0..10) < 7;
        let readers: Vec<&str> = chapter.members.iter().filter(reads).copied().collect();
        self.stage.read(&readers, LEAD, conv, seq).await?;
        if let Some(player) = chapter
            .members
            .choose(chance)
            .and_then(|who| self.stage.players.get(who))
        {
            let show = if chance.random_range(0..4) == 0 {
                Show::Away
            } else {
                Show::Online
            };
            player.client.show(show).await?;
        }
        Ok(())
    }

    /// Somebody types for as long as a person would.
    async fn type_it(&self, who: &str, conv: ConversationId, text: &str) -> Result<(), Wrong> {
        let client = &self.stage.player(who)?.client;
        client.show(Show::Online).await?;
        client.open(conv).await?;
        let (letter_ms, least_ms, most_ms) = TYPING_MS;
        let mut left_ms = (text.chars().count() as u64 * letter_ms).clamp(least_ms, most_ms);
        while left_ms > 0 {
            client.typing(conv).await?;
            let step_ms = left_ms.min(1_000);
            tokio::time::sleep(Duration::from_millis(step_ms)).await;
            left_ms -= step_ms;
        }
        Ok(())
    }

    /// Answers what a newcomer says: whoever heard it first, and once.
    async fn answer(
        &self,
        mut heard: mpsc::Receiver<Heard>,
        mut answered: BTreeMap<ConversationId, Seq>,
        seed: u64,
    ) -> Result<(), Wrong> {
        let mut chance = StdRng::seed_from_u64(seed);
        while let Some(heard) = heard.recv().await {
            let (who, conv, entry) = match heard {
                Heard::Said(who, conv, entry) => (who, conv, entry),
                Heard::Out(who) => {
                    return Err(format!("@{who} was signed out; run the demo again, and it goes on from here").into());
                }
            };
            let is_ours = self.stage.players.values().any(|player| player.user == entry.sender);
            let is_new = answered.get(&conv).is_none_or(|seq| *seq < entry.seq);
            if is_ours || entry.kind != Kind::Text || !is_new {
                continue;
            }
            answered.insert(conv, entry.seq);
            let who = self.anybody(conv, &mut chance).unwrap_or(who);
            let client = &self.stage.player(who)?.client;
            client.open(conv).await?;
            pause(&mut chance, READING_MS).await;
            client.read(conv, entry.seq).await?;
            if chance.random_range(0..10) < LIKED_IN_TEN {
                let emoji = ["👍", "❤️", "😄", "🎉"].choose(&mut chance).copied().unwrap_or("👍");
                drop(
                    done(
                        client,
                        client.react(conv, Target::from(&*entry), emoji.to_owned(), true).await,
                    )
                    .await,
                );
            }
            let answers = ANSWERS.iter().find(|(name, _)| *name == who);
            if let Some(words) = answers.and_then(|(_, answers)| answers.choose(&mut chance)) {
                self.type_it(who, conv, words).await?;
                let body = self.stage.body(words, &self.people);
                // A newcomer may have blocked or removed them meanwhile: then they are silent.
                drop(done(client, client.send(conv, &body).await).await);
            }
        }
        Ok(())
    }
}

async fn pause(chance: &mut StdRng, between_ms: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(chance.random_range(between_ms))).await;
}
