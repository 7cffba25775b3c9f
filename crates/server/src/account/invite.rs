//! Invites: short texts of 128 random bits that a person can read out over a telephone. The store keeps a hash.

use crate::node::Node;
use crate::wire;
use protocol::Refusal;
use protocol::refusal::Code;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use store::{Invite, SecretHash};

/// Invites that can be usable at once; a sign-up looks through them.
pub const INVITES_MAX: usize = 1_000;
/// How often one invite can be used at most.
const USES_MAX: u32 = 10_000;
/// How long an invite lives at most, in days.
const DAYS_MAX: u32 = 366;
/// How long the first invite of a new server lives, in days.
const FIRST_DAYS: u32 = 7;
const DAY_MS: u64 = 24 * 3_600_000;
/// The 32 digits (Crockford's): no `i`, `l`, `o`, `u`, which look like others.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits of an invite: five bits each.
const DIGITS_EACH: usize = 26;

/// Makes an invite and answers its text, which is told this once.
///
/// # Errors
/// [`Code::BadRequest`] (numbers beyond their limits, or [`INVITES_MAX`] are usable already), [`Code::Overloaded`],
/// [`Code::Internal`].
pub async fn mint_invite(node: &Node, owner: bool, uses: u32, days: u32) -> Result<String, Refusal> {
    if !(1..=USES_MAX).contains(&uses) || !(1..=DAYS_MAX).contains(&days) {
        let say = format!("An invite has 1 to {USES_MAX} uses and lives 1 to {DAYS_MAX} days.");
        return Err(Code::BadRequest.refuse_saying(say));
    }
    let usable = node.store.invites(INVITES_MAX).await.map_err(wire::refusal)?;
    if usable.len() >= INVITES_MAX {
        let say = format!("There are {INVITES_MAX} usable invites already; revoke some first.");
        return Err(Code::BadRequest.refuse_saying(say));
    }
    let secret: [u8; 16] = node.random();
    let created_ms = node.clock.unix_ms();
    let invite = Invite {
        hash: hash(secret),
        owner,
        uses_left: uses,
        expires_ms: created_ms + u64::from(days) * DAY_MS,
        created_ms,
    };
    node.store.add_invite(invite).await.map_err(wire::refusal)?;
    tracing::info!(owner, uses, days, "an invite was made");
    Ok(text(secret))
}

/// The invite that lets the first person in, who then runs the server; `None` where somebody is in already.
///
/// Its text is kept nowhere, so a server that is started again before it was used gets another, and the first is void.
///
/// # Errors
/// As [`mint_invite`].
pub async fn first_invite(node: &Node) -> Result<Option<String>, Refusal> {
    let stats = node.store.stats().await.map_err(wire::refusal)?;
    let usable = node.store.invites(INVITES_MAX).await.map_err(wire::refusal)?;
    let unused: Vec<_> = usable.iter().filter(|invite| invite.owner).collect();
    // A sign-up that was cut off leaves a person without a handle behind: that is nobody yet.
    let nobody_is_in = stats.users == 0 || (stats.devices == 0 && !unused.is_empty());
    if !nobody_is_in {
        return Ok(None);
    }
    for invite in unused {
        node.store.revoke_invite(invite.hash).await.map_err(wire::refusal)?;
    }
    mint_invite(node, true, 1, FIRST_DAYS).await.map(Some)
}

/// What the store keeps of an invite. Capitals, dashes and look-alikes do not matter. `None`: it is no invite.
#[must_use]
pub fn invite_hash(text: &str) -> Option<SecretHash> {
    let mut number = 0_u128;
    let mut digits = 0;
    for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let c = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        };
        let digit = DIGITS.iter().position(|d| char::from(*d) == c)?;
        // 26 digits hold 130 bits: the first one uses three of its five.
        if digits == DIGITS_EACH || (digits == 0 && digit > 7) {
            return None;
        }
        number = number << 5 | digit as u128;
        digits += 1;
    }
    (digits == DIGITS_EACH).then(|| hash(number.to_be_bytes()))
}

fn hash(secret: [u8; 16]) -> SecretHash {
    Sha256::new()
        .chain_update("tidings invite")
        .chain_update(secret)
        .finalize()
        .into()
}

fn text(secret: [u8; 16]) -> String {
    let number = u128::from_be_bytes(secret);
    let mut text = String::new();
    for place in (0..DIGITS_EACH).rev() {
        let digit = (number >> (place * 5)) as usize & 31;
        let _ = text.write_char(char::from(DIGITS[digit]));
        if place % 5 == 0 && place > 0 {
            text.push('-');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// AUT5: an invite survives being read out; any other text is another invite or none.
    #[test]
    fn aut5_an_invite_has_one_hash_however_it_is_typed() {
        for seed in 0..1_000 {
            let mut chance = StdRng::seed_from_u64(seed);
            let secret: [u8; 16] = chance.random();
            let text = text(secret);
            assert_eq!(invite_hash(&text), Some(hash(secret)), "seed {seed}: {text}");
            let typed = text.replace('-', "").replace('0', "O").replace('1', "l").to_uppercase();
            assert_eq!(invite_hash(&typed), Some(hash(secret)), "seed {seed}: {typed}");
            assert_eq!(invite_hash(&text[1..]), None, "seed {seed}");
            assert_eq!(invite_hash(&format!("{text}0")), None, "seed {seed}");
            let other: [u8; 16] = chance.random();
            assert_ne!(invite_hash(&text), Some(hash(other)), "seed {seed}");
        }
        assert_eq!(invite_hash(""), None);
        assert_eq!(invite_hash("ünicode"), None);
        assert_eq!(invite_hash(&"z".repeat(26)), None, "more than 128 bits");
    }
}
