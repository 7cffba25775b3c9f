/** What can be done with a line, and when: one list for the menu, the bar that hovers, the keyboard and the swipe. */
import type { Detail, Line, Target } from "../../engine/contract";
import type { Seq, UserId } from "../../wire/wire";

/** Given to every line; the same object for as long as the conversation is open. */
export type Acts = {
  reply: (line: Line) => void;
  edit: (line: Line) => void;
  react: (line: Line, emoji: string) => void;
  /** All emojis, at that place. */
  pick: (line: Line, at: Element) => void;
  menu: (line: Line, at: Element | { x: number; y: number }) => void;
  person: (user: UserId) => void;
  jump: (seq: Seq) => void;
  retry: (line: Line) => void;
  discard: (line: Line) => void;
  history: (line: Line) => void;
};

export const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "🙏"] as const;

/** What a change is about: its place and its name. */
export const targetOf = (line: Line): Target | null =>
  line.seq === undefined ? null : { seq: line.seq, name: line.send_id };

/** What may be done with this line here. */
export function mayBe(line: Line, detail: Detail, me: UserId | undefined) {
  const may = (right: string) => detail.may[right] ?? false;
  const message = line.kind === "text" && line.deleted_by === undefined && line.seq !== undefined;
  const mine = line.sender === me;
  return {
    reply: message && may("write"),
    react: message && may("react"),
    edit: message && mine && may("edit_own") && line.body.forwarded === undefined,
    deleteForAll: message && (mine ? may("delete_own") : may("delete_others")),
    pin: message && may("pin"),
    forward: message,
    star: message,
    hide: line.seq !== undefined,
    copy: message,
    info: message && mine,
  };
}
