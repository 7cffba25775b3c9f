//! Bodies: JSON in, JSON out, and a refusal as the same JSON that the socket speaks.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use protocol::Refusal;
use protocol::refusal::Code;
use protocol::token::TokenText;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// How long a body may take to arrive, in milliseconds.
const BODY_MS_MAX: u64 = 10_000;

/// A refusal as an answer.
#[derive(Debug)]
pub struct Refused(pub Refusal);

/// The number of a refusal, beside its answer, for whoever counts them.
#[derive(Clone, Copy, Debug)]
pub struct RefusedCode(pub u16);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let status = refusal.known().map_or(500, Code::http_status);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = refusal.retry_after_ms.map(|ms| ms.div_ceil(1_000));
        let code = RefusedCode(refusal.code);
        let mut response = (status, Json(refusal)).into_response();
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Reads the bytes of a body: not too many, not too slow.
pub async fn bytes(request: Request<Body>, bytes_max: usize) -> Result<Bytes, Refusal> {
    let read = to_bytes(request.into_body(), bytes_max);
    match tokio::time::timeout(Duration::from_millis(BODY_MS_MAX), read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => {
            let say = format!("The body is larger than {bytes_max} bytes, or ended before its end.");
            Err(Code::TooLarge.refuse_saying(say))
        }
        Err(_) => Err(Code::BadRequest.refuse_saying("The body took longer than ten seconds to arrive.")),
    }
}

/// Reads a body: one JSON object, not too large, not too slow. What is wrong with it is said without quoting it.
pub async fn body<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Refusal> {
    let bytes = bytes(request, BODY_BYTES_MAX).await?;
    // A list of the fields in order would pass for a struct here, and for nothing in any other language.
    let fits = bytes
        .trim_ascii_start()
        .starts_with(b"{")
        .then(|| serde_json::from_slice(&bytes).ok());
    let say = "The body is not the JSON object that this path takes; docs/PROTOCOL.md has its fields.";
    fits.flatten().ok_or_else(|| Code::BadRequest.refuse_saying(say))
}

/// The token of a request, from `Authorization: Bearer` alone.
pub fn bearer(headers: &HeaderMap) -> Option<TokenText> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_one = values.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    is_one.then(|| TokenText::new(token.trim()))
}
