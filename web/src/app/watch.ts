/**
 * How screens follow the engine. Components that look at the same thing share one watch; it lives a little longer than
 * the last of them, so that going back and forth shows at once what was there.
 */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Engine, OrderName, Orders, ViewName, Views } from "../engine/contract";

const LINGER_MS = 10_000;

type Shared = {
  is: unknown;
  tells: Set<() => void>;
  stop: () => void;
  timer?: ReturnType<typeof setTimeout> | undefined;
};

export const EngineContext = createContext<Engine | null>(null);

export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (!engine) throw new Error("a screen outside of the app");
  return engine;
}

const shared = new WeakMap<Engine, Map<string, Shared>>();

function share<V extends ViewName>(engine: Engine, view: V, of: Views[V]["of"], name: string): Shared {
  let views = shared.get(engine);
  if (!views) shared.set(engine, (views = new Map()));
  const held = views.get(name);
  if (held) return held;
  const made: Shared = { is: undefined, tells: new Set(), stop: () => {} };
  views.set(name, made);
  made.stop = engine.watch(view, of, is => {
    made.is = is;
    for (const tell of made.tells) tell();
  });
  return made;
}

/** What is known of it; `undefined` until something is, or while `of` is `undefined`. */
export function useWatch<V extends ViewName>(view: V, of: Views[V]["of"] | undefined): Views[V]["is"] | undefined {
  const engine = useEngine();
  const name = of === undefined ? null : `${view} ${JSON.stringify(of)}`;
  const subscribe = useCallback(
    (tell: () => void) => {
      if (name === null) return () => {};
      const of = JSON.parse(name.slice(view.length + 1)) as Views[V]["of"];
      const one = share(engine, view, of, name);
      clearTimeout(one.timer);
      one.tells.add(tell);
      return () => {
        one.tells.delete(tell);
        if (one.tells.size > 0) return;
        one.timer = setTimeout(() => {
          one.stop();
          shared.get(engine)?.delete(name);
        }, LINGER_MS);
      };
    },
    [engine, view, name],
  );
  return useSyncExternalStore(subscribe, () =>
    name === null ? undefined : (shared.get(engine)?.get(name)?.is as Views[V]["is"] | undefined),
  );
}

export type Give = <O extends OrderName>(order: O, ask: Orders[O]["ask"]) => Promise<Orders[O]["answer"]>;
