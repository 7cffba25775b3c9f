//! Of the directory and user families: people, their devices, and what lets them in.

use super::*;

/// For [`crate::Store::create_user`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Their id.
    pub user: UserId,
    /// The handle they want; theirs only once it is claimed.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// A PHC string (argon2id).
    pub password_hash: String,
    /// They run this server.
    pub owner: bool,
}

/// A person, for signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub user: UserId,
    /// Their handle.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// A PHC string (argon2id).
    pub password_hash: String,
    /// They run this server.
    pub owner: bool,
    /// When they signed up.
    pub created_ms: u64,
    /// They may not sign in.
    pub deactivated: bool,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub user: UserId,
    /// Their handle.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// What they say about themselves.
    pub about: Option<String>,
    /// The name of their picture.
    pub picture: Option<String>,
    /// They may not sign in.
    pub deactivated: bool,
}

impl Person {
    /// Whether their handle, or a word of their name, begins with `prefix`, capitals or not. An empty one begins
    /// nothing.
    #[must_use]
    pub fn begins_with(&self, prefix: &str) -> bool {
        let prefix = prefix.trim().to_lowercase();
        let name = self.name.to_lowercase();
        !prefix.is_empty()
            && (self.handle.starts_with(&prefix)
                || name.starts_with(&prefix)
                || name.split_whitespace().any(|word| word.starts_with(&prefix)))
    }
}

/// For [`crate::Store::set_profile`]. What is `None` stays; an empty `about` or `picture` goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// Whose.
    pub user: UserId,
    /// The name to show.
    pub name: Option<String>,
    /// The handle to show. That it is theirs is the caller's to see to: [`crate::Store::claim_handle`].
    pub handle: Option<String>,
    /// What they say about themselves.
    pub about: Option<String>,
    /// The name of their picture.
    pub picture: Option<String>,
}

/// How somebody stands to another person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The other person.
    pub user: UserId,
    /// They are in a group together now, or in a 1:1 that nobody still has to take up.
    pub acquainted: bool,
    /// Somebody blocks the other person.
    pub blocks: bool,
    /// The other person blocks them.
    pub blocked: bool,
    /// The other person may not sign in.
    pub deactivated: bool,
    /// Whom the other person lets do what.
    pub privacy: Privacy,
}

/// What one person is not told, and must not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// They tell nobody how far they have read.
    pub private: bool,
    /// People whom they block or who block them, in order of id.
    pub shunned: Vec<UserId>,
}

/// For [`crate::Store::set_terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetTerms {
    /// Which 1:1.
    pub conv: ConversationId,
    /// Who decides.
    pub user: UserId,
    /// What.
    pub terms: Terms,
}

/// On what terms somebody is in a 1:1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// They take the request up.
    Accept,
    /// They put the request aside.
    Ignore,
    /// They block the other one, or no longer.
    Blocks(bool),
}

/// For [`crate::Store::add_report`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// Who reports.
    pub reporter: UserId,
    /// The name they gave it.
    pub send_id: SendId,
    /// Who is reported.
    pub user: UserId,
    /// Where it happened.
    pub conv: ConversationId,
    /// What is wrong.
    pub why: String,
    /// JSON: a copy of what was said.
    pub said: String,
}

/// A report that nobody has closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its number.
    pub number: u64,
    /// When it came.
    pub created_ms: u64,
    /// What it says.
    pub report: NewReport,
}

/// Reports of one person that may be open.
pub const REPORTS_OPEN_MAX: usize = 50;

/// For [`crate::Store::add_device`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Whose.
    pub user: UserId,
    /// Its id.
    pub device: DeviceId,
    /// What it is called.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
}

/// A device that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub device: DeviceId,
    /// What it is called.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// The hash of the secret that will replace it once used.
    pub next_hash: Option<SecretHash>,
    /// When it signed in.
    pub created_ms: u64,
    /// When it was last there.
    pub last_ms: u64,
}

/// For [`crate::Store::saw_device`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenDevice {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub device: DeviceId,
    /// When.
    pub at_ms: u64,
    /// It came with its next secret.
    pub used_next: bool,
    /// The person does not want to be seen: only the device's own time moves.
    pub invisible: bool,
}

/// Which devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(DeviceId),
    /// All but this one.
    AllBut(DeviceId),
    /// All.
    All,
}

/// For [`crate::Store::put_mail`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// Whose device.
    pub user: UserId,
    /// Which.
    pub device: DeviceId,
    /// What sort of thing.
    pub kind: String,
    /// The thing.
    pub body: Arc<[u8]>,
}

/// A thing in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its place.
    pub dseq: DeviceSeq,
    /// What sort of thing.
    pub kind: String,
    /// The thing.
    pub body: Arc<[u8]>,
    /// When it was put there.
    pub created_ms: u64,
}

/// For [`crate::Store::claim_handle`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimHandle {
    /// The handle, in its one form.
    pub handle: String,
    /// For whom.
    pub user: UserId,
    /// The hash of the invite that pays for it.
    pub invite: Option<SecretHash>,
}

/// An invite to sign up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The hash of its secret.
    pub hash: SecretHash,
    /// Whoever uses it runs the server.
    pub owner: bool,
    /// How often it can still be used.
    pub uses_left: u32,
    /// Not after.
    pub expires_ms: u64,
    /// When it was made.
    pub created_ms: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
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
}
