//! What is done about each request.

use super::back_up::back_up;
use super::{Answer, Invite, Report, Request, Stats, Told, User};
use crate::account;
use crate::node::Node;
use crate::wire;
use protocol::refusal::Code;
use protocol::server_frame::Person;
use protocol::{Refusal, UserId};
use std::fmt::Write as _;
use store::{SecretHash, Which};

/// Bytes of an invite's hash in the name it is listed under.
const ID_BYTES: usize = 6;

/// Reports in one answer: each holds at most 20 entries of 2 KiB, and a line has to hold them.
const REPORTS_PAGE_MAX: usize = 3;

/// People in one answer.
const USERS_PAGE_MAX: usize = 200;

/// Does what is asked.
pub async fn act(node: &Node, request: Request) -> Answer {
    try_act(node, request).await.unwrap_or_else(Answer::Refused)
}

async fn try_act(node: &Node, request: Request) -> Result<Answer, Refusal> {
    let answer = match request {
        Request::User { handle } => Answer::User(user(node, &handle).await?),
        Request::Users { after } => users(node, after).await?,
        Request::Invite { owner, uses, days } => {
            let (invite, expires_ms) = account::mint_invite(node, owner, uses, days).await?;
            let invite = Told::new(invite);
            Answer::Invite { invite, expires_ms }
        }
        Request::Invites => Answer::Invites {
            invites: invites(node).await?.iter().map(listed).collect(),
        },
        Request::RevokeInvite { invite } => {
            let revoked = revoke_invite(node, invite.expose()).await?;
            Answer::Revoked { revoked }
        }
        Request::Devices { handle } => {
            let user = id_of(node, &handle).await?;
            let devices = account::devices(node, user, None).await?;
            Answer::Devices { devices }
        }
        Request::SignOut { handle, device } => {
            let user = id_of(node, &handle).await?;
            let devices = account::sign_out(node, user, device.map_or(Which::All, Which::One)).await?;
            Answer::SignedOut { devices }
        }
        Request::ResetPassword { handle } => {
            let user = id_of(node, &handle).await?;
            let (password, signed_out) = account::reset_password(node, user).await?;
            let password = Told::new(password);
            Answer::Password { password, signed_out }
        }
        Request::MakeOwner { handle, owner } => {
            let id = id_of(node, &handle).await?;
            node.store.set_owner(id, owner).await.map_err(wire::refusal)?;
            tracing::info!(user = %id, owner, "who runs this server was changed");
            Answer::User(user(node, &handle).await?)
        }
        Request::BackUp { to, overwrite } => {
            let done = back_up(node, to, overwrite, &mut tokio::io::sink()).await;
            done.map_err(|_| Code::Internal.refuse())?
        }
        Request::Deactivate { handle } => deactivate(node, &handle, true).await?,
        Request::Reactivate { handle } => deactivate(node, &handle, false).await?,
        Request::Reports { after } => reports(node, after).await?,
        Request::CloseReport { number } => {
            let closed = node.store.close_report(number).await.map_err(wire::refusal)?;
            Answer::Closed { closed }
        }
        Request::Stats => Answer::Stats(stats(node).await?),
    };
    Ok(answer)
}

async fn id_of(node: &Node, handle: &str) -> Result<UserId, Refusal> {
    let handle = protocol::account::handle(handle).ok_or_else(|| Code::BadHandle.refuse())?;
    let found = node.store.find_handles(vec![handle]).await.map_err(wire::refusal)?;
    let nobody = || Code::UnknownPerson.refuse_saying("Nobody here has this handle.");
    found.first().map(|(_, user)| *user).ok_or_else(nobody)
}

async fn user(node: &Node, handle: &str) -> Result<User, Refusal> {
    let id = id_of(node, handle).await?;
    let user = node.store.user(id).await.map_err(wire::refusal)?;
    let user = user.ok_or_else(|| Code::UnknownPerson.refuse())?;
    let devices = node.store.devices(id).await.map_err(wire::refusal)?;
    Ok(User {
        user: user.user,
        handle: user.handle,
        name: user.name,
        owner: user.owner,
        deactivated: user.deactivated,
        created_ms: user.created_ms,
        devices: devices.len(),
        connected: node.sessions.has(id),
    })
}

