//! A workbook of plain tables, for samples and templates of lists.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};

use crate::template::TemplateError;

/// Writes sheets of text cells, the first line of each bold. The same tables give the same bytes.
///
/// # Errors
/// For a sheet's name that no workbook can have, and more cells than one takes.
pub fn table_workbook(sheets: &[(String, Vec<Vec<String>>)]) -> Result<Vec<u8>, TemplateError> {
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let mut book = Workbook::new();
    // A fixed date, or the same tables would give other bytes tomorrow.
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?));
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        for (row, cells) in (0_u32..).zip(rows) {
            for (col, cell) in (0_u16..).zip(cells) {
                let format = if row == 0 { &bold } else { &text };
                if !cell.is_empty() {
                    sheet.write_string_with_format(row, col, cell, format)?;
                }
            }
        }
    }
    Ok(book.save_to_buffer()?)
}
