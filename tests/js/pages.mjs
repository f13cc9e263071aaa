// Opens every sample of the staff pages in Chromium, in both languages, light and dark, on a phone, a tablet and a desktop:
// axe-core finds nothing, nothing scrolls sideways, nothing is asked of other hosts. Leaves screenshots to look at.
//
//   node pages.mjs <address of the samples server> <folder for screenshots> [path of Chromium]
//
// `cargo xtask browser --pages` runs it.
import { mkdir } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
if (!base || !folder) {
  console.error("usage: node pages.mjs <address> <folder> [chromium]");
  process.exit(2);
}
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENS = [["phone", 360, 780], ["tablet", 768, 1024], ["desktop", 1440, 900]];
await mkdir(folder, { recursive: true });

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
// The policy of the pages forbids what is injected; axe comes past it, the pages' own content does not.
const context = await browser.newContext({ bypassCSP: true });
const page = await context.newPage();
const faults = { list: [], push(fault) { console.error(fault); this.list.push(fault); } };
let name = "";
page.on("pageerror", (error) => faults.push(`${name}: ${error.message}`));
page.on("request", (request) => {
  const url = request.url();
  if (!url.startsWith(base) && !url.startsWith("data:")) faults.push(`${name}: asks ${url}`);
});
await page.goto(`${base}/samples`);
const samples = await page.$$eval("a", (links) => links.map((link) => link.getAttribute("href")));
if (samples.length < 20) throw new Error(`only ${samples.length} samples`);
let looked = 0;
for (const sample of samples) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [screen, width, height] of SCREENS) {
      name = `${sample.slice("/samples/".length).replace("/", ".")}.${colorScheme}.${screen}`;
      await page.setViewportSize({ width, height });
      // The address is the same for all screens: loaded once, laid out for each.
      if (screen === "phone") await page.goto(base + sample);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) faults.push(`${name}: ${wide} px wider than the screen`);
      // Rules hold for the folded layout of a phone and, in one scheme, for tables.
      if (screen === "phone" || (screen === "desktop" && colorScheme === "light")) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }));
        for (const violation of violations) {
          faults.push(`${name}: ${violation.id} (${violation.help}): ${violation.nodes.map((node) => node.html).join(" | ").slice(0, 300)}`);
        }
      }
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
      looked += 1;
    }
  }
}
name = "slips";
await page.emulateMedia({ media: "print", colorScheme: "light" });
await page.goto(`${base}/samples/vi/slips-1`);
await page.pdf({ path: join(folder, "slips.pdf"), format: "A4" });
await browser.close();
if (faults.list.length > 0) process.exit(1);
console.log(`${samples.length} samples, ${looked} views: nothing found; screenshots in ${folder}`);
