/**
 * What a screen orders, as a command of the device: one line an order. What is about the account itself, or is answered
 * here, is in the house.
 */

import type { Orders, OrderName } from "../engine/contract";
import type { Command, Reply } from "../sync/command";
import type { Body, ConversationId, Mention, SendId } from "../wire/wire";

/** An order that is one command, and what its answer is made of. */
type Plain = {
  [O in OrderName]?: {
    command(ask: Orders[O]["ask"], send_id: SendId): Command;
    answer(reply: Reply): Orders[O]["answer"];
  };
};

const nothing = (): void => undefined;
const queued = (reply: Reply): SendId => (reply.reply === "queued" ? reply.send_id : "");

function body(text: string, mentions: readonly Mention[]): { [field: string]: unknown } {
  const said: Body = { text, ...(mentions.length > 0 && { mentions: [...mentions] }) };
  return said as { [field: string]: unknown };
}

/** The orders that are one command. */
export const PLAIN: Plain = {
  send: {
    command: ({ conv, text, mentions, reply_to, thread }, send_id) => ({
      command: "write",
      verb: {
        t: "send", conv, send_id, kind: "text", body: body(text, mentions),
        ...(reply_to && { reply_to: reply_to.seq, reply_send_id: reply_to.name }),
        ...(thread && { thread: thread.seq, thread_send_id: thread.name }),
      },
    }),
    answer: queued,
  },
  edit: {
    command: ({ conv, target, text, mentions }, send_id) => ({
      command: "write",
      verb: { t: "edit", conv, send_id, target: target.seq, target_send_id: target.name, body: body(text, mentions) },
    }),
    answer: queued,
  },
  delete: {
    command: ({ conv, target }, send_id) => ({
      command: "write",
      verb: { t: "delete", conv, send_id, target: target.seq, target_send_id: target.name },
    }),
    answer: queued,
  },
  react: {
    command: ({ conv, target, emoji, on }, send_id) => ({
      command: "write",
      verb: { t: "react", conv, send_id, target: target.seq, target_send_id: target.name, emoji, on },
    }),
    answer: queued,
  },
  pin: {
    command: ({ conv, target, on }, send_id) => ({
      command: "write",
      verb: { t: "pin", conv, send_id, target: target.seq, target_send_id: target.name, on },
    }),
    answer: queued,
  },
  forward: {
    command: ({ from, origin, kind, to }, send_id) => ({
      command: "write",
      verb: {
        t: "send", conv: to, send_id, kind, body: {},
        forward: { conv: from, seq: origin.seq, send_id: origin.name },
      },
    }),
    answer: queued,
  },
  typing: { command: ({ conv }) => ({ command: "typing", conv }), answer: nothing },
  read: { command: ({ conv, seq }) => ({ command: "read", conv, seq }), answer: nothing },
  mark_unread: { command: ({ conv, seq }) => ({ command: "mark_unread", conv, seq }), answer: nothing },
  read_all: { command: () => ({ command: "read_all" }), answer: nothing },
  receipts: {
    command: (ask) => ({ command: "receipts", ask }),
    answer: (reply) => (reply.reply === "receipts" ? reply.receipts.list : []),
  },
  history: {
    command: (ask) => ({ command: "history", ask }),
    answer: (reply) => {
      if (reply.reply !== "history") throw new Error("another answer than was asked for");
      return reply.revisions;
    },
  },
  starred: {
    command: ({ before }) => ({ command: "starred", ask: { ...(before !== undefined && { before }) } }),
    answer: (reply) => (reply.reply === "starred" ? reply.starred.list : []),
  },
  draft: { command: ({ conv, text }) => ({ command: "own", wish: { t: "draft", conv, text } }), answer: nothing },
  forget_draft: {
    command: ({ conv, ver }) => ({ command: "own", wish: { t: "draft", conv, forget: [ver] } }),
    answer: nothing,
  },
  star: {
    command: ({ conv, seq, on }) => ({ command: "own", wish: { t: "mark", conv, seq, star: on } }),
    answer: nothing,
  },
  hide: {
    command: ({ conv, seq }) => ({ command: "own", wish: { t: "mark", conv, seq, hidden: true } }),
    answer: nothing,
  },
  prefs: { command: (ask) => ({ command: "own", wish: { t: "prefs", ...ask } }), answer: nothing },
  show: { command: ({ show }) => ({ command: "show", show }), answer: nothing },
  hurry: { command: () => ({ command: "hurry" }), answer: nothing },
  add: {
    command: ({ conv, users }, send_id) => ({ command: "write", verb: { t: "add", conv, send_id, users: [...users] } }),
    answer: queued,
  },
  remove: {
    command: ({ conv, user }, send_id) => ({ command: "write", verb: { t: "remove", conv, send_id, user } }),
    answer: queued,
  },
  leave: {
    command: ({ conv }, send_id) => ({ command: "write", verb: { t: "leave", conv, send_id } }),
    answer: queued,
  },
  settings: {
    command: ({ conv, change }, send_id) => ({
      command: "write", verb: { t: "settings", conv, send_id, ...change },
    }),
    answer: queued,
  },
  role: {
    command: ({ conv, user, role }, send_id) => ({ command: "write", verb: { t: "role", conv, send_id, user, role } }),
    answer: queued,
  },
  admit: {
    command: ({ conv, user, yes }, send_id) => ({ command: "write", verb: { t: "admit", conv, send_id, user, yes } }),
    answer: queued,
  },
  make_link: {
    command: ({ conv, uses, expires_ms }, send_id) => ({
      command: "link",
      frame: {
        t: "link", conv, send_id, ...(uses !== undefined && { uses }), ...(expires_ms !== undefined && { expires_ms }),
      },
    }),
    answer: (reply) => linkFrame(reply, "link"),
  },
  links: {
    command: ({ conv }) => ({ command: "link", frame: { t: "links", conv } }),
    answer: (reply) => linkFrame(reply, "links").list,
  },
  revoke_link: {
    command: ({ conv, link }) => ({ command: "link", frame: { t: "revoke_link", conv, link } }),
    answer: (reply) => linkFrame(reply, "links").list,
  },
  look: {
    command: ({ token }) => ({ command: "link", frame: { t: "look", token } }),
    answer: (reply) => linkFrame(reply, "look"),
  },
  join: {
    command: ({ token }, send_id) => ({ command: "link", frame: { t: "join", token, send_id } }),
    answer: (reply) => {
      if (reply.reply === "link" && (reply.frame.t === "ack" || reply.frame.t === "asked")) {
        return { conv: reply.frame.conv as ConversationId, asked: reply.frame.t === "asked" };
      }
      throw new Error("another answer than was asked for");
    },
  },
  requests: {
    command: ({ conv }) => ({ command: "link", frame: { t: "requests", conv } }),
    answer: (reply) => linkFrame(reply, "requests").list,
  },
  answer: {
    command: ({ conv, answer }) => ({ command: "decide", decision: { t: "answer", conv, answer } }),
    answer: nothing,
  },
  block: {
    command: ({ user, on }) => ({ command: "decide", decision: { t: "block", user, on } }),
    answer: nothing,
  },
  report: {
    command: ({ user, conv, seqs, why }, send_id) => ({
      command: "decide", decision: { t: "report", user, conv, seqs: [...seqs], why, send_id },
    }),
    answer: nothing,
  },
  profile: { command: (ask) => ({ command: "decide", decision: { t: "profile", ...ask } }), answer: nothing },
  privacy: { command: (ask) => ({ command: "decide", decision: { t: "privacy", ...ask } }), answer: nothing },
};

type OfLink = Extract<Reply, { reply: "link" }>["frame"];

function linkFrame<T extends OfLink["t"]>(reply: Reply, t: T): Extract<OfLink, { t: T }> {
  if (reply.reply === "link" && reply.frame.t === t) return reply.frame as Extract<OfLink, { t: T }>;
  throw new Error("another answer than was asked for");
}
