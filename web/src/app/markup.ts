/**
 * What a text's marks mean: a part of CommonMark as a small tree, by the same examples as every other client
 * (crates/client/tests/markup.json). What is not in the grammar is shown as it was typed; nothing in the tree commands.
 */
import type { Body, UserId } from "../wire/wire";
import { placeOf } from "./bytes";
import { inlines } from "./markup-inline";

export type Block =
  | { paragraph: Inline[] }
  | { quote: Block[] }
  | { list: { start?: number; items: Block[][] } }
  | { code: { language?: string; text: string } };

export type Inline =
  | { text: string }
  | "break"
  | { strong: Inline[] }
  | { emphasis: Inline[] }
  | { strike: Inline[] }
  | { code: string }
  | { link: { to: string; shown: Inline[] } };

const DEPTH_MAX = 16;
const NODES_MAX = 4_096;

/** Stands in a text for a mention while it is parsed; `clean` has taken every such character out of what was typed. */
export const MARK = "\ufffe";
export const MARK_END = "\uffff";

const deep = new Error("deep");

export function parse(source: string): Block[] {
  return parseClean(clean(source));
}

function parseClean(text: string): Block[] {
  try {
    const blocks = blocksOf(text.split("\n"), 0);
    if (measure(blocks) <= NODES_MAX) return blocks;
  } catch (why) {
    if (why !== deep) throw why;
  }
  return asTyped(text);
}

/** The tree of a body, with its mentions in place. */
export function parseBody(body: Body): { blocks: Block[]; named: readonly (UserId | "all")[] } {
  const text = body.text ?? "";
  const ranges: { start: number; len: number; user: UserId | "all" }[] = [
    ...(body.mentions ?? []),
    ...(body.mention_all ? [{ ...body.mention_all, user: "all" }] : []),
  ].sort((a, b) => a.start - b.start);
  const named: (UserId | "all")[] = [];
  let out = "";
  let at = 0;
  for (const range of ranges) {
    const start = placeOf(text, range.start);
    const end = placeOf(text, range.start + range.len);
    if (start === null || end === null || start < at || end <= start) continue;
    out += clean(text.slice(at, start)) + MARK + named.length + ":" + clean(text.slice(start, end)) + MARK_END;
    named.push(range.user);
    at = end;
  }
  return { blocks: parseClean(out + clean(text.slice(at))), named };
}

/** Its words only, on one line: for previews. A long text is cut before it is parsed, a preview shows little. */
export function plain(source: string): string {
  const words = (all: Inline[]): string =>
    all
      .map(one => {
        if (one === "break") return " ";
        if ("text" in one) return one.text;
        if ("code" in one) return one.code;
        if ("link" in one) return words(one.link.shown);
        return words("strong" in one ? one.strong : "emphasis" in one ? one.emphasis : one.strike);
      })
      .join("");
  const said = (all: Block[]): string =>
    all
      .map(one => {
        if ("paragraph" in one) return words(one.paragraph);
        if ("quote" in one) return said(one.quote);
        if ("code" in one) return one.code.text;
        return one.list.items.map(said).join(" ");
      })
      .join(" ");
  return said(parse(source.slice(0, 400)))
    .replace(/\s+/g, " ")
    .trim();
}

export function clean(source: string): string {
  return (
    source
      .replace(/\r\n|[\r\u2028\u2029]/g, "\n")
      // eslint-disable-next-line no-control-regex -- they are what is taken out
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, "")
  );
}

function asTyped(text: string): Block[] {
  const trimmed = text.replace(/\n+$/, "");
  if (!trimmed) return [];
  return [
    {
      paragraph: trimmed
        .split("\n")
        .flatMap((line, n): Inline[] => [...(n > 0 ? ["break" as const] : []), ...(line ? [{ text: line }] : [])]),
    },
  ];
}

const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})\s*(\S*)/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(?:( +)(?=\S)|\s*$)/;
const rule = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const heading = /^ {0,3}#{1,6}(\s|$)/;

/** Whether a line begins something else than a paragraph, so that a paragraph before it ends there. */
function begins(line: string, inParagraph: boolean): boolean {
  if (fence.test(line) || quote.test(line)) return true;
  const mark = rule.test(line) ? null : item.exec(line);
  if (!mark) return false;
  // An empty item and a number other than one do not break into a paragraph: people write such lines.
  return !inParagraph || (mark[3] !== undefined && (!/\d/.test(mark[2] ?? "") || /^1[.)]$/.test(mark[2] ?? "")));
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  if (depth > DEPTH_MAX) throw deep;
  const blocks: Block[] = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i] ?? "";
    if (!line.trim()) {
      i += 1;
      continue;
    }
    const fenced = fence.exec(line);
    const marked = rule.test(line) ? null : item.exec(line);
    if (fenced) i = codeAt(lines, i, fenced, blocks);
    else if (quote.test(line)) i = quoteAt(lines, i, depth, blocks);
    else if (marked) i = listAt(lines, i, marked, depth, blocks);
    else i = paragraphAt(lines, i, depth, blocks);
  }
  return blocks;
}

