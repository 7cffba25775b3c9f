/** What a group is: its title, what it is for, and its rules; read by all, changed by those who may. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Area, Field, Select, Switch } from "../../design/field";
import type { Detail } from "../../engine/contract";
import { LIMITS, type History, type SettingsChange } from "../../wire/wire";
import { t } from "../../words/words";
import { bytesOf } from "../bytes";
import { useOrder } from "../order";
import { Part } from "./details";

const slow = ["0", "10", "30", "60", "300", "3600"] as const;

export function GroupSettingsForm({ detail }: { detail: Detail }) {
  const { give } = useOrder();
  const [title, setTitle] = useState(detail.title ?? "");
  const [description, setDescription] = useState(detail.settings.description ?? "");
  const change = (change: SettingsChange) => void give("settings", { conv: detail.conv, change });
  const describes = detail.may["describe"] ?? false;
  const rules = detail.may["set_rules"] ?? false;
  if (!describes && !rules) return null;
  const changed = title.trim() !== (detail.title ?? "") || description.trim() !== (detail.settings.description ?? "");
  const over = bytesOf(title) > LIMITS.title_bytes_max || bytesOf(description) > LIMITS.description_bytes_max;
  const slowNow = String(detail.settings.slow_mode_s ?? 0);
  return (
    <Part title={t("group.settings")}>
      {describes && (
        <form
          className="flex flex-col gap-3 py-2"
          onSubmit={e => {
            e.preventDefault();
            change({
              ...(title.trim() !== detail.title ? { title: title.trim() } : {}),
              ...(description.trim() !== (detail.settings.description ?? "")
                ? { description: description.trim() }
                : {}),
            });
          }}
        >
          <Field label={t("new.title")} value={title} onChange={e => setTitle(e.target.value)} required />
          <Area
            label={t("group.description")}
            value={description}
            onChange={e => setDescription(e.target.value)}
            fault={over ? t("too.long") : undefined}
          />
          {changed && (
            <Button type="submit" look="main" disabled={over || !title.trim()}>
              {t("save")}
            </Button>
          )}
        </form>
      )}
      {rules && (
        <>
          <Switch
            label={t("group.announce")}
            hint={t("group.announce.hint")}
            on={detail.settings.announce ?? false}
            onTurn={announce => change({ announce })}
          />
          <Switch
            label={t("group.approve")}
            hint={t("group.approve.hint")}
            on={detail.settings.approve ?? false}
            onTurn={approve => change({ approve })}
          />
          <Select
            label={t("group.history")}
            value={(detail.settings.history ?? "joined") as string}
            options={[
              ["joined", t("group.history.joined")],
              ["all", t("group.history.all")],
            ]}
            onPick={history => change({ history: history as History })}
          />
          <Select
            label={t("group.slow")}
            value={slowNow}
            options={[...new Set([...slow, slowNow])].map(
              s => [s, s === "0" ? t("group.slow.off") : t("group.slow.s", { seconds: Number(s) })] as const,
            )}
            onPick={s => change({ slow_mode_s: Number(s) })}
          />
        </>
      )}
    </Part>
  );
}
