/** The door: sign in, or sign up with an invite. Rules are told before they are broken. */
import { type FormEvent, useState } from "react";
import { Button } from "../design/button";
import { Field } from "../design/field";
import { Icon } from "../design/icons";
import type { No } from "../engine/contract";
import { languages, type Language, t } from "../words/words";
import { bytesOf } from "./bytes";
import { setLook, useLook } from "./look";
import { useOrder, whyNot } from "./order";
import type { Route } from "./route";

type Faults = { handle?: string; name?: string; password?: string; invite?: string; whole?: string };

export function Sign({ route }: { route: Route }) {
  const [up, setUp] = useState(route.at === "join" || route.at === "invite");
  const look = useLook();
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center bg-back p-4">
      <div className="flex w-full max-w-100 flex-col gap-5 rounded-3xl bg-surface p-6 shadow-float wide:p-8">
        <header className="flex flex-col items-center gap-2 text-center">
          <img src="/icon.svg" alt="" width={56} height={56} />
          <h1 className="text-title font-bold tracking-tight">{up ? t("sign.up.title") : t("sign.in.title")}</h1>
          <p className="text-muted">{up ? t("sign.up.below") : t("sign.in.below")}</p>
        </header>
        {!isSecureContext && (
          <p className="flex gap-2 rounded-xl bg-warn-soft p-3 text-small text-warn">
            <Icon name="lock" size={18} />
            {t("insecure")}
          </p>
        )}
        {route.at === "join" && (
          <p className="flex gap-2 rounded-xl bg-chosen p-3 text-small">
            <Icon name="link" size={18} />
            {t("sign.link")}
          </p>
        )}
        {up ? <Up invite={route.at === "invite" ? route.invite : ""} /> : <In />}
        <p className="text-center text-muted">
          {up ? t("sign.have") : t("sign.none")}{" "}
          <button type="button" className="font-semibold text-accent-text underline" onClick={() => setUp(!up)}>
            {up ? t("sign.in") : t("sign.up")}
          </button>
        </p>
      </div>
      <label className="mt-4 flex items-center gap-2 text-muted">
        <Icon name="globe" size={18} />
        <span className="unseen">{t("settings.language")}</span>
        <select
          value={look.language}
          onChange={e => setLook({ language: e.target.value as Language })}
          className="rounded-lg bg-back py-1"
        >
          {Object.entries(languages).map(([tag, is]) => (
            <option key={tag} value={tag}>
              {is.name}
            </option>
          ))}
        </select>
      </label>
    </main>
  );
}

function In() {
  const { ask } = useOrder();
  const [handle, setHandle] = useState("");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await ask("sign_in", { handle: tidy(handle), password });
    } catch (no) {
      setFault(
        (no as No).no === "refused" && (no as { refusal: { code: number } }).refusal.code === 201
          ? t("sign.wrong")
          : whyNot(no),
      );
      setBusy(false);
    }
  };
  return (
    <form onSubmit={e => void submit(e)} className="flex flex-col gap-4">
      <Field
        label={t("handle")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        dir="ltr"
        value={handle}
        onChange={e => setHandle(e.target.value)}
        autoFocus
      />
      <Password value={password} onChange={setPassword} fault={fault} autoComplete="current-password" />
      <Button type="submit" look="main" busy={busy} wide disabled={!handle || !password}>
        {t("sign.in")}
      </Button>
    </form>
  );
}

const tidy = (handle: string) => handle.trim().replace(/^@/, "").toLowerCase();

const HANDLE = /^[a-z0-9][a-z0-9._-]{1,31}$/;
const PASSWORD_BYTES_MIN = 8;

function Up({ invite }: { invite: string }) {
  const { ask } = useOrder();
  const [is, set] = useState({ handle: "", name: "", password: "", invite });
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const put = (change: Partial<typeof is>) => {
    set({ ...is, ...change });
    setFaults({});
  };
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    const handle = tidy(is.handle);
    const wrong: Faults = {
      ...(HANDLE.test(handle) ? {} : { handle: t("no.bad_handle") }),
      ...(is.name.trim() ? {} : { name: t("sign.name.needed") }),
      ...(bytesOf(is.password) >= PASSWORD_BYTES_MIN ? {} : { password: t("no.bad_password") }),
    };
    setFaults(wrong);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    try {
      await ask("sign_up", {
        handle,
        name: is.name.trim(),
        password: is.password,
        ...(is.invite.trim() ? { invite: is.invite.trim() } : {}),
      });
    } catch (no) {
      const why = whyNot(no);
      const code = (no as { refusal?: { name: string } }).refusal?.name;
      const where =
        {
          handle_taken: "handle",
          bad_handle: "handle",
          bad_password: "password",
          invite_needed: "invite",
          invite_invalid: "invite",
        }[code ?? ""] ?? "whole";
      setFaults({ [where]: why });
      setBusy(false);
    }
  };
  return (
    <form onSubmit={e => void submit(e)} className="flex flex-col gap-4" noValidate>
      <Field
        label={t("name")}
        name="name"
        autoComplete="name"
        required
        value={is.name}
        fault={faults.name}
        hint={t("sign.name.hint")}
        onChange={e => put({ name: e.target.value })}
        autoFocus
      />
      <Field
        label={t("handle")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        dir="ltr"
        required
        value={is.handle}
        fault={faults.handle}
        hint={t("sign.handle.hint")}
        onChange={e => put({ handle: e.target.value })}
      />
      <Password
        value={is.password}
        onChange={password => put({ password })}
        fault={faults.password}
        autoComplete="new-password"
        hint={t("sign.password.hint")}
      />
      <Field
        label={t("invite")}
        name="invite"
        autoComplete="off"
        dir="ltr"
        value={is.invite}
        fault={faults.invite}
        hint={t("sign.invite.hint")}
        onChange={e => put({ invite: e.target.value })}
      />
      {faults.whole && (
        <p role="alert" className="text-small text-danger">
          {faults.whole}
        </p>
      )}
      <Button type="submit" look="main" busy={busy} wide>
        {t("sign.up")}
      </Button>
    </form>
  );
}

function Password(props: {
  value: string;
  onChange: (value: string) => void;
  fault: string | undefined;
  autoComplete: string;
  hint?: string;
}) {
  const [shown, show] = useState(false);
  return (
    <div className="relative">
      <Field
        label={t("password")}
        name="password"
        type={shown ? "text" : "password"}
        required
        dir="ltr"
        hint={props.hint}
        value={props.value}
        fault={props.fault}
        autoComplete={props.autoComplete}
        onChange={e => props.onChange(e.target.value)}
      />
      <button
        type="button"
        className="absolute end-0 top-0 text-small text-accent-text underline"
        aria-pressed={shown}
        onClick={() => show(!shown)}
      >
        {shown ? t("sign.hide") : t("sign.show")}
      </button>
    </div>
  );
}
