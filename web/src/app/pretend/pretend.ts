/**
 * An engine that is none: it keeps the contract without a server, a socket or a store, so that screens can be looked at
 * and tested. `?pretend`, and with it `stage=out`, `link=offline|connecting|catching|stopped`, `count=2000`,
 * `storage=full`, `update`. It is never in what people get.
 */
import type { Engine, LinkState, Line, No, OrderName, Orders, Session, ViewName, Views } from "../../engine/contract";
import { answers } from "./answers";
import { build, type Conversation, ME, persons } from "./world";

type Watcher = { view: ViewName; of: unknown; tell: (is: never) => void };

export type World = {
  all: Map<string, Conversation>;
  session: Session;
  typing: Map<string, string[]>;
  blocks: Set<string>;
  show: Views["me"]["is"]["show"];
  privacy: NonNullable<Views["me"]["is"]["privacy"]>;
  about: Map<string, { name?: string; about?: string; handle?: string }>;
  /** Tells all who watch one of these. */
  changed: (...views: ViewName[]) => void;
  refuse: (code: number, name: string) => never;
};

const links: { [name: string]: LinkState } = {
  offline: { is: "offline", retry_at_ms: Date.now() + 3_600_000 },
  connecting: { is: "connecting" },
  catching: { is: "catching up" },
  stopped: { is: "stopped", duty: "stop" },
  sign: { is: "stopped", duty: "sign in" },
};

export function pretend(how: URLSearchParams): Engine {
  const watchers = new Set<Watcher>();
  const world: World = {
    all: build(Number(how.get("count") ?? 60)),
    session: {
      stage: how.get("stage") === "out" ? "signed out" : how.get("stage") === "starting" ? "starting" : "signed in",
      me: ME,
      link: links[how.get("link") ?? ""] ?? { is: "online" },
      waiting: how.has("link") ? 2 : 0,
      failed: 1,
      storage: (how.get("storage") as Session["storage"] | null) ?? "durable",
      update_ready: how.has("update"),
    },
    typing: new Map(),
    blocks: new Set(),
    show: "online",
    privacy: { last_seen: "acquainted", receipts: "everyone", who_adds: "acquainted", who_writes: "everyone" },
    about: new Map(),
    changed: (...views) => {
      for (const one of watchers) if (views.includes(one.view)) tell(one);
    },
    refuse: (code, name) => {
      const no: No = { no: "refused", refusal: { code, name, retry: false, say: name } };
      throw no;
    },
  };
  if (how.has("empty")) world.all.clear();
  const tell = (one: Watcher) => one.tell(look(world, one.view, one.of) as never);
  if (!how.has("still")) bustle(world);
  return {
    watch(view, of, told) {
      const one: Watcher = { view, of, tell: told as Watcher["tell"] };
      watchers.add(one);
      setTimeout(
        () => {
          if (watchers.has(one)) tell(one);
        },
        view === "timeline" ? 12 : 0,
      );
      return () => {
        watchers.delete(one);
      };
    },
    async order<O extends OrderName>(order: O, ask: Orders[O]["ask"]): Promise<Orders[O]["answer"]> {
      await new Promise(done => setTimeout(done, 20));
      return answers[order](world, ask as never) as Orders[O]["answer"];
    },
  };
}

const rowsHeld = new WeakMap<Conversation, { made: unknown; row: Conversation["row"] }>();

/** The same object for as long as nothing in it changed. */
export function rowOf(one: Conversation): Conversation["row"] {
  const last = one.local.at(-1) ?? one.textOf(one.head);
  const made = JSON.stringify([one.row, last.send_id, last.ticks, last.edited, last.deleted_by]);
  const held = rowsHeld.get(one);
  if (held?.made === made) return held.row;
  const row = { ...one.row, last, at_ms: Math.max(one.row.at_ms, last.at_ms) };
  rowsHeld.set(one, { made, row });
  return row;
}

