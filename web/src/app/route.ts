/** Where in the app we are: the fragment of the address, which no browser sends to a server. */
import { useSyncExternalStore } from "react";
import type { ConversationId, Seq } from "../wire/wire";

export type Route =
  | { at: "home" }
  | { at: "conversation"; conv: ConversationId; around: Seq | null; details: string | null }
  | { at: "settings"; page: string | null }
  | { at: "join"; token: string }
  | { at: "person"; handle: string }
  /** An invite to sign up with. */
  | { at: "invite"; invite: string }
  | { at: "starred" }
  | { at: "design" };

export function parse(hash: string): Route {
  const [at, ...rest] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(part => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  const [first, second, third] = rest;
  switch (at) {
    case "c": {
      if (!first) break;
      const seq = Number(third);
      return {
        at: "conversation",
        conv: first,
        around: second === "at" && seq > 0 ? seq : null,
        details: second === "details" ? (third ?? "about") : null,
      };
    }
    case "settings":
      return { at: "settings", page: first ?? null };
    case "join":
      if (first) return { at: "join", token: first };
      break;
    case "u":
      if (first) return { at: "person", handle: first };
      break;
    case "invite":
      if (first) return { at: "invite", invite: first };
      break;
    case "starred":
      return { at: "starred" };
    case "design":
      return { at: "design" };
    default:
  }
  return { at: "home" };
}

export const to = {
  home: "#/",
  conversation: (conv: ConversationId, around?: Seq) =>
    `#/c/${encodeURIComponent(conv)}${around ? `/at/${around}` : ""}`,
  details: (conv: ConversationId, page = "about") => `#/c/${encodeURIComponent(conv)}/details/${page}`,
  settings: (page?: string) => `#/settings${page ? `/${page}` : ""}`,
  person: (handle: string) => `#/u/${encodeURIComponent(handle)}`,
  starred: "#/starred",
};

export function go(href: string, how: { replace?: boolean } = {}): void {
  if (how.replace) {
    history.replaceState(null, "", href);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = href;
}

/**
 * Links that people open, `/j/#token`, `/u/#handle` and `/i/#invite`, become routes of the one page. Replaced, so
 * that a token is not
 * left in the history.
 */
export function adopt(): void {
  const place = /^\/(j|u|i)\/?$/.exec(location.pathname);
  const said = location.hash.replace(/^#\/?/, "");
  if (place && said && !said.includes("/")) {
    history.replaceState(
      null,
      "",
      `/${location.search}#/${{ j: "join", u: "u", i: "invite" }[place[1] ?? "u"]}/${said}`,
    );
  }
}

let hash: string | null = null;
let route: Route = { at: "home" };

export function useRoute(): Route {
  return useSyncExternalStore(
    tell => {
      addEventListener("hashchange", tell);
      return () => removeEventListener("hashchange", tell);
    },
    () => {
      if (hash !== location.hash) {
        hash = location.hash;
        route = parse(hash);
      }
      return route;
    },
  );
}
