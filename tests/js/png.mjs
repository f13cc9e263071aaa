// PNG with a palette (RFC 2083, section 4.1.2), half of what a screenshot takes: a page has few colours, and most of those are
// the edges of letters. Chromium decodes and zlib packs, so that no native library is installed for pictures of a few kilobytes.
import { crc32, deflateSync } from "node:zlib";

const MOST_COLOURS = 256;

/** The pixels of a PNG as RGBA, decoded by the page's browser. */
async function pixels(page, png) {
  const { width, height, base64 } = await page.evaluate(async (source) => {
    const bytes = Uint8Array.from(atob(source), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none" });
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = "";
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return { width: bitmap.width, height: bitmap.height, base64: btoa(text) };
  }, png.toString("base64"));
  return { width, height, data: Buffer.from(base64, "base64") };
}

function chunk(name, data) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** The same picture with the 256 colours that most of its pixels have; others become the nearest of them. */
export async function packed(page, png) {
  const { width, height, data } = await pixels(page, png);
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  // By number of pixels, then by colour: the same picture gives the same bytes.
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const palette = sorted.slice(0, MOST_COLOURS);
  const index = new Map(palette.map((colour, place) => [colour, place]));
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  for (const colour of sorted.slice(MOST_COLOURS)) {
    const [r, g, b] = parts(colour);
    let [nearest, least] = [0, Infinity];
    for (const [place, other] of palette.entries()) {
      const [x, y, z] = parts(other);
      const away = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (away < least) [nearest, least] = [place, away];
    }
    index.set(colour, nearest);
  }
  // A byte a pixel, each row after its filter: none, the best for palettes.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) rows[y * (width + 1) + 1 + x] = index.get(data.readUIntBE(at, 3));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  // Eight bits, palette; deflate, no interlacing.
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flatMap(parts))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
