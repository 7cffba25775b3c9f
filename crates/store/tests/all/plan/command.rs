//! What a script asks of a store, and what the store said, in words that can be compared.

use crate::scene::wait;
use protocol::own::{SetMark, SetPrefs};
use protocol::people::SetPrivacy;
use protocol::{ConversationId, DeviceId, DeviceSeq, SendId, UserId, Ver};
use std::fmt::Debug;
use store::{
    Amend, Append, AskHistory, AskPage, ChangeMembers, ClaimHandle, Create, CursorMove, Error, InboxRecord, Invite,
    NewDevice, NewMail, NewReport, NewUser, ProfileChange, Reply, SecretHash, SeenDevice, SetDraft, SetTerms, Store,
    Which,
};
use store::{AskThread, ChangeSettings, FollowThread, Join, NewLink, ReadThread, ThreadRecord};

/// What a fault is in words: its own are the engine's.
pub const FAULT: &str = "a fault";

/// One change.
#[derive(Clone, Debug)]
pub enum Command {
    Create(Create),
    Append(Append),
    Amend(Amend),
    Change(ChangeMembers),
    Settings(ChangeSettings),
    AddLink(NewLink),
    RevokeLink(UserId, ConversationId, SendId),
    Join(Join),
    Cursors(Vec<CursorMove>),
    Bump(Vec<InboxRecord>),
    Follow(FollowThread),
    ReadThread(ReadThread),
    BumpThreads(Vec<ThreadRecord>),
    CreateUser(NewUser),
    SetPassword(UserId, String),
    AddDevice(NewDevice),
    Saw(SeenDevice),
    Rotate(UserId, DeviceId, SecretHash),
    Revoke(UserId, Which),
    PutMail(NewMail),
    AckMail(UserId, DeviceId, DeviceSeq),
    Claim(ClaimHandle),
    AddInvite(Invite),
    RevokeInvite(SecretHash),
    Prefs(UserId, SetPrefs),
    Mark(UserId, SetMark),
    Draft(SetDraft),
    Release(UserId, String),
    Profile(ProfileChange),
    Privacy(UserId, SetPrivacy),
    Block(UserId, UserId, bool),
    Terms(SetTerms),
    Deactivate(UserId, bool),
    NoteDeactivated(UserId, bool),
    Report(NewReport),
    CloseReport(u64),
}

/// One question.
#[derive(Clone, Debug)]
pub enum Question {
    Page(AskPage),
    History(AskHistory),
    Pins(UserId, ConversationId),
    Heads(UserId, Vec<ConversationId>),
    Tail(ConversationId, protocol::Seq, usize),
    Members(UserId, ConversationId, Option<UserId>, usize),
    Receipts(UserId, ConversationId, protocol::Seq),
    Acquainted(UserId, Vec<UserId>),
    Links(UserId, ConversationId),
    Look(UserId, ConversationId, SecretHash),
    Requests(UserId, ConversationId),
    Inbox(UserId, Ver),
    Vers(Vec<UserId>),
    User(UserId),
    People(Vec<UserId>),
    Devices(UserId),
    Mail(UserId, DeviceId, DeviceSeq, usize),
    LastSeen(Vec<UserId>),
    Handles(Vec<String>),
    Invites(usize),
    Starred(UserId, Option<Ver>, usize),
    Standings(UserId, Vec<UserId>),
    MaySee(UserId, Vec<UserId>),
    HiddenFrom(UserId, ConversationId),
    Manners(UserId),
    Find(UserId, String),
    Reports(u64),
    Thread(AskThread),
}

/// An answer that was asked for and not yet waited for.
pub type Asked = Box<dyn FnOnce() -> String>;

