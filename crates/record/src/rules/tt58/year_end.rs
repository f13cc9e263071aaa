//! Hạnh kiểm (Art. 3, 4), promotion (Art. 15 to 17) and titles (Art. 18).

use super::Policy;
use crate::{
    check::{Finding, Message, Place, Span},
    draft::{ConductRankingDraft, Draft},
    rules::tt22::absences,
    section::{Award, ConductRank, ConductRankingSection, Promotion, StudyRank, StudyRankingSection},
};

/// Whether học lực and hạnh kiểm are enough for promotion (Art. 15.1a): both Trung bình or better.
pub fn passes(study: StudyRank, conduct: ConductRank) -> bool {
    study >= StudyRank::TrungBinh && conduct >= ConductRank::TrungBinh
}

/// Hạnh kiểm of a draft, or `None` with what is missing added to `faults`. The year's is the homeroom teacher's, who goes
/// mainly by the second term (Art. 4). A plan of one's own may leave out all of it.
pub(super) fn conduct(
    draft: &ConductRankingDraft,
    on_plan: bool,
    faults: &mut Vec<Finding>,
) -> Option<ConductRankingSection> {
    let given = [(Span::Term1, draft.term1), (Span::Term2, draft.term2), (Span::Year, draft.year)];
    if on_plan && given.iter().all(|(_, rank)| rank.is_none()) {
        return None;
    }
    for (span, rank) in given {
        if rank.is_none() {
            faults.push(Finding::error(Place::ConductRanking { span }, Message::ConductRankMissing));
        }
    }
    let (term1, term2, year) = (draft.term1?, draft.term2?, draft.year?);
    Some(ConductRankingSection { term1, term2, year, retrained: draft.retrained })
}

/// Promotion (Art. 15), which in grades 9 and 12 is completion of the level.
///
/// * More absences than [`Policy::max_absences`], or học lực Kém: retained (Art. 15.2a, b); no summer mends that.
/// * Both Trung bình or better: promoted, whatever a needless summer result says.
/// * Both Yếu: retained (Art. 15.2b), but for [`Policy::retained_when_both_fail`].
/// * One Yếu: mended in summer, by tests taken again (Art. 16) or training (Art. 17), promoted after summer; tried in vain,
///   retained (Art. 15.2c, d); else pending, or retained where the source says so ([`Policy::believe_retained`]).
pub(super) fn promotion(
    study: &StudyRankingSection,
    conduct: &ConductRankingSection,
    draft: &Draft,
    policy: &Policy,
) -> Promotion {
    let year = study.year.rank;
    if absences(&draft.attendance) > policy.max_absences || year == StudyRank::Kem {
        return Promotion::Retained;
    }
    // What each side came to: `None` where it failed and was not tried again.
    let study_ends = match &study.reassessed {
        _ if year >= StudyRank::TrungBinh => Some(year),
        again => again.as_ref().map(|ranking| ranking.rank),
    };
    let conduct_ends = if conduct.year >= ConductRank::TrungBinh { Some(conduct.year) } else { conduct.retrained };
    let both_fail = year < StudyRank::TrungBinh && conduct.year < ConductRank::TrungBinh;
    let failed_again = study_ends.is_some_and(|rank| rank < StudyRank::TrungBinh)
        || conduct_ends.is_some_and(|rank| rank < ConductRank::TrungBinh);
    match (study_ends, conduct_ends) {
        _ if passes(year, conduct.year) => Promotion::Promoted,
        _ if failed_again || (both_fail && policy.retained_when_both_fail) => Promotion::Retained,
        (Some(_), Some(_)) => Promotion::PromotedAfterSummer,
        _ if policy.believe_retained && draft.imported.promotion == Some(Promotion::Retained) => Promotion::Retained,
        _ => Promotion::Pending,
    }
}

/// The title of the year (Art. 18): hạnh kiểm Tốt and học lực Giỏi is Học sinh giỏi; both Khá or better Học sinh tiên
/// tiến. The year counts as it stood in May.
pub(super) fn award(study: StudyRank, conduct: ConductRank) -> Option<Award> {
    match (study, conduct) {
        (StudyRank::Gioi, ConductRank::Tot) => Some(Award::Good {}),
        (StudyRank::Gioi | StudyRank::Kha, ConductRank::Tot | ConductRank::Kha) => Some(Award::Advanced {}),
        _ => None,
    }
}
