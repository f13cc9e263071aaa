//! Columns by a stable code and in words: what the preview shows and a mapping names.

use hocba_record::section::IdentifierKind;

use crate::{
    attainments::ITEMS,
    columns::{CertificatePart, Column, ContestPart, IDENTIFIERS, MovePart, Term},
    finding::Words,
};

/// Numbered columns go up to this in a mapping: certificates and prizes of one pupil in one year.
const NUMBERED: u8 = 20;

fn term_code(term: Term) -> &'static str {
    match term {
        Term::First => "term1",
        Term::Second => "term2",
    }
}

fn term_words(term: Term) -> (&'static str, &'static str) {
    match term {
        Term::First => ("học kì I", "first term"),
        Term::Second => ("học kì II", "second term"),
    }
}

fn kind_code(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::ForeignPaper => "foreign_paper",
        IdentifierKind::Lifelong => "lifelong",
        IdentifierKind::Ministry => "ministry",
        IdentifierKind::Personal => "personal",
        IdentifierKind::School => "school_pupil",
        IdentifierKind::Temporary => "temporary",
    }
}

/// The stable code of a column: `birth_date`, `term1.regular2`, `attainment.yeu_nuoc`.
pub(crate) fn code(column: Column) -> String {
    use Column::*;
    let plain = match column {
        Number => "number",
        Name => "name",
        BirthDate => "birth_date",
        Sex => "sex",
        Ethnicity => "ethnicity",
        Nationality => "nationality",
        BirthPlace => "birth_place",
        Personal => "personal",
        Ministry => "ministry",
        SchoolPupil => "school_pupil",
        Lifelong => "lifelong",
        Temporary => "temporary",
        ForeignPaper => "foreign_paper",
        Book => "book",
        Regular(term, n) => return format!("{}.regular{n}", term_code(term)),
        Midterm(term) => return format!("{}.midterm", term_code(term)),
        FinalExam(term) => return format!("{}.final_exam", term_code(term)),
        Average(term) => return format!("{}.average", term_code(term)),
        Year => "year",
        Reassessed => "reassessed",
        Exempt => "exempt",
        Remark => "remark",
        SubjectCode => "subject_code",
        SubjectName => "subject_name",
        Teacher => "teacher",
        LockedAt => "locked_at",
        Source => "source",
        StudyTopics => "study_topics",
        Conduct(term) => return format!("conduct.{}", term_code(term)),
        ConductYear => "conduct.year",
        Retrained => "conduct.retrained",
        WithLeave => "absent.with_leave",
        WithoutLeave => "absent.without_leave",
        HomeroomRemark => "homeroom_remark",
        Award(n) => return format!("award{n}"),
        Study(term) => return format!("study.{}", term_code(term)),
        StudyYear => "study.year",
        Promotion => "promotion",
        Overall(term) => return format!("overall.{}", term_code(term)),
        OverallYear => "overall.year",
        EducationYear => "education.year",
        Title => "title",
        Test => "test",
        ReassessedTest => "reassessed_test",
        Attainment(n) => return format!("attainment.{}", ITEMS.get(usize::from(n)).map_or("", |i| i.code)),
        AttainmentRemark(n) => {
            return format!("attainment_remark.{}", ITEMS.get(usize::from(n)).map_or("", |i| i.code));
        }
        AttainmentsReassessed => "attainments.reassessed",
        Outstanding => "outstanding",
        Plan => "plan",
        PlanNote => "plan.note",
        Repeating => "repeating",
        MovedIn(part) => return format!("moved_in.{}", move_code(part)),
        MovedOut(part) => return format!("moved_out.{}", move_code(part)),
        Certificate(n, part) => {
            let part = match part {
                CertificatePart::Name => "name",
                CertificatePart::Grade => "grade",
                CertificatePart::Number => "number",
                CertificatePart::On => "on",
            };
            return format!("certificate{n}.{part}");
        }
        Contest(n, part) => {
            let part = match part {
                ContestPart::Name => "name",
                ContestPart::Level => "level",
                ContestPart::Prize => "prize",
            };
            return format!("contest{n}.{part}");
        }
        VerifiedWith(kind) => return format!("verified_with.{}", kind_code(kind)),
        VerifiedOn(kind) => return format!("verified_on.{}", kind_code(kind)),
        SchoolCode => "school_code",
        SchoolName => "school_name",
        Ward => "ward",
        Province => "province",
        SchoolYear => "school_year",
        Grade => "grade",
        Class => "class",
    };
    plain.to_owned()
}

fn move_code(part: MovePart) -> &'static str {
    match part {
        MovePart::On => "on",
        MovePart::School => "school",
        MovePart::Code => "code",
        MovePart::Class => "class",
    }
}

