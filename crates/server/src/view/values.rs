//! Values of sections in local form.

use hocba_record::{
    section::{
        Achievement, AttainmentLevel, AttainmentsSection, ConductRank, ContestLevel, EducationResult, EnrolmentSection,
        IdentifierKind, Identity, Move, Promotion, Ranking, Rating, Section, Sex, StudyRank, SubjectLevel,
    },
    types::{EducationLevel, Mark, PartialDate},
};

use super::record::{Fact, award};
use crate::language::{Language, pick};

/// `8,5` in Vietnamese, `8.5` in English.
pub(crate) fn mark(mark: Mark, language: Language) -> String {
    let text = mark.to_string();
    pick(language, text.clone(), text.replace(',', "."))
}

pub(crate) fn achievement(achievement: Achievement, language: Language) -> &'static str {
    match achievement {
        Achievement::Dat => pick(language, "Đạt", "Pass"),
        Achievement::ChuaDat => pick(language, "Chưa đạt", "Not yet passed"),
    }
}

/// The four levels keep their Vietnamese names for English readers: no English scale has the same steps.
pub(crate) fn rating(rating: Rating, language: Language) -> &'static str {
    match rating {
        Rating::Tot => pick(language, "Tốt", "Tốt (good, 1st of 4)"),
        Rating::Kha => pick(language, "Khá", "Khá (fair, 2nd of 4)"),
        Rating::Dat => pick(language, "Đạt", "Đạt (pass, 3rd of 4)"),
        Rating::ChuaDat => pick(language, "Chưa đạt", "Chưa đạt (not yet passed, 4th of 4)"),
    }
}

/// Levels of primary school keep their Vietnamese names for English readers, too.
pub(crate) fn subject_level(level: SubjectLevel, language: Language) -> &'static str {
    match level {
        SubjectLevel::HoanThanhTot => pick(language, "Hoàn thành tốt", "Hoàn thành tốt (completed well, 1st of 3)"),
        SubjectLevel::HoanThanh => pick(language, "Hoàn thành", "Hoàn thành (completed, 2nd of 3)"),
        SubjectLevel::ChuaHoanThanh => {
            pick(language, "Chưa hoàn thành", "Chưa hoàn thành (not yet completed, 3rd of 3)")
        }
    }
}

fn attainment(level: AttainmentLevel, language: Language) -> &'static str {
    match level {
        AttainmentLevel::Tot => pick(language, "Tốt", "Tốt (good, 1st of 3)"),
        AttainmentLevel::Dat => pick(language, "Đạt", "Đạt (attained, 2nd of 3)"),
        AttainmentLevel::CanCoGang => pick(language, "Cần cố gắng", "Cần cố gắng (needs effort, 3rd of 3)"),
    }
}

fn education_result(result: EducationResult, language: Language) -> &'static str {
    match result {
        EducationResult::HoanThanhXuatSac => {
            pick(language, "Hoàn thành xuất sắc", "Hoàn thành xuất sắc (excellent, 1st of 4)")
        }
        EducationResult::HoanThanhTot => pick(language, "Hoàn thành tốt", "Hoàn thành tốt (well, 2nd of 4)"),
        EducationResult::HoanThanh => pick(language, "Hoàn thành", "Hoàn thành (completed, 3rd of 4)"),
        EducationResult::ChuaHoanThanh => {
            pick(language, "Chưa hoàn thành", "Chưa hoàn thành (not yet completed, 4th of 4)")
        }
    }
}

pub(crate) fn study_rank(rank: StudyRank, language: Language) -> &'static str {
    match rank {
        StudyRank::Gioi => pick(language, "Giỏi", "Giỏi (1st of 5)"),
        StudyRank::Kha => pick(language, "Khá", "Khá (2nd of 5)"),
        StudyRank::TrungBinh => pick(language, "Trung bình", "Trung bình (3rd of 5)"),
        StudyRank::Yeu => pick(language, "Yếu", "Yếu (4th of 5)"),
        StudyRank::Kem => pick(language, "Kém", "Kém (5th of 5)"),
    }
}

fn ranking(ranking: &Ranking, language: Language) -> String {
    let rank = study_rank(ranking.rank, language);
    let average = mark(ranking.average, language);
    pick(language, format!("{rank}, ĐTB các môn {average}"), format!("{rank}, overall average {average}"))
}

pub(crate) fn conduct_rank(rank: ConductRank, language: Language) -> &'static str {
    match rank {
        ConductRank::Tot => pick(language, "Tốt", "Tốt (1st of 4)"),
        ConductRank::Kha => pick(language, "Khá", "Khá (2nd of 4)"),
        ConductRank::TrungBinh => pick(language, "Trung bình", "Trung bình (3rd of 4)"),
        ConductRank::Yeu => pick(language, "Yếu", "Yếu (4th of 4)"),
    }
}

