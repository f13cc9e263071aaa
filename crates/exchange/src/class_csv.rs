//! A class as CSV: one line for each pupil and subject, in the columns that `hocba-workbook` reads, so that what goes out
//! can come in again; and two columns more, `Mã bản ghi` and `Giá trị băm`, that tie each line to the record that was
//! signed. UTF-8 with byte order mark, `;` between cells, decimal comma: what spreadsheets in Vietnam open unasked.
//!
//! **Formulas**: a cell that begins with `=`, `+`, `-` or `@` would be run by a spreadsheet as a formula (CSV injection). Such
//! a cell gets a no-break blank in front: a spreadsheet then takes it as text, and the reader takes the blank off again,
//! since no text of a record begins with one.

use std::collections::BTreeSet;

use hocba_record::{
    payload::RecordPayload,
    section::{
        Attainment, Award, ConductRank, EducationResult, IdentifierKind, Identity, Promotion, Rating, SchoolSection,
        Section, Sex, StudyRank, SubjectLevel, SubjectResult, SubjectSection,
    },
    types::{Mark, PartialDate, Text, UnixTime},
};

use crate::{
    codes::{self, code_of},
    time,
};

/// Heading of the column with the record's id.
pub const RECORD_HEADING: &str = "Mã bản ghi";
/// Heading of the column with the payload's digest.
pub const DIGEST_HEADING: &str = "Giá trị băm";

/// A pupil's record.
#[derive(Debug, Clone, Copy)]
pub struct ClassRecord<'a> {
    /// The payload as signed.
    pub payload: &'a RecordPayload,
    /// Its sections.
    pub sections: &'a [Section],
}

/// Why a class was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A record of another school, year, grade or class than the first.
    #[error("record {0} is of another class")]
    OtherClass(usize),
    /// A record whose sections do not say who it is about.
    #[error("record {0} has no identity")]
    NoIdentity(usize),
}

/// What stands before a cell that a spreadsheet would run.
const GUARD: char = '\u{a0}';

/// The text as a cell: guarded if a spreadsheet would take it for a formula. Full-width signs are taken for the plain ones
/// by spreadsheets in East Asian settings.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// Lines with cells by heading; headings in the order they first appear.
#[derive(Default)]
struct Sheet {
    headings: Vec<String>,
    lines: Vec<Vec<(usize, String)>>,
}

impl Sheet {
    fn heading(&mut self, heading: &str) -> usize {
        self.headings.iter().position(|h| h == heading).unwrap_or_else(|| {
            self.headings.push(heading.to_owned());
            self.headings.len() - 1
        })
    }
    fn put(&mut self, heading: &str, text: impl AsRef<str>) {
        let column = self.heading(heading);
        if let Some(line) = self.lines.last_mut() {
            line.push((column, cell(text.as_ref())));
        }
    }
    fn maybe(&mut self, heading: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.put(heading, text);
        }
    }
}

/// Writes a class; pupils are numbered in the order given.
///
/// # Errors
/// See [`CsvError`].
pub fn write(records: &[ClassRecord<'_>]) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::default();
    // These stand in every file, in this order; the others where a pupil has something to say there.
    for heading in HEADINGS {
        sheet.heading(heading);
    }
    for (index, record) in records.iter().enumerate() {
        let first = records[0].payload;
        let p = record.payload;
        if (&p.school, p.year, p.grade, &p.class) != (&first.school, first.year, first.grade, &first.class) {
            return Err(CsvError::OtherClass(index));
        }
        pupil(&mut sheet, index + 1, record).ok_or(CsvError::NoIdentity(index))?;
    }
    let mut out = vec![0xef, 0xbb, 0xbf];
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(&mut out);
    let width = sheet.headings.len();
    writer.write_record(&sheet.headings).expect("memory takes it");
    for line in sheet.lines {
        let mut cells = vec![String::new(); width];
        for (column, text) in line {
            cells[column] = text;
        }
        writer.write_record(&cells).expect("memory takes it");
    }
    writer.flush().expect("memory takes it");
    drop(writer);
    Ok(out)
}

const HEADINGS: &[&str] = &[
    "Mã trường",
    "Tên trường",
    "Xã/phường",
    "Tỉnh/thành phố",
    "Năm học",
    "Khối",
    "Lớp",
    "STT",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Mã môn",
    "Tên môn",
    "HK1 ĐTB",
    "HK2 ĐTB",
    "Cả năm",
    "Đánh giá lại",
    "Miễn",
    "Nhận xét",
    "Giáo viên",
    "Khoá sổ",
    "Nguồn",
    "Nghỉ có phép",
    "Nghỉ không phép",
    "Nhận xét GVCN",
    RECORD_HEADING,
    DIGEST_HEADING,
];

fn find<'a, T>(sections: &'a [Section], pick: impl Fn(&'a Section) -> Option<&'a T>) -> Option<&'a T> {
    sections.iter().find_map(pick)
}

