//! Secrets of devices, and what is kept of them.

use protocol::token::SECRET_BYTES;
use sha2::{Digest, Sha256};
use store::SecretHash;
use subtle::ConstantTimeEq;

/// Which of a device's secrets somebody came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fits {
    /// None of them.
    No,
    /// The present one.
    Present,
    /// The one that will replace it once used, which is now.
    Next,
}

/// What is kept of a secret. It is 256 random bits, so nothing slower than SHA-256 is needed.
pub fn hash(secret: &[u8; SECRET_BYTES]) -> SecretHash {
    Sha256::digest(secret).into()
}

/// Compares in constant time, with both whatever the first comes to.
pub fn fits(secret: &[u8; SECRET_BYTES], present: &SecretHash, next: Option<&SecretHash>) -> Fits {
    let hash = hash(secret);
    let is_present = bool::from(hash.ct_eq(present));
    let is_next = next.is_some_and(|next| bool::from(hash.ct_eq(next)));
    match (is_present, is_next) {
        (true, _) => Fits::Present,
        (false, true) => Fits::Next,
        (false, false) => Fits::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUT1: of a secret only a hash is kept, and only the secret fits it.
    #[test]
    fn aut1_only_the_secret_fits_its_hash() {
        let (one, other) = ([1; 32], [2; 32]);
        assert_ne!(hash(&one), one);
        assert_eq!(fits(&one, &hash(&one), None), Fits::Present);
        assert_eq!(fits(&other, &hash(&one), None), Fits::No);
        assert_eq!(fits(&other, &hash(&one), Some(&hash(&other))), Fits::Next);
        assert_eq!(
            fits(&hash(&one), &hash(&one), None),
            Fits::No,
            "who stole the hash has nothing"
        );
    }
}
