//! Files made to do harm, or merely broken: refused with a word on why, never a panic, never much memory.

mod common;

use common::{Book, cell, package, parts, patched, sound, t};
use hocba_workbook::{Code, Finding, Limits, read, read_csv, read_xlsx};
use proptest::prelude::*;

fn codes(bytes: &[u8]) -> Vec<Code> {
    read(bytes, &Limits::default()).err().unwrap_or_default().iter().map(|f: &Finding| f.code).collect()
}

#[test]
fn a_workbook_cut_off_anywhere_is_refused() {
    let bytes = sound(2);
    for end in (1..bytes.len()).step_by(97).chain(bytes.len() - 30..bytes.len()) {
        let found = codes(&bytes[..end]);
        assert!(!found.is_empty(), "{end} of {} bytes", bytes.len());
    }
}

#[test]
fn a_workbook_with_a_byte_turned_is_never_a_panic() {
    let bytes = sound(1);
    for at in (0..bytes.len()).step_by(31) {
        let mut turned = bytes.clone();
        turned[at] ^= 0xff;
        let _ = read(&turned, &Limits::default());
    }
}

/// Bytes turned inside the XML, where no checksum of the package stops them.
#[test]
fn a_part_with_a_byte_turned_is_never_a_panic() {
    let all = parts(&sound(1));
    for (index, (name, part)) in all.iter().enumerate() {
        if !name.contains("sheet4")
            && !name.contains("workbook")
            && !name.contains("styles")
            && !name.contains("Strings")
        {
            continue;
        }
        for at in (0..part.len()).step_by(1 + part.len() / 20) {
            for turn in [b'9', b'"', b'<', b'A', 0] {
                let mut turned = all.clone();
                turned[index].1[at] = turn;
                let _ = read(&package(&turned), &Limits::default());
            }
        }
    }
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_declares_and_by_what_it_does() {
    let mut bomb = parts(&sound(1));
    let small = Limits { unpacked_bytes: 3 * 1024 * 1024, ..Limits::default() };
    bomb.push(("xl/worksheets/sheet99.xml".into(), vec![b' '; 4 * 1024 * 1024]));
    let bytes = package(&bomb);
    assert!(bytes.len() < 200_000, "well packed: {} bytes", bytes.len());
    let refused = |bytes: &[u8], limits: &Limits| read(bytes, limits).expect_err("a bomb")[0].code;
    assert_eq!(refused(&bytes, &small), Code::UnpackedTooLarge);
    // Within the total and yet a thousandfold: the ratio of one part.
    assert_eq!(refused(&bytes, &Limits::default()), Code::UnpackedTooLarge);

    // A directory that lies about the size: found when it is unpacked.
    let size = 4_u32 * 1024 * 1024;
    let mut lying = bytes.clone();
    let needle = size.to_le_bytes();
    let places: Vec<usize> = lying.windows(4).enumerate().filter(|(_, w)| *w == needle).map(|(i, _)| i).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    assert!(matches!(refused(&lying, &small), Code::UnpackedTooLarge | Code::DamagedFile));
}

#[test]
fn a_package_of_very_many_entries_is_refused() {
    let mut many = parts(&sound(1));
    many.extend((0..2_500).map(|i| (format!("xl/media/{i}.xml"), Vec::new())));
    assert_eq!(codes(&package(&many)), [Code::UnpackedTooLarge]);
}

#[test]
fn a_sheet_that_claims_a_million_rows_costs_nothing() {
    let bytes = Book::of(&sound(2)).bytes();
    let claimed = patched(&bytes, "xl/worksheets/sheet4.xml", |xml| {
        let start = xml.find("<dimension ref=\"").expect("there") + 16;
        let end = start + xml[start..].find('"').expect("closed");
        format!("{}A1:XFD1048576{}", &xml[..start], &xml[end..])
    });
    assert_eq!(read(&claimed, &Limits::default()).expect("a lie without effect").rows.len(), 2);
    // A cell really that far away is out of bounds.
    let mut far = Book::of(&sound(2));
    far.sheet("Toán").insert((1_048_575, 3), t("x"));
    assert_eq!(codes(&far.bytes()), [Code::SheetTooLarge]);
    let mut far = Book::of(&sound(2));
    far.sheet("Toán").insert((3, 16_000), t("x"));
    assert_eq!(codes(&far.bytes()), [Code::SheetTooLarge]);
}

#[test]
fn cells_beyond_the_sums_of_the_reader_are_no_panic() {
    let bytes = Book::of(&sound(1)).bytes();
    for (from, to) in [
        ("r=\"A9\"", "r=\"A99999999999999999999\""),
        ("r=\"A9\"", "r=\"ZZZZZZZZZZZZZZZZ9\""),
        ("<row r=\"9\"", "<row r=\"0\""),
        ("<row r=\"9\"", "<row r=\"99999999999\""),
        ("<dimension ref=\"", "<dimension ref=\"Z9:A1:B2"),
        ("<v>1</v>", "<v>1e999</v>"),
        ("<v>1</v>", "<v>nan</v>"),
        ("t=\"s\"", "t=\"q\""),
    ] {
        let bad = patched(&bytes, "xl/worksheets/sheet4.xml", |xml| xml.replace(from, to));
        let _ = read(&bad, &Limits::default());
    }
}

/// In a release build the reader's sums wrap: `A4294967305` would be `A9` and put a mark into another pupil's row.
#[test]
fn a_cell_or_row_beyond_the_last_of_a_sheet_is_refused_before_the_reader_can_wrap_around() {
    let bytes = Book::of(&sound(1)).bytes();
    for (from, to) in [
        ("r=\"A9\"", "r=\"A4294967305\""),
        ("r=\"A9\"", "r=\"A1048577\""),
        ("r=\"A9\"", "r=\"XFE9\""),
        ("r=\"A9\"", "r = 'MWLQKWV9'"),
        ("<row r=\"9\"", "<row r=\"4294967305\""),
        ("<dimension ref=\"", "<dimension ref=\"A1:AAAA1\" x=\""),
    ] {
        let bad = patched(&bytes, "xl/worksheets/sheet4.xml", |xml| {
            assert!(xml.contains(from), "{from}");
            xml.replace(from, to)
        });
        assert_eq!(codes(&bad), [Code::DamagedFile], "{to}");
    }
    // Wherever the part lies: the package says which part is a sheet, not its name.
    let moved: Vec<_> = parts(&patched(&bytes, "xl/_rels/workbook.xml.rels", |xml| xml.replace("sheet4.xml", "x.xml")))
        .into_iter()
        .map(|(name, part)| (name.replace("sheet4.xml", "x.xml"), part))
        .collect();
    assert_eq!(codes(&package(&moved)), []);
    let bad = patched(&package(&moved), "xl/worksheets/x.xml", |xml| xml.replace("r=\"A9\"", "r=\"A4294967305\""));
    assert_eq!(codes(&bad), [Code::DamagedFile]);
}

#[test]
fn a_count_of_strings_that_cannot_be_is_refused_before_room_is_made_for_it() {
    let bytes = Book::of(&sound(1)).bytes();
    let lie = |count: &str| {
        patched(&bytes, "xl/sharedStrings.xml", |xml| {
            let start = xml.find("uniqueCount=\"").expect("there") + 13;
            let end = start + xml[start..].find('"').expect("closed");
            format!("{}{count}{}", &xml[..start], &xml[end..])
        })
    };
    for count in ["18446744073709551615", "99999999999", "184467440737095516150"] {
        assert_eq!(codes(&lie(count)), [Code::DamagedFile], "{count}");
    }
    assert_eq!(codes(&lie("1")), []);
}

#[test]
fn an_empty_string_element_shifts_no_string_to_another_cell() {
    let bytes = Book::of(&sound(1)).bytes();
    let names = |bytes: &[u8]| {
        let sheet = read(bytes, &Limits::default()).expect("no fault");
        sheet.rows.iter().map(|r| r.draft.identity.name.to_string()).collect::<Vec<_>>()
    };
    // The first string is the title of the instructions; emptied, all others must keep their places.
    for empty in ["<si/>", "<si></si>"] {
        let emptied = patched(&bytes, "xl/sharedStrings.xml", |xml| {
            let start = xml.find("<si>").expect("there");
            let end = xml.find("</si>").expect("there") + 5;
            format!("{}{empty}{}", &xml[..start], &xml[end..])
        });
        assert_eq!(names(&emptied), names(&bytes));
    }
}

#[test]
fn a_document_type_is_refused_and_no_entity_expanded() {
    let bytes = Book::of(&sound(1)).bytes();
    let laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let external = "<!doctype x SYSTEM \"file:///etc/passwd\">";
    for doctype in [laughs, external] {
        let bad = patched(&bytes, "xl/worksheets/sheet4.xml", |xml| xml.replacen("?>", &format!("?>{doctype}"), 1));
        assert_eq!(codes(&bad), [Code::UnsafeXml]);
    }
    let utf16: Vec<u8> = "<?xml version=\"1.0\"?><worksheet/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = parts(&bytes);
    all.iter_mut().find(|(n, _)| n.ends_with("sheet4.xml")).expect("there").1 = utf16;
    assert_eq!(codes(&package(&all)), [Code::UnsafeXml]);
    let other = patched(&bytes, "xl/workbook.xml", |xml| xml.replacen("UTF-8", "UTF-7", 1));
    assert_eq!(codes(&other), [Code::UnsafeXml]);
}

#[test]
fn macros_and_other_formats_are_refused_with_what_to_do() {
    let bytes = Book::of(&sound(1)).bytes();
    let with = |name: &str| {
        let mut all = parts(&bytes);
        all.push((name.into(), b"x".to_vec()));
        codes(&package(&all))
    };
    assert_eq!(with("xl/vbaProject.bin"), [Code::MacroWorkbook]);
    assert_eq!(with("xl/macrosheets/sheet1.xml"), [Code::MacroWorkbook]);
    assert_eq!(with("mimetype"), [Code::OtherSpreadsheet]);
    assert_eq!(with("xl/workbook.bin"), [Code::OtherSpreadsheet]);
    assert_eq!(with("XL/WORKSHEETS/SHEET4.XML"), [Code::DamagedFile], "one part under two names");
    let typed = patched(&bytes, "[Content_Types].xml", |xml| {
        xml.replace("spreadsheetml.sheet.main+xml", "sheet.macroEnabled.main+xml")
    });
    assert_eq!(codes(&typed), [Code::MacroWorkbook]);
    assert_eq!(codes(&package(&[("a.txt".into(), b"x".to_vec())])), [Code::DamagedFile]);
    assert_eq!(codes(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), [Code::DamagedFile]);
    assert_eq!(codes(b"%PDF-1.7\n"), [Code::UnknownFormat]);
    assert_eq!(codes(b"<html><table>"), [Code::UnknownFormat]);
    assert_eq!(codes(b""), [Code::EmptyFile]);
}

#[test]
fn a_password_and_the_old_format_are_told_apart() {
    let ole = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let file = |stream: &str| [ole.to_vec(), vec![0; 1016], utf16(stream), vec![0; 512]].concat();
    assert_eq!(codes(&file("EncryptedPackage")), [Code::PasswordProtected]);
    assert_eq!(codes(&file("Workbook")), [Code::OldFormat]);
    assert_eq!(codes(&ole), [Code::PasswordProtected], "too short to be anything");
}

#[test]
fn text_in_other_encodings_is_refused_with_what_to_do() {
    let text = "STT;Họ và tên\n1;Nguyễn Văn An\n";
    let utf16 = |bom: &[u8], bytes: fn(u16) -> [u8; 2]| {
        bom.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    assert_eq!(codes(&utf16(b"\xff\xfe", u16::to_le_bytes)), [Code::Utf16Text]);
    assert_eq!(codes(&utf16(b"\xfe\xff", u16::to_be_bytes)), [Code::Utf16Text]);
    assert_eq!(codes(&utf16(b"", u16::to_le_bytes)), [Code::Utf16Text]);
    // Windows-1258: ễ is ê (0xEA) and a combining tilde (0xDE).
    let windows_1258 = b"STT;H\xf2 v\xe0 t\xean\n1;Nguy\xea\xden V\xe3n An\n";
    assert_eq!(codes(windows_1258), [Code::UnknownEncoding]);
    assert_eq!(read_csv(windows_1258, &Limits::default()).expect_err("not UTF-8")[0].code, Code::UnknownEncoding);
    assert_eq!(codes(&[b'a', 0, 1, 2, 3, 4, 5, 6]), [Code::UnknownFormat]);
}

#[test]
fn limits_hold() {
    let bytes = Book::of(&sound(3)).bytes();
    let with = |limits: Limits| read(&bytes, &limits).expect_err("over the limit")[0].code;
    let default = Limits::default;
    assert_eq!(with(Limits { input_bytes: 1000, ..default() }), Code::FileTooLarge);
    assert_eq!(with(Limits { sheets: 3, ..default() }), Code::TooManySheets);
    assert_eq!(with(Limits { rows: 5, ..default() }), Code::SheetTooLarge);
    assert_eq!(with(Limits { columns: 5, ..default() }), Code::SheetTooLarge);
    assert_eq!(with(Limits { cells: 100, ..default() }), Code::SheetTooLarge);
    assert_eq!(with(Limits { pupils: 2, ..default() }), Code::TooManyPupils);
    let csv = format!("STT;Họ và tên\n{}", "1;An\n".repeat(6_000));
    assert!(codes(csv.as_bytes()).contains(&Code::SheetTooLarge));

    let mut bad = Book::of(&sound(3));
    for row in 9..=11 {
        for col in 'C'..='I' {
            bad.sheet("Toán").insert(cell(&format!("{col}{row}")), t("x"));
        }
    }
    let findings = read(&bad.bytes(), &Limits { findings: 5, ..Limits::default() }).expect_err("faults");
    assert_eq!(findings.len(), 6);
    assert_eq!(findings[5].code, Code::TooManyFindings);

    let long = Book::of(&sound(1)).set("Toán", "T9", t(&"ă".repeat(15_000)));
    assert_eq!(long.read().expect_err("too long")[0].code, Code::TextTooLong);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &Limits::default());
        let _ = read_csv(&bytes, &Limits::default());
        let _ = read_xlsx(&[b"PK\x03\x04".as_slice(), &bytes].concat(), &Limits::default());
    }

    #[test]
    fn any_text_gives_an_answer(text in "(STT[;,]Họ và tên[;,]Mã môn[;,]HK1 TX1\n)?([0-9a-zÐđ;,\"\n \t.%-]{0,12}[;,\n]){0,20}") {
        let _ = read(text.as_bytes(), &Limits::default());
    }

    /// Whatever stands in a cell, the answer is a draft or a finding at that very cell.
    #[test]
    fn any_mark_is_read_or_refused_at_its_cell(text in "\\PC{1,12}") {
        let csv = format!(
            "Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã môn;HK1 ĐTB;HK2 ĐTB;Rèn luyện HK1;\
             Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n79X;T;2026-2027;9;9A3;1;An;2012;Nam;toan;\"{}\";8;T;T;0;0\n",
            text.replace('"', "\"\"")
        );
        match read(csv.as_bytes(), &Limits::default()) {
            Ok(_) => {}
            Err(findings) => prop_assert_eq!(findings[0].cell.map(|c| c.to_string()), Some("K2".to_owned())),
        }
    }
}
