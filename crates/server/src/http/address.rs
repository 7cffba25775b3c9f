//! Which address a request came from. `X-Forwarded-For` is written by whoever likes to, so it is believed as far as it
//! was written by proxies the operator named, and no further; otherwise everybody would choose the address they are
//! limited by.

use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// The address of the client behind this peer: the peer itself, or, if it is a trusted proxy, the rightmost hop in
/// `X-Forwarded-For` that is not one. `Forwarded` (RFC 7239) is not looked at.
#[must_use]
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|one| one.to_canonical() == address);
    let mut address = peer.to_canonical();
    if !is_trusted(address) {
        return address;
    }
    // Each proxy appends whom it heard, so the last line and the last of a line are the nearest.
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = lines
        .into_iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
    for hop in hops {
        // Something that is no address was not written by a proxy of ours: the one that passed it on is as far as we
        // see.
        let Some(hop) = std::str::from_utf8(hop).ok().and_then(hop_address) else {
            break;
        };
        address = hop;
        if !is_trusted(address) {
            break;
        }
    }
    address
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// Whether an address is of this machine or of a private network: not of the Internet.
#[must_use]
pub fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn seen(peer: &str, lines: &[&'static str]) -> String {
        let trusted: Vec<IpAddr> = ["10.0.0.1", "10.0.0.2", "fd00::1"]
            .map(|a| a.parse().expect("address"))
            .into();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        client(peer.parse().expect("address"), &headers, &trusted).to_string()
    }

    /// LIM2: only what a trusted proxy wrote counts; what the client wrote before it does not.
    #[test]
    fn lim2_only_trusted_proxies_are_believed() {
        assert_eq!(seen("8.8.8.8", &["1.1.1.1"]), "8.8.8.8", "a stranger names another");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(
            seen("10.0.0.1", &["6.6.6.6, 1.1.1.1"]),
            "1.1.1.1",
            "the client wrote the first"
        );
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1", "or a whole line");
        assert_eq!(
            seen("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"]),
            "1.1.1.1",
            "two proxies"
        );
        assert_eq!(seen("10.0.0.1", &["10.0.0.2"]), "10.0.0.2", "a proxy asks for itself");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, rubbish"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1:4711"]), "1.1.1.1");
        assert_eq!(seen("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(seen("fd00::1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn the_internet_is_not_near() {
        let near = |text: &str| is_near(text.parse().expect("address"));
        for yes in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.9",
            "172.16.0.1",
            "fd12::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(near(yes), "{yes}");
        }
        for no in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "0.0.0.0", "::ffff:8.8.8.8"] {
            assert!(!near(no), "{no}");
        }
    }
}
