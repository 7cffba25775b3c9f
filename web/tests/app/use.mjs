/**
 * Uses the screens as a person does, in a real browser against the pretended engine, and tells what did not happen.
 *
 *   node tests/app/use.mjs --dist DIST       after: vite build --mode pretend --outDir DIST
 */
import { chromium } from "playwright-core";
import { arg, serve } from "./serve.mjs";

const { base, close } = await serve(arg("dist") ?? new URL("../../dist-pretend", import.meta.url).pathname);
const only = arg("only");
const id = n => `01900000-0000-7000-8000-${String(1000 + n).padStart(12, "0")}`;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
let failed = 0;

async function check(name, how, hash, act, options = {}) {
  if (only && !name.includes(only)) return;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(5_000);
  const wrong = [];
  page.on("pageerror", error => wrong.push(String(error)));
  page.on("console", message => {
    if (message.type() === "error") wrong.push(message.text());
  });
  try {
    await page.goto(`${base}/?pretend&still&${how}${hash}`);
    await page.waitForTimeout(300);
    await act(page);
  } catch (error) {
    wrong.push(String(error).slice(0, 600));
  }
  if (wrong.length > 0) {
    failed += 1;
    console.log(`FAIL ${name}\n  ${wrong.join("\n  ")}`);
  } else console.log(`ok   ${name}`);
  await context.close();
}

const is = (what, fact) => {
  if (!fact) throw new Error(what);
};
const atEnd = page =>
  page
    .locator("[role=region]")
    .first()
    .evaluate(box => box.scrollHeight - box.scrollTop - box.clientHeight);
const write = page => page.locator("textarea[aria-label=Message]");

await check("a message is shown at once, once, and moves nothing when it arrives", "", `#/c/${id(2)}`, async page => {
  await write(page).fill("Hello there, **Ann**");
  await page.keyboard.press("Enter");
  const mine = page.locator("article", { hasText: "Hello there, Ann" });
  await mine.waitFor({ timeout: 500 });
  is("the field is empty", (await write(page).inputValue()) === "");
  is("it waits", (await mine.getByText("Waiting to be sent").count()) === 1);
  await mine.evaluate(node => {
    node.dataset.same = "yes";
  });
  await mine.getByText("Read", { exact: true }).waitFor();
  is("one of it", (await mine.count()) === 1);
  is("the same element", (await mine.getAttribute("data-same")) === "yes");
  is("the end is seen", (await atEnd(page)) < 4);
});

await check("a thousand lines backwards, and none of them jumps", "", `#/c/${id(3)}`, async page => {
  const region = page.locator("[role=region]").first();
  await page.getByRole("button", { name: "To the latest messages" }).click();
  await page.waitForTimeout(300);
  let worst = 0;
  for (let i = 0; i < 60; i += 1) {
    const moved = await region.evaluate(async box => {
      const wait = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      box.scrollTop -= 900;
      await wait();
      const frame = box.getBoundingClientRect();
      const mark = [...box.querySelectorAll("[data-line]")].find(
        node => node.getBoundingClientRect().top > frame.top + 200,
      );
      if (!mark) return "no line";
      const before = mark.getBoundingClientRect().top;
      await new Promise(done => setTimeout(done, 90));
      return mark.isConnected ? Math.abs(mark.getBoundingClientRect().top - before) : "the line went";
    });
    if (typeof moved !== "number") throw new Error(`${moved} after ${i} steps`);
    worst = Math.max(worst, moved);
  }
  const first = Number(await page.locator("[data-seq]").first().getAttribute("data-seq"));
  const count = await page.locator("[data-seq]").count();
  console.log(`     worst move ${worst.toFixed(1)} px, at line ${first} of 10000, ${count} lines in the page`);
  is(`moved ${worst} px`, worst < 3);
  is(`only at ${first}`, first < 9_500);
  is(`${count} lines in the page`, count < 80);
});

