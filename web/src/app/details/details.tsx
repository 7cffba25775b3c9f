/** Beside a conversation: who is in it, what it is, what is kept of it. */
import { type ReactNode, useState } from "react";
import { Button, IconButton } from "../../design/button";
import { Avatar, Empty, Skeleton, Tabs } from "../../design/face";
import { Switch } from "../../design/field";
import type { Detail, Line, Session } from "../../engine/contract";
import type { ConversationId, UserId } from "../../wire/wire";
import { t, type Word } from "../../words/words";
import { useAnswer } from "../answer";
import { MUTED_FOR_GOOD_MS } from "../list/row";
import { No } from "../no";
import { useOrder } from "../order";
import { useWho } from "../people";
import Profile from "../people/profile";
import { go, to } from "../route";
import { titleOf } from "../said";
import { useWatch } from "../watch";
import { GroupSettingsForm } from "./group";
import { Links } from "./links";
import { Members } from "./members";
import { LineCard } from "./starred";

type Page = "about" | "members" | "links" | "pins" | "media" | "search";

export default function Details(props: { conv: ConversationId; page: string; session: Session }) {
  const detail = useWatch("conversation", props.conv);
  const who = useWho();
  const me = props.session.me;
  const group = detail?.kind === "group";
  const pages: readonly (readonly [Page, string])[] = [
    ["about", t("details.about")],
    ...(group ? [["members", t("members")] as const] : []),
    ...(group && detail?.may["link"] ? [["links", t("links")] as const] : []),
    ["pins", t("pins")],
    ["media", t("media")],
    ["search", t("search")],
  ];
  const page = pages.find(([name]) => name === props.page)?.[0] ?? "about";
  const leave = () => go(to.conversation(props.conv));
  const title = detail ? titleOf(detail, who, me) : "";
  return (
    <section
      aria-label={t("details")}
      className="flex min-h-0 w-full flex-1 flex-col border-line bg-surface roomy:w-88
      roomy:flex-none roomy:border-s"
      onKeyDown={e => {
        if (e.key === "Escape") leave();
      }}
    >
      <header className="flex items-center gap-1 py-2 pe-3 pt-[max(0.5rem,env(safe-area-inset-top))] ps-2">
        <IconButton icon="back" label={t("back")} onClick={leave} className="roomy:hidden" />
        <h1 className="min-w-0 flex-1 truncate text-head font-semibold roomy:ps-3">{t("details")}</h1>
        <IconButton icon="close" label={t("close")} onClick={leave} className="hidden! roomy:inline-flex!" />
      </header>
      {!detail ? (
        <Skeleton />
      ) : (
        <>
          <Tabs
            label={t("details")}
            value={page}
            tabs={pages}
            onPick={name => go(to.details(props.conv, name), { replace: true })}
          />
          <div
            role="tabpanel"
            aria-label={pages.find(([name]) => name === page)?.[1]}
            tabIndex={0}
            className="min-h-0 flex-1 overflow-y-auto pb-[env(safe-area-inset-bottom)] -outline-offset-2"
          >
            {page === "about" && <About detail={detail} me={me} title={title} />}
            {page === "members" && <Members detail={detail} me={me} />}
            {page === "links" && <Links detail={detail} />}
            {page === "pins" && <Pins detail={detail} me={me} />}
            {page === "media" && (
              <Empty icon="image" title={t("media.none.title")}>
                {t("media.none")}
              </Empty>
            )}
            {page === "search" && (
              <Empty icon="search" title={t("search.none.title")}>
                {t("search.none")}
              </Empty>
            )}
          </div>
        </>
      )}
    </section>
  );
}

