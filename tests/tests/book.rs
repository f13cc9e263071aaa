//! A book of four years as a stranger verifies it, and years that pass themselves off as something else.

use hocba_bundle::{
    book::{self, Whole},
    report::{Report, Verdict},
    text::Language,
};
use hocba_record::payload::RecordKind;
use hocba_signature::policy::SigningPolicy;
use hocba_tests::{
    book::{Year, anchored, book as whole_book, years},
    codes,
};

fn words(report: &Report, language: Language) -> String {
    let notes = book::notes(&report.records);
    notes.iter().map(|note| book::in_words(note, &report.records, language) + "\n").collect()
}

#[test]
fn two_years_from_paper_a_move_and_a_summer_are_told_in_words_a_parent_understands() {
    let (world, bundle) = whole_book();
    let report = world.verify(&bundle.to_bytes());
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(book::whole(&report.records), Whole::NothingDropped { years: 4 });
    assert_eq!(
        words(&report, Language::Vietnamese),
        "Năm học 2023-2024 (lớp 6A1): số hoá từ học bạ giấy ngày 21/02/2027, người chuyển đổi: Phan Thị Văn Thư.\n\
         Năm học 2024-2025 (lớp 7A1): số hoá từ học bạ giấy ngày 21/02/2027, người chuyển đổi: Phan Thị Văn Thư.\n\
         Năm học 2025-2026 (lớp 8A2): học sinh chuyển đến từ Trường THCS Lê Lợi trong năm học, ngày 19/01/2026.\n\
         Năm học 2026-2027 (lớp 9A3): học sinh được đánh giá lại hoặc rèn luyện trong hè; kết quả trước và sau hè đều được ghi.\n\
         Năm học 2026-2027 (lớp 9A3): nhà trường xác nhận đã hoàn thành chương trình trung học cơ sở.\n"
    );
    let english = words(&report, Language::English);
    for part in ["taken over from the paper transcript on", "came from Trường THCS Lê Lợi", "re-assessed", "completed"]
    {
        assert!(english.contains(part), "{part}: {english}");
    }
    assert_eq!(
        book::whole_in_words(Whole::NothingDropped { years: 4 }, Language::Vietnamese),
        "Sổ có đủ 4 năm học, đúng như nhà trường đã ghi khi lập năm học cuối; không năm nào bị bỏ bớt."
    );
}

#[test]
fn each_year_that_is_left_out_is_missed() {
    let (world, bundle) = whole_book();
    for place in 0..3 {
        let mut cut = bundle.clone();
        cut.records.remove(place);
        let report = world.verify(&cut.to_bytes());
        assert_eq!(book::whole(&report.records), Whole::Missing { years: 1 }, "{place}");
    }
}

/// What verifying a book with one year changed finds.
fn refused(place: usize, change: impl FnOnce(&mut Year)) -> (Verdict, Vec<&'static str>) {
    let mut all = years();
    change(&mut all[place]);
    let (world, parts) = anchored(&all);
    let bundle = world.assemble(parts);
    let report = world.verify(&bundle.to_bytes());
    (report.verdict, codes(&report))
}

#[test]
fn no_year_passes_itself_off_as_another_kind() {
    // A year that no teacher signed, under the policy for paper.
    let (verdict, found) = refused(2, |year| year.policy = SigningPolicy::converted_1());
    assert_eq!((verdict, found), (Verdict::Invalid, vec!["policy.kind"]));
    // A year from paper, signed as if a teacher had made it.
    let (verdict, found) = refused(1, |year| year.policy = SigningPolicy::policy_1());
    assert_eq!((verdict, found), (Verdict::Invalid, vec!["policy.kind"]));
    // From paper, without saying by whom; and by whom, without being from paper.
    let (verdict, found) = refused(1, |year| year.change = |_| {});
    assert_eq!((verdict, found), (Verdict::Invalid, vec!["conversion.disagrees"]));
    let converting = years()[0].change;
    let (verdict, found) = refused(2, |year| year.change = converting);
    assert_eq!((verdict, found), (Verdict::Invalid, vec!["conversion.disagrees"]));
}

#[test]
fn a_policy_says_which_kinds_it_is_for() {
    let kinds = [RecordKind::Year, RecordKind::Converted, RecordKind::Extract];
    let covers = |policy: SigningPolicy| kinds.map(|kind| policy.check_kind(kind).is_ok());
    assert_eq!(covers(SigningPolicy::policy_1()), [true, false, false]);
    assert_eq!(covers(SigningPolicy::policy_1_list()), [true, false, false]);
    assert_eq!(covers(SigningPolicy::converted_1()), [false, true, false]);
    assert_eq!(covers(SigningPolicy::converted_1_list()), [false, true, false]);
}
