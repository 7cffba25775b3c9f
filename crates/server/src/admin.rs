//! The door for whoever runs the server: a Unix socket in the data directory. One JSON object a line is asked, one is
//! answered.
//!
//! Whoever may open files of the server's own account may do everything here anyway, by taking the files; so the file
//! system decides who comes in, and there is no password to lose. It speaks to the running server rather than to its
//! files, because there is one writer, and because what is signed out here must also leave its live socket.

mod act;
mod back_up;
mod listen;

pub use act::act;
pub use listen::{Open, open, serve};

use protocol::account::Device;
use protocol::server_frame::Person;
use protocol::{ConversationId, DeviceId, Refusal, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// The socket's name in the data directory.
pub const FILE: &str = "admin.sock";
/// The longest line in either direction, in bytes.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// How long an answer may take, in milliseconds.
const ANSWER_MS_MAX: u64 = 30_000;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// Who has this handle. Answered by [`Answer::User`].
    User {
        /// The handle.
        handle: String,
    },
    /// Who has an account, in order of their handles. Answered by [`Answer::Users`].
    Users {
        /// Those after this handle; absent: from the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Make an invite. Answered by [`Answer::Invite`].
    Invite {
        /// Whoever uses it runs the server too.
        #[serde(default)]
        owner: bool,
        /// How many may use it.
        uses: u32,
        /// How long it lives, in days.
        days: u32,
    },
    /// Which invites can still be used. Answered by [`Answer::Invites`].
    Invites,
    /// Void an invite. Answered by [`Answer::Revoked`].
    RevokeInvite {
        /// Its text, or the `id` it is listed under.
        invite: Told,
    },
    /// The devices of a person. Answered by [`Answer::Devices`].
    Devices {
        /// Whose.
        handle: String,
    },
    /// Sign devices of a person out. Answered by [`Answer::SignedOut`].
    SignOut {
        /// Whose.
        handle: String,
        /// Which; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
    },
    /// Give a person a new password and sign all their devices out. Answered by [`Answer::Password`].
    ResetPassword {
        /// Whose.
        handle: String,
    },
    /// Make a person run this server too, or no longer. Answered by [`Answer::User`].
    MakeOwner {
        /// Whose handle.
        handle: String,
        /// They run it from now on; `false`: they no longer do.
        owner: bool,
    },
    /// Write a backup. Answered by [`Answer::BackingUp`], some times, and then by [`Answer::BackedUp`]. It stops with
    /// the connection.
    BackUp {
        /// The file, by an absolute path on the server's machine, which the server's account must be able to write.
        to: PathBuf,
        /// A file that is there is replaced.
        #[serde(default)]
        overwrite: bool,
    },
    /// Shut a person's account: every device is signed out, and none signs in. Answered by [`Answer::SignedOut`].
    Deactivate {
        /// Whose.
        handle: String,
    },
    /// Let a person in again. Answered by [`Answer::SignedOut`], of nobody.
    Reactivate {
        /// Whose.
        handle: String,
    },
    /// What people have reported and nobody has closed, the oldest first. Answered by [`Answer::Reports`].
    Reports {
        /// Those above this number; absent: from the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    },
    /// Close a report; it is gone then with what it says. Answered by [`Answer::Closed`].
    CloseReport {
        /// Its number.
        number: u64,
    },
    /// How much there is and how full the queues are. Answered by [`Answer::Stats`].
    Stats,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// A person.
    User(User),
    /// A page of people.
    Users {
        /// Who.
        users: Vec<Person>,
        /// Ask again after the last one: there are more.
        more: bool,
    },
    /// A new invite.
    Invite {
        /// Its text, told this once.
        invite: Told,
        /// Not after, in milliseconds since 1970 UTC.
        expires_ms: u64,
    },
    /// The invites that can still be used, the newest first.
    Invites {
        /// The invites.
        invites: Vec<Invite>,
    },
    /// Whether there was such an invite.
    Revoked {
        /// There was, and it is void now.
        revoked: bool,
    },
    /// The devices of a person, the oldest first.
    Devices {
        /// The devices.
        devices: Vec<Device>,
    },
    /// Who was signed out.
    SignedOut {
        /// The devices.
        devices: Vec<DeviceId>,
    },
    /// A new password.
    Password {
        /// The password, told this once.
        password: Told,
        /// The devices that were signed out.
        signed_out: Vec<DeviceId>,
    },
    /// A backup is being made: more answers come.
    BackingUp {
        /// Bytes copied.
        done_bytes: u64,
        /// Bytes there are to copy; 0: not known yet.
        total_bytes: u64,
    },
    /// A backup is there, durable and under its name.
    BackedUp {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The moment it shows, in milliseconds since 1970 UTC.
        taken_ms: u64,
    },
    /// A page of reports.
    Reports {
        /// The reports.
        reports: Vec<Report>,
        /// Ask again after the last one: there are more.
        more: bool,
    },
    /// Whether there was such a report.
    Closed {
        /// There was, and it is closed now.
        closed: bool,
    },
    /// How much there is.
    Stats(Stats),
    /// Nothing was done.
    Refused(Refusal),
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub user: UserId,
    /// Their handle.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// They run this server.
    pub owner: bool,
    /// Their account is deactivated.
    #[serde(default)]
    pub deactivated: bool,
    /// When they signed up, in milliseconds since 1970 UTC.
    pub created_ms: u64,
    /// Devices that are signed in.
    pub devices: usize,
    /// They are connected to this node.
    pub connected: bool,
}

/// What somebody reported. Its `Debug` does not say what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What to call it in `close-report`.
    pub number: u64,
    /// When it came, in milliseconds since 1970 UTC.
    pub created_ms: u64,
    /// The handle of who reports; their id, if they have none.
    pub reporter: String,
    /// The handle of who is reported; their id, if they have none.
    pub user: String,
    /// Where it happened.
    pub conv: ConversationId,
    /// What is wrong.
    pub why: String,
    /// JSON: the entries as they were: `seq`, `created_ms`, `kind`, `body`.
    pub said: String,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("number", &self.number)
            .field("reporter", &self.reporter)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// An invite in the list. Its text is not known any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// What to call it in `revoke-invite`.
    pub id: String,
    /// Whoever uses it runs the server too.
    pub owner: bool,
    /// How many can still use it.
    pub uses_left: u32,
    /// Not after, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
    /// When it was made, in milliseconds since 1970 UTC.
    pub created_ms: u64,
}

/// How much there is and how full the queues are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// How long this node runs, in milliseconds.
    pub uptime_ms: u64,
    /// People.
    pub users: u64,
    /// Devices signed in.
    pub devices: u64,
    /// Conversations.
    pub conversations: u64,
    /// Entries in all logs.
    pub entries: u64,
    /// Conversations whose inboxes may be behind.
    pub dirty: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Sessions that are signed in.
    pub sessions: usize,
    /// Changes that wait for a batch.
    pub writes_waiting: usize,
    /// Reads that wait for a reader.
    pub reads_waiting: usize,
    /// Batches committed since the start.
    pub batches: u64,
    /// Changes committed since the start.
    pub changes: u64,
}

