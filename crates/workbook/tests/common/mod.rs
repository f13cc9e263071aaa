//! Workbooks for tests: a sound one from the sample class, and the ways to spoil it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _, Write as _},
};

use calamine::{Data, Reader as _, Xlsx};
use hocba_record::{
    catalogue::SubjectKind,
    draft::{
        Assessment, AttainmentsDraft, ClassHeader, ConductRankingDraft, Draft, ImportedResults, SubjectDraft, TermMarks,
    },
    section::{
        Achievement, Attainment, AttainmentLevel, CertificateLine, ConductRank, ContestLevel, ContestLine,
        EducationResult, EnrolmentSection, IdentifierKind, Identity, IndividualPlanSection, Move, Promotion, Rating,
        Register, SchoolSection, Sex, StudyRank, SubjectLevel, Verified,
    },
    types::{Grade, Mark, PartialDate, SchoolYear, Text},
};
use hocba_sample::{Options, class};
use hocba_workbook::{Finding, Hints, Limits, Mapping, mandatory_subjects, read, read_with, template};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A class of so many pupils, none of them waiting.
pub fn sample(pupils: usize) -> (ClassHeader, Vec<Draft>) {
    class(2026, &Options::lower_secondary().with_pupils(pupils))
}

/// Its workbook.
pub fn sound(pupils: usize) -> Vec<u8> {
    let (header, drafts) = sample(pupils);
    template(Some(&header), &mandatory_subjects(header.form().curriculum(), header.grade), &drafts)
        .expect("the layout holds the sample")
}

/// A cell to write.
#[derive(Debug, Clone, PartialEq)]
pub enum V {
    Text(String),
    Number(f64),
    /// A number shown as a date.
    Date(f64),
    /// A formula with its stored result.
    Formula(&'static str, &'static str),
}

pub fn t(text: &str) -> V {
    V::Text(text.into())
}

/// A row and a column, from 0.
pub type At = (u32, u16);
/// A sheet's cells.
pub type Cells = BTreeMap<At, V>;

/// A workbook as plain cells, to be spoilt and written again.
#[derive(Debug, Clone)]
pub struct Book {
    pub sheets: Vec<(String, Cells)>,
    pub merged: Vec<(String, At, At)>,
    pub hidden: Vec<String>,
}

/// `C7` as row and column from 0.
pub fn cell(name: &str) -> At {
    let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
    let col = letters.bytes().fold(0_u16, |n, b| n * 26 + u16::from(b - b'A') + 1) - 1;
    (name[letters.len()..].parse::<u32>().expect("a row") - 1, col)
}

impl Book {
    pub fn of(bytes: &[u8]) -> Self {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
        let sheets = book
            .sheet_names()
            .into_iter()
            .map(|name| {
                let range = book.worksheet_range(&name).expect("a sheet");
                let (top, left) = range.start().unwrap_or((0, 0));
                let cells = range
                    .used_cells()
                    .filter_map(|(row, col, data)| {
                        let at = (row as u32 + top, u16::try_from(col as u32 + left).expect("a column"));
                        match data {
                            Data::String(text) => Some((at, V::Text(text.clone()))),
                            Data::Float(n) => Some((at, V::Number(*n))),
                            _ => None,
                        }
                    })
                    .collect();
                (name, cells)
            })
            .collect();
        Self { sheets, merged: Vec::new(), hidden: Vec::new() }
    }

    pub fn sheet(&mut self, name: &str) -> &mut Cells {
        &mut self.sheets.iter_mut().find(|(n, _)| n == name).expect("the sheet").1
    }

    pub fn set(mut self, sheet: &str, at: &str, value: V) -> Self {
        self.sheet(sheet).insert(cell(at), value);
        self
    }

    pub fn clear(mut self, sheet: &str, at: &str) -> Self {
        self.sheet(sheet).remove(&cell(at));
        self
    }

