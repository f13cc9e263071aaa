//! What a check may find.

use hocba_record::{
    canonical::CanonicalError,
    types::{SectionName, Text, UnixTime},
};
use hocba_signature::{
    certificate::{CertificateError, PathError},
    policy::PolicyError,
    revocation,
    statement::{Role, StatementError},
    status::ReasonClass,
    timestamp::TimeStampError,
};
use serde::Serialize;

use super::Severity;
use crate::format::BundleError;

/// Why the chain says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainProblem {
    /// Neither a chain nor a snapshot was given.
    NotAsked,
    /// No node answered.
    Unreachable,
    /// A node answered, but with lists that contradict themselves.
    Inconsistent,
    /// Not enough operators say the same.
    NoAgreement,
    /// What an era held when it was closed is not what the profile says.
    OtherClosing,
    /// Facts of an era that the profile names are not at hand.
    EraMissing,
    /// Facts of another chain or contract than the record's.
    OtherChain,
    /// The contract's code is not the pinned one.
    OtherCode,
    /// The facts are older than the record's batch.
    TooOldForBatch,
    /// A tree of an algorithm this build does not know.
    UnknownAlgorithm,
}

/// Why a signer had no right to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentProblem {
    /// Nobody appointed this certificate to anything.
    NotAppointed,
    /// Appointed, but to another role.
    WrongRole,
    /// At another school.
    WrongSchool,
    /// To another class.
    WrongClass,
    /// For another school year.
    WrongYear,
    /// The appointment's own form or signature does not hold.
    BadStatement,
    /// The appointment is not in the batch it points at.
    NotAnchored,
    /// Anchored only after the record.
    AnchoredTooLate,
    /// The interval does not contain the record's block time.
    OutsideInterval,
    /// Ended before the record was anchored.
    Ended,
    /// The key was in other hands when the record was anchored.
    Compromised {
        /// Since when, as whoever may end the appointment stated.
        since: UnixTime,
    },
    /// The appointment was ended because the key was in other hands, and since when is not known here.
    CompromiseUndated,
    /// Whoever appointed had no right to.
    AppointerNotEntitled,
    /// The department is not recognised for this school at that time.
    DepartmentNotRecognised,
    /// Appointments lead nowhere or in a circle.
    TooDeep,
    /// Cannot be told without the chain.
    Unknown,
}

/// Why no time-stamp bears out the time of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStampProblem {
    /// The profile asks for one, and none is in the bundle.
    Missing,
    /// The bundle has one of a batch before the record's, which says nothing of the record.
    EarlierBatch,
    /// It does not hold.
    Token(TimeStampError),
    /// The authority made it under a policy that the profile does not accept of it.
    Policy,
    /// The authority's root no longer counted at the time it states.
    RootCutOff {
        /// From this time on.
        at: UnixTime,
    },
    /// It states a time before the block time that is part of what was stamped: one of both clocks is wrong.
    Early {
        /// As stated.
        time: UnixTime,
    },
    /// It was made so long after the entry that it says nothing of the block time.
    Late {
        /// As stated.
        time: UnixTime,
    },
    /// It states a time that has not come.
    FromFuture,
}

