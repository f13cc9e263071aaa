//! The report: named checks in five groups, the verdict that follows from them, and what was looked at.

use std::collections::BTreeMap;

use hocba_record::{
    canonical::{CanonicalError, Json},
    encoding::{RecordId, Sha256Digest},
    payload::RecordKind,
    types::{ClassName, Grade, SchoolCode, SchoolYear, SectionName, Text, UnixTime},
};
use hocba_signature::{
    appointment::KeyStorage,
    certificate::{CertificateError, PathError},
    policy::PolicyError,
    revocation,
    statement::{Role, StatementError},
    status::ReasonClass,
    timestamp::TimeStampError,
};
use serde::{Deserialize, Serialize};

use crate::format::BundleError;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every mandatory check passed.
    Valid,
    /// Nothing failed, but something could not be checked.
    Inconclusive,
    /// Something failed.
    Invalid,
}

/// The sentence on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headline {
    /// Genuine and current.
    Valid,
    /// Genuine and current; an authority's final word that no key was reported lost is still to come.
    Provisional,
    /// Genuine, replaced by a newer version.
    Superseded,
    /// Genuine, withdrawn.
    Revoked,
    /// Saved again by another program; what it says still matches the signatures.
    Resaved,
    /// Not what was signed, or not signed by who may.
    Invalid,
    /// Could not be checked now.
    Inconclusive,
}

/// Groups of checks, in the order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Is it what was signed?
    Integrity,
    /// Do the signatures hold?
    Signatures,
    /// Had the signers the right?
    Authority,
    /// Is it in the public record?
    Anchor,
    /// Does it still stand?
    Status,
}

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $group:ident;)*) => {
        /// The checks. Names are stable; `docs/spec/verdict.md` says what each looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum CheckId {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }
        impl CheckId {
            /// All checks, in the order they are shown.
            pub const ALL: &'static [CheckId] = &[$(CheckId::$variant),*];
            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(CheckId::$variant => $name,)* }
            }
            /// The group.
            pub fn group(self) -> Group {
                match self { $(CheckId::$variant => Group::$group,)* }
            }
        }
    };
}
checks! {
    /// The file is a bundle within the limits.
    Format = "integrity.format", Integrity;
    /// Its bytes are the canonical ones.
    Canonical = "integrity.canonical", Integrity;
    /// The payload is a record's, of a form this build knows.
    Payload = "integrity.payload", Integrity;
    /// Every shown section is among what was signed.
    Disclosures = "integrity.disclosures", Integrity;
    /// Every shown section has the shape its form gives it.
    Sections = "integrity.sections", Integrity;
    /// What is shown agrees with the record's own list of sections.
    Manifest = "integrity.manifest", Integrity;
    /// The seed, if given, explains every digest.
    Seed = "integrity.seed", Integrity;
    /// The list of earlier years, if shown, agrees with the other records of the bundle.
    History = "integrity.history", Integrity;
    /// The records of one bundle are of one pupil.
    Pupil = "integrity.pupil", Integrity;
    /// Headers, types and countersignatures have the right form.
    Statement = "signatures.statement", Signatures;
    /// The signatures are exactly those of an accepted policy.
    Policy = "signatures.policy", Signatures;
    /// Every signature verifies.
    Verify = "signatures.verify", Signatures;
    /// Every role signed with a key of its own.
    Keys = "signatures.keys", Signatures;
    /// The trust profile is in force.
    Profile = "authority.profile", Authority;
    /// Every certificate leads to a recognised root at block time.
    Certificates = "authority.certificates", Authority;
    /// No certificate was revoked before it was used, as its authority said after the record was anchored.
    Revocation = "authority.revocation", Authority;
    /// Every signer was appointed to that role, school, class and year at block time.
    Appointments = "authority.appointments", Authority;
    /// Whoever issued the batch answers for the school.
    Issuer = "authority.issuer", Authority;
    /// No part of the bundle is unused.
    Unreferenced = "authority.unreferenced", Authority;
    /// The chain was asked, or a snapshot of it.
    Chain = "anchor.chain", Anchor;
    /// The record is in a batch whose root is on the chain.
    Inclusion = "anchor.inclusion", Anchor;
    /// A time-stamp authority saw the batch when the chain says that it was entered.
    TimeStamp = "anchor.time_stamp", Anchor;
    /// The whole status log was read, and is young enough.
    StatusLog = "status.log", Status;
    /// The record is neither revoked nor superseded.
    Current = "status.current", Status;
}

/// Whether a problem says "bad" or "could not check".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Checked and bad.
    Failed,
    /// Could not check.
    Unavailable,
}

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

