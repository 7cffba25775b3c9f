/**
 * What the screens see, made out of what the device holds. Pure: the same state gives the same view.
 */

import type { Detail, Line, Row } from "../engine/contract";
import type { Core } from "../sync/core/core";
import type { ConversationInboxRow } from "../sync/inbox";
import { echoesOf, lineOf } from "../sync/timeline";
import type { Line as HeldLine } from "../sync/timeline";
import { RIGHTS } from "../wire/wire";
import type { Body, ConversationId, Entry, GroupSettings, Role, Seq } from "../wire/wire";
import type { People } from "./people";

const RANK: { readonly [role: string]: number } = { member: 1, admin: 2, owner: 3 };
/** How many of the last lines are looked through for one to show in the list. */
const PREVIEW_LINES_MAX = 20;

/** A line as the screens see it; `reply`: with the line it answers, if that is held. */
export function shown(core: Core, conv: ConversationId, line: HeldLine, reply = true): Line {
  const { seq, rev: _, edited, ...rest } = line;
  const mark = seq === undefined ? undefined : core.state.own.mark(conv, seq);
  const answered = reply && line.reply_to !== undefined ? core.state.logs.get(conv)?.entry(line.reply_to) : undefined;
  return {
    ...rest,
    ...(seq !== undefined && { seq }),
    body: (line.body ?? {}) as Body & { [field: string]: unknown },
    edited: edited !== undefined,
    star: mark?.star ?? false,
    ...(answered && { reply: shownEntry(core, conv, answered, false) }),
  };
}

export function shownEntry(core: Core, conv: ConversationId, entry: Entry, reply = true): Line {
  return shown(core, conv, lineOf(entry, core.options.me, core.allHave(conv)), reply);
}

/** Whether a line is shown at all: not what I hid or cleared, and not a change, which shows in what it changed. */
export function isShown(core: Core, conv: ConversationId, line: HeldLine, cleared: Seq): boolean {
  if (CHANGES.has(line.kind)) return false;
  if (line.seq === undefined) return true;
  return line.seq > cleared && !core.state.own.mark(conv, line.seq).hidden;
}

const CHANGES = new Set(["edit", "delete", "react", "pin"]);

/** All conversations as they are listed: pinned ones first, then by their last activity. */
export function rowsOf(core: Core, people: People, now_ms: number): Row[] {
  const rows = core.inbox().map(({ row, unread }) => rowOf(core, people, row, unread, now_ms));
  const weight = (row: Row) => (row.prefs.pinned ? 1 : 0);
  return rows.sort((one, other) => weight(other) - weight(one) || other.at_ms - one.at_ms);
}

export function rowOf(core: Core, people: People, row: ConversationInboxRow, unread: number, now_ms: number): Row {
  const { conv, kind, role, request } = row;
  const prefs = core.state.prefs(conv);
  const last = lastShown(core, conv, prefs.cleared_seq ?? 0);
  const with_me = kind === "direct" && row.peer === undefined;
  const peer = kind === "direct" ? (row.peer?.user ?? core.options.me) : undefined;
  const draft = core.state.own.draft(conv);
  const title = peer === undefined ? (row.title ?? "") : with_me ? null : (people.of(peer)?.name ?? "");
  return {
    conv,
    kind,
    title,
    ...(peer !== undefined && { peer }),
    ...(role !== undefined && { role }),
    ...(request !== undefined && { request }),
    unread,
    mentions: row.mention_seqs?.length ?? 0,
    prefs,
    muted: (prefs.mute_until_ms ?? 0) > now_ms,
    ...(last && { last }),
    at_ms: Math.max(row.head_ms, last?.at_ms ?? 0),
    ...(draft !== "" && { draft }),
    ...(row.asking !== undefined && row.asking > 0 && { requests: row.asking }),
  };
}

/** The last line to show in the list. Asked of every conversation at every change, so only the end is looked at. */
function lastShown(core: Core, conv: ConversationId, cleared: Seq): Line | undefined {
  const { options, state } = core;
  const tail = state.logs.get(conv)?.tail() ?? [];
  const all_have = core.allHave(conv);
  const said = tail.slice(-PREVIEW_LINES_MAX).map((entry) => lineOf(entry, options.me, all_have));
  const lines = [...said, ...echoesOf(tail, state.outbox, conv, options.me)];
  for (const line of lines.slice(-PREVIEW_LINES_MAX).reverse()) {
    if (isShown(core, conv, line, cleared)) return shown(core, conv, line, false);
  }
  return undefined;
}

/** A conversation with what its page needs. */
export function detailOf(
  core: Core, people: People, conv: ConversationId, unread_from: Seq | undefined, now_ms: number,
): Detail | null {
  const row = core.state.inbox.row(conv);
  if (!row) return null;
  const settings: GroupSettings = row.settings ?? {};
  const { read, gen } = core.state.cursors.mine(conv);
  const kept = core.state.own.kept(conv);
  return {
    ...rowOf(core, people, row, core.state.unread(conv), now_ms),
    settings,
    head_seq: Math.max(row.head_seq, core.state.logs.get(conv)?.end() ?? 0),
    read_seq: Math.max(read, row.read_seq),
    gen,
    ...(unread_from !== undefined && { unread_from }),
    mention_seqs: row.mention_seqs ?? [],
    may: mayOf(row.kind === "group", row.role, settings),
    kept_drafts: kept.map(({ text, text_ver, at_ms }) => ({ text, ver: text_ver, at_ms })),
  };
}

/** Rights that there are in groups only. */
const OF_GROUPS = new Set([
  "delete_others", "mention_all", "describe", "set_rules", "add", "remove", "link", "admit", "set_roles",
]);

/** What a role may do, by the published table; in a 1:1 nobody is above the other. */
export function mayOf(is_group: boolean, role: Role | undefined, settings: GroupSettings): Detail["may"] {
  const mode = (settings.announce ? 1 : 0) + (settings.approve ? 2 : 0);
  const may: { [right: string]: boolean } = {};
  for (const [right, least] of Object.entries(RIGHTS)) {
    const enough = (RANK[role ?? ""] ?? 0) >= (RANK[least[mode] ?? "owner"] ?? 3);
    may[right] = role !== undefined && (is_group ? enough : !OF_GROUPS.has(right));
  }
  return may;
}
