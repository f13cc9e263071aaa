//! The public record, as this folder reaches it: the embedded development chain, or a node of a network.

use std::time::Duration;

use anyhow::Context as _;
use hocba_app::PastEra;
use hocba_bundle::{
    facts::CheckedFacts,
    profile::{Era, OpenProfile, TrustProfile},
    report::{Agreement, ChainProblem},
    snapshot::OpenSnapshot,
};
use hocba_chain::{
    AnchorClient, ClientError, Deployment, Fee, FeePolicy, Finality, HttpRpc, HttpSettings, Operators, Pool, Revert,
    Roles, Rpc, Signer, Wait, code_digest, contract_address,
    embedded::{self, EmbeddedChain, EmbeddedError},
    open,
    rpc::RpcFuture,
};
use hocba_keystore::Secp256k1Key;
use serde_json::Value;

use crate::{
    commands::verify,
    demo,
    edge::now_seconds,
    error::{Exit, Failure},
    folder::{ChainConfig, FeesConfig, Folder, PROFILE, PastConfig},
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

/// When a block counts as one that stays. A development chain never replaces a block, and neither does QBFT, whose blocks
/// are final at once and which is what the department's network runs; others come with their own setting.
pub fn finality(folder: &Folder) -> Finality {
    match folder.config().chain {
        ChainConfig::Network { confirmations, .. } if confirmations > 0 => Finality::Depth(confirmations),
        _ => Finality::Instant,
    }
}

/// What is offered for gas.
pub fn fees(folder: &Folder) -> FeePolicy {
    match folder.config().chain {
        ChainConfig::Embedded { .. } => FeePolicy::Fixed { price: 0 },
        ChainConfig::Network { fees: Some(FeesConfig { tip, ceiling }), .. } => {
            FeePolicy::Market { tip: tip.into(), ceiling: ceiling.into() }
        }
        ChainConfig::Network { gas_price, .. } => FeePolicy::Fixed { price: gas_price.into() },
    }
}

/// The contracts before the one in use, the earliest first.
pub fn past(folder: &Folder) -> Vec<PastEra> {
    let ChainConfig::Network { past, .. } = &folder.config().chain else { return Vec::new() };
    let era =
        |p: &PastConfig| PastEra { chain: p.chain, contract: p.contract, batches: p.batches, statuses: p.statuses };
    past.iter().map(era).collect()
}

/// From which block on the contract is there.
fn since(folder: &Folder) -> u64 {
    match folder.config().chain {
        ChainConfig::Network { since, .. } => since,
        ChainConfig::Embedded { .. } => 0,
    }
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
                anchorer: address("anchorer")?,
                issuers: vec![demo::ISSUER.parse()?],
                status_keeper: address("status-keeper")?,
            };
            open(&chain, &admin, &roles, Fee::FREE, Wait::default()).await.map_err(refused)?;
        }
        Err(e) => return Err(refused(e).into()),
    }
    Ok(chain)
}

/// Whom the folder asks about the public record: its own chain, that chain served by another process of ours, or the
/// network's operators.
///
/// # Errors
/// When the folder's chain or trust profile does not open, or an address is none.
pub async fn operators(folder: &Folder) -> anyhow::Result<Operators<Node>> {
    let deployment = deployment(folder)?;
    let operators = match &folder.config().chain {
        ChainConfig::Embedded { port } => match open_embedded(folder).await {
            Ok(chain) => Operators::single(Node::Embedded(chain), deployment),
            Err(e) if e.downcast_ref::<Failure>().is_some_and(|f| f.code == "chain_in_use") => {
                Operators::single(http(&format!("http://127.0.0.1:{port}"))?, deployment)
            }
            Err(e) => return Err(e),
        },
        ChainConfig::Network { url: Some(url), operators, .. } if operators.is_empty() => {
            Operators::single(http(url)?, deployment)
        }
        ChainConfig::Network { operators, quorum, .. } => {
            let profile = open_profile(folder)?;
            let profile = profile.profile();
            let listed = |id: &str, urls: &[String]| (id.to_owned(), urls.to_vec());
            let list: Vec<(String, Vec<String>)> = if operators.is_empty() {
                profile.operators.iter().map(|o| listed(&o.id, &o.urls)).collect()
            } else {
                operators.iter().map(|o| listed(&o.id, &o.urls)).collect()
            };
            of_urls(list, quorum.unwrap_or(profile.quorum), deployment)?
        }
    };
    Ok(operators.since(since(folder)))
}

/// Operators by the addresses of their nodes.
///
/// # Errors
/// For an address that is none.
pub fn of_urls(
    list: Vec<(String, Vec<String>)>,
    quorum: u8,
    deployment: Deployment,
) -> Result<Operators<Node>, Failure> {
    let mut operators = Vec::with_capacity(list.len());
    for (id, urls) in list {
        operators.push((id, urls.iter().map(|url| http(url)).collect::<Result<Vec<Node>, Failure>>()?));
    }
    Ok(Operators::new(operators, quorum, deployment))
}

