//! One record as people read it.

use hocba_bundle::{
    report::{Completeness, Problem, RecordSummary, Report, ShownExtent, Signer},
    text,
};
use hocba_record::{
    catalogue,
    form::Form,
    payload::RecordKind,
    section::{Award, Identity, Section, SubjectLevel, SubjectResult, SubjectSection},
    types::{Mark, SectionName},
};
use hocba_signature::appointment::KeyStorage;

use super::{Tone, capital, values, words};
use crate::language::{Language, pick};

/// A label and what it says.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Label.
    pub label: String,
    /// Value.
    pub value: String,
}

impl Fact {
    pub(super) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

/// Facts of one section.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The section.
    pub title: String,
    /// What it says.
    pub facts: Vec<Fact>,
    /// Whether it was changed after signing.
    pub changed: bool,
}

/// The pupil, as far as the file shows.
#[derive(Debug, Clone)]
pub enum Pupil {
    /// Behind a fold until opened.
    Shown {
        /// Name.
        name: String,
        /// Everything else about them.
        facts: Vec<Fact>,
        /// Whether it was changed after signing.
        changed: bool,
    },
    /// Not shown.
    Withheld,
}

/// One who signed.
#[derive(Debug, Clone)]
pub struct SignerView {
    /// In which role.
    pub role: String,
    /// Name as printed.
    pub name: String,
    /// Title as printed, where it says more than the role.
    pub title: Option<String>,
    /// When they say they signed.
    pub claimed_at: String,
    /// Where the key lives.
    pub key: Option<&'static str>,
}

/// One row of the table of subjects.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Name as printed; with the English name for English readers.
    pub name: String,
    /// First term.
    pub term1: String,
    /// Second term.
    pub term2: String,
    /// Year.
    pub year: String,
    /// After summer.
    pub after_summer: Option<String>,
    /// Instead of results: exempt, not assessed.
    pub instead: Option<String>,
    /// Remark and teacher.
    pub notes: Vec<String>,
    /// Whether it was changed after signing.
    pub changed: bool,
}

/// One record.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// Year and class.
    pub title: String,
    /// School with its place and code.
    pub school: String,
    /// Version, from the second on.
    pub version: Option<String>,
    /// Taken over from paper, or an extract.
    pub kind: Option<&'static str>,
    /// Since when it is in the public record, or that this is not confirmed.
    pub entered: String,
    /// Who else saw it there, and when.
    pub time_stamp: Option<String>,
    /// The pupil.
    pub pupil: Pupil,
    /// Who signed, in order.
    pub signers: Vec<SignerView>,
    /// Subjects in the order of the form.
    pub subjects: Vec<Subject>,
    /// Other sections.
    pub sections: Vec<Facts>,
    /// What is not shown, and what was not compared.
    pub caveats: Vec<String>,
}

