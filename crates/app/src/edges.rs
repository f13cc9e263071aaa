//! Clock and randomness, passed in.

use std::sync::Arc;

use hocba_record::types::UnixTime;

use crate::AppError;

type Clock = dyn Fn() -> UnixTime + Send + Sync;
/// Fills the bytes, or says that there is no randomness to be had.
type Chance = dyn Fn(&mut [u8]) -> bool + Send + Sync;

/// Where time and random bytes come from.
#[derive(Clone)]
pub struct Edges {
    clock: Arc<Clock>,
    chance: Arc<Chance>,
}

impl Edges {
    /// From a clock and a source of random bytes, which says whether it could fill them.
    pub fn new(
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
        chance: impl Fn(&mut [u8]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), chance: Arc::new(chance) }
    }

    /// Now.
    pub fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// Fresh random bytes.
    ///
    /// # Errors
    /// [`AppError::NoRandomness`].
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], AppError> {
        let mut bytes = [0; N];
        if (self.chance)(&mut bytes) { Ok(bytes) } else { Err(AppError::NoRandomness) }
    }
}
