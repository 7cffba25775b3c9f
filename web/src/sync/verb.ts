/**
 * Every verb that writes: each carries a `send_id`, so that a repetition is recognised. A verb is the frame that asks
 * for it. And what a body has to be, told here before it is queued and refused far away.
 */

import { Code, LIMITS } from "../wire/wire";
import type { Body, ClientFrame, ConversationId, Json, Limits, Refusal, UserId } from "../wire/wire";
import { direct, group } from "./derived";
import { utf8Bytes } from "./order";

/** One change to ask for. */
export type Verb = Extract<
  ClientFrame,
  {
    t:
      | "send" | "create" | "add" | "remove" | "leave" | "settings" | "role" | "admit" | "edit" | "delete" | "react"
      | "pin";
  }
>;

/** How deep a body's JSON may nest. */
export const BODY_DEPTH_MAX = 16;
/** Attachments in one message. */
const MEDIA_MAX = 32;
/** What an id counts for, in bytes. */
const ID_BYTES = 40;

/** The conversation a change belongs to, known before the server has answered. */
export function convOf(verb: Verb, me: UserId): ConversationId {
  if (verb.t !== "create") return verb.conv;
  return verb.kind === "direct" ? direct(me, verb.with) : group(me, verb.send_id);
}

/** What its words count for, in bytes. */
export function bodyBytes(verb: Verb): number {
  switch (verb.t) {
    case "send":
    case "edit":
      return utf8Bytes(JSON.stringify(verb.body));
    case "create":
      return verb.kind === "group" ? utf8Bytes(verb.title) + verb.members.length * ID_BYTES : 0;
    case "add":
      return verb.users.length * ID_BYTES;
    case "settings":
      return utf8Bytes(verb.title ?? "") + utf8Bytes(verb.description ?? "");
    case "react":
      return utf8Bytes(verb.emoji);
    default:
      return 0;
  }
}

/** The refusal that a body would get, if any. */
export function refusalOf(kind: string, body: Json, limits: Required<Limits>): Refusal | undefined {
  const source = JSON.stringify(body);
  if (utf8Bytes(source) > limits.body_bytes_max) return tooLarge("body", limits.body_bytes_max);
  if (!isObject(body)) return badBody("a body is a JSON object");
  if (isDeeper(body, BODY_DEPTH_MAX)) return badBody("the body nests deeper than body_depth_max");
  if (kind !== "text") return undefined;
  const { text = "", mentions = [], media = [], mention_all, forwarded } = body as Body;
  if (typeof text !== "string" || !Array.isArray(mentions) || !Array.isArray(media)) {
    return badBody("the body of a text is {text, mentions?, mention_all?, media?}");
  }
  if (utf8Bytes(text) > limits.text_bytes_max) return tooLarge("text", limits.text_bytes_max);
  if (mentions.length > LIMITS.mentions_max) return badBody("more mentions than mentions_max");
  if (media.length > MEDIA_MAX) return badBody("more media than media_max");
  if (text.trim() === "" && media.length === 0) return badBody("a message says something or carries something");
  const named = mention_all ? [...mentions, mention_all] : mentions;
  if (named.length > 0) {
    const starts = characterStarts(text);
    const lies_in = (at: { start: number; len: number }) =>
      at?.len > 0 && starts.has(at.start) && starts.has(at.start + at.len);
    if (!named.every(lies_in)) return badBody("a mention's range is not in the text");
  }
  if (forwarded) return badBody("`forwarded` is the server's to write; say `forward` in the `send`");
  return undefined;
}

/** Whether JSON nests deeper than this. Looked at no further than that: what a stranger sent may nest without end. */
export function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1));
}

/** Whether it is what JSON calls an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where the characters of a text start in its UTF-8, and where the text ends. */
function characterStarts(text: string): Set<number> {
  const starts = new Set([0]);
  let at = 0;
  for (const character of text) starts.add((at += utf8Bytes(character)));
  return starts;
}

function tooLarge(what: string, max: number): Refusal {
  const say = `The ${what} is longer than ${max} bytes; shorten it or send it as a file.`;
  return { code: Code.too_large, name: "too_large", say, retry: false };
}

function badBody(say: string): Refusal {
  return { code: Code.bad_body, name: "bad_body", say, retry: false };
}
