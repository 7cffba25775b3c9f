/** One conversation: its head, what was said, where one writes, and what can be done with a line. */
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Button, IconButton } from "../design/button";
import { Dialog } from "../design/dialog";
import { Avatar, Empty, Skeleton } from "../design/face";
import { menu, type MenuItem } from "../design/menu";
import { toast } from "../design/toast";
import type { Detail, Line, Session } from "../engine/contract";
import type { ConversationId, Seq, UserId } from "../wire/wire";
import { t } from "../words/words";
import { brief } from "../words/when";
import { Composer, type ComposerHandle, type Mode } from "./composer/composer";
import { RequestBar, WhyNoWriting } from "./conversation-foot";
import { useRowMenu } from "./list/row";
import { useOrder } from "./order";
import { useWho } from "./people";
import { go, to } from "./route";
import { titleOf } from "./said";
import { type Acts, mayBe, QUICK, targetOf } from "./timeline/acts";
import { openPicker } from "./timeline/picker-host";
import { Timeline } from "./timeline/timeline";
import { useWatch } from "./watch";

const Info = lazy(() => import("./timeline/info"));
const History = lazy(() => import("./timeline/history"));
const ToDate = lazy(() => import("./timeline/date"));
const Forward = lazy(() => import("./timeline/forward"));
const Profile = lazy(() => import("./people/profile"));

type Open =
  | { is: "info" | "forward" | "history" | "delete"; line: Line }
  | { is: "person"; user: UserId }
  | { is: "date" }
  | null;

export function Conversation(props: {
  conv: ConversationId;
  around: Seq | null;
  session: Session;
  detailsOpen: boolean;
}) {
  const { conv } = props;
  const { ask } = useOrder();
  const detail = useWatch("conversation", conv);
  useEffect(() => {
    ask("open", { conv }).catch(() => {});
    return () => {
      ask("close", { conv }).catch(() => {});
    };
  }, [ask, conv]);
  if (detail === undefined)
    return (
      <div className="flex min-h-0 flex-1 flex-col justify-end bg-wall">
        <Skeleton rows={6} />
      </div>
    );
  if (detail === null) {
    return (
      <div className="flex min-h-0 flex-1 bg-wall">
        <h1 className="unseen">{t("conversation")}</h1>
        <Empty
          icon="chat"
          title={t("conversation.none.title")}
          action={<Button onClick={() => go(to.home)}>{t("conversation.none.back")}</Button>}
        >
          {t("conversation.none")}
        </Empty>
      </div>
    );
  }
  return <Open key={conv} {...props} detail={detail} />;
}