/// Why a check was skipped: there was nothing to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The section it needs is withheld.
    Withheld,
    /// The bundle does not carry what it is about.
    NotCarried,
    /// An earlier check of the same record failed.
    NotReached,
    /// The profile has no rule on it.
    NotAsked,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Looked at and good.
    Passed,
    /// Looked at and bad.
    Failed(Vec<Problem>),
    /// Nothing to look at.
    Skipped(SkipReason),
    /// Could not be looked at.
    Unavailable(Vec<Problem>),
}

impl Outcome {
    /// Passed without problems; failed with any that says "bad"; else unavailable. A failure keeps every problem, so
    /// that a dead node never hides a forged signature.
    pub fn of(problems: Vec<Problem>) -> Self {
        if problems.is_empty() {
            Outcome::Passed
        } else if problems.iter().any(|p| p.severity() == Severity::Failed) {
            Outcome::Failed(problems)
        } else {
            Outcome::Unavailable(problems)
        }
    }

    /// The stable name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped(_) => "skipped",
            Outcome::Unavailable(_) => "unavailable",
        }
    }

    /// What is wrong or missing.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Outcome::Failed(problems) | Outcome::Unavailable(problems) => problems,
            Outcome::Passed | Outcome::Skipped(_) => &[],
        }
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// Of which record (0-based); `None` for checks of the whole bundle.
    pub record: Option<usize>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Where the chain facts came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactsSource {
    /// Nowhere.
    None,
    /// Asked now.
    Live,
    /// A snapshot taken earlier.
    Snapshot,
}

/// As of when the verdict holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsOf {
    /// Where the facts came from.
    pub source: FactsSource,
    /// Block looked at.
    pub block: Option<u64>,
    /// Its time.
    pub block_time: Option<UnixTime>,
    /// Age of the facts in seconds.
    pub age: Option<i64>,
    /// Whose word they are, where several operators were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// What each operator said about the chain when it was asked last, compared with the others. The verdict does not rest on
/// it: facts without agreement never get as far. It tells the reader of a report which node to mistrust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// How many operators have to say the same.
    pub needed: u8,
    /// What they said, in the order of the profile.
    pub operators: Vec<OperatorSaid>,
}

/// One operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorSaid {
    /// The operator, as in the profile.
    pub id: String,
    /// Its word.
    #[serde(flatten)]
    pub word: OperatorWord,
}

/// What an operator's word amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum OperatorWord {
    /// It says what is believed.
    Agrees,
    /// It is not as far as the block that was looked at.
    Behind {
        /// How far it is.
        block: u64,
    },
    /// It says something else about the same block: it lies, or is on a fork.
    Differs,
    /// Its answers contradict themselves.
    Inconsistent,
    /// It is on another chain, or knows no such contract.
    OtherChain,
    /// The contract has another code there.
    OtherCode,
    /// It gave no answer.
    Silent,
}

impl Agreement {
    /// How many say what is believed.
    pub fn agreeing(&self) -> usize {
        self.operators.iter().filter(|o| o.word == OperatorWord::Agrees).count()
    }
    /// Those who say something else, or nothing.
    pub fn others(&self) -> impl Iterator<Item = &OperatorSaid> {
        self.operators.iter().filter(|o| o.word != OperatorWord::Agrees)
    }
}

/// One signer as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// In which role.
    pub role: Role,
    /// Name as printed, from the appointment; the certificate's common name where there is none.
    pub name: String,
    /// Title as printed.
    pub title: Option<String>,
    /// When they say they signed.
    pub claimed_at: UnixTime,
    /// Where the key lives, as the appointer stated.
    pub key_storage: Option<KeyStorage>,
    /// SHA-256 of the certificate.
    pub certificate: Sha256Digest,
}

/// How much of a record is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ShownExtent {
    /// All of it.
    Whole,
    /// Not these.
    Partial {
        /// Names of withheld sections.
        withheld: Vec<SectionName>,
    },
    /// Cannot be told.
    Unknown,
}

/// What is known of the book's earlier years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Completeness {
    /// The list of earlier years is withheld.
    NotChecked,
    /// Every earlier year it names is in the bundle.
    Complete,
    /// So many earlier years it names are not in the bundle.
    Missing {
        /// Number.
        records: usize,
    },
}

/// A time-stamp as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownTimeStamp {
    /// The authority, as the profile calls it.
    pub authority: String,
    /// When it saw the batch, as it states.
    pub time: UnixTime,
}

