//! The HTTP door: limits and whom they are counted against, what an operator sees, and what nonsense gets.

use crate::front::{Call, Front, PASSWORD, person};
use crate::harness::{config, hello};
use futures_util::{SinkExt, StreamExt};
use protocol::ServerFrame;
use protocol::refusal::Code;
use serde_json::json;
use server::config::{Config, Rate, Rates, SignUpPolicy};
use server::listen::{self, ListenLimits};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tungstenite::Message;

/// Anybody may sign up; two sign-ins at once from an address, then one in ten seconds.
fn tight() -> Config {
    let two = Rate {
        burst: 2.0,
        per_second: 0.1,
    };
    Config {
        sign_up: SignUpPolicy::Open,
        trusted_proxies: vec!["10.0.0.1".parse().expect("an address")],
        rates: Rates {
            sign_ins_per_address: two,
            ..Rates::unlimited()
        },
        ..config()
    }
}

/// A sign-in that is not limited is 401, one that is, 429.
async fn try_from(front: &Front, peer: &str, forwarded: Option<&str>) -> u16 {
    let call = Call {
        peer: Some(peer),
        headers: forwarded
            .map(|text| ("x-forwarded-for", text.to_owned()))
            .into_iter()
            .collect(),
        body: json!({"handle": "nobody", "password": PASSWORD}).to_string(),
        ..Call::default()
    };
    front.call("POST", "/v1/sessions", call).await.status
}

/// LIM1: what is above the rate is told how long to wait, in the body and in the header, and that wait is enough.
#[tokio::test(start_paused = true)]
async fn lim1_a_limit_says_how_long() {
    let front = Front::open(tight());
    front.sign_up("ann", None).await.signed_in();
    front.sign_in("ann", PASSWORD).await.signed_in();
    let hashed = front.house.node.passwords.computed();
    let heard = front.sign_in("ann", PASSWORD).await;
    assert_eq!((heard.status, heard.code()), (429, Some(Code::RateLimited as u64)));
    assert_eq!(
        front.house.node.passwords.computed(),
        hashed,
        "what is limited costs no hash"
    );
    let body = heard.json();
    let wait_ms = body["retry_after_ms"].as_u64().expect("a wait");
    assert_eq!(body["retry"], true);
    assert_eq!(heard.headers["retry-after"], wait_ms.div_ceil(1_000).to_string());
    assert!((1..=10_000).contains(&wait_ms), "{wait_ms}");
    tokio::time::advance(Duration::from_millis(wait_ms / 2)).await;
    assert_eq!(front.sign_in("ann", PASSWORD).await.status, 429);
    tokio::time::advance(Duration::from_millis(wait_ms)).await;
    front.sign_in("ann", PASSWORD).await.signed_in();
}

/// LIM1: tries at one account are counted whoever makes them, from wherever, and whether it exists or not.
#[tokio::test(start_paused = true)]
async fn lim1_tries_at_one_account_are_counted_together() {
    let few = Rate {
        burst: 3.0,
        per_second: 0.01,
    };
    let front = Front::open(Config {
        rates: Rates {
            sign_ins_per_user: few,
            ..Rates::unlimited()
        },
        ..tight()
    });
    front.sign_up("ann", None).await.signed_in();
    for handle in ["ann", "nobody"] {
        let mut statuses = Vec::new();
        for number in 0..5 {
            let call = Call {
                peer: Some(["8.8.8.1:1", "8.8.8.2:1", "8.8.8.3:1", "8.8.8.4:1", "8.8.8.5:1"][number]),
                body: json!({"handle": handle.to_uppercase(), "password": "wrong wrong"}).to_string(),
                ..Call::default()
            };
            statuses.push(front.call("POST", "/v1/sessions", call).await.status);
        }
        assert_eq!(statuses, [401, 401, 401, 429, 429], "{handle}");
    }
}

