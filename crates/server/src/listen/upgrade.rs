//! The WebSocket handshake (RFC 6455, section 4.2) and the way out of hyper: a request in, an answer and a raw stream
//! out.
//!
//! Nothing of HTTP outlives the handshake. hyper hands over its 8 KiB read buffer even when it is empty, and the future
//! that waits for it is larger than a session's task, so the stream is taken out of both, and the caller spawns
//! a *new* task with only the [`Upgraded`].

use std::io;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::Engine;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version,
    header::{
        ALLOW, CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::handshake::derive_accept_key;

use super::Slot;

/// The subprotocol spoken on our sockets; echoed to a client that offers it.
pub const SUBPROTOCOL: &str = "tidings.v1";

/// A connection that left HTTP.
#[derive(Debug)]
pub struct Upgraded<S> {
    /// The stream as it was accepted.
    pub stream: S,
    /// What the peer sent after its handshake and was read with it; mostly nothing.
    pub already_read: Bytes,
    /// Keep it for as long as the stream.
    pub slot: Option<Slot>,
}

/// Why a request is no WebSocket handshake. As a response it tells the client what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeRefusal {
    /// Not a GET.
    #[error("a WebSocket starts with GET")]
    Method,
    /// No `Upgrade: websocket` with `Connection: upgrade`, or not HTTP/1.1.
    #[error("this address speaks WebSocket: ask for an upgrade over HTTP/1.1")]
    NoUpgrade,
    /// A version other than 13, or none.
    #[error("only version 13 of WebSocket is spoken here")]
    Version,
    /// `Sec-WebSocket-Key` is missing, double, or not 16 bytes in base64.
    #[error("Sec-WebSocket-Key is not one key of 16 bytes in base64")]
    Key,
    /// The connection below cannot leave HTTP (it came through something that is not our listener).
    #[error("this connection cannot be upgraded")]
    Impossible,
}

impl IntoResponse for HandshakeRefusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key => StatusCode::BAD_REQUEST,
            Self::Impossible => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = (status, self.to_string()).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
            Self::NoUpgrade | Self::Version => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            Self::Key | Self::Impossible => {}
        }
        response
    }
}

/// Checks the handshake; on success gives the 101 to answer with, and a future of the stream that follows it (for a
/// [`super::serve`] over streams `S`). The future is ready only after the 101 was written, so spawn it before
/// answering; when it is ready, spawn the session anew and let it go.
///
/// Whether the client *may* connect (its `Origin`, its rate) is for the caller to ask first.
///
/// # Errors
/// The request is no handshake; the refusal is the response.
pub fn upgrade<S, B>(
    request: &mut Request<B>,
) -> Result<
    (
        Response,
        impl Future<Output = io::Result<Upgraded<S>>> + Send + 'static + use<S, B>,
    ),
    HandshakeRefusal,
>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let response = answer(request.method(), request.version(), request.headers())?;
    let slot = request.extensions_mut().remove::<Slot>();
    if request.extensions().get::<hyper::upgrade::OnUpgrade>().is_none() {
        return Err(HandshakeRefusal::Impossible);
    }
    let pending = hyper::upgrade::on(request);
    let upgraded = async move {
        let upgraded = pending.await.map_err(io::Error::other)?;
        let parts = upgraded
            .downcast::<TokioIo<S>>()
            .map_err(|_| io::Error::new(io::ErrorKind::Unsupported, "an upgraded stream of another type"))?;
        // Copied, or nothing: the buffer itself is 8 KiB, and it would live as long as whoever holds a slice of it.
        let already_read = Bytes::copy_from_slice(&parts.read_buf);
        Ok(Upgraded {
            stream: parts.io.into_inner(),
            already_read,
            slot,
        })
    };
    Ok((response, upgraded))
}

