//! What deserves a look before a class is signed off: averages of the spreadsheet that disagree with ours, marks far from
//! what goes with them, changes after the first signature. Pure: it is told the sections, what import warned of and
//! what happened, and reads nothing.
//!
//! An anomaly is no error: everything here was computed by the rules and may be signed. It says where whoever answers for
//! many records looks first. Besides, a few are drawn at random ([`drawn`]), for what no rule finds.

use std::collections::BTreeMap;

use hocba_record::{
    check::{Finding, Message, Severity},
    encoding::{RecordId, Sha256Digest},
    section::{Section, SubjectResult},
    types::{Mark, Text},
};
use hocba_store::model::{AuditEvent, Renewal};

/// The second term this far from the first, in tenths. A year's mark is (HK I + 2 × HK II) / 3, and the levels of TT 22 (5,0;
/// 6,5; 8,0) are 1,5 apart: 3,0 between the terms moves the year by 2,0 from the first term, past a level and more.
pub const TERMS_APART: u32 = 30;

/// A subject's year this far from the mean of the pupil's other subjects, in tenths: two levels of 1,5 and half a mark.
pub const FAR_FROM_OTHERS: u32 = 35;

/// Other subjects that it takes to speak of a mean: lower secondary has eight with marks, upper secondary six and more.
pub const FEWEST_OTHERS: usize = 4;

/// Pupils that it takes to wonder that all have the same mark in a subject. Were the marks of a class spread over the ten
/// from 7,0 to 7,9, ten equal ones would happen once in 10^9 subjects.
pub const FEWEST_EQUAL: usize = 10;

/// Warnings that are kept of one pupil: more are a file that somebody looks at, not a list.
pub(crate) const MOST_WARNINGS: usize = 40;

/// What happens to records that this module asks about.
pub(crate) const EVENTS: [&str; 2] = ["return_record", CHANGED];

/// That a returned draft got another content.
pub(crate) const CHANGED: &str = "change_returned";

/// Something that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anomaly {
    /// An average or result of the spreadsheet is not the one that the rules give, as was said at import.
    Disagrees(Box<Finding>),
    /// The terms of a subject are [`TERMS_APART`] or more apart.
    TermsApart {
        /// Subject as printed.
        subject: Text,
        /// First term.
        term1: Mark,
        /// Second term.
        term2: Mark,
    },
    /// A subject's year is [`FAR_FROM_OTHERS`] or more from the mean of the others.
    FarFromOthers {
        /// Subject as printed.
        subject: Text,
        /// Its year.
        year: Mark,
        /// Mean of the others in tenths, rounded half up.
        others: u32,
    },
    /// All pupils of the class have one mark in a subject.
    AllEqual {
        /// Subject as printed.
        subject: Text,
        /// The mark.
        mark: Mark,
        /// How many have it.
        pupils: usize,
    },
    /// It was returned and signed again, so many times, and says the same as before.
    Returned {
        /// Times.
        times: usize,
    },
    /// It was returned, and its content was changed before it was signed again.
    ChangedAfterSigning,
    /// It takes the place of a version that was sealed.
    Renewed {
        /// Why.
        why: Renewal,
    },
}

fn tenths(tenths: u32) -> String {
    format!("{},{}", tenths / 10, tenths % 10)
}

/// A mark as it stands in English.
fn point(text: &str) -> String {
    text.replace(',', ".")
}

