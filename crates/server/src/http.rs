//! What every request goes through, whatever it asks for.
//!
//! From the outside in: [`request_id`] names it, `headers` guard its answer, `observe` logs and counts it,
//! [`crate::problem`] writes its failure, `guard` bounds its time and catches its panics. `leave` sends the client away
//! when the server is about to end.

pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod leave;
pub(crate) mod observe;
pub mod peer;
pub mod request_id;
