//! `docs/PROTOCOL.md` tells the truth: its examples are frames, its tables are the code's, every frame and every field
//! stands in it.

use crate::client_examples::client_frame;
use crate::draw::Draw;
use crate::golden::{again, still_says};
use crate::server_examples::server_frame;
use crate::tables::TABLES;
use protocol::account::{Devices, Rotated, SignIn, SignUp, SignedIn, SignedOut};
use protocol::entry::{Added, Created, Left, Removed};
use protocol::group::{RoleChanged, SettingsChange};
use protocol::link::{AskPreview, Preview};
use protocol::poll::{Poll, Polled};
use protocol::{Body, ClientFrame, ConversationId, Ordinal, Refusal, SendId, ServerFrame, Span, UserId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/PROTOCOL.md")
}

fn document() -> String {
    std::fs::read_to_string(path()).expect("docs/PROTOCOL.md can be read")
}

/// The fenced blocks: what stands behind the fence, and the block.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(mark), None) => open = Some((mark.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

fn value(source: &str) -> Value {
    serde_json::from_str(source).unwrap_or_else(|e| panic!("{e}: {source}"))
}

/// Every frame that the document shows: who says it, and its text.
fn frames(document: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (mark, text) in blocks(document) {
        match mark.as_str() {
            "json client" => found.push(("client", text)),
            "json server" => found.push(("server", text)),
            "text" => found.extend(text.lines().filter_map(|line| {
                let client = line.strip_prefix("→ ").map(|frame| ("client", frame.to_owned()));
                client.or_else(|| line.strip_prefix("← ").map(|frame| ("server", frame.to_owned())))
            })),
            other => assert!(
                !text.contains("\"t\":") && !text.contains("\"t\" :"),
                "a frame in a block marked `{other}`: mark it `json client` or `json server`"
            ),
        }
    }
    found
}

/// CMP1: every example is a frame that is read and written again without loss, and every type of frame has one.
#[test]
fn every_example_is_a_frame_and_every_frame_has_an_example() {
    let mut said = BTreeSet::new();
    for (from, source) in frames(&document()) {
        let (shown, read) = (value(&source), value(&again(from, &source)));
        assert!(still_says(&shown, &read), "\n{shown}\nis read as\n{read}");
        said.insert((from, shown["t"].as_str().expect("a type").to_owned()));
    }
    for (from, words) in [("client", ClientFrame::WORDS), ("server", ServerFrame::WORDS)] {
        for word in words {
            assert!(
                said.contains(&(from, (*word).to_owned())),
                "no example of `{word}` from the {from}"
            );
        }
    }
}

/// The text between one heading and the next of the same or a higher level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let level = heading.split(' ').next().expect("hashes").len();
    let start = document
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no `{heading}`"))
        + 1;
    let body = &document[start + heading.len()..];
    let end = (1..=level)
        .filter_map(|n| body.find(&format!("\n{} ", "#".repeat(n))))
        .min();
    &body[..end.unwrap_or(body.len())]
}

/// All names of fields in a value, but for those in bodies: what people write has its own section.
fn names(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
            into.insert(name.clone());
            if name != "body" && name != "now" {
                names(inner, into);
            }
        }),
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

/// Every field of every frame is explained in the section of its frame, every field further down somewhere.
#[test]
fn every_field_is_explained() {
    let document = document();
    let check = |part: &str, word: &str, frames: &[String]| {
        let section = section(section(&document, part), &format!("### `{word}`"));
        for frame in frames {
            let frame = value(frame);
            for (field, inner) in frame.as_object().expect("an object") {
                if ["t", "id", "re"].contains(&field.as_str()) {
                    continue;
                }
                assert!(
                    section.contains(&format!("`{field}`")),
                    "`{field}` is not explained under `{word}` in {part}"
                );
                let mut further = BTreeSet::new();
                if field != "body" {
                    names(inner, &mut further);
                }
                for name in further {
                    assert!(
                        document.contains(&format!("`{name}`")),
                        "`{name}` in `{word}.{field}` is not explained"
                    );
                }
            }
        }
    };
    for word in ClientFrame::WORDS {
        let frames = [0, 1].map(|turn| client_frame(word, &mut Draw::full(turn)).encode(None));
        check("## What a client says", word, &frames);
    }
    for word in ServerFrame::WORDS {
        let frames = [0, 1].map(|turn| server_frame(word, &mut Draw::full(turn)).encode(None));
        check("## What a server says", word, &frames);
    }
}

