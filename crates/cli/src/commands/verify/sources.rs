//! Where chain facts come from: a snapshot, a node the user named, or the operators of the profile.

use std::collections::HashMap;

use hocba_bundle::{
    facts::{Address, CheckedFacts},
    format::AnchorHint,
    profile::{Era, OpenProfile, TrustProfile},
    report::ChainProblem,
    snapshot::{MAX_SNAPSHOT_BYTES, OpenSnapshot, StatusEvidence},
    verify::ChainView,
};
use hocba_chain::{AnchorClient, ClientError, Deployment, Finality};
use tokio::runtime::Runtime;

use super::{VerifyArgs, bad_input};
use crate::{edge::read_input, ledger};

/// What was found, kept so that many files cost one look.
pub struct Sources {
    snapshot: Option<OpenSnapshot>,
    asking: Option<Asking>,
    eras: Vec<Era>,
    found: HashMap<(u64, Address), Result<CheckedFacts, ChainProblem>>,
    statuses: StatusEvidence,
}

/// Whom to ask.
struct Asking {
    runtime: Runtime,
    operators: Vec<Vec<String>>,
    quorum: usize,
}

/// What one bundle is verified against.
pub struct View<'a> {
    sources: &'a Sources,
    era: Option<(u64, Address)>,
}

impl View<'_> {
    /// As the verifier takes it.
    pub fn chain(&self) -> ChainView<'_> {
        if let Some(snapshot) = &self.sources.snapshot {
            return ChainView::Snapshot(snapshot);
        }
        match self.era.and_then(|era| self.sources.found.get(&era)) {
            Some(Ok(facts)) => ChainView::Live { facts, statuses: &self.sources.statuses },
            Some(Err(problem)) => ChainView::Unavailable(*problem),
            None => ChainView::Unavailable(ChainProblem::NotAsked),
        }
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
                Some(Asking { runtime: ledger::runtime()?, operators: vec![vec![url.clone()]], quorum: 1 })
            }
            (None, false, None) => Some(Asking {
                runtime: ledger::runtime()?,
                operators: operators(profile),
                quorum: usize::from(profile.quorum).max(1),
            }),
        };
        let statuses = StatusEvidence::default();
        Ok(Self { snapshot, asking, eras: profile.eras.clone(), found: HashMap::new(), statuses })
    }

    /// What a bundle that points at this anchor is verified against. The hint chooses among the profile's chains; it
    /// is not believed.
    pub fn view(&mut self, anchor: Option<&AnchorHint>) -> anyhow::Result<View<'_>> {
        let named = |era: &&Era| anchor.is_some_and(|a| (a.chain, a.contract) == (era.chain, era.contract));
        let era = self.eras.iter().find(named).or(self.eras.last());
        let key = era.map(|era| (era.chain, era.contract));
        if let (Some(asking), Some(era), Some(key)) = (&self.asking, era, key)
            && !self.found.contains_key(&key)
        {
            let deployment = Deployment { chain: era.chain, contract: era.contract, code: era.code };
            let facts = asking.runtime.block_on(ask(asking, deployment));
            self.found.insert(key, facts);
        }
        Ok(View { sources: self, era: key })
    }
}

fn operators(profile: &TrustProfile) -> Vec<Vec<String>> {
    profile.operators.iter().map(|o| o.urls.clone()).collect()
}

/// Asks one node of each operator until enough of them answered alike. Operators may be at different blocks, so "alike"
/// means that one list begins with the other; the shorter one counts, for all of them have said it.
async fn ask(asking: &Asking, deployment: Deployment) -> Result<CheckedFacts, ChainProblem> {
    let mut answers: Vec<CheckedFacts> = Vec::new();
    let mut worst = None;
    for urls in &asking.operators {
        for url in urls {
            match one(url, deployment).await {
                Ok(facts) => {
                    answers.push(facts);
                    break;
                }
                // A wrong answer says more than silence.
                Err(problem) if problem != ChainProblem::Unreachable => worst = Some(problem),
                Err(_) => {}
            }
        }
        if answers.len() >= asking.quorum {
            break;
        }
    }
    if answers.len() < asking.quorum {
        return Err(worst.unwrap_or(ChainProblem::Unreachable));
    }
    answers.sort_by_key(|a| (a.facts().batches.len(), a.facts().statuses.as_ref().map_or(0, Vec::len)));
    if answers.windows(2).all(|pair| begins_with(&pair[1], &pair[0])) {
        Ok(answers.swap_remove(0))
    } else {
        Err(ChainProblem::Inconsistent)
    }
}

fn begins_with(long: &CheckedFacts, short: &CheckedFacts) -> bool {
    let (long, short) = (long.facts(), short.facts());
    let statuses = match (&long.statuses, &short.statuses) {
        (Some(long), Some(short)) => long.starts_with(short),
        (_, None) => true,
        (None, Some(_)) => false,
    };
    long.batches.starts_with(&short.batches) && statuses
}

async fn one(url: &str, deployment: Deployment) -> Result<CheckedFacts, ChainProblem> {
    let node = ledger::http(url).map_err(|_| ChainProblem::Unreachable)?;
    let read = async {
        let client = AnchorClient::connect(node, deployment).await?;
        client.facts(Finality::Instant).await
    };
    let facts = read.await.map_err(|e: ClientError| e.problem())?;
    facts.check().map_err(|_| ChainProblem::Inconsistent)
}
