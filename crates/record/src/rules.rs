//! Rule sets: what the marks and comments of a year amount to.
//!
//! A record names the rule set it was made under ([`crate::form::RuleSet`]); [`sections`] applies the one of the class's
//! grade and year. Rules are applied once, when a draft becomes sections. **A signed record is never computed again to
//! decide whether it is valid**: public implementations of the same circular disagree about rounding and about Art. 9.3
//! (`domain.md` §1.3), so a recomputation that comes out otherwise says something about the two programs and nothing about
//! the record. What the school signed, stands.
//!
//! | rule set | module | results |
//! |---|---|---|
//! | TT 22/2021 | [`tt22`] | study, conduct |
//! | TT 27/2020 | [`tt27`] | qualities, competences, the year's result |
//! | TT 58/2011, and with TT 26/2020 | [`tt58`] | học lực, hạnh kiểm |
//! | TT 30/2014 | [`tt30`] | as stated; for years taken over from paper |
//!
//! **Pupils with a disability on a plan of their own** ([`Draft::plan`]): subjects may be unassessed, results that then
//! cannot be computed have no section, and promotion is the decision the source states. Every rule set says which.
//!
//! **Another programme** (continuing education, GDTX) is a rule set of its own: a variant of [`RuleSet`] with its
//! identifier, forms for its levels, subjects of its [`crate::form::Programme`] in the catalogue, and a module here with
//! `Policy`, `evaluate` and `sections`, which [`sections`] and [`check::check`] then name in their `match`. Programmes that differ
//! from TT 22 in the number of scored subjects only need no module: [`tt22::Policy::minimum_subjects`].

use serde::{Deserialize, Serialize};

use crate::{
    check::{self, Finding, IdentityPolicy, Severity},
    draft::{ClassHeader, Draft},
    form::RuleSet,
    section::{Section, SubjectResult},
    types::SubjectCode,
};

pub(crate) mod attainment;
pub mod average;
pub(crate) mod common;
mod stated;
pub mod tt22;
pub mod tt27;
pub mod tt30;
pub mod tt58;

pub use attainment::Listed;

/// What the circulars leave open, decided: versioned configuration of a department.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// For TT 22/2021.
    pub tt22: tt22::Policy,
    /// For TT 27/2020.
    pub tt27: tt27::Policy,
    /// For TT 58/2011, also as amended by TT 26/2020.
    pub tt58: tt58::Policy,
    /// For TT 30/2014.
    pub tt30: tt30::Policy,
    /// For what is checked of a pupil's identity, whatever the rule set.
    pub identity: IdentityPolicy,
}

/// One subject's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectOutcome {
    /// The subject.
    pub code: SubjectCode,
    /// Its result.
    pub result: SubjectResult,
}

/// The sections of a draft without an error, in the order of the form. Manifest and history are added where the record is
/// put together.
///
/// # Errors
/// Every error of [`check::check`], so that nothing is signed that a check would have stopped.
pub fn sections(header: &ClassHeader, draft: &Draft, policies: &Policies) -> Result<Vec<Section>, Vec<Finding>> {
    let mut errors = check::check(header, draft, policies);
    errors.retain(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(errors);
    }
    match header.form().rules {
        RuleSet::Tt22 => tt22::sections(header, draft, &policies.tt22),
        RuleSet::Tt27 => tt27::sections(header, draft, &policies.tt27),
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => tt58::sections(header, draft, &policies.tt58),
        RuleSet::Tt30 => tt30::sections(header, draft, &policies.tt30),
    }
}

/// The sections of a year that is taken over from paper: what the paper states stands, and only what it does not state is
/// computed.
///
/// # Errors
/// As for [`sections`].
pub fn stated(header: &ClassHeader, draft: &Draft, policies: &Policies) -> Result<Vec<Section>, Vec<Finding>> {
    Ok(stated::as_stated(draft, sections(header, draft, policies)?))
}

#[cfg(test)]
mod tests;
