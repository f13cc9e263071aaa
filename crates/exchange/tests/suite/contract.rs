//! The national data contract: round trips, findings, and the receiver's rule.

use std::{
    collections::BTreeMap,
    io::{BufReader, Read},
};

use hocba_exchange::{
    Code, Finding, Severity,
    contract::{
        Content, Decision, Event, Incoming, Known, Limits, Reader, RecordKey, after, decide, read, write, write_lines,
    },
};
use hocba_record::{
    draft::{Assessment, Draft, SubjectDraft, TermMarks},
    section::{
        Attainment, AttainmentLevel, ConductRank, EducationResult, IndividualPlanSection, Promotion, StudyRank,
        SubjectLevel,
    },
    types::{Grade, Mark, SchoolYear, Text},
};
use proptest::prelude::*;

use crate::kit::{messages, text};

#[test]
fn what_is_written_is_read_the_same() {
    for grade in [6, 9, 10, 12] {
        let sent = messages(4, grade, 5);
        assert_eq!(read(&write(&sent), &Limits::default()), (sent.clone(), Vec::new()), "grade {grade}");
        assert_eq!(read(&write_lines(&sent), &Limits::default()), (sent.clone(), Vec::new()));
        let marked = [b"\xef\xbb\xbf".as_slice(), &write(&sent)].concat();
        assert_eq!(read(&marked, &Limits::default()).0, sent, "a byte order mark is passed over");
    }
}

/// A pupil of primary school and one of the years of TT 58, whom no rules are needed to write down.
fn older() -> Vec<Incoming> {
    let mark = |tenths| Some(Mark::from_tenths(tenths).expect("a mark"));
    let line = |code: &str, name: &str, assessment| SubjectDraft {
        code: text(code),
        name: text(name),
        assessment,
        study_topics: false,
        remark: None,
        teacher: None,
        locked_at: None,
        source: None,
    };
    let with = |grade: u8, start: u16, change: &dyn Fn(&mut Draft)| {
        let mut message = messages(8, 9, 1).remove(0);
        let (Event::New(content) | Event::Update(content)) = &mut message.event else { panic!("new") };
        content.header.grade = Grade::new(grade).expect("a grade");
        content.header.year = SchoolYear::starting(start).expect("a year");
        content.header.class = text(&format!("{grade}B"));
        content.draft = Draft::of(content.draft.identity.clone());
        change(&mut content.draft);
        message
    };
    let level = |year, test, reassessed, reassessed_test| Assessment::Level { year, test, reassessed, reassessed_test };
    let primary = with(5, 2026, &|d| {
        d.subjects = vec![
            line("tieng_viet", "Tiếng Việt", level(Some(SubjectLevel::HoanThanhTot), mark(90), None, None)),
            line(
                "toan",
                "Toán",
                level(Some(SubjectLevel::ChuaHoanThanh), mark(40), Some(SubjectLevel::HoanThanh), mark(50)),
            ),
            line("hoat_dong_trai_nghiem", "Hoạt động trải nghiệm", Assessment::NotAssessed),
            line("giao_duc_the_chat", "Giáo dục thể chất", Assessment::Exempt(text("Theo giấy của bệnh viện"))),
        ];
        let item =
            |code: &str, name: &str, level| Attainment { code: text(code), name: text(name), level, remark: None };
        d.attainments.qualities = vec![item("yeu_nuoc", "Yêu nước", AttainmentLevel::Tot)];
        d.attainments.competences = vec![item("tu_chu", "Tự chủ và tự học", AttainmentLevel::CanCoGang)];
        d.attainments.outstanding = true;
        d.attainments.reassessed = Some(AttainmentLevel::Dat);
        d.imported.education_year = Some(EducationResult::HoanThanh);
        d.imported.promotion = Some(Promotion::PromotedAfterSummer);
        d.plan = Some(IndividualPlanSection { note: Some(text("Theo kế hoạch riêng")) });
    });
    let tt58 = with(8, 2018, &|d| {
        let term = |tenths| TermMarks { average: mark(tenths), ..TermMarks::default() };
        let score = Assessment::Score { term1: term(65), term2: term(70), year: mark(68), reassessed: mark(70) };
        d.subjects = vec![line("toan", "Toán", score)];
        d.conduct_ranking.term1 = Some(ConductRank::TrungBinh);
        d.conduct_ranking.year = Some(ConductRank::Yeu);
        d.imported.ranking = [mark(65).map(|m| (m, Some(StudyRank::Kha))), None, mark(68).map(|m| (m, None))];
        d.imported.promotion = Some(Promotion::Retained);
    });
    vec![primary, tt58]
}

