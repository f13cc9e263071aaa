//! The contract client: reads facts whole, sends transactions, reads receipts.

mod error;
mod facts;

use std::time::Duration;

use hocba_bundle::facts::{Address, BatchFact, Closing, IssuerCode, StatusFact, genesis_digest};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use serde_json::{Value, json};

use crate::{
    contract::{
        Administration, Deployment, Event, FOR_EVER, Issuer, Opening, Predecessor, Revert, Role, TxHash, call,
        code_digest, decode_event, decode_revert,
    },
    decode::{self, BlockHead, Problem, StoredStatus, fault},
    fees::Fee,
    rpc::{NodeErrorClass, Rpc, RpcError},
    transaction::{
        ADMINISTRATION_GAS, DEPLOY_GAS, SignedTransaction, Signer, Terms, contract_address, prepare_administration,
        prepare_deploy,
    },
};

pub use error::ClientError;
pub use facts::{MAX_BATCHES, MAX_STATUSES};

/// Longest contract code taken (EIP-170).
const MAX_CODE: usize = 24_576;

/// Longest answer of a read call: a page of 1,000 batches of 5 words behind 2 words.
const MAX_CALL_RESULT: usize = (2 + 5 * 1000) * 32;

/// Most issuers read: 63 provinces had one each before the mergers, and their districts another 700.
const MAX_ISSUERS: u64 = 1_000;

/// Which block counts as settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// Every block: the consensus never takes one back (QBFT, IBFT, the embedded chain).
    Instant,
    /// Blocks with this many on top of them.
    Depth(u64),
}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Count and digest of the register or of the status log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of entries, and so the index of the next one.
    pub count: u64,
    /// Digest after the last one.
    pub digest: Sha256Digest,
}

/// What became of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// The node took it.
    Accepted,
    /// The node had it already.
    AlreadyKnown,
}

/// What a mined transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub transaction: TxHash,
    /// Number of its block.
    pub block: u64,
    /// Hash of its block; another one later means that the chain was reorganised.
    pub block_hash: Sha256Digest,
    /// Gas used, where the node says so.
    pub gas_used: Option<u64>,
    /// The contract it created.
    pub created: Option<Address>,
    /// Our contract's events in it. A receipt's `status` is not relied on, some nodes leave it out: a call to this
    /// contract succeeded if and only if its event is here.
    pub events: Vec<Event>,
}

impl Receipt {
    /// The anchoring, if this transaction anchored a batch.
    pub fn anchored(&self) -> Option<&Event> {
        self.events.iter().find(|e| matches!(e, Event::Anchored { .. }))
    }
    /// The statuses it set, with their indices.
    pub fn statuses(&self) -> impl Iterator<Item = (u64, &StatusFact)> {
        self.events.iter().filter_map(|e| match e {
            Event::StatusSet { index, status } => Some((*index, status)),
            _ => None,
        })
    }
    /// Whether it had an effect on the contract.
    pub fn succeeded(&self) -> bool {
        !self.events.is_empty()
    }
}

/// How long to wait for a transaction to be mined.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// Time between two looks.
    pub every: Duration,
    /// Number of looks.
    pub looks: u32,
}

impl Default for Wait {
    /// One minute: 15 blocks of 4 seconds.
    fn default() -> Self {
        Self { every: Duration::from_millis(500), looks: 120 }
    }
}

/// One contract on one chain, through one node.
#[derive(Debug, Clone)]
pub struct AnchorClient<R> {
    rpc: R,
    deployment: Deployment,
    since: u64,
}

impl<R: Rpc> AnchorClient<R> {
    /// Connects and checks that the node is on the right chain and knows the right code.
    ///
    /// # Errors
    /// [`ClientError::ChainMismatch`], [`ClientError::NoContract`], [`ClientError::CodeMismatch`], or the node's own.
    pub async fn connect(rpc: R, expected: Deployment) -> Result<Self> {
        let client = Self::unchecked(rpc, expected);
        client.check_chain().await?;
        client.check_code("latest").await?;
        Ok(client)
    }

    /// The same before anything was asked: for whoever checks each time.
    pub(crate) fn unchecked(rpc: R, expected: Deployment) -> Self {
        Self { rpc, deployment: expected, since: 0 }
    }