impl TimeStampProblem {
    /// The stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            TimeStampProblem::Missing => "time_stamp.missing",
            TimeStampProblem::EarlierBatch => "time_stamp.earlier_batch",
            TimeStampProblem::Policy => "time_stamp.policy",
            TimeStampProblem::RootCutOff { .. } => "time_stamp.root_cut_off",
            TimeStampProblem::Early { .. } => "time_stamp.early",
            TimeStampProblem::Late { .. } => "time_stamp.late",
            TimeStampProblem::FromFuture => "time_stamp.from_future",
            TimeStampProblem::Token(error) => match error {
                TimeStampError::TooLarge => "time_stamp.too_large",
                TimeStampError::TooManyCertificates => "time_stamp.too_many_certificates",
                TimeStampError::Malformed => "time_stamp.malformed",
                TimeStampError::NotATimeStamp => "time_stamp.not_a_time_stamp",
                TimeStampError::Signers => "time_stamp.signers",
                TimeStampError::UnsupportedAlgorithm => "time_stamp.unsupported_algorithm",
                TimeStampError::ImprintAlgorithm => "time_stamp.imprint_algorithm",
                TimeStampError::UnknownCritical => "time_stamp.unknown_critical",
                TimeStampError::ContentType => "time_stamp.content_type",
                TimeStampError::MessageDigest => "time_stamp.message_digest",
                TimeStampError::NoSigningCertificate => "time_stamp.no_signing_certificate",
                TimeStampError::NoCertificate => "time_stamp.no_certificate",
                TimeStampError::OtherCertificate => "time_stamp.other_certificate",
                TimeStampError::Signature => "time_stamp.signature",
                TimeStampError::Usage => "time_stamp.usage",
                TimeStampError::OtherName => "time_stamp.other_name",
                TimeStampError::OtherDigest => "time_stamp.other_digest",
                TimeStampError::Path(PathError::UnknownIssuer) => "time_stamp.unknown_authority",
                TimeStampError::Path(PathError::OutsideValidity) => "time_stamp.outside_validity",
                TimeStampError::Path(_) => "time_stamp.path",
            },
        }
    }

    const fn severity(self) -> Severity {
        match self {
            // Whoever hands a bundle out can leave a token out, too: both weigh the same.
            TimeStampProblem::Missing | TimeStampProblem::Late { .. } | TimeStampProblem::FromFuture => {
                Severity::Unavailable
            }
            _ => Severity::Failed,
        }
    }
}

/// One thing that is wrong or could not be checked. Holds places, roles and codes; the only text of the record is the
/// subject's printed name, for the person who reads the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not a bundle.
    Unreadable(BundleError),
    /// Saved again.
    Resaved {
        /// First byte that differs.
        offset: usize,
    },
    /// Two records of the bundle have the same identity, or their order is wrong.
    RecordOrder,
    /// Not a record's payload.
    Payload(CanonicalError),
    /// The payload contradicts itself or its form.
    PayloadContent(String),
    /// A form this build does not know.
    UnknownForm,
    /// A section was changed after signing, or never belonged to the record.
    SectionChanged {
        /// The section.
        section: SectionName,
        /// Its printed name, for a subject.
        subject: Option<Text>,
    },
    /// A section twice or out of order.
    SectionOrder {
        /// The section.
        section: SectionName,
    },
    /// A section is not of its form's shape.
    SectionShape {
        /// The section.
        section: SectionName,
    },
    /// A shown section is not in the record's list.
    ManifestDisagrees {
        /// The section.
        section: SectionName,
    },
    /// A record taken over from paper without the section that says by whom, or one that was not with it.
    ConversionDisagrees,
    /// A seed beside a record that is not shown whole.
    SeedBesidePart,
    /// The seed does not explain every digest.
    SeedDisagrees,
    /// The bundle's record is not the one the history names.
    HistoryDisagrees,
    /// Nothing shown ties this record to the one before it: they may be of two pupils.
    PupilsNotTied {
        /// The later of the two (0-based).
        record: usize,
    },
    /// A check the profile makes mandatory could not be made on what is shown.
    MandatoryNotShown,
    /// The statement's form.
    Statement(StatementError),
    /// The signature set is not the policy's.
    Policy(PolicyError),
    /// The profile does not accept the policy the record names.
    PolicyNotAccepted,
    /// The policy was not accepted at the record's block time.
    PolicyOutsideInterval,
    /// The signer's certificate is not in the bundle.
    CertificateMissing {
        /// Whose.
        role: Role,
    },
    /// A certificate of the bundle cannot be used.
    CertificateUnusable(CertificateError),
    /// A signature does not verify.
    SignatureInvalid {
        /// Whose.
        role: Role,
    },
    /// Two roles signed with one key.
    SharedKey {
        /// The later one.
        role: Role,
    },
    /// The profile has expired.
    ProfileExpired {
        /// When.
        at: UnixTime,
    },
    /// The profile is from the future.
    ProfileNotYet,
    /// No path.
    Path {
        /// Whose certificate.
        role: Role,
        /// Why.
        error: PathError,
    },
    /// The certificate, or an authority's above it, no longer counted when the record was anchored.
    CertificateRevoked {
        /// Whose.
        role: Role,
        /// From this block time on.
        at: UnixTime,
        /// Why, as the authority states it.
        reason: revocation::Reason,
        /// Whether it is the certificate of an authority on the path.
        authority: bool,
    },
    /// No final word of the authority, and the time for provisional verdicts is over.
    RevocationUnknown {
        /// Whose certificate.
        role: Role,
    },
    /// The pinned root no longer counted when the record was anchored.
    RootCutOff {
        /// Whose certificate.
        role: Role,
        /// From this block time on.
        at: UnixTime,
    },
    /// No right.
    Appointment {
        /// Whose right.
        role: Role,
        /// Why.
        problem: AppointmentProblem,
    },
    /// The batch's issuer does not answer for the school.
    IssuerNotEntitled,
    /// A part that nothing uses.
    Unreferenced {
        /// `certificate`, `appointment`, `revocation answer` or `time-stamp`.
        part: &'static str,
    },
    /// The bundle points at a chain or contract that the profile does not recognise.
    ForeignChain,
    /// The batch is outside the era the profile recognises.
    OutsideEra,
    /// Not in the batch it points at.
    NotIncluded(hocba_merkle::InclusionError),
    /// No time-stamp bears out the time of the batch.
    TimeStamp(TimeStampProblem),
    /// The chain says nothing.
    Chain(ChainProblem),
    /// The snapshot was taken without statuses.
    NoStatusLog,
    /// The snapshot is older than the profile accepts.
    SnapshotTooOld {
        /// Its age in seconds.
        age: i64,
        /// Accepted age in seconds.
        accepted: u32,
    },
    /// The snapshot is from the future.
    SnapshotFromFuture,
    /// Revoked.
    Revoked(StatusNote),
    /// Superseded.
    Superseded(StatusNote),
    /// What depends on this could not be told because an earlier check failed.
    NotReached,
}

