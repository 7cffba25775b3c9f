/**
 * What the screens know of the engine. The engine lives in a worker: it keeps, sends and receives; a screen watches
 * views and gives orders. Nothing here touches a socket, a database or the page, so either side can be replaced.
 *
 * Every value that crosses is plain data (structured clone). A view is told whole each time it changes; parts that did
 * not change keep their identity within a tab, so a screen that compares by identity draws only what is new.
 */

import type {
  Answer, Audience, Body, ConversationId, ConversationKind, Device, FirstContact, Generation, GroupSettings, Link,
  LinkMade, Look, Mention, Person, Prefs, Privacy, Reaction, ReceiptOf, Refusal, Revisions, Role, SendId, Seq,
  SettingsChange, Show, StarredEntry, UserId,
} from "../wire/wire";

/** What a tab holds. */
export interface Engine {
  /**
   * Follows a view: `tell` is called with what is known as soon as it is, and again at every change. Returns how to stop.
   */
  watch<V extends ViewName>(view: V, of: Views[V]["of"], tell: (is: Views[V]["is"]) => void): () => void;
  /**
   * Gives an order. A change of a conversation settles once it is durable on this device, under the name it will have
   * on the server; a question settles with its answer. Rejects with a {@link No}.
   */
  order<O extends OrderName>(order: O, ask: Orders[O]["ask"]): Promise<Orders[O]["answer"]>;
}

/** Why an order was not carried out: in words for a person, and by number if the server said it. */
export type No = { no: "refused"; refusal: Refusal } | { no: "offline" } | { no: "full" } | { no: "broken"; why: string };

export type ViewName = keyof Views;
export type OrderName = keyof Orders;

/** What can be watched: what of, and what it is. */
export type Views = {
  session: { of: null; is: Session };
  /** All conversations, pinned ones first, then by their last activity. */
  conversations: { of: null; is: readonly Row[] };
  conversation: { of: ConversationId; is: Detail | null };
  timeline: { of: TimelineOf; is: Timeline };
  /** Who they are, as far as it is known; unknown ones are asked for. */
  people: { of: readonly UserId[]; is: { readonly [user: UserId]: Person } };
  /** Who types there now, without me. */
  typing: { of: ConversationId; is: readonly UserId[] };
  /** Who of them is there. */
  presence: { of: readonly UserId[]; is: { readonly [user: UserId]: Presence } };
  /** My own account. */
  me: { of: null; is: Me };
};

/** How things stand as a whole. */
export type Session = {
  stage: "starting" | "signed out" | "signed in";
  /** Who I am, once it is known. */
  me?: UserId;
  link: LinkState;
  /** Changes that wait here, and those that were refused for good. */
  waiting: number;
  failed: number;
  /** What is wrong with keeping things here, if something is: they live in this tab only, or nothing can be kept. */
  storage: "durable" | "may be cleared" | "memory only" | "full";
  /** A newer version of this app is here: reload when it suits; the outbox is kept. */
  update_ready: boolean;
};

/** The connection, as it is. */
export type LinkState =
  | { is: "connecting" }
  | { is: "online" }
  /** Connected, and still fetching what was missed. */
  | { is: "catching up" }
  | { is: "offline"; retry_at_ms: number }
  /** There will be no further try: sign in again, or reload for a newer version. */
  | { is: "stopped"; duty: "sign in" | "stop" };

/** A conversation in the list. */
export type Row = {
  conv: ConversationId;
  kind: ConversationKind;
  /** A group's title, the other person's name, or `null` for the conversation with myself. */
  title: string | null;
  /** In a 1:1: the other person; in the one with myself, me. */
  peer?: UserId;
  /** My role; absent when I am no longer a member. */
  role?: Role;
  /** How a 1:1 that a stranger began stands for me. */
  request?: FirstContact;
  unread: number;
  mentions: number;
  prefs: Prefs;
  /** Muted at this moment. */
  muted: boolean;
  /** The last line, if it is known here. */
  last?: Line;
  at_ms: number;
  draft?: string;
  /** Who waits to be let in, for who may let in. */
  requests?: number;
};

/** A conversation with what its page needs. */
export type Detail = Row & {
  settings: GroupSettings;
  head_seq: Seq;
  /** Up to here I have read, and its generation. */
  read_seq: Seq;
  gen: Generation;
  /** The first unread message when it was opened: where the unread line stands. */
  unread_from?: Seq;
  mention_seqs: readonly Seq[];
  /** What I may do here. */
  may: { readonly [right: string]: boolean };
  /** Drafts that another device wrote and this one would have overwritten. */
  kept_drafts: readonly { text: string; ver: number; at_ms: number }[];
};

/** Which stretch of a conversation. */
export type TimelineOf = {
  conv: ConversationId;
  /** About this entry; `null`: the end, and what comes after it as it comes. */
  around: Seq | null;
  /** Lines wanted, at most `LINES_MAX`. */
  count: number;
};

/** Lines of one `timeline`, at most. */
export const LINES_MAX = 600;

/** Lines that follow each other without a hole. */
export type Timeline = {
  conv: ConversationId;
  lines: readonly Line[];
  /** There is more before the first, after the last. */
  before: boolean;
  after: boolean;
  /** It is being fetched. */
  loading: boolean;
};

