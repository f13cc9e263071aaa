//! Time-stamps over batches: which is to be asked for, what of an answer is kept, what goes into bundles.
//!
//! Judged here as a verifier will judge it (`hocba_bundle::time_stamp`), so nothing is kept that would not be believed.

use hocba_bundle::{
    assemble::KnownTimeStamp,
    format::{BatchTimeStamp, Der},
    report::{ChainProblem, TimeStampProblem},
    time_stamp,
};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    certificate::SignatureCache,
    timestamp::{Nonce, ResponseError, TimeStampResponse, TimeStampToken, request},
};
use hocba_store::{
    Tx, Unstamped,
    model::{AuditEvent, Batch, Job, JobKind, StoredTimeStamp},
};

use crate::{App, AppError, Failing, LATE};

/// Why no time-stamp came of a question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The digest of the batch cannot be had.
    #[error("the chain does not say what is to be stamped")]
    Chain(ChainProblem),
    /// The chain has another batch there, or none yet.
    #[error("the chain does not have the batch")]
    OtherBatch,
    /// The authority did not make one, or what came is no answer.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The answer to another question.
    #[error("the answer is not to this question")]
    OtherNonce,
    /// One that a verifier would not believe.
    #[error("the time-stamp would not be believed")]
    Problem(TimeStampProblem),
    /// One of another authority of the profile.
    #[error("the time-stamp is another authority's")]
    OtherAuthority,
}

impl Refusal {
    /// Its name in jobs, logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::Chain(_) => "chain_unreachable",
            Refusal::OtherBatch => "chain_behind",
            Refusal::Response(ResponseError::TooLarge) => "too_large",
            Refusal::Response(ResponseError::Malformed) => "malformed",
            Refusal::Response(ResponseError::Refused { .. }) => "refused",
            Refusal::OtherNonce => "other_nonce",
            Refusal::Problem(problem) => problem.code(),
            Refusal::OtherAuthority => "other_authority",
        }
    }
}

impl From<TimeStampProblem> for Refusal {
    fn from(problem: TimeStampProblem) -> Self {
        Refusal::Problem(problem)
    }
}

/// What an authority is to be asked.
#[derive(Debug, Clone)]
pub struct Question {
    authority: String,
    batch: i64,
    digest: Sha256Digest,
    block_time: UnixTime,
    nonce: Nonce,
    request: Vec<u8>,
}

impl Question {
    /// The request in DER.
    pub fn request(&self) -> &[u8] {
        &self.request
    }
}

/// How the time-stamp authorities do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampState {
    /// Whether the trust profile asks for time-stamps.
    pub required: bool,
    /// Time-stamps kept.
    pub kept: u64,
    /// Batches of records that no time-stamp is about.
    pub unstamped: Option<Unstamped>,
    /// Authorities whose last question failed.
    pub failing: Vec<Failing>,
}

impl TimeStampState {
    /// Since when a batch has none, if that is long enough for somebody to look after it.
    pub fn late_since(&self, now: UnixTime) -> Option<UnixTime> {
        self.unstamped.map(|unstamped| unstamped.since).filter(|since| since.plus(LATE) <= now)
    }

    /// Whether time-stamps are of any concern here: asked for by the profile, or by the settings.
    pub fn is_of_concern(&self) -> bool {
        self.required || self.kept > 0 || !self.failing.is_empty()
    }
}

