/** One conversation in the list: who, what was said last, what waits. */
import { memo, type MouseEvent } from "react";
import { IconButton } from "../../design/button";
import { Avatar, Badge } from "../../design/face";
import { Icon, TickSign } from "../../design/icons";
import { menu, type MenuItem } from "../../design/menu";
import type { Row } from "../../engine/contract";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { brief } from "../../words/when";
import { useOrder } from "../order";
import { useWho } from "../people";
import { go, to } from "../route";
import { brieflySaid, titleOf } from "../said";
import { useWatch } from "../watch";

/** For good, as the wire says it. */
export const MUTED_FOR_GOOD_MS = 253_402_300_799_000;

/** What can be done with a conversation from outside. */
export function useRowMenu() {
  const { give } = useOrder();
  return (row: Row, at: Element | { x: number; y: number }, title: string, more: readonly MenuItem[] = []) => {
    const set = (change: object) => void give("prefs", { conv: row.conv, ...change });
    const muteFor = (ms: number) => set({ mute_until_ms: ms === 0 ? 0 : ms > 1e12 ? ms : Date.now() + ms });
    const items: MenuItem[] = [
      ...more,
      row.unread > 0
        ? {
            words: t("row.read"),
            icon: "check",
            off: !row.last?.seq,
            run: () => {
              if (row.last?.seq) void give("read", { conv: row.conv, seq: row.last.seq });
            },
          }
        : {
            words: t("row.unread"),
            icon: "unread",
            off: !row.last?.seq,
            run: () => {
              if (row.last?.seq) void give("mark_unread", { conv: row.conv, seq: row.last.seq });
            },
          },
      {
        words: row.prefs.pinned ? t("row.unpin") : t("row.pin"),
        icon: "pin",
        run: () => set({ pinned: !row.prefs.pinned }),
      },
      {
        words: row.prefs.archived ? t("row.unarchive") : t("row.archive"),
        icon: "archive",
        run: () => set({ archived: !row.prefs.archived }),
      },
      "line",
      ...(row.muted
        ? [{ words: t("row.unmute"), icon: "bell" as const, run: () => muteFor(0) }]
        : [
            { words: t("row.mute.hours", { count: 8 }), icon: "mute" as const, run: () => muteFor(8 * 3_600_000) },
            { words: t("row.mute.week"), icon: "mute" as const, run: () => muteFor(7 * 86_400_000) },
            { words: t("row.mute.good"), icon: "mute" as const, run: () => muteFor(MUTED_FOR_GOOD_MS) },
          ]),
      "line",
      { words: t("details"), icon: "info", run: () => go(to.details(row.conv)) },
    ];
    menu(title, at, items);
  };
}

type RowProps = { row: Row; me: UserId | undefined; chosen: boolean; reach: boolean; onFocus: (conv: string) => void };

