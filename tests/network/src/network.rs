//! Three nodes that agree.

use std::{fmt, fs, path::PathBuf, process::Command, time::Duration};

use serde_json::{Value, json};

use crate::{
    account::{ACCOUNTS, NODES, SEALERS},
    error::{At as _, Error},
    folder::Folder,
    package, ports,
    process::Process,
    rpc,
    wait::until,
};

/// For a start, and for whatever else is waited for. A start takes about ten seconds; four test processes on two cores
/// have needed three times that.
const PATIENCE: Duration = Duration::from_secs(90);

/// Blocks that all nodes have when a network counts as started: each sealer's first, and one on top of both.
const FIRST_BLOCKS: u64 = 3;

/// Nothing is spent that matters, so blocks are large enough for whatever a test sends.
const GAS_LIMIT: u64 = 30_000_000;

/// 100 million ether for each account.
const BALANCE: &str = "0x52b7d2dcc80cd2e4000000";

/// 2021-01-01. The same genesis each time, and so the same hash; the nodes want it in the past, no more.
const GENESIS_TIME: u64 = 1_609_459_200;

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Seals the blocks of even numbers.
    Sealer1,
    /// Seals the blocks of odd numbers, the first among them.
    Sealer2,
    /// Seals nothing.
    Follower,
}

impl Node {
    /// The three, in the order of [`Network::urls`].
    pub const ALL: [Self; 3] = [Self::Sealer1, Self::Sealer2, Self::Follower];

    fn name(self) -> &'static str {
        match self {
            Self::Sealer1 => "sealer 1",
            Self::Sealer2 => "sealer 2",
            Self::Follower => "follower",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Sealer1 => 0,
            Self::Sealer2 => 1,
            Self::Follower => 2,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of network is wanted.
#[derive(Debug, Clone)]
pub struct NetworkSettings {
    /// The chain's number.
    pub chain_id: u64,
    /// Whole seconds between blocks. Under load, one second is not enough for these nodes.
    pub period: Duration,
    /// More accounts that have money from the start, as `0x` addresses. [`ACCOUNTS`] have in any case.
    pub prefunded: Vec<String>,
    /// The folder with `preload.cjs` and the npm package.
    pub scripts: PathBuf,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            chain_id: 271_828,
            period: Duration::from_secs(2),
            prefunded: Vec::new(),
            scripts: package::scripts().join("network"),
        }
    }
}

/// A network of one's own. Dropped, its nodes are killed and their folders go; where a test failed, it first prints the
/// ends of their logs.
#[derive(Debug)]
pub struct Network {
    // In this order: processes before their folder.
    nodes: [Process; 3],
    folder: Folder,
    client: PathBuf,
    preload: PathBuf,
    settings: NetworkSettings,
    ports: [Ports; 3],
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    rpc: u16,
    peers: u16,
}

impl Network {
    /// Starts the nodes and waits until they agree on the third block. Clears away first what killed processes left
    /// behind.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where node or the npm package is missing; the others say what went wrong, with the nodes'
    /// last words.
    pub fn start(settings: &NetworkSettings) -> Result<Self, Error> {
        let client = package::client(&settings.scripts)?;
        let preload = settings.scripts.join("preload.cjs");
        let preload = preload.canonicalize().at("look at", &preload)?;
        let folder = Folder::new()?;
        let genesis = folder.path().join("genesis.json");
        fs::write(&genesis, genesis_of(settings)).at("write", &genesis)?;
        let process = |node: Node| Process::new(folder.path(), node.name());
        let nodes = [process(Node::Sealer1)?, process(Node::Sealer2)?, process(Node::Follower)?];
        let [a, b, c, d, e, f, ..] = ports::free();
        let ports = [Ports { rpc: a, peers: b }, Ports { rpc: c, peers: d }, Ports { rpc: e, peers: f }];
        let mut network = Self { nodes, folder, client, preload, settings: settings.clone(), ports };
        for (node, sealer) in [(Node::Sealer1, SEALERS[0]), (Node::Sealer2, SEALERS[1])] {
            let key = network.key(node);
            fs::write(&key, sealer.secret).at("write", &key)?;
        }
        network.restart_all()?;
        network.wait_for_agreement(FIRST_BLOCKS)?;
        Ok(network)
    }

    /// Where the nodes answer, over kills and restarts: sealer 1, sealer 2, follower.
    #[must_use]
    pub fn urls(&self) -> [String; 3] {
        Node::ALL.map(|node| self.url(node))
    }

