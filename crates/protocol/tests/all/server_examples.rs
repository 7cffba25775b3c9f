//! One builder for each frame of a server. Struct literals, so that a new field does not compile without an example.

use crate::client_examples::{answer, audience, block, conv, kind, send_id, seq, user};
use crate::draw::Draw;
use protocol::change::{Pins, Revision, Revisions};
use protocol::entry::Reaction;
use protocol::group::{GroupSettings, History};
use protocol::link::{Asked, Link, LinkMade, Links, Look, Request, Requests};
use protocol::own::{
    DraftOk, DraftRow, DraftState, DraftText, MarkOk, MarkRow, Prefs, PrefsOk, ReadAllOk, ReceiptOf, Receipts, Starred,
    StarredEntry,
};
use protocol::people::{Blocks, FirstContact, Privacy, ReportOk};
use protocol::refusal::Code;
use protocol::server_frame::{
    Ack, BeatBack, Behind, Bye, ConversationKind, ConversationRow, CursorCounts, CursorOk, Cursors, Entries, Head,
    Heads, Inbox, InboxRow, Limits, Live, Member, MemberCursor, Members, People, Person, Presence, PresenceOf,
    PresenceState, Resync, Role, Topic, TypingNow, VerMoved, Watching, Welcome,
};
use protocol::thread::{ThreadPage, ThreadRow};
use protocol::token::TokenText;
use protocol::{DeviceId, Entry, Epoch, Generation, MessageId, Ordinal, ServerFrame, SessionId, Span, Ver};

/// The frame of this word.
#[expect(clippy::too_many_lines, reason = "a table: a row for each frame")]
pub fn server_frame(word: &str, d: &mut Draw) -> ServerFrame {
    match word {
        "welcome" => ServerFrame::Welcome(Box::new(welcome(d))),
        "inbox" => ServerFrame::Inbox(inbox(d)),
        "entries" => ServerFrame::Entries(entries(d)),
        "ack" => ServerFrame::Ack(ack(d)),
        "refuse" => ServerFrame::Refuse(match d.choice(2) {
            0 => Code::RateLimited.refuse_for_ms(d.number()),
            _ => Code::NotAMember.refuse_saying(d.text()),
        }),
        "entry" => ServerFrame::Entry(Box::new(Live {
            conv: conv(d),
            epoch: epoch(d),
            entry: entry(d),
        })),
        "ver" => ServerFrame::Ver(VerMoved {
            prev: ver(d),
            ver: ver(d),
            heads: d.list(head),
            pull: d.flag(),
        }),
        "heads" => ServerFrame::Heads(Heads { heads: d.list(head) }),
        "watching" => ServerFrame::Watching(Watching {
            heads: d.list(head),
            cursors: d.list(cursors),
            presence: d.list(presence_of),
        }),
        "cursors" => ServerFrame::Cursors(cursors(d)),
        "cursor_ok" => ServerFrame::CursorOk(cursor_ok(d)),
        "typing" => ServerFrame::Typing(TypingNow {
            conv: conv(d),
            user: user(d),
            ttl_ms: d.number(),
        }),
        "presence" => ServerFrame::Presence(Presence {
            list: d.list(presence_of),
            ttl_ms: d.number(),
        }),
        "behind" => ServerFrame::Behind(Behind {
            conv: d.option(conv),
            from: d.option(seq),
        }),
        "resync" => ServerFrame::Resync(Resync { epoch: epoch(d) }),
        "beat" => ServerFrame::Beat(BeatBack {
            ver: ver(d),
            server_ms: d.number(),
        }),
        "bye" => ServerFrame::Bye(Bye {
            after_ms: d.number(),
            reason: d.text(),
        }),
        "members" => ServerFrame::Members(Members {
            conv: conv(d),
            more: d.flag(),
            list: d.list(member),
        }),
        "link" => ServerFrame::Link(LinkMade {
            conv: conv(d),
            link: link(d),
            token: TokenText::new(d.text()),
            url: d.option(|d| TokenText::new(d.text())),
        }),
        "links" => ServerFrame::Links(Links {
            conv: conv(d),
            list: d.list(link),
        }),
        "look" => ServerFrame::Look(Look {
            conv: conv(d),
            title: d.option(Draw::text),
            description: d.option(Draw::text),
            members: count(d),
            approve: d.flag(),
            member: d.flag(),
            asked: d.flag(),
        }),
        "asked" => ServerFrame::Asked(Asked { conv: conv(d) }),
        "requests" => ServerFrame::Requests(Requests {
            conv: conv(d),
            list: d.list(|d| Request {
                user: user(d),
                asked_ms: d.number(),
                handle: d.option(Draw::text),
                name: d.option(Draw::text),
            }),
        }),
        "people" => ServerFrame::People(People { list: d.list(person) }),
        "prefs_ok" => ServerFrame::PrefsOk(PrefsOk {
            conv: conv(d),
            ver: ver(d),
            prefs: prefs(d),
        }),
        "mark_ok" => ServerFrame::MarkOk(MarkOk {
            ver: ver(d),
            mark: mark(d),
        }),
        "thread_ok" => ServerFrame::ThreadOk(thread_row(d)),
        "thread" => ServerFrame::Thread(ThreadPage {
            conv: conv(d),
            epoch: epoch(d),
            thread: seq(d),
            more: d.flag(),
            items: d.list(entry),
        }),
        "starred" => ServerFrame::Starred(Starred {
            next: d.option(ver),
            list: d.list(|d| StarredEntry {
                conv: conv(d),
                at_ms: d.number(),
                entry: entry(d),
            }),
        }),
        "draft_ok" => ServerFrame::DraftOk(DraftOk {
            ver: ver(d),
            draft: draft(d),
        }),
        "read_all_ok" => ServerFrame::ReadAllOk(ReadAllOk { moved: count(d) }),
        "receipts" => ServerFrame::Receipts(Receipts {
            conv: conv(d),
            seq: seq(d),
            list: d.list(|d| ReceiptOf {
                user: user(d),
                delivered: d.flag(),
                read: d.flag(),
                delivered_ms: d.option(Draw::number),
                read_ms: d.option(Draw::number),
            }),
        }),
        "pins" => ServerFrame::Pins(Pins {
            conv: conv(d),
            seqs: d.list(seq),
        }),
        "history" => ServerFrame::History(Revisions {
            conv: conv(d),
            seq: seq(d),
            more: d.flag(),
            list: d.list(|d| Revision {
                rev: d.option(seq),
                at_ms: d.number(),
                body: d.body().into(),
            }),
        }),
        "profile_ok" => ServerFrame::ProfileOk(person(d)),
        "privacy_ok" => ServerFrame::PrivacyOk(privacy(d)),
        "block_ok" => ServerFrame::BlockOk(block(d)),
        "answer_ok" => ServerFrame::AnswerOk(answer(d)),
        "report_ok" => ServerFrame::ReportOk(ReportOk { send_id: send_id(d) }),
        _ => panic!("the server's frame `{word}` has no example: write its builder here"),
    }
}

