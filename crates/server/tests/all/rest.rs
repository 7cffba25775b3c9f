//! The REST twins: the same verbs through the other door, and what is true of that door alone.

use crate::frames::{group, typing};
use crate::front::{Call, Front, Heard};
use crate::harness::{House, Line, Person, config, hello, model};
use crate::held::Held;
use protocol::refusal::Code;
use protocol::{ClientFrame, ConversationId, RequestId, SendId, ServerFrame, limits};
use serde_json::{Value, json};
use server::config::{Config, Rate, Rates};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Everything a client ever said, as it was said.
const GOLDEN: &str = include_str!("../../../protocol/tests/golden/v1.jsonl");
/// What is said on a socket only.
const OF_A_SESSION: [&str; 3] = ["hello", "watch", "beat"];

/// Asks a verb by REST.
async fn ask(front: &Front, who: &Person, verb: &str, body: impl Into<String>) -> Heard {
    let token = who.token.to_text();
    let call = Call {
        token: Some(&token),
        body: body.into(),
        ..Call::default()
    };
    front.call("POST", &format!("/v1/{verb}"), call).await
}

/// Asks a frame's verb by REST with the frame's own text: its `t` is a field that is not known there.
async fn ask_frame(front: &Front, who: &Person, frame: &ClientFrame) -> Heard {
    ask(front, who, frame.word(), frame.encode(None)).await
}

/// A server with people, a group of the first two with three messages and a removal, and their 1:1.
struct Scene {
    front: Front,
    ann: Person,
    bob: Person,
    eve: Person,
    group: ConversationId,
    direct: ConversationId,
}

/// How often something that is not there yet is asked for.
const TRIES_MAX: usize = 20;

impl Scene {
    async fn open() -> (Self, Line) {
        let front = Front::open(config());
        let [ann, bob, eve] = front.house.people(["ann", "bob", "eve"]).await;
        let mut line = front.house.connect(&ann).await;
        let group = front.house.group(&mut line, "tea", &[&bob]).await;
        let direct = front.house.direct(&mut line, &bob).await;
        for conv in [group, direct] {
            for text in ["one", "two", "three", "four", "five"] {
                line.ack(front.house.text(conv, text)).await;
            }
        }
        let scene = Self {
            front,
            ann,
            bob,
            eve,
            group,
            direct,
        };
        (scene, line)
    }

    /// What was said once, about people and conversations that are here.
    fn said(&self, golden: &str) -> String {
        golden
            .replace("5b3e6f0a-9c1d-4a52-8f07-1d2c3b4a5e6f", &self.ann.user.to_string())
            .replace("c2a4d8e1-7b60-4f39-9a1e-0f8e7d6c5b4a", &self.bob.user.to_string())
            .replace("2eae6aa7-effc-8333-9b1a-8f2ab405bc14", &self.group.to_string())
            .replace("726bd40b-4802-8c69-af10-828a16d3c8a2", &self.direct.to_string())
    }
}

/// An answer without what is another each time: times, and names that are made of them.
fn without_times(answer: Value) -> Value {
    match answer {
        Value::Object(map) => map
            .into_iter()
            .filter(|(name, _)| !name.ends_with("ms") && !matches!(name.as_str(), "id" | "message_id" | "re"))
            .map(|(name, value)| (name, without_times(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_times).collect(),
        other => other,
    }
}

/// What the socket answers to a text, if anything.
async fn by_socket(line: &mut Line, word: &str, text: &str) -> Option<Value> {
    let id = RequestId(line.heard.len() as u64 + 1_000_000);
    let mut asked: Value = serde_json::from_str(text).expect("JSON");
    asked["id"] = json!(id.0);
    line.say_text(asked.to_string()).await;
    if word == "typing" {
        return None;
    }
    let answer = line.answer(id).await;
    Some(serde_json::from_str(&answer.encode(None)).expect("JSON"))
}

/// The types of answers that `/openapi.json` names for a verb.
fn described(document: &Value, verb: &str) -> BTreeSet<String> {
    let answers = &document["paths"][format!("/v1/{verb}")]["post"]["responses"]["200"];
    let mut words = BTreeSet::new();
    let mut look = vec![&answers["content"]["application/json"]["schema"]];
    while let Some(schema) = look.pop() {
        words.extend(schema["properties"]["t"]["const"].as_str().map(str::to_owned));
        for parts in ["allOf", "oneOf"] {
            look.extend(schema[parts].as_array().into_iter().flatten());
        }
    }
    words
}

/// Every verb that was ever said and has a twin: its word, and the frame as it was said.
fn ever_said() -> Vec<(String, String)> {
    let said = GOLDEN.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let word = line["frame"]["t"].as_str()?.to_owned();
        (line["from"] == "client" && twins().any(|twin| twin == word)).then(|| (word, line["frame"].to_string()))
    });
    said.collect()
}