fn contest_level(level: ContestLevel, language: Language) -> &'static str {
    match level {
        ContestLevel::School => pick(language, "cấp trường", "school"),
        ContestLevel::District => pick(language, "cấp xã, phường", "ward"),
        ContestLevel::Province => pick(language, "cấp tỉnh, thành phố", "province"),
        ContestLevel::National => pick(language, "quốc gia", "national"),
        ContestLevel::International => pick(language, "quốc tế", "international"),
    }
}

fn attainments(section: &AttainmentsSection, language: Language) -> Vec<Fact> {
    let line = |item: &hocba_record::section::Attainment| {
        let level = attainment(item.level, language);
        let said = item.remark.as_ref().map_or_else(|| level.to_owned(), |remark| format!("{level}. {remark}"));
        Fact::new(item.name.as_str(), said)
    };
    section.items.iter().map(line).collect()
}

fn enrolment(enrolment: &EnrolmentSection, language: Language) -> Vec<Fact> {
    let moved = |label: &'static str, to: &Option<Move>| {
        let said = |to: &Move| format!("{} ({})", to.school_name, to.on.vietnamese());
        to.as_ref().map(|to| Fact::new(label, said(to)))
    };
    let repeating = pick(language, "Học lại lớp này", "Repeats the grade");
    [
        enrolment.repeating.then(|| Fact::new("", repeating)),
        moved(pick(language, "Chuyển đến trong năm học, từ", "Moved here during the year, from"), &enrolment.moved_in),
        moved(pick(language, "Chuyển đi trong năm học, đến", "Left during the year, for"), &enrolment.moved_out),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Everything about the pupil but the name.
pub(crate) fn identity(identity: &Identity, language: Language) -> Vec<Fact> {
    let sex = match identity.sex {
        Sex::Female => pick(language, "Nữ", "Female"),
        Sex::Male => pick(language, "Nam", "Male"),
        Sex::Other => pick(language, "Khác", "Other"),
    };
    let mut facts = vec![
        Fact::new(pick(language, "Ngày sinh", "Born"), identity.birth_date.vietnamese()),
        Fact::new(pick(language, "Giới tính", "Sex"), sex),
    ];
    let country = |code: &str| match code {
        "VN" => pick(language, "Việt Nam", "Viet Nam").to_owned(),
        other => other.to_owned(),
    };
    for (label, value) in [
        (pick(language, "Nơi sinh", "Place of birth"), identity.birth_place.as_ref().map(ToString::to_string)),
        (pick(language, "Dân tộc", "Ethnicity"), identity.ethnicity.as_ref().map(ToString::to_string)),
        (pick(language, "Quốc tịch", "Nationality"), identity.nationality.as_ref().map(|n| country(n.as_str()))),
        (pick(language, "Mã học bạ", "Book number"), identity.book.as_ref().map(ToString::to_string)),
    ] {
        facts.extend(value.map(|value| Fact::new(label, value)));
    }
    facts.extend(identity.identifiers.iter().map(|id| Fact::new(identifier(id.kind, language), id.value.as_str())));
    facts
}

fn identifier(kind: IdentifierKind, language: Language) -> &'static str {
    match kind {
        IdentifierKind::Personal => pick(language, "Số định danh cá nhân", "Personal number"),
        IdentifierKind::Ministry => pick(language, "Mã định danh Bộ GD&ĐT", "Ministry's pupil number"),
        IdentifierKind::Lifelong => pick(language, "Mã người học suốt đời", "Lifelong learner number"),
        IdentifierKind::School => pick(language, "Mã học sinh của trường", "School's pupil number"),
        IdentifierKind::Temporary => pick(language, "Mã tạm", "Temporary number"),
        IdentifierKind::ForeignPaper => pick(language, "Giấy tờ nước ngoài", "Foreign papers"),
    }
}