function Open(props: { detail: Detail; around: Seq | null; session: Session; detailsOpen: boolean }) {
  const { detail, session } = props;
  const { conv } = detail;
  const me = session.me;
  const { give } = useOrder();
  const [mode, setMode] = useState<Mode>({ is: "new" });
  const [open, setOpen] = useState<Open>(null);
  const composer = useRef<ComposerHandle>(null);
  const held = useWatch("timeline", { conv, around: null, count: 80 });
  const now = useRef({ detail, held });
  now.current = { detail, held };

  const acts = useMemo(
    (): Acts => ({
      reply: line => {
        if (mayBe(line, now.current.detail, me).reply) setMode({ is: "reply", line });
      },
      edit: line => {
        if (mayBe(line, now.current.detail, me).edit) setMode({ is: "edit", line });
      },
      react: (line, emoji) => {
        const target = targetOf(line);
        if (!target || !me) return;
        const on = !line.reactions.some(one => one.emoji === emoji && one.users.includes(me));
        void give("react", { conv, target, emoji, on });
      },
      pick: (line, at) => openPicker(at, emoji => acts.react(line, emoji)),
      person: user => setOpen({ is: "person", user }),
      jump: seq => go(to.conversation(conv, seq), { replace: true }),
      retry: line => void give("retry", { send_id: line.send_id }),
      discard: line =>
        void give("dismiss", { send_id: line.send_id }).then(words => {
          if (words) composer.current?.put(words);
        }),
      history: line => setOpen({ is: "history", line }),
      menu: (line, at) => {
        const may = mayBe(line, now.current.detail, me);
        const target = targetOf(line);
        const items: MenuItem[] = [];
        const add = (when: boolean, item: MenuItem) => {
          if (when) items.push(item);
        };
        add(may.reply, { words: t("reply"), icon: "reply", keys: "R", run: () => acts.reply(line) });
        add(may.edit, { words: t("edit"), icon: "edit", keys: "E", run: () => acts.edit(line) });
        add(may.copy, { words: t("copy.text"), icon: "copy", run: () => copy(line.body.text ?? "") });
        add(may.forward, { words: t("forward"), icon: "forward", run: () => setOpen({ is: "forward", line }) });
        add(may.star, {
          words: line.star ? t("unstar") : t("star"),
          icon: "star",
          run: () => {
            if (line.seq !== undefined) void give("star", { conv, seq: line.seq, on: !line.star });
          },
        });
        add(may.pin, {
          words: line.pinned ? t("unpin") : t("pin"),
          icon: "pin",
          run: () => {
            if (target) void give("pin", { conv, target, on: !line.pinned });
          },
        });
        add(line.seq !== undefined && line.ticks === "none" && line.kind === "text", {
          words: t("mark.unread"),
          icon: "unread",
          run: () => {
            if (line.seq !== undefined) void give("mark_unread", { conv, seq: line.seq });
          },
        });
        add(may.info, { words: t("info"), icon: "info", run: () => setOpen({ is: "info", line }) });
        add(line.edited, { words: t("history"), icon: "history", run: () => setOpen({ is: "history", line }) });
        add(line.ticks === "failed", { words: t("retry"), icon: "refresh", run: () => acts.retry(line) });
        add(line.seq === undefined, {
          words: t("discard"),
          icon: "trash",
          danger: true,
          run: () => acts.discard(line),
        });
        add(may.hide || may.deleteForAll, "line");
        add(may.hide || may.deleteForAll, {
          words: t("delete"),
          icon: "trash",
          danger: true,
          run: () => setOpen({ is: "delete", line }),
        });
        menu(
          t("line.menu"),
          at,
          items,
          may.react
            ? {
                words: [...QUICK, "+"],
                pick: emoji => {
                  if (emoji === "+")
                    openPicker(at instanceof Element ? at : document.body, one => acts.react(line, one));
                  else acts.react(line, emoji);
                },
              }
            : undefined,
        );
      },
    }),
    [conv, give, me],
  );

  const lastOfMine = useCallback(
    () => now.current.held?.lines.findLast(line => mayBe(line, now.current.detail, me).edit),
    [me],
  );
  const leaveAround = useCallback(() => go(to.conversation(conv), { replace: true }), [conv]);
  const writes = detail.may["write"] !== false && detail.role !== undefined;

  return (
    <section
      className="flex min-h-0 min-w-0 flex-1 flex-col bg-wall"
      aria-label={t("conversation")}
      onKeyDown={e => {
        if (e.key === "Escape" && mode.is === "new") composer.current?.focus();
      }}
    >
      <Head detail={detail} me={me} detailsOpen={props.detailsOpen} onDate={() => setOpen({ is: "date" })} />
      <RequestBar detail={detail} />
      <Timeline detail={detail} me={me} around={props.around} acts={acts} onLeaveAround={leaveAround} />
      {writes ? (
        <Composer ref={composer} detail={detail} me={me} mode={mode} setMode={setMode} lastOfMine={lastOfMine} />
      ) : (
        <WhyNoWriting detail={detail} />
      )}
      <Suspense>
        {open?.is === "info" && <Info conv={conv} line={open.line} onClose={() => setOpen(null)} />}
        {open?.is === "history" && <History conv={conv} line={open.line} me={me} onClose={() => setOpen(null)} />}
        {open?.is === "forward" && <Forward conv={conv} line={open.line} me={me} onClose={() => setOpen(null)} />}
        {open?.is === "date" && <ToDate conv={conv} onClose={() => setOpen(null)} />}
        {open?.is === "person" && <Profile user={open.user} me={me} conv={conv} onClose={() => setOpen(null)} />}
      </Suspense>
      {open?.is === "delete" && <Delete line={open.line} detail={detail} me={me} onClose={() => setOpen(null)} />}
    </section>
  );
}

