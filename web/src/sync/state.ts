/**
 * Everything a device holds, and how it comes back from what was kept.
 */

import type { ConversationId, Epoch, Ordinal, Prefs } from "../wire/wire";
import { CONVERSATIONS_MAX } from "./bounds";
import type { Bounds } from "./bounds";
import type { Change } from "./change";
import { Cursors } from "./cursors";
import { Inbox, unreadIn } from "./inbox";
import type { ConversationInboxRow } from "./inbox";
import { Log } from "./log";
import { inOrder } from "./order";
import { Outbox } from "./outbox";
import { Own } from "./own";

/** The inbox, the logs, the outbox and the cursors of one device, all of one lineage of the inbox. */
export class State {
  /** The lineage; none before the first welcome. */
  epoch: Epoch | undefined;
  inbox = new Inbox();
  /** The logs, of which most hold nothing but a head. */
  logs = new Map<ConversationId, Log>();
  /** What is on its way. */
  outbox = new Outbox();
  /** How far I have got. */
  cursors = new Cursors();
  /** What is my own, and what I wish of it. */
  own = new Own();

  /** Takes in one change, as it was kept. */
  replay(change: Change, bounds: Bounds): void {
    switch (change.change) {
      case "epoch":
        return this.restart(change.epoch, change.at_ms);
      case "rows":
        for (const row of change.rows) {
          this.inbox.put(row);
          this.own.put(row);
          if (row.topic === "conversation") this.mark(row, 0, true);
        }
        return this.inbox.adopt(change.ver);
      case "heads":
        for (const head of change.heads) this.log(head.conv).noteHead(head.seq, head.ord, 0, true);
        return this.inbox.takeHeads(change.ver, change.heads);
      case "restarted":
        return this.restartLog(change.conv, change.epoch, change.at_ms);
      case "held": {
        const log = this.log(change.conv);
        log.apply(change.held);
        return log.trim(bounds);
      }
      case "emptied":
        return this.empty(change.conv);
      case "queued":
        return this.outbox.put(change.item);
      case "acked":
        return void this.outbox.acked(change.send_id, change.ack, change.at_ms, bounds);
      case "failed":
        return void this.outbox.refused(change.send_id, change.refusal, 0);
      case "dismissed":
        return void this.outbox.dismiss(change.send_id);
      case "wished":
        return this.own.restore(change.about, change.wishes);
      case "wanted":
        return this.cursors.restore(change.conv, change.mine);
      case "confirmed":
        return this.cursors.ok({ conv: change.conv, ...change.mine }, 0);
    }
  }

  /** The fewest changes that give this state again. */
  snapshot(): Change[] {
    const changes: Change[] = [];
    if (this.epoch !== undefined) changes.push({ change: "epoch", epoch: this.epoch, at_ms: 0 });
    const rows = [...this.inbox.kept(), ...this.own.keptRows()];
    changes.push({ change: "rows", ver: this.inbox.ver, rows });
    for (const conv of inOrder(this.logs)) {
      const log = this.logs.get(conv);
      if (!log || log.epoch === undefined || log.isEmpty()) continue;
      changes.push({ change: "restarted", conv, epoch: log.epoch, at_ms: 0 });
      for (const held of log.kept()) changes.push({ change: "held", conv, held });
    }
    for (const { conv, want, ok } of this.cursors.wanted()) {
      changes.push({ change: "confirmed", conv, mine: ok }, { change: "wanted", conv, mine: want });
    }
    for (const wished of this.own.keptWishes()) changes.push({ change: "wished", ...wished });
    return [...changes, ...this.outbox.snapshot()];
  }

  /** Another lineage: caches go, the outbox stays and takes back what was acknowledged lately. */
  restart(epoch: Epoch, now_ms: number): void {
    // The first one makes nothing void.
    if (this.epoch !== undefined) this.own.restart();
    this.epoch = epoch;
    this.inbox = new Inbox();
    this.logs.clear();
    this.cursors = new Cursors();
    this.outbox.resubmit(undefined, now_ms);
  }

  /** One conversation's log is of another lineage. */
  restartLog(conv: ConversationId, epoch: Epoch, now_ms: number): void {
    const log = this.log(conv);
    const had_another = log.epoch !== undefined && log.epoch !== epoch;
    log.restart(epoch);
    if (had_another) {
      this.cursors.forget(conv);
      this.outbox.resubmit(conv, now_ms);
    }
    const row = this.inbox.row(conv);
    if (row?.epoch === epoch) this.markStale(row, now_ms, true);
  }

  /**
   * A row of the inbox marks its log stale up to its head, and brings my read cursor.
   * `at_once`: no live entry is on its way that would close the hole.
   */
  mark(row: ConversationInboxRow, now_ms: number, at_once: boolean): void {
    this.markStale(row, now_ms, at_once);
    this.cursors.told(row.conv, row.read_seq, row.gen ?? 0);
  }

  /** How I want to see a conversation, with what is not answered yet. */
  prefs(conv: ConversationId): Prefs {
    return this.own.prefs(conv, this.inbox.row(conv)?.prefs ?? {});
  }

  /** The log of a conversation, made if there is none. */
  log(conv: ConversationId): Log {
    const known = this.logs.get(conv);
    if (known) return known;
    const made = new Log();
    if (this.logs.size < CONVERSATIONS_MAX) this.logs.set(conv, made);
    return made;
  }

  /** Lets go of a log's entries; its head stays, so that it counts as stale. */
  empty(conv: ConversationId): void {
    const log = this.logs.get(conv);
    if (log?.epoch === undefined) return;
    const { seq, ord } = log.head;
    log.restart(log.epoch);
    log.noteHead(seq, ord, 0, true);
  }

  /** Messages I have not read in a conversation. */
  unread(conv: ConversationId): number {
    const row = this.inbox.row(conv);
    const log = this.logs.get(conv);
    if (!log) return row ? unreadIn(row.spans, row.head_ord, row.read_ord) : 0;
    const { read } = this.cursors.mine(conv);
    const read_ord: Ordinal | undefined = read === (row?.read_seq ?? 0) ? undefined : log.ordAt(read);
    return this.inbox.unread(conv, log.head, read_ord);
  }

  private markStale(row: ConversationInboxRow, now_ms: number, at_once: boolean): void {
    const log = this.log(row.conv);
    log.readableFrom(row.spans[0]?.from_seq ?? 1);
    log.noteHead(row.head_seq, row.head_ord, now_ms, at_once);
  }
}
