//! The report: named checks in five groups, the verdict that follows from them, and what was looked at.

mod problem;
mod shown;

use hocba_record::types::{Text, UnixTime};
use serde::{Deserialize, Serialize};

pub use problem::{AppointmentProblem, ChainProblem, Problem, StatusNote, TimeStampProblem};
pub use shown::{
    Agreement, AsOf, Completeness, FactsSource, OperatorSaid, OperatorWord, RecordSummary, ShownExtent, ShownTimeStamp,
    Signer,
};

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
    use hocba_signature::{statement::Role, status::ReasonClass};

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
