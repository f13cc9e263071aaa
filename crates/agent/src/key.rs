//! Where the signer's keys are.

use std::{ops::ControlFlow, sync::Arc};

use hocba_signature::algorithm::Algorithm;

/// A key that can sign, wherever it lives: a file, a token, a service. Blocking.
///
/// A trait because there are several such places; the agent knows none of them.
pub trait Signer: Send {
    /// What its signatures are.
    fn algorithm(&self) -> Algorithm;
    /// DER certificates, the key's own first.
    fn certificate_chain(&self) -> &[Vec<u8>];
    /// Signs each message in order, in the form of a JWS. What is signed is handed over at once, with the message's place,
    /// so that nothing is lost when the next one fails. Ends early where `taken` breaks.
    ///
    /// # Errors
    /// Where a message was not signed: token pulled out, authorisation exhausted, service away.
    fn sign_each(
        &mut self,
        messages: &[&[u8]],
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), SignStopped>;
}

/// Why a key stopped signing, in words that are shown to the person before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SignStopped(pub String);

/// What only the person at the machine can say, and how they are told.
pub trait Person: Send + Sync {
    /// Shows the code by which a page is paired with this agent.
    fn show_code(&self, code: &str);
    /// Shows what an origin wants signed, and gives the answer. May take as long as a person takes.
    fn confirms(&self, origin: &str, review: &crate::Review) -> bool;
    /// Shows a class of a whole as it comes; what is asked about is asked when all of them are there.
    fn shows(&self, origin: &str, review: &crate::Review);
    /// Gives the answer for several classes at once, each of which was shown.
    fn confirms_whole(&self, origin: &str, whole: &crate::Whole) -> bool;
    /// Tells how a list ended, or why it stopped.
    fn told(&self, review: &crate::Review, state: &crate::State, signed: usize);
}

/// Clock and randomness.
#[derive(Clone)]
pub struct Edges {
    /// Now.
    pub now: Arc<dyn Fn() -> hocba_record::types::UnixTime + Send + Sync>,
    /// 32 fresh random bytes, or none where the system has none to give.
    pub random: Arc<dyn Fn() -> Option<[u8; 32]> + Send + Sync>,
}

impl std::fmt::Debug for Edges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Edges")
    }
}
