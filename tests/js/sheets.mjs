// Sheets of transcripts on paper: what a page shows is printed to PDF by Chromium and read back by programs that we did not
// write: pdf.js says where each text is, zbar and jsQR read the codes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scanImageData } from "@undecaf/zbar-wasm";
import jsQRModule from "jsqr";
import { Reader } from "./pdf.mjs";

const jsQR = jsQRModule.default ?? jsQRModule;
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};
const bare = (text) => text.normalize("NFKC").replace(/\s+/g, "");
// Margins of the sheets, in millimetres (assets/print.css), and what rounding may take.
const AREA = { left: 20, top: 12, right: 195, bottom: 285 };
const ROUNDING = 0.6;

/** The sheets of a page: their texts by element, their codes, as the page has them. */
export const sheetsOf = (page) =>
  page.$$eval(".sheet", (sheets) =>
    sheets.map((sheet) => {
      const seen = (element) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll(".unseen, title, svg.across").forEach((hidden) => hidden.remove());
        return copy.textContent;
      };
      const parts = [".is-not", ".sheet-head span", "th", "td", "dt", "dd", ".sheet-heading", "h3", ".sheet-paragraph p", ".sheet-note", ".sheet-title", ".signature p", ".imprint p", ".place"];
      const texts = parts.flatMap((part) => [...sheet.querySelectorAll(part)].filter((e) => !e.closest(".unseen")).map(seen));
      return {
        texts: texts.filter((text) => text.trim()),
        code: sheet.querySelector(".code strong")?.textContent ?? null,
        head: sheet.querySelector(".sheet-head")?.textContent ?? "",
        place: sheet.querySelector(".place").textContent,
      };
    }),
  );

/** A printer with somebody behind it who reads. */
export class Printer {
  static async in(browser, pictures) {
    const printer = new Printer();
    Object.assign(printer, { reader: await Reader.in(browser), pictures });
    return printer;
  }

  /** Prints a page; how many sheets of paper it takes. */
  async print(page, name) {
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    await writeFile(join(this.pictures, `${name}.pdf`), pdf);
    return this.reader.load(pdf);
  }

  /** Prints the sheets that a page shows, and reads them back: every text of a sheet is on its page, whole and within the margins. */
  async sheets(page, name) {
    const sheets = await sheetsOf(page);
    const pages = await this.print(page, name);
    check(pages === sheets.length, `${name}: ${sheets.length} sheets became ${pages} pages`);
    for (const [place, sheet] of sheets.entries()) {
      const { width, height, boxes } = await this.reader.texts(place + 1);
      check(Math.abs(width - 210) < 1 && Math.abs(height - 297) < 1, `${name}, page ${place + 1}: ${width} × ${height} mm`);
      for (const box of boxes) {
        const inside =
          box.left > AREA.left - ROUNDING && box.right < AREA.right + ROUNDING && box.top > AREA.top - ROUNDING && box.bottom < AREA.bottom + ROUNDING;
        // What is said across a sheet that is no extract runs over all of it.
        check(inside || !box.level, `${name}, page ${place + 1}: "${box.str}" is cut: ${JSON.stringify(box)}`);
      }
      // Letter by letter: what Chromium cuts at a margin is not in the PDF at all, and what runs over is on another page.
      const letters = (text) => [...bare(text)].sort().join("");
      const [here, there] = [letters(boxes.filter((box) => box.level).map((box) => box.str).join("")), letters(sheet.texts.join(""))];
      check(here === there, `${name}, page ${place + 1} has other letters than its sheet: ${here}\n${there}`);
    }
    return sheets;
  }

  /** What the QR code of a page says, which both readers have to agree on. */
  async code(name, number) {
    await this.reader.draw(number, 200);
    const foot = await this.reader.pixels(15, 240, 80, 292);
    const [symbol, ...more] = await scanImageData({ ...foot, colorSpace: "srgb" });
    check(symbol && more.length === 0, `${name}, page ${number}: zbar sees ${more.length + (symbol ? 1 : 0)} codes`);
    const other = jsQR(foot.data, foot.width, foot.height);
    check(other?.data === symbol.decode(), `${name}, page ${number}: zbar reads ${symbol.decode()}, jsQR ${other?.data}`);
    return other.data;
  }

  /** Leaves a picture of a page. */
  async picture(number, file) {
    await this.reader.draw(number, 110);
    await writeFile(join(this.pictures, file), await this.reader.picture());
  }
}