impl Anomaly {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Anomaly::Disagrees(finding) => finding.message.key(),
            Anomaly::TermsApart { .. } => "terms.apart",
            Anomaly::FarFromOthers { .. } => "subject.apart",
            Anomaly::AllEqual { .. } => "class.equal",
            Anomaly::Returned { .. } => "late.returned",
            Anomaly::ChangedAfterSigning => "late.changed",
            Anomaly::Renewed { .. } => "late.renewed",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Anomaly::Disagrees(finding) => match finding.message {
                Message::AverageDisagrees { imported, computed } => {
                    format!("{}: bảng điểm ghi {imported}, tính lại là {computed}", finding.place.vietnamese())
                }
                _ => finding.vietnamese(),
            },
            Anomaly::TermsApart { subject, term1, term2 } => {
                format!("Môn {subject}: học kì I {term1}, học kì II {term2}")
            }
            Anomaly::FarFromOthers { subject, year, others } => {
                format!("Môn {subject}: cả năm {year}, các môn khác trung bình {}", tenths(*others))
            }
            Anomaly::AllEqual { subject, mark, pupils } => {
                format!("Môn {subject}: cả {pupils} học sinh cùng được {mark}")
            }
            Anomaly::Returned { times: 1 } => "Đã bị trả lại, rồi ký lại mà không đổi gì".to_owned(),
            Anomaly::Returned { times } => format!("Đã bị trả lại {times} lần, rồi ký lại mà không đổi gì"),
            Anomaly::ChangedAfterSigning => "Đã sửa sau khi bị trả lại, rồi ký lại".to_owned(),
            Anomaly::Renewed { why: Renewal::Correction } => "Bản mới thay bản đã ký đủ: đính chính".to_owned(),
            Anomaly::Renewed { why: Renewal::Reassessment } => {
                "Bản mới thay bản đã ký đủ: đánh giá lại, rèn luyện trong hè".to_owned()
            }
        }
    }

    /// In English.
    pub fn english(&self) -> String {
        match self {
            Anomaly::Disagrees(finding) => match finding.message {
                Message::AverageDisagrees { imported, computed } => format!(
                    "{}: the spreadsheet says {}, the marks give {}",
                    finding.place.english(),
                    point(&imported.to_string()),
                    point(&computed.to_string())
                ),
                _ => finding.english(),
            },
            Anomaly::TermsApart { subject, term1, term2 } => {
                let (term1, term2) = (point(&term1.to_string()), point(&term2.to_string()));
                format!("{subject}: first term {term1}, second term {term2}")
            }
            Anomaly::FarFromOthers { subject, year, others } => {
                let (year, others) = (point(&year.to_string()), point(&tenths(*others)));
                format!("{subject}: {year} in the year, the other subjects {others} on average")
            }
            Anomaly::AllEqual { subject, mark, pupils } => {
                format!("{subject}: all {pupils} pupils have {}", point(&mark.to_string()))
            }
            Anomaly::Returned { times: 1 } => "Was returned, and signed again as it was".to_owned(),
            Anomaly::Returned { times } => format!("Was returned {times} times, and signed again as it was"),
            Anomaly::ChangedAfterSigning => "Was changed after it had been returned, and signed again".to_owned(),
            Anomaly::Renewed { why: Renewal::Correction } => {
                "Takes the place of a sealed version: correction".to_owned()
            }
            Anomaly::Renewed { why: Renewal::Reassessment } => {
                "Takes the place of a sealed version: re-assessment in summer".to_owned()
            }
        }
    }
}

/// What happened to one version of a record after its first signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// Times it was returned.
    pub returned: usize,
    /// Whether its content was changed after a return, and after the last one.
    pub changed: bool,
    /// Whether that was after the last return.
    pub changed_since: bool,
    /// Why there is this version; none in the first.
    pub renewed: Option<Renewal>,
}

/// What the events of a class say of each version of its records.
pub fn pasts(events: &[AuditEvent]) -> BTreeMap<(String, u32), Past> {
    let mut pasts: BTreeMap<(String, u32), Past> = BTreeMap::new();
    for event in events {
        let Some(version) = event.version else { continue };
        let past = pasts.entry((event.subject.clone(), version)).or_default();
        if event.action == CHANGED {
            (past.changed, past.changed_since) = (true, true);
        } else {
            past.returned += 1;
            past.changed_since = false;
        }
    }
    pasts
}

/// A subject's marks.
struct Marks<'a> {
    code: &'a str,
    name: &'a Text,
    term1: Mark,
    term2: Mark,
    year: Mark,
}

fn marks(sections: &[Section]) -> Vec<Marks<'_>> {
    fn of(section: &Section) -> Option<Marks<'_>> {
        let Section::Subject(subject) = section else { return None };
        match subject.result {
            SubjectResult::Score { term1, term2, year, .. } => {
                Some(Marks { code: subject.code.as_str(), name: &subject.name, term1, term2, year })
            }
            _ => None,
        }
    }
    sections.iter().filter_map(of).collect()
}

/// What deserves a look in one record: its sections, what import warned of, what happened to it.
pub fn of_record(sections: &[Section], warnings: &[Finding], past: &Past) -> Vec<Anomaly> {
    let disagrees = |finding: &&Finding| {
        matches!(finding.message, Message::AverageDisagrees { .. } | Message::ResultDisagrees { .. })
    };
    let mut found: Vec<Anomaly> =
        warnings.iter().filter(disagrees).map(|finding| Anomaly::Disagrees(Box::new(finding.clone()))).collect();
    let marks = marks(sections);
    for Marks { name, term1, term2, .. } in &marks {
        if term1.tenths().abs_diff(term2.tenths()) >= TERMS_APART {
            found.push(Anomaly::TermsApart { subject: (*name).clone(), term1: *term1, term2: *term2 });
        }
    }
    let sum: u32 = marks.iter().map(|mark| mark.year.tenths()).sum();
    let others = marks.len().saturating_sub(1);
    if others >= FEWEST_OTHERS {
        let count = u32::try_from(others).unwrap_or(u32::MAX);
        for Marks { name, year, .. } in &marks {
            let of_others = sum - year.tenths();
            // n × year against the sum of the n others: nothing is rounded.
            if (year.tenths() * count).abs_diff(of_others) >= FAR_FROM_OTHERS * count {
                let mean = (2 * of_others + count) / (2 * count);
                found.push(Anomaly::FarFromOthers { subject: (*name).clone(), year: *year, others: mean });
            }
        }
    }
    match *past {
        Past { changed: true, .. } => found.push(Anomaly::ChangedAfterSigning),
        Past { returned: times @ 1.., .. } => found.push(Anomaly::Returned { times }),
        Past { .. } => {}
    }
    found.extend(past.renewed.map(|why| Anomaly::Renewed { why }));
    found
}