    pub(crate) async fn check_chain(&self) -> Result<()> {
        let (expected, found) = (self.deployment.chain, chain_id(&self.rpc).await?);
        if found == expected { Ok(()) } else { Err(ClientError::ChainMismatch { expected, found }) }
    }

    /// Says that the contract was not there before this block, so that logs are not looked for below it.
    #[must_use]
    pub fn since(self, block: u64) -> Self {
        Self { since: block, ..self }
    }

    pub(crate) fn lowest(&self) -> u64 {
        self.since
    }

    /// What it is connected to.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }
    /// The node.
    pub fn rpc(&self) -> &R {
        &self.rpc
    }

    /// Number of batches and digest of the last, at the latest block.
    ///
    /// # Errors
    /// The node's own.
    pub async fn head(&self) -> Result<Head> {
        self.head_at("latest").await
    }

    /// Number of status entries and digest of the last, at the latest block.
    ///
    /// # Errors
    /// The node's own.
    pub async fn status_head(&self) -> Result<Head> {
        self.status_head_at("latest").await
    }

    /// One batch, as it stands.
    ///
    /// # Errors
    /// [`Revert::UnknownBatch`], or the node's own.
    pub async fn batch(&self, index: u64) -> Result<BatchFact> {
        Ok(decode::decode_batch(&self.call(call::batch(index), "latest").await?)?)
    }

    /// The status stored under a key now. For a look at one's own records; a verifier reads [`facts`](Self::facts)
    /// whole, so that the node does not learn which record is being checked.
    ///
    /// # Errors
    /// The node's own.
    pub async fn status(&self, key: &Sha256Digest) -> Result<Option<StoredStatus>> {
        Ok(decode::decode_status(&self.call(call::status(key), "latest").await?)?)
    }

    /// Whether an account holds a role now.
    ///
    /// # Errors
    /// The node's own.
    pub async fn has_role(&self, role: &Role, account: &Address) -> Result<bool> {
        Ok(decode::decode_bool(&self.call(call::has_role(role, account), "latest").await?)?)
    }

    /// Who administers the contract, and who will, if a hand-over has begun: from when on it can be accepted.
    ///
    /// # Errors
    /// The node's own.
    pub async fn admin(&self) -> Result<(Address, Option<(Address, UnixTime)>)> {
        let admin = decode::decode_address(&self.call(call::default_admin(), "latest").await?)?;
        Ok((admin, decode::decode_hand_over(&self.call(call::pending_default_admin(), "latest").await?)?))
    }

    /// Whether anchoring is paused now.
    ///
    /// # Errors
    /// The node's own.
    pub async fn paused(&self) -> Result<bool> {
        Ok(decode::decode_bool(&self.call(call::paused(), "latest").await?)?)
    }

    /// What is registered of an issuer.
    ///
    /// # Errors
    /// The node's own.
    pub async fn issuer(&self, code: &IssuerCode) -> Result<Option<Issuer>> {
        let found = decode::decode_issuer(&self.call(call::issuer(code), "latest").await?)?;
        Ok(found.map(|(from, until, schools)| Issuer { code: code.clone(), from, until, schools }))
    }

    /// All issuers, in the order they were registered.
    ///
    /// # Errors
    /// The node's own; [`ClientError::TooMany`] for more than there can be departments.
    pub async fn issuers(&self) -> Result<Vec<Issuer>> {
        let count = decode::decode_number(&self.call(call::issuer_count(), "latest").await?)?;
        if count > MAX_ISSUERS {
            return Err(ClientError::TooMany { count, max: MAX_ISSUERS });
        }
        let mut issuers = Vec::new();
        for index in 0..count {
            let code = decode::decode_issuer_code(&self.call(call::issuer_at(index), "latest").await?)?;
            issuers.extend(self.issuer(&code).await?);
        }
        Ok(issuers)
    }

    /// How the era ended, if it did.
    ///
    /// # Errors
    /// The node's own.
    pub async fn closing(&self) -> Result<Option<(Closing, Sha256Digest)>> {
        Ok(decode::decode_closing(&self.call(call::closing(), "latest").await?)?)
    }

    /// The era that the contract goes on from.
    ///
    /// # Errors
    /// The node's own.
    pub async fn predecessor(&self) -> Result<Option<Predecessor>> {
        self.predecessor_at("latest").await
    }

