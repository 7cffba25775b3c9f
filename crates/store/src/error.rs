//! Three kinds of wrong: the request is refused, the engine is overloaded, or something broke.

use std::sync::Arc;

/// The answer of every store method.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a method did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for cannot be; the same question gets the same answer.
    #[error("refused: {0}")]
    Refused(#[from] Refused),
    /// The queue is full. Nothing was done.
    #[error("the store has more to do than it can")]
    Overloaded {
        /// When to come again, in milliseconds.
        retry_after_ms: u64,
    },
    /// Something broke. Whether a change happened is *unknown*; repeat with the same ids.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Something broke in the engine or below it. Carries the engine's own words, for the log and never for the wire.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store failed while it {doing}: {source}")]
pub struct Fault {
    /// What the engine was doing.
    pub doing: &'static str,
    /// The engine's error.
    #[source]
    pub source: Arc<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    /// A fault with its source.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            doing,
            source: Arc::from(source.into()),
        }
    }
}

/// What a request can be refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// No such conversation for this person: absent, or never theirs. The two look the same.
    #[error("no such conversation for this person")]
    NotFound,
    /// They were a member and are one no longer.
    #[error("not a member any longer")]
    NotAMember,
    /// Their role does not allow it.
    #[error("the role does not allow it")]
    Forbidden,
    /// Only admins write here now.
    #[error("only admins write here now")]
    AnnouncementsOnly,
    /// They were removed: a link does not bring them back.
    #[error("they were removed, so a link does not bring them back")]
    Removed,
    /// As many links, or people who ask to be let in, as there may be.
    #[error("too many links, or people who ask")]
    TooManyLinks,
    /// The last owner stays one.
    #[error("the last owner stays one")]
    LastOwner,
    /// The group is in slow mode, and their last message is not long enough ago.
    #[error("slow mode: too early by {retry_after_ms} ms")]
    SlowMode {
        /// When to come again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The send_id names another change.
    #[error("the send_id names another change")]
    SendIdReused,
    /// More members than a group has room for.
    #[error("the group is full")]
    GroupFull,
    /// Members change in groups only.
    #[error("not a group")]
    NotAGroup,
    /// The entry referred to does not exist or is not readable for this person.
    #[error("the entry referred to is not readable")]
    BadReference,
    /// A cursor beyond the last readable entry.
    #[error("the cursor lies beyond the last readable entry")]
    BeyondHead,
    /// No such person, member or device.
    #[error("no such person, member or device")]
    UnknownPerson,
    /// Somebody else has the handle.
    #[error("somebody else has the handle")]
    HandleTaken,
    /// The invite or link is unknown, used up or expired.
    #[error("the invite is unknown, used up or expired")]
    InviteInvalid,
    /// The entry was deleted.
    #[error("the entry was deleted")]
    Deleted,
    /// The time in which it could be edited or deleted has passed.
    #[error("the time for it has passed")]
    TooLate,
    /// A thread does not start there: it is no message, or in a thread itself.
    #[error("no thread starts there")]
    NotARoot,
    /// As many reactions or pins as there may be.
    #[error("too many reactions or pins")]
    TooMany,
    /// Not something that people wrote, or, for an edit, no text.
    #[error("not a message that can be changed so")]
    NotAMessage,
    /// The other one of the 1:1 takes nothing from this person.
    #[error("the other one takes nothing from this person")]
    NotAccepted,
    /// This person blocks the other one of the 1:1.
    #[error("they block the other one")]
    YouBlock,
    /// The other one of the 1:1 has a deactivated account.
    #[error("the other one's account is deactivated")]
    PeerDeactivated,
    /// The account is deactivated.
    #[error("the account is deactivated")]
    Deactivated,
    /// The conversation is no request to this person, or no more.
    #[error("no request to this person")]
    NotARequest,
    /// As many handles as one person may have, those that are kept for them among them.
    #[error("too many handles")]
    TooManyHandles,
    /// As many people as one may block.
    #[error("too many blocks")]
    TooManyBlocks,
    /// As many open reports as one person may have.
    #[error("too many reports")]
    TooManyReports,
    /// As many devices as there may be.
    #[error("too many devices")]
    TooManyDevices,
    /// As many marks as there may be.
    #[error("too many marks")]
    TooManyMarks,
}
