/** The engine in a real browser, against a real server: what people say arrives, whatever happens to tabs and nets. */

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, order, until } from "./browser";
import { serve } from "./served";
import type { Served } from "./served";

const SITE = new URL("../../dist/engine", import.meta.url).pathname;
/** How long a tab is frozen, in milliseconds: longer than others wait before they take its place. */
const FROZEN_MS = 15_000;
let served: Served;
let browser: Browser;

beforeAll(async () => {
  served = await serve(SITE);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await served?.end();
});

async function person(handle: string): Promise<{ context: BrowserContext; page: Page; me: string }> {
  const context = await browser.newContext();
  const page = await tab(context);
  await until(page, "session", null, (session) => session.stage === "signed out");
  await order(page, "sign_up", { handle, name: handle.toUpperCase(), password: "correct horse" });
  const session = await until(page, "session", null, (session) => session.link.is === "online");
  return { context, page, me: session.me ?? "" };
}

async function tab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error("page:", error.message));
  page.on("console", (said) => said.type() === "error" && console.error("console:", said.text()));
  await page.goto(served.url);
  return page;
}

function said(page: Page, conv: string, texts: string[]): Promise<unknown> {
  return until(page, "timeline", { conv, around: null, count: 50 }, ({ lines }) => {
    const words = lines.filter((line) => line.kind === "text" && line.ticks !== "queued").map((line) => line.body.text);
    return JSON.stringify(words) === JSON.stringify(texts);
  });
}

function say(page: Page, conv: string, text: string): Promise<string> {
  return order(page, "send", { conv, text, mentions: [] });
}

test("two people talk, and one of them in two tabs that share one device", async () => {
  const [ann, bob] = [await person("ann"), await person("bob")];
  const conv = await order(ann.page, "begin", { with: bob.me });
  await say(ann.page, conv, "hello");
  await said(bob.page, conv, ["hello"]);
  const second = await tab(bob.context);
  await said(second, conv, ["hello"]);
  await say(second, conv, "hello to you");
  await Promise.all([ann.page, bob.page, second].map((page) => said(page, conv, ["hello", "hello to you"])));
  const devices = await until(second, "me", null, (me) => me.devices.length > 0);
  expect(devices.devices.length).toBe(1);

  // The tab that leads goes; the other takes over, with what was said in between.
  await bob.page.close();
  await say(ann.page, conv, "are you there?");
  await say(second, conv, "I am");
  await Promise.all([ann.page, second].map((page) => said(page, conv, ["hello", "hello to you", "are you there?", "I am"])));

  // Read only when it is said to be.
  const before = await until(second, "conversation", conv, (row) => row?.unread === 4);
  await order(second, "open", { conv });
  await order(second, "read", { conv, seq: before?.head_seq ?? 0 });
  await until(second, "conversation", conv, (row) => row?.unread === 0);
  await order(ann.page, "open", { conv });
  await until(ann.page, "timeline", { conv, around: null, count: 50 }, ({ lines }) =>
    lines.filter((line) => line.sender === ann.me && line.kind === "text").every((line) => line.ticks === "read"),
  );
  await Promise.all([ann.context.close(), bob.context.close()]);
}, 60_000);

test("what is said in a tunnel, or to a server that is gone, comes once and in order", async () => {
  const [cat, dan] = [await person("cat"), await person("dan")];
  const conv = await order(cat.page, "begin", { with: dan.me });
  await say(cat.page, conv, "1");
  await said(dan.page, conv, ["1"]);
  served.cut(true);
  await until(cat.page, "session", null, (session) => session.link.is === "offline");
  await say(cat.page, conv, "2");
  await say(cat.page, conv, "3");
  const session = await until(cat.page, "session", null, (session) => session.waiting === 2);
  expect(session.failed).toBe(0);
  // The page is closed and opened again before there is a net: nothing is lost.
  await cat.page.close();
  const again = await tab(cat.context);
  await until(again, "session", null, (session) => session.waiting === 2);
  served.cut(false);
  await order(again, "hurry", null);
  await Promise.all([again, dan.page].map((page) => said(page, conv, ["1", "2", "3"])));
  await served.kill();
  await say(again, conv, "4");
  await served.start();
  await Promise.all([order(again, "hurry", null), order(dan.page, "hurry", null)]);
  await Promise.all([again, dan.page].map((page) => said(page, conv, ["1", "2", "3", "4"])));
  await Promise.all([cat.context.close(), dan.context.close()]);
}, 90_000);

test("a tab on the screen takes over from one that the browser froze, and nothing is said twice", async () => {
  const [fay, gus] = [await person("fay"), await person("gus")];
  const conv = await order(fay.page, "begin", { with: gus.me });
  await say(fay.page, conv, "1");
  const second = await tab(gus.context);
  await said(second, conv, ["1"]);
  await second.bringToFront();
  // A browser on a desk does not freeze workers by order; one that is busy does as little.
  const thawed = gus.page.workers()[0]?.evaluate((ms) => {
    for (const until_ms = Date.now() + ms; Date.now() < until_ms; );
  }, FROZEN_MS);
  let is_thawed = false;
  void thawed?.then(() => (is_thawed = true));
  await say(fay.page, conv, "2");
  await say(second, conv, "3");
  await Promise.all([fay.page, second].map((page) => said(page, conv, ["1", "2", "3"])));
  expect(is_thawed, "the others did not wait for it").toBe(false);
  await thawed;
  await gus.page.bringToFront();
  await say(gus.page, conv, "4");
  await Promise.all([fay.page, second, gus.page].map((page) => said(page, conv, ["1", "2", "3", "4"])));
  await Promise.all([fay.context.close(), gus.context.close()]);
}, 90_000);

test("who signs out leaves nothing behind", async () => {
  const eve = await person("eve");
  const note = await order(eve.page, "begin", { with: eve.me });
  await say(eve.page, note, "to myself");
  await said(eve.page, note, ["to myself"]);
  await order(eve.page, "sign_out", null);
  await until(eve.page, "session", null, (session) => session.stage === "signed out");
  const left = await eve.page.evaluate(async () => (await indexedDB.databases()).map((database) => database.name));
  expect(left).toEqual(["tidings"]);
  expect(await eve.context.cookies()).toEqual([]);
  await eve.context.close();
}, 60_000);