    /// Where a node answers: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self, node: Node) -> String {
        format!("http://127.0.0.1:{}", self.ports[node.index()].rpc)
    }

    /// Kills a node (SIGKILL) and waits until it is gone. Does nothing where it does not run.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self, node: Node) -> Result<(), Error> {
        self.nodes[node.index()].kill()
    }

    /// Starts a node again, on the same data and under the same URL, and waits until it answers; it may then still lack
    /// blocks. Kills it first where it runs.
    ///
    /// # Errors
    /// When it does not answer, with its last words.
    pub fn restart(&mut self, node: Node) -> Result<(), Error> {
        self.kill(node)?;
        self.run(node)?;
        self.wait_until_answered()
    }

    /// Starts all nodes that were killed, at once, and waits until they answer.
    ///
    /// # Errors
    /// When one does not answer, with its last words.
    pub fn restart_all(&mut self) -> Result<(), Error> {
        for node in Node::ALL {
            if !self.nodes[node.index()].is_started() {
                self.run(node)?;
            }
        }
        self.wait_until_answered()
    }

    /// The number of a node's latest block.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn height(&self, node: Node) -> Result<u64, Error> {
        Ok(rpc::number(&self.rpc(node, "eth_blockNumber", json!([]))?)?)
    }

    /// The hash of a node's block of this number; `None` where it has none yet.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn block_hash(&self, node: Node, number: u64) -> Result<Option<String>, Error> {
        if self.height(node)? < number {
            return Ok(None);
        }
        let block = self.rpc(node, "eth_getBlockByNumber", json!([format!("{number:#x}"), false]))?;
        Ok(block["hash"].as_str().map(str::to_owned))
    }

    /// Sends a node a request.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn rpc(&self, node: Node, method: &str, params: Value) -> Result<Value, Error> {
        Ok(rpc::call(&self.url(node), method, params)?)
    }

    /// The log of a node, which is kept over restarts.
    #[must_use]
    pub fn log(&self, node: Node) -> PathBuf {
        self.nodes[node.index()].log()
    }

    /// Looks until there is something, for a minute and a half.
    ///
    /// # Errors
    /// When that time is over, or when a node ends by itself: with the heights, and the ends of the logs.
    pub fn wait_for<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> Result<T, Error> {
        let found = until(PATIENCE, || {
            self.look_for_ended(what)?;
            Ok(look(self))
        })?;
        found.ok_or_else(|| self.failed(&format!("not within {PATIENCE:?}: {what}")))
    }

    /// Waits until a node has a block of this number, and gives its height, which may be more.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn wait_for_height(&mut self, node: Node, number: u64) -> Result<u64, Error> {
        self.wait_for(&format!("block {number} on {node}"), |network| {
            network.height(node).ok().filter(|height| *height >= number)
        })
    }

    /// Waits until all nodes that run have the same block of this number or a higher one; gives number and hash of the
    /// highest that all have.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn wait_for_agreement(&mut self, number: u64) -> Result<(u64, String), Error> {
        self.wait_for(&format!("agreement on block {number} or later"), |network| {
            let running = || Node::ALL.into_iter().filter(|node| network.nodes[node.index()].is_started());
            let heights: Result<Vec<u64>, Error> = running().map(|node| network.height(node)).collect();
            let common = heights.ok()?.into_iter().min().filter(|common| *common >= number)?;
            let mut hashes = running().map(|node| network.block_hash(node, common).ok().flatten());
            let first = hashes.next()??;
            hashes.all(|hash| hash.as_ref() == Some(&first)).then_some((common, first))
        })
    }

    /// The secret key of a sealer.
    fn key(&self, node: Node) -> PathBuf {
        self.nodes[node.index()].folder().join("key")
    }

    fn run(&mut self, node: Node) -> Result<(), Error> {
        let index = node.index();
        // A node calls those before it, so that two calls do not cross.
        let others = NODES.iter().zip(&self.ports).take(index);
        let others: Vec<Value> = others.map(|((_, id), ports)| json!({ "id": id, "port": ports.peers })).collect();
        let itself = json!({ "key": NODES[index].0, "dial": others }).to_string();
        let mut command = Command::new("node");
        command.env("HOCBA_NETWORK_NODE", itself).arg("--require").arg(&self.preload).arg(&self.client);
        command.arg("--gethGenesis").arg(self.folder.path().join("genesis.json"));
        command.arg("--dataDir").arg(self.nodes[index].folder());
        command.args(["--extIP", "127.0.0.1", "--port", &self.ports[index].peers.to_string()]);
        command.args(["--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", &self.ports[index].rpc.to_string()]);
        // No search for peers, and no second log of everything.
        command.args(["--discDns=false", "--discV4=false", "--no-logFile", "--saveReceipts"]);
        if let Some(sealer) = SEALERS.get(index) {
            command.arg("--mine").arg("--unlock").arg(self.key(node)).args(["--minerCoinbase", sealer.address]);
        }
        self.nodes[index].start(&command)
    }

    fn wait_until_answered(&mut self) -> Result<(), Error> {
        let chain = self.settings.chain_id;
        self.wait_for("an answer of each node", |network| {
            let running = || Node::ALL.into_iter().filter(|node| network.nodes[node.index()].is_started());
            let answers = |node| {
                let id = network.rpc(node, "eth_chainId", json!([])).ok()?;
                // What another program answers on the port is not ours.
                rpc::number(&id).ok().filter(|id| *id == chain)
            };
            running().all(|node| answers(node).is_some()).then_some(())
        })
    }

    fn look_for_ended(&mut self, what: &str) -> Result<(), Error> {
        let ended = self.nodes.iter_mut().find_map(|node| Some((node.name(), node.ended()?)));
        match ended {
            Some((name, status)) => Err(self.failed(&format!("{name} ended by itself ({status}), waiting for {what}"))),
            None => Ok(()),
        }
    }

    fn failed(&self, what: &str) -> Error {
        let height = |node: Node| match self.height(node) {
            Ok(height) => format!("{node} at block {height}"),
            Err(error) => format!("{node}: {error}"),
        };
        Error::Node { what: format!("{what}; {}", Node::ALL.map(height).join(", ")), logs: self.last_words() }
    }

    fn last_words(&self) -> String {
        self.nodes.iter().map(Process::last_words).collect()
    }
}