/// The examples that are no frames: HTTP bodies, bodies of entries, worked examples.
#[test]
fn the_other_examples_are_what_they_say() {
    fn same<T: serde::Serialize + serde::de::DeserializeOwned>(source: &str) -> Value {
        let read: T = serde_json::from_str(source).unwrap_or_else(|e| panic!("{e}: {source}"));
        serde_json::to_value(&read).expect("JSON")
    }
    let mut seen = BTreeSet::new();
    for (mark, text) in blocks(&document()) {
        let Some(name) = mark.strip_prefix("json ") else {
            continue;
        };
        let read = match name {
            "client" | "server" => continue,
            "SignUp" => same::<SignUp>(&text),
            "SignIn" => same::<SignIn>(&text),
            "AskPreview" => same::<AskPreview>(&text),
            "Preview" => same::<Preview>(&text),
            "SignedIn" => same::<SignedIn>(&text),
            "Devices" => same::<Devices>(&text),
            "SignedOut" => same::<SignedOut>(&text),
            "Poll" => same::<Poll>(&text),
            "Polled" => same::<Polled>(&text),
            "Rotated" => same::<Rotated>(&text),
            "Refusal" => same::<Refusal>(&text),
            "Created" => same::<Created>(&text),
            "Added" => same::<Added>(&text),
            "Removed" => same::<Removed>(&text),
            "Left" => same::<Left>(&text),
            "SettingsChange" => same::<SettingsChange>(&text),
            "RoleChanged" => same::<RoleChanged>(&text),
            "Body" => {
                let raw = serde_json::value::RawValue::from_string(text.trim().to_owned()).expect("JSON");
                serde_json::to_value(Body::check(&raw).expect("a body")).expect("JSON")
            }
            "Unread" | "Direct" | "Group" => worked(name, &value(&text)),
            other => panic!("a block is marked `json {other}`, which this test does not know"),
        };
        assert_eq!(value(&text), read, "{mark}");
        seen.insert(name.to_owned());
    }
    assert_eq!(seen.len(), 21, "all sorts have an example: {seen:?}");
}

/// A worked example with its result computed anew.
fn worked(name: &str, shown: &Value) -> Value {
    let id = |field: &str| {
        shown[field]
            .as_str()
            .expect("an id")
            .parse::<uuid::Uuid>()
            .expect("an id")
    };
    let mut computed = shown.clone();
    match name {
        "Unread" => {
            let spans: Vec<Span> = serde_json::from_value(shown["spans"].clone()).expect("spans");
            let ord = |field: &str| Ordinal(shown[field].as_u64().expect("a number"));
            computed["unread"] = protocol::unread::unread(&spans, ord("head_ord"), ord("read_ord")).into();
        }
        "Direct" => {
            let conv = ConversationId::direct(UserId(id("one")), UserId(id("other")));
            computed["conv"] = conv.to_string().into();
        }
        _ => {
            let conv = ConversationId::group(UserId(id("creator")), SendId(id("send_id")));
            computed["conv"] = conv.to_string().into();
        }
    }
    computed
}

/// The tables are the code's. `UPDATE_DOCS=1 cargo test -p protocol` writes them anew.
#[test]
fn the_tables_are_fresh() {
    let old = document();
    let mut new = old.clone();
    for (name, table) in TABLES {
        let mark = format!("<!-- table: {name} -->\n");
        let start = new.find(&mark).unwrap_or_else(|| panic!("no mark {mark}")) + mark.len();
        let end = start + new[start..].find("<!-- end of table -->").expect("the table ends");
        new.replace_range(start..end, &format!("\n{}\n", table()));
    }
    if old != new && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(), &new).expect("docs/PROTOCOL.md can be written");
    } else {
        assert!(
            old == new,
            "a table in docs/PROTOCOL.md is stale; UPDATE_DOCS=1 cargo test -p protocol writes it anew"
        );
    }
}

/// Links within the document lead somewhere.
#[test]
fn links_within_the_document_lead_somewhere() {
    let document = document();
    let mut anchors = BTreeSet::new();
    for line in document.lines().filter(|line| line.starts_with('#')) {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor = kept.collect::<String>().replace(' ', "-");
        let taken = (1..).map(|n| format!("{anchor}-{n}"));
        let free = std::iter::once(anchor.clone())
            .chain(taken)
            .find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    for link in document.split("](#").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        assert!(
            anchors.contains(target),
            "#{target} leads nowhere; there are {anchors:?}"
        );
    }
}
