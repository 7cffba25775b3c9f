/** The marks inside of a paragraph: emphasis by CommonMark's rules of delimiters, code, links, and bare links. */
import type { Inline } from "./markup";

type Piece =
  | { is: "node"; node: Inline }
  | { is: "mark"; sign: string; left: number; whole: number; opens: boolean; closes: boolean }
  | { is: "bracket"; image: boolean; live: boolean };

const punctuation = /[\p{P}\p{S}]/u;
const space = /\s/;

/** The pieces of a paragraph; `null` if it is deeper than allowed. */
export function inlines(source: string, depthMax: number): Inline[] | null {
  const pieces = scan(source);
  const done = pair(pieces);
  return depthOf(done) > depthMax ? null : done;
}

function depthOf(all: readonly Inline[]): number {
  let most = 0;
  for (const one of all) {
    if (one === "break" || "text" in one || "code" in one) continue;
    const inner =
      "link" in one ? one.link.shown : "strong" in one ? one.strong : "emphasis" in one ? one.emphasis : one.strike;
    most = Math.max(most, 1 + depthOf(inner));
  }
  return most;
}

function scan(source: string): Piece[] {
  const pieces: Piece[] = [];
  const brackets: number[] = [];
  let text = "";
  const flush = () => {
    if (text) pieces.push({ is: "node", node: { text } });
    text = "";
  };
  const put = (node: Inline) => {
    flush();
    pieces.push({ is: "node", node });
  };
  let i = 0;
  while (i < source.length) {
    const sign = source[i] ?? "";
    const rest = source.slice(i, i + 2_200);
    if (sign === "\\" && source[i + 1] === "\n") {
      text = text.trimEnd();
      put("break");
      i += 2;
      continue;
    }
    if (sign === "\\" && /[!-/:-@[-`{-~]/.test(source[i + 1] ?? "")) {
      text += source[i + 1];
      i += 2;
      continue;
    }
    if (sign === "\n") {
      text = text.replace(/ +$/, "");
      put("break");
      i += 1;
      continue;
    }
    if (sign === "`") {
      const run = /^`+/.exec(source.slice(i))?.[0] ?? "`";
      const end = codeEnd(source, i + run.length, run.length);
      if (end < 0) {
        text += run;
        i += run.length;
        continue;
      }
      put({ code: inCode(source.slice(i + run.length, end)) });
      i = end + run.length;
      continue;
    }
    if (sign === "<") {
      const auto = /^<((?:https?:\/\/|mailto:)[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>/i.exec(rest)?.[1];
      const target = auto && (/^(https?|mailto):/i.test(auto) ? auto : `mailto:${auto}`);
      if (auto && target && followed(target)) {
        put({ link: { to: target, shown: [{ text: auto }] } });
        i += auto.length + 2;
        continue;
      }
      const tag = /^<(?:\/?[a-z][\w-]*(?:\s[^<>]*)?|!--[^]*?--|\?[^]*?\?)>/i.exec(rest)?.[0];
      if (tag) {
        tag.split("\n").forEach((line, n) => {
          if (n > 0) put("break");
          text += line;
        });
        i += tag.length;
        continue;
      }
    }
    if (sign === "!" && source[i + 1] === "[") {
      flush();
      brackets.push(pieces.push({ is: "bracket", image: true, live: true }) - 1);
      i += 2;
      continue;
    }
    if (sign === "[") {
      flush();
      brackets.push(pieces.push({ is: "bracket", image: false, live: true }) - 1);
      i += 1;
      continue;
    }
    if (sign === "]") {
      const at = brackets.pop();
      const opened = at === undefined ? undefined : pieces[at];
      const found = opened?.is === "bracket" && opened.live && !opened.image ? targetAt(rest) : null;
      if (at === undefined || !found) {
        text += "]";
        i += 1;
        continue;
      }
      flush();
      const shown = unlinked(pair(pieces.splice(at).slice(1)));
      pieces.push({
        is: "node",
        node: { link: { to: found.to, shown: shown.length > 0 ? shown : [{ text: found.to }] } },
      });
      // A link in a link is none.
      for (const outer of brackets) {
        const one = pieces[outer];
        if (one?.is === "bracket") one.live = false;
      }
      i += found.length;
      continue;
    }
    if ((sign === "h" || sign === "H") && !/[\p{L}\p{N}]/u.test(source[i - 1] ?? "")) {
      const bare = bareAt(rest);
      if (bare) {
        if (followed(bare)) put({ link: { to: bare, shown: [{ text: bare }] } });
        else text += bare;
        i += bare.length;
        continue;
      }
    }
    if (sign === "*" || sign === "_" || sign === "~") {
      const run = new RegExp(`^\\${sign}+`).exec(source.slice(i))?.[0] ?? sign;
      const before = i > 0 ? ([...source.slice(Math.max(0, i - 2), i)].at(-1) ?? " ") : " ";
      const after = [...source.slice(i + run.length, i + run.length + 2)][0] ?? " ";
      const left = !space.test(after) && (!punctuation.test(after) || space.test(before) || punctuation.test(before));
      const right = !space.test(before) && (!punctuation.test(before) || space.test(after) || punctuation.test(after));
      const word = sign === "_";
      flush();
      if (sign === "~" && run.length > 2) text += run;
      else
        pieces.push({
          is: "mark",
          sign,
          left: run.length,
          whole: run.length,
          opens: left && (!word || !right || punctuation.test(before)),
          closes: right && (!word || !left || punctuation.test(after)),
        });
      i += run.length;
      continue;
    }
    text += sign;
    i += 1;
  }
  text = text.replace(/ +$/, "");
  flush();
  return pieces;
}

function codeEnd(source: string, from: number, length: number): number {
  for (let at = source.indexOf("`", from); at >= 0; ) {
    let end = at;
    while (source[end] === "`") end += 1;
    if (end - at === length) return at;
    at = source.indexOf("`", end);
  }
  return -1;
}

function inCode(source: string): string {
  const code = source.replace(/\n/g, " ");
  return code.startsWith(" ") && code.endsWith(" ") && code.trim() ? code.slice(1, -1) : code;
}

/** `](to "title")`: where it leads, and how long that is. */
function targetAt(rest: string): { to: string; length: number } | null {
  const found = /^\]\(\s*(?:<([^<>\n]*)>|((?:[^\s()<]|\([^\s()]*\))+))(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*\)/.exec(
    rest,
  );
  const to = found?.[1] ?? found?.[2];
  return found && to && !/&#?\w+;/.test(to) && followed(to) ? { to, length: found[0].length } : null;
}

function bareAt(rest: string): string | null {
  let bare = /^https?:\/\/[^\s<>"*`\ufffe\uffff]+/i.exec(rest)?.[0].split("](")[0];
  if (!bare) return null;
  for (;;) {
    const last = bare.at(-1) ?? "";
    const unbalanced =
      (last === ")" && count(bare, ")") > count(bare, "(")) || (last === "]" && count(bare, "]") > count(bare, "["));
    if (!unbalanced && !/[.,:;!?'_~]/.test(last)) break;
    bare = bare.slice(0, -1);
  }
  return /^https?:\/\/./i.test(bare) ? bare : null;
}

const count = (text: string, sign: string) => text.split(sign).length - 1;

/** Whether a link may lead there: the web or a mailbox, with nothing that makes one place look like another. */
export function followed(to: string): boolean {
  if (to.length > 2_048 || /[\s\\\u200b-\u200d\u2060\ufeff<>"]/u.test(to)) return false;
  const web = /^https?:\/\/([^/?#]*)/i.exec(to);
  if (web) return /[\p{L}\p{N}]/u.test(web[1] ?? "") && !(web[1] ?? "").includes("@");
  return /^mailto:[^@\s]+@[^@\s]+$/i.test(to);
}

function unlinked(all: Inline[]): Inline[] {
  return joined(
    all.flatMap((one): Inline[] => {
      if (one === "break" || "text" in one || "code" in one) return [one];
      if ("link" in one) return unlinked(one.link.shown);
      if ("strong" in one) return [{ strong: unlinked(one.strong) }];
      return "emphasis" in one ? [{ emphasis: unlinked(one.emphasis) }] : [{ strike: unlinked(one.strike) }];
    }),
  );
}

/** Texts that touch become one. */
function joined(all: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const one of all) {
    const last = out.at(-1);
    if (one !== "break" && "text" in one && last && last !== "break" && "text" in last) {
      out[out.length - 1] = { text: last.text + one.text };
    } else out.push(one);
  }
  return out;
}

/** Finds which marks belong together: "process emphasis" of CommonMark. */
function pair(pieces: Piece[]): Inline[] {
  const bottoms = new Map<string, number>();
  let at = 0;
  while (at < pieces.length) {
    const closer = pieces[at];
    if (closer?.is !== "mark" || !closer.closes) {
      at += 1;
      continue;
    }
    const name = `${closer.sign}${closer.opens ? "o" : ""}${closer.whole % 3}${closer.sign === "~" ? closer.left : ""}`;
    let from = at - 1;
    const bottom = bottoms.get(name) ?? -1;
    for (; from > bottom; from -= 1) {
      const opener = pieces[from];
      if (opener?.is !== "mark" || opener.sign !== closer.sign || !opener.opens) continue;
      if (
        closer.sign === "~"
          ? opener.left === closer.left
          : !(
              (opener.closes || closer.opens) &&
              (opener.whole + closer.whole) % 3 === 0 &&
              !(opener.whole % 3 === 0 && closer.whole % 3 === 0)
            )
      )
        break;
    }
    const opener = from > bottom ? pieces[from] : undefined;
    if (opener?.is !== "mark") {
      bottoms.set(name, at - 1);
      if (!closer.opens) pieces[at] = { is: "node", node: { text: closer.sign.repeat(closer.left) } };
      at += 1;
      continue;
    }
    const used = closer.sign === "~" ? closer.left : opener.left >= 2 && closer.left >= 2 ? 2 : 1;
    const inner = flat(pieces.slice(from + 1, at));
    const node: Inline = closer.sign === "~" ? { strike: inner } : used === 2 ? { strong: inner } : { emphasis: inner };
    opener.left -= used;
    closer.left -= used;
    const kept: Piece[] = [
      ...(opener.left > 0 ? [opener] : []),
      { is: "node", node },
      ...(closer.left > 0 ? [closer] : []),
    ];
    pieces.splice(from, at - from + 1, ...kept);
    at = from + kept.length - (closer.left > 0 ? 1 : 0);
    for (const [key, value] of bottoms) if (value >= from) bottoms.set(key, from - 1);
  }
  return flat(pieces);
}

function flat(pieces: readonly Piece[]): Inline[] {
  return joined(
    pieces.map((piece): Inline => {
      if (piece.is === "node") return piece.node;
      return { text: piece.is === "mark" ? piece.sign.repeat(piece.left) : piece.image ? "![" : "[" };
    }),
  );
}
