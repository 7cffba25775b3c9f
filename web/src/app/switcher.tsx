/** Ctrl-K: to any conversation or person by a few letters. */
import { useMemo, useState } from "react";
import { Dialog } from "../design/dialog";
import { Avatar } from "../design/face";
import type { UserId } from "../wire/wire";
import { t } from "../words/words";
import { useOrder } from "./order";
import { Choose } from "./people/choose";
import { useFound } from "./people/found";
import { useWho } from "./people";
import { go, to } from "./route";
import { titleOf } from "./said";
import { useWatch } from "./watch";

export default function Switcher({ me, onClose }: { me: UserId | undefined; onClose: () => void }) {
  const rows = useWatch("conversations", null) ?? [];
  const who = useWho();
  const { give } = useOrder();
  const [sought, seek] = useState("");
  const found = useFound(sought);
  const wanted = sought.trim().toLocaleLowerCase();
  const hits = useMemo(
    () =>
      rows
        .map(row => ({ row, title: titleOf(row, who, me) }))
        .filter(({ title }) => !wanted || title.toLocaleLowerCase().includes(wanted))
        // What begins with it comes first; among those, the order of the list.
        .sort(
          (a, b) =>
            Number(b.title.toLocaleLowerCase().startsWith(wanted)) -
            Number(a.title.toLocaleLowerCase().startsWith(wanted)),
        )
        .slice(0, 30),
    [rows, who, wanted, me],
  );
  const peers = new Set(hits.map(({ row }) => row.peer));
  const others = found.list.filter(one => one.user !== me && !peers.has(one.user));
  const pick = async (key: string) => {
    onClose();
    const conv = key.startsWith("u ") ? await give("begin", { with: key.slice(2) }) : key;
    if (conv) go(to.conversation(conv));
  };
  return (
    <Dialog title={t("switcher")} bare onClose={onClose}>
      <Choose
        label={t("switcher")}
        sought={sought}
        onSeek={seek}
        onPick={key => void pick(key)}
        list={[
          ...hits.map(({ row, title }) => ({
            key: row.conv,
            title,
            lead: (
              <Avatar
                id={row.peer ?? row.conv}
                name={title}
                size="small"
                icon={row.peer === me ? "star" : row.kind === "group" ? "people" : undefined}
              />
            ),
            below: row.unread > 0 ? t("row.waiting", { count: row.unread }) : undefined,
          })),
          ...others.map(one => ({
            key: `u ${one.user}`,
            title: one.name,
            below: `@${one.handle}`,
            lead: <Avatar id={one.user} name={one.name} size="small" />,
          })),
        ]}
      />
    </Dialog>
  );
}
