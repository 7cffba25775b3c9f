//! One builder for each frame of a client. Struct literals, so that a new field does not compile without an example.

use crate::draw::Draw;
use crate::server_examples::role;
use protocol::change::{AskHistory, AskPins, Delete, Edit, Pin, React};
use protocol::client_frame::{
    Add, AskHeads, AskInbox, AskMembers, AskPeople, Beat, Create, Cursor, Forward, Get, Hello, Leave, Remove, Send,
    Show, Typing, Watch, What,
};
use protocol::group::{ChangeRole, ChangeSettings, History, SettingsChange};
use protocol::link::{Admit, AskLinks, AskLook, AskRequests, Join, MakeLink, RevokeLink};
use protocol::own::{AskReceipts, AskStarred, DraftText, ReadAll, SetDraft, SetMark, SetPrefs};
use protocol::people::{Answer, AnswerRequest, Audience, Block, Report, SetPrivacy, SetProfile};
use protocol::thread::{AskThread, Find, Follow, ThreadRead};
use protocol::token::TokenText;
use protocol::{ClientFrame, ConversationId, DeviceSeq, Epoch, Generation, Kind, SendId, Seq, UserId, Ver};

/// The frame of this word.
#[expect(clippy::too_many_lines, reason = "a table: a row for each frame")]
pub fn client_frame(word: &str, d: &mut Draw) -> ClientFrame {
    match word {
        "hello" => ClientFrame::Hello(Box::new(hello(d))),
        "send" => ClientFrame::Send(Box::new(send(d))),
        "get" => ClientFrame::Get(get(d)),
        "cursor" => ClientFrame::Cursor(cursor(d)),
        "inbox" => ClientFrame::Inbox(AskInbox {
            after_ver: Ver(d.number()),
        }),
        "heads" => ClientFrame::Heads(AskHeads { convs: d.list(conv) }),
        "watch" => ClientFrame::Watch(watch(d)),
        "beat" => ClientFrame::Beat(Beat {}),
        "typing" => ClientFrame::Typing(Typing { conv: conv(d) }),
        "create" => ClientFrame::Create(create(d)),
        "add" => ClientFrame::Add(Add {
            conv: conv(d),
            send_id: send_id(d),
            users: d.list(user),
        }),
        "remove" => ClientFrame::Remove(Remove {
            conv: conv(d),
            send_id: send_id(d),
            user: user(d),
        }),
        "leave" => ClientFrame::Leave(Leave {
            conv: conv(d),
            send_id: send_id(d),
        }),
        "settings" => ClientFrame::Settings(Box::new(ChangeSettings {
            conv: conv(d),
            send_id: send_id(d),
            change: SettingsChange {
                title: d.option(Draw::text),
                description: d.option(Draw::text),
                picture: d.option(Draw::uuid),
                announce: d.option(Draw::flag),
                slow_mode_s: d.option(|d| u32::try_from(d.number() % 3_600).expect("small")),
                history: d.option(|d| [History::Joined, History::All][d.choice(2)]),
                approve: d.option(Draw::flag),
            },
        })),
        "role" => ClientFrame::Role(ChangeRole {
            conv: conv(d),
            send_id: send_id(d),
            user: user(d),
            role: role(d),
        }),
        "link" => ClientFrame::Link(MakeLink {
            conv: conv(d),
            send_id: send_id(d),
            uses: d.option(|d| u32::try_from(d.number() % 100).expect("small")),
            expires_ms: d.option(Draw::number),
        }),
        "links" => ClientFrame::Links(AskLinks { conv: conv(d) }),
        "revoke_link" => ClientFrame::RevokeLink(RevokeLink {
            conv: conv(d),
            link: send_id(d),
        }),
        "look" => ClientFrame::Look(AskLook {
            token: TokenText::new(d.text()),
        }),
        "join" => ClientFrame::Join(Join {
            token: TokenText::new(d.text()),
            send_id: send_id(d),
        }),
        "requests" => ClientFrame::Requests(AskRequests { conv: conv(d) }),
        "admit" => ClientFrame::Admit(Admit {
            conv: conv(d),
            send_id: send_id(d),
            user: user(d),
            yes: d.flag(),
        }),
        "edit" => ClientFrame::Edit(Box::new(Edit {
            conv: conv(d),
            send_id: send_id(d),
            target: seq(d),
            target_send_id: d.option(send_id),
            body: d.body(),
        })),
        "delete" => ClientFrame::Delete(Delete {
            conv: conv(d),
            send_id: send_id(d),
            target: seq(d),
            target_send_id: d.option(send_id),
        }),
        "react" => ClientFrame::React(React {
            conv: conv(d),
            send_id: send_id(d),
            target: seq(d),
            target_send_id: d.option(send_id),
            emoji: d.text(),
            on: d.flag(),
        }),
        "pin" => ClientFrame::Pin(Pin {
            conv: conv(d),
            send_id: send_id(d),
            target: seq(d),
            target_send_id: d.option(send_id),
            on: d.flag(),
        }),
        "pins" => ClientFrame::Pins(AskPins { conv: conv(d) }),
        "history" => ClientFrame::History(AskHistory {
            conv: conv(d),
            seq: seq(d),
            before: d.option(seq),
        }),
        "members" => ClientFrame::Members(AskMembers {
            conv: conv(d),
            after: d.option(user),
        }),
        "people" => ClientFrame::People(AskPeople {
            users: d.list(user),
            handles: d.list(Draw::text),
            prefix: d.option(Draw::text),
        }),
        "profile" => ClientFrame::Profile(SetProfile {
            name: d.option(Draw::text),
            handle: d.option(Draw::text),
            about: d.option(Draw::text),
            picture: d.option(Draw::text),
        }),
        "privacy" => ClientFrame::Privacy(SetPrivacy {
            who_writes: d.option(audience),
            who_adds: d.option(audience),
            last_seen: d.option(audience),
            receipts: d.option(audience),
        }),
        "block" => ClientFrame::Block(block(d)),
        "answer" => ClientFrame::Answer(answer(d)),
        "report" => ClientFrame::Report(Report {
            send_id: send_id(d),
            conv: conv(d),
            user: user(d),
            seqs: d.list(seq),
            why: d.text(),
        }),
        "prefs" => ClientFrame::Prefs(SetPrefs {
            conv: conv(d),
            mute_until_ms: d.option(|d| d.option(Draw::number)),
            mentions_pass: d.option(|d| d.option(Draw::flag)),
            archived: d.option(|d| d.option(Draw::flag)),
            pinned: d.option(|d| d.option(Draw::flag)),
            cleared_seq: d.option(seq),
        }),
        "mark" => ClientFrame::Mark(SetMark {
            conv: conv(d),
            seq: seq(d),
            star: d.option(Draw::flag),
            hidden: d.option(Draw::flag),
        }),
        "follow" => ClientFrame::Follow(Follow {
            conv: conv(d),
            thread: seq(d),
            on: d.flag(),
        }),
        "thread_read" => ClientFrame::ThreadRead(ThreadRead {
            conv: conv(d),
            thread: seq(d),
            read: seq(d),
        }),
        "thread" => ClientFrame::Thread(AskThread {
            conv: conv(d),
            thread: seq(d),
            after: d.option(seq),
            before: d.option(seq),
            limit: d.option(|d| u32::try_from(d.number() % 200).expect("small")),
        }),
        "find" => ClientFrame::Find(Find {
            conv: conv(d),
            message_id: protocol::MessageId::from_bytes(*conv(d).as_bytes()),
            limit: d.option(|d| u32::try_from(d.number() % 200).expect("small")),
        }),
        "starred" => ClientFrame::Starred(AskStarred {
            before: d.option(|d| Ver(d.number())),
        }),
        "draft" => ClientFrame::Draft(SetDraft {
            conv: conv(d),
            text: d.option(|d| DraftText(d.text())),
            base_ver: d.option(|d| Ver(d.number())),
            forget: d.list(|d| Ver(d.number())),
        }),
        "read_all" => ClientFrame::ReadAll(ReadAll {}),
        "receipts" => ClientFrame::Receipts(AskReceipts {
            conv: conv(d),
            seq: seq(d),
        }),
        _ => panic!("the client's frame `{word}` has no example: write its builder here"),
    }
}

