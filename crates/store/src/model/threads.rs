//! Threads: replies are found by walking the log, and what is not read of one by counting.

use super::State;
use super::conversation::{Conversation, Membership};
use super::page::Room;
use crate::record::{Append, Entry};
use crate::thread::{AskThread, FollowThread, ReadThread, ThreadEntries, ThreadPlace, ThreadRecord};
use crate::{BUMP_ROWS_MAX, Fault, Refused, Result};
use protocol::limits::{PAGE_ENTRIES_MAX, THREADS_FOLLOWED_MAX};
use protocol::{ConversationId, MessageId, Seq, UserId, Ver};

/// What a member says to a thread, and how far they have read it.
#[derive(Clone, Copy)]
pub(super) struct Say {
    follows: Follows,
    read: Seq,
    /// How often it changed.
    rev: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Yes,
    /// By their own word.
    No,
    /// For one that began later.
    NoMore,
}

impl Say {
    fn new(follows: Follows, read: Seq) -> Self {
        Self { follows, read, rev: 1 }
    }

    fn change(&mut self, follows: Follows, read: Seq) {
        self.follows = follows;
        self.read = self.read.max(read);
        self.rev += 1;
    }
}

impl Conversation {
    fn replies(&self, root: Seq) -> impl DoubleEndedIterator<Item = &Entry> {
        let all = self.log.iter().map(|entry| &**entry);
        all.filter(move |entry| entry.thread == Some(root))
    }

    /// The entry that can start a thread.
    fn root(&self, root: Seq) -> std::result::Result<&Entry, Refused> {
        let entry = self.entry(root).ok_or(Refused::BadReference)?;
        let fits = entry.kind.counts() && entry.thread.is_none();
        if fits { Ok(entry) } else { Err(Refused::NotARoot) }
    }

    /// Why a reply cannot hang there.
    pub(super) fn may_reply(&self, append: &Append) -> std::result::Result<(), Refused> {
        let Some(root) = append.thread else { return Ok(()) };
        let root = self.root(root)?;
        if self.deleted_by(root).is_some() {
            return Err(Refused::Deleted);
        }
        Ok(())
    }

    fn say(&mut self, user: UserId, root: Seq) -> Option<&mut Say> {
        self.says.get_mut(&(user, root))
    }

    /// Somebody begins to follow by what others did. Whether they do.
    fn begin_to_follow(&mut self, user: UserId, root: Seq, read: Seq) -> bool {
        let readable = self.member(user).is_ok_and(|member| self.may_read(member, root));
        if !readable {
            return false;
        }
        match self.say(user, root) {
            None => drop(self.says.insert((user, root), Say::new(Follows::Yes, read))),
            Some(say) if say.follows == Follows::NoMore => say.change(Follows::Yes, Seq::ZERO),
            Some(_) => return false,
        }
        true
    }

    /// The thread that goes because its follower follows one too many.
    fn one_too_many(&mut self, user: UserId, kept: Seq) -> Option<Seq> {
        let theirs = self.says.iter().filter(|((who, _), _)| *who == user);
        let followed: Vec<Seq> = theirs
            .filter(|(_, say)| say.follows == Follows::Yes)
            .map(|((_, root), _)| *root)
            .collect();
        if followed.len() <= THREADS_FOLLOWED_MAX {
            return None;
        }
        let first = followed.into_iter().find(|root| *root != kept)?;
        self.say(user, first)
            .expect("it is followed")
            .change(Follows::NoMore, Seq::ZERO);
        Some(first)
    }

    /// Somebody left. What they followed.
    fn forget_threads(&mut self, user: UserId) -> Vec<Seq> {
        let theirs = self.says.iter().filter(|((who, _), _)| *who == user);
        let followed = theirs.filter(|(_, say)| say.follows == Follows::Yes);
        let followed = followed.map(|((_, root), _)| *root).collect();
        self.says.retain(|(who, _), _| *who != user);
        followed
    }

    pub(super) fn followers(&self, root: Seq) -> Vec<UserId> {
        let of_it = self.says.iter().filter(|((_, thread), _)| *thread == root);
        of_it
            .filter(|(_, say)| say.follows == Follows::Yes)
            .map(|((user, _), _)| *user)
            .collect()
    }

