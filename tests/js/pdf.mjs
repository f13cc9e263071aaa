// PDFs as a reader has them: pages, the places of their texts, and pictures. pdf.js runs in a browser of its own, whose files
// come from node_modules and from nowhere else.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const build = join(dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json")), "build");
const HOST = "http://pdf.invalid";
/** Millimetres of a point of PDF. */
const MM = 25.4 / 72;

const PAGE = `<!doctype html><meta charset="utf-8"><canvas id="canvas"></canvas><script type="module">
import * as pdfjs from "${HOST}/pdf.mjs";
pdfjs.GlobalWorkerOptions.workerSrc = "${HOST}/pdf.worker.mjs";
let document_;
globalThis.load = async (base64) => {
  const data = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  document_ = await pdfjs.getDocument({ data, isEvalSupported: false }).promise;
  return document_.numPages;
};
globalThis.texts = async (number) => {
  const page = await document_.getPage(number);
  const { items } = await page.getTextContent();
  const [, , width, height] = page.view;
  const boxes = items.filter((item) => item.str.trim()).map(({ str, transform, width, height }) => ({ str, transform, width, height }));
  return { width, height, boxes };
};
globalThis.draw = async (number, dpi) => {
  const page = await document_.getPage(number);
  const viewport = page.getViewport({ scale: dpi / 72 });
  const canvas = document.querySelector("canvas");
  [canvas.width, canvas.height] = [Math.ceil(viewport.width), Math.ceil(viewport.height)];
  await page.render({ canvas, canvasContext: canvas.getContext("2d", { willReadFrequently: true }), viewport }).promise;
  return [canvas.width, canvas.height];
};
const base64 = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
globalThis.pixels = (x, y, width, height) =>
  base64(document.querySelector("canvas").getContext("2d").getImageData(x, y, width, height).data);
globalThis.picture = () => document.querySelector("canvas").toDataURL("image/png").split(",")[1];
globalThis.ready = true;
</script>`;

export class Reader {
  static async in(browser) {
    const reader = new Reader();
    const context = await browser.newContext();
    await context.route("**/*", async (route) => {
      const path = new URL(route.request().url()).pathname;
      if (path === "/") return route.fulfill({ contentType: "text/html", body: PAGE });
      const file = { "/pdf.mjs": "pdf.mjs", "/pdf.worker.mjs": "pdf.worker.mjs" }[path];
      if (!file) return route.abort();
      return route.fulfill({ contentType: "text/javascript", body: await readFile(join(build, file)) });
    });
    reader.page = await context.newPage();
    await reader.page.goto(`${HOST}/`);
    await reader.page.waitForFunction(() => globalThis.ready);
    return reader;
  }

  /** Reads a PDF; the number of its pages. */
  async load(bytes) {
    return this.page.evaluate((base64) => globalThis.load(base64), bytes.toString("base64"));
  }

  /** The page's size and the texts on it, in millimetres from the upper left corner. */
  async texts(number) {
    const { width, height, boxes } = await this.page.evaluate((n) => globalThis.texts(n), number);
    const place = ({ str, transform, width: wide, height: tall }) => {
      const [, slope, , , x, y] = transform;
      return { str, level: Math.abs(slope) < 1e-6, left: x * MM, right: (x + wide) * MM, top: (height - y - tall) * MM, bottom: (height - y) * MM };
    };
    return { width: width * MM, height: height * MM, boxes: boxes.map(place) };
  }

  /** Draws a page with so many dots per inch; afterwards `pixels` and `picture` are of it. */
  async draw(number, dpi) {
    [this.width, this.height] = await this.page.evaluate(([n, dpi]) => globalThis.draw(n, dpi), [number, dpi]);
    this.dpi = dpi;
  }

  /** A part of the drawn page, in millimetres, as RGBA. */
  async pixels(left, top, right, bottom) {
    const dots = (mm) => Math.round((mm / 25.4) * this.dpi);
    const [x, y] = [dots(left), dots(top)];
    const [width, height] = [Math.min(dots(right), this.width) - x, Math.min(dots(bottom), this.height) - y];
    const base64 = await this.page.evaluate((part) => globalThis.pixels(...part), [x, y, width, height]);
    return { data: new Uint8ClampedArray(Buffer.from(base64, "base64")), width, height };
  }

  /** The drawn page as PNG. */
  async picture() {
    return Buffer.from(await this.page.evaluate(() => globalThis.picture()), "base64");
  }
}
