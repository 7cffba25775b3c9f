/** Who is in a group, who wants in, and who may do what. */
import { useState } from "react";
import { Button, IconButton } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Avatar, ListRow, Skeleton } from "../../design/face";
import { SearchField } from "../../design/field";
import { menu, type MenuItem } from "../../design/menu";
import type { Detail } from "../../engine/contract";
import type { Person, Role, UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { brief } from "../../words/when";
import { useAnswer } from "../answer";
import { No } from "../no";
import { useOrder } from "../order";
import { useWho } from "../people";
import { Choose } from "../people/choose";
import { useFound } from "../people/found";
import { useNear } from "../people/new";
import Profile from "../people/profile";
import { roleWord } from "./details";

const rank = (role: Role) => (role === "owner" ? 0 : role === "admin" ? 1 : 2);

export function Members({ detail, me }: { detail: Detail; me: UserId | undefined }) {
  const { conv } = detail;
  const who = useWho();
  const { give } = useOrder();
  const { is, no, again } = useAnswer("members", { conv }, detail.head_seq);
  const [sought, seek] = useState("");
  const [adding, setAdding] = useState(false);
  const [profile, setProfile] = useState<UserId | null>(null);
  if (no !== undefined)
    return <No no={no} />;
  if (!is) return <Skeleton />;
  const wanted = sought.trim().toLocaleLowerCase();
  const list = is
    .map(one => ({ ...one, name: who.name(one.user) }))
    .filter(
      one =>
        !wanted || one.name.toLocaleLowerCase().includes(wanted) || who.person(one.user)?.handle.startsWith(wanted),
    )
    .sort((a, b) => rank(a.role) - rank(b.role) || a.name.localeCompare(b.name));
  const open = (one: { user: UserId; role: Role; name: string }, at: Element) => {
    const set = (role: Role) => void give("role", { conv, user: one.user, role }).then(again);
    const items: MenuItem[] = [{ words: t("profile"), icon: "person", run: () => setProfile(one.user) }];
    if (detail.may["set_roles"]) {
      if (one.role !== "owner") items.push({ words: t("role.make.owner"), icon: "crown", run: () => set("owner") });
      if (one.role !== "admin") items.push({ words: t("role.make.admin"), icon: "shield", run: () => set("admin") });
      if (one.role !== "member") items.push({ words: t("role.make.member"), icon: "person", run: () => set("member") });
    }
    if (detail.may["remove"] && one.user !== me && rank(one.role) >= rank(detail.role ?? "member")) {
      items.push("line", {
        words: t("members.remove"),
        icon: "leave",
        danger: true,
        run: () => void give("remove", { conv, user: one.user }).then(again),
      });
    }
    menu(one.name, at, items);
  };
  return (
    <div className="flex flex-col gap-2 p-3">
      {(detail.requests ?? 0) > 0 && detail.may["admit"] && <Requests detail={detail} onDone={again} />}
      <div className="flex items-center gap-2">
        <SearchField
          label={t("members.search")}
          value={sought}
          onChange={e => seek(e.target.value)}
          className="flex-1"
        />
        {detail.may["add"] && <IconButton icon="plus" label={t("members.add")} onClick={() => setAdding(true)} />}
      </div>
      <p className="px-3 text-small text-muted">{t("members.count", { count: is.length })}</p>
      <ul>
        {list.map(one => (
          <li key={one.user}>
            <ListRow
              onPress={() => setProfile(one.user)}
              lead={
                <Avatar
                  id={one.user}
                  name={one.name}
                  size="small"
                  here={one.user === me ? undefined : who.here(one.user)?.here}
                />
              }
              title={
                <>
                  <bdi>{one.name}</bdi>
                  {one.user === me && <span className="text-muted"> ({t("you")})</span>}
                </>
              }
              below={
                <>
                  <bdi dir="ltr">@{who.person(one.user)?.handle ?? ""}</bdi>
                  {one.role !== "member" && ` · ${t(roleWord(one.role))}`}
                </>
              }
              end={
                <IconButton
                  icon="more"
                  size="small"
                  label={t("row.menu", { title: one.name })}
                  onClick={e => open(one, e.currentTarget)}
                />
              }
            />
          </li>
        ))}
      </ul>
      {adding && (
        <Add
          detail={detail}
          me={me}
          members={new Set(is.map(one => one.user))}
          onClose={() => {
            setAdding(false);
            again();
          }}
        />
      )}
      {profile && <Profile user={profile} me={me} conv={conv} onClose={() => setProfile(null)} />}
    </div>
  );
}

function Requests({ detail, onDone }: { detail: Detail; onDone: () => void }) {
  const { conv } = detail;
  const who = useWho();
  const { give } = useOrder();
  const { is, put } = useAnswer("requests", { conv }, detail.requests);
  if (!is || is.length === 0) return null;
  const admit = (user: UserId, yes: boolean) =>
    void give("admit", { conv, user, yes }).then(done => {
      if (done === undefined) return;
      put(is.filter(one => one.user !== user));
      onDone();
    });
  return (
    <section className="rounded-2xl border border-accent bg-chosen p-1">
      <h2 className="px-3 py-2 text-small font-semibold">{t("row.requests", { count: is.length })}</h2>
      <ul>
        {is.map(({ user, asked_ms }) => (
          <li key={user}>
            <ListRow
              lead={<Avatar id={user} name={who.name(user)} size="small" />}
              title={<bdi>{who.name(user)}</bdi>}
              below={brief(asked_ms)}
              end={
                <>
                  <IconButton
                    icon="close"
                    size="small"
                    label={t("admit.no", { name: who.name(user) })}
                    onClick={() => admit(user, false)}
                  />
                  <IconButton
                    icon="check"
                    size="small"
                    label={t("admit.yes", { name: who.name(user) })}
                    className="bg-accent! text-on-accent!"
                    onClick={() => admit(user, true)}
                  />
                </>
              }
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Add(props: { detail: Detail; me: UserId | undefined; members: ReadonlySet<UserId>; onClose: () => void }) {
  const { give } = useOrder();
  const [sought, seek] = useState("");
  const [chosen, choose] = useState<readonly Person[]>([]);
  const found = useFound(sought);
  const near = useNear(props.me);
  const list = [
    ...chosen,
    ...(sought.trim() ? found.list : near).filter(one => !chosen.some(other => other.user === one.user)),
  ].filter(one => !props.members.has(one.user));
  return (
    <Dialog
      title={t("members.add")}
      onClose={props.onClose}
      foot={
        <Button
          look="main"
          disabled={chosen.length === 0}
          onClick={() =>
            void give("add", { conv: props.detail.conv, users: chosen.map(one => one.user) }).then(done => {
              if (done !== undefined) props.onClose();
            })
          }
        >
          {t("members.add.these", { count: chosen.length })}
        </Button>
      }
    >
      <Choose
        label={t("find")}
        many
        sought={sought}
        onSeek={seek}
        none={sought ? undefined : t("find.hint")}
        onPick={user => {
          const one = list.find(one => one.user === user);
          if (!one) return;
          choose(chosen.includes(one) ? chosen.filter(other => other !== one) : [...chosen, one]);
          seek("");
        }}
        list={list.map(one => ({
          key: one.user,
          title: one.name,
          below: `@${one.handle}`,
          chosen: chosen.includes(one),
          lead: <Avatar id={one.user} name={one.name} size="small" />,
        }))}
      />
    </Dialog>
  );
}
