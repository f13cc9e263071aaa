//! One thing worth a remark at a time, in an otherwise plain book.

use super::*;
use crate::section::Move;

fn school(n: u8) -> SchoolCode {
    format!("79DEMO00{n}").parse().expect("a school")
}

/// Grades 6 to 9 at one school, 2021-2022 to 2024-2025.
fn plain() -> Vec<BookYear> {
    (6..=9_u8)
        .map(|number| {
            let year = SchoolYear::starting(2015 + u16::from(number)).expect("a year");
            let grade = Grade::new(number).expect("a grade");
            BookYear {
                school: school(1),
                year,
                grade,
                kind: RecordKind::Year,
                version: 1,
                rules: Some(RuleSet::of(grade, year)),
                shown: Shown::default(),
            }
        })
        .collect()
}

fn codes(years: &[BookYear]) -> Vec<(usize, &'static str)> {
    review(years).iter().map(|note| (note.at, note.what.code())).collect()
}

fn moved() -> Move {
    Move {
        on: "2023-01-15".parse().expect("a date"),
        school_name: "Trường THCS Kim Đồng".parse().expect("text"),
        school: None,
        class: None,
    }
}

#[test]
fn a_plain_book_needs_no_remark() {
    assert_eq!(codes(&plain()), []);
    assert_eq!(codes(&[]), []);
    let mut turned = plain();
    turned.reverse();
    assert_eq!(codes(&turned), [], "the order of a list is not the order of the years");
}

#[test]
fn a_missing_year_is_a_gap_and_no_jump() {
    let mut years = plain();
    years.remove(1);
    let year = SchoolYear::starting(2022).expect("a year");
    assert_eq!(review(&years), [Note { at: 1, what: Remark::Gap { first: year, last: year } }]);
    years.remove(1);
    let last = SchoolYear::starting(2023).expect("a year");
    assert_eq!(review(&years), [Note { at: 1, what: Remark::Gap { first: year, last } }]);
}

#[test]
fn a_repeated_year_is_told_and_a_jump_asked_about() {
    let mut years = plain();
    for (year, grade) in years.iter_mut().zip([6, 6, 7, 8]) {
        year.grade = Grade::new(grade).expect("a grade");
    }
    assert_eq!(codes(&years), [(1, "repeated")]);
    let mut years = plain();
    years[3].grade = Grade::new(7).expect("a grade");
    assert_eq!(codes(&years), [(3, "grade_jump")]);
}

#[test]
fn two_records_of_one_year_overlap_unless_the_pupil_moved() {
    let mut years = plain();
    let mut twice = years[1].clone();
    years.insert(2, twice.clone());
    assert_eq!(codes(&years), [(2, "overlap")]);
    twice.school = school(2);
    years[2] = twice;
    assert!(codes(&years).contains(&(2, "overlap")));
    years[1].shown.enrolment = Some(EnrolmentSection { repeating: false, moved_in: None, moved_out: Some(moved()) });
    assert!(codes(&years).iter().all(|(_, code)| *code != "overlap"));
}

#[test]
fn a_move_during_the_year_is_told_once() {
    let mut years = plain();
    for year in &mut years[1..] {
        year.school = school(2);
    }
    assert_eq!(codes(&years), [(1, "other_school")]);
    years[1].shown.enrolment = Some(EnrolmentSection { repeating: false, moved_in: Some(moved()), moved_out: None });
    assert_eq!(codes(&years), [(1, "moved_in")]);
}

#[test]
fn paper_corrections_and_summers_are_told() {
    let mut years = plain();
    years[0].kind = RecordKind::Converted;
    years[1].version = 2;
    (years[2].version, years[2].shown.reassessed) = (2, true);
    years[3].shown.completed = Some(EducationLevel::LowerSecondary);
    assert_eq!(codes(&years), [(0, "converted"), (1, "corrected"), (2, "reassessed"), (3, "completed")]);
}

#[test]
fn another_circular_is_told() {
    let mut years = plain();
    years[0].rules = Some(RuleSet::Tt58Tt26);
    assert_eq!(
        review(&years),
        [Note { at: 1, what: Remark::OtherRules { from: RuleSet::Tt58Tt26, to: RuleSet::Tt22 } }]
    );
}
