//! Time-stamps over batches: whether somebody besides the chain saw a record's batch when the chain says it was there.

use std::cell::OnceCell;

use hocba_signature::timestamp::TimeStampToken;

use crate::{
    format::{AnchorHint, BatchTimeStamp, Bundle},
    report::{CheckId, Problem, ShownTimeStamp, SkipReason, TimeStampProblem},
    time_stamp::{Stamped, judge},
    verify::{
        Checks, Context,
        authority::{Authority, Located},
    },
};

/// The time-stamps of a bundle; each is looked at once, whatever number of records it is about.
pub(super) struct TimeStamps<'a> {
    stamps: Vec<(&'a BatchTimeStamp, OnceCell<Result<Stamped, Problem>>)>,
    anchors: Vec<&'a AnchorHint>,
    context: Context<'a>,
}

impl<'a> TimeStamps<'a> {
    pub(super) fn new(bundle: &'a Bundle, context: &Context<'a>) -> Self {
        // Where nobody is believed, there is nothing to look at.
        let believed = context.profile.time_stamps().is_some_and(|rule| !rule.authorities.is_empty());
        let looked_at = if believed { bundle.authority.time_stamps.as_slice() } else { &[] };
        Self {
            stamps: looked_at.iter().map(|stamp| (stamp, OnceCell::new())).collect(),
            anchors: bundle.records.iter().map(|record| &record.anchor).collect(),
            context: *context,
        }
    }

    /// Makes the check for the record that is anchored there.
    pub(super) fn check(
        &self,
        anchor: &AnchorHint,
        located: Result<&Located, &Problem>,
        authority: &Authority<'_>,
        checks: &mut Checks<'_>,
    ) -> Option<ShownTimeStamp> {
        let Some(rule) = self.context.profile.time_stamps() else {
            checks.skip(CheckId::TimeStamp, SkipReason::NotAsked);
            return None;
        };
        let Ok(located) = located else {
            checks.skip(CheckId::TimeStamp, SkipReason::NotReached);
            return None;
        };
        let (mut problems, mut late, mut best) = (Vec::new(), None, None::<&Stamped>);
        for (stamp, looked_at) in self.stamps.iter().filter(|(stamp, _)| stamp.covers(anchor)) {
            match looked_at.get_or_init(|| self.look(stamp, authority)) {
                Err(problem) => problems.push(problem.clone()),
                Ok(stamped) => match stamped.bears_out(located.time) {
                    // Made for a record after this one, it says nothing of this one, and that is as it should be.
                    Err(problem) if self.is_nearest(stamp, anchor) => late = Some(Problem::TimeStamp(problem)),
                    Err(_) => {}
                    Ok(()) if best.is_none_or(|best| stamped.time() < best.time()) => best = Some(stamped),
                    Ok(()) => {}
                },
            }
        }
        // One of an earlier batch may be another record's. If it is no record's, it pretends to be this one's.
        let same_contract = |s: &BatchTimeStamp| s.chain == anchor.chain && s.contract == anchor.contract;
        if self.useless().any(same_contract) {
            problems.push(Problem::TimeStamp(TimeStampProblem::EarlierBatch));
        }
        if best.is_none() && problems.is_empty() {
            if let Some(late) = late {
                problems.push(late);
            } else if located.time < rule.from {
                checks.skip(CheckId::TimeStamp, SkipReason::NotAsked);
                return None;
            } else if rule.required {
                problems.push(Problem::TimeStamp(TimeStampProblem::Missing));
            } else {
                checks.skip(CheckId::TimeStamp, SkipReason::NotCarried);
                return None;
            }
        }
        let held = problems.is_empty();
        checks.put(CheckId::TimeStamp, problems);
        best.filter(|_| held).map(|s| ShownTimeStamp { authority: s.authority.clone(), time: s.time() })
    }

    /// Whether of the bundle's records, none is anchored later and still covered.
    fn is_nearest(&self, stamp: &BatchTimeStamp, anchor: &AnchorHint) -> bool {
        let covered = self.anchors.iter().filter(|anchor| stamp.covers(anchor));
        covered.map(|anchor| anchor.batch).max() == Some(anchor.batch)
    }

    /// Those that are about no record of the bundle.
    fn useless(&self) -> impl Iterator<Item = &BatchTimeStamp> {
        let covers = |stamp: &BatchTimeStamp| self.anchors.iter().any(|anchor| stamp.covers(anchor));
        self.stamps.iter().map(|(stamp, _)| *stamp).filter(move |stamp| !covers(stamp))
    }

    /// The same as parts that nothing used.
    pub(super) fn unreferenced(&self) -> Vec<Problem> {
        self.useless().map(|_| Problem::Unreferenced { part: "time-stamp" }).collect()
    }

    fn look(&self, stamp: &BatchTimeStamp, authority: &Authority<'_>) -> Result<Stamped, Problem> {
        let problem = |problem| Problem::TimeStamp(problem);
        let token = TimeStampToken::parse(&stamp.token.0).map_err(|e| problem(TimeStampProblem::Token(e)))?;
        let (facts, batch) = authority.batch(stamp.chain, &stamp.contract, stamp.batch)?;
        let digest = facts.batch_digest(stamp.batch).ok_or(Problem::NotReached)?;
        let Context { profile, now, .. } = self.context;
        judge(profile, &authority.signatures, &token, (digest, batch.time), now).map_err(problem)
    }
}
