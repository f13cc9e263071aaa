//! How much room a block takes on paper, on the safe side, and which blocks go on which sheet.
//!
//! Widths of letters are those of Times New Roman and the fonts of its measures (Liberation Serif, Tinos), rounded up by
//! class of letter; `assets/print.css` has the same sizes.

use super::block::{Block, Fact, Row, Table, Value};

/// Room between the head and the foot of a sheet, in millimetres: 272 (297 less margins of 24 and 1 for rounding), less head
/// (8), foot (35), and slack (4).
const BODY: f32 = 225.0;
/// Width of a sheet between its margins, in millimetres.
const WIDTH: f32 = 175.0;
/// Millimetres of a point.
const POINT: f32 = 0.3528;
/// Sizes of text in points, and heights of lines in millimetres.
const TEXT: (f32, f32) = (11.5, 5.4);
const CELL: (f32, f32) = (10.5, 4.75);
/// Millimetres left and right of a cell's text together, and above and below.
const CELL_SIDES: f32 = 2.4;
const CELL_ENDS: f32 = 1.5;
/// Between blocks.
const GAP: f32 = 2.0;
/// A cell of more lines is moved below its table, where a line is wider.
pub(super) const MOST_LINES: usize = 7;

/// Width of a letter in ems, rounded up for its class.
fn em(c: char) -> f32 {
    match c {
        ' ' => 0.25,
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | ',' | '.' | ';' | ':' | '\'' | '(' | ')' | '-' | '/' | 'ì' | 'í'
        | 'ị' | 'ỉ' | 'ĩ' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '–' => 1.0,
        '0'..='9' | 'a'..='z' => 0.52,
        c if c.is_lowercase() => 0.58,
        c if c.is_uppercase() => 0.78,
        c if c.is_ascii() => 0.65,
        _ => 1.1,
    }
}

fn width(text: &str, points: f32) -> f32 {
    text.chars().map(em).sum::<f32>() * points * POINT
}

/// Lines that a text takes in a column of so many millimetres, broken between words, and within one that is too long.
pub(super) fn lines(text: &str, mm: f32, points: f32) -> usize {
    let (mut lines, mut used) = (1, 0.0);
    let blank = width(" ", points);
    for word in text.split_whitespace() {
        let wide = width(word, points);
        if used > 0.0 && used + blank + wide > mm {
            lines += 1;
            used = 0.0;
        }
        if wide > mm {
            // Broken anywhere; half a line more for what does not fit exactly.
            let more = (wide / (mm * 0.9)).ceil();
            lines += more as usize - 1;
            used = mm;
        } else {
            used += if used > 0.0 { blank + wide } else { wide };
        }
    }
    lines
}

/// Lines of a cell of a table.
pub(super) fn cell_lines(value: &Value, mm: u16) -> usize {
    lines(&value.shown(), f32::from(mm) - CELL_SIDES, CELL.0)
}

fn row_height(table: &Table, row: &Row) -> f32 {
    let mut most =
        table.columns.first().map_or(1, |column| lines(&row.head, f32::from(column.mm) - CELL_SIDES, CELL.0));
    let mut columns = table.columns.iter().skip(1);
    if let Some((value, span)) = &row.instead {
        let mm: u16 = columns.by_ref().take(usize::from(*span)).map(|column| column.mm).sum();
        most = most.max(cell_lines(value, mm));
    }
    for (value, column) in row.cells.iter().zip(columns) {
        most = most.max(cell_lines(value, column.mm));
    }
    most as f32 * CELL.1 + CELL_ENDS
}

fn table_head(table: &Table) -> f32 {
    let most = table.columns.iter().map(|c| lines(c.label, f32::from(c.mm) - CELL_SIDES, CELL.0 * 1.08)).max();
    most.unwrap_or(1) as f32 * CELL.1 + CELL_ENDS
}

fn fact_height(fact: &Fact) -> f32 {
    lines(&format!("{}: {}", fact.label, fact.value.shown()), WIDTH, TEXT.0 * 1.03) as f32 * TEXT.1
}

/// Height of a block that is not broken.
fn height(block: &Block) -> f32 {
    match block {
        Block::Title(_, below) => 84.0 + if below.is_empty() { 0.0 } else { 8.0 },
        Block::Heading(text) => lines(text, WIDTH, TEXT.0 * 1.1) as f32 * TEXT.1 + 1.0,
        Block::Facts(facts) => facts.iter().map(fact_height).sum(),
        Block::Table(table) => table_head(table) + table.rows.iter().map(|row| row_height(table, row)).sum::<f32>(),
        Block::Paragraph(fact) => TEXT.1 + lines(&fact.value.shown(), WIDTH, TEXT.0) as f32 * TEXT.1,
        Block::Note(text) => lines(text, WIDTH, CELL.0) as f32 * CELL.1,
        Block::Signatures(all) => {
            let most = all.iter().map(|s| s.title.len() + lines(&s.name, 54.0, TEXT.0 * 1.08)).max();
            most.unwrap_or(2) as f32 * TEXT.1 + 2.0 * CELL.1 + 3.0
        }
        Block::NextSheet => 0.0,
    }
}

