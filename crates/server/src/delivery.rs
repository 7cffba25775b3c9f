//! What a hint leads to: entries through their tail into the outboxes of everybody who may read them, and everything
//! that is only for the moment straight to whoever looks.

use crate::bus::{Hint, Listener};
use crate::node::Node;
use crate::receipts;
use crate::tail::{Delivery, Pull};
use crate::tails::Step;
use bytes::Bytes;
use mutants::Mutant;
use protocol::close::Close;
use protocol::limits;
use protocol::server_frame::{MemberCursor, ServerFrame, TypingNow, VerMoved};
use protocol::{ConversationId, Epoch, UserId, Ver};
use std::sync::Arc;
use store::{Bumped, Entry};

/// Members above which receipts are told as counts.
const LARGER: usize = limits::RECEIPT_LIST_MEMBERS_MAX + 1;

impl Listener for Node {
    fn hear(&self, hint: Hint) {
        self.metrics.hints.inc();
        match hint {
            Hint::Entry { epoch, entry } => self.entry_committed(epoch, entry),
            Hint::Inbox(bumped) => self.inboxes_moved(&bumped),
            Hint::Cursors { conv, moved } => self.cursors_moved(conv, moved),
            Hint::Topic { user, ver } => self.topic_told(user, ver),
            Hint::Manners { users } => self.manners_changed(users),
            Hint::Typing {
                conv,
                user,
                hidden_from,
            } => self.somebody_types(conv, user, hidden_from),
            Hint::Presence {
                node,
                user,
                state,
                last_seen_ms,
            } if node != self.id => {
                let now_ms = self.now_ms();
                let mut presence = self.presence.lock().expect("nothing panics under this lock");
                presence.heard(node, user, state, last_seen_ms, now_ms);
            }
            Hint::Presence { .. } => {}
            Hint::Revoked { user, devices } => self.sessions.close(user, &devices, Close::Revoked),
        }
    }
}

impl Node {
    fn entry_committed(&self, epoch: Epoch, entry: Arc<Entry>) {
        let conv = entry.conv;
        let step = self.tails.hint(epoch, entry, self.now_ms());
        self.metrics.early_entries.inc_by(u64::from(step.held));
        self.metrics.tails_started.inc_by(u64::from(step.started));
        self.finish(conv, step);
    }

    /// Hands out what a step of a tail released, and reads the log if it asked for that.
    fn finish(&self, conv: ConversationId, step: Step) {
        let mut deliveries = step.deliveries;
        while !deliveries.is_empty() {
            deliveries.iter().for_each(|delivery| self.hand_out(delivery));
            deliveries = self.tails.more(conv);
        }
        if let Some(pull) = step.pull {
            self.pull(conv, pull);
        }
    }

    fn hand_out(&self, delivery: &Delivery) {
        // Planted fault: the command that stored it was here already.
        if mutants::is(Mutant::HandlerFansOut) && self.handed_out.with(|these| these.remove(&delivery.entry.id)) {
            return;
        }
        let outboxes = self.sessions.of(&delivery.to);
        let took_ms = self.clock.unix_ms().saturating_sub(delivery.entry.created_ms);
        self.metrics.delivered(outboxes.len(), took_ms);
        outboxes.iter().for_each(|outbox| outbox.push(delivery.frame.clone()));
    }

    /// Reads the log above a hole, on a task of its own: whoever brought the hint does not wait for it.
    pub fn pull(&self, conv: ConversationId, pull: Pull) {
        self.metrics.pulls.inc();
        let node = self.shared();
        tokio::spawn(async move {
            let page = node
                .store
                .tail(conv, Some(pull.after), crate::tail::PULL_ENTRIES_MAX)
                .await;
            if let Err(error) = &page {
                tracing::warn!(%conv, %error, "the log could not be read for delivery");
            }
            let step = node.tails.loaded(conv, page.ok(), node.now_ms());
            node.finish(conv, step);
        });
    }