    pub fn without(mut self, sheet: &str) -> Self {
        self.sheets.retain(|(name, _)| name != sheet);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        // Not today, or the same cells would give other bytes tomorrow.
        let created = ExcelDateTime::from_ymd(2027, 5, 25).expect("a date");
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let date = Format::new().set_num_format("dd/mm/yyyy");
        for (name, cells) in &self.sheets {
            let sheet = book.add_worksheet();
            sheet.set_name(name).expect("a name");
            if self.hidden.contains(name) {
                sheet.set_hidden(true);
            }
            for ((row, col), value) in cells {
                match value {
                    V::Text(text) => sheet.write_string(*row, *col, text).map(|_| ()),
                    V::Number(n) => sheet.write_number(*row, *col, *n).map(|_| ()),
                    V::Date(n) => sheet.write_number_with_format(*row, *col, *n, &date).map(|_| ()),
                    V::Formula(formula, result) => {
                        sheet.write_formula(*row, *col, Formula::new(*formula).set_result(*result)).map(|_| ())
                    }
                }
                .expect("a cell");
            }
            for (_, (top, left), (bottom, right)) in self.merged.iter().filter(|(n, ..)| n == name) {
                let text = match cells.get(&(*top, *left)) {
                    Some(V::Text(text)) => text.clone(),
                    Some(V::Number(n)) => n.to_string(),
                    _ => String::new(),
                };
                sheet.merge_range(*top, *left, *bottom, *right, &text, &Format::new()).expect("a region");
            }
        }
        book.save_to_buffer().expect("written")
    }

    pub fn read(&self) -> Result<hocba_workbook::ClassSheet, Vec<Finding>> {
        read(&self.bytes(), &Limits::default())
    }

    /// The errors of form, as `code at sheet!cell`, without those of the record's own checks.
    pub fn errors(&self) -> Vec<String> {
        let findings = self.read().err().unwrap_or_default();
        findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect()
    }

    pub fn warnings(&self) -> Vec<String> {
        match self.read() {
            Ok(sheet) => sheet.warnings.iter().map(ToString::to_string).collect(),
            Err(findings) => panic!("expected a sound workbook: {findings:?}"),
        }
    }
}

/// The parts of a package.
pub fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a package");
    (0..archive.len())
        .map(|i| {
            let mut entry = archive.by_index(i).expect("an entry");
            let mut part = Vec::new();
            entry.read_to_end(&mut part).expect("a part");
            (entry.name().expect("a name").into_owned(), part)
        })
        .collect()
}

/// A package of these parts.
pub fn package(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        writer.start_file(name.clone(), SimpleFileOptions::default()).expect("an entry");
        writer.write_all(part).expect("a part");
    }
    writer.finish().expect("a package").into_inner()
}

/// The package with one part changed.
pub fn patched(bytes: &[u8], name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut parts = parts(bytes);
    let part = &mut parts.iter_mut().find(|(n, _)| n == name).expect("the part").1;
    *part = change(String::from_utf8(std::mem::take(part)).expect("text")).into_bytes();
    package(&parts)
}

/// Reads with what the caller knows.
pub fn read_hinted(bytes: &[u8], hints: &Hints) -> Result<hocba_workbook::ClassSheet, Vec<Finding>> {
    read_with(bytes, &Limits::default(), hints, &Mapping::default())
}

/// A mark as schools type it.
pub fn comma(mark: Option<Mark>) -> V {
    match mark {
        Some(mark) => V::Text(format!("{},{}", mark.tenths() / 10, mark.tenths() % 10)),
        None => t(""),
    }
}

/// A table with a banner, headings over two rows, and notes below: what a school's program exports for a class.
pub struct Wide {
    pub title: Vec<&'static str>,
    /// A group's heading and the headings below it; none below for one that is joined over both rows.
    pub groups: Vec<(String, Vec<String>)>,
    pub rows: Vec<Vec<V>>,
    pub notes: Vec<(u32, u16, &'static str)>,
}

impl Wide {
    /// The row the pupils begin in, from 0.
    pub fn first(&self) -> u32 {
        u32::try_from(self.title.len()).expect("few") + 3
    }

