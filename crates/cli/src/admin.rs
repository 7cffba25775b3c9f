//! `tidings admin`: looks after a running server through the socket in its data directory.

use crate::account::device_id;
use crate::clock::Local;
use crate::{Wrong, block_on, offline, safe};
use clap::{Args, Subcommand};
use protocol::DeviceId;
use protocol::account::Device;
use server::admin::{Answer, Invite, Report, Request, Stats, Told, User, ask};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The arguments of `tidings admin`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings admin invite                     An invite for one person, good for seven days.
  tidings admin invite --uses 20 --days 2  One for a whole class.
  tidings admin users                      Who has an account here?
  tidings admin user @bob                  Who is that, and are they connected?
  tidings admin sign-out @bob              Their laptop was stolen: every device is out at once.
  tidings admin deactivate @bob            They left: out at once, their name stays. `reactivate` lets them in again.
  tidings admin reports                    What did people report? `close-report 7` when it is seen to.
  tidings admin reset-password @bob        They forgot it: a new one, and every device is out.
  tidings admin make-owner @bob            They run this server, too; with --undo no longer.

Run it on the server's machine under the server's account. It talks to the running server; if none
runs, it works on the data itself.")]
pub struct Admin {
    /// The data directory of the server.
    #[arg(long, env = "TIDINGS_DATA", default_value = "./data", global = true)]
    data: PathBuf,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    ask: Ask,
}

#[derive(Subcommand)]
enum Ask {
    /// Who has a handle, and whether they are connected.
    User {
        /// Their handle.
        handle: String,
    },
    /// List everybody who has an account.
    Users,
    /// Make an invite. Its text is shown once.
    Invite {
        /// How many people may use it.
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// How long it lives, in days.
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// Whoever uses it runs the server too.
        #[arg(long)]
        owner: bool,
    },
    /// List the invites that can still be used.
    Invites,
    /// Void an invite.
    RevokeInvite {
        /// Its text, or the id it is listed under.
        invite: String,
    },
    /// List a person's devices.
    Devices {
        /// Their handle.
        handle: String,
    },
    /// Sign a person's devices out, at once.
    SignOut {
        /// Their handle.
        handle: String,
        /// Only this device, by its id.
        #[arg(long, value_parser = device_id)]
        device: Option<DeviceId>,
    },
    /// Give a person a new password, shown once, and sign all their devices out.
    ResetPassword {
        /// Their handle.
        handle: String,
    },
    /// Make a person run this server, too: also when nobody does any more.
    MakeOwner {
        /// Their handle.
        handle: String,
        /// They no longer run it.
        #[arg(long)]
        undo: bool,
    },
    /// Shut a person's account: every device is out at once, and none signs in. Their name stays where they were.
    Deactivate {
        /// Their handle.
        handle: String,
    },
    /// Let a person in again whose account was shut.
    Reactivate {
        /// Their handle.
        handle: String,
    },
    /// List what people have reported and nobody has closed, the oldest first.
    Reports,
    /// Close a report. It is gone then, with the copy of what was said.
    CloseReport {
        /// Its number.
        number: u64,
    },
    /// How much there is, and how full the queues are.
    Stats,
}

/// Asks the server and prints its answer.
pub fn run(arguments: Admin) -> Result<(), Wrong> {
    let Admin { data, json, ask } = arguments;
    let mut request = Some(request(ask));
    while let Some(asked) = request {
        let answer = match block_on(async { put(&data, &asked).await })? {
            Some(answer) => answer,
            None => offline::answer(&data, asked)?,
        };
        request = rest_of(&answer);
        let text = match answer {
            Answer::Refused(refusal) => return Err(safe::line(&refusal.say).into()),
            answer if json => format!("{}\n", serde_json::to_string(&answer)?),
            answer => told(answer),
        };
        io::stdout().write_all(text.as_bytes())?;
    }
    Ok(())
}

/// What to ask next for an answer that came in pages.
fn rest_of(answer: &Answer) -> Option<Request> {
    match answer {
        Answer::Users { users, more: true } => {
            let after = Some(users.last()?.handle.clone());
            Some(Request::Users { after })
        }
        Answer::Reports { reports, more: true } => {
            let after = Some(reports.last()?.number);
            Some(Request::Reports { after })
        }
        _ => None,
    }
}

fn request(ask: Ask) -> Request {
    match ask {
        Ask::User { handle } => Request::User { handle },
        Ask::Users => Request::Users { after: None },
        Ask::Invite { uses, days, owner } => Request::Invite { owner, uses, days },
        Ask::Invites => Request::Invites,
        Ask::RevokeInvite { invite } => Request::RevokeInvite {
            invite: Told::new(invite),
        },
        Ask::Devices { handle } => Request::Devices { handle },
        Ask::SignOut { handle, device } => Request::SignOut { handle, device },
        Ask::ResetPassword { handle } => Request::ResetPassword { handle },
        Ask::MakeOwner { handle, undo } => Request::MakeOwner { handle, owner: !undo },
        Ask::Deactivate { handle } => Request::Deactivate { handle },
        Ask::Reactivate { handle } => Request::Reactivate { handle },
        Ask::Reports => Request::Reports { after: None },
        Ask::CloseReport { number } => Request::CloseReport { number },
        Ask::Stats => Request::Stats,
    }
}