/// Says something by the socket in one server and by REST in the other; the answers are the same. Answers the type of
/// the answer, if there was one that was no refusal.
async fn same_answer(
    (one, line): (&Scene, &mut Line),
    (other, who): (&Scene, &Person),
    word: &str,
    said: &str,
) -> Option<String> {
    // Whoever is told that a thing is not there yet comes again, at either door.
    let mut expected = by_socket(line, word, &one.said(said)).await;
    let mut heard = ask(&other.front, who, word, other.said(said)).await;
    for _ in 0..TRIES_MAX {
        let (behind, heard_behind) = (
            expected.as_ref().is_some_and(|answer| answer["code"] == 502),
            heard.status == 503,
        );
        if !behind && !heard_behind {
            break;
        }
        tokio::time::advance(Duration::from_millis(250)).await;
        if behind {
            expected = by_socket(line, word, &one.said(said)).await;
        }
        if heard_behind {
            heard = ask(&other.front, who, word, other.said(said)).await;
        }
    }
    let Some(mut expected) = expected else {
        assert_eq!((heard.status, heard.text.as_str()), (204, ""), "{said}");
        return None;
    };
    if expected["t"] != "refuse" {
        let t = expected["t"].as_str().expect("a type").to_owned();
        assert_eq!(without_times(heard.json()), without_times(expected), "{said}");
        assert_eq!(heard.status, 200, "{said}");
        return Some(t);
    }
    expected.as_object_mut().expect("an object").remove("t");
    let code = u16::try_from(expected["code"].as_u64().expect("a code")).expect("a small one");
    assert_eq!(without_times(heard.json()), without_times(expected), "{said}");
    assert_eq!(Some(heard.status), Code::of(code).map(Code::http_status), "{said}");
    None
}

/// RST1: in two servers with the same past, a stranger, a member and the owner say everything that was ever said: in
/// one by the socket, in the other by REST. The answers are the same; over REST a refusal has its HTTP status.
#[tokio::test(start_paused = true)]
async fn rst1_a_verb_by_rest_is_the_verb_by_the_socket() {
    let ((one, mut owner), (other, _line)) = (Scene::open().await, Scene::open().await);
    let document = other.front.call("GET", "/openapi.json", Call::default()).await.json();
    let mut stranger = one.front.house.connect(&one.eve).await;
    let mut member = one.front.house.connect(&one.bob).await;
    let said = ever_said();
    // Backwards too: who has left finds nothing that comes after.
    let backwards: Vec<_> = said.iter().rev().cloned().collect();
    let mut done = BTreeSet::new();
    for (line, who, said) in [
        (&mut stranger, &other.eve, &said),
        (&mut member, &other.bob, &backwards),
        (&mut owner, &other.ann, &said),
    ] {
        for (word, said) in said {
            if let Some(t) = same_answer((&one, &mut *line), (&other, who), word, said).await {
                assert!(
                    described(&document, word).contains(&t),
                    "{word} is answered by {t}: say so in the index"
                );
                done.insert(word.clone());
            }
        }
    }
    let asked: BTreeSet<&str> = said.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(asked, twins().collect(), "the golden file has a line for each verb");
    for verb in [
        "send", "get", "cursor", "inbox", "heads", "create", "members", "people", "leave",
    ] {
        assert!(done.contains(verb), "{verb} was only ever refused");
    }
}

fn twins() -> impl Iterator<Item = &'static str> {
    ClientFrame::WORDS
        .iter()
        .copied()
        .filter(|word| !OF_A_SESSION.contains(word))
}

