/** What the pretended engine does with each order. */
import type { Line, OrderName, Orders } from "../../engine/contract";
import { arrive, type World } from "./pretend";
import { byHandle, type Conversation, ME, persons } from "./world";

type Answers = { [O in OrderName]: (world: World, ask: Orders[O]["ask"]) => Orders[O]["answer"] };

let next = 1;
const name = () => `sent-${next++}`;

const at = (world: World, conv: string): Conversation => world.all.get(conv) ?? world.refuse(301, "not_found");

function amend(world: World, conv: string, seq: number, change: (line: Line) => Line): string {
  const one = at(world, conv);
  one.lines.set(seq, change(one.textOf(seq)));
  world.changed("timeline", "conversation", "conversations");
  return name();
}

/** Said, kept, sent, delivered, read; and an answer, so that one does not talk to oneself. */
function say(world: World, conv: string, line: Line): void {
  const one = at(world, conv);
  one.local.push(line);
  world.changed("timeline", "conversations");
  if (world.session.link.is !== "online") return;
  const step = (ms: number, ticks: Line["ticks"]) =>
    setTimeout(() => {
      const [seq, held] = [...one.lines].find(([, held]) => held.send_id === line.send_id) ?? [];
      if (seq !== undefined && held) one.lines.set(seq, { ...held, ticks });
      world.changed("timeline", "conversations");
    }, ms);
  setTimeout(() => {
    one.local = one.local.filter(other => other !== line);
    one.head += 1;
    one.readSeq = one.head;
    one.lines.set(one.head, { ...line, seq: one.head, ticks: "sent" });
    one.row = { ...one.row, at_ms: Date.now(), unread: 0, mentions: 0 };
    world.changed("timeline", "conversations", "conversation");
  }, 350);
  step(900, "delivered");
  step(1_800, "read");
  const other = one.row.kind === "direct" ? one.row.peer : undefined;
  if (!other || other === ME) return;
  setTimeout(() => {
    world.typing.set(conv, [other]);
    world.changed("typing");
  }, 2_200);
  setTimeout(() => {
    world.typing.delete(conv);
    arrive(world, one, other, "Got it, thanks!");
  }, 4_200);
}

const newLine = (body: Line["body"], sender = ME): Line => ({
  send_id: name(),
  sender,
  at_ms: Date.now(),
  kind: "text",
  body,
  edited: false,
  pinned: false,
  reactions: [],
  star: false,
  ticks: "queued",
});

const signIn = (world: World) => {
  world.session = { ...world.session, stage: "signed in" };
  world.changed("session", "conversations");
};

