/** What makes a sound and what is shown while the app is in the background. Push has its place here when it comes. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Switch } from "../../design/field";
import { t } from "../../words/words";
import { setLook, useLook } from "../look";

export function Notifications() {
  const look = useLook();
  const can = "Notification" in window && isSecureContext;
  const [allowed, setAllowed] = useState(can ? Notification.permission : "denied");
  return (
    <>
      <section className="flex flex-col items-start gap-2">
        <h2 className="font-medium">{t("notify.title")}</h2>
        <p className="text-muted">
          {!can
            ? t("notify.cannot")
            : allowed === "granted"
              ? t("notify.on")
              : allowed === "denied"
                ? t("notify.denied")
                : t("notify.ask")}
        </p>
        {can && allowed === "default" && (
          <Button look="main" icon="bell" onClick={() => void Notification.requestPermission().then(setAllowed)}>
            {t("notify.allow")}
          </Button>
        )}
      </section>
      <Switch label={t("notify.sound")} on={look.sound} onTurn={sound => setLook({ sound })} />
      <p className="text-small text-muted">{t("notify.later")}</p>
    </>
  );
}
