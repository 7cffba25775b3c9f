//! Every frame ever shipped is still read, with every field it had.

use protocol::entry::{Added, Created, Left, Pinned, Reacted, Removed};
use protocol::group::{RoleChanged, SettingsChange};
use protocol::{Body, ClientFrame, Entry, Kind, ServerFrame};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

const GOLDEN: &str = include_str!("../golden/v1.jsonl");

/// One line of the golden file.
#[derive(serde::Deserialize)]
struct Line<'a> {
    /// Who says it: `client` or `server`.
    from: String,
    #[serde(borrow)]
    frame: &'a RawValue,
}

/// The lines after the first, which says how to add some.
fn lines() -> Vec<Line<'static>> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    GOLDEN.lines().skip(1).map(read).collect()
}

/// Whether everything that `old` says is still said by `new`, which may say more.
pub fn still_says(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .all(|(name, value)| new.get(name).is_some_and(|now| still_says(value, now))),
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| still_says(old, new))
        }
        _ => old == new,
    }
}

/// The frame read and written again.
pub fn again(from: &str, source: &str) -> String {
    let written = match from {
        "client" => ClientFrame::decode(source).map(|(number, frame)| frame.encode(number)),
        "server" => ServerFrame::decode(source).map(|(number, frame)| frame.encode(number)),
        _ => panic!("a frame is from `client` or `server`, not from `{from}`"),
    };
    written.unwrap_or_else(|e| panic!("{e:?}: {source}"))
}

/// CMP1: every line is read and loses nothing on the way.
#[test]
fn cmp1_every_frame_ever_shipped_is_still_read() {
    for Line { from, frame } in lines() {
        let value = |source: &str| serde_json::from_str::<Value>(source).expect("JSON");
        let (old, new) = (value(frame.get()), value(&again(&from, frame.get())));
        assert!(still_says(&old, &new), "\n{old}\nis now\n{new}");
    }
}

/// CMP1: no type of frame is without an example in the golden file, so that none can be changed unnoticed.
#[test]
fn cmp1_every_word_occurs() {
    let word = |frame: &RawValue| {
        let frame: Value = serde_json::from_str(frame.get()).expect("JSON");
        frame["t"].as_str().expect("a type").to_owned()
    };
    let said: BTreeSet<(String, String)> = lines()
        .iter()
        .map(|line| (line.from.clone(), word(line.frame)))
        .collect();
    for (from, words) in [("client", ClientFrame::WORDS), ("server", ServerFrame::WORDS)] {
        for word in words {
            assert!(
                said.contains(&(from.to_owned(), (*word).to_owned())),
                "no `{word}` from a {from}"
            );
        }
    }
}

/// CMP1: bodies that ever stood in a log are read as what they were.
#[test]
fn cmp1_every_body_ever_shipped_is_still_read() {
    let mut kinds = BTreeSet::new();
    for line in lines() {
        for entry in entries_of(&line) {
            let body = entry.body.get();
            let again = match entry.kind {
                // Of what was deleted nothing is left to read.
                Kind::Text if entry.deleted_by.is_some() => same::<serde_json::Map<String, Value>>(body),
                Kind::Text => Body::read(&entry.body)
                    .map(|body| body.to_raw())
                    .map_err(|fault| fault.0.to_owned()),
                Kind::Created => same::<Created>(body),
                Kind::Added => same::<Added>(body),
                Kind::Removed => same::<Removed>(body),
                Kind::Left => same::<Left>(body),
                Kind::Settings => same::<SettingsChange>(body),
                Kind::Role => same::<RoleChanged>(body),
                Kind::React => same::<Reacted>(body),
                Kind::Pin => same::<Pinned>(body),
                Kind::Edit | Kind::Delete => same::<serde_json::Map<String, Value>>(body),
                Kind::Other(_) => continue,
            };
            let value = |source: &str| serde_json::from_str::<Value>(source).expect("JSON");
            let again = again.unwrap_or_else(|e| panic!("{e}: {body}"));
            assert!(still_says(&value(body), &value(again.get())), "{body} is now {again}");
            kinds.insert(entry.kind);
        }
    }
    let known = [
        Kind::Text,
        Kind::Created,
        Kind::Added,
        Kind::Removed,
        Kind::Left,
        Kind::Settings,
        Kind::Role,
        Kind::Edit,
        Kind::Delete,
        Kind::React,
        Kind::Pin,
    ];
    assert_eq!(
        kinds,
        BTreeSet::from(known),
        "every kind occurs in an `entry` or `entries`"
    );
}

fn entries_of(line: &Line<'_>) -> Vec<Entry> {
    if line.from != "server" {
        return Vec::new();
    }
    match ServerFrame::decode(line.frame.get()) {
        Ok((_, ServerFrame::Entry(live))) => vec![live.entry],
        Ok((_, ServerFrame::Entries(page))) => page.items,
        _ => Vec::new(),
    }
}

fn same<T: serde::Serialize + serde::de::DeserializeOwned>(source: &str) -> Result<Box<RawValue>, String> {
    let read: T = serde_json::from_str(source).map_err(|e| e.to_string())?;
    serde_json::value::to_raw_value(&read).map_err(|e| e.to_string())
}

/// The yardstick itself: it sees a value that changed, a field that went, an item that went.
#[test]
fn what_is_lost_is_seen() {
    let old = serde_json::from_str::<Value>("{\"a\":[{\"b\":1}]}").expect("JSON");
    for (new, kept) in [
        ("{\"a\":[{\"b\":1,\"c\":2}],\"d\":3}", true),
        ("{\"a\":[{\"b\":2}]}", false),
        ("{\"a\":[{}]}", false),
        ("{\"a\":[]}", false),
        ("{}", false),
    ] {
        assert_eq!(
            still_says(&old, &serde_json::from_str(new).expect("JSON")),
            kept,
            "{new}"
        );
    }
}
