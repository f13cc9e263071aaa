//! Looks a file over before the spreadsheet reader sees it, and re-packs what is needed.
//!
//! The reader behind this trusts what a file says of itself (sizes, counts, names). So the package is unpacked here,
//! part by part and counted, and written again as a plain package of only the parts that hold cells. The reader then
//! meets no compression, no surplus or twice-named entries, no macros, drawings or links.

use std::io::{Cursor, Read as _, Write as _};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    Limits,
    finding::{Code, Finding, Words},
    xlsx,
};

/// What the first bytes say a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Zip,
    Text,
}

/// The first bytes of an OLE compound file: an encrypted workbook or an old `.xls`.
const OLE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

pub(crate) fn sniff(bytes: &[u8], limits: &Limits) -> Result<Sniffed, Box<Finding>> {
    let save_as = || {
        Words::new(
            "Mở tệp bằng Excel hoặc LibreOffice, chọn “Lưu thành” (Save As), kiểu “Excel Workbook (.xlsx)”, rồi gửi tệp mới.",
            "Open the file in Excel or LibreOffice, choose Save As, type “Excel Workbook (.xlsx)”, and send the new file.",
        )
    };
    let workbook = || {
        Words::new(
            "Một sổ tính .xlsx theo mẫu, hoặc tệp .csv mã hoá UTF-8.",
            "An .xlsx workbook of the template, or a .csv file in UTF-8.",
        )
    };
    if bytes.is_empty() {
        return Err(refuse(
            Code::EmptyFile,
            workbook(),
            Words::new("Tệp trống: kiểm tra rồi gửi lại.", "The file is empty: check it and send it again."),
        ));
    }
    if bytes.len() > limits.input_bytes {
        let mib = limits.input_bytes / (1024 * 1024);
        return Err(refuse(
            Code::FileTooLarge,
            Words::new(format!("Tệp không quá {mib} MiB."), format!("A file of at most {mib} MiB.")),
            Words::new(
                "Xoá hình ảnh và các trang không thuộc sổ của lớp; mỗi lớp một tệp.",
                "Remove pictures and sheets that are not the class's; one file for each class.",
            ),
        ));
    }
    if bytes.starts_with(b"PK") {
        return Ok(Sniffed::Zip);
    }
    if bytes.starts_with(OLE) {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let holds = |name: &str| {
            let needle = utf16(name);
            bytes.windows(needle.len()).any(|w| w == needle)
        };
        return Err(if holds("EncryptedPackage") || holds("EncryptionInfo") || bytes.len() < 1024 {
            refuse(
                Code::PasswordProtected,
                Words::new("Một tệp không đặt mật khẩu.", "A file without a password."),
                Words::new(
                    "Mở tệp bằng Excel, bỏ mật khẩu (Tệp › Thông tin › Bảo vệ sổ làm việc), lưu lại rồi gửi.",
                    "Open the file in Excel, remove the password (File › Info › Protect Workbook), save and send it again.",
                ),
            )
        } else {
            refuse(Code::OldFormat, workbook(), save_as())
        });
    }
    if [b"\xff\xfe".as_slice(), b"\xfe\xff"].iter().any(|bom| bytes.starts_with(bom)) {
        return Err(utf16_text());
    }
    if bytes.contains(&0) {
        // Every other byte zero: UTF-16 without its mark. Anything else with zeros is no text at all.
        let zeros = |from: usize| bytes.iter().take(2048).skip(from).step_by(2).filter(|b| **b == 0).count();
        let pairs = bytes.len().min(2048) / 2;
        return Err(if pairs > 0 && zeros(0).max(zeros(1)) * 2 > pairs {
            utf16_text()
        } else {
            refuse(Code::UnknownFormat, workbook(), save_as())
        });
    }
    if bytes.starts_with(b"%PDF") || bytes.starts_with(b"<") || bytes.starts_with(b"{\\rtf") {
        return Err(refuse(Code::UnknownFormat, workbook(), save_as()));
    }
    Ok(Sniffed::Text)
}

/// A finding about the file as a whole.
pub(crate) fn refuse(code: Code, expected: Words, how_to_mend: Words) -> Box<Finding> {
    Box::new(Finding::file(code, expected, how_to_mend))
}

fn utf16_text() -> Box<Finding> {
    refuse(
        Code::Utf16Text,
        Words::new("Tệp CSV mã hoá UTF-8.", "A CSV file in UTF-8."),
        Words::new(
            "Tệp đang là “Unicode Text” (UTF-16). Trong Excel chọn “Lưu thành”, kiểu “CSV UTF-8 (.csv)”.",
            "The file is “Unicode Text” (UTF-16). In Excel choose Save As, type “CSV UTF-8 (.csv)”.",
        ),
    )
}

