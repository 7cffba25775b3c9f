/** A question that a screen asks once it is looked at, and again when what it is about changes. */
import { useEffect, useState } from "react";
import type { OrderName, Orders } from "../engine/contract";
import { useEngine } from "./watch";

export type Asked<A> = { is?: A; no?: unknown; again: () => void; put: (is: A) => void };

export function useAnswer<O extends OrderName>(
  order: O,
  ask: Orders[O]["ask"] | undefined,
  anew: unknown = null,
): Asked<Orders[O]["answer"]> {
  const engine = useEngine();
  const name = ask === undefined ? null : JSON.stringify(ask);
  const [turn, again] = useState(0);
  const [told, tell] = useState<{ name: string | null; is?: Orders[O]["answer"]; no?: unknown }>({ name: null });
  useEffect(() => {
    if (name === null) return;
    let late = false;
    engine.order(order, JSON.parse(name) as Orders[O]["ask"]).then(
      is => {
        if (!late) tell({ name, is });
      },
      (no: unknown) => {
        if (!late) tell({ name, no });
      },
    );
    return () => {
      late = true;
    };
  }, [engine, order, name, anew, turn]);
  const fits = told.name === name ? told : { name };
  return {
    ...("is" in fits ? { is: fits.is } : {}),
    ...("no" in fits ? { no: fits.no } : {}),
    again: () => again(n => n + 1),
    put: is => tell({ name, is }),
  };
}
