//! What stops the service. A chain that does not answer does not: its job is put off.

use hocba_chain::ClientError;
use hocba_merkle::TreeError;
use hocba_store::StoreError;

/// What stops a step. What was done before it is kept; the next step looks at what is stored and goes on.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Leaves that make no tree. The database's constraints exclude it.
    #[error("leaves of batch: {0}")]
    Tree(#[from] TreeError),
    /// A job about something that is no issuer code or batch.
    #[error("job {0} says nothing that can be done: run `hocba fsck`")]
    Job(i64),
}

/// Why a pass over a delivery ended early.
pub(crate) enum Halt {
    /// The chain: the job is put off.
    Chain(ClientError),
    /// Somebody else has the lease now.
    Lease,
    /// Ours.
    Stop(AnchorError),
}

impl From<ClientError> for Halt {
    fn from(error: ClientError) -> Self {
        Halt::Chain(error)
    }
}
impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Stop(error.into())
    }
}
impl From<AnchorError> for Halt {
    fn from(error: AnchorError) -> Self {
        Halt::Stop(error)
    }
}
