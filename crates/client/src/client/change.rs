//! What a client does to messages after they were written.

use super::{Client, odd};
use crate::core::{Command, No, Reply};
use crate::outbox::Verb;
use protocol::change::{AskHistory, Delete, Edit, Pin, React, Revisions};
use protocol::client_frame::{Forward, Send};
use protocol::{Body, ConversationId, Entry, Kind, SendId, Seq};
use serde_json::value::RawValue;

/// An entry that something is done to, as somebody saw it. Its place is of the log that they saw: after a backup was
/// restored another one may stand there. So its name goes with it, and nobody changes what they never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it stands.
    pub seq: Seq,
    /// Its `send_id`.
    pub name: SendId,
}

impl From<&Entry> for Target {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            name: entry.send_id,
        }
    }
}

impl Client {
    /// Gives an entry of mine another body. It is shown changed once the server says so.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn edit(&self, conv: ConversationId, target: Target, body: &Body) -> Result<SendId, No> {
        let body = body.to_raw();
        let make = move |send_id| {
            Verb::Edit(Box::new(Edit {
                conv,
                send_id,
                target: target.seq,
                target_send_id: Some(target.name),
                body,
            }))
        };
        self.write(make).await
    }

    /// Deletes an entry for everybody.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn delete(&self, conv: ConversationId, target: Target) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::Delete(Delete {
                conv,
                send_id,
                target: target.seq,
                target_send_id: Some(target.name),
            })
        };
        self.write(make).await
    }

    /// Puts an emoji to an entry, or takes it back.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn react(&self, conv: ConversationId, target: Target, emoji: String, on: bool) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::React(React {
                conv,
                send_id,
                target: target.seq,
                target_send_id: Some(target.name),
                emoji,
                on,
            })
        };
        self.write(make).await
    }

    /// Pins an entry, or no longer.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn pin(&self, conv: ConversationId, target: Target, on: bool) -> Result<SendId, No> {
        let make = move |send_id| {
            Verb::Pin(Pin {
                conv,
                send_id,
                target: target.seq,
                target_send_id: Some(target.name),
                on,
            })
        };
        self.write(make).await
    }

    /// Passes on what an entry of this kind says, of the log of `from`, to `conv`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn forward(
        &self,
        conv: ConversationId,
        kind: Kind,
        (from, origin): (ConversationId, Target),
    ) -> Result<SendId, No> {
        let from = Forward {
            conv: from,
            seq: origin.seq,
            send_id: Some(origin.name),
        };
        let nothing = RawValue::from_string("{}".to_owned()).expect("two braces are JSON");
        let make = move |send_id| {
            Verb::Send(Box::new(Send {
                forward: Some(from),
                ..Send::new(conv, send_id, kind, nothing)
            }))
        };
        self.write(make).await
    }

    /// The pinned entries of a conversation, the latest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn pins(&self, conv: ConversationId) -> Result<Vec<Seq>, No> {
        match self.ask(Command::Pins(conv)).await? {
            Reply::Pins(pins) => Ok(pins.seqs),
            other => Err(odd(other)),
        }
    }

    /// The bodies an entry had, the latest first: one page.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn history(&self, ask: AskHistory) -> Result<Revisions, No> {
        match self.ask(Command::History(ask)).await? {
            Reply::History(past) => Ok(past),
            other => Err(odd(other)),
        }
    }
}
