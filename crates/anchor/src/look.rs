//! How the chain's operators answer, noted for people: while there is nothing else to do, once a minute.

use hocba_chain::{FeePolicy, Rpc, transaction::ANCHOR_GAS};
use hocba_record::types::UnixTime;
use hocba_store::{ChainLook, Funds};

use crate::{error::Halt, service::AnchorService};

/// How often, in seconds: four small requests to each operator, and one row written.
const EVERY: i64 = 60;
/// The account is told to be nearly empty when it has less than so many batches cost: at one in ten minutes, most of a day.
const LOW: u128 = 100;

impl<R: Rpc + Clone> AnchorService<R> {
    /// Asks the operators how far they are, and notes it. Whatever goes wrong is a line in the log: nothing rests on it.
    pub(crate) async fn look_around(&mut self) {
        let now = self.now();
        if self.looked.is_some_and(|at| now < at.plus(EVERY) && at <= now) {
            return;
        }
        self.looked = Some(now);
        match self.note_look(now).await {
            Ok(()) | Err(Halt::Lease) => {}
            Err(Halt::Stop(error)) => tracing::warn!(%error, "how the chain answers could not be noted: {error}"),
            Err(Halt::Chain(_)) => {}
        }
    }

    async fn note_look(&mut self, now: UnixTime) -> Result<(), Halt> {
        let (agreed, agreement) = self.node.operators.agree(self.settings.finality).await;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let look = ChainLook {
            at: now,
            operators: count(agreement.operators.len()),
            needed: u32::from(agreement.needed),
            answered: count(agreement.agreeing()),
            block: agreed.ok().map(|agreed| (agreed.block.number, agreed.block.time)),
            funds: Some(self.funds().await),
        };
        let mut tx = self.begin("note_chain_look").await?;
        tx.note_chain_look(&look).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the account that anchors can pay for it, at the most that is ever offered.
    async fn funds(&mut self) -> Funds {
        let price = match self.settings.fees {
            FeePolicy::Fixed { price } => price,
            FeePolicy::Market { ceiling, .. } => ceiling,
        };
        if price == 0 {
            return Funds::Free;
        }
        let cost = price.saturating_mul(u128::from(ANCHOR_GAS));
        let address = self.signer.address();
        let balance = match self.node.client().await {
            Ok(client) => client.balance(&address).await,
            Err(error) => Err(error),
        };
        match balance {
            Ok(balance) if balance < cost => Funds::None,
            Ok(balance) if balance < cost.saturating_mul(LOW) => Funds::Low,
            Ok(_) => Funds::Enough,
            Err(_) => Funds::Unknown,
        }
    }
}
