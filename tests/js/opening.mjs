// From an empty installation to the first signed class of a school of 45 classes and 1,900 pupils, by pages alone: the
// department opens the school and appoints, a computer teacher hands in lists (two of them faulty at first) and
// certificates, the principal gives 45 classes their teachers by one action, and the first class is signed.
//
//   node opening.mjs '{"base":"http://…","program":"…/hocba","chromium":"…","home":"…","pictures":"…","signer_port":"…","slip":"…"}'
//
// crates/cli/tests/suite/afternoon.rs prepares the installation and runs it. The last line says what it cost.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Agent, Person, cost, sign } from "./people.mjs";

const told = JSON.parse(process.argv[2]);
const { base, home, pictures } = told;
const SCHOOL = "79DEMO002";
const file = (name) => join(home, "truong", name);
const begun = Date.now();
const seconds = () => ((Date.now() - begun) / 1000).toFixed(0);
const chapter = (title) => console.log(`${String(seconds()).padStart(4)} s  ${cost.clicks} clicks  ${title}`);
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

const browser = await chromium.launch({ executablePath: told.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const person = (name) => Person.at(browser, base, name, pictures);
const agent = (key) => Agent.of(told, key);

// The department: its list of schools, and the school with its first administrator.
const department = await person("department");
await department.activate(told.slip);
await department.click("a[href='/department']");
await department.picture("department");
await department.click("a[href='/department/schools/open']");
await department.click("a[href='/department/schools/list']");
await department.files("input[type=file]", file("truong.csv"));
await department.click("form:has(input[type=file]) button");
await department.sees("Trường THPT Nguyễn Du");
await department.picture("schools");
await department.click(`a[href*='${SCHOOL}']`);
await department.type("[name=name]", "Bùi Văn Tin");
await department.type("[name=login]", "tinhoc");
await department.click("main form:has([name=login]) button");
const adminSlip = await department.text(".slip .secret");
await department.picture("first-administrator");
chapter("the school is open, and its administrator has a slip");

// The computer teacher: the year, the lists, two of them faulty at first.
const admin = await person("administrator");
await admin.activate(adminSlip);
await admin.click(`a[href='/school/${SCHOOL}/opening']`);
await admin.picture("nothing-yet");
await admin.click(`a[href='/school/${SCHOOL}/years']`);
await admin.choose("select[name=year]", "2026-2027");
await admin.click("form:has(select[name=year]) button");
await admin.sees("2026-2027");
await admin.go(`/school/${SCHOOL}/opening`);
await admin.click(`a[href='/school/${SCHOOL}/lists']`);
await admin.files("input[name=staff]", file("nhan-su-loi.xlsx"));
await admin.files("input[name=classes]", file("lop.xlsx"));
await admin.files("input[name=pupils]", file("hoc-sinh-loi.xlsx"));
await admin.click("form:has(input[type=file]) button:not(.link)");
await admin.sees("31/02/");
await admin.picture("two-faulty-files");
check((await admin.page.locator("form[action$='/take']").count()) === 0, "what is faulty cannot be taken");
await admin.files("input[name=staff]", file("nhan-su.xlsx"));
await admin.files("input[name=pupils]", file("hoc-sinh.xlsx"));
await admin.click("form:has(input[type=file]) button:not(.link)");
await admin.page.locator("form[action$='/take'] button").waitFor();
await admin.picture("sound");
await admin.click("form[action$='/take'] button");
await admin.picture("being-taken");
await admin.page.locator("#live .flash").waitFor({ timeout: 300_000 });
await admin.picture("taken");
chapter("staff, 45 classes and 1,900 pupils are in");

// Certificates of everybody at once, then slips on paper.
await admin.go(`/school/${SCHOOL}/opening`);
await admin.click(`a[href='/school/${SCHOOL}/certificates']`);
const { readdir } = await import("node:fs/promises");
const certificates = (await readdir(join(home, "chung-thu"))).sort().map((name) => join(home, "chung-thu", name));
check(certificates.length === 47, `${certificates.length} certificates`);
await admin.files("input[type=file]", certificates);
await admin.click("form:has(input[type=file]) button");
await admin.page.locator("#files-title").waitFor({ timeout: 120_000 });
await admin.picture("certificates");
const taken = await admin.page.locator("section:has(#files-title) tr", { hasText: "✓" }).count();
check(taken === 46, `${taken} certificates were taken: ${(await admin.text("main")).slice(0, 400)}`);
// The school has two clerks, so somebody has to say who keeps its seal.
await admin.click(admin.page.locator("tr", { hasText: "Văn thư" }).getByRole("link").first());
await admin.files("input[type=file]", join(home, "chung-thu", "upper-seal.crt.pem"));
await admin.picture("who-keeps-the-seal");
await admin.click("form:has(input[type=file]) button");
await admin.sees("47");
await admin.go(`/school/${SCHOOL}/accounts`);
await admin.click(`form[action='/school/${SCHOOL}/slips'] button`);
await admin.page.locator(".slip").first().waitFor();
const slips = new Map();
for (const slip of await admin.page.locator(".slip").all()) {
  slips.set((await slip.locator("code").first().innerText()).trim(), (await slip.locator(".secret").innerText()).trim());
}
check(slips.size >= 50, `${slips.size} slips`);
chapter(`47 certificates are enrolled, ${slips.size} slips are printed`);

// The department appoints the principal and the seal.
await department.go("/department");
await department.click(`a[href='/department/tasks']`);
await department.picture("to-appoint");
await department.click(`a[href='/school/${SCHOOL}/appointments']`);
const departmentKey = await agent("department");
const offices = await sign(department, departmentKey);
check(offices === 2, `a principal and a seal, not ${offices}`);
await departmentKey.stop();
await department.picture("appointed");
chapter("principal and seal are appointed");

// The principal: 45 classes by one action.
const principal = await person("principal");
await principal.activate(slips.get("doquang.vinh"));
await principal.click(`a[href='/school/${SCHOOL}/appointments']`);
const principalKey = await agent("upper-principal");
await principal.picture("45-classes");
check((await sign(principal, principalKey)) === 45, "45 homeroom teachers");
await principalKey.stop();
await principal.picture("45-signed");
chapter("45 homeroom teachers have their classes, by one action");

// Nothing is missing once the public record has it.
for (let tries = 0; ; tries += 1) {
  await admin.go(`/school/${SCHOOL}/opening`);
  const bar = admin.page.locator(".progress progress");
  const [value, max] = [await bar.getAttribute("value"), await bar.getAttribute("max")];
  if (value === max) break;
  check(tries < 60, `still missing: ${await admin.text("main")}`);
  await new Promise((done) => setTimeout(done, 1000));
}
await admin.picture("nothing-missing");
chapter("the checklist is done");

// The first class: marks in, signed.
const teacher = await person("teacher");
await teacher.activate(slips.get("hothi.thanh"));
await teacher.click(`a[href='/school/${SCHOOL}/classes']`);
await teacher.picture("my-classes");
await teacher.click(`a[href='/school/${SCHOOL}/classes/import']`);
await teacher.files("input[type=file]", file("12A1.xlsx"));
await teacher.click("form:has(input[type=file]) button");
await teacher.page.locator("form[action$='/take'] button").waitFor({ timeout: 60_000 });
await teacher.picture("marks");
await teacher.click("form[action$='/take'] button");
await teacher.page.locator("#live .flash").waitFor({ timeout: 120_000 });
await teacher.go(`/school/${SCHOOL}/classes`);
await teacher.click(`a[href^='/school/${SCHOOL}/classes/']:not([href$=import])`);
await teacher.picture("class");
const teacherKey = await agent("upper-teacher");
const signed = await sign(teacher, teacherKey);
await teacherKey.stop();
await teacher.picture("signed");
check(signed >= 42, `${signed} records`);
chapter(`class 12A1 is signed: ${signed} records`);

const opened = { ...cost, seconds: Number(seconds()) };

// Later in the year: a teacher goes on leave, and the teacher of the next class takes hers as well.
await principal.go(`/school/${SCHOOL}/appointments`);
const of = (name) => principal.page.locator("tbody tr", { hasText: `chủ nhiệm ${name} (` });
const leaving = (await of("12A2").locator("th").innerText()).trim();
const next = (await of("12A3").locator("th").innerText()).trim();
await principal.click(of("12A2").locator("th a"));
await principal.picture("who-leaves");
await principal.choose("select[name=reason]", "left_role");
await principal.choose("select[name=successor]", { label: next });
await principal.type("[name=decision]", "12/QĐ-THPT");
await principal.click("form[method=get] button");
await principal.sees(`${leaving} thôi làm Giáo viên chủ nhiệm 12A2`);
await principal.sees(`${next} làm Giáo viên chủ nhiệm 12A2`);
await principal.picture("what-will-happen");
const replacingKey = await agent("upper-principal");
check((await sign(principal, replacingKey)) === 2, "an end and an appointment");
await replacingKey.stop();
check(/CHẤM DỨT: thôi giữ vai trò \(12\/QĐ-THPT\)/.test(replacingKey.shown), `the agent shows ${replacingKey.shown}`);
await principal.sees("không còn hiệu lực");
await principal.picture("it-is-over");
await principal.go(`/school/${SCHOOL}/appointments`);
const holders = await of("12A2").allInnerTexts();
const [ended, begins] = [leaving, next].map((name) => holders.filter((line) => line.includes(name)).join());
check(holders.length === 2 && /Kết thúc/.test(ended) && !/Kết thúc/.test(begins), holders.join("; "));
await principal.picture("both");
chapter(`${leaving}'s class is ${next}'s, by one action`);

await browser.close();
const since = (part) => cost[part] - opened[part];
const replacing = { clicks: since("clicks"), fields: since("fields"), pages: since("pages") };
console.log(JSON.stringify({ ...opened, replacing }));
