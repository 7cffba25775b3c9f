/**
 * A believable workspace out of nothing: the same people and words each time, long ones and strange ones among them.
 */
import type { Line, Row } from "../../engine/contract";

import { bytesOf } from "../bytes";
import { byHandle, ME, persons, talk, uuid } from "./folk";

export { byHandle, ME, persons } from "./folk";

export type Conversation = {
  row: Row;
  members: string[];
  lines: Map<number, Line>;
  head: number;
  textOf: (seq: number) => Line;
  readSeq: number;
  gen: number;
  unreadFrom?: number;
  description?: string;
  local: Line[];
  announce?: boolean;
  admins: Set<string>;
};

const DAY = 86_400_000;

/** Lines are made when they are asked for, so that a hundred thousand of them cost nothing. */
function lineAt(conv: string, members: readonly string[], seq: number, head: number, end: number, step: number): Line {
  const seed = (seq * 2654435761 + conv.charCodeAt(conv.length - 1) * 97) >>> 0;
  // Runs of two or three by one person, as people talk.
  const sender = members[Math.floor(seq / (2 + (seed % 2))) % members.length] ?? ME;
  const text = talk[seed % talk.length] ?? "ok";
  const at_ms = end - (head - seq) * step - (seed % 40) * 1000;
  const line: Line = {
    seq,
    send_id: `${conv}-${seq}`,
    sender,
    at_ms,
    kind: "text",
    body: { text },
    edited: seed % 23 === 0,
    pinned: seed % 211 === 0,
    reactions: seed % 11 === 0 ? [{ emoji: "👍", users: members.slice(0, 1 + (seed % 3)) }] : [],
    star: seed % 97 === 0,
    ticks: sender !== ME ? "none" : head - seq < 2 ? "delivered" : "read",
  };
  if (seed % 17 === 0 && seq > 5) line.reply_to = seq - 4;
  if (seed % 61 === 0) {
    line.body = {};
    line.deleted_by = sender;
    line.reactions = [];
  }
  return line;
}

