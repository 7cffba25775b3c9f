/**
 * Commands of the owner.
 */

import { LIMITS } from "../../wire/wire";
import type { ConversationId, Refusal, Seq } from "../../wire/wire";
import { OPEN_MAX, PRESENCE_OF_MAX } from "../bounds";
import type { Command, Page, Question, Reply, Ticket } from "../command";
import { getOf } from "../log";
import type { Place } from "../log";
import { newItem } from "../outbox";
import type { Range } from "../ranges";
import { refusalOf } from "../verb";
import type { Verb } from "../verb";
import { aboutOf } from "../wish";
import type { About, Wish } from "../wish";
import { hurry } from "./connection";
import type { Core } from "./core";

type AskForPage = Extract<Question, { command: "page" }>;

export function takeCommand(core: Core, ticket: Ticket, command: Command, now_ms: number): void {
  if (core.link.link === "stopped") return core.reply(ticket, { reply: "no", no: { no: "stopped" } });
  const reply = replyTo(core, ticket, command, now_ms);
  if (reply) core.reply(ticket, reply);
}

/** `undefined`: it is answered by now, or will be. */
function replyTo(core: Core, ticket: Ticket, command: Command, now_ms: number): Reply | undefined {
  const { state } = core;
  switch (command.command) {
    case "write":
      return writeDown(core, command.verb, now_ms);
    case "dismiss":
      if (state.outbox.dismiss(command.send_id)) core.keep({ change: "dismissed", send_id: command.send_id });
      break;
    case "page":
      return page(core, ticket, command);
    case "members":
    case "people":
    case "link":
    case "pins":
    case "history":
    case "decide":
    case "thread":
    case "find":
    case "starred":
    case "read_all":
    case "receipts":
      return enqueue(core, ticket, command);
    case "own":
      return take(core, command.wish);
    case "open":
      if (core.open.size >= OPEN_MAX && !core.open.has(command.conv)) return { reply: "no", no: { no: "busy" } };
      core.open.add(command.conv);
      core.lookAt(command.conv);
      watchAgain(core);
      break;
    case "close":
      core.open.delete(command.conv);
      core.peers.forget(command.conv);
      watchAgain(core);
      break;
    case "presence":
      core.presence_of = command.people.slice(0, PRESENCE_OF_MAX);
      watchAgain(core);
      break;
    case "show":
      core.show = command.show;
      watchAgain(core);
      break;
    case "typing": {
      const { conv } = command;
      if (core.typed.conv !== conv || now_ms >= core.typed.at_ms + LIMITS.typing_interval_ms_min) {
        core.typed = { conv, at_ms: now_ms };
        // Not answered; said if somebody is there to hear it.
        if (core.link.link === "ready") core.act({ do: "send", frame: { t: "typing", conv } });
      }
      break;
    }
    case "read": {
      // My cursor never passes what this device holds: nobody has seen what is not there.
      const seq = Math.min(command.seq, state.logs.get(command.conv)?.end() ?? 0);
      if (state.cursors.read(command.conv, seq, now_ms)) keepCursor(core, command.conv);
      break;
    }
    case "mark_unread":
      state.cursors.markUnread(command.conv, command.seq, now_ms);
      keepCursor(core, command.conv);
      break;
    case "hurry":
      hurry(core, now_ms);
  }
  return { reply: "done" };
}

/** Puts a change into the outbox. What is too large is told here, before it is queued and refused far away. */
function writeDown(core: Core, asked: Verb, now_ms: number): Reply {
  const { state, bounds } = core;
  let verb = asked;
  let emptied: Wish | undefined;
  let refusal: Refusal | undefined;
  // What is passed on is checked where its words are.
  if (verb.t === "send" && !verb.forward) refusal = refusalOf(verb.kind, verb.body, core.limits);
  if (verb.t === "edit") refusal = refusalOf("text", verb.body, core.limits);
  if (refusal) return { reply: "no", no: { no: "refused", refusal } };
  if (verb.t === "send") {
    const shown = core.open.has(verb.conv) ? (state.logs.get(verb.conv)?.end() ?? 0) : 0;
    const read = Math.max(shown, state.cursors.mine(verb.conv).read);
    if (verb.read === undefined && read > 0) verb = { ...verb, read };
    // What is sent is a draft no longer.
    if (verb.kind === "text") emptied = state.own.emptiedBy(verb.conv, verb.body);
  }
  const item = newItem(verb, core.options.me, now_ms);
  if (!state.outbox.queue(item, bounds)) return { reply: "no", no: { no: "full" } };
  core.keep({ change: "queued", item });
  if (emptied) take(core, emptied);
  return { reply: "queued", send_id: item.send_id };
}