    pub fn book(&self, name: &str) -> Book {
        let mut cells = Cells::new();
        let mut merged = Vec::new();
        for (row, title) in (0_u32..).zip(&self.title) {
            cells.insert((row, 0), t(title));
            merged.push((name.to_owned(), (row, 0), (row, 6)));
        }
        let top = self.first() - 2;
        let mut col = 0_u16;
        for (group, below) in &self.groups {
            cells.insert((top, col), t(group));
            let width = u16::try_from(below.len()).expect("few").max(1);
            if below.is_empty() {
                merged.push((name.to_owned(), (top, col), (top + 1, col)));
            } else if width > 1 {
                merged.push((name.to_owned(), (top, col), (top, col + width - 1)));
            }
            for (offset, text) in (0_u16..).zip(below) {
                cells.insert((top + 1, col + offset), t(text));
            }
            col += width;
        }
        for (row, values) in (self.first()..).zip(&self.rows) {
            for (col, value) in (0_u16..).zip(values) {
                if *value != t("") {
                    cells.insert((row, col), value.clone());
                }
            }
        }
        let last = self.first() + u32::try_from(self.rows.len()).expect("few");
        for (below, col, text) in &self.notes {
            cells.insert((last + below, *col), t(text));
        }
        Book { sheets: vec![(name.to_owned(), cells)], merged, hidden: Vec::new() }
    }
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn span(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| s(t)).collect()
}

fn pupil_cells(number: usize, draft: &Draft, capitals: bool) -> Vec<V> {
    let identity = &draft.identity;
    let name = identity.name.to_string();
    let sex = if identity.sex == Sex::Male { "Nam" } else { "Nữ" };
    let school = identity.identifiers.iter().find(|i| i.kind == IdentifierKind::School);
    vec![
        V::Number(number as f64),
        V::Text(if capitals { name.to_uppercase() } else { name }),
        V::Text(identity.birth_date.vietnamese()),
        t(sex),
        school.map_or_else(|| t(""), |i| t(i.value.as_str())),
    ]
}

fn pupil_groups() -> Vec<(String, Vec<String>)> {
    ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Mã học sinh"].iter().map(|h| (s(h), Vec::new())).collect()
}

fn letter(rating: Option<Rating>) -> V {
    t(match rating {
        Some(Rating::Tot) => "T",
        Some(Rating::Kha) => "K",
        Some(Rating::Dat) => "Đ",
        Some(Rating::ChuaDat) => "CĐ",
        None => "",
    })
}

/// The averages of a class of TT 22 on one sheet; drafts as they should be read from it.
pub fn wide_secondary(header: &ClassHeader, drafts: &[Draft], capitals: bool) -> (Wide, Vec<Draft>) {
    let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
    let mut groups = pupil_groups();
    groups.extend(subjects.iter().map(|subject| (s(subject.name), span(&["HK I", "HK II", "CN"]))));
    groups.push((s("Học tập"), span(&["HK I", "HK II", "Cả năm"])));
    groups.push((s("Rèn luyện"), span(&["HK I", "HK II", "Cả năm"])));
    groups.push((s("Số buổi nghỉ"), span(&["P", "KP"])));
    groups.push((s("Danh hiệu"), Vec::new()));
    groups.push((s("Nhận xét của GVCN"), Vec::new()));
    let mut rows = Vec::new();
    let mut expected = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let mut row = pupil_cells(index + 1, draft, capitals);
        let mut kept = Draft {
            identity: draft.identity.clone(),
            conduct: draft.conduct.clone(),
            attendance: draft.attendance.clone(),
            remark: draft.remark.clone(),
            imported: draft.imported.clone(),
            ..Draft::of(draft.identity.clone())
        };
        kept.imported.promotion = None;
        kept.identity.identifiers.retain(|i| i.kind == IdentifierKind::School);
        kept.identity = Identity { ethnicity: None, nationality: None, birth_place: None, book: None, ..kept.identity };
        for subject in &subjects {
            let Some(line) = draft.subjects.iter().find(|l| l.code.as_str() == subject.code) else {
                row.extend([t(""), t(""), t("")]);
                continue;
            };
            let achievement = |a: Option<Achievement>| {
                t(match a {
                    Some(Achievement::Dat) => "Đ",
                    Some(Achievement::ChuaDat) => "CĐ",
                    None => "",
                })
            };
            let assessment = match &line.assessment {
                Assessment::Score { term1, term2, year, .. } => {
                    row.extend([comma(term1.average), comma(term2.average), comma(*year)]);
                    let only = |average| TermMarks { average, ..TermMarks::default() };
                    Assessment::Score {
                        term1: only(term1.average),
                        term2: only(term2.average),
                        year: *year,
                        reassessed: None,
                    }
                }
                Assessment::Comment { term1, term2, year, .. } => {
                    row.extend([achievement(*term1), achievement(*term2), achievement(*year)]);
                    Assessment::Comment { term1: *term1, term2: *term2, year: *year, reassessed: None }
                }
                Assessment::Exempt(_) => {
                    row.extend([t("Miễn"), t("Miễn"), t("Miễn")]);
                    Assessment::Exempt("Miễn học".parse().expect("a text"))
                }
                other => panic!("no such assessment here: {other:?}"),
            };
            kept.subjects.push(SubjectDraft {
                code: line.code.clone(),
                name: subject.name.parse().expect("a text"),
                assessment,
                remark: None,
                teacher: None,
                locked_at: None,
                source: None,
                study_topics: false,
            });
        }
        let imported = &draft.imported;
        row.extend([imported.study_term1, imported.study_term2, imported.study_year].map(letter));
        row.extend([draft.conduct.term1, draft.conduct.term2, draft.conduct.year].map(letter));
        row.push(V::Number(draft.attendance.with_leave.into()));
        row.push(V::Number(draft.attendance.without_leave.into()));
        row.push(t("Học sinh Giỏi"));
        row.push(draft.remark.as_ref().map_or_else(|| t(""), |r| t(r.as_str())));
        rows.push(row);
        expected.push(kept);
    }
    let wide = Wide {
        title: vec![
            "TRƯỜNG THCS TRẦN PHÚ (DEMO)",
            "BẢNG TỔNG HỢP KẾT QUẢ HỌC TẬP VÀ RÈN LUYỆN LỚP 9A3",
            "Năm học: 2026 - 2027",
        ],
        groups,
        rows,
        notes: vec![
            (1, 1, "Danh sách này có 5 học sinh./."),
            (2, 20, "Phú Thọ, ngày 31 tháng 5 năm 2027"),
            (3, 20, "GIÁO VIÊN CHỦ NHIỆM"),
        ],
    };
    (wide, expected)
}

