//! The public record, as this folder reaches it: the embedded development chain, or a node of a network.

use std::time::Duration;

use anyhow::Context as _;
use hocba_bundle::{facts::CheckedFacts, report::ChainProblem};
use hocba_chain::{
    AnchorClient, ClientError, Deployment, Finality, HttpRpc, HttpSettings, Roles, Rpc, Signer, Wait, code_digest,
    contract_address, deploy,
    embedded::{self, EmbeddedChain, EmbeddedError},
    rpc::RpcFuture,
};
use hocba_keystore::Secp256k1Key;
use serde_json::Value;

use crate::{
    edge::now_seconds,
    error::{Exit, Failure},
    folder::{ChainConfig, Folder},
    output::{Words, words},
    people::open_chain_key,
};

/// A node: in this process, or behind an address.
#[derive(Debug, Clone)]
pub enum Node {
    /// The embedded chain of the folder.
    Embedded(EmbeddedChain),
    /// Another process or machine.
    Http(std::sync::Arc<HttpRpc>),
}

impl Rpc for Node {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        match self {
            Node::Embedded(chain) => chain.request(method, params),
            Node::Http(http) => http.request(method, params),
        }
    }
}

/// A runtime for the commands that talk to a chain: one thread drives, one serves.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("threads for talking to the chain")?;
    outlive_file_limits(&runtime);
    Ok(runtime)
}