#[test]
fn primary_school_and_older_years_are_read_the_same() {
    let sent = older();
    let file = write(&sent);
    assert_eq!(read(&file, &Limits::default()), (sent, Vec::new()));
    let file = String::from_utf8(file).expect("UTF-8");
    for name in ["DsBangDiem", "MucDat", "DiemKTDK", "PhamChat", "XepLoaiHanhKiem", "CoKhuyetTatKhongDanhGia"] {
        assert!(file.contains(&format!("\"{name}\"")), "{name}");
    }
}

/// One record with a member replaced, or added.
fn one(member: &str, value: &str) -> String {
    let sent = String::from_utf8(write(&messages(4, 9, 1))).expect("UTF-8");
    let mut record: serde_json_like::Record = serde_json_like::Record::of(&sent);
    record.put(member, value);
    record.text()
}

/// Enough of JSON to exchange one member of a record without another dependency.
mod serde_json_like {
    pub struct Record(Vec<(String, String)>);
    impl Record {
        pub fn of(array: &str) -> Self {
            let body = &array[2..array.len() - 2];
            let (mut members, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0, false, false);
            for (i, c) in body.char_indices() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' if quoted => escaped = true,
                    '"' => quoted = !quoted,
                    '{' | '[' if !quoted => depth += 1,
                    '}' | ']' if !quoted => depth -= 1,
                    ',' if !quoted && depth == 0 => {
                        members.push(&body[start..i]);
                        start = i + 1;
                    }
                    _ => {}
                }
            }
            members.push(&body[start..]);
            let split = |m: &str| m.split_once(':').map(|(n, v)| (n.trim_matches('"').to_owned(), v.to_owned()));
            Self(members.into_iter().filter_map(split).collect())
        }
        pub fn put(&mut self, name: &str, value: &str) {
            self.0.retain(|(n, _)| n != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        pub fn text(&self) -> String {
            let members: Vec<String> = self.0.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
            format!("[{{{}}}]", members.join(","))
        }
    }
}

fn refused(file: &str) -> Vec<Finding> {
    let (taken, mut refused) = read(file.as_bytes(), &Limits::default());
    assert!(taken.is_empty(), "{file:.200}");
    assert_eq!(refused.len(), 1);
    refused.remove(0).findings
}