pub(crate) fn damaged() -> Box<Finding> {
    refuse(
        Code::DamagedFile,
        Words::new("Một sổ tính .xlsx mở được bằng Excel.", "An .xlsx workbook that Excel opens."),
        Words::new(
            "Tệp bị hỏng hoặc tải về chưa đủ. Mở bằng Excel, lưu lại thành .xlsx, rồi gửi lại.",
            "The file is damaged or incomplete. Open it in Excel, save it as .xlsx, and send it again.",
        ),
    )
}

fn unpacked_too_large() -> Box<Finding> {
    refuse(
        Code::UnpackedTooLarge,
        Words::new("Sổ tính của một lớp.", "The workbook of one class."),
        Words::new(
            "Tệp phình quá lớn khi mở. Chép dữ liệu sang tệp mẫu mới (dán giá trị) rồi gửi tệp đó.",
            "The file grows far too large when opened. Copy the data into a fresh template (paste values) and send that.",
        ),
    )
}

fn unsafe_xml() -> Box<Finding> {
    refuse(
        Code::UnsafeXml,
        Words::new("Một sổ tính do Excel hoặc LibreOffice lưu.", "A workbook saved by Excel or LibreOffice."),
        Words::new(
            "Bên trong tệp có phần không an toàn. Mở bằng Excel và lưu lại thành .xlsx.",
            "The file has unsafe parts inside. Open it in Excel and save it again as .xlsx.",
        ),
    )
}

/// The ratio is judged from here on: a small part full of blanks is no bomb.
const RATIO_FROM: u64 = 1024 * 1024;

/// Unpacks within the limits and gives a package of only the parts that hold cells, stored without compression.
pub(crate) fn repack(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Box<Finding>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > limits.entries {
        return Err(unpacked_too_large());
    }
    // First what the directory declares: an honest bomb is refused before a byte of it is unpacked.
    let mut declared: u64 = 0;
    let mut types = None;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| damaged())?;
        declared = declared.saturating_add(entry.size());
        let name = entry.name().map_err(|_| damaged())?.to_ascii_lowercase();
        if entry.encrypted() {
            return Err(refuse(
                Code::PasswordProtected,
                Words::new("Một tệp không đặt mật khẩu.", "A file without a password."),
                Words::new("Bỏ mật khẩu, lưu lại rồi gửi.", "Remove the password, save and send it again."),
            ));
        }
        if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") {
            return Err(macros());
        }
        if name == "[content_types].xml" {
            types = Some(index);
        } else if name == "mimetype" || name.ends_with("workbook.bin") {
            return Err(refuse(
                Code::OtherSpreadsheet,
                Words::new("Sổ tính kiểu .xlsx.", "A workbook of type .xlsx."),
                Words::new(
                    "Chọn “Lưu thành”, kiểu “Excel Workbook (.xlsx)”, rồi gửi tệp mới.",
                    "Choose Save As, type “Excel Workbook (.xlsx)”, and send the new file.",
                ),
            ));
        }
    }
    if declared > limits.unpacked_bytes {
        return Err(unpacked_too_large());
    }
    if types.is_none() {
        return Err(damaged());
    }

    let mut left = limits.unpacked_bytes;
    let mut written = std::collections::BTreeSet::new();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| damaged())?;
        let name = entry.name().map_err(|_| damaged())?.trim_start_matches('/').replace('\\', "/");
        let lower = name.to_ascii_lowercase();
        if !is_needed(&lower) {
            continue;
        }
        // Part names are compared without regard to case (ECMA-376-2 §6.2.2.3); the same part twice is a trick.
        if !written.insert(lower.clone()) {
            return Err(damaged());
        }
        // Then what really comes out, whatever the directory said. It may also lie about the packed size, to pass for a
        // modest ratio; more than the file itself it cannot be. Nothing beyond the bound is unpacked before it is refused.
        let packed = entry.compressed_size().min(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let bound = packed.saturating_mul(limits.ratio).max(RATIO_FROM).min(left);
        let mut part = Vec::new();
        entry.take(bound.saturating_add(1)).read_to_end(&mut part).map_err(|_| damaged())?;
        let size = u64::try_from(part.len()).unwrap_or(u64::MAX);
        if size > bound {
            return Err(unpacked_too_large());
        }
        left -= size;
        let part = check_part(&lower, part, limits)?;
        writer.start_file(name, stored).map_err(|_| damaged())?;
        writer.write_all(&part).map_err(|_| damaged())?;
    }
    Ok(writer.finish().map_err(|_| damaged())?.into_inner())
}

