/** One line of a conversation: a bubble, a note of the server, or what waits and failed. */
import { memo, type MouseEvent } from "react";
import { IconButton } from "../../design/button";
import { Avatar, colourOf } from "../../design/face";
import { Icon, TickSign } from "../../design/icons";
import type { Line, Ticks } from "../../engine/contract";
import type { UserId } from "../../wire/wire";
import { clock, day, whole } from "../../words/when";
import { t, type Word } from "../../words/words";
import { Said } from "../markup-view";
import { whyRefused } from "../order";
import { useWho } from "../people";
import { brieflySaid, happened, isTold } from "../said";
import type { Acts } from "./acts";
import type { Drawn } from "./rows";
import { rtl, SWIPE_PX, useTouch } from "./touch";

type LineProps = { row: Drawn; me: UserId | undefined; group: boolean; acts: Acts; flash: boolean; mention: boolean };

export const LineRow = memo(function LineRow(props: LineProps) {
  const { row } = props;
  return (
    <div className="px-3 wide:px-5" data-seq={row.line.seq}>
      {row.day && (
        <div className="flex justify-center py-3">
          <h2 className="rounded-full bg-surface px-3 py-1 text-tiny font-medium text-muted shadow-sm">
            <time>{day(row.line.at_ms)}</time>
          </h2>
        </div>
      )}
      {row.unread && (
        <div className="flex items-center gap-3 py-2 text-tiny font-semibold text-accent-text">
          <span className="h-px flex-1 bg-accent" />
          {t("unread.line")}
          <span className="h-px flex-1 bg-accent" />
        </div>
      )}
      {isTold(row.line.kind) && row.line.kind !== "text" ? <Told {...props} /> : <Bubble {...props} />}
    </div>
  );
});

function Told({ row, me, acts }: LineProps) {
  const who = useWho();
  return (
    <div
      className="flex justify-center py-1.5"
      data-line={row.key}
      tabIndex={-1}
      onContextMenu={e => {
        e.preventDefault();
        acts.menu(row.line, { x: e.clientX, y: e.clientY });
      }}
    >
      <p className="max-w-[85%] rounded-xl bg-surface px-3 py-1 text-center text-small text-muted wrap-anywhere">
        {happened(row.line, who, me)}{" "}
        <bdi>
          <time className="text-tiny whitespace-nowrap" title={whole(row.line.at_ms)}>
            {clock(row.line.at_ms)}
          </time>
        </bdi>
      </p>
    </div>
  );
}

