//! The sheets of the homeroom teacher: conduct or qualities and competences, results, and what few pupils have.

use hocba_record::{
    draft::Draft,
    form::RuleSet,
    section::{AttainmentLevel, ConductRank, ContestLevel, EducationResult, Move, Promotion, Rating, StudyRank},
    types::{ClassName, PartialDate, SchoolCode},
};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{CROSS, Cell, Cells, Heading, Look, Style, attainments, heading, numbers, put, table, word};
use crate::{
    assemble::conduct_sheet,
    attainments::ITEMS,
    columns::{CertificatePart, Column, ContestPart, MovePart, Term},
    homeroom::is_primary,
};

const RATINGS: &[&str] = &["T", "K", "Đ", "CĐ"];
const CONDUCT_RANKS: &[&str] = &["T", "K", "TB", "Y"];
const STUDY_RANKS: &[&str] = &["G", "K", "TB", "Y", "Kém"];
const ATTAINMENTS: &[&str] = &["T", "Đ", "C"];
const EDUCATION_RESULTS: &[&str] = &["HTXS", "HTT", "HT", "CHT"];
const CONTEST_LEVELS: &[&str] = &["Trường", "Xã", "Tỉnh", "Quốc gia", "Quốc tế"];
const PROMOTIONS: &[&str] = &["Lên lớp", "Lên lớp sau hè", "Chờ đánh giá lại", "Ở lại lớp"];

fn rating(rating: Rating) -> &'static str {
    match rating {
        Rating::Tot => "T",
        Rating::Kha => "K",
        Rating::Dat => "Đ",
        Rating::ChuaDat => "CĐ",
    }
}

fn conduct_rank(rank: ConductRank) -> &'static str {
    match rank {
        ConductRank::Tot => "T",
        ConductRank::Kha => "K",
        ConductRank::TrungBinh => "TB",
        ConductRank::Yeu => "Y",
    }
}

fn attainment(level: AttainmentLevel) -> &'static str {
    match level {
        AttainmentLevel::Tot => "T",
        AttainmentLevel::Dat => "Đ",
        AttainmentLevel::CanCoGang => "C",
    }
}

fn pupil_columns() -> Vec<Heading> {
    vec![heading(Column::Number, "STT", 6.0, Look::Number), heading(Column::Name, "Họ và tên", 28.0, Look::Text)]
}

fn cross(cells: &mut Cells, column: Column, set: bool) {
    word(cells, column, set.then_some("x"));
}

