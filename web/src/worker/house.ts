/**
 * The one engine of all tabs: it runs the device, keeps what every desk watches up to date, and carries out what they
 * order. Views are made again only when something that they rest on changed, all of them together once the device has
 * nothing more to do in this turn.
 */

import type {
  LinkState, Me, No, OrderName, Orders, Presence, Session, TimelineOf, ViewName, Views,
} from "../engine/contract";
import type { DeskId, ToDesk, ToHouse } from "../engine/talk";
import type { Command, Reply } from "../sync/command";
import type { Core } from "../sync/core/core";
import { direct, group } from "../sync/derived";
import type { Event } from "../sync/event";
import type { ConversationId, Device, Person, Role, Seq, UserId } from "../wire/wire";
import type { Account, Doors } from "./accounts";
import { PLAIN } from "./orders";
import { knownPeople } from "./people";
import type { People } from "./people";
import { newStretch, take, timelineOf, wants } from "./timelines";
import type { Stretch } from "./timelines";
import { detailOf, rowsOf, shownEntry } from "./views";

/** Watches of all desks together, at most; one more is not told anything. */
export const WATCHES_MAX = 4_096;
/** Orders whose answers are remembered, in case a desk gives them again to this house. */
const ANSWERED_KEPT_MAX = 512;

/** How a handle looks (docs/PROTOCOL.md, `bad_handle`). */
const HANDLE = /^[a-z0-9][a-z0-9._-]{1,31}$/;

/** A device that runs: the core, its socket and its disk. */
export type Running = {
  readonly core: Core;
  command(command: Command): Promise<Reply>;
  stop(): Promise<void>;
};

export type HouseParts = {
  now_ms(): number;
  doors: Doors;
  /** Says something to a desk. */
  tell(desk: DeskId, message: ToDesk): void;
  /** Runs this after what is going on now. */
  soon(what: () => void): void;
  after(ms: number, what: () => void): () => void;
  /** Whose device this browser is; and remembering it. */
  account(): Promise<Account | undefined>;
  remember(account: Account | undefined): Promise<void>;
  /** Starts the device of an account. */
  run(account: Account, heard: (event: Event) => void): Promise<Running>;
  /** Deletes everything that is kept of an account. */
  forget(account: Account): Promise<void>;
  storage(): Session["storage"];
  newName(): string;
};

export type House = {
  hear(message: ToHouse): void;
  stop(): Promise<void>;
};

type Watched = { desk: DeskId; id: number; view: ViewName; of: unknown; stretch?: Stretch };

export async function openHouse(parts: HouseParts): Promise<House> {
  const house = new Rooms(parts);
  await house.enter(await parts.account());
  return house;
}

class Rooms implements House {
  private readonly watches = new Map<string, Watched>();
  private readonly desks = new Map<DeskId, boolean>();
  private readonly answered = new Map<string, ToDesk>();
  private readonly people: People;
  private account: Account | undefined;
  private device: Running | undefined;
  private link: LinkState = { is: "connecting" };
  private readonly typing = new Map<ConversationId, Map<UserId, number>>();
  private readonly presence = new Map<UserId, Presence & { until_ms: number }>();
  private readonly opened = new Map<ConversationId, Seq | undefined>();
  private devices: readonly Device[] = [];
  private dirty = false;
  private stage: Session["stage"] = "starting";
  private stopped = false;

  constructor(private readonly parts: HouseParts) {
    this.people = knownPeople({
      now_ms: parts.now_ms,
      ask: (users) => this.askPeople({ users }),
      changed: () => this.change(),
    });
  }

  /** Begins with somebody, or with nobody. */
  async enter(account: Account | undefined): Promise<void> {
    this.account = account;
    this.stage = account ? "signed in" : "signed out";
    this.link = { is: "connecting" };
    if (account) this.device = await this.parts.run(account, (event) => this.heard(event));
    this.change();
  }

