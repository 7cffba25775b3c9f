/**
 * Frames of the server. One switch lists them all. Their shapes were looked at before.
 */

import { LIMITS } from "../../wire/wire";
import type {
  Ack, Behind, ConversationId, CursorOk, Cursors, Entries, Epoch, Head, Inbox, InboxRow, Live, Refusal, ServerFrame,
  Ver, VerMoved, Watching,
} from "../../wire/wire";
import { asked } from "../backoff";
import { RETRY_MS } from "../bounds";
import type { OfLinks, Page, Reply } from "../command";
import type { News, Place } from "../log";
import type { About } from "../wish";
import { caughtUp, resync, welcomed } from "./connection";
import type { Ask, Core } from "./core";
import { keepWishes, localPage } from "./take";

export function takeFrame(core: Core, re: number | undefined, frame: ServerFrame, now_ms: number): void {
  const pending = re === undefined ? undefined : core.pending.get(re);
  if (re !== undefined) core.pending.delete(re);
  const ask = pending?.ask;
  // Live already, and greeted in a moment: without an epoch nothing has a place. The inbox will tell.
  if (core.state.epoch === undefined && frame.t !== "welcome" && frame.t !== "refuse") return;
  switch (frame.t) {
    case "welcome":
      return welcomed(core, frame, now_ms);
    case "inbox":
      return inboxPage(core, frame, now_ms);
    case "entries":
      return entries(core, ask, frame, now_ms);
    case "ack":
      return acked(core, ask, frame, now_ms);
    case "refuse":
      return refused(core, ask, refusalIn(frame), now_ms);
    case "entry":
      return live(core, frame, now_ms);
    case "ver":
      return verMoved(core, frame, now_ms);
    case "heads":
      return heads(core, frame.heads, true, now_ms);
    case "watching":
      return watching(core, frame, now_ms);
    case "cursors":
      return cursors(core, frame);
    case "cursor_ok":
      return cursorOk(core, frame, now_ms);
    case "typing":
      return core.tell({ event: "typing", conv: frame.conv, user: frame.user, ttl_ms: frame.ttl_ms });
    case "presence":
      return core.tell({ event: "presence", list: frame.list, ttl_ms: frame.ttl_ms });
    case "behind":
      return behind(core, frame);
    case "resync":
      return toldToResync(core, frame.epoch, now_ms);
    case "beat": {
      const session = core.session();
      if (session) session.beats_missed = 0;
      return standsAt(core, frame.ver);
    }
    case "bye":
      asked(core.backoff, frame.after_ms);
      return core.tell({ event: "leaving", reason: frame.reason });
    case "members":
      return answer(core, ask, { reply: "members", members: frame });
    case "people":
      return answer(core, ask, { reply: "people", people: frame });
    case "link":
    case "links":
    case "look":
    case "asked":
    case "requests":
      return answer(core, ask, { reply: "link", frame });
    case "pins":
      return answer(core, ask, { reply: "pins", pins: frame });
    case "history":
      return answer(core, ask, { reply: "history", revisions: frame });
    case "prefs_ok":
      core.state.inbox.putPrefs(frame.conv, frame.ver, frame.prefs);
      return granted(core, ask, { about: "prefs", conv: frame.conv });
    case "mark_ok":
      core.state.own.putMark(frame.ver, frame);
      return granted(core, ask, { about: "mark", conv: frame.conv, seq: frame.seq });
    case "draft_ok":
      core.state.own.putDraft(frame.ver, frame);
      return granted(core, ask, { about: "draft", conv: frame.conv }, frame.text_ver);
    case "thread_ok":
      core.state.own.putThreadRead(frame);
      if (ask?.ask === "own") granted(core, ask, ask.about);
      return;
    case "thread":
      return answer(core, ask, { reply: "thread", page: frame });
    case "starred":
      return answer(core, ask, { reply: "starred", starred: frame });
    case "read_all_ok":
      return answer(core, ask, { reply: "read_all", ok: frame });
    case "receipts":
      return answer(core, ask, { reply: "receipts", receipts: frame });
    case "profile_ok":
      return answer(core, ask, { reply: "decided", person: frame });
    case "privacy_ok":
      return answer(core, ask, { reply: "decided", privacy: frame });
    case "block_ok":
    case "answer_ok":
    case "report_ok":
      return answer(core, ask, { reply: "decided" });
  }
}

