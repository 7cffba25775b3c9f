/** What is behind an invite link, before one goes in. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Avatar, Skeleton } from "../../design/face";
import { t } from "../../words/words";
import { useAnswer } from "../answer";
import { useOrder, whyNot } from "../order";
import { go, to } from "../route";

export default function Join({ token }: { token: string }) {
  const { is, no } = useAnswer("look", { token });
  const { give } = useOrder();
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const leave = () => go(to.home, { replace: true });
  const join = async () => {
    setBusy(true);
    const done = await give("join", { token });
    setBusy(false);
    if (!done) return;
    if (done.asked) setAsked(true);
    else go(to.conversation(done.conv), { replace: true });
  };
  return (
    <Dialog
      title={t("join.title")}
      onClose={leave}
      foot={
        is && (
          <>
            <Button look="quiet" onClick={leave}>
              {asked || is.asked ? t("close") : t("cancel")}
            </Button>
            {is.member ? (
              <Button look="main" onClick={() => go(to.conversation(is.conv), { replace: true })}>
                {t("join.open")}
              </Button>
            ) : (
              !(asked || is.asked) && (
                <Button look="main" busy={busy} onClick={() => void join()}>
                  {is.approve ? t("join.ask") : t("join")}
                </Button>
              )
            )}
          </>
        )
      }
    >
      {no !== undefined && (
        <p role="alert" className="p-6 text-center text-danger">
          {whyNot(no)}
        </p>
      )}
      {!is && no === undefined && <Skeleton rows={2} />}
      {is && (
        <div className="flex flex-col items-center gap-2 p-6 text-center">
          <Avatar id={is.conv} name={is.title ?? ""} icon="people" size="huge" />
          <h3 className="text-head font-semibold wrap-anywhere">
            <bdi>{is.title ?? t("untitled")}</bdi>
          </h3>
          <p className="text-muted">{t("members.count", { count: is.members })}</p>
          {is.description && (
            <p dir="auto" className="max-w-sm wrap-anywhere">
              {is.description}
            </p>
          )}
          {(asked || is.asked) && (
            <p role="status" className="mt-2 rounded-xl bg-chosen px-3 py-2">
              {t("join.asked")}
            </p>
          )}
          {is.approve && !asked && !is.asked && !is.member && (
            <p className="text-small text-muted">{t("join.approve")}</p>
          )}
        </div>
      )}
    </Dialog>
  );
}