/// The 101, or why not.
fn answer(method: &Method, version: Version, headers: &HeaderMap) -> Result<Response, HandshakeRefusal> {
    if method != Method::GET {
        return Err(HandshakeRefusal::Method);
    }
    if version != Version::HTTP_11
        || !lists(headers, &UPGRADE, |token| token.eq_ignore_ascii_case("websocket"))
        || !lists(headers, &CONNECTION, |token| token.eq_ignore_ascii_case("upgrade"))
    {
        return Err(HandshakeRefusal::NoUpgrade);
    }
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(HandshakeRefusal::Version);
    }
    let key = single(headers, &SEC_WEBSOCKET_KEY).ok_or(HandshakeRefusal::Key)?;
    let mut nonce = [0; 18];
    if base64::engine::general_purpose::STANDARD.decode_slice(key, &mut nonce) != Ok(16) {
        return Err(HandshakeRefusal::Key);
    }
    let accept = HeaderValue::try_from(derive_accept_key(key)).map_err(|_| HandshakeRefusal::Key)?;

    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let out = response.headers_mut();
    out.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    out.insert(UPGRADE, HeaderValue::from_static("websocket"));
    out.insert(SEC_WEBSOCKET_ACCEPT, accept);
    // Names of subprotocols are compared as they are (RFC 6455, section 11.3.4).
    if lists(headers, &SEC_WEBSOCKET_PROTOCOL, |token| token == SUBPROTOCOL) {
        out.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok(response)
}

/// Whether a header that is a list, over one line or several, has such a token.
fn lists(headers: &HeaderMap, name: &HeaderName, matches: impl Fn(&str) -> bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| matches(token.trim()))
}

/// The value of a header that stands there exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    let only = values.next()?;
    values.next().is_none().then(|| only.as_bytes().trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The handshake of RFC 6455, section 1.3, with one header changed or (`""`) left out.
    fn asked(
        method: Method,
        version: Version,
        changed: &[(&'static str, &'static str)],
    ) -> Result<Response, HandshakeRefusal> {
        let mut fields = vec![
            ("upgrade", "websocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for &(name, value) in changed {
            fields.retain(|(other, _)| *other != name || value.starts_with('+'));
            if !value.is_empty() {
                fields.push((name, value.trim_start_matches('+')));
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        answer(&method, version, &headers)
    }

    /// Only a handshake as RFC 6455 has it leaves HTTP; the key's answer is the RFC's own example.
    #[test]
    fn answers_the_handshake_of_the_rfc() {
        let response = asked(Method::GET, Version::HTTP_11, &[]).expect("a handshake");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(
            !response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL),
            "none was offered"
        );

        let offered = [("sec-websocket-protocol", "chat, tidings.v1")];
        let response = asked(Method::GET, Version::HTTP_11, &offered).expect("a handshake");
        assert_eq!(response.headers()[SEC_WEBSOCKET_PROTOCOL], SUBPROTOCOL);

        let offered = [("sec-websocket-protocol", "tidings.v2")];
        let response = asked(Method::GET, Version::HTTP_11, &offered).expect("a handshake");
        assert!(
            !response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL),
            "what was not offered is not chosen"
        );
    }

    #[test]
    fn refuses_what_is_no_handshake_and_says_what_to_do() {
        use HandshakeRefusal::{Key, Method as BadMethod, NoUpgrade, Version as BadVersion};
        let get = |changed: &[_]| asked(Method::GET, Version::HTTP_11, changed).expect_err("no handshake");
        assert_eq!(
            asked(Method::POST, Version::HTTP_11, &[]).expect_err("no GET"),
            BadMethod
        );
        assert_eq!(
            asked(Method::GET, Version::HTTP_10, &[]).expect_err("too old"),
            NoUpgrade
        );
        assert_eq!(get(&[("upgrade", "")]), NoUpgrade);
        assert_eq!(get(&[("upgrade", "websocket2")]), NoUpgrade);
        assert_eq!(get(&[("connection", "close")]), NoUpgrade);
        assert_eq!(get(&[("sec-websocket-version", "")]), BadVersion);
        assert_eq!(get(&[("sec-websocket-version", "8")]), BadVersion);
        assert_eq!(get(&[("sec-websocket-key", "")]), Key);
        assert_eq!(
            get(&[("sec-websocket-key", "+dGhlIHNhbXBsZSBub25jZQ==")]),
            Key,
            "two keys"
        );
        assert_eq!(get(&[("sec-websocket-key", "c2hvcnQ=")]), Key, "too short");
        assert_eq!(
            get(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZSB0b28gbG9uZw==")]),
            Key,
            "too long"
        );
        assert_eq!(
            get(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25j****")]),
            Key,
            "not base64"
        );

        let response = BadVersion.into_response();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(response.headers()[SEC_WEBSOCKET_VERSION], "13");
        assert_eq!(BadMethod.into_response().headers()[ALLOW], "GET");
    }
}
