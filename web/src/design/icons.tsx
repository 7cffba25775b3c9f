/** The signs of the app: strokes on a grid of 24, in the colour of the words beside them. They say nothing aloud. */
import type { ReactNode } from "react";

const paths = {
  back: <path d="M15 5l-7 7 7 7" />,
  forth: <path d="M9 5l7 7-7 7" />,
  down: <path d="M5 9l7 7 7-7" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  plus: <path d="M12 5v14M5 12h14" />,
  check: <path d="M5 12.5l5 5L19 7" />,
  search: (
    <>
      <circle cx="11" cy="11" r="6.5" />
      <path d="M16 16l4.5 4.5" />
    </>
  ),
  more: (
    <>
      <circle cx="12" cy="5" r="1.2" fill="currentColor" />
      <circle cx="12" cy="12" r="1.2" fill="currentColor" />
      <circle cx="12" cy="19" r="1.2" fill="currentColor" />
    </>
  ),
  send: <path d="M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4" />,
  smile: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M8.5 14.5a4.5 4.5 0 007 0M9 9.5v.5M15 9.5v.5" />
    </>
  ),
  reply: <path d="M10 6l-6 6 6 6M4 12h9a7 7 0 017 7" />,
  forward: <path d="M14 6l6 6-6 6M20 12h-9a7 7 0 00-7 7" />,
  edit: <path d="M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM13.5 7l3.5 3.5" />,
  trash: <path d="M4 7h16M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5" />,
  star: <path d="M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z" />,
  pin: <path d="M9 4h6l-.7 6 3.2 3.5h-11L9.7 10zM12 13.500V20.5" />,
  copy: (
    <>
      <rect x="8.5" y="8.5" width="11" height="11" rx="2" />
      <path d="M15.5 8.500v-2a2 2 0 00-2-2h-7a2 2 0 00-2 2v7a2 2 0 002 2h2" />
    </>
  ),
  info: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 11v5.500M12 7.500v.5" />
    </>
  ),
  mute: <path d="M6 17h12l-1.5-2.500V10a4.5 4.5 0 00-9 0v4.500zM10.5 20h3M4 4l16 16" />,
  bell: <path d="M6 17h12l-1.5-2.500V10a4.5 4.5 0 00-9 0v4.500zM10.5 20h3" />,
  archive: <path d="M4 5h16v4H4zM5.5 9v10.500h13V9M10 13h4" />,
  people: (
    <>
      <circle cx="9" cy="8.5" r="3.2" />
      <path d="M3 19.500a6 6 0 0112 0M15.5 5.600a3.2 3.2 0 010 5.800M17.5 14.300a6 6 0 013.5 5.2" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="3.7" />
      <path d="M5 20a7 7 0 0114 0" />
    </>
  ),
  settings: (
    <>
      <circle cx="12" cy="12" r="3" />
      <path d="M12 3.500v3M12 17.500v3M3.5 12h3M17.5 12h3M6 6l2 2M16 16l2 2M18 6l-2 2M8 16l-2 2" />
    </>
  ),
  link: <path d="M10 14a4 4 0 005.7 0l3-3a4 4 0 00-5.7-5.700l-1 1M14 10a4 4 0 00-5.7 0l-3 3a4 4 0 005.7 5.700l1-1" />,
  lock: (
    <>
      <rect x="5.5" y="10.5" width="13" height="9.5" rx="2" />
      <path d="M8.5 10.500V8a3.5 3.5 0 017 0v2.5" />
    </>
  ),
  clock: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7v5.300l3.5 2" />
    </>
  ),
  alert: <path d="M12 4l9 16H3zM12 10v5M12 17.300v.2" />,
  offline: (
    <path d="M4 4l16 16M8.5 15.500a5 5 0 016 -.500M5 12a10 10 0 014-2.300M12.5 9.300A10 10 0 0119 12M2.5 8.500A14
      14 0 016 6.300M10 5.100a14 14 0 0111.5 3.400M12 19v.1" />
  ),
  refresh: <path d="M20 12a8 8 0 11-2.5-5.800L20 8.500M20 4v4.500h-4.5" />,
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.600L7 7M17 17l1.4 1.400M18.4 5.600L17 7M7 17l-1.4 1.4" />
    </>
  ),
  keyboard: (
    <>
      <rect x="3" y="6.5" width="18" height="11" rx="2" />
      <path d="M7 10.500h.1M10.3 10.500h.1M13.7 10.500h.1M17 10.500h.1M8 14h8" />
    </>
  ),
  globe: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M3.5 12h17M12 3.500c5 5.3 5 11.7 0 17M12 3.500c-5 5.3-5 11.7 0 17" />
    </>
  ),
  phone: (
    <>
      <rect x="7" y="3.5" width="10" height="17" rx="2" />
      <path d="M11 17.500h2" />
    </>
  ),
  shield: <path d="M12 3.500l7.5 3v5c0 4.5-3 7.5-7.5 9-4.5-1.5-7.5-4.5-7.5-9v-5z" />,
  block: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M6 6l12 12" />
    </>
  ),
  flag: <path d="M6 20.500V4.500h11l-2 4 2 4H6" />,
  leave: <path d="M14 4.500H6.500a1 1 0 00-1 1v13a1 1 0 001 1H14M10 12h10M16.5 8.500L20 12l-3.5 3.5" />,
  image: (
    <>
      <rect x="4" y="4.5" width="16" height="15" rx="2" />
      <circle cx="9" cy="9.5" r="1.5" />
      <path d="M4.5 17l5-4.5 3 2.5 3.5-4 4 4.5" />
    </>
  ),
  qr: (
    <path d="M4.5 4.500h6v6h-6zM13.5 4.500h6v6h-6zM4.5 13.500h6v6h-6zM13.5 13.500h2v2h-2zM17.5 17.500h2v2h-2zM17.5
      13.500h2M13.5 18.500v1" />
  ),
  chat: (
    <path d="M5 5h14a1.5 1.5 0 011.5 1.500v9A1.5 1.5 0 0119 17h-7.500L7 20.500V17H5a1.5 1.5 0 01-1.5-1.500v-9A1.5
      1.5 0 015 5z" />
  ),
  unread: (
    <>
      <path d="M13 5H5a1.5 1.5 0 00-1.5 1.500v9A1.5 1.5 0 005 17h2v3.500l4.5-3.500H19a1.5 1.5 0 001.5-1.500V12" />
      <circle cx="18.5" cy="6.5" r="2.5" fill="currentColor" />
    </>
  ),
  at: (
    <>
      <circle cx="12" cy="12" r="3.7" />
      <path d="M15.7 8.500v4.500a2.3 2.3 0 004.8 0v-1a8.5 8.5 0 10-3.5 6.9" />
    </>
  ),
  crown: <path d="M4 17.500l-1-9 5 4 4-6.5 4 6.5 5-4-1 9z" />,
  history: <path d="M4 12a8 8 0 102.5-5.800L4 8.500M4 4v4.500h4.500M12 8v4.300l3 1.7" />,
  attach: (
    <path d="M19 11l-7.5 7.500a4.5 4.5 0 01-6.4-6.400l8-8a3 3 0 014.3 4.300l-7.8 7.800a1.5 1.5 0 01-2.1-2.100l7-7" />
  ),
} as const satisfies { [name: string]: ReactNode };

export type IconName = keyof typeof paths;

/** Which signs turn around where people write from right to left. */
const turning: ReadonlySet<string> = new Set(["back", "forth", "reply", "forward", "send", "leave"]);

export function Icon(props: { name: IconName; size?: number; className?: string; filled?: boolean }) {
  const { name, size = 20, className = "", filled = false } = props;
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className={`shrink-0 ${turning.has(name) ? "turns" : ""} ${className}`}
    >
      {paths[name]}
    </svg>
  );
}

export const iconNames = Object.keys(paths) as IconName[];

/** How far a line has got, drawn as people know it: a clock, one tick, two ticks, two in colour, a warning. */
export function TickSign({ ticks }: { ticks: "queued" | "failed" | "sent" | "delivered" | "read" }) {
  if (ticks === "queued") return <Icon name="clock" size={14} />;
  if (ticks === "failed") return <Icon name="alert" size={14} className="text-danger" />;
  return (
    <svg
      viewBox="0 0 20 14"
      width="18"
      height="13"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${ticks === "read" ? "text-read" : ""}`}
    >
      <path d="M2 7.500l3.5 3.500L12 3" />
      {ticks !== "sent" && <path d="M8.5 10l1 1L18 3" />}
    </svg>
  );
}