    async fn predecessor_at(&self, tag: &str) -> Result<Option<Predecessor>> {
        Ok(decode::decode_predecessor(&self.call(call::predecessor(), tag).await?)?)
    }

    /// What its two lists grow from.
    pub(crate) async fn genesis(&self, of: &[u8]) -> Result<Sha256Digest> {
        let Deployment { chain, contract, .. } = self.deployment;
        let predecessor = self.predecessor().await?.map(|p| p.closing);
        Ok(genesis_digest(of, chain, &contract, predecessor.as_ref()))
    }

    /// Lets the contract itself check an inclusion proof.
    ///
    /// # Errors
    /// [`Revert::UnknownBatch`], or the node's own.
    pub async fn verify_inclusion(
        &self,
        batch: u64,
        leaf: &Sha256Digest,
        index: u64,
        path: &[Sha256Digest],
    ) -> Result<bool> {
        let data = call::verify_inclusion(batch, leaf, index, path);
        Ok(decode::decode_bool(&self.call(data, "latest").await?)?)
    }

    /// Lets the node try a transaction at the latest block without sending it, to learn of a refusal before a nonce is
    /// spent on it.
    ///
    /// There are nodes that let a call know no time (`@ethereumjs/client`): to it no issuer is entitled yet. By the time of
    /// the latest block it is told whether that is so; what else the contract would refuse, it then refuses when mined.
    ///
    /// # Errors
    /// [`ClientError::Reverted`] with the contract's reason.
    pub async fn rehearse(&self, transaction: &SignedTransaction) -> Result<()> {
        match rehearse(&self.rpc, transaction, "latest").await {
            Err(ClientError::Reverted(Revert::IssuerNotYetEntitled { from, now: 0 })) => {
                let now = self.block("latest").await?.time.seconds().unsigned_abs();
                if from <= now {
                    Ok(())
                } else {
                    Err(ClientError::Reverted(Revert::IssuerNotYetEntitled { from, now }))
                }
            }
            other => other,
        }
    }

    /// Why a mined transaction had no effect: tries it again on the state before its block. On a chain with several
    /// transactions in a block this may find another reason than there was, or none.
    ///
    /// # Errors
    /// When the node cannot be asked, or no longer has that state.
    pub async fn why_without_effect(&self, transaction: &SignedTransaction, block: u64) -> Result<Option<Revert>> {
        match rehearse(&self.rpc, transaction, &format!("{:#x}", block.saturating_sub(1))).await {
            // A node that lets calls know no time cannot tell.
            Ok(()) | Err(ClientError::Reverted(Revert::IssuerNotYetEntitled { now: 0, .. })) => Ok(None),
            Err(ClientError::Reverted(reason)) => Ok(Some(reason)),
            Err(e) => Err(e),
        }
    }

    /// Sends the bytes of a transaction. Sending the same bytes twice is harmless; after an error with
    /// [`RpcError::may_have_acted`], do.
    ///
    /// # Errors
    /// The node's refusal, classed.
    pub async fn broadcast(&self, transaction: &SignedTransaction) -> Result<Broadcast> {
        broadcast(&self.rpc, transaction).await
    }

    /// The receipt of a transaction, once it is mined.
    ///
    /// # Errors
    /// The node's own, and when the answer is another transaction's receipt.
    pub async fn receipt(&self, transaction: &TxHash) -> Result<Option<Receipt>> {
        receipt(&self.rpc, &self.deployment.contract, transaction).await
    }

    /// Waits until a transaction is mined.
    ///
    /// # Errors
    /// [`ClientError::NotMined`] when it takes longer.
    pub async fn wait_for(&self, transaction: &TxHash, wait: Wait) -> Result<Receipt> {
        wait_for(&self.rpc, &self.deployment.contract, transaction, wait).await
    }

    /// Number of mined transactions of an account. The next nonce, if none of its transactions is under way: some
    /// nodes cannot count pending ones, so the caller's own ledger of attempts has to.
    ///
    /// # Errors
    /// The node's own.
    pub async fn mined_transactions(&self, account: &Address) -> Result<u64> {
        mined_transactions(&self.rpc, account).await
    }

