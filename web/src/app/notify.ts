/**
 * What comes while the page is open and not looked at: a sound, and a notification that is taken back when the
 * conversation was read, here or on another device. What comes while the app is closed is not this file's business.
 */
import { useEffect, useRef } from "react";
import type { Row } from "../engine/contract";
import type { UserId } from "../wire/wire";
import { t } from "../words/words";
import { lookNow } from "./look";
import { useWho, type Who } from "./people";
import { go, to } from "./route";
import { brieflySaid, titleOf } from "./said";
import { useWatch } from "./watch";

/** How much of a row was told. */
type Told = { unread: number; mentions: number; at_ms: number };

const FRESH_MS = 60_000;

/** Whether a change of a row is to be told, and not only shown. */
export function tells(before: Told, row: Row, me: UserId | undefined): boolean {
  if (!row.last || row.last.sender === me || row.at_ms <= before.at_ms) return false;
  if (row.request === "ignored") return false;
  const mentioned = row.mentions > before.mentions;
  if (row.muted) return mentioned && row.prefs.mentions_pass === true;
  return row.unread > before.unread;
}

export function useNotices(me: UserId | undefined): void {
  const rows = useWatch("conversations", null);
  const who = useWho();
  const told = useRef<Map<string, Told> | null>(null);
  const open = useRef(new Map<string, Notification>());
  const now = useRef<Who>(who);
  now.current = who;
  useEffect(() => {
    if (!rows) return;
    const before = told.current;
    const away = document.visibilityState !== "visible" || !document.hasFocus();
    for (const row of rows) {
      // What is new here but old was fetched, not said just now: a first sign-in must not ring for an hour.
      const known = before?.get(row.conv) ?? { unread: 0, mentions: 0, at_ms: Date.now() - FRESH_MS };
      if (before && away && tells(known, row, me)) {
        ring();
        notify(row, now.current, me, open.current);
      }
      if (row.unread === 0 && row.mentions === 0) {
        open.current.get(row.conv)?.close();
        open.current.delete(row.conv);
      }
    }
    told.current = new Map(
      rows.map(row => [row.conv, { unread: row.unread, mentions: row.mentions, at_ms: row.at_ms }]),
    );
  }, [rows, me]);
}

function notify(row: Row, who: Who, me: UserId | undefined, open: Map<string, Notification>): void {
  if (!("Notification" in window) || Notification.permission !== "granted" || !row.last) return;
  const by = row.kind === "direct" ? "" : `${who.name(row.last.sender)}: `;
  try {
    // A tag: the next one of the same conversation takes the place of this one.
    const notice = new Notification(titleOf(row, who, me), {
      body: row.request !== undefined ? t("row.request") : by + brieflySaid(row.last, who, me),
      tag: row.conv,
      icon: "/icon.svg",
      silent: true,
    });
    notice.addEventListener("click", () => {
      window.focus();
      go(to.conversation(row.conv));
      notice.close();
    });
    open.set(row.conv, notice);
  } catch {
    // Some phones have notifications of a service worker only.
  }
}

let audio: AudioContext | null = null;
let rangAt = 0;

/** Two short notes, at most every two seconds. Made, not fetched. */
function ring(): void {
  const now = Date.now();
  if (!lookNow().sound || now - rangAt < 2_000) return;
  rangAt = now;
  try {
    audio ??= new AudioContext();
    for (const [note, from] of [
      [660, 0],
      [880, 0.12],
    ] as const) {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      tone.frequency.value = note;
      loud.gain.setValueAtTime(0.08, audio.currentTime + from);
      loud.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + from + 0.2);
      tone.connect(loud).connect(audio.destination);
      tone.start(audio.currentTime + from);
      tone.stop(audio.currentTime + from + 0.2);
    }
  } catch {
    // No sound, then.
  }
}