pub(super) fn conduct(sheet: &mut Worksheet, rules: RuleSet, pupils: &[Draft], style: &Style) -> Result<(), XlsxError> {
    sheet.set_name(conduct_sheet(rules))?;
    let mut headings = pupil_columns();
    let primary = is_primary(rules);
    if primary {
        for (index, item) in (0_u8..).zip(&ITEMS).filter(|(_, item)| item.tt27 == (rules == RuleSet::Tt27)) {
            let group = if item.quality { "Phẩm chất" } else { "Năng lực" };
            let level = heading(Column::Attainment(index), item.name, 9.0, Look::Choice(ATTAINMENTS));
            headings.push(Heading { group: Some(group), ..level });
        }
        for (index, item) in (0_u8..).zip(&ITEMS) {
            let remarked = |d: &Draft| attainments(d).any(|a| a.code.as_str() == item.code && a.remark.is_some());
            if pupils.iter().any(remarked) {
                let text = format!("Nhận xét {}", item.name);
                headings.push(heading(Column::AttainmentRemark(index), text, 30.0, Look::Long));
            }
        }
        headings.push(heading(Column::Outstanding, "Nổi bật hoặc tiến bộ", 10.0, Look::Choice(CROSS)));
        headings.push(heading(
            Column::AttainmentsReassessed,
            "Phẩm chất, năng lực lại",
            10.0,
            Look::Choice(ATTAINMENTS),
        ));
    } else {
        let list = if rules == RuleSet::Tt22 { RATINGS } else { CONDUCT_RANKS };
        headings.extend([
            heading(Column::Conduct(Term::First), "HK I", 8.0, Look::Choice(list)),
            heading(Column::Conduct(Term::Second), "HK II", 8.0, Look::Choice(list)),
            heading(Column::ConductYear, "Cả năm", 8.0, Look::Choice(list)),
            heading(Column::Retrained, "Rèn luyện lại", 10.0, Look::Choice(list)),
        ]);
    }
    headings.extend([
        heading(Column::WithLeave, "Nghỉ có phép", 10.0, Look::Count),
        heading(Column::WithoutLeave, "Nghỉ không phép", 10.0, Look::Count),
        heading(Column::HomeroomRemark, "Nhận xét GVCN", 60.0, Look::Long),
    ]);
    let awards = pupils.iter().map(|d| d.other_awards.len()).max().unwrap_or(0).clamp(1, 200);
    for n in 1..=u8::try_from(awards).unwrap_or(200) {
        let text = if n == 1 { "Khen thưởng khác".to_owned() } else { format!("Khen thưởng khác {n}") };
        headings.push(heading(Column::Award(n), text, 30.0, Look::Text));
    }
    let rows: Vec<(u32, Cells)> = numbers(pupils)
        .map(|(number, draft)| {
            let mut cells = Cells::new();
            put(&mut cells, Column::Name, Some(&draft.identity.name));
            let spans =
                [Column::Conduct(Term::First), Column::Conduct(Term::Second), Column::ConductYear, Column::Retrained];
            if primary {
                for line in attainments(draft) {
                    let index = ITEMS.iter().position(|item| item.code == line.code.as_str());
                    if let Some(index) = index.and_then(|i| u8::try_from(i).ok()) {
                        word(&mut cells, Column::Attainment(index), Some(attainment(line.level)));
                        put(&mut cells, Column::AttainmentRemark(index), line.remark.as_ref());
                    }
                }
                cross(&mut cells, Column::Outstanding, draft.attainments.outstanding);
                word(&mut cells, Column::AttainmentsReassessed, draft.attainments.reassessed.map(attainment));
            } else if rules == RuleSet::Tt22 {
                let conduct = &draft.conduct;
                let values = [conduct.term1, conduct.term2, conduct.year, conduct.retrained];
                for (column, value) in spans.into_iter().zip(values) {
                    word(&mut cells, column, value.map(rating));
                }
            } else {
                let conduct = &draft.conduct_ranking;
                let values = [conduct.term1, conduct.term2, conduct.year, conduct.retrained];
                for (column, value) in spans.into_iter().zip(values) {
                    word(&mut cells, column, value.map(conduct_rank));
                }
            }
            cells.insert(Column::WithLeave, Cell::Whole(draft.attendance.with_leave.into()));
            cells.insert(Column::WithoutLeave, Cell::Whole(draft.attendance.without_leave.into()));
            put(&mut cells, Column::HomeroomRemark, draft.remark.as_ref());
            for (n, award) in (1_u8..=200).zip(&draft.other_awards) {
                put(&mut cells, Column::Award(n), Some(award));
            }
            (number, cells)
        })
        .collect();
    table(sheet, u32::from(primary), &headings, &rows, pupils.is_empty(), style)
}

