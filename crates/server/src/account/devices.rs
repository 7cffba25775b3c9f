//! A person's devices: which there are, and the end of one.

use super::{Who, readable, secret, unhashed};
use crate::bus::Hint;
use crate::node::Node;
use crate::wire;
use protocol::account::{Device, Rotated};
use protocol::close::Close;
use protocol::refusal::Code;
use protocol::token::Token;
use protocol::{DeviceId, Refusal, UserId};
use store::{Error, Refused, Which};

/// Conversations in which one change notes that somebody's account is deactivated.
const NOTED_MAX: usize = 256;

/// The devices that are signed in, the oldest first.
///
/// # Errors
/// [`Code::Overloaded`], [`Code::Internal`].
pub async fn devices(node: &Node, user: UserId, current: Option<DeviceId>) -> Result<Vec<Device>, Refusal> {
    let devices = node.store.devices(user).await.map_err(wire::refusal)?;
    let told = devices.into_iter().map(|one| Device {
        device: one.device,
        name: one.name,
        created_ms: one.created_ms,
        last_ms: one.last_ms,
        current: current == Some(one.device),
    });
    Ok(told.collect())
}

/// Signs devices out and answers which. Their tokens are void once this answers, and their live sockets are told to
/// close: here at once, on other nodes by a hint.
///
/// # Errors
/// [`Code::Overloaded`], [`Code::Internal`].
pub async fn sign_out(node: &Node, user: UserId, which: Which) -> Result<Vec<DeviceId>, Refusal> {
    let gone = node.store.revoke_devices(user, which).await.map_err(wire::refusal)?;
    closed(node, user, &gone);
    Ok(gone)
}

/// Devices were signed out: their sockets close.
fn closed(node: &Node, user: UserId, gone: &[DeviceId]) {
    if gone.is_empty() {
        return;
    }
    // Not left to the bus alone, which may lose it.
    node.sessions.close(user, gone, Close::Revoked);
    node.bus.publish(Hint::Revoked {
        user,
        devices: gone.into(),
    });
    node.metrics.devices_revoked.inc_by(gone.len() as u64);
    tracing::info!(%user, devices = gone.len(), "devices were signed out");
}

/// Deactivates an account, which signs all its devices out, or lets it in again. Answers which devices those were.
///
/// # Errors
/// [`Code::UnknownPerson`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn deactivate(node: &Node, user: UserId, deactivated: bool) -> Result<Vec<DeviceId>, Refusal> {
    let gone = node.store.deactivate(user, deactivated).await.map_err(wire::refusal)?;
    closed(node, user, &gone);
    // Their 1:1s are another family's, some at a time. If this is cut off, asking again goes on with it.
    while node
        .store
        .note_deactivated(user, deactivated, NOTED_MAX)
        .await
        .map_err(wire::refusal)?
        == NOTED_MAX
    {}
    tracing::info!(%user, deactivated, "an account was deactivated or let in again");
    Ok(gone)
}

/// Gives a device a new token. The old one lives until the new one is first used.
///
/// # Errors
/// [`Code::Unauthenticated`] (signed out meanwhile), [`Code::Overloaded`], [`Code::Internal`].
pub async fn rotate(node: &Node, who: Who) -> Result<Rotated, Refusal> {
    let Who { user, device } = who;
    let secret = node.random();
    let rotated = node.store.rotate_secret(user, device, secret::hash(&secret)).await;
    match rotated {
        Ok(()) => {
            let token = Token { user, device, secret }.to_text();
            Ok(Rotated { token })
        }
        Err(Error::Refused(Refused::UnknownPerson)) => Err(Code::Unauthenticated.refuse()),
        Err(error) => Err(wire::refusal(error)),
    }
}

/// Gives a person a new, random password and answers it; it is told this once. As [`set_password`] otherwise.
///
/// # Errors
/// As [`set_password`].
pub async fn reset_password(node: &Node, user: UserId) -> Result<(String, Vec<DeviceId>), Refusal> {
    let password = readable::text(node.random());
    let signed_out = set_password(node, user, &password).await?;
    Ok((password, signed_out))
}

/// Replaces a person's password and signs all their devices out: who had the old one has nothing any more.
///
/// # Errors
/// [`Code::UnknownPerson`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn set_password(node: &Node, user: UserId, password: &str) -> Result<Vec<DeviceId>, Refusal> {
    let hash = node.passwords.hash(password, node.random()).await.map_err(unhashed)?;
    node.store.set_password(user, hash).await.map_err(wire::refusal)?;
    tracing::info!(%user, "a password was replaced");
    sign_out(node, user, Which::All).await
}