export function build(count: number): Map<string, Conversation> {
  const now = Date.now();
  const all = new Map<string, Conversation>();
  const ids = [...persons.keys()].filter(user => user !== ME);
  const add = (
    n: number,
    options: {
      kind: "direct" | "group";
      title: string | null;
      members: string[];
      head: number;
      unread?: number;
      mentions?: number;
      ago: number;
      step?: number;
      prefs?: Row["prefs"];
      request?: Row["request"];
      draft?: string;
      requests?: number;
      role?: string;
      description?: string;
      announce?: boolean;
    },
  ) => {
    const conv = uuid(1000 + n);
    const peer = options.kind === "direct" ? (options.members.find(user => user !== ME) ?? ME) : undefined;
    const end = now - options.ago;
    const made = new Map<number, Line>();
    const conversation: Conversation = {
      members: options.members,
      lines: made,
      head: options.head,
      local: [],
      gen: 0,
      admins: new Set([ME]),
      readSeq: options.head - (options.unread ?? 0),
      textOf: seq => {
        let line = made.get(seq);
        if (!line) {
          line =
            seq === 1
              ? {
                  ...lineAt(conv, options.members, 1, options.head, end, options.step ?? 7 * 60_000),
                  kind: "created",
                  body: {
                    ...(options.kind === "group" ? { title: options.title ?? "" } : {}),
                    members: options.members,
                  } as Line["body"],
                  reactions: [],
                  edited: false,
                  pinned: false,
                  star: false,
                  ticks: "none",
                }
              : lineAt(conv, options.members, seq, options.head, end, options.step ?? 7 * 60_000);
          delete line.deleted_by;
          if (seq > options.head - (options.unread ?? 0) && line.sender === ME)
            line.sender = options.members.find(u => u !== ME) ?? ME;
          if (line.sender !== ME) line.ticks = "none";
          made.set(seq, line);
        }
        return line;
      },
      row: {
        conv,
        kind: options.kind,
        title: options.title,
        unread: options.unread ?? 0,
        mentions: options.mentions ?? 0,
        prefs: options.prefs ?? {},
        muted: (options.prefs?.mute_until_ms ?? 0) > now,
        at_ms: end,
        ...(peer ? { peer } : {}),
        ...(options.request ? { request: options.request } : {}),
        ...(options.draft ? { draft: options.draft } : {}),
        ...(options.requests ? { requests: options.requests } : {}),
        role: options.role ?? "owner",
      },
    };
    if (options.role === "gone") delete conversation.row.role;
    if (options.unread) conversation.unreadFrom = options.head - options.unread + 1;
    if (options.description) conversation.description = options.description;
    if (options.announce) conversation.announce = true;
    all.set(conv, conversation);
    return conversation;
  };
  const some = (...handles: string[]) => [ME, ...handles.map(byHandle)];
  const launch = add(1, {
    kind: "group",
    title: "Launch team",
    members: some("ann", "ben", "carla", "farah", "hanna", "moshe"),
    head: 640,
    unread: 3,
    mentions: 1,
    ago: 60_000,
    prefs: { pinned: true },
    requests: 2,
    description: "Everything about the spring release",
  });
  add(2, { kind: "direct", title: "Ann Berg", members: some("ann"), head: 212, ago: 240_000, prefs: { pinned: true } });
  add(3, {
    kind: "group",
    title: "Everybody",
    members: [ME, ...ids],
    head: 10_000,
    unread: 300,
    ago: 400_000,
    step: 90_000,
  });
  add(4, { kind: "direct", title: "فرح الخطيب", members: some("farah"), head: 40, unread: 2, ago: 900_000 });
  add(5, {
    kind: "direct",
    title: persons.get(byHandle("hanna"))?.name ?? "",
    members: some("hanna"),
    head: 18,
    ago: 3_600_000,
    draft: "I meant to say that the trains on",
  });
  add(6, {
    kind: "group",
    title: "Announcements",
    members: [ME, ...ids.slice(0, 9)],
    head: 30,
    ago: 5_400_000,
    role: "member",
    announce: true,
  });
  add(7, { kind: "direct", title: null, members: [ME], head: 12, ago: 2 * 3_600_000 });
  add(8, {
    kind: "direct",
    title: "משה כהן",
    members: some("moshe"),
    head: 66,
    ago: 26 * 3_600_000,
    prefs: { mute_until_ms: 253402300799000 },
    unread: 8,
  });
  add(9, {
    kind: "direct",
    title: "Quinn",
    members: some("quinn"),
    head: 2,
    unread: 1,
    ago: 3 * 3_600_000,
    request: "open",
  });
  add(10, {
    kind: "group",
    title: "Donaudampfschifffahrtsgesellschaftskapitänsmützenfreundeskreis e. V.",
    members: some("nils", "ruth", "lea"),
    head: 90,
    ago: 2 * DAY,
  });
  add(11, {
    kind: "group",
    title: "Old project",
    members: some("ivan", "kofi"),
    head: 55,
    ago: 40 * DAY,
    prefs: { archived: true },
  });
  add(12, { kind: "group", title: "Book club", members: some("elif", "joy"), head: 20, ago: 9 * DAY, role: "gone" });
  for (let n = 13; n < count; n += 1) {
    const other = ids[n % ids.length] ?? ME;
    const direct = n % 3 !== 0 && n < 13 + ids.length;
    add(
      n,
      direct
        ? {
            kind: "direct",
            title: persons.get(other)?.name ?? "",
            members: [ME, other],
            head: 5 + (n % 60),
            ago: n * 4 * 3_600_000,
            unread: n % 13 === 0 ? 4 : 0,
          }
        : {
            kind: "group",
            title: `Room ${n}`,
            members: [ME, other, ids[(n + 3) % ids.length] ?? ME],
            head: 5 + (n % 80),
            ago: n * 4 * 3_600_000,
            unread: n % 9 === 0 ? n % 40 : 0,
          },
    );
  }
  script(launch, now);
  const stranger = all.get(uuid(1009));
  if (stranger)
    stranger.textOf(2).body = { text: "Hi Sam, we met at the conference. Could you tell me more about Tidings?" };
  for (const one of all.values()) one.row.last = one.textOf(one.head);
  return all;
}