/** A wish is durable on the server. */
function granted(core: Core, ask: Ask | undefined, about: About, text_ver?: Ver): void {
  if (ask?.ask === "own" && isSame(ask.about, about)) {
    core.state.own.answered(about, text_ver);
    keepWishes(core, about);
  }
  core.tell({ event: "own", convs: [about.conv] });
}

function isSame(one: About, other: About): boolean {
  const seq = (about: About) => ("seq" in about ? about.seq : 0);
  return one.about === other.about && one.conv === other.conv && seq(one) === seq(other);
}

function answer(core: Core, ask: Ask | undefined, reply: Reply): void {
  if (ask?.ask === "question") core.reply(ask.ticket, reply);
}

/** The inbox stands there: if that is above what is held, ask. */
function standsAt(core: Core, ver: Ver): void {
  if (ver > core.state.inbox.ver) askInbox(core);
}

function askInbox(core: Core): void {
  const session = core.session();
  if (session) session.inbox_due = true;
}

function toldToResync(core: Core, epoch: Epoch, now_ms: number): void {
  const { state } = core;
  // After a welcome of another epoch this says what was done already.
  const done = state.epoch === epoch && state.inbox.ver === 0 && state.logs.size === 0;
  if (!done) resync(core, epoch, now_ms);
  askInbox(core);
}

function inboxPage(core: Core, page: Inbox, now_ms: number): void {
  const taken = core.state.inbox.page(page);
  if (taken === "ask") return askInbox(core);
  if (typeof taken === "object" && "rows" in taken) rows(core, page.to, taken.rows, now_ms);
  if (page.more) askInbox(core);
  else caughtUp(core);
}

function rows(core: Core, ver: Ver, told: InboxRow[], now_ms: number): void {
  core.keep({ change: "rows", ver, rows: told });
  // While connected, the entries a row speaks of are on their way: the hole is held before it is pulled.
  const is_live = core.isCaughtUp();
  const convs: ConversationId[] = [];
  const owned: ConversationId[] = [];
  for (const row of told) {
    switch (row.topic) {
      case "conversation": {
        const { conv, epoch } = row;
        const held = core.state.log(conv).epoch;
        if (held !== undefined && held !== epoch) restartLog(core, conv, epoch, now_ms);
        core.state.mark(row, now_ms, !is_live);
        if (is_live || core.open.has(conv)) core.lookAt(conv);
        convs.push(conv);
        break;
      }
      case "devices":
      case "profile":
      case "privacy":
      case "blocks":
        core.tell({ event: "account" });
        break;
      case "mark":
      case "draft":
      case "thread":
        core.state.own.put(row);
        owned.push(row.conv);
    }
  }
  if (convs.length > 0) core.tell({ event: "inbox", convs });
  if (owned.length > 0) core.tell({ event: "own", convs: owned });
}

function verMoved(core: Core, moved: VerMoved, now_ms: number): void {
  const taken = core.state.inbox.moved(moved);
  if (taken === "ask") return askInbox(core);
  if (typeof taken !== "object" || !("heads" in taken)) return;
  core.keep({ change: "heads", ver: moved.ver, heads: taken.heads });
  heads(core, taken.heads, false, now_ms);
  core.tell({ event: "inbox", convs: taken.heads.map((head) => head.conv) });
}

function heads(core: Core, told: readonly Head[], at_once: boolean, now_ms: number): void {
  for (const { conv, epoch, seq, ord } of told) {
    const held = core.state.log(conv).epoch;
    if (held !== undefined && held !== epoch) restartLog(core, conv, epoch, now_ms);
    core.state.log(conv).noteHead(seq, ord, now_ms, at_once);
    core.lookAt(conv);
  }
}

