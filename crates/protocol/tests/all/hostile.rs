//! Text that is no frame, nearly a frame, or a frame that somebody made to hurt: an answer, in bounded stack, that
//! quotes nothing.

use crate::frames::{client_examples, server_examples};
use proptest::prelude::*;
use protocol::frame::Malformed;
use protocol::limits;
use protocol::limits::{BODY_DEPTH_MAX, CLIENT_FRAME_BYTES_MAX};
use protocol::{Body, ClientFrame, RequestId, ServerFrame};
use serde_json::Value;
use serde_json::value::RawValue;

/// What a person wrote, or a token: it never comes back in an error.
const CANARY: &str = "CANARY";
/// Stack of the thread that reads, in bytes: an eighth of what a worker thread has.
const STACK_BYTES: usize = 256 * 1024;

/// Both directions read the text; what they complain of, as text.
fn complaints(source: &str) -> String {
    let of = |error: Option<Malformed>| error.map(|e| format!("{e:?}")).unwrap_or_default();
    of(ClientFrame::decode(source).err()) + &of(ServerFrame::decode(source).err())
}

/// Runs on a thread with little stack, so that unbounded recursion ends the test.
fn in_little_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(run).expect("a thread").join().expect("no panic");
}

/// Every frame once for each value in it, with that value replaced by `\u{1}HERE\u{1}` in quotes.
fn holes() -> Vec<String> {
    let mut found = Vec::new();
    for text in client_examples().into_iter().chain(server_examples()) {
        let frame: Value = serde_json::from_str(&text).expect("examples are JSON");
        for n in 0.. {
            let mut holed = frame.clone();
            let mut left = n;
            if !dig(&mut holed, &mut left) {
                break;
            }
            found.push(holed.to_string());
        }
    }
    found
}

const HOLE: &str = "HERE GOES SOMETHING ELSE";

/// Replaces the value number `left` in a walk over all values. Answers whether there was one.
fn dig(value: &mut Value, left: &mut usize) -> bool {
    if *left == 0 {
        *value = Value::String(HOLE.to_owned());
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| dig(item, left)),
        Value::Object(fields) => fields.iter_mut().any(|(_, item)| dig(item, left)),
        _ => false,
    }
}

fn fill(holed: &str, with: &str) -> String {
    holed.replace(&format!("\"{HOLE}\""), with)
}

/// SEC2: any value in any frame may be anything; reading it ends, in little stack.
/// SEC1: and it stays silent about what it was.
#[test]
fn sec1_sec2_any_value_may_be_anything() {
    let deep = 50_000;
    let nasty = vec![
        format!("\"{CANARY}\""),
        format!("\"{CANARY} at line 1 column 1\""),
        format!("\"x, expected {CANARY} at line 1 column 1\""),
        format!("\"missing field `{CANARY}\""),
        format!("[\"{CANARY}\"]"),
        format!("{{\"{CANARY}\":\"{CANARY}\"}}"),
        format!("{{\"kind\":\"{CANARY}\",\"topic\":\"{CANARY}\"}}"),
        format!("\"{CANARY}\\ud800\""),
        format!("\"{CANARY}\\ud83d\\ude00\\u0000\""),
        "null".into(),
        "true".into(),
        "-1".into(),
        "1.5".into(),
        "1e999".into(),
        "9007199254740992".into(),
        "18446744073709551615".into(),
        "9".repeat(400),
        "[]".into(),
        "{}".into(),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("{}1{}", "{\"a\":".repeat(deep / 5), "}".repeat(deep / 5)),
        "[".repeat(deep),
    ];
    in_little_stack(move || {
        for holed in holes() {
            for with in &nasty {
                let said = complaints(&fill(&holed, with));
                assert!(!said.contains(CANARY), "{said}\nof {with} in {holed}");
            }
        }
    });
}

