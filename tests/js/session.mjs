// Somebody with a browser's session and nothing of a browser besides: cookies, forms with their tokens, a slip that is taken.
import { digits, PASSWORD } from "./people.mjs";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};
const unescaped = (text) => text.replace(/&amp;/g, "&").replace(/&#60;|&lt;/g, "<").replace(/&#34;|&quot;/g, '"');

/** Somebody at the server whose address is `base`. */
export class Session {
  constructor(base) {
    this.base = base;
    this.cookies = new Map();
    this.put_off = 0;
  }
  /** The cookies, as the header has them. */
  cookie() {
    return [...this.cookies].map((pair) => pair.join("=")).join("; ");
  }
  async ask(path, init = {}) {
    const headers = { ...init.headers, cookie: this.cookie() };
    for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
      const response = await fetch(this.base + path, { ...init, headers, redirect: "manual" });
      // The server says that it is full: as the pages' script does, later again.
      if (response.status === 503 || response.status === 429) {
        await response.arrayBuffer();
        this.put_off += 1;
        await pause(wait);
        continue;
      }
      for (const cookie of response.headers.getSetCookie()) {
        const [name, value] = cookie.split(";")[0].split("=");
        if (value) this.cookies.set(name, value);
        else this.cookies.delete(name);
      }
      return { status: response.status, text: await response.text(), location: response.headers.get("location") };
    }
  }
  /** Sends a form of a page: its hidden fields, and these. */
  async fill(page, action, fields, headers = {}) {
    const part = page.text.split(`action="${action}"`)[1]?.split("</form>")[0];
    check(part !== undefined, `no form to ${action}: ${page.status} ${page.text.slice(0, 300)}`);
    const body = new URLSearchParams();
    for (const [input] of part.matchAll(/<input type="hidden"[^>]*>/g)) {
      const of = (name) => unescaped(input.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "");
      body.append(of("name"), of("value"));
    }
    for (const [name, value] of fields) body.append(name, value);
    return this.ask(action, { method: "POST", body, headers: { "sec-fetch-site": "same-origin", ...headers } });
  }
  async activate(slip) {
    const first = await this.fill(await this.ask("/activate"), "/activate", [["slip", slip]]);
    const secret = first.text.match(/class="secret">([^<]+)</)?.[1];
    check(secret, `the slip is taken: ${first.status} ${first.text.slice(0, 2000)}`);
    const fields = [["password", PASSWORD], ["again", PASSWORD], ["code", digits(secret)]];
    const done = await this.fill(first, "/activate/account", fields);
    check(done.status < 400, `activated: ${done.status}`);
    this.secret = secret;
  }
}
