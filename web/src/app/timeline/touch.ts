/** What a finger does with a line. */
import { type PointerEvent, useRef, useState } from "react";
import type { Line } from "../../engine/contract";
import type { Acts } from "./acts";

const LONG_PRESS_MS = 450;
export const SWIPE_PX = 56;

/** A finger: held, it opens the menu; drawn along the line, it answers. */
export function useTouch(line: Line, acts: Acts) {
  const start = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | null>(null);
  const [drawn, draw] = useState(0);
  const drop = () => {
    if (start.current) clearTimeout(start.current.timer);
    start.current = null;
    draw(0);
  };
  return {
    drawn,
    touch: {
      onPointerDown: (e: PointerEvent<HTMLElement>) => {
        if (e.pointerType !== "touch") return;
        const at = e.currentTarget;
        const timer = setTimeout(() => {
          drop();
          navigator.vibrate?.(10);
          acts.menu(line, at);
        }, LONG_PRESS_MS);
        start.current = { x: e.clientX, y: e.clientY, timer };
      },
      onPointerMove: (e: PointerEvent<HTMLElement>) => {
        if (!start.current) return;
        const x = e.clientX - start.current.x;
        const y = e.clientY - start.current.y;
        if (Math.abs(x) > 8 || Math.abs(y) > 8) clearTimeout(start.current.timer);
        if (Math.abs(y) > 24 && Math.abs(y) > Math.abs(x)) drop();
        else if (Math.abs(x) > 12) draw(Math.min(Math.max(rtl() ? -x : x, 0), SWIPE_PX * 1.3));
      },
      onPointerUp: () => {
        if (start.current && drawn >= SWIPE_PX) acts.reply(line);
        drop();
      },
      onPointerCancel: drop,
    },
  };
}

export const rtl = () => document.documentElement.dir === "rtl";