/// Every column there is.
fn all() -> Vec<Column> {
    use Column::*;
    let mut all = vec![
        Number,
        Name,
        BirthDate,
        Sex,
        Ethnicity,
        Nationality,
        BirthPlace,
        Personal,
        Ministry,
        SchoolPupil,
        Lifelong,
        Temporary,
        ForeignPaper,
        Book,
        Year,
        Reassessed,
        Exempt,
        Remark,
        SubjectCode,
        SubjectName,
        Teacher,
        LockedAt,
        Source,
        StudyTopics,
        ConductYear,
        Retrained,
        WithLeave,
        WithoutLeave,
        HomeroomRemark,
        StudyYear,
        Promotion,
        OverallYear,
        EducationYear,
        Title,
        Test,
        ReassessedTest,
        AttainmentsReassessed,
        Outstanding,
        Plan,
        PlanNote,
        Repeating,
        SchoolCode,
        SchoolName,
        Ward,
        Province,
        SchoolYear,
        Grade,
        Class,
    ];
    for term in [Term::First, Term::Second] {
        all.extend([Midterm(term), FinalExam(term), Average(term), Conduct(term), Study(term), Overall(term)]);
        all.extend((1..=9).map(|n| Regular(term, n)));
    }
    all.extend((0_u8..).zip(&ITEMS).flat_map(|(n, _)| [Attainment(n), AttainmentRemark(n)]));
    for part in [MovePart::On, MovePart::School, MovePart::Code, MovePart::Class] {
        all.extend([MovedIn(part), MovedOut(part)]);
    }
    for n in 1..=NUMBERED {
        all.push(Award(n));
        let certificate = [CertificatePart::Name, CertificatePart::Grade, CertificatePart::Number, CertificatePart::On];
        all.extend(certificate.map(|part| Certificate(n, part)));
        all.extend([ContestPart::Name, ContestPart::Level, ContestPart::Prize].map(|part| Contest(n, part)));
    }
    all.extend(IDENTIFIERS.into_iter().flat_map(|(_, kind)| [VerifiedWith(kind), VerifiedOn(kind)]));
    all
}

/// The column of a code.
pub(crate) fn parse(text: &str) -> Option<Column> {
    all().into_iter().find(|column| code(*column) == text)
}

