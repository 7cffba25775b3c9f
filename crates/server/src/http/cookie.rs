//! A token as a cookie (RFC 6265), for a browser: no script can read it, no other site's page sends it, and two servers
//! on one machine do not take each other's (a cookie knows no port, so its name names the server).

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HeaderValue};
use protocol::token::TokenText;

/// How long a browser keeps it, in seconds: as long as browsers keep any (400 days). Each new one begins anew.
const MAX_AGE_S: u64 = 400 * 24 * 3_600;
/// The longest `Cookie` header that is looked at, in bytes; browsers send about four kilobytes a cookie at most.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// The cookies of one server.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    /// The server's name among others.
    pub instance: u32,
}

impl Cookies {
    /// `__Host-`: the browser itself sees to it that only https of this very host has set it (RFC 6265bis, 4.1.3.2).
    fn name(self, https: bool) -> String {
        let prefix = if https { "__Host-" } else { "" };
        format!("{prefix}tidings-{:08x}", self.instance)
    }

    /// What makes a browser keep a token.
    pub fn set(self, token: &TokenText, https: bool) -> HeaderValue {
        self.line(token.expose(), MAX_AGE_S, https)
    }

    /// What makes it forget.
    pub fn clear(self, https: bool) -> HeaderValue {
        self.line("", 0, https)
    }

    fn line(self, value: &str, max_age_s: u64, https: bool) -> HeaderValue {
        let secure = if https { "; Secure" } else { "" };
        let name = self.name(https);
        let line = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::from_str(&line).expect("a token is digits, letters, dots and dashes")
    }

    /// The token that came as a cookie.
    pub fn token(self, headers: &HeaderMap) -> Option<TokenText> {
        let find = |name: String| {
            headers
                .get_all(COOKIE)
                .iter()
                .filter_map(|header| header.to_str().ok())
                .filter(|header| header.len() <= HEADER_BYTES_MAX)
                .flat_map(|header| header.split(';'))
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| TokenText::new(value))
        };
        // Somebody on the way can set one without https; then the other one is there too, and counts.
        find(self.name(true)).or_else(|| find(self.name(false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Cookies = Cookies { instance: 0x00c0_ffee };

    fn of(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_str(header).expect("a header"));
        OURS.token(&headers).map(|token| token.expose().to_owned())
    }

    /// CKI1: what a browser is told to do with it.
    #[test]
    fn cki1_no_script_and_no_other_site_gets_it() {
        let token = TokenText::new("u.d.s");
        assert_eq!(
            OURS.set(&token, true),
            "__Host-tidings-00c0ffee=u.d.s; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            OURS.clear(false),
            "tidings-00c0ffee=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }

    /// CKI1: it is found among others, and another server's is none.
    #[test]
    fn cki1_it_is_found_by_its_whole_name() {
        assert_eq!(of("a=b; tidings-00c0ffee=t; c=d").as_deref(), Some("t"));
        let both = "tidings-00c0ffee=planted; __Host-tidings-00c0ffee=mine";
        assert_eq!(of(both).as_deref(), Some("mine"));
        for other in ["tidings-00c0ffed=t", "xtidings-00c0ffee=t", "tidings-00c0ffee", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