    /// Balance in wei, held at the largest 128-bit number.
    ///
    /// # Errors
    /// The node's own.
    pub async fn balance(&self, account: &Address) -> Result<u128> {
        let answer = self.rpc.request("eth_getBalance", json!([account, "latest"])).await?;
        Ok(decode::decode_wei("balance", &answer)?)
    }

    /// The base fee of the latest block, in wei per gas; none on a network that has none.
    ///
    /// # Errors
    /// The node's own.
    pub async fn base_fee(&self) -> Result<Option<u128>> {
        let answer = self.rpc.request("eth_getBlockByNumber", json!(["latest", false])).await?;
        match answer.get("baseFeePerGas") {
            None | Some(Value::Null) => Ok(None),
            Some(fee) => Ok(Some(decode::decode_wei("base fee", fee)?)),
        }
    }

    /// The settled block under a finality policy.
    ///
    /// # Errors
    /// [`ClientError::TooYoung`], or the node's own.
    pub async fn settled(&self, finality: Finality) -> Result<BlockHead> {
        let latest = self.block("latest").await?;
        let Finality::Depth(depth) = finality else { return Ok(latest) };
        let number = latest.number.checked_sub(depth).ok_or(ClientError::TooYoung { latest: latest.number, depth })?;
        self.block_by_number(&format!("{number:#x}")).await
    }

    pub(crate) async fn block_by_number(&self, number: &str) -> Result<BlockHead> {
        let block = self.block(number).await?;
        if format!("{:#x}", block.number) != number {
            return Err(fault("block", Problem::Contradiction).into());
        }
        Ok(block)
    }

    pub(crate) async fn block(&self, tag: &str) -> Result<BlockHead> {
        let answer = self.rpc.request("eth_getBlockByNumber", json!([tag, false])).await?;
        if answer.is_null() {
            return Err(fault("block", Problem::Missing).into());
        }
        Ok(decode::decode_block(&answer)?)
    }

    pub(crate) async fn head_at(&self, tag: &str) -> Result<Head> {
        let (count, digest) = decode::decode_head(&self.call(call::head(), tag).await?)?;
        Ok(Head { count, digest })
    }

    pub(crate) async fn status_head_at(&self, tag: &str) -> Result<Head> {
        let (count, digest) = decode::decode_head(&self.call(call::status_head(), tag).await?)?;
        Ok(Head { count, digest })
    }

    async fn call(&self, data: Vec<u8>, tag: &str) -> Result<Vec<u8>> {
        let request = json!({ "to": self.deployment.contract, "data": format!("0x{}", hex::encode(data)) });
        eth_call(&self.rpc, request, tag).await
    }

    pub(crate) async fn check_code(&self, tag: &str) -> Result<()> {
        let Deployment { contract, code, .. } = self.deployment;
        let found = code_at(&self.rpc, &contract, tag).await?.ok_or(ClientError::NoContract { contract })?;
        if found == code { Ok(()) } else { Err(ClientError::CodeMismatch { expected: code, found }) }
    }

    fn own_chain(&self, signer: &Signer) -> Result<()> {
        let (expected, found) = (self.deployment.chain, signer.chain());
        if found == expected { Ok(()) } else { Err(ClientError::ChainMismatch { expected, found }) }
    }
}

/// Deploys the contract of this release and waits until it is there. The sender needs no transaction under way.
///
/// # Errors
/// See [`ClientError`]; [`ClientError::NoEffect`] when the deployment was mined and failed.
pub async fn deploy<R: Rpc>(rpc: &R, signer: &Signer, opening: &Opening, fee: Fee, wait: Wait) -> Result<Deployment> {
    let found = chain_id(rpc).await?;
    if found != signer.chain() {
        return Err(ClientError::ChainMismatch { expected: signer.chain(), found });
    }
    let nonce = patient(wait, async || mined_transactions(rpc, &signer.address()).await).await?;
    let transaction = prepare_deploy(signer, opening, Terms { nonce, gas: DEPLOY_GAS, fee })?;
    broadcast(rpc, &transaction).await?;
    let contract = contract_address(&signer.address(), nonce);
    let mined = wait_for(rpc, &contract, &transaction.hash(), wait).await?;
    if mined.created.is_some_and(|created| created != contract) {
        return Err(fault("contractAddress", Problem::Contradiction).into());
    }
    let code = code_digest();
    match patient(wait, async || code_at(rpc, &contract, "latest").await).await? {
        None => Err(ClientError::NoEffect(transaction.hash())),
        Some(found) if found != code => Err(ClientError::CodeMismatch { expected: code, found }),
        Some(_) => Ok(Deployment { chain: signer.chain(), contract, code }),
    }
}

