//! One change in the outbox.

use protocol::change::{Delete, Edit, Pin, React};
use protocol::client_frame::{Add, Create, Leave, Remove, Send, What};
use protocol::group::{ChangeRole, ChangeSettings};
use protocol::link::Admit;
use protocol::{ClientFrame, ConversationId, Refusal, SendId, UserId};
use serde::{Deserialize, Serialize};

/// Bytes an item takes besides its body.
const ENVELOPE_BYTES: usize = 256;

/// One change that somebody on this device asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its name, the same on every try.
    pub send_id: SendId,
    /// The conversation it belongs to; for a `create`, the one it will make.
    pub conv: ConversationId,
    /// What to do.
    pub verb: Verb,
    /// When it was asked for, in milliseconds since 1970 by this device's clock; for display.
    pub queued_ms: u64,
    /// What it counts for against the bound, in bytes.
    pub bytes: usize,
    /// How far it has got.
    #[serde(skip, default)]
    pub phase: Phase,
}

/// How far a change has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// To be sent, not before this moment.
    Waiting {
        /// In milliseconds by this device's clock; zero: at once.
        not_before_ms: u64,
    },
    /// Sent over the present connection, not answered.
    UnderWay,
    /// Refused for good.
    Failed(Refusal),
}

impl Default for Phase {
    fn default() -> Self {
        Self::Waiting { not_before_ms: 0 }
    }
}

/// Every verb that writes: each carries a `send_id`, so that a repetition is recognised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Say something.
    Send(Box<Send>),
    /// Begin a conversation.
    Create(Create),
    /// Add people.
    Add(Add),
    /// Remove somebody.
    Remove(Remove),
    /// Leave.
    Leave(Leave),
    /// Change what a group is.
    Settings(Box<ChangeSettings>),
    /// Give somebody another role.
    Role(ChangeRole),
    /// Let somebody in, or turn them away.
    Admit(Admit),
    /// Give an entry another body.
    Edit(Box<Edit>),
    /// Delete an entry for everybody.
    Delete(Delete),
    /// Put an emoji to an entry, or take it back.
    React(React),
    /// Pin an entry, or no longer.
    Pin(Pin),
}

impl Item {
    /// A change that `me` asks for.
    #[must_use]
    pub fn new(verb: Verb, me: UserId, now_ms: u64) -> Self {
        Self {
            send_id: verb.send_id(),
            conv: verb.conv(me),
            bytes: ENVELOPE_BYTES + verb.body_bytes(),
            verb,
            queued_ms: now_ms,
            phase: Phase::default(),
        }
    }
}

impl Verb {
    /// Its name.
    #[must_use]
    pub fn send_id(&self) -> SendId {
        match self {
            Self::Send(send) => send.send_id,
            Self::Create(create) => create.send_id,
            Self::Add(add) => add.send_id,
            Self::Remove(remove) => remove.send_id,
            Self::Leave(leave) => leave.send_id,
            Self::Settings(ask) => ask.send_id,
            Self::Role(ask) => ask.send_id,
            Self::Admit(ask) => ask.send_id,
            Self::Edit(edit) => edit.send_id,
            Self::Delete(delete) => delete.send_id,
            Self::React(react) => react.send_id,
            Self::Pin(pin) => pin.send_id,
        }
    }

    /// The conversation it belongs to, known before the server has answered.
    #[must_use]
    pub fn conv(&self, me: UserId) -> ConversationId {
        match self {
            Self::Send(send) => send.conv,
            Self::Create(create) => match create.what {
                What::Direct { with } => ConversationId::direct(me, with),
                What::Group { .. } => ConversationId::group(me, create.send_id),
            },
            Self::Add(add) => add.conv,
            Self::Remove(remove) => remove.conv,
            Self::Leave(leave) => leave.conv,
            Self::Settings(ask) => ask.conv,
            Self::Role(ask) => ask.conv,
            Self::Admit(ask) => ask.conv,
            Self::Edit(edit) => edit.conv,
            Self::Delete(delete) => delete.conv,
            Self::React(react) => react.conv,
            Self::Pin(pin) => pin.conv,
        }
    }

    /// The request that asks for it.
    #[must_use]
    pub fn frame(&self) -> ClientFrame {
        match self.clone() {
            Self::Send(send) => ClientFrame::Send(send),
            Self::Create(create) => ClientFrame::Create(create),
            Self::Add(add) => ClientFrame::Add(add),
            Self::Remove(remove) => ClientFrame::Remove(remove),
            Self::Leave(leave) => ClientFrame::Leave(leave),
            Self::Settings(ask) => ClientFrame::Settings(ask),
            Self::Role(ask) => ClientFrame::Role(ask),
            Self::Admit(ask) => ClientFrame::Admit(ask),
            Self::Edit(edit) => ClientFrame::Edit(edit),
            Self::Delete(delete) => ClientFrame::Delete(delete),
            Self::React(react) => ClientFrame::React(react),
            Self::Pin(pin) => ClientFrame::Pin(pin),
        }
    }

    fn body_bytes(&self) -> usize {
        const ID_BYTES: usize = 40;
        match self {
            Self::Send(send) => send.body.get().len(),
            Self::Create(Create {
                what: What::Group { title, members },
                ..
            }) => title.len() + members.len() * ID_BYTES,
            Self::Add(add) => add.users.len() * ID_BYTES,
            Self::Settings(ask) => {
                let words = [&ask.change.title, &ask.change.description];
                words.into_iter().flatten().map(String::len).sum()
            }
            Self::Edit(edit) => edit.body.get().len(),
            Self::React(react) => react.emoji.len(),
            Self::Delete(_) | Self::Pin(_) => 0,
            Self::Create(_) | Self::Remove(_) | Self::Leave(_) | Self::Role(_) | Self::Admit(_) => 0,
        }
    }
}