function Bubble({ row, me, group, acts, flash, mention }: LineProps) {
  const { line } = row;
  const who = useWho();
  const mine = line.sender === me;
  const { drawn, touch } = useTouch(line, acts);
  const name = who.name(line.sender);
  const context = (e: MouseEvent<HTMLElement>) => {
    if ((e.target as Element).closest("a") && e.clientX > 0) return;
    e.preventDefault();
    acts.menu(line, e.clientX > 0 ? { x: e.clientX, y: e.clientY } : e.currentTarget);
  };
  const shape = mine
    ? `bg-mine border-mine-edge ${row.goesOnAfter ? "" : "rounded-ee-md"}`
    : `bg-theirs border-line ${row.goesOnAfter ? "" : "rounded-es-md"}`;
  const tail = tailOf(line);
  const label = t("line.label", { name: mine ? t("you") : name, time: clock(line.at_ms) });
  return (
    <article
      aria-label={label}
      data-line={row.key}
      tabIndex={-1}
      onContextMenu={context}
      {...touch}
      onKeyDown={e => {
        if (e.target !== e.currentTarget) return;
        if (e.key === "Enter" || e.key === " ") {
          e.preventDefault();
          acts.menu(line, e.currentTarget);
        } else if (e.key === "r") acts.reply(line);
        else if (e.key === "e") acts.edit(line);
      }}
      className={`group/line relative flex touch-pan-y gap-2 pointer-coarse:select-none rounded-xl -outline-offset-2
        ${mine ? "flex-row-reverse" : ""} ${row.goesOn ? "pt-[calc(2px+var(--gap))]" : "pt-[calc(0.5rem+var(--gap))]"}
        ${flash ? "flash" : ""}`}
    >
      {group && !mine && (
        <span className="w-8 shrink-0 self-end">
          {!row.goesOnAfter && (
            <button
              type="button"
              tabIndex={-1}
              aria-label={name}
              onClick={() => acts.person(line.sender)}
              className="flex"
            >
              <Avatar id={line.sender} name={name} size="small" />
            </button>
          )}
        </span>
      )}
      {drawn > 12 && (
        <span
          className={`absolute inset-y-0 start-1 my-auto flex size-8 items-center justify-center rounded-full
          ${drawn >= SWIPE_PX ? "bg-accent text-on-accent" : "bg-surface text-muted"}`}
        >
          <Icon name="reply" size={18} />
        </span>
      )}
      <div
        className={`flex max-w-[min(42rem,85%)] min-w-0 flex-col ${mine ? "items-end" : "items-start"}`}
        style={drawn > 0 ? { transform: `translateX(${rtl() ? -drawn : drawn}px)` } : undefined}
      >
        <div
          className={`relative max-w-full min-w-18 rounded-bubble border px-3 py-1.5 ${shape}
          ${line.ticks === "failed" ? "border-danger!" : ""} ${mention ? "border-s-4 border-s-[#d99a00]!" : ""}`}
        >
          {group && !mine && !row.goesOn && (
            <button
              type="button"
              tabIndex={-1}
              onClick={() => acts.person(line.sender)}
              dir="auto"
              className="block max-w-full cut text-small font-semibold text-text hover:underline"
            >
              <span
                aria-hidden="true"
                className="me-1.5 inline-block size-2 rounded-full"
                style={{ backgroundColor: colourOf(line.sender) }}
              />
              <bdi>{name}</bdi>
            </button>
          )}
          {line.body.forwarded && (
            <p className="flex items-center gap-1 text-tiny text-muted">
              <Icon name="forward" size={14} />
              {t("forwarded", { name: who.name(line.body.forwarded.sender) })}
            </p>
          )}
          {line.reply_to !== undefined && <Quoted line={line} me={me} acts={acts} />}
          <Content line={line} me={me} acts={acts} tail={tail} />
          <Foot line={line} acts={acts} within={tail > 0} />
        </div>
        {line.reactions.length > 0 && <Reactions line={line} me={me} acts={acts} />}
        {line.ticks === "failed" && <Failed line={line} acts={acts} />}
      </div>
      {line.seq !== undefined && !line.deleted_by && line.kind === "text" && <Bar line={line} acts={acts} />}
    </article>
  );
}

/**
 * How much of the last line the time and the ticks take, in rem, where they fit beside the words; 0: they stand below.
 * Words that run the other way than the page end where the time would be.
 */
function tailOf(line: Line): number {
  const text = line.body.text ?? "";
  if (line.kind !== "text" || line.deleted_by || !text) return 0;
  const strong = /[\p{L}]/u.exec(text)?.[0] ?? "";
  const turned = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(strong);
  if (turned !== rtl() && strong) return 0;
  return (
    3.9 + (line.ticks !== "none" ? 1.5 : 0) + (line.edited ? 3.6 : 0) + (line.pinned ? 1.2 : 0) + (line.star ? 1.2 : 0)
  );
}

function Content({ line, me, acts, tail }: { line: Line; me: UserId | undefined; acts: Acts; tail: number }) {
  const who = useWho();
  if (line.deleted_by !== undefined) {
    const by =
      line.deleted_by === me
        ? "line.deleted.you"
        : line.deleted_by === line.sender
          ? "line.deleted"
          : "line.deleted.by";
    return (
      <p className="flex items-center gap-1.5 text-muted italic">
        <Icon name="trash" size={16} />
        {t(by, { name: who.name(line.deleted_by) })}
      </p>
    );
  }
  if (line.kind !== "text") {
    return (
      <p className="flex items-center gap-1.5 text-muted italic">
        <Icon name="info" size={16} />
        {t("line.unknown")}
      </p>
    );
  }
  return (
    <>
      {(line.body.media?.length ?? 0) > 0 && (
        <p className="mb-1 flex items-center gap-2 rounded-lg bg-code px-2 py-1.5 text-muted">
          <Icon name="image" size={18} />
          {t("line.media")}
        </p>
      )}
      <Said body={line.body} me={me} onPerson={acts.person} tail={tail} />
    </>
  );
}

const ticksWord: { [ticks in Exclude<Ticks, "none">]: Word } = {
  queued: "ticks.queued",
  failed: "ticks.failed",
  sent: "ticks.sent",
  delivered: "ticks.delivered",
  read: "ticks.read",
};