/// Does something as an administrator and waits until it is done: tried first, so that a refusal costs nothing. The sender
/// needs no transaction under way.
///
/// # Errors
/// [`ClientError::Reverted`] with the contract's reason, and the node's own.
pub async fn administer<R: Rpc>(
    rpc: &R,
    signer: &Signer,
    deployment: &Deployment,
    what: &Administration,
    fee: Fee,
    wait: Wait,
) -> Result<Receipt> {
    let contract = &deployment.contract;
    let nonce = patient(wait, async || mined_transactions(rpc, &signer.address()).await).await?;
    let transaction = prepare_administration(signer, contract, what, Terms { nonce, gas: ADMINISTRATION_GAS, fee })?;
    // A trial sees the time of the latest block. Where no block was made for a while, that is before the end of a
    // hand-over's delay, though the transaction's own block will be after it.
    if *what != Administration::AcceptHandOver {
        patient(wait, async || rehearse(rpc, &transaction, "latest").await).await?;
    }
    broadcast(rpc, &transaction).await?;
    let receipt = wait_for(rpc, contract, &transaction.hash(), wait).await?;
    if receipt.succeeded() {
        return Ok(receipt);
    }
    // Its own block is the latest now, so this tells why.
    rehearse(rpc, &transaction, "latest").await?;
    Err(ClientError::NoEffect(receipt.transaction))
}

/// Who does what on a contract of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Anchors batches of all these issuers.
    pub anchorer: Address,
    /// Under which batches are anchored, each for every school and from the beginning of time.
    pub issuers: Vec<IssuerCode>,
    /// Sets statuses.
    pub status_keeper: Address,
}

/// Deploys a contract, administered by the sender, in which everything is registered that is needed to begin: for
/// development, demonstrations and tests. In production the department does it step by step.
///
/// # Errors
/// As for [`deploy`] and [`administer`].
pub async fn open<R: Rpc>(rpc: &R, signer: &Signer, roles: &Roles, fee: Fee, wait: Wait) -> Result<Deployment> {
    let opening = Opening { admin: signer.address(), admin_delay: 0, predecessor: None };
    let deployment = deploy(rpc, signer, &opening, fee, wait).await?;
    let mut steps = vec![Administration::Grant(Role::StatusKeeper, roles.status_keeper)];
    for code in &roles.issuers {
        let issuer = Issuer { code: code.clone(), from: 0, until: FOR_EVER, schools: "*".to_owned() };
        steps.push(Administration::SetIssuer(issuer));
        steps.push(Administration::Grant(Role::Anchorer(code.clone()), roles.anchorer));
    }
    for step in &steps {
        administer(rpc, signer, &deployment, step, fee, wait).await?;
    }
    Ok(deployment)
}

/// Number of a node's latest block, before there is a contract to ask.
///
/// # Errors
/// The node's own.
pub async fn latest_block(rpc: &impl Rpc) -> Result<u64> {
    Ok(decode::decode_quantity("eth_blockNumber", &rpc.request("eth_blockNumber", json!([])).await?)?)
}

async fn chain_id(rpc: &impl Rpc) -> Result<u64> {
    Ok(decode::decode_quantity("chain id", &rpc.request("eth_chainId", json!([])).await?)?)
}

async fn mined_transactions(rpc: &impl Rpc, account: &Address) -> Result<u64> {
    // "latest": there are nodes that refuse "pending".
    let answer = rpc.request("eth_getTransactionCount", json!([account, "latest"])).await?;
    Ok(decode::decode_quantity("transaction count", &answer)?)
}

async fn code_at(rpc: &impl Rpc, contract: &Address, tag: &str) -> Result<Option<Sha256Digest>> {
    let answer = rpc.request("eth_getCode", json!([contract, tag])).await?;
    let code = decode::decode_data("code", &answer, MAX_CODE)?;
    Ok(if code.is_empty() { None } else { Some(Sha256Digest::of(&code)) })
}