/// LIM2: a stranger's `X-Forwarded-For` does not choose the address it is limited by; a trusted proxy's does.
#[tokio::test(start_paused = true)]
async fn lim2_only_a_trusted_proxy_says_what_the_address_is() {
    let front = Front::open(tight());
    let mut spoofed = Vec::new();
    for number in 0..4 {
        spoofed.push(try_from(&front, "8.8.8.8:1000", Some(&format!("1.1.1.{number}"))).await);
    }
    assert_eq!(spoofed, [401, 401, 429, 429]);

    let mut behind = Vec::new();
    for number in 0..4 {
        behind.push(try_from(&front, "10.0.0.1:1000", Some(&format!("1.1.1.{number}"))).await);
    }
    assert_eq!(behind, [401; 4], "four people behind one proxy");
    let mut one = Vec::new();
    for number in 0..4 {
        one.push(try_from(&front, "10.0.0.1:1000", Some(&format!("9.9.9.{number}, 2.2.2.2"))).await);
    }
    assert_eq!(one, [401, 401, 429, 429], "one person who writes hops of their own");

    let mut within_64 = Vec::new();
    for number in 0..4 {
        within_64.push(try_from(&front, &format!("[2001:db8:0:7::{number}]:1"), None).await);
    }
    assert_eq!(within_64, [401, 401, 429, 429], "one IPv6 customer");
    assert_eq!(try_from(&front, "[2001:db8:0:8::1]:1", None).await, 401, "another");
}

/// The names in OpenMetrics text, as its samples have them.
fn names_out(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let name = |line: &str| {
        let (name, kind) = line.split_once(' ').expect("a name and a type");
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        format!("{name}{suffix}")
    };
    types.map(name).collect()
}

/// OBS1: every metric that comes out is explained, every one that is explained comes out, each with its unit.
#[tokio::test]
async fn obs1_every_metric_is_documented_and_there() {
    let front = Front::open(tight());
    // Whoever starts a node over a real disk has it looked at.
    front.house.node.disk.saw(Some(1 << 40));
    let heard = front.call("GET", "/metrics", Call::default()).await;
    assert_eq!(heard.status, 200);
    assert!(
        heard.headers["content-type"]
            .to_str()
            .is_ok_and(|t| t.starts_with("application/openmetrics-text"))
    );
    let document = include_str!("../../../../docs/OPERATING.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `tidings_"));
    let mut documented = BTreeSet::new();
    for row in rows {
        let (name, rest) = row.split_once('`').expect("a name in backticks");
        let cells: Vec<&str> = rest.split('|').map(str::trim).collect();
        assert!(
            cells.len() >= 3 && !cells[1].is_empty() && !cells[2].is_empty(),
            "{row}"
        );
        if name.contains("_seconds") {
            assert_eq!(cells[1], "seconds", "{row}");
        }
        assert!(documented.insert(format!("tidings_{name}")), "twice: {row}");
    }
    assert!(documented.len() > 20, "the table is found");
    assert_eq!(names_out(&heard.text), documented);
}

/// OBS1: what happened is what is counted.
#[tokio::test]
async fn obs1_what_happened_is_counted() {
    let front = Front::open(tight());
    let ann = front.sign_up("ann", None).await.signed_in();
    front.sign_in("ann", "a wrong password").await;
    let limited = front.sign_in("ann", PASSWORD).await;
    assert_eq!(limited.status, 429);
    let _line = front.house.connect(&person(&ann)).await;
    let text = front.call("GET", "/metrics", Call::default()).await.text;
    for line in [
        "tidings_sign_ups_total 1",
        "tidings_logins_total{outcome=\"ok\"} 1",
        "tidings_logins_total{outcome=\"refused\"} 1",
        "tidings_logins_total{outcome=\"limited\"} 1",
        "tidings_refusals_total{code=\"201\"} 1",
        "tidings_refusals_total{code=\"501\"} 1",
        "tidings_http_answers_total{status=\"2xx\"} 1",
        "tidings_http_answers_total{status=\"4xx\"} 2",
        "tidings_password_hashes_total 2",
        "tidings_sessions 1",
        "tidings_frames_received_total{type=\"hello\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
}

/// OBS1: metrics are for this machine and its neighbours, also behind a proxy.
#[tokio::test]
async fn obs1_metrics_are_not_for_the_internet() {
    let front = Front::open(tight());
    let ask = async |peer: &'static str, forwarded: Option<&str>| {
        let call = Call {
            peer: Some(peer),
            headers: forwarded
                .map(|text| ("x-forwarded-for", text.to_owned()))
                .into_iter()
                .collect(),
            ..Call::default()
        };
        front.call("GET", "/metrics", call).await.status
    };
    assert_eq!(ask("192.168.1.5:1", None).await, 200);
    assert_eq!(ask("[::1]:1", None).await, 200);
    assert_eq!(ask("8.8.8.8:1", None).await, 404);
    assert_eq!(ask("8.8.8.8:1", Some("127.0.0.1")).await, 404);
    assert_eq!(ask("10.0.0.1:1", Some("8.8.8.8")).await, 404);
    assert_eq!(ask("10.0.0.1:1", Some("192.168.1.5")).await, 200);
}

