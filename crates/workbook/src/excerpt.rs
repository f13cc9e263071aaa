//! The cells around a finding, as the teacher's own spreadsheet has them: for a page that shows what is wrong where it is.
//!
//! An excerpt repeats a name and marks, which are the sender's own: it belongs on the sender's screen and is kept nowhere.

use std::collections::BTreeMap;

use crate::{
    Limits, Mapping, classify,
    columns::Column,
    csv,
    finding::{CellRef, Finding, cut},
    guard,
    hints::{Context, Hints},
    plan::SheetPlan,
    preview::letters,
    table::{At, Source},
    xlsx,
};

/// Columns with a heading that are shown on either side of the finding's.
const BESIDE: usize = 2;

/// The row of a finding, cut to the cells around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Number of the row, from 1.
    pub row: u32,
    /// The pupil of the row, where its name is not among the cells.
    pub name: Option<String>,
    /// The cells in the order of the sheet.
    pub cells: Vec<ExcerptCell>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptCell {
    /// Letters of its column.
    pub column: String,
    /// The heading above it.
    pub heading: String,
    /// What stands there, cut.
    pub value: String,
    /// Whether the finding is about it.
    pub meant: bool,
}

/// What stands around each finding, in their order; none for those that are about no cell of a table.
///
/// A file that cannot be opened has no excerpts.
pub fn excerpts(
    bytes: &[u8],
    findings: &[Finding],
    limits: &Limits,
    hints: &Hints,
    mapping: &Mapping,
) -> Vec<Option<Excerpt>> {
    let context = Context { limits, hints, mapping };
    let nothing = || vec![None; findings.len()];
    match guard::sniff(bytes, limits) {
        Ok(guard::Sniffed::Zip) => {
            let Ok(sheets) = xlsx::open(bytes, &context) else { return nothing() };
            let (source, _) = classify::classify(&sheets, &context);
            let value = |at: At| Some(sheets.get(at.sheet)?.field(at.sheet, at.row, at.col)?.shown());
            findings.iter().map(|finding| excerpt(&source, finding, &value)).collect()
        }
        Ok(guard::Sniffed::Text) => {
            let Ok(lines) = csv::open(bytes, limits) else { return nothing() };
            let (source, _) = csv::split(&lines, &context);
            let rows: BTreeMap<u32, &csv::Line> = lines.iter().map(|line| (line.row, line)).collect();
            let value = |at: At| rows.get(&at.row)?.cells.get(usize::try_from(at.col).ok()?).cloned();
            findings.iter().map(|finding| excerpt(&source, finding, &value)).collect()
        }
        Err(_) => nothing(),
    }
}

fn excerpt(source: &Source, finding: &Finding, value: &impl Fn(At) -> Option<String>) -> Option<Excerpt> {
    let CellRef { row, col } = finding.cell?;
    let sheet = source.sheets.iter().position(|name| *name == finding.sheet)?;
    let plan: &SheetPlan = source.plans.iter().find(|plan| plan.sheet == sheet)?;
    // A heading is no row of a pupil.
    if plan.header.is_none_or(|(_, bottom)| row <= bottom) {
        return None;
    }
    let mut columns: Vec<_> = plan.columns.iter().collect();
    columns.sort_by_key(|column| column.col);
    let place = columns.iter().position(|column| column.col == col)?;
    let shown = &columns[place.saturating_sub(BESIDE)..columns.len().min(place + BESIDE + 1)];
    let at = |col| value(At { sheet, row, col }).map(|text| cut(text.trim())).unwrap_or_default();
    let name = columns.iter().find(|column| column.taken.is_some_and(|taken| taken.column == Column::Name));
    let name = name.filter(|name| !shown.iter().any(|column| column.col == name.col));
    Some(Excerpt {
        row: row + 1,
        name: name.map(|name| at(name.col)).filter(|name| !name.is_empty()),
        cells: shown
            .iter()
            .map(|column| ExcerptCell {
                column: letters(column.col),
                heading: column.heading.clone(),
                value: at(column.col),
                meant: column.col == col,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;\
        Mã môn;HK1 ĐTB;HK2 ĐTB;Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n\
        79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;8,5;MARK;T;T;0;0\n";

    fn of(csv: &str) -> (Vec<Finding>, Vec<Option<Excerpt>>) {
        let (limits, hints, mapping) = (Limits::default(), Hints::default(), Mapping::default());
        let findings = crate::read_with(csv.as_bytes(), &limits, &hints, &mapping).expect_err("a fault");
        let around = excerpts(csv.as_bytes(), &findings, &limits, &hints, &mapping);
        (findings, around)
    }

    #[test]
    fn a_mark_above_ten_is_shown_in_its_cell_under_its_heading_beside_the_pupils_name() {
        let (findings, around) = of(&CSV.replace("MARK", "10,5"));
        assert_eq!(findings.len(), around.len());
        let excerpt = around[0].as_ref().expect("a cell");
        assert_eq!((excerpt.row, excerpt.name.as_deref()), (2, Some("Lê Thị Hoa")));
        let cells: Vec<(&str, &str, &str, bool)> = excerpt
            .cells
            .iter()
            .map(|cell| (cell.column.as_str(), cell.heading.as_str(), cell.value.as_str(), cell.meant))
            .collect();
        assert_eq!(
            cells,
            [
                ("K", "Mã môn", "toan", false),
                ("L", "HK1 ĐTB", "8,5", false),
                ("M", "HK2 ĐTB", "10,5", true),
                ("N", "Rèn luyện HK1", "T", false),
                ("O", "Rèn luyện HK2", "T", false),
            ]
        );
    }

    #[test]
    fn what_is_about_no_cell_of_a_table_has_no_excerpt() {
        let (limits, hints, mapping) = (Limits::default(), Hints::default(), Mapping::default());
        let (mut findings, _) = of(&CSV.replace("MARK", "10,5"));
        findings[0].cell = None;
        assert_eq!(excerpts(CSV.as_bytes(), &findings[..1], &limits, &hints, &mapping), [None]);
        findings[0].cell = Some(CellRef { row: 0, col: 12 });
        assert_eq!(excerpts(CSV.as_bytes(), &findings[..1], &limits, &hints, &mapping), [None]);
        findings[0].cell = Some(CellRef { row: 1, col: 99 });
        assert_eq!(excerpts(CSV.as_bytes(), &findings[..1], &limits, &hints, &mapping), [None]);
        // Neither has what does not open.
        assert_eq!(excerpts(b"", &findings[..1], &limits, &hints, &mapping), [None]);
    }
}
