// Cells of a workbook changed where they stand, as whoever mends a file does: everything else stays byte for byte. And the
// comments that somebody left in it. Office Open XML (ECMA-376 part 1, §18); nothing of ours reads or writes here.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path/posix";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const plain = (xml) =>
  xml.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, "&");
const attribute = (tag, name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

/** The parts of a file, and where each sheet's is. */
async function open(path) {
  const parts = unzipSync(await readFile(path));
  const text = (name) => strFromU8(parts[name]);
  const targets = new Map();
  for (const [tag] of text("xl/_rels/workbook.xml.rels").matchAll(/<Relationship\s[^>]*>/g)) {
    targets.set(attribute(tag, "Id"), join("xl", attribute(tag, "Target")));
  }
  const sheets = new Map();
  for (const [tag] of text("xl/workbook.xml").matchAll(/<sheet\s[^>]*>/g)) {
    sheets.set(plain(attribute(tag, "name")), targets.get(attribute(tag, "r:id")));
  }
  return { parts, text, sheets };
}

/**
 * Writes a copy with other values: `[sheet, cell, value]`, where a number is a number, a text a text, `null` nothing. Gives the
 * numbers that stood there before.
 */
export async function edit(path, to, changes) {
  const { parts, text, sheets } = await open(path);
  const before = [];
  for (const [sheet, cell, value] of changes) {
    const part = sheets.get(sheet);
    if (!part) throw new Error(`no sheet ${sheet}`);
    const xml = text(part);
    const found = new RegExp(`<c r="${cell}"([^>]*?)(?:/>|>.*?</c>)`, "s").exec(xml);
    if (!found) throw new Error(`no cell ${cell} in ${sheet}`);
    const number = /\st="/.test(found[1]) ? undefined : /<v>(.*?)<\/v>/.exec(found[0])?.[1];
    before.push(number === undefined ? null : Number(number));
    const kept = found[1].replace(/\st="[^"]*"/, "");
    const inside =
      value === null
        ? `<c r="${cell}"${kept}/>`
        : typeof value === "number"
          ? `<c r="${cell}"${kept}><v>${value}</v></c>`
          : `<c r="${cell}"${kept} t="inlineStr"><is><t>${escaped(value)}</t></is></c>`;
    parts[part] = strToU8(xml.slice(0, found.index) + inside + xml.slice(found.index + found[0].length));
  }
  await writeFile(to, zipSync(parts));
  return before;
}

/** The comments of a file: `[sheet, cell, text]`. */
export async function comments(path) {
  const { parts, text, sheets } = await open(path);
  const found = [];
  for (const [sheet, part] of sheets) {
    const relations = join(dirname(part), "_rels", `${part.split("/").pop()}.rels`);
    if (!parts[relations]) continue;
    for (const [tag] of text(relations).matchAll(/<Relationship\s[^>]*>/g)) {
      if (!attribute(tag, "Type").endsWith("/comments")) continue;
      const target = attribute(tag, "Target");
      const where = target.startsWith("/") ? target.slice(1) : join(dirname(part), target);
      for (const [comment] of text(where).matchAll(/<comment\s.*?<\/comment>/gs)) {
        found.push([sheet, attribute(comment, "ref"), plain(comment)]);
      }
    }
  }
  return found;
}