fn link(d: &mut Draw) -> Link {
    Link {
        link: send_id(d),
        creator: user(d),
        uses_left: d.option(count),
        expires_ms: d.number(),
        created_ms: d.number(),
    }
}

fn epoch(d: &mut Draw) -> Epoch {
    Epoch(d.uuid())
}

fn ver(d: &mut Draw) -> Ver {
    Ver(d.number())
}

fn ord(d: &mut Draw) -> Ordinal {
    Ordinal(d.number())
}

fn count(d: &mut Draw) -> u32 {
    u32::try_from(d.number() % 256).expect("small")
}

fn welcome(d: &mut Draw) -> Welcome {
    Welcome {
        v: 1,
        session: SessionId(d.uuid()),
        epoch: epoch(d),
        user: user(d),
        device: DeviceId(d.uuid()),
        ver: ver(d),
        server_ms: d.number(),
        beat_ms: d.number(),
        limits: Limits::default(),
    }
}

fn inbox(d: &mut Draw) -> Inbox {
    let conversation = |d: &mut Draw| Topic::Conversation(Box::new(conversation_row(d)));
    let topics = d.list(|d| {
        let own = [Topic::Mark(mark(d)), Topic::Draft(Box::new(draft(d)))];
        [conversation(d), Topic::Devices, Topic::Profile].into_iter().chain(own)
    });
    let mut topics: Vec<Topic> = topics.into_iter().flatten().collect();
    topics.extend(d.option(|d| Topic::Privacy(privacy(d))));
    topics.extend(d.option(|d| Topic::Blocks(Blocks { users: d.list(user) })));
    topics.extend(d.option(|d| Topic::Thread(thread_row(d))));
    Inbox {
        from: ver(d),
        to: ver(d),
        more: d.flag(),
        rows: topics
            .into_iter()
            .map(|topic| InboxRow { ver: ver(d), topic })
            .collect(),
    }
}

fn conversation_row(d: &mut Draw) -> ConversationRow {
    ConversationRow {
        conv: conv(d),
        epoch: epoch(d),
        kind: [ConversationKind::Direct, ConversationKind::Group][d.choice(2)],
        title: d.option(Draw::text),
        settings: settings(d),
        role: d.option(role),
        spans: d.list(|d| Span {
            from_seq: seq(d),
            from_ord: ord(d),
            to_seq: d.option(seq),
            to_ord: d.option(ord),
        }),
        head_seq: seq(d),
        head_ord: ord(d),
        head_ms: d.number(),
        read_seq: seq(d),
        read_ord: ord(d),
        generation: Generation(d.number()),
        mention_seqs: d.list(seq),
        peer: d.option(member_cursor),
        prefs: prefs(d),
        request: d.option(|d| [FirstContact::Open, FirstContact::Ignored][d.choice(2)]),
        asking: d.option(count).unwrap_or(0),
    }
}