await check("forwards again to the very end", "", `#/c/${id(3)}/at/5000`, async page => {
  await page.waitForTimeout(400);
  is("the line is on the screen", await page.locator("[data-seq='5000']").isVisible());
  const region = page.locator("[role=region]").first();
  for (let i = 0; i < 25; i += 1) {
    await region.evaluate(box => {
      box.scrollTop += 1500;
    });
    await page.waitForTimeout(60);
  }
  const seqs = await page.locator("[data-seq]").evaluateAll(all => all.map(one => Number(one.dataset.seq)));
  is(`went on to ${seqs.at(-1)}`, seqs.at(-1) > 5_200);
  is(
    "no hole",
    seqs.every((seq, n) => n === 0 || seq === seqs[n - 1] + 1),
  );
  await page.getByRole("button", { name: "To the latest messages" }).click();
  await page.waitForTimeout(400);
  is("the end", await page.locator("[data-seq='10000']").isVisible());
});

await check("the unread line is where one begins", "", `#/c/${id(3)}`, async page => {
  is("it is seen", await page.getByText("Unread", { exact: true }).last().isVisible());
  const top = await page.locator("[data-seq='9701']").evaluate(node => node.getBoundingClientRect().top);
  is(`at ${top}`, top < 260);
  await page.waitForTimeout(600);
  const left = await page.locator("nav a", { hasText: "Everybody" }).innerText();
  is(`read what was seen, and no more: ${left.replaceAll("\n", " ")}`, !left.includes("300") && /2[89]\d/.test(left));
});

await check("arrow up edits the last of mine", "", `#/c/${id(1)}`, async page => {
  await write(page).focus();
  await page.keyboard.press("ArrowUp");
  await page.waitForTimeout(60);
  is("it is there", (await write(page).inputValue()).includes("announcement tonight"));
  await write(page).fill("I'll write the announcement **today**.");
  await page.keyboard.press("Enter");
  await page.locator("article", { hasText: "announcement today" }).getByText("edited").waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await page.waitForTimeout(60);
  is("the field is empty again", (await write(page).inputValue()) === "");
});

await check("emojis and names are completed", "", `#/c/${id(1)}`, async page => {
  await write(page).pressSequentially("Cake :tad");
  await page.locator("#offers [role=option]").first().waitFor();
  await page.keyboard.press("Enter");
  is("an emoji", (await write(page).inputValue()).startsWith("Cake 🎉"));
  await write(page).pressSequentially(":smile: @car");
  await page.locator("#offers", { hasText: "Carla" }).waitFor();
  await page.keyboard.press("Tab");
  is(`a name in ${await write(page).inputValue()}`, /Cake 🎉 😄 @Carla Núñez $/.test(await write(page).inputValue()));
  await page.keyboard.press("Enter");
  await page.locator("article button", { hasText: "@Carla Núñez" }).last().waitFor();
});

await check("a draft stays where it was begun", "", `#/c/${id(2)}`, async page => {
  await write(page).fill("half a thou");
  await page.locator("nav a", { hasText: "Announcements" }).click();
  await page.getByText("Only admins write here.").waitFor();
  is(
    "told in the list",
    (await page.locator("nav a", { hasText: "Ann Berg" }).first().innerText()).includes("Draft: half a thou"),
  );
  await page.locator("nav a", { hasText: "Ann Berg" }).first().click();
  await write(page).waitFor();
  is("it is there", (await write(page).inputValue()) === "half a thou");
});

await check("what failed is tried again or comes back", "", `#/c/${id(1)}`, async page => {
  await page.getByRole("button", { name: "Discard" }).click();
  await page.waitForTimeout(200);
  is("its words come back", (await write(page).inputValue()) === "I can bring plates.");
});

