/**
 * What the owner of a device's end may ask of it, and what comes back.
 */

import type {
  ClientFrame, ConversationId, Entry, Members, People, Person, Pins, Privacy, ReadAllOk, Receipts, Refusal, Revisions,
  SendId, Seq, ServerFrame, Show, Starred, UserId, AskHistory, AskPeople, AskReceipts, AskStarred,
  AskThread, Find, ThreadPage,
} from "../wire/wire";
import type { Place } from "./log";
import type { Verb } from "./verb";
import type { Wish } from "./wish";

/** The number under which a command's answer is awaited. */
export type Ticket = number;

/** Something about invite links. */
export type AboutLinks = Extract<
  ClientFrame,
  { t: "link" | "links" | "revoke_link" | "look" | "join" | "requests" }
>;

/** What is decided about people. */
export type Decision = Extract<ClientFrame, { t: "profile" | "privacy" | "block" | "answer" | "report" }>;

/** What is asked of the server: it waits for a connection, and is asked again after a cut. */
export type Question =
  /** A page of a log, from this place, so many entries at most. */
  | { command: "page"; conv: ConversationId; place: Place; limit: number }
  /** Who is in a conversation, after this person. */
  | { command: "members"; conv: ConversationId; after?: UserId }
  | { command: "people"; ask: AskPeople }
  | { command: "link"; frame: AboutLinks }
  /** Which entries of a conversation are pinned. */
  | { command: "pins"; conv: ConversationId }
  /** What an entry said before it was edited. */
  | { command: "history"; ask: AskHistory }
  /** Answered with `decided` once it is durable on the server. */
  | { command: "decide"; decision: Decision }
  /** The replies of a thread. */
  | { command: "thread"; ask: AskThread }
  /** The entry of this name, and those around it: answered with `page`. What it leads to is shown, and not kept. */
  | { command: "find"; ask: Find }
  /** Entries that I starred. */
  | { command: "starred"; ask: AskStarred }
  /** I have read everything. */
  | { command: "read_all" }
  /** Who received and who read an entry. */
  | { command: "receipts"; ask: AskReceipts };

/** A command. */
export type Command =
  | Question
  /** Write something: answered with `queued` once it is kept; what became of it is an event. */
  | { command: "write"; verb: Verb }
  /** A failed or waiting change is given up. */
  | { command: "dismiss"; send_id: SendId }
  /** The conversation is on the screen: it is followed closely, cursors and typing are told. */
  | { command: "open"; conv: ConversationId }
  /** It no longer is. */
  | { command: "close"; conv: ConversationId }
  /** Whose presence is on the screen. Replaces what was said before. */
  | { command: "presence"; people: UserId[] }
  /** How I appear. */
  | { command: "show"; show: Show }
  /** I am typing. */
  | { command: "typing"; conv: ConversationId }
  /** I have seen everything up to here. */
  | { command: "read"; conv: ConversationId; seq: Seq }
  /** I mark as unread what is above this seq. */
  | { command: "mark_unread"; conv: ConversationId; seq: Seq }
  /** Something of my own is to change: kept, and said until it is answered. */
  | { command: "own"; wish: Wish }
  /** The network came back, or a person looks: try to connect at once. */
  | { command: "hurry" };

/** What the server said about invite links; an `ack`: one has joined. */
export type OfLinks = Extract<ServerFrame, { t: "link" | "links" | "look" | "asked" | "requests" | "ack" }>;

/** The answer to a command. */
export type Reply =
  /** Done, or noted to be done. */
  | { reply: "done" }
  /** Kept; it will be sent. */
  | { reply: "queued"; send_id: SendId }
  | { reply: "page"; page: Page }
  | { reply: "members"; members: Members }
  | { reply: "people"; people: People }
  | { reply: "link"; frame: OfLinks }
  | { reply: "pins"; pins: Pins }
  | { reply: "history"; revisions: Revisions }
  | { reply: "thread"; page: ThreadPage }
  | { reply: "starred"; starred: Starred }
  | { reply: "read_all"; ok: ReadAllOk }
  | { reply: "receipts"; receipts: Receipts }
  /** It is decided: who I am now, or who may reach me now. */
  | { reply: "decided"; person?: Person; privacy?: Privacy }
  /** It will not be done. */
  | { reply: "no"; no: No };

/** Why a command is not done. */
export type No =
  /** The server, or this device by the server's limits, refuses it. */
  | { no: "refused"; refusal: Refusal }
  /** So much waits to be sent already. */
  | { no: "full" }
  /** Too many commands wait for their answers. */
  | { no: "busy" }
  /** The connection is over for good: sign in again, or update. */
  | { no: "stopped" };

/** A page of a log. */
export type Page = {
  /** The first seq it speaks of, and the last; `to` below `from`: it speaks of none. */
  from: Seq;
  to: Seq;
  /** There is more beyond, in the direction that was asked. */
  more: boolean;
  /** It is as the server has it now. Otherwise it is as this device last knew it: there is no connection. */
  fresh: boolean;
  /** The entries, in order. */
  entries: Entry[];
};