/// A small class of primary school, grade 4 of 2026-2027.
pub fn primary(pupils: usize) -> (ClassHeader, Vec<Draft>) {
    let (mut header, from) = sample(pupils);
    header.grade = Grade::new(4).expect("a grade");
    header.class = "4A1".parse().expect("a class");
    header.school_name = SchoolSection::named("TH Lê Lợi (DEMO)".parse().expect("a text"));
    let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
    let text = |text: &str| text.parse::<Text>().expect("a text");
    let drafts = from
        .iter()
        .enumerate()
        .map(|(index, other)| {
            let level = |n: usize| match (index + n) % 5 {
                0 => SubjectLevel::HoanThanh,
                _ => SubjectLevel::HoanThanhTot,
            };
            let lines = subjects.iter().enumerate().map(|(n, subject)| SubjectDraft {
                code: subject.code.parse().expect("a code"),
                name: text(subject.name),
                assessment: Assessment::Level {
                    year: Some(level(n)),
                    test: (subject.kind == SubjectKind::TestedLevel)
                        .then(|| Mark::from_tenths(10 * (7 + ((index + n) % 4) as u32)).expect("a mark")),
                    reassessed: (index == 1 && n == 1).then_some(SubjectLevel::HoanThanh),
                    reassessed_test: (index == 1 && n == 1).then(|| Mark::from_tenths(60).expect("a mark")),
                },
                remark: (n == 0).then(|| text("Đọc to, rõ ràng.")),
                teacher: Some(text("Đỗ Thị Bình")),
                locked_at: None,
                source: None,
                study_topics: false,
            });
            let attainment = |code: &str, name: &str| Attainment {
                code: code.parse().expect("a code"),
                name: text(name),
                level: if index == 2 { AttainmentLevel::Dat } else { AttainmentLevel::Tot },
                remark: (code == "yeu_nuoc" && index == 0).then(|| text("Yêu quê hương.")),
            };
            Draft {
                subjects: lines.collect(),
                attainments: AttainmentsDraft {
                    qualities: PRIMARY_ITEMS[..5].iter().map(|(c, n)| attainment(c, n)).collect(),
                    competences: PRIMARY_ITEMS[5..].iter().map(|(c, n)| attainment(c, n)).collect(),
                    outstanding: index == 0,
                    reassessed: (index == 2).then_some(AttainmentLevel::Dat),
                },
                attendance: other.attendance.clone(),
                remark: Some(text("Ngoan, biết giúp bạn.")),
                imported: ImportedResults {
                    education_year: Some(EducationResult::HoanThanhTot),
                    promotion: Some(Promotion::Promoted),
                    ..ImportedResults::default()
                },
                ..Draft::of(born(&other.identity, 2017))
            }
        })
        .collect();
    (header, drafts)
}