/// OBS1: alive while it runs, ready while it takes sessions.
#[tokio::test]
async fn obs1_alive_and_ready_are_two_things() {
    let front = Front::open(tight());
    let get = async |path: &'static str| front.call("GET", path, Call::default()).await;
    assert_eq!((get("/healthz").await.status, get("/readyz").await.status), (200, 200));
    assert!(get("/").await.text.contains("/v1/ws"), "the page says how to go on");
    front.house.node.drain();
    assert_eq!(get("/healthz").await.status, 200);
    let heard = get("/readyz").await;
    assert_eq!(heard.status, 503);
    assert!(heard.text.starts_with("draining"), "{}", heard.text);
}

/// SEC2: whatever is asked, the answer is a numbered refusal that quotes nothing of it.
#[tokio::test]
async fn sec2_nonsense_gets_a_numbered_refusal() {
    let front = Front::open(tight());
    let deep = "[".repeat(8_000);
    let huge = format!("{{\"handle\":\"{}\"}}", "canary".repeat(4_000));
    let cases = [
        ("GET", "/canary", "", 404, Code::NotFound),
        ("POST", "/v1/accounts/canary", "{}", 404, Code::NotFound),
        ("GET", "/v1/accounts", "", 405, Code::BadRequest),
        ("DELETE", "/healthz", "", 405, Code::BadRequest),
        ("POST", "/v1/accounts", "", 400, Code::BadRequest),
        ("POST", "/v1/accounts", "canary", 400, Code::BadRequest),
        (
            "POST",
            "/v1/accounts",
            "[\"canary\",\"canary\",\"canary canary\"]",
            400,
            Code::BadRequest,
        ),
        (
            "POST",
            "/v1/sessions",
            "{\"handle\":\"canary\",\"password\":7}",
            400,
            Code::BadRequest,
        ),
        ("POST", "/v1/sessions", deep.as_str(), 400, Code::BadRequest),
        ("POST", "/v1/sessions", huge.as_str(), 413, Code::TooLarge),
        ("GET", "/v1/devices", "", 401, Code::Unauthenticated),
        ("GET", "/v1/devices?token=canary", "", 401, Code::Unauthenticated),
        ("DELETE", "/v1/devices/canary", "", 401, Code::Unauthenticated),
    ];
    for (method, path, body, status, code) in cases {
        let body = body.to_owned();
        let heard = front
            .call(
                method,
                path,
                Call {
                    body,
                    ..Call::default()
                },
            )
            .await;
        assert_eq!(
            (heard.status, heard.code()),
            (status, Some(code as u64)),
            "{method} {path}"
        );
        assert!(!heard.text.contains("canary"), "{method} {path}: {}", heard.text);
        assert_eq!(heard.headers["cache-control"], "no-store");
        assert_eq!(heard.headers["x-content-type-options"], "nosniff");
        assert_eq!(heard.headers.contains_key("allow"), status == 405, "{method} {path}");
        assert_eq!(
            heard.headers.contains_key("www-authenticate"),
            status == 401,
            "{method} {path}"
        );
    }
}

/// SEC2: a token is taken from one `Authorization: Bearer` and from nowhere else.
#[tokio::test]
async fn sec2_a_token_has_one_place() {
    let front = Front::open(tight());
    let ann = front.sign_up("ann", None).await.signed_in();
    let token = ann.token.expose();
    let ask = async |path: &str, headers: Vec<(&'static str, String)>| {
        front
            .call(
                "GET",
                path,
                Call {
                    headers,
                    ..Call::default()
                },
            )
            .await
            .status
    };
    let bearer = |scheme: &str| ("authorization", format!("{scheme} {token}"));
    assert_eq!(ask("/v1/devices", vec![bearer("Bearer")]).await, 200);
    assert_eq!(
        ask("/v1/devices", vec![bearer("bearer")]).await,
        200,
        "schemes have no case"
    );
    assert_eq!(ask("/v1/devices", vec![bearer("Basic")]).await, 401);
    assert_eq!(
        ask("/v1/devices", vec![bearer("Bearer"), bearer("Bearer")]).await,
        401,
        "two"
    );
    assert_eq!(ask(&format!("/v1/devices?token={token}"), vec![]).await, 401);
    assert_eq!(
        ask("/v1/devices", vec![("cookie", format!("token={token}"))]).await,
        401
    );
}