pub(super) fn results(sheet: &mut Worksheet, rules: RuleSet, pupils: &[Draft], style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Kết quả")?;
    let mut headings = pupil_columns();
    let overall = [Column::Overall(Term::First), Column::Overall(Term::Second), Column::OverallYear];
    let study = [Column::Study(Term::First), Column::Study(Term::Second), Column::StudyYear];
    let spans = ["HK I", "HK II", "cả năm"];
    match rules {
        RuleSet::Tt27 | RuleSet::Tt30 => {
            headings.push(heading(Column::EducationYear, "Kết quả giáo dục", 14.0, Look::Choice(EDUCATION_RESULTS)));
        }
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
            for ((overall, study), span) in overall.into_iter().zip(study).zip(spans) {
                headings.push(heading(overall, format!("ĐTB các môn {span}"), 10.0, Look::Mark));
                headings.push(heading(study, format!("Học lực {span}"), 10.0, Look::Choice(STUDY_RANKS)));
            }
        }
        RuleSet::Tt22 => {
            for (column, span) in study.into_iter().zip(spans) {
                headings.push(heading(column, format!("Học tập {span}"), 12.0, Look::Choice(RATINGS)));
            }
        }
    }
    headings.push(heading(Column::Promotion, "Lên lớp", 20.0, Look::Choice(PROMOTIONS)));
    let rows: Vec<(u32, Cells)> = numbers(pupils)
        .map(|(number, draft)| {
            let mut cells = Cells::new();
            put(&mut cells, Column::Name, Some(&draft.identity.name));
            let imported = &draft.imported;
            match rules {
                RuleSet::Tt27 | RuleSet::Tt30 => {
                    let result = imported.education_year.map(|r| match r {
                        EducationResult::HoanThanhXuatSac => "HTXS",
                        EducationResult::HoanThanhTot => "HTT",
                        EducationResult::HoanThanh => "HT",
                        EducationResult::ChuaHoanThanh => "CHT",
                    });
                    word(&mut cells, Column::EducationYear, result);
                }
                RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
                    for ((overall, study), ranking) in overall.into_iter().zip(study).zip(imported.ranking) {
                        let Some((mark, rank)) = ranking else { continue };
                        cells.insert(overall, Cell::Mark(mark));
                        let rank = rank.map(|r| match r {
                            StudyRank::Gioi => "G",
                            StudyRank::Kha => "K",
                            StudyRank::TrungBinh => "TB",
                            StudyRank::Yeu => "Y",
                            StudyRank::Kem => "Kém",
                        });
                        word(&mut cells, study, rank);
                    }
                }
                RuleSet::Tt22 => {
                    let values = [imported.study_term1, imported.study_term2, imported.study_year];
                    for (column, value) in study.into_iter().zip(values) {
                        word(&mut cells, column, value.map(rating));
                    }
                }
            }
            let decision = imported.promotion.map(|p| match p {
                Promotion::Promoted => "Lên lớp",
                Promotion::PromotedAfterSummer => "Lên lớp sau hè",
                Promotion::Pending => "Chờ đánh giá lại",
                Promotion::Retained => "Ở lại lớp",
            });
            word(&mut cells, Column::Promotion, decision);
            (number, cells)
        })
        .collect();
    table(sheet, 0, &headings, &rows, pupils.is_empty(), style)
}

/// Whether a pupil has something for the sheet `Bổ sung`.
pub(super) fn has_more(draft: &Draft) -> bool {
    draft.plan.is_some() || draft.enrolment.is_some() || !draft.certificates.is_empty() || !draft.contests.is_empty()
}