async fn broadcast(rpc: &impl Rpc, transaction: &SignedTransaction) -> Result<Broadcast> {
    let raw = format!("0x{}", hex::encode(transaction.raw()));
    match rpc.request("eth_sendRawTransaction", json!([raw])).await {
        Ok(answer) => {
            let hash = TxHash::from_bytes(decode::decode_fixed("transaction hash", &answer)?);
            if hash != transaction.hash() {
                return Err(fault("transaction hash", Problem::Contradiction).into());
            }
            Ok(Broadcast::Accepted)
        }
        // Kept and not passed on: it is resent until it is mined, to every node.
        Err(RpcError::Node { class: NodeErrorClass::AlreadyKnown | NodeErrorClass::NotRelayed, .. }) => {
            Ok(Broadcast::AlreadyKnown)
        }
        Err(e) => Err(e.into()),
    }
}

async fn receipt(rpc: &impl Rpc, contract: &Address, transaction: &TxHash) -> Result<Option<Receipt>> {
    let answer = rpc.request("eth_getTransactionReceipt", json!([transaction.to_string()])).await?;
    let Some(raw) = decode::decode_receipt(&answer)? else { return Ok(None) };
    if raw.transaction != *transaction {
        return Err(fault("transactionHash", Problem::Contradiction).into());
    }
    let mut events = Vec::new();
    for log in raw.logs.iter().filter(|log| log.address == *contract && !log.removed) {
        events.extend(decode_event(log)?);
    }
    Ok(Some(Receipt {
        transaction: raw.transaction,
        block: raw.block,
        block_hash: raw.block_hash,
        gas_used: raw.gas_used,
        created: raw.created,
        events,
    }))
}

async fn wait_for(rpc: &impl Rpc, contract: &Address, transaction: &TxHash, wait: Wait) -> Result<Receipt> {
    for look in 0..wait.looks {
        if look > 0 {
            tokio::time::sleep(wait.every).await;
        }
        match receipt(rpc, contract, transaction).await {
            Ok(Some(receipt)) => return Ok(receipt),
            Err(error) if !is_catching_up(&error) => return Err(error),
            _ => {}
        }
    }
    Err(ClientError::NotMined(*transaction))
}

/// Whether a node has a block and not yet what is in it: there are nodes that say so for a moment after each block.
fn is_catching_up(error: &ClientError) -> bool {
    matches!(error, ClientError::Rpc(error) if error.class() == Some(NodeErrorClass::BlockUnavailable))
}

/// Asks again while the node is catching up, as long as a transaction may take.
async fn patient<T>(wait: Wait, ask: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..wait.looks {
        match ask().await {
            Err(error) if is_catching_up(&error) => tokio::time::sleep(wait.every).await,
            other => return other,
        }
    }
    ask().await
}

async fn rehearse(rpc: &impl Rpc, transaction: &SignedTransaction, tag: &str) -> Result<()> {
    let mut request = json!({
        "from": transaction.from(),
        "gas": format!("{:#x}", transaction.terms().gas),
        "data": format!("0x{}", hex::encode(transaction.data())),
    });
    if let Some(to) = transaction.to() {
        request["to"] = json!(to);
    }
    eth_call(rpc, request, tag).await.map(|_| ())
}

async fn eth_call(rpc: &impl Rpc, request: Value, tag: &str) -> Result<Vec<u8>> {
    match rpc.request("eth_call", json!([request, tag])).await {
        Ok(answer) => {
            let data = decode::decode_data("call result", &answer, MAX_CALL_RESULT)?;
            // There are nodes that answer a revert as if it were a result. Results are whole words; a reason has four bytes
            // in front of them.
            if data.len() % 32 == 4 { Err(ClientError::Reverted(decode_revert(&data))) } else { Ok(data) }
        }
        Err(RpcError::Node { class: NodeErrorClass::Reverted, data, .. }) => {
            Err(ClientError::Reverted(data.as_deref().map_or(Revert::Unknown, decode_revert)))
        }
        Err(e) => Err(e.into()),
    }
}

pub(crate) fn wants_less(error: &RpcError) -> bool {
    matches!(error, RpcError::TooLarge { .. } | RpcError::Timeout { .. })
        || error.class() == Some(NodeErrorClass::RangeTooLarge)
}
