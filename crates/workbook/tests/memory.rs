//! Hostile files in bounded memory: each is read in a process of its own, which reports the most memory it ever had.
//!
//! The test runs its own program again for each case ([`reader`], named by [`CASE`]), because what one case touched
//! would hide what the next one touches. The files are made here and never committed.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the reading process answers on stdout; figures are for a person"
)]

mod common;

use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use common::{Book, package, parts, patched, sound};
use hocba_workbook::{Limits, read};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The variable that names the file a reading process reads.
const CASE: &str = "HOCBA_WORKBOOK_CASE";

/// What reading may take beyond the file itself, in KiB: 200 MiB. By the default limits: 64 MiB of parts unpacked, as
/// long again while they are packed anew or while their strings are taken out of them, up to a million strings of 24
/// bytes and their allocations, 48 MiB of cells or of records.
const BOUND_KIB: u64 = 200 * 1024;

/// What a file may take that is refused by its first bytes, its size or its directory: next to nothing. 16 MiB leaves
/// room for the allocator and for the pages of the program that are touched first here.
const AT_ONCE_KIB: u64 = 16 * 1024;

/// A figure of `/proc/self/status`, in KiB.
fn status(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel tells it");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The reading process: the file of [`CASE`] in memory, the peak until then, the reading, the peak after it.
#[test]
fn reader() {
    let Some(path) = std::env::var_os(CASE) else { return };
    // Whole and at once, as a server holds an upload.
    let bytes = fs::read(path).expect("the case");
    let before = status("VmHWM");
    let told = match read(&bytes, &Limits::default()) {
        Ok(sheet) => format!("read {}", sheet.rows.len()),
        Err(findings) => findings.first().map(|f| f.code.to_string()).unwrap_or_default(),
    };
    println!("\nCASE {told} {}", status("VmHWM") - before);
}

/// Reads a file in a process of its own; gives the first finding's code and the KiB the reading took.
fn measured(name: &str, bytes: &[u8]) -> (String, u64) {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("workbook-{}-{name}", std::process::id()));
    fs::write(&path, bytes).expect("a temporary file");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "reader", "--nocapture", "--test-threads=1"])
        .env(CASE, &path)
        .output()
        .expect("this program runs");
    fs::remove_file(&path).expect("it was there");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("CASE "));
    let line = line.unwrap_or_else(|| panic!("{name}: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let (told, kib) = line.rsplit_once(' ').expect("two words");
    println!("{name}: {} KiB of file, {told}, {kib} KiB more", bytes.len() / 1024);
    (told.to_owned(), kib.parse().expect("a number"))
}

fn refused(name: &str, bytes: &[u8], code: &str, bound: u64) {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: {name}; the peak of a process is read from /proc/self/status, which Linux has");
        return;
    }
    let (told, kib) = measured(name, bytes);
    assert_eq!(told, code, "{name}");
    assert!(kib <= bound, "{name}: {kib} KiB, more than {bound}");
}

/// The sample's parts, one of them replaced or added.
fn with_part(name: &str, part: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut all = parts(&Book::of(&sound(1)).bytes());
    all.retain(|(n, _)| n != name);
    all.push((name.into(), part));
    all
}

/// Bytes that do not pack.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        // xorshift64 (Marsaglia 2003)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

#[test]
fn a_workbook_of_60_mb_is_refused_by_its_size() {
    let all = with_part("xl/media/photo.xml", noise(60_000_000));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in &all {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(name.clone(), stored).expect("an entry");
        writer.write_all(part).expect("a part");
    }
    let bytes = writer.finish().expect("a package").into_inner();
    assert!(bytes.len() > 60_000_000);
    refused("60-mb.xlsx", &bytes, "file_too_large", AT_ONCE_KIB);
}

/// A thousandfold: what the directory declares is enough to refuse it.
#[test]
fn a_zip_bomb_that_says_so_is_refused_before_it_is_unpacked() {
    let bytes = package(&with_part("xl/worksheets/sheet99.xml", vec![b' '; 150_000_000]));
    assert!(bytes.len() < 1_000_000, "{} bytes", bytes.len());
    refused("bomb.xlsx", &bytes, "unpacked_too_large", AT_ONCE_KIB);
}

