/** How people, counts and states look at a glance: avatar, badge, dot, chip. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons";

/** Colours with white letters on them: each at least 4.5 : 1. */
const colours = [
  "#8a3ffc",
  "#0f6fb8",
  "#0a7d5a",
  "#b4431f",
  "#a61e6b",
  "#5b5fc7",
  "#7a5c00",
  "#00727f",
  "#9c2f3f",
  "#3f6b2a",
] as const;

/** The same person has the same colour on every device: it follows from the id. */
export function colourOf(id: string): string {
  let hash = 0;
  for (let i = 0; i < id.length; i += 1) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return colours[hash % colours.length] ?? colours[0];
}

/** The first letters of the first and the last word, by grapheme, so that no accent or emoji is cut. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = (word: string | undefined) => {
    if (!word) return "";
    const [part] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
    return part?.segment ?? "";
  };
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (first(words[0]) + first(last)).toLocaleUpperCase();
}

const sizes = {
  tiny: "size-6 text-[0.625rem]",
  small: "size-8 text-tiny",
  usual: "size-11 text-body",
  huge: "size-24 text-title",
} as const;

export type Here = "online" | "away" | "offline";

export function Avatar(props: {
  id: string;
  name: string;
  size?: keyof typeof sizes;
  icon?: IconName;
  here?: Here | undefined;
}) {
  const { size = "usual" } = props;
  return (
    <span aria-hidden="true" className="relative shrink-0">
      <span
        className={`flex items-center justify-center rounded-full font-semibold text-[#fff] select-none
        ${sizes[size]}`}
        style={{ backgroundColor: colourOf(props.id) }}
      >
        {props.icon ? (
          <Icon name={props.icon} size={size === "huge" ? 40 : size === "usual" ? 22 : 16} />
        ) : (
          // A picture of letters, not words: by the style sheet, so that nothing reads them aloud or finds them.
          <span data-letters={initialsOf(props.name)} className="before:content-[attr(data-letters)]" />
        )}
      </span>
      {props.here && props.here !== "offline" && (
        <span
          className={`absolute end-0 bottom-0 size-3 rounded-full border-2 border-surface
          ${props.here === "online" ? "bg-good" : "bg-[#d99a00]"}`}
        />
      )}
    </span>
  );
}

/** A count that wants to be seen; told in words to who hears it. */
export function Badge(props: { count: number; label: string; quiet?: boolean; sign?: ReactNode }) {
  return (
    <span
      className={`inline-flex h-5 min-w-5 items-center justify-center rounded-full px-1.5 text-tiny font-semibold
      tabular-nums ${props.quiet ? "bg-sunken text-muted" : "bg-accent text-on-accent"}`}
    >
      <span aria-hidden="true">{props.sign ?? (props.count > 999 ? "999+" : props.count)}</span>
      <span className="unseen">{props.label}</span>
    </span>
  );
}

export function Chip(props: { on: boolean; onPick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={props.on}
      onClick={props.onPick}
      className={`shrink-0 rounded-full px-3 py-1 text-small font-medium transition-colors duration-(--quick)
        ${props.on ? "bg-chosen text-accent-text" : "bg-sunken text-muted hover:text-text"}`}
    >
      {props.children}
    </button>
  );
}

/** Nothing here, and what can be done about it. */
export function Empty(props: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="m-auto flex max-w-sm flex-col items-center gap-3 p-8 text-center">
      <span className="flex size-16 items-center justify-center rounded-full bg-chosen text-accent-text">
        <Icon name={props.icon} size={30} />
      </span>
      <h2 className="text-head font-semibold">{props.title}</h2>
      {props.children && <div className="text-muted">{props.children}</div>}
      {props.action}
    </div>
  );
}

/** The place of something that is on its way. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div aria-hidden="true" className="flex flex-col gap-3 p-3">
      {Array.from({ length: rows }, (_, n) => (
        <div key={n} className="breathe flex items-center gap-3">
          <div className="size-11 rounded-full bg-sunken" />
          <div className="flex flex-1 flex-col gap-2">
            <div className={`h-3 rounded-full bg-sunken ${n % 3 === 0 ? "w-1/2" : "w-2/3"}`} />
            <div className="h-3 w-5/6 rounded-full bg-sunken" />
          </div>
        </div>
      ))}
    </div>
  );
}

/** One line of a list with a sign or an avatar before it and something after it. */
export function ListRow(props: {
  lead?: ReactNode;
  title: ReactNode;
  below?: ReactNode;
  end?: ReactNode;
  onPress?: (() => void) | undefined;
  href?: string;
  label?: string;
}) {
  const inside = (
    <>
      {props.lead}
      <span className="min-w-0 flex-1 text-start">
        <span dir="auto" className="block cut font-medium">
          {props.title}
        </span>
        {props.below && (
          <span dir="auto" className="block cut text-small text-muted">
            {props.below}
          </span>
        )}
      </span>
    </>
  );
  const press = "flex min-w-0 flex-1 items-center gap-3 rounded-xl px-3 py-2";
  return (
    <div className="flex items-center gap-1 rounded-xl hover:bg-hover">
      {props.href ? (
        <a href={props.href} aria-label={props.label} className={press}>
          {inside}
        </a>
      ) : props.onPress ? (
        <button type="button" onClick={props.onPress} aria-label={props.label} className={press}>
          {inside}
        </button>
      ) : (
        <div className={press}>{inside}</div>
      )}
      {props.end && <div className="flex shrink-0 items-center gap-1 pe-2">{props.end}</div>}
    </div>
  );
}

/** Tabs: arrows move between them, as people with a keyboard expect. */
export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  tabs: readonly (readonly [T, string])[];
  onPick: (tab: T) => void;
}) {
  const move = (by: number, from: HTMLElement) => {
    const at = props.tabs.findIndex(([tab]) => tab === props.value);
    const next = props.tabs[(at + by + props.tabs.length) % props.tabs.length];
    if (!next) return;
    props.onPick(next[0]);
    from.parentElement?.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus();
  };
  return (
    <div role="tablist" aria-label={props.label} className="flex gap-1 overflow-x-auto border-b border-line px-2">
      {props.tabs.map(([tab, words]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          data-tab={tab}
          aria-selected={tab === props.value}
          tabIndex={tab === props.value ? 0 : -1}
          onClick={() => props.onPick(tab)}
          onKeyDown={e => {
            const ahead = getComputedStyle(e.currentTarget).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
            if (e.key === "ArrowLeft" || e.key === "ArrowRight") move(e.key === ahead ? 1 : -1, e.currentTarget);
          }}
          className="shrink-0 border-b-2 border-transparent px-3 py-2 text-small font-medium text-muted
            -outline-offset-2 hover:text-text aria-selected:border-accent aria-selected:text-text"
        >
          {words}
        </button>
      ))}
    </div>
  );
}
