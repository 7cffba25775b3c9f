/**
 * What an entry says in one line: for the list, for quotes, for who hears the page; and what the server wrote, in
 * words.
 */
import type { Line, Row } from "../engine/contract";
import type { UserId } from "../wire/wire";
import { t } from "../words/words";
import { together } from "../words/when";
import { plain } from "./markup";
import type { Who } from "./people";

/** A conversation's name. */
export function titleOf(row: Pick<Row, "kind" | "title" | "peer">, who: Who, me: UserId | undefined): string {
  if (row.kind === "direct") {
    if (row.title === null || (row.peer !== undefined && row.peer === me)) return t("self");
    return row.title || (row.peer ? who.name(row.peer) : t("somebody"));
  }
  return row.title || t("untitled");
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const users = (value: unknown) => (Array.isArray(value) ? value.filter(one => typeof one === "string") : []);

/** Kinds that the server writes about the conversation itself; each has words. */
const told: ReadonlySet<string> = new Set(["created", "added", "removed", "left", "settings", "role"]);

export const isTold = (kind: string) => told.has(kind);

/** What happened, by whom: "Ann added Ben and you". */
export function happened(line: Line, who: Who, me: UserId | undefined): string {
  const by = { me: line.sender === me ? "yes" : "no", name: who.name(line.sender) };
  const whom = (user: UserId) => (user === me ? t("you.object") : who.name(user));
  const body = line.body as { [field: string]: unknown };
  switch (line.kind) {
    case "created": {
      const title = text(body["title"]);
      return title ? t("told.created", { ...by, title }) : t("told.begun");
    }
    case "added": {
      const all = users(body["users"]);
      if (all.length === 1 && all[0] === line.sender) return t("told.joined", by);
      const names = all.slice(0, 4).map(whom);
      if (all.length > 4) names.push(t("more.people", { count: all.length - 4 }));
      return t("told.added", { ...by, names: together(names) });
    }
    case "removed":
      return t("told.removed", { ...by, names: whom(text(body["user"])) });
    case "left":
      return t("told.left", by);
    case "role": {
      const role = text(body["role"]);
      return t("told.role", {
        ...by,
        names: whom(text(body["user"])),
        role: role === "owner" || role === "admin" ? role : "member",
      });
    }
    case "settings": {
      if (body["title"] !== undefined) return t("told.title", { ...by, title: text(body["title"]) });
      if (body["description"] !== undefined) return t("told.description", by);
      if (body["announce"] !== undefined) return t(body["announce"] ? "told.announce" : "told.everybody", by);
      if (body["slow_mode_s"] !== undefined)
        return t("told.slow", { ...by, seconds: Number(body["slow_mode_s"]) || 0 });
      if (body["history"] !== undefined)
        return t("told.history", { ...by, all: body["history"] === "all" ? "yes" : "no" });
      return t("told.settings", by);
    }
    default:
      return t("line.unknown");
  }
}

/** Its words without marks, on one line. */
export function brieflySaid(line: Line, who: Who, me: UserId | undefined): string {
  if (line.deleted_by) return t("line.deleted");
  if (line.kind === "text") return plain(line.body.text ?? "") || (line.body.media ? t("line.media") : "");
  return happened(line, who, me);
}
