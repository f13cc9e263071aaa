//! Many classes from one text file: each as it would be read alone, and no more in memory than one of them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the reading process answers on stdout; figures are for a person"
)]

mod common;

use std::{
    fmt::Write as _,
    fs,
    io::{BufReader, Cursor, Read},
    process::Command,
};

use common::sample;
use hocba_record::{
    draft::{Assessment, TermMarks},
    section::{Achievement, IdentifierKind, Rating, Sex},
    types::Mark,
};
use hocba_workbook::{Code, Limits, bulk};

const HEADING: &str = "Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;Mã môn;\
    HK1 TX1;HK1 TX2;HK1 TX3;HK1 TX4;HK1 GK;HK1 CK;HK1 ĐTB;HK2 TX1;HK2 TX2;HK2 TX3;HK2 TX4;HK2 GK;HK2 CK;HK2 ĐTB;Cả năm;\
    Rèn luyện HK1;Rèn luyện HK2;Rèn luyện cả năm;Nghỉ có phép;Nghỉ không phép;Nhận xét GVCN\n";

/// The lines of a class of the sample, without what names the class: a line for each pupil and subject.
fn lines(pupils: usize) -> Vec<String> {
    let (_, drafts) = sample(pupils);
    let mark = |m: Option<Mark>| m.map(|m| format!("{},{}", m.tenths() / 10, m.tenths() % 10)).unwrap_or_default();
    let letter = |a: Option<Achievement>| a.map_or("", |a| if a == Achievement::Dat { "Đ" } else { "CĐ" }).to_owned();
    let rating = |r: Option<Rating>| {
        match r {
            Some(Rating::Tot) => "T",
            Some(Rating::Kha) => "K",
            Some(Rating::Dat) => "Đ",
            Some(Rating::ChuaDat) => "CĐ",
            None => "",
        }
        .to_owned()
    };
    let term = |term: &TermMarks| {
        let regular = (0..4).map(|n| mark(term.regular.get(n).copied()));
        let rest = [mark(term.midterm), mark(term.final_exam), mark(term.average)];
        regular.chain(rest).collect::<Vec<_>>().join(";")
    };
    let mut lines = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let identity = &draft.identity;
        let school = identity.identifiers.iter().find(|i| i.kind == IdentifierKind::School).expect("one");
        let sex = if identity.sex == Sex::Male { "Nam" } else { "Nữ" };
        let own = format!("{};{};{sex};{}", identity.name, identity.birth_date.vietnamese(), school.value);
        let conduct = &draft.conduct;
        let homeroom = format!(
            "{};{};{};{};{};{}",
            rating(conduct.term1),
            rating(conduct.term2),
            rating(conduct.year),
            draft.attendance.with_leave,
            draft.attendance.without_leave,
            draft.remark.as_ref().map_or("", |r| r.as_str()).replace([';', '\n', '"'], ",")
        );
        for line in &draft.subjects {
            let marks = match &line.assessment {
                Assessment::Score { term1, term2, year, .. } => {
                    format!("{};{};{}", term(term1), term(term2), mark(*year))
                }
                Assessment::Comment { term1, term2, year, .. } => {
                    format!(";;;;;;{};;;;;;;{};{}", letter(*term1), letter(*term2), letter(*year))
                }
                _ => continue,
            };
            lines.push(format!("{};{own};{};{marks};{homeroom}\n", index + 1, line.code));
        }
    }
    lines
}

/// The text of class number `n`.
fn class(n: usize, lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        write!(text, "79DEMO{:03};THCS Trần Phú (DEMO);2026-2027;9;9A{};{line}", n / 30, n % 30 + 1)
            .expect("takes all");
    }
    text
}

/// A class and its pupils, or the line it begins at and its errors.
type Told = Result<(String, usize), (u64, Vec<String>)>;

fn read(text: &str) -> Vec<Told> {
    bulk::classes(Cursor::new(text.as_bytes()), &Limits::default())
        .map(|class| match class {
            Ok(sheet) => Ok((sheet.header.class.to_string(), sheet.rows.len())),
            Err(found) => {
                Err((found.line, found.findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect()))
            }
        })
        .collect()
}

#[test]
fn each_class_is_read_as_it_would_be_alone() {
    let lines = lines(3);
    let text: String = std::iter::once(HEADING.to_owned()).chain((0..4).map(|n| class(n, &lines))).collect();
    let together: Vec<_> =
        bulk::classes(Cursor::new(text.as_bytes()), &Limits::default()).map(|c| c.expect("sound")).collect();
    assert_eq!(together.len(), 4);
    for (n, sheet) in together.iter().enumerate() {
        let alone = format!("{HEADING}{}", class(n, &lines));
        let alone = hocba_workbook::read_csv(alone.as_bytes(), &Limits::default()).expect("sound");
        assert_eq!((&sheet.header, sheet.drafts()), (&alone.header, alone.drafts()));
    }
}

#[test]
fn a_fault_stops_its_class_and_no_other() {
    let lines = lines(2);
    let second = class(1, &lines).replacen(";8,", ";18,", 1);
    let text = format!("{HEADING}{}{second}{}", class(0, &lines), class(2, &lines));
    let read = read(&text);
    assert_eq!(read[0], Ok(("9A1".into(), 2)));
    let Err((line, findings)) = &read[1] else { panic!("a mark above ten") };
    assert_eq!(*line, u64::try_from(lines.len()).expect("few") + 2);
    assert!(findings.iter().any(|f| f.starts_with("mark_out_of_range at CSV!")), "{findings:?}");
    // Named by the line of the whole file.
    let place = text.lines().position(|l| l.contains(";18,")).expect("there") + 1;
    assert!(findings.iter().any(|f| f.ends_with(&place.to_string())), "{findings:?}: line {place}");
    assert_eq!(read[2], Ok(("9A3".into(), 2)));
}

