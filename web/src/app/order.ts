/** How screens give orders: what is refused is told in words, in one place, so that no screen forgets to. */
import { useMemo } from "react";
import { toast } from "../design/toast";
import type { No, OrderName, Orders } from "../engine/contract";
import type { Refusal } from "../wire/wire";
import { known, t } from "../words/words";
import { useEngine } from "./watch";

/** Why something was refused, in the reader's language where we have it; the server's own sentence where we do not. */
export function whyRefused(refusal: Refusal): string {
  const word = `no.${refusal.name}`;
  if (!known(word)) return refusal.say;
  return t(word, { seconds: Math.ceil((refusal.retry_after_ms ?? 0) / 1_000) });
}

export function whyNot(no: unknown): string {
  const why = no as No | undefined;
  switch (why?.no) {
    case "refused":
      return whyRefused(why.refusal);
    case "offline":
      return t("no.offline");
    case "full":
      return t("no.full");
    default:
      return t("no.broken");
  }
}

/** `ask` rejects as the engine does; `give` tells the person instead and answers `undefined`. */
export function useOrder() {
  const engine = useEngine();
  return useMemo(
    () => ({
      ask: <O extends OrderName>(order: O, ask: Orders[O]["ask"]) => engine.order(order, ask),
      give: async <O extends OrderName>(order: O, ask: Orders[O]["ask"]): Promise<Orders[O]["answer"] | undefined> => {
        try {
          return await engine.order(order, ask);
        } catch (no) {
          toast(whyNot(no), { bad: true });
          return undefined;
        }
      },
    }),
    [engine],
  );
}
