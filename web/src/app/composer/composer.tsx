/**
 * Where one writes. It knows nothing of the timeline, so that typing never waits for it: what is typed lives here and,
 * a moment later, in the draft.
 */
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { IconButton } from "../../design/button";
import { Icon } from "../../design/icons";
import type { Detail, Line } from "../../engine/contract";
import { LIMITS, type UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { bytesOf } from "../bytes";
import { useLook } from "../look";
import { useOrder } from "../order";
import { useWho } from "../people";
import { brieflySaid } from "../said";
import { targetOf } from "../timeline/acts";
import { openPicker } from "../timeline/picker-host";
import { begun, closed, mentionsIn } from "./complete";
import { type Offer, Offers, useOffers } from "./offers";

export type Mode = { is: "new" } | { is: "reply"; line: Line } | { is: "edit"; line: Line };
export type ComposerHandle = { focus: () => void; put: (words: string) => void };

const DRAFT_MS = 500;

export function Composer(props: {
  detail: Detail;
  me: UserId | undefined;
  mode: Mode;
  setMode: (mode: Mode) => void;
  lastOfMine: () => Line | undefined;
  ref?: Ref<ComposerHandle>;
}) {
  const { detail, mode, me } = props;
  const conv = detail.conv;
  const { give, ask } = useOrder();
  const { enterSends } = useLook();
  const who = useWho();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(detail.draft ?? "");
  const [caret, setCaret] = useState(0);
  const picked = useRef(new Map<string, UserId>());
  const aside = useRef<string | null>(null);
  const typedAt = useRef(0);
  const offers = useOffers(conv, detail.kind !== "direct", begun(text, caret), me);
  const bytes = bytesOf(text);
  const over = bytes - LIMITS.text_bytes_max;

  const draft = useDraft(detail, text, setText, mode.is === "edit");

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, Math.max(120, innerHeight * 0.4))}px`;
  }, [text]);

  // Before the next key: who types on at once goes on behind what was put there.
  const placed = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (placed.current !== null) box.current?.setSelectionRange(placed.current, placed.current);
    placed.current = null;
  }, [text]);
  const put = (next: string, at: number) => {
    placed.current = at;
    setText(next);
    setCaret(at);
  };

  // What is edited takes the place of what was begun, which comes back afterwards.
  const modeOf = mode.is === "new" ? null : mode.line.send_id;
  useEffect(() => {
    if (mode.is === "edit") {
      aside.current ??= text;
      setText(mode.line.body.text ?? "");
      for (const one of mode.line.body.mentions ?? []) picked.current.set(`@${who.name(one.user)}`, one.user);
    } else if (aside.current !== null) {
      setText(aside.current);
      aside.current = null;
    }
    if (mode.is !== "new") box.current?.focus();
    // Only the change of the mode counts here.
  }, [mode.is, modeOf]);

  const insert = (words: string, from?: number) => {
    const area = box.current;
    const start = from ?? area?.selectionStart ?? text.length;
    const end = area?.selectionEnd ?? text.length;
    const next = text.slice(0, start) + words + text.slice(end);
    put(next, start + words.length);
    area?.focus();
  };
  useImperativeHandle(
    props.ref,
    () => ({
      focus: () => box.current?.focus(),
      put: words => setText(old => (old.trim() ? `${old}\n${words}` : words)),
    }),
    [],
  );

  const take = (offer: Offer) => {
    const at = begun(text, caret);
    if (!at) return;
    if (offer.user) picked.current.set(offer.put, offer.user);
    insert(`${offer.put} `, at.from);
  };

  const say = async () => {
    const words = text.trim();
    if (!words || over > 0) return;
    const mentions = mentionsIn(words, picked.current, LIMITS.mentions_max);
    if (mode.is === "edit") {
      const target = targetOf(mode.line);
      if (target && words !== mode.line.body.text) void give("edit", { conv, target, text: words, mentions });
      props.setMode({ is: "new" });
      return;
    }
    const reply = mode.is === "reply" ? targetOf(mode.line) : null;
    setText("");
    draft.forget();
    typedAt.current = 0;
    if (mode.is === "reply") props.setMode({ is: "new" });
    box.current?.focus();
    // What cannot even be kept here comes back to where it was typed.
    if ((await give("send", { conv, text: words, mentions, ...(reply ? { reply_to: reply } : {}) })) === undefined) {
      setText(old => (old ? `${words}\n${old}` : words));
    } else picked.current.clear();
  };

  const changed = (value: string, at: number) => {
    const code = closed(value, at);
    const sign = code && offers.named(code.name);
    if (code && sign) {
      const next = value.slice(0, code.from) + sign + value.slice(at);
      put(next, code.from + sign.length);
    } else {
      setText(value);
      setCaret(at);
    }
    const now = Date.now();
    if (value.trim() && mode.is !== "edit" && now - typedAt.current >= LIMITS.typing_interval_ms_min) {
      typedAt.current = now;
      ask("typing", { conv }).catch(() => {});
    }
  };

  const keys = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (e.nativeEvent.isComposing) return;
    if (offers.keys(e, take)) return;
    if (e.key === "Enter") {
      const sends = enterSends ? !e.shiftKey && !e.altKey : e.ctrlKey || e.metaKey;
      // On a phone Enter is a new line: there is a button under the thumb.
      if (!sends || (enterSends && matchMedia("(pointer: coarse) and (width < 45rem)").matches)) return;
      e.preventDefault();
      void say();
    } else if (e.key === "Escape" && mode.is !== "new") {
      e.stopPropagation();
      props.setMode({ is: "new" });
    } else if (e.key === "ArrowUp" && !text && mode.is === "new") {
      const last = props.lastOfMine();
      if (!last) return;
      e.preventDefault();
      props.setMode({ is: "edit", line: last });
    }
  };

  const title =
    mode.is === "edit"
      ? t("composer.editing")
      : mode.is === "reply"
        ? t("composer.replying", { name: mode.line.sender === me ? t("you") : who.name(mode.line.sender) })
        : "";
  return (
    <form
      className="relative border-t border-line bg-surface px-2 pt-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]
        wide:px-4"
      onSubmit={e => {
        e.preventDefault();
        void say();
      }}
    >
      <Offers offers={offers} take={take} />
      {mode.is !== "new" && (
        <div className="rise mb-2 flex items-center gap-2 rounded-xl border-s-3 border-accent bg-hover py-1 ps-3 pe-1">
          <Icon name={mode.is === "edit" ? "edit" : "reply"} size={18} className="text-accent-text" />
          <div className="min-w-0 flex-1">
            <p className="truncate text-small font-semibold text-accent-text">
              <bdi>{title}</bdi>
            </p>
            <p className="cut text-small text-muted" dir="auto">
              {brieflySaid(mode.line, who, me)}
            </p>
          </div>
          <IconButton icon="close" size="small" label={t("cancel")} onClick={() => props.setMode({ is: "new" })} />
        </div>
      )}
      <Kept detail={detail} onTake={words => setText(words)} />
      <div className="flex items-end gap-1">
        <IconButton
          icon="smile"
          label={t("emoji")}
          className="phone:hidden"
          onClick={e => openPicker(e.currentTarget, emoji => insert(emoji))}
        />
        <textarea
          ref={box}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t("composer")}
          placeholder={t("composer")}
          aria-controls="offers"
          aria-autocomplete="list"
          aria-activedescendant={offers.list.length > 0 ? `offer-${offers.at}` : undefined}
          aria-invalid={over > 0 || undefined}
          enterKeyHint={enterSends ? "send" : "enter"}
          onKeyDown={keys}
          onChange={e => changed(e.target.value, e.target.selectionStart)}
          onSelect={e => setCaret(e.currentTarget.selectionStart)}
          onBlur={draft.flush}
          className="max-h-[40dvh] min-h-11 min-w-0 flex-1 resize-none rounded-3xl border border-line bg-sunken
            px-4 py-2.5
            text-body placeholder:text-muted phone:text-[1rem] aria-invalid:border-danger"
        />
        <button
          type="submit"
          disabled={!text.trim() || over > 0}
          aria-label={mode.is === "edit" ? t("save") : t("send")}
          data-tip={mode.is === "edit" ? t("save") : t("send")}
          className="flex size-11 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent
            transition-opacity duration-(--quick) hover:bg-accent-hover disabled:bg-sunken disabled:text-muted"
        >
          <Icon name={mode.is === "edit" ? "check" : "send"} size={22} />
        </button>
      </div>
      {bytes > LIMITS.text_bytes_max * 0.9 && (
        <p role="status" className={`pt-1 text-small ${over > 0 ? "text-danger" : "text-muted"}`}>
          {over > 0 ? t("composer.over", { count: over }) : t("composer.left", { count: -over })}
        </p>
      )}
    </form>
  );
}

/** What was begun is kept a moment after the last key, and when one leaves. */
function useDraft(detail: Detail, text: string, setText: (text: string) => void, editing: boolean) {
  const { give } = useOrder();
  const conv = detail.conv;
  const kept = useRef(detail.draft ?? "");
  const now = useRef(text);
  if (!editing) now.current = text;
  const flush = () => {
    if (now.current === kept.current) return;
    kept.current = now.current;
    void give("draft", { conv, text: now.current });
  };
  const latest = useRef(flush);
  latest.current = flush;
  useEffect(() => {
    if (editing || text === kept.current) return;
    const timer = setTimeout(() => latest.current(), DRAFT_MS);
    return () => clearTimeout(timer);
  }, [text, editing]);
  useEffect(() => {
    const leave = () => latest.current();
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", leave);
    return () => {
      removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", leave);
      leave();
    };
  }, []);
  // Written on another device: taken up, unless something is being written here.
  const theirs = detail.draft ?? "";
  useEffect(() => {
    if (editing || theirs === kept.current || now.current !== kept.current) return;
    kept.current = theirs;
    setText(theirs);
  }, [theirs, editing, setText]);
  return {
    flush,
    forget: () => {
      now.current = "";
      flush();
    },
  };
}

/** Drafts of another device that this one's would have overwritten: nothing typed is lost. */
function Kept({ detail, onTake }: { detail: Detail; onTake: (words: string) => void }) {
  const { give } = useOrder();
  const one = detail.kept_drafts[0];
  if (!one) return null;
  return (
    <div className="mb-2 flex items-center gap-2 rounded-xl bg-warn-soft px-3 py-1.5 text-small">
      <p dir="auto" className="min-w-0 flex-1 cut">
        {t("draft.kept")} <bdi>{one.text}</bdi>
      </p>
      <button
        type="button"
        className="font-semibold underline"
        onClick={() => {
          onTake(one.text);
          void give("forget_draft", { conv: detail.conv, ver: one.ver });
        }}
      >
        {t("draft.take")}
      </button>
      <button
        type="button"
        className="underline"
        onClick={() => void give("forget_draft", { conv: detail.conv, ver: one.ver })}
      >
        {t("discard")}
      </button>
    </div>
  );
}
