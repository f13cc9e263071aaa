//! The years of a report as one book: what is remarkable about them in words a parent understands, and whether any was
//! left out. No part of the verdict.

use hocba_record::{
    book::{self, BookYear, Note, Remark, Shown},
    form,
    section::Section,
};
use serde::Serialize;

use crate::{
    report::{Completeness, RecordSummary},
    text::{self, Language},
};

/// What is known of whether all years of the book are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Whole {
    /// Every year that the latest record names is there, and nothing besides is.
    NothingDropped {
        /// How many years.
        years: usize,
    },
    /// So many years that the latest record names are not there.
    Missing {
        /// How many.
        years: usize,
    },
    /// The latest record's list of earlier years is withheld.
    NotTold,
}

/// The sections of a record that can be read.
fn sections(record: &RecordSummary) -> Vec<Section> {
    record.sections.iter().filter_map(|(name, value)| Section::from_value(name, value).ok()).collect()
}

fn year(record: &RecordSummary) -> BookYear {
    BookYear {
        school: record.school.clone(),
        year: record.year,
        grade: record.grade,
        kind: record.kind,
        version: record.version,
        rules: form::by_id(&record.form).map(|form| form.rules),
        shown: Shown::of(&sections(record)),
    }
}

/// What is remarkable about these records, read as the years of one pupil.
pub fn notes(records: &[RecordSummary]) -> Vec<Note> {
    let years: Vec<BookYear> = records.iter().map(year).collect();
    book::review(&years)
}

/// Whether all years are there, by the word of the latest record, which its school signed.
///
/// The history of a record names the years before it. A year that was entered later than that (an older one, taken over
/// from paper afterwards) is in nobody's history until the next year is made, and is not missed here.
pub fn whole(records: &[RecordSummary]) -> Whole {
    let latest = records.iter().max_by_key(|record| record.year);
    match latest.map(|record| &record.completeness) {
        Some(Completeness::Complete) => Whole::NothingDropped { years: records.len() },
        Some(Completeness::Missing { records }) => Whole::Missing { years: *records },
        Some(Completeness::NotChecked) | None => Whole::NotTold,
    }
}

/// Whether all years are there, as a sentence.
pub fn whole_in_words(whole: Whole, language: Language) -> String {
    match whole {
        Whole::NothingDropped { years: 1 } => language.pick(
            "Đây là năm học đầu tiên trong sổ; không có năm học nào trước đó.".into(),
            "This is the book's first year; there is none before it.".into(),
        ),
        Whole::NothingDropped { years } => language.pick(
            format!(
                "Sổ có đủ {years} năm học, đúng như nhà trường đã ghi khi lập năm học cuối; không năm nào bị bỏ bớt."
            ),
            format!("The book has all {years} years that the school listed with the last one; nothing was dropped."),
        ),
        Whole::Missing { years } => language.pick(
            format!("Tệp này thiếu {years} năm học mà nhà trường đã ghi khi lập năm học cuối."),
            format!("{years} years that the school listed with the last one are not in this file."),
        ),
        Whole::NotTold => language.pick(
            "Chưa kiểm tra các năm học trước có đủ không.".into(),
            "Whether the earlier years are complete was not checked.".into(),
        ),
    }
}

/// A remark as a sentence for parents: which year, and what.
pub fn in_words(note: &Note, records: &[RecordSummary], language: Language) -> String {
    let Some(record) = records.get(note.at) else { return String::new() };
    let (year, class) = (record.year, &record.class);
    let said = remark(&note.what, record, language);
    language.pick(format!("Năm học {year} (lớp {class}): {said}"), format!("{year} (class {class}): {said}"))
}

fn remark(what: &Remark, record: &RecordSummary, language: Language) -> String {
    let grade = record.grade.number();
    match what {
        Remark::Converted { by: Some((who, at)) } => {
            let day = text::date(*at);
            language.pick(
                format!("số hoá từ học bạ giấy ngày {day}, người chuyển đổi: {who}."),
                format!("taken over from the paper transcript on {day} by {who}."),
            )
        }
        Remark::Converted { by: None } => {
            language.pick("số hoá từ học bạ giấy.".into(), "taken over from the paper transcript.".into())
        }
        Remark::Corrected { version } => language.pick(
            format!("đã được đính chính; đây là bản thứ {version}, bản trước vẫn được lưu."),
            format!("was corrected; this is version {version}, and the one before is kept."),
        ),
        Remark::Reassessed => language.pick(
            "học sinh được đánh giá lại hoặc rèn luyện trong hè; kết quả trước và sau hè đều được ghi.".into(),
            "the pupil was re-assessed or trained in summer; the results before and after are both shown.".into(),
        ),
        Remark::MovedIn { from, on } => {
            let day = on.vietnamese();
            language.pick(
                format!("học sinh chuyển đến từ {from} trong năm học, ngày {day}."),
                format!("the pupil came from {from} during the year, on {day}."),
            )
        }
        Remark::MovedOut { to, on } => {
            let day = on.vietnamese();
            language.pick(
                format!("học sinh chuyển đi trong năm học, đến {to}, ngày {day}."),
                format!("the pupil left for {to} during the year, on {day}."),
            )
        }
        Remark::OtherSchool { from, to } => {
            language.pick(format!("chuyển từ {from} sang {to}."), format!("another school: from {from} to {to}."))
        }
        Remark::Repeated => {
            language.pick(format!("học lại lớp {grade}."), format!("the pupil repeated grade {grade}."))
        }
        Remark::OtherRules { from, to } => language.pick(
            format!("từ năm học này đánh giá theo {} (trước đó: {}).", to.vietnamese(), from.vietnamese()),
            format!("from this year on assessed by {} (before: {}).", to.english(), from.english()),
        ),
        Remark::Gap { first, last } if first == last => language.pick(
            format!("không có năm học {first} trước đó. Hãy hỏi học sinh hoặc nhà trường."),
            format!("the year {first} before it is missing. Ask the pupil or the school."),
        ),
        Remark::Gap { first, last } => language.pick(
            format!("không có các năm học từ {first} đến {last} trước đó. Hãy hỏi học sinh hoặc nhà trường."),
            format!("the years {first} to {last} before it are missing. Ask the pupil or the school."),
        ),
        Remark::Overlap => language.pick(
            "có hai bản ghi cho cùng năm học này. Hãy hỏi nhà trường bản nào đúng.".into(),
            "two records tell this year. Ask the schools which one is right.".into(),
        ),
        Remark::GradeJump { from } => {
            let from = from.number();
            language.pick(
                format!("lớp {grade} không nối tiếp lớp {from} của năm học trước. Hãy hỏi nhà trường."),
                format!("grade {grade} does not follow from grade {from} before it. Ask the school."),
            )
        }
        Remark::Completed { level } => {
            use hocba_record::types::EducationLevel::{LowerSecondary, Primary, UpperSecondary};
            let (vietnamese, english) = match level {
                Primary => ("tiểu học", "primary school"),
                LowerSecondary => ("trung học cơ sở", "lower secondary school"),
                UpperSecondary => ("trung học phổ thông", "upper secondary school"),
            };
            language.pick(
                format!("nhà trường xác nhận đã hoàn thành chương trình {vietnamese}."),
                format!("the school confirms that {english} was completed."),
            )
        }
    }
}