/// What is known of a change of status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusNote {
    /// Block time of the change.
    pub at: UnixTime,
    /// Lowest live version since.
    pub live_version: u32,
    /// Reason class, if this build knows the number.
    pub reason: Option<ReasonClass>,
    /// Who signed the statement behind it; `None` if unattributed.
    pub by: Option<Role>,
}

impl Problem {
    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::Unreadable(_) => "file.unreadable",
            Problem::Resaved { .. } => "file.resaved",
            Problem::RecordOrder => "file.record_order",
            Problem::Payload(_) => "payload.unreadable",
            Problem::PayloadContent(_) => "payload.content",
            Problem::UnknownForm => "payload.unknown_form",
            Problem::SectionChanged { .. } => "section.changed",
            Problem::SectionOrder { .. } => "section.order",
            Problem::SectionShape { .. } => "section.shape",
            Problem::ManifestDisagrees { .. } => "manifest.disagrees",
            Problem::ConversionDisagrees => "conversion.disagrees",
            Problem::SeedBesidePart => "seed.beside_part",
            Problem::SeedDisagrees => "seed.disagrees",
            Problem::HistoryDisagrees => "history.disagrees",
            Problem::PupilsNotTied { .. } => "pupil.not_tied",
            Problem::MandatoryNotShown => "mandatory.not_shown",
            Problem::Statement(StatementError::Limit(_)) => "statement.limit",
            Problem::Statement(StatementError::Header { .. }) => "statement.header",
            Problem::Statement(StatementError::Type { .. }) => "statement.type",
            Problem::Statement(StatementError::Prev { .. }) => "statement.prev",
            Problem::Statement(StatementError::List { .. }) => "statement.list",
            Problem::Statement(
                StatementError::NoEntry { .. } | StatementError::Algorithm { .. } | StatementError::Signature { .. },
            ) => "statement.signature",
            Problem::Policy(PolicyError::Count { .. }) => "policy.count",
            Problem::Policy(PolicyError::Role { .. }) => "policy.role",
            Problem::Policy(PolicyError::Mode { .. }) => "policy.mode",
            Problem::Policy(PolicyError::SameCertificate { .. }) => "policy.same_certificate",
            Problem::Policy(PolicyError::Kind) => "policy.kind",
            Problem::PolicyNotAccepted => "policy.not_accepted",
            Problem::PolicyOutsideInterval => "policy.outside_interval",
            Problem::CertificateMissing { .. } => "certificate.missing",
            Problem::CertificateUnusable(_) => "certificate.unusable",
            Problem::SignatureInvalid { .. } => "signature.invalid",
            Problem::SharedKey { .. } => "signature.shared_key",
            Problem::ProfileExpired { .. } => "profile.expired",
            Problem::ProfileNotYet => "profile.not_yet",
            Problem::Path { error, .. } => match error {
                PathError::UnknownIssuer => "path.unknown_issuer",
                PathError::OutsideValidity => "path.outside_validity",
                PathError::Signature => "path.signature",
                PathError::TooComplex => "path.too_complex",
                PathError::Usage => "path.usage",
                PathError::Constraint => "path.constraint",
                PathError::Policy => "path.policy",
            },
            Problem::CertificateRevoked { authority: false, .. } => "certificate.revoked",
            Problem::CertificateRevoked { authority: true, .. } => "certificate.authority_revoked",
            Problem::RevocationUnknown { .. } => "certificate.revocation_unknown",
            Problem::RootCutOff { .. } => "path.root_cut_off",
            Problem::Appointment { problem, .. } => match problem {
                AppointmentProblem::NotAppointed => "appointment.none",
                AppointmentProblem::WrongRole => "appointment.role",
                AppointmentProblem::WrongSchool => "appointment.school",
                AppointmentProblem::WrongClass => "appointment.class",
                AppointmentProblem::WrongYear => "appointment.year",
                AppointmentProblem::BadStatement => "appointment.signature",
                AppointmentProblem::NotAnchored => "appointment.not_anchored",
                AppointmentProblem::AnchoredTooLate => "appointment.too_late",
                AppointmentProblem::OutsideInterval => "appointment.interval",
                AppointmentProblem::Ended => "appointment.ended",
                AppointmentProblem::Compromised { .. } => "appointment.compromised",
                AppointmentProblem::CompromiseUndated => "appointment.compromise_undated",
                AppointmentProblem::AppointerNotEntitled => "appointment.appointer",
                AppointmentProblem::DepartmentNotRecognised => "appointment.department",
                AppointmentProblem::TooDeep => "appointment.depth",
                AppointmentProblem::Unknown => "appointment.unknown",
            },
            Problem::IssuerNotEntitled => "issuer.not_entitled",
            Problem::Unreferenced { .. } => "part.unreferenced",
            Problem::ForeignChain => "anchor.foreign_chain",
            Problem::OutsideEra => "anchor.outside_era",
            Problem::NotIncluded(_) => "anchor.not_included",
            Problem::TimeStamp(problem) => problem.code(),
            Problem::Chain(problem) => match problem {
                ChainProblem::NotAsked => "chain.not_asked",
                ChainProblem::Unreachable => "chain.unreachable",
                ChainProblem::Inconsistent => "chain.inconsistent",
                ChainProblem::NoAgreement => "chain.no_agreement",
                ChainProblem::OtherClosing => "chain.other_closing",
                ChainProblem::EraMissing => "chain.era_missing",
                ChainProblem::OtherChain => "chain.other",
                ChainProblem::OtherCode => "chain.other_code",
                ChainProblem::TooOldForBatch => "chain.too_old_for_batch",
                ChainProblem::UnknownAlgorithm => "chain.unknown_algorithm",
            },
            Problem::NoStatusLog => "status.no_log",
            Problem::SnapshotTooOld { .. } => "snapshot.too_old",
            Problem::SnapshotFromFuture => "snapshot.from_future",
            Problem::Revoked(_) => "status.revoked",
            Problem::Superseded(_) => "status.superseded",
            Problem::NotReached => "not_reached",
        }
    }

    /// Whether this says "bad" or "could not check".
    pub fn severity(&self) -> Severity {
        match self {
            Problem::TimeStamp(problem) => problem.severity(),
            Problem::UnknownForm
            | Problem::ProfileExpired { .. }
            | Problem::ProfileNotYet
            | Problem::Chain(_)
            | Problem::NoStatusLog
            | Problem::SnapshotTooOld { .. }
            | Problem::SnapshotFromFuture
            | Problem::NotReached
            | Problem::RevocationUnknown { .. }
            | Problem::Appointment {
                problem: AppointmentProblem::Unknown | AppointmentProblem::CompromiseUndated,
                ..
            } => Severity::Unavailable,
            _ => Severity::Failed,
        }
    }
}
