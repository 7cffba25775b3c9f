//! Threads and links: replies that hang on one message, and an address that leads to one.

use super::doing::{Not, not};
use super::talk::Talk;
use super::typed::Which;
use crate::Wrong;
use client::Target;
use client::own::Wish;
use protocol::client_frame::Place;
use protocol::thread::{AskThread, Find, Follow, ThreadRead};
use protocol::{ConversationId, Seq, thread};

/// Replies of a thread, and messages around what a link leads to, that are shown at once.
const SHOWN_ENTRIES: u32 = 20;

impl Talk<'_> {
    /// Says something in the thread of a message, or shows the thread.
    pub(super) async fn thread(&mut self, which: Which, words: Option<&str>) -> Result<(), Not> {
        let (conv, root) = self.root(which).await?;
        let Some(words) = words else {
            return self.show_thread(conv, root).await;
        };
        let body = self.body(conv, words).await?;
        let held = move |core: &client::Core| core.state().logs.get(&conv)?.entry(root).map(Target::from);
        let target = match self.client.look(held).await? {
            Some(target) => target,
            None => self.start_of(conv, root).await?,
        };
        self.client.send_in_thread(conv, &body, target).await?;
        self.refresh().await?;
        Ok(())
    }

    /// What starts a thread, where this device does not hold it.
    async fn start_of(&mut self, conv: ConversationId, root: Seq) -> Result<Target, Not> {
        self.online()?;
        let page = self.client.page(conv, Place::Range(root, root, None), 1);
        match self.answered(page).await?.entries.first() {
            Some(entry) => Ok(Target::from(entry)),
            None => not("The message that starts this thread is not there any more."),
        }
    }

    async fn show_thread(&mut self, conv: ConversationId, root: Seq) -> Result<(), Not> {
        self.online()?;
        let start = self
            .answered(self.client.page(conv, Place::Range(root, root, None), 1))
            .await?;
        let page = self
            .answered(self.client.thread(AskThread {
                conv,
                thread: root,
                after: None,
                before: None,
                limit: Some(SHOWN_ENTRIES),
            }))
            .await?;
        self.write_page(&start.entries).await?;
        if page.more {
            self.say_dim("  … and earlier replies")?;
        }
        if page.items.is_empty() {
            self.say_dim("Nobody has replied in its thread yet; /thread words does.")?;
        }
        self.write_page(&page.items).await?;
        if let Some(last) = page.items.last() {
            self.read_thread(conv, root, last.seq).await?;
        }
        Ok(())
    }

    pub(super) async fn follow(&mut self, which: Which, on: bool) -> Result<(), Not> {
        let (conv, thread) = self.root(which).await?;
        self.client.wish(Wish::Follow(Follow { conv, thread, on })).await?;
        let how = if on { "told" } else { "no longer told" };
        self.say_dim(&format!("You are {how} of replies in that thread."))?;
        Ok(())
    }

    /// The message that starts the thread of the one that is meant: often itself.
    async fn root(&mut self, which: Which) -> Result<(ConversationId, Seq), Not> {
        let (conv, target, line) = self.message(which, |_, _| true).await?;
        Ok((conv, line.thread.unwrap_or(target.seq)))
    }

    async fn read_thread(&mut self, conv: ConversationId, thread: Seq, read: Seq) -> Result<(), Wrong> {
        Ok(self
            .client
            .wish(Wish::ThreadRead(ThreadRead { conv, thread, read }))
            .await?)
    }

    /// Replies that stand on the screen were read, in the threads that I follow.
    pub(super) async fn read_threads(&mut self, conv: ConversationId, shown: Seq) -> Result<(), Wrong> {
        let unread = self
            .client
            .look(move |core| core.state().own.unread_threads(conv).collect::<Vec<_>>())
            .await?;
        for thread in unread.iter().filter(|thread| thread.head <= shown) {
            self.read_thread(conv, thread.thread, thread.head).await?;
        }
        Ok(())
    }

    /// Says the address of a message.
    pub(super) async fn permalink(&mut self, which: Which) -> Result<(), Not> {
        let (conv, _, line) = self.message(which, |_, _| true).await?;
        let Some(id) = line.id else {
            return not("It has no address yet: the server does not have it.");
        };
        let server = self.account.server.trim_end_matches('/');
        let link = format!("{server}{}", thread::link_path(conv, id));
        self.terminal.paper.say(&link)?;
        self.say_dim("It leads whoever may read the message there, and nobody else: /goto LINK.")?;
        Ok(())
    }

    /// Goes where a link leads: to the conversation, and shows the message among those around it.
    pub(super) async fn go_to(&mut self, link: &str) -> Result<(), Not> {
        let Some((conv, message_id)) = thread::read_link(link) else {
            return not("Like this: /goto https://chat.example/m/…, the link to a message (/permalink makes one).");
        };
        self.online()?;
        let limit = Some(SHOWN_ENTRIES);
        let ask = Find {
            conv,
            message_id,
            limit,
        };
        let page = self.answered(self.client.find(ask)).await?;
        if self.room.as_ref().is_none_or(|room| room.conv != conv) {
            self.enter(conv).await?;
        }
        self.say_dim("── the link leads here ──")?;
        let at = page.entries.iter().position(|entry| entry.id == message_id);
        let (before, after) = page.entries.split_at(at.map_or(0, |at| at + 1));
        self.write_page(before).await?;
        self.say_dim("  ↑ this one")?;
        self.write_page(after).await?;
        Ok(())
    }
}