/// A write beyond the limit on the size of files (`ulimit -f`, a service's LimitFSIZE) ends a program by a signal, in the
/// middle of whatever it does. With a handler in place the write fails instead, the database takes the transaction back,
/// and the command says what is wrong.
fn outlive_file_limits(runtime: &tokio::runtime::Runtime) {
    #[cfg(target_os = "linux")]
    {
        use tokio::signal::unix::{SignalKind, signal};
        /// SIGXFSZ on Linux, but for MIPS.
        const FILE_SIZE_LIMIT: SignalKind = SignalKind::from_raw(25);
        let _guard = runtime.enter();
        // Dropped at once: the handler stays, and nobody waits for it.
        let _ = signal(FILE_SIZE_LIMIT);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = runtime;
}

/// A node behind an address; short patience with this machine, a little more with others.
///
/// # Errors
/// For an address that is none.
pub fn http(url: &str) -> Result<Node, Failure> {
    let loopback = ["http://127.", "http://localhost", "http://[::1]"].iter().any(|start| url.starts_with(start));
    let timeout = Duration::from_secs(if loopback { 3 } else { 10 });
    let settings = HttpSettings { timeout, ..HttpSettings::default() };
    let node = HttpRpc::new(url, settings).map_err(|e| {
        Failure::new(Exit::BadInput, "bad_url", words(format!("địa chỉ sổ chung không dùng được: {e}"), e.to_string()))
    })?;
    Ok(Node::Http(std::sync::Arc::new(node)))
}

/// Where the contract of an embedded chain is: always the first thing its administrator deploys.
///
/// # Errors
/// When the administrator's key does not open.
pub fn embedded_deployment(folder: &Folder) -> anyhow::Result<Deployment> {
    let admin = signer(&open_chain_key(folder, "chain-admin", None, None)?, embedded::CHAIN_ID)?;
    Ok(Deployment { chain: embedded::CHAIN_ID, contract: contract_address(&admin.address(), 0), code: code_digest() })
}

/// The deployment a folder is configured for.
///
/// # Errors
/// When the demo's keys do not open.
pub fn deployment(folder: &Folder) -> anyhow::Result<Deployment> {
    match &folder.config().chain {
        ChainConfig::Embedded { .. } => embedded_deployment(folder),
        ChainConfig::Network { chain, contract, .. } => {
            Ok(Deployment { chain: *chain, contract: *contract, code: code_digest() })
        }
    }
}

/// When a block counts as one that stays.
pub fn finality(_: &Folder) -> Finality {
    // A development chain never replaces a block, and neither does QBFT, whose blocks are final at once and which is what
    // the department's network runs; others come with their own setting.
    Finality::Instant
}

/// Opens the embedded chain of a demo folder and sees to it that the contract is there.
///
/// # Errors
/// In a folder that is no demonstration; when another process holds the chain.
pub async fn open_embedded(folder: &Folder) -> anyhow::Result<EmbeddedChain> {
    let mode = if folder.is_demo() { embedded::Mode::Development } else { embedded::Mode::Production };
    let chain = EmbeddedChain::open(&folder.path("chain"), mode, now_seconds).map_err(embedded_failure)?;
    let admin = signer(&open_chain_key(folder, "chain-admin", None, None)?, embedded::CHAIN_ID)?;
    let address = |name: &str| -> anyhow::Result<_> {
        Ok(signer(&open_chain_key(folder, name, None, None)?, embedded::CHAIN_ID)?.address())
    };
    let expected = embedded_deployment(folder)?;
    match AnchorClient::connect(chain.clone(), expected).await {
        Ok(_) => {}
        Err(ClientError::NoContract { .. }) => {
            let roles = Roles {
                admin: admin.address(),
                anchorer: address("anchorer")?,
                status_keeper: address("status-keeper")?,
            };
            deploy(&chain, &admin, &roles, 0, Wait::default()).await.map_err(refused)?;
        }
        Err(e) => return Err(refused(e).into()),
    }
    Ok(chain)
}

/// The folder's node: its own chain, that chain served by another process of ours, or the network's node.
///
/// # Errors
/// When none answers.
pub async fn node(folder: &Folder) -> anyhow::Result<Node> {
    match &folder.config().chain {
        ChainConfig::Network { url, .. } => Ok(http(url)?),
        ChainConfig::Embedded { port } => match open_embedded(folder).await {
            Ok(chain) => Ok(Node::Embedded(chain)),
            Err(e) if e.downcast_ref::<Failure>().is_some_and(|f| f.code == "chain_in_use") => {
                Ok(http(&format!("http://127.0.0.1:{port}"))?)
            }
            Err(e) => Err(e),
        },
    }
}

fn embedded_failure(error: EmbeddedError) -> anyhow::Error {
    match error {
        EmbeddedError::InUse { .. } => Failure::new(
            Exit::Environment,
            "chain_in_use",
            words("sổ chung thử nghiệm đang mở ở một chương trình khác", error.to_string()),
        )
        .into(),
        EmbeddedError::NotForProduction => Failure::new(
            Exit::BadInput,
            "not_for_production",
            words("sổ chung thử nghiệm không dùng được ngoài bản demo", error.to_string()),
        )
        .into(),
        other => other.into(),
    }
}

/// A client of the folder's contract on a node.
///
/// # Errors
/// When the node is another one's or does not answer.
pub async fn connect(folder: &Folder, node: Node) -> anyhow::Result<AnchorClient<Node>> {
    Ok(AnchorClient::connect(node, deployment(folder)?).await.map_err(refused)?)
}

/// Everything the contract says, checked.
///
/// # Errors
/// When the node does not answer, or contradicts itself.
pub async fn facts(client: &AnchorClient<Node>) -> anyhow::Result<CheckedFacts> {
    let facts = client.facts(Finality::Instant).await.map_err(refused)?;
    facts.check().map_err(|e| {
        Failure::new(
            Exit::Chain,
            "chain_inconsistent",
            words("máy chủ sổ chung trả lời không nhất quán", e.to_string()),
        )
        .into()
    })
}

/// What the chain's client refused, as a failure of a command.
#[allow(clippy::needless_pass_by_value, reason = "used with map_err")]
pub fn refused(error: ClientError) -> Failure {
    let (vi, hint): (_, Option<Words>) = match error.problem() {
        ChainProblem::Unreachable => (
            "không nối được với sổ chung",
            Some(words(
                "việc đã làm vẫn giữ nguyên; chạy lại lệnh này khi nối được",
                "what was done is kept; run this command again when the chain answers",
            )),
        ),
        ChainProblem::OtherChain | ChainProblem::OtherCode => ("đang nối với một sổ chung khác", None),
        _ => ("sổ chung từ chối hoặc trả lời không nhất quán", None),
    };
    let failure = Failure::new(Exit::Chain, "chain", words(vi, format!("the chain: {error}")));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A chain key as the client takes it.
///
/// # Errors
/// For a chain id that cannot be signed for.
pub fn signer(key: &Secp256k1Key, chain: u64) -> anyhow::Result<Signer> {
    Signer::from_secret(key.secret(), chain).context("the key that sends transactions")
}