/// RST1 IDM1: what was sent by one door and is sent again by the other is there once, and gets the first answer;
/// another text under the same name is refused. What REST sends, a socket hears.
#[tokio::test(start_paused = true)]
async fn rst1_a_retry_may_come_by_the_other_door() {
    let (scene, mut line) = Scene::open().await;
    let (front, house) = (&scene.front, &scene.front.house);
    let mut bob = house.connect(&scene.bob).await;
    let frame = house.text(scene.group, "by rest");
    let first = ask_frame(front, &scene.ann, &frame).await;
    assert_eq!(
        (first.status, first.headers["content-type"].as_bytes()),
        (200, b"application/json".as_slice())
    );
    let live = bob.entry().await;
    assert!(live.entry.body.get().contains("by rest"));
    let (first, again) = (first.json(), line.ack(frame.clone()).await);
    assert_eq!((json!(again.seq), again.dup), (first["seq"].clone(), true));
    assert_eq!(json!(live.entry.seq), first["seq"]);
    let mut dup = ask_frame(front, &scene.ann, &frame).await.json();
    assert_eq!(dup.as_object_mut().expect("an object").remove("dup"), Some(json!(true)));
    assert_eq!(dup, first);
    let other = crate::harness::text_as(scene.group, send_id(&frame), "something else");
    let refused = ask_frame(front, &scene.ann, &other).await;
    assert_eq!((refused.status, refused.code()), (409, Some(Code::SendIdReused as u64)));
}

fn send_id(frame: &ClientFrame) -> SendId {
    match frame {
        ClientFrame::Send(send) => send.send_id,
        _ => unreachable!(),
    }
}

/// MEM2 MEM7: who was removed reads by REST what they could read then and writes nothing; a stranger finds nothing.
#[tokio::test(start_paused = true)]
async fn mem2_who_was_removed_reads_by_rest_up_to_their_removal() {
    let (scene, mut line) = Scene::open().await;
    let (front, house) = (&scene.front, &scene.front.house);
    line.ack(house.remove(scene.group, &scene.bob)).await;
    line.ack(house.text(scene.group, "without bob")).await;
    let page = ask(
        front,
        &scene.bob,
        "get",
        json!({"conv": scene.group, "after": 0}).to_string(),
    )
    .await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("five") && page.text.contains("removed") && !page.text.contains("without bob"));
    let refused = ask_frame(front, &scene.bob, &house.text(scene.group, "still here")).await;
    assert_eq!((refused.status, refused.code()), (403, Some(Code::NotAMember as u64)));
    for body in [
        json!({"conv": scene.group, "after": 0}),
        json!({"conv": house.send_id(), "after": 0}),
    ] {
        let refused = ask(front, &scene.eve, "get", body.to_string()).await;
        assert_eq!((refused.status, refused.code()), (404, Some(Code::NotFound as u64)));
    }
}

/// AUT2 SEC2: without a token, with one that is none, with one that was signed out, nothing is done.
#[tokio::test(start_paused = true)]
async fn aut2_rest_asks_for_a_token_each_time() {
    let (scene, _line) = Scene::open().await;
    let (front, house) = (&scene.front, &scene.front.house);
    let phone = house.device(scene.ann.user).await;
    let body = json!({"conv": scene.group}).to_string();
    assert_eq!(ask(front, &phone, "members", body.clone()).await.status, 200);
    let signed_out = front.with(&phone.token.to_text(), "DELETE", "/v1/session").await;
    assert_eq!(signed_out.status, 200);
    let gone = ask(front, &phone, "members", body.clone()).await;
    let without = front.post("/v1/members", &json!({"conv": scene.group})).await;
    let in_address = format!("/v1/members?token={}", scene.ann.token.to_text().expose());
    let in_address = front.post(&in_address, &json!({"conv": scene.group})).await;
    for heard in [gone, without, in_address] {
        assert_eq!((heard.status, heard.code()), (401, Some(Code::Unauthenticated as u64)));
        assert_eq!(heard.headers["www-authenticate"], "Bearer");
    }
}