/// A text in pieces of at most so many lines.
fn pieces(text: &str, most: usize) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        // A word that fills sheets by itself is broken.
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.char_indices().nth(500).map_or(rest.len(), |(at, _)| at);
            let (part, more) = rest.split_at(end);
            let longer = if piece.is_empty() { part.to_owned() } else { format!("{piece} {part}") };
            if !piece.is_empty() && lines(&longer, WIDTH, TEXT.0) > most {
                pieces.push(std::mem::replace(&mut piece, part.to_owned()));
            } else {
                piece = longer;
            }
            rest = more;
        }
    }
    pieces.push(piece);
    pieces
}

/// The sheet that is being filled.
#[derive(Default)]
struct Filling {
    sheets: Vec<Vec<Block>>,
    blocks: Vec<Block>,
    used: f32,
}

impl Filling {
    fn left(&self) -> f32 {
        BODY - self.used
    }

    /// Ends the sheet; a heading that would end it, with its note, goes with what it is of.
    fn next(&mut self) {
        let mut moved = Vec::new();
        while let Some(Block::Heading(_) | Block::Note(_)) = self.blocks.last() {
            moved.extend(self.blocks.pop());
        }
        if !self.blocks.is_empty() {
            self.sheets.push(std::mem::take(&mut self.blocks));
        }
        self.used = 0.0;
        for block in moved.into_iter().rev() {
            self.put(block);
        }
    }

    /// Signatures do not stand on a sheet by themselves: what stands before them comes along.
    fn signatures(&mut self, block: Block) {
        if height(&block) <= self.left() {
            return self.put(block);
        }
        let room = BODY - height(&block) - 2.0 * GAP;
        let last = match self.blocks.last() {
            Some(last @ Block::Paragraph(_)) if self.blocks.len() > 1 && height(last) <= room => self.blocks.pop(),
            _ => None,
        };
        self.next();
        last.into_iter().chain([block]).for_each(|block| self.put(block));
    }

    fn put(&mut self, block: Block) {
        self.used += height(&block) + GAP;
        self.blocks.push(block);
    }

    fn whole(&mut self, block: Block) {
        if height(&block) > self.left() {
            self.next();
        }
        self.put(block);
    }

    fn table(&mut self, table: Table) {
        let (caption, columns) = (table.caption, table.columns);
        let mut part = Table { caption, columns, rows: Vec::new() };
        let mut used = table_head(&table);
        for row in table.rows {
            let tall = row_height(&part, &row);
            if used + tall > self.left() {
                if !part.rows.is_empty() {
                    let full = std::mem::replace(&mut part, Table { caption, columns, rows: Vec::new() });
                    self.put(Block::Table(full));
                }
                self.next();
                used = table_head(&part);
            }
            used += tall;
            part.rows.push(row);
        }
        if !part.rows.is_empty() {
            self.put(Block::Table(part));
        }
    }

    fn facts(&mut self, facts: Vec<Fact>) {
        let (mut part, mut used) = (Vec::new(), 0.0);
        for fact in facts {
            let tall = fact_height(&fact);
            if tall > BODY / 2.0 {
                if !part.is_empty() {
                    self.put(Block::Facts(std::mem::take(&mut part)));
                    used = 0.0;
                }
                self.paragraph(fact);
                continue;
            }
            if used + tall > self.left() {
                if !part.is_empty() {
                    self.put(Block::Facts(std::mem::take(&mut part)));
                }
                self.next();
                used = 0.0;
            }
            used += tall;
            part.push(fact);
        }
        if !part.is_empty() {
            self.put(Block::Facts(part));
        }
    }

    fn paragraph(&mut self, fact: Fact) {
        let block = Block::Paragraph(fact);
        if height(&block) <= BODY {
            return self.whole(block);
        }
        let Block::Paragraph(fact) = block else { return };
        let most = (BODY / TEXT.1) as usize - 4;
        if self.left() < BODY {
            self.next();
        }
        // What was struck through is as long as what stands now: marked by itself before it.
        let was = fact.value.was.clone().filter(|was| !was.is_empty());
        let texts = [was.map(|was| (was, " (bản trước)")), Some((fact.value.text.clone(), ""))];
        for (text, which) in texts.into_iter().flatten() {
            for (number, piece) in pieces(&text, most).into_iter().enumerate() {
                let more = if number == 0 { "" } else { " (tiếp)" };
                let label = format!("{}{which}{more}", fact.label);
                let value = Value { text: piece, was: None, ..fact.value.clone() };
                self.whole(Block::Paragraph(Fact { label, value }));
            }
        }
    }
}