function codeAt(lines: readonly string[], i: number, fenced: RegExpExecArray, blocks: Block[]): number {
  const mark = fenced[1] ?? "```";
  const end = new RegExp(`^ {0,3}\\${mark[0]}{${mark.length},}\\s*$`);
  const text: string[] = [];
  for (i += 1; i < lines.length && !end.test(lines[i] ?? ""); i += 1) text.push(lines[i] ?? "");
  const language = /^[\w+\-#.]+$/.test(fenced[2] ?? "") ? fenced[2] : undefined;
  blocks.push({ code: { ...(language ? { language } : {}), text: text.join("\n") } });
  return i + 1;
}

function quoteAt(lines: readonly string[], i: number, depth: number, blocks: Block[]): number {
  const inner: string[] = [];
  for (; i < lines.length; i += 1) {
    const line = lines[i] ?? "";
    if (quote.test(line)) inner.push(line.replace(quote, ""));
    else if (line.trim() && lazy(inner) && !begins(line, true)) inner.push(line);
    else break;
  }
  blocks.push({ quote: blocksOf(inner, depth + 1) });
  return i;
}

/** Whether the last of these lines is a paragraph's, which goes on without its mark. */
function lazy(inner: readonly string[]): boolean {
  const last = (inner.at(-1) ?? "").replace(/^( {0,3}> ?)+/, "");
  const open = inner.filter(line => fence.test(line)).length % 2 === 1;
  return last.trim() !== "" && !open && !fence.test(last);
}

function listAt(lines: readonly string[], i: number, first: RegExpExecArray, depth: number, blocks: Block[]): number {
  const kind = (mark: string | undefined) => (/\d/.test(mark ?? "") ? (mark ?? "").slice(-1) : mark);
  const sort = kind(first[2]);
  const items: Block[][] = [];
  while (i < lines.length) {
    const line = lines[i] ?? "";
    const mark = rule.test(line) ? null : item.exec(line);
    if (!mark || kind(mark[2]) !== sort) break;
    const gap = mark[3]?.length ?? 1;
    const indent = (mark[1]?.length ?? 0) + (mark[2]?.length ?? 0) + (gap > 4 ? 1 : gap);
    const inner = [line.slice(indent)];
    for (i += 1; i < lines.length; i += 1) {
      const next = lines[i] ?? "";
      const indented = next.length - next.trimStart().length >= indent;
      if (!next.trim()) {
        // An empty line belongs to the item if something of it follows.
        const after = lines.slice(i + 1).find(one => one.trim());
        if (after === undefined || after.length - after.trimStart().length < indent) break;
        inner.push("");
      } else if (indented) inner.push(next.slice(indent));
      else if (lazy(inner) && !begins(next, true) && !item.test(next)) inner.push(next);
      else break;
    }
    items.push(blocksOf(inner, depth + 2));
    let next = i;
    while (next < lines.length && !(lines[next] ?? "").trim()) next += 1;
    const again = item.exec(lines[next] ?? "");
    if (again && kind(again[2]) === sort && !rule.test(lines[next] ?? "")) i = next;
    else break;
  }
  const start = /\d/.test(first[2] ?? "") ? Number.parseInt(first[2] ?? "", 10) : undefined;
  blocks.push({ list: { items, ...(start !== undefined ? { start } : {}) } });
  return i;
}

function paragraphAt(lines: readonly string[], i: number, depth: number, blocks: Block[]): number {
  const text = [lines[i] ?? ""];
  if (/^ {4}/.test(text[0] ?? "")) {
    // CommonMark's indented code is not drawn: as it was typed.
    for (i += 1; i < lines.length && /^ {4}\s*\S/.test(lines[i] ?? ""); i += 1) text.push(lines[i] ?? "");
    blocks.push(...asTyped(text.join("\n")));
    return i;
  }
  if (heading.test(text[0] ?? "")) {
    blocks.push({ paragraph: [{ text: text[0] ?? "" }] });
    return i + 1;
  }
  for (i += 1; i < lines.length; i += 1) {
    const line = lines[i] ?? "";
    if (!line.trim() || begins(line, true) || heading.test(line)) break;
    text.push(line.trimStart());
  }
  const words = html.test(text[0] ?? "")
    ? text.flatMap((line, n): Inline[] => [...(n > 0 ? ["break" as const] : []), { text: line }])
    : inlines(text.join("\n"), DEPTH_MAX - depth);
  if (words === null) throw deep;
  if (words.length > 0) blocks.push({ paragraph: words });
  return i;
}

/** What CommonMark takes for a block of HTML: shown as it was typed, marks and all. */
const html = /^ {0,3}<(?:\/?(?:div|p|table|ul|ol|li|h[1-6]|section|article|form|script|style|pre|textarea)\b|!--|\?)/i;

function measure(blocks: readonly Block[]): number {
  const ofLine = (all: readonly Inline[]): number =>
    all.reduce(
      (sum, one) =>
        sum +
        1 +
        (one === "break" || "text" in one || "code" in one
          ? 0
          : ofLine(
              "link" in one
                ? one.link.shown
                : "strong" in one
                  ? one.strong
                  : "emphasis" in one
                    ? one.emphasis
                    : one.strike,
            )),
      0,
    );
  return blocks.reduce(
    (sum, one) =>
      sum +
      1 +
      ("paragraph" in one
        ? ofLine(one.paragraph)
        : "quote" in one
          ? measure(one.quote)
          : "list" in one
            ? one.list.items.reduce((n, all) => n + 1 + measure(all), 0)
            : 0),
    0,
  );
}
