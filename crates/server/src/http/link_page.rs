//! `GET /j/` of a server without the web app: what a browser shows who follows a link into a group. It cannot say
//! which group: the secret stands in the fragment, which a browser keeps to itself, and no script of ours runs here
//! that would read it.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

const PAGE: &str = include_str!("link_page.html");
/// Nothing is loaded and nothing runs; it needs no style either.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /j/`.
pub async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    (headers, PAGE).into_response()
}
