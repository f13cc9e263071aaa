//! Form versions: which sections a record of a form has, and how many digests its `_sd` is padded to.

use crate::types::{EducationLevel, Grade};

/// One version of the printed form. A form never changes; a new circular makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Identifier in the payload's `form`.
    pub id: &'static str,
    /// Rule set in the payload's `rules`.
    pub rules: &'static str,
    /// The level it is for.
    pub level: EducationLevel,
    /// Number of digests in `_sd`, decoys included: above the most sections a pupil can have (THPT with both optional
    /// languages: 15 subjects and 11 others), so that their number tells nothing.
    pub slots: usize,
}

/// TT 22/2021, lower secondary.
pub const TT22_THCS: Form =
    Form { id: "tt22-thcs-1", rules: "tt22-2021-1", level: EducationLevel::LowerSecondary, slots: 32 };
/// TT 22/2021, upper secondary.
pub const TT22_THPT: Form =
    Form { id: "tt22-thpt-1", rules: "tt22-2021-1", level: EducationLevel::UpperSecondary, slots: 32 };

/// All forms this build knows.
pub const FORMS: [Form; 2] = [TT22_THCS, TT22_THPT];

/// The form of this identifier.
pub fn by_id(id: &str) -> Option<Form> {
    FORMS.into_iter().find(|f| f.id == id)
}

/// The current form for a grade, where one exists.
pub fn for_grade(grade: Grade) -> Option<Form> {
    FORMS.into_iter().find(|f| f.level == grade.level())
}
