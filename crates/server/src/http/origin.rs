//! Which site's page a request comes from, as its browser says it (`Origin`, RFC 6454; `Sec-Fetch-Site`, of Fetch
//! Metadata).
//!
//! A browser sends a visitor's cookie along with whatever a page of *another* site asks of us, and opens sockets for it
//! without asking anybody. Neither a page nor its script can choose these two headers, so they are what tells our own
//! pages from others'. Whoever is no browser sends neither, and has to bring a token by itself.

use crate::config::PublicUrl;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};
use protocol::Refusal;
use protocol::refusal::Code;
use std::net::IpAddr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// From a page of ours: a cookie counts.
    FromUs {
        /// Over https, as far as the browser knows; behind a proxy we could not tell ourselves.
        https: bool,
    },
    /// Nobody says: a cookie does not count.
    Unsaid,
}

/// Judges a request by its headers.
///
/// Without a public address, ours is what the request was sent to (`Host`), if that is an address of this machine or a
/// name that nobody can register: a page of `evil.example` whose name was made to lead here stays a page of another
/// site.
///
/// # Errors
/// [`Code::ForeignOrigin`]: a page of another site, or of none (`null`).
pub fn check(method: &Method, headers: &HeaderMap, public: Option<&PublicUrl>) -> Result<Came, Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        // A browser says no Origin where a page of ours merely looks something up.
        let is_look = matches!(*method, Method::GET | Method::HEAD);
        let same = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin");
        return Ok(if is_look && same {
            Came::FromUs { https: false }
        } else {
            Came::Unsaid
        });
    };
    let ours = origins.next().is_none() && origin.to_str().is_ok_and(|origin| is_ours(origin, headers, public));
    if ours {
        let https = origin.as_bytes().starts_with(b"https://");
        return Ok(Came::FromUs { https });
    }
    Err(match public {
        Some(public) => Code::ForeignOrigin.refuse_saying(format!(
            "This request comes from a page of another site; the pages of this server are at {public}."
        )),
        None => Code::ForeignOrigin.refuse_saying(
            "This request comes from a page of another site, or this server does not know its own address: \
             whoever runs it sets --public-url.",
        ),
    })
}

fn is_ours(origin: &str, headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    if let Some(public) = public {
        return origin == public.origin();
    }
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(Ok(host)), None) = (hosts.next().map(|host| host.to_str()), hosts.next()) else {
        return false;
    };
    let place = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host)) && is_of_this_network(host)
}

/// Whether a host (perhaps with a port) is an address, or a name that cannot be bought: one that leads here by somebody
/// else's doing would be.
fn is_of_this_network(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok()
        || (!name.is_empty() && !name.contains('.'))
        || name.ends_with(".localhost")
        || name.ends_with(".local")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    fn judged(method: Method, list: &[(HeaderName, &str)], public: Option<&str>) -> Option<Came> {
        let public = public.map(|url| url.parse().expect("a public address"));
        check(&method, &headers(list), public.as_ref()).ok()
    }

    /// ORG1: of what looks like our address only our address is it.
    #[test]
    fn org1_only_the_public_address_is_ours() {
        let ours = |origin: &str| {
            let list = [(ORIGIN, origin), (HOST, "chat.example")];
            judged(Method::POST, &list, Some("https://chat.example"))
        };
        assert_eq!(ours("https://chat.example"), Some(Came::FromUs { https: true }));
        for foreign in [
            "http://chat.example",
            "https://chat.example:8443",
            "https://chat.example.evil.example",
            "https://evil-chat.example",
            "https://sub.chat.example",
            "https://chat.example/",
            "https://CHAT.example",
            "null",
            "",
            "file://",
        ] {
            assert_eq!(ours(foreign), None, "{foreign}");
        }
    }

    /// ORG1: without a public address, ours is the address that was asked, if it cannot be somebody else's name for us.
    #[test]
    fn org1_a_rebound_name_is_not_ours() {
        let ours = |host: &str| {
            let origin = format!("http://{host}");
            judged(Method::POST, &[(ORIGIN, origin.as_str()), (HOST, host)], None)
        };
        for host in [
            "127.0.0.1:8080",
            "192.168.1.7:8080",
            "[::1]:8080",
            "localhost:8080",
            "laptop:8080",
            "laptop.local",
        ] {
            assert_eq!(ours(host), Some(Came::FromUs { https: false }), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "local",
            "",
        ] {
            let expected = (host == "local").then_some(Came::FromUs { https: false });
            assert_eq!(ours(host), expected, "{host}");
        }
        let other_port = [(ORIGIN, "http://127.0.0.1:9090"), (HOST, "127.0.0.1:8080")];
        assert_eq!(judged(Method::POST, &other_port, None), None);
        let two = [
            (ORIGIN, "http://localhost"),
            (ORIGIN, "http://localhost"),
            (HOST, "localhost"),
        ];
        assert_eq!(judged(Method::POST, &two, None), None, "two origins are none");
    }

    /// ORG2: who says no origin has no cookie, but for a page of ours that looks something up.
    #[test]
    fn org2_without_an_origin_a_cookie_counts_for_our_own_looks_only() {
        let site = |value| [(SEC_FETCH_SITE, value), (HOST, "localhost")];
        let ours = Some(Came::FromUs { https: false });
        assert_eq!(judged(Method::GET, &site("same-origin"), None), ours);
        assert_eq!(judged(Method::POST, &site("same-origin"), None), Some(Came::Unsaid));
        for other in ["same-site", "cross-site", "none"] {
            assert_eq!(judged(Method::GET, &site(other), None), Some(Came::Unsaid), "{other}");
        }
        assert_eq!(judged(Method::GET, &[(HOST, "localhost")], None), Some(Came::Unsaid));
    }
}
