/**
 * A connection made of requests, for networks that bar or cut sockets: what is new comes by `POST /v1/poll`, one after
 * the other, and what is said goes by the verb's own `POST /v1/<verb>`. To the core it looks like a socket.
 *
 * The danger: the server keeps nothing of a poll. Each one asks from where the device stands by then, so whatever a
 * lost answer told comes again; and one that asked before the device has taken in the last answer would ask in a
 * circle.
 */

import type { Said } from "../sync/core/core";
import { isObject } from "../sync/verb";
import { Code, LIMITS } from "../wire/wire";
import type { Hello, Json, Poll, Watch } from "../wire/wire";
import type { Hooks, Link, Network, Stand } from "./link";
import { parsed } from "./socket";

/** How long a poll waits for something to tell, in milliseconds: less than proxies usually let one wait. */
const WAIT_MS_MAX = 25_000;
/** How long an answer may take on top of what was asked to be waited for, in milliseconds. */
const ANSWER_MS_MAX = 15_000;
/** Between two polls, in milliseconds: what came meanwhile comes together. */
const BETWEEN_MS = 250;
/** How long the next poll waits for the device to stand where the last one told, in milliseconds. */
const TAKEN_IN_MS_MAX = 3_000;
/** Requests on their way at once beside the poll: browsers give six to a host that speaks an older HTTP. */
const REQUESTS_MAX = 4;
/** The longest answer that is looked at, in characters: some frames of the largest size. */
const ANSWER_LENGTH_MAX = 16 * LIMITS.server_frame_bytes_max;

/** What came of a request: an answer with its status, or nothing. */
type Came = { status: number; body: unknown } | undefined;

export function connectByPoll(network: Network, stand: Stand, hooks: Hooks): Link {
  const { clock } = network;
  /** Ends whatever is under way. */
  const all = new AbortController();
  let hello: (Hello & { id?: number }) | undefined;
  let watch: Watch | undefined;
  /** Ends the poll under way, so that the next one asks anew. */
  let again = new AbortController();
  let greeted = false;
  let stands = { ver: 0, server_ms: 0 };
  /** Beats that the next answer of a poll will answer: only that is a sign of life. */
  let beats: (number | undefined)[] = [];
  let requests = 0;
  const waiting: Said[] = [];

  const ended = () => all.signal.aborted;
  const tell = (frame: unknown) => void (ended() || hooks.frame(frame));

  function end(code?: number): void {
    if (ended()) return;
    all.abort();
    hooks.over(code);
  }

  async function request(path: string, body: Json, within_ms: number, signal?: AbortSignal): Promise<Came> {
    const stop = new AbortController();
    const abort = () => stop.abort();
    const signals = signal ? [all.signal, signal] : [all.signal];
    signals.forEach((one) => one.addEventListener("abort", abort, { once: true }));
    const cancel = clock.after(within_ms, abort);
    try {
      const { fetch } = network;
      const response = await fetch(`${network.origin}/v1/${path}`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...(hello?.token !== undefined && { Authorization: `Bearer ${hello.token}` }),
        },
        body: JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: stop.signal,
      });
      const text = await response.text();
      return { status: response.status, body: text.length > ANSWER_LENGTH_MAX ? undefined : parsed(text) };
    } catch {
      return undefined;
    } finally {
      cancel();
      signals.forEach((one) => one.removeEventListener("abort", abort));
    }
  }

  /** What a refusal over HTTP says, if it is one. */
  function refusalIn(came: Came): Json | undefined {
    return came && came.status >= 400 && isObject(came.body) && typeof came.body.code === "number"
      ? came.body
      : undefined;
  }

  /** The close that a socket would have got with this refusal, where it would have got one. */
  function closeOf(refusal: Json): number | undefined {
    if (refusal.code === Code.unauthenticated || refusal.code === Code.deactivated) return 4100;
    return refusal.code === Code.unsupported_version ? 4201 : undefined;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => void clock.after(ms, resolve));
  }

  async function polls(): Promise<void> {
    while (!ended()) {
      again = new AbortController();
      const { signal } = again;
      const { v, client } = hello ?? { v: [1] };
      const answers = beats;
      const waits = greeted && answers.length === 0;
      const poll: Poll = { v, client, ...stand(), watch, ...(waits && { wait_ms: WAIT_MS_MAX }) };
      const came = await request("poll", poll, ANSWER_MS_MAX + (poll.wait_ms ?? 0), signal);
      if (signal.aborted) {
        await pause(BETWEEN_MS);
        continue;
      }
      const frames = came?.status === 200 && isObject(came.body) ? came.body.frames : undefined;
      if (!Array.isArray(frames)) return refused(refusalIn(came));
      const told_ver = take(frames);
      for (const id of answers) tell({ t: "beat", re: id, ...stands });
      beats = beats.slice(answers.length);
      await pause(BETWEEN_MS);
      const behind = () => !ended() && (stand().ver ?? 0) < told_ver;
      for (let waited = 0; behind() && waited < TAKEN_IN_MS_MAX; waited += BETWEEN_MS) await pause(BETWEEN_MS);
    }
  }

  /** Tells what a poll brought. Up to which version it brought the inbox. */
  function take(frames: readonly unknown[]): number {
    let told_ver = 0;
    for (const frame of frames) {
      if (!isObject(frame)) continue;
      if (frame.t === "welcome") {
        const at = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : 0);
        stands = { ver: at(frame.ver), server_ms: at(frame.server_ms) };
      }
      if (frame.t === "inbox" && Number.isSafeInteger(frame.to)) told_ver = frame.to as number;
      tell(frame.t === "welcome" && !greeted ? { ...frame, re: hello?.id } : frame);
      greeted = true;
    }
    return told_ver;
  }

  function refused(refusal: Json | undefined): void {
    if (refusal && greeted) tell({ t: "bye", after_ms: refusal.retry_after_ms ?? 0, reason: refusal.name });
    if (refusal && !greeted) tell({ ...refusal, t: "refuse", re: hello?.id });
    end(refusal && closeOf(refusal));
  }

  /** Says something by its verb's own path. */
  async function say(said: Said): Promise<void> {
    const { t, id, ...fields } = said;
    requests += 1;
    const came = await request(t, fields, ANSWER_MS_MAX);
    requests -= 1;
    const refusal = refusalIn(came);
    if (refusal) {
      tell({ ...refusal, t: "refuse", re: id });
      const code = closeOf(refusal);
      if (code !== undefined) end(code);
    } else if (came?.status === 200 && isObject(came.body)) tell({ ...came.body, re: id });
    // Whether it was done is not known. As after a cut, it is said again.
    else if (came?.status !== 204) end();
    const next = waiting.shift();
    if (next && !ended()) void say(next);
  }

  function send(said: Said): void {
    if (ended()) return;
    switch (said.t) {
      case "hello": {
        const { t: _, ...rest } = said;
        hello = rest;
        watch = said.watch;
        return void polls();
      }
      // These speak of a connection and have no path; the polls do what they are for.
      case "watch": {
        const { t: _t, id: _i, ...next } = said;
        const changed = JSON.stringify(next) !== JSON.stringify(watch);
        watch = next;
        queueMicrotask(() => tell({ t: "watching", re: said.id, heads: [], cursors: [], presence: [] }));
        if (changed) again.abort();
        return;
      }
      case "beat":
        beats = [...beats, said.id];
        return again.abort();
      default:
        if (requests < REQUESTS_MAX) void say(said);
        else waiting.push(said);
    }
  }

  queueMicrotask(() => void (ended() || hooks.connected()));
  return { send, close: () => all.abort() };
}