/// A column in words.
pub(crate) fn words(column: Column) -> Words {
    use Column::*;
    let (vi, en) = match column {
        Number => ("STT", "Number in the list"),
        Name => ("Họ và tên", "Full name"),
        BirthDate => ("Ngày sinh", "Birth date"),
        Sex => ("Giới tính", "Sex"),
        Ethnicity => ("Dân tộc", "Ethnicity"),
        Nationality => ("Quốc tịch", "Nationality"),
        BirthPlace => ("Nơi sinh", "Birthplace"),
        Personal => ("Số định danh cá nhân", "Personal identification number"),
        Ministry => ("Mã định danh Bộ GD&ĐT", "Ministry code"),
        SchoolPupil => ("Mã học sinh", "School's pupil code"),
        Lifelong => ("Mã người học suốt đời", "Lifelong learner code"),
        Temporary => ("Mã tạm", "Temporary code"),
        ForeignPaper => ("Giấy tờ nước ngoài", "Foreign paper"),
        Book => ("Mã học bạ", "Student book number"),
        Regular(term, n) => {
            let (vi, en) = term_words(term);
            return Words::new(format!("Điểm thường xuyên {n}, {vi}"), format!("Regular mark {n}, {en}"));
        }
        Midterm(term) => return with_term("Điểm giữa kì", "Mid-term mark", term),
        FinalExam(term) => return with_term("Điểm cuối kì", "Final mark", term),
        Average(term) => return with_term("Kết quả hoặc ĐTB", "Result or average", term),
        Year => ("Kết quả cả năm", "Year's result"),
        Reassessed => ("Đánh giá lại", "Re-assessed"),
        Exempt => ("Miễn / không đánh giá", "Exempt / not assessed"),
        Remark => ("Nhận xét của giáo viên môn", "Subject teacher's remark"),
        SubjectCode => ("Mã môn", "Subject code"),
        SubjectName => ("Tên môn", "Subject name"),
        Teacher => ("Giáo viên", "Teacher"),
        LockedAt => ("Khoá sổ", "Locked at"),
        Source => ("Nguồn", "Source"),
        StudyTopics => ("Chuyên đề học tập", "Study topics"),
        Conduct(term) => return with_term("Rèn luyện / hạnh kiểm", "Conduct", term),
        ConductYear => ("Rèn luyện / hạnh kiểm, cả năm", "Conduct, year"),
        Retrained => ("Rèn luyện lại", "Conduct after summer training"),
        WithLeave => ("Nghỉ có phép", "Absent with leave"),
        WithoutLeave => ("Nghỉ không phép", "Absent without leave"),
        HomeroomRemark => ("Nhận xét của GVCN", "Homeroom teacher's remark"),
        Award(n) => return Words::new(format!("Khen thưởng khác {n}"), format!("Other award {n}")),
        Study(term) => return with_term("Học tập / học lực", "Study result", term),
        StudyYear => ("Học tập / học lực, cả năm", "Study result, year"),
        Promotion => ("Lên lớp", "Promotion"),
        Overall(term) => return with_term("ĐTB các môn", "Average of all subjects", term),
        OverallYear => ("ĐTB các môn, cả năm", "Average of all subjects, year"),
        EducationYear => ("Kết quả giáo dục", "Year's result of primary school"),
        Title => ("Danh hiệu, khen thưởng", "Title or award"),
        Test => ("Điểm KTĐK cuối năm", "Year-end test"),
        ReassessedTest => ("Điểm KTĐK lại", "Test taken again"),
        Attainment(n) | AttainmentRemark(n) => {
            let Some(item) = ITEMS.get(usize::from(n)) else { return Words::new("", "") };
            let (vi, en) = match (item.quality, matches!(column, Attainment(_))) {
                (true, true) => ("Phẩm chất", "Quality"),
                (false, true) => ("Năng lực", "Competence"),
                (_, false) => ("Nhận xét", "Remark"),
            };
            return Words::new(format!("{vi}: {}", item.name), format!("{en}: {}", item.english));
        }
        AttainmentsReassessed => ("Phẩm chất, năng lực sau hè", "Attainments after summer help"),
        Outstanding => ("Nổi bật hoặc tiến bộ", "Outstanding or clear progress"),
        Plan => ("Học theo kế hoạch riêng", "Individual plan"),
        PlanNote => ("Ghi chú kế hoạch riêng", "Note on the plan"),
        Repeating => ("Học lại lớp", "Repeating the year"),
        MovedIn(part) => return moved("Chuyển đến", "Moved in", part),
        MovedOut(part) => return moved("Chuyển đi", "Moved out", part),
        Certificate(n, part) => {
            let (vi, en) = match part {
                CertificatePart::Name => ("tên", "name"),
                CertificatePart::Grade => ("xếp loại", "grade"),
                CertificatePart::Number => ("số", "number"),
                CertificatePart::On => ("ngày cấp", "day of issue"),
            };
            return Words::new(format!("Chứng chỉ {n}: {vi}"), format!("Certificate {n}: {en}"));
        }
        Contest(n, part) => {
            let (vi, en) = match part {
                ContestPart::Name => ("tên", "name"),
                ContestPart::Level => ("cấp", "level"),
                ContestPart::Prize => ("giải", "prize"),
            };
            return Words::new(format!("Cuộc thi {n}: {vi}"), format!("Contest {n}: {en}"));
        }
        VerifiedWith(kind) => {
            return Words::new(format!("Đối chiếu {} với", vi(kind)), format!("{} compared with", kind_code(kind)));
        }
        VerifiedOn(kind) => {
            return Words::new(format!("Ngày đối chiếu {}", vi(kind)), format!("{} compared on", kind_code(kind)));
        }
        SchoolCode => ("Mã trường", "School code"),
        SchoolName => ("Tên trường", "School name"),
        Ward => ("Xã/phường", "Ward or commune"),
        Province => ("Tỉnh/thành phố", "Province or city"),
        SchoolYear => ("Năm học", "School year"),
        Grade => ("Khối", "Grade"),
        Class => ("Lớp", "Class"),
    };
    Words::new(vi, en)
}

fn vi(kind: IdentifierKind) -> String {
    let column = IDENTIFIERS.into_iter().find(|(_, k)| *k == kind).map_or(Column::Personal, |(column, _)| column);
    words(column).vi
}

fn with_term(vi: &str, en: &str, term: Term) -> Words {
    let (term_vi, term_en) = term_words(term);
    Words::new(format!("{vi}, {term_vi}"), format!("{en}, {term_en}"))
}

fn moved(vi: &str, en: &str, part: MovePart) -> Words {
    let (part_vi, part_en) = match part {
        MovePart::On => ("ngày", "day"),
        MovePart::School => ("trường", "school"),
        MovePart::Code => ("mã trường", "school code"),
        MovePart::Class => ("lớp", "class"),
    };
    Words::new(format!("{vi}: {part_vi}"), format!("{en}: {part_en}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_means_one_column_and_leads_back_to_it() {
        let all = all();
        let codes: BTreeSet<String> = all.iter().map(|c| code(*c)).collect();
        assert_eq!(codes.len(), all.len());
        for column in all {
            assert_eq!(parse(&code(column)), Some(column));
            assert!(!words(column).vi.is_empty() && !words(column).en.is_empty());
        }
        assert_eq!(parse("marks"), None);
    }
}