function Foot({ line, acts, within }: { line: Line; acts: Acts; within: boolean }) {
  return (
    <div
      className={`flex items-center justify-end gap-1.5 text-tiny text-muted select-none
      ${within ? "absolute end-3 bottom-1" : "mt-0.5"}`}
    >
      {line.pinned && (
        <>
          <Icon name="pin" size={13} />
          <span className="unseen">{t("line.pinned")}</span>
        </>
      )}
      {line.star && (
        <>
          <Icon name="star" size={13} filled />
          <span className="unseen">{t("line.starred")}</span>
        </>
      )}
      {line.edited && (
        <button type="button" tabIndex={-1} onClick={() => acts.history(line)} className="hover:underline">
          {t("line.edited")}
        </button>
      )}
      <time title={whole(line.at_ms)}>{clock(line.at_ms)}</time>
      {line.ticks !== "none" && (
        <>
          <TickSign ticks={line.ticks} />
          <span className="unseen">{t(ticksWord[line.ticks])}</span>
        </>
      )}
    </div>
  );
}

function Quoted({ line, me, acts }: { line: Line; me: UserId | undefined; acts: Acts }) {
  const who = useWho();
  const of = line.reply;
  return (
    <button
      type="button"
      tabIndex={-1}
      onClick={() => line.reply_to !== undefined && acts.jump(line.reply_to)}
      className="mb-1 block w-full min-w-0 rounded-lg border-s-3 border-accent
        bg-[color-mix(in_srgb,var(--accent)_9%,transparent)]
        px-2 py-1 text-start"
    >
      <span dir="auto" className="block cut text-small font-semibold text-accent-text">
        <bdi>{of ? (of.sender === me ? t("you") : who.name(of.sender)) : t("quote.earlier")}</bdi>
      </span>
      <span className="line-clamp-2 side text-small text-muted wrap-anywhere" dir="auto">
        {of ? brieflySaid(of, who, me) : t("quote.jump")}
      </span>
    </button>
  );
}

function Reactions({ line, me, acts }: { line: Line; me: UserId | undefined; acts: Acts }) {
  const who = useWho();
  return (
    <div className="z-1 -mt-1.5 flex max-w-full flex-wrap gap-1 px-2">
      {line.reactions.map(({ emoji, users }) => {
        const mine = me !== undefined && users.includes(me);
        const names = users
          .slice(0, 12)
          .map(user => (user === me ? t("you") : who.name(user)))
          .join(", ");
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={mine}
            tabIndex={-1}
            data-tip={`${emoji} ${names}`}
            onClick={() => acts.react(line, emoji)}
            className={`flex h-7 items-center gap-1 rounded-full border px-2 text-small tabular-nums
              ${mine ? "border-accent bg-chosen text-accent-text" : "border-line bg-raised hover:bg-hover"}`}
          >
            <span>{emoji}</span>
            {users.length > 1 && <span>{users.length}</span>}
            <span className="unseen">{t("reaction.label", { names })}</span>
          </button>
        );
      })}
      <IconButton
        icon="plus"
        size="small"
        label={t("react.more")}
        tabIndex={-1}
        className="size-7! border border-line bg-raised hidden! hovers:group-hover/line:inline-flex!"
        onClick={e => acts.pick(line, e.currentTarget)}
      />
    </div>
  );
}

function Failed({ line, acts }: { line: Line; acts: Acts }) {
  return (
    <div role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-3 gap-y-1 text-small text-danger">
      <span>{line.refusal ? whyRefused(line.refusal) : t("ticks.failed")}</span>
      <button type="button" className="font-semibold underline" onClick={() => acts.retry(line)}>
        {t("retry")}
      </button>
      <button type="button" className="font-semibold underline" onClick={() => acts.discard(line)}>
        {t("discard")}
      </button>
    </div>
  );
}

/** What a mouse finds beside the line, and a keyboard once the line has the focus. */
function Bar({ line, acts }: { line: Line; acts: Acts }) {
  return (
    <div
      className="invisible flex shrink-0 items-center self-center opacity-0 transition-opacity duration-(--quick)
      phone:hidden hovers:group-hover/line:visible hovers:group-hover/line:opacity-100
      group-focus-within/line:visible group-focus-within/line:opacity-100"
    >
      <IconButton
        icon="smile"
        size="small"
        label={t("react")}
        tabIndex={-1}
        onClick={e => acts.pick(line, e.currentTarget)}
      />
      <IconButton icon="reply" size="small" label={t("reply")} tabIndex={-1} onClick={() => acts.reply(line)} />
      <IconButton
        icon="more"
        size="small"
        label={t("line.menu")}
        tabIndex={-1}
        onClick={e => acts.menu(line, e.currentTarget)}
      />
    </div>
  );
}
