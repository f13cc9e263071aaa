//! A node that may be down when we start: connected to when it is first needed, and again after every error.

use hocba_chain::{AnchorClient, ClientError, Deployment, Rpc};

/// The way to a contract.
pub(crate) struct Node<R> {
    rpc: R,
    deployment: Deployment,
    since: u64,
    client: Option<AnchorClient<R>>,
}

impl<R: Rpc + Clone> Node<R> {
    pub fn new(rpc: R, deployment: Deployment, since: u64) -> Self {
        Self { rpc, deployment, since, client: None }
    }

    /// The same, looking for logs from this block on.
    pub fn since(self, since: u64) -> Self {
        Self { since, client: None, ..self }
    }

    /// The client. Connecting asks for chain id and code, so that a node that was exchanged for another chain's is
    /// noticed before anything is believed or sent.
    pub async fn client(&mut self) -> Result<AnchorClient<R>, ClientError> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = AnchorClient::connect(self.rpc.clone(), self.deployment).await?.since(self.since);
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Connects anew next time.
    pub fn forget(&mut self) {
        self.client = None;
    }
}
