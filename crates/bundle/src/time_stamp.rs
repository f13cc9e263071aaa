//! What a time-stamp says of a batch, under a profile: `docs/spec/time-stamp.md` §10.
//!
//! The verifier asks it of the tokens in a bundle, the service of those that it is about to keep: so what is kept is what
//! will be believed.

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    certificate::{PathError, SignatureCache},
    timestamp::{TimeStampError, TimeStampToken, VerifiedTime},
};

use crate::{profile::OpenProfile, report::TimeStampProblem};

/// How far the clocks of an authority and of the chain's validators may be apart, in seconds. Validators that keep time
/// are within a block of each other; five minutes is what a clock without its time server loses in weeks.
pub const TOLERANCE: i64 = 300;
/// How long after the block time a time-stamp may be made to say something of it, in seconds: 30 days, over which an
/// authority, or the way to it, can be down.
pub const MAX_DELAY: i64 = 30 * 86_400;

/// What a token says, once it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// The authority, as the profile calls it.
    pub authority: String,
    /// What it says.
    pub verified: VerifiedTime,
}

impl Stamped {
    /// When the authority saw the batch, as it states.
    pub fn time(&self) -> UnixTime {
        self.verified.time
    }

    /// The latest moment that the authority may have meant: its time was cut to the second, and may be off by so much.
    fn latest(&self) -> UnixTime {
        self.verified.time.plus(1).plus(self.accuracy())
    }

    fn accuracy(&self) -> i64 {
        let accuracy = self.verified.accuracy.unwrap_or_default();
        i64::try_from(accuracy.as_secs()).unwrap_or(i64::MAX).saturating_add(i64::from(accuracy.subsec_nanos() > 0))
    }

    /// Whether it was made soon enough after this block time to bear it out.
    ///
    /// # Errors
    /// [`TimeStampProblem::Late`].
    pub fn bears_out(&self, block_time: UnixTime) -> Result<(), TimeStampProblem> {
        if self.latest() > block_time.plus(MAX_DELAY) {
            return Err(TimeStampProblem::Late { time: self.verified.time });
        }
        Ok(())
    }
}

/// Whether a token is a time-stamp of a batch by an authority of the profile. `digest` and `block_time` are those of the
/// batch that was stamped, `now` the verifier's clock.
///
/// # Errors
/// See [`TimeStampProblem`]. Of several authorities, that of the path that came furthest.
pub fn judge(
    profile: &OpenProfile,
    cache: &SignatureCache,
    token: &TimeStampToken,
    (digest, block_time): (&Sha256Digest, UnixTime),
    now: UnixTime,
) -> Result<Stamped, TimeStampProblem> {
    let mut refused = TimeStampProblem::Token(PathError::UnknownIssuer.into());
    let mut found = None;
    for (authority, roots) in profile.stampers() {
        match token.verify_with(cache, digest, roots) {
            // Another authority of the profile may accept what this one does not: they may share a root.
            Ok(verified) if !authority.accepts(&verified.policy) => refused = TimeStampProblem::Policy,
            Ok(verified) => match authority.roots.get(verified.path.root).and_then(|root| root.cut_off) {
                Some(at) if at <= verified.time => refused = TimeStampProblem::RootCutOff { at },
                _ => {
                    found = Some(Stamped { authority: authority.id.clone(), verified });
                    break;
                }
            },
            Err(TimeStampError::Path(error)) => {
                if let TimeStampProblem::Token(TimeStampError::Path(before)) = refused {
                    refused = TimeStampProblem::Token(before.or_further(error).into());
                }
            }
            // Whoever the authority is.
            Err(error) => return Err(TimeStampProblem::Token(error)),
        }
    }
    let stamped = found.ok_or(refused)?;
    // The block time is part of what was stamped, so nobody can have seen it before it was set.
    if stamped.latest().plus(TOLERANCE) < block_time {
        return Err(TimeStampProblem::Early { time: stamped.time() });
    }
    if stamped.time().plus(-stamped.accuracy()).plus(-TOLERANCE) > now {
        return Err(TimeStampProblem::FromFuture);
    }
    Ok(stamped)
}
