//! Whatever bytes come in: a numbered refusal or a close code, others go on, and nobody learns what is not theirs.

use crate::harness::{House, Line, Person, hello};
use protocol::close::Close;
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use protocol::{ClientFrame, ConversationId, limits};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tungstenite::Message;

/// Ann and Bob, who have secrets, and Eve, who has none of them.
struct Scene {
    house: House,
    ann: Person,
    eve: Person,
    secret: ConversationId,
    own: ConversationId,
    a: Line,
}

async fn scene() -> Scene {
    let house = House::start();
    let [ann, bob, eve] = house.people(["ann", "bob", "eve"]).await;
    let (mut a, mut e) = (house.connect(&ann).await, house.connect(&eve).await);
    let secret = house.group(&mut a, "canary-title", &[&bob]).await;
    for _ in 0..3 {
        a.ack(house.text(secret, "canary-text")).await;
    }
    let own = house.group(&mut e, "mine", &[]).await;
    e.ack(house.text(own, "hi")).await;
    Scene {
        house,
        ann,
        eve,
        secret,
        own,
        a,
    }
}

/// One value that fits a field by chance, and many that do not.
fn value(scene: &Scene, chance: &mut StdRng) -> String {
    let ids = [
        scene.secret.to_string(),
        scene.own.to_string(),
        scene.ann.user.to_string(),
        scene.eve.user.to_string(),
        scene.eve.token.to_text().expose().to_owned(),
        ConversationId::from_random(chance.random()).to_string(),
    ];
    let id = &ids[chance.random_range(0..ids.len())];
    match chance.random_range(0..24) {
        0..=4 => format!("\"{id}\""),
        5 => chance.random_range(0..10_u64).to_string(),
        6 => u64::MAX.to_string(),
        7 => ((1_u64 << 53) - chance.random_range(0..2)).to_string(),
        8 => "-1".to_owned(),
        9 => "1e400".to_owned(),
        10 => "null".to_owned(),
        11 => "true".to_owned(),
        12 => "[1,2]".to_owned(),
        13 => "[2,1]".to_owned(),
        14 => format!("[{}]", vec![format!("\"{id}\""); chance.random_range(0..400)].join(",")),
        15 => format!("{{\"text\":\"{}\"}}", "x".repeat(chance.random_range(0..20_000))),
        16 => format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        17 => format!(
            "{{\"text\":\"{}\",\"mentions\":[{{\"user\":\"{id}\",\"start\":9,\"len\":9}}]}}",
            "é"
        ),
        18 => "\"text\"".to_owned(),
        19 => "\"created\"".to_owned(),
        20 => "\"direct\"".to_owned(),
        21 => "\"group\"".to_owned(),
        22 => "{}".to_owned(),
        _ => "\"\\ud800 \\u0000\"".to_owned(),
    }
}

const FIELDS: &[&str] = &[
    "conv",
    "send_id",
    "kind",
    "body",
    "reply_to",
    "thread",
    "read",
    "after",
    "before",
    "around",
    "range",
    "since_rev",
    "limit",
    "delivered",
    "gen",
    "after_ver",
    "convs",
    "open",
    "presence_of",
    "show",
    "with",
    "title",
    "members",
    "users",
    "user",
    "handles",
    "v",
    "token",
    "epoch",
    "ver",
    "dseq",
    "watch",
    "new_in_this_year",
];

/// A frame of some type with some fields.
fn frame(scene: &Scene, id: u64, chance: &mut StdRng) -> String {
    let word = match chance.random_range(0..20) {
        0 => "from_the_future",
        1 => "welcome",
        _ => ClientFrame::WORDS[chance.random_range(0..ClientFrame::WORDS.len())],
    };
    let mut text = format!("{{\"t\":\"{word}\",\"id\":{id}");
    for field in FIELDS {
        // What every verb needs is there more often, so that more than the decoder is tried.
        let often = matches!(
            *field,
            "conv" | "send_id" | "kind" | "body" | "users" | "user" | "after_ver" | "convs"
        );
        if chance.random_bool(if often { 0.9 } else { 0.1 }) {
            let fitting = match *field {
                "send_id" => format!("\"{}\"", ConversationId::from_random(chance.random())),
                "kind" if word == "send" => "\"text\"".to_owned(),
                "kind" => "\"group\"".to_owned(),
                "body" => "{\"text\":\"hi\"}".to_owned(),
                "conv" => format!(
                    "\"{}\"",
                    if chance.random_bool(0.5) {
                        scene.secret
                    } else {
                        scene.own
                    }
                ),
                _ => value(scene, chance),
            };
            let value = if chance.random_bool(0.7) {
                fitting
            } else {
                value(scene, chance)
            };
            text.push_str(&format!(",\"{field}\":{value}"));
        }
    }
    text.push('}');
    text
}

