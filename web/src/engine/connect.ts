/**
 * The tab's end of the engine: a worker of its own behind the {@link Engine} that the screens hold. Equal watches share
 * one, and what is told keeps its identity where it did not change.
 */

import workerUrl from "../worker/main?worker&url";
import type { Engine, No, OrderName, Orders, ViewName, Views } from "./contract";
import { scriptUrl } from "./policy";
import { share } from "./share";
import type { ToDesk, ToWorker } from "./talk";

type Tell = (is: unknown) => void;
type Watch = { id: number; tells: Set<Tell>; is: unknown; known: boolean };
type Awaited = { resolve: (answer: never) => void; reject: (no: No) => void };

/** Starts this tab's worker. */
export function connect(): Engine {
  const worker = new Worker(scriptUrl(workerUrl), { type: "module", name: "tidings" });
  const watches = new Map<string, Watch>();
  const byId = new Map<number, Watch>();
  const orders = new Map<number, Awaited>();
  let next = 1;
  const say = (message: ToWorker) => worker.postMessage(message);

  worker.addEventListener("message", (event: MessageEvent<ToDesk>) => {
    const told = event.data;
    if (told.say === "is") {
      const watch = byId.get(told.id);
      if (!watch) return;
      const is = watch.known ? share(watch.is, told.is) : told.is;
      if (watch.known && is === watch.is) return;
      watch.is = is;
      watch.known = true;
      for (const tell of watch.tells) tell(is);
      return;
    }
    const awaited = orders.get(told.id);
    orders.delete(told.id);
    if (told.say === "done") awaited?.resolve(told.answer as never);
    else awaited?.reject(told.no);
  });
  worker.addEventListener("error", (event) => {
    for (const awaited of orders.values()) awaited.reject({ no: "broken", why: event.message });
    orders.clear();
  });

  const visible = () => say({ say: "visible", visible: document.visibilityState === "visible" });
  document.addEventListener("visibilitychange", visible);
  window.addEventListener("online", visible);
  visible();

  return {
    watch<V extends ViewName>(view: V, of: Views[V]["of"], tell: (is: Views[V]["is"]) => void): () => void {
      const key = `${view} ${JSON.stringify(of)}`;
      let watch = watches.get(key);
      if (!watch) {
        watch = { id: next++, tells: new Set(), is: undefined, known: false };
        watches.set(key, watch);
        byId.set(watch.id, watch);
        say({ say: "watch", id: watch.id, view, of });
      }
      const mine = watch;
      const hears: Tell = (is) => tell(is as Views[V]["is"]);
      mine.tells.add(hears);
      if (mine.known) hears(mine.is);
      return () => {
        mine.tells.delete(hears);
        if (mine.tells.size > 0 || watches.get(key) !== mine) return;
        watches.delete(key);
        byId.delete(mine.id);
        say({ say: "unwatch", id: mine.id });
      };
    },
    order<O extends OrderName>(order: O, ask: Orders[O]["ask"]): Promise<Orders[O]["answer"]> {
      const id = next++;
      return new Promise((resolve, reject) => {
        orders.set(id, { resolve, reject });
        say({ say: "order", id, order, ask });
      });
    },
  };
}
