//! The nodes, which may be down when we start: connected to when they are first needed, and again after every error.

use hocba_chain::{AnchorClient, ClientError, Operators, Pool, Rpc};

/// The way to a contract.
pub(crate) struct Node<R> {
    pub operators: Operators<R>,
    pool: Pool<R>,
    client: Option<AnchorClient<Pool<R>>>,
    since: u64,
}

impl<R: Rpc + Clone> Node<R> {
    /// Through these operators' nodes; `since`: the contract was not there before this block.
    pub fn new(operators: Operators<R>, since: u64) -> Self {
        let operators = operators.since(since);
        Self { pool: operators.pool(), operators, client: None, since }
    }

    /// The client. Connecting asks for chain id and code, so that a node that was exchanged for another chain's is
    /// noticed before anything is believed or sent.
    pub async fn client(&mut self) -> Result<AnchorClient<Pool<R>>, ClientError> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let deployment = self.operators.deployment();
        let connected = AnchorClient::connect(self.pool.clone(), deployment).await;
        let client = connected.inspect_err(|_| self.pool.turn())?.since(self.since);
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Connects anew next time, and through another node where there is one.
    pub fn forget(&mut self) {
        self.client = None;
        self.pool.turn();
    }
}
