/** Where the emoji picker appears, fetched when it is first wanted. */
import { lazy, Suspense, useEffect, useState } from "react";

const Picker = lazy(() => import("./picker"));

type Wanted = { at: Element; pick: (emoji: string) => void };
let show: ((wanted: Wanted | null) => void) | null = null;

export function openPicker(at: Element, pick: (emoji: string) => void): void {
  show?.({ at, pick });
}

export function PickerHost() {
  const [wanted, want] = useState<Wanted | null>(null);
  useEffect(() => {
    show = want;
    return () => {
      show = null;
    };
  }, []);
  if (!wanted) return null;
  return (
    <Suspense>
      <Picker {...wanted} onClose={() => want(null)} />
    </Suspense>
  );
}
