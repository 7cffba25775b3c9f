/**
 * One device's end without its socket, its disk and its clock: `step` takes what happened and says what to do.
 *
 * Actions are to be done in their order. That order carries the promises: what is kept comes before the event that
 * tells of it, before the frame that sends it, and before the cursor that confirms it. If keeping fails, whatever comes
 * after it must not be done.
 */

import { LIMITS } from "../../wire/wire";
import type {
  ClientFrame, ConversationId, Limits, SendId, Show, UserId, Watch,
} from "../../wire/wire";
import { newBackoff } from "../backoff";
import type { Bounds } from "../bounds";
import type { Chance } from "../chance";
import type { Change } from "../change";
import type { Command, Question, Reply, Ticket } from "../command";
import { uuidV7 } from "../derived";
import type { Event } from "../event";
import { latestFirst } from "../inbox";
import type { ConversationInboxRow } from "../inbox";
import type { Place } from "../log";
import { inOrder, soonest } from "../order";
import { Peers } from "../peers";
import type { Have } from "../peers";
import type { Range } from "../ranges";
import { answeredBy, frameOf } from "../shape";
import { State } from "../state";
import { linesOf } from "../timeline";
import type { Line } from "../timeline";
import type { About } from "../wish";
import { connected, disconnected, keepTime, linkWakeAt, pausedUntil } from "./connection";
import type { Link, Session } from "./connection";
import { takeFrame } from "./frame";
import { pump } from "./pump";
import { takeCommand } from "./take";

/**
 * Which logs are fetched before somebody opens them. Open: only open ones, and live entries that follow all the same.
 * Lively: also those whose head moves while connected, and after a resume the most lately active. Everything: all of
 * them, however wide the gap.
 */
export type Follow = "open" | "lively" | "everything";

/** Who the device is and how it behaves. */
export type Options = {
  /** The device's token; a page has none, its cookie goes with the connection by itself. */
  token?: string;
  /** Whose device it is. */
  me: UserId;
  /** The client's name and version. */
  client?: string;
  /** Which logs are fetched unasked; lively where it is not said. */
  follow?: Follow;
  /** Whether the server is told what this device has stored; yes where it is not said. */
  delivers?: boolean;
  /** All chance there is in here. */
  chance: Chance;
};

/** What happened. A frame is taken as it came: its shape is looked at in here. */
export type Input =
  | { input: "connected" }
  | { input: "frame"; frame: unknown }
  /** The connection ended, or did not come about; with the close code, if one was said. */
  | { input: "disconnected"; code?: number }
  /** Time went by: at `wakeAt` or whenever. */
  | { input: "tick" }
  /** The owner asks for something. */
  | { input: "command"; ticket: Ticket; command: Command };

/** A frame with the number of the request that it is. */
export type Said = ClientFrame & { id?: number };

/** What to do, in order. */
export type Action =
  /** Connect. Answered by `connected` or `disconnected`. */
  | { do: "connect" }
  /** Drop the connection. Not answered. */
  | { do: "close" }
  | { do: "send"; frame: Said }
  /** Keep this, durably where `mustBeDurable` says so, before anything that follows. */
  | { do: "keep"; change: Change }
  /** Tell the owner. */
  | { do: "tell"; event: Event }
  /** Answer a command. */
  | { do: "reply"; ticket: Ticket; reply: Reply };

/** What an unanswered request was about. */
export type Ask =
  | { ask: "hello" | "inbox" | "watch" | "beat" }
  | { ask: "write"; send_id: SendId }
  | { ask: "cursor"; conv: ConversationId }
  | { ask: "own"; about: About }
  | { ask: "pull"; conv: ConversationId; place: Place }
  | { ask: "page"; ticket: Ticket; question: Extract<Question, { command: "page" }>; held?: Range }
  | { ask: "question"; ticket: Ticket; question: Question };

/** The limits of a server that has not told any. */
export const LIMITS_UNTOLD: Required<Limits> = {
  client_frame_bytes_max: 128 * 1024,
  body_bytes_max: LIMITS.body_bytes_max,
  text_bytes_max: LIMITS.text_bytes_max,
  group_members_max: LIMITS.group_members_max,
  page_entries_max: 200,
  heads_max: 200,
  watch_open_max: 32,
  watch_presence_max: LIMITS.watch_presence_max,
  inflight_requests_max: 64,
};

/** One device's end. Its parts are for the files beside this one; owners read and change nothing. */
export class Core {
  readonly options: Options;
  readonly bounds: Bounds;
  readonly state: State;
  readonly peers = new Peers();
  readonly backoff = newBackoff();
  link: Link = { link: "waiting", until_ms: 0 };
  /** The server's limits, from the last welcome. */
  limits: Required<Limits> = LIMITS_UNTOLD;
  next_request = 1;
  /** By number, the oldest first. */
  readonly pending = new Map<number, { ask: Ask; since_ms: number }>();
  /** Questions that wait for a connection, or for a place among the unanswered requests. */
  questions: { ticket: Ticket; question: Question }[] = [];
  /** Logs that are fetched when they want something. */
  readonly pulls = new Set<ConversationId>();
  readonly open = new Set<ConversationId>();
  presence_of: readonly UserId[] = [];
  show: Show = "online";
  /** Where typing was last said, and when. */
  typed: { conv?: ConversationId; at_ms: number } = { at_ms: 0 };
  private out: Action[] = [];

