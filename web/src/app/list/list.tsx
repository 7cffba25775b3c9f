/** All conversations: filtered, ordered as the engine orders them, and as fast with two thousand as with two. */
import { type KeyboardEvent, useDeferredValue, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Button, IconButton } from "../../design/button";
import { Avatar, Chip, Empty, Skeleton } from "../../design/face";
import { SearchField } from "../../design/field";
import { Icon } from "../../design/icons";
import { menu } from "../../design/menu";
import type { Row, Session } from "../../engine/contract";
import { t } from "../../words/words";
import { focusSoon } from "../focus";
import { useOrder } from "../order";
import { useWho } from "../people";
import { go, to, useRoute } from "../route";
import { titleOf } from "../said";
import { useWatch } from "../watch";
import { ConversationRow } from "./row";

export type Filter = "all" | "unread" | "mentions" | "groups" | "requests" | "archived";

/** Which rows a filter shows. Requests and archived ones are out of the way everywhere else. */
export function passes(row: Row, filter: Filter): boolean {
  if (filter === "requests") return row.request !== undefined;
  if (filter === "archived") return row.prefs.archived === true;
  // A stranger's first words stand among the others until they are answered: a newcomer has nothing else to see.
  if (row.request === "ignored" || row.prefs.archived) return false;
  if (filter === "unread") return row.unread > 0;
  if (filter === "mentions") return row.mentions > 0;
  if (filter === "groups") return row.kind !== "direct";
  return true;
}

export function List(props: { session: Session; onNew: () => void; onSwitch: () => void; onKeys: () => void }) {
  const rows = useWatch("conversations", null);
  const route = useRoute();
  const who = useWho();
  const { give } = useOrder();
  const [filter, setFilter] = useState<Filter>("all");
  const [sought, seek] = useState("");
  const wanted = useDeferredValue(sought.trim().toLocaleLowerCase());
  const me = props.session.me;
  const chosen = route.at === "conversation" ? route.conv : null;
  const counts = useMemo(
    () => ({
      requests: rows?.filter(row => row.request !== undefined && row.request !== "ignored").length ?? 0,
      archived: rows?.filter(row => row.prefs.archived).length ?? 0,
      mentions: rows?.filter(row => row.mentions > 0 && !row.prefs.archived).length ?? 0,
    }),
    [rows],
  );
  const shown = useMemo(
    () =>
      (rows ?? []).filter(row =>
        wanted ? titleOf(row, who, me).toLocaleLowerCase().includes(wanted) : passes(row, filter),
      ),
    [rows, filter, wanted, me, who],
  );

  const meMenu = (at: Element) =>
    menu(t("menu"), at, [
      { words: t("settings"), icon: "settings", run: () => go(to.settings()) },
      { words: t("starred"), icon: "star", run: () => go(to.starred) },
      { words: t("shortcuts"), icon: "keyboard", run: props.onKeys },
      { words: t("read.all"), icon: "check", run: () => void give("read_all", null) },
    ]);
  const filters: readonly (readonly [Filter, string])[] = [
    ["all", t("filter.all")],
    ["unread", t("filter.unread")],
    ...(counts.mentions > 0 || filter === "mentions" ? [["mentions", t("filter.mentions")] as const] : []),
    ["groups", t("filter.groups")],
    ...(counts.requests > 0 || filter === "requests"
      ? [["requests", t("filter.requests", { count: counts.requests })] as const]
      : []),
    ...(counts.archived > 0 || filter === "archived"
      ? [["archived", t("filter.archived", { count: counts.archived })] as const]
      : []),
  ];
  return (
    <nav
      aria-label={t("conversations")}
      className="flex min-h-0 flex-1 flex-col bg-surface
      pt-[env(safe-area-inset-top)]"
    >
      <header className="flex items-center gap-1 ps-4 pe-2 pt-2 pb-1">
        <h1 className="flex-1 text-[1.25rem] font-bold tracking-tight">Tidings</h1>
        <IconButton icon="edit" label={t("new")} onClick={props.onNew} />
        <button
          type="button"
          aria-label={t("menu")}
          data-tip={t("menu")}
          aria-haspopup="menu"
          className="rounded-full p-1 hover:bg-hover"
          onClick={e => meMenu(e.currentTarget)}
        >
          <Avatar id={me ?? ""} name={me ? who.name(me) : ""} size="small" />
        </button>
      </header>
      <div className="px-3 py-1.5">
        <SearchField
          label={t("list.search")}
          value={sought}
          onChange={e => seek(e.target.value)}
          onKeyDown={e => {
            if (e.key === "Escape") seek("");
            if (e.key === "Enter" && shown[0]) {
              go(to.conversation(shown[0].conv));
              seek("");
            }
          }}
        />
      </div>
      {!wanted && (
        <div
          role="group"
          aria-label={t("filter")}
          className="flex gap-1.5 overflow-x-auto px-3 py-1.5
          [scrollbar-width:none]"
        >
          {filters.map(([name, words]) => (
            <Chip key={name} on={filter === name} onPick={() => setFilter(name)}>
              {words}
            </Chip>
          ))}
        </div>
      )}
      {rows === undefined ? (
        <Skeleton rows={8} />
      ) : shown.length > 0 ? (
        <Rows rows={shown} me={me} chosen={chosen} />
      ) : (
        <Nothing wanted={wanted} filter={filter} onNew={props.onNew} onSwitch={props.onSwitch} />
      )}
    </nav>
  );
}