/// The lines of one pupil: one for each subject, at least one; what is the pupil's own stands in the first.
fn pupil(sheet: &mut Sheet, number: usize, record: &ClassRecord<'_>) -> Option<()> {
    let sections = record.sections;
    let identity = find(sections, |s| if let Section::Identity(v) = s { Some(v) } else { None })?;
    let subjects = sections.iter().filter_map(|s| if let Section::Subject(v) = s { Some(v) } else { None });
    let mut subjects = subjects.map(Some).collect::<Vec<_>>();
    if subjects.is_empty() {
        subjects.push(None);
    }
    let (id, digest) = (record.payload.id.to_string(), record.payload.digest().to_string());
    for (line, subject) in subjects.into_iter().enumerate() {
        sheet.lines.push(Vec::new());
        sheet.put("STT", number.to_string());
        sheet.put("Họ và tên", identity.name.as_str());
        sheet.put(RECORD_HEADING, &id);
        sheet.put(DIGEST_HEADING, &digest);
        if line == 0 {
            class(sheet, record.payload, sections);
            person(sheet, identity);
            year(sheet, sections);
        }
        if let Some(subject) = subject {
            lesson(sheet, subject);
        }
    }
    Some(())
}

fn class(sheet: &mut Sheet, payload: &RecordPayload, sections: &[Section]) {
    sheet.put("Mã trường", payload.school.as_str());
    sheet.put("Năm học", payload.year.to_string());
    sheet.put("Khối", payload.grade.number().to_string());
    sheet.put("Lớp", payload.class.as_str());
    if let Some(school) = find::<SchoolSection>(sections, |s| if let Section::School(v) = s { Some(v) } else { None }) {
        sheet.put("Tên trường", school.name.as_str());
        sheet.maybe("Xã/phường", school.ward.as_ref().map(Text::as_str));
        sheet.maybe("Tỉnh/thành phố", school.province.as_ref().map(Text::as_str));
    }
}

fn person(sheet: &mut Sheet, identity: &Identity) {
    sheet.put("Ngày sinh", identity.birth_date.vietnamese());
    sheet.put(
        "Giới tính",
        match identity.sex {
            Sex::Female => "Nữ",
            Sex::Male => "Nam",
            Sex::Other => "Khác",
        },
    );
    sheet.maybe("Dân tộc", identity.ethnicity.as_ref().map(Text::as_str));
    sheet.maybe("Quốc tịch", identity.nationality.as_ref().map(Text::as_str));
    sheet.maybe("Nơi sinh", identity.birth_place.as_ref().map(Text::as_str));
    for identifier in &identity.identifiers {
        let heading = match identifier.kind {
            IdentifierKind::ForeignPaper => "Giấy tờ nước ngoài",
            IdentifierKind::Lifelong => "Mã người học suốt đời",
            IdentifierKind::Ministry => "Mã định danh Bộ",
            IdentifierKind::Personal => "Số định danh",
            IdentifierKind::School => "Mã học sinh",
            IdentifierKind::Temporary => "Mã tạm",
        };
        sheet.put(heading, identifier.value.as_str());
    }
    sheet.maybe("Mã học bạ", identity.book.as_ref().map(Text::as_str));
}

/// Names of the headings of the two terms and the year.
fn terms(sheet: &mut Sheet, prefix: &str, values: [&str; 3]) {
    for (term, value) in ["HK1", "HK2", "cả năm"].into_iter().zip(values) {
        sheet.put(&format!("{prefix} {term}"), value);
    }
}

fn rating(rating: Rating) -> &'static str {
    code_of(codes::RATINGS, &rating)
}

fn year(sheet: &mut Sheet, sections: &[Section]) {
    for section in sections {
        match section {
            Section::Conduct(v) => {
                terms(sheet, "Rèn luyện", [v.term1, v.term2, v.year].map(rating));
                sheet.maybe("Rèn luyện lại", v.retrained.map(rating));
            }
            Section::ConductRanking(v) => {
                let rank = |rank: ConductRank| code_of(codes::CONDUCT_RANKS, &rank);
                terms(sheet, "Rèn luyện", [v.term1, v.term2, v.year].map(rank));
                sheet.maybe("Rèn luyện lại", v.retrained.map(rank));
            }
            Section::Result(v) => terms(sheet, "Học tập", [v.term1, v.term2, v.year].map(rating)),
            Section::StudyRanking(v) => {
                let rank = |rank: StudyRank| match rank {
                    StudyRank::Kem => "Kém",
                    other => code_of(codes::STUDY_RANKS, &other),
                };
                let all = [&v.term1, &v.term2, &v.year];
                terms(sheet, "Học lực", all.map(|r| rank(r.rank)));
                let averages = all.map(|r| r.average.to_string());
                terms(sheet, "ĐTB các môn", averages.each_ref().map(String::as_str));
            }
            Section::EducationResult(v) => sheet.put("Kết quả giáo dục", education(v.year)),
            Section::Qualities(v) | Section::Competences(v) => v.items.iter().for_each(|item| attainment(sheet, item)),
            Section::Attendance(v) => {
                sheet.put("Nghỉ có phép", v.with_leave.to_string());
                sheet.put("Nghỉ không phép", v.without_leave.to_string());
            }
            Section::Promotion(v) => sheet.put(
                "Lên lớp",
                match v.decision {
                    Promotion::Promoted => "Lên lớp",
                    Promotion::PromotedAfterSummer => "Lên lớp sau hè",
                    Promotion::Pending => "Chờ đánh giá lại",
                    Promotion::Retained => "Ở lại lớp",
                },
            ),
            // Awards that the rules give come out of the marks again.
            Section::Awards(v) => {
                let others =
                    v.items.iter().filter_map(|a| if let Award::Other { text } = a { Some(text) } else { None });
                for (index, text) in others.enumerate() {
                    sheet.put(&format!("Khen thưởng khác {}", index + 1), text.as_str());
                }
            }
            Section::Remarks(v) => sheet.put("Nhận xét GVCN", v.homeroom.as_str()),
            _ => {}
        }
    }
}

