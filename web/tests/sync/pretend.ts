/**
 * A pretended server with its network and its clock, for tests of whole devices: the simplest thing that answers like
 * the real one, by sockets, by requests and by polls.
 */

import type { Network } from "../../src/link/link";
import type { Clock } from "../../src/sync/clock";
import type { Entry, Json } from "../../src/wire/wire";

/** The `n`th id of all. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

export const ME = uuid(1);
export const BOB = uuid(2);
export const CONV = uuid(100);
const EPOCH = uuid(9);
const BEAT_MS = 5_000;

/** Lets everything that is ready happen, also what goes through the event loop as a database does. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export type PretendClock = Clock & { pass(ms: number): Promise<void> };

export function pretendClock(): PretendClock {
  let now_ms = 1_000_000;
  let timers: { at: number; call: () => void }[] = [];
  return {
    nowMs: () => now_ms,
    after: (ms, call) => {
      const timer = { at: now_ms + Math.max(ms, 0), call };
      timers.push(timer);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    pass: async (ms) => {
      const until = now_ms + ms;
      await settle();
      for (;;) {
        const next = timers.toSorted((a, b) => a.at - b.at)[0];
        if (!next || next.at > until) break;
        now_ms = Math.max(now_ms, next.at);
        timers = timers.filter((one) => one !== next);
        next.call();
        await settle(12);
      }
      now_ms = until;
      await settle();
    },
  };
}

type Frame = Json & { t: string; id?: number };

export function pretendServer(clock: PretendClock) {
  const entries: Entry[] = [];
  const drafts: Frame[] = [];
  const sockets = new Set<PretendSocket>();
  const requests: { path: string; body: Json }[] = [];
  let waiters: (() => void)[] = [];
  let [ver, created_ver, delivered, read] = [0, 0, 0, 0];
  const bad = { barred: false, away: false, unknown: false, deaf: false, said: [] as Frame[] };

  const row = () => ({
    ver, topic: "conversation", conv: CONV, epoch: EPOCH, kind: "group", role: "member", head_seq: entries.length,
    head_ord: entries.length, head_ms: entries.length, read_seq: read, read_ord: read,
    spans: [{ from_seq: 1, from_ord: 0 }],
  });
  const inboxAfter = (after: number) => ({
    t: "inbox", from: after, to: ver, more: false, rows: ver > after && created_ver > 0 ? [row()] : [],
  });
  const welcome = () => ({
    t: "welcome", v: 1, session: uuid(3), epoch: EPOCH, user: ME, device: uuid(4), ver, server_ms: clock.nowMs(),
    beat_ms: BEAT_MS, limits: {},
  });

  /** Somebody wrote something; whoever is connected is told. */
  function say(sender: string, send_id: string, body: Json): Entry {
    const known = entries.find((entry) => entry.sender === sender && entry.send_id === send_id);
    if (known) return known;
    const seq = entries.length + 1;
    const entry: Entry = {
      seq, ord: seq, id: uuid(5_000 + seq), sender, send_id, created_ms: clock.nowMs(), kind: "text", body,
    };
    entries.push(entry);
    const prev = ver;
    ver += 1;
    const pull = created_ver === 0;
    created_ver ||= ver;
    const head = { conv: CONV, epoch: EPOCH, seq, ord: seq, ms: clock.nowMs() };
    for (const socket of sockets) {
      socket.hear({ t: "entry", conv: CONV, epoch: EPOCH, entry });
      socket.hear({ t: "ver", prev, ver, heads: [head], pull });
    }
    waiters.splice(0).forEach((wake) => wake());
    return entry;
  }

  function answers(frame: Frame): Json[] {
    const entriesOf = (from: number, to: number, more: boolean) => ({
      t: "entries", conv: CONV, epoch: EPOCH, from, to, more, head_seq: entries.length, head_ord: entries.length,
      floor_seq: 1, items: entries.slice(from - 1, to),
    });
    switch (frame.t) {
      case "hello":
        if (bad.unknown) return [refusal(201)];
        return [welcome(), { ...inboxAfter((frame.ver as number) ?? 0), re: undefined }];
      case "send": {
        const { seq, ord, id, created_ms } = say(ME, frame.send_id as string, frame.body as Json);
        return [{ t: "ack", conv: CONV, epoch: EPOCH, seq, ord, message_id: id, created_ms }];
      }
      case "get": {
        const limit = (frame.limit as number) ?? 50;
        const { before, after = 0 } = frame as { before?: number; after?: number };
        if (before === undefined) return [entriesOf(after + 1, Math.min(entries.length, after + limit), false)];
        return [entriesOf(Math.max(1, before - limit), Math.min(before - 1, entries.length), before - limit > 1)];
      }
      case "cursor":
        delivered = Math.max(delivered, (frame.delivered as number) ?? 0);
        read = Math.max(read, (frame.read as number) ?? 0);
        return [{ t: "cursor_ok", conv: CONV, delivered, read, read_ord: read, gen: 0 }];
      case "draft":
        drafts.push(frame);
        ver += 1;
        return [{ t: "draft_ok", conv: CONV, text: frame.text, text_ver: ver, at_ms: 0, ver }];
      case "inbox":
        return [inboxAfter(frame.after_ver as number)];
      case "watch":
        return [{ t: "watching", heads: [], cursors: [], presence: [] }];
      case "beat":
        return [{ t: "beat", ver, server_ms: clock.nowMs() }];
      case "people":
        return [{ t: "people", list: [] }];
      default:
        return [refusal(102)];
    }
  }

  type PretendSocket = { hear(frame: Json): void; end(code: number): void };

  /** A socket as a browser has it, as far as anybody asks. */
  class Socket {
    static readonly OPEN = 1;
    readonly OPEN = 1;
    readyState = 0;
    bufferedAmount = 0;
    onopen?: () => void;
    onclose?: (event: { code: number }) => void;
    onmessage?: (event: { data: string }) => void;
    private readonly here: PretendSocket = {
      hear: (frame) =>
        void clock.after(5, () => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify(frame) })),
      end: (code) => {
        if (this.readyState === 3) return;
        this.readyState = 3;
        sockets.delete(this.here);
        clock.after(1, () => this.onclose?.({ code }));
      },
    };

    constructor(readonly url: string) {
      clock.after(10, () => {
        if (this.readyState === 3) return;
        if (bad.barred || bad.away) return this.here.end(1006);
        this.readyState = 1;
        this.onopen?.();
      });
    }

    send(text: string): void {
      const frame = JSON.parse(text) as Frame;
      bad.said.push(frame);
      if (bad.deaf) return;
      // What is under way when it is cut may have arrived.
      for (const answer of answers(frame)) this.here.hear("re" in answer ? answer : { ...answer, re: frame.id });
      if (frame.t === "hello") {
        if (bad.unknown) return this.here.end(4100);
        sockets.add(this.here);
      }
    }

    close(): void {
      this.here.end(1000);
    }
  }

  function refusal(code: number): Json {
    return { t: "refuse", code, name: "no", say: "No.", retry: false };
  }

  async function pretendFetch(url: string, init: RequestInit): Promise<Response> {
    const path = new URL(url).pathname.replace("/v1/", "");
    const body = JSON.parse(init.body as string) as Json;
    requests.push({ path, body });
    await new Promise<void>((resolve) => void clock.after(10, resolve));
    if (bad.away) throw new TypeError("Failed to fetch");
    if (bad.unknown) return Response.json(refusal(201), { status: 401 });
    if (path !== "poll") {
      const [answer] = answers({ ...body, t: path });
      return Response.json(answer, { status: answer?.t === "refuse" ? 404 : 200 });
    }
    const after = (body.ver as number) ?? 0;
    if (ver <= after && body.wait_ms !== undefined) {
      await new Promise<void>((resolve, reject) => {
        waiters.push(resolve);
        clock.after(body.wait_ms as number, resolve);
        init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      });
    }
    if (bad.away) throw new TypeError("Failed to fetch");
    return Response.json({ frames: [welcome(), inboxAfter(after)] });
  }

  const network: Network = {
    origin: "https://chat.example",
    fetch: pretendFetch as unknown as typeof fetch,
    WebSocket: Socket as unknown as Network["WebSocket"],
    clock,
  };
  return {
    network, entries, drafts, requests, bad, say,
    cut: (code = 1006) => [...sockets].forEach((socket) => socket.end(code)),
    delivered: () => delivered,
  };
}
