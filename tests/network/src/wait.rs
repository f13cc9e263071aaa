//! Waiting for other processes: until it is so, or until patience ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::error::Error;

/// A look costs a node a few milliseconds.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Looks until there is something, an error or no patience left: then `None`.
#[allow(clippy::disallowed_methods, reason = "bounds the waiting for another process")]
pub(crate) fn until<T>(
    patience: Duration,
    mut look: impl FnMut() -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let began = Instant::now();
    loop {
        let found = look()?;
        if found.is_some() || began.elapsed() > patience {
            return Ok(found);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}