function live(core: Core, { conv, epoch, entry }: Live, now_ms: number): void {
  const held = core.state.log(conv).epoch;
  if (held === undefined) restartLog(core, conv, epoch, now_ms);
  else if (held !== epoch) {
    // Which of the two is the older one, only an answer can tell.
    core.state.log(conv).doubt();
    core.lookAt(conv);
    return askInbox(core);
  }
  if (!core.state.inbox.row(conv)) askInbox(core);
  const log = core.state.log(conv);
  const began = log.end() === 0;
  news(core, conv, began, log.live(entry, now_ms, core.bounds), now_ms);
  core.lookAt(conv);
}

function entries(core: Core, ask: Ask | undefined, page: Entries, now_ms: number): void {
  if (ask?.ask === "question" && ask.question.command === "find") {
    // What a link leads to may lie far from what is held: it is shown, and not kept.
    const { from, to, more, items } = page;
    return core.reply(ask.ticket, { reply: "page", page: { from, to, more, fresh: true, entries: items } });
  }
  if (ask?.ask !== "pull" && ask?.ask !== "page") return;
  const { conv } = page;
  const held = ask.ask === "page" ? ask.held : undefined;
  let place: Place = ask.ask === "page" ? ask.question.place : ask.place;
  if (held) place = { at: "range", from: held.from, to: held.to, since: held.as_of };
  if (core.state.log(conv).epoch !== page.epoch) restartLog(core, conv, page.epoch, now_ms);
  const log = core.state.log(conv);
  const began = log.end() === 0;
  news(core, conv, began, log.page(place, page, now_ms, core.bounds), now_ms);
  core.lookAt(conv);
  if (ask.ask !== "page") return;
  const { from, to, more, items } = page;
  const told: Page = { from, to, more, fresh: true, entries: items };
  core.reply(ask.ticket, {
    reply: "page",
    page: held ? localPage(core, conv, ask.question.place, held, true) : told,
  });
}

/** What came of entries: kept first, then told, then confirmed. `began`: nothing was held of the log before. */
function news(core: Core, conv: ConversationId, began: boolean, came: News, now_ms: number): void {
  for (const held of came.held) core.keep({ change: "held", conv, held });
  if (came.skipped) core.tell({ event: "skipped", conv, from: came.skipped[0], to: came.skipped[1] });
  if (came.grown.length > 0) {
    core.tell({ event: "grown", conv, entries: came.grown });
    if (began) makeRoom(core, conv);
  }
  if (came.changed) core.tell({ event: "changed", conv });
  if (!(core.options.delivers ?? true)) return;
  const { cursors, logs } = core.state;
  const before = cursors.mine(conv).delivered;
  // Not kept: after a restart it follows from the entries that are.
  cursors.delivered(conv, logs.get(conv)?.delivered(before, core.bounds) ?? before, now_ms);
}

/**
 * Lets go of the log that was least lately active, if too many hold entries. Never `grown` or an open one, and none
 * where everything is followed: where such a log ends must not be forgotten.
 */
function makeRoom(core: Core, grown: ConversationId): void {
  if (core.options.follow === "everything") return;
  let count = 0;
  let spare: { conv: ConversationId; last_ms: number } | undefined;
  for (const [conv, log] of core.state.logs) {
    if (log.end() === 0) continue;
    count += 1;
    if (conv === grown || core.open.has(conv)) continue;
    const last_ms = log.last()?.created_ms ?? 0;
    const first = !spare || last_ms < spare.last_ms || (last_ms === spare.last_ms && conv < spare.conv);
    if (first) spare = { conv, last_ms };
  }
  if (!spare || count <= core.bounds.logs_max) return;
  core.state.empty(spare.conv);
  core.pulls.delete(spare.conv);
  core.keep({ change: "emptied", conv: spare.conv });
}

function restartLog(core: Core, conv: ConversationId, epoch: Epoch, now_ms: number): void {
  const held = core.state.log(conv).epoch;
  core.keep({ change: "restarted", conv, epoch, at_ms: now_ms });
  core.state.restartLog(conv, epoch, now_ms);
  if (held === undefined || held === epoch) return;
  core.peers.forget(conv);
  askInbox(core);
  core.tell({ event: "changed", conv });
}

