/** Where I am signed in, the newest first, and how to end that. */
import { useState } from "react";
import { Button, IconButton } from "../../design/button";
import { ListRow, Skeleton } from "../../design/face";
import { Icon } from "../../design/icons";
import { toast } from "../../design/toast";
import { t } from "../../words/words";
import { brief, whole } from "../../words/when";
import { useOrder } from "../order";
import { useWatch } from "../watch";

/** A sign-in so young is pointed out. */
const NEW_MS = 3 * 86_400_000;

export function Devices() {
  const me = useWatch("me", null);
  const { give } = useOrder();
  const [sure, setSure] = useState(false);
  if (!me) return <Skeleton />;
  const list = [...me.devices].sort((a, b) => Number(b.current) - Number(a.current) || b.last_ms - a.last_ms);
  const others = list.filter(one => !one.current).length;
  return (
    <>
      <ul className="flex flex-col gap-1">
        {list.map(one => (
          <li key={one.device}>
            <ListRow
              lead={<Icon name="phone" className="text-muted" />}
              title={
                <>
                  <bdi>{one.name}</bdi>
                  {one.current && (
                    <span className="ms-2 rounded-full bg-chosen px-2 py-0.5 text-tiny text-accent-text">
                      {t("devices.this")}
                    </span>
                  )}
                  {!one.current && Date.now() - one.created_ms < NEW_MS && (
                    <span className="ms-2 rounded-full bg-warn-soft px-2 py-0.5 text-tiny text-warn">
                      {t("devices.new")}
                    </span>
                  )}
                </>
              }
              below={[
                t("devices.last", { when: brief(one.last_ms) }), t("devices.since", { when: whole(one.created_ms) }),
              ].join(" · ")}
              end={
                !one.current && (
                  <IconButton
                    icon="leave"
                    size="small"
                    label={t("devices.out", { name: one.name })}
                    onClick={() => void give("sign_out_device", { device: one.device })}
                  />
                )
              }
            />
          </li>
        ))}
      </ul>
      {others > 0 &&
        (sure ? (
          <div className="flex flex-wrap items-center gap-2 rounded-xl bg-danger-soft p-3">
            <p className="w-full">{t("devices.sure", { count: others })}</p>
            <Button onClick={() => setSure(false)}>{t("cancel")}</Button>
            <Button
              look="danger"
              onClick={() =>
                void give("sign_out_others", null).then(done => {
                  setSure(false);
                  if (done !== undefined) toast(t("devices.done"));
                })
              }
            >
              {t("devices.others")}
            </Button>
          </div>
        ) : (
          <Button icon="shield" onClick={() => setSure(true)}>
            {t("devices.others")}
          </Button>
        ))}
    </>
  );
}