/// What a plain HTTP request to the socket's path gets.
async fn handshake(front: &Front, headers: bool) -> crate::front::Heard {
    let pairs = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let headers = pairs
        .into_iter()
        .filter(|_| headers)
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    front
        .call(
            "GET",
            protocol::SOCKET_PATH,
            Call {
                headers,
                ..Call::default()
            },
        )
        .await
}

/// LIM1: a handshake too many, a full server and one that goes down refuse before there is a socket, and say for how
/// long.
#[tokio::test(start_paused = true)]
async fn lim1_a_handshake_may_be_refused() {
    let one = Rate {
        burst: 2.0,
        per_second: 0.5,
    };
    let front = Front::open(Config {
        rates: Rates {
            connects_per_address: one,
            ..Rates::unlimited()
        },
        ..tight()
    });
    let none = handshake(&front, false).await;
    assert_eq!((none.status, none.code()), (426, Some(Code::BadRequest as u64)));
    assert_eq!(none.headers["upgrade"], "websocket");
    assert_eq!(
        handshake(&front, true).await.status,
        500,
        "without a connection below there is nothing to upgrade"
    );
    let limited = handshake(&front, true).await;
    assert_eq!((limited.status, limited.code()), (429, Some(Code::RateLimited as u64)));
    assert!(limited.headers.contains_key("retry-after"));
    front.house.node.drain();
    let draining = handshake(&front, true).await;
    assert_eq!((draining.status, draining.code()), (503, Some(Code::Draining as u64)));
    assert!(draining.headers.contains_key("retry-after"));

    let full = Front::open(Config {
        sessions_max: 0,
        ..tight()
    });
    let full = handshake(&full, true).await;
    assert_eq!((full.status, full.code()), (503, Some(Code::Overloaded as u64)));
    assert!(full.headers.contains_key("retry-after"));
}

/// SEC2: over a real connection: sign up, leave HTTP, say hello, be somebody, whatever stands in the address; there are
/// as many places as there may be sessions, and one is free again after its session.
#[tokio::test]
async fn a_session_starts_behind_the_handshake() {
    let front = Front::open(Config {
        sessions_max: 1,
        ..tight()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = watch::channel(false);
    let counts = Arc::clone(&front.house.node.listen_counts);
    let limits = ListenLimits {
        stop_ms_max: 100,
        ..ListenLimits::default()
    };
    let serving = tokio::spawn(listen::serve(listener, front.router.clone(), limits, counts, stopped));
    let ann = front.sign_up("ann", None).await.signed_in();
    let url = format!("ws://{address}{}?token=ignored", protocol::SOCKET_PATH);
    let connect = async || {
        let stream = TcpStream::connect(address).await.expect("connected");
        tokio_tungstenite::client_async(url.as_str(), stream).await
    };

    let (mut socket, _) = connect().await.expect("a socket");
    let text = hello(&person(&ann), None, None).encode(None);
    socket.send(Message::text(text)).await.expect("sent");
    let Some(Ok(Message::Text(text))) = socket.next().await else {
        panic!("no welcome")
    };
    let (_, welcome) = ServerFrame::decode(&text).expect("a frame");
    assert!(
        matches!(&welcome, ServerFrame::Welcome(welcome) if welcome.user == ann.user),
        "{welcome:?}"
    );

    assert!(connect().await.is_err(), "there is one place");
    socket.close(None).await.expect("closed");
    while socket.next().await.is_some() {}
    let mut again = connect().await;
    for _ in 0..1_000 {
        if again.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
        again = connect().await;
    }
    assert!(again.is_ok(), "the place is free again");
    stop.send_replace(true);
    serving.await.expect("it ends");
}