/// BND3: a body that nests without end is passed through the frame without being walked, and refused where it is
/// checked.
#[test]
fn bnd3_a_deep_body_is_refused_and_not_walked() {
    in_little_stack(|| {
        let half = CLIENT_FRAME_BYTES_MAX / 2 - 200;
        let raw = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let id = "0193b6f0-0000-7000-8000-000000000001";
        let frame = |body: &str| {
            let source =
                format!("{{\"t\":\"send\",\"conv\":\"{id}\",\"send_id\":\"{id}\",\"kind\":\"x\",\"body\":{body}}}");
            match ClientFrame::decode(&source) {
                Ok((None, ClientFrame::Send(send))) => protocol::body::check_any(&send.body),
                other => panic!("{other:?}"),
            }
        };
        assert!(frame(&raw(half)).is_err());
        assert!(frame(&raw(BODY_DEPTH_MAX)).is_err(), "the object is a level too");
        assert_eq!(frame(&raw(BODY_DEPTH_MAX - 1)), Ok(()));
    });
}

/// BND3: a body's parts have a greatest size each.
#[test]
fn bnd3_a_body_is_bounded_in_every_part() {
    let raw = |source: String| RawValue::from_string(source).expect("JSON");
    let mention = "{\"user\":\"0193b6f0-0000-7000-8000-000000000001\",\"start\":0,\"len\":1}";
    let list = |item: &str, n: usize| vec![item; n].join(",");
    let bodies: [(usize, &dyn Fn(usize) -> String); 3] = [
        (limits::TEXT_BYTES_MAX, &|n| {
            format!("{{\"text\":\"{}\"}}", "x".repeat(n))
        }),
        (limits::MENTIONS_MAX, &|n| {
            format!("{{\"text\":\"x\",\"mentions\":[{}]}}", list(mention, n))
        }),
        (limits::MEDIA_MAX, &|n| {
            format!(
                "{{\"media\":[{}]}}",
                list("\"0193b6f0-0000-7000-8000-000000000001\"", n)
            )
        }),
    ];
    for (max, body) in bodies {
        assert!(Body::check(&raw(body(max))).is_ok(), "the limit itself is allowed");
        assert!(Body::check(&raw(body(max + 1))).is_err(), "{} and one more", max);
    }
    let whole = |bytes: usize| raw(format!("{{\"x\":\"{}\"}}", "y".repeat(bytes - 8)));
    assert_eq!(protocol::body::check_any(&whole(limits::BODY_BYTES_MAX)), Ok(()));
    assert!(protocol::body::check_any(&whole(limits::BODY_BYTES_MAX + 1)).is_err());
}

/// BND3: positions are below 2^53, or the frame is malformed.
#[test]
fn bnd3_a_position_is_below_two_to_the_53() {
    let ask = |ver: &str| ClientFrame::decode(&format!("{{\"t\":\"inbox\",\"id\":1,\"after_ver\":{ver}}}"));
    assert!(ask("9007199254740991").is_ok());
    for bad in [
        "9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "1.0",
        "1e3",
        "\"1\"",
    ] {
        let Err(Malformed::Field { id, .. }) = ask(bad) else {
            panic!("{bad} is no position")
        };
        assert_eq!(id, Some(RequestId(1)), "a refusal can name the request");
    }
}

/// What is said twice is said by somebody who wants two readers to read two things.
#[test]
fn a_field_twice_is_malformed() {
    for source in [
        "{\"t\":\"beat\",\"t\":\"leave\"}",
        "{\"t\":\"inbox\",\"after_ver\":1,\"after_ver\":2}",
        "[\"beat\"]",
        "{\"t\":\"beat\"} {}",
        "",
        "{}",
        "\u{feff}{\"t\":\"beat\"}",
    ] {
        assert!(ClientFrame::decode(source).is_err(), "{source}");
    }
    for body in ["{\"text\":\"a\",\"text\":\"b\"}", "[\"a\"]", "{\"text\":\"\\ud800\"}"] {
        let raw = RawValue::from_string(body.to_owned()).expect("JSON as far as a frame is concerned");
        assert!(Body::check(&raw).is_err(), "{body}");
    }
}