/// The frame with something broken in it.
fn broken(mut text: String, chance: &mut StdRng) -> String {
    let at = text.floor_char_boundary(chance.random_range(0..text.len()));
    match chance.random_range(0..4) {
        0 => text.truncate(at),
        1 => text.insert(at, '"'),
        2 => text.insert_str(at, "\u{0}\u{feff}"),
        _ => text = format!("{text}{text}"),
    }
    text
}

fn tells_nothing(scene: &Scene, line: &Line, seed: u64) {
    let canary = line.heard.iter().find(|text| text.contains("canary"));
    assert!(canary.is_none(), "seed {seed}: {canary:?}");
    let token = scene.eve.token.to_text();
    assert!(
        line.heard.iter().all(|text| !text.contains(token.expose())),
        "seed {seed}"
    );
}

/// SEC2 MEM1 BND3: thousands of frames of every type, right, half right and broken, through live sessions of a
/// stranger. Each that has a number is answered by a frame or the close of that session; what is answered names
/// nothing of others; the sessions of others go on.
#[tokio::test(start_paused = true)]
async fn sec2_whatever_is_said_is_answered_and_tells_nothing() {
    let mut scene = scene().await;
    let mut said = 0;
    for seed in 0..40 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut e = scene.house.connect(&scene.eve).await;
        for id in 1_000..1_100 {
            let text = frame(&scene, id, &mut chance);
            let whole = chance.random_bool(0.97);
            let text = if whole { text } else { broken(text, &mut chance) };
            e.say_text(text.clone()).await;
            said += 1;
            // A beat behind it: once that is answered, so is the frame; cursors a moment later.
            let cursor_ms = scene.house.node.config.cursor_gather_ms + 1;
            e.say_text(r#"{"t":"beat","id":7}"#).await;
            let mut heard = Vec::new();
            let beat = loop {
                match e.receive().await {
                    Some((Some(re), _)) if re.0 == 7 => break true,
                    Some((re, frame)) => heard.push((re, frame)),
                    None => break false,
                }
            };
            if !beat {
                let code = e.close_code().await.expect("a close code");
                assert!(
                    Close::ALL.iter().any(|close| close.code() == code),
                    "seed {seed}: {code}"
                );
                tells_nothing(&scene, &e, seed);
                e = scene.house.connect(&scene.eve).await;
                continue;
            }
            let mut answered = heard.iter().any(|(re, _)| re.is_some_and(|re| re.0 == id));
            if !answered && text.contains("\"t\":\"cursor\"") {
                tokio::time::sleep(std::time::Duration::from_millis(cursor_ms)).await;
                e.say_text(r#"{"t":"beat","id":8}"#).await;
                e.until(|re, frame| {
                    answered |= re.is_some_and(|re| re.0 == id);
                    matches!(frame, ServerFrame::Beat(_)) && re.is_some_and(|re| re.0 == 8)
                })
                .await;
            }
            let silent = text.contains("\"t\":\"typing\"") || !whole;
            assert!(answered || silent, "seed {seed}: no answer to {text}");
            for (_, frame) in &heard {
                if let ServerFrame::Refuse(no) = frame {
                    assert!(no.known().is_some() && !no.say.is_empty(), "seed {seed}: {no:?}");
                }
            }
        }
        tells_nothing(&scene, &e, seed);
        scene.a.ack(scene.house.text(scene.secret, "canary-text")).await;
        scene.a.everything(10).await;
    }
    assert!(said == 4_000, "{said}");
}

/// BND3 SEC2: a frame above the limit closes with 4202, a binary one and bytes that are no UTF-8 with 4200; 16 that
/// are no frames close with 4200, each answered before that; one less does not.
#[tokio::test(start_paused = true)]
async fn bnd3_what_is_no_frame_closes_with_its_code() {
    let scene = scene().await;
    let large = "x".repeat(limits::CLIENT_FRAME_BYTES_MAX + 1);
    for (message, close) in [
        (Message::text(large.clone()), Close::TooLarge),
        (Message::binary(large.into_bytes()), Close::TooLarge),
        (Message::binary(&b"{\"t\":\"beat\"}"[..]), Close::Malformed),
    ] {
        let mut e = scene.house.connect(&scene.eve).await;
        e.say_message(message).await;
        assert_eq!(e.close_code().await, Some(close.code()));
    }
    let mut e = scene.house.connect(&scene.eve).await;
    let no_text = tungstenite::protocol::frame::Frame::message(
        vec![b'{', 0xff, 0xfe, b'}'],
        tungstenite::protocol::frame::coding::OpCode::Data(tungstenite::protocol::frame::coding::Data::Text),
        true,
    );
    e.say_message(Message::Frame(no_text)).await;
    assert_eq!(e.close_code().await, Some(Close::Malformed.code()));

    let mut e = scene.house.connect(&scene.eve).await;
    for number in 1..=limits::MALFORMED_FRAMES_MAX {
        e.beat().await;
        e.say_text("[]").await;
        let no = e.until(|_, frame| matches!(frame, ServerFrame::Refuse(_))).await;
        assert!(
            matches!(no, ServerFrame::Refuse(no) if no.known() == Some(Code::Malformed)),
            "{number}"
        );
    }
    assert_eq!(e.close_code().await, Some(Close::Malformed.code()));
}

/// BND3: the largest body that is allowed is taken and handed on whole; one byte more, one level deeper, one mention
/// or one name in a list more is refused, and the session goes on.
#[tokio::test(start_paused = true)]
async fn bnd3_limits_are_exact() {
    let scene = scene().await;
    let (house, own) = (&scene.house, scene.own);
    let mut e = house.connect(&scene.eve).await;
    e.ack(house.text(own, &"x".repeat(limits::TEXT_BYTES_MAX))).await;
    assert_eq!(e.entry().await.entry.body.get().len(), limits::TEXT_BYTES_MAX + 11);
    let over = house.text(own, &"x".repeat(limits::TEXT_BYTES_MAX + 1));
    assert_eq!(e.refused(over).await.known(), Some(Code::BadBody));
    let body = |depth: usize| {
        let text = format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let mut send = house.text(own, "");
        if let ClientFrame::Send(send) = &mut send {
            send.kind = protocol::Kind::of("new.kind");
            send.body = serde_json::value::RawValue::from_string(text).expect("JSON");
        }
        send
    };
    e.ack(body(limits::BODY_DEPTH_MAX)).await;
    assert_eq!(
        e.refused(body(limits::BODY_DEPTH_MAX + 1)).await.known(),
        Some(Code::BadBody)
    );
    let convs = vec![own; limits::HEADS_MAX + 1];
    assert_eq!(
        e.refused(crate::frames::heads(&convs)).await.known(),
        Some(Code::TooLarge)
    );
    assert!(matches!(
        e.ask(crate::frames::heads(&convs[1..])).await,
        ServerFrame::Heads(_)
    ));
    let watch = crate::frames::watch(&convs[..=limits::WATCH_OPEN_MAX], &[]);
    assert_eq!(e.refused(watch).await.known(), Some(Code::TooLarge));
    let many = vec![&scene.ann; limits::PEOPLE_MAX + 1];
    assert_eq!(
        e.refused(crate::frames::people(&many, &[])).await.known(),
        Some(Code::TooLarge)
    );
    let watch = crate::frames::watch(&[], &many);
    assert_eq!(e.refused(watch).await.known(), Some(Code::TooLarge));
    for word in [
        "created",
        "added",
        "removed",
        "left",
        "edit",
        "Text",
        "",
        &"k".repeat(limits::KIND_BYTES_MAX + 1),
    ] {
        let mut send = house.text(own, "hi");
        if let ClientFrame::Send(send) = &mut send {
            send.kind = protocol::Kind::of(word);
        }
        assert_eq!(e.refused(send).await.known(), Some(Code::BadKind), "{word}");
    }
    let ClientFrame::Hello(again) = hello(&scene.eve, None, None) else {
        unreachable!()
    };
    assert_eq!(
        e.refused(ClientFrame::Hello(again)).await.known(),
        Some(Code::OutOfOrder)
    );
}
