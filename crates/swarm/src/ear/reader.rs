//! A device that comes at the end and reads everything from the beginning: what is so, whatever anybody was told.

use super::greet;
use crate::history::{Digest, digest};
use client::address::{Address, Connector};
use client::link::Link;
use protocol::change::AskHistory;
use protocol::client_frame::{AskInbox, Get};
use protocol::own::{DraftRow, MarkRow};
use protocol::people::Privacy;
use protocol::server_frame::{ConversationRow, ServerFrame, Topic};
use protocol::thread::ThreadRow;
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, Entry, RequestId, Seq, UserId, Ver};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How long an answer may take. It does not beat, so much later it would be let go.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// A whole inbox.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Conversations.
    pub rows: BTreeMap<ConversationId, ConversationRow>,
    /// Entries that are marked, or were.
    pub marks: BTreeMap<(ConversationId, Seq), MarkRow>,
    /// What was begun.
    pub drafts: BTreeMap<ConversationId, DraftRow>,
    /// Threads that are followed, or were.
    pub threads: BTreeMap<(ConversationId, Seq), ThreadRow>,
    /// Who may reach the person and know what of them.
    pub privacy: Privacy,
    /// Whom they block.
    pub blocks: BTreeSet<UserId>,
}

/// A socket that asks and waits for the answer. It does not beat: it is for a moment, not for keeping.
pub struct Reader<S> {
    link: Link<S>,
    last_id: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    /// Connects and says hello; `None`: it cannot, just now.
    pub async fn connect<C>(connector: &C, address: &Address, token: &TokenText) -> Option<Self>
    where
        C: Connector<Stream = S>,
    {
        let link = greet(connector, address, token).await?;
        Some(Self { link, last_id: 0 })
    }

    /// The whole log of a conversation, as this reader may see it; `None`: it was refused, or the connection ended.
    pub async fn log(&mut self, conv: ConversationId) -> Option<Vec<Entry>> {
        let (mut after, mut all) = (Seq::ZERO, Vec::new());
        loop {
            let ServerFrame::Entries(page) = self.ask(ClientFrame::Get(Get::after(conv, after))).await? else {
                return None;
            };
            all.extend(page.items);
            after = page.to;
            if !page.more {
                return Some(all);
            }
        }
    }

    /// All bodies that an entry had, as this reader is told, the latest first; `None`: it was refused, or the
    /// connection ended.
    pub async fn bodies(&mut self, conv: ConversationId, seq: Seq) -> Option<Vec<Digest>> {
        let (mut before, mut all) = (None, Vec::new());
        loop {
            let ask = AskHistory { conv, seq, before };
            let ServerFrame::History(past) = self.ask(ClientFrame::History(ask)).await? else {
                return None;
            };
            all.extend(past.list.iter().map(|one| digest(one.body.get())));
            before = past.list.last().and_then(|one| one.rev);
            if !past.more || before.is_none() {
                return Some(all);
            }
        }
    }

    /// The whole inbox; `None`: it was refused, or the connection ended.
    pub async fn inbox(&mut self) -> Option<Inbox> {
        let (mut after_ver, mut inbox) = (Ver::ZERO, Inbox::default());
        loop {
            let ServerFrame::Inbox(page) = self.ask(ClientFrame::Inbox(AskInbox { after_ver })).await? else {
                return None;
            };
            for row in page.rows {
                match row.topic {
                    Topic::Conversation(row) => drop(inbox.rows.insert(row.conv, *row)),
                    Topic::Mark(mark) => drop(inbox.marks.insert((mark.conv, mark.seq), mark)),
                    Topic::Draft(draft) => drop(inbox.drafts.insert(draft.conv, *draft)),
                    Topic::Thread(row) => drop(inbox.threads.insert((row.conv, row.thread), row)),
                    Topic::Privacy(privacy) => inbox.privacy = privacy,
                    Topic::Blocks(blocks) => inbox.blocks = blocks.users.into_iter().collect(),
                    Topic::Devices | Topic::Profile | Topic::Unknown => {}
                }
            }
            after_ver = page.to;
            if !page.more {
                return Some(inbox);
            }
        }
    }

    /// The answer to a request, also if it is a refusal.
    async fn ask(&mut self, request: ClientFrame) -> Option<ServerFrame> {
        self.last_id += 1;
        let id = Some(RequestId(self.last_id));
        self.link.send(id, &request).ok()?;
        let answer = async {
            loop {
                match self.link.next().await {
                    Ok((re, frame)) if re == id => return Some(frame),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(ANSWER_TIME_MAX, answer).await.ok()?
    }
}