    /// A thread as it stands for somebody.
    pub(super) fn thread_record(&self, conv: ConversationId, user: UserId, root: Seq) -> ThreadRecord {
        let say = self.says.get(&(user, root)).copied();
        let followed = say.filter(|say| say.follows == Follows::Yes);
        let read = followed.map_or(Seq::ZERO, |say| say.read);
        let theirs = |entry: &&Entry| followed.is_some() && self.may_read(&self.members[&user], entry.seq);
        let unread = self
            .replies(root)
            .filter(theirs)
            .filter(|entry| entry.kind.counts() && entry.seq > read);
        ThreadRecord {
            user,
            conv,
            root,
            as_of: self.head_seq(),
            rev: say.map_or(0, |say| say.rev),
            following: followed.is_some(),
            head: self.replies(root).rfind(theirs).map_or(Seq::ZERO, |entry| entry.seq),
            read,
            unread: unread.count() as u64,
        }
    }

    /// A member who may say something to a thread.
    fn may_follow(&self, user: UserId, root: Seq) -> std::result::Result<&Membership, Refused> {
        let member = self.member(user)?;
        if !self.may_read(member, root) {
            return Err(Refused::BadReference);
        }
        self.root(root)?;
        Ok(member)
    }
}

impl State {
    /// A reply was written.
    pub(super) fn replied(&mut self, entry: &Entry, mentioned: &[UserId], now_ms: u64) {
        let Some(root) = entry.thread else { return };
        let conversation = self.conversation_mut(entry.conv);
        let mut begun = Vec::new();
        if conversation.replies(root).count() == 1 {
            let author = conversation.entry(root).expect("looked at before").sender;
            begun.push((author, root));
        }
        begun.extend(mentioned.iter().map(|&user| (user, entry.seq.prev())));
        self.dirty_thread(entry.conv, root, None, now_ms);
        for (user, read) in begun {
            self.begin_to_follow(entry.conv, (user, root), read, now_ms);
        }
        let conversation = self.conversation_mut(entry.conv);
        let key = (entry.sender, root);
        let followed = match conversation.says.get_mut(&key) {
            None => {
                conversation.says.insert(key, Say::new(Follows::Yes, entry.seq));
                false
            }
            Some(say) => {
                let followed = say.follows == Follows::Yes;
                say.change(Follows::Yes, entry.seq);
                followed
            }
        };
        if !followed {
            self.let_go(entry.conv, key, now_ms);
        }
    }

    /// An edit mentions people in a reply.
    pub(super) fn named_later(&mut self, conv: ConversationId, target: Seq, named: &[UserId], now_ms: u64) {
        let conversation = self.conversation_mut(conv);
        let Some(root) = conversation.entry(target).and_then(|entry| entry.thread) else {
            return;
        };
        let theirs = |user: &&UserId| {
            let member = conversation.member(**user);
            member.is_ok_and(|member| conversation.may_read(member, target))
        };
        let named: Vec<UserId> = named.iter().filter(theirs).copied().collect();
        for user in named {
            self.begin_to_follow(conv, (user, root), target.prev(), now_ms);
        }
    }

    fn begin_to_follow(&mut self, conv: ConversationId, (user, root): (UserId, Seq), read: Seq, now_ms: u64) {
        if self.conversation_mut(conv).begin_to_follow(user, root, read) {
            self.dirty_thread(conv, root, Some(user), now_ms);
            self.let_go(conv, (user, root), now_ms);
        }
    }

    fn let_go(&mut self, conv: ConversationId, (user, kept): (UserId, Seq), now_ms: u64) {
        if let Some(gone) = self.conversation_mut(conv).one_too_many(user, kept) {
            self.dirty_thread(conv, gone, Some(user), now_ms);
        }
    }

    /// Somebody left.
    pub(super) fn forget_threads(&mut self, conv: ConversationId, user: UserId, now_ms: u64) {
        for root in self.conversation_mut(conv).forget_threads(user) {
            self.dirty_thread(conv, root, Some(user), now_ms);
        }
    }

