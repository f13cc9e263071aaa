//! The state people see: one pure function of what is stored.

use hocba_store::model::{RecordLine, RecordState};

/// Where a pupil's transcript of this year is, as shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicState {
    /// Left out for now.
    LeftOut,
    /// Returned by the principal, to be corrected.
    Returned,
    /// Waiting for the homeroom teacher.
    Draft,
    /// Waiting for the principal.
    TeacherSigned,
    /// Waiting for the school's seal.
    CoSigned,
    /// Complete, on its way into the public record.
    Sealed,
    /// Đã có hiệu lực – đã ghi sổ chung.
    InForce,
}

/// The state of a line.
pub fn public_state(line: &RecordLine) -> PublicState {
    match line.state {
        RecordState::Draft if line.left_out.is_some() => PublicState::LeftOut,
        RecordState::Draft if line.returned.is_some() => PublicState::Returned,
        RecordState::Draft => PublicState::Draft,
        RecordState::TeacherSigned => PublicState::TeacherSigned,
        RecordState::CoSigned => PublicState::CoSigned,
        RecordState::Sealed if line.anchored_at.is_some() => PublicState::InForce,
        RecordState::Sealed => PublicState::Sealed,
    }
}

/// How far the signatures of a record are, in words: Vietnamese, English.
pub const fn state_words(state: RecordState) -> (&'static str, &'static str) {
    match state {
        RecordState::Draft => ("bản nháp", "draft"),
        RecordState::TeacherSigned => ("giáo viên chủ nhiệm đã ký", "signed by the homeroom teacher"),
        RecordState::CoSigned => ("hiệu trưởng đã ký duyệt", "co-signed by the principal"),
        RecordState::Sealed => ("đã ký số của trường", "sealed by the school"),
    }
}

impl PublicState {
    /// All, in their order.
    pub const ALL: [PublicState; 7] = [
        PublicState::LeftOut,
        PublicState::Returned,
        PublicState::Draft,
        PublicState::TeacherSigned,
        PublicState::CoSigned,
        PublicState::Sealed,
        PublicState::InForce,
    ];

    /// In words: Vietnamese, English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            PublicState::LeftOut => ("để lại", "left out"),
            PublicState::Returned => ("bị trả lại", "returned"),
            PublicState::Draft => ("chờ giáo viên chủ nhiệm ký", "waiting for the homeroom teacher"),
            PublicState::TeacherSigned => ("chờ hiệu trưởng ký duyệt", "waiting for the principal"),
            PublicState::CoSigned => ("chờ ký số của trường", "waiting for the school's seal"),
            PublicState::Sealed => ("đã ký đủ, đang ghi sổ chung", "complete, being recorded"),
            PublicState::InForce => ("đã có hiệu lực – đã ghi sổ chung", "in force, on the public record"),
        }
    }
}