/// Asks the server. `None`: none runs.
async fn put(data: &Path, request: &Request) -> Result<Option<Answer>, Wrong> {
    match ask(data, request).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if offline::is_nobody_there(&error) => Ok(None),
        Err(error) => Err(unanswered(data, &error)),
    }
}

/// Why a server that is there did not answer, and what to do.
pub fn unanswered(data: &Path, error: &io::Error) -> Wrong {
    let place = data.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("the server on {place} belongs to another account; run this under that account, or as root")
        }
        _ => format!("the server on {place} did not answer ({error}); its log may say why"),
    }
    .into()
}

fn told(answer: Answer) -> String {
    match answer {
        Answer::User(user) => told_user(&user),
        Answer::Users { users, .. } if users.is_empty() => "Nobody has an account here yet.\n".to_owned(),
        Answer::Users { users, .. } => users
            .iter()
            .map(|one| format!("@{}  {}\n", one.handle, safe::line(&one.name)))
            .collect(),
        Answer::Invite { invite, expires_ms } => format!(
            "{}\n\nShown this once; good until {}. They sign up with:\n\n    \
             tidings chat --server URL --sign-up HANDLE \
             --invite {}\n",
            invite.expose(),
            Local::at(expires_ms).minute(),
            invite.expose(),
        ),
        Answer::Invites { invites } if invites.is_empty() => "No invite can be used now.\n".to_owned(),
        Answer::Invites { invites } => invites.iter().map(told_invite).collect(),
        Answer::Revoked { revoked: true } => "The invite is void.\n".to_owned(),
        Answer::Revoked { revoked: false } => {
            "There is no such invite; `tidings admin invites` lists those that can be used.\n".to_owned()
        }
        Answer::Devices { devices } if devices.is_empty() => "No device of theirs is signed in.\n".to_owned(),
        Answer::Devices { devices } => devices.iter().map(told_device).collect(),
        Answer::SignedOut { devices } => match devices.len() {
            0 => "No device of theirs was signed in.\n".to_owned(),
            1 => "One device is signed out.\n".to_owned(),
            n => format!("{n} devices are signed out.\n"),
        },
        Answer::Password { password, signed_out } => format!(
            "{}\n\nThe new password, shown this once; devices signed out: {}.\n",
            password.expose(),
            signed_out.len()
        ),
        Answer::Reports { reports, .. } if reports.is_empty() => "Nothing is reported.\n".to_owned(),
        Answer::Reports { reports, .. } => reports.iter().map(told_report).collect(),
        Answer::Closed { closed: true } => "The report is closed.\n".to_owned(),
        Answer::Closed { closed: false } => {
            "There is no such report; `tidings admin reports` lists those that are open.\n".to_owned()
        }
        Answer::Stats(stats) => told_stats(&stats),
        // Asked for by `tidings backup` only.
        Answer::BackingUp { .. } | Answer::BackedUp { .. } => String::new(),
        Answer::Refused(refusal) => refusal.say,
    }
}

fn told_user(user: &User) -> String {
    let owner = if user.owner { ", runs this server" } else { "" };
    let owner = if user.deactivated { ", deactivated" } else { owner };
    let there = if user.connected { "connected" } else { "not connected" };
    format!(
        "@{} ({}){owner}\nsigned up {}, {} devices, {there}\nid {}\n",
        user.handle,
        safe::line(&user.name),
        Local::at(user.created_ms).minute(),
        user.devices,
        user.user
    )
}

fn told_invite(invite: &Invite) -> String {
    let owner = if invite.owner { "  for an owner" } else { "" };
    let (made, until) = (
        Local::at(invite.created_ms).minute(),
        Local::at(invite.expires_ms).minute(),
    );
    format!(
        "{}  {} left  made {made}  good until {until}{owner}\n",
        invite.id, invite.uses_left
    )
}

fn told_report(report: &Report) -> String {
    let when = Local::at(report.created_ms).minute();
    let mut text = format!(
        "{}  {when}  {} about {}: {}\n",
        report.number,
        safe::line(&report.reporter),
        safe::line(&report.user),
        safe::line(&report.why)
    );
    let said: Vec<serde_json::Value> = serde_json::from_str(&report.said).unwrap_or_default();
    for one in said {
        let body = one["body"].as_str().unwrap_or_default();
        text.push_str(&format!("    #{}  {}\n", one["seq"], safe::line(body)));
    }
    text
}

fn told_device(device: &Device) -> String {
    let (since, last) = (
        Local::at(device.created_ms).minute(),
        Local::at(device.last_ms).minute(),
    );
    format!(
        "{}  since {since}  last there {last}  {}\n",
        device.device,
        safe::line(&device.name)
    )
}

fn told_stats(stats: &Stats) -> String {
    let rows = [
        ("running for, in seconds", stats.uptime_ms / 1_000),
        ("people", stats.users),
        ("devices", stats.devices),
        ("conversations", stats.conversations),
        ("entries", stats.entries),
        ("bytes on disk", stats.disk_bytes),
        ("sessions connected", stats.sessions as u64),
        ("conversations whose inboxes wait", stats.dirty),
        ("changes waiting", stats.writes_waiting as u64),
        ("reads waiting", stats.reads_waiting as u64),
        ("batches since the start", stats.batches),
        ("changes since the start", stats.changes),
    ];
    rows.iter()
        .map(|(what, how_many)| format!("{how_many:>14}  {what}\n"))
        .collect()
}
