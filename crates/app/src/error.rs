//! Why a use case did not do what it was asked.

use hocba_bundle::{assemble::AssembleError, report::AppointmentProblem};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_signature::{statement::Role, status::ReasonClass};
use hocba_store::{MayConflict, StoreError, model::RecordState};
use hocba_workbook::Finding;

use crate::{ends::reason_code, policy::Action};

/// Why a use case did not do what it was asked. Nothing was changed then, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The actor may not do this here.
    #[error("not allowed: {0}")]
    Forbidden(Action),
    /// There is no such thing, or the actor may not know of it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The spreadsheet has faults; all of them, with its warnings.
    #[error("the workbook has {} findings", .0.len())]
    Unsound(Vec<Finding>),
    /// The spreadsheet is of a school that is not here.
    #[error("school {0} is not served here")]
    UnknownSchool(SchoolCode),
    /// The spreadsheet changes, or leaves out, pupils whose records are signed: they are returned first.
    #[error("the records of numbers {numbers:?} of class {class} are signed and would change")]
    SignedWouldChange {
        /// Class.
        class: ClassName,
        /// Numbers in the class list.
        numbers: Vec<u32>,
    },
    /// The class has no such number.
    #[error("the class has no number {0}")]
    UnknownNumber(u32),
    /// The identifiers of one pupil of the spreadsheet are those of two pupils known here.
    #[error("the identifiers of number {number} are those of two different pupils")]
    TwoPupils {
        /// Number in the class list.
        number: u32,
    },
    /// The class has records of the other kind: made here, or taken over from paper.
    #[error("class {class} has records of another kind")]
    OtherKind {
        /// Class.
        class: ClassName,
    },
    /// Records taken over from paper are not signed by a teacher.
    #[error("the records of class {class} are taken over from paper: no teacher signs them")]
    NoTeacherSigns {
        /// Class.
        class: ClassName,
    },
    /// The record is in another state than the step needs.
    #[error("number {number} is {found}, this needs {wanted}")]
    WrongState {
        /// Record.
        record: RecordId,
        /// Number in the class list.
        number: u32,
        /// State it is in.
        found: RecordState,
        /// State the step needs.
        wanted: RecordState,
    },
    /// The draft has no complete content: import the class again.
    #[error("number {number} was left out and its marks are not complete")]
    Incomplete {
        /// Number in the class list.
        number: u32,
    },
    /// Somebody changed it meanwhile. Read again.
    #[error("{0} was changed by somebody else meanwhile")]
    Changed(&'static str),
    /// The signer's certificate was not given that role here: what comes nearest to it, in the words of a verdict.
    #[error("the signer is not appointed as {role} here now ({why:?})")]
    NotAppointed {
        /// Role.
        role: Role,
        /// `NotAppointed` to anything, `WrongRole`, `WrongSchool`, `WrongYear`, `WrongClass` or `OutsideInterval`; for a
        /// department `DepartmentNotRecognised`.
        why: AppointmentProblem,
    },
    /// The signer held that role here, and somebody ended it.
    #[error("the signer's appointment as {role} was ended ({})", reason_code(*reason))]
    AppointmentEnded {
        /// Role.
        role: Role,
        /// Why it was ended.
        reason: ReasonClass,
    },
    /// Somebody who signed the record before is no longer in office: with further signatures it would not become valid.
    /// It is returned and signed again.
    #[error("number {number} was signed by a {role} who is no longer in office: have it returned")]
    SignerGone {
        /// Number in the class list.
        number: u32,
        /// Who.
        role: Role,
    },
    /// The trust profile does not accept the policy that records would be signed by, so no verdict ever would be valid.
    #[error("the trust profile does not accept signing policy {policy} now")]
    PolicyNotAccepted {
        /// Its id.
        policy: String,
    },
    /// The signer's certificate is not usable: not readable, or without a path to a recognised root now.
    #[error("the signer's certificate: {0}")]
    Certificate(String),
    /// The same key signed this record in another role.
    #[error("number {number}: this key signed the record in another role already")]
    SameKey {
        /// Number in the class list.
        number: u32,
    },
    /// The bytes are not the signer's signature over what was to be signed.
    #[error("the signature for record {0} does not verify")]
    Signature(RecordId),
    /// An appointment that is not of the form of one, or that its signer may not give.
    #[error("the appointment: {0}")]
    Appointment(String),
    /// A status statement that is not of the form of one, or that its signer may not make.
    #[error("the status statement: {0}")]
    Status(String),
    /// The appointment was ended before, and this says nothing new.
    #[error("appointment {appointment} was ended before for another reason")]
    EndedBefore {
        /// Appointment.
        appointment: RecordId,
    },
    /// The school ended: it takes no new class, and takes over no other one's work.
    #[error("school {school} is closed")]
    SchoolClosed {
        /// School.
        school: SchoolCode,
        /// Who goes on with its work.
        successors: Vec<SchoolCode>,
    },
    /// What cannot become of a school.
    #[error("the change of the school: {0}")]
    SchoolFate(&'static str),
    /// The school has no name, or another one than the department's list says.
    #[error("the school has no name, or another one than the department's list has")]
    SchoolName,
    /// The certificate's subject is not called as the person, or the school for its seal. Says no name.
    #[error("the certificate's subject is not called as the person of this account")]
    CertificateName,
    /// The school does not work on this year here yet.
    #[error("school year {0} is not open")]
    YearNotOpen(SchoolYear),
    /// The year is closed: lists stay as they are.
    #[error("school year {0} is closed")]
    YearClosed(SchoolYear),
    /// The year is not done: pupils without a record that is sealed.
    #[error("{unfinished} pupils of the year have no sealed record")]
    YearUnfinished {
        /// How many.
        unfinished: usize,
    },
    /// The school plans no such class.
    #[error("the school plans no class {0}")]
    UnknownClass(ClassName),
    /// Pupils of another school were rolled over into a class of this name.
    #[error("class {0} has pupils of another school: give the class another name")]
    ClassTaken(ClassName),
    /// What cannot be rolled over.
    #[error("rolling over: {0}")]
    RollOver(&'static str),
    /// What was brought is no evidence of revocation that could be kept.
    #[error(transparent)]
    Evidence(crate::evidence::Refusal),
    /// More at once than one transaction takes.
    #[error("{found} at once, at most {max} are taken")]
    TooMany {
        /// How many.
        found: usize,
        /// How many are taken.
        max: usize,
    },
    /// One of several that are taken together, or not at all.
    #[error("number {} of the list: {error}", .index + 1)]
    OneOfMany {
        /// Its place, from 0.
        index: usize,
        /// Why.
        error: Box<AppError>,
    },
    /// What is stored does not fit together any more. Restore it from a backup; `hocba fsck` says more.
    #[error("the record of number {number} is damaged: {what}")]
    Damaged {
        /// Number in the class list.
        number: u32,
        /// What does not fit.
        what: &'static str,
    },
    /// The record is not anchored yet, so there is nothing to hand out.
    #[error("the record is not anchored yet")]
    NotAnchored,
    /// The record lacks something a bundle needs.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// A time that lies in the past, or too far ahead.
    #[error("the time {0} is not possible here")]
    Time(&'static str),
    /// A login or certificate that is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// A grant that says what its role does not mean.
    #[error("the grant: {0}")]
    Grant(&'static str),
    /// The system gave no random bytes.
    #[error("the system's random generator does not answer")]
    NoRandomness,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl AppError {
    /// The same, of one thing in a list. What is not about that thing is left as it is.
    pub(crate) fn at(self, index: usize) -> Self {
        match self {
            AppError::Store(_) | AppError::NoRandomness => self,
            error => AppError::OneOfMany { index, error: Box::new(error) },
        }
    }
}

impl MayConflict for AppError {
    fn is_conflict(&self) -> bool {
        matches!(self, AppError::Store(error) if error.is_conflict())
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed { what } => AppError::Changed(what),
            StoreError::Exists { what } => AppError::Exists(what),
            other => AppError::Store(other),
        }
    }
}
