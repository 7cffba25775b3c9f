/** Something new: a conversation with somebody, or a group of several. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Avatar, Tabs } from "../../design/face";
import { Field } from "../../design/field";
import { LIMITS, type Person, type UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { bytesOf } from "../bytes";
import { useOrder } from "../order";
import { useWho } from "../people";
import { go, to } from "../route";
import { useWatch } from "../watch";
import { Choose } from "./choose";
import { useFound } from "./found";

/** Those I talk to already, before a letter is typed. */
export function useNear(me: UserId | undefined): readonly Person[] {
  const rows = useWatch("conversations", null) ?? [];
  const who = useWho();
  return rows.flatMap(row => (row.peer && row.peer !== me ? (who.person(row.peer) ?? []) : [])).slice(0, 30);
}

export default function New({ me, onClose }: { me: UserId | undefined; onClose: () => void }) {
  const { give } = useOrder();
  const [tab, setTab] = useState<"direct" | "group">("direct");
  const [sought, seek] = useState("");
  const [title, setTitle] = useState("");
  const [members, setMembers] = useState<readonly Person[]>([]);
  const [busy, setBusy] = useState(false);
  const found = useFound(sought);
  const near = useNear(me);
  const people = (sought.trim() ? found.list : near).filter(one => one.user !== me);
  const group = tab === "group";
  const shown = group ? [...members.filter(one => !people.includes(one)), ...people] : people;

  const arrive = (conv: string | undefined) => {
    setBusy(false);
    if (!conv) return;
    onClose();
    go(to.conversation(conv));
  };
  const pick = (user: string) => {
    if (!group) {
      setBusy(true);
      void give("begin", { with: user }).then(arrive);
      return;
    }
    const one = shown.find(one => one.user === user);
    if (!one) return;
    setMembers(
      members.some(other => other.user === user) ? members.filter(other => other.user !== user) : [...members, one],
    );
    seek("");
  };
  const tooLong = bytesOf(title.trim()) > LIMITS.title_bytes_max;
  return (
    <Dialog
      title={t("new")}
      onClose={onClose}
      foot={
        group && (
          <Button
            look="main"
            busy={busy}
            disabled={!title.trim() || tooLong}
            onClick={() => {
              setBusy(true);
              void give("group", { title: title.trim(), members: members.map(one => one.user) }).then(arrive);
            }}
          >
            {t("new.create", { count: members.length })}
          </Button>
        )
      }
    >
      <Tabs
        label={t("new")}
        value={tab}
        onPick={setTab}
        tabs={[
          ["direct", t("new.direct")],
          ["group", t("new.group")],
        ]}
      />
      {group && (
        <div className="px-4 pt-3">
          <Field
            label={t("new.title")}
            value={title}
            onChange={e => setTitle(e.target.value)}
            fault={tooLong ? t("too.long") : undefined}
          />
        </div>
      )}
      <Choose
        label={t("find")}
        sought={sought}
        onSeek={seek}
        onPick={pick}
        many={group}
        list={shown.map(one => ({
          key: one.user,
          title: one.name,
          below: `@${one.handle}`,
          lead: <Avatar id={one.user} name={one.name} size="small" />,
          chosen: members.some(other => other.user === one.user),
        }))}
        none={found.asks ? t("find.asks") : sought ? t("find.none") : t("find.hint")}
      />
    </Dialog>
  );
}