fn education(result: EducationResult) -> &'static str {
    match result {
        EducationResult::ChuaHoanThanh => "Chưa hoàn thành",
        EducationResult::HoanThanh => "Hoàn thành",
        EducationResult::HoanThanhTot => "Hoàn thành tốt",
        EducationResult::HoanThanhXuatSac => "Hoàn thành xuất sắc",
    }
}

fn attainment(sheet: &mut Sheet, item: &Attainment) {
    sheet.put(item.name.as_str(), code_of(codes::ATTAINMENT_LEVELS, &item.level));
    sheet.maybe(&format!("Nhận xét {}", item.name), item.remark.as_ref().map(Text::as_str));
}

fn lesson(sheet: &mut Sheet, subject: &SubjectSection) {
    sheet.put("Mã môn", subject.code.as_str());
    sheet.put("Tên môn", subject.name.as_str());
    let mark = |mark: Mark| mark.to_string();
    match &subject.result {
        SubjectResult::Score { term1, term2, year, reassessed } => {
            sheet.put("HK1 ĐTB", mark(*term1));
            sheet.put("HK2 ĐTB", mark(*term2));
            sheet.put("Cả năm", mark(*year));
            sheet.maybe("Đánh giá lại", reassessed.map(mark));
        }
        SubjectResult::Comment { term1, term2, year, reassessed } => {
            let code = |a| code_of(codes::ACHIEVEMENTS, a);
            sheet.put("HK1 ĐTB", code(term1));
            sheet.put("HK2 ĐTB", code(term2));
            sheet.put("Cả năm", code(year));
            sheet.maybe("Đánh giá lại", reassessed.as_ref().map(code));
        }
        SubjectResult::Level { year, test, reassessed, reassessed_test } => {
            let code = |level: &SubjectLevel| code_of(codes::SUBJECT_LEVELS, level);
            sheet.put("Cả năm", code(year));
            sheet.maybe("Điểm KTĐK", test.map(mark));
            sheet.maybe("Đánh giá lại", reassessed.as_ref().map(code));
            sheet.maybe("Điểm KTĐK lại", reassessed_test.map(mark));
        }
        SubjectResult::Exempt { reason } => sheet.put("Miễn", reason.as_str()),
        SubjectResult::NotAssessed {} => sheet.put("Miễn", "Không đánh giá"),
    }
    sheet.maybe("Chuyên đề", subject.study_topics.then_some("x"));
    sheet.maybe("Nhận xét", subject.remark.as_ref().map(Text::as_str));
    sheet.maybe("Giáo viên", subject.teacher.as_ref().map(Text::as_str));
    sheet.maybe("Khoá sổ", subject.locked_at.map(moment));
    sheet.maybe("Nguồn", subject.source.as_ref().map(Text::as_str));
}

/// `25/05/2027 17:30:05`, in Vietnamese time.
fn moment(at: UnixTime) -> String {
    let text = time::format(at);
    let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
    date.parse::<PartialDate>().map_or_else(|_| text.clone(), |date| format!("{} {clock}", date.vietnamese()))
}

/// The columns by which a line is tied to its record: id and digest, each once, in the order of the lines.
///
/// Everything else of the file is for `hocba_workbook::read_csv`.
pub fn record_column(bytes: &[u8]) -> Vec<(String, String)> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(text);
    let column = |headings: &csv::StringRecord, name: &str| headings.iter().position(|h| h == name);
    let Ok(headings) = reader.headers().cloned() else { return Vec::new() };
    let (Some(id), Some(digest)) = (column(&headings, RECORD_HEADING), column(&headings, DIGEST_HEADING)) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let lines = reader.records().map_while(Result::ok);
    let pairs = lines.filter_map(|line| Some((line.get(id)?.to_owned(), line.get(digest)?.to_owned())));
    pairs.filter(|pair| seen.insert(pair.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_as_a_formula_does() {
        for text in ["=1+1", "+84", "-5", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1"] {
            assert!(cell(text).starts_with(GUARD), "{text}");
        }
        for text in ["8,5", "Lê Hoa", "'=1", "1=1"] {
            assert_eq!(cell(text), text);
        }
    }
}