function look(world: World, view: ViewName, of: unknown): unknown {
  switch (view) {
    case "session":
      return world.session;
    case "conversations":
      return [...world.all.values()]
        .map(rowOf)
        .sort((a, b) => Number(b.prefs.pinned ?? false) - Number(a.prefs.pinned ?? false) || b.at_ms - a.at_ms);
    case "conversation":
      return detailOf(world, of as string);
    case "timeline":
      return timelineOf(world, of as Views["timeline"]["of"]);
    case "people":
      return Object.fromEntries(
        (of as string[]).flatMap(user => {
          const person = persons.get(user);
          return person ? [[user, { ...person, ...world.about.get(user) }]] : [];
        }),
      );
    case "presence":
      return Object.fromEntries(
        (of as string[]).map((user, n) => [
          user,
          n % 3 === 0
            ? { here: "online" }
            : n % 3 === 1
              ? { here: "away" }
              : { here: "offline", last_seen_ms: Date.now() - 4e6 },
        ]),
      );
    case "typing":
      return world.typing.get(of as string) ?? [];
    case "me":
      return {
        person: { ...persons.get(ME), ...world.about.get(ME) },
        privacy: world.privacy,
        blocks: [...world.blocks],
        show: world.show,
        devices: [
          { device: "d1", name: "Firefox on Linux", current: true, created_ms: Date.now() - 9e9, last_ms: Date.now() },
          {
            device: "d2",
            name: "Tidings on Android",
            current: false,
            created_ms: Date.now() - 3e9,
            last_ms: Date.now() - 3_600_000,
          },
          {
            device: "d3",
            name: "tidings-cli 0.1",
            current: false,
            created_ms: Date.now() - 6e7,
            last_ms: Date.now() - 6e7,
          },
        ],
      };
    default:
      return undefined;
  }
}

function detailOf(world: World, conv: string): Views["conversation"]["is"] {
  const one = world.all.get(conv);
  if (!one) return null;
  const blocked = one.row.peer !== undefined && world.blocks.has(one.row.peer);
  const writes = one.row.role !== undefined && !blocked && !(one.announce && one.row.role === "member");
  const boss = one.row.role === "owner" || one.row.role === "admin";
  return {
    ...rowOf(one),
    settings: {
      ...(one.description ? { description: one.description } : {}),
      announce: one.announce ?? false,
      history: "all",
    },
    head_seq: one.head,
    read_seq: one.readSeq,
    gen: one.gen,
    ...(one.unreadFrom ? { unread_from: one.unreadFrom } : {}),
    mention_seqs: [],
    kept_drafts: [],
    may: {
      write: writes,
      edit_own: true,
      delete_own: true,
      delete_others: boss,
      react: one.row.role !== undefined,
      pin: boss,
      mention_all: boss,
      describe: boss,
      set_rules: boss,
      skip_slow_mode: boss,
      add: boss,
      remove: boss,
      link: boss,
      admit: boss,
      set_roles: one.row.role === "owner",
    },
  };
}

function timelineOf(world: World, of: Views["timeline"]["of"]): Views["timeline"]["is"] {
  const one = world.all.get(of.conv);
  if (!one) return { conv: of.conv, lines: [], before: false, after: false, loading: false };
  const half = Math.floor(of.count / 2);
  const last = of.around === null ? one.head : Math.min(one.head, of.around + half);
  const first = Math.max(1, of.around === null ? one.head - of.count + 1 : of.around - half);
  const lines: Line[] = [];
  for (let seq = first; seq <= last; seq += 1) {
    const line = one.textOf(seq);
    if ((line as { hidden?: boolean }).hidden) continue;
    if (line.reply_to !== undefined && !line.reply) line.reply = one.textOf(line.reply_to);
    lines.push(line);
  }
  if (last === one.head) lines.push(...one.local);
  return { conv: of.conv, lines, before: first > 1, after: last < one.head, loading: false };
}

/** Others type and say something now and then. */
function bustle(world: World): void {
  const [launch] = [...world.all.values()];
  if (!launch) return;
  const said = ["Did anybody book the room?", "I can do that.", "🎂 it is", "Ten o'clock?", "See you there!"];
  let n = 0;
  setInterval(() => {
    const by = launch.members[1 + (n % (launch.members.length - 1))] ?? ME;
    world.typing.set(launch.row.conv, [by]);
    world.changed("typing");
    setTimeout(() => {
      world.typing.delete(launch.row.conv);
      arrive(world, launch, by, said[n++ % said.length] ?? "ok");
    }, 2_500);
  }, 15_000);
}

export function arrive(world: World, one: Conversation, sender: string, text: string): void {
  one.head += 1;
  one.lines.set(one.head, {
    seq: one.head,
    send_id: `new-${one.head}`,
    sender,
    at_ms: Date.now(),
    kind: "text",
    body: { text },
    edited: false,
    pinned: false,
    reactions: [],
    star: false,
    ticks: "none",
  });
  one.row = { ...one.row, unread: one.row.unread + 1, at_ms: Date.now() };
  world.changed("timeline", "conversations", "conversation", "typing");
}
