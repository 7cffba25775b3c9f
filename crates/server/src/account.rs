//! Who somebody is: signing up, signing in, and proving it with a token. The same for every door; the doors only bring
//! the request and where it came from.
//!
//! What leaves this module about a person who is not signed in is the same whether an account exists or not: the same
//! refusal, after the same work.

mod devices;
mod invite;
mod link;
mod readable;
mod secret;

pub use devices::{deactivate, devices, reset_password, rotate, set_password, sign_out};
pub use invite::{INVITES_MAX, first_invite, invite_hash, mint_invite};
pub use link::{link_hash, link_token, read_link};

use crate::config::SignUpPolicy;
use crate::node::Node;
use crate::password::Unhashed;
use crate::wire;
use protocol::account::{SignIn, SignUp, SignedIn};
use protocol::link::{AskPreview, Preview};
use protocol::refusal::Code;
use protocol::token::{Token, TokenText};
use protocol::{DeviceId, Refusal, UserId, limits};
use secret::Fits;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use store::{ClaimHandle, LinkLook, NewDevice, NewUser, SecretHash, SeenDevice};

/// How often it is written down that a device was there, in milliseconds.
const SEEN_INTERVAL_MS: u64 = 60_000;
/// What a device is called that does not say.
const NAMELESS_DEVICE: &str = "device";

/// Somebody who proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub user: UserId,
    /// The device they came with.
    pub device: DeviceId,
}

/// Makes an account and its first device.
///
/// The person is written first, then the handle is claimed for them (which uses the invite), then the device signed in:
/// a crash in between leaves a person nobody can find, or an account to sign in to, and never a used invite without
/// one. A link is of the conversation family and an account is not, so the two are no one transaction: the link is only
/// looked at, and whoever is too late to join by it has an account all the same.
///
/// # Errors
/// [`Code::RateLimited`], [`Code::BadHandle`], [`Code::BadPassword`], [`Code::BadRequest`] (the name),
/// [`Code::InviteNeeded`], [`Code::InviteInvalid`], [`Code::HandleTaken`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn sign_up(node: &Node, asked: SignUp, from: IpAddr) -> Result<SignedIn, Refusal> {
    pass_address(node, from)?;
    let handle = protocol::account::handle(&asked.handle).ok_or_else(|| Code::BadHandle.refuse())?;
    let name = person_name(&asked.name)?;
    if !(limits::PASSWORD_BYTES_MIN..=limits::PASSWORD_BYTES_MAX).contains(&asked.password.len()) {
        return Err(Code::BadPassword.refuse());
    }
    // Before the handle is looked at, so that nobody without an invite learns which handles there are.
    let ticket = usable_ticket(node, &asked).await?;
    let taken = node
        .store
        .find_handles(vec![handle.clone()])
        .await
        .map_err(wire::refusal)?;
    if !taken.is_empty() {
        return Err(Code::HandleTaken.refuse());
    }
    let password_hash = node
        .passwords
        .hash(&asked.password, node.random())
        .await
        .map_err(unhashed)?;

    let user = UserId::from_random(node.random());
    let new_user = NewUser {
        user,
        handle: handle.clone(),
        name: name.clone(),
        password_hash,
        owner: matches!(ticket, Ticket::Invite { owner: true, .. }),
    };
    node.store.create_user(new_user).await.map_err(wire::refusal)?;
    let claim = ClaimHandle {
        handle: handle.clone(),
        user,
        invite: match ticket {
            Ticket::Invite { hash, .. } => Some(hash),
            Ticket::Link | Ticket::Nothing => None,
        },
    };
    node.store.claim_handle(claim).await.map_err(wire::refusal)?;
    let (device, token) = add_device(node, user, &asked.device_name).await?;
    node.metrics.sign_ups.inc();
    tracing::info!(%user, %device, "somebody signed up");
    let signed_in = SignedIn {
        user,
        handle,
        name,
        device,
        token,
    };
    Ok(signed_in)
}

/// Signs another device of a person in.
///
/// # Errors
/// [`Code::RateLimited`], [`Code::Unauthenticated`] (the same for an unknown handle and a wrong password),
/// [`Code::TooManyDevices`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn sign_in(node: &Node, asked: SignIn, from: IpAddr) -> Result<SignedIn, Refusal> {
    let result = try_sign_in(node, asked, from).await;
    count_login(node, result.as_ref().err());
    result
}

