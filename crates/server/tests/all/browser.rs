//! A browser at the door: its cookie, and pages of other sites that would like to use it.

use crate::front::{Call, Front, Heard, PASSWORD};
use crate::harness::config;
use protocol::account::SignedIn;
use protocol::refusal::Code;
use serde_json::{Value, json};
use server::config::{Config, SignUpPolicy};

const OURS: &str = "https://chat.example";

fn public() -> Front {
    Front::open(Config {
        sign_up: SignUpPolicy::Open,
        public_url: Some(OURS.parse().expect("an address")),
        ..config()
    })
}

async fn ask(front: &Front, method: &str, path: &str, headers: &[(&'static str, &str)], body: Value) -> Heard {
    let call = Call {
        headers: headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        body: if body.is_null() {
            String::new()
        } else {
            body.to_string()
        },
        ..Call::default()
    };
    front.call(method, path, call).await
}

fn cookie_of(heard: &Heard) -> String {
    let line = heard.headers["set-cookie"].to_str().expect("text");
    line.split(';').next().expect("a pair").to_owned()
}

/// Ann signs up from our own page, and her browser keeps this cookie.
async fn ann(front: &Front) -> (SignedIn, String) {
    let asked = json!({"handle": "ann", "name": "Ann", "password": PASSWORD, "cookie": true});
    let heard = ask(front, "POST", "/v1/accounts", &[("origin", OURS)], asked).await;
    assert_eq!(heard.status, 201, "{heard:?}");
    assert!(heard.json().get("token").is_none(), "the page is not told the token");
    (heard.signed_in(), cookie_of(&heard))
}

/// CKI1: the life of a cookie: it signs in, is replaced, and is taken away; whoever is no browser gets none.
#[tokio::test]
async fn cki1_the_life_of_a_cookie() {
    let front = public();
    let (_, cookie) = ann(&front).await;
    assert!(cookie.starts_with("__Host-tidings-"));
    let ours = [("origin", OURS), ("cookie", cookie.as_str())];
    assert_eq!(ask(&front, "GET", "/v1/devices", &ours, Value::Null).await.status, 200);
    let rotated = ask(&front, "POST", "/v1/token", &ours, Value::Null).await;
    assert_eq!((rotated.status, rotated.json()), (200, json!({})));
    let next = cookie_of(&rotated);
    assert_ne!(next, cookie);
    let ours = [("origin", OURS), ("cookie", next.as_str())];
    assert_eq!(
        ask(&front, "POST", "/v1/inbox", &ours, json!({"after_ver": 0}))
            .await
            .status,
        200
    );
    let old = [("origin", OURS), ("cookie", cookie.as_str())];
    assert_eq!(ask(&front, "GET", "/v1/devices", &old, Value::Null).await.status, 401);
    let gone = ask(&front, "DELETE", "/v1/session", &ours, Value::Null).await;
    assert!(gone.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!(ask(&front, "GET", "/v1/devices", &ours, Value::Null).await.status, 401);
    let asked = json!({"handle": "ann", "password": PASSWORD, "cookie": true});
    let no_browser = ask(&front, "POST", "/v1/sessions", &[], asked).await;
    assert_eq!(no_browser.code(), Some(Code::BadRequest as u64));
}

/// ORG1 ORG2: with Ann's cookie, every route is shut to a page of another site, and nothing has happened after it tried
/// them all; without any Origin the cookie does not count; her own page may do what another may not.
#[tokio::test]
async fn org1_org2_every_route_is_shut_to_other_sites() {
    let front = public();
    let (_, cookie) = ann(&front).await;
    let document = ask(&front, "GET", "/openapi.json", &[], Value::Null).await.json();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{device}", "3f9d2b71-4c8e-4d05-a6b2-9e8f7a6b5c4d");
        for (method, about) in methods.as_object().expect("methods") {
            routes.push((path.clone(), method.to_uppercase(), about.get("security").is_some()));
        }
    }
    let body = json!({"kind": "group", "title": "stolen", "members": [],
        "send_id": "0193f1a2-0000-7000-8000-000000000012", "handle": "eve", "name": "Eve", "password": PASSWORD});
    let mut tried = 0;
    for (path, method, takes_a_token) in routes {
        for foreign in [
            "https://evil.example",
            "null",
            "https://chat.example.evil.example",
            "http://chat.example",
        ] {
            let headers = [("origin", foreign), ("cookie", cookie.as_str())];
            let heard = ask(&front, &method, &path, &headers, body.clone()).await;
            assert_eq!(
                (heard.status, heard.code()),
                (403, Some(Code::ForeignOrigin as u64)),
                "{method} {path}"
            );
            tried += 1;
        }
        if takes_a_token {
            let unsaid = ask(&front, &method, &path, &[("cookie", cookie.as_str())], body.clone()).await;
            assert_eq!(unsaid.status, 401, "{method} {path}: {unsaid:?}");
        }
    }
    assert!(tried > 100, "the document names the routes");
    let ours = [("origin", OURS), ("cookie", cookie.as_str())];
    let inbox = ask(&front, "POST", "/v1/inbox", &ours, json!({"after_ver": 0}))
        .await
        .json();
    let kinds = |topic: &str| {
        inbox["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|row| row["topic"] == topic)
            .count()
    };
    assert_eq!(kinds("conversation"), 0, "{inbox}");
    let eve = ask(&front, "POST", "/v1/people", &ours, json!({"handles": ["eve"]}))
        .await
        .json();
    assert_eq!(eve["list"], json!([]));
    let made = ask(&front, "POST", "/v1/create", &ours, body).await;
    assert_eq!(made.status, 200, "her own page may: {made:?}");
    let look = [("sec-fetch-site", "same-origin"), ("cookie", cookie.as_str())];
    assert_eq!(ask(&front, "GET", "/v1/devices", &look, Value::Null).await.status, 200);
    assert_eq!(
        ask(&front, "DELETE", "/v1/session", &look, Value::Null).await.status,
        401
    );
}