await check("reply, and jump to what was answered", "", `#/c/${id(1)}`, async page => {
  await page.locator("article", { hasText: "Eleven milliseconds" }).scrollIntoViewIfNeeded();
  await page.locator("article", { hasText: "Eleven milliseconds" }).hover();
  await page.locator("article", { hasText: "Eleven milliseconds" }).getByRole("button", { name: "Reply" }).click();
  is("it is focused", await write(page).evaluate(node => node === document.activeElement));
  await page.keyboard.type("Wow");
  await page.keyboard.press("Enter");
  const answer = page.locator("article", { hasText: "Wow" });
  await answer.getByText("Eleven milliseconds").waitFor();
  is("the end is seen", (await atEnd(page)) < 4);
});

await check("by keyboard alone: switch, read, answer", "", "#/", async page => {
  await page.keyboard.press("Control+k");
  await page.locator("dialog input").waitFor();
  await page.keyboard.type("launch");
  await page.keyboard.press("Enter");
  await write(page).waitFor();
  await page.locator("[role=region]").first().focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.waitForTimeout(150);
  is("a line has the focus", await page.evaluate(() => document.activeElement?.matches("[data-line]")));
  await page.keyboard.press("Enter");
  await page.locator("[role=menu]").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(100);
  is("back on the line", await page.evaluate(() => document.activeElement?.matches("[data-line]")));
  await page.keyboard.press("r");
  await page.waitForTimeout(100);
  is("writing the answer", await write(page).evaluate(node => node === document.activeElement));
});

await check("two thousand conversations", "count=2000", "#/", async page => {
  const list = page.locator("nav ul").locator("..");
  await page.locator("nav a").first().focus();
  await page.keyboard.press("End");
  await page.waitForTimeout(300);
  is("the last has the focus", await page.evaluate(() => document.activeElement?.matches("[data-row]")));
  const rows = await page.locator("[data-row]").count();
  is(`${rows} rows in the page`, rows < 60);
  const began = Date.now();
  for (let i = 0; i < 20; i += 1) {
    await list.evaluate(box => {
      box.scrollTop -= 3_000;
    });
  }
  console.log(`     20 leaps in ${Date.now() - began} ms, ${rows} rows in the page`);
});

await check("too long is told before it is sent", "", `#/c/${id(2)}`, async page => {
  await write(page).fill("ü".repeat(8_300));
  await page.getByText("Too long by 216 bytes").waitFor();
  is("it cannot be sent", await page.getByRole("button", { name: "Send" }).isDisabled());
});

await check(
  "on a phone: one at a time, long press, and the way back",
  "",
  "#/",
  async page => {
    await page.locator("nav a", { hasText: "Launch team" }).click();
    await write(page).waitFor();
    is("the list is away", !(await page.locator("nav").isVisible()));
    await page
      .locator("article", { hasText: "I do!" })
      .dispatchEvent("pointerdown", { pointerType: "touch", clientX: 80, clientY: 400, bubbles: true });
    await page.locator("[role=menu]").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Back" }).first().click();
    await page.locator("nav").waitFor();
  },
  { viewport: { width: 390, height: 844 }, hasTouch: true },
);

await check("hostile words draw nothing but themselves", "", `#/c/${id(2)}`, async page => {
  for (const text of [
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "<script>window.hit=1</script>",
    "\u202Eevil\u202C &lt;b&gt;",
    "```html\n<svg onload=alert(1)>\n```",
    "a".repeat(4_000),
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
  ]) {
    await write(page).fill(text);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(300);
  is("no image, no script", (await page.locator("main img, main script, main iframe").count()) === 0);
  is("nothing ran", await page.evaluate(() => window.hit === undefined));
  is(
    "no wider than the page",
    await page.evaluate(
      () =>
        document.documentElement.scrollWidth <= innerWidth &&
        document.querySelector("[role=region]").scrollWidth <= document.querySelector("[role=region]").clientWidth,
    ),
  );
});

await check(
  "two hundred per cent",
  "",
  `#/c/${id(1)}`,
  async page => {
    is("no wider than the page", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await write(page).waitFor();
  },
  { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
);

await browser.close();
close();
console.log(failed === 0 ? "ok" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