/// Puts blocks on sheets.
pub(super) fn paginate(blocks: Vec<Block>) -> Vec<Vec<Block>> {
    let mut filling = Filling::default();
    for block in blocks {
        match block {
            Block::NextSheet => filling.next(),
            Block::Table(table) => filling.table(table),
            Block::Facts(facts) => filling.facts(facts),
            Block::Paragraph(fact) => filling.paragraph(fact),
            block @ Block::Signatures(_) => filling.signatures(block),
            block => filling.whole(block),
        }
    }
    filling.next();
    if filling.sheets.is_empty() {
        filling.sheets.push(Vec::new());
    }
    filling.sheets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::block::{Column, Signature};

    const COLUMNS: &[Column] = &[Column::text("Môn", 40), Column::text("Nhận xét", 135)];

    fn table(rows: usize, text: &str) -> Block {
        let row = |n: usize| Row {
            head: format!("Môn {n}"),
            cells: vec![Value::new(format!("{n}"), "", text)],
            instead: None,
        };
        Block::Table(Table { caption: "", columns: COLUMNS, rows: (0..rows).map(row).collect() })
    }

    fn rows_of(sheet: &[Block]) -> usize {
        sheet.iter().map(|block| if let Block::Table(table) = block { table.rows.len() } else { 0 }).sum()
    }

    #[test]
    fn a_table_goes_on_on_the_next_sheet_and_no_row_is_lost_or_broken() {
        let sheets = paginate(vec![Block::Heading("Điểm".into()), table(90, "chăm chỉ")]);
        assert!(sheets.len() > 1, "{}", sheets.len());
        assert_eq!(sheets.iter().map(|sheet| rows_of(sheet)).sum::<usize>(), 90);
        for sheet in &sheets {
            assert!(sheet.iter().map(height).sum::<f32>() <= BODY);
        }
    }

    #[test]
    fn a_heading_never_ends_a_sheet() {
        for rows in 20..40 {
            let blocks = vec![table(rows, "x"), Block::Heading("Kết quả".into()), table(3, "y")];
            for sheet in paginate(blocks) {
                assert!(!matches!(sheet.last(), Some(Block::Heading(_))), "{rows}");
            }
        }
    }

    #[test]
    fn signatures_stay_together_and_a_forced_break_begins_a_sheet() {
        let signature = Signature { title: vec!["HIỆU TRƯỞNG".into()], said: "đã ký".into(), name: "A".into() };
        let sheets =
            paginate(vec![table(2, "x"), Block::NextSheet, Block::Signatures(vec![signature; 3]), Block::NextSheet]);
        assert_eq!(sheets.len(), 2);
        assert!(matches!(sheets[1][..], [Block::Signatures(_)]));
    }

    #[test]
    fn a_fact_as_long_as_a_text_can_be_is_no_line_but_a_paragraph() {
        let facts =
            vec![Fact::new("a", "Trường", "A"), Fact::new("b", "Giấy", "W".repeat(4096)), Fact::new("c", "C", "c")];
        let sheets = paginate(vec![Block::Facts(facts)]);
        assert!(sheets.len() > 1 && sheets.iter().all(|sheet| sheet.iter().map(height).sum::<f32>() <= BODY));
        assert!(matches!(sheets[0][..], [Block::Facts(_)]) && matches!(sheets[1][0], Block::Paragraph(_)));
    }

    #[test]
    fn the_remark_before_signatures_goes_with_them() {
        let signature = Signature { title: vec!["HIỆU TRƯỞNG".into()], said: "đã ký".into(), name: "A".into() };
        let remark = Block::Paragraph(Fact::new("remarks", "Nhận xét", "Ngoan."));
        let sheets = paginate(vec![table(30, "x"), remark.clone(), Block::Signatures(vec![signature; 3])]);
        assert_eq!(sheets.len(), 2);
        assert!(sheets[1][0] == remark && matches!(sheets[1][1], Block::Signatures(_)));
    }

    #[test]
    fn the_longest_remark_fits_whatever_letters_it_has() {
        for text in ["W".repeat(4096), "một ".repeat(1000), "漢".repeat(1365), "m w ".repeat(1024)] {
            let remark = Fact::new("remarks", "Nhận xét", text.trim());
            let sheets = paginate(vec![Block::Paragraph(remark)]);
            let kept: String =
                sheets
                    .iter()
                    .flatten()
                    .map(|block| {
                        if let Block::Paragraph(fact) = block {
                            fact.value.text.replace(' ', "")
                        } else {
                            String::new()
                        }
                    })
                    .collect();
            assert_eq!(kept, text.replace(' ', ""), "nothing is lost");
            for sheet in &sheets {
                assert!(sheet.iter().map(height).sum::<f32>() <= BODY, "{:?}", text.chars().next());
            }
        }
    }
}