pub(super) fn more(sheet: &mut Worksheet, pupils: &[Draft], style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Bổ sung")?;
    let mut headings = pupil_columns();
    let moves = |column: fn(MovePart) -> Column, texts: [&str; 4]| {
        let parts = [MovePart::On, MovePart::School, MovePart::Code, MovePart::Class];
        let widths = [13.0, 30.0, 14.0, 10.0];
        let cells = parts.into_iter().zip(texts).zip(widths);
        cells.map(|((part, text), width)| heading(column(part), text, width, Look::Text)).collect::<Vec<_>>()
    };
    headings.extend([
        heading(Column::Plan, "Học theo kế hoạch riêng", 12.0, Look::Choice(CROSS)),
        heading(Column::PlanNote, "Ghi chú kế hoạch riêng", 30.0, Look::Text),
        heading(Column::Repeating, "Học lại lớp", 10.0, Look::Choice(CROSS)),
    ]);
    headings.extend(moves(Column::MovedIn, ["Ngày chuyển đến", "Chuyển đến từ trường", "Mã trường cũ", "Lớp cũ"]));
    headings.extend(moves(Column::MovedOut, ["Ngày chuyển đi", "Chuyển đi đến trường", "Mã trường mới", "Lớp mới"]));
    let most = |count: fn(&Draft) -> usize| {
        u8::try_from(pupils.iter().map(count).max().unwrap_or(0).max(1)).unwrap_or(u8::MAX)
    };
    for n in 1..=most(|d| d.certificates.len()) {
        headings.extend([
            heading(Column::Certificate(n, CertificatePart::Name), format!("Chứng chỉ {n}"), 26.0, Look::Text),
            heading(
                Column::Certificate(n, CertificatePart::Grade),
                format!("Xếp loại chứng chỉ {n}"),
                12.0,
                Look::Text,
            ),
            heading(Column::Certificate(n, CertificatePart::Number), format!("Số chứng chỉ {n}"), 14.0, Look::Text),
            heading(Column::Certificate(n, CertificatePart::On), format!("Ngày cấp chứng chỉ {n}"), 13.0, Look::Text),
        ]);
    }
    for n in 1..=most(|d| d.contests.len()) {
        let level = Look::Choice(CONTEST_LEVELS);
        headings.extend([
            heading(Column::Contest(n, ContestPart::Name), format!("Cuộc thi {n}"), 30.0, Look::Text),
            heading(Column::Contest(n, ContestPart::Level), format!("Cấp cuộc thi {n}"), 10.0, level),
            heading(Column::Contest(n, ContestPart::Prize), format!("Giải {n}"), 14.0, Look::Text),
        ]);
    }
    let rows: Vec<(u32, Cells)> = numbers(pupils)
        .filter(|(_, draft)| has_more(draft))
        .map(|(number, draft)| (number, more_cells(draft)))
        .collect();
    table(sheet, 0, &headings, &rows, pupils.is_empty(), style)
}

fn more_cells(draft: &Draft) -> Cells {
    fn moved(cells: &mut Cells, column: fn(MovePart) -> Column, moved: Option<&Move>) {
        if let Some(moved) = moved {
            cells.insert(column(MovePart::On), Cell::Text(moved.on.vietnamese()));
            put(cells, column(MovePart::School), Some(&moved.school_name));
            word(cells, column(MovePart::Code), moved.school.as_ref().map(SchoolCode::as_str));
            word(cells, column(MovePart::Class), moved.class.as_ref().map(ClassName::as_str));
        }
    }
    let mut cells = Cells::new();
    put(&mut cells, Column::Name, Some(&draft.identity.name));
    cross(&mut cells, Column::Plan, draft.plan.is_some());
    put(&mut cells, Column::PlanNote, draft.plan.as_ref().and_then(|p| p.note.as_ref()));
    if let Some(enrolment) = &draft.enrolment {
        cross(&mut cells, Column::Repeating, enrolment.repeating);
        moved(&mut cells, Column::MovedIn, enrolment.moved_in.as_ref());
        moved(&mut cells, Column::MovedOut, enrolment.moved_out.as_ref());
    }
    for (n, line) in (1_u8..).zip(&draft.certificates) {
        put(&mut cells, Column::Certificate(n, CertificatePart::Name), Some(&line.name));
        put(&mut cells, Column::Certificate(n, CertificatePart::Grade), line.grade.as_ref());
        put(&mut cells, Column::Certificate(n, CertificatePart::Number), line.number.as_ref());
        let on = line.issued_on.map(PartialDate::vietnamese);
        word(&mut cells, Column::Certificate(n, CertificatePart::On), on.as_deref());
    }
    for (n, line) in (1_u8..).zip(&draft.contests) {
        let level = match line.level {
            ContestLevel::School => "Trường",
            ContestLevel::District => "Xã",
            ContestLevel::Province => "Tỉnh",
            ContestLevel::National => "Quốc gia",
            ContestLevel::International => "Quốc tế",
        };
        put(&mut cells, Column::Contest(n, ContestPart::Name), Some(&line.name));
        word(&mut cells, Column::Contest(n, ContestPart::Level), Some(level));
        put(&mut cells, Column::Contest(n, ContestPart::Prize), Some(&line.prize));
    }
    cells
}
