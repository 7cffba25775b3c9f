/** Links into a group: made, shown once as words and as a picture for a phone's camera, and taken back. */
import { lazy, Suspense, useState } from "react";
import { Button, IconButton } from "../../design/button";
import { Empty, ListRow, Skeleton } from "../../design/face";
import { Select } from "../../design/field";
import { Icon } from "../../design/icons";
import type { Detail } from "../../engine/contract";
import type { LinkMade } from "../../wire/wire";
import { t } from "../../words/words";
import { whole } from "../../words/when";
import { useAnswer } from "../answer";
import { copy } from "../conversation";
import { useOrder, whyNot } from "../order";
import { useWho } from "../people";

const Qr = lazy(() => import("./qr-view"));

const DAY_MS = 86_400_000;

export function Links({ detail }: { detail: Detail }) {
  const { conv } = detail;
  const who = useWho();
  const { give } = useOrder();
  const { is, no, again, put } = useAnswer("links", { conv });
  const [days, setDays] = useState("7");
  const [uses, setUses] = useState("0");
  const [made, setMade] = useState<LinkMade | null>(null);
  const make = async () => {
    const link = await give("make_link", {
      conv,
      expires_ms: Date.now() + Number(days) * DAY_MS,
      ...(uses === "0" ? {} : { uses: Number(uses) }),
    });
    if (!link) return;
    setMade(link);
    again();
  };
  // The server may not know its own address; this page came from it, so it does.
  const url = made && (made.url ?? `${location.origin}/j/#${made.token}`);
  return (
    <div className="flex flex-col gap-4 p-4">
      {url ? (
        <section className="flex flex-col items-center gap-3 rounded-2xl border border-line p-4">
          <Suspense fallback={<div className="size-48" />}>
            <Qr text={url} label={t("links.qr")} />
          </Suspense>
          <p dir="ltr" className="w-full rounded-xl bg-sunken px-3 py-2 font-mono text-small break-all select-all">
            {url}
          </p>
          <p className="text-small text-muted">{t("links.once")}</p>
          <div className="flex flex-wrap gap-2">
            <Button look="main" icon="copy" onClick={() => copy(url)}>
              {t("copy")}
            </Button>
            {"share" in navigator && (
              <Button
                icon="forward"
                onClick={() => void navigator.share({ url, title: detail.title ?? "" }).catch(() => {})}
              >
                {t("share")}
              </Button>
            )}
            <Button look="quiet" onClick={() => setMade(null)}>
              {t("done")}
            </Button>
          </div>
        </section>
      ) : (
        <section className="flex flex-col gap-3 rounded-2xl border border-line p-4">
          <Select
            label={t("links.expires")}
            value={days}
            onPick={setDays}
            options={["1", "7", "30"].map(n => [n, t("days", { count: Number(n) })] as const)}
          />
          <Select
            label={t("links.uses")}
            value={uses}
            onPick={setUses}
            options={["0", "1", "10", "50"].map(
              n => [n, n === "0" ? t("links.any") : t("links.times", { count: Number(n) })] as const,
            )}
          />
          <Button look="main" icon="link" onClick={() => void make()}>
            {t("links.make")}
          </Button>
        </section>
      )}
      {no !== undefined && (
        <p role="alert" className="text-danger">
          {whyNot(no)}
        </p>
      )}
      {!is && no === undefined && <Skeleton rows={2} />}
      {is?.length === 0 && !url && (
        <Empty icon="link" title={t("links.none.title")}>
          {t("links.none")}
        </Empty>
      )}
      <ul>
        {is?.map(one => (
          <li key={one.link}>
            <ListRow
              lead={<Icon name="link" className="text-muted" />}
              title={t("links.by", { name: who.name(one.creator) })}
              below={
                <>
                  {one.uses_left === undefined ? t("links.any") : t("links.left", { count: one.uses_left })} ·{" "}
                  {t("links.until", { when: whole(one.expires_ms) })}
                </>
              }
              end={
                <IconButton
                  icon="trash"
                  size="small"
                  label={t("links.revoke")}
                  onClick={() =>
                    void give("revoke_link", { conv, link: one.link }).then(left => {
                      if (left) put(left);
                    })
                  }
                />
              }
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
