/** People whose name or handle begins so: asked a moment after the last key. */
import { useEffect, useState } from "react";
import type { Person } from "../../wire/wire";
import { useOrder } from "../order";

const PAUSE_MS = 200;

export function useFound(text: string): { list: readonly Person[]; asks: boolean } {
  const { ask } = useOrder();
  const [found, put] = useState<{ text: string; list: readonly Person[] }>({ text: "", list: [] });
  const wanted = text.trim();
  useEffect(() => {
    if (!wanted) return;
    let late = false;
    const timer = setTimeout(() => {
      ask("find", { text: wanted }).then(
        list => {
          if (!late) put({ text: wanted, list });
        },
        () => {
          if (!late) put({ text: wanted, list: [] });
        },
      );
    }, PAUSE_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [ask, wanted]);
  return wanted ? { list: found.list, asks: found.text !== wanted } : { list: [], asks: false };
}