/// The same pupil born in another year, without the numbers that tell the year.
fn born(identity: &Identity, year: u16) -> Identity {
    let mut identity = identity.clone();
    identity.birth_date = PartialDate::new(year, Some(3), Some(5)).expect("a date");
    identity.identifiers.retain(|i| i.kind == IdentifierKind::School);
    identity
}

pub const PRIMARY_ITEMS: [(&str, &str); 15] = [
    ("yeu_nuoc", "Yêu nước"),
    ("nhan_ai", "Nhân ái"),
    ("cham_chi", "Chăm chỉ"),
    ("trung_thuc", "Trung thực"),
    ("trach_nhiem", "Trách nhiệm"),
    ("tu_chu_tu_hoc", "Tự chủ và tự học"),
    ("giao_tiep_hop_tac", "Giao tiếp và hợp tác"),
    ("giai_quyet_van_de_sang_tao", "Giải quyết vấn đề và sáng tạo"),
    ("ngon_ngu", "Ngôn ngữ"),
    ("tinh_toan", "Tính toán"),
    ("khoa_hoc", "Khoa học"),
    ("cong_nghe", "Công nghệ"),
    ("tin_hoc", "Tin học"),
    ("tham_mi", "Thẩm mĩ"),
    ("the_chat", "Thể chất"),
];

/// A class of primary school on one sheet, as far as it has columns there.
pub fn wide_primary(header: &ClassHeader, drafts: &[Draft]) -> Wide {
    let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
    let mut groups = pupil_groups();
    for subject in &subjects {
        let below = if subject.kind == SubjectKind::TestedLevel {
            span(&["Mức đạt được", "Điểm KTĐK"])
        } else {
            span(&["Mức đạt được"])
        };
        groups.push((s(subject.name), below));
    }
    let names: Vec<&str> = PRIMARY_ITEMS.iter().map(|(_, name)| *name).collect();
    groups.push((s("Phẩm chất chủ yếu"), span(&names[..5])));
    groups.push((s("Năng lực chung"), span(&names[5..8])));
    groups.push((s("Năng lực đặc thù"), span(&names[8..])));
    groups.push((s("Số buổi nghỉ"), span(&["Có phép", "Không phép"])));
    for alone in ["Kết quả giáo dục", "Khen thưởng", "Lên lớp", "Nhận xét GVCN"] {
        groups.push((s(alone), Vec::new()));
    }
    let level = |level: Option<SubjectLevel>| {
        t(match level {
            Some(SubjectLevel::HoanThanhTot) => "T",
            Some(SubjectLevel::HoanThanh) => "H",
            Some(SubjectLevel::ChuaHoanThanh) => "C",
            None => "",
        })
    };
    let rows = drafts
        .iter()
        .enumerate()
        .map(|(index, draft)| {
            let mut row = pupil_cells(index + 1, draft, false);
            for (line, subject) in draft.subjects.iter().zip(&subjects) {
                let Assessment::Level { year, test, .. } = &line.assessment else { panic!("primary") };
                row.push(level(*year));
                if subject.kind == SubjectKind::TestedLevel {
                    row.push(test.map_or_else(|| t(""), |m| V::Number(f64::from(m.tenths()) / 10.0)));
                }
            }
            for item in draft.attainments.qualities.iter().chain(&draft.attainments.competences) {
                row.push(t(match item.level {
                    AttainmentLevel::Tot => "T",
                    AttainmentLevel::Dat => "Đ",
                    AttainmentLevel::CanCoGang => "C",
                }));
            }
            row.push(V::Number(draft.attendance.with_leave.into()));
            row.push(V::Number(draft.attendance.without_leave.into()));
            row.push(t("Hoàn thành tốt"));
            row.push(t(if index == 0 {
                "HS Tiêu biểu hoàn thành tốt trong học tập và rèn luyện"
            } else {
                ""
            }));
            row.push(t("Lên lớp"));
            row.push(draft.remark.as_ref().map_or_else(|| t(""), |r| t(r.as_str())));
            row
        })
        .collect();
    Wide {
        title: vec![
            "UBND PHƯỜNG HẠC TRÌ",
            "TRƯỜNG TH LÊ LỢI (DEMO)",
            "TỔNG HỢP ĐÁNH GIÁ CUỐI NĂM - LỚP: 4A1 - NĂM HỌC 2026-2027",
        ],
        groups,
        rows,
        notes: vec![(1, 1, "Ghi chú: T: Hoàn thành tốt; H: Hoàn thành; C: Chưa hoàn thành"), (3, 2, "HIỆU TRƯỞNG")],
    }
}

