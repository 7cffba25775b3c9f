//! The account door against a scripted HTTP server.

use crate::scripted::{pipes, token};
use client::account::{Account, AccountError};
use client::address::Address;
use protocol::account::{Device, Devices, SignIn};
use protocol::refusal::Code;
use protocol::{DeviceId, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Takes one request and answers it; what was asked.
async fn answer(stream: &mut tokio::io::DuplexStream, ends: &str, status: u16, body: &str) -> String {
    let mut asked = String::new();
    while !asked.ends_with(ends) {
        let mut bytes = [0; 1024];
        let n = stream.read(&mut bytes).await.expect("a request");
        assert!(n > 0, "the request ended early: {asked}");
        asked.push_str(std::str::from_utf8(&bytes[..n]).expect("text"));
    }
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.expect("taken");
    stream.write_all(body.as_bytes()).await.expect("taken");
    asked
}

#[tokio::test(start_paused = true)]
async fn a_request_carries_the_token_and_an_answer_its_refusal() {
    let (connector, doors) = pipes();
    let account = Account::over(Address::parse("chat.example:81").expect("an address"), connector);
    let device = Device {
        device: DeviceId::from_bytes([3; 16]),
        name: "phone".into(),
        created_ms: 1,
        last_ms: 2,
        current: true,
    };
    let devices = Devices { devices: vec![device] };
    let token = token();
    let ask = async { account.devices(&token).await.expect("an answer") };
    let serve = async {
        let mut stream = doors.stream().await;
        answer(
            &mut stream,
            "\r\n\r\n",
            200,
            &serde_json::to_string(&devices).expect("JSON"),
        )
        .await
    };
    let (told, asked) = tokio::join!(ask, serve);
    assert_eq!(told, devices);
    assert!(
        asked.starts_with("GET /v1/devices HTTP/1.1\r\nhost: chat.example:81\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains(&format!("authorization: Bearer {}\r\n", token.expose())),
        "{asked}"
    );

    let sign_in = SignIn {
        handle: "ann".into(),
        password: "wrong horse".into(),
        device_name: "laptop".into(),
        cookie: false,
    };
    let no: Refusal = Code::Unauthenticated.refuse();
    let ask = async { account.sign_in(&sign_in).await.expect_err("refused") };
    let serve = async {
        let mut stream = doors.stream().await;
        answer(&mut stream, "}", 401, &serde_json::to_string(&no).expect("JSON")).await
    };
    let (told, asked) = tokio::join!(ask, serve);
    assert!(matches!(told, AccountError::Refused(refusal) if refusal == no));
    assert!(
        asked.starts_with("POST /v1/sessions ") && asked.ends_with(&serde_json::to_string(&sign_in).expect("JSON"))
    );

    let ask = async { account.rotate(&token).await.expect_err("odd") };
    let serve = async { answer(&mut doors.stream().await, "\r\n\r\n", 502, "<html>").await };
    let (told, _) = tokio::join!(ask, serve);
    assert!(matches!(told, AccountError::Odd { status: 502 }), "{told}");
}
