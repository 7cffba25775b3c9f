/** Short words at the foot of the page: what went wrong, what was done, and a way to take it back. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { Icon } from "./icons";

type Toast = { id: number; words: string; bad: boolean; action?: { words: string; run: () => void } | undefined };

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();
const set = (now: readonly Toast[]) => {
  toasts = now;
  listeners.forEach(tell => tell());
};

export function toast(words: string, how: { bad?: boolean; action?: Toast["action"] } = {}): void {
  const id = next++;
  // Never more than three: who is flooded reads none of them.
  set([
    ...toasts.slice(-2).filter(one => one.words !== words),
    { id, words, bad: how.bad ?? false, action: how.action },
  ]);
  setTimeout(() => set(toasts.filter(one => one.id !== id)), how.action || how.bad ? 8_000 : 4_000);
}

export function ToastHost() {
  const all = useSyncExternalStore(
    tell => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => toasts,
  );
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Shown anew each time: what came last into the top layer lies above an open dialog.
    const box = ref.current;
    if (!box) return;
    if (box.matches(":popover-open")) box.hidePopover();
    if (all.length > 0) box.showPopover();
  }, [all]);
  return (
    <div
      ref={ref}
      popover="manual"
      role="status"
      aria-live="polite"
      className="fixed inset-x-0 top-auto bottom-[calc(5.5rem+env(safe-area-inset-bottom))] mx-auto my-0 w-fit
        max-w-[calc(100vw-2rem)] flex-col items-center gap-2 bg-transparent p-1 open:flex"
    >
      {all.map(one => (
        <div
          key={one.id}
          className="rise flex items-center gap-3 rounded-2xl bg-text px-4 py-2.5 text-surface
          shadow-float"
        >
          {one.bad && <Icon name="alert" size={18} />}
          <span className="min-w-0 break-words">{one.words}</span>
          {one.action && (
            <button
              type="button"
              className="font-semibold underline"
              onClick={() => {
                set(toasts.filter(other => other !== one));
                one.action?.run();
              }}
            >
              {one.action.words}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
