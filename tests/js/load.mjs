// Homeroom teachers of a large school sign their classes all at once, while pages are read: what it costs those who read.
//
//   node load.mjs FILE
//
// FILE is what crates/xtask/src/load.rs prepares: where the server is, who signs what with which key. People have sessions
// as browsers have: a slip, a password, a second factor, forms with their tokens. The last line is the figures, as JSON.
import { createPrivateKey, sign as signWith } from "node:crypto";
import { readFileSync } from "node:fs";
import { Session } from "./session.mjs";

const told = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { base, school, readers, seconds } = told;
const now = () => performance.now();
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

/** Signs what waits for somebody in one class, as the page's script does. Gives how many. */
async function signClass(session, person, address, step) {
  const page = await session.ask(address);
  check(page.status === 200, `${address}: ${page.status}`);
  const script = { accept: "application/json" };
  const certificates = person.chain.map((der) => ["certificate", der]);
  const tasks = await session.fill(page, `${address}/${step}/tasks`, certificates, script);
  check(tasks.status === 200, `${step} of ${address}: ${tasks.status} ${tasks.text.slice(0, 500)}`);
  const key = createPrivateKey({ key: Buffer.from(person.key, "base64url"), format: "der", type: "pkcs8" });
  const list = JSON.parse(tasks.text).tasks;
  const signed = list.map(({ record, version, revision, at, to_sign }) => {
    const signature = signWith(null, Buffer.from(to_sign, "base64url"), key).toString("base64url");
    return { record, version, revision, at, signature };
  });
  for (let from = 0; from < signed.length; from += 40) {
    const some = JSON.stringify(signed.slice(from, from + 40));
    const taken = await session.fill(page, `${address}/${step}/signatures`, [...certificates, ["signatures", some]], script);
    check(taken.status === 200, `${step} of ${address}: ${taken.status} ${taken.text.slice(0, 500)}`);
  }
  return signed.length;
}

/** So many at a time do the work for each of the people. */
async function each(people, most, work) {
  const queue = [...people.entries()];
  const one = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: Math.min(most, people.length) }, one));
}

const percentile = (times, share) => {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
};

/** Reads pages until it is told to stop; gives how long each took, in milliseconds. */
async function reading(sessions, pages, going) {
  const times = [];
  await Promise.all(
    sessions.map(async (session, reader) => {
      for (let n = reader; going(); n += 1) {
        const began = now();
        const page = await session.ask(pages[n % pages.length]);
        check(page.status === 200, `a page that is read: ${page.status}`);
        times.push(now() - began);
        // A person reads what came: so many of them as a staff room has, none of them a machine.
        await pause(200);
      }
    }),
  );
  return times;
}

// Everybody gets in.
const sessions = told.teachers.map(() => new Session(base));
await each(told.teachers, 4, (teacher, n) => sessions[n].activate(teacher.slip));
const offices = { principal: new Session(base), seal: new Session(base) };
for (const office of ["principal", "seal"]) await offices[office].activate(told[office].slip);
const listed = await offices.principal.ask(`/school/${school}/classes`);
const addresses = new Map();
for (const [, address, name] of listed.text.matchAll(/<a href="(\/school\/[^"]*\/classes\/[^"/]{10,})">([^<]+)</g)) {
  addresses.set(name.trim(), address);
}
check(addresses.size >= told.teachers.length, `${addresses.size} classes are listed`);
const classes = told.teachers.map((teacher) => addresses.get(teacher.class));
check(classes.every(Boolean), "each teacher has a class");
console.error(`${sessions.length} teachers are signed in`);

// Pages are read while nothing else happens, then while everybody signs.
const shown = [...classes.slice(0, 8), `/school/${school}/classes`, "/home"];
const eyes = Array.from({ length: readers }, () => offices.principal);
const until = now() + seconds * 1000;
const idle = await reading(eyes, shown, () => now() < until);
console.error(`idle: ${idle.length} pages, 95 of 100 within ${percentile(idle, 0.95).toFixed(0)} ms`);

let going = true;
const began = now();
const watched = reading(eyes, shown, () => going);
const took = [];
let records = 0;
await each(told.teachers, told.teachers.length, async (teacher, n) => {
  const start = now();
  const signed = await signClass(sessions[n], teacher, classes[n], "sign");
  records += signed;
  took.push(now() - start);
});
const signing = (now() - began) / 1000;
check(records === told.records, `${records} of ${told.records} records are signed`);
going = false;
const busy = await watched;
const putOff = sessions.reduce((sum, session) => sum + session.put_off, 0);
console.error(`${records} records are signed in ${signing.toFixed(1)} s; ${busy.length} pages were read`);

// The rest of the way, so that there is something to drain.
const rest = now();
for (const [office, step] of [["principal", "co-sign"], ["seal", "seal"]]) {
  await each(classes, 2, (address) => signClass(offices[office], told[office], address, step));
}
console.error(`co-signed and sealed in ${((now() - rest) / 1000).toFixed(1)} s`);

const [quiet, loud] = [percentile(idle, 0.95), percentile(busy, 0.95)];
console.log(
  JSON.stringify({
    teachers: sessions.length,
    records,
    signing_seconds: Number(signing.toFixed(1)),
    records_per_second: Math.round(records / signing),
    class_median_seconds: Number((percentile(took, 0.5) / 1000).toFixed(2)),
    class_p95_seconds: Number((percentile(took, 0.95) / 1000).toFixed(2)),
    put_off: putOff,
    idle_pages: idle.length,
    idle_median_ms: Math.round(percentile(idle, 0.5)),
    idle_p95_ms: Math.round(quiet),
    busy_pages: busy.length,
    busy_median_ms: Math.round(percentile(busy, 0.5)),
    busy_p95_ms: Math.round(loud),
    p95_ratio: Number((loud / quiet).toFixed(1)),
  }),
);
