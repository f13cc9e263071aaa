//! Why a use case did not do what it was asked.

use hocba_bundle::assemble::AssembleError;
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode},
};
use hocba_signature::statement::Role;
use hocba_store::{MayConflict, StoreError, model::RecordState};
use hocba_workbook::Finding;

use crate::policy::Action;

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
    /// The signer holds no appointment to this role for this school, class and year now.
    #[error("the signer is not appointed as {role} here now")]
    NotAppointed {
        /// Role.
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
    /// The system gave no random bytes.
    #[error("the system's random generator does not answer")]
    NoRandomness,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
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