function About({ detail, me, title }: { detail: Detail; me: UserId | undefined; title: string }) {
  const who = useWho();
  const { give } = useOrder();
  const [leaving, setLeaving] = useState(false);
  const [profile, setProfile] = useState(false);
  const set = (change: object) => void give("prefs", { conv: detail.conv, ...change });
  const person = detail.peer ? who.person(detail.peer) : undefined;
  const self = detail.peer !== undefined && detail.peer === me;
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex flex-col items-center gap-1 text-center">
        <Avatar
          id={detail.peer ?? detail.conv}
          name={title}
          size="huge"
          icon={self ? "star" : detail.kind === "group" ? "people" : undefined}
        />
        <h2 className="mt-2 text-head font-semibold wrap-anywhere">
          <bdi>{title}</bdi>
        </h2>
        {person && !self && (
          <p className="text-muted">
            <bdi dir="ltr">@{person.handle}</bdi>
          </p>
        )}
        {person?.about && !self && (
          <p dir="auto" className="wrap-anywhere">
            {person.about}
          </p>
        )}
        {detail.kind === "group" && detail.settings.description && (
          <p dir="auto" className="wrap-anywhere text-muted">
            {detail.settings.description}
          </p>
        )}
        {self && <p className="text-muted">{t("self.below")}</p>}
      </div>
      <Part title={t("details.mine")}>
        <Switch label={t("row.pin")} on={detail.prefs.pinned ?? false} onTurn={pinned => set({ pinned })} />
        <Switch
          label={t("details.mute")}
          on={detail.muted}
          onTurn={on => set({ mute_until_ms: on ? MUTED_FOR_GOOD_MS : 0 })}
        />
        {detail.muted && detail.kind === "group" && (
          <Switch
            label={t("details.mentions")}
            on={detail.prefs.mentions_pass ?? false}
            onTurn={mentions_pass => set({ mentions_pass })}
          />
        )}
        <Switch
          label={t("row.archive")}
          hint={t("details.archive")}
          on={detail.prefs.archived ?? false}
          onTurn={archived => set({ archived })}
        />
        <Clear detail={detail} />
      </Part>
      {detail.kind === "group" && detail.role !== undefined && <GroupSettingsForm detail={detail} key={detail.conv} />}
      {person && !self && (
        <Button icon="person" onClick={() => setProfile(true)}>
          {t("profile")}
        </Button>
      )}
      {detail.kind === "group" &&
        detail.role !== undefined &&
        (leaving ? (
          <div className="flex flex-col gap-2 rounded-xl bg-danger-soft p-3">
            <p>{t("leave.sure")}</p>
            <div className="flex gap-2">
              <Button onClick={() => setLeaving(false)}>{t("cancel")}</Button>
              <Button look="danger" onClick={() => void give("leave", { conv: detail.conv })}>
                {t("leave")}
              </Button>
            </div>
          </div>
        ) : (
          <Button icon="leave" className="text-danger" onClick={() => setLeaving(true)}>
            {t("leave")}
          </Button>
        ))}
      {profile && detail.peer && (
        <Profile user={detail.peer} me={me} conv={detail.conv} onClose={() => setProfile(false)} />
      )}
    </div>
  );
}

/** Takes away what was said so far, for me only. Nothing brings it back, so it is asked twice. */
function Clear({ detail }: { detail: Detail }) {
  const { give } = useOrder();
  const [sure, setSure] = useState(false);
  if (!sure)
    return (
      <Button icon="trash" className="mt-2" onClick={() => setSure(true)}>
        {t("clear")}
      </Button>
    );
  return (
    <div className="mt-2 flex flex-col gap-2 rounded-xl bg-danger-soft p-3">
      <p>{t("clear.hint")}</p>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => setSure(false)}>{t("cancel")}</Button>
        <Button
          look="danger"
          onClick={() => {
            setSure(false);
            void give("prefs", { conv: detail.conv, cleared_seq: detail.head_seq });
          }}
        >
          {t("clear")}
        </Button>
      </div>
    </div>
  );
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-1 rounded-2xl border border-line px-4 py-3">
      <h2 className="text-small font-semibold text-muted">{title}</h2>
      {children}
    </section>
  );
}

function Pins({ detail, me }: { detail: Detail; me: UserId | undefined }) {
  const { is, no } = useAnswer("pins", { conv: detail.conv }, detail.head_seq);
  if (no !== undefined)
    return <No no={no} />;
  if (!is) return <Skeleton />;
  if (is.length === 0)
    return (
      <Empty icon="pin" title={t("pins.none.title")}>
        {t("pins.none")}
      </Empty>
    );
  return (
    <ul className="flex flex-col gap-2 p-3">
      {is.map((line: Line) => (
        <li key={line.send_id}>
          <LineCard line={line} conv={detail.conv} me={me} />
        </li>
      ))}
    </ul>
  );
}

export const roleWord = (role: string): Word =>
  role === "owner" ? "role.owner" : role === "admin" ? "role.admin" : "role.member";
