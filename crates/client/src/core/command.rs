//! What the owner of a client may ask of it, and what comes back.

use crate::outbox::Verb;
use crate::own::Wish;
use protocol::change::{AskHistory, Pins, Revisions};
use protocol::client_frame::{AskPeople, Place, Show};
use protocol::own::{AskReceipts, AskStarred, ReadAllOk, Receipts, Starred};
use protocol::people::{AnswerRequest, Block, Privacy, Report, SetPrivacy, SetProfile};
use protocol::server_frame::{Members, People, Person};
use protocol::thread::{AskThread, Find, ThreadPage};
use protocol::{ClientFrame, ConversationId, Entry, Refusal, SendId, Seq, ServerFrame, UserId};

/// The number under which a command's answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Write something: answered with [`Reply::Queued`] once it is kept; what became of it is an event.
    Write(Verb),
    /// A failed or waiting change is given up.
    Dismiss(SendId),
    /// A page of a log.
    Page {
        /// Whose.
        conv: ConversationId,
        /// From where.
        place: Place,
        /// Entries at most.
        limit: u32,
    },
    /// Who is in a conversation, after this person.
    Members {
        /// Which.
        conv: ConversationId,
        /// After whom; absent: from the first.
        after: Option<UserId>,
    },
    /// Who these people are.
    People(AskPeople),
    /// Something about invite links: a `link`, `links`, `revoke_link`, `look`, `join` or `requests`.
    Link(Box<ClientFrame>),
    /// Which entries of a conversation are pinned.
    Pins(ConversationId),
    /// What an entry said before it was edited.
    History(AskHistory),
    /// Something about people is decided: answered with [`Reply::Decided`] once it is durable on the server. It is
    /// asked again after a cut, for it may be repeated.
    Decide(Decision),
    /// The conversation is on the screen: it is followed closely, cursors and typing are told.
    Open(ConversationId),
    /// It no longer is.
    Close(ConversationId),
    /// Whose presence is on the screen. Replaces what was said before.
    Presence(Vec<UserId>),
    /// How I appear.
    Show(Show),
    /// I am typing.
    Typing(ConversationId),
    /// I have seen everything up to here.
    Read(ConversationId, Seq),
    /// I mark as unread what is above this seq.
    MarkUnread(ConversationId, Seq),
    /// Something of my own is to change: kept, and said until it is answered.
    Own(Wish),
    /// Entries that I starred.
    Starred(AskStarred),
    /// I have read everything.
    ReadAll,
    /// Who received and who read an entry.
    Receipts(AskReceipts),
    /// The replies of a thread.
    Thread(AskThread),
    /// The entry of this name, and those around it: answered with [`Reply::Page`].
    Find(Find),
    /// The network came back, or a person looks: try to connect at once.
    Hurry,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done, or noted to be done.
    Done,
    /// Kept; it will be sent.
    Queued(SendId),
    /// A page.
    Page(Page),
    /// Members.
    Members(Members),
    /// People.
    People(People),
    /// What the server said about invite links; an `ack`: one has joined.
    Link(Box<ServerFrame>),
    /// Pinned entries.
    Pins(Pins),
    /// The bodies an entry had.
    History(Revisions),
    /// Starred entries.
    Starred(Starred),
    /// Everything is read.
    ReadAll(ReadAllOk),
    /// Who received and who read an entry.
    Receipts(Receipts),
    /// The replies of a thread.
    Thread(ThreadPage),
    /// It is decided.
    Decided(Box<Decided>),
    /// It will not be done.
    No(No),
}

/// What is decided about people.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// How I appear.
    Profile(SetProfile),
    /// Who may reach me and know what of me.
    Privacy(SetPrivacy),
    /// Whom I want to hear nothing of.
    Block(Block),
    /// What becomes of a request.
    Answer(AnswerRequest),
    /// What somebody should look at.
    Report(Report),
}

impl Decision {
    /// As it is said.
    #[must_use]
    pub fn frame(&self) -> ClientFrame {
        match self.clone() {
            Self::Profile(set) => ClientFrame::Profile(set),
            Self::Privacy(set) => ClientFrame::Privacy(set),
            Self::Block(block) => ClientFrame::Block(block),
            Self::Answer(answer) => ClientFrame::Answer(answer),
            Self::Report(report) => ClientFrame::Report(report),
        }
    }
}

/// What was decided about people.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// Who I am now.
    Profile(Person),
    /// Who may reach me and know what of me now.
    Privacy(Privacy),
    /// What was asked for.
    Done,
}

/// A page of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The first seq it speaks of.
    pub from: Seq,
    /// The last; below `from`: it speaks of none.
    pub to: Seq,
    /// There is more beyond, in the direction that was asked.
    pub more: bool,
    /// It is as the server has it now. Otherwise it is as this device last knew it: there is no connection.
    pub fresh: bool,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// Why a command is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// The server, or this client by the server's limits, refuses it.
    #[error("{} ({})", .0.say, .0.name)]
    Refused(Refusal),
    /// The outbox is full: so much waits to be sent already.
    #[error("too much is waiting to be sent already; wait until some of it is gone")]
    OutboxFull,
    /// Too many commands wait for their answers.
    #[error("too many requests wait for an answer already")]
    Busy,
    /// No change of this name waits, or was acknowledged lately.
    #[error("no change of this name is known here")]
    Unknown,
    /// The client has ended, or must not come back before the person has signed in again or updated.
    #[error("the client has stopped")]
    Stopped,
}
