//! Every bound of the wire, in one place, with its unit in its name. `docs/PROTOCOL.md` lists them; `welcome` tells the
//! ones a client acts on.

/// The largest frame a client may send, in bytes of UTF-8. A larger one closes the connection (4202).
pub const CLIENT_FRAME_BYTES_MAX: usize = 128 * 1024;
/// The largest frame a server sends, in bytes of UTF-8: a page that would be larger ends early and says `more`.
pub const SERVER_FRAME_BYTES_MAX: usize = 1024 * 1024;
/// The largest body of an entry, in bytes of its JSON as sent.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The largest text of a message, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// How deep a body's JSON may nest.
pub const BODY_DEPTH_MAX: usize = 16;
/// The longest name of a kind, in bytes.
pub const KIND_BYTES_MAX: usize = 32;
/// Mentions in one message.
pub const MENTIONS_MAX: usize = 64;
/// Attachments in one message.
pub const MEDIA_MAX: usize = 32;
/// Members of a group; a larger conversation is a channel.
pub const GROUP_MEMBERS_MAX: usize = 256;
/// The longest title of a conversation, in bytes of UTF-8.
pub const TITLE_BYTES_MAX: usize = 256;
/// The longest description of a group, in bytes of UTF-8.
pub const DESCRIPTION_BYTES_MAX: usize = 2 * 1024;
/// The longest wait of slow mode, in seconds: six hours.
pub const SLOW_MODE_S_MAX: u32 = 21_600;
/// Invite links of one group that can be usable at once.
pub const LINKS_MAX: usize = 32;
/// How long an invite link lives, in milliseconds, where nothing else is said: a week.
pub const LINK_MS: u64 = 7 * 24 * 3_600_000;
/// How long an invite link lives at most, in milliseconds: a year.
pub const LINK_MS_MAX: u64 = 366 * 24 * 3_600_000;
/// People who may be waiting to be let into one group.
pub const JOIN_REQUESTS_MAX: usize = 256;
/// The longest handle, in bytes: lower-case letters, digits, `.`, `_` and `-`.
pub const HANDLE_BYTES_MAX: usize = 32;
/// The longest name of a person or device, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 128;
/// The shortest password, in bytes of UTF-8.
pub const PASSWORD_BYTES_MIN: usize = 8;
/// The longest password, in bytes of UTF-8: hashing costs by length.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Entries in one page of history.
pub const PAGE_ENTRIES_MAX: usize = 200;
/// Bodies in one page of history, in bytes; the page that passes it ends there.
pub const PAGE_BYTES_MAX: usize = 512 * 1024;
/// Rows in one page of an inbox.
pub const INBOX_ROWS_MAX: usize = 200;
/// Drafts in one page of an inbox, in bytes of their texts; the page that passes it ends there.
pub const INBOX_DRAFT_BYTES_MAX: usize = 96 * 1024;
/// Conversations in one `heads`.
pub const HEADS_MAX: usize = 200;
/// People in one `people`.
pub const PEOPLE_MAX: usize = 100;
/// People that a search by prefix finds.
pub const FOUND_PEOPLE_MAX: usize = 20;
/// What somebody says about themselves, in bytes of UTF-8.
pub const ABOUT_BYTES_MAX: usize = 512;
/// The name of somebody's picture, in bytes of UTF-8.
pub const PICTURE_BYTES_MAX: usize = 128;
/// Handles that one person may have, those given up and still kept for them among them.
pub const HANDLES_MAX: usize = 5;
/// How long a handle that was given up is kept for its person, in milliseconds: 30 days.
pub const HANDLE_KEPT_MS: u64 = 30 * 24 * 3_600_000;
/// People that one person may block.
pub const BLOCKS_MAX: usize = 1_000;
/// Entries in one report.
pub const REPORT_ENTRIES_MAX: usize = 20;
/// What is wrong, in a report, in bytes of UTF-8.
pub const REPORT_BYTES_MAX: usize = 1_024;
/// Members in one page of `members`.
pub const MEMBERS_PAGE_MAX: usize = 256;
/// Conversations that one session may have open (typing and cursors are told for these).
pub const WATCH_OPEN_MAX: usize = 32;
/// People whose presence one session may watch.
pub const WATCH_PRESENCE_MAX: usize = 100;
/// Requests of one session that may be unanswered; the server stops reading its socket at this many.
pub const INFLIGHT_REQUESTS_MAX: usize = 64;
/// Devices of one person.
pub const DEVICES_MAX: usize = 32;
/// Malformed frames after which a connection is closed (4200).
pub const MALFORMED_FRAMES_MAX: u32 = 16;
/// Entries that one person may have marked, those unmarked again among them.
pub const MARKS_MAX: usize = 10_000;
/// Entries in one page of `starred`.
pub const STARRED_PAGE_MAX: usize = 50;
/// Overwritten texts that are kept beside one draft; then the oldest goes.
pub const KEPT_DRAFTS_MAX: usize = 4;
/// Members up to which receipts are told one by one; above it as counts.
pub const RECEIPT_LIST_MEMBERS_MAX: usize = 32;
/// The longest emoji of a reaction, in bytes of UTF-8.
pub const EMOJI_BYTES_MAX: usize = 32;
/// Different emojis on one entry.
pub const ENTRY_EMOJIS_MAX: usize = 24;
/// Reactions of one person to one entry.
pub const PERSON_REACTIONS_MAX: usize = 6;
/// Reactions to one entry, all people and emojis together.
pub const ENTRY_REACTIONS_MAX: usize = 1_024;
/// Threads of one conversation that one person follows: of more, the one that began first is let go.
pub const THREADS_FOLLOWED_MAX: usize = 500;
/// Pinned entries of one conversation.
pub const PINS_MAX: usize = 50;
/// How long after it was written a message can be edited by its author, in milliseconds: a day.
pub const EDIT_MS_MAX: u64 = 24 * 3_600_000;
/// How long after it was written a message can be deleted for everybody by its author, in milliseconds: two days. Who
/// may delete others' messages may at any time.
pub const DELETE_MS_MAX: u64 = 48 * 3_600_000;
/// How long a client has for its `hello` after the upgrade, in milliseconds.
pub const HELLO_MS_MAX: u64 = 5_000;
/// How long a poll waits for something to tell, in milliseconds: less than proxies on the way usually let one wait.
pub const POLL_WAIT_MS_MAX: u64 = 25_000;
/// How often a client beats, in milliseconds, where the server does not say otherwise.
pub const BEAT_MS: u64 = 25_000;
/// How long a client holds an entry that came early before it pulls the hole, in milliseconds.
pub const EARLY_HOLD_MS_MAX: u64 = 500;
/// How long a `typing` lasts, in milliseconds.
pub const TYPING_TTL_MS: u64 = 6_000;
/// How often one session may say `typing` for one conversation, in milliseconds; more are dropped.
pub const TYPING_INTERVAL_MS_MIN: u64 = 3_000;
/// How long after its last session a person still counts as online, in milliseconds.
pub const PRESENCE_GRACE_MS: u64 = 25_000;
/// How long a `presence` lasts without being repeated, in milliseconds: three beats.
pub const PRESENCE_TTL_MS: u64 = 75_000;
/// How long cursors are gathered before they are committed, in milliseconds.
pub const CURSOR_GATHER_MS_MAX: u64 = 250;
/// How long things lie in a device's mailbox, in milliseconds: 30 days.
pub const MAILBOX_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// How long a client keeps a send that was acknowledged, to submit it again under a new epoch, in milliseconds.
pub const ACKED_KEEP_MS: u64 = 600_000;

/// The largest entry as it travels, without its envelope: a body, an edit's other body never at once with it, and
/// what hangs on it. For the bounds below.
const ENTRY_BYTES_MAX: usize = BODY_BYTES_MAX + ENTRY_REACTIONS_MAX * 40 + ENTRY_EMOJIS_MAX * 64;

const _: () = {
    assert!(TEXT_BYTES_MAX < BODY_BYTES_MAX, "a text fits into a body");
    assert!(
        BODY_BYTES_MAX + 4_096 < CLIENT_FRAME_BYTES_MAX,
        "a body fits into a frame with its envelope"
    );
    assert!(
        PAGE_BYTES_MAX + ENTRY_BYTES_MAX + PAGE_ENTRIES_MAX * 1_024 <= SERVER_FRAME_BYTES_MAX,
        "a page fits into a frame"
    );
    assert!(
        RECEIPT_LIST_MEMBERS_MAX <= GROUP_MEMBERS_MAX,
        "receipts are listed in small groups only"
    );
};