/// A class of TT 58/2011: grade 9 of 2019-2020.
pub fn tt58(pupils: usize) -> (ClassHeader, Vec<Draft>) {
    let (mut header, from) = sample(pupils);
    header.year = SchoolYear::starting(2019).expect("a year");
    let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
    let mark = |tenths| Mark::from_tenths(tenths).expect("a mark");
    let drafts = from
        .iter()
        .enumerate()
        .map(|(index, other)| {
            let base = 55 + 7 * u32::try_from(index).expect("few") % 40;
            let term = |plus| TermMarks { average: Some(mark(base + plus)), ..TermMarks::default() };
            let lines = subjects.iter().map(|subject| SubjectDraft {
                code: subject.code.parse().expect("a code"),
                name: subject.name.parse().expect("a text"),
                assessment: if subject.kind == SubjectKind::Score {
                    Assessment::Score { term1: term(0), term2: term(3), year: Some(mark(base + 2)), reassessed: None }
                } else {
                    let dat = Some(Achievement::Dat);
                    Assessment::Comment { term1: dat, term2: dat, year: dat, reassessed: None }
                },
                remark: None,
                teacher: None,
                locked_at: None,
                source: None,
                study_topics: false,
            });
            Draft {
                subjects: lines.collect(),
                conduct_ranking: ConductRankingDraft {
                    term1: Some(ConductRank::Tot),
                    term2: Some(ConductRank::Kha),
                    year: Some(ConductRank::TrungBinh),
                    retrained: None,
                },
                attendance: other.attendance.clone(),
                imported: ImportedResults {
                    ranking: [
                        Some((mark(base), Some(StudyRank::TrungBinh))),
                        Some((mark(base + 3), Some(StudyRank::Kha))),
                        Some((mark(base + 2), (index > 0).then_some(StudyRank::Kha))),
                    ],
                    ..ImportedResults::default()
                },
                remark: other.remark.clone(),
                ..Draft::of(born(&other.identity, 2005))
            }
        })
        .collect();
    (header, drafts)
}

/// What few pupils have, for the first of these.
pub fn with_more(mut drafts: Vec<Draft>) -> Vec<Draft> {
    let text = |text: &str| text.parse::<Text>().expect("a text");
    let date = |y, m, d| PartialDate::new(y, Some(m), Some(d)).expect("a date");
    let first = &mut drafts[0];
    first.plan =
        Some(IndividualPlanSection { note: Some(text("Học hoà nhập theo kế hoạch giáo dục cá nhân")) });
    first.enrolment = Some(EnrolmentSection {
        repeating: true,
        moved_in: Some(Move {
            on: date(2027, 1, 12),
            school_name: text("THCS Lê Quý Đôn (DEMO)"),
            school: Some("79DEMO002".parse().expect("a code")),
            class: Some("9A1".parse().expect("a class")),
        }),
        moved_out: None,
    });
    first.certificates = vec![
        CertificateLine {
            name: text("Chứng chỉ Nghề phổ thông"),
            grade: Some(text("Giỏi")),
            number: Some(text("0123")),
            issued_on: Some(date(2027, 5, 4)),
        },
        CertificateLine { name: text("Chứng chỉ Tin học"), grade: None, number: None, issued_on: None },
    ];
    first.contests = vec![ContestLine {
        name: text("Học sinh giỏi môn Toán"),
        level: ContestLevel::Province,
        prize: text("Giải Nhì"),
    }];
    if let Some(identifier) = first.identity.identifiers.first_mut() {
        identifier.verified = Some(Verified { on: date(2026, 9, 5), with: Register::Population });
    }
    drafts
}
