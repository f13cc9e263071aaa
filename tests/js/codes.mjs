// The secret of a look-up code by WebCrypto, compared with the values in docs/spec/links.md.
//
//   node codes.mjs docs/spec/links.md
import { readFileSync } from "node:fs";

const page = readFileSync(process.argv[2], "utf8");
const value = (name) => {
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`));
  if (!row) throw new Error(`no row "${name}"`);
  return row.split("`")[1];
};
const text = new TextEncoder();
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const bits = async (algorithm, material, how) => {
  const key = await crypto.subtle.importKey("raw", material, algorithm, false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: algorithm, hash: "SHA-256", ...how }, key, 256));
};

const plain = value("code").replaceAll("-", "");
const secret = await bits("PBKDF2", text.encode(plain), { salt: text.encode("hocba-code-v1"), iterations: 600_000 });
const hkdf = (info) => bits("HKDF", secret, { salt: new Uint8Array(), info: text.encode(info) });
const token = await hkdf("hocba-link-token-v1");
const found = {
  "secret of the code": secret,
  "token of the code": token,
  "key of the code": await hkdf("hocba-link-key-v1"),
  "id of the code": new Uint8Array(await crypto.subtle.digest("SHA-256", token)),
};
for (const [name, bytes] of Object.entries(found)) {
  if (base64url(bytes) !== value(name)) throw new Error(`${name} is ${base64url(bytes)}, the page has ${value(name)}`);
}
console.log(`${Object.keys(found).length} values agree`);
