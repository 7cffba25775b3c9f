//! What the owner of a client is told.

use protocol::close::Duty;
use protocol::server_frame::{PresenceOf, TypingNow};
use protocol::{ConversationId, Entry, Refusal, SendId, Seq, UserId};

/// Something happened. Everything an event tells of is kept already.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The server knows us; what follows is live.
    Online {
        /// Who we are.
        user: UserId,
    },
    /// The inbox is known whole: what was missed while away is known of, if not yet fetched.
    CaughtUp,
    /// There is no connection.
    Offline {
        /// The next try comes in so many milliseconds.
        retry_in_ms: u64,
    },
    /// There will be no further try: sign in again, or update.
    Stopped {
        /// What the person has to do.
        duty: Duty,
        /// The close code that said so.
        code: Option<u16>,
    },
    /// What has to be kept cannot be kept; the client has ended, so that nothing is told that is not kept.
    Broken {
        /// What the place to keep things says.
        why: String,
    },
    /// The server goes down for a moment; the client comes back by itself.
    Leaving {
        /// Why, in a word.
        reason: String,
    },
    /// The server lives in another lineage: everything shown so far is void, ask anew.
    Resynced,
    /// Rows of the inbox changed.
    Inbox {
        /// Whose.
        convs: Vec<ConversationId>,
    },
    /// My devices or my profile changed: ask for them. Or my privacy, or whom I block: look at the inbox.
    Account,
    /// Entries that follow the last one told of this conversation, without a hole among them.
    Grown {
        /// Where.
        conv: ConversationId,
        /// Which, in order.
        entries: Vec<Entry>,
    },
    /// A hole too wide to fill lies before the next `Grown`: those who need every entry page for it.
    Skipped {
        /// Where.
        conv: ConversationId,
        /// The first seq not fetched.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// Something older came, changed or went: what is shown of the conversation is to be read anew.
    Changed {
        /// Where.
        conv: ConversationId,
    },
    /// A change of mine is durable on the server.
    Acked {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
        /// Its place.
        seq: Seq,
    },
    /// A change of mine was refused for good. It stays in the outbox until dismissed.
    Failed {
        /// Its name.
        send_id: SendId,
        /// Where.
        conv: ConversationId,
        /// Why.
        refusal: Refusal,
    },
    /// What is my own changed: preferences, marks or drafts, here or on another device.
    Own {
        /// Where.
        convs: Vec<ConversationId>,
    },
    /// A wish about what is my own was refused for good, and is gone.
    OwnRefused {
        /// Where.
        conv: ConversationId,
        /// Why.
        refusal: Refusal,
    },
    /// Others' cursors, or mine on another device, moved: ticks may have.
    Cursors {
        /// Where.
        conv: ConversationId,
    },
    /// Somebody types.
    Typing(TypingNow),
    /// Who is there; true for `ttl_ms`.
    Presence {
        /// Who, and how.
        list: Vec<PresenceOf>,
        /// For how long, in milliseconds.
        ttl_ms: u64,
    },
    /// Events were not taken in time and are gone: read the inbox and the open timelines anew.
    Behind,
}
