//! Figures as a workbook to print or to go on with: numbers are numbers.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook};

use crate::template::TemplateError;

/// A cell of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportCell {
    /// The title of the sheet.
    Title(String),
    /// The heading of a column.
    Head(String),
    /// Words. Never a formula, whatever they begin with.
    Text(String),
    /// A number.
    Number(u64),
}

/// Sheets by name, with their rows.
pub type ReportSheet = (String, Vec<Vec<ReportCell>>);

/// Writes a workbook of such sheets, to be printed on A4, as wide as the page. The same cells give the same bytes.
///
/// # Errors
/// For a sheet's name that no workbook can have, and more cells than one takes.
pub fn report_workbook(sheets: &[ReportSheet]) -> Result<Vec<u8>, TemplateError> {
    let title = Format::new().set_bold().set_font_size(14);
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    let text = Format::new().set_num_format("@");
    let number = Format::new().set_num_format("#,##0");
    let mut book = Workbook::new();
    // A fixed date, or the same figures would give other bytes tomorrow.
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?));
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_paper_size(9).set_print_fit_to_pages(1, 0).set_landscape();
        sheet.set_column_width(0, 34)?;
        for (row, cells) in (0_u32..).zip(rows) {
            for (col, cell) in (0_u16..).zip(cells) {
                match cell {
                    ReportCell::Title(words) => sheet.write_string_with_format(row, col, words, &title)?,
                    ReportCell::Head(words) => sheet.write_string_with_format(row, col, words, &head)?,
                    ReportCell::Text(words) => sheet.write_string_with_format(row, col, words, &text)?,
                    // Whole numbers are exact in a cell up to 2^53; there are not that many pupils.
                    ReportCell::Number(n) => {
                        let n = u32::try_from(*n).unwrap_or(u32::MAX);
                        sheet.write_number_with_format(row, col, n, &number)?
                    }
                };
            }
        }
    }
    Ok(book.save_to_buffer()?)
}
