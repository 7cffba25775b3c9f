// The wire, made from crates/protocol by crates/server/tests/all/typescript.rs. Not written by hand:
//   UPDATE_DOCS=1 cargo test -p server --test all typescript

/** Any JSON object. */
export type Json = { [field: string]: unknown };

/** `ack`: the change is durable and has this place, now and for ever. */
export type Ack = {
  /** In which log. */
  conv: ConversationId;
  /** When it was committed. */
  created_ms: number;
  /** It was known already: this is the first answer, again. */
  dup?: boolean;
  /** Of which lineage. */
  epoch: Epoch;
  /** Its name. */
  message_id: MessageId;
  /** Messages up to and with it. */
  ord: Ordinal;
  /** Its place. */
  seq: Seq;
};

/** `add`. */
export type Add = {
  /** To which group. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
  /** Whom. All or none are added; those who are members already are passed over. */
  users: (UserId)[];
};

/** `admit`: let somebody in who asks, or turn them away. Answered by `ack`. */
export type Admit = {
  /** Into which group. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
  /** Whom. */
  user: UserId;
  /** Let them in; else they ask no longer. */
  yes: boolean;
};

/** What becomes of a request. */
export type Answer = "accept" | "ignore" | "block";

/** `answer`: what becomes of a request. To write into it accepts it too. */
export type AnswerRequest = {
  /** What. */
  answer: Answer;
  /** Which 1:1. */
  conv: ConversationId;
};

/** `heads`. */
export type AskHeads = {
  /** Which logs, at most `heads_max`. Those the asker is not in are left out of the answer. */
  convs: (ConversationId)[];
};

/** `history`. */
export type AskHistory = {
  /** Bodies that were replaced before this edit; absent: the latest ones. */
  before?: Seq;
  /** In which log. */
  conv: ConversationId;
  /** Of which entry. */
  seq: Seq;
};

/** `inbox`. */
export type AskInbox = {
  /** Rows changed above this version. */
  after_ver: Ver;
};

/** `links`: which can still be used. Answered by `links`. */
export type AskLinks = {
  /** Of which group. */
  conv: ConversationId;
};

/** `look`: what is behind a link. Answered by `look`. */
export type AskLook = {
  /** The link's token. */
  token: TokenText;
};

/** `members`. */
export type AskMembers = {
  /** Those after this person, in order of their ids; absent: from the first. */
  after?: UserId;
  /** Of which conversation. */
  conv: ConversationId;
};

/** `people`: by id (those the asker shares a conversation with) or by exact handle; at most `people_max` in all. */
export type AskPeople = {
  /** By handle. */
  handles?: (string)[];
  /** By how their handle or a word of their name begins: those the asker is acquainted with only, at most `found_people_max`. */
  prefix?: string;
  /** By id. */
  users?: (UserId)[];
};

/** `pins`. */
export type AskPins = {
  /** Of which conversation. */
  conv: ConversationId;
};

/** `receipts`: who received and who read an entry, and when. */
export type AskReceipts = {
  /** In which conversation. */
  conv: ConversationId;
  /** Which entry. */
  seq: Seq;
};

/** `requests`: who asks to be let in. Answered by `requests`. */
export type AskRequests = {
  /** Into which group. */
  conv: ConversationId;
};

/** `starred`: the entries I starred, the last starred first. */
export type AskStarred = {
  /** Those marked before this version of my inbox; absent: from the last one. */
  before?: Ver;
};

/** `thread`: the replies of a thread, the latest first where neither `after` nor `before` is named. */
export type AskThread = {
  /** Replies above this seq, the lowest first. */
  after?: Seq;
  /** Replies below this seq, as near to it as the limit allows. */
  before?: Seq;
  /** In which conversation. */
  conv: ConversationId;
  /** How many at most; absent: the most there may be, `page_entries_max`. */
  limit?: number;
  /** The entry that starts the thread. */
  thread: Seq;
};

/** `asked`: somebody has to let the asker in; the row of the group appears in their inbox when that happens. */
export type Asked = {
  /** Into which group. */
  conv: ConversationId;
};

/** Who may do something to a person, or know something of them. A word this program does not know reads as nobody. */
export type Audience = "everyone" | "acquainted" | "nobody";

/** `beat`: nothing but its type. */
export type Beat = Json;

/** `beat`, back. */
export type BeatBack = {
  /** The server's clock, in milliseconds since 1970 UTC. */
  server_ms: number;
  /** Where the inbox stands in the store. Above what the client holds: ask for `inbox`. */
  ver: Ver;
};

/** `behind`: pull. With `conv`, that log from `from`; without, the inbox and every open log. */
export type Behind = {
  /** Which log; absent: all. */
  conv?: ConversationId;
  /** The first seq that was dropped. */
  from?: Seq;
};

/** `block`: I want to hear nothing of somebody, or again. */
export type Block = {
  /** Whether, from now on. */
  on: boolean;
  /** Of whom. */
  user: UserId;
};

/** `blocks`, a topic of the inbox: everybody I block. */
export type Blocks = {
  /** Whom, in order of their ids, at most `blocks_max`. */
  users?: (UserId)[];
};

/** The body of a `text`: CommonMark source with what it names set out beside it, never parsed out of it. Its `Debug` tells how much there is, not what it says. */
export type Body = {
  /** Whose words these are, where they were passed on. Written by the server; in what a client says it is refused. */
  forwarded?: Forwarded;
  /** Attachments, by id. Empty is left out. */
  media?: (string)[];
  /** Where in `text` everybody is named at once; it takes the right to (see [`crate::rights`]). */
  mention_all?: TextRange;
  /** Who is named, and where in `text`. Empty is left out. */
  mentions?: (Mention)[];
  /** CommonMark (a subset) as its author typed it, at most [`limits::TEXT_BYTES_MAX`] bytes. */
  text?: string;
};

/** `bye`. */
export type Bye = {
  /** Come back after so many milliseconds: spread, so that not everybody comes at once. */
  after_ms: number;
  /** Why, in a word: `draining`. */
  reason: string;
};

/** `role`: make somebody an admin, an owner, or a plain member again. */
export type ChangeRole = {
  /** In which group. */
  conv: ConversationId;
  /** Which from now on. A word that is none is malformed: nobody loses a role to a slip of the pen. */
  role: Role;
  /** The change's name. */
  send_id: SendId;
  /** Whose. */
  user: UserId;
};

