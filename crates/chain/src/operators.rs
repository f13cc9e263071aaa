//! Several operators at once: believed is what k of n say about the same settled block.
//!
//! Operators are counted, not addresses: two nodes of one operator are one voice. Asked is only for block hash, code and
//! the two chained digests; since every list that leads to a digest is the same list, whoever agrees on the digests agrees
//! on everything, and the lists are read from one of them.
//!
//! What this cannot do: k operators who lie alike are believed, and so is a chain whose validators rewrote it. See
//! `docs/spec/attackers.md`.

use std::{future::Future, time::Duration};

use futures_util::future::join_all;
use hocba_bundle::{
    facts::{ChainFacts, CheckedFacts},
    report::{Agreement, ChainProblem, OperatorSaid, OperatorWord},
};

use crate::{AnchorClient, ClientError, Deployment, Finality, Head, Pool, Rpc, breaker::Breaker, decode::BlockHead};

/// How long an operator may take to say how far it is, and what it has there: a few small questions. A dead one is waited
/// for so long, three times; then its breaker opens.
const LOOK: Duration = Duration::from_secs(5);

/// One operator's nodes, asked in their order.
#[derive(Debug)]
struct Voice<R> {
    id: String,
    nodes: Pool<R>,
}

impl<R> Clone for Voice<R> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), nodes: self.nodes.clone() }
    }
}

/// The operators of one contract, and how many of them have to agree. Clones share what is known of the nodes.
#[derive(Debug)]
pub struct Operators<R> {
    voices: Vec<Voice<R>>,
    quorum: u8,
    deployment: Deployment,
    since: u64,
    look: Duration,
}

impl<R> Clone for Operators<R> {
    fn clone(&self) -> Self {
        Self {
            voices: self.voices.clone(),
            quorum: self.quorum,
            deployment: self.deployment,
            since: self.since,
            look: self.look,
        }
    }
}

/// What an operator has at one block, or what enough of them agree on. Two that say the same here say the same of every
/// batch and every status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The block.
    pub block: BlockHead,
    /// Count and digest of the batches there.
    pub head: Head,
    /// Count and digest of the statuses there.
    pub status_head: Head,
}

impl<R: Rpc> Operators<R> {
    /// Of these operators, each with the nodes it runs; `quorum` of them have to agree, at least one.
    pub fn new(operators: impl IntoIterator<Item = (String, Vec<R>)>, quorum: u8, deployment: Deployment) -> Self {
        let voice = |(id, nodes): (String, Vec<R>)| Voice { id, nodes: Pool::new(nodes.into_iter().map(Breaker::new)) };
        Self {
            voices: operators.into_iter().map(voice).collect(),
            quorum: quorum.max(1),
            deployment,
            since: 0,
            look: LOOK,
        }
    }

    /// One node, which is believed.
    pub fn single(node: R, deployment: Deployment) -> Self {
        let voice = Voice { id: "node".to_owned(), nodes: Pool::new([Breaker::alone(node)]) };
        Self { voices: vec![voice], quorum: 1, deployment, since: 0, look: LOOK }
    }

    /// Whether one node is asked and believed, so that there is nobody to compare it with.
    pub fn is_single(&self) -> bool {
        matches!(&self.voices[..], [voice] if voice.nodes.nodes().len() == 1)
    }

    /// Says that the contract was not there before this block, so that logs are not looked for below it.
    #[must_use]
    pub fn since(self, block: u64) -> Self {
        Self { since: block, ..self }
    }