async fn try_sign_in(node: &Node, asked: SignIn, from: IpAddr) -> Result<SignedIn, Refusal> {
    pass_address(node, from)?;
    let refused = || Code::Unauthenticated.refuse();
    // No account has such a handle or password: that is seen by looking at the request alone, and tells nothing.
    let handle = protocol::account::handle(&asked.handle).ok_or_else(refused)?;
    if asked.password.len() > limits::PASSWORD_BYTES_MAX {
        return Err(refused());
    }
    pass_handle(node, &handle)?;
    let found = node
        .store
        .find_handles(vec![handle.clone()])
        .await
        .map_err(wire::refusal)?;
    // Asked for also where there is nobody: one more look into the store would be a difference that can be measured.
    let id = found.first().map_or(UserId::from_bytes([0; 16]), |(_, user)| *user);
    let user = node.store.user(id).await.map_err(wire::refusal)?;
    let phc = user.as_ref().map(|user| user.password_hash.as_str());
    let checked = node.passwords.check(&asked.password, phc).await.map_err(unhashed)?;
    let user = user.filter(|_| checked.right).ok_or_else(refused)?;
    // Told only to who knows the password.
    if user.deactivated {
        return Err(Code::Deactivated.refuse());
    }
    if checked.renew {
        let hash = node
            .passwords
            .hash(&asked.password, node.random())
            .await
            .map_err(unhashed)?;
        node.store.set_password(user.user, hash).await.map_err(wire::refusal)?;
    }
    let (device, token) = add_device(node, user.user, &asked.device_name).await?;
    tracing::info!(user = %user.user, %device, "a device signed in");
    Ok(SignedIn {
        user: user.user,
        handle: user.handle,
        name: user.name,
        device,
        token,
    })
}

/// Who comes with this token. A next secret becomes the only one before this answers.
///
/// Whoever keeps a connection open on the strength of it must look for the device again *after* the connection can be
/// found and closed: a revocation between the two would otherwise meet nobody.
///
/// # Errors
/// [`Code::Unauthenticated`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn authenticate(node: &Node, token: &TokenText, from: IpAddr) -> Result<Who, Refusal> {
    let result = try_authenticate(node, token).await;
    count_login(node, result.as_ref().err());
    if let Err(refusal) = &result {
        tracing::debug!(%from, code = refusal.code, "a token was not taken");
    }
    result
}

async fn try_authenticate(node: &Node, token: &TokenText) -> Result<Who, Refusal> {
    let refused = || Code::Unauthenticated.refuse();
    let Token { user, device, secret } = token.parse().ok_or_else(refused)?;
    let found = node.store.device(user, device).await.map_err(wire::refusal)?;
    let found = found.ok_or_else(refused)?;
    let fits = secret::fits(&secret, &found.secret_hash, found.next_hash.as_ref());
    let used_next = match fits {
        Fits::No => return Err(refused()),
        Fits::Present => false,
        Fits::Next => true,
    };
    let at_ms = node.clock.unix_ms();
    if used_next || at_ms.saturating_sub(found.last_ms) >= SEEN_INTERVAL_MS {
        let noted = node.store.saw_device(SeenDevice {
            user,
            device,
            at_ms,
            used_next,
            // That the *person* is there is for a session to say: a program that fetches something is not a person
            // looking.
            invisible: true,
        });
        // Waited for only where something depends on it: once the new secret let somebody in, the old one must be void.
        if used_next {
            noted.await.map_err(wire::refusal)?;
        }
    }
    Ok(Who { user, device })
}

async fn add_device(node: &Node, user: UserId, name: &str) -> Result<(DeviceId, TokenText), Refusal> {
    let device = DeviceId::from_random(node.random());
    let secret = node.random();
    let new_device = NewDevice {
        user,
        device,
        name: device_name(name),
        secret_hash: secret::hash(&secret),
    };
    node.store.add_device(new_device).await.map_err(wire::refusal)?;
    Ok((device, Token { user, device, secret }.to_text()))
}

/// What lets somebody sign up.
enum Ticket {
    /// Whoever comes.
    Nothing,
    /// An invite, which is used by it.
    Invite {
        /// What the store keeps of it.
        hash: SecretHash,
        /// It makes an owner.
        owner: bool,
    },
    /// A link into a group, which is not: joining does that, and by then it may be used up.
    Link,
}