#[test]
fn each_fault_has_its_finding_at_its_pointer() {
    let long = format!("\"{}\"", "a".repeat(151));
    for (member, value, code, pointer) in [
        ("IdBanGhi", "", Code::MissingMember, "/0/IdBanGhi"),
        ("IdBanGhi", long.as_str(), Code::TooLong, "/0/IdBanGhi"),
        ("IdBanGhi", "\"a\\nb\"", Code::BadText, "/0/IdBanGhi"),
        ("SuKien", "\"DELETE\"", Code::UnknownCode, "/0/SuKien"),
        ("PhienBan", "0", Code::BadVersion, "/0/PhienBan"),
        ("PhienBan", "-1", Code::BadVersion, "/0/PhienBan"),
        ("PhienBan", "1.5", Code::BadVersion, "/0/PhienBan"),
        ("ThoiGianCapNhat", "\"2027-13-01T00:00:00\"", Code::BadDate, "/0/ThoiGianCapNhat"),
        ("MaTruong", "\"trường\"", Code::BadValue, "/0/MaTruong"),
        ("NamHoc", "\"2026\"", Code::BadValue, "/0/NamHoc"),
        ("MaKhoi", "13", Code::BadValue, "/0/MaKhoi"),
        ("MaCapHoc", "\"02\"", Code::Contradiction, "/0/MaCapHoc"),
        ("HoVaTen", long.as_str(), Code::TooLong, "/0/HoVaTen"),
        ("HoVaTen", "\" Lê Hoa\"", Code::BadText, "/0/HoVaTen"),
        ("HoVaTen", "null", Code::MissingMember, "/0/HoVaTen"),
        ("HoVaTen", "{}", Code::WrongType, "/0/HoVaTen"),
        ("NgaySinh", "\"2012-13-05\"", Code::BadDate, "/0/NgaySinh"),
        ("GioiTinh", "\"Nam\"", Code::UnknownCode, "/0/GioiTinh"),
        ("SoDinhDanh", "\"07920500123\"", Code::BadValue, "/0/SoDinhDanh"),
        ("QuocTich", "\"vn\"", Code::BadValue, "/0/QuocTich"),
        ("BangDiem", "{}", Code::WrongType, "/0/BangDiem"),
        ("BangDiem", "[[]]", Code::WrongType, "/0/BangDiem/0"),
        ("BangDiem", "[{}]", Code::MissingMember, "/0/BangDiem/0/MaMonHoc"),
        ("BangDiem", r#"[{"MaMonHoc":"HEO"}]"#, Code::UnknownSubject, "/0/BangDiem/0/MaMonHoc"),
        ("BangDiem", r#"[{"MaMonHoc":"toan"},{"MaMonHoc":"TOAN"}]"#, Code::DuplicateSubject, "/0/BangDiem"),
        ("BangDiem", r#"[{"MaMonHoc":"toan","HocKy1":10.5}]"#, Code::MarkOutOfRange, "/0/BangDiem/0/HocKy1"),
        ("BangDiem", r#"[{"MaMonHoc":"toan","HocKy1":"8,55"}]"#, Code::MarkTooPrecise, "/0/BangDiem/0/HocKy1"),
        ("BangDiem", r#"[{"MaMonHoc":"toan","HocKy1":"giỏi"}]"#, Code::NotAMark, "/0/BangDiem/0/HocKy1"),
        (
            "BangDiem",
            r#"[{"MaMonHoc":"toan","DiemThuongXuyen1":[8,11]}]"#,
            Code::MarkOutOfRange,
            "/0/BangDiem/0/DiemThuongXuyen1/1",
        ),
        ("BangDiem", r#"[{"MaMonHoc":"nghe_thuat","HocKy1":"T"}]"#, Code::UnknownCode, "/0/BangDiem/0/HocKy1"),
        (
            "BangDiem",
            r#"[{"MaMonHoc":"toan","HocKy1":8,"LyDoMien":"ốm"}]"#,
            Code::Contradiction,
            "/0/BangDiem/0/LyDoMien",
        ),
        ("KetQuaRenLuyen", r#"{"HocKy1":"G"}"#, Code::UnknownCode, "/0/KetQuaRenLuyen/HocKy1"),
        ("ChungChi", r#"[{"SoHieu":"1"}]"#, Code::MissingMember, "/0/ChungChi/0/TenChungChi"),
        (
            "QuaTrinhHocTap",
            r#"[{"NamHoc":"2020-2021","TenTruong":"A","NgayChuyenDen":"2020-10-01"}]"#,
            Code::Contradiction,
            "/0/QuaTrinhHocTap/0/NamHoc",
        ),
        ("DuocLenLop", "\"có\"", Code::WrongType, "/0/DuocLenLop"),
        ("LenLopSauHe", "true", Code::Contradiction, "/0/DuocLenLop"),
        ("SoBuoiNghiCoPhep", "-1", Code::BadValue, "/0/SoBuoiNghiCoPhep"),
        ("XacThuc", r#"[{"Loai":"MaTam","Ngay":"2026","Nguon":"DAN_CU"}]"#, Code::Contradiction, "/0/XacThuc/0/Loai"),
    ] {
        let mut file = one(member, value);
        if member == "LenLopSauHe" {
            file = file.replace("\"DuocLenLop\":true", "\"DuocLenLop\":false");
        }
        let findings = refused(&file);
        let found: Vec<_> = findings.iter().map(|f| (f.code, f.pointer.as_str())).collect();
        assert!(found.contains(&(code, pointer)), "{member} {value}: {found:?}");
        assert!(findings.iter().all(|f| !f.expected.vi.is_empty() && !f.how_to_mend.en.is_empty()));
    }
}

#[test]
fn a_repair_of_a_text_is_offered_and_not_made() {
    // Ð U+00D0 for Đ U+0110.
    let findings = refused(&one("HoVaTen", "\"Nguye\u{302}\u{303}n Thị  Hoa\""));
    assert_eq!(findings[0].code, Code::BadText);
    assert!(findings[0].expected.vi.contains("“Nguyễn Thị Hoa”"), "{}", findings[0].expected.vi);
    assert!(!format!("{findings:?}").contains("Hoa"), "no value in a log");
}

#[test]
fn what_is_not_known_or_not_kept_is_told_and_does_not_stop_the_record() {
    for (member, code) in [("TenLot", Code::UnknownMember), ("DoiTuongChinhSach", Code::NotKept)] {
        let (taken, refused) = read(one(member, "\"x\"").as_bytes(), &Limits::default());
        assert!(refused.is_empty());
        let warnings: Vec<_> = taken[0].warnings.iter().map(|w| (w.code, w.severity, w.pointer.clone())).collect();
        assert_eq!(warnings, [(code, Severity::Warning, format!("/0/{member}"))]);
    }
    let file = one("TenDanToc", "").replace("\"DanToc\":\"01\"", "\"DanToc\":\"02\"");
    let (taken, _) = read(file.as_bytes(), &Limits::default());
    let ethnicity = taken[0].event.content().and_then(|c| c.draft.identity.ethnicity.clone());
    assert_eq!(ethnicity.as_ref().map(Text::as_str), Some("Tày"), "a known code alone is enough");
}

#[test]
fn one_bad_record_does_not_stop_the_others() {
    let sent = messages(4, 9, 3);
    let mut lines: Vec<String> =
        String::from_utf8(write_lines(&sent)).expect("UTF-8").lines().map(ToOwned::to_owned).collect();
    lines[1] = lines[1].replace("\"PhienBan\":1", "\"PhienBan\":\"một\"");
    lines.insert(2, "{\"IdBanGhi\":\"x\",}".into());
    lines.insert(3, "{\"SuKien\":\"NEW\",\"SuKien\":\"UPDATE\"}".into());
    let (taken, refused) = read(lines.join("\r\n").as_bytes(), &Limits::default());
    assert_eq!(taken, [sent[0].clone(), sent[2].clone()]);
    let told: Vec<_> = refused.iter().map(|r| (r.index, r.findings[0].code, r.ends)).collect();
    assert_eq!(
        told,
        [(Some(1), Code::BadVersion, false), (Some(2), Code::NotJson, false), (Some(3), Code::DuplicateMember, false)]
    );
    assert_eq!(refused[0].id, Some(sent[1].id.clone()));
}

#[test]
fn files_that_cannot_be_read_on_end_there() {
    let sent = messages(4, 9, 2);
    let whole = String::from_utf8(write(&sent)).expect("UTF-8");
    let deep = format!("[{{\"a\":{}1{}}}]", "[".repeat(20), "]".repeat(20));
    let deeper = format!("[{{\"a\":{}", "[".repeat(100_000));
    let wide = format!("[{{\"a\":[{}1]}}]", "1,".repeat(5_000));
    for (file, code, ends) in [
        ("", Code::NotJson, true),
        ("\"x\"", Code::NotJson, true),
        ("[1]", Code::NotJson, true),
        ("[{},]", Code::NotJson, true),
        ("[{}{}]", Code::NotJson, true),
        ("[{}] x", Code::NotJson, true),
        ("[", Code::Truncated, true),
        (&whole[..whole.len() - 1], Code::Truncated, true),
        (&whole[..whole.len() - 40], Code::Truncated, true),
        ("\u{feff}", Code::NotJson, true),
        (&deep, Code::TooDeep, false),
        (&deeper, Code::TooDeep, true),
        (&wide, Code::TooManyElements, false),
    ] {
        let (_, refused) = read(file.as_bytes(), &Limits::default());
        let last = refused.last().expect("refused");
        assert_eq!((last.findings[0].code, last.ends), (code, ends), "{file:.60}");
    }
    for (limits, code, taken) in [
        (Limits { bytes: 100, ..Limits::default() }, Code::FileTooLarge, 0),
        (Limits { record_bytes: 100, ..Limits::default() }, Code::RecordTooLarge, 0),
        (Limits { records: 1, ..Limits::default() }, Code::TooManyRecords, 1),
    ] {
        let (records, refused) = read(whole.as_bytes(), &limits);
        assert_eq!((records.len(), refused.len(), refused[0].findings[0].code), (taken, 1, code));
    }
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let mut reader = Reader::new(BufReader::new(Failing), Limits::default());
    let refused = reader.next().expect("a word").expect_err("no bytes");
    assert_eq!((refused.findings[0].code, reader.next().is_none()), (Code::ReadFailed, true));
}

#[test]
fn a_cancellation_needs_no_content() {
    let file =
        r#"[{"IdBanGhi":"HB-1","SuKien":"CANCEL","PhienBan":2,"ThoiGianCapNhat":"2027-06-01T08:00:00","HoVaTen":7}]"#;
    let (taken, refused) = read(file.as_bytes(), &Limits::default());
    assert!(refused.is_empty());
    assert_eq!((taken[0].event.clone(), taken[0].version), (Event::Cancel, 2));
    assert_eq!(read(&write(&taken), &Limits::default()).0, taken);
}

/// A source that makes up records as it is read, and counts.
struct Endless {
    line: Vec<u8>,
    at: usize,
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() {
            self.at = 0;
            self.left -= 1;
        }
        if self.left == 0 {
            return Ok(0);
        }
        let n = out.len().min(self.line.len() - self.at);
        out[..n].copy_from_slice(&self.line[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[test]
fn a_long_file_is_read_one_record_at_a_time() {
    let line = write_lines(&messages(4, 9, 1));
    let source = BufReader::with_capacity(4096, Endless { line, at: 0, left: 2_000 });
    // Never more than one record is held: the iterator gives them before the source has ended.
    assert_eq!(Reader::new(source, Limits::default()).filter(Result::is_ok).count(), 2_000);
}

// The receiver's rule.

type World = BTreeMap<RecordKey, (Known, Option<Content>)>;

fn receive(world: &mut World, message: &Incoming) -> Decision {
    let known = world.get(&message.id).map(|(known, _)| *known);
    let decision = decide(known, message);
    if decision.changes() {
        let content = message.event.content().cloned();
        world.insert(message.id.clone(), (after(known, message), content));
    }
    decision
}

fn message(id: &str, version: u64, event: u8) -> Incoming {
    let mut message = messages(1, 9, 1).remove(0);
    let Event::New(mut content) = message.event else { panic!("new") };
    // One version, one content: its remark says which.
    content.draft.remark = Some(text(&format!("{id} {version}")));
    message.event = match event {
        0 => Event::New(content),
        1 => Event::Update(content),
        _ => Event::Cancel,
    };
    Incoming { id: text(id), version, ..message }
}

#[test]
fn versions_only_grow() {
    let mut world = World::new();
    for (id, version, event, decision) in [
        ("A", 1, 0, Decision::New),
        ("A", 1, 0, Decision::Same),
        ("A", 3, 1, Decision::Update),
        ("A", 2, 1, Decision::Older),
        ("A", 4, 2, Decision::Cancel),
        ("A", 3, 1, Decision::Older),
        ("A", 4, 2, Decision::Same),
        ("A", 5, 1, Decision::New),
        ("B", 7, 1, Decision::New),
        ("B", 6, 0, Decision::Older),
        ("C", 2, 2, Decision::Cancel),
        ("C", 1, 0, Decision::Older),
    ] {
        assert_eq!(receive(&mut world, &message(id, version, event)), decision, "{id} {version}");
    }
    assert_eq!(world.values().filter(|(_, content)| content.is_some()).count(), 2, "A and B stand, C was cancelled");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_end_depends_only_on_the_set_of_messages(
        set in prop::collection::btree_map((0..3_usize, 1..6_u64), 0..3_u8, 1..10),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..25),
    ) {
        let all: Vec<Incoming> =
            set.iter().map(|((id, version), event)| message(["A", "B", "C"][*id], *version, *event)).collect();
        let mut straight = World::new();
        for m in &all {
            receive(&mut straight, m);
        }
        // Any order, any number of times, each at least once.
        let mut shuffled = World::new();
        for m in order.iter().map(|i| i.get(&all)).chain(all.iter().rev()) {
            receive(&mut shuffled, m);
        }
        prop_assert_eq!(&straight, &shuffled);
        // Importing it all again changes nothing.
        for m in &all {
            prop_assert!(!receive(&mut shuffled, m).changes());
        }
        prop_assert_eq!(straight, shuffled);
    }

    #[test]
    fn made_up_classes_survive_the_contract(seed in any::<u64>(), grade in 6_u8..=12) {
        let sent = messages(seed, grade, 2);
        prop_assert_eq!(read(&write(&sent), &Limits::default()), (sent, Vec::new()));
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
        let mut file = one("SoDinhDanh", "").into_bytes();
        let at = at.index(file.len());
        file.splice(at..at, bytes.iter().copied());
        for refused in read(&file, &Limits::default()).1 {
            prop_assert!(refused.findings.iter().any(Finding::is_error));
        }
        drop(read(&bytes, &Limits::default()));
    }
}