    /// How long an operator may take for a look; 5 seconds if nothing else is said.
    #[must_use]
    pub fn look(self, look: Duration) -> Self {
        Self { look, ..self }
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &R> {
        self.voices.iter().flat_map(|voice| voice.nodes.nodes()).map(Breaker::inner)
    }

    /// The contract.
    pub fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// How many have to agree.
    pub fn quorum(&self) -> u8 {
        self.quorum
    }

    /// A look that takes no longer than it may.
    async fn within<T>(&self, what: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
        let late = || ClientError::Rpc(crate::RpcError::Timeout { after: self.look });
        tokio::time::timeout(self.look, what).await.unwrap_or_else(|_| Err(late()))
    }

    fn client(&self, voice: &Voice<R>) -> AnchorClient<Pool<R>> {
        AnchorClient::unchecked(voice.nodes.clone(), self.deployment).since(self.since)
    }

    /// What enough operators say about the highest settled block that enough of them have, and everybody's word.
    pub async fn agree(&self, finality: Finality) -> (Result<Agreed, ChainProblem>, Agreement) {
        let settled = |voice| {
            let client = self.client(voice);
            self.within(async move {
                client.check_chain().await?;
                client.settled(finality).await
            })
        };
        let settled = join_all(self.voices.iter().map(settled)).await;
        let mut heights: Vec<u64> = settled.iter().flatten().map(|block| block.number).collect();
        heights.sort_unstable();
        let quorum = usize::from(self.quorum);
        // The highest block that as many have as have to agree. Fewer than that cannot lift it by boasting, and cannot
        // hold it back by sleeping as long as enough others are awake.
        let Some(height) = heights.len().checked_sub(quorum).and_then(|place| heights.get(place)).copied() else {
            let words: Vec<OperatorWord> = settled.iter().map(|s| word_of(s.as_ref().err())).collect();
            return (Err(worst(&words)), self.agreement(words));
        };
        let said = |(voice, settled): (&Voice<R>, &Result<BlockHead, ClientError>)| {
            let client = self.client(voice);
            let there = match settled {
                Ok(block) => Ok(block.number >= height),
                Err(error) => Err(error.clone()),
            };
            self.within(async move { if there? { at(&client, height).await.map(Some) } else { Ok(None) } })
        };
        let said = join_all(self.voices.iter().zip(&settled).map(said)).await;
        let agreed = self.largest(&said);
        let word = |(place, said): (usize, &Result<Option<Agreed>, ClientError>)| match said {
            Ok(Some(one)) if agreed == Some(*one) => OperatorWord::Agrees,
            Ok(Some(_)) => OperatorWord::Differs,
            Ok(None) => OperatorWord::Behind { block: settled[place].as_ref().map_or(0, |block| block.number) },
            Err(error) => word_of(Some(error)),
        };
        let words: Vec<OperatorWord> = said.iter().enumerate().map(word).collect();
        let problem = if words.contains(&OperatorWord::Differs) { ChainProblem::NoAgreement } else { worst(&words) };
        (agreed.ok_or(problem), self.agreement(words))
    }

    /// What enough say. Where two different things have enough voices, which a quorum of half or less allows, nothing is
    /// agreed.
    fn largest(&self, said: &[Result<Option<Agreed>, ClientError>]) -> Option<Agreed> {
        let said: Vec<Agreed> = said.iter().flatten().copied().flatten().collect();
        let mut enough: Vec<Agreed> = Vec::new();
        for one in &said {
            let voices = said.iter().filter(|other| *other == one).count();
            if voices >= usize::from(self.quorum) && !enough.contains(one) {
                enough.push(*one);
            }
        }
        match enough[..] {
            [agreed] => Some(agreed),
            _ => None,
        }
    }

    /// Everything the contract says, as enough operators say it: read whole, or what came after `earlier`, and checked.
    pub async fn facts(
        &self,
        finality: Finality,
        earlier: Option<&ChainFacts>,
    ) -> (Result<CheckedFacts, ChainProblem>, Agreement) {
        let (agreed, mut agreement) = self.agree(finality).await;
        let agreed = match agreed {
            Ok(agreed) => agreed,
            Err(problem) => return (Err(problem), agreement),
        };
        // From the first that gives lists which lead to what was agreed. One that agreed and then says otherwise is named.
        let mut problem = ChainProblem::Unreachable;
        for place in 0..self.voices.len() {
            if agreement.operators[place].word != OperatorWord::Agrees {
                continue;
            }
            match self.read(place, &agreed, earlier).await {
                Ok(facts) => return (Ok(facts), agreement),
                Err(error) => {
                    agreement.operators[place].word = word_of(Some(&error));
                    problem = error.problem();
                }
            }
        }
        (Err(problem), agreement)
    }

    async fn read(
        &self,
        place: usize,
        agreed: &Agreed,
        earlier: Option<&ChainFacts>,
    ) -> Result<CheckedFacts, ClientError> {
        let client = self.client(&self.voices[place]);
        let contradiction = || ClientError::from(crate::decode::fault("facts", crate::decode::Problem::Contradiction));
        let fits = |facts: &ChainFacts| {
            facts.block_hash == agreed.block.hash
                && (facts.head, facts.status_head) == (agreed.head.digest, agreed.status_head.digest)
        };
        if let Some(earlier) = earlier {
            match client.facts_at(&agreed.block, Some(earlier)).await {
                // After a reorganisation, what is new does not continue what was known: then everything is read again.
                Ok(facts) if fits(&facts) => {
                    if let Ok(facts) = facts.check() {
                        return Ok(facts);
                    }
                }
                Err(error @ ClientError::Rpc(_)) => return Err(error),
                _ => {}
            }
        }
        let facts = client.facts_at(&agreed.block, None).await?;
        if !fits(&facts) {
            return Err(contradiction());
        }
        facts.check().map_err(|_| contradiction())
    }

    /// Whether enough operators have this block with this head of the register, and this one of the status log: what an
    /// anchoring service asks before it writes down what one node said. `false`: some are not that far yet, and with them
    /// it may be enough.
    ///
    /// # Errors
    /// Why it is not so, or not known.
    pub async fn confirm(
        &self,
        block: &BlockHead,
        batches: Option<&Head>,
        statuses: Option<&Head>,
    ) -> Result<bool, (ChainProblem, Agreement)> {
        let look = |voice| {
            let client = self.client(voice);
            self.within(async move {
                client.check_chain().await?;
                if client.settled(Finality::Instant).await?.number < block.number {
                    return Ok(None);
                }
                at(&client, block.number).await.map(Some)
            })
        };
        let said = join_all(self.voices.iter().map(look)).await;
        let same = |found: &Agreed| {
            found.block == *block
                && batches.is_none_or(|head| found.head == *head)
                && statuses.is_none_or(|head| found.status_head == *head)
        };
        let word = |said: &Result<Option<Agreed>, ClientError>| match said {
            Ok(Some(found)) if same(found) => OperatorWord::Agrees,
            Ok(Some(_)) => OperatorWord::Differs,
            Ok(None) => OperatorWord::Behind { block: block.number.saturating_sub(1) },
            Err(error) => word_of(Some(error)),
        };
        let words: Vec<OperatorWord> = said.iter().map(word).collect();
        let agreement = self.agreement(words.clone());
        let quorum = usize::from(self.quorum);
        let behind = words.iter().filter(|word| matches!(word, OperatorWord::Behind { .. })).count();
        if agreement.agreeing() >= quorum {
            return Ok(true);
        }
        if agreement.agreeing() + behind >= quorum {
            return Ok(false);
        }
        let differs = words.contains(&OperatorWord::Differs);
        Err((if differs { ChainProblem::NoAgreement } else { worst(&words) }, agreement))
    }

    /// All nodes of all operators as one, for sending.
    pub fn pool(&self) -> Pool<R>
    where
        R: Clone,
    {
        Pool::new(self.voices.iter().flat_map(|voice| voice.nodes.nodes().iter().cloned()))
    }

    fn agreement(&self, words: Vec<OperatorWord>) -> Agreement {
        let said = |(voice, word): (&Voice<R>, OperatorWord)| OperatorSaid { id: voice.id.clone(), word };
        Agreement { needed: self.quorum, operators: self.voices.iter().zip(words).map(said).collect() }
    }
}

/// What a node has at a block.
async fn at<R: Rpc>(client: &AnchorClient<R>, number: u64) -> Result<Agreed, ClientError> {
    let tag = format!("{number:#x}");
    let block = client.block_by_number(&tag).await?;
    client.check_code(&tag).await?;
    let (head, status_head) = (client.head_at(&tag).await?, client.status_head_at(&tag).await?);
    Ok(Agreed { block, head, status_head })
}

fn word_of(error: Option<&ClientError>) -> OperatorWord {
    match error.map(ClientError::problem) {
        None => OperatorWord::Agrees,
        Some(ChainProblem::OtherChain) => OperatorWord::OtherChain,
        Some(ChainProblem::OtherCode) => OperatorWord::OtherCode,
        Some(ChainProblem::Inconsistent) => OperatorWord::Inconsistent,
        Some(_) => OperatorWord::Silent,
    }
}

/// Why there is no answer, where too few gave one: what says more than silence first.
fn worst(words: &[OperatorWord]) -> ChainProblem {
    let has = |word| words.contains(&word);
    if has(OperatorWord::OtherCode) {
        ChainProblem::OtherCode
    } else if has(OperatorWord::OtherChain) {
        ChainProblem::OtherChain
    } else if has(OperatorWord::Inconsistent) {
        ChainProblem::Inconsistent
    } else {
        ChainProblem::Unreachable
    }
}
