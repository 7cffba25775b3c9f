/** What I starred, everywhere; and how a line looks out of its place. */
import { useState } from "react";
import { Button, IconButton } from "../../design/button";
import { Avatar, Empty, Skeleton } from "../../design/face";
import type { Line, Session } from "../../engine/contract";
import type { StarredEntry, UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { brief } from "../../words/when";
import { useAnswer } from "../answer";
import { No } from "../no";
import { useOrder } from "../order";
import { useWho } from "../people";
import { go, to } from "../route";
import { brieflySaid, titleOf } from "../said";
import { useWatch } from "../watch";

export function LineCard(props: { line: Line; conv: string; me: UserId | undefined; where?: string | undefined }) {
  const who = useWho();
  const { line } = props;
  return (
    <a
      href={to.conversation(props.conv, line.seq)}
      className="flex gap-3 rounded-2xl border border-line p-3 hover:bg-hover"
    >
      <Avatar id={line.sender} name={who.name(line.sender)} size="small" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span dir="auto" className="min-w-0 flex-1 cut text-small font-semibold">
            <bdi>{line.sender === props.me ? t("you") : who.name(line.sender)}</bdi>
            {props.where && (
              <span className="font-normal text-muted">
                {" "}
                · <bdi>{props.where}</bdi>
              </span>
            )}
          </span>
          <time className="text-tiny text-muted">{brief(line.at_ms)}</time>
        </span>
        <span className="line-clamp-3 side wrap-anywhere" dir="auto">
          {brieflySaid(line, who, props.me)}
        </span>
      </span>
    </a>
  );
}

const lineOf = ({ entry }: StarredEntry): Line => ({
  seq: entry.seq,
  send_id: entry.send_id,
  sender: entry.sender,
  at_ms: entry.created_ms,
  kind: entry.kind,
  body: entry.body,
  edited: entry.edited !== undefined,
  pinned: false,
  reactions: [],
  star: true,
  ticks: "none",
  ...(entry.deleted_by ? { deleted_by: entry.deleted_by } : {}),
});

export default function Starred({ session }: { session: Session }) {
  const rows = useWatch("conversations", null) ?? [];
  const who = useWho();
  const { give } = useOrder();
  const { is, no } = useAnswer("starred", {});
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const list = is?.filter(one => !gone.has(`${one.conv} ${one.entry.seq}`));
  return (
    <section aria-label={t("starred")} className="flex min-h-0 flex-1 flex-col bg-surface">
      <header className="flex items-center gap-2 border-b border-line py-2 ps-2 pe-4
        pt-[max(0.5rem,env(safe-area-inset-top))]">
        <IconButton icon="back" label={t("back")} onClick={() => go(to.home)} />
        <h1 className="text-head font-semibold">{t("starred")}</h1>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {no !== undefined && <No no={no} />}
        {!list && no === undefined && <Skeleton />}
        {list?.length === 0 && (
          <Empty
            icon="star"
            title={t("starred.none.title")}
            action={<Button onClick={() => go(to.home)}>{t("back")}</Button>}
          >
            {t("starred.none")}
          </Empty>
        )}
        <ul className="mx-auto flex max-w-2xl flex-col gap-2 p-4">
          {list?.map(one => {
            const row = rows.find(row => row.conv === one.conv);
            return (
              <li key={`${one.conv} ${one.entry.seq}`} className="flex items-center gap-1">
                <div className="min-w-0 flex-1">
                  <LineCard
                    line={lineOf(one)}
                    conv={one.conv}
                    me={session.me}
                    where={row && titleOf(row, who, session.me)}
                  />
                </div>
                <IconButton
                  icon="star"
                  filled
                  label={t("unstar")}
                  onClick={() => {
                    setGone(new Set([...gone, `${one.conv} ${one.entry.seq}`]));
                    void give("star", { conv: one.conv, seq: one.entry.seq, on: false });
                  }}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