function Rows({ rows, me, chosen }: { rows: readonly Row[]; me: string | undefined; chosen: string | null }) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  // One row is reached by Tab, the others by arrows from there: two thousand stops are none.
  const [reached, reach] = useState<string | null>(null);
  const at = Math.max(
    0,
    rows.findIndex(row => row.conv === (reached ?? chosen)),
  );
  // Drawn wherever the list is scrolled to: what has the focus must not go from under it.
  const kept = useMemo(() => [at], [at]);
  const keys = (e: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -rows.length, End: rows.length }[e.key];
    const row = by === undefined ? undefined : rows[Math.min(Math.max(0, at + by), rows.length - 1)];
    if (!row) return;
    e.preventDefault();
    reach(row.conv);
    list.current?.scrollToIndex(rows.indexOf(row), { align: "nearest" });
    focusSoon(scroller.current, `[data-row="${CSS.escape(row.conv)}"]`);
  };
  return (
    <div ref={scroller} onKeyDown={keys} className="min-h-0 flex-1 overflow-y-auto overscroll-contain pb-4">
      <Virtualizer ref={list} scrollRef={scroller} as="ul" item="li" itemSize={68} bufferSize={400} keepMounted={kept}>
        {rows.map((row, n) => (
          <ConversationRow
            key={row.conv}
            row={row}
            me={me}
            chosen={row.conv === chosen}
            reach={n === at}
            onFocus={reach}
          />
        ))}
      </Virtualizer>
    </div>
  );
}

function Nothing(props: { wanted: string; filter: Filter; onNew: () => void; onSwitch: () => void }) {
  if (props.wanted) {
    return (
      <Empty
        icon="search"
        title={t("list.none.title")}
        action={
          <Button look="plain" onClick={props.onSwitch}>
            {t("list.none.find")}
          </Button>
        }
      >
        {t("list.none")}
      </Empty>
    );
  }
  if (props.filter !== "all")
    return (
      <Empty icon="check" title={t("list.done.title")}>
        {t("list.done")}
      </Empty>
    );
  return (
    <Empty
      icon="chat"
      title={t("first.title")}
      action={
        <Button look="main" icon="plus" onClick={props.onNew}>
          {t("new")}
        </Button>
      }
    >
      <p>{t("first.hint")}</p>
      <p className="mt-2 flex items-start gap-2 text-start text-small">
        <Icon name="link" size={16} />
        {t("first.link")}
      </p>
    </Empty>
  );
}
