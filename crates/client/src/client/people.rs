//! What a program asks for about people: how I appear, who may reach me, whom I block. Each answers once it is durable
//! on the server; all of them may be repeated.

use super::{Client, No, odd};
use crate::core::{Command, Decided, Decision, Reply};
use protocol::people::{Answer, AnswerRequest, Block, Privacy, Report, SetPrivacy, SetProfile};
use protocol::server_frame::Person;
use protocol::{ConversationId, SendId, Seq, UserId};
use std::collections::BTreeSet;

impl Client {
    /// Changes how I appear; what is `None` stays. Who I am now.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn set_profile(&self, set: SetProfile) -> Result<Person, No> {
        match self.decide(Decision::Profile(set)).await? {
            Decided::Profile(person) => Ok(person),
            Decided::Privacy(_) | Decided::Done => Err(No::Stopped),
        }
    }

    /// Changes who may reach me and know what of me; what is `None` stays. How it is now.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn set_privacy(&self, set: SetPrivacy) -> Result<Privacy, No> {
        match self.decide(Decision::Privacy(set)).await? {
            Decided::Privacy(privacy) => Ok(privacy),
            Decided::Profile(_) | Decided::Done => Err(No::Stopped),
        }
    }

    /// I want to hear nothing of somebody, or again.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn block(&self, user: UserId, on: bool) -> Result<(), No> {
        self.decide(Decision::Block(Block { user, on })).await.map(|_| ())
    }

    /// What becomes of a request.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn answer(&self, conv: ConversationId, answer: Answer) -> Result<(), No> {
        self.decide(Decision::Answer(AnswerRequest { conv, answer }))
            .await
            .map(|_| ())
    }

    /// Asks whoever runs the server to look at something. `send_id` names the report: the same on every retry.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn report(
        &self,
        send_id: SendId,
        conv: ConversationId,
        user: UserId,
        seqs: Vec<Seq>,
        why: String,
    ) -> Result<(), No> {
        let report = Report {
            send_id,
            conv,
            user,
            seqs,
            why,
        };
        self.decide(Decision::Report(report)).await.map(|_| ())
    }

    /// Whom I block, as far as this device was told.
    ///
    /// # Errors
    /// [`No::Stopped`].
    pub async fn blocks(&self) -> Result<BTreeSet<UserId>, No> {
        self.look(|core| core.state().inbox.blocks().clone()).await
    }

    async fn decide(&self, decision: Decision) -> Result<Decided, No> {
        match self.ask(Command::Decide(decision)).await? {
            Reply::Decided(decided) => Ok(*decided),
            other => Err(odd(other)),
        }
    }
}
