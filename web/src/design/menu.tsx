/**
 * One menu for the whole page. Who wants one calls `menu(at, items)`; it stands where it was asked for, and rises from
 * the bottom as a sheet on a phone. Arrows, Home, End, first letters, Escape; focus goes back to where it came from.
 */
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Icon, type IconName } from "./icons";

export type MenuItem =
  | "line"
  | {
      words: string;
      icon?: IconName;
      run: () => void;
      danger?: boolean;
      off?: boolean;
      checked?: boolean;
      keys?: string;
    };

type Wanted = {
  at: Element | { x: number; y: number };
  items: readonly MenuItem[];
  above?: readonly string[] | undefined;
  onAbove?: ((word: string) => void) | undefined;
  label: string;
};

let show: ((wanted: Wanted) => void) | null = null;

export function menu(
  label: string,
  at: Wanted["at"],
  items: readonly MenuItem[],
  above?: { words: readonly string[]; pick: (word: string) => void },
): void {
  show?.({ label, at, items, above: above?.words, onAbove: above?.pick });
}

export function MenuHost() {
  const [wanted, want] = useState<Wanted | null>(null);
  const ref = useRef<HTMLDivElement>(null);
  const from = useRef<Element | null>(null);
  useEffect(() => {
    show = next => {
      from.current = document.activeElement;
      want(next);
    };
    return () => {
      show = null;
    };
  }, []);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!wanted || !box) return;
    if (!box.matches(":popover-open")) box.showPopover();
    if (!matchMedia("(width < 45rem)").matches) place(box, wanted.at);
    else Object.assign(box.style, { left: "", top: "" });
    box.querySelector<HTMLElement>("[role^=menuitem]:not([disabled])")?.focus({ preventScroll: true });
  }, [wanted]);
  if (!wanted) return null;

  const shut = () => {
    ref.current?.hidePopover();
    want(null);
    if (from.current instanceof HTMLElement && from.current.isConnected) from.current.focus({ preventScroll: true });
  };
  const keys = (e: KeyboardEvent) => {
    e.stopPropagation();
    const all = [...(ref.current?.querySelectorAll<HTMLElement>("[role^=menuitem]:not([disabled])") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = (n: number) => {
      e.preventDefault();
      all[(n + all.length) % all.length]?.focus();
    };
    if (e.key === "ArrowDown") to(at + 1);
    else if (e.key === "ArrowUp") to(at - 1);
    else if (e.key === "ArrowRight" || e.key === "ArrowLeft") to(at + (e.key === "ArrowRight" ? 1 : -1));
    else if (e.key === "Home") to(0);
    else if (e.key === "End") to(all.length - 1);
    else if (e.key === "Tab" || e.key === "Escape") {
      e.preventDefault();
      shut();
    } else if (e.key.length === 1 && e.key !== " ") {
      const letter = e.key.toLocaleLowerCase();
      const hit = [...all.slice(at + 1), ...all].find(i => i.dataset["words"]?.toLocaleLowerCase().startsWith(letter));
      hit?.focus();
    }
  };
  return (
    <div
      ref={ref}
      popover="auto"
      role="menu"
      aria-label={wanted.label}
      onKeyDown={keys}
      onToggle={e => {
        if (e.newState === "closed") want(null);
      }}
      className="m-0 min-w-56 max-w-[calc(100vw-1rem)] overflow-auto overscroll-contain rounded-2xl border border-line
        bg-raised p-1.5 text-text shadow-float wide:fixed wide:max-h-[calc(100dvh-1rem)] wide:rise
        phone:inset-x-0 phone:top-auto phone:bottom-0 phone:max-h-[80dvh] phone:w-full phone:max-w-none
        phone:rounded-b-none phone:pb-[calc(0.375rem+env(safe-area-inset-bottom))] phone:sheet
        backdrop:bg-transparent phone:backdrop:bg-veil"
    >
      {wanted.above && (
        <div role="group" className="flex justify-between gap-1 border-b border-line pb-1.5 mb-1.5">
          {wanted.above.map(word => (
            <button
              key={word}
              type="button"
              role="menuitem"
              data-words={word}
              aria-label={word}
              onClick={() => {
                shut();
                wanted.onAbove?.(word);
              }}
              className="flex size-10 items-center justify-center rounded-full text-[1.375rem] hover:bg-hover
                focus:bg-hover"
            >
              {word === "+" ? <Icon name="plus" /> : word}
            </button>
          ))}
        </div>
      )}
      {wanted.items.map((item, n) =>
        item === "line" ? (
          <div key={n} role="separator" className="my-1.5 border-t border-line" />
        ) : (
          <button
            key={n}
            type="button"
            role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
            aria-checked={item.checked}
            disabled={item.off}
            data-words={item.words}
            onClick={() => {
              shut();
              item.run();
            }}
            className={`flex min-h-10 w-full items-center gap-3 rounded-xl px-3 py-1.5 text-start outline-none
              hover:bg-hover focus:bg-hover disabled:opacity-45 ${item.danger ? "text-danger" : ""}`}
          >
            {item.icon && <Icon name={item.icon} size={18} className={item.danger ? "" : "text-muted"} />}
            <span className="flex-1">{item.words}</span>
            {item.checked && <Icon name="check" size={18} className="text-accent-text" />}
            {item.keys && <kbd className="text-tiny text-muted">{item.keys}</kbd>}
          </button>
        ),
      )}
    </div>
  );
}

/** Below and at the start of what was pressed; moved so that all of it is on the screen. */
function place(box: HTMLElement, at: Wanted["at"]): void {
  const { width, height } = box.getBoundingClientRect();
  const spot = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.x, at.y, 0, 0);
  const rtl = document.documentElement.dir === "rtl";
  const space = 8;
  let left = rtl ? spot.right - width : spot.left;
  let top = spot.bottom + 4;
  if (top + height > innerHeight - space) top = Math.max(space, spot.top - height - 4);
  left = Math.min(Math.max(space, left), innerWidth - width - space);
  Object.assign(box.style, { left: `${left}px`, top: `${top}px` });
}