pub(super) fn view(record: &RecordSummary, report: &Report, tone: Tone, language: Language) -> RecordView {
    let words = words::of(language);
    let changed = changed_sections(report, record);
    let is_changed = |name: &SectionName| changed.contains(&name);
    let read: Vec<(&SectionName, Section)> = record
        .sections
        .iter()
        .filter_map(|(name, value)| Section::from_value(name, value).ok().map(|section| (name, section)))
        .collect();

    let mut view = RecordView {
        time_stamp: record.time_stamp.as_ref().map(|shown| text::time_stamp(shown, language)),
        title: pick(
            language,
            format!("Năm học {}, lớp {}", record.year, record.class),
            format!("School year {}, class {}", record.year, record.class),
        ),
        school: record.school.to_string(),
        version: (record.version > 1).then(|| format!("{} {}", words.version, record.version)),
        kind: match record.kind {
            RecordKind::Year => None,
            RecordKind::Converted => Some(words.converted),
            RecordKind::Extract => Some(words.extract),
        },
        entered: match record.anchored_at {
            Some(at) if matches!(tone, Tone::Good) => format!("{} {}", words.in_force_since, text::date_time(at)),
            Some(at) => pick(
                language,
                format!("Đã ghi sổ chung lúc {}", text::date_time(at)),
                format!("In the public record since {}", text::date_time(at)),
            ),
            None => words.not_entered.to_owned(),
        },
        pupil: Pupil::Withheld,
        signers: record.signers.iter().map(|signer| signer_view(signer, language)).collect(),
        subjects: Vec::new(),
        sections: Vec::new(),
        caveats: caveats(record, language),
    };
    for (name, section) in &read {
        let changed = is_changed(name);
        match section {
            Section::School(school) => {
                let place: Vec<String> = [Some(&school.name), school.ward.as_ref(), school.province.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(ToString::to_string)
                    .collect();
                view.school = format!("{} ({})", place.join(", "), record.school);
            }
            Section::Identity(identity) => view.pupil = pupil(identity, changed, language),
            Section::Subject(subject) => view.subjects.push(subject_view(subject, changed, language)),
            // Both are lists for the verifier; what they say is in the caveats.
            Section::Manifest(_) | Section::History(_) => {}
            other => {
                let facts = values::facts(other, language);
                let title = capital(&text::section_name(name, None, language));
                view.sections.push(Facts { title, facts, changed });
            }
        }
    }
    let place = |subject: &SubjectSection| {
        let curriculum = Form::of(record.grade, record.year).curriculum();
        catalogue::of(curriculum).position(|known| known.code == subject.code.as_str())
    };
    let order: Vec<Option<usize>> = read
        .iter()
        .filter_map(|(_, section)| if let Section::Subject(subject) = section { Some(place(subject)) } else { None })
        .collect();
    let mut subjects: Vec<(usize, Subject)> =
        order.into_iter().map(|place| place.unwrap_or(usize::MAX)).zip(view.subjects).collect();
    subjects.sort_by_key(|(place, _)| *place);
    view.subjects = subjects.into_iter().map(|(_, subject)| subject).collect();
    view.sections.sort_by_key(|section| ORDER.iter().position(|name| section.title == title_of(name, language)));

    let unread: Vec<String> = record
        .sections
        .keys()
        .filter(|name| read.iter().all(|(other, _)| other != name))
        .map(|name| text::section_name(name, None, language))
        .collect();
    if !unread.is_empty() {
        let list = unread.join(", ");
        view.caveats.push(pick(
            language,
            format!("Không đúng mẫu nên không hiện được: {list}."),
            format!("Not of the form's shape and therefore not shown: {list}."),
        ));
    }
    view
}

/// Sections other than subjects, in the order of the printed form.
const ORDER: [&str; 17] = [
    "conversion",
    "enrolment",
    "individual_plan",
    "result",
    "study_ranking",
    "education_result",
    "conduct",
    "conduct_ranking",
    "qualities",
    "competences",
    "attendance",
    "promotion",
    "completion",
    "awards",
    "certificates",
    "contests",
    "remarks",
];

fn title_of(name: &str, language: Language) -> String {
    name.parse().map(|name| capital(&text::section_name(&name, None, language))).unwrap_or_default()
}

fn changed_sections<'a>(report: &'a Report, record: &RecordSummary) -> Vec<&'a SectionName> {
    // Checks count the bundle's records, summaries only those that could be read.
    let several = report.records.len() > 1;
    let index = report.records.iter().position(|other| other.id == record.id);
    report
        .checks
        .iter()
        .filter(|check| !several || check.record == index)
        .flat_map(|check| check.outcome.problems())
        .filter_map(|problem| match problem {
            Problem::SectionChanged { section, .. } => Some(section),
            _ => None,
        })
        .collect()
}

fn signer_view(signer: &Signer, language: Language) -> SignerView {
    let role = capital(text::role(signer.role, language));
    let key = signer.key_storage.map(|storage| match storage {
        KeyStorage::File => pick(language, "khoá trong tệp có mật khẩu", "key in an encrypted file"),
        KeyStorage::Token => pick(language, "khoá trong USB token hoặc thẻ", "key on a token or card"),
        KeyStorage::Hsm => pick(language, "khoá trong thiết bị HSM", "key in a hardware security module"),
        KeyStorage::Remote => pick(language, "ký số tập trung", "central signing"),
    });
    let title = signer.title.clone().filter(|title| {
        !title.eq_ignore_ascii_case(signer.role.as_str()) && title.to_lowercase() != role.to_lowercase()
    });
    SignerView { role, name: signer.name.clone(), title, claimed_at: text::date_time(signer.claimed_at), key }
}