  /** A device that stands where `state` says, and connects at its first tick. The state is its own from now on. */
  constructor(options: Options, bounds: Bounds, state: State = new State()) {
    this.options = options;
    const everything = options.follow === "everything";
    this.bounds = everything ? { ...bounds, gap_fill_entries_max: Infinity, begin_anywhere: false } : bounds;
    this.state = state;
    state.outbox.disconnected();
    state.own.disconnected();
    if (options.delivers ?? true) {
      for (const conv of inOrder(state.logs)) {
        const before = state.cursors.mine(conv).delivered;
        state.cursors.delivered(conv, state.logs.get(conv)?.delivered(before, this.bounds) ?? 0, 0);
      }
    }
  }

  /** Something happened: what to do about it. */
  step(input: Input, now_ms: number): Action[] {
    switch (input.input) {
      case "connected":
        connected(this, now_ms);
        break;
      case "frame": {
        const frame = frameOf(input.frame);
        // One of an unknown type, or of another shape, is passed over.
        if (frame) takeFrame(this, answeredBy(input.frame), frame, now_ms);
        break;
      }
      case "disconnected":
        disconnected(this, input.code, now_ms);
        break;
      case "command":
        takeCommand(this, input.ticket, input.command, now_ms);
        break;
      case "tick":
    }
    keepTime(this, now_ms);
    pump(this, now_ms);
    const out = this.out;
    this.out = [];
    return out;
  }

  /** When the next tick is due, in the milliseconds of `now_ms`. */
  wakeAt(now_ms: number): number | undefined {
    const { link, state } = this;
    if (link.link === "stopped") return undefined;
    const at = linkWakeAt(this);
    if (link.link !== "ready") return at;
    const logs = [...this.pulls].map((conv) => state.logs.get(conv)?.wakeAt(now_ms));
    const { outbox, cursors, own } = state;
    return soonest([
      at, outbox.wakeAt(now_ms), cursors.wakeAt(now_ms), own.wakeAt(now_ms), pausedUntil(link.session, now_ms), ...logs,
    ]);
  }

  /** A new name for a change. */
  newSendId(now_ms: number): SendId {
    return uuidV7(now_ms, this.options.chance);
  }

  /** Whether the server knows us and the inbox is whole. */
  isCaughtUp(): boolean {
    return this.link.link === "ready" && this.link.session.caught_up;
  }

  /** The inbox as it is to be shown: the latest first, each with its unread count. */
  inbox(): { row: ConversationInboxRow; unread: number }[] {
    return latestFirst(this.state.inbox.rows()).map((row) => ({ row, unread: this.state.unread(row.conv) }));
  }

  /** Up to where everybody else in a conversation has stored, and read. */
  allHave(conv: ConversationId): Have {
    return this.peers.allHave(conv, this.state.inbox.row(conv)?.peer);
  }

  /** What to show of the end of a conversation. */
  timeline(conv: ConversationId): Line[] {
    const tail = this.state.logs.get(conv)?.tail() ?? [];
    return linesOf(tail, this.state.outbox, conv, this.options.me, this.allHave(conv));
  }

  act(action: Action): void {
    this.out.push(action);
  }

  tell(event: Event): void {
    this.out.push({ do: "tell", event });
  }

  keep(change: Change): void {
    this.out.push({ do: "keep", change });
  }

  reply(ticket: Ticket, reply: Reply): void {
    this.out.push({ do: "reply", ticket, reply });
  }

  /** Sends a request and notes what its answer will be about. */
  ask(ask: Ask, frame: ClientFrame, now_ms: number): void {
    const id = this.next_request;
    this.next_request += 1;
    this.pending.set(id, { ask, since_ms: now_ms });
    this.act({ do: "send", frame: { ...frame, id } });
  }

  /** Forgets unanswered requests. */
  forgetAsks(which: (ask: Ask) => boolean): void {
    for (const [id, { ask }] of this.pending) if (which(ask)) this.pending.delete(id);
  }

  session(): Session | undefined {
    return this.link.link === "ready" ? this.link.session : undefined;
  }

  /** This log may want something: look at it when there is something to send. */
  lookAt(conv: ConversationId): void {
    if (this.options.follow !== "open" || this.open.has(conv)) this.pulls.add(conv);
  }

  /** Whether anything is on the screen. */
  watches(): boolean {
    return this.open.size > 0 || this.presence_of.length > 0 || this.show !== "online";
  }

  watch(): Watch {
    return {
      open: inOrder(this.open).slice(0, this.limits.watch_open_max),
      presence_of: this.presence_of.slice(0, this.limits.watch_presence_max),
      show: this.show,
    };
  }
}