function acked(core: Core, ask: Ask | undefined, frame: Extract<ServerFrame, { t: "ack" }>, now_ms: number): void {
  // Who joins does not queue for it: there is nothing to show before the answer.
  if (ask?.ask === "question" && ask.question.command === "link") {
    return answer(core, ask, { reply: "link", frame: frame satisfies OfLinks });
  }
  if (ask?.ask !== "write") return;
  const { send_id } = ask;
  const { conv, epoch, seq, ord, message_id, created_ms, dup } = frame;
  const ack: Ack = { conv, epoch, seq, ord, message_id, created_ms, ...(dup && { dup }) };
  if (!core.state.outbox.acked(send_id, ack, now_ms, core.bounds)) return;
  core.keep({ change: "acked", send_id, ack, at_ms: now_ms });
  core.tell({ event: "acked", send_id, conv, seq });
  const log = core.state.log(conv);
  // That the log reaches there is known now; that this device holds it is not.
  if (log.epoch === undefined || log.epoch === epoch) log.noteHead(seq, ord, now_ms, false);
  else askInbox(core);
  core.lookAt(conv);
}

function refusalIn({ code, name, say, retry, retry_after_ms }: Refusal): Refusal {
  return { code, name, say, retry, ...(retry_after_ms !== undefined && { retry_after_ms }) };
}

function refused(core: Core, ask: Ask | undefined, refusal: Refusal, now_ms: number): void {
  const wait_ms = refusal.retry_after_ms ?? RETRY_MS;
  const session = core.session();
  switch (ask?.ask) {
    case "hello":
      if (refusal.retry) asked(core.backoff, wait_ms);
      return;
    case "write": {
      const came = core.state.outbox.refused(ask.send_id, refusal, now_ms);
      if (came === undefined || came === "later") return;
      core.keep({ change: "failed", send_id: ask.send_id, refusal });
      return core.tell({ event: "failed", send_id: ask.send_id, conv: came.failed, refusal });
    }
    case "cursor":
      return core.state.cursors.refused(ask.conv, refusal, now_ms);
    case "own":
      if (!core.state.own.refused(ask.about, refusal, now_ms)) return;
      keepWishes(core, ask.about);
      return core.tell({ event: "own refused", conv: ask.about.conv, refusal });
    case "inbox":
      if (session) Object.assign(session, { inbox_due: true, inbox_not_before_ms: now_ms + wait_ms });
      return;
    case "pull":
      // Refused for good: not for us any more; the inbox will say so.
      if (!refusal.retry) core.pulls.delete(ask.conv);
      else if (session) session.pulls_not_before_ms = now_ms + wait_ms;
      return;
    case "page":
    case "question":
      return core.reply(ask.ticket, { reply: "no", no: { no: "refused", refusal } });
    // The next beat says it again.
    case "watch":
    case "beat":
    case undefined:
  }
}

function watching(core: Core, told: Watching, now_ms: number): void {
  heads(core, told.heads, true, now_ms);
  for (const one of told.cursors) cursors(core, one);
  if (told.presence.length > 0) {
    core.tell({ event: "presence", list: told.presence, ttl_ms: LIMITS.presence_ttl_ms });
  }
}

function cursors(core: Core, told: Cursors): void {
  // Told only for open conversations; a late one would be held for ever.
  if (!core.open.has(told.conv)) return;
  core.peers.told(told, core.options.me);
  core.tell({ event: "cursors", conv: told.conv });
}

function cursorOk(core: Core, ok: CursorOk, now_ms: number): void {
  const { cursors: mine } = core.state;
  const before = mine.mine(ok.conv);
  mine.ok(ok, now_ms);
  core.keep({ change: "confirmed", conv: ok.conv, mine: { ...mine.known(ok.conv) } });
  const after = mine.mine(ok.conv);
  if (after.delivered !== before.delivered || after.read !== before.read || after.gen !== before.gen) {
    core.tell({ event: "cursors", conv: ok.conv });
  }
}

function behind(core: Core, { conv }: Behind): void {
  let doubted = [...core.open];
  if (conv !== undefined) doubted = [conv];
  else {
    askInbox(core);
    const session = core.session();
    if (session) session.watch_due = true;
  }
  for (const one of doubted) {
    core.state.log(one).doubt();
    core.lookAt(one);
  }
}
