//! Plain HTTP that came to a port of TLS: whoever typed `http://` is told what to type instead.

use protocol::refusal::Code;
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The first byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1).
pub(super) const TLS_HANDSHAKE: u8 = 22;
/// The longest request that is read to answer it, in bytes.
const REQUEST_BYTES_MAX: usize = 4 * 1024;
/// What the peer may still send before it has read the answer, in bytes.
const DRAIN_BYTES_MAX: usize = 64 * 1024;

/// Reads the head of a request and answers it: a page that was asked for is where TLS is, everything else is refused.
/// What it carried (a password, perhaps) has crossed the network in the clear, so it is not acted upon.
pub(super) async fn tell(mut stream: TcpStream, public_url: Option<&str>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while head.len() < REQUEST_BYTES_MAX && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut bytes).await? {
            0 => break,
            read => head.extend_from_slice(&bytes[..read]),
        }
    }
    stream.write_all(answer(&head, public_url).as_bytes()).await?;
    stream.shutdown().await?;
    // Closed with bytes unread, the kernel would send a reset, and the peer might never see the answer.
    let mut drained_bytes = 0;
    while drained_bytes < DRAIN_BYTES_MAX {
        match stream.read(&mut bytes).await? {
            0 => break,
            read => drained_bytes += read,
        }
    }
    Ok(())
}

fn answer(head: &[u8], public_url: Option<&str>) -> String {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let host = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, host)| host.trim());
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let base = match (public_url, host) {
        (Some(url), _) => Some(url.to_owned()),
        (None, Some(host)) if !host.is_empty() && host.chars().all(is_host) => Some(format!("https://{host}")),
        (None, _) => None,
    };
    // `//x` would lead to another host, and control characters into the next header.
    let is_path = path.starts_with('/') && !path.starts_with("//") && path.chars().all(|c| c.is_ascii_graphic());
    let say = match &base {
        Some(base) => format!("This port speaks TLS: use {base}, with https and not http."),
        None => "This port speaks TLS: use https, and not http.".to_owned(),
    };
    match base {
        Some(base) if is_path && matches!(method, "GET" | "HEAD") => {
            let body = if method == "GET" {
                format!("{say}\n")
            } else {
                String::new()
            };
            respond(
                "308 Permanent Redirect",
                &format!("location: {base}{path}\r\ncontent-type: text/plain"),
                &body,
            )
        }
        _ => {
            let refusal = Code::BadRequest.refuse_saying(say);
            let body = serde_json::to_string(&refusal).unwrap_or_default();
            respond("400 Bad Request", "content-type: application/json", &body)
        }
    }
}

fn respond(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLS3: who asks for a page without TLS is led to it; what could mislead is not followed.
    #[test]
    fn a_page_without_tls_is_led_to_the_one_with() {
        let at = |head: &str, url| {
            let answer = answer(head.as_bytes(), url);
            let location = answer.split("\r\n").find_map(|line| line.strip_prefix("location: "));
            location.map(str::to_owned)
        };
        let get = |path: &str, host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let same = |url: &str| Some(url.to_owned());
        assert_eq!(at(&get("/", "a.example:8443"), None), same("https://a.example:8443/"));
        assert_eq!(at(&get("/x?y", "[::1]:1"), None), same("https://[::1]:1/x?y"));
        assert_eq!(
            at(&get("/x", "10.0.0.1"), Some("https://chat.example")),
            same("https://chat.example/x")
        );
        assert_eq!(at(&get("//evil.example", "a"), None), None);
        assert_eq!(at(&get("/", "a@evil.example"), None), None);
        assert_eq!(at("GET / HTTP/1.1\r\n\r\n", None), None);
        assert_eq!(at("POST /v1/sessions HTTP/1.1\r\nHost: a\r\n\r\n", None), None);
        assert_eq!(at("\u{0}\u{1}", None), None);
    }

    /// TLS3: everything else is refused as any other request is, so that a client can show the sentence.
    #[test]
    fn everything_else_is_refused_with_a_sentence() {
        let answer = answer(b"POST /v1/sessions HTTP/1.1\r\nhost: a.example:8443\r\n\r\n", None);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        let refusal: protocol::Refusal = serde_json::from_str(body).expect("a refusal");
        assert_eq!(
            refusal.say,
            "This port speaks TLS: use https://a.example:8443, with https and not http."
        );
    }
}
