/** Days and times in words, in the reader's language and zone. Formatters are dear, so each is made once. */
import { isolate, language, t } from "./words";

const made = new Map<string, Intl.DateTimeFormat>();

function format(how: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${language()} ${how}`;
  let format = made.get(name);
  if (!format) made.set(name, format = new Intl.DateTimeFormat(language(), options));
  return format;
}

const dayOf = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);

/** Whole days between two moments, by the calendar; daylight saving makes some of them 23 or 25 hours long. */
const daysAgo = (ms: number, now: number) => Math.round((dayOf(now) - dayOf(ms)) / 86_400_000);

export const sameDay = (a: number, b: number) => dayOf(a) === dayOf(b);

export const clock = (ms: number) => format("clock", { hour: "numeric", minute: "2-digit" }).format(ms);

export const whole = (ms: number) => format("whole", { dateStyle: "medium", timeStyle: "short" }).format(ms);

/** In a list: the time today, the day this week, else the date. */
export function brief(ms: number, now = Date.now()): string {
  const days = daysAgo(ms, now);
  if (days <= 0) return clock(ms);
  if (days === 1) return t("yesterday");
  if (days < 7) return format("weekday", { weekday: "short" }).format(ms);
  return format("date", { dateStyle: "short" }).format(ms);
}

/** Between two days of a conversation. */
export function day(ms: number, now = Date.now()): string {
  const days = daysAgo(ms, now);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  if (days > 1 && days < 7) return format("long weekday", { weekday: "long" }).format(ms);
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return thisYear ? format("day", { weekday: "long", day: "numeric", month: "long" }).format(ms)
    : format("year", { day: "numeric", month: "long", year: "numeric" }).format(ms);
}

/** Several names as one says them. */
export const together = (names: readonly string[]) =>
  new Intl.ListFormat(language(), { type: "conjunction" }).format(names.map(isolate));