fn settings(d: &mut Draw) -> GroupSettings {
    GroupSettings {
        description: d.option(Draw::text),
        picture: d.option(Draw::uuid),
        announce: d.flag(),
        slow_mode_s: d.option(count).unwrap_or(0),
        history: d.option(|_| History::All).unwrap_or_default(),
        approve: d.flag(),
    }
}

pub fn role(d: &mut Draw) -> Role {
    [Role::Member, Role::Admin, Role::Owner][d.choice(3)]
}

fn entries(d: &mut Draw) -> Entries {
    Entries {
        conv: conv(d),
        epoch: epoch(d),
        from: seq(d),
        to: seq(d),
        more: d.flag(),
        head_seq: seq(d),
        head_ord: ord(d),
        floor_seq: seq(d),
        items: d.list(entry),
    }
}

fn entry(d: &mut Draw) -> Entry {
    Entry {
        seq: seq(d),
        ord: ord(d),
        id: MessageId(d.uuid()),
        sender: user(d),
        send_id: send_id(d),
        created_ms: d.number(),
        kind: kind(d),
        body: d.body().into(),
        rev: d.option(seq),
        target_seq: d.option(seq),
        reply_to: d.option(seq),
        thread: d.option(seq),
        edited: d.option(seq),
        deleted_by: d.option(user),
        pinned: d.flag(),
        reactions: d.list(|d| Reaction {
            emoji: d.text(),
            users: d.list(user),
        }),
        now: d.option(|d| d.body().into()),
    }
}

fn ack(d: &mut Draw) -> Ack {
    Ack {
        conv: conv(d),
        epoch: epoch(d),
        seq: seq(d),
        ord: ord(d),
        message_id: MessageId(d.uuid()),
        created_ms: d.number(),
        dup: d.flag(),
    }
}

fn head(d: &mut Draw) -> Head {
    Head {
        conv: conv(d),
        epoch: epoch(d),
        seq: seq(d),
        ord: ord(d),
        ms: d.number(),
    }
}

fn cursors(d: &mut Draw) -> Cursors {
    Cursors {
        conv: conv(d),
        list: d.list(member_cursor),
        counts: d.option(|d| CursorCounts {
            at: seq(d),
            members: count(d),
            delivered: count(d),
            read: count(d),
            delivered_min: seq(d),
            read_min: seq(d),
        }),
    }
}

fn prefs(d: &mut Draw) -> Prefs {
    Prefs {
        mute_until_ms: d.number(),
        mentions_pass: d.flag(),
        archived: d.flag(),
        pinned: d.flag(),
        cleared_seq: seq(d),
    }
}

fn thread_row(d: &mut Draw) -> ThreadRow {
    ThreadRow {
        conv: conv(d),
        thread: seq(d),
        following: d.flag(),
        head: seq(d),
        read: seq(d),
        unread: d.number(),
    }
}

fn mark(d: &mut Draw) -> MarkRow {
    MarkRow {
        conv: conv(d),
        seq: seq(d),
        star: d.flag(),
        hidden: d.flag(),
        at_ms: d.number(),
    }
}

fn draft(d: &mut Draw) -> DraftRow {
    DraftRow {
        conv: conv(d),
        now: draft_state(d),
        kept: d.list(draft_state),
    }
}

fn draft_state(d: &mut Draw) -> DraftState {
    DraftState {
        text: DraftText(d.text()),
        text_ver: ver(d),
        at_ms: d.number(),
    }
}

fn member_cursor(d: &mut Draw) -> MemberCursor {
    MemberCursor {
        user: user(d),
        delivered: seq(d),
        read: seq(d),
    }
}

fn cursor_ok(d: &mut Draw) -> CursorOk {
    CursorOk {
        conv: conv(d),
        delivered: seq(d),
        read: seq(d),
        read_ord: ord(d),
        generation: Generation(d.number()),
    }
}

fn presence_of(d: &mut Draw) -> PresenceOf {
    PresenceOf {
        user: user(d),
        state: [PresenceState::Online, PresenceState::Away, PresenceState::Offline][d.choice(3)],
        last_seen_ms: d.option(Draw::number),
    }
}

fn member(d: &mut Draw) -> Member {
    Member {
        user: user(d),
        role: role(d),
        from_seq: seq(d),
        delivered: seq(d),
        read: seq(d),
    }
}

fn person(d: &mut Draw) -> Person {
    Person {
        user: user(d),
        handle: d.text(),
        name: d.text(),
        about: d.option(Draw::text),
        picture: d.option(Draw::text),
        deactivated: d.flag(),
    }
}

fn privacy(d: &mut Draw) -> Privacy {
    Privacy {
        who_writes: audience(d),
        who_adds: audience(d),
        last_seen: audience(d),
        receipts: audience(d),
    }
}
