//! The report in words, readable without colour.

use hocba_bundle::{
    book,
    report::{Completeness, Group, Outcome, RecordSummary, Report, ShownExtent, Verdict},
    text,
};

use crate::output::{Lang, Output, words};

/// Groups in the order they are shown.
const GROUPS: [Group; 5] = [Group::Integrity, Group::Signatures, Group::Authority, Group::Anchor, Group::Status];

/// Prints the report: verdict, groups with what is wrong, what was looked at, who signed, what was not checked.
pub fn print(out: &Output, report: &Report, empty: bool) {
    let language = out.lang.of_report();
    let mark = match (report.verdict, out.lang) {
        (Verdict::Valid, Lang::Vi) => "[HỢP LỆ]",
        (Verdict::Invalid, Lang::Vi) => "[KHÔNG HỢP LỆ]",
        (Verdict::Inconclusive, Lang::Vi) => "[CHƯA KIỂM TRA ĐƯỢC]",
        (Verdict::Valid, Lang::En) => "[VALID]",
        (Verdict::Invalid, Lang::En) => "[INVALID]",
        (Verdict::Inconclusive, Lang::En) => "[COULD NOT CHECK]",
    };
    out.line(&format!("{mark} {}", text::headline(report, language)));
    if report.demo {
        out.say(&words(
            "DEMO – dùng khoá ví dụ công khai, kết quả không có giá trị.",
            "DEMO – the example keys are published; this verdict is worth nothing.",
        ));
    }
    if empty {
        out.say(&words("  Tệp rỗng.", "  The file is empty."));
    }
    for group in GROUPS {
        print_group(out, report, group);
    }
    let (id, number) = &report.profile_number;
    out.say(&words(
        format!("Danh sách nơi cấp được công nhận: {} ({id}, số {number})", report.profile),
        format!("Trust profile: {} ({id}, number {number})", report.profile),
    ));
    out.line(&text::as_of(&report.as_of, language));
    if let Some(agreement) = report.as_of.agreement.as_ref().filter(|a| a.others().next().is_some()) {
        out.line(&text::agreement(agreement, language));
    }
    for record in &report.records {
        print_record(out, record);
    }
    print_book(out, report);
}

/// What is remarkable about the years, and whether any is missing.
fn print_book(out: &Output, report: &Report) {
    let language = out.lang.of_report();
    let notes = book::notes(&report.records);
    if report.verdict != Verdict::Valid && (report.records.len() > 1 || !notes.is_empty()) {
        out.say(&words("Theo nội dung tệp, chưa được xác nhận:", "By what the file says, which is not confirmed:"));
    }
    if report.records.len() > 1 {
        out.say(&words("Cả sổ:", "The book:"));
        out.line(&format!("  {}", book::whole_in_words(book::whole(&report.records), language)));
    }
    for note in &notes {
        let mark = if note.what.is_question() { "?" } else { "–" };
        out.line(&format!("  {mark} {}", book::in_words(note, &report.records, language)));
    }
}

fn print_group(out: &Output, report: &Report, group: Group) {
    let language = out.lang.of_report();
    let checks: Vec<_> = report.checks.iter().filter(|c| c.id.group() == group).collect();
    let any = |test: fn(&Outcome) -> bool| checks.iter().any(|c| test(&c.outcome));
    let mark = if any(|o| matches!(o, Outcome::Failed(_))) {
        "[X]"
    } else if any(|o| matches!(o, Outcome::Unavailable(_))) {
        "[?]"
    } else if any(|o| *o == Outcome::Passed) {
        "[v]"
    } else {
        "[-]"
    };
    out.line(&format!("  {mark} {}", text::group(group, language)));
    let mut told: Vec<String> = Vec::new();
    for check in checks {
        let name = text::check(check.id, language);
        for problem in check.outcome.problems() {
            let line = text::problem(problem, language);
            // One cause often stops several checks; it is told once.
            if !told.contains(&line) {
                out.line(&format!("      – {name}: {line}"));
                told.push(line);
            }
        }
    }
}

fn print_record(out: &Output, record: &RecordSummary) {
    let language = out.lang.of_report();
    let (year, class, school, version) = (record.year, &record.class, &record.school, record.version);
    out.say(&words(
        format!("Học bạ năm học {year}, lớp {class}, trường {school}, phiên bản {version}"),
        format!("Record of {year}, class {class}, school {school}, version {version}"),
    ));
    if let Some(at) = record.anchored_at {
        let at = text::date_time(at);
        out.say(&words(format!("  đã ghi sổ chung lúc {at}"), format!("  in the public record since {at}")));
    }
    if let Some(shown) = &record.time_stamp {
        out.line(&format!("  {}", text::time_stamp(shown, language)));
    }
    for signer in &record.signers {
        let role = text::role(signer.role, language);
        let at = text::date_time(signer.claimed_at);
        let name = &signer.name;
        out.say(&words(
            format!("  {role}: {name} (tự ghi giờ ký {at})"),
            format!("  {role}: {name} (says it was signed at {at})"),
        ));
    }
    match &record.extent {
        ShownExtent::Whole => {}
        ShownExtent::Partial { withheld } => {
            let names: Vec<_> = withheld.iter().map(|n| text::section_name(n, None, language)).collect();
            let names = names.join(", ");
            out.say(&words(format!("  Không cho xem: {names}"), format!("  Withheld: {names}")));
        }
        ShownExtent::Unknown => {
            out.say(&words("  Không biết còn mục nào khác", "  Whether there are other sections cannot be told"));
        }
    }
    match record.completeness {
        Completeness::Complete => {}
        Completeness::NotChecked => out.say(&words(
            "  Chưa kiểm tra các năm học trước có đủ không",
            "  Whether the earlier years are complete was not checked",
        )),
        Completeness::Missing { records } => out.say(&words(
            format!("  Thiếu {records} năm học trước trong tệp này"),
            format!("  {records} earlier years are not in this file"),
        )),
    }
}