impl Drop for Network {
    #[allow(clippy::print_stderr, reason = "the logs are gone with the network; a test runner shows them if it fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.last_words());
        }
    }
}

/// The forks up to London in the order in which they came. Of several that begin with the same block, the client takes the
/// one that stands last in the file.
const FORKS: [&str; 10] = [
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "berlin",
    "london",
];

/// In the format of geth: London from the first block on, and Clique (EIP-225) with our sealers.
fn genesis_of(settings: &NetworkSettings) -> String {
    let zeros = |digits: usize| format!("0x{}", "0".repeat(digits));
    // EIP-225: 32 bytes for anything, the sealers in the order of their addresses, 65 bytes for a signature.
    let sealers: String = SEALERS.iter().filter_map(|sealer| sealer.address.strip_prefix("0x")).collect();
    let mut alloc = json!({});
    for address in ACCOUNTS.iter().map(|account| account.address).chain(settings.prefunded.iter().map(String::as_str)) {
        alloc[address.to_ascii_lowercase()] = json!({ "balance": BALANCE });
    }
    let rest = json!({
        "alloc": alloc,
        "extraData": format!("{}{sealers}{}", zeros(64), "0".repeat(130)),
        "timestamp": format!("{GENESIS_TIME:#x}"),
        "gasLimit": format!("{GAS_LIMIT:#x}"),
        "baseFeePerGas": "0x7",
        "difficulty": "0x1",
        "nonce": "0x0",
        "number": "0x0",
        "gasUsed": "0x0",
        "parentHash": zeros(64),
        "mixHash": zeros(64),
        "coinbase": zeros(40),
    });
    // Not by serde_json, which sorts them by name: that chain would have the rules of Petersburg.
    let forks: String = FORKS.iter().map(|fork| format!(r#""{fork}Block":0,"#)).collect();
    // Votes are counted anew after an epoch; nobody votes here.
    let clique = json!({ "period": settings.period.as_secs(), "epoch": 30_000 });
    let config = format!(r#"{{"chainId":{},{forks}"clique":{clique}}}"#, settings.chain_id);
    format!(r#"{{"config":{config},{}"#, &rest.to_string()[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genesis_names_the_sealers_in_order_and_funds_whom_it_should() {
        let prefunded = vec!["0xABCDEF0000000000000000000000000000000001".to_owned()];
        let text = genesis_of(&NetworkSettings { prefunded, ..NetworkSettings::default() });
        let genesis: Value = serde_json::from_str(&text).expect("it is JSON");
        let extra = genesis["extraData"].as_str().expect("text");
        assert_eq!(extra.len(), 2 + 2 * (32 + 2 * 20 + 65));
        let sealers = &extra[2 + 64..2 + 64 + 80];
        assert!(sealers[..40] < sealers[40..], "{sealers}");
        assert_eq!(genesis["config"]["chainId"], 271_828);
        assert_eq!(genesis["config"]["clique"], json!({ "period": 2, "epoch": 30_000 }));
        assert_eq!(genesis["alloc"].as_object().map(serde_json::Map::len), Some(ACCOUNTS.len() + 1));
        assert_eq!(genesis["alloc"]["0xabcdef0000000000000000000000000000000001"]["balance"], BALANCE);
    }

    #[test]
    fn forks_stand_in_the_order_in_which_they_came() {
        let text = genesis_of(&NetworkSettings::default());
        let places: Option<Vec<usize>> = FORKS.iter().map(|fork| text.find(&format!("\"{fork}Block\":0"))).collect();
        let places = places.expect("each is there");
        assert!(places.is_sorted(), "{text}");
        assert_eq!(FORKS.last(), Some(&"london"));
    }

    #[test]
    fn a_missing_package_says_what_to_do() {
        let settings = NetworkSettings { scripts: "/nowhere/at/all".into(), ..NetworkSettings::default() };
        let error = Network::start(&settings).expect_err("no such folder");
        assert!(matches!(error, Error::NotInstalled { .. }), "{error:?}");
    }
}
