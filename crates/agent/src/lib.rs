//! The agent on a signer's own machine, for keys that a browser cannot reach: tokens with a vendor's library, key files.
//!
//! **For**: a page of the office asks for signatures over HTTP on the loopback. The agent computes again from the bytes
//! and disclosures what would be signed ([`Review`]), a person compares it and confirms it once ([`Person`]), the key
//! signs one by one ([`Signer`]), and the page fetches the signatures as they come ([`Progress`]).
//!
//! **Will not**: talk to a server (the page does), know where keys live, keep anything on disk, sign anything but year
//! records, new versions taking the place of old ones, appointments and their ends. It believes neither the page nor the server: what they say beside the signed bytes is not shown.
//!
//! Who may call: only pages of allowed origins ([`Origin`]), by the loopback's own names, paired by a code that the
//! person types. `docs/signer.md` describes the interface; `docs/adr/0016-signer-agent.md` says why it is a crate of its
//! own.

mod appointments;
mod http;
mod key;
mod origin;
mod pairing;
mod review;
mod superseding;
mod wholes;
mod work;

pub use appointments::{AppointmentTask, AppointmentsRequest, EndTask, appointments_digest, review_appointments};
pub use http::{Agent, MAX_LIST_BYTES, Settings, SetupError};
pub use key::{Edges, Person, SignStopped, Signer};
pub use origin::{NotAnOrigin, Origin};
pub use pairing::{CODE_LIFE, Paired, TOKEN_LIFE};
pub use review::{
    CLOCK_AHEAD, CLOCK_BEHIND, Entry, ListRequest, MAX_TASKS, Matter, RecordShown, Refused, Review, Shown, SigningTask,
    list_digest, review, short,
};
pub use superseding::{SupersedingRequest, SupersedingTask, review_superseding, superseding_digest};
pub use wholes::{MAX_CLASSES, MAX_RECORDS, NotTaken, Part, Whole, WholeProgress, WholeRequest, WholeState};
pub use work::{Progress, Signed, State};