/// SEC1: what is printed of a frame has no token and no body in it.
#[test]
fn sec1_debug_shows_no_token_and_no_body() {
    let id = "0193b6f0-0000-7000-8000-000000000001";
    let hello = format!("{{\"t\":\"hello\",\"v\":[1],\"token\":\"{CANARY}\"}}");
    let send = format!(
        "{{\"t\":\"send\",\"conv\":\"{id}\",\"send_id\":\"{id}\",\"kind\":\"text\",\"body\":{{\"text\":\"{CANARY}\"}}}}"
    );
    for source in [hello, send] {
        let read = ClientFrame::decode(&source);
        assert!(read.is_ok() && !format!("{read:?}").contains(CANARY), "{source}");
    }
    let entry = format!(
        "{{\"seq\":1,\"ord\":1,\"id\":\"{id}\",\"sender\":\"{id}\",\"send_id\":\"{id}\",\"created_ms\":1,\
         \"kind\":\"text\",\"body\":{{\"text\":\"{CANARY}\"}}}}"
    );
    let read = ServerFrame::decode(&format!(
        "{{\"t\":\"entry\",\"conv\":\"{id}\",\"epoch\":\"{id}\",\"entry\":{entry}}}"
    ));
    assert!(read.is_ok() && !format!("{read:?}").contains(CANARY));
    assert!(!format!("{:?}", Body::text(CANARY)).contains(CANARY));

    let secret = protocol::token::TokenText::new(CANARY);
    let sign_up: protocol::account::SignUp = serde_json::from_str(&format!(
        "{{\"handle\":\"ann\",\"name\":\"Ann\",\"password\":\"{CANARY}\",\"invite\":\"{CANARY}\"}}"
    ))
    .expect("a sign-up");
    let rotated = protocol::account::Rotated { token: secret };
    assert!(!format!("{sign_up:?}{rotated:?}").contains(CANARY));
}

/// One thing done to a text.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Put(prop::sample::Index, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let pieces = vec![
        "{",
        "[",
        "\"",
        "\\",
        "\\ud800",
        "\\u0000",
        "\0",
        "null",
        "1e999",
        ":",
        ",",
        "}",
        "]",
        "\"t\":\"send\",",
        "é",
        "-",
    ];
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        at().prop_map(Damage::Cut),
        (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        (at(), prop::sample::select(pieces)).prop_map(|(at, piece)| Damage::Put(at, piece)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    match damage {
        Damage::Flip(at, byte) => *at.get_mut(bytes) ^= byte,
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Repeat(from, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from.min(to)..=from.max(to)].to_vec();
            bytes.splice(from..from, piece);
        }
        Damage::Put(at, piece) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, piece.bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// SEC2: a damaged frame is read or refused, never a panic; and what was read can be written and read again.
    #[test]
    fn sec2_a_damaged_frame_never_panics(
        which in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..6),
    ) {
        let texts: Vec<String> = client_examples().into_iter().chain(server_examples()).collect();
        let mut bytes = which.get(&texts).clone().into_bytes();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        // Invalid UTF-8 does not get past the socket; here it becomes valid UTF-8 that nobody meant.
        let source = String::from_utf8_lossy(&bytes);
        if let Ok((number, frame)) = ClientFrame::decode(&source) {
            prop_assert_eq!(ClientFrame::decode(&frame.encode(number)), Ok((number, frame)));
        }
        if let Ok((number, frame)) = ServerFrame::decode(&source) {
            prop_assert_eq!(ServerFrame::decode(&frame.encode(number)), Ok((number, frame)));
        }
    }

    /// SEC2: a body is checked or refused, whatever JSON it is.
    #[test]
    fn sec2_a_damaged_body_never_panics(damages in prop::collection::vec(damage(), 0..6)) {
        let whole = "{\"text\":\"@ann é\",\
                     \"mentions\":[{\"user\":\"0193b6f0-0000-7000-8000-000000000001\",\"start\":0,\"len\":4}]}";
        let mut bytes = whole.as_bytes().to_vec();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        if let Ok(raw) = RawValue::from_string(String::from_utf8_lossy(&bytes).into_owned()) {
            if let Ok(body) = Body::check(&raw) {
                prop_assert_eq!(Body::check(&body.to_raw()), Ok(body));
            }
            let _ = protocol::body::check_any(&raw);
        }
    }
}
