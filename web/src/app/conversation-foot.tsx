/** What stands where one would write or above what was said: a stranger's request, and why nothing can be written. */
import { lazy, Suspense, useState } from "react";
import { Button } from "../design/button";
import { Icon } from "../design/icons";
import type { Detail } from "../engine/contract";
import { t } from "../words/words";
import { useOrder } from "./order";
import { useWho } from "./people";
import { useWatch } from "./watch";

const Report = lazy(() => import("./people/report"));

export function RequestBar({ detail }: { detail: Detail }) {
  const { give } = useOrder();
  const who = useWho();
  const [report, setReport] = useState(false);
  if (detail.request === undefined || !detail.peer) return null;
  const answer = (answer: "accept" | "ignore" | "block") => void give("answer", { conv: detail.conv, answer });
  return (
    <section aria-label={t("request")} className="flex flex-col gap-3 border-b border-line bg-surface px-5 py-4">
      <p className="flex items-start gap-2">
        <Icon name="shield" className="mt-px text-muted" />
        <span>{t("request.from", { name: who.name(detail.peer) })}</span>
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="main" onClick={() => answer("accept")}>
          {t("request.accept")}
        </Button>
        {detail.request !== "ignored" && <Button onClick={() => answer("ignore")}>{t("request.ignore")}</Button>}
        <Button className="text-danger" onClick={() => answer("block")}>
          {t("block")}
        </Button>
        <Button look="quiet" onClick={() => setReport(true)}>
          {t("report")}
        </Button>
      </div>
      {report && (
        <Suspense>
          <Report user={detail.peer} conv={detail.conv} onClose={() => setReport(false)} />
        </Suspense>
      )}
    </section>
  );
}

export function WhyNoWriting({ detail }: { detail: Detail }) {
  const me = useWatch("me", null);
  const { give } = useOrder();
  const blocked = detail.peer !== undefined && me?.blocks.includes(detail.peer);
  const why = blocked
    ? t("no.write.blocked")
    : detail.role === undefined
      ? t("no.write.left")
      : detail.settings.announce
        ? t("no.write.announce")
        : t("no.write");
  return (
    <div
      className="flex flex-wrap items-center justify-center gap-3 border-t border-line bg-surface px-4 py-3
      pb-[max(0.75rem,env(safe-area-inset-bottom))] text-muted"
    >
      <Icon name={blocked ? "block" : "lock"} size={18} />
      {why}
      {blocked && detail.peer && (
        <Button onClick={() => void give("block", { user: detail.peer ?? "", on: false })}>{t("unblock")}</Button>
      )}
    </div>
  );
}