export function copy(text: string): void {
  // Without https there is no clipboard; then it is said, not passed over.
  if (!navigator.clipboard) {
    toast(t("copy.cannot"), { bad: true });
    return;
  }
  navigator.clipboard.writeText(text).then(
    () => toast(t("copied")),
    () => toast(t("copy.cannot"), { bad: true }),
  );
}

function Head({
  detail,
  me,
  detailsOpen,
  onDate,
}: {
  detail: Detail;
  me: UserId | undefined;
  detailsOpen: boolean;
  onDate: () => void;
}) {
  const who = useWho();
  const rowMenu = useRowMenu();
  const title = titleOf(detail, who, me);
  const self = detail.kind === "direct" && detail.peer === me;
  const here = detail.kind === "direct" && detail.peer && !self ? who.here(detail.peer) : undefined;
  const below = self
    ? t("self.below")
    : here?.here === "online"
      ? t("here.online")
      : here?.here === "away"
        ? t("here.away")
        : here?.last_seen_ms
          ? t("here.last", { when: brief(here.last_seen_ms) })
          : detail.kind === "group"
            ? detail.settings.description || t("group")
            : "";
  return (
    <header className="flex items-center gap-1 border-b border-line bg-surface pe-2 pt-[env(safe-area-inset-top)]
      wide:ps-3">
      <IconButton icon="back" label={t("back")} className="wide:hidden" onClick={() => go(to.home)} />
      <a
        href={detailsOpen ? to.conversation(detail.conv) : to.details(detail.conv)}
        data-tip={t("details.of", { title })}
        className="flex min-w-0 flex-1 items-center gap-3 rounded-xl px-1 py-2 -outline-offset-2"
      >
        <Avatar
          id={detail.peer ?? detail.conv}
          name={title}
          here={here?.here}
          icon={self ? "star" : detail.kind === "group" ? "people" : undefined}
        />
        <span className="min-w-0">
          <span role="heading" aria-level={1} dir="auto" className="block cut text-head font-semibold">
            <bdi>{title}</bdi>
          </span>
          {below && (
            <span dir="auto" className="block cut text-small text-muted">
              <bdi>{below}</bdi>
            </span>
          )}
        </span>
      </a>
      <IconButton icon="search" label={t("search.here")} onClick={() => go(to.details(detail.conv, "search"))} />
      <IconButton
        icon="info"
        label={t("details")}
        aria-pressed={detailsOpen}
        className="phone:hidden"
        onClick={() => go(detailsOpen ? to.conversation(detail.conv) : to.details(detail.conv))}
      />
      <IconButton
        icon="more"
        label={t("row.menu", { title })}
        onClick={e => rowMenu(detail, e.currentTarget, title, [{ words: t("date.to"), icon: "clock", run: onDate }])}
      />
    </header>
  );
}

function Delete(props: { line: Line; detail: Detail; me: UserId | undefined; onClose: () => void }) {
  const { line, detail } = props;
  const { give } = useOrder();
  const may = mayBe(line, detail, props.me);
  const target = targetOf(line);
  return (
    <Dialog
      title={t("delete.title")}
      onClose={props.onClose}
      foot={
        <>
          <Button look="quiet" onClick={props.onClose}>
            {t("cancel")}
          </Button>
          {line.seq !== undefined && (
            <Button
              onClick={() => {
                void give("hide", { conv: detail.conv, seq: line.seq ?? 0 });
                props.onClose();
              }}
            >
              {t("delete.me")}
            </Button>
          )}
          {may.deleteForAll && target && (
            <Button
              look="danger"
              onClick={() => {
                void give("delete", { conv: detail.conv, target });
                props.onClose();
              }}
            >
              {t("delete.all")}
            </Button>
          )}
        </>
      }
    >
      <p className="p-5 text-muted">{may.deleteForAll ? t("delete.both") : t("delete.only")}</p>
    </Dialog>
  );
}
