//! The door for whoever cannot hold a socket: each poll stands alone, and none misses anything.

use crate::front::{Call, Front, Heard};
use crate::harness::{Person, config};
use protocol::refusal::Code;
use protocol::server_frame::ServerFrame;
use protocol::{ConversationId, Ver};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

async fn ask(front: &Front, who: &Person, body: Value) -> Heard {
    let token = who.token.to_text();
    let call = Call {
        token: Some(&token),
        body: body.to_string(),
        ..Call::default()
    };
    front.call("POST", "/v1/poll", call).await
}

async fn poll(front: &Front, who: &Person, ver: Ver, wait_ms: u64) -> Vec<ServerFrame> {
    let heard = ask(front, who, json!({"v": [1], "ver": ver, "wait_ms": wait_ms})).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    let answer = heard.json();
    let frames = answer["frames"].as_array().expect("frames");
    let decode = |frame: &Value| match ServerFrame::decode(&frame.to_string()).expect("a frame") {
        (None, frame) => frame,
        (re, frame) => panic!("nobody asked for {frame:?} under {re:?}"),
    };
    frames.iter().map(decode).collect()
}

/// Where the inbox stands after these frames, and the conversations that it told.
fn told(frames: &[ServerFrame]) -> (Ver, Vec<ConversationId>) {
    assert!(matches!(frames.first(), Some(ServerFrame::Welcome(_))), "{frames:?}");
    let Some(ServerFrame::Inbox(page)) = frames.get(1) else {
        panic!("no inbox: {frames:?}")
    };
    let rows = page.rows.iter().filter_map(|row| match &row.topic {
        protocol::server_frame::Topic::Conversation(row) => Some(row.conv),
        _ => None,
    });
    (page.to, rows.collect())
}

/// POL1: what was there comes at once; then a poll waits, ends with the first thing that happens, and what happened
/// between two polls comes with the next.
#[tokio::test(start_paused = true)]
async fn pol1_a_poll_tells_what_happened_and_waits_for_what_will() {
    let front = Front::open(config());
    let [ann, bob] = front.house.people(["ann", "bob"]).await;
    let mut line = front.house.connect(&ann).await;
    let conv = front.house.group(&mut line, "tea", &[&bob]).await;
    line.everything(3_000).await;
    let (ver, rows) = told(&poll(&front, &bob, Ver::ZERO, 25_000).await);
    assert_eq!(rows, [conv], "what is new does not wait");

    let began = Instant::now();
    let quiet = poll(&front, &bob, ver, 2_000).await;
    assert_eq!((told(&quiet), quiet.len()), ((ver, vec![]), 2), "nothing happened");
    assert!(began.elapsed() >= Duration::from_secs(2), "and it waited");

    let (during, _) = tokio::join!(poll(&front, &bob, ver, 20_000), async {
        tokio::time::advance(Duration::from_millis(100)).await;
        line.ack(front.house.text(conv, "during")).await
    });
    let live = during.iter().any(|frame| match frame {
        ServerFrame::Entry(live) => live.entry.body.get().contains("during"),
        ServerFrame::Ver(moved) => moved.heads.iter().any(|head| head.conv == conv),
        _ => false,
    });
    assert!(live, "{during:?}");

    line.ack(front.house.text(conv, "between")).await;
    line.everything(3_000).await;
    let (later, rows) = told(&poll(&front, &bob, ver, 0).await);
    assert!(later > ver && rows == [conv], "the next one has it");
}

/// POL1: it needs a token, speaks a version, and ends when its device is signed out.
#[tokio::test(start_paused = true)]
async fn pol1_a_poll_is_refused_like_a_hello() {
    let front = Front::open(config());
    let [ann] = front.house.people(["ann"]).await;
    let nobody = front.post("/v1/poll", &json!({"v": [1]})).await;
    assert_eq!(nobody.status, 401);
    let old = ask(&front, &ann, json!({"v": [999]})).await;
    assert_eq!(old.code(), Some(Code::UnsupportedVersion as u64));
    assert_eq!(ask(&front, &ann, json!({"v": 1})).await.status, 400);
    let (ver, _) = told(&poll(&front, &ann, Ver::ZERO, 0).await);
    let token = ann.token.to_text();
    let (waiting, out) = tokio::join!(
        ask(&front, &ann, json!({"v": [1], "ver": ver, "wait_ms": 20_000})),
        async {
            tokio::time::advance(Duration::from_millis(100)).await;
            front.with(&token, "DELETE", "/v1/session").await
        }
    );
    assert_eq!((waiting.status, out.status), (401, 200));
}