/// A secret that is told once: its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(String);

impl Told {
    /// A secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the eyes of whoever asked.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told(…)")
    }
}

/// Asks the server whose data directory this is.
///
/// # Errors
/// `NotFound` or `ConnectionRefused`: no server runs there. `PermissionDenied`: it runs under another account.
/// `TimedOut`, `InvalidData`, `UnexpectedEof`: it does not answer as it should.
pub async fn ask(data: &Path, request: &Request) -> io::Result<Answer> {
    ask_through(data, request, |_, _| ()).await
}

/// The same, and hears how far it is where the answer takes long: bytes done, and bytes in all.
///
/// # Errors
/// As [`ask`].
pub async fn ask_through(data: &Path, request: &Request, mut hear: impl FnMut(u64, u64)) -> io::Result<Answer> {
    let mut stream = BufReader::new(UnixStream::connect(data.join(FILE)).await?);
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    in_time(stream.write_all(&line)).await?;
    loop {
        let line = in_time(read_line(&mut stream)).await?;
        match serde_json::from_slice(&line.ok_or(io::ErrorKind::UnexpectedEof)?)? {
            Answer::BackingUp {
                done_bytes,
                total_bytes,
            } => hear(done_bytes, total_bytes),
            answer => return Ok(answer),
        }
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), work).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// One answer as a line.
async fn say(line: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let mut text = serde_json::to_vec(answer)?;
    text.push(b'\n');
    line.write_all(&text).await
}

/// One line; `None`: the other end is done.
async fn read_line(stream: &mut BufReader<UnixStream>) -> io::Result<Option<Vec<u8>>> {
    use tokio::io::AsyncReadExt;
    let mut line = Vec::new();
    stream.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
    }
}
