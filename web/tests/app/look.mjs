/**
 * Looks at every screen in a real browser, under the strict policy of the server, in both shapes and both themes: takes
 * its picture, runs axe over it, and tells every report of the policy, every error, and every line wider than the page.
 *
 *   node tests/app/look.mjs [--out DIR] [--only NAME] [--fast]    after: vite build --mode pretend --outDir DIST
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { arg, serve } from "./serve.mjs";

const dist = arg("dist") ?? new URL("../../dist-pretend", import.meta.url).pathname;
const out = arg("out");
const only = arg("only");
const fast = process.argv.includes("--fast");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { base, close } = await serve(dist);

const id = n => `01900000-0000-7000-8000-${String(1000 + n).padStart(12, "0")}`;
const press = (page, key) => page.keyboard.press(key);

/** Each screen: what is asked of the pretended engine, where it is, and what is done before it is looked at. */
const screens = [
  ["sign-in", "stage=out", "#/"],
  [
    "sign-up",
    "stage=out",
    "#/",
    async page => {
      await page.locator("main button").last().click();
      await page.locator("form button[type=submit]").click();
    },
  ],
  ["home", "", "#/"],
  ["empty", "empty", "#/"],
  ["launch", "", `#/c/${id(1)}`],
  ["direct", "", `#/c/${id(2)}`],
  ["unread", "", `#/c/${id(3)}`],
  ["rtl", "", `#/c/${id(4)}`],
  ["request", "", `#/c/${id(9)}`],
  ["announce", "", `#/c/${id(6)}`],
  ["self", "", `#/c/${id(7)}`],
  ["nowhere", "", "#/c/none"],
  ["offline", "link=offline", `#/c/${id(1)}`],
  ["stopped", "link=stopped&storage=full&update", "#/"],
  [
    "menu",
    "",
    `#/c/${id(1)}`,
    async page => {
      await page.locator("article").nth(-4).click({ button: "right" });
    },
  ],
  [
    "picker",
    "",
    `#/c/${id(1)}`,
    async page => {
      await page.locator("article").nth(-4).click({ button: "right" });
      await page.locator("[role=menuitem]").nth(6).click();
      await page.locator("[role=dialog] [data-emoji]").first().waitFor();
    },
  ],
  [
    "reply",
    "",
    `#/c/${id(1)}`,
    async page => {
      await page.locator("article").nth(-4).click({ button: "right" });
      await page.locator("[role=menuitem]").nth(7).click();
      await page.locator("textarea").fill("Fine with me, @");
    },
  ],
  [
    "info",
    "",
    `#/c/${id(1)}`,
    async page => {
      await page.locator("article:has-text('announcement tonight')").first().click({ button: "right" });
      await page.locator("[role=menuitem]:has(svg)").nth(7).click();
    },
  ],
  [
    "delete",
    "",
    `#/c/${id(1)}`,
    async page => {
      await page.locator("article").nth(-4).click({ button: "right" });
      await page.locator("[role=menuitem]").last().click();
    },
  ],
  ["about", "", `#/c/${id(1)}/details/about`],
  ["members", "", `#/c/${id(1)}/details/members`],
  [
    "links",
    "",
    `#/c/${id(1)}/details/links`,
    async page => {
      await page.locator("[role=tabpanel] section button").last().click();
      await page.locator("svg[role=img]").waitFor();
    },
  ],
  ["pins", "", `#/c/${id(1)}/details/pins`],
  ["media", "", `#/c/${id(1)}/details/media`],
  ["search", "", `#/c/${id(1)}/details/search`],
  ["peer", "", `#/c/${id(2)}/details/about`],
  ["starred", "", "#/starred"],
  ["join", "", "#/join/2eae6aa7.x"],
  ["person", "", "#/u/hanna"],
  ["switcher", "", `#/c/${id(1)}`, page => press(page, "Control+k")],
  ["shortcuts", "", `#/c/${id(1)}`, page => press(page, "Control+/")],
  [
    "new",
    "",
    "#/",
    async page => {
      await press(page, "Alt+n");
      await page.locator("[role=tab]").last().click();
      await page.locator("dialog input[type=search]").fill("a");
      await page.waitForTimeout(400);
    },
  ],
  ["settings", "", "#/settings"],
  ...["account", "appearance", "notifications", "privacy", "devices"].map(name => [
    `settings-${name}`,
    "",
    `#/settings/${name}`,
  ]),
  ["design", "", "#/design"],
];

const looks = fast
  ? [
      ["light", "en", 1280, 800],
      ["dark", "en", 390, 844],
    ]
  : [
      ["light", "en", 1280, 800],
      ["dark", "en", 1280, 800],
      ["light", "en", 390, 844],
      ["dark", "en", 390, 844],
      ["light", "ar", 1280, 800],
      ["dark", "ar", 390, 844],
    ];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
let wrong = 0;
const tell = (where, what) => {
  wrong += 1;
  console.log(`${where}: ${what}`);
};
const began = Date.now();

await Promise.all(
  [0, 1].map(async lane => {
    for (const [theme, language, width, height] of looks.filter((_, n) => n % 2 === lane)) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: "reduce",
        hasTouch: width < 720,
        locale: language,
        timezoneId: "Europe/Berlin",
      });
      await context.addInitScript(language => {
        if (location.protocol.startsWith("http"))
          localStorage.setItem("tidings.look", JSON.stringify({ theme: "system", language }));
        document.addEventListener("securitypolicyviolation", e =>
          console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`),
        );
      }, language);
      const page = await context.newPage();
      page.setDefaultTimeout(4_000);
      for (const [name, how, hash, act] of screens) {
        if (only && !only.split(",").includes(name)) continue;
        const where = `${name} ${theme} ${language} ${width}`;
        const onConsole = message => {
          if (message.type() === "error" && !/favicon/.test(message.text())) tell(where, message.text().slice(0, 300));
        };
        const onError = error => tell(where, `threw ${String(error).slice(0, 300)}`);
        page.on("console", onConsole);
        page.on("pageerror", onError);
        try {
          await page.goto("about:blank");
          await page.goto(`${base}/?pretend&still&${how}${hash}`);
          await page.waitForTimeout(350);
          if (act) {
            await act(page);
            await page.waitForTimeout(150);
          }
          if (how.includes("link")) await page.waitForTimeout(1_300);
          if (out) {
            mkdirSync(out, { recursive: true });
            await page.screenshot({ path: join(out, `${name}-${theme}-${language}-${width}.png`) });
          }
          if (!process.argv.includes("--no-axe")) {
            const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
            for (const one of found.violations) {
              const node = one.nodes[0];
              tell(
                where,
                `axe ${one.id} (${one.nodes.length}): ${node.html.slice(0, 160)} | `
                + ([...node.any, ...node.all, ...node.none][0]?.message ?? ""),
              );
            }
          }
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) tell(where, `wider than the page by ${wide} px`);
        } catch (error) {
          tell(where, String(error).slice(0, 400));
        }
        page.off("console", onConsole);
        page.off("pageerror", onError);
      }
      await context.close();
    }
  }),
);
await browser.close();
close();
console.log(`${wrong === 0 ? "ok" : `${wrong} wrong`} in ${Math.round((Date.now() - began) / 1000)} s`);
process.exit(wrong === 0 ? 0 : 1);