/// One record as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// Identity.
    pub id: RecordId,
    /// Version.
    pub version: u32,
    /// Kind.
    pub kind: RecordKind,
    /// School code.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Class.
    pub class: ClassName,
    /// Form version; names the rule set, too.
    pub form: String,
    /// Block time of its anchor.
    pub anchored_at: Option<UnixTime>,
    /// The earliest time-stamp that bears it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stamp: Option<ShownTimeStamp>,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// How much is shown.
    pub extent: ShownExtent,
    /// Earlier years.
    pub completeness: Completeness,
    /// What is shown, by section name.
    pub sections: BTreeMap<SectionName, Json>,
}

/// The report of one verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// The sentence on top.
    pub headline: Headline,
    /// Whether example keys are believed: the verdict is worth nothing outside a demonstration.
    pub demo: bool,
    /// The profile's name as shown.
    pub profile: Text,
    /// Its identifier and number.
    pub profile_number: (String, u32),
    /// When this was verified, by the verifier's clock.
    pub verified_at: UnixTime,
    /// As of when the verdict holds.
    pub as_of: AsOf,
    /// If some authority's final word on revocations is still to come: until when this is valid without.
    pub provisional_until: Option<UnixTime>,
    /// The records.
    pub records: Vec<RecordSummary>,
    /// All checks, in the order of [`CheckId::ALL`] for the bundle, then for each record.
    pub checks: Vec<Check>,
}

/// The verdict algebra: any failed → invalid; else any unavailable → inconclusive; else valid.
pub fn verdict(checks: &[Check]) -> Verdict {
    checks
        .iter()
        .map(|check| match check.outcome {
            Outcome::Failed(_) => Verdict::Invalid,
            Outcome::Unavailable(_) => Verdict::Inconclusive,
            Outcome::Passed | Outcome::Skipped(_) => Verdict::Valid,
        })
        .max()
        .unwrap_or(Verdict::Inconclusive)
}

/// The sentence that goes with the checks.
pub fn headline(checks: &[Check]) -> Headline {
    let failed: Vec<&Check> = checks.iter().filter(|c| matches!(c.outcome, Outcome::Failed(_))).collect();
    let only = |id: CheckId| failed.iter().all(|c| c.id == id);
    match verdict(checks) {
        Verdict::Valid => Headline::Valid,
        Verdict::Inconclusive => Headline::Inconclusive,
        Verdict::Invalid if only(CheckId::Current) => {
            let revoked =
                failed.iter().flat_map(|c| c.outcome.problems()).any(|problem| matches!(problem, Problem::Revoked(_)));
            if revoked { Headline::Revoked } else { Headline::Superseded }
        }
        Verdict::Invalid if only(CheckId::Canonical) => Headline::Resaved,
        Verdict::Invalid => Headline::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: CheckId, problems: Vec<Problem>) -> Check {
        Check { id, record: None, outcome: Outcome::of(problems) }
    }

    #[test]
    fn a_failure_outweighs_what_could_not_be_checked() {
        let passed = check(CheckId::Format, vec![]);
        let unavailable = check(CheckId::Chain, vec![Problem::Chain(ChainProblem::Unreachable)]);
        let failed = check(CheckId::Verify, vec![Problem::SignatureInvalid { role: Role::Principal }]);
        assert_eq!(verdict(std::slice::from_ref(&passed)), Verdict::Valid);
        assert_eq!(verdict(&[passed.clone(), unavailable.clone()]), Verdict::Inconclusive);
        assert_eq!(verdict(&[unavailable, failed, passed]), Verdict::Invalid);
        assert_eq!(verdict(&[]), Verdict::Inconclusive, "nothing looked at is nothing proved");
    }

    #[test]
    fn one_check_with_both_kinds_of_problems_has_failed() {
        let both = vec![Problem::Chain(ChainProblem::NotAsked), Problem::IssuerNotEntitled];
        assert!(matches!(Outcome::of(both), Outcome::Failed(problems) if problems.len() == 2));
    }

    #[test]
    fn no_longer_current_is_its_own_headline_only_when_nothing_else_failed() {
        let note = StatusNote {
            at: UnixTime::from_seconds(0).expect("time"),
            live_version: 2,
            reason: Some(ReasonClass::Correction),
            by: None,
        };
        let superseded = check(CheckId::Current, vec![Problem::Superseded(note.clone())]);
        let revoked = check(CheckId::Current, vec![Problem::Revoked(note)]);
        let forged = check(CheckId::Verify, vec![Problem::SignatureInvalid { role: Role::Principal }]);
        assert_eq!(headline(std::slice::from_ref(&superseded)), Headline::Superseded);
        assert_eq!(headline(&[revoked]), Headline::Revoked);
        assert_eq!(headline(&[superseded, forged]), Headline::Invalid);
    }
}
