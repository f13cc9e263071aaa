// Sheets of a class on paper: a clerk makes look-up codes, prints the class to PDF through Chromium, what comes out is read
// back (sheets.mjs), and each code is opened on the check page.
//
//   node paper.mjs '{"base":"http://…","chromium":"…","pictures":"…","slip":"…","school":"…","class":"9A3","pupils":40,"says":["…"]}'
//
// crates/cli/tests/suite/paper.rs prepares the installation and runs it. The last line says what was seen.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Person } from "./people.mjs";
import { Printer, sheetsOf } from "./sheets.mjs";

const told = JSON.parse(process.argv[2]);
const { base, pictures, school } = told;
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

const browser = await chromium.launch({ executablePath: told.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const printer = await Printer.in(browser, pictures);
const printed = (person, name) => printer.sheets(person.page, name);
const read = async (name, number, link) => {
  const said = await printer.code(name, number);
  check(said === link, `${name}, page ${number}: ${said} instead of ${link}`);
};

// The clerk finds the class and its sheets.
const clerk = await Person.at(browser, base, "clerk", pictures);
await clerk.activate(told.slip);
await clerk.go(`/school/${school}/classes`);
await clerk.click(clerk.page.getByRole("link", { name: told.class, exact: true }).first());
const classPage = new URL(clerk.page.url()).pathname;
const names = await clerk.page.locator("a[href*='/records/']").allInnerTexts();
check(names.length === told.pupils, `${names.length} pupils`);
const sheetsPage = `${classPage}/print`;
await clerk.go(sheetsPage);
await clerk.page.locator(".sheet").first().waitFor();
await printed(clerk, `${told.class}-without-codes`);

// Codes, by one button; the task leads back to the sheets.
await clerk.click("main form[action$='/print/codes'] button");
await clerk.page.locator("#live .flash").waitFor({ timeout: 300_000 });
await clerk.picture("codes-made");
await clerk.click(`main a[href='${sheetsPage}']`);
await clerk.page.locator(".code").first().waitFor();
const sheets = await printed(clerk, told.class);
const links = new Map();
for (const [place, sheet] of sheets.entries()) {
  check(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/.test(sheet.code ?? ""), `page ${place + 1} has the code ${sheet.code}`);
  const pupil = names.find((name) => sheet.head.includes(`${name} – Lớp ${told.class}`));
  check(pupil, `page ${place + 1} is of nobody: ${sheet.head}`);
  links.set(sheet.code, pupil);
  await read(told.class, place + 1, `${base}/v#${sheet.code}`);
  // A few to look at.
  if (place < 4 || place === sheets.length - 1) {
    await printer.picture(place + 1, `${told.class}-page-${place + 1}.png`);
  }
}
check(links.size === told.pupils, `${links.size} codes of ${told.pupils} pupils`);
for (const said of told.says) {
  check(sheets.some((sheet) => sheet.texts.join(" ").includes(said)), `no sheet says "${said}"`);
}

// What these checks are worth: a sheet that is pushed out at the side, one that runs over, and a code of somebody else.
const refuses = async (what, work) => {
  const failed = await work().then(() => null, (error) => error);
  check(failed, `${what} is not seen`);
  return failed.message;
};
const pushed = (part, style, value) =>
  clerk.page.evaluate(([part, style, value]) => (document.querySelector(part).style[style] = value), [part, style, value]);
await pushed(".sheet-head", "marginLeft", "-12mm");
await refuses("a text beside the margin", () => printed(clerk, "pushed"));
await pushed(".sheet-head", "marginLeft", "");
await pushed(".sheet-head", "marginTop", "-9mm");
await refuses("a text above the margin", () => printed(clerk, "lifted"));
await pushed(".sheet-head", "marginTop", "");
await pushed(".sheet-body", "paddingTop", "200mm");
await refuses("a sheet that runs over", () => printed(clerk, "over"));
await pushed(".sheet-body", "paddingTop", "");
await printed(clerk, told.class);
await refuses("another link", () => read(told.class, 1, `${base}/v#${[...links.keys()][1]}`));

// Printed again: the same codes.
await clerk.go(sheetsPage);
const again = await sheetsOf(clerk.page);
check(again.every((sheet, place) => sheet.code === sheets[place].code), "a sheet printed again has another code");

// Whoever has the paper: by the link of the QR code, and by typing.
const reading = await browser.newContext({ locale: "vi-VN" });
const phone = await reading.newPage();
const asked = [];
phone.on("request", (request) => asked.push(new URL(request.url()).pathname));
const verdict = "Học bạ này là thật và đang có hiệu lực";
for (const [code, pupil] of links) {
  await phone.goto("about:blank");
  await phone.goto(`${base}/v#${code}`);
  await phone.locator("#result article").waitFor({ timeout: 60_000 });
  const text = await phone.locator("#result").innerText();
  check(text.includes(verdict), `${code}: ${text.slice(0, 300)}`);
  check((await phone.locator("#result").textContent()).includes(pupil), `${code} opens somebody else's`);
  check(!phone.url().includes(code), "the code stays in the address");
}
const [code] = links.keys();
await phone.goto("about:blank");
await phone.goto(`${base}/v`);
await phone.locator("#code").waitFor();
asked.length = 0;
const wrong = code.slice(0, -1) + (code.endsWith("2") ? "3" : "2");
await phone.locator("#code").fill(wrong);
await phone.keyboard.press("Enter");
await phone.locator("#code-error").waitFor();
check((await phone.locator("#code").getAttribute("aria-invalid")) === "true", "the field is marked");
check(asked.length === 0, `a mistyped code is sent: ${asked}`);
await phone.screenshot({ path: join(pictures, "mistyped.png"), fullPage: true });
await phone.locator("#code").fill(` ${code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `);
await phone.keyboard.press("Enter");
await phone.locator("#result article").waitFor({ timeout: 60_000 });
check((await phone.locator("#result").innerText()).includes(verdict), "a typed code does not open");
await phone.screenshot({ path: join(pictures, "typed.png"), fullPage: true });

await browser.close();
console.log(JSON.stringify({ class: told.class, pupils: links.size, pages: sheets.length, read: sheets.length, opened: links.size + 1 }));
process.exit(0);
