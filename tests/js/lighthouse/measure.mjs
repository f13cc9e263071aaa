// Weighs two pages with Lighthouse: a class of forty before its teacher signs, and the check of a transcript by its link.
//
//   node measure.mjs '{"chromium":"…","runs":5,"score":95,"bytes":100000,"reports":"…","link":"…","base":"…","slip":"…",…}'
//
// crates/xtask/src/lighthouse.rs prepares the servers and says the limits. Prints a line for each page; fails where one is
// too heavy, scores too low, asks another host for anything, or does not show what it is measured for.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { Session } from "../session.mjs";

const told = JSON.parse(process.argv[2]);
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

// The teacher gets in by a slip, as people do, and finds the class.
const teacher = new Session(told.base);
await teacher.activate(told.slip);
const list = await teacher.ask(told.classes);
check(list.status === 200, `${told.classes}: ${list.status}`);
const address = list.text.match(new RegExp(`href="(/school/[^"/]+/classes/[^"/]+)">${told.class}<`))?.[1];
check(address, `no class ${told.class} in ${list.text.slice(0, 2000)}`);
const page = await teacher.ask(address);
const rows = page.text.match(/<th scope="row"/g)?.length;
check(page.status === 200 && rows === told.pupils, `${address}: ${page.status}, ${rows} pupils`);

/** What has to have been asked for, so that a page that shows nothing is not praised. */
const PAGES = [
  { name: "class", url: told.base + address, cookie: teacher.cookie(), asks: [address] },
  { name: "check", url: told.link, asks: ["/v", "/v/report"] },
];

const faults = [];
for (const { name, url, cookie, asks } of PAGES) {
  const { origin } = new URL(url);
  const runs = [];
  for (let run = 0; run < told.runs; run += 1) {
    // A browser of its own: nothing is cached, as on a first visit.
    const chrome = await launch({ chromePath: told.chromium, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
    try {
      const options = { port: chrome.port, logLevel: "error", output: "html", onlyCategories: ["performance", "accessibility"] };
      const { lhr, report } = await lighthouse(url, { ...options, extraHeaders: cookie ? { Cookie: cookie } : {} });
      check(!lhr.runtimeError, `${name}: ${lhr.runtimeError?.message}`);
      await writeFile(join(told.reports, `${name}-${run + 1}.html`), report);
      const requests = lhr.audits["network-requests"].details.items;
      for (const { url: asked } of requests) {
        if (!asked.startsWith(`${origin}/`) && !asked.startsWith("data:")) faults.push(`${name}: asks ${asked}`);
      }
      for (const path of asks) {
        const answer = requests.find(({ url: asked }) => new URL(asked).pathname === path);
        check(answer?.statusCode === 200, `${name}: ${path} was answered with ${answer?.statusCode}`);
      }
      for (const id of lhr.categories.accessibility.auditRefs.map((ref) => ref.id)) {
        if (lhr.audits[id].score === 0) faults.push(`${name}: ${id}: ${lhr.audits[id].title}`);
      }
      runs.push({
        performance: Math.round(lhr.categories.performance.score * 100),
        accessibility: Math.round(lhr.categories.accessibility.score * 100),
        bytes: requests.reduce((sum, { transferSize }) => sum + transferSize, 0),
        requests: requests.length,
        contentful: Math.round(lhr.audits["first-contentful-paint"].numericValue),
        largest: Math.round(lhr.audits["largest-contentful-paint"].numericValue),
        blocked: Math.round(lhr.audits["total-blocking-time"].numericValue),
        shifted: Number(lhr.audits["cumulative-layout-shift"].numericValue.toFixed(3)),
      });
    } finally {
      chrome.kill();
    }
  }
  // The median: of what hangs on time, one run says little. What does not has to hold in each.
  const middle = [...runs].sort((a, b) => a.performance - b.performance)[Math.floor(runs.length / 2)];
  const { performance } = middle;
  const accessibility = Math.min(...runs.map((run) => run.accessibility));
  const bytes = Math.max(...runs.map((run) => run.bytes));
  const all = runs.map((run) => run.performance).join(", ");
  console.log(
    `${name}: performance ${performance} (${all}), accessibility ${accessibility}, ${bytes} bytes in ${middle.requests} requests, ` +
      `first paint ${middle.contentful} ms, largest ${middle.largest} ms, blocked ${middle.blocked} ms, shifted ${middle.shifted}`,
  );
  if (performance < told.score) faults.push(`${name}: performance ${performance}, at least ${told.score}`);
  if (accessibility < told.score) faults.push(`${name}: accessibility ${accessibility}, at least ${told.score}`);
  if (bytes >= told.bytes) faults.push(`${name}: ${bytes} bytes, less than ${told.bytes}`);
}
for (const fault of new Set(faults)) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
