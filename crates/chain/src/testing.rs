//! A chain that follows a script, so that tests read as stories: mined late, lost, reorganised, down, lying.
//!
//! Underneath is an [`EmbeddedChain`] in memory with the real contract bytecode; the script stands between it and the
//! caller. For tests of this crate and of those that use it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    contract::TxHash,
    embedded::EmbeddedChain,
    rpc::{Rpc, RpcError, RpcFuture},
    transaction::SignedTransaction,
};

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It fails and has no effect.
    Fails(RpcError),
    /// It takes effect, and then fails all the same: the answer was lost.
    TakesEffectThenFails(RpcError),
    /// It has no effect and is answered with this, whatever it is.
    Answers(Value),
}

impl Fault {
    /// The node cannot be reached.
    pub fn unreachable() -> Self {
        Self::Fails(RpcError::Unreachable { reason: "the script says so".to_owned() })
    }
    /// The answer got lost after the request was carried out.
    pub fn answer_lost() -> Self {
        Self::TakesEffectThenFails(RpcError::Interrupted { reason: "the script says so".to_owned() })
    }
    /// The node refuses.
    pub fn refuses(code: i64, message: &str) -> Self {
        Self::Fails(RpcError::node(code, message, None))
    }
}

/// What a reorganisation does to the transactions of the blocks it takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// They wait to be mined again.
    Wait,
    /// They are forgotten; the sender has to send them again.
    AreLost,
}

#[derive(Debug, Default)]
struct Script {
    next: VecDeque<(String, Fault)>,
    always: Vec<(String, Fault)>,
    nth: Option<(usize, Fault)>,
    down: bool,
    holds: bool,
    pool: Vec<SignedTransaction>,
    bare_receipts: bool,
    requests: Vec<String>,
}

/// A node that does as the test says. Clones are the same node.
#[derive(Debug, Clone)]
pub struct ScriptedChain {
    chain: EmbeddedChain,
    clock: Arc<AtomicU64>,
    script: Arc<Mutex<Script>>,
}

impl ScriptedChain {
    /// A well-behaved node whose clock stands at this time.
    pub fn new(time: u64) -> Self {
        let clock = Arc::new(AtomicU64::new(time));
        let chain = EmbeddedChain::in_memory({
            let clock = Arc::clone(&clock);
            move || clock.load(Ordering::SeqCst)
        });
        Self { chain, clock, script: Arc::default() }
    }

    /// Sets the clock.
    pub fn set_time(&self, time: u64) {
        self.clock.store(time, Ordering::SeqCst);
    }
    /// Number of the latest block.
    pub fn height(&self) -> u64 {
        self.chain.height()
    }
    /// Mines blocks without transactions.
    pub fn advance(&self, blocks: u64) {
        for _ in 0..blocks {
            self.chain.mine_empty().expect("an empty block in memory always fits");
        }
    }

    /// From now on, transactions wait until the test mines them.
    pub fn hold_transactions(&self) {
        self.script().holds = true;
    }
    /// From now on, transactions are mined at once again. Those that wait go on waiting.
    pub fn mine_at_once(&self) {
        self.script().holds = false;
    }
    /// The transactions that wait.
    pub fn waiting(&self) -> Vec<TxHash> {
        self.script().pool.iter().map(SignedTransaction::hash).collect()
    }
    /// Mines the transactions that wait, in order; those that cannot be mined are dropped. Gives the mined ones.
    pub fn mine_waiting(&self) -> Vec<TxHash> {
        let pool = std::mem::take(&mut self.script().pool);
        pool.iter().filter_map(|t| self.chain.submit(t.raw()).ok()).collect()
    }
    /// Forgets the transactions that wait.
    pub fn forget_waiting(&self) {
        self.script().pool.clear();
    }

    /// Takes away the latest blocks. A second passes, so that what is mined again is in another block.
    pub fn reorganise(&self, blocks: u64, orphans: Orphans) {
        let transactions = self.chain.rewind(blocks);
        self.clock.fetch_add(1, Ordering::SeqCst);
        if orphans == Orphans::Wait {
            let read = |raw: &Vec<u8>| {
                SignedTransaction::from_raw(raw).expect("only transactions read by this function are mined")
            };
            self.script().pool.extend(transactions.iter().map(read));
        }
    }

