//! The verifier: a bundle, a trust profile, what the chain says and the time go in; a report comes out.
//!
//! No step believes a later one: bytes before meaning, signatures before rights, rights only at block time. A step
//! that cannot be made because an earlier one failed says so; a step that needs the chain and has none is
//! `unavailable` and never hides what failed without it.

mod authority;
mod record;
pub(crate) mod revocation;
mod time_stamp;

use std::collections::BTreeSet;

use hocba_record::types::UnixTime;

use crate::{
    facts::CheckedFacts,
    format::{Bundle, BundleError, ReadBundle},
    profile::{Era, OpenProfile},
    report::{
        AsOf, ChainProblem, Check, CheckId, FactsSource, Headline, Outcome, Problem, RecordSummary, Report, SkipReason,
        headline, verdict,
    },
    snapshot::{OpenSnapshot, StatusEvidence},
};
use authority::Authority;
use time_stamp::TimeStamps;

/// What the verifier knows of the chain.
#[derive(Debug, Clone, Copy)]
pub enum ChainView<'a> {
    /// Nothing, and why.
    Unavailable(ChainProblem),
    /// Asked now.
    Live {
        /// What the chain said.
        facts: &'a CheckedFacts,
        /// Statements behind statuses, from anywhere.
        statuses: &'a StatusEvidence,
    },
    /// A snapshot taken earlier.
    Snapshot(&'a OpenSnapshot),
}

impl<'a> ChainView<'a> {
    pub(crate) fn facts(&self) -> Option<&'a CheckedFacts> {
        match self {
            ChainView::Unavailable(_) => None,
            ChainView::Live { facts, .. } => Some(facts),
            ChainView::Snapshot(snapshot) => Some(&snapshot.facts),
        }
    }
    pub(crate) fn statuses(&self) -> Option<&'a StatusEvidence> {
        match self {
            ChainView::Unavailable(_) => None,
            ChainView::Live { statuses, .. } => Some(statuses),
            ChainView::Snapshot(snapshot) => Some(&snapshot.statuses),
        }
    }
}

/// What a verification depends on besides the bundle.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Whom the verifier believes.
    pub profile: &'a OpenProfile,
    /// What it knows of the chain.
    pub chain: ChainView<'a>,
    /// Its clock.
    pub now: UnixTime,
}

/// Verifies a bundle file.
///
/// Never fails and never panics: bytes that are no bundle give a report that says so.
///
/// ```
/// # // A whole story (keys, signatures, batch, chain facts) is in tests/tests/story.rs; here, the shape of the answer.
/// use hocba_bundle::format::{Bundle, BundleError};
/// let refused = Bundle::read(b"{\"hocba\":\"bundle-1\"").unwrap_err();
/// assert!(matches!(refused, BundleError::Unreadable(_)));
/// ```
pub fn verify(bytes: &[u8], context: &Context<'_>) -> Report {
    match Bundle::read(bytes) {
        Ok(read) => verify_read(&read, context),
        Err(error) => unreadable(error, context),
    }
}

fn unreadable(error: BundleError, context: &Context<'_>) -> Report {
    let mut checks =
        vec![Check { id: CheckId::Format, record: None, outcome: Outcome::Failed(vec![Problem::Unreadable(error)]) }];
    checks.extend(CheckId::ALL.iter().skip(1).map(|id| Check {
        id: *id,
        record: None,
        outcome: Outcome::Skipped(SkipReason::NotReached),
    }));
    report(checks, Vec::new(), None, context)
}

fn verify_read(read: &ReadBundle, context: &Context<'_>) -> Report {
    let bundle = &read.bundle;
    let authority = Authority::new(&bundle.authority, context);
    let time_stamps = TimeStamps::new(bundle, context);
    let mut whole = Checks::new(None, context);
    whole.put(CheckId::Format, Vec::new());
    whole.put(CheckId::Canonical, read.resaved_at.map(|offset| Problem::Resaved { offset }).into_iter().collect());
    whole.put(CheckId::Profile, profile_problems(context));
    whole.put(CheckId::Chain, chain_problems(context));
    whole.put(CheckId::StatusLog, status_log_problems(context));

    let mut all = Vec::new();
    let mut summaries: Vec<RecordSummary> = Vec::new();
    for (index, part) in bundle.records.iter().enumerate() {
        let mut checks = Checks::new(Some(index), context);
        let (summary, digest) = record::verify_record(part, &authority, &time_stamps, context, &mut checks);
        if let (Some(summary), Some(_)) = (summary, digest) {
            summaries.push(summary);
        }
        all.extend(checks.done);
    }
    record::compare_records(bundle, &mut summaries, &mut all, context);
    if bundle.records.len() > 1 {
        whole.put(CheckId::Pupil, record::pupils_tied(&summaries));
    } else {
        whole.skip(CheckId::Pupil, SkipReason::NotCarried);
    }
    if !records_in_order(&summaries) {
        whole.put(CheckId::Format, vec![Problem::RecordOrder]);
    }
    // Only now is it known which parts were of use. A part may have gone unused because an earlier step failed or
    // could not be made; that step then says so, and the verdict is not valid anyway.
    let all_passed =
        all.iter().all(|check: &Check| !matches!(check.outcome, Outcome::Failed(_) | Outcome::Unavailable(_)));
    if all_passed {
        whole.put(CheckId::Unreferenced, authority.unreferenced());
        whole.put(CheckId::Unreferenced, time_stamps.unreferenced());
    } else {
        whole.skip(CheckId::Unreferenced, SkipReason::NotReached);
    }
    whole.done.extend(all);
    report(whole.done, summaries, authority.findings.provisional_until.get(), context)
}

