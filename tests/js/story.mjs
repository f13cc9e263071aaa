// The demonstration for a department (docs/guides/demo.md), by pages alone, each person with a browser of their own, and with
// everything that goes wrong in a school: a workbook with faults, a page that is loaded again in the middle of signing, a
// line that is down for 20 seconds, a server that is killed while the clerk seals. Nothing is lost and nothing is signed
// twice; the pages say how much is left. Then the class is printed, a parent scans the paper, and the file is changed.
//
//   node story.mjs '{"base":"http://…","program":"…/hocba","chromium":"…","home":"…","pictures":"…","signer_port":"…","slips":{…}}'
//
// crates/cli/tests/suite/story.rs prepares the installation, runs it, and looks at what is stored. The last line says what it cost.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { Agent, Person, cost } from "./people.mjs";
import { Printer } from "./sheets.mjs";
import { comments, edit } from "./workbook.mjs";

const told = JSON.parse(process.argv[2]);
const { base, home, pictures } = told;
const SCHOOL = "79DEMO001";
const PUPILS = 39;
// Of another class of the grade.
const OTHERS = 3;
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** The server, which can be killed and started again at the same address. */
async function serve() {
  const args = ["serve", "--json", "--listen", new URL(base).host, "--operator", "127.0.0.1:0"];
  const env = { ...process.env, HOME: home, XDG_STATE_HOME: join(home, "state"), ...told.env };
  const child = spawn(told.program, [...args, "--signer-port", told.signer_port], {
    cwd: home,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.on("exit", done));
  for await (const line of createInterface({ input: child.stdout })) if (line === "}") break;
  return { child, ended };
}

let server = await serve();
const agents = [];
// What was begun ends with this, however this ends.
process.on("exit", () => {
  server.child.kill("SIGKILL");
  for (const { child } of agents) child.kill("SIGKILL");
});
const started = Date.now();
const seconds = () => Number(((Date.now() - started) / 1000).toFixed(1));
const chapter = (title) => console.log(`${seconds().toFixed(1).padStart(6)} s  ${title}`);
const browser = await chromium.launch({ executablePath: told.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const person = (name) => Person.at(browser, base, name, pictures);
const agent = async (key) => {
  // As slow as a token.
  const started = await Agent.of(told, key, ["--pace", "150"]);
  agents.push(started);
  return started;
};

/** Begins to sign what the page offers, pairing where this tab did not yet; the list that was compared. */
async function begin(who, key) {
  const root = who.page.locator("[data-signing]").first();
  await who.click(root.locator("[data-when=begin] button"));
  const pair = root.locator("[data-when=pair] input");
  const ready = root.locator("[data-when=ready]");
  await root.locator("[data-when=pair]:visible, [data-when=ready]:visible").first().waitFor();
  if (await pair.isVisible()) {
    await who.type(pair, key.code);
    await who.click(root.locator("[data-when=pair] button"));
  }
  await ready.waitFor();
  const list = await ready.locator("[data-out=short]").innerText();
  const count = Number(await ready.locator("[data-out=count]").innerText());
  await who.click(ready.locator("button"));
  return { list, count };
}

/** Counts what the server took, and gives a promise for when it took so many. */
function taken(who, many) {
  let sum = 0;
  return new Promise((done) => {
    who.page.on("response", async (response) => {
      if (!response.url().endsWith("/signatures") || !response.ok()) return;
      sum += (await response.json().catch(() => ({ taken: 0 }))).taken;
      if (sum >= many) done(sum);
    });
  });
}

const signedPage = (who) => who.page.waitForURL(/done=signed/, { timeout: 180_000 });

// 1: the teacher drops the school's spreadsheet, and home says what is wrong with it.
const FAULTS = [
  ["Toán", "F11", "10,5"],
  ["Rèn luyện", "I21", "Chăm ngoan, Ðạt thành tích tốt trong lao động."],
  ["Rèn luyện", "D8", null],
];
// And one average is not what its marks give.
const AVERAGE = ["Toán", "Q20", 1.3];
const [gave, , , average] = await edit(join(home, "lop/9A3.xlsx"), join(home, "lop-loi.xlsx"), [...FAULTS, AVERAGE]);
const teacher = await person("teacher");
await teacher.activate(told.slips.giaovien);
await teacher.go(`/school/${SCHOOL}/classes/import`);
await teacher.files("input[type=file]", join(home, "lop-loi.xlsx"));
await teacher.click("form:has(input[type=file]) button");
await teacher.page.locator(".found.bad").first().waitFor();
await teacher.go("/home");
await teacher.sees("Lớp 9A3: 40 học sinh, còn 3 lỗi trong bảng điểm");
await teacher.picture("three-faults");
chapter("home says: 40 pupils, 3 faults");

// 2: what is wrong stands in its cells, on the page and in her own file, which she mends but for one pupil.
await teacher.click("main .card li a");
const marked = await teacher.page.locator(".found.bad .meant").allInnerTexts();
check(marked.length === 3 && marked.some((text) => text.includes("10,5")), `red cells: ${marked}`);
await teacher.picture("red-cells");
const [back] = await Promise.all([
  teacher.page.waitForEvent("download"),
  teacher.click(teacher.page.getByRole("link", { name: "Tải về tệp của bạn, có ghi chú ở từng ô cần xem" })),
]);
await back.saveAs(join(home, "co-ghi-chu.xlsx"));
const noted = await comments(join(home, "co-ghi-chu.xlsx"));
for (const [sheet, cell] of FAULTS) {
  check(noted.some(([of, at, text]) => of === sheet && at === cell && text.includes("Cần sửa")), `${sheet} ${cell} has a comment`);
}
await edit(join(home, "co-ghi-chu.xlsx"), join(home, "da-sua.xlsx"), [
  ["Toán", "F11", gave],
  ["Rèn luyện", "I21", "Chăm ngoan, đạt thành tích tốt trong lao động."],
]);
await teacher.files("input[type=file]", join(home, "da-sua.xlsx"));
await teacher.click("form:has(input[type=file]) button");
await teacher.sees("39 học sinh sẵn sàng, 1 học sinh để lại hoặc chưa đủ.");
await teacher.choose("select[name=leave-7]", "waiting_for_reassessment");
await teacher.picture("one-is-not-ready");
await teacher.click("form[action$='/take'] button");
await teacher.page.locator("#live .flash").waitFor({ timeout: 120_000 });
chapter("the file is mended: 39 are ready, one is left out");

// 3: a page as it will be printed.
await teacher.go("/home");
await teacher.picture("home");
await teacher.click("main .card li a");
await teacher.sees("Ký 39 học bạ");
check((await teacher.text(".pupils tbody tr")).includes("chờ kiểm tra lại"), "the pupil left out comes first");
await teacher.picture("class");
const classPage = new URL(teacher.page.url()).pathname;
const printer = await Printer.in(browser, pictures);
await teacher.click(teacher.page.locator(".pupils a[href*='/records/']").nth(1));
await teacher.picture("as-it-will-be-printed");
const preview = await printer.sheets(teacher.page, "preview");
check(preview.length === 2 && preview[0].code === null, `${preview.length} sheets of a pupil, without a code as yet`);
chapter("a page as it will be printed");

// One button; in the middle the page is loaded again.
await teacher.go(classPage);
let key = await agent("teacher");
let some = taken(teacher, 17);
const first = await begin(teacher, key);
check(first.count === PUPILS, `${first.count} to sign`);
await some;
teacher.page.once("dialog", (dialog) => dialog.accept());
await teacher.page.reload();
const word = await teacher.text("[data-when=begin] button");
const left = Number(/^Tiếp tục (\d+) còn lại$/.exec(word)?.[1]);
check(left > 0 && left <= PUPILS - 17, `the page says: ${word}`);
await teacher.sees(`Đã ký ${PUPILS - left} trên ${PUPILS} học bạ.`);
await teacher.picture("after-a-reload");
let ended = signedPage(teacher);
check((await begin(teacher, key)).count === left, "what is left is signed, and nothing else");
await ended;
await key.stop();
check(key.shown.includes(first.list), "both screens show one list");
check((await teacher.page.locator("[data-signing]").count()) === 0, "nothing is left to sign");
await teacher.picture("signed");
chapter(`39 are signed; ${left} of them after the page was loaded again`);

// 4: the principal: this class first, with one oddity, which is returned with a reason.
const principal = await person("principal");
await principal.activate(told.slips.hieutruong);
await principal.click(`a[href='/school/${SCHOOL}/review']`);
const reviewed = await principal.page.locator(".review h3").allInnerTexts();
check(reviewed.length === 3 && reviewed[0].includes("9A3"), `9A3 comes first: ${reviewed}`);
check((await principal.text(".looks li")).includes("bảng điểm ghi"), "an average disagrees with the spreadsheet");
await principal.picture("one-oddity");
const seen = principal.page.locator(".looks [data-seen]").first();
await seen.check();
await principal.page.reload();
check(await principal.page.locator(".looks [data-seen]").first().isChecked(), "what was looked at is remembered");
await principal.click(".review details:has(form) summary");
await principal.choose(".review form [name=reason]", "wrong_mark");
await principal.type(".review form [name=note]", "Xem lại ĐTB cả năm");
await principal.click(".review form button");
await principal.page.waitForURL(/done=returned/);
chapter("the principal returned one with a reason");

// 5: she corrects and signs that one again.
await teacher.go("/home");
await teacher.sees("1 học bạ bị trả lại");
await teacher.click("main .card li a");
await teacher.sees("Xem lại ĐTB cả năm");
await teacher.picture("returned");
await teacher.go(`/school/${SCHOOL}/classes/import`);
// What the principal saw: the year's average of the first subject, which its marks give otherwise.
await edit(join(home, "da-sua.xlsx"), join(home, "da-sua-lan-nua.xlsx"), [["Toán", "Q20", average]]);
await teacher.files("input[type=file]", join(home, "da-sua-lan-nua.xlsx"));
await teacher.click("form:has(input[type=file]) button");
await teacher.page.locator("select[name=leave-7]").waitFor();
check((await teacher.page.locator("select[name=leave-7]").inputValue()) === "waiting_for_reassessment", "still left out");
await teacher.click("form[action$='/take'] button");
await teacher.page.locator("#live .flash").waitFor({ timeout: 120_000 });
await teacher.go("/home");
await teacher.click("main .card li a");
await teacher.sees("Ký lại 1 học bạ");
key = await agent("teacher");
ended = signedPage(teacher);
// Another agent: the old token is of the old one.
await begin(teacher, key);
await ended;
await key.stop();

// The principal signs the whole grade off; his line is down for 20 seconds.
await principal.go(`/school/${SCHOOL}/review`);
await principal.sees("Đã sửa sau khi bị trả lại");
const grade = principal.page.locator("[data-scope] option[value=''][data-grade='9']");
await principal.choose("[data-scope]", { label: await grade.innerText() });
key = await agent("principal");
some = taken(principal, 10);
ended = signedPage(principal);
const whole = await begin(principal, key);
check(whole.count === PUPILS + OTHERS, `${whole.count} to co-sign`);
await some;
await principal.page.route(`${base}/**`, (route) => route.abort("internetdisconnected"));
await principal.page.locator("[data-when-offline]:visible").waitFor({ timeout: 30_000 });
await principal.picture("offline");
await pause(20_000);
check(/review/.test(principal.page.url()), "the page is still there");
await principal.page.unroute(`${base}/**`);
await ended;
await key.stop();
check(key.shown.includes(whole.list), "both screens show one list of all classes");
await principal.picture("co-signed");
chapter("the grade is signed off, over a line that broke");

// 6: the clerk seals; the server is killed in the middle, and started again.
const clerk = await person("clerk");
await clerk.activate(told.slips.vanthu);
await clerk.click(`a[href='/school/${SCHOOL}/seal']`);
await clerk.sees(`Ký số ${PUPILS + OTHERS} học bạ`);
key = await agent("seal");
some = taken(clerk, 10);
ended = signedPage(clerk);
await begin(clerk, key);
await some;
server.child.kill("SIGKILL");
await server.ended;
await clerk.page.locator("[data-when-offline]:visible").waitFor({ timeout: 30_000 });
await clerk.picture("the-server-is-gone");
server = await serve();
await ended;
await key.stop();
const sealed = Date.now();
for (;;) {
  await teacher.go(classPage);
  if ((await teacher.text(".states")).includes(`${PUPILS} đã có hiệu lực – đã ghi sổ chung`)) break;
  check(Date.now() - sealed < 60_000, await teacher.text());
  await pause(500);
}
const inForce = Number(((Date.now() - sealed) / 1000).toFixed(1));
await teacher.picture("in-force");
chapter(`in force ${inForce} s after the last seal, through a server that was killed`);

// She prints the class, with codes.
await clerk.go(classPage);
const names = await clerk.page.locator("a[href*='/records/']").allInnerTexts();
await clerk.go(`${classPage}/print`);
await clerk.click("main form[action$='/print/codes'] button");
await clerk.page.locator("#live .flash").waitFor({ timeout: 300_000 });
await clerk.click(`main a[href='${classPage}/print']`);
await clerk.page.locator(".code").first().waitFor();
const paper = await printer.sheets(clerk.page, "9A3");
const codeless = paper.filter(({ code }) => code === null);
check(paper.length === 2 * (PUPILS + 1) && codeless.length === 2, `${paper.length} sheets, ${codeless.length} without a code`);
check(codeless.every(({ texts }) => texts.includes("BẢN NHÁP – CHƯA KÝ")), `whoever is left out has no extract: ${codeless[0].texts}`);
await printer.picture(1, "9A3-sheet-1.png");
const link = await printer.code("9A3", 1);
const name = names.find((name) => paper[0].head.includes(`${name} – Lớp 9A3`));
check(name, `whose sheet is it: ${paper[0].head}`);
chapter("the class is printed");

// 7: a parent scans the paper with a cheap phone.
const phone = await Person.at(browser, base, "parent", pictures, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
await phone.page.goto(link);
await phone.page.locator("#result article").waitFor({ timeout: 60_000 });
const green = await phone.text("#result");
check(green.includes("Học bạ này là thật và đang có hiệu lực"), green.slice(0, 300));
check((await phone.page.locator("#result .verdict.good").count()) === 1, "the sentence is green");
check(green.includes("Giáo viên chủ nhiệm") && /tự ghi giờ ký [\d/]+ \d\d:\d\d/.test(green), `who signed, and when: ${green}`);
check(!green.includes(name), "the name is masked");
await phone.picture("green");
await phone.click("#result details.pupil summary");
check((await phone.text("#result")).includes(name), "until it is opened");
chapter("a parent sees green");

// 9: the presenter edits one mark in the file.
const [file] = await Promise.all([phone.page.waitForEvent("download"), phone.click("[data-download]")]);
await file.saveAs(join(home, "em.hocba.json"));
const bundle = await readFile(join(home, "em.hocba.json"), "utf8");
const math = /"toan"[^\]]*?"year":(\d+)/.exec(bundle);
check(math, "the file has a mark of mathematics for the year");
const at = math.index + math[0].length - math[1].length;
const better = String(Number(math[1]) + (Number(math[1]) < 95 ? 5 : -5));
await writeFile(join(home, "sua.hocba.json"), bundle.slice(0, at) + better + bundle.slice(at + math[1].length));
const university = await person("university");
await university.go("/v");
await university.files("input[type=file]", join(home, "em.hocba.json"));
await university.page.locator("#result .verdict.good").waitFor({ timeout: 60_000 });
await university.files("input[type=file]", join(home, "sua.hocba.json"));
await university.page.locator("#result .verdict.bad").waitFor({ timeout: 60_000 });
const red = await university.text("#result");
check(red.includes("môn Toán đã bị sửa sau khi ký"), red.slice(0, 400));
check((await university.text("#result tr.changed")).startsWith("Toán"), "the row of the table is marked");
await university.picture("red");
chapter("one mark changed: red");

// 10: a remark of that pupil was wrong: corrected, signed by all three, and the paper of before says so.
const REMARK = ["Rèn luyện", "I2", "Chăm ngoan, tiến bộ rõ trong học kì II."];
await edit(join(home, "da-sua-lan-nua.xlsx"), join(home, "dinh-chinh.xlsx"), [REMARK]);
await teacher.go(`/school/${SCHOOL}/classes/import`);
await teacher.files("input[type=file]", join(home, "dinh-chinh.xlsx"));
await teacher.click("form:has(input[type=file]) button");
await teacher.sees("1 học bạ đã ký đủ và tệp ghi khác");
await teacher.choose("select[name=renew]", "correction");
await teacher.picture("a-correction");
await teacher.click("form[action$='/take'] button");
await teacher.page.locator("#live .flash").waitFor({ timeout: 120_000 });
for (const [who, name] of [[teacher, "teacher"], [principal, "principal"], [clerk, "seal"]]) {
  await who.go(classPage);
  key = await agent(name);
  ended = signedPage(who);
  check((await begin(who, key)).count === 1, `${name}: one record is signed again`);
  await ended;
  if (name !== "seal") await key.stop();
}
await clerk.go("/home");
await clerk.sees("Lớp 9A3: 1 bản mới chờ ký thay bản cũ");
await clerk.click(clerk.page.getByRole("link", { name: "bản mới chờ ký thay bản cũ" }));
await clerk.picture("takes-the-place");
ended = signedPage(clerk);
check((await begin(clerk, key)).count === 1, "one takes the old one's place");
await ended;
await key.stop();
check(key.shown.includes("bản mới thay bản cũ của 1 học bạ lớp 9A3"), key.shown);
const corrected = Date.now();
for (;;) {
  // Scanned again: the address of the page has lost what the code said.
  await phone.page.goto("about:blank");
  await phone.page.goto(link);
  await phone.page.locator("#result article").waitFor({ timeout: 60_000 });
  if ((await phone.text("#result")).includes("đã được thay bằng bản sửa")) break;
  check(Date.now() - corrected < 180_000, await phone.text("#result"));
  await pause(500);
}
await phone.picture("replaced");
chapter("a correction: the paper of before says that it was replaced");

// He stops the chain's node.
process.kill(told.chain_process, "SIGKILL");
// What the server read is good for two seconds.
await pause(2500);
await university.files("input[type=file]", join(home, "em.hocba.json"));
await university.page.locator("#result .verdict.open").waitFor({ timeout: 60_000 });
const amber = await university.text("#result");
check(/chưa kiểm tra được/i.test(amber) && !/giả\b/.test(amber), amber.slice(0, 400));
await university.picture("amber");
chapter("no node: amber, not checked, never forged");

// The department: the grade is done, on one page for the chairman.
const officer = await person("department");
await officer.activate(told.slips.sogd);
await officer.go("/department/progress");
const progress = await officer.text();
check(progress.includes("93,3% trong 45 học bạ đã có hiệu lực Lớp xong: 2/3."), progress);
await officer.picture("progress");
await officer.go("/department/daily");
await officer.picture("daily");
const pages = await printer.print(officer.page, "daily");
check(pages === 1, `the day is on ${pages} pages`);
chapter("the department's page of the day");

await browser.close();
server.child.kill("SIGTERM");
await server.ended;
console.log(JSON.stringify({ in_force_after: inForce, clicks: cost.clicks, fields: cost.fields, pages: cost.pages, seconds: seconds() }));
process.exit(0);
