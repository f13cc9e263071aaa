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
        let packed = entry.compressed_size().max(1);
        let mut part = Vec::new();
        // Then what really comes out, whatever the directory said.
        entry.take(left + 1).read_to_end(&mut part).map_err(|_| damaged())?;
        let size = u64::try_from(part.len()).unwrap_or(u64::MAX);
        if size > left || (size > RATIO_FROM && size / packed > limits.ratio) {
            return Err(unpacked_too_large());
        }
        left -= size;
        let part = check_part(&lower, part)?;
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

fn check_part(name: &str, mut part: Vec<u8>) -> Result<Vec<u8>, Box<Finding>> {
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