    /// The next request of this method has this fault. Several are used up in order.
    pub fn next(&self, method: &str, fault: Fault) {
        self.script().next.push_back((method.to_owned(), fault));
    }
    /// The request after so many others has this fault, whatever it asks: what a test counted in
    /// [`requests`](Self::requests) it can break place by place.
    pub fn after(&self, requests: usize, fault: Fault) {
        self.script().nth = Some((requests, fault));
    }
    /// Whether the fault of [`after`](Self::after) has struck.
    pub fn fault_struck(&self) -> bool {
        self.script().nth.is_none()
    }
    /// Every request of this method has this fault from now on.
    pub fn always(&self, method: &str, fault: Fault) {
        self.script().always.push((method.to_owned(), fault));
    }
    /// No more faults of [`always`](Self::always) and [`next`](Self::next).
    pub fn behave(&self) {
        let mut script = self.script();
        script.always.clear();
        script.next.clear();
        script.nth = None;
    }
    /// The node cannot be reached until [`come_up`](Self::come_up).
    pub fn go_down(&self) {
        self.script().down = true;
    }
    /// The node can be reached again.
    pub fn come_up(&self) {
        self.script().down = false;
    }
    /// Receipts have no `status` and no `type`, as with some permissioned nodes.
    pub fn leave_out_receipt_status(&self) {
        self.script().bare_receipts = true;
    }
    /// The methods asked for so far.
    pub fn requests(&self) -> Vec<String> {
        self.script().requests.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_of(&self, method: &str) -> Option<Fault> {
        let mut script = self.script();
        script.requests.push(method.to_owned());
        if script.down {
            return Some(Fault::unreachable());
        }
        match &mut script.nth {
            Some((0, _)) => return script.nth.take().map(|(_, fault)| fault),
            Some((requests, _)) => *requests -= 1,
            None => {}
        }
        if let Some(place) = script.next.iter().position(|(m, _)| m == method) {
            return script.next.remove(place).map(|(_, fault)| fault);
        }
        script.always.iter().find(|(m, _)| m == method).map(|(_, fault)| fault.clone())
    }

    async fn perform(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        if method == "eth_sendRawTransaction" && self.script().holds {
            return self.take(&params).await;
        }
        if method == "eth_getTransactionByHash" {
            let waiting = self.waiting().iter().any(|hash| params[0] == hash.to_string());
            if waiting {
                return Ok(json!({ "hash": params[0], "blockNumber": null, "blockHash": null }));
            }
        }
        let mut answer = self.chain.request(method, params).await?;
        if method == "eth_getTransactionReceipt"
            && self.script().bare_receipts
            && let Some(receipt) = answer.as_object_mut()
        {
            receipt.remove("status");
            receipt.remove("type");
        }
        Ok(answer)
    }

    async fn take(&self, params: &Value) -> Result<Value, RpcError> {
        let raw = params[0].as_str().and_then(|s| hex::decode(s.trim_start_matches("0x")).ok()).unwrap_or_default();
        let transaction =
            SignedTransaction::from_raw(&raw).map_err(|e| RpcError::node(-32000, &e.to_string(), None))?;
        let hash = transaction.hash();
        let mined = self.chain.request("eth_getTransactionByHash", json!([hash.to_string()])).await?;
        let mut script = self.script();
        if !mined.is_null() || script.pool.iter().any(|t| t.hash() == hash) {
            return Err(RpcError::node(-32000, "already known", None));
        }
        script.pool.push(transaction);
        Ok(json!(hash.to_string()))
    }
}

impl Rpc for ScriptedChain {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(async move {
            match self.fault_of(method) {
                None => self.perform(method, params).await,
                Some(Fault::Fails(error)) => Err(error),
                Some(Fault::Answers(answer)) => Ok(answer),
                Some(Fault::TakesEffectThenFails(error)) => {
                    self.perform(method, params).await?;
                    Err(error)
                }
            }
        })
    }
}