/// Ascending by school year, no record twice.
fn records_in_order(summaries: &[RecordSummary]) -> bool {
    let ids: BTreeSet<_> = summaries.iter().map(|s| s.id).collect();
    ids.len() == summaries.len() && summaries.is_sorted_by_key(|s| s.year)
}

fn report(
    checks: Vec<Check>,
    records: Vec<RecordSummary>,
    provisional_until: Option<UnixTime>,
    context: &Context<'_>,
) -> Report {
    let profile = context.profile.profile();
    let headline = match headline(&checks) {
        Headline::Valid if provisional_until.is_some() => Headline::Provisional,
        headline => headline,
    };
    Report {
        verdict: verdict(&checks),
        headline,
        demo: context.profile.is_demo(),
        profile: profile.name.clone(),
        profile_number: (profile.id.clone(), profile.number),
        verified_at: context.now,
        as_of: as_of(context),
        provisional_until,
        records,
        checks,
    }
}

fn as_of(context: &Context<'_>) -> AsOf {
    let (source, age) = match context.chain {
        ChainView::Unavailable(_) => (FactsSource::None, None),
        ChainView::Live { .. } => (FactsSource::Live, Some(0)),
        ChainView::Snapshot(s) => (FactsSource::Snapshot, Some(context.now.seconds() - s.taken_at.seconds())),
    };
    let facts = context.chain.facts().map(CheckedFacts::facts);
    AsOf { source, block: facts.map(|f| f.block), block_time: facts.map(|f| f.block_time), age, agreement: None }
}

fn profile_problems(context: &Context<'_>) -> Vec<Problem> {
    let profile = context.profile.profile();
    if context.now >= profile.expires {
        vec![Problem::ProfileExpired { at: profile.expires }]
    } else if context.now < profile.issued {
        vec![Problem::ProfileNotYet]
    } else {
        Vec::new()
    }
}

fn chain_problems(context: &Context<'_>) -> Vec<Problem> {
    let mut problems = match context.chain {
        ChainView::Unavailable(problem) => vec![Problem::Chain(problem)],
        ChainView::Live { .. } => Vec::new(),
        ChainView::Snapshot(snapshot) => {
            let age = context.now.seconds() - snapshot.taken_at.seconds();
            let accepted = context.profile.profile().accepted_age;
            let facts = snapshot.facts.facts();
            if age < 0 || facts.block_time.seconds() > context.now.seconds() {
                vec![Problem::SnapshotFromFuture]
            } else if age > i64::from(accepted) {
                vec![Problem::SnapshotTooOld { age, accepted }]
            } else {
                Vec::new()
            }
        }
    };
    problems.extend(context.chain.facts().and_then(|facts| era_problem(context, facts)).map(Problem::Chain));
    problems
}

/// Whether what is known of each era is what the profile says of it: a closed one holds exactly what it held when it was
/// closed, and each later one grew from the one before.
fn era_problem(context: &Context<'_>, facts: &CheckedFacts) -> Option<ChainProblem> {
    let mut before: Option<&Era> = None;
    for era in &context.profile.profile().eras {
        if let Some(known) = facts.of(era.chain, &era.contract) {
            if era.closing.is_some() && known.closing_digest() != era.closing {
                return Some(ChainProblem::OtherClosing);
            }
            if let Some(closing) = before.and_then(|before| before.closing.as_ref())
                && known.facts().predecessor.as_ref() != Some(closing)
            {
                return Some(ChainProblem::OtherClosing);
            }
        }
        before = Some(era);
    }
    None
}

fn status_log_problems(context: &Context<'_>) -> Vec<Problem> {
    match context.chain.facts() {
        // A status may stand in any era, so one that is not at hand may hide one.
        Some(facts) if context.profile.profile().eras.iter().any(|e| facts.of(e.chain, &e.contract).is_none()) => {
            vec![Problem::Chain(ChainProblem::EraMissing)]
        }
        Some(facts) if facts.has_statuses() => Vec::new(),
        Some(_) => vec![Problem::NoStatusLog],
        None => match context.chain {
            ChainView::Unavailable(problem) => vec![Problem::Chain(problem)],
            _ => vec![Problem::NoStatusLog],
        },
    }
}

/// The checks of one record, or of the whole bundle, as they are made.
pub(crate) struct Checks<'a> {
    record: Option<usize>,
    mandatory: &'a [CheckId],
    done: Vec<Check>,
}

impl<'a> Checks<'a> {
    fn new(record: Option<usize>, context: &Context<'a>) -> Self {
        Self { record, mandatory: &context.profile.profile().mandatory, done: Vec::new() }
    }

    /// Records a check; a later word on the same check adds its problems to the earlier ones.
    pub(crate) fn put(&mut self, id: CheckId, problems: Vec<Problem>) {
        match self.done.iter_mut().find(|check| check.id == id) {
            Some(check) => {
                let mut all = check.outcome.problems().to_vec();
                all.extend(problems);
                check.outcome = Outcome::of(all);
            }
            None => self.done.push(Check { id, record: self.record, outcome: Outcome::of(problems) }),
        }
    }

    /// Records that there was nothing to check. A check that the profile makes mandatory is never skipped.
    pub(crate) fn skip(&mut self, id: CheckId, reason: SkipReason) {
        let outcome = if self.mandatory.contains(&id) && reason != SkipReason::NotReached {
            Outcome::Failed(vec![Problem::MandatoryNotShown])
        } else {
            Outcome::Skipped(reason)
        };
        self.done.push(Check { id, record: self.record, outcome });
    }
}