/// BND3 SEC2: a body that is no object, of a wrong shape, too large, is refused with a number and without being quoted.
#[tokio::test(start_paused = true)]
async fn sec2_nonsense_by_rest_is_refused() {
    let (scene, _line) = Scene::open().await;
    let (front, ann) = (&scene.front, &scene.ann);
    let conv = scene.group;
    let text_of = |bytes: usize| {
        let send_id = front.house.send_id();
        let body = json!({"text": "x", "more": "y".repeat(bytes)});
        json!({"conv": conv, "send_id": send_id, "kind": "text", "body": body}).to_string()
    };
    for (verb, body, status, code) in [
        ("members", String::new(), 400, Code::Malformed),
        ("members", "canary".to_owned(), 400, Code::Malformed),
        ("members", "[]".to_owned(), 400, Code::Malformed),
        ("members", format!("[\"{conv}\"]"), 400, Code::Malformed),
        ("members", "{}".to_owned(), 400, Code::Malformed),
        ("members", json!({"conv": "canary"}).to_string(), 400, Code::Malformed),
        ("members", json!({"conv": 5}).to_string(), 400, Code::Malformed),
        (
            "members",
            format!("{{\"conv\":\"{conv}\",\"conv\":\"{conv}\"}}"),
            400,
            Code::Malformed,
        ),
        (
            "get",
            json!({"conv": conv, "after": -1}).to_string(),
            400,
            Code::Malformed,
        ),
        (
            "get",
            json!({"conv": conv, "after": (1_u64 << 53)}).to_string(),
            400,
            Code::Malformed,
        ),
        (
            "get",
            json!({"conv": conv, "after": 1, "before": 2}).to_string(),
            400,
            Code::BadRequest,
        ),
        (
            "people",
            json!({"handles": vec!["ann"; limits::PEOPLE_MAX + 1]}).to_string(),
            413,
            Code::TooLarge,
        ),
        ("send", text_of(limits::BODY_BYTES_MAX), 422, Code::BadBody),
        ("send", text_of(limits::CLIENT_FRAME_BYTES_MAX), 413, Code::TooLarge),
        (
            "cursor",
            json!({"conv": conv, "read": 4_000}).to_string(),
            422,
            Code::BeyondHead,
        ),
    ] {
        let refused = ask(front, ann, verb, body.clone()).await;
        let about = &body[..body.len().min(80)];
        assert_eq!(
            (refused.status, refused.code()),
            (status, Some(code as u64)),
            "{verb} {about}: {}",
            refused.text
        );
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }
    // Larger than what the account routes take.
    assert_eq!(ask(front, ann, "send", text_of(60_000)).await.status, 200);
}

/// CMP2: a field that is not known is passed over, however deep it goes.
#[tokio::test(start_paused = true)]
async fn cmp2_unknown_fields_are_passed_over_by_rest() {
    let (scene, _line) = Scene::open().await;
    let conv = scene.group;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let unknown = format!("{{\"conv\":\"{conv}\",\"colour\":\"blue\",\"t\":\"leave\",\"id\":7,\"deep\":{deep}}}");
    let heard = ask(&scene.front, &scene.ann, "members", unknown).await;
    assert_eq!((heard.status, heard.json()["t"].as_str()), (200, Some("members")));
}

/// SEC2: what is no verb, or a verb of a session, is not there; a verb takes one method and says so.
#[tokio::test(start_paused = true)]
async fn sec2_other_paths_and_methods_are_refused() {
    let (scene, _line) = Scene::open().await;
    let (front, ann) = (&scene.front, &scene.ann);
    for verb in OF_A_SESSION.iter().chain(&["nonsense", "Send", "send/"]) {
        let heard = ask(front, ann, verb, "{}").await;
        assert_eq!(
            (heard.status, heard.code()),
            (404, Some(Code::NotFound as u64)),
            "{verb}"
        );
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let heard = front.with(&ann.token.to_text(), method, "/v1/send").await;
        assert_eq!(
            (heard.status, heard.code()),
            (405, Some(Code::BadRequest as u64)),
            "{method}"
        );
        assert_eq!(heard.headers["allow"], "POST");
    }
}

