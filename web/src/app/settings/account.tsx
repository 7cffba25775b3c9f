/** Who I am to others, my personal link, and the way out. */
import { lazy, Suspense, useState } from "react";
import { Button } from "../../design/button";
import { Avatar, Skeleton } from "../../design/face";
import { Area, Field } from "../../design/field";
import { toast } from "../../design/toast";
import { LIMITS, type Person, type UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { bytesOf } from "../bytes";
import { copy } from "../conversation";
import { useOrder } from "../order";
import { useWho } from "../people";
import { useWatch } from "../watch";

const Qr = lazy(() => import("../details/qr-view"));

export function Account({ me }: { me: UserId | undefined }) {
  const account = useWatch("me", null);
  const who = useWho();
  const person = account?.person ?? (me ? who.person(me) : undefined);
  if (!person) return <Skeleton />;
  return <Form key={person.user} person={person} />;
}

function Form({ person }: { person: Person }) {
  const { give } = useOrder();
  const [is, set] = useState({ name: person.name, handle: person.handle, about: person.about ?? "" });
  const [busy, setBusy] = useState(false);
  const [qr, setQr] = useState(false);
  const [out, setOut] = useState(false);
  const change = {
    ...(is.name.trim() !== person.name ? { name: is.name.trim() } : {}),
    ...(is.handle.trim() !== person.handle ? { handle: is.handle.trim().replace(/^@/, "").toLowerCase() } : {}),
    ...(is.about.trim() !== (person.about ?? "") ? { about: is.about.trim() } : {}),
  };
  const over = bytesOf(is.name) > LIMITS.name_bytes_max;
  const url = `${location.origin}/u/#${person.handle}`;
  return (
    <>
      <div className="flex items-center gap-4">
        <Avatar id={person.user} name={is.name} size="huge" />
        <div className="min-w-0">
          <p dir="auto" className="cut text-head font-semibold">
            <bdi>{person.name}</bdi>
          </p>
          <p className="text-muted">
            <bdi dir="ltr">@{person.handle}</bdi>
          </p>
        </div>
      </div>
      <form
        className="flex flex-col gap-4"
        onSubmit={e => {
          e.preventDefault();
          setBusy(true);
          void give("profile", change).then(done => {
            setBusy(false);
            if (done !== undefined) toast(t("saved"));
          });
        }}
      >
        <Field
          label={t("name")}
          value={is.name}
          required
          onChange={e => set({ ...is, name: e.target.value })}
          fault={over ? t("too.long") : undefined}
        />
        <Field
          label={t("handle")}
          value={is.handle}
          required
          dir="ltr"
          autoCapitalize="none"
          spellCheck={false}
          hint={t("account.handle.hint")}
          onChange={e => set({ ...is, handle: e.target.value })}
        />
        <Area label={t("account.about")} value={is.about} onChange={e => set({ ...is, about: e.target.value })} />
        <Button
          type="submit"
          look="main"
          busy={busy}
          disabled={over || !is.name.trim() || Object.keys(change).length === 0}
        >
          {t("save")}
        </Button>
      </form>
      <section className="flex flex-col items-start gap-2">
        <h2 className="font-medium">{t("account.link")}</h2>
        <p className="text-small text-muted">{t("account.link.hint")}</p>
        <p dir="ltr" className="max-w-full rounded-xl bg-sunken px-3 py-2 font-mono text-small break-all select-all">
          {url}
        </p>
        <div className="flex gap-2">
          <Button icon="copy" onClick={() => copy(url)}>
            {t("copy")}
          </Button>
          <Button icon="qr" aria-expanded={qr} onClick={() => setQr(!qr)}>
            {t("links.qr")}
          </Button>
        </div>
        {qr && (
          <Suspense>
            <Qr text={url} label={t("links.qr")} />
          </Suspense>
        )}
      </section>
      <section className="flex flex-col items-start gap-2 border-t border-line pt-4">
        {out ? (
          <div className="flex flex-wrap gap-2 rounded-xl bg-danger-soft p-3">
            <p className="w-full">{t("sign.out.sure")}</p>
            <Button onClick={() => setOut(false)}>{t("cancel")}</Button>
            <Button look="danger" onClick={() => void give("sign_out", null)}>
              {t("sign.out")}
            </Button>
          </div>
        ) : (
          <Button icon="leave" className="text-danger" onClick={() => setOut(true)}>
            {t("sign.out")}
          </Button>
        )}
      </section>
    </>
  );
}
