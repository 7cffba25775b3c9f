//! How a device proves that it is one: a token `user.device.secret`. The server keeps only a hash of the secret.

use crate::ids::{DeviceId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes of randomness in a secret: as much as a SHA-256 that stands in the store can hold.
pub const SECRET_BYTES: usize = 32;

/// A token taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// What only the device knows.
    pub secret: [u8; SECRET_BYTES],
}

/// A token as text. Its `Debug` does not show it, so that it gets into no log by accident.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenText(String);

impl TokenText {
    /// The text that came over the wire or out of a file; it need not be a token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is none: it comes and goes as a cookie, which no script can read.
    #[must_use]
    pub fn is_cookie(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, for the wire or a file only the owner can read.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The token, if it has the shape of one.
    #[must_use]
    pub fn parse(&self) -> Option<Token> {
        let mut parts = self.0.split('.');
        let (user, device, secret) = (parts.next()?, parts.next()?, parts.next()?);
        // Digits only: the number parser would take a sign for one, and a token would have two texts.
        let is_hex = secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        if parts.next().is_some() || secret.len() != SECRET_BYTES * 2 || !is_hex {
            return None;
        }
        let mut bytes = [0; SECRET_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(secret.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Token {
            user: user.parse().ok()?,
            device: device.parse().ok()?,
            secret: bytes,
        })
    }
}

impl Token {
    /// The token as text.
    #[must_use]
    pub fn to_text(&self) -> TokenText {
        let secret: String = self.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        TokenText(format!("{}.{}.{secret}", self.user, self.device))
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}.{}.…)", self.user, self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_does_not_show_itself() {
        let token = Token {
            user: UserId::from_random([7; 16]),
            device: DeviceId::from_random([8; 16]),
            secret: [0xab; 32],
        };
        let text = token.to_text();
        assert_eq!(text.parse(), Some(token.clone()));
        assert!(!format!("{text:?}{token:?}").contains("abab"));
        let signed = text.expose().replacen(".ab", ".+b", 1);
        assert_ne!(signed, text.expose());
        for bad in [
            "",
            "a.b.c",
            &format!("{}.x", text.expose()),
            &text.expose()[1..],
            &signed,
        ] {
            assert_eq!(TokenText::new(bad).parse(), None, "{bad}");
        }
    }
}
