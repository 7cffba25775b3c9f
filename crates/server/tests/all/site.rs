//! The web app out of the binary: right bytes, right headers, and nothing else.

use crate::front::{Call, Front, Heard};
use crate::harness::config;
use server::config::{Asset, Config};

const PAGE: Asset = Asset {
    path: "/",
    media: "text/html; charset=utf-8",
    tag: "01",
    hashed: false,
    plain: b"<!doctype html><title>Tidings</title>",
    gzip: None,
    brotli: None,
};
const SCRIPT: Asset = Asset {
    path: "/assets/app-1.js",
    media: "text/javascript; charset=utf-8",
    tag: "02",
    hashed: true,
    plain: b"plain",
    gzip: Some(b"gzipped"),
    brotli: Some(b"brotli"),
};

fn front() -> Front {
    Front::open(Config {
        site: &[PAGE, SCRIPT],
        ..config()
    })
}

async fn get(front: &Front, path: &str, headers: &[(&'static str, &str)]) -> Heard {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let call = Call {
        headers,
        ..Call::default()
    };
    front.call("GET", path, call).await
}

/// WEB1: the page stands at every address that the app understands, and says what a browser may do with it.
#[tokio::test]
async fn web1_the_page_and_its_rules() {
    let front = front();
    for path in [
        "/",
        "/j/",
        "/i/",
        "/u/",
        "/m/2eae6aa7-effc-8333-9b1a-8f2ab405bc14/0193f1a2-0000-7000-8000-000000000003",
    ] {
        let page = get(&front, path, &[]).await;
        assert_eq!((page.status, page.text.as_bytes()), (200, PAGE.plain), "{path}");
        let rules = page.headers["content-security-policy"].to_str().expect("text");
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "frame-ancestors 'none'",
        ] {
            assert!(rules.contains(rule), "{rules}");
        }
        assert!(
            rules.contains("require-trusted-types-for 'script'; trusted-types tidings"),
            "{rules}"
        );
        assert!(!rules.contains("unsafe"), "{rules}");
        assert_eq!(page.headers["cache-control"], "no-cache");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
    }
    let nowhere = get(&front, "/assets/../../etc/passwd", &[]).await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(get(&front, "/assets/app-2.js", &[]).await.status, 404);
}

/// WEB1: who takes a smaller form gets it, who has it is not sent it again.
#[tokio::test]
async fn web1_files_come_small_and_once() {
    let front = front();
    for (accept, body, coding) in [
        ("gzip, deflate, br, zstd", "brotli", Some("br")),
        ("gzip", "gzipped", Some("gzip")),
        ("br;q=0, gzip;q=0.5", "gzipped", Some("gzip")),
        ("identity", "plain", None),
    ] {
        let heard = get(&front, "/assets/app-1.js", &[("accept-encoding", accept)]).await;
        let named = heard
            .headers
            .get("content-encoding")
            .map(|value| value.to_str().expect("text"));
        assert_eq!((heard.text.as_str(), named), (body, coding), "{accept}");
        assert_eq!(heard.headers["vary"], "accept-encoding");
        assert_eq!(heard.headers["cache-control"], "public, max-age=31536000, immutable");
        let tag = heard.headers["etag"].to_str().expect("text").to_owned();
        let again = get(
            &front,
            "/assets/app-1.js",
            &[("accept-encoding", accept), ("if-none-match", &tag)],
        )
        .await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{accept}");
    }
}

/// WEB1: without the app the server says so, and how to have it.
#[tokio::test]
async fn web1_a_server_without_the_app_says_so() {
    let front = Front::open(config());
    let page = get(&front, "/", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("make web"), "{}", page.text);
}