impl App {
    /// The question about a batch to an authority of the trust profile.
    ///
    /// # Errors
    /// Outside, when there is no randomness; inside, `Chain`, `OtherBatch`.
    pub async fn time_stamp_question(
        &self,
        authority: &str,
        batch: &Batch,
    ) -> Result<Result<Question, Refusal>, AppError> {
        let facts = match self.public_facts().await {
            Ok(facts) => facts,
            Err(problem) => return Ok(Err(Refusal::Chain(problem))),
        };
        let Some(receipt) = &batch.receipt else { return Ok(Err(Refusal::OtherBatch)) };
        let (chain, contract, index) = self.settings().batch_place(receipt.index);
        let Some(era) = facts.of(chain, &contract) else { return Ok(Err(Refusal::OtherBatch)) };
        let fact = usize::try_from(index).ok().and_then(|index| era.facts().batches.get(index));
        let same = fact.filter(|fact| fact.root == batch.root && fact.size == batch.size && fact.time == receipt.time);
        let Some(digest) = same.and_then(|_| era.batch_digest(index)) else {
            return Ok(Err(Refusal::OtherBatch));
        };
        let nonce = Nonce::from_bytes(&self.edges().bytes::<16>()?).expect("16 bytes are enough");
        let rule = self.profile().time_stamps();
        let known = rule.and_then(|rule| rule.authorities.iter().find(|known| known.id == authority));
        let policy = known.and_then(|known| known.policies.as_ref()).and_then(|policies| policies.first());
        Ok(Ok(Question {
            authority: authority.to_owned(),
            batch: batch.id,
            digest: *digest,
            block_time: receipt.time,
            request: request(digest, policy, Some(&nonce)),
            nonce,
        }))
    }

    /// Looks at what an authority answered, as a verifier will.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn judge_time_stamp(
        &self,
        question: &Question,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<StoredTimeStamp, Refusal> {
        let response = TimeStampResponse::parse(reply)?;
        let token = TimeStampToken::parse(response.token()).map_err(TimeStampProblem::Token)?;
        let about = (&question.digest, question.block_time);
        let stamped = time_stamp::judge(self.profile(), &SignatureCache::default(), &token, about, now)?;
        if stamped.verified.nonce.as_ref() != Some(&question.nonce) {
            return Err(Refusal::OtherNonce);
        }
        if stamped.authority != question.authority {
            return Err(Refusal::OtherAuthority);
        }
        Ok(StoredTimeStamp {
            batch: question.batch,
            gen_time: stamped.time(),
            authority: stamped.authority,
            token: token.der().to_vec(),
            fetched_at: now,
        })
    }

    /// Keeps a time-stamp; whether it is new.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_time_stamp(&self, tx: &mut Tx, actor: &str, stamp: &StoredTimeStamp) -> Result<bool, AppError> {
        if !tx.add_time_stamp(stamp).await? {
            return Ok(false);
        }
        tx.audit(&AuditEvent {
            at: stamp.fetched_at,
            actor: actor.to_owned(),
            action: "keep_time_stamp".to_owned(),
            subject: stamp.batch.to_string(),
            version: None,
            reason: Some(stamp.authority.clone()),
        })
        .await?;
        Ok(true)
    }

    /// How the time-stamp authorities do; none where the profile believes nobody.
    pub(crate) async fn time_stamp_state(&self, tx: &mut Tx, jobs: &[Job]) -> Result<Option<TimeStampState>, AppError> {
        let Some(rule) = self.profile().time_stamps() else { return Ok(None) };
        let failing = jobs.iter().filter(|job| job.kind == JobKind::FetchTimeStamp && job.tries > 0);
        Ok(Some(TimeStampState {
            required: rule.required,
            kept: tx.count_time_stamps().await?,
            unstamped: tx.unstamped(None, rule.from).await?,
            failing: failing.map(Failing::of).collect(),
        }))
    }

    /// What bundles may carry.
    pub(crate) async fn known_time_stamps(&self, tx: &mut Tx) -> Result<Vec<KnownTimeStamp>, AppError> {
        let Some(rule) = self.profile().time_stamps() else { return Ok(Vec::new()) };
        // Of an authority that is believed no more, a token would do nothing but harm.
        let believed = |authority: &str| rule.authorities.iter().any(|known| known.id == authority);
        let placed = tx.placed_time_stamps().await?.into_iter().filter(|(_, kept)| believed(&kept.authority));
        let known = placed.map(|(number, kept)| {
            let (chain, contract, batch) = self.settings().batch_place(number);
            let stamp = BatchTimeStamp { batch, chain, contract, token: Der(kept.token) };
            KnownTimeStamp { authority: kept.authority, time: kept.gen_time, stamp }
        });
        Ok(known.collect())
    }
}