    fn inboxes_moved(&self, bumped: &[Bumped]) {
        let now_ms = self.now_ms();
        for one in bumped.iter().filter(|one| self.sessions.has(one.user)) {
            let head = crate::wire::head(&one.head);
            let told = self
                .vers
                .lock()
                .expect("nothing panics under this lock")
                .moved(one, head, now_ms);
            if let Some(frame) = told {
                self.tell_ver(one.user, frame);
            }
        }
    }

    /// Tells all sessions of a person that their inbox moved.
    pub fn tell_ver(&self, user: UserId, moved: VerMoved) {
        let frame = Bytes::from(ServerFrame::Ver(moved).encode(None));
        self.sessions
            .of(&[user])
            .iter()
            .for_each(|outbox| outbox.push(frame.clone()));
    }

    fn cursors_moved(&self, conv: ConversationId, moved: Arc<[MemberCursor]>) {
        self.with_members(conv, move |node, members| match members.len() {
            ..=limits::RECEIPT_LIST_MEMBERS_MAX => receipts::tell_list(node, conv, members, &moved),
            LARGER..=limits::GROUP_MEMBERS_MAX => {
                let now_ms = node.now_ms();
                node.counts
                    .lock()
                    .expect("nothing panics under this lock")
                    .note(conv, now_ms);
            }
            _ => {}
        });
    }

    fn topic_told(&self, user: UserId, ver: Ver) {
        if !self.sessions.has(user) {
            return;
        }
        let now_ms = self.now_ms();
        let told = self
            .vers
            .lock()
            .expect("nothing panics under this lock")
            .topic_moved(user, ver, now_ms);
        if let Some(frame) = told {
            self.tell_ver(user, frame);
        }
    }

    fn manners_changed(&self, users: Arc<[UserId]>) {
        for user in users.iter().copied().filter(|user| self.sessions.has(*user)) {
            let node = self.shared();
            tokio::spawn(async move {
                if let Err(error) = node.learn_manners(user).await {
                    tracing::warn!(%user, %error, "somebody's manners could not be read; the next beat does it");
                }
            });
        }
    }

    fn somebody_types(&self, conv: ConversationId, user: UserId, hidden_from: Arc<[UserId]>) {
        self.with_members(conv, move |node, members| {
            if members.len() > limits::GROUP_MEMBERS_MAX || !members.contains(&user) {
                return;
            }
            let typing = TypingNow {
                conv,
                user,
                ttl_ms: limits::TYPING_TTL_MS,
            };
            let frame = Bytes::from(ServerFrame::Typing(typing).encode(None));
            for (reader, outbox) in node.sessions.with_open(members, user, conv) {
                if !hidden_from.contains(&reader) {
                    outbox.push_ephemeral(frame.clone());
                }
            }
        });
    }

    /// Does something with a conversation's members: at once if its tail knows them, else after a look into the store.
    fn with_members(&self, conv: ConversationId, act: impl FnOnce(&Self, &[UserId]) + Send + 'static) {
        if let Some(members) = self.tails.members(conv, self.now_ms()) {
            return act(self, &members);
        }
        let node = self.shared();
        tokio::spawn(async move {
            if let Ok(members) = node.members(conv).await {
                act(&node, &members);
            }
        });
    }

    /// The members of a conversation, from its tail if that is fresh, else from the store. Empty: there is no such one.
    ///
    /// # Errors
    /// As the store's.
    pub async fn members(&self, conv: ConversationId) -> store::Result<Arc<[UserId]>> {
        if let Some(members) = self.tails.members(conv, self.now_ms()) {
            return Ok(members);
        }
        match self.store.tail(conv, None, 0).await {
            Ok(page) => Ok(page
                .spans
                .iter()
                .filter_map(|(user, spans)| spans.last().is_some_and(protocol::Span::is_open).then_some(*user))
                .collect()),
            Err(store::Error::Refused(_)) => Ok(Arc::from([])),
            Err(error) => Err(error),
        }
    }
}