/// Collects what is seen of a class as a whole, record by record, so that no two of them are in memory at a time.
#[derive(Debug, Clone, Default)]
pub struct ClassMarks {
    /// By subject: its name, the first mark, how many have it, whether another has another.
    subjects: BTreeMap<String, (Text, Mark, usize, bool)>,
}

impl ClassMarks {
    /// Adds a record.
    pub fn add(&mut self, sections: &[Section]) {
        for Marks { code, name, year, .. } in marks(sections) {
            let (_, first, count, differs) =
                self.subjects.entry(code.to_owned()).or_insert_with(|| (name.clone(), year, 0, false));
            *count += 1;
            *differs |= *first != year;
        }
    }

    /// What deserves a look.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let equal = |(subject, mark, pupils, differs): &(Text, Mark, usize, bool)| {
            let found = !differs && *pupils >= FEWEST_EQUAL;
            found.then(|| Anomaly::AllEqual { subject: subject.clone(), mark: *mark, pupils: *pupils })
        };
        self.subjects.values().filter_map(equal).collect()
    }
}

/// The warnings about one pupil that are kept with a draft: those about the class are everybody's.
pub(crate) fn kept(findings: Vec<Finding>) -> Vec<Finding> {
    use hocba_record::check::Place;
    let about_pupil = |finding: &Finding| {
        finding.severity == Severity::Warning && !matches!(finding.place, Place::Class | Place::School { .. })
    };
    findings.into_iter().filter(about_pupil).take(MOST_WARNINGS).collect()
}

/// So many of these records, drawn by a seed: the same ones each time, and by another seed others. Which ones a seed draws
/// nobody can choose who cannot choose the records' ids.
pub fn drawn<'a>(seed: &[u8; 8], records: impl IntoIterator<Item = &'a RecordId>, many: usize) -> Vec<RecordId> {
    let lot = |record: &RecordId| Sha256Digest::of(&[seed.as_slice(), record.as_bytes().as_slice()].concat());
    let mut lots: Vec<(Sha256Digest, RecordId)> = records.into_iter().map(|record| (lot(record), *record)).collect();
    lots.sort_unstable_by_key(|(lot, _)| *lot.as_bytes());
    lots.into_iter().take(many).map(|(_, record)| record).collect()
}

#[cfg(test)]
mod tests {
    use hocba_record::{
        check::{Place, Span, SubjectField},
        section::SubjectSection,
        types::UnixTime,
    };

    use super::*;

    fn mark(tenths: u32) -> Mark {
        Mark::from_tenths(tenths).expect("a mark")
    }

    fn subject(code: &str, [term1, term2, year]: [u32; 3]) -> Section {
        Section::Subject(SubjectSection {
            code: code.parse().expect("a code"),
            name: code.to_uppercase().parse().expect("a name"),
            result: SubjectResult::Score { term1: mark(term1), term2: mark(term2), year: mark(year), reassessed: None },
            study_topics: false,
            remark: None,
            teacher: None,
            locked_at: None,
            source: None,
        })
    }

    /// Five subjects at 7,0.
    fn even() -> Vec<Section> {
        ["toan", "ngu_van", "lich_su", "tin_hoc", "cong_nghe"].map(|code| subject(code, [70, 70, 70])).into()
    }

