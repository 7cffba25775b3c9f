//! The address that people type, in the one spelling in which a browser says it as `Origin` (RFC 6454, section 6.1).

use http::Uri;
use std::fmt;
use std::str::FromStr;

/// Where people reach this server: scheme, host and, if it is not the scheme's own, port. Never a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

/// Why a text is no [`PublicUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected http:// or https:// with a host, and no path: https://chat.example")]
pub struct BadPublicUrl;

impl PublicUrl {
    /// The address without a slash at its end: what a browser sends as `Origin`, and what a path is put behind.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether what goes there is encrypted, here or at a proxy before us.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(text: &str) -> Result<Self, BadPublicUrl> {
        let uri: Uri = text.trim().parse().map_err(|_| BadPublicUrl)?;
        let (https, own_port) = match uri.scheme_str() {
            Some("https") => (true, 443),
            Some("http") => (false, 80),
            _ => return Err(BadPublicUrl),
        };
        let authority = uri.authority().ok_or(BadPublicUrl)?;
        let has_more = !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains(['@', '#']);
        // `host:` and `host:99999` are taken by the reader of URIs, which says that there is no port.
        let has_bad_port = authority.port().is_none() && authority.as_str() != uri.host().unwrap_or_default();
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        if has_more || has_bad_port || host.is_empty() {
            return Err(BadPublicUrl);
        }
        let scheme = if https { "https" } else { "http" };
        let origin = match authority.port_u16().filter(|port| *port != own_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Ok(Self { origin, https })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_spelling() {
        let origin = |text: &str| text.parse::<PublicUrl>().map(|url| url.origin);
        let same = |text: &str| Ok(text.to_owned());
        assert_eq!(origin("https://Chat.Example/"), same("https://chat.example"));
        assert_eq!(origin("HTTPS://chat.example:443"), same("https://chat.example"));
        assert_eq!(origin("https://chat.example:8443"), same("https://chat.example:8443"));
        assert_eq!(origin("http://chat.example:80"), same("http://chat.example"));
        assert_eq!(origin("http://[::1]:8080"), same("http://[::1]:8080"));
        for bad in [
            "",
            "chat.example",
            "ftp://x",
            "https://",
            "https:///x",
            "https://x/chat",
            "https://x?y",
            "https://x#y",
            "https://me@x",
            "https://x:",
            "https://x:99999",
            "https://x y",
        ] {
            assert_eq!(origin(bad), Err(BadPublicUrl), "{bad}");
        }
        assert!("https://x".parse::<PublicUrl>().is_ok_and(|url| url.is_https()));
        assert!("http://x".parse::<PublicUrl>().is_ok_and(|url| !url.is_https()));
    }
}
