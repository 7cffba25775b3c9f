/** Theme, density, language, and what Enter does. */
import { Choice, Select, Switch } from "../../design/field";
import { languages, type Language, t } from "../../words/words";
import { setLook, useLook } from "../look";

export function Appearance() {
  const look = useLook();
  return (
    <>
      <Choice
        label={t("settings.theme")}
        value={look.theme}
        onPick={theme => setLook({ theme })}
        options={[
          ["system", t("theme.system")],
          ["light", t("theme.light")],
          ["dark", t("theme.dark")],
        ]}
      />
      <Choice
        label={t("settings.density")}
        value={look.density}
        onPick={density => setLook({ density })}
        options={[
          ["roomy", t("density.roomy")],
          ["compact", t("density.compact")],
        ]}
      />
      <Select
        label={t("settings.language")}
        value={look.language}
        onPick={language => setLook({ language: language as Language })}
        options={Object.entries(languages).map(([tag, is]) => [tag as Language, is.name] as const)}
      />
      <Switch
        label={t("settings.enter")}
        hint={t("settings.enter.hint")}
        on={look.enterSends}
        onTurn={enterSends => setLook({ enterSends })}
      />
    </>
  );
}
