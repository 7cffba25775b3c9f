/** The app as the binary serves it, in real browsers: what one person types another sees, and nothing breaks a rule. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { serve } from "./served";
import type { Served } from "./served";

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
let served: Served;
let browser: Browser;
/** What pages complained of: broken rules of the CSP among it. */
const complaints: string[] = [];

beforeAll(async () => {
  served = await serve();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await served?.end();
});

async function person(handle: string, name: string, shape: object): Promise<Page> {
  const page = await (await browser.newContext(shape)).newPage();
  page.on("console", (said) => {
    // A net that is cut is told by the browser, too.
    const of_net = /ERR_|WebSocket|Failed to load resource/.test(said.text());
    if (said.type() === "error" && !of_net) complaints.push(said.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(served.url);
  await page.getByText("Create an account").click();
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill("correct horse");
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByText("Say the first word").first().waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("textarea[aria-label=Message]").fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

test("two people find each other and talk, on a desk and on a phone, also over a cut", async () => {
  const ann = await person("ann", "Ann Archer", WIDE);
  const bob = await person("bob", "Bob Bell", PHONE);
  await ann.getByRole("button", { name: "New conversation" }).first().click();
  await ann.locator("dialog input").fill("@bob");
  await ann.getByText("Bob Bell").first().click();
  await say(ann, "Hello **Bob**");
  await bob.getByText("Ann Archer").first().click();
  await bob.locator("article strong", { hasText: "Bob" }).waitFor();
  await say(bob, "Hello to you");
  await ann.locator("article", { hasText: "Hello to you" }).waitFor();
  await ann.locator("article", { hasText: "Hello Bob" }).getByText("Read", { exact: true }).waitFor();

  served.cut(true);
  await say(ann, "Are you there?");
  await ann.locator("article", { hasText: "Are you there?" }).getByText("Waiting to be sent").waitFor();
  served.cut(false);
  await bob.locator("article", { hasText: "Are you there?" }).waitFor();
  await ann.reload();
  await ann.locator("article", { hasText: "Are you there?" }).getByText("Read", { exact: true }).waitFor();
  expect(await ann.locator("article").count()).toBe(3);
  expect(complaints).toEqual([]);
}, 90_000);

test("words that would be code are words, and break no rule", async () => {
  const eve = await person("eve", "<img src=x onerror=alert(1)>", WIDE);
  await eve.getByRole("button", { name: "New conversation" }).first().click();
  await eve.locator("dialog input").fill("@ann");
  await eve.getByText("Ann Archer").first().click();
  const hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>";
  await say(eve, hostile);
  await eve.locator("article", { hasText: "<script>alert(1)</script>" }).waitFor();
  expect(await eve.locator("article script, article img, article a[href^=javascript]").count()).toBe(0);
  expect(complaints).toEqual([]);
}, 60_000);