/// LIM1: a request costs its address, and is told how long to wait.
#[tokio::test(start_paused = true)]
async fn lim1_rest_costs_its_address() {
    let two = Rate {
        burst: 2.0,
        per_second: 0.1,
    };
    let front = Front::open(Config {
        rates: Rates {
            connects_per_address: two,
            ..Rates::unlimited()
        },
        ..config()
    });
    let ann = front.house.person("ann").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&front, &ann, "inbox", r#"{"after_ver":0}"#).await);
    }
    assert_eq!(
        statuses.iter().map(|heard| heard.status).collect::<Vec<_>>(),
        [200, 200, 429]
    );
    assert_eq!(statuses[2].code(), Some(Code::RateLimited as u64));
    assert!(statuses[2].headers.contains_key("retry-after"));
}

/// PRS4: who says by REST that they type is heard saying it, and not more often than on a socket.
#[tokio::test(start_paused = true)]
async fn prs4_typing_by_rest_is_told_and_not_too_often() {
    let (scene, mut line) = Scene::open().await;
    line.watch(crate::frames::watch(&[scene.group], &[])).await;
    line.everything(1_000).await;
    for _ in 0..5 {
        assert_eq!(
            ask_frame(&scene.front, &scene.bob, &typing(scene.group)).await.status,
            204
        );
    }
    let is_typing = |frame: &&ServerFrame| matches!(frame, ServerFrame::Typing(_));
    assert_eq!(line.everything(1_000).await.iter().filter(is_typing).count(), 1);
    tokio::time::advance(Duration::from_millis(limits::TYPING_INTERVAL_MS_MIN)).await;
    assert_eq!(
        ask_frame(&scene.front, &scene.bob, &typing(scene.group)).await.status,
        204
    );
    assert_eq!(line.everything(1_000).await.iter().filter(is_typing).count(), 1);
}

/// RST2: an answer that does not come in ten seconds is a refusal worth a retry; a client that went away took nothing
/// with it. What they asked for is done, and everybody hears of it at once.
#[tokio::test(start_paused = true)]
async fn rst2_who_goes_away_leaves_their_message() {
    let held = Held::new(model());
    let front = Front::of(House::with(config(), Arc::clone(&held) as Arc<dyn store::Store>));
    let [ann, bob] = front.house.people(["ann", "bob"]).await;
    let mut line = front.house.connect(&bob).await;
    let conv = front.house.group(&mut line, "tea", &[&ann]).await;
    let (slow, gone) = (front.house.text(conv, "slow"), front.house.text(conv, "gone"));
    line.everything(10_000).await;
    // The look at the token is answered, the send is not.
    held.hold_after(1);
    let late = ask_frame(&front, &ann, &slow).await;
    assert_eq!((late.status, late.code()), (503, Some(Code::Overloaded as u64)));
    assert_eq!(
        (late.json()["retry"].clone(), late.headers["retry-after"].as_bytes()),
        (json!(true), b"1".as_slice())
    );
    held.hold_after(1);
    let patience = Duration::from_secs(1);
    assert!(
        tokio::time::timeout(patience, ask_frame(&front, &ann, &gone))
            .await
            .is_err(),
        "it waits"
    );
    // Who is told by the sweeper is told later than that.
    held.let_go();
    let soon = tokio::time::Instant::now() + Duration::from_millis(100);
    let mut texts = Vec::new();
    while let Ok(live) = tokio::time::timeout_at(soon, line.entry()).await {
        texts.push(live.entry.body.get().to_owned());
    }
    assert_eq!(texts, [r#"{"text":"slow"}"#, r#"{"text":"gone"}"#]);
    for frame in [slow, gone] {
        assert_eq!(ask_frame(&front, &ann, &frame).await.json()["dup"], true);
    }
}

/// RST1: a group made by REST is the group that the same words make on the socket.
#[tokio::test(start_paused = true)]
async fn rst1_a_group_made_by_rest_is_a_group() {
    let (scene, mut line) = Scene::open().await;
    let house = &scene.front.house;
    let frame = group(house.send_id(), "books", vec![scene.bob.user]);
    let made = ask_frame(&scene.front, &scene.ann, &frame).await.json();
    let again = line.ack(frame).await;
    assert_eq!((json!(again.conv), again.dup), (made["conv"].clone(), true));
    let mut bob = house.socket().await;
    bob.ask(hello(&scene.bob, None, None)).await;
    assert!(bob.row(again.conv).await.is_some());
}
