/** A real browser, and what a test says to the engine of a page without screens. */

import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import type { Engine, OrderName, Orders, ViewName, Views } from "../../src/engine/contract";

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** How long a test waits for something to come true, in milliseconds. */
const WAIT_MS_MAX = 20_000;

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
}

/** Gives an order in a page. */
export function order<O extends OrderName>(page: Page, name: O, ask: Orders[O]["ask"]): Promise<Orders[O]["answer"]> {
  return page.evaluate(
    ([name, ask]) => {
      const { engine } = globalThis as unknown as { engine: Engine };
      return engine.order(name as never, ask as never).catch((no: unknown) => {
        throw new Error(JSON.stringify(no));
      });
    },
    [name, ask] as const,
  ) as Promise<Orders[O]["answer"]>;
}

/** Waits until a view is as it should be, and gives it. */
export async function until<V extends ViewName>(
  page: Page, view: V, of: Views[V]["of"], wanted: (is: Views[V]["is"]) => boolean,
): Promise<Views[V]["is"]> {
  await page.evaluate(
    ([view, of]) => {
      const seen = globalThis as unknown as { engine: Engine; views?: Record<string, unknown> };
      const key = view + JSON.stringify(of);
      seen.views ??= {};
      if (key in seen.views) return;
      seen.views[key] = undefined;
      seen.engine.watch(view as ViewName, of as never, (is) => {
        if (seen.views) seen.views[key] = is;
      });
    },
    [view, of] as const,
  );
  let last: unknown;
  for (const late_ms = Date.now() + WAIT_MS_MAX; Date.now() < late_ms; ) {
    last = await page.evaluate(
      (key) => (globalThis as unknown as { views?: Record<string, unknown> }).views?.[key],
      view + JSON.stringify(of),
    );
    if (last !== undefined && wanted(last as Views[V]["is"])) return last as Views[V]["is"];
  }
  throw new Error(`it never came true; ${view} is ${JSON.stringify(last)?.slice(0, 2_000)}`);
}