/// The parts that lead to cells. Media, drawings, comments, printers, custom data and links stay behind.
fn is_needed(name: &str) -> bool {
    let xml = name.ends_with(".xml") || name.ends_with(".rels");
    let folders = [
        "drawings/",
        "media/",
        "customxml/",
        "externallinks/",
        "charts/",
        "docprops/",
        "theme/",
        "comments",
        "persons/",
    ];
    xml && !folders.iter().any(|f| name.contains(f))
}

fn macros() -> Box<Finding> {
    refuse(
        Code::MacroWorkbook,
        Words::new("Sổ tính không chứa macro.", "A workbook without macros."),
        Words::new(
            "Chọn “Lưu thành”, kiểu “Excel Workbook (.xlsx)” (không phải .xlsm), rồi gửi tệp mới.",
            "Choose Save As, type “Excel Workbook (.xlsx)” (not .xlsm), and send the new file.",
        ),
    )
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w.eq_ignore_ascii_case(needle))
}

fn check_part(name: &str, mut part: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Box<Finding>> {
    if part.starts_with(b"\xef\xbb\xbf") {
        part.drain(..3);
    }
    // Only UTF-8, so that what is looked for below cannot be written in other bytes.
    if part.starts_with(b"\xff\xfe") || part.starts_with(b"\xfe\xff") || part.iter().take(512).any(|b| *b == 0) {
        return Err(unsafe_xml());
    }
    let declaration = &part[..part.len().min(256)];
    let declaration = &declaration[..find(declaration, b"?>").unwrap_or(0)];
    if let Some(at) = find(declaration, b"encoding")
        && find(&declaration[at..], b"utf-8").is_none()
        && find(&declaration[at..], b"us-ascii").is_none()
    {
        return Err(unsafe_xml());
    }
    // A spreadsheet has no document type; one here would only be there to define entities. `!` never stands inside
    // an XML tag elsewhere, and in text `<` is escaped, so this is no false alarm.
    if part.windows(9).any(|w| w[0] == b'<' && w.eq_ignore_ascii_case(b"<!DOCTYPE")) {
        return Err(unsafe_xml());
    }
    // The reader multiplies letters and digits into 32 bits unchecked: in a release build `A4294967297` would be read as
    // `A1`, and one cell's mark put in another's place.
    if !references_fit(&part) {
        return Err(damaged());
    }
    if strings(&part) > limits.cells {
        return Err(xlsx::too_large("", limits));
    }
    if reader_bytes(&part) > READER_BYTES {
        return Err(unpacked_too_large());
    }
    match name {
        "[content_types].xml" if find(&part, b"macroEnabled").is_some() => return Err(macros()),
        _ if name.ends_with("sharedstrings.xml") => {
            // The reader reserves room for as many strings as the part claims to have; an `<si/>` takes five bytes.
            let mut rest = &*part;
            while let Some(at) = find(rest, b"uniqueCount") {
                rest = &rest[at + b"uniqueCount".len()..];
                let digits: String = rest
                    .iter()
                    .skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\''))
                    .take_while(|b| b.is_ascii_digit())
                    .map(|b| char::from(*b))
                    .collect();
                let honest = digits.is_empty() || digits.parse::<usize>().is_ok_and(|n| n <= part.len());
                if !honest {
                    return Err(damaged());
                }
            }
        }
        _ => {}
    }
    Ok(part)
}

/// Elements of which the reader keeps a record for each one that stands in a part, however few bytes it takes there.
const RECORDS: [&[u8]; 8] = [b"sheet", b"definedName", b"Relationship", b"xf", b"font", b"fill", b"border", b"numFmt"];

/// What the reader may keep of one part's records. A workbook copied on for years has some 20,000 formats: 20,000 × (512
/// + 200) bytes are 14 MiB; an empty `<xf/>` takes 5 bytes, and a part full of them would take gibibytes.
const READER_BYTES: usize = 48 * 1024 * 1024;

/// What the reader keeps of a part's records, at most: half a kibibyte for each, which is the largest (a cell's format
/// with font, fill, borders and number format), and a copy of the longest text an attribute has, since each format
/// takes along its font's name and its number format.
fn reader_bytes(part: &[u8]) -> usize {
    let records = elements(part).filter(|name| RECORDS.contains(name)).count();
    if records == 0 {
        return 0;
    }
    let longest = attributes(part).map(|(_, value)| value.len()).max().unwrap_or(0);
    records.saturating_mul(512_usize.saturating_add(longest))
}

/// How many strings the reader would keep of a part: an empty one takes five bytes there and 24 in memory.
fn strings(part: &[u8]) -> u64 {
    elements(part).filter(|name| *name == b"si").map(|_| 1).sum()
}

/// The name without prefix of everything in a part that could begin an element.
fn elements(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    part.split(|b| *b == b'<').map(|tag| {
        let end = tag.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>')).unwrap_or(tag.len());
        let name = &tag[..end];
        &name[name.iter().rposition(|b| *b == b':').map_or(0, |colon| colon + 1)..]
    })
}

