/** Draws a text's tree. Elements only: no words of anybody ever become markup of the page. */
import { Fragment, memo, type ReactNode } from "react";
import type { Body, UserId } from "../wire/wire";
import { t } from "../words/words";
import { type Block, type Inline, MARK, MARK_END, parseBody } from "./markup";

type Names = { named: readonly (UserId | "all")[]; me: UserId | undefined; onPerson: (user: UserId) => void };

export const Said = memo(function Said(props: {
  body: Body;
  me: UserId | undefined;
  onPerson: (user: UserId) => void;
  tail?: number;
}) {
  const { blocks, named } = parseBody(props.body);
  const names = { named, me: props.me, onPerson: props.onPerson };
  if (named.length === 0 && onlyEmoji(props.body.text ?? "")) {
    return (
      <div dir="auto" className="text-[2.25rem] leading-tight">
        {props.body.text}
        <Tail rem={props.tail} />
      </div>
    );
  }
  const last = blocks.at(-1);
  const inLine = last !== undefined && "paragraph" in last;
  return (
    <div dir="auto" className="flex flex-col gap-1.5 wrap-anywhere">
      {blocksIn(inLine ? blocks.slice(0, -1) : blocks, names)}
      {inLine ? (
        <p dir="auto">
          {lineOf(last.paragraph, names)}
          <Tail rem={props.tail} />
        </p>
      ) : (
        (props.tail ?? 0) > 0 && <div className="h-3" />
      )}
    </div>
  );
});

/** Keeps a place free in the last line for what the bubble puts there. */
function Tail({ rem }: { rem: number | undefined }) {
  return rem ? <span aria-hidden="true" className="inline-block h-px" style={{ width: `${rem}rem` }} /> : null;
}

/** Up to three emojis and nothing else are drawn large. */
function onlyEmoji(text: string): boolean {
  if (
    text.length > 40 ||
    !/^[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{1f1e6}-\u{1f1ff}\u200d\ufe0f\s]+$/u.test(text)
  )
    return false;
  const signs = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].filter(one =>
    one.segment.trim(),
  );
  return signs.length > 0 && signs.length <= 3;
}

function blocksIn(blocks: readonly Block[], names: Names): ReactNode {
  return blocks.map((block, n) => {
    if ("paragraph" in block)
      return (
        <p key={n} dir="auto">
          {lineOf(block.paragraph, names)}
        </p>
      );
    if ("quote" in block) {
      return (
        <blockquote key={n} className="flex flex-col gap-1 border-s-3 border-edge ps-2.5 text-muted">
          {blocksIn(block.quote, names)}
        </blockquote>
      );
    }
    if ("code" in block) return <Code key={n} {...block.code} />;
    const items = block.list.items.map((item, i) => (
      <li key={i} dir="auto">
        {blocksIn(item, names)}
      </li>
    ));
    return block.list.start === undefined ? (
      <ul key={n} className="list-disc ps-5">
        {items}
      </ul>
    ) : (
      <ol key={n} start={block.list.start} className="list-decimal ps-6">
        {items}
      </ol>
    );
  });
}

function Code({ language, text }: { language?: string; text: string }) {
  return (
    <figure dir="ltr" className="group/code relative max-w-full rounded-lg border border-line bg-code">
      {language && <figcaption className="px-3 pt-1.5 text-tiny text-muted">{language}</figcaption>}
      <pre
        tabIndex={0}
        aria-label={t("code")}
        role="group"
        className="overflow-x-auto px-3 py-2 font-mono text-small
        text-text"
      >
        <code>{text}</code>
      </pre>
      <button
        type="button"
        onClick={() => void navigator.clipboard?.writeText(text)}
        className="absolute end-1 top-1 rounded-md border border-line bg-raised px-2 py-0.5 text-tiny opacity-0
          group-hover/code:opacity-100 focus-visible:opacity-100"
      >
        {t("copy")}
      </button>
    </figure>
  );
}

function lineOf(all: readonly Inline[], names: Names): ReactNode {
  return all.map((one, n) => {
    if (one === "break") return <br key={n} />;
    if ("text" in one) return <Fragment key={n}>{withNames(one.text, names)}</Fragment>;
    if ("strong" in one)
      return (
        <strong key={n} className="font-semibold">
          {lineOf(one.strong, names)}
        </strong>
      );
    if ("emphasis" in one) return <em key={n}>{lineOf(one.emphasis, names)}</em>;
    if ("strike" in one) return <s key={n}>{lineOf(one.strike, names)}</s>;
    if ("code" in one) {
      return (
        <code key={n} dir="ltr" className="rounded-md border border-line bg-code px-1 font-mono text-small text-text">
          {one.code.replaceAll(marks, "$1")}
        </code>
      );
    }
    return <Leads key={n} {...one.link} names={names} />;
  });
}

/** Where it leads is told if the words say something else: a link must not lie. */
function Leads({ to, shown, names }: { to: string; shown: Inline[]; names: Names }) {
  const words = shown.length === 1 && shown[0] !== "break" && shown[0] && "text" in shown[0] ? shown[0].text : null;
  const says = words !== null && (to === words || to === `mailto:${words}`);
  return (
    <>
      <a
        href={to}
        target="_blank"
        rel="noopener noreferrer nofollow"
        title={to}
        dir="auto"
        className="text-accent-text underline underline-offset-2 break-all"
      >
        {lineOf(shown, names)}
      </a>
      {!says && <bdi className="text-small text-muted"> ({hostOf(to)})</bdi>}
    </>
  );
}

function hostOf(to: string): string {
  try {
    const url = new URL(to);
    return url.host || url.pathname;
  } catch {
    return to;
  }
}

const marks = new RegExp(`${MARK}\\d+:([^${MARK_END}]*)${MARK_END}`, "g");

function withNames(text: string, names: Names): ReactNode {
  if (!text.includes(MARK)) return text;
  return text.split(new RegExp(`(${MARK}\\d+:[^${MARK_END}]*${MARK_END})`)).map((part, n) => {
    const found = new RegExp(`^${MARK}(\\d+):(.*)${MARK_END}$`, "s").exec(part);
    const user = found ? names.named[Number(found[1])] : undefined;
    if (!found || user === undefined) return part;
    const mine = user === names.me || user === "all";
    const look = `rounded px-0.5 font-medium ${mine ? "bg-mention text-text" : "bg-chosen text-accent-text"}`;
    if (user === "all")
      return (
        <bdi key={n} className={look}>
          {found[2]}
        </bdi>
      );
    return (
      <button key={n} type="button" className={`${look} hover:underline`} onClick={() => names.onPerson(user)}>
        <bdi>{found[2]}</bdi>
      </button>
    );
  });
}
