//! The description of the routes, for programs and for people: it is whole, and what it says is so.

use crate::front::{Call, Front, Heard};
use crate::harness::config;
use base64::Engine;
use protocol::ClientFrame;
use protocol::refusal::Code;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Where the routes are set up, verbs apart.
const ROUTES: &str = include_str!("../../src/http/mod.rs");

async fn get(path: &str) -> Heard {
    Front::open(config()).call("GET", path, Call::default()).await
}

/// Every method and path of the description.
fn routes(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let routes = paths.iter().flat_map(|(path, all)| {
        let all = all.as_object().expect("operations");
        all.keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    routes.collect()
}

/// RST3: every route that is set up is described, and every one that is described is there.
#[tokio::test]
async fn rst3_every_route_is_described() {
    let heard = get("/openapi.json").await;
    assert_eq!(
        (heard.status, heard.headers["content-type"].as_bytes()),
        (200, b"application/json".as_slice())
    );
    let described = routes(&heard.json());
    let mut there: BTreeSet<(String, String)> = BTreeSet::new();
    for line in ROUTES.lines().filter_map(|line| line.trim().strip_prefix(".route(")) {
        let (path, methods) = line.split_once(", ").expect("a path and its methods");
        let path = path
            .trim_matches('"')
            .replace("protocol::SOCKET_PATH", protocol::SOCKET_PATH);
        for method in ["get", "post", "put", "patch", "delete"] {
            if methods.contains(&format!("{method}(")) {
                there.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let of_a_session = ["hello", "watch", "beat"];
    let verbs = ClientFrame::WORDS.iter().filter(|word| !of_a_session.contains(word));
    there.extend(verbs.map(|word| ("POST".to_owned(), format!("/v1/{word}"))));
    // Where the web app stands, or what stands in its place: `http/site.rs`.
    there.extend(["/", "/j/"].map(|path| ("GET".to_owned(), path.to_owned())));
    assert!(there.len() > 20, "the routes are read from the source: {there:?}");
    assert_eq!(described, there, "add what is missing to the table of fixed routes");
    let front = Front::open(config());
    for (method, path) in described {
        let path = path.replace("{device}", "3f9d2b71-4c8e-4d05-a6b2-9e8f7a6b5c4d");
        let heard = front.call(&method, &path, Call::default()).await;
        assert!(
            !matches!(heard.status, 404 | 405),
            "{method} {path} is not there: {heard:?}"
        );
    }
}

/// RST3: every schema that is referred to is there, every example is a frame of its verb, every refusal is documented
/// for the verbs but for those of `hello`, and every verb says what answers it.
#[tokio::test]
async fn rst3_what_is_described_is_so() {
    let text = get("/openapi.json").await.text;
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("an end");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for foreign in ["crate::", "Debug", "RawValue", "\"unknown\""] {
        assert!(!text.contains(foreign), "{foreign} is nothing a stranger knows");
    }
    for shape in ClientFrame::shapes() {
        let word = shape.word;
        assert_eq!(
            shape.say.contains("Answered by `"),
            !shape.say.contains("Not answered."),
            "{word} says what answers it, or that nothing does: {}",
            shape.say
        );
        let operation = &document["paths"][format!("/v1/{word}")]["post"];
        if ["hello", "watch", "beat"].contains(&word) {
            assert!(operation.is_null());
            continue;
        }
        let example = operation["requestBody"]["content"]["application/json"]["example"].to_string();
        let read = ClientFrame::decode_fields(word, &example, None);
        assert!(read.is_ok(), "{word}: {example}: {read:?}");
        let answers = operation["responses"].as_object().expect("answers");
        assert_eq!(answers.contains_key("200"), !answers.contains_key("204"), "{word}");
        for code in Code::ALL
            .iter()
            .filter(|code| !matches!(code, Code::OutOfOrder | Code::UnsupportedVersion))
        {
            let answer = &answers[&code.http_status().to_string()];
            assert!(
                answer.to_string().contains(&format!("`{}`", code.name())),
                "{word}: {code:?}"
            );
        }
    }
}

/// RST3: the page for people has every route, every shape and every refusal; its links lead somewhere, nothing in it
/// runs or is loaded, and a browser is told so.
#[tokio::test]
async fn rst3_the_page_for_people_is_whole_and_runs_nothing() {
    let document = get("/openapi.json").await.json();
    let heard = get("/docs").await;
    assert_eq!(
        (heard.status, heard.headers["content-type"].as_bytes()),
        (200, b"text/html; charset=utf-8".as_slice())
    );
    let page = heard.text;
    for (method, path) in routes(&document) {
        assert!(
            page.contains(&format!("<code>{method} {path}</code>")),
            "{method} {path}"
        );
    }
    for code in Code::ALL {
        assert!(
            page.contains(&format!("<td><code>{}</code></td>", code.name())),
            "{code:?}"
        );
    }
    for link in page.split("href=\"#").skip(1) {
        let target = link.split('"').next().expect("an end");
        assert_eq!(page.matches(&format!(" id=\"{target}\"")).count(), 1, "#{target}");
    }
    let lower = page.to_lowercase();
    for what in [
        "<script",
        "<link",
        "<img",
        "javascript:",
        " onclick",
        " onload",
        " style=",
        "src=",
        "@import",
        "url(",
    ] {
        assert!(!lower.contains(what), "{what}");
    }
    let policy = heard.headers["content-security-policy"].to_str().expect("ASCII");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(heard.headers["x-content-type-options"], "nosniff");
    let style = page
        .split("<style>")
        .nth(1)
        .and_then(|rest| rest.split("</style>").next())
        .expect("a style");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert!(
        policy.contains(&hash),
        "the style that is there is the one that may count"
    );
}