/// The chain in this process, where that is what is asked.
pub fn embedded_of(operators: &Operators<Node>) -> Option<EmbeddedChain> {
    operators.nodes().find_map(|node| match node {
        Node::Embedded(chain) => Some(chain.clone()),
        Node::Http(_) => None,
    })
}

/// What is kept of earlier eras of the trust profile, the earliest first: snapshots in the folder `eras`, each of which is
/// what its closing digest in the profile stands for, so it does not matter who made it.
///
/// # Errors
/// For a snapshot that is not of its era.
pub fn earlier(folder: &Folder, profile: &TrustProfile) -> anyhow::Result<Vec<CheckedFacts>> {
    let mut found = Vec::new();
    for era in profile.eras.split_last().map_or(&[][..], |(_, earlier)| earlier) {
        let name = format!("{ERAS}/{}-{}.hocba-snapshot.json", era.chain, era.contract);
        let Some(bytes) = folder.read(&name)? else { continue };
        found.push(of_era(&bytes, era, &name)?);
    }
    Ok(found)
}

/// Folder of the snapshots of closed eras.
pub const ERAS: &str = "eras";

/// The facts of a closed era from a snapshot, whoever made it.
///
/// # Errors
/// When it is not what the profile says of the era.
pub fn of_era(bytes: &[u8], era: &Era, name: &str) -> Result<CheckedFacts, Failure> {
    let refused = |vi: &str, en: String| {
        Failure::new(Exit::BadInput, "era", words(format!("{name}: {vi}"), format!("{name}: {en}")))
    };
    let snapshot = OpenSnapshot::open(bytes).map_err(|e| refused("không phải bản chụp sổ chung", e.to_string()))?;
    let facts = snapshot.facts.of(era.chain, &era.contract).cloned();
    match facts {
        Some(facts) if era.closing.is_some() && facts.closing_digest() == era.closing => Ok(facts),
        _ => Err(refused(
            "không phải sổ chung đã khoá mà danh sách nơi cấp ghi",
            "this is not what the trust profile says that the closed era held".into(),
        )),
    }
}

/// The trust profile of a folder.
///
/// # Errors
/// When it is not there, or is none.
pub fn open_profile(folder: &Folder) -> anyhow::Result<OpenProfile> {
    verify::open_own(&folder.read(PROFILE)?.context("the folder has no trust profile")?)
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

/// A client of the folder's contract, through the nodes of its operators.
///
/// # Errors
/// When the node asked is another chain's or does not answer.
pub async fn connect(operators: &Operators<Node>) -> anyhow::Result<AnchorClient<Pool<Node>>> {
    Ok(AnchorClient::connect(operators.pool(), operators.deployment()).await.map_err(refused)?)
}

/// Everything the contract says, as enough operators say it, with whose word it is.
///
/// # Errors
/// When not enough of them say the same.
pub async fn facts(operators: &Operators<Node>, finality: Finality) -> anyhow::Result<(CheckedFacts, Agreement)> {
    let (facts, agreement) = operators.facts(finality, None).await;
    match facts {
        Ok(facts) => Ok((facts, agreement)),
        Err(problem) => Err(unagreed(problem, &agreement).into()),
    }
}

/// Why there are no facts, with what each operator said.
pub fn unagreed(problem: ChainProblem, agreement: &Agreement) -> Failure {
    use hocba_bundle::text::{Language, agreement as told};
    let (vi, en) = (told(agreement, Language::Vietnamese), told(agreement, Language::English));
    let (what_vi, what_en) = (
        hocba_bundle::text::chain_problem(problem, Language::Vietnamese),
        hocba_bundle::text::chain_problem(problem, Language::English),
    );
    let failure = Failure::new(Exit::Chain, "chain", words(format!("{what_vi}. {vi}"), format!("{what_en}. {en}")));
    match problem {
        ChainProblem::Unreachable => failure.hint(words(
            "việc đã làm vẫn giữ nguyên; chạy lại lệnh này khi nối được",
            "what was done is kept; run this command again when the chain answers",
        )),
        _ => failure,
    }
}

/// What the chain's client refused, as a failure of a command.
#[allow(clippy::needless_pass_by_value, reason = "used with map_err")]
pub fn refused(error: ClientError) -> Failure {
    if let ClientError::Reverted(reason) = &error {
        let vi = match reason {
            Revert::NotAuthorised { account, .. } => format!("tài khoản {account} không có quyền này"),
            Revert::Paused => "đang tạm dừng ghi lô".to_owned(),
            Revert::EraClosed { .. } => "sổ này đã khoá, không ghi thêm được".to_owned(),
            Revert::IssuerNotEntitled { .. } => "nơi cấp chưa được, hoặc không còn được ghi".to_owned(),
            _ => "hợp đồng từ chối".to_owned(),
        };
        return Failure::new(Exit::Chain, "contract_refuses", words(vi, format!("the contract refuses: {reason}")));
    }
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
