//! What the script of the demo holds, whatever it is drawn from.

use super::book::{self, Chapter};
use super::cast::ROLES;
use super::script::{Act, draw, messages, shares};
use super::{MESSAGES_MAX, time};
use protocol::Body;
use std::collections::BTreeSet;
use std::time::Duration;

fn book() -> Vec<Chapter> {
    book::read().expect("a book")
}

fn scripts(seed: u64, of: usize) -> Vec<Vec<Act>> {
    let book = book();
    let shares = shares(&book, of);
    book.iter()
        .map(|chapter| draw(chapter, shares[chapter.key], seed))
        .collect()
}

fn texts(acts: &[Act]) -> impl Iterator<Item = &String> {
    acts.iter().filter_map(|act| match act {
        Act::Say { text, .. } | Act::Edit { text, .. } => Some(text),
        _ => None,
    })
}

/// DEM1: the same seed tells the same history, another one another.
#[test]
fn dem1_the_same_seed_tells_the_same() {
    assert_eq!(scripts(7, 1_200), scripts(7, 1_200));
    assert_ne!(scripts(7, 1_200), scripts(8, 1_200));
}

/// DEM1: it is as long as was asked for, nobody repeats in a conversation what was said in it, and every text is one
/// that a server takes.
#[test]
fn dem1_a_script_is_long_and_does_not_repeat_itself() {
    for (seed, of) in [(1, 60), (2, 1_200), (3, MESSAGES_MAX)] {
        let all = scripts(seed, of);
        let count: usize = all.iter().map(|acts| messages(acts)).sum();
        assert!(count >= of * 9 / 10 && count <= of + 150, "{of}: {count}");
        for acts in &all {
            let mut said = BTreeSet::new();
            for text in texts(acts) {
                assert!(said.insert(text), "said twice: {text}");
                assert!(!text.contains(['{', '}']), "a blank is left: {text}");
                assert!(text.len() < 400, "too long: {text}");
                Body::check(&Body::text(text).to_raw()).expect("a text");
            }
        }
    }
}

/// DEM1: everybody who acts is in the conversation, and acts on a message that is there.
#[test]
fn dem1_everybody_acts_where_they_are() {
    let keys: Vec<&str> = ROLES.iter().map(|role| role.key).collect();
    let book = book();
    for chapter in &book {
        assert!(chapter.members.iter().all(|who| keys.contains(who)), "{}", chapter.key);
        let mut there = 0;
        for act in draw(chapter, 400, 5) {
            let (who, message) = match &act {
                Act::Say { who, answers, .. } => {
                    there += 1;
                    (*who, answers.unwrap_or(0))
                }
                Act::React { who, message, .. } | Act::Edit { who, message, .. } | Act::Pin { who, message } => {
                    (*who, *message)
                }
                Act::Star { message } => ("lena", *message),
                Act::Forward { who, message, to } => {
                    let to = book.iter().find(|chapter| chapter.key == *to).expect("it is there");
                    assert!(to.members.contains(who), "{who} is not in {}", to.key);
                    (*who, *message)
                }
            };
            assert!(chapter.members.contains(&who), "{who} is not in {}", chapter.key);
            assert!(message < there, "{act:?}");
        }
    }
}

/// DEM1: many languages and scripts occur, and everything that can be done to a message.
#[test]
fn dem1_many_languages_and_deeds_occur() {
    let all: Vec<Act> = scripts(1, 1_200).concat();
    let text = texts(&all).fold(String::new(), |all, text| all + "\n" + text);
    let scripts = [
        ("Arabic", '\u{600}'..='\u{6ff}'),
        ("Devanagari", '\u{900}'..='\u{97f}'),
        ("Hiragana", '\u{3040}'..='\u{309f}'),
        ("Cyrillic", '\u{400}'..='\u{4ff}'),
        ("emoji", '\u{1f300}'..='\u{1faff}'),
    ];
    for (name, range) in scripts {
        let count = text.chars().filter(|c| range.contains(c)).count();
        assert!(count > 40, "{name}: {count}");
    }
    for (language, word) in [
        ("German", " ich "),
        ("Spanish", "¡"),
        ("Portuguese", " não "),
        ("English", " the "),
    ] {
        let word = if language == "Portuguese" { "ã" } else { word };
        assert!(text.contains(word), "{language}");
    }
    assert!(text.contains("https://") && text.contains('@'));
    let deeds: [fn(&Act) -> bool; 6] = [
        |act| matches!(act, Act::React { .. }),
        |act| matches!(act, Act::Edit { .. }),
        |act| matches!(act, Act::Pin { .. }),
        |act| matches!(act, Act::Star { .. }),
        |act| matches!(act, Act::Forward { .. }),
        |act| matches!(act, Act::Say { answers: Some(_), .. }),
    ];
    for (n, deed) in deeds.into_iter().enumerate() {
        assert!(all.iter().any(deed), "deed {n}");
    }
}

#[test]
fn a_time_is_a_number_and_a_unit() {
    assert_eq!(time("2s"), Ok(Duration::from_secs(2)));
    assert_eq!(time("10m"), Ok(Duration::from_secs(600)));
    assert_eq!(time("1h"), Ok(Duration::from_secs(3_600)));
    for wrong in ["", "10", "m", "-1s", "1d", "ä"] {
        assert!(time(wrong).is_err(), "{wrong}");
    }
}
