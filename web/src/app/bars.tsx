/** The lines above everything: how the connection is, honestly; what cannot be kept; that a newer version is here. */
import { type ReactNode, useEffect, useState } from "react";
import { Icon, type IconName } from "../design/icons";
import type { LinkState, Session } from "../engine/contract";
import { t } from "../words/words";
import { setLook, useLook } from "./look";
import { useOrder } from "./order";

export function Bars({ session }: { session: Session }) {
  return (
    <header className="relative z-10 shrink-0 bg-surface">
      <div role="status" aria-live="polite">
        <Connection link={session.link} waiting={session.waiting} />
      </div>
      <Storage session={session} />
      {session.update_ready && (
        <Bar icon="refresh" tone="calm" action={{ words: t("update.now"), run: () => location.reload() }}>
          {t("update")}
        </Bar>
      )}
      <Insecure />
    </header>
  );
}

function Bar(props: {
  icon: IconName;
  tone: "calm" | "warn" | "bad";
  children: ReactNode;
  turning?: boolean;
  action?: { words: string; run: () => void } | undefined;
}) {
  const tone = { calm: "bg-chosen", warn: "bg-warn-soft text-warn", bad: "bg-danger-soft text-danger" }[props.tone];
  return (
    <div className={`flex min-h-8 items-center justify-center gap-2 border-b border-line px-4 py-1 text-small ${tone}`}>
      <Icon name={props.icon} size={16} className={props.turning ? "turn" : ""} />
      <span>{props.children}</span>
      {props.action && (
        <button type="button" className="font-semibold underline" onClick={props.action.run}>
          {props.action.words}
        </button>
      )}
    </div>
  );
}

/** A blink of a connection is none of anybody's business: it is told once it lasts. */
const PATIENCE_MS = 1_200;

function Connection({ link, waiting }: { link: LinkState; waiting: number }) {
  const { give } = useOrder();
  const [patient, setPatient] = useState(true);
  const quiet = link.is === "online";
  const passing = link.is === "connecting" || link.is === "catching up";
  useEffect(() => {
    if (quiet) {
      setPatient(true);
      return;
    }
    const timer = setTimeout(() => setPatient(false), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [quiet]);
  if (quiet || (passing && patient)) return null;
  const kept = waiting > 0 ? ` ${t("link.waiting", { count: waiting })}` : "";
  switch (link.is) {
    case "connecting":
      return (
        <Bar icon="refresh" turning tone="calm">
          {t("link.connecting")}
          {kept}
        </Bar>
      );
    case "catching up":
      return (
        <Bar icon="refresh" turning tone="calm">
          {t("link.catching")}
        </Bar>
      );
    case "offline":
      return (
        <Bar icon="offline" tone="warn" action={{ words: t("link.now"), run: () => void give("hurry", null) }}>
          {t("link.offline")} <Countdown to={link.retry_at_ms} />
          {kept}
        </Bar>
      );
    case "stopped":
      return link.duty === "sign in" ? (
        <Bar icon="alert" tone="bad" action={{ words: t("sign.in"), run: () => void give("sign_out", null) }}>
          {t("link.sign")}
        </Bar>
      ) : (
        <Bar icon="alert" tone="bad" action={{ words: t("update.now"), run: () => location.reload() }}>
          {t("link.stopped")}
        </Bar>
      );
    default:
      return null;
  }
}

function Countdown({ to }: { to: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((to - now) / 1_000));
  // Not told aloud each second.
  return (
    <span aria-hidden="true" className="tabular-nums">
      {t("link.retry", { seconds })}
    </span>
  );
}

function Storage({ session }: { session: Session }) {
  const { seenHints } = useLook();
  if (session.storage === "full")
    return (
      <Bar icon="alert" tone="bad">
        {t("storage.full")}
      </Bar>
    );
  if (session.storage === "memory only" && !seenHints.includes("memory")) {
    return (
      <Bar icon="alert" tone="warn" action={{ words: t("understood"), run: () => seen("memory", seenHints) }}>
        {t("storage.memory")}
      </Bar>
    );
  }
  return null;
}

const seen = (hint: string, before: readonly string[]) => setLook({ seenHints: [...before, hint] });

/** Without https a browser withholds what the app needs for half of its pleasures: said once, with the remedy. */
function Insecure() {
  const { seenHints } = useLook();
  if (isSecureContext || seenHints.includes("insecure")) return null;
  return (
    <Bar icon="lock" tone="warn" action={{ words: t("understood"), run: () => seen("insecure", seenHints) }}>
      {t("insecure")}
    </Bar>
  );
}