export const answers: Answers = {
  sign_up: (world, ask) => (ask.handle === "ann" ? world.refuse(409, "handle_taken") : signIn(world)),
  sign_in: (world, ask) => (ask.password === "wrong" ? world.refuse(201, "unauthenticated") : signIn(world)),
  sign_out: world => {
    world.session = { ...world.session, stage: "signed out" };
    world.changed("session");
  },
  sign_out_others: () => {},
  sign_out_device: () => {},
  profile: (world, ask) => {
    world.about.set(ME, { ...world.about.get(ME), ...ask });
    world.changed("me", "people");
  },
  privacy: (world, ask) => {
    world.privacy = { ...world.privacy, ...ask } as World["privacy"];
    world.changed("me");
  },
  show: (world, ask) => {
    world.show = ask.show;
    world.changed("me");
  },
  hurry: world => {
    world.session = { ...world.session, link: { is: "connecting" } };
    world.changed("session");
    setTimeout(() => {
      world.session = { ...world.session, link: { is: "online" }, waiting: 0 };
      world.changed("session");
    }, 2_000);
  },
  send: (world, ask) => {
    const line = newLine({ text: ask.text, mentions: [...ask.mentions] });
    if (ask.reply_to) {
      line.reply_to = ask.reply_to.seq;
      line.reply = at(world, ask.conv).textOf(ask.reply_to.seq);
    }
    say(world, ask.conv, line);
    return line.send_id;
  },
  edit: (world, ask) =>
    amend(world, ask.conv, ask.target.seq, line => ({
      ...line,
      edited: true,
      body: { ...line.body, text: ask.text, mentions: [...ask.mentions] },
    })),
  delete: (world, ask) =>
    amend(world, ask.conv, ask.target.seq, line => ({
      ...line,
      body: {},
      deleted_by: ME,
      reactions: [],
      pinned: false,
    })),
  react: (world, ask) =>
    amend(world, ask.conv, ask.target.seq, line => {
      const others = line.reactions.map(one =>
        one.emoji !== ask.emoji ? one : { ...one, users: one.users.filter(user => user !== ME) },
      );
      if (ask.on && !others.some(one => one.emoji === ask.emoji)) others.push({ emoji: ask.emoji, users: [] });
      return {
        ...line,
        reactions: others
          .map(one => (ask.on && one.emoji === ask.emoji ? { ...one, users: [...one.users, ME] } : one))
          .filter(one => one.users.length > 0),
      };
    }),
  pin: (world, ask) => amend(world, ask.conv, ask.target.seq, line => ({ ...line, pinned: ask.on })),
  star: (world, ask) => {
    amend(world, ask.conv, ask.seq, line => ({ ...line, star: ask.on }));
  },
  hide: (world, ask) => {
    amend(world, ask.conv, ask.seq, line => ({ ...line, hidden: true }) as Line);
  },
  forward: (world, ask) => {
    const of = at(world, ask.from).textOf(ask.origin.seq);
    const line = newLine({ ...of.body, forwarded: { sender: of.sender, created_ms: of.at_ms } });
    say(world, ask.to, line);
    return line.send_id;
  },
  dismiss: (world, ask) => {
    for (const one of world.all.values()) {
      const line = one.local.find(line => line.send_id === ask.send_id);
      if (!line) continue;
      one.local = one.local.filter(other => other !== line);
      world.changed("timeline", "conversations");
      return line.body.text ?? null;
    }
    return null;
  },
  retry: (world, ask) => {
    for (const one of world.all.values()) {
      const line = one.local.find(line => line.send_id === ask.send_id);
      if (!line) continue;
      one.local = one.local.filter(other => other !== line);
      const { refusal: _, ...again } = line;
      say(world, one.row.conv, { ...again, ticks: "queued" });
    }
    return ask.send_id;
  },
  typing: () => {},
  read: (world, ask) => {
    const one = at(world, ask.conv);
    one.readSeq = Math.max(one.readSeq, ask.seq);
    const unread = Math.min(one.row.unread, one.head - one.readSeq);
    one.row = { ...one.row, unread, mentions: unread === 0 ? 0 : one.row.mentions };
    world.changed("conversations", "conversation");
  },
  mark_unread: (world, ask) => {
    const one = at(world, ask.conv);
    one.gen += 1;
    one.readSeq = ask.seq - 1;
    one.row = { ...one.row, unread: one.head - one.readSeq };
    world.changed("conversations", "conversation");
  },
  read_all: world => {
    for (const one of world.all.values()) one.row = { ...one.row, unread: 0, mentions: 0 };
    world.changed("conversations");
  },
  receipts: (world, ask) =>
    at(world, ask.conv)
      .members.filter(user => user !== ME)
      .map((user, n) => ({
        user,
        delivered: n < 5,
        read: n < 3,
        ...(n < 5 ? { delivered_ms: Date.now() - 9e5 } : {}),
        ...(n < 3 ? { read_ms: Date.now() - n * 2e5 } : {}),
      })),
  history: (world, ask) => ({
    conv: ask.conv,
    seq: ask.seq,
    more: false,
    list: [
      { at_ms: Date.now() - 6e5, body: at(world, ask.conv).textOf(ask.seq).body, rev: 9 },
      { at_ms: Date.now() - 9e5, body: { text: "As it was said first." } },
    ],
  }),
  pins: (world, ask) => {
    const one = at(world, ask.conv);
    const pinned: Line[] = [];
    for (let seq = one.head; seq > Math.max(1, one.head - 300); seq -= 1)
      if (one.textOf(seq).pinned) pinned.push(one.textOf(seq));
    return pinned;
  },
  starred: world =>
    [...world.all.values()].slice(0, 4).map((one, n) => {
      const line = one.textOf(Math.max(2, one.head - 3));
      return {
        at_ms: Date.now() - n * 1e7,
        conv: one.row.conv,
        entry: {
          body: line.body,
          created_ms: line.at_ms,
          id: "",
          kind: line.kind,
          ord: 1,
          send_id: line.send_id,
          sender: line.sender,
          seq: line.seq ?? 1,
        },
      };
    }),
  draft: (world, ask) => {
    const one = at(world, ask.conv);
    const { draft: _, ...row } = one.row;
    one.row = ask.text ? { ...row, draft: ask.text } : row;
    world.changed("conversations", "conversation");
  },
  forget_draft: () => {},
  prefs: (world, ask) => {
    const one = at(world, ask.conv);
    const { conv: _, ...change } = ask;
    const prefs = { ...one.row.prefs, ...change };
    one.row = { ...one.row, prefs, muted: (prefs.mute_until_ms ?? 0) > Date.now() };
    world.changed("conversations", "conversation");
  },
  seq_of_day: (world, ask) => Math.max(1, at(world, ask.conv).head - 50),
  open: () => {},
  close: () => {},
  begin: (world, ask) => {
    for (const one of world.all.values())
      if (one.row.kind === "direct" && one.row.peer === ask.with) return one.row.conv;
    return [...world.all.keys()][1] ?? "";
  },
  group: world => [...world.all.keys()][0] ?? "",
  members: (world, ask) => {
    const one = at(world, ask.conv);
    return one.members.map((user, n) => ({
      user,
      role: user === ME ? (one.row.role ?? "member") : n < 2 ? "admin" : "member",
    }));
  },
  add: (world, ask) => {
    at(world, ask.conv).members.push(...ask.users);
    world.changed("conversation");
    return name();
  },
  remove: (world, ask) => {
    const one = at(world, ask.conv);
    one.members = one.members.filter(user => user !== ask.user);
    world.changed("conversation");
    return name();
  },
  leave: (world, ask) => {
    const one = at(world, ask.conv);
    delete one.row.role;
    one.row = { ...one.row };
    world.changed("conversation", "conversations");
    return name();
  },
  settings: (world, ask) => {
    const one = at(world, ask.conv);
    if (ask.change.title) one.row = { ...one.row, title: ask.change.title };
    if (ask.change.description !== undefined) one.description = ask.change.description;
    if (ask.change.announce !== undefined) one.announce = ask.change.announce;
    world.changed("conversation", "conversations");
    return name();
  },
  role: () => name(),
  make_link: (_world, ask) => ({
    conv: ask.conv,
    link: name(),
    creator: ME,
    created_ms: Date.now(),
    expires_ms: Date.now() + 6e8,
    token: "2eae6aa7effc83339b1a8f2ab405bc14.1wbcz4qtn6fkvsq70mwxv9w12t",
    url: `${location.origin}/j/#2eae6aa7effc83339b1a8f2ab405bc14.1wbcz4qtn6fkvsq70mwxv9w12t`,
  }),
  links: () => [
    { link: "l1", creator: ME, created_ms: Date.now() - 9e7, expires_ms: Date.now() + 5e8, uses_left: 4 },
    { link: "l2", creator: byHandle("ann"), created_ms: Date.now() - 9e7, expires_ms: Date.now() + 2e8 },
  ],
  revoke_link: (world, ask) => answers.links(world, ask).filter(one => one.link !== ask.link),
  look: () => ({
    conv: "x",
    members: 12,
    title: "Garden friends",
    description: "Who waters what, and when",
    approve: true,
  }),
  join: (world): Orders["join"]["answer"] => ({ conv: [...world.all.keys()][0] ?? "", asked: true }),
  requests: () => [
    { user: byHandle("kofi"), asked_ms: Date.now() - 4e6 },
    { user: byHandle("lea"), asked_ms: Date.now() - 9e6 },
  ],
  admit: () => name(),
  find: (_world, ask) => {
    const wanted = ask.text.toLowerCase().replace(/^@/, "");
    return [...persons.values()].filter(
      one => one.handle.startsWith(wanted) || one.name.toLowerCase().includes(wanted),
    );
  },
  answer: (world, ask) => {
    const one = at(world, ask.conv);
    const { request: _, ...row } = one.row;
    one.row = ask.answer === "ignore" ? { ...row, request: "ignored" } : row;
    if (ask.answer === "block" && row.peer) world.blocks.add(row.peer);
    world.changed("conversations", "conversation", "me");
  },
  block: (world, ask) => {
    if (ask.on) world.blocks.add(ask.user);
    else world.blocks.delete(ask.user);
    world.changed("me", "conversation");
  },
  report: () => {},
};