/// What somebody brought to sign up with, if it is good; an invite before a link.
async fn usable_ticket(node: &Node, asked: &SignUp) -> Result<Ticket, Refusal> {
    let invite = asked.invite.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let invalid = || Code::InviteInvalid.refuse();
    if let Some(text) = invite {
        let hash = invite_hash(text).ok_or_else(invalid)?;
        let usable = node.store.invites(INVITES_MAX).await.map_err(wire::refusal)?;
        let found = usable.iter().find(|invite| invite.hash == hash).ok_or_else(invalid)?;
        let owner = found.owner;
        return Ok(Ticket::Invite { hash, owner });
    }
    let open = node.config.sign_up == SignUpPolicy::Open;
    match &asked.link {
        // Also where nothing is wanted: who came for the group had better hear it before they have an account.
        Some(link) if open || node.config.links_sign_up => {
            preview(node, link).await?;
            Ok(Ticket::Link)
        }
        Some(_) => Err(Code::InviteNeeded.refuse_saying(
            "On this server a link into a group makes no account: whoever runs it has to send you an invite first.",
        )),
        None if open => Ok(Ticket::Nothing),
        None => Err(Code::InviteNeeded.refuse()),
    }
}

/// What is behind a link for who is nobody here. The same refusal whether it was void, used up, or never one.
///
/// # Errors
/// [`Code::InviteInvalid`], [`Code::Overloaded`], [`Code::Internal`].
async fn preview(node: &Node, token: &TokenText) -> Result<LinkLook, Refusal> {
    let (conv, hash) = read_link(token).ok_or_else(|| Code::InviteInvalid.refuse())?;
    let nobody = UserId::from_bytes([0; 16]);
    node.store.look(nobody, conv, hash).await.map_err(wire::refusal)
}

/// What somebody who is not signed in sees of a group whose link they hold.
///
/// # Errors
/// [`Code::RateLimited`], [`Code::InviteInvalid`], [`Code::Overloaded`], [`Code::Internal`].
pub async fn look_behind(node: &Node, asked: &AskPreview, from: IpAddr) -> Result<Preview, Refusal> {
    let passed = node.gates.preview(from, node.now_ms());
    passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))?;
    let look = preview(node, &asked.token).await?;
    Ok(Preview {
        title: look.title,
        description: look.description,
        members: u32::try_from(look.members).unwrap_or(u32::MAX),
        approve: look.approve,
        sign_up: node.config.links_sign_up || node.config.sign_up == SignUpPolicy::Open,
    })
}

/// A name that others are shown.
///
/// # Errors
/// [`Code::BadRequest`].
pub fn person_name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let fits = !name.is_empty() && name.len() <= limits::NAME_BYTES_MAX && !name.contains(char::is_control);
    let refused = || Code::BadRequest.refuse_saying("`name` has 1 to 128 bytes and no control characters.");
    fits.then(|| name.to_owned()).ok_or_else(refused)
}

/// A device's name is only a hint for its owner: what does not fit is cut, not refused.
fn device_name(text: &str) -> String {
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(limits::NAME_BYTES_MAX)
        .collect();
    match protocol::body::cut(clean.trim(), limits::NAME_BYTES_MAX) {
        "" => NAMELESS_DEVICE.to_owned(),
        name => name.to_owned(),
    }
}

fn pass_address(node: &Node, from: IpAddr) -> Result<(), Refusal> {
    let passed = node.gates.sign_in_from(from, node.now_ms());
    passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))
}

/// Lets so many tries at one handle through, whether there is such an account or not.
fn pass_handle(node: &Node, handle: &str) -> Result<(), Refusal> {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(handle)[..16]);
    let passed = node.gates.sign_in_to(UserId::from_bytes(key), node.now_ms());
    passed.map_err(|ms| Code::RateLimited.refuse_for_ms(ms))
}

fn unhashed(why: Unhashed) -> Refusal {
    match why {
        Unhashed::Busy { retry_after_ms } => Code::Overloaded.refuse_for_ms(retry_after_ms),
        Unhashed::Failed => {
            tracing::error!("a password could not be hashed or checked: no memory, or a damaged hash in the store");
            Code::Internal.refuse()
        }
    }
}

fn count_login(node: &Node, refused: Option<&Refusal>) {
    node.metrics.logins.add(match refused.map(Refusal::known) {
        None => "ok",
        Some(Some(Code::RateLimited | Code::Overloaded)) => "limited",
        Some(Some(Code::Internal)) => "failed",
        Some(_) => "refused",
    });
}