    fn codes(found: &[Anomaly]) -> Vec<&'static str> {
        for anomaly in found {
            assert!(!anomaly.vietnamese().is_empty() && anomaly.vietnamese() != anomaly.english());
        }
        found.iter().map(Anomaly::code).collect()
    }

    fn average(imported: u32, computed: u32) -> Finding {
        let field = SubjectField::Average { span: Span::Year };
        let place = Place::Subject { code: "toan".parse().expect("a code"), field };
        Finding::warning(place, Message::AverageDisagrees { imported: mark(imported), computed: mark(computed) })
    }

    #[test]
    fn an_even_record_that_nobody_returned_has_nothing_to_look_at() {
        assert_eq!(of_record(&even(), &[], &Past::default()), []);
    }

    #[test]
    fn an_average_that_the_spreadsheet_says_otherwise_is_told_with_both_marks() {
        let found = of_record(&even(), &[average(89, 86)], &Past::default());
        assert_eq!(codes(&found), ["average.disagrees"]);
        assert!(found[0].vietnamese().ends_with("bảng điểm ghi 8,9, tính lại là 8,6"), "{}", found[0].vietnamese());
        assert!(found[0].english().ends_with("the spreadsheet says 8.9, the marks give 8.6"), "{}", found[0].english());
        // Another warning is for the teacher, not for whoever signs off a school.
        let remark = Finding::warning(Place::Remark, Message::RemarkMissing);
        assert_eq!(of_record(&even(), &[remark], &Past::default()), []);
    }

    #[test]
    fn terms_three_marks_apart_are_told_and_two_point_nine_are_not() {
        for (term2, told) in [(100, true), (99, false), (40, true), (41, false)] {
            let mut sections = even();
            sections[0] = subject("toan", [70, term2, 70]);
            let found = of_record(&sections, &[], &Past::default());
            assert_eq!(codes(&found) == ["terms.apart"], told, "{term2}");
        }
    }

    #[test]
    fn a_subject_far_from_the_mean_of_the_others_is_told_and_a_little_nearer_is_not() {
        for (year, told) in [(35, true), (36, false)] {
            let mut sections = even();
            sections[0] = subject("toan", [year, year, year]);
            let found = of_record(&sections, &[], &Past::default());
            assert_eq!(codes(&found) == ["subject.apart"], told, "{year}");
        }
        // Of three others nobody knows what is usual.
        let mut few = even();
        few.truncate(FEWEST_OTHERS);
        few[0] = subject("toan", [30, 30, 30]);
        assert_eq!(of_record(&few, &[], &Past::default()), []);
    }

    #[test]
    fn a_class_in_which_all_have_one_mark_is_told_and_one_other_mark_is_enough_not_to() {
        let of = |other: u32, pupils: usize| {
            let mut class = ClassMarks::default();
            for pupil in 0..pupils {
                let mark = if pupil == 0 { other } else { 80 };
                class.add(&[subject("toan", [80, 80, mark])]);
            }
            codes(&class.anomalies())
        };
        assert_eq!(of(80, FEWEST_EQUAL), ["class.equal"]);
        assert_eq!(of(79, FEWEST_EQUAL), [""; 0]);
        assert_eq!(of(80, FEWEST_EQUAL - 1), [""; 0]);
    }

    #[test]
    fn a_return_a_change_after_it_and_a_new_version_are_told_apart() {
        let event = |action: &str, version| AuditEvent {
            at: UnixTime::from_seconds(0).expect("a time"),
            actor: "operator".into(),
            action: action.into(),
            subject: "a".into(),
            version: Some(version),
            reason: None,
        };
        let past = |events: &[AuditEvent]| pasts(events).get(&("a".to_owned(), 1)).copied().unwrap_or_default();
        let of = |past: &Past| codes(&of_record(&even(), &[], past));
        assert_eq!(of(&past(&[event("return_record", 1)])), ["late.returned"]);
        let changed = past(&[event("return_record", 1), event(CHANGED, 1)]);
        assert_eq!((of(&changed), changed.changed_since), (vec!["late.changed"], true));
        let again = past(&[event("return_record", 1), event(CHANGED, 1), event("return_record", 1)]);
        assert_eq!((of(&again), again.changed_since), (vec!["late.changed"], false));
        // What happened to another version is that one's.
        assert_eq!(of(&past(&[event("return_record", 2)])), [""; 0]);
        let renewed = |why| of(&Past { renewed: Some(why), ..Past::default() });
        assert_eq!(renewed(Renewal::Correction), ["late.renewed"]);
        assert_eq!(renewed(Renewal::Reassessment), ["late.renewed"]);
    }

    #[test]
    fn a_seed_draws_the_same_records_in_any_order_and_another_seed_others() {
        let records: Vec<RecordId> = (0..40).map(|n| RecordId::from_bytes([n; 16])).collect();
        let first = drawn(&[1; 8], &records, 3);
        assert_eq!(first.len(), 3);
        assert_eq!(first, drawn(&[1; 8], records.iter().rev(), 3));
        assert_ne!(first, drawn(&[2; 8], &records, 3));
        assert_eq!(drawn(&[1; 8], &records[..2], 3).len(), 2);
    }

    #[test]
    fn warnings_about_the_pupil_are_kept_and_errors_and_those_of_the_class_are_not() {
        let of_class = Finding::warning(Place::Class, Message::RemarkMissing);
        let error = Finding::error(Place::Remark, Message::RemarkMissing);
        assert_eq!(kept(vec![of_class, error, average(89, 86)]), [average(89, 86)]);
        assert_eq!(kept(vec![average(89, 86); 100]).len(), MOST_WARNINGS);
    }
}
