//! Invites: texts of 128 random bits that a person can read out over a telephone. The store keeps a hash.

use super::readable;
use crate::node::Node;
use crate::wire;
use protocol::Refusal;
use protocol::refusal::Code;
use sha2::{Digest, Sha256};
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

/// Makes an invite and answers its text, which is told this once, and until when it can be used (in milliseconds since
/// 1970 UTC).
///
/// # Errors
/// [`Code::BadRequest`] (numbers beyond their limits, or [`INVITES_MAX`] are usable already), [`Code::Overloaded`],
/// [`Code::Internal`].
pub async fn mint_invite(node: &Node, owner: bool, uses: u32, days: u32) -> Result<(String, u64), Refusal> {
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
    let expires_ms = created_ms + u64::from(days) * DAY_MS;
    let invite = Invite {
        hash: hash(secret),
        owner,
        uses_left: uses,
        expires_ms,
        created_ms,
    };
    node.store.add_invite(invite).await.map_err(wire::refusal)?;
    tracing::info!(owner, uses, days, "an invite was made");
    Ok((readable::text(secret), expires_ms))
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
    let (invite, _) = mint_invite(node, true, 1, FIRST_DAYS).await?;
    Ok(Some(invite))
}

/// What the store keeps of an invite. Capitals, dashes and look-alikes do not matter. `None`: it is no invite.
#[must_use]
pub fn invite_hash(text: &str) -> Option<SecretHash> {
    readable::read(text).map(hash)
}

fn hash(secret: [u8; 16]) -> SecretHash {
    Sha256::new()
        .chain_update("tidings invite")
        .chain_update(secret)
        .finalize()
        .into()
}
