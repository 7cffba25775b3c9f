//! From the store's records to the wire's words, in one place; and from the store's errors to numbered refusals.

use protocol::own::{DraftOk, DraftRow, DraftState, DraftText};
use protocol::people::Blocks;
use protocol::refusal::Code;
use protocol::server_frame::{self as frame, ServerFrame, Topic as WireTopic};
use protocol::thread::ThreadRow;
use protocol::{Epoch, Refusal, Seq};
use serde_json::value::RawValue;
use std::sync::Arc;
use store::{Error, Refused};

/// The frame of a live entry, encoded once for everybody.
#[must_use]
pub fn live(epoch: Epoch, entry: &store::Entry) -> String {
    ServerFrame::Entry(Box::new(frame::Live {
        conv: entry.conv,
        epoch,
        entry: self::entry(entry),
    }))
    .encode(None)
}

/// An entry.
#[must_use]
pub fn entry(entry: &store::Entry) -> protocol::Entry {
    protocol::Entry {
        seq: entry.seq,
        ord: entry.ord,
        id: entry.id,
        sender: entry.sender,
        send_id: entry.send_id,
        created_ms: entry.created_ms,
        kind: entry.kind.clone(),
        body: body(&entry.body),
        rev: entry.rev,
        target_seq: entry.target_seq,
        reply_to: entry.reply_to,
        thread: entry.thread,
        edited: entry.edited,
        deleted_by: entry.deleted_by,
        pinned: entry.pinned,
        reactions: entry.reactions.clone(),
        now: entry.now.as_deref().map(body),
    }
}

/// A body's source text as JSON. The store holds only what was checked on the way in; if a file was damaged since, the
/// reader sees an empty body rather than a broken frame.
#[must_use]
pub fn body(source: &str) -> Arc<RawValue> {
    let raw = RawValue::from_string(source.to_owned());
    Arc::from(raw.unwrap_or_else(|_| RawValue::from_string("{}".to_owned()).expect("two braces are JSON")))
}

/// The answer to a change of a log.
#[must_use]
pub fn ack(epoch: Epoch, appended: &store::Appended) -> ServerFrame {
    let entry = &appended.entry;
    ServerFrame::Ack(frame::Ack {
        conv: entry.conv,
        epoch,
        seq: entry.seq,
        ord: entry.ord,
        message_id: entry.id,
        created_ms: entry.created_ms,
        dup: appended.dup,
    })
}

/// Where a log ends.
#[must_use]
pub fn head(head: &store::Head) -> frame::Head {
    frame::Head {
        conv: head.conv,
        epoch: head.epoch,
        seq: head.seq,
        ord: head.ord,
        ms: head.ms,
    }
}

/// A page of a log.
#[must_use]
pub fn entries(page: &store::Page) -> ServerFrame {
    ServerFrame::Entries(frame::Entries {
        conv: page.head.conv,
        epoch: page.head.epoch,
        from: page.from,
        to: page.to,
        more: page.more,
        head_seq: page.head.seq,
        head_ord: page.head.ord,
        floor_seq: page.floor_seq,
        items: page.entries.iter().map(entry).collect(),
    })
}

/// A page of an inbox, for whoever has these manners.
#[must_use]
pub fn inbox(
    epoch: Epoch,
    from: protocol::Ver,
    page: store::InboxPage,
    manners: Option<&store::Manners>,
) -> ServerFrame {
    let is_private = manners.is_some_and(|manners| manners.private);
    let row = |(ver, topic)| frame::InboxRow {
        ver,
        topic: self::topic(epoch, topic, is_private),
    };
    ServerFrame::Inbox(frame::Inbox {
        from,
        to: page.to,
        more: page.more,
        rows: page.rows.into_iter().map(row).collect(),
    })
}

fn topic(epoch: Epoch, topic: store::Topic, is_private: bool) -> WireTopic {
    match topic {
        store::Topic::Devices => WireTopic::Devices,
        store::Topic::Profile => WireTopic::Profile,
        store::Topic::Mark(mark) => WireTopic::Mark(mark),
        store::Topic::Draft(draft) => WireTopic::Draft(Box::new(self::draft(*draft))),
        store::Topic::Privacy(privacy) => WireTopic::Privacy(privacy),
        store::Topic::Thread(record) => WireTopic::Thread(thread(&record)),
        store::Topic::Blocks(users) => WireTopic::Blocks(Blocks { users }),
        store::Topic::Conversation(record) => WireTopic::Conversation(Box::new(frame::ConversationRow {
            conv: record.conv,
            epoch,
            kind: record.kind,
            title: record.title,
            settings: record.settings,
            role: record.role,
            spans: record.spans,
            head_seq: record.head_seq,
            head_ord: record.head_ord,
            head_ms: record.head_ms,
            read_seq: record.read_seq,
            read_ord: record.read_ord,
            generation: record.generation,
            mention_seqs: record.mention_seqs,
            peer: record.peer.map(|peer| frame::MemberCursor {
                user: peer.user,
                delivered: peer.delivered,
                // Who tells nobody how far they have read is told of nobody.
                read: if is_private { Seq::ZERO } else { peer.read },
            }),
            prefs: record.prefs,
            request: record.request,
            asking: record.asking,
        })),
    }
}

