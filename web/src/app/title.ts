/** The title of the page and the badge of the installed app: how many conversations wait. */
import { useEffect } from "react";
import type { Session } from "../engine/contract";
import { useWatch } from "./watch";

export function useTitle(session: Session | undefined): void {
  const rows = useWatch("conversations", session?.stage === "signed in" ? null : undefined);
  const waiting =
    rows?.filter(
      row => (row.unread > 0 && !row.muted && !row.prefs.archived && row.request !== "ignored") || row.mentions > 0,
    ).length ?? 0;
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) Tidings` : "Tidings";
    const badge = waiting > 0 ? navigator.setAppBadge?.(waiting) : navigator.clearAppBadge?.();
    badge?.catch(() => {}); // Not installed: there is nothing to put a badge on.
  }, [waiting]);
}