pub fn conv(d: &mut Draw) -> ConversationId {
    ConversationId(d.uuid())
}

pub fn user(d: &mut Draw) -> UserId {
    UserId(d.uuid())
}

pub fn send_id(d: &mut Draw) -> SendId {
    SendId(d.uuid())
}

pub fn seq(d: &mut Draw) -> Seq {
    Seq(d.number())
}

pub fn audience(d: &mut Draw) -> Audience {
    [Audience::Everyone, Audience::Acquainted, Audience::Nobody][d.choice(3)]
}

pub fn block(d: &mut Draw) -> Block {
    Block {
        user: user(d),
        on: d.flag(),
    }
}

pub fn answer(d: &mut Draw) -> AnswerRequest {
    AnswerRequest {
        conv: conv(d),
        answer: [Answer::Accept, Answer::Ignore, Answer::Block][d.choice(3)],
    }
}

fn hello(d: &mut Draw) -> Hello {
    Hello {
        v: vec![1],
        token: TokenText::new(d.text()),
        client: d.option(Draw::text),
        epoch: d.option(|d| Epoch(d.uuid())),
        ver: d.option(|d| Ver(d.number())),
        dseq: d.option(|d| DeviceSeq(d.number())),
        watch: d.option(watch),
    }
}

fn send(d: &mut Draw) -> Send {
    Send {
        conv: conv(d),
        send_id: send_id(d),
        kind: kind(d),
        body: d.body(),
        reply_to: d.option(seq),
        reply_send_id: d.option(send_id),
        thread: d.option(seq),
        thread_send_id: d.option(send_id),
        read: d.option(seq),
        forward: d.option(|d| Forward {
            conv: conv(d),
            seq: seq(d),
            send_id: d.option(send_id),
        }),
    }
}

/// Every kind this version knows, and one it does not.
pub fn kind(d: &mut Draw) -> Kind {
    let words = [
        "text", "created", "added", "removed", "left", "settings", "role", "edit", "delete", "react", "pin", "poll",
    ];
    Kind::of(words[d.choice(words.len())])
}

fn get(d: &mut Draw) -> Get {
    Get {
        conv: conv(d),
        after: d.option(seq),
        before: d.option(seq),
        around: d.option(seq),
        range: d.option(|d| (seq(d), seq(d))),
        since_rev: d.option(seq),
        limit: d.option(|d| u32::try_from(d.number() % 201).expect("small")),
    }
}

fn cursor(d: &mut Draw) -> Cursor {
    Cursor {
        conv: conv(d),
        delivered: d.option(seq),
        read: d.option(seq),
        generation: d.option(|d| Generation(d.number())),
    }
}

fn watch(d: &mut Draw) -> Watch {
    Watch {
        open: d.list(conv),
        presence_of: d.list(user),
        show: d.option(|d| [Show::Online, Show::Away, Show::Invisible][d.choice(3)]),
    }
}

fn create(d: &mut Draw) -> Create {
    let what = match d.choice(2) {
        0 => What::Direct { with: user(d) },
        _ => What::Group {
            title: d.text(),
            members: d.list(user),
        },
    };
    Create {
        send_id: send_id(d),
        what,
    }
}
