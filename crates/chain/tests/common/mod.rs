//! What the stories share: a chain with the contract on it and one key that may do everything.
#![allow(dead_code, reason = "each test file uses its part")]

use hocba_chain::{
    Anchor, AnchorClient, Deployment, Fee, Receipt, Roles, Rpc, SignedTransaction, Signer, StatusChange, Terms, Wait,
    embedded::CHAIN_ID,
    open,
    transaction::{ANCHOR_GAS, set_status_gas},
};
use hocba_record::encoding::Sha256Digest;

pub const NOW: u64 = 1_780_000_000;

pub fn digest(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

pub fn signer() -> Signer {
    Signer::from_secret(&[7; 32], CHAIN_ID).expect("key")
}

pub fn stranger() -> Signer {
    Signer::from_secret(&[8; 32], CHAIN_ID).expect("key")
}

pub fn one_for_all() -> Roles {
    let me = signer().address();
    Roles { anchorer: me, issuers: vec!["so-hanoi".parse().expect("code")], status_keeper: me }
}

pub async fn deployed(rpc: &impl Rpc) -> Deployment {
    open(rpc, &signer(), &one_for_all(), Fee::FREE, Wait::default()).await.expect("deployment")
}

pub async fn connected<R: Rpc>(rpc: R) -> AnchorClient<R> {
    let deployment = deployed(&rpc).await;
    AnchorClient::connect(rpc, deployment).await.expect("connection")
}

pub async fn next_anchor(client: &AnchorClient<impl Rpc>, name: &str) -> Anchor {
    let head = client.head().await.expect("head");
    Anchor {
        index: head.count,
        previous: head.digest,
        root: digest(name),
        size: u32::try_from(name.len()).expect("short"),
        issuer: "so-hanoi".parse().expect("code"),
        alg: 1,
    }
}

pub async fn terms(client: &AnchorClient<impl Rpc>, signer: &Signer, gas: u64) -> Terms {
    let nonce = client.mined_transactions(&signer.address()).await.expect("count");
    Terms { nonce, gas, fee: Fee::FREE }
}

pub async fn signed_anchor(client: &AnchorClient<impl Rpc>, name: &str) -> SignedTransaction {
    let anchor = next_anchor(client, name).await;
    let terms = terms(client, &signer(), ANCHOR_GAS).await;
    client.prepare_anchor(&signer(), &anchor, terms).expect("signed")
}

pub async fn anchor(client: &AnchorClient<impl Rpc>, name: &str) -> Receipt {
    send(client, &signed_anchor(client, name).await).await
}

pub async fn send(client: &AnchorClient<impl Rpc>, transaction: &SignedTransaction) -> Receipt {
    client.broadcast(transaction).await.expect("accepted");
    client.receipt(&transaction.hash()).await.expect("answer").expect("mined")
}

pub fn change(key: &str, live_version: u32, revoked: bool) -> StatusChange {
    StatusChange {
        key: digest(key),
        live_version,
        revoked,
        reason: 2,
        statement: digest(&format!("{key}{live_version}")),
    }
}

pub async fn set_status(client: &AnchorClient<impl Rpc>, changes: &[StatusChange]) -> Receipt {
    let index = client.status_head().await.expect("head").count;
    let terms = terms(client, &signer(), set_status_gas(changes.len())).await;
    let transaction = client.prepare_set_status(&signer(), index, changes, terms).expect("signed");
    send(client, &transaction).await
}