impl Command {
    /// Submits the change.
    pub fn submit(&self, store: &dyn Store) -> Asked {
        match self.clone() {
            Self::Create(create) => later(store.create(create)),
            Self::Append(append) => later(store.append(append)),
            Self::Amend(amend) => later(store.amend(amend)),
            Self::Change(change) => later(store.change_members(change)),
            Self::Settings(change) => later(store.change_settings(change)),
            Self::AddLink(link) => later(store.add_link(link)),
            Self::RevokeLink(actor, conv, id) => later(store.revoke_link(actor, conv, id)),
            Self::Join(join) => later(store.join(join)),
            Self::Cursors(moves) => later(store.move_cursors(moves)),
            Self::Bump(rows) => {
                // Of each user in order of ver; between users no order is promised.
                let reply = store.bump(rows);
                Box::new(move || {
                    said(wait(reply).map(|mut bumped| {
                        bumped.sort_by_key(|one| (one.user, one.ver));
                        bumped
                    }))
                })
            }
            Self::Follow(follow) => later(store.follow(follow)),
            Self::ReadThread(read) => later(store.read_thread(read)),
            Self::BumpThreads(rows) => {
                let reply = store.bump_threads(rows);
                Box::new(move || {
                    said(wait(reply).map(|mut bumped| {
                        bumped.sort();
                        bumped
                    }))
                })
            }
            Self::CreateUser(user) => later(store.create_user(user)),
            Self::SetPassword(user, hash) => later(store.set_password(user, hash)),
            Self::AddDevice(device) => later(store.add_device(device)),
            Self::Saw(seen) => later(store.saw_device(seen)),
            Self::Rotate(user, device, hash) => later(store.rotate_secret(user, device, hash)),
            Self::Revoke(user, which) => later(store.revoke_devices(user, which)),
            Self::PutMail(mail) => later(store.put_mail(mail)),
            Self::AckMail(user, device, to) => later(store.ack_mail(user, device, to)),
            Self::Claim(claim) => later(store.claim_handle(claim)),
            Self::AddInvite(invite) => later(store.add_invite(invite)),
            Self::RevokeInvite(hash) => later(store.revoke_invite(hash)),
            Self::Prefs(user, change) => later(store.set_prefs(user, change)),
            Self::Mark(user, change) => later(store.set_mark(user, change)),
            Self::Draft(draft) => later(store.set_draft(draft)),
            Self::Release(user, but) => later(store.release_handles(user, but)),
            Self::Profile(change) => later(store.set_profile(change)),
            Self::Privacy(user, set) => later(store.set_privacy(user, set)),
            Self::Block(user, other, on) => later(store.block(user, other, on)),
            Self::Terms(set) => later(store.set_terms(set)),
            Self::Deactivate(user, on) => later(store.deactivate(user, on)),
            // More than anybody has: in which order they go is the engine's own affair.
            Self::NoteDeactivated(user, on) => later(store.note_deactivated(user, on, 1_000)),
            Self::Report(report) => later(store.add_report(report)),
            Self::CloseReport(number) => later(store.close_report(number)),
        }
    }
}

impl Question {
    /// Asks, and waits for the answer.
    pub fn ask(&self, store: &dyn Store) -> String {
        match self.clone() {
            Self::Page(ask) => said(wait(store.page(ask))),
            Self::History(ask) => said(wait(store.history(ask))),
            Self::Pins(reader, conv) => said(wait(store.pins(reader, conv))),
            Self::Heads(reader, convs) => said(wait(store.heads(reader, convs))),
            Self::Tail(conv, after, limit) => said(wait(store.tail(conv, Some(after), limit))),
            Self::Members(reader, conv, after, limit) => said(wait(store.members(reader, conv, after, limit))),
            Self::Receipts(reader, conv, seq) => said(wait(store.receipts(reader, conv, seq))),
            Self::Acquainted(viewer, people) => said(wait(store.acquainted(viewer, people))),
            Self::Links(reader, conv) => said(wait(store.links(reader, conv))),
            Self::Look(user, conv, hash) => said(wait(store.look(user, conv, hash))),
            Self::Requests(reader, conv) => said(wait(store.requests(reader, conv))),
            Self::Inbox(user, after) => said(wait(store.inbox(user, after))),
            Self::Vers(users) => said(wait(store.vers(users))),
            Self::User(user) => said(wait(store.user(user))),
            Self::People(users) => said(wait(store.people(users))),
            Self::Devices(user) => said(wait(store.devices(user))),
            Self::Mail(user, device, after, limit) => said(wait(store.mail(user, device, after, limit))),
            Self::LastSeen(users) => said(wait(store.last_seen(users))),
            Self::Handles(handles) => said(wait(store.find_handles(handles)).map(|mut found| {
                found.sort();
                found
            })),
            Self::Invites(limit) => said(wait(store.invites(limit))),
            Self::Starred(user, before, limit) => said(wait(store.starred(user, before, limit))),
            Self::Standings(user, people) => said(wait(store.standings(user, people))),
            Self::MaySee(user, people) => said(wait(store.may_see(user, people))),
            Self::HiddenFrom(user, conv) => said(wait(store.hidden_from(user, conv))),
            Self::Manners(user) => said(wait(store.manners(user))),
            Self::Find(user, prefix) => said(wait(store.find_acquainted(user, prefix, 3))),
            Self::Reports(after) => said(wait(store.reports(after, 3))),
            Self::Thread(ask) => said(wait(store.thread(ask))),
        }
    }
}

fn later<T: Debug + Unpin + 'static>(reply: Reply<T>) -> Asked {
    Box::new(move || said(wait(reply)))
}

/// An answer in words. Faults are the engine's own, and message ids are compared by their order, at the end.
pub fn said<T: Debug>(answer: store::Result<T>) -> String {
    const NAME: &str = "MessageId(";
    const ID_CHARS: usize = 36;
    let words = match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(Error::Fault(_)) => FAULT.into(),
        Err(other) => format!("{other:?}"),
    };
    let mut parts = words.split(NAME);
    let mut without_ids = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        without_ids.push_str(NAME);
        without_ids.push_str(&part[ID_CHARS..]);
    }
    without_ids
}
