//! Envelopes: bytes sealed under the data key for one place, and for no other. What they hold is their owner's to say.

use hocba_store::model::Envelope;
use zeroize::Zeroizing;

use crate::{App, AppError};

impl App {
    /// Seals bytes for a place, with a nonce of its own.
    ///
    /// # Errors
    /// Without randomness.
    pub(crate) fn seal_envelope(&self, place: &str, plain: &[u8]) -> Result<Envelope, AppError> {
        let nonce = self.edges().bytes()?;
        let bytes = self.key().seal(place, &nonce, plain);
        Ok(Envelope { key_id: self.key().id().to_owned(), nonce, bytes })
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// The first of the two sentences where it was sealed with another data key, the second where it does not open.
    pub(crate) fn open_envelope(
        &self,
        place: &str,
        envelope: &Envelope,
        [other_key, broken]: [&'static str; 2],
    ) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        let Envelope { key_id, nonce, bytes } = envelope;
        if key_id != self.key().id() {
            return Err(other_key);
        }
        self.key().unseal(place, nonce, bytes).map_err(|_| broken)
    }
}
