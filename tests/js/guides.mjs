// Makes the pictures of docs/guides from the samples of pages, in Vietnamese: docs/guides/pictures.json says of what.
//
//   node guides.mjs <address of the samples server> <docs/guides> <what the server said> [path of Chromium]
//
// `cargo xtask guides` runs it. What the server said is where its links are. A picture of signing has an agent that is made up
// here: it answers as `hocba signer` does, so that the page's own script is what is seen.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { packed } from "./png.mjs";

const [base, folder, said, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
if (!base || !folder || !said) {
  console.error("usage: node guides.mjs <address> <folder> <what the server said> [chromium]");
  process.exit(2);
}
/** CSS pixels: a tablet or the half of a screen, and a cheap phone. */
const SCREENS = { desk: [768, 1000], phone: [360, 740] };
/** Blank above and below a cropped part, in CSS pixels. */
const MARGIN = 12;
/** A picture that is larger is too large for a page that parents open. */
const MOST_BYTES = 60_000;
const links = new Map(said.split("\n").map((line) => line.trim().split(/\s+/)));
const pictures = JSON.parse(await readFile(join(folder, "pictures.json"), "utf8"));

/** The list that a made-up agent signs: as many as the button says, of made-up records. */
const tasks = (count) =>
  Array.from({ length: count }, (_, place) => ({
    number: place + 1,
    version: 1,
    revision: 1,
    // The same in each run, so that a picture changes only when its page does.
    record: Buffer.alloc(16, place + 1).toString("base64url"),
    payload: Buffer.from(`{"n":${place + 1}}`).toString("base64url"),
  }));

/** Answers for the agent at its port, and for the two forms of a page that signs. */
async function withAgent(page, { subject, count }) {
  const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
  await page.route(/^http:\/\/(127\.0\.0\.1|localhost):8792\//, async (route) => {
    if (route.request().method() === "OPTIONS") return route.fulfill({ status: 204, headers });
    const { pathname } = new URL(route.request().url());
    const id = pathname.split("/")[2];
    const answer = {
      status: { paired: true },
      certificates: { signers: [{ subject, sha256: "", certificates: ["AA"] }] },
      sign: { id: "1", state: "waiting", signatures: [] },
      wholes: { id: 1, state: "waiting" },
      // Whoever is asked thinks about it.
      lists: { id: "1", state: "waiting", signatures: [] },
    }[id];
    if (id === "lists") await new Promise((done) => setTimeout(done, 2000));
    return route.fulfill({ headers, json: answer ?? {} }).catch(() => {});
  });
  await page.route(/\/tasks$/, (route) =>
    route.fulfill({ json: { role: "", school: "", year: "", class: "", tasks: tasks(count) } }),
  );
}

/** Goes as far in signing as the picture shows: a part of `data-when`. */
async function signing(page, state) {
  const root = page.locator("[data-signing]").first();
  await root.locator("[data-when=begin] button").click();
  if (state === "absent") return root.locator("[data-when=absent]").waitFor();
  await root.locator("[data-when=ready]").waitFor();
  if (state === "ready") return undefined;
  await root.locator("[data-when=ready] button").click();
  return root.locator(`[data-when=${state}]`).waitFor();
}

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  // A button to choose a file says it in the browser's language.
  env: { ...process.env, LANGUAGE: "vi", LANG: "vi_VN.UTF-8" },
});
const faults = [];
let all = 0;
for (const [image, picture] of Object.entries(pictures)) {
  const [width, height] = SCREENS[picture.screen];
  // The policy of the pages lets a script reach the agent only where there is something to sign in earnest.
  const context = await browser.newContext({ viewport: { width, height }, locale: "vi-VN", colorScheme: "light", bypassCSP: true });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${image}: ${error.message}`));
  if (picture.agent) await withAgent(page, picture.agent);
  if (picture.agent === undefined && picture.signing) await page.route(/:8792\//, (route) => route.abort());
  const address = picture.link ? links.get(picture.link) : base + (picture.sample ? `/samples/vi/${picture.sample}` : picture.page);
  const answer = await page.goto(address);
  if (picture.link) await page.locator("#result article, #result h1, #result h2").first().waitFor();
  else if (!answer.ok()) faults.push(`${image}: ${address} answers ${answer.status()}`);
  for (const part of picture.open ?? []) await page.locator(part).first().evaluate((details) => (details.open = true));
  if (picture.signing) await signing(page, picture.signing);
  for (const [field, text] of Object.entries(picture.fill ?? {})) await page.locator(field).first().fill(text);
  // No caret and no focus ring in a picture.
  await page.evaluate(() => document.activeElement?.blur());
  const place = async (part) => {
    const box = await page.locator(part).first().boundingBox();
    if (!box) throw new Error(`${image}: nothing is at ${part}`);
    return box;
  };
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  const from = picture.from ? await place(picture.from) : { y: 0 };
  const top = Math.max(0, picture.from ? from.y - MARGIN : 0);
  let bottom = whole;
  if (picture.until) {
    const until = await place(picture.until);
    bottom = Math.min(whole, until.y + until.height + MARGIN);
  }
  if (picture.tall) bottom = Math.min(bottom, top + picture.tall);
  const clip = { x: 0, y: Math.floor(top), width, height: Math.ceil(bottom - top) };
  const png = await packed(page, await page.screenshot({ fullPage: true, clip, animations: "disabled", caret: "hide" }));
  if (png.length > MOST_BYTES) faults.push(`${image}: ${png.length} bytes, more than ${MOST_BYTES}`);
  await writeFile(join(folder, "images", `${image}.png`), png);
  all += png.length;
  console.log(`${image}.png ${clip.width} × ${clip.height}, ${Math.ceil(png.length / 1000)} KB`);
  await context.close();
}
await browser.close();
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`${Object.keys(pictures).length} pictures, ${Math.ceil(all / 1000)} KB`);
