//! Who does what, one after the other, drawn from a seed: the same seed gives the same script.

use super::book::{Chapter, Line, Then};
use protocol::limits::PINS_MAX;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// So many times in a row all dialogues may bring nothing new before a script is as long as it gets.
const STALE_ROUNDS_MAX: u32 = 4;
/// So many pins at most in one conversation, so that people can still pin.
const SCRIPT_PINS_MAX: usize = PINS_MAX / 5;

/// One thing that somebody does. Messages are named by their place among the messages of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Says something, perhaps in answer.
    Say {
        /// Who.
        who: &'static str,
        /// What; `@lena` in it is a mention.
        text: String,
        /// In answer to which message.
        answers: Option<usize>,
    },
    /// Puts an emoji to a message.
    React {
        /// Who.
        who: &'static str,
        /// To which.
        message: usize,
        /// Which.
        emoji: &'static str,
    },
    /// Says it in other words.
    Edit {
        /// Who.
        who: &'static str,
        /// Which.
        message: usize,
        /// How it reads now.
        text: String,
    },
    /// Pins a message.
    Pin {
        /// Who.
        who: &'static str,
        /// Which.
        message: usize,
    },
    /// Lena stars a message.
    Star {
        /// Which.
        message: usize,
    },
    /// Passes a message on.
    Forward {
        /// Who.
        who: &'static str,
        /// Which.
        message: usize,
        /// To which conversation, by its key.
        to: &'static str,
    },
}

/// How many messages each conversation has, by its key, of so many in all.
pub fn shares(book: &[Chapter], messages: usize) -> BTreeMap<&'static str, usize> {
    let all: usize = book.iter().map(|chapter| chapter.share).sum();
    let of = |chapter: &Chapter| (chapter.key, (messages * chapter.share / all.max(1)).max(2));
    book.iter().map(of).collect()
}

/// What happens in one conversation: at least `messages` messages, to the end of the last dialogue, or as many
/// different ones as there are.
pub fn draw(chapter: &Chapter, messages: usize, seed: u64) -> Vec<Act> {
    let salt = chapter.key.bytes().fold(seed, |salt, byte| {
        salt.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
    });
    let mut drawing = Drawing {
        chapter,
        chance: StdRng::seed_from_u64(salt),
        said: BTreeSet::new(),
        acts: Vec::new(),
        messages: 0,
        pins: 0,
    };
    let mut order: Vec<usize> = (0..chapter.dialogues.len()).collect();
    let mut stale = 0;
    let mut is_first = true;
    while stale < STALE_ROUNDS_MAX {
        let before = drawing.messages;
        order.shuffle(&mut drawing.chance);
        if std::mem::take(&mut is_first) {
            order.sort_by_key(|n| *n != 0);
        }
        for n in &order {
            if drawing.messages >= messages {
                return drawing.acts;
            }
            drawing.dialogue(&chapter.dialogues[*n]);
        }
        stale = if drawing.messages == before { stale + 1 } else { 0 };
    }
    drawing.acts
}

struct Drawing<'a> {
    chapter: &'a Chapter,
    chance: StdRng,
    /// Nobody says twice what was said here.
    said: BTreeSet<String>,
    acts: Vec<Act>,
    messages: usize,
    pins: usize,
}

impl Drawing<'_> {
    fn dialogue(&mut self, lines: &[Line]) {
        let mut chosen = BTreeMap::new();
        // Where the lines of this dialogue stand; a line that was said before is passed over.
        let mut places: Vec<Option<usize>> = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            let text = self.filled(line.text, line.who, &mut chosen);
            if !self.said.insert(text.clone()) {
                if n == 0 {
                    return;
                }
                places.push(None);
                continue;
            }
            let answers = line.answers.and_then(|back| *places.get(n.checked_sub(back)?)?);
            let message = self.messages;
            self.messages += 1;
            places.push(Some(message));
            let who = line.who;
            self.acts.push(Act::Say { who, text, answers });
            for then in &line.then {
                let act = self.then(then, who, message, &mut chosen);
                self.acts.extend(act);
            }
        }
    }

    fn then(
        &mut self,
        then: &Then,
        who: &'static str,
        message: usize,
        chosen: &mut BTreeMap<&'static str, &'static str>,
    ) -> Option<Act> {
        match *then {
            Then::React(who, emoji) => Some(Act::React { who, message, emoji }),
            Then::Edit(text) => {
                let text = self.filled(text, who, chosen);
                let is_new = self.said.insert(text.clone());
                is_new.then_some(Act::Edit { who, message, text })
            }
            Then::Pin if self.pins == SCRIPT_PINS_MAX => None,
            Then::Pin => {
                self.pins += 1;
                Some(Act::Pin { who, message })
            }
            Then::Star => Some(Act::Star { message }),
            Then::Forward(to) => Some(Act::Forward { who, message, to }),
        }
    }

    /// A text without its blanks. A name stands for one word within a dialogue, a range for another number each time.
    fn filled(&mut self, text: &'static str, who: &str, chosen: &mut BTreeMap<&'static str, &'static str>) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            filled.push_str(before);
            rest = after;
            if let Some((least, most)) = range(name) {
                filled.push_str(&self.chance.random_range(least..=most).to_string());
                continue;
            }
            let words = self.chapter.blanks.get(name).map_or(&[][..], Vec::as_slice);
            let drawn = words.get(self.chance.random_range(0..words.len().max(1)));
            let word = *chosen.entry(name).or_insert(drawn.copied().unwrap_or(name));
            // One of the family writes everything small, as one does at fourteen.
            if filled.is_empty() && who != "tiago" {
                let first = word.chars().next().into_iter().flat_map(char::to_uppercase);
                filled.extend(first.chain(word.chars().skip(1)));
            } else {
                filled.push_str(word);
            }
        }
        filled + rest
    }
}

fn range(name: &str) -> Option<(u32, u32)> {
    let (least, most) = name.split_once('-')?;
    Some((least.parse().ok()?, most.parse().ok()?))
}

/// How many messages a script has.
pub fn messages(acts: &[Act]) -> usize {
    acts.iter().filter(|act| matches!(act, Act::Say { .. })).count()
}