    pub(super) fn follow(&mut self, ask: FollowThread, now_ms: u64) -> Result<ThreadRecord> {
        self.conversation(ask.conv)?.may_follow(ask.user, ask.root)?;
        let conversation = self.conversation_mut(ask.conv);
        let head = conversation.head_seq();
        let follows = if ask.on { Follows::Yes } else { Follows::No };
        let changed = match conversation.say(ask.user, ask.root) {
            Some(say) if say.follows == follows => false,
            Some(say) => {
                say.change(follows, Seq::ZERO);
                true
            }
            None => {
                let say = Say::new(follows, head);
                conversation.says.insert((ask.user, ask.root), say);
                true
            }
        };
        if changed {
            self.dirty_thread(ask.conv, ask.root, Some(ask.user), now_ms);
            if ask.on {
                self.let_go(ask.conv, (ask.user, ask.root), now_ms);
            }
        }
        Ok(self.conversation(ask.conv)?.thread_record(ask.conv, ask.user, ask.root))
    }

    pub(super) fn read_thread(&mut self, ask: ReadThread, now_ms: u64) -> Result<ThreadRecord> {
        let conversation = self.conversation(ask.conv)?;
        conversation.may_follow(ask.user, ask.root)?;
        if ask.read > conversation.head_seq() {
            return Err(Refused::BeyondHead.into());
        }
        let conversation = self.conversation_mut(ask.conv);
        let say = conversation.say(ask.user, ask.root);
        if let Some(say) = say.filter(|say| say.follows == Follows::Yes && say.read < ask.read) {
            say.change(Follows::Yes, ask.read);
            self.dirty_thread(ask.conv, ask.root, Some(ask.user), now_ms);
        }
        Ok(self.conversation(ask.conv)?.thread_record(ask.conv, ask.user, ask.root))
    }

    pub(super) fn thread(&self, ask: AskThread) -> Result<ThreadEntries> {
        let conversation = self.conversation(ask.conv)?;
        let reader = conversation.reader(ask.reader)?;
        if !conversation.may_read(reader, ask.root) {
            return Err(Refused::BadReference.into());
        }
        let readable = conversation
            .replies(ask.root)
            .filter(|entry| conversation.may_read(reader, entry.seq));
        let room = Room::page(ask.limit.clamp(1, PAGE_ENTRIES_MAX));
        let (entries, more) = match ask.place {
            ThreadPlace::After(seq) => conversation.take(reader, readable.filter(|entry| entry.seq > seq), room),
            ThreadPlace::Before(seq) => {
                let (mut entries, more) =
                    conversation.take(reader, readable.rev().filter(|entry| entry.seq < seq), room);
                entries.reverse();
                (entries, more)
            }
        };
        let epoch = self.epoch;
        Ok(ThreadEntries { epoch, more, entries })
    }

    pub(super) fn find(&self, reader: UserId, conv: ConversationId, id: MessageId) -> Result<Seq> {
        let conversation = self.conversation(conv)?;
        let reader = conversation.reader(reader)?;
        let found = conversation.log.iter().find(|entry| entry.id == id);
        let seq = found.ok_or(Refused::BadReference)?.seq;
        if !conversation.may_read(reader, seq) {
            return Err(Refused::BadReference.into());
        }
        Ok(seq)
    }

    pub(super) fn bump_threads(&mut self, rows: Vec<ThreadRecord>) -> Result<Vec<(UserId, Ver)>> {
        if rows.len() > BUMP_ROWS_MAX {
            return Err(Fault::new("bumped inboxes", "more rows than BUMP_ROWS_MAX").into());
        }
        let mut bumped = Vec::new();
        for row in rows {
            let inbox = self.inboxes.entry(row.user).or_default();
            let stored = inbox.threads.get_mut(&(row.conv, row.root));
            let is_late = stored
                .as_ref()
                .is_some_and(|(_, stored)| (stored.as_of, stored.rev) > (row.as_of, row.rev));
            if is_late || (stored.is_none() && !row.following) {
                continue;
            }
            // When it was read is nothing that its person sees.
            let dated = |other: &ThreadRecord| ThreadRecord {
                as_of: row.as_of,
                rev: row.rev,
                ..*other
            };
            if let Some((_, stored)) = stored
                && dated(stored) == row
            {
                *stored = row;
                continue;
            }
            let ver = inbox.next_ver();
            inbox.threads.insert((row.conv, row.root), (ver, row));
            bumped.push((row.user, ver));
        }
        Ok(bumped)
    }
}