#[test]
fn a_class_that_comes_again_is_found_at_its_line() {
    let lines = lines(2);
    let text = format!("{HEADING}{}{}{}", class(0, &lines), class(1, &lines), class(0, &lines));
    let read = read(&text);
    let again = 2 * lines.len() + 2;
    assert_eq!(read[2], Err((u64::try_from(again).expect("few"), vec![format!("class_again at CSV!A{again}")])));
    assert_eq!(read.len(), 3);
}

#[test]
fn a_line_that_leaves_the_class_out_belongs_to_the_one_before() {
    let lines = lines(2);
    let mut text = format!("\u{feff}{HEADING}");
    for (n, line) in class(0, &lines).lines().enumerate() {
        let line =
            if n == 0 { line.to_owned() } else { format!(";;;;;{}", line.splitn(6, ';').last().expect("a rest")) };
        text.push_str(&line);
        text.push('\n');
    }
    assert_eq!(read(&text), [Ok(("9A1".into(), 2))]);
}

#[test]
fn bad_text_is_one_finding_and_the_end() {
    let lines = lines(1);
    let only = |bytes: &[u8]| {
        let all: Vec<_> = bulk::classes(Cursor::new(bytes.to_vec()), &Limits::default()).collect();
        assert_eq!(all.len(), 1);
        let found = all.into_iter().next().expect("one").expect_err("refused");
        found.findings[0].code
    };
    assert_eq!(only(b""), Code::EmptyFile);
    assert_eq!(only(b"PK\x03\x04 and so on\n"), Code::DamagedFile);
    assert_eq!(only(b"a;b;c\n1;2;3\n"), Code::MissingHeader);
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(HEADING.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(only(&utf16), Code::Utf16Text);
    // Windows-1258 in the heading, and in the lines below a heading that is sound.
    assert_eq!(only(b"STT;H\xf4 v\xe0 t\xean;M\xe3 m\xf4n\n"), Code::UnknownEncoding);
    let mut mixed = format!("{HEADING}{}", class(0, &lines)).into_bytes();
    mixed.extend(b"79DEMO000;Tr\xea\n");
    assert_eq!(only(&mixed), Code::UnknownEncoding);
    // A quotation mark that is never closed does not take the rest of the file into memory.
    let open = format!("{HEADING}79DEMO000;\"{}", "x;".repeat(4_000_000));
    assert_eq!(only(open.as_bytes()), Code::SheetTooLarge);
}

/// Gives class after class without ever holding more than one.
struct Endless {
    lines: Vec<String>,
    classes: std::ops::Range<usize>,
    now: Cursor<Vec<u8>>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let n = self.now.read(buffer)?;
            if n > 0 {
                return Ok(n);
            }
            let Some(next) = self.classes.next() else { return Ok(0) };
            self.now = Cursor::new(class(next, &self.lines).into_bytes());
        }
    }
}

/// How many classes of 40 the reading process reads.
const CLASSES: &str = "HOCBA_BULK_CLASSES";

/// The reading process: its peak in KiB, lines and seconds.
#[test]
fn reader() {
    let Ok(classes) = std::env::var(CLASSES) else { return };
    let classes: usize = classes.parse().expect("a number");
    let lines = lines(40);
    let each = lines.len();
    let source = Endless { lines, classes: 0..classes, now: Cursor::new(HEADING.as_bytes().to_vec()) };
    #[expect(clippy::disallowed_methods, reason = "a test that measures")]
    let start = std::time::Instant::now();
    let mut pupils = 0;
    for class in bulk::classes(BufReader::new(source), &Limits::default()) {
        pupils += class.expect("sound").rows.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB").trim().trim_end_matches(" kB");
    println!("\nCASE {pupils} {} {peak} {seconds:.2}", classes * each);
}

/// Peak in KiB of reading so many classes in a process of its own.
fn measured(classes: usize) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: the peak of a process is read from /proc/self/status, which Linux has");
        return None;
    }
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "reader", "--nocapture", "--test-threads=1"])
        .env(CLASSES, classes.to_string())
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|l| l.strip_prefix("CASE ")).unwrap_or_else(|| panic!("{text}"));
    let [pupils, lines, peak, seconds] = *line.split(' ').collect::<Vec<_>>() else { panic!("{line}") };
    let (rows, took): (f64, f64) = (lines.parse().expect("a number"), seconds.parse().expect("a number"));
    println!(
        "{pupils} pupils, {lines} lines: {seconds} s, {:.0} rows a second, peak {peak} KiB",
        rows / took.max(0.001)
    );
    assert_eq!(pupils.parse::<usize>(), Ok(classes * 40));
    Some(peak.parse().expect("a number"))
}

/// What 50,000 pupils may take, in KiB: 300 MB. Reading takes a class at a time, some MB; the rest is room.
const BOUND_KIB: u64 = 300_000_000 / 1024;

#[test]
fn two_thousand_pupils_take_no_more_memory_than_two_hundred() {
    let (Some(few), Some(many)) = (measured(5), measured(50)) else { return };
    assert!(many < few + 16 * 1024, "{few} KiB, then {many}");
    assert!(many < BOUND_KIB, "{many} KiB");
}

#[test]
#[ignore = "half a minute or more in the dev profile: cargo test -p hocba-workbook --test bulk -- --ignored --nocapture"]
fn fifty_thousand_pupils_stay_below_300_mb() {
    let Some(peak) = measured(1_250) else { return };
    assert!(peak < BOUND_KIB, "{peak} KiB");
}
