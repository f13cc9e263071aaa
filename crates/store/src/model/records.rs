//! Classes, records and their versions, links to them.

use hocba_record::{
    encoding::RecordId,
    payload::RecordKind,
    types::{ClassName, Grade, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::statement::Statement;

use super::{Envelope, Id};

words! {
    /// How far the signatures of a record version are. A return leads back to `Draft`.
    RecordState {
        /// Imported, nobody signed.
        Draft = "draft",
        /// The homeroom teacher signed.
        TeacherSigned = "teacher_signed",
        /// The principal or a deputy co-signed.
        CoSigned = "co_signed",
        /// The school's seal is on it: complete, waiting for a batch or in one.
        Sealed = "sealed",
    }
}

words! {
    /// Why the class goes on without a pupil.
    LeftOut {
        /// Chờ kiểm tra lại.
        WaitingForReassessment = "waiting_for_reassessment",
        /// Chưa đủ điểm hoặc thông tin.
        Incomplete = "incomplete",
        /// Đã chuyển đi.
        Transferred = "transferred",
        /// Lý do khác.
        Other = "other",
    }
}

words! {
    /// Why a principal returned a record.
    ReturnReason {
        /// Sai điểm.
        WrongMark = "wrong_mark",
        /// Sai thông tin học sinh.
        WrongPersonalData = "wrong_personal_data",
        /// Sai kết quả, xếp loại.
        WrongResult = "wrong_result",
        /// Lý do khác.
        Other = "other",
    }
}

words! {
    /// What the ministry's store says of a record that was sent.
    StoreAnswer {
        /// Chưa xử lý, or no answer yet.
        Waiting = "00",
        /// Đã tiếp nhận.
        Accepted = "01",
        /// Có lỗi.
        Rejected = "02",
    }
}

words! {
    /// Where the records of a class come from.
    ClassKind {
        /// Made here, signed by its homeroom teacher.
        Year = "year",
        /// Taken over from paper: the principal and the school's seal sign, no teacher does.
        Converted = "converted",
    }
}

impl ClassKind {
    /// The kind of its records.
    pub const fn of_records(self) -> RecordKind {
        match self {
            ClassKind::Year => RecordKind::Year,
            ClassKind::Converted => RecordKind::Converted,
        }
    }
}

words! {
    /// Why a record has a version after the first.
    Renewal {
        /// Đính chính: something was wrong.
        Correction = "correction",
        /// Đánh giá lại, rèn luyện trong hè: both values are kept.
        Reassessment = "reassessment",
    }
}

words! {
    /// What a link shows.
    LinkScope {
        /// Everything, with the seed: for someone who keeps the transcript.
        Whole = "whole",
        /// Identity and results; no remarks, conduct or attendance.
        Results = "results",
        /// Identity, promotion and completion only.
        IdentityAndCompletion = "identity_and_completion",
    }
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Identity.
    pub id: Id,
    /// School.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Name.
    pub name: ClassName,
    /// +1 with every import.
    pub revision: i64,
    /// Where its records come from.
    pub kind: ClassKind,
}

/// A version of a record, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// Record.
    pub record: RecordId,
    /// 1, 2 …
    pub version: u32,
    /// Class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// How far the signatures are.
    pub state: RecordState,
    /// +1 with every change.
    pub revision: i64,
    /// With the signatures so far; none in a draft.
    pub statement: Option<Statement>,
    /// Seed and sections.
    pub personal: Envelope,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
    /// Why it was last returned.
    pub returned: Option<ReturnReason>,
    /// What was written to the teacher then, sealed.
    pub note: Option<Envelope>,
    /// Last change.
    pub changed_at: UnixTime,
    /// Why there is this version; none in the first.
    pub renewed: Option<Renewal>,
    /// Whose it is; none for records from before pupils were kept.
    pub pupil: Option<Id>,
}

/// What a list of records shows without opening anything: state and where it is anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// How far the signatures are.
    pub state: RecordState,
    /// +1 with every change.
    pub revision: i64,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
    /// Why it was last returned.
    pub returned: Option<ReturnReason>,
    /// Whether it is in a closed batch.
    pub batched: bool,
    /// Block time, once its anchor is final.
    pub anchored_at: Option<UnixTime>,
}

/// A way in for a verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Identity.
    pub id: Id,
    /// Record it shows.
    pub record: RecordId,
    /// How much of it.
    pub scope: LinkScope,
    /// Made by (account id or `operator`).
    pub created_by: String,
    /// Made at.
    pub created_at: UnixTime,
    /// Ends at.
    pub expires_at: Option<UnixTime>,
    /// Withdrawn at.
    pub withdrawn_at: Option<UnixTime>,
}

/// A link that the house handed out, as its log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOut {
    /// The link.
    pub link: Link,
    /// Version of the record that it shows, where it stands on paper.
    pub paper: Option<u32>,
    /// How often somebody looked.
    pub looks: u64,
    /// When somebody looked last.
    pub last_look: Option<UnixTime>,
}

/// A link that stands on paper: the code of it follows from the data key and the link's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperLink {
    /// The link.
    pub id: Id,
    /// Record it shows.
    pub record: RecordId,
    /// Version of the record that it shows.
    pub version: u32,
    /// Data key that its code follows from.
    pub key_id: String,
    /// Made at.
    pub created_at: UnixTime,
    /// Withdrawn at.
    pub withdrawn_at: Option<UnixTime>,
}

/// A link's bundle, encrypted under a key that only the link holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkContent {
    /// 96 bits.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub bytes: Vec<u8>,
}