/** `settings`: change what a group is. */
export type ChangeSettings = (SettingsChange) & ({
  /** Which group. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
});

/** A conversation: a 1:1, a group or a channel. */
export type ConversationId = string;

/** What sort of conversation. */
export type ConversationKind = "direct" | "group" | "unknown";

/** A conversation in somebody's inbox. */
export type ConversationRow = {
  /** How many ask to be let in, if I may admit them. */
  asking?: number;
  /** Which. */
  conv: ConversationId;
  /** The lineage of its log. */
  epoch: Epoch;
  /** Its generation. */
  gen?: Generation;
  /** When it was committed. */
  head_ms: number;
  /** Messages up to and with it. */
  head_ord: Ordinal;
  /** The last entry I may read. */
  head_seq: Seq;
  /** What sort. */
  kind: ConversationKind;
  /** Unread entries that mention me, the latest `mentions_told_max` of them. */
  mention_seqs?: (Seq)[];
  /** In a 1:1: the other person and how far they have got. */
  peer?: MemberCursor;
  /** How I want to see it. */
  prefs?: Prefs;
  /** Messages up to and with it. */
  read_ord: Ordinal;
  /** My read cursor (the private one: "mark unread" moves it back). */
  read_seq: Seq;
  /** In a 1:1 that a stranger began, until it is taken up: how it stands for me. */
  request?: FirstContact;
  /** My role; absent when I am no longer a member. */
  role?: Role;
  /** Of a group: its settings, where they are not those of a new one. */
  settings?: GroupSettings;
  /** What I may read of it. */
  spans: (Span)[];
  /** Its title; absent in a 1:1. */
  title?: string;
};

/** `create`. */
export type Create = (What) & ({
  /** The change's name: the same on every retry. A group's id follows from it. */
  send_id: SendId;
});

/** `cursor`. Both positions are "up to and with"; each is a maximum, except that `read` under a new `gen` may go back. */
export type Cursor = {
  /** Which log. */
  conv: ConversationId;
  /** The device has stored everything up to here. */
  delivered?: Seq;
  /** The generation `read` belongs to; "mark unread" is a `read` further down under the next generation. */
  gen?: Generation;
  /** The person has seen everything up to here: it was shown, in focus. */
  read?: Seq;
};

/** The public cursors of a larger group, together, the asker's own left out. */
export type CursorCounts = {
  /** Up to this entry the counts speak. */
  at: Seq;
  /** To how many of them `at` is delivered. */
  delivered: number;
  /** Delivered to every one of them. */
  delivered_min: Seq;
  /** Other members. */
  members: number;
  /** How many of them have read `at`. */
  read: number;
  /** Read by every one of them. */
  read_min: Seq;
};

/** `cursor_ok`: what is durable now of the asker's own cursors. */
export type CursorOk = {
  /** Of which conversation. */
  conv: ConversationId;
  /** Delivered. */
  delivered: Seq;
  /** The generation of `read`. */
  gen: Generation;
  /** Read: the private cursor. */
  read: Seq;
  /** Messages up to and with `read`. */
  read_ord: Ordinal;
};

/** `cursors`: one by one in small groups, as counts in larger ones. */
export type Cursors = {
  /** Of which conversation. */
  conv: ConversationId;
  /** Above `receipt_list_members_max` members: how many, and how far the last. */
  counts?: CursorCounts;
  /** Members' public cursors: all of them, or those that moved. */
  list?: (MemberCursor)[];
};

/** `delete`. */
export type Delete = {
  /** In which log. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
  /** The entry. */
  target: Seq;
  /** The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that bears this name is changed, or none. */
  target_send_id?: SendId;
};

/** One device in the list. */
export type Device = {
  /** When it signed in, in milliseconds since 1970 UTC. */
  created_ms: number;
  /** It is the one that asks. */
  current: boolean;
  /** Its id. */
  device: DeviceId;
  /** When it was last connected, to about a minute. */
  last_ms: number;
  /** What it was called when it signed in. */
  name: string;
};

/** One device or program of a person: what a token belongs to, and what receipts are counted for. */
export type DeviceId = string;

/** A thing's place in one device's mailbox. */
export type DeviceSeq = number;

/** `GET /v1/devices`. */
export type Devices = {
  /** The devices that are signed in. */
  devices: (Device)[];
};

/** `draft_ok`: the draft as it is durable now. */
export type DraftOk = (DraftRow) & ({
  /** The version of my inbox that has it. */
  ver: Ver;
});

/** A draft as it stands. */
export type DraftRow = (DraftState) & ({
  /** In which conversation. */
  conv: ConversationId;
  /** Texts that were overwritten by somebody who did not know them, the oldest first; `kept_drafts_max` at most. */
  kept?: (DraftState)[];
});

/** One text of a draft. */
export type DraftState = {
  /** When, in milliseconds since 1970 UTC. */
  at_ms: number;
  /** The text. */
  text: DraftText;
  /** The version of my inbox at which it was written: its name. */
  text_ver: Ver;
};

/** What somebody has begun to write. Its `Debug` tells how long it is, not what it says. */
export type DraftText = string;

/** `edit`. Its `Debug` tells how long the body is, not what it says. */
export type Edit = {
  /** Its body from here on. */
  body: Json;
  /** In which log. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
  /** The entry, a `text` of mine. */
  target: Seq;
  /** The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that bears this name is changed, or none. */
  target_send_id?: SendId;
};

/** `entries`: what the asker may read between `from` and `to`. A seq in that range that is not among `items` will never be readable for the asker (or lies below the floor): the whole range counts as held. */
export type Entries = {
  /** Which log. */
  conv: ConversationId;
  /** Its lineage. */
  epoch: Epoch;
  /** The first seq the log still holds. */
  floor_seq: Seq;
  /** The first seq the answer speaks of. */
  from: Seq;
  /** Messages up to and with it. */
  head_ord: Ordinal;
  /** The last entry the asker may read. */
  head_seq: Seq;
  /** The entries, in order of seq. */
  items: (Entry)[];
  /** There is more beyond, in the direction that was asked. */
  more: boolean;
  /** The last; below `from` where it speaks of none. */
  to: Seq;
};

/** One entry. The conversation it belongs to stands in the frame around it. Its `Debug` tells how long the body is, not what it says. */
export type Entry = {
  /** Its content, the JSON source as it was sent. `{}` where the content is gone or not for this reader. */
  body: Json;
  /** When it was committed, in milliseconds since 1970 UTC by the server's clock; never backwards within a log. */
  created_ms: number;
  /** Who deleted it for everybody: the body is `{}`, and nothing hangs on it any more. */
  deleted_by?: UserId;
  /** The edit that gave it its present body; absent: it stands as it was written. */
  edited?: Seq;
  /** Its name for links. */
  id: MessageId;
  /** What sort of entry. */
  kind: Kind;
  /** For an `edit`: the body of its target after it. Absent where a later edit replaced it, where the target was deleted, and where not everybody who is told may read the target. */
  now?: Json;
  /** Messages in the log up to and with this entry. */
  ord: Ordinal;
  /** It is pinned. */
  pinned?: boolean;
  /** Who put which emoji to it, in order of the emojis' bytes. None: left out. */
  reactions?: (Reaction)[];
  /** The entry this one answers. */
  reply_to?: Seq;
  /** The seq of the last change of this entry; absent: never changed. */
  rev?: Seq;
  /** The name the sender gave it: how a client recognises its own. */
  send_id: SendId;
  /** Who caused it. */
  sender: UserId;
  /** Its place in the log. */
  seq: Seq;
  /** For a change: the entry it changes. */
  target_seq?: Seq;
  /** The entry that starts the thread this one belongs to. */
  thread?: Seq;
};

/** The lineage of a store. A restored backup has another one; positions of two epochs must never be compared. */
export type Epoch = string;

/** `find`: the entry of this name, as a link names it, and those around it. */
export type Find = {
  /** In which conversation. */
  conv: ConversationId;
  /** How many entries at most, itself among them; absent: the most there may be, `page_entries_max`. */
  limit?: number;
  /** The entry's `id`. */
  message_id: MessageId;
};

/** How a 1:1 that a stranger began stands for the one they wrote to. A word this program does not know reads as open. */
export type FirstContact = "ignored" | "open";

/** `follow`: whether I want to hear of a thread. */
export type Follow = {
  /** In which conversation. */
  conv: ConversationId;
  /** Follow it, or no longer. */
  on: boolean;
  /** The entry that starts the thread. */
  thread: Seq;
};

/** An entry of any conversation that the sender may read. */
export type Forward = {
  /** In which log. */
  conv: ConversationId;
  /** Its `send_id`. Where another one stands there by now (a backup was restored), nothing is passed on. */
  send_id?: SendId;
  /** Where. */
  seq: Seq;
};

/** Where a forwarded message comes from. The conversation is not named: not everybody here knows it. */
export type Forwarded = {
  /** When, in milliseconds since 1970 UTC. */
  created_ms: number;
  /** Who wrote it first. */
  sender: UserId;
};

/** How often somebody has marked a conversation unread: a read cursor of an older generation moves only the public receipt. */
export type Generation = number;

/** `get`: exactly one of `after`, `before`, `around` and `range`. */
export type Get = {
  /** Entries above this seq, the lowest first. */
  after?: Seq;
  /** Entries on both sides of this seq, itself among them. */
  around?: Seq;
  /** Entries below this seq, as near to it as the limit allows. */
  before?: Seq;
  /** Which log. */
  conv: ConversationId;
  /** How many at most; absent: the most there may be, `page_entries_max`. */
  limit?: number;
  /** Entries from the first to the second seq, both included. */
  range?: [number, number];
  /** With `range`: only entries changed above this seq, to re-validate what is held. */
  since_rev?: Seq;
};

/** The settings of a group as they stand, besides its title. What is left out is as in a new group. */
export type GroupSettings = {
  /** Only admins write. */
  announce?: boolean;
  /** Who joins by a link has to be let in. */
  approve?: boolean;
  /** What it is for; absent: nobody has said. */
  description?: string;
  /** What newcomers may read. */
  history?: History;
  /** Its picture, by the id of an attachment; absent: none. */
  picture?: string;
  /** How far apart a member's messages are at least, in seconds; 0: no matter. */
  slow_mode_s?: number;
};

/** Where a log ends, for one reader. */
export type Head = {
  /** Which log. */
  conv: ConversationId;
  /** Its lineage. */
  epoch: Epoch;
  /** When it was committed. */
  ms: number;
  /** Messages up to and with it. */
  ord: Ordinal;
  /** The last entry they may read. */
  seq: Seq;
};

/** `heads`. */
export type Heads = {
  /** One for each log that was asked for and may be read. */
  heads: (Head)[];
};

/** `hello`. */
export type Hello = {
  /** The client's name and version, for the list of devices and the logs. */
  client?: string;
  /** The last mailbox item the client has stored. */
  dseq?: DeviceSeq;
  /** The epoch of everything the client has kept; absent: it has kept nothing. */
  epoch?: Epoch;
  /** The device's token. Never in a URL. Absent: the cookie that came with the handshake. */
  token?: TokenText;
  /** Versions of the protocol the client speaks. */
  v: (number)[];
  /** The inbox version the client has adopted. */
  ver?: Ver;
  /** What is on the screen. */
  watch?: Watch;
};

/** What newcomers may read. */
export type History = "joined" | "all" | "unknown";

/** `inbox`: every topic changed above `from`, up to `to`, in order of `ver`. */
export type Inbox = {
  /** The version that was asked from. */
  from: Ver;
  /** Ask again after `to`: there is more. */
  more: boolean;
  /** The rows. */
  rows: (InboxRow)[];
  /** The version that holds once the rows are applied. */
  to: Ver;
};

/** One topic of a person's inbox, as it stands now. */
export type InboxRow = (Topic) & ({
  /** The version of its last change. */
  ver: Ver;
});

/** `join`: be added by a link. Answered by `ack`, or by `asked` where somebody has to let one in. */
export type Join = {
  /** The change's name. */
  send_id: SendId;
  /** The link's token. */
  token: TokenText;
};

/** What sort of entry: a short lower-case word. A client sends `text`, or a word of its own that no server uses. */
export type Kind = string;

/** `leave`. */
export type Leave = {
  /** Which group. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
};

/** The bounds that `welcome` tells. Names and units as in [`crate::limits`]. One that a server does not tell has the value it has there. */
export type Limits = {
  /** Bytes of a body. */
  body_bytes_max?: number;
  /** Bytes of a frame from a client. */
  client_frame_bytes_max?: number;
  /** Members of a group. */
  group_members_max?: number;
  /** Conversations in one `heads`. */
  heads_max?: number;
  /** Requests without an answer. */
  inflight_requests_max?: number;
  /** Entries in a page. */
  page_entries_max?: number;
  /** Bytes of a text. */
  text_bytes_max?: number;
  /** Conversations in `watch.open`. */
  watch_open_max?: number;
  /** People in `watch.presence_of`. */
  watch_presence_max?: number;
};

/** A link that can still be used. */
export type Link = {
  /** When it was made. */
  created_ms: number;
  /** Who made it. */
  creator: UserId;
  /** Until when, in milliseconds since 1970 UTC. */
  expires_ms: number;
  /** Its name. */
  link: SendId;
  /** How often it can still be used; absent: until it expires. */
  uses_left?: number;
};

/** `link`: it is made. */
export type LinkMade = (Link) & ({
  /** Into which group. */
  conv: ConversationId;
  /** Its token, told this once. */
  token: TokenText;
  /** What people can open in a browser; absent where the server does not know its own address. */
  url?: TokenText;
});

/** `links`: those that can still be used, the oldest first. */
export type Links = {
  /** Of which group. */
  conv: ConversationId;
  /** They. */
  list: (Link)[];
};

/** `entry`, live. It may come early, late, twice or never; only its seq says where it belongs. */
export type Live = {
  /** In which log. */
  conv: ConversationId;
  /** The entry. */
  entry: Entry;
  /** Of which lineage. */
  epoch: Epoch;
};

/** `look`: a group from outside. */
export type Look = {
  /** Who joins has to be let in. */
  approve?: boolean;
  /** The asker has asked to be let in already. */
  asked?: boolean;
  /** Which. */
  conv: ConversationId;
  /** What it is for. */
  description?: string;
  /** The asker is a member already. */
  member?: boolean;
  /** How many members it has. */
  members: number;
  /** Its title. */
  title?: string;
};

/** `link`: make one. Answered by `link` with the token, which is told this once. */
export type MakeLink = {
  /** Into which group. */
  conv: ConversationId;
  /** Until when, in milliseconds since 1970 UTC; absent: [`crate::limits::LINK_MS`] from now. */
  expires_ms?: number;
  /** The link's name: a repeat under the same one voids the token that was told before, and tells another. */
  send_id: SendId;
  /** How often it can be used, at least once; absent: until it expires. */
  uses?: number;
};

/** `mark_ok`: the marks of an entry as they are durable now. */
export type MarkOk = (MarkRow) & ({
  /** The version of my inbox that has them. */
  ver: Ver;
});

/** An entry of mine that is or was marked. */
export type MarkRow = {
  /** When the mark last changed, in milliseconds since 1970 UTC. */
  at_ms: number;
  /** In which conversation. */
  conv: ConversationId;
  /** It is not shown to me. */
  hidden?: boolean;
  /** Which entry. */
  seq: Seq;
  /** It is starred. */
  star?: boolean;
};

/** One member. */
export type Member = {
  /** Their public delivered cursor. */
  delivered: Seq;
  /** The first entry of their present stay. */
  from_seq: Seq;
  /** Their public read cursor. */
  read: Seq;
  /** What they may do. */
  role: Role;
  /** Who. */
  user: UserId;
};

/** One member's public cursors. */
export type MemberCursor = {
  /** A device of theirs has stored everything up to here. */
  delivered: Seq;
  /** They have read everything up to here. */
  read: Seq;
  /** Whose. */
  user: UserId;
};

/** `members`. */
export type Members = {
  /** Of which conversation. */
  conv: ConversationId;
  /** The members, in order of their ids. */
  list: (Member)[];
  /** Ask again after the last one: there are more. */
  more: boolean;
};

/** One person named in a text. On the wire an object and nothing else. */
export type Mention = {
  /** How long it is, in bytes of UTF-8. */
  len: number;
  /** Where the name starts in `text`, in bytes of UTF-8. */
  start: number;
  /** Who. */
  user: UserId;
};

/** One entry of a log, for links and media. Minted by the server (UUIDv7), never backwards within a conversation. */
export type MessageId = string;

/** How many *messages* a log holds up to and with an entry; edits, reactions and system entries do not count. Unread is a difference of two of these. */
export type Ordinal = number;

/** `people`: those that were found. */
export type People = {
  /** One for each. */
  list: (Person)[];
};

/** Who somebody is. */
export type Person = {
  /** What they say about themselves. */
  about?: string;
  /** Their account is deactivated: they hear nothing and cannot be written to. */
  deactivated?: boolean;
  /** Their handle, without `@`. */
  handle: string;
  /** The name to show. */
  name: string;
  /** The name of their picture. */
  picture?: string;
  /** Their id. */
  user: UserId;
};

/** `pin`. */
export type Pin = {
  /** In which log. */
  conv: ConversationId;
  /** Pin it, or no longer. */
  on: boolean;
  /** The change's name. */
  send_id: SendId;
  /** The entry. */
  target: Seq;
  /** The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that bears this name is changed, or none. */
  target_send_id?: SendId;
};

/** `pins`: which entries are pinned. */
export type Pins = {
  /** Of which conversation. */
  conv: ConversationId;
  /** The pinned entries that the asker may read, the latest first. */
  seqs: (Seq)[];
};

/** The body of a poll: a `hello` whose token comes as any other request's. */
export type Poll = {
  /** The client's name and version, for the list of devices and the logs. */
  client?: string;
  /** The last mailbox item the client has stored. */
  dseq?: DeviceSeq;
  /** The epoch of everything the client has kept; absent: it has kept nothing. */
  epoch?: Epoch;
  /** Versions of the protocol the client speaks. */
  v: (number)[];
  /** The inbox version the client has adopted. */
  ver?: Ver;
  /** How long to wait for something to tell, in milliseconds, at most [`crate::limits::POLL_WAIT_MS_MAX`]; absent: not at all. */
  wait_ms?: number;
  /** What is on the screen. */
  watch?: Watch;
};

/** The answer: what a socket would have told, in order, without `re`. */
export type Polled = {
  /** The frames: `welcome`, an `inbox` after `ver`, what the watched conversations are like, then what happened. */
  frames: (Json)[];
};

/** How I want to see a conversation. What is absent on the wire is at its default. */
export type Prefs = {
  /** Out of the way. A new message brings it back, unless it is muted. */
  archived?: boolean;
  /** Entries up to and with this one are not shown to me any more. */
  cleared_seq?: Seq;
  /** What mentions me is told although it is muted. */
  mentions_pass?: boolean;
  /** Muted until then, in milliseconds since 1970 UTC; 0: not muted, [`MUTED_FOR_GOOD_MS`]: for good. */
  mute_until_ms?: number;
  /** At the top of the list. */
  pinned?: boolean;
};

/** `prefs_ok`: the preferences as they are durable now. */
export type PrefsOk = {
  /** Of which conversation. */
  conv: ConversationId;
  /** All of them. */
  prefs: Prefs;
  /** The version of my inbox that has them. */
  ver: Ver;
};

/** `presence`. */
export type Presence = {
  /** Who, and how. */
  list: (PresenceOf)[];
  /** For how long this is true, in milliseconds, unless repeated. */
  ttl_ms: number;
};

/** One person's presence. */
export type PresenceOf = {
  /** When they were last there, in milliseconds since 1970 UTC; absent while they are, or when it is not known. */
  last_seen_ms?: number;
  /** How. */
  state: PresenceState;
  /** Who. */
  user: UserId;
};

/** How somebody is there. */
export type PresenceState = "online" | "away" | "offline";

/** Who may reach a person, and who may know what of them. */
export type Privacy = {
  /** Who may know that they are there, and when they last were. Only those who are acquainted ever do, so `everyone` is the same as `acquainted`. Who tells nobody is told of nobody. */
  last_seen: Audience;
  /** Who may know how far they have read; `everyone` is the same as `acquainted`. Who tells nobody is told of nobody. */
  receipts: Audience;
  /** Who may put them into a group. */
  who_adds: Audience;
  /** Who may begin a 1:1 with them. From somebody who is not acquainted it is a request. */
  who_writes: Audience;
};

/** `react`. */
export type React = {
  /** In which log. */
  conv: ConversationId;
  /** With what: one emoji, or a word between colons. */
  emoji: string;
  /** Put it there, or take it back. */
  on: boolean;
  /** The change's name. */
  send_id: SendId;
  /** The entry. */
  target: Seq;
  /** The target's `send_id`. Where another entry stands at `target` by now (a backup was restored), the one that bears this name is changed, or none. */
  target_send_id?: SendId;
};

/** One emoji on an entry. */
export type Reaction = {
  /** Which. */
  emoji: string;
  /** Whose, in order of their ids, none twice. */
  users: (UserId)[];
};

/** `read_all`: my read cursors go to the end of everything I may read. */
export type ReadAll = Json;

/** `read_all_ok`: it is durable. */
export type ReadAllOk = {
  /** Conversations whose cursor moved. */
  moved: number;
};

/** How one member stands to an entry. */
export type ReceiptOf = {
  /** A device of theirs has stored it. */
  delivered: boolean;
  /** When it was stored, to the minute, in milliseconds since 1970 UTC; absent where that is not known (any more). */
  delivered_ms?: number;
  /** They have read it. */
  read: boolean;
  /** When they read it, likewise. */
  read_ms?: number;
  /** Who. */
  user: UserId;
};

/** The answer to `receipts`. */
export type Receipts = {
  /** In which conversation. */
  conv: ConversationId;
  /** The members who may read it, its sender left out, in order of their ids. */
  list: (ReceiptOf)[];
  /** Which entry. */
  seq: Seq;
};

/** `refuse`: the answer no. */
export type Refusal = {
  /** The number: see [`Code`]. */
  code: number;
  /** The number's name, for people who read logs. */
  name: string;
  /** Whether the same request may succeed later. */
  retry: boolean;
  /** Not before so many milliseconds; there exactly when `retry` is set. */
  retry_after_ms?: number;
  /** One sentence: what was wrong, with what, what to do. */
  say: string;
};

/** `remove`. */
export type Remove = {
  /** From which group. */
  conv: ConversationId;
  /** The change's name. */
  send_id: SendId;
  /** Whom. */
  user: UserId;
};

/** `report`: somebody should look at this. Its `Debug` does not say why. */
export type Report = {
  /** Where it happened. */
  conv: ConversationId;
  /** The report's name: the same on every retry. */
  send_id: SendId;
  /** Entries of theirs that show it, at most `report_entries_max`. The server keeps a copy for whoever runs it. */
  seqs?: (Seq)[];
  /** Who is reported. */
  user: UserId;
  /** What is wrong, at most `report_bytes_max`. */
  why?: string;
};

/** `report_ok`. */
export type ReportOk = {
  /** The report's name. */
  send_id: SendId;
};

/** Somebody who asks to be let in. By asking they say who they are: whoever answers need not be acquainted with them. */
export type Request = {
  /** Since when, in milliseconds since 1970 UTC. */
  asked_ms: number;
  /** Their handle; absent where it cannot be told, and from older servers. */
  handle?: string;
  /** The name to show. */
  name?: string;
  /** Who. */
  user: UserId;
};

/** `requests`: who asks to be let in, the longest waiting first. */
export type Requests = {
  /** Into which group. */
  conv: ConversationId;
  /** They. */
  list: (Request)[];
};

/** `resync`: forget positions and caches, ask for the inbox from 0, submit again what was acknowledged lately. */
export type Resync = {
  /** The lineage that holds now. */
  epoch: Epoch;
};

/** One body that an entry had. Its `Debug` tells how long it is, not what it says. */
export type Revision = {
  /** When, in milliseconds since 1970 UTC. */
  at_ms: number;
  /** The body. */
  body: Json;
  /** The edit that made it; absent: it was written so. */
  rev?: Seq;
};

/** `history`: the bodies an entry had, the present one first. */
export type Revisions = {
  /** In which log. */
  conv: ConversationId;
  /** The bodies, the latest first. */
  list: (Revision)[];
  /** There are older ones: ask again `before` the last `rev`. */
  more: boolean;
  /** Of which entry. */
  seq: Seq;
};

/** `revoke_link`: void one. Answered by `links` with those that are left. */
export type RevokeLink = {
  /** Of which group. */
  conv: ConversationId;
  /** Its name. */
  link: SendId;
};

/** What somebody may do: `member`, `admin` or `owner`. A role you do not know is `member`. */
export type Role = string;

/** `POST /v1/token`: a new token for the device that asks. The old one lives until the new one is first used. */
export type Rotated = {
  /** The new token; absent where it is kept in a cookie. */
  token?: TokenText;
};

/** `send`. Its `Debug` tells how long the body is, not what it says. */
export type Send = {
  /** Its content; for `text` a [`crate::Body`]. */
  body: Json;
  /** Where to. */
  conv: ConversationId;
  /** The entry whose words are passed on: the server makes the body, and `body` is `{}`. */
  forward?: Forward;
  /** What sort of entry. */
  kind: Kind;
  /** The highest seq that was on the screen: sending reads, so one's own messages never count as unread. */
  read?: Seq;
  /** The `send_id` of that entry. Where another one stands at `reply_to` by now (a backup was restored), the one that bears this name is answered, or none. */
  reply_send_id?: SendId;
  /** The entry it answers. */
  reply_to?: Seq;
  /** The change's name: the same on every retry. */
  send_id: SendId;
  /** The thread it belongs to: a message that is in no thread itself. */
  thread?: Seq;
  /** The `send_id` of the entry that starts the thread, as `reply_send_id`. */
  thread_send_id?: SendId;
};

/** The name a client gives to one change it asks for, so that a retry is recognised. Best a UUIDv7. */
export type SendId = string;

/** An entry's place in its conversation's log: 1, 2, 3 … without a gap, in commit order, below 2^32. */
export type Seq = number;

/** One connection of one device, for as long as it lives. */
export type SessionId = string;

/** `draft`: what I have begun to write in a conversation. */
export type SetDraft = {
  /** The `text_ver` of the draft that its writer had before them; absent: none. */
  base_ver?: Ver;
  /** In which conversation. */
  conv: ConversationId;
  /** Kept texts that are not wanted any more, by their `text_ver`. */
  forget?: (Ver)[];
  /** The text; empty: none any more. Absent: as it is. */
  text?: DraftText;
};

/** `mark`: a star on an entry, or the entry out of my sight. Absent is unchanged. */
export type SetMark = {
  /** In which conversation. */
  conv: ConversationId;
  /** Deleted for me. */
  hidden?: boolean;
  /** Which entry. */
  seq: Seq;
  /** Starred. */
  star?: boolean;
};

/** `prefs`: absent is unchanged, `null` is back to the default. */
export type SetPrefs = {
  /** Put it out of the way, or back. */
  archived?: boolean;
  /** Show nothing up to and with this entry any more. A maximum: nothing brings it back. */
  cleared_seq?: Seq;
  /** Of which conversation. */
  conv: ConversationId;
  /** Tell mentions although it is muted. */
  mentions_pass?: boolean;
  /** Mute until then. */
  mute_until_ms?: number;
  /** Put it at the top, or back. */
  pinned?: boolean;
};

/** `privacy`: what is left out stays as it is; with nothing in it, it only asks. */
export type SetPrivacy = {
  /** Who may know that I am there, and when I last was. */
  last_seen?: Audience;
  /** Who may know how far I have read. */
  receipts?: Audience;
  /** Who may put me into a group. */
  who_adds?: Audience;
  /** Who may begin a 1:1 with me. */
  who_writes?: Audience;
};

/** `profile`: what is left out stays as it is. An empty `about` or `picture` takes it away. Its `Debug` does not say what somebody writes about themselves. */
export type SetProfile = {
  /** A few words about oneself, at most `about_bytes_max`. */
  about?: string;
  /** Another handle. The old one is kept for its person for `handle_kept_ms`. */
  handle?: string;
  /** The name to show. */
  name?: string;
  /** The name of a picture, at most `picture_bytes_max`: a place for it, in this version. */
  picture?: string;
};

/** A change of a group's settings, and the body of the `settings` entry that tells of it. What is absent stays as it is. */
export type SettingsChange = {
  /** Only admins write. */
  announce?: boolean;
  /** Who joins by a link has to be let in. */
  approve?: boolean;
  /** What it is for; the empty text removes it. */
  description?: string;
  /** What newcomers may read. */
  history?: History;
  /** Its picture; the id of noughts removes it. */
  picture?: string;
  /** How far apart a member's messages are at least, in seconds; 0 ends it. */
  slow_mode_s?: number;
  /** Its title. */
  title?: string;
};

/** How a session lets its person appear. */
export type Show = "online" | "away" | "invisible";

/** `POST /v1/sessions`: another device of a person. */
export type SignIn = {
  /** Keep the token in a cookie instead of telling it: for a page of this server's in a browser. */
  cookie?: boolean;
  /** What to call this device in the list of devices. */
  device_name?: string;
  /** Their handle. */
  handle: string;
  /** Their password. */
  password: string;
};

/** `POST /v1/accounts`: a new person, and their first device. */
export type SignUp = {
  /** Keep the token in a cookie instead of telling it: for a page of this server's in a browser. */
  cookie?: boolean;
  /** What to call this device in the list of devices. */
  device_name?: string;
  /** The handle they want, without `@`. */
  handle: string;
  /** The invite, where the server wants one. */
  invite?: string;
  /** The token of a link into a group, in place of an invite: where the server lets who holds one sign up with it. It must be one that can be used, and is not used up by this; `join` does that. */
  link?: TokenText;
  /** The name to show. */
  name: string;
  /** Their password. */
  password: string;
};

/** The answer to both: who you are now. The token is told this once. */
export type SignedIn = {
  /** The new device. */
  device: DeviceId;
  /** Their handle as it is kept. */
  handle: string;
  /** The name to show. */
  name: string;
  /** Its token; absent where it is kept in a cookie. */
  token?: TokenText;
  /** The person. */
  user: UserId;
};

/** `DELETE /v1/devices/{device}` and `POST /v1/devices/sign-out-others`: who was signed out. */
export type SignedOut = {
  /** The devices whose tokens are void now. */
  devices: (DeviceId)[];
};

/** One stretch of a conversation's log that somebody may read, both ends included. */
export type Span = {
  /** Messages before the first entry. */
  from_ord: Ordinal;
  /** The first entry they may read. */
  from_seq: Seq;
  /** Messages up to and with the last entry; present exactly when `to_seq` is. */
  to_ord?: Ordinal;
  /** The last entry they may read; absent while they are a member. */
  to_seq?: Seq;
};

/** The answer to `starred`. */
export type Starred = {
  /** The entries, as far as I may read them now. */
  list: (StarredEntry)[];
  /** There may be more: ask again `before` this version. Absent: that was all. */
  next?: Ver;
};

/** One entry that I starred. */
export type StarredEntry = {
  /** When I starred it, in milliseconds since 1970 UTC. */
  at_ms: number;
  /** In which conversation. */
  conv: ConversationId;
  /** The entry. */
  entry: Entry;
};

/** A part of a text. On the wire an object and nothing else, as a [`Mention`]. */
export type TextRange = {
  /** How long it is, in bytes of UTF-8. */
  len: number;
  /** Where it starts, in bytes of UTF-8. */
  start: number;
};

/** The answer to `thread`: replies, in order of seq. */
export type ThreadPage = {
  /** In which conversation. */
  conv: ConversationId;
  /** The lineage of its log. */
  epoch: Epoch;
  /** The replies. */
  items: (Entry)[];
  /** There are more in the direction that was asked. */
  more: boolean;
  /** The entry that starts the thread. */
  thread: Seq;
};

/** `thread_read`: I have seen the replies of a thread up to here. A maximum; nobody else is told. */
export type ThreadRead = {
  /** In which conversation. */
  conv: ConversationId;
  /** The last entry that was shown. */
  read: Seq;
  /** The entry that starts the thread. */
  thread: Seq;
};

/** How a thread stands for me: a row of my inbox, and the answer to `follow` and `thread_read`. */
export type ThreadRow = {
  /** In which conversation. */
  conv: ConversationId;
  /** I follow it. If not, nothing is told of it: the rest is 0. */
  following?: boolean;
  /** The last reply that I may read; 0: there is none. */
  head?: Seq;
  /** My cursor in it. */
  read?: Seq;
  /** The entry that starts the thread. */
  thread: Seq;
  /** Replies above my cursor that I may read. */
  unread?: number;
};

/** How a device proves that it is one: `user.device.secret`. It never stands in a URL. */
export type TokenText = string;

/** What an inbox row is about. */
export type Topic = (ConversationRow) & ({
  topic: "conversation";
}) | {
  topic: "devices";
} | {
  topic: "profile";
} | (MarkRow) & ({
  topic: "mark";
}) | (DraftRow) & ({
  topic: "draft";
}) | (Privacy) & ({
  topic: "privacy";
}) | (Blocks) & ({
  topic: "blocks";
}) | (ThreadRow) & ({
  topic: "thread";
}) | {
  topic: "unknown";
};

/** `typing`. */
export type Typing = {
  /** Where. */
  conv: ConversationId;
};

/** `typing`. */
export type TypingNow = {
  /** Where. */
  conv: ConversationId;
  /** For how long this is true, in milliseconds, unless repeated or an entry of theirs arrives. */
  ttl_ms: number;
  /** Who. */
  user: UserId;
};

/** A person (or a bot) with an account. */
export type UserId = string;

/** How many changes a person's inbox has seen. One more for each change of one row; rows are compacted. */
export type Ver = number;

/** `ver`: the inbox moved from `prev` to `ver`. A client that stood at `prev` adopts `ver` if `pull` is not set and it holds every head named, or has marked it stale; else it asks for `inbox`. */
export type VerMoved = {
  /** Logs that grew. */
  heads: (Head)[];
  /** Where it stood. */
  prev: Ver;
  /** More than heads changed: ask for `inbox`. */
  pull?: boolean;
  /** Where it stands. */
  ver: Ver;
};

/** `watch`. */
export type Watch = {
  /** Conversations that are open: typing and cursors are told for these. */
  open?: (ConversationId)[];
  /** People whose presence is on the screen. */
  presence_of?: (UserId)[];
  /** How this session lets its person appear; absent: online. */
  show?: Show;
};

/** `watching`: the answer to `watch`. */
export type Watching = {
  /** Cursors of the open conversations. */
  cursors: (Cursors)[];
  /** Heads of the open conversations. */
  heads: (Head)[];
  /** Those of `presence_of` whom the asker may see. */
  presence: (PresenceOf)[];
};

/** `welcome`. */
export type Welcome = {
  /** How often to beat, in milliseconds: the first time after a random part of it. */
  beat_ms: number;
  /** Which of your devices. */
  device: DeviceId;
  /** The lineage of the person's inbox. */
  epoch: Epoch;
  /** The bounds a client acts on. */
  limits: Limits;
  /** The server's clock, in milliseconds since 1970 UTC. For display; nothing is ordered by it. */
  server_ms: number;
  /** This connection's name, for a question to an admin. */
  session: SessionId;
  /** Who the token says you are. */
  user: UserId;
  /** The version of the protocol that is spoken from here on. */
  v: number;
  /** Where your inbox stands. */
  ver: Ver;
};

/** What a `create` begins. */
export type What = {
  kind: "direct";
  /** The other person. */
  with: UserId;
} | {
  kind: "group";
  /** Its first members besides the creator. One too many and the whole is refused. */
  members: (UserId)[];
  /** Its title. */
  title: string;
};

/** What a client says. */
export type ClientFrame =
  | ({ t: "hello" } & Hello)
  | ({ t: "send" } & Send)
  | ({ t: "get" } & Get)
  | ({ t: "cursor" } & Cursor)
  | ({ t: "inbox" } & AskInbox)
  | ({ t: "heads" } & AskHeads)
  | ({ t: "watch" } & Watch)
  | ({ t: "beat" } & Beat)
  | ({ t: "typing" } & Typing)
  | ({ t: "create" } & Create)
  | ({ t: "add" } & Add)
  | ({ t: "remove" } & Remove)
  | ({ t: "leave" } & Leave)
  | ({ t: "settings" } & ChangeSettings)
  | ({ t: "role" } & ChangeRole)
  | ({ t: "link" } & MakeLink)
  | ({ t: "links" } & AskLinks)
  | ({ t: "revoke_link" } & RevokeLink)
  | ({ t: "look" } & AskLook)
  | ({ t: "join" } & Join)
  | ({ t: "requests" } & AskRequests)
  | ({ t: "admit" } & Admit)
  | ({ t: "edit" } & Edit)
  | ({ t: "delete" } & Delete)
  | ({ t: "react" } & React)
  | ({ t: "pin" } & Pin)
  | ({ t: "pins" } & AskPins)
  | ({ t: "history" } & AskHistory)
  | ({ t: "members" } & AskMembers)
  | ({ t: "people" } & AskPeople)
  | ({ t: "prefs" } & SetPrefs)
  | ({ t: "mark" } & SetMark)
  | ({ t: "starred" } & AskStarred)
  | ({ t: "draft" } & SetDraft)
  | ({ t: "read_all" } & ReadAll)
  | ({ t: "receipts" } & AskReceipts)
  | ({ t: "profile" } & SetProfile)
  | ({ t: "privacy" } & SetPrivacy)
  | ({ t: "block" } & Block)
  | ({ t: "answer" } & AnswerRequest)
  | ({ t: "report" } & Report)
  | ({ t: "follow" } & Follow)
  | ({ t: "thread_read" } & ThreadRead)
  | ({ t: "thread" } & AskThread)
  | ({ t: "find" } & Find);

/** What a server says. */
export type ServerFrame =
  | ({ t: "welcome" } & Welcome)
  | ({ t: "inbox" } & Inbox)
  | ({ t: "entries" } & Entries)
  | ({ t: "ack" } & Ack)
  | ({ t: "refuse" } & Refusal)
  | ({ t: "entry" } & Live)
  | ({ t: "ver" } & VerMoved)
  | ({ t: "heads" } & Heads)
  | ({ t: "watching" } & Watching)
  | ({ t: "cursors" } & Cursors)
  | ({ t: "cursor_ok" } & CursorOk)
  | ({ t: "typing" } & TypingNow)
  | ({ t: "presence" } & Presence)
  | ({ t: "behind" } & Behind)
  | ({ t: "resync" } & Resync)
  | ({ t: "beat" } & BeatBack)
  | ({ t: "bye" } & Bye)
  | ({ t: "members" } & Members)
  | ({ t: "people" } & People)
  | ({ t: "link" } & LinkMade)
  | ({ t: "links" } & Links)
  | ({ t: "look" } & Look)
  | ({ t: "asked" } & Asked)
  | ({ t: "requests" } & Requests)
  | ({ t: "pins" } & Pins)
  | ({ t: "history" } & Revisions)
  | ({ t: "prefs_ok" } & PrefsOk)
  | ({ t: "mark_ok" } & MarkOk)
  | ({ t: "starred" } & Starred)
  | ({ t: "draft_ok" } & DraftOk)
  | ({ t: "read_all_ok" } & ReadAllOk)
  | ({ t: "receipts" } & Receipts)
  | ({ t: "profile_ok" } & Person)
  | ({ t: "privacy_ok" } & Privacy)
  | ({ t: "block_ok" } & Block)
  | ({ t: "answer_ok" } & AnswerRequest)
  | ({ t: "report_ok" } & ReportOk)
  | ({ t: "thread_ok" } & ThreadRow)
  | ({ t: "thread" } & ThreadPage);

/** Refusals by their names. */
export const Code = {
  /** The frame is not a JSON object of this type; see PROTOCOL.md for its fields. */
  malformed: 101,
  /** This server does not know frames of this type; it may be older than the client. */
  unknown_type: 102,
  /** Something in the frame is larger or more than its limit allows; `welcome.limits` has the limits. */
  too_large: 103,
  /** `hello` comes first and comes once. */
  out_of_order: 104,
  /** None of the offered versions is spoken here; update the client. */
  unsupported_version: 105,
  /** The token, or the handle and password, are not known here; sign in again. */
  unauthenticated: 201,
  /** Signing up needs an invite here; ask who runs this server for one. */
  invite_needed: 202,
  /** The invite is not known, is used up, or has run out; ask for a new one. */
  invite_invalid: 203,
  /** This request comes from a page of another site; open this server's own address. */
  foreign_origin: 204,
  /** This account is deactivated; ask who runs this server to let you in again. */
  deactivated: 211,
  /** There is no such conversation for you. */
  not_found: 301,
  /** You are no longer a member of this conversation; you can read what you could read then. */
  not_a_member: 302,
  /** Your role in this conversation does not allow this. */
  forbidden: 303,
  /** Only admins write in this group now; others may react. */
  announcements_only: 304,
  /** You were removed from this group, so a link does not bring you back; somebody in it has to add you. */
  removed: 305,
  /** This person does not take messages from you. */
  not_accepted: 331,
  /** You block this person; unblock them first. */
  you_block: 332,
  /** This person's account is deactivated; what was said can be read, and nothing more be written. */
  peer_deactivated: 333,
  /** Somebody named lets only people they know put them into groups; write to them first. Nobody was added. */
  not_addable: 334,
  /** This send_id already names another change; use a new one for a new change. */
  send_id_reused: 401,
  /** The group would have more members than group_members_max; nobody was added. */
  group_full: 402,
  /** Members change in groups only; a 1:1 always has its two people. */
  not_a_group: 403,
  /** The body does not fit its kind. */
  bad_body: 404,
  /** A client may not send entries of this kind. */
  bad_kind: 405,
  /** The entry this refers to does not exist, or you may not read it. */
  bad_reference: 406,
  /** The cursor lies beyond the last entry you may read. */
  beyond_head: 407,
  /** One of the people named has no account here; nothing was changed. */
  unknown_person: 408,
  /** Somebody else has this handle; choose another. */
  handle_taken: 409,
  /** The request contradicts itself or leaves out what it needs. */
  bad_request: 410,
  /** There are as many devices as devices_max; sign one of them out first. */
  too_many_devices: 411,
  /** A handle is 2 to 32 of a-z, 0-9, `.`, `_`, `-`, and starts with a letter or digit. */
  bad_handle: 412,
  /** A password has 8 to 1024 bytes. */
  bad_password: 413,
  /** The entry was deleted; nothing of it can be changed or passed on any more. */
  deleted: 414,
  /** The time for it has passed: one's own messages can be edited for edit_ms_max and deleted for delete_ms_max. */
  too_late: 415,
  /** There are as many reactions or pins here as there may be; take one back first. */
  too_many: 416,
  /** Only what people wrote can be changed, reacted to, pinned or passed on; and only a text can be edited. */
  not_a_message: 417,
  /** A thread starts at a message that is in no thread itself; name that one. */
  not_a_root: 418,
  /** A group always has an owner; make somebody else one first. */
  last_owner: 430,
  /** There are as many links, or people who ask to be let in, as there may be; an admin has to see to them. */
  too_many_links: 431,
  /** There are as many marks as marks_max; nothing was marked. */
  too_many_marks: 440,
  /** You gave up as many handles as are kept for you; wait until one is free, or take one back. */
  too_many_handles: 441,
  /** You block as many people as blocks_max; unblock one of them first. */
  too_many_blocks: 442,
  /** So many reports of yours are open already; wait until somebody has looked at them. */
  too_many_reports: 443,
  /** This conversation is no request to you, or is answered already. */
  not_a_request: 444,
  /** Too many requests of this sort; wait for retry_after_ms. */
  rate_limited: 501,
  /** The server has more to do than it can; wait for retry_after_ms. */
  overloaded: 502,
  /** Something broke on the server; it is logged there. Try again with the same send_id. */
  internal: 503,
  /** This server is going down for a restart; connect again. */
  draining: 504,
  /** This group is in slow mode, and your last message is not long enough ago; wait for retry_after_ms. */
  slow_mode: 505,
  /** The server's disk is nearly full, so nothing new is taken; what is there can be read. Try again later. */
  low_disk: 506,
} as const;

/** What a client has to do after a close, by its code; after any other: `reconnect`. */
export const DUTIES: { readonly [code: number]: "reconnect" | "sign in" | "stop" } = {
  4000: "reconnect",
  4001: "reconnect",
  4002: "reconnect",
  4003: "reconnect",
  4004: "reconnect",
  4005: "reconnect",
  4100: "sign in",
  4101: "sign in",
  4200: "stop",
  4201: "stop",
  4202: "stop",
};

/** The least role for each right: plain, announcing, approving, both. */
export const RIGHTS = {
  write: ["member", "admin", "member", "admin"],
  edit_own: ["member", "admin", "member", "admin"],
  delete_own: ["member", "member", "member", "member"],
  delete_others: ["admin", "admin", "admin", "admin"],
  react: ["member", "member", "member", "member"],
  pin: ["member", "admin", "member", "admin"],
  mention_all: ["admin", "admin", "admin", "admin"],
  describe: ["admin", "admin", "admin", "admin"],
  set_rules: ["admin", "admin", "admin", "admin"],
  skip_slow_mode: ["admin", "admin", "admin", "admin"],
  add: ["member", "member", "admin", "admin"],
  remove: ["admin", "admin", "admin", "admin"],
  link: ["admin", "admin", "admin", "admin"],
  admit: ["admin", "admin", "admin", "admin"],
  set_roles: ["owner", "owner", "owner", "owner"],
} as const;

/** Bounds that a client acts on and is not told in `welcome`. */
export const LIMITS = {
  acked_keep_ms: 600000,
  body_bytes_max: 65536,
  text_bytes_max: 16384,
  early_hold_ms_max: 500,
  group_members_max: 256,
  mentions_max: 64,
  presence_ttl_ms: 75000,
  server_frame_bytes_max: 1048576,
  typing_interval_ms_min: 3000,
  watch_presence_max: 100,
  title_bytes_max: 256,
  description_bytes_max: 2048,
  name_bytes_max: 128,
} as const;
