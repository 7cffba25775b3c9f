/**
 * The shapes of what a server says. Nothing enters the core that was not looked at here: a server may be newer, broken
 * or hostile, and a field of another shape, believed, would be a fault in the middle of a step that keeps half of it.
 *
 * What is not known is passed over: a frame of an unknown type, a field, a topic. A word that is not known reads as the
 * page of the protocol says: a role as `member`, a presence as `offline`, an audience as `nobody`.
 */

import type { ServerFrame } from "../wire/wire";
import { POSITION_MAX } from "./bounds";
import { isDeeper, isObject } from "./verb";

/** What a reader gives where the shape is wrong. */
const NO = Symbol("another shape");
/** Gives the value, or one in which unknown words are replaced, or `NO`. */
type Read = (value: unknown) => unknown;
type Fields = { [field: string]: Read };

/** How deep a body may nest; deeper ones would break the browser's own cloning, and with it what is kept. */
const DEPTH_MAX = 64;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const when = (is: (value: unknown) => boolean): Read => (value) => (is(value) ? value : NO);
const text = when((value) => typeof value === "string");
const yes = when((value) => typeof value === "boolean");
const id = when((value) => typeof value === "string" && UUID.test(value));
const body = when((value) => isObject(value) && !isDeeper(value, DEPTH_MAX));
const num = when((value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= POSITION_MAX);
/** A word of these; any other reads as the last. */
const word = (...words: string[]): Read => (value) =>
  typeof value !== "string" ? NO : words.includes(value) ? value : words.at(-1);

function list(of: Read): Read {
  return (value) => {
    if (!Array.isArray(value)) return NO;
    const read = value.map(of);
    return read.includes(NO) ? NO : read;
  };
}

function fields(must: Fields, may: Fields = {}): Read {
  const all = [...Object.entries(must), ...Object.entries(may)];
  return (value) => {
    if (!isObject(value)) return NO;
    const out = { ...value };
    for (const [field, read] of all) {
      const there = Object.hasOwn(value, field) ? (value[field] ?? undefined) : undefined;
      if (there === undefined) {
        if (Object.hasOwn(must, field)) return NO;
        delete out[field];
        continue;
      }
      const got = read(there);
      if (got === NO) return NO;
      out[field] = got;
    }
    return out;
  };
}

function both(...reads: Read[]): Read {
  return (value) => reads.reduce((got, read) => (got === NO ? NO : read(got)), value);
}

const memberCursor = fields({ user: id, delivered: num, read: num });
const head = fields({ conv: id, epoch: id, seq: num, ord: num, ms: num });
const audience = word("everyone", "acquainted", "nobody");
const privacy = fields({ who_writes: audience, who_adds: audience, last_seen: audience, receipts: audience });
const prefs = fields(
  {},
  { mute_until_ms: num, mentions_pass: yes, archived: yes, pinned: yes, cleared_seq: num },
);
const mark = fields({ conv: id, seq: num, at_ms: num }, { star: yes, hidden: yes });
const draftState = { text, text_ver: num, at_ms: num };
const draft = fields({ conv: id, ...draftState }, { kept: list(fields(draftState)) });
const role = word("owner", "admin", "member");
const settings = fields(
  {},
  {
    description: text, picture: text, announce: yes, slow_mode_s: num, approve: yes,
    history: word("joined", "all", "unknown"),
  },
);
const span = fields({ from_seq: num, from_ord: num }, { to_seq: num, to_ord: num });
const entry = fields(
  { seq: num, ord: num, id, sender: id, send_id: id, created_ms: num, kind: text, body },
  {
    rev: num, target_seq: num, reply_to: num, thread: num, edited: num, deleted_by: id, pinned: yes, now: body,
    reactions: list(fields({ emoji: text, users: list(id) })),
  },
);
const conversation = fields(
  {
    conv: id, epoch: id, kind: word("direct", "group", "unknown"), spans: list(span), head_seq: num, head_ord: num,
    head_ms: num, read_seq: num, read_ord: num,
  },
  {
    title: text, settings, role, gen: num, mention_seqs: list(num), peer: memberCursor, prefs,
    request: word("ignored", "open"), asking: num,
  },
);
const thread = fields({ conv: id, thread: num }, { following: yes, head: num, read: num, unread: num });
const TOPICS: ReadonlyMap<unknown, Read> = new Map<unknown, Read>([
  ["conversation", conversation], ["mark", mark], ["draft", draft], ["privacy", privacy], ["thread", thread],
  ["blocks", fields({}, { users: list(id) })], ["devices", (row) => row], ["profile", (row) => row],
]);
const versioned = fields({ ver: num, topic: text });

/** A topic that is not known counts with its version, and so does one of another shape: it is as good as unknown. */
function row(value: unknown): unknown {
  const read = versioned(value);
  if (read === NO) return NO;
  const { topic, ver } = read as { topic: string; ver: number };
  const got = TOPICS.get(topic)?.(read) ?? NO;
  return got === NO ? { topic: "unknown", ver } : got;
}

/** In order, and within what the page speaks of: a search in a list that is in no order finds nothing that is there. */
function inPlace(value: unknown): unknown {
  const { from, to, items } = value as { from: number; to: number; items: { seq: number }[] };
  let last = from - 1;
  for (const { seq } of items) {
    if (seq <= last || seq > to) return NO;
    last = seq;
  }
  return value;
}

const cursors = fields(
  { conv: id },
  {
    list: list(memberCursor),
    counts: fields({ at: num, members: num, delivered: num, read: num, delivered_min: num, read_min: num }),
  },
);
const presenceOf = fields({ user: id, state: word("online", "away", "offline") }, { last_seen_ms: num });
const person = fields({ user: id, handle: text, name: text }, { about: text, picture: text, deactivated: yes });
const link = { link: id, creator: id, created_ms: num, expires_ms: num };
const limits = fields(
  {},
  {
    client_frame_bytes_max: num, body_bytes_max: num, text_bytes_max: num, group_members_max: num,
    page_entries_max: num, heads_max: num, watch_open_max: num, watch_presence_max: num, inflight_requests_max: num,
  },
);

const FRAMES: ReadonlyMap<unknown, Read> = new Map<unknown, Read>(
  Object.entries({
    welcome: fields({
      v: num, session: id, epoch: id, user: id, device: id, ver: num, server_ms: num, beat_ms: num, limits,
    }),
    inbox: fields({ from: num, to: num, more: yes, rows: list(row) }),
    entries: both(
      fields({
        conv: id, epoch: id, from: num, to: num, more: yes, head_seq: num, head_ord: num, floor_seq: num,
        items: list(entry),
      }),
      inPlace,
    ),
    ack: fields({ conv: id, epoch: id, seq: num, ord: num, message_id: id, created_ms: num }, { dup: yes }),
    refuse: fields({ code: num, name: text, say: text, retry: yes }, { retry_after_ms: num }),
    entry: fields({ conv: id, epoch: id, entry }),
    ver: fields({ prev: num, ver: num, heads: list(head) }, { pull: yes }),
    heads: fields({ heads: list(head) }),
    watching: fields({ heads: list(head), cursors: list(cursors), presence: list(presenceOf) }),
    cursors,
    cursor_ok: fields({ conv: id, delivered: num, read: num, read_ord: num, gen: num }),
    typing: fields({ conv: id, user: id, ttl_ms: num }),
    presence: fields({ list: list(presenceOf), ttl_ms: num }),
    behind: fields({}, { conv: id, from: num }),
    resync: fields({ epoch: id }),
    beat: fields({ ver: num, server_ms: num }),
    bye: fields({ after_ms: num, reason: text }),
    members: fields({
      conv: id, more: yes, list: list(fields({ user: id, role, from_seq: num, delivered: num, read: num })),
    }),
    people: fields({ list: list(person) }),
    link: fields({ ...link, conv: id, token: text }, { uses_left: num, url: text }),
    links: fields({ conv: id, list: list(fields(link, { uses_left: num })) }),
    look: fields(
      { conv: id, members: num },
      { title: text, description: text, member: yes, approve: yes, asked: yes },
    ),
    asked: fields({ conv: id }),
    requests: fields({ conv: id, list: list(fields({ user: id, asked_ms: num }, { handle: text, name: text })) }),
    pins: fields({ conv: id, seqs: list(num) }),
    history: fields({ conv: id, seq: num, more: yes, list: list(fields({ at_ms: num, body }, { rev: num })) }),
    prefs_ok: fields({ conv: id, ver: num, prefs }),
    mark_ok: both(mark, fields({ ver: num })),
    thread_ok: thread,
    thread: fields({ conv: id, epoch: id, thread: num, more: yes, items: list(entry) }),
    starred: fields({ list: list(fields({ conv: id, at_ms: num, entry })) }, { next: num }),
    draft_ok: both(draft, fields({ ver: num })),
    read_all_ok: fields({ moved: num }),
    receipts: fields({
      conv: id, seq: num,
      list: list(fields({ user: id, delivered: yes, read: yes }, { delivered_ms: num, read_ms: num })),
    }),
    profile_ok: person,
    privacy_ok: privacy,
    block_ok: fields({ user: id, on: yes }),
    answer_ok: fields({ conv: id, answer: text }),
    report_ok: fields({ send_id: id }),
  }),
);

/** A frame, if it is one of a known type and shape. */
export function frameOf(value: unknown): ServerFrame | undefined {
  if (!isObject(value)) return undefined;
  const got = FRAMES.get(value.t)?.(value) ?? NO;
  return got === NO ? undefined : (got as ServerFrame);
}

/** The number of the request that a frame answers, if it says one. */
export function answeredBy(value: unknown): number | undefined {
  return isObject(value) && Number.isSafeInteger(value.re) ? (value.re as number) : undefined;
}