/// The facts of a section that is neither the pupil, the school nor a subject.
pub(crate) fn facts(section: &Section, language: Language) -> Vec<Fact> {
    let term1 = pick(language, "Học kỳ I", "Term 1");
    let term2 = pick(language, "Học kỳ II", "Term 2");
    let year = pick(language, "Cả năm", "Year");
    let rated = |label, value| Fact::new(label, rating(value, language));
    match section {
        Section::Result(study) => [
            (term1, Some(study.term1)),
            (term2, Some(study.term2)),
            (year, Some(study.year)),
            (pick(language, "Sau đánh giá lại", "After re-assessment"), study.reassessed),
        ]
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| rated(label, value)))
        .collect(),
        Section::Conduct(conduct) => [
            (term1, Some(conduct.term1)),
            (term2, Some(conduct.term2)),
            (year, Some(conduct.year)),
            (pick(language, "Sau rèn luyện trong hè", "After summer training"), conduct.retrained),
        ]
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| rated(label, value)))
        .collect(),
        Section::Qualities(section) | Section::Competences(section) => attainments(section, language),
        Section::EducationResult(result) => {
            [(year, Some(result.year)), (pick(language, "Sau đánh giá lại", "After re-assessment"), result.reassessed)]
                .into_iter()
                .filter_map(|(label, value)| value.map(|value| Fact::new(label, education_result(value, language))))
                .collect()
        }
        Section::StudyRanking(study) => [
            (term1, Some(&study.term1)),
            (term2, Some(&study.term2)),
            (year, Some(&study.year)),
            (pick(language, "Sau thi lại", "After tests taken again"), study.reassessed.as_ref()),
        ]
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| Fact::new(label, ranking(value, language))))
        .collect(),
        Section::ConductRanking(conduct) => [
            (term1, Some(conduct.term1)),
            (term2, Some(conduct.term2)),
            (year, Some(conduct.year)),
            (pick(language, "Sau rèn luyện trong hè", "After summer training"), conduct.retrained),
        ]
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| Fact::new(label, conduct_rank(value, language))))
        .collect(),
        Section::IndividualPlan(plan) => {
            let said = pick(
                language,
                "Học và được đánh giá theo kế hoạch riêng",
                "Taught and assessed by a plan of their own",
            );
            vec![Fact::new("", plan.note.as_ref().map_or_else(|| said.to_owned(), ToString::to_string))]
        }
        Section::Certificates(certificates) => certificates
            .items
            .iter()
            .map(|item| {
                let more = [item.grade.as_ref(), item.number.as_ref()].into_iter().flatten().map(ToString::to_string);
                let issued = item.issued_on.map(PartialDate::vietnamese);
                Fact::new(item.name.as_str(), more.chain(issued).collect::<Vec<_>>().join(", "))
            })
            .collect(),
        Section::Contests(contests) => contests
            .items
            .iter()
            .map(|item| {
                Fact::new(item.name.as_str(), format!("{} ({})", item.prize, contest_level(item.level, language)))
            })
            .collect(),
        Section::Enrolment(section) => enrolment(section, language),
        Section::Conversion(conversion) => {
            let at = hocba_bundle::text::date_time(conversion.converted_at);
            let by = format!("{}, {at}", conversion.converter);
            let mut facts = vec![Fact::new(conversion.mark.as_str(), by)];
            for (label, value) in [
                (pick(language, "Người đối chiếu", "Compared by"), &conversion.compared_by),
                (pick(language, "Trường lập học bạ giấy", "Paper made by"), &conversion.made_by),
                (pick(language, "Bản giấy", "Paper"), &conversion.paper),
            ] {
                facts.extend(value.as_ref().map(|value| Fact::new(label, value.as_str())));
            }
            facts
        }
        Section::Attendance(absent) => {
            let sessions = |n: u16| pick(language, format!("{n} buổi"), format!("{n} sessions"));
            vec![
                Fact::new(pick(language, "Có phép", "With leave"), sessions(absent.with_leave)),
                Fact::new(pick(language, "Không phép", "Without leave"), sessions(absent.without_leave)),
            ]
        }
        Section::Promotion(promotion) => {
            vec![Fact::new(pick(language, "Kết quả", "Decision"), decision(promotion.decision, language))]
        }
        Section::Completion(completion) => {
            let level = match completion.level {
                EducationLevel::Primary => pick(language, "Tiểu học", "Primary"),
                EducationLevel::LowerSecondary => pick(language, "Trung học cơ sở", "Lower secondary"),
                EducationLevel::UpperSecondary => pick(language, "Trung học phổ thông", "Upper secondary"),
            };
            let done = if completion.completed {
                pick(language, "Đã hoàn thành", "Completed")
            } else {
                pick(language, "Chưa hoàn thành", "Not completed")
            };
            vec![Fact::new(level, done)]
        }
        Section::Awards(awards) if awards.items.is_empty() => vec![Fact::new("", pick(language, "Không có", "None"))],
        Section::Awards(awards) => awards.items.iter().map(|item| Fact::new("", award(item, language))).collect(),
        Section::Remarks(remarks) => {
            vec![Fact::new(pick(language, "Giáo viên chủ nhiệm", "Homeroom teacher"), remarks.homeroom.as_str())]
        }
        // Shown elsewhere: as school, pupil, table row and caveats.
        Section::School(_)
        | Section::Identity(_)
        | Section::Subject(_)
        | Section::Manifest(_)
        | Section::History(_) => Vec::new(),
    }
}

fn decision(promotion: Promotion, language: Language) -> &'static str {
    match promotion {
        Promotion::Promoted => pick(language, "Được lên lớp", "Promoted"),
        Promotion::PromotedAfterSummer => {
            pick(language, "Được lên lớp sau đánh giá lại hoặc rèn luyện trong hè", "Promoted after the summer")
        }
        Promotion::Pending => pick(language, "Chờ đánh giá lại hoặc rèn luyện trong hè", "Waiting for re-assessment"),
        Promotion::Retained => pick(language, "Ở lại lớp", "Retained"),
    }
}