/** One line. */
export type Line = {
  /** Its place; absent while it is only here. */
  seq?: Seq;
  send_id: SendId;
  sender: UserId;
  at_ms: number;
  kind: string;
  /** Of a text; otherwise the content as it is. */
  body: Body & { [field: string]: unknown };
  reply_to?: Seq;
  /** The line that it answers, if it is known here. */
  reply?: Line;
  thread?: Seq;
  edited: boolean;
  deleted_by?: UserId;
  pinned: boolean;
  reactions: readonly Reaction[];
  star: boolean;
  ticks: Ticks;
  /** Why it was refused, where `ticks` is `failed`. */
  refusal?: Refusal;
};

/** How far a line of mine has got; `none`: it is not mine. */
export type Ticks = "none" | "queued" | "failed" | "sent" | "delivered" | "read";

export type Presence = { here: "online" | "away" | "offline"; last_seen_ms?: number };

export type Me = {
  person?: Person;
  privacy?: Privacy;
  blocks: readonly UserId[];
  devices: readonly Device[];
  show: Show;
};

/** What a line points to, as it was seen: its place and its name. */
export type Target = { seq: Seq; name: SendId };

/** What can be ordered: with what, and what it is answered with. */
export type Orders = {
  // Who I am
  sign_up: { ask: { handle: string; name: string; password: string; invite?: string }; answer: void };
  sign_in: { ask: { handle: string; password: string }; answer: void };
  sign_out: { ask: null; answer: void };
  sign_out_others: { ask: null; answer: void };
  sign_out_device: { ask: { device: string }; answer: void };
  profile: { ask: { name?: string; handle?: string; about?: string }; answer: void };
  privacy: { ask: { [what in keyof Privacy]?: Audience }; answer: void };
  show: { ask: { show: Show }; answer: void };
  /** Try to connect at once: the page is looked at again. */
  hurry: { ask: null; answer: void };

  // What is said
  send: { ask: { conv: ConversationId; text: string; mentions: readonly Mention[]; reply_to?: Target; thread?: Target };
    answer: SendId };
  edit: { ask: { conv: ConversationId; target: Target; text: string; mentions: readonly Mention[] }; answer: SendId };
  delete: { ask: { conv: ConversationId; target: Target }; answer: SendId };
  react: { ask: { conv: ConversationId; target: Target; emoji: string; on: boolean }; answer: SendId };
  pin: { ask: { conv: ConversationId; target: Target; on: boolean }; answer: SendId };
  forward: { ask: { from: ConversationId; origin: Target; kind: string; to: ConversationId }; answer: SendId };
  /** Gives up what failed or was not sent yet; its words come back. */
  dismiss: { ask: { send_id: SendId }; answer: string | null };
  /** Says what failed once more, under another name. */
  retry: { ask: { send_id: SendId }; answer: SendId };
  typing: { ask: { conv: ConversationId }; answer: void };
  /** It was on the screen, in a window that has the focus. */
  read: { ask: { conv: ConversationId; seq: Seq }; answer: void };
  mark_unread: { ask: { conv: ConversationId; seq: Seq }; answer: void };
  read_all: { ask: null; answer: void };
  receipts: { ask: { conv: ConversationId; seq: Seq }; answer: readonly ReceiptOf[] };
  history: { ask: { conv: ConversationId; seq: Seq }; answer: Revisions };
  pins: { ask: { conv: ConversationId }; answer: readonly Line[] };
  starred: { ask: { before?: number }; answer: readonly StarredEntry[] };
  draft: { ask: { conv: ConversationId; text: string }; answer: void };
  forget_draft: { ask: { conv: ConversationId; ver: number }; answer: void };
  star: { ask: { conv: ConversationId; seq: Seq; on: boolean }; answer: void };
  hide: { ask: { conv: ConversationId; seq: Seq }; answer: void };
  prefs: { ask: { conv: ConversationId } & Partial<Prefs>; answer: void };
  /** The seq of the first message of a day. */
  seq_of_day: { ask: { conv: ConversationId; day_ms: number }; answer: Seq | null };

  // Where it is said
  open: { ask: { conv: ConversationId }; answer: void };
  close: { ask: { conv: ConversationId }; answer: void };
  begin: { ask: { with: UserId }; answer: ConversationId };
  group: { ask: { title: string; members: readonly UserId[] }; answer: ConversationId };
  members: { ask: { conv: ConversationId }; answer: readonly { user: UserId; role: Role }[] };
  add: { ask: { conv: ConversationId; users: readonly UserId[] }; answer: SendId };
  remove: { ask: { conv: ConversationId; user: UserId }; answer: SendId };
  leave: { ask: { conv: ConversationId }; answer: SendId };
  settings: { ask: { conv: ConversationId; change: SettingsChange }; answer: SendId };
  role: { ask: { conv: ConversationId; user: UserId; role: Role }; answer: SendId };
  make_link: { ask: { conv: ConversationId; uses?: number; expires_ms?: number }; answer: LinkMade };
  links: { ask: { conv: ConversationId }; answer: readonly Link[] };
  revoke_link: { ask: { conv: ConversationId; link: SendId }; answer: readonly Link[] };
  look: { ask: { token: string }; answer: Look };
  join: { ask: { token: string }; answer: { conv: ConversationId; asked: boolean } };
  requests: { ask: { conv: ConversationId }; answer: readonly { user: UserId; asked_ms: number }[] };
  admit: { ask: { conv: ConversationId; user: UserId; yes: boolean }; answer: SendId };

  // People
  find: { ask: { text: string }; answer: readonly Person[] };
  answer: { ask: { conv: ConversationId; answer: Answer }; answer: void };
  block: { ask: { user: UserId; on: boolean }; answer: void };
  report: { ask: { user: UserId; conv: ConversationId; seqs: readonly Seq[]; why: string }; answer: void };
};
