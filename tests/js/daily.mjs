// Prints the department's page of the day from its samples through Chromium: one A4 page each, nothing over its edge, every
// ward on it. Then with rows enough for a second page, to see that this is seen.
//
//   node daily.mjs <address of the samples server> <path of Chromium> [folder for pictures]
//
// crates/server/tests/suite/daily.rs runs it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Reader } from "./pdf.mjs";

const [base, executablePath, folder] = process.argv.slice(2);
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const reader = await Reader.in(browser);
const page = await browser.newPage();

/** Where the page's own words stand, printed as a browser does: by the page's size, and as A4 without backgrounds. */
async function printed(name) {
  const wards = await page.$$eval(".daily .folding tbody th", (cells) => cells.map((cell) => cell.innerText.trim()));
  const schools = await page.locator(".daily ol li").count();
  for (const options of [{ preferCSSPageSize: true, printBackground: true }, { format: "A4" }]) {
    const pages = await reader.load(await page.pdf(options));
    check(pages === 1, `${name}: ${pages} pages`);
    const { width, height, boxes } = await reader.texts(1);
    check(Math.abs(width - 210) < 1 && Math.abs(height - 297) < 1, `${name}: ${width} × ${height} mm`);
    for (const box of boxes) {
      const inside = box.left > 8 && box.right < width - 8 && box.top > 6 && box.bottom < height - 6;
      check(inside, `${name}: "${box.str}" stands at ${[box.left, box.right, box.top, box.bottom].map(Math.round)} mm`);
    }
    const text = boxes.map((box) => box.str).join("").replace(/\s+/g, "");
    for (const ward of wards) check(text.includes(ward.replace(/\s+/g, "")), `${name}: ${ward} is not on the paper`);
  }
  return { name, wards: wards.length, schools };
}

const seen = [];
for (const language of ["vi", "en"]) {
  for (let number = 1; ; number += 1) {
    const answer = await page.goto(`${base}/samples/${language}/daily-${number}`);
    if (answer.status() === 404) break;
    const name = `daily-${number}.${language}`;
    seen.push(await printed(name));
    if (!folder) continue;
    await reader.draw(1, 110);
    await writeFile(join(folder, `${name}.png`), await reader.picture());
  }
}
const most = seen.reduce((a, b) => (a.wards + a.schools >= b.wards + b.schools ? a : b));
check(most.wards >= 20 && most.schools >= 8, `the fullest sample has ${most.wards} wards and ${most.schools} schools`);

await page.goto(`${base}/samples/vi/${most.name.split(".")[0]}`);
await page.evaluate(() => {
  const rows = document.querySelector(".daily .folding tbody");
  for (let n = 0; n < 20; n += 1) rows.append(rows.lastElementChild.cloneNode(true));
});
const refused = await printed("twice as many").then(() => null, (error) => error.message);
check(refused === "twice as many: 2 pages", `two pages are not seen: ${refused}`);
await browser.close();
console.log(JSON.stringify(seen));
process.exit(0);
