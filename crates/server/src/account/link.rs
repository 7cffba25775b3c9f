//! The tokens of invite links: a group's id and 128 random bits that a person can copy.

use super::readable;
use protocol::ConversationId;
use protocol::token::TokenText;
use sha2::{Digest, Sha256};
use store::SecretHash;

/// The token of a link into `conv`.
#[must_use]
pub fn link_token(conv: ConversationId, secret: [u8; 16]) -> TokenText {
    let secret = readable::text(secret).replace('-', "");
    TokenText::new(format!("{}.{secret}", conv.0.simple()))
}

/// Takes a token apart: which group, and what the store keeps of the secret. `None`: it is no token.
#[must_use]
pub fn read_link(token: &TokenText) -> Option<(ConversationId, SecretHash)> {
    let (conv, secret) = token.expose().trim().split_once('.')?;
    let conv = conv.parse::<ConversationId>().ok()?;
    Some((conv, link_hash(readable::read(secret)?)))
}

/// What the store keeps of a link's secret.
#[must_use]
pub fn link_hash(secret: [u8; 16]) -> SecretHash {
    Sha256::new()
        .chain_update("tidings link")
        .chain_update(secret)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LNK1: a token has one meaning; what lost a digit is none.
    #[test]
    fn lnk1_a_token_is_read_back() {
        let conv = ConversationId::from_bytes([0x8a; 16]);
        let token = link_token(conv, [7; 16]);
        assert_eq!(read_link(&token), Some((conv, link_hash([7; 16]))));
        for bad in [
            "",
            ".",
            "8a8a",
            &token.expose()[1..],
            &token.expose()[..token.expose().len() - 1],
        ] {
            assert_eq!(read_link(&TokenText::new(bad)), None, "{bad}");
        }
    }
}
