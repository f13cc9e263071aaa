//! Where chain facts come from: a snapshot, a node the user named, or the operators of the profile.

use std::path::PathBuf;

use hocba_bundle::{
    facts::CheckedFacts,
    profile::{Era, OpenProfile, TrustProfile},
    report::{Agreement, ChainProblem},
    snapshot::{MAX_SNAPSHOT_BYTES, OpenSnapshot, StatusEvidence},
    verify::ChainView,
};
use hocba_chain::{Deployment, Finality, Operators};
use tokio::runtime::Runtime;

use super::{VerifyArgs, bad_input};
use crate::{
    edge::read_input,
    ledger::{self, Node},
};

/// What was found, kept so that many files cost one look.
pub struct Sources {
    snapshot: Option<OpenSnapshot>,
    asking: Option<Asking>,
    eras: Vec<Era>,
    kept: Vec<(PathBuf, Vec<u8>)>,
    found: Option<Found>,
    statuses: StatusEvidence,
}

/// Whom to ask.
struct Asking {
    runtime: Runtime,
    operators: Vec<(String, Vec<String>)>,
    quorum: u8,
}

/// What asking gave.
struct Found {
    facts: Result<CheckedFacts, ChainProblem>,
    agreement: Option<Agreement>,
}

/// What a bundle is verified against.
pub struct View<'a> {
    sources: &'a Sources,
}

impl View<'_> {
    /// As the verifier takes it.
    pub fn chain(&self) -> ChainView<'_> {
        if let Some(snapshot) = &self.sources.snapshot {
            return ChainView::Snapshot(snapshot);
        }
        match self.sources.found.as_ref().map(|found| &found.facts) {
            Some(Ok(facts)) => ChainView::Live { facts, statuses: &self.sources.statuses },
            Some(Err(problem)) => ChainView::Unavailable(*problem),
            None => ChainView::Unavailable(ChainProblem::NotAsked),
        }
    }

    /// Whose word that is, where several operators were asked.
    pub fn agreement(&self) -> Option<Agreement> {
        self.sources.found.as_ref()?.agreement.clone()
    }
}

impl Sources {
    /// Opens the snapshot, or notes whom to ask.
    pub fn new(args: &VerifyArgs, profile: &OpenProfile) -> anyhow::Result<Self> {
        let snapshot = match &args.snapshot {
            Some(path) => {
                let bytes = read_input(path, MAX_SNAPSHOT_BYTES)?;
                let name = path.display();
                Some(OpenSnapshot::open(&bytes).map_err(|e| {
                    bad_input(
                        "snapshot",
                        format!("{name} không dùng được làm bản chụp sổ chung: {e}"),
                        format!("{name} cannot be used as a snapshot: {e}"),
                    )
                })?)
            }
            None => None,
        };
        let profile = profile.profile();
        let asking = match (&snapshot, args.offline, &args.rpc) {
            (Some(_), _, _) | (_, true, _) => None,
            (None, false, Some(url)) => {
                ledger::http(url)?;
                let operators = vec![("--rpc".to_owned(), vec![url.clone()])];
                Some(Asking { runtime: ledger::runtime()?, operators, quorum: 1 })
            }
            (None, false, None) => Some(Asking {
                runtime: ledger::runtime()?,
                operators: operators(profile),
                quorum: profile.quorum.max(1),
            }),
        };
        let mut kept = Vec::new();
        for path in &args.era {
            let bytes = read_input(path, MAX_SNAPSHOT_BYTES)?;
            let name = path.display();
            let fits = |era: &Era| ledger::of_era(&bytes, era, &name.to_string()).is_ok();
            // Passed over in silence, it would leave the user in the belief that it was looked at.
            if !profile.eras.iter().any(fits) {
                return Err(bad_input(
                    "era",
                    format!("{name} không phải sổ chung đã khoá nào mà danh sách nơi cấp ghi"),
                    format!("{name} is no closed era of the trust profile"),
                )
                .into());
            }
            kept.push((path.clone(), bytes));
        }
        let statuses = StatusEvidence::default();
        Ok(Self { snapshot, asking, eras: profile.eras.clone(), kept, found: None, statuses })
    }

    /// What bundles are verified against; asked once.
    pub fn view(&mut self) -> anyhow::Result<View<'_>> {
        if let (None, Some(asking)) = (&self.found, &self.asking) {
            self.found = Some(self.ask(asking)?);
        }
        Ok(View { sources: self })
    }

    /// The era in use, as enough operators tell it, and the earlier ones: closed, so that it does not matter who tells.
    fn ask(&self, asking: &Asking) -> anyhow::Result<Found> {
        let Some((current, earlier)) = self.eras.split_last() else {
            return Ok(Found { facts: Err(ChainProblem::NotAsked), agreement: None });
        };
        let mut known = Vec::new();
        for era in earlier {
            known.extend(self.closed(asking, era)?);
        }
        let operators = asking.of(current)?;
        let (facts, agreement) = asking.runtime.block_on(operators.facts(Finality::Instant, None));
        let several = !operators.is_single();
        Ok(Found { facts: facts.map(|facts| facts.with_earlier(known)), agreement: several.then_some(agreement) })
    }

    /// A closed era: from a file, or from the first node that tells what the profile says it held.
    fn closed(&self, asking: &Asking, era: &Era) -> anyhow::Result<Option<CheckedFacts>> {
        for (path, bytes) in &self.kept {
            if let Ok(facts) = ledger::of_era(bytes, era, &path.display().to_string()) {
                return Ok(Some(facts));
            }
        }
        if era.closing.is_none() {
            // Left and not closed: as good as those who tell it.
            let (facts, _) = asking.runtime.block_on(asking.of(era)?.facts(Finality::Instant, None));
            return Ok(facts.ok());
        }
        for (id, urls) in &asking.operators {
            for url in urls {
                let one = Asking::operators_of(vec![(id.clone(), vec![url.clone()])], 1, era)?;
                let (facts, _) = asking.runtime.block_on(one.facts(Finality::Instant, None));
                if let Ok(facts) = facts
                    && facts.closing_digest() == era.closing
                {
                    return Ok(Some(facts));
                }
            }
        }
        Ok(None)
    }
}

impl Asking {
    fn of(&self, era: &Era) -> anyhow::Result<Operators<Node>> {
        Self::operators_of(self.operators.clone(), self.quorum, era)
    }

    fn operators_of(list: Vec<(String, Vec<String>)>, quorum: u8, era: &Era) -> anyhow::Result<Operators<Node>> {
        let deployment = Deployment { chain: era.chain, contract: era.contract, code: era.code };
        Ok(ledger::of_urls(list, quorum, deployment)?)
    }
}

fn operators(profile: &TrustProfile) -> Vec<(String, Vec<String>)> {
    profile.operators.iter().map(|o| (o.id.clone(), o.urls.clone())).collect()
}