/// Writes `found` over every occurrence of a size: local header, directory, both.
fn lie(bytes: &mut [u8], size: usize, found: u32) {
    let needle = u32::try_from(size).expect("32 bits").to_le_bytes();
    let places: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| *w == needle).map(|(at, _)| at).collect();
    assert!(places.len() >= 2, "a local header and the directory");
    for at in places {
        bytes[at..at + 4].copy_from_slice(&found.to_le_bytes());
    }
}

#[test]
fn a_zip_bomb_that_lies_about_its_sizes_is_refused_after_a_small_part_of_it() {
    // About what it unpacks to: the reading ends where the directory said it would, at an entry that goes on.
    let unpacked = 150_000_011;
    let mut bytes = package(&with_part("xl/worksheets/sheet99.xml", vec![b' '; unpacked]));
    lie(&mut bytes, unpacked, 1000);
    refused("bomb-small-unpacked.xlsx", &bytes, "damaged_file", AT_ONCE_KIB);

    // About its packed size, to pass for a modest ratio.
    let mut bytes = package(&with_part("xl/worksheets/sheet99.xml", vec![b' '; 60_000_000]));
    let mut archive = ZipArchive::new(Cursor::new(&*bytes)).expect("a package");
    let last = archive.len() - 1;
    let packed = archive.by_index_raw(last).expect("the bomb").compressed_size();
    lie(&mut bytes, usize::try_from(packed).expect("small"), 0x7fff_0000);
    refused("bomb-large-packed.xlsx", &bytes, "unpacked_too_large", BOUND_KIB);
}

/// A package in a package: the inner one is a part that no one needs, and is not looked into.
#[test]
fn a_zip_bomb_within_the_workbook_is_left_packed() {
    let bomb = package(&with_part("xl/worksheets/sheet99.xml", vec![b' '; 150_000_000]));
    let bytes = package(&with_part("xl/embeddings/workbook1.xlsx", bomb));
    refused("nested.xlsx", &bytes, "read 1", BOUND_KIB);
}

#[test]
fn macros_are_refused_under_either_name() {
    let bytes = package(&with_part("xl/vbaProject.bin", noise(8_000_000)));
    // What a file is called is not asked: the bytes are the same, and so is the answer.
    refused("macro.xlsm", &bytes, "macro_workbook", AT_ONCE_KIB);
    refused("macro-renamed.xlsx", &bytes, "macro_workbook", AT_ONCE_KIB);
    let declared = patched(&Book::of(&sound(1)).bytes(), "[Content_Types].xml", |xml| {
        xml.replace("spreadsheetml.sheet.main+xml", "sheet.macroEnabled.main+xml")
    });
    refused("macro-declared.xlsm", &declared, "macro_workbook", AT_ONCE_KIB);
}

#[test]
fn a_csv_in_utf_16_is_refused_with_and_without_its_mark() {
    let text = format!("STT;Họ và tên;Ngày sinh\r\n{}", "1;Nguyễn Văn An;05/03/2012\r\n".repeat(200_000));
    let units = || text.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for (name, mark, bytes) in [
        ("le-mark", &b"\xff\xfe"[..], &little),
        ("be-mark", b"\xfe\xff", &big),
        ("le", b"", &little),
        ("be", b"", &big),
    ] {
        refused(&format!("utf-16-{name}.csv"), &[mark, bytes].concat(), "utf16_text", AT_ONCE_KIB);
    }
}

