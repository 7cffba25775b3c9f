/** Who somebody is, and what can be done with them. */
import { lazy, Suspense, useState } from "react";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Avatar } from "../../design/face";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { brief } from "../../words/when";
import { useOrder } from "../order";
import { useWho } from "../people";
import { go, to } from "../route";
import { useWatch } from "../watch";

const Report = lazy(() => import("./report"));

export default function Profile(props: { user: UserId; me: UserId | undefined; conv?: string; onClose: () => void }) {
  const { user } = props;
  const who = useWho();
  const me = useWatch("me", null);
  const { give } = useOrder();
  const [report, setReport] = useState(false);
  const person = who.person(user);
  const here = who.here(user);
  const blocked = me?.blocks.includes(user) ?? false;
  const self = user === props.me;
  if (report && props.conv)
    return (
      <Suspense>
        <Report user={user} conv={props.conv} onClose={props.onClose} />
      </Suspense>
    );
  return (
    <Dialog title={t("profile")} onClose={props.onClose}>
      <div className="flex flex-col items-center gap-2 p-6 text-center">
        <Avatar id={user} name={who.name(user)} size="huge" here={here?.here} />
        <h3 className="mt-2 text-head font-semibold wrap-anywhere">
          <bdi>{who.name(user)}</bdi>
        </h3>
        {person && (
          <p className="text-muted">
            <bdi dir="ltr">@{person.handle}</bdi>
          </p>
        )}
        {person?.deactivated && <p className="text-danger">{t("profile.gone")}</p>}
        {person?.about && (
          <p dir="auto" className="max-w-sm wrap-anywhere">
            {person.about}
          </p>
        )}
        {here && (
          <p className="text-small text-muted">
            {here.here === "online"
              ? t("here.online")
              : here.here === "away"
                ? t("here.away")
                : here.last_seen_ms
                  ? t("here.last", { when: brief(here.last_seen_ms) })
                  : ""}
          </p>
        )}
        <div className="mt-4 flex flex-wrap justify-center gap-2">
          {self ? (
            <Button
              onClick={() => {
                props.onClose();
                go(to.settings("account"));
              }}
            >
              {t("profile.edit")}
            </Button>
          ) : (
            <>
              <Button
                look="main"
                icon="chat"
                disabled={blocked || person?.deactivated}
                onClick={() =>
                  void give("begin", { with: user }).then(conv => {
                    if (conv) {
                      props.onClose();
                      go(to.conversation(conv));
                    }
                  })
                }
              >
                {t("profile.write")}
              </Button>
              <Button
                icon="block"
                className={blocked ? "" : "text-danger"}
                onClick={() => void give("block", { user, on: !blocked })}
              >
                {blocked ? t("unblock") : t("block")}
              </Button>
              {props.conv && (
                <Button icon="flag" look="quiet" onClick={() => setReport(true)}>
                  {t("report")}
                </Button>
              )}
            </>
          )}
        </div>
        {blocked && <p className="text-small text-muted">{t("block.is")}</p>}
      </div>
    </Dialog>
  );
}