async fn users(node: &Node, after: Option<String>) -> Result<Answer, Refusal> {
    let mut handles = node
        .store
        .handles(after, USERS_PAGE_MAX + 1)
        .await
        .map_err(wire::refusal)?;
    let more = handles.len() > USERS_PAGE_MAX;
    handles.truncate(USERS_PAGE_MAX);
    let ids = handles.iter().map(|(_, user)| *user).collect();
    let mut users: Vec<Person> = node
        .store
        .people(ids)
        .await
        .map_err(wire::refusal)?
        .into_iter()
        .map(wire::person)
        .collect();
    users.sort_by(|one, other| one.handle.cmp(&other.handle));
    Ok(Answer::Users { users, more })
}

async fn deactivate(node: &Node, handle: &str, deactivated: bool) -> Result<Answer, Refusal> {
    let user = id_of(node, handle).await?;
    let devices = account::deactivate(node, user, deactivated).await?;
    Ok(Answer::SignedOut { devices })
}

async fn reports(node: &Node, after: Option<u64>) -> Result<Answer, Refusal> {
    let after = after.unwrap_or_default();
    let found = node.store.reports(after, REPORTS_PAGE_MAX + 1).await;
    let mut found = found.map_err(wire::refusal)?;
    let more = found.len() > REPORTS_PAGE_MAX;
    found.truncate(REPORTS_PAGE_MAX);
    let people = found
        .iter()
        .flat_map(|one| [one.report.reporter, one.report.user])
        .collect();
    let people = node.store.people(people).await.map_err(wire::refusal)?;
    let called = |user: UserId| {
        let person = people.iter().find(|person| person.user == user);
        person.map_or_else(|| user.to_string(), |person| format!("@{}", person.handle))
    };
    let told = |one: store::Report| Report {
        number: one.number,
        created_ms: one.created_ms,
        reporter: called(one.report.reporter),
        user: called(one.report.user),
        conv: one.report.conv,
        why: one.report.why,
        said: one.report.said,
    };
    let reports = found.into_iter().map(told).collect();
    Ok(Answer::Reports { reports, more })
}

async fn invites(node: &Node) -> Result<Vec<store::Invite>, Refusal> {
    node.store.invites(account::INVITES_MAX).await.map_err(wire::refusal)
}

fn listed(invite: &store::Invite) -> Invite {
    Invite {
        id: id(&invite.hash),
        owner: invite.owner,
        uses_left: invite.uses_left,
        expires_ms: invite.expires_ms,
        created_ms: invite.created_ms,
    }
}

fn id(hash: &SecretHash) -> String {
    hash[..ID_BYTES].iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// By its text or by the name it is listed under; the two cannot be mixed up, one is longer than the other.
async fn revoke_invite(node: &Node, named: &str) -> Result<bool, Refusal> {
    let named = named.trim();
    let hash = match account::invite_hash(named) {
        Some(hash) => Some(hash),
        None => invites(node)
            .await?
            .iter()
            .map(|one| one.hash)
            .find(|hash| id(hash) == named),
    };
    let Some(hash) = hash else { return Ok(false) };
    let revoked = node.store.revoke_invite(hash).await.map_err(wire::refusal)?;
    tracing::info!(revoked, "an invite was to be revoked");
    Ok(revoked)
}

async fn stats(node: &Node) -> Result<Stats, Refusal> {
    let stats = node.store.stats().await.map_err(wire::refusal)?;
    let load = node.store.load();
    Ok(Stats {
        uptime_ms: node.now_ms().saturating_sub(node.started_ms),
        users: stats.users,
        devices: stats.devices,
        conversations: stats.conversations,
        entries: stats.entries,
        dirty: stats.dirty,
        disk_bytes: stats.disk_bytes,
        sessions: node.sessions.count(),
        writes_waiting: load.writes_waiting,
        reads_waiting: load.reads_waiting,
        batches: load.batches,
        changes: load.changes,
    })
}
