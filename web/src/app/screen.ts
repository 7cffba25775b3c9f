/**
 * How high the page is while a keyboard lies over it. Where the browser does not take the keyboard off the page itself
 * (Safari), it is measured, or the composer would lie under it.
 */
import { useEffect } from "react";

export function useScreen(): void {
  useEffect(() => {
    const seen = window.visualViewport;
    if (!seen) return;
    const fit = () => {
      const covered = innerHeight - seen.height > 80 && seen.scale === 1;
      document.documentElement.style.setProperty("--screen", covered ? `${seen.height}px` : "100dvh");
      // Safari pushes the page up to show the field; the page is as high as what is seen, so it goes back.
      if (covered) scrollTo(0, 0);
    };
    seen.addEventListener("resize", fit);
    return () => seen.removeEventListener("resize", fit);
  }, []);
}