  hear(message: ToHouse): void {
    switch (message.say) {
      case "here":
        this.desks.set(message.desk, message.visible);
        if (message.visible) void this.device?.command({ command: "hurry" });
        break;
      case "gone":
        this.desks.delete(message.desk);
        for (const [key, watch] of this.watches) if (watch.desk === message.desk) this.watches.delete(key);
        break;
      case "watch": {
        const { desk, id, view, of } = message;
        if (this.watches.size >= WATCHES_MAX) break;
        const stretch = view === "timeline" ? newStretch(of as TimelineOf) : undefined;
        const watch: Watched = { desk, id, view, of, ...(stretch && { stretch }) };
        this.watches.set(`${desk} ${id}`, watch);
        if (view === "me") void this.askDevices();
        if (view === "presence") this.watchPresence();
        this.change();
        break;
      }
      case "unwatch":
        this.watches.delete(`${message.desk} ${message.id}`);
        break;
      case "order":
        void this.carryOut(message);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.device?.stop();
    this.device = undefined;
  }

  // ---- Orders -------------------------------------------------------------------------------------------------------

  private async carryOut({ desk, id, order, ask, send_id }: Extract<ToHouse, { say: "order" }>): Promise<void> {
    const known = this.answered.get(send_id);
    if (known) return this.parts.tell(desk, known);
    let told: ToDesk;
    try {
      told = { say: "done", id, answer: await this.do(order, ask as never, send_id) };
    } catch (thrown) {
      told = { say: "not done", id, no: noOf(thrown) };
    }
    this.answered.set(send_id, told);
    for (const name of this.answered.keys()) {
      if (this.answered.size <= ANSWERED_KEPT_MAX) break;
      this.answered.delete(name);
    }
    if (!this.stopped) this.parts.tell(desk, told);
    this.change();
  }

  private async do<O extends OrderName>(order: O, ask: Orders[O]["ask"], send_id: string): Promise<unknown> {
    const own = this.own[order] as ((ask: Orders[O]["ask"], send_id: string) => Promise<unknown>) | undefined;
    if (own) return own(ask, send_id);
    const plain = PLAIN[order];
    if (!plain) throw { no: "broken", why: `nobody carries out ${order}` } satisfies No;
    return plain.answer(await this.ask(plain.command(ask, send_id)));
  }

  private async ask(command: Command): Promise<Reply> {
    if (!this.device) throw { no: "offline" } satisfies No;
    const reply = await this.device.command(command);
    if (reply.reply !== "no") return reply;
    const { no } = reply;
    if (no.no === "refused") throw { no: "refused", refusal: no.refusal } satisfies No;
    throw (no.no === "stopped" ? { no: "offline" } : { no: "full" }) satisfies No;
  }

  /** Orders that are more than one command, or none. */
  private readonly own: { [O in OrderName]?: (ask: Orders[O]["ask"], send_id: string) => Promise<unknown> } = {
    sign_up: async (ask) => this.become(await this.parts.doors.signUp(ask)),
    sign_in: async (ask) => this.become(await this.parts.doors.signIn(ask)),
    sign_out: async () => {
      // The device goes first: nothing may be kept after it was deleted.
      await this.device?.stop();
      this.device = undefined;
      const account = this.account;
      await this.parts.doors.signOut().catch((no: No) => {
        // A token that is void already is as good as signed out.
        if (no.no !== "refused") throw no;
      });
      if (account) await this.parts.forget(account);
      await this.parts.remember(undefined);
      await this.enter(undefined);
    },
    sign_out_others: async () => {
      await this.parts.doors.signOutOthers();
      await this.askDevices();
    },
    sign_out_device: async ({ device }) => {
      await this.parts.doors.signOutDevice(device);
      await this.askDevices();
    },
    open: async ({ conv }) => {
      const core = this.core();
      if (core && !this.opened.has(conv)) this.opened.set(conv, this.firstUnread(core, conv));
      await this.ask({ command: "open", conv });
    },
    close: async ({ conv }) => {
      this.opened.delete(conv);
      await this.ask({ command: "close", conv });
    },
    begin: async (ask, send_id) => {
      const core = this.core();
      if (!core) throw { no: "offline" } satisfies No;
      await this.ask({ command: "write", verb: { t: "create", kind: "direct", with: ask.with, send_id } });
      return direct(core.options.me, ask.with);
    },
    group: async ({ title, members }, send_id) => {
      const core = this.core();
      if (!core) throw { no: "offline" } satisfies No;
      await this.ask({
        command: "write", verb: { t: "create", kind: "group", title, members: [...members], send_id },
      });
      return group(core.options.me, send_id);
    },
    members: async ({ conv }) => {
      const all: { user: UserId; role: Role }[] = [];
      for (let after: UserId | undefined; ; ) {
        const reply = await this.ask({ command: "members", conv, ...(after !== undefined && { after }) });
        if (reply.reply !== "members") break;
        const { list, more } = reply.members;
        all.push(...list.map(({ user, role }) => ({ user, role })));
        after = list.at(-1)?.user;
        if (!more || after === undefined) break;
      }
      this.people.want(all.map(({ user }) => user));
      return all;
    },
    dismiss: async ({ send_id: name }) => {
      const item = this.core()?.state.outbox.get(name)?.item;
      await this.ask({ command: "dismiss", send_id: name });
      const body = item?.verb.t === "send" || item?.verb.t === "edit" ? item.verb.body : undefined;
      return typeof body?.["text"] === "string" ? body["text"] : null;
    },
    retry: async ({ send_id: name }, send_id) => {
      const item = this.core()?.state.outbox.get(name)?.item;
      if (!item) throw { no: "broken", why: "it is not waiting here" } satisfies No;
      const reply = await this.ask({ command: "write", verb: { ...item.verb, send_id } });
      await this.ask({ command: "dismiss", send_id: name });
      return reply.reply === "queued" ? reply.send_id : send_id;
    },
    pins: async ({ conv }) => {
      const core = this.core();
      const reply = await this.ask({ command: "pins", conv });
      if (!core || reply.reply !== "pins") return [];
      const lines = [];
      for (const seq of reply.pins.seqs) {
        const held = core.state.logs.get(conv)?.entry(seq);
        const page = held ? undefined : await this.ask({ command: "page", conv, place: { at: "range", from: seq, to: seq }, limit: 1 });
        const entry = held ?? (page?.reply === "page" ? page.page.entries[0] : undefined);
        if (entry) lines.push(shownEntry(core, conv, entry));
      }
      return lines;
    },
    find: async ({ text }) => {
      // A handle finds strangers, too, but only whole; a name finds those I know by its beginning.
      const handle = text.replace(/^@/, "").toLowerCase();
      const by_handle = HANDLE.test(handle) ? await this.askPeople({ handles: [handle] }) : [];
      const by_name = text.startsWith("@") ? [] : await this.askPeople({ prefix: text });
      const found = [...by_handle, ...by_name.filter((one) => by_handle.every((other) => other.user !== one.user))];
      this.people.told(found);
      return found;
    },
    profile: async (ask) => {
      const reply = await this.ask({ command: "decide", decision: { t: "profile", ...ask } });
      if (reply.reply === "decided" && reply.person) this.people.told([reply.person]);
    },
    seq_of_day: async ({ conv, day_ms }) => this.seqOfDay(conv, day_ms),
  };

  /** The first message of a day: times never go back within a log, so halving finds it. */
  private async seqOfDay(conv: ConversationId, day_ms: number): Promise<Seq | null> {
    const core = this.core();
    const row = core?.state.inbox.row(conv);
    if (!core || !row) return null;
    let [low, high] = [row.spans[0]?.from_seq ?? 1, row.head_seq + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const reply = await this.ask({ command: "page", conv, place: { at: "after", seq: middle - 1 }, limit: 1 });
      const entry = reply.reply === "page" ? reply.page.entries[0] : undefined;
      if (!entry || entry.created_ms >= day_ms) high = middle;
      else low = middle + 1;
    }
    return low <= row.head_seq ? low : null;
  }

  private async become(account: Account): Promise<void> {
    await this.device?.stop();
    await this.parts.remember(account);
    await this.enter(account);
  }

  private async askPeople(ask: object): Promise<readonly Person[]> {
    const reply = await this.ask({ command: "people", ask: ask as never });
    return reply.reply === "people" ? reply.people.list : [];
  }

  private async askDevices(): Promise<void> {
    if (!this.account) return;
    this.devices = await this.parts.doors.devices().then((all) => all.devices, () => this.devices);
    this.change();
  }

  private firstUnread(core: Core, conv: ConversationId): Seq | undefined {
    if (core.state.unread(conv) === 0) return undefined;
    const { read } = core.state.cursors.mine(conv);
    return Math.max(read, core.state.inbox.row(conv)?.read_seq ?? 0) + 1;
  }

  // ---- What the device tells ----------------------------------------------------------------------------------------

  private heard(event: Event): void {
    switch (event.event) {
      case "online":
        this.link = { is: "catching up" };
        break;
      case "caught up":
        this.link = { is: "online" };
        break;
      case "offline":
        this.link = { is: "offline", retry_at_ms: this.parts.now_ms() + event.retry_in_ms };
        break;
      case "stopped":
        this.link = { is: "stopped", duty: event.duty === "sign in" ? "sign in" : "stop" };
        break;
      case "typing":
        this.typed(event);
        break;
      case "presence":
        for (const { user, state, last_seen_ms } of event.list) {
          const until_ms = this.parts.now_ms() + event.ttl_ms;
          this.presence.set(user, { here: state, ...(last_seen_ms !== undefined && { last_seen_ms }), until_ms });
        }
        break;
      case "account":
        void this.askDevices();
        break;
      case "changed":
      case "resynced":
        for (const { stretch } of this.watches.values()) {
          if (stretch && (event.event === "resynced" || stretch.of.conv === event.conv)) stretch.stale = true;
        }
        break;
    }
    this.change();
  }

  private typed({ conv, user, ttl_ms }: Extract<Event, { event: "typing" }>): void {
    const who = this.typing.get(conv) ?? new Map<UserId, number>();
    this.typing.set(conv, who);
    who.set(user, this.parts.now_ms() + ttl_ms);
    this.parts.after(ttl_ms + 50, () => this.change());
  }

  private watchPresence(): void {
    const of = [...this.watches.values()].filter((watch) => watch.view === "presence");
    const people = [...new Set(of.flatMap((watch) => watch.of as readonly UserId[]))];
    void this.device?.command({ command: "presence", people });
  }

  // ---- Views --------------------------------------------------------------------------------------------------------

  private core(): Core | undefined {
    return this.device?.core;
  }

  /** Something changed: every watched view is made again, once, soon. */
  private change(): void {
    if (this.dirty || this.stopped) return;
    this.dirty = true;
    this.parts.soon(() => {
      this.dirty = false;
      if (!this.stopped) this.tellAll();
    });
  }

  private tellAll(): void {
    const made = new Map<string, unknown>();
    for (const watch of this.watches.values()) {
      const key = watch.stretch ? `${watch.desk} ${watch.id}` : `${watch.view} ${JSON.stringify(watch.of)}`;
      if (!made.has(key)) made.set(key, this.view(watch));
      const is = made.get(key);
      if (is !== undefined) this.parts.tell(watch.desk, { say: "is", id: watch.id, is });
    }
  }

  private view(watch: Watched): Views[ViewName]["is"] | undefined {
    const core = this.core();
    if (watch.view === "session") return this.session();
    if (watch.view === "me") return this.me();
    if (!core) return undefined;
    const now = this.parts.now_ms();
    switch (watch.view) {
      case "conversations": {
        const rows = rowsOf(core, this.people, now);
        this.people.want(rows.flatMap((row) => [row.peer, row.last?.sender].filter((user) => user !== undefined)));
        return rows;
      }
      case "conversation": {
        const conv = watch.of as ConversationId;
        return detailOf(core, this.people, conv, this.opened.get(conv), now);
      }
      case "timeline":
        return watch.stretch && this.timeline(core, watch.stretch);
      case "people": {
        const users = watch.of as readonly UserId[];
        this.people.want(users);
        return Object.fromEntries(users.map((user) => [user, this.people.of(user)]).filter(([, person]) => person));
      }
      case "typing": {
        const who = this.typing.get(watch.of as ConversationId) ?? new Map<UserId, number>();
        for (const [user, until_ms] of who) if (until_ms <= now) who.delete(user);
        return [...who.keys()].filter((user) => user !== core.options.me);
      }
      case "presence": {
        const here = (watch.of as readonly UserId[]).map((user) => [user, this.presence.get(user)] as const);
        const valid = here.filter(([, presence]) => presence && presence.until_ms > now);
        return Object.fromEntries(valid.map(([user, presence]) => [user, presence as Presence]));
      }
    }
    return undefined;
  }

  private timeline(core: Core, stretch: Stretch): Views["timeline"]["is"] {
    const want = wants(core, stretch);
    if (want) {
      stretch.loading = true;
      const { place, limit } = want;
      this.ask({ command: "page", conv: stretch.of.conv, place, limit })
        .then((reply) => {
          if (reply.reply === "page") take(core, stretch, reply.page, place);
        }, () => {
          // Offline with nothing held: what comes later marks it stale again.
          stretch.stale = false;
          stretch.below = false;
        })
        .finally(() => {
          stretch.loading = false;
          this.change();
        });
    }
    const timeline = timelineOf(core, stretch);
    this.people.want(timeline.lines.flatMap((line) => [line.sender, ...(line.body.mentions ?? []).map((one) => one.user)]));
    return timeline;
  }

  private session(): Session {
    const waiting = this.core()?.state.outbox.waiting() ?? [];
    const failed = waiting.filter(({ phase }) => phase.phase === "failed").length;
    return {
      stage: this.stage,
      ...(this.account && { me: this.account.user }),
      link: this.link,
      waiting: waiting.length - failed,
      failed,
      storage: this.parts.storage(),
      update_ready: false,
    };
  }

  private me(): Me {
    const core = this.core();
    const me = this.account?.user;
    if (me !== undefined && core) this.people.want([me]);
    const person = me === undefined ? undefined : this.people.of(me);
    return {
      ...(person && { person }),
      ...(core && { privacy: core.state.inbox.privacy() }),
      blocks: core?.state.inbox.blocks() ?? [],
      devices: this.devices,
      show: core?.show ?? "online",
    };
  }
}

/** What was thrown, as it is told to a desk. */
function noOf(thrown: unknown): No {
  if (typeof thrown === "object" && thrown !== null && "no" in thrown) return thrown as No;
  return { no: "broken", why: thrown instanceof Error ? thrown.message : String(thrown) };
}