/// A thread, as it stands for whom it is about.
#[must_use]
pub fn thread(record: &store::ThreadRecord) -> ThreadRow {
    ThreadRow {
        conv: record.conv,
        thread: record.root,
        following: record.following,
        head: record.head,
        read: record.read,
        unread: record.unread,
    }
}

/// The answer to `draft`.
#[must_use]
pub fn draft_ok(owned: store::Owned<store::Draft>) -> ServerFrame {
    ServerFrame::DraftOk(DraftOk {
        ver: owned.ver,
        draft: draft(owned.value),
    })
}

fn draft(draft: store::Draft) -> DraftRow {
    let state = |state: store::DraftState| DraftState {
        text: DraftText(state.text),
        text_ver: state.text_ver,
        at_ms: state.at_ms,
    };
    DraftRow {
        conv: draft.conv,
        now: state(draft.now),
        kept: draft.kept.into_iter().map(state).collect(),
    }
}

/// A member.
#[must_use]
pub fn member(member: &store::Member) -> frame::Member {
    frame::Member {
        user: member.user,
        role: member.role,
        from_seq: member.from_seq,
        delivered: member.delivered,
        read: member.read,
    }
}

/// An invite link.
#[must_use]
pub fn link(link: &store::Link) -> protocol::link::Link {
    protocol::link::Link {
        link: link.id,
        creator: link.creator,
        uses_left: link.uses_left,
        expires_ms: link.expires_ms,
        created_ms: link.created_ms,
    }
}

/// A person.
#[must_use]
pub fn person(person: store::Person) -> frame::Person {
    frame::Person {
        user: person.user,
        handle: person.handle,
        name: person.name,
        about: person.about,
        picture: person.picture,
        deactivated: person.deactivated,
    }
}

/// What the store refused, as a number; what broke in it, logged here with its source and told as `internal`.
#[must_use]
pub fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused(Refused::SlowMode { retry_after_ms }) => Code::SlowMode.refuse_for_ms(retry_after_ms),
        Error::Refused(refused) => code(refused).refuse(),
        Error::Overloaded { retry_after_ms } => Code::Overloaded.refuse_for_ms(retry_after_ms),
        Error::Fault(fault) => {
            tracing::error!(doing = fault.doing, source = %fault.source, "the store failed");
            Code::Internal.refuse()
        }
    }
}

fn code(refused: Refused) -> Code {
    match refused {
        Refused::NotFound => Code::NotFound,
        Refused::NotAMember => Code::NotAMember,
        Refused::Forbidden => Code::Forbidden,
        Refused::AnnouncementsOnly => Code::AnnouncementsOnly,
        Refused::Removed => Code::Removed,
        Refused::TooManyLinks => Code::TooManyLinks,
        Refused::LastOwner => Code::LastOwner,
        Refused::SlowMode { .. } => Code::SlowMode,
        Refused::SendIdReused => Code::SendIdReused,
        Refused::GroupFull => Code::GroupFull,
        Refused::NotAGroup => Code::NotAGroup,
        Refused::BadReference => Code::BadReference,
        Refused::BeyondHead => Code::BeyondHead,
        Refused::UnknownPerson => Code::UnknownPerson,
        Refused::HandleTaken => Code::HandleTaken,
        Refused::InviteInvalid => Code::InviteInvalid,
        Refused::TooManyDevices => Code::TooManyDevices,
        Refused::Deleted => Code::Deleted,
        Refused::NotARoot => Code::NotARoot,
        Refused::TooLate => Code::TooLate,
        Refused::TooMany => Code::TooMany,
        Refused::NotAMessage => Code::NotAMessage,
        Refused::TooManyMarks => Code::TooManyMarks,
        Refused::NotAccepted => Code::NotAccepted,
        Refused::YouBlock => Code::YouBlock,
        Refused::PeerDeactivated => Code::PeerDeactivated,
        Refused::Deactivated => Code::Deactivated,
        Refused::NotARequest => Code::NotARequest,
        Refused::TooManyHandles => Code::TooManyHandles,
        Refused::TooManyBlocks => Code::TooManyBlocks,
        Refused::TooManyReports => Code::TooManyReports,
    }
}
