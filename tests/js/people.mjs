// People before the staff pages in a real browser: each with a browser of their own, a phone that shows codes, and, for those
// who sign, the agent on their machine. Everything they do is counted, so that a story can say what it costs.
import { createHmac } from "node:crypto";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";

export const PASSWORD = "mùa hè ở Đà Lạt";

/** What was done so far: clicks (files are chosen by one), texts typed, pages loaded. */
export const cost = { clicks: 0, fields: 0, pages: 0 };

/** The six digits that an authenticator app shows (RFC 6238: SHA-1, 30 seconds). */
export function digits(secret, step = Math.floor(Date.now() / 30_000)) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const c of secret.replace(/\s/g, "")) bits += alphabet.indexOf(c).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac[mac.length - 1] & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Somebody with a browser. */
export class Person {
  static async at(browser, base, name, pictures, device = {}) {
    const context = await browser.newContext({ locale: "vi-VN", acceptDownloads: true, ...device });
    const person = new Person();
    Object.assign(person, { base, name, pictures, context, page: await context.newPage(), taken: 0, usedStep: 0 });
    person.page.on("pageerror", (error) => {
      throw new Error(`${name}: ${error.message}`);
    });
    person.page.on("framenavigated", () => (cost.pages += 1));
    return person;
  }

  async click(what) {
    cost.clicks += 1;
    await this.locate(what).click();
  }
  async type(what, text) {
    cost.fields += 1;
    await this.locate(what).fill(text);
  }
  async choose(what, text) {
    cost.clicks += 1;
    await this.locate(what).selectOption(text);
  }
  async files(what, paths) {
    cost.clicks += 1;
    await this.locate(what).setInputFiles(paths);
  }
  locate(what) {
    return typeof what === "string" ? this.page.locator(what).first() : what;
  }
  async text(what = "main") {
    return (await this.locate(what).innerText()).replace(/\s+/g, " ").trim();
  }
  async go(path) {
    await this.page.goto(this.base + path);
  }
  /** Leaves a picture of the page as it is. */
  async picture(title) {
    this.taken += 1;
    const file = `${this.name}-${String(this.taken).padStart(2, "0")}-${title}.png`;
    await this.page.screenshot({ path: join(this.pictures, file), fullPage: true });
  }
  /** The page has to say this, in the end. */
  async sees(text, timeout = 120_000) {
    await this.page.locator("main", { hasText: text }).first().waitFor({ timeout });
  }

  /** From a slip to home: password, authenticator app, recovery codes. */
  async activate(slip) {
    await this.go("/activate");
    await this.type("[name=slip]", slip);
    await this.click("main form button");
    const secret = await this.text(".secret");
    this.secret = secret;
    await this.type("[name=password]", PASSWORD);
    await this.type("[name=again]", PASSWORD);
    await this.type("[name=code]", digits(secret));
    await this.click("main form button");
    await this.page.locator(".codes li").nth(7).waitFor();
    await this.go("/home");
  }
}

/** The signer's agent on somebody's machine, with their key. */
export class Agent {
  static async start(program, { base, port, key, certificate, passphrase, cwd, more = [] }) {
    const agent = new Agent();
    const args = ["signer", "--json", "--yes", "--demo", "--allow", base, "--port", String(port)];
    args.push("--key", key, "--certificate", certificate, "--passphrase-file", passphrase, ...more);
    agent.child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    agent.shown = "";
    agent.child.stderr.setEncoding("utf8").on("data", (text) => (agent.shown += text));
    agent.ended = new Promise((done) => agent.child.on("exit", done));
    // Its first document, over several lines.
    let document = "";
    for await (const line of createInterface({ input: agent.child.stdout })) {
      document += line;
      if (line === "}") break;
    }
    if (!document) throw new Error(`hocba signer ended with ${await agent.ended}: ${agent.shown}`);
    agent.code = JSON.parse(document).code;
    return agent;
  }
  /** With one of the example keys, in a story's installation. */
  static of({ program, base, signer_port, home }, key, more = []) {
    return Agent.start(program, {
      base,
      port: signer_port,
      key: join(home, "hocba-data/keys", `${key}.key.pem`),
      certificate: join(home, "hocba-data/keys", `${key}.crt.pem`),
      passphrase: join(home, "mat-khau.txt"),
      cwd: home,
      more,
    });
  }
  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}

/** Signs what the page offers: pairs, compares the list on both screens, signs, waits until the server has all of it. */
export async function sign(person, agent, part = "[data-signing]") {
  const root = person.page.locator(part).first();
  await person.click(root.locator("[data-when=begin] button"));
  await root.locator("[data-when=pair] input").waitFor();
  await person.picture("to-pair");
  await person.type(root.locator("[data-when=pair] input"), agent.code);
  await person.click(root.locator("[data-when=pair] button"));
  await root.locator("[data-when=ready]").waitFor();
  const list = await root.locator("[data-when=ready] [data-out=short]").innerText();
  const count = Number(await root.locator("[data-when=ready] [data-out=count]").innerText());
  await person.picture("ready-to-sign");
  const signed = person.page.waitForURL(/done=signed/, { timeout: 180_000 });
  await person.click(root.locator("[data-when=ready] button"));
  await signed;
  if (!agent.shown.includes(list)) throw new Error(`the agent shows another list than ${list}: ${agent.shown}`);
  return count;
}
