/** The frame of the app: wide with list, conversation and details side by side; on a phone one of them at a time. */
import { lazy, Suspense, useEffect, useState } from "react";
import { Empty, Skeleton } from "../design/face";
import { Icon } from "../design/icons";
import { MenuHost } from "../design/menu";
import { ToastHost } from "../design/toast";
import { TooltipHost } from "../design/tooltip";
import type { Session } from "../engine/contract";
import { speak, t } from "../words/words";
import { Bars } from "./bars";
import { Conversation } from "./conversation";
import { List } from "./list/list";
import { useLook } from "./look";
import { useRoute } from "./route";
import { Sign } from "./sign";
import { useNotices } from "./notify";
import { useScreen } from "./screen";
import { useTitle } from "./title";
import { PickerHost } from "./timeline/picker-host";
import { useWatch } from "./watch";

const loadSwitcher = () => import("./switcher");
const Settings = lazy(() => import("./settings/settings"));
const Details = lazy(() => import("./details/details"));
const Starred = lazy(() => import("./details/starred"));
const Switcher = lazy(loadSwitcher);
const Shortcuts = lazy(() => import("./shortcuts"));
const New = lazy(() => import("./people/new"));
const Join = lazy(() => import("./people/join"));
const Personal = lazy(() => import("./people/personal"));
const Design = lazy(() => import("../design/page"));

export function Shell() {
  const session = useWatch("session", null);
  const route = useRoute();
  const { language } = useLook();
  const [spoken, setSpoken] = useState(language);
  useEffect(() => {
    if (language !== spoken)
      speak(language)
        .catch(() => {})
        .finally(() => setSpoken(language));
  }, [language, spoken]);
  useTitle(session);
  return (
    // Another language is another page: every word of it is said anew.
    <div key={spoken} className="contents">
      {route.at === "design" ? (
        <Suspense>
          <Design />
        </Suspense>
      ) : session === undefined || session.stage === "starting" ? (
        <Starting />
      ) : session.stage === "signed out" ? (
        <Sign route={route} />
      ) : (
        <Inside session={session} />
      )}
      <PickerHost />
      <ToastHost />
      <TooltipHost />
    </div>
  );
}

function Starting() {
  return (
    <div className="flex h-full items-center justify-center bg-back" role="status" aria-label={t("starting")}>
      <Icon name="chat" size={48} className="breathe text-accent" />
    </div>
  );
}

type Over = "switcher" | "shortcuts" | "new" | null;

function Inside({ session }: { session: Session }) {
  const route = useRoute();
  useNotices(session.me);
  useScreen();
  const [over, setOver] = useState<Over>(null);
  const close = () => setOver(null);
  // Who presses Ctrl K types on at once: it is here before.
  useEffect(() => {
    const timer = setTimeout(() => void loadSwitcher().catch(() => {}), 2_000);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    const keys = (e: KeyboardEvent) => {
      const field = e.target instanceof Element && e.target.matches("input, textarea, select");
      if ((e.ctrlKey || e.metaKey) && !e.shiftKey && e.key.toLowerCase() === "k") {
        e.preventDefault();
        setOver("switcher");
      } else if ((e.ctrlKey || e.metaKey) && e.key === "/") {
        e.preventDefault();
        setOver("shortcuts");
      } else if (e.key === "?" && !field) setOver("shortcuts");
      else if (e.altKey && e.key.toLowerCase() === "n") {
        e.preventDefault();
        setOver("new");
      }
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  const conv = route.at === "conversation" ? route.conv : null;
  const details = route.at === "conversation" ? route.details : null;
  const listOnly = route.at === "home" || route.at === "join" || route.at === "person" || route.at === "invite";
  return (
    <div className="flex h-[var(--screen,100dvh)] flex-col">
      <a
        href="#main"
        onClick={e => {
          e.preventDefault();
          document.querySelector<HTMLElement>("#main textarea, #main")?.focus();
        }}
        className={`absolute start-2 -top-20 z-50 rounded-lg bg-accent px-4 py-2 text-on-accent focus:top-2
          ${listOnly ? "phone:hidden" : ""}`}
      >
        {t("skip")}
      </a>
      <Bars session={session} />
      <main className="flex min-h-0 flex-1">
        <div
          className={`min-h-0 w-full flex-col border-line wide:flex wide:w-80 wide:shrink-0 wide:border-e roomy:w-92
          ${listOnly ? "flex" : "hidden"}`}
        >
          <List
            session={session}
            onNew={() => setOver("new")}
            onSwitch={() => setOver("switcher")}
            onKeys={() => setOver("shortcuts")}
          />
        </div>
        <div
          id="main"
          tabIndex={-1}
          className={`min-h-0 min-w-0 flex-1 outline-none ${listOnly ? "hidden wide:flex" : "flex"}`}
        >
          <Suspense
            fallback={
              <div className="flex-1 bg-surface">
                <Skeleton />
              </div>
            }
          >
            {conv !== null && (
              <div className={`min-h-0 min-w-0 flex-1 flex-col ${details ? "hidden roomy:flex" : "flex"}`}>
                <Conversation
                  conv={conv}
                  around={route.at === "conversation" ? route.around : null}
                  session={session}
                  detailsOpen={details !== null}
                />
              </div>
            )}
            {conv !== null && details && <Details conv={conv} page={details} session={session} />}
            {route.at === "settings" && <Settings page={route.page} session={session} />}
            {route.at === "starred" && <Starred session={session} />}
            {listOnly && (
              <div className="flex flex-1 bg-wall">
                <Empty icon="chat" title={t("home.title")}>
                  <p>{t("home")}</p>
                </Empty>
              </div>
            )}
          </Suspense>
        </div>
        <MenuHost />
      </main>
      <Suspense>
        {over === "switcher" && <Switcher me={session.me} onClose={close} />}
        {over === "shortcuts" && <Shortcuts onClose={close} />}
        {over === "new" && <New me={session.me} onClose={close} />}
        {route.at === "join" && <Join token={route.token} />}
        {route.at === "person" && <Personal handle={route.handle} me={session.me} />}
      </Suspense>
    </div>
  );
}
