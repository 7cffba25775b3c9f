/**
 * What to send next: writes first, then cursors, wishes, the inbox, what is on the screen, questions, and last the
 * fetching.
 */

import type { ClientFrame, ConversationId } from "../../wire/wire";
import { RESUME_EAGER_MAX } from "../bounds";
import type { Question, Ticket } from "../command";
import { getOf } from "../log";
import type { Place } from "../log";
import { inOrder } from "../order";
import { aboutOf } from "../wish";
import type { Core } from "./core";
import { askForPage } from "./take";

/** Places among the unanswered requests that fetching leaves free, so that a message never waits behind history. */
const FETCH_LEAVES_FREE = 8;

/** Sends whatever may be sent now. */
export function pump(core: Core, now_ms: number): void {
  if (core.link.link !== "ready") return;
  const { state } = core;
  while (hasRoom(core, 0)) {
    const item = state.outbox.next(now_ms);
    if (!item) break;
    core.ask({ ask: "write", send_id: item.send_id }, item.verb, now_ms);
  }
  while (hasRoom(core, 0)) {
    const cursor = state.cursors.next(now_ms);
    if (!cursor) break;
    core.ask({ ask: "cursor", conv: cursor.conv }, { t: "cursor", ...cursor }, now_ms);
  }
  while (hasRoom(core, 0)) {
    const wish = state.own.next(now_ms);
    if (!wish) break;
    // `null` stands for a default in `prefs` and nowhere else; the wire's types do not say so.
    core.ask({ ask: "own", about: aboutOf(wish) }, wish as ClientFrame, now_ms);
  }
  askForInbox(core, now_ms);
  sayWatch(core, now_ms);
  while (hasRoom(core, 0)) {
    const next = core.questions.shift();
    if (!next) break;
    question(core, next.ticket, next.question, now_ms);
  }
  pull(core, now_ms);
}

/** The logs that are fetched unasked after a resume. */
export function eager(core: Core): ConversationId[] {
  const convs = inOrder(core.open);
  const follow = core.options.follow ?? "lively";
  if (follow === "lively") convs.push(...core.state.inbox.latest(RESUME_EAGER_MAX));
  if (follow === "everything") convs.push(...core.state.inbox.rows().map((row) => row.conv));
  return convs;
}

function hasRoom(core: Core, leave: number): boolean {
  return core.pending.size + leave < Math.max(core.limits.inflight_requests_max, leave + 1);
}

function askForInbox(core: Core, now_ms: number): void {
  const session = core.session();
  if (!session?.inbox_due || session.inbox_not_before_ms > now_ms || !hasRoom(core, 0)) return;
  for (const { ask } of core.pending.values()) if (ask.ask === "inbox") return;
  session.inbox_due = false;
  core.ask({ ask: "inbox" }, { t: "inbox", after_ver: core.state.inbox.ver }, now_ms);
}

function sayWatch(core: Core, now_ms: number): void {
  const session = core.session();
  if (!session?.watch_due || !hasRoom(core, 0)) return;
  session.watch_due = false;
  core.ask({ ask: "watch" }, { t: "watch", ...core.watch() }, now_ms);
}

/** Asks the server what a command asks. */
function question(core: Core, ticket: Ticket, asked: Question, now_ms: number): void {
  if (asked.command === "page") return askForPage(core, ticket, asked, now_ms);
  core.ask({ ask: "question", ticket, question: asked }, frameOf(asked), now_ms);
}

function frameOf(asked: Exclude<Question, { command: "page" }>): ClientFrame {
  switch (asked.command) {
    case "members":
      return { t: "members", conv: asked.conv, ...(asked.after !== undefined && { after: asked.after }) };
    case "people":
      return { t: "people", ...asked.ask };
    case "link":
      return asked.frame;
    case "pins":
      return { t: "pins", conv: asked.conv };
    case "history":
      return { t: "history", ...asked.ask };
    case "decide":
      return asked.decision;
    case "thread":
      return { t: "thread", ...asked.ask };
    case "find":
      return { t: "find", ...asked.ask };
    case "starred":
      return { t: "starred", ...asked.ask };
    case "read_all":
      return { t: "read_all" };
    case "receipts":
      return { t: "receipts", ...asked.ask };
  }
}

/** Fetches for the logs that want something. */
function pull(core: Core, now_ms: number): void {
  const session = core.session();
  if (!session || session.pulls_not_before_ms > now_ms || core.pulls.size === 0) return;
  const under_way = new Set<ConversationId>();
  for (const { ask } of core.pending.values()) if (ask.ask === "pull") under_way.add(ask.conv);
  const asks: { conv: ConversationId; place: Place }[] = [];
  for (const conv of inOrder(core.pulls)) {
    if (!hasRoom(core, FETCH_LEAVES_FREE + asks.length)) break;
    const log = core.state.logs.get(conv);
    if (under_way.has(conv) || !log) continue;
    const place = log.wants(now_ms, core.bounds);
    if (place) asks.push({ conv, place });
    else if (!log.isStale()) core.pulls.delete(conv);
  }
  for (const { conv, place } of asks) {
    const limit = place.at === "before" ? core.bounds.tail_entries : undefined;
    core.ask({ ask: "pull", conv, place }, { t: "get", ...getOf(conv, place, limit) }, now_ms);
  }
}
