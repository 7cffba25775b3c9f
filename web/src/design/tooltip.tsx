/**
 * One tooltip for the page: whatever has `data-tip` tells it when pointed at or focused by keyboard. It repeats the
 * accessible name, so it is hidden from who hears the page.
 */
import { useEffect, useRef } from "react";

export function TooltipHost() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = ref.current;
    if (!box || !matchMedia("(hover: hover)").matches) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(timer);
      if (box.matches(":popover-open")) box.hidePopover();
    };
    const show = (target: EventTarget | null, wait: number) => {
      hide();
      const on = target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
      if (!on) return;
      timer = setTimeout(() => {
        if (!on.isConnected) return;
        box.textContent = on.dataset["tip"] ?? "";
        box.showPopover();
        const spot = on.getBoundingClientRect();
        const { width, height } = box.getBoundingClientRect();
        const below = spot.bottom + 6 + height < innerHeight;
        const left = Math.min(Math.max(8, spot.left + spot.width / 2 - width / 2), innerWidth - width - 8);
        Object.assign(box.style, { left: `${left}px`, top: `${below ? spot.bottom + 6 : spot.top - height - 6}px` });
      }, wait);
    };
    const over = (e: PointerEvent) => {
      if (e.pointerType === "mouse") show(e.target, 500);
    };
    const focus = (e: FocusEvent) => {
      if (e.target instanceof Element && e.target.matches(":focus-visible")) show(e.target, 300);
    };
    document.addEventListener("pointerover", over);
    document.addEventListener("focusin", focus);
    for (const kind of ["pointerdown", "keydown", "scroll"]) document.addEventListener(kind, hide, true);
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      document.removeEventListener("focusin", focus);
      for (const kind of ["pointerdown", "keydown", "scroll"]) document.removeEventListener(kind, hide, true);
    };
  }, []);
  return (
    <div
      ref={ref}
      popover="manual"
      aria-hidden="true"
      className="appear pointer-events-none fixed m-0 rounded-lg
    bg-text px-2 py-1 text-small text-surface"
    />
  );
}