/** The end of the conversation that is looked at first. */
function script(launch: Conversation, now: number): void {
  const told: [string, Partial<Line> & { text?: string }][] = [
    ["carla", { kind: "added", body: { users: [byHandle("moshe")] } as Line["body"] }],
    ["carla", { text: "Welcome @Moshe! The plan is pinned above 📌", pinned: true }],
    ["moshe", { text: "תודה רבה! שמח להיות כאן 🙂" }],
    [
      "me",
      {
        text: "Good to have you. Here is what is left:\n\n- [x] resume after a *cut*\n"
          + "- load test with **10,000** people\n- the words in `docs/` and https://tidings.example/launch",
        edited: true,
      },
    ],
    [
      "farah",
      {
        text: "يمكنني أن أكتب الترجمة العربية اليوم، والمراجعة غداً إن شاء الله.",
        reactions: [
          { emoji: "❤️", users: [ME, byHandle("ann")] },
          { emoji: "🎉", users: [byHandle("ben")] },
        ],
      },
    ],
    ["ben", { text: "```sh\nmake bench | tee bench.txt\n# p95 send→deliver: 11 ms\n```" }],
    ["ben", { text: "Eleven milliseconds. I checked twice." }],
    ["me", { text: "🤯" }],
    ["hanna", { text: "", deleted_by: byHandle("hanna"), body: {} }],
    ["ann", { kind: "acme.poll", body: { question: "When?" } as Line["body"] }],
    ["carla", { kind: "settings", body: { title: "Launch team" } as Line["body"] }],
    ["me", { text: "I'll write the announcement tonight.", ticks: "read" }],
    ["ann", { text: "Great. @Sam Rivers can you send it to me before it goes out?", reply: 1 as never }],
    ["ann", { text: "And who brings the cake? 🎂" }],
    ["ben", { text: "I do!" }],
  ];
  const first = launch.head - told.length + 1;
  told.forEach(([by, { text, ...rest }], n) => {
    const seq = first + n;
    const base = launch.textOf(seq);
    const line: Line = {
      ...base,
      kind: "text",
      body: { text: text ?? "" },
      edited: false,
      pinned: false,
      reactions: [],
      star: false,
      ...rest,
      sender: by === "me" ? ME : byHandle(by),
      at_ms: now - (told.length - n) * 140_000,
      seq,
      send_id: `launch-${seq}`,
      ticks: by === "me" ? "read" : "none",
    };
    delete line.deleted_by;
    delete line.reply_to;
    delete line.reply;
    if (rest.deleted_by) line.deleted_by = rest.deleted_by;
    if (n === 12) {
      line.reply_to = seq - 1;
      line.body = mention(text ?? "", "@Sam Rivers", ME);
    }
    if (n === 1) line.body = mention((text ?? "").replace("@Moshe", "@משה כהן"), "@משה כהן", byHandle("moshe"));
    launch.lines.set(seq, line);
  });
  launch.local.push(
    {
      send_id: "local-1",
      sender: ME,
      at_ms: now - 30_000,
      kind: "text",
      body: { text: "I can bring plates." },
      edited: false,
      pinned: false,
      reactions: [],
      star: false,
      ticks: "failed",
      refusal: { code: 505, name: "slow_mode", retry: true, retry_after_ms: 20_000, say: "Slow mode." },
    },
    {
      send_id: "local-2",
      sender: ME,
      at_ms: now - 20_000,
      kind: "text",
      body: { text: "And forks, from the office kitchen." },
      edited: false,
      pinned: false,
      reactions: [],
      star: false,
      ticks: "queued",
    },
  );
}

function mention(text: string, name: string, user: string): Line["body"] {
  const at = text.indexOf(name);
  return { text, mentions: [{ user, start: bytesOf(text.slice(0, at)), len: bytesOf(name) }] };
}