/** Something of my own is to change. Kept before it is said. */
function take(core: Core, wish: Wish): Reply {
  const about = aboutOf(wish);
  if (!core.state.own.wish(wish, core.bounds)) return { reply: "no", no: { no: "full" } };
  keepWishes(core, about);
  core.tell({ event: "own", convs: [about.conv] });
  return { reply: "done" };
}

export function keepWishes(core: Core, about: About): void {
  core.keep({ change: "wished", about, wishes: core.state.own.wishes(about) });
}

/**
 * A page: from here if it is held and fresh, re-validated if it is held and stale, else from the server. Without a
 * connection what is held is better than nothing, and says that it is not fresh.
 */
function page(core: Core, ticket: Ticket, asked: AskForPage): Reply | undefined {
  const online = core.isCaughtUp();
  const held = heldPlace(core, asked);
  const fresh = held !== undefined && held.as_of >= (core.state.logs.get(asked.conv)?.head.seq ?? Infinity);
  if (!held || (online && !fresh)) return enqueue(core, ticket, asked);
  return { reply: "page", page: localPage(core, asked.conv, asked.place, held, online) };
}

/** Asks the server for a page now: what is held needs only its changes. */
export function askForPage(core: Core, ticket: Ticket, question: AskForPage, now_ms: number): void {
  const { conv, place, limit } = question;
  const held = heldPlace(core, question);
  const get = held
    ? getOf(conv, { at: "range", from: held.from, to: held.to, since: held.as_of })
    : getOf(conv, place, limit);
  core.ask({ ask: "page", ticket, question, ...(held && { held }) }, { t: "get", ...get }, now_ms);
}

/** Where the entries asked for are held without a hole. */
function heldPlace(core: Core, { conv, place, limit }: AskForPage): Range | undefined {
  const log = core.state.logs.get(conv);
  if (!log) return undefined;
  const head = log.head.seq;
  const nth = Math.max(limit, 1) - 1;
  let from: Seq;
  let to: Seq;
  if (place.at === "before") {
    to = Math.min(Math.max(place.seq - 1, 0), head);
    const range = log.around(to);
    const entries = range && log.stretch(range.from, to)?.entries;
    if (!entries) return undefined;
    const first = entries[entries.length - 1 - nth];
    if (!first && range.from !== 1) return undefined;
    from = first?.seq ?? 1;
  } else if (place.at === "after") {
    from = place.seq + 1;
    const range = log.around(from);
    const entries = range && log.stretch(from, range.to)?.entries;
    if (!entries) return undefined;
    const last = entries[nth];
    if (!last && range.to < head) return undefined;
    to = last?.seq ?? range.to;
  } else if (place.at === "range" && place.since === undefined) {
    from = place.from;
    to = Math.min(place.to, head);
  } else return undefined;
  const stretch = log.stretch(from, to);
  return stretch && { from, to, as_of: stretch.as_of };
}

/** A page out of what is held. */
export function localPage(core: Core, conv: ConversationId, place: Place, held: Range, fresh: boolean): Page {
  const log = core.state.logs.get(conv);
  const more = place.at === "after" ? log !== undefined && held.to < log.head.seq : held.from > 1;
  return { from: held.from, to: held.to, more, fresh, entries: log?.stretch(held.from, held.to)?.entries ?? [] };
}

function enqueue(core: Core, ticket: Ticket, question: Question): Reply | undefined {
  if (core.questions.length >= core.bounds.commands_max) return { reply: "no", no: { no: "busy" } };
  core.questions.push({ ticket, question });
  return undefined;
}

function watchAgain(core: Core): void {
  const session = core.session();
  if (session) session.watch_due = true;
}

function keepCursor(core: Core, conv: ConversationId): void {
  core.keep({ change: "wanted", conv, mine: { ...core.state.cursors.mine(conv) } });
}
