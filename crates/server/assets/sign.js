// Signs with the agent on the signer's own machine (docs/signer.md). What is to be signed comes from this server and goes
// to the agent; signatures come back as they are made and are brought here at once, so that a page that is left, a line
// that breaks or a token that is pulled out costs nothing that was done. Kept is the pairing alone, for this tab.
"use strict";
(() => {
  const PAIRED = "hocba-signer";
  // Few enough that a break costs little, and that a slow token's progress is seen.
  const CHUNK = 10;
  const MOST_HELD = 2000;
  const MOST_WAIT = 30_000;
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  const bytesOf = (text) => {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  };
  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const four = (number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, number);
    return bytes;
  };
  const joined = (parts) => {
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const payloadOf = (task) => task.payload ?? new TextDecoder().decode(bytesOf(task.to_sign)).split(".")[1];

  // What two screens compare: computed here from what this page was given, and by the agent from what it was given.
  const listDigest = async (kind, tasks) => {
    const parts = [new TextEncoder().encode(`hocba-${kind === "records" ? "list" : kind}-v1\0`)];
    for (const task of [...tasks].sort((a, b) => a.number - b.number)) {
      parts.push(four(task.number));
      if (kind === "records") parts.push(bytesOf(task.record), four(task.version));
      parts.push(await sha256(bytesOf(payloadOf(task))));
    }
    return sha256(joined(parts));
  };
  const short = (digest) => {
    const hex = [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.match(/.{4}/g).join(" ");
  };

  class Refused extends Error {
    constructor(status, said) {
      super(said.detail ?? said.title ?? String(status));
      this.status = status;
      this.said = said;
    }
  }

  // No answer: of the agent, of this server.
  class Absent extends Error {}
  class Offline extends Error {}
  const reach = (address, init, missing) =>
    fetch(address, init).catch(() => {
      throw new missing();
    });

  class Agent {
    constructor(origin) {
      this.origin = origin;
    }
    async ask(path, body) {
      const headers = {};
      const token = sessionStorage.getItem(PAIRED);
      if (token) headers.authorization = `Bearer ${token}`;
      if (body) headers["content-type"] = "application/json";
      const init = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), cache: "no-store" };
      const response = await reach(this.origin + path, init, Absent);
      const said = await response.json();
      if (!response.ok) {
        throw new Refused(response.status, { detail: document.documentElement.lang === "vi" ? said.vi : said.en });
      }
      return said;
    }
  }

  // A part of a page that talks to the agent: looks for it, pairs, then does what it is for.
  class WithAgent {
    constructor(root) {
      this.root = root;
      this.agent = new Agent(root.dataset.agent);
      root.addEventListener("click", (event) => {
        const what = event.target.closest("[data-do]")?.dataset.do;
        if (what === "look") this.run(() => this.look());
        if (what === "pair") this.run(() => this.pair());
        if (what === "sign") this.run(() => this.sign());
      });
      this.code = root.querySelector("[data-when=pair] input");
      this.code.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.run(() => this.pair());
      });
    }

    show(state) {
      for (const part of this.root.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
      this.root.dataset.state = state;
      this.root.querySelector(`[data-when=${state}] :is(input, button)`)?.focus();
    }
    say(name, text) {
      for (const place of this.root.querySelectorAll(`[data-out=${name}]`)) place.textContent = text;
    }

    async run(work) {
      try {
        await work();
      } catch (error) {
        if (error instanceof Absent) return this.show("absent");
        // Of the agent: this server's refusals name their request.
        if (error.status === 401 && error.said?.reference === undefined) {
          sessionStorage.removeItem(PAIRED);
          return this.show("pair");
        }
        this.say("why", error instanceof Offline ? this.root.dataset.offline : error.message);
        this.show("refused");
      }
    }

    async look() {
      this.show("looking");
      const { paired } = await this.agent.ask("/v1/status");
      if (!paired) return this.show("pair");
      await this.paired();
    }

    async pair() {
      const code = this.code.value.trim();
      this.code.value = "";
      const { token } = await this.agent.ask("/v1/pair", { code });
      sessionStorage.setItem(PAIRED, token);
      await this.paired();
    }
  }

  // Puts the certificates of the key that is plugged in into the form's field for files.
  class Enrolling extends WithAgent {
    async paired() {
      const { signers } = await this.agent.ask("/v1/certificates");
      const files = new DataTransfer();
      for (const { subject, certificates } of signers) {
        const pem = certificates.map((der) => {
          const text = btoa(String.fromCharCode(...bytesOf(der)));
          return `-----BEGIN CERTIFICATE-----\n${text.match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`;
        });
        files.items.add(new File(pem, `${subject}.pem`, { type: "application/x-pem-file" }));
      }
      document.getElementById(this.root.dataset.field).files = files.files;
      this.say("subject", signers.map((signer) => signer.subject).join(", "));
      this.show("ready");
    }
  }

  class Signing extends WithAgent {
    constructor(root) {
      super(root);
      this.kind = root.dataset.signing;
      addEventListener("beforeunload", (event) => {
        if (this.signed > this.taken) event.preventDefault();
      });
    }

    paired() {
      return this.prepare();
    }

    async prepare() {
      this.show("preparing");
      const { signers } = await this.agent.ask("/v1/certificates");
      [this.signer] = signers;
      this.list = await this.send("tasks", []);
      this.count = this.list.tasks.length;
      if (this.count === 0) return this.show("nothing");
      this.short = short(await listDigest(this.kind, this.list.tasks));
      this.say("subject", this.signer.subject);
      this.say("count", String(this.count));
      this.say("short", this.short);
      this.show("ready");
    }

    async sign() {
      this.signed = 0;
      this.taken = 0;
      if (!(await this.signList())) return;
      this.end();
    }

    end() {
      this.show("done");
      location.assign(`${location.pathname}?done=signed`);
    }

    // What the agent is asked with: the list as the server gave it.
    asked() {
      const { role, school, year, class: name, tasks } = this.list;
      const asked = { certificate: this.signer.sha256, role, school };
      if (this.kind === "records") return { ...asked, year, class: name, tasks };
      if (this.kind === "superseding") return { ...asked, year, class: name, superseding: tasks };
      // An end comes with the appointment that ends. An agent of an earlier release knows no ends.
      const ends = tasks.filter((task) => task.appointment !== undefined);
      const appointments = tasks.filter((task) => task.appointment === undefined);
      return ends.length > 0 ? { ...asked, appointments, ends } : { ...asked, appointments };
    }

    // Has the list signed, and brings the signatures as they are made. Whether it came to its end.
    async signList() {
      const appointments = this.kind === "appointments";
      const path = { records: "sign", appointments: "sign-appointments", superseding: "sign-superseding" }[this.kind];
      const body = this.asked();
      let seen = 0;
      let brought = Date.now();
      let news = await this.agent.ask(`/v1/${path}`, body);
      const waiting = [];
      for (;;) {
        waiting.push(...news.signatures);
        seen += news.signatures.length;
        this.signed += news.signatures.length;
        if (news.state === "waiting") this.show("waiting");
        if (news.state === "declined") {
          this.show("declined");
          return false;
        }
        const ended = news.state === "done" || news.state === "stopped";
        // Appointments are taken all together or not at all; records as they come.
        const due = () => ended || (!appointments && (waiting.length >= CHUNK || Date.now() - brought >= MOST_HELD));
        while (waiting.length > 0 && due()) {
          await this.bring(waiting.splice(0, appointments ? waiting.length : CHUNK));
          brought = Date.now();
        }
        if (news.state !== "waiting") this.progress();
        if (news.state === "stopped") throw new Refused(0, { detail: news.why });
        if (news.state === "done") return true;
        news = await this.agent.ask(`/v1/lists/${news.id}?wait=20&from=${seen}`);
      }
    }

    progress() {
      if (this.root.dataset.state !== "signing") this.show("signing");
      this.say("taken", String(this.taken));
      const bar = this.root.querySelector("[data-when=signing] progress");
      bar.max = this.count;
      bar.value = this.taken;
    }

    // Brings signatures to the server, as long as it takes for the line to come back.
    async bring(signatures) {
      const task = new Map(this.list.tasks.map((one) => [one.number, one]));
      const one = (signed) => {
        const { number, appointment, end, ...rest } = signed;
        if (this.kind !== "appointments") return rest;
        return { payload: payloadOf(task.get(number)), at: rest.at, signature: rest.signature };
      };
      try {
        await this.persist("signatures", [["signatures", JSON.stringify(signatures.map(one))]]);
      } catch (error) {
        this.signed = this.taken;
        throw error;
      }
      this.taken += signatures.length;
      this.progress();
    }

    // Sends a form, as long as it takes for the line, or for the server, to come back.
    async persist(which, fields) {
      const offline = this.root.querySelector("[data-when-offline]");
      for (let wait = 1000; ; wait = Math.min(2 * wait, MOST_WAIT)) {
        try {
          const said = await this.send(which, fields);
          offline.hidden = true;
          return said;
        } catch (error) {
          const again = error instanceof Offline || error.status === 503 || error.status === 429;
          if (!again) throw error;
          this.progress();
          offline.hidden = false;
          await Promise.race([pause(wait), new Promise((done) => addEventListener("online", done, { once: true }))]);
        }
      }
    }

    async send(which, fields) {
      const form = this.root.querySelector(`[data-form=${which}] form`);
      const body = new URLSearchParams(new FormData(form));
      for (const certificate of this.signer.certificates) body.append("certificate", certificate);
      for (const [name, value] of fields) body.append(name, value);
      const headers = { accept: "application/json" };
      const response = await reach(form.action, { method: "POST", headers, body }, Offline);
      const said = await response.json().catch(() => ({}));
      if (!response.ok) throw new Refused(response.status, { reference: "", ...said });
      return said;
    }
  }

  // A class, a grade or a school at once. The classes come one after the other, twice: first to be shown by the agent and
  // confirmed as one, then to be signed; so neither this page nor the agent holds more than one of them.
  class SigningMany extends Signing {
    constructor(root) {
      super(root);
      this.scope = root.querySelector("[data-scope]");
      const word = () => {
        const { button } = this.scope.selectedOptions[0].dataset;
        for (const place of root.querySelectorAll("[data-word]")) place.textContent = button;
      };
      this.scope.addEventListener("change", word);
      word();
    }

    // The classes of what is chosen: one, those of a grade, or all.
    chosen() {
      const { value, dataset } = this.scope.selectedOptions[0];
      if (value) return [value];
      const of = [...this.scope.options].filter((option) => option.value);
      return of.filter((option) => !dataset.grade || option.dataset.grade === dataset.grade).map(({ value }) => value);
    }

    async prepare() {
      this.show("preparing");
      const { signers } = await this.agent.ask("/v1/certificates");
      [this.signer] = signers;
      [this.count, this.classes, this.taken, this.signed] = [0, [], 0, 0];
      this.whole = undefined;
      const digests = [];
      const chosen = this.chosen();
      for (const [at, id] of chosen.entries()) {
        this.say("prepared", `${at + 1} / ${chosen.length}`);
        this.list = await this.send("tasks", [["class", id]]);
        if (this.list.tasks.length === 0) continue;
        if (this.whole === undefined) {
          const { role, school } = this.list;
          this.whole = (await this.agent.ask("/v1/wholes", { certificate: this.signer.sha256, role, school })).id;
        }
        await this.agent.ask(`/v1/wholes/${this.whole}/classes`, this.asked());
        digests.push(await listDigest(this.kind, this.list.tasks));
        this.classes.push(id);
        this.count += this.list.tasks.length;
      }
      this.list = undefined;
      if (this.count === 0) return this.show("nothing");
      this.short = short(await sha256(joined([new TextEncoder().encode("hocba-lists-v1\0"), ...digests])));
      this.say("subject", this.signer.subject);
      this.say("count", String(this.count));
      this.say("short", this.short);
      this.show("ready");
    }

    async sign() {
      [this.signed, this.taken] = [0, 0];
      let news = await this.agent.ask(`/v1/wholes/${this.whole}/confirm`, {});
      while (news.state === "waiting") {
        this.show("waiting");
        news = await this.agent.ask(`/v1/wholes/${this.whole}?wait=20`);
      }
      if (news.state === "declined") return this.show("declined");
      for (const id of this.classes) {
        this.current = id;
        // As it is now: what somebody signed or returned meanwhile is not in it.
        this.list = await this.persist("tasks", [["class", id]]);
        if (this.list.tasks.length > 0 && !(await this.signList())) return;
      }
      this.end();
    }

    send(which, fields) {
      const named = fields.some(([name]) => name === "class");
      return super.send(which, named ? fields : [["class", this.current], ...fields]);
    }
  }

  for (const root of document.querySelectorAll("[data-signing]")) {
    new ("many" in root.dataset ? SigningMany : Signing)(root);
  }
  for (const root of document.querySelectorAll("[data-enrolling]")) new Enrolling(root);
})();
