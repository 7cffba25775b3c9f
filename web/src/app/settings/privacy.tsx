/** Who may know and do what, and whom I hear nothing of. */
import { Button } from "../../design/button";
import { Avatar, ListRow, Skeleton } from "../../design/face";
import { Choice, Select } from "../../design/field";
import type { Audience, Privacy } from "../../wire/wire";
import { t } from "../../words/words";
import { useOrder } from "../order";
import { useWho } from "../people";
import { useWatch } from "../watch";

const everyone: readonly Audience[] = ["everyone", "acquainted", "nobody"];
/** For these the server reads "everyone" as "acquainted": two choices are all there are. */
const known: readonly Audience[] = ["acquainted", "nobody"];

export function PrivacyPage() {
  const me = useWatch("me", null);
  const who = useWho();
  const { give } = useOrder();
  if (!me) return <Skeleton />;
  const rule = (what: keyof Privacy, label: string, hint: string, choices: readonly Audience[]) => {
    const now = me.privacy?.[what] ?? "acquainted";
    return (
      <Select
        label={label}
        hint={hint}
        disabled={!me.privacy}
        value={choices.includes(now) ? now : "acquainted"}
        options={choices.map(one => [one, t(`audience.${one}`)] as const)}
        onPick={value => void give("privacy", { [what]: value })}
      />
    );
  };
  return (
    <>
      <Choice
        label={t("privacy.show")}
        hint={t("privacy.show.hint")}
        value={me.show}
        onPick={show => void give("show", { show })}
        options={[
          ["online", t("here.online")],
          ["away", t("here.away")],
          ["invisible", t("here.invisible")],
        ]}
      />
      {rule("last_seen", t("privacy.last_seen"), t("privacy.mutual"), known)}
      {rule("receipts", t("privacy.receipts"), t("privacy.mutual"), known)}
      {rule("who_writes", t("privacy.who_writes"), t("privacy.who_writes.hint"), everyone)}
      {rule("who_adds", t("privacy.who_adds"), t("privacy.who_adds.hint"), everyone)}
      <section>
        <h2 className="mb-1 font-medium">{t("privacy.blocked")}</h2>
        {me.blocks.length === 0 ? (
          <p className="text-muted">{t("privacy.blocked.none")}</p>
        ) : (
          <ul>
            {me.blocks.map(user => (
              <li key={user}>
                <ListRow
                  lead={<Avatar id={user} name={who.name(user)} size="small" />}
                  title={<bdi>{who.name(user)}</bdi>}
                  end={<Button onClick={() => void give("block", { user, on: false })}>{t("unblock")}</Button>}
                />
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}