/// Small in the file and large in the reader: each bounded by what it would become, not by what it is.
#[test]
fn a_workbook_that_grows_in_the_reader_is_refused() {
    // A million cells that all name the one longest string.
    let book = Book::of(&sound(1)).bytes();
    let long = format!("<si><t>{}</t></si>", "ă".repeat(4_000));
    let (strings, last) = with_strings(&book, &long);
    let row = format!("<row>{}</row>", format!("<c t=\"s\"><v>{last}</v></c>").repeat(250));
    let sheet = worksheet(&row.repeat(3_900));
    // Noise in a comment keeps the ratio of the part modest.
    let padding: String = noise(400_000).iter().map(|b| char::from(b'a' + b % 16)).collect();
    let sheet = format!("<!-- {padding} -->{sheet}");
    let echo = patched(&strings, "xl/worksheets/sheet4.xml", |_| sheet.clone());
    refused("one-string-everywhere.xlsx", &echo, "sheet_too_large", BOUND_KIB);

    let padded = |body: String| format!("<!-- {padding} -->{body}");
    let many = padded(format!("<sst>{}</sst>", "<si/>".repeat(8_000_000)));
    refused(
        "empty-strings.xlsx",
        &patched(&book, "xl/sharedStrings.xml", |_| many.clone()),
        "sheet_too_large",
        BOUND_KIB,
    );
    let formats = padded(format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(8_000_000)));
    refused("formats.xlsx", &patched(&book, "xl/styles.xml", |_| formats.clone()), "unpacked_too_large", BOUND_KIB);
    let font = "F".repeat(100_000);
    let formats = padded(format!(
        "<styleSheet><fonts><font><name val=\"{font}\"/></font></fonts><cellXfs>{}</cellXfs></styleSheet>",
        "<xf fontId=\"0\"/>".repeat(60_000)
    ));
    refused("font-name.xlsx", &patched(&book, "xl/styles.xml", |_| formats.clone()), "unpacked_too_large", BOUND_KIB);
}

/// The most that the limits let through, read without a fault.
#[test]
fn a_workbook_as_large_as_the_limits_allow_stays_within_the_bound() {
    let book = Book::of(&sound(1)).bytes();
    // Nearly a million strings of 30 digits: 47 MB.
    let words = noise(6 * 990_000);
    let text = |word: &[u8]| word.iter().map(|b| format!("{b:05}")).collect::<String>();
    let strings: String = words.chunks(6).map(|word| format!("<si><t>{}</t></si>", text(word))).collect();
    let (full, last) = with_strings(&book, &strings);
    // On the sheet of instructions, 300,000 cells, each with a string of its own.
    let cell = |n: usize| format!("<c t=\"s\"><v>{}</v></c>", last - n);
    let rows: String =
        (0..3_000).map(|r| format!("<row>{}</row>", (0..100).map(|c| cell(r * 100 + c)).collect::<String>())).collect();
    let full = patched(&full, "xl/worksheets/sheet1.xml", |_| worksheet(&rows));
    assert!(full.len() < Limits::default().input_bytes, "{} bytes", full.len());
    refused("full.xlsx", &full, "read 1", BOUND_KIB);
}

#[test]
fn a_text_file_as_large_as_the_limits_allow_stays_within_the_bound() {
    let mut text = String::from("STT;Họ và tên;Mã môn;HK1 TX1;HK1 TX2;HK1 TX3;HK1 TX4;HK1 GK;HK1 CK;HK1 ĐTB;Nhận xét");
    text.push_str(&";".repeat(189));
    for row in 0..4_900 {
        let marks = ";8,5".repeat(7);
        text.push_str(&format!("\n{};An {row};toan{marks};{}", row % 200 + 1, "Chăm.;".repeat(189)));
    }
    assert!(text.len() < Limits::default().input_bytes, "{} bytes", text.len());
    refused("full.csv", text.as_bytes(), "missing_value", BOUND_KIB);
}

/// The workbook with more strings behind its own, and the place of the last of them.
fn with_strings(book: &[u8], more: &str) -> (Vec<u8>, usize) {
    let last = std::cell::Cell::new(0);
    let bytes = patched(book, "xl/sharedStrings.xml", |xml| {
        let xml = xml.replace("</sst>", &format!("{more}</sst>"));
        last.set(xml.matches("<si>").count() - 1);
        xml
    });
    (bytes, last.get())
}

fn worksheet(rows: &str) -> String {
    let name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    format!("<worksheet xmlns=\"{name}\"><sheetData>{rows}</sheetData></worksheet>")
}
