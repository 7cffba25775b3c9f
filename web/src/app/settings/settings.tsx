/** What somebody can set: how it looks, what it tells, who they are, where they are signed in. */
import { IconButton } from "../../design/button";
import { ListRow } from "../../design/face";
import { Icon, type IconName } from "../../design/icons";
import type { Session } from "../../engine/contract";
import { t, type Word } from "../../words/words";
import { go, to } from "../route";
import { Account } from "./account";
import { Appearance } from "./appearance";
import { Devices } from "./devices";
import { Notifications } from "./notifications";
import { PrivacyPage } from "./privacy";

const pages = ["account", "appearance", "notifications", "privacy", "devices"] as const;
type Page = (typeof pages)[number];

const signs: { [page in Page]: IconName } = {
  account: "person",
  appearance: "sun",
  notifications: "bell",
  privacy: "lock",
  devices: "phone",
};
const word = (page: Page): Word => `settings.${page}`;
const hint = (page: Page): Word => `settings.${page}.hint`;

export default function Settings(props: { page: string | null; session: Session }) {
  const page = pages.find(name => name === props.page) ?? null;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 bg-surface">
      <div
        className={`min-h-0 w-full shrink-0 flex-col border-line roomy:flex roomy:w-80 roomy:border-e ${page ?
          "hidden" : "flex"}`}
      >
        <header className="flex items-center gap-2 py-2 ps-2 pe-4 pt-[max(0.5rem,env(safe-area-inset-top))]">
          <IconButton icon="back" label={t("back")} onClick={() => go(to.home)} />
          <h1 className="text-head font-semibold">{t("settings")}</h1>
        </header>
        <ul className="flex flex-col gap-1 overflow-y-auto p-2">
          {pages.map(name => (
            <li key={name} className={name === page ? "rounded-xl bg-chosen" : ""}>
              <ListRow
                href={to.settings(name)}
                title={t(word(name))}
                below={t(hint(name))}
                lead={<Icon name={signs[name]} className="text-muted" />}
                end={<Icon name="forth" size={16} className="text-muted" />}
              />
            </li>
          ))}
        </ul>
      </div>
      {page && (
        <section aria-label={t(word(page))} className="flex min-h-0 min-w-0 flex-1 flex-col">
          <header className="flex items-center gap-2 py-2 ps-2 pe-4 pt-[max(0.5rem,env(safe-area-inset-top))]
            roomy:ps-6">
            <IconButton icon="back" label={t("back")} className="roomy:hidden" onClick={() => go(to.settings())} />
            <h1 className="text-head font-semibold">{t(word(page))}</h1>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto">
            <div className="flex max-w-xl flex-col gap-6 p-4 roomy:px-6">
              {page === "account" && <Account me={props.session.me} />}
              {page === "appearance" && <Appearance />}
              {page === "notifications" && <Notifications />}
              {page === "privacy" && <PrivacyPage />}
              {page === "devices" && <Devices />}
            </div>
          </div>
        </section>
      )}
    </div>
  );
}