/// The last column of a sheet, `XFD`, counted from 1 (ECMA-376 names no bound; Excel's is 2^14).
const LAST_COLUMN: u32 = 16_384;
/// The last row of a sheet, counted from 1 (2^20).
const LAST_ROW: u32 = 1_048_576;

/// Everything in a part that could be an attribute: its name (a prefix belongs to it) and its value.
///
/// Whatever looks like one is taken for one, also where it is none (in a comment, in text): a second opinion of what is
/// a tag is what an attacker would work with.
fn attributes(part: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    part.iter().enumerate().filter(|(_, b)| **b == b'=').filter_map(|(at, _)| {
        let (before, after) = (part[..at].trim_ascii_end(), part[at + 1..].trim_ascii_start());
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b':';
        let name = &before[before.iter().rposition(|b| !is_name(b)).map_or(0, |end| end + 1)..];
        let [quote @ (b'"' | b'\''), value @ ..] = after else { return None };
        Some((name, &value[..value.iter().position(|b| b == quote).unwrap_or(value.len())]))
    })
}

/// Whether every cell reference stays within a sheet: `r` of a row or cell, `ref` of a dimension, a joined region, a
/// shared formula, a table. A teacher's text would have to hold `r="` and a word of four letters to be taken for one.
fn references_fit(part: &[u8]) -> bool {
    attributes(part)
        .filter(|(name, _)| *name == b"r" || *name == b"ref")
        .all(|(_, value)| value.split(|b| *b == b':').all(reference_fits))
}

/// Whether `C7`, `XFD` or `1048576` is within a sheet. Anything that is no reference is left for the reader to refuse.
fn reference_fits(reference: &[u8]) -> bool {
    let digits_at = reference.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(reference.len());
    let (letters, rest) = reference.split_at(digits_at);
    let digits = &rest[..rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len())];
    // Three letters and seven digits fit 32 bits many times over.
    let number = |signs: &[u8], base: u32, zero: u8| signs.iter().fold(0, |n, b| n * base + u32::from(b - zero));
    letters.len() <= 3
        && digits.len() <= 7
        && number(&letters.to_ascii_uppercase(), 26, b'A' - 1) <= LAST_COLUMN
        && number(digits, 10, b'0') <= LAST_ROW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_end_where_a_sheet_ends() {
        for good in ["A1", "C7", "XFD1048576", "xfd1048576", "1048576", "XFD", "0000001", "", "#REF!"] {
            assert!(reference_fits(good.as_bytes()), "{good}");
        }
        for bad in ["XFE1", "A1048577", "AAAA1", "1048577", "A4294967297", "A00000001", "MWLQKWV1", "A9999999999x"] {
            assert!(!reference_fits(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_the_reader_would_keep_is_counted_before_it_reads() {
        assert_eq!(reader_bytes(b"<styleSheet><xf/><x:xf a='12345678'>text</x:xf></styleSheet>"), 2 * (512 + 8));
        assert_eq!(reader_bytes(br#"<sheetData><c r="A1"/></sheetData>"#), 0);
        assert_eq!(strings(b"<sst><si/><x:si ><t>si</t></x:si></sst>"), 2);
        let formats = "<xf/>".repeat(200_000);
        let refused = check_part("xl/styles.xml", formats.into_bytes(), &Limits::default()).expect_err("too many");
        assert_eq!(refused.code, Code::UnpackedTooLarge);
        let few = Limits { cells: 2, ..Limits::default() };
        assert!(check_part("xl/s.xml", b"<si/><si/>".to_vec(), &few).is_ok());
        assert!(check_part("xl/s.xml", b"<si/><si/><si/>".to_vec(), &few).is_err());
    }

    #[test]
    fn a_reference_is_seen_however_the_attribute_is_written() {
        for bad in [
            r#"<c r="AAAA1"/>"#,
            r#"<c s='1'r='AAAA1'/>"#,
            "<c\n r\t=\x0c\"A4294967297\">",
            r#"<mergeCell ref="A1:B99999999"/>"#,
            r#"<dimension ref="A1:AAAA1"/>"#,
            r#"<row r="4294967297">"#,
            r#"<row r="99999999"#,
        ] {
            assert!(!references_fit(bad.as_bytes()), "{bad}");
        }
        for good in [
            r#"<c r="A1" s="12345678" t="s"><v>12345678</v></c>"#,
            r#"<worksheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">"#,
            r#"<sheet name="Toán" sheetId="123456789" r:id="rId4"/><hyperlink ref="A1" display="ABCDEFG"/>"#,
            "=",
            "r=",
            "",
        ] {
            assert!(references_fit(good.as_bytes()), "{good}");
        }
    }
}