fn caveats(record: &RecordSummary, language: Language) -> Vec<String> {
    let words = words::of(language);
    let mut caveats = Vec::new();
    match &record.extent {
        ShownExtent::Whole => {}
        ShownExtent::Partial { withheld } => {
            let names: Vec<String> = withheld
                .iter()
                .map(|name| {
                    let subject = name.as_str().strip_prefix("subject.").and_then(catalogue::by_code_anywhere);
                    let subject = subject.and_then(|s| pick(language, s.name, s.english).parse().ok());
                    text::section_name(name, subject.as_ref(), language)
                })
                .collect();
            caveats.push(format!("{}: {}.", words.withheld, names.join(", ")));
        }
        ShownExtent::Unknown => caveats.push(words.extent_unknown.to_owned()),
    }
    match record.completeness {
        Completeness::Complete => {}
        Completeness::NotChecked => caveats.push(words.completeness_not_checked.to_owned()),
        Completeness::Missing { records } => caveats.push(pick(
            language,
            format!("{records} năm học trước không có trong tệp này."),
            format!("{records} earlier years are not in this file."),
        )),
    }
    caveats
}

fn pupil(identity: &Identity, changed: bool, language: Language) -> Pupil {
    Pupil::Shown { name: identity.name.to_string(), facts: values::identity(identity, language), changed }
}

fn subject_view(subject: &SubjectSection, changed: bool, language: Language) -> Subject {
    let name = match (language, catalogue::by_code_anywhere(subject.code.as_str())) {
        (Language::English, Some(known)) => format!("{} – {}", known.english, subject.name),
        _ => subject.name.to_string(),
    };
    let mark = |mark: &Mark| values::mark(*mark, language);
    let achieved = |a: &_| values::achievement(*a, language).to_owned();
    let mut row = Subject {
        name,
        term1: String::new(),
        term2: String::new(),
        year: String::new(),
        after_summer: None,
        instead: None,
        notes: Vec::new(),
        changed,
    };
    match &subject.result {
        SubjectResult::Score { term1, term2, year, reassessed } => {
            (row.term1, row.term2, row.year) = (mark(term1), mark(term2), mark(year));
            row.after_summer = reassessed.as_ref().map(mark);
        }
        SubjectResult::Comment { term1, term2, year, reassessed } => {
            (row.term1, row.term2, row.year) = (achieved(term1), achieved(term2), achieved(year));
            row.after_summer = reassessed.as_ref().map(achieved);
        }
        SubjectResult::Level { year, test, reassessed, reassessed_test } => {
            let level = |level: &SubjectLevel, test: &Option<Mark>| {
                let level = values::subject_level(*level, language);
                test.as_ref().map_or_else(|| level.to_owned(), |test| format!("{level} ({})", mark(test)))
            };
            row.year = level(year, test);
            row.after_summer = reassessed.as_ref().map(|reassessed| level(reassessed, reassessed_test));
        }
        SubjectResult::Exempt { reason } => {
            row.instead = Some(pick(language, format!("Miễn học: {reason}"), format!("Exempt: {reason}")));
        }
        SubjectResult::NotAssessed {} => {
            row.instead = Some(pick(language, "Không đánh giá", "Not assessed").to_owned());
        }
    }
    if let Some(remark) = &subject.remark {
        let end = if remark.as_str().ends_with(['.', '!', '?']) { "" } else { "." };
        row.notes.push(format!("{remark}{end}"));
    }
    if let Some(teacher) = &subject.teacher {
        row.notes.push(pick(language, format!("Giáo viên: {teacher}."), format!("Teacher: {teacher}.")));
    }
    row
}

/// An award in words.
pub(super) fn award(award: &Award, language: Language) -> String {
    match award {
        Award::Excellent {} => pick(language, "Học sinh Xuất sắc", "Học sinh Xuất sắc (excellent pupil)").to_owned(),
        Award::Good {} => pick(language, "Học sinh Giỏi", "Học sinh Giỏi (good pupil)").to_owned(),
        Award::Outstanding {} => pick(
            language,
            "Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện",
            "Học sinh Tiêu biểu (outstanding pupil)",
        )
        .to_owned(),
        Award::Advanced {} => pick(language, "Học sinh Tiên tiến", "Học sinh Tiên tiến (advanced pupil)").to_owned(),
        Award::Other { text } => text.to_string(),
    }
}