export const ConversationRow = memo(function ConversationRow({ row, me, chosen, reach, onFocus }: RowProps) {
  const who = useWho();
  const title = titleOf(row, who, me);
  const typing = useWatch("typing", row.conv) ?? [];
  const openMenu = useRowMenu();
  const self = row.kind === "direct" && row.peer === me;
  const context = (e: MouseEvent<HTMLElement>) => {
    e.preventDefault();
    // The menu key has no place on the screen; then it stands at the row.
    openMenu(row, e.clientX > 0 ? { x: e.clientX, y: e.clientY } : e.currentTarget, title);
  };
  const waits = row.unread > 0 || row.mentions > 0;
  return (
    <div className="group relative px-2" onContextMenu={context}>
      <a
        href={to.conversation(row.conv)}
        data-row={row.conv}
        tabIndex={reach ? 0 : -1}
        onFocus={() => onFocus(row.conv)}
        aria-current={chosen ? "page" : undefined}
        className={`flex min-h-(--row) items-center gap-3 rounded-xl px-2 py-1.5 -outline-offset-2
          ${chosen ? "bg-chosen" : "hover:bg-hover"}`}
      >
        <Avatar
          id={row.peer ?? row.conv}
          name={title}
          icon={self ? "star" : row.kind === "group" ? "people" : undefined}
          here={row.peer && !self ? who.here(row.peer)?.here : undefined}
        />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span dir="auto" className={`min-w-0 flex-1 cut ${waits ? "font-semibold" : "font-medium"}`}>
              <bdi>{title}</bdi>
            </span>
            {row.at_ms > 0 && (
              <time className={`shrink-0 text-tiny ${waits && !row.muted ? "text-accent-text" : "text-muted"}`}>
                {brief(row.at_ms)}
              </time>
            )}
          </span>
          <span className="flex min-h-5 items-center gap-1.5">
            <Preview row={row} me={me} typing={typing} />
            {row.muted && (
              <>
                <Icon name="mute" size={15} className="text-muted" />
                <span className="unseen">{t("row.is.muted")}</span>
              </>
            )}
            {row.prefs.pinned && (
              <>
                <Icon name="pin" size={15} className="text-muted" />
                <span className="unseen">{t("row.is.pinned")}</span>
              </>
            )}
            {(row.requests ?? 0) > 0 && (
              <Badge count={row.requests ?? 0} quiet label={t("row.requests", { count: row.requests })} />
            )}
            {row.mentions > 0 && (
              <Badge count={row.mentions} sign="@" label={t("row.mentions", { count: row.mentions })} />
            )}
            {row.unread > 0 && (
              <Badge count={row.unread} quiet={row.muted} label={t("row.waiting", { count: row.unread })} />
            )}
          </span>
        </span>
      </a>
      <IconButton
        icon="down"
        size="small"
        label={t("row.menu", { title })}
        tabIndex={reach ? 0 : -1}
        onClick={e => openMenu(row, e.currentTarget, title)}
        className="absolute end-3 top-1 hidden! bg-raised shadow-float hovers:group-hover:inline-flex!
          wide:focus-visible:inline-flex! wide:group-focus-within:inline-flex!"
      />
    </div>
  );
});

const ticksWord = {
  queued: "ticks.queued",
  failed: "ticks.failed",
  sent: "ticks.sent",
  delivered: "ticks.delivered",
  read: "ticks.read",
} as const;

function Preview({ row, me, typing }: { row: Row; me: UserId | undefined; typing: readonly UserId[] }) {
  const who = useWho();
  const line = "min-w-0 flex-1 cut text-small text-muted";
  if (typing.length > 0) {
    return (
      <span dir="auto" className={`${line} text-good!`}>
        {row.kind === "direct" ? t("typing.here") : t("typing.one", { name: who.name(typing[0] ?? "") })}
      </span>
    );
  }
  if (row.draft) {
    return (
      <span dir="auto" className={line}>
        <span className="text-danger">{t("row.draft")} </span>
        <bdi>{row.draft}</bdi>
      </span>
    );
  }
  if (row.request)
    return (
      <span dir="auto" className={`${line} text-accent-text!`}>
        {t("row.request")}
      </span>
    );
  const last = row.last;
  if (!last)
    return (
      <span dir="auto" className={line}>
        {row.role === undefined ? t("row.left") : ""}
      </span>
    );
  const mine = last.sender === me;
  const spoken = last.kind === "text" && !last.deleted_by;
  return (
    <>
      {last.ticks !== "none" && (
        <span className="text-muted">
          <TickSign ticks={last.ticks} />
          <span className="unseen">{t(ticksWord[last.ticks])}</span>
        </span>
      )}
      <span dir="auto" className={line}>
        {row.kind !== "direct" && spoken && (
          <>
            <bdi>{mine ? t("you") : who.name(last.sender)}</bdi>:{" "}
          </>
        )}
        <bdi>{brieflySaid(last, who, me)}</bdi>
      </span>
    </>
  );
}
