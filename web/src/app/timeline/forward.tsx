/** Where a message is passed on to. */
import { useState } from "react";
import { Dialog } from "../../design/dialog";
import { Avatar } from "../../design/face";
import { toast } from "../../design/toast";
import type { Line } from "../../engine/contract";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { useOrder } from "../order";
import { Choose } from "../people/choose";
import { useWho } from "../people";
import { go, to } from "../route";
import { titleOf } from "../said";
import { useWatch } from "../watch";
import { targetOf } from "./acts";

export default function Forward(props: { conv: string; line: Line; me: UserId | undefined; onClose: () => void }) {
  const rows = useWatch("conversations", null) ?? [];
  const who = useWho();
  const { give } = useOrder();
  const [sought, seek] = useState("");
  const wanted = sought.trim().toLocaleLowerCase();
  const list = rows
    .filter(row => row.role !== undefined && row.request === undefined)
    .map(row => ({ key: row.conv, title: titleOf(row, who, props.me), row }))
    .filter(one => one.title.toLocaleLowerCase().includes(wanted))
    .slice(0, 40)
    .map(({ key, title, row }) => ({
      key,
      title,
      lead: (
        <Avatar
          id={row.peer ?? row.conv}
          name={title}
          size="small"
          icon={row.kind === "group" ? "people" : undefined}
        />
      ),
    }));
  const pick = async (to_: string) => {
    const origin = targetOf(props.line);
    props.onClose();
    if (!origin) return;
    const done = await give("forward", { from: props.conv, origin, kind: props.line.kind, to: to_ });
    if (done === undefined) return;
    toast(t("forwarded.done"), { action: { words: t("show"), run: () => go(to.conversation(to_)) } });
  };
  return (
    <Dialog title={t("forward.to")} onClose={props.onClose}>
      <Choose label={t("switcher")} sought={sought} onSeek={seek} list={list} onPick={key => void pick(key)} />
    </Dialog>
  );
}
