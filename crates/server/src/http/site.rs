//! The web app: its files out of the binary, compressed before they were put there, and the page for every address
//! that only the app understands. Where the app was not built, `/` says so.
//!
//! Costs no allocation but headers: bodies are slices of the binary.

use super::{Door, link_page, look};
use crate::config::{Asset, Site};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode, response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use protocol::link::LINK_PAGE;

/// What the page may do, by CSP Level 3 and Trusted Types: scripts and styles are files of ours and nothing else, no
/// text becomes a script or HTML but by the one policy of that name, and nobody puts the page into a frame. Sockets
/// are `self`, too.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types tidings";
/// What a page of ours is called.
const PAGE: &str = "/";
/// Other addresses at which the page stands: of a link into a group, an invite and a person, whose words are behind the
/// `#`, and of a message.
const ALSO_PAGE: [&str; 4] = [LINK_PAGE, "/i/", "/u/", "/m/{conv}/{message}"];

/// Adds the web app's routes, or the one that says that there is none.
pub fn routes(router: Router<Door>, site: Site) -> Router<Door> {
    let Some(page) = site.iter().find(|asset| asset.path == PAGE) else {
        return router
            .route(PAGE, get(look::page))
            .route(LINK_PAGE, get(link_page::page));
    };
    let give = |asset: &'static Asset| get(move |request: Request| async move { answer(asset, request.headers()) });
    let router = ALSO_PAGE
        .iter()
        .fold(router, |router, path| router.route(path, give(page)));
    site.iter()
        .fold(router, |router, asset| router.route(asset.path, give(asset)))
}

fn answer(asset: &'static Asset, asked: &HeaderMap) -> Response {
    let (coding, bytes) = best(asset, asked);
    let tag = format!("\"{}{}\"", asset.tag, coding.unwrap_or_default());
    let known = asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = known.is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut answer = Response::builder()
        .header(VARY, "accept-encoding")
        .header(ETAG, tag)
        .header(CACHE_CONTROL, kept_for(asset));
    // A worker is bound by what comes with its own script, not by its page's rules.
    if asset.media.starts_with("text/html") || asset.media.starts_with("text/javascript") {
        answer = answer.header(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }
    if known {
        return finish(answer.status(StatusCode::NOT_MODIFIED), Body::empty());
    }
    answer = answer.header(CONTENT_TYPE, asset.media);
    if let Some(coding) = coding {
        answer = answer.header(CONTENT_ENCODING, coding);
    }
    finish(answer, Body::from(Bytes::from_static(bytes)))
}

/// A file whose name has its hash is kept for ever; any other is asked for each time, or an upgraded server would be
/// talked to by an old page.
fn kept_for(asset: &Asset) -> &'static str {
    if asset.hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// The smallest form that whoever asks can read. `q=0` refuses a coding (RFC 9110, section 12.5.3); other weights are
/// no reason to send more.
fn best(asset: &'static Asset, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let takes = |coding: &str| {
        let all = asked.get_all(ACCEPT_ENCODING).into_iter();
        let mut words = all
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        words.any(|word| {
            let mut parts = word.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
            named && !parts.any(|weight| weight.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)))
        })
    };
    let forms = [("br", asset.brotli), ("gzip", asset.gzip)];
    let form = forms
        .into_iter()
        .find_map(|(coding, bytes)| Some((coding, bytes.filter(|_| takes(coding))?)));
    form.map_or((None, asset.plain), |(coding, bytes)| (Some(coding), bytes))
}

fn finish(answer: response::Builder, body: Body) -> Response {
    match answer.body(body) {
        Ok(answer) => answer,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
