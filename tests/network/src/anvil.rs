//! One development node.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    error::{At as _, Error},
    folder::Folder,
    package, ports,
    process::Process,
    rpc,
    wait::until,
};

/// How long it may take to start; two busy cores do it in about two seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mining {
    /// With each transaction, a moment after it was taken.
    Instantly,
    /// At these intervals, in whole seconds, with or without transactions.
    Every(Duration),
    /// When [`Anvil::mine`] is called.
    OnDemand,
}

/// What kind of node is wanted.
#[derive(Debug, Clone)]
pub struct AnvilSettings {
    /// The chain's number.
    pub chain_id: u64,
    /// The rules, by anvil's names. `paris` is what the contracts are built for.
    pub hardfork: String,
    /// When blocks are made.
    pub mining: Mining,
    /// Whether what was mined is still there after [`Anvil::kill`] and [`Anvil::restart`], as on a node with a disk.
    /// Without it a restart begins another chain.
    pub keep_state: bool,
    /// More arguments of anvil, such as `["--block-base-fee-per-gas", "0"]`.
    pub extra: Vec<String>,
}

impl Default for AnvilSettings {
    fn default() -> Self {
        Self {
            chain_id: 31_337,
            hardfork: "paris".to_owned(),
            mining: Mining::Instantly,
            keep_state: true,
            extra: Vec::new(),
        }
    }
}

/// A node of one's own. Dropped, it is killed and its folder goes. Its money is on [`ACCOUNTS`](crate::ACCOUNTS).
#[derive(Debug)]
pub struct Anvil {
    // In this order: the process before its folder.
    process: Process,
    folder: Folder,
    program: PathBuf,
    settings: AnvilSettings,
    port: u16,
}

impl Anvil {
    /// Starts a node and waits until it answers. Clears away first what killed processes left behind.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the npm package is missing; the others say what went wrong, with the node's last
    /// words.
    pub fn start(settings: &AnvilSettings) -> Result<Self, Error> {
        let program = package::anvil()?;
        let folder = Folder::new()?;
        let process = Process::new(folder.path(), "anvil")?;
        let mut anvil = Self { process, folder, program, settings: settings.clone(), port: ports::free()[0] };
        anvil.run()?;
        Ok(anvil)
    }

    /// Where it answers, over kills and restarts: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it (SIGKILL) and waits until it is gone. With [`AnvilSettings::keep_state`], what was mined is kept: it
    /// makes no block any more while its state is written, so that none is lost. Transactions that wait for a block are
    /// lost in any case, as on other nodes. Does nothing where it does not run.
    ///
    /// # Errors
    /// When the state could not be kept; it is killed all the same.
    pub fn kill(&mut self) -> Result<(), Error> {
        if !self.process.is_started() {
            return Ok(());
        }
        let kept = if self.settings.keep_state { self.keep_state() } else { Ok(()) };
        self.process.kill()?;
        kept
    }

    /// Starts it again, under the same URL, and waits until it answers. Kills it first where it runs.
    ///
    /// # Errors
    /// When it does not start, with its last words.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.kill()?;
        self.run()
    }

    /// Makes blocks, whatever the settings say.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn mine(&self, blocks: u64) -> Result<(), Error> {
        self.rpc("anvil_mine", json!([format!("{blocks:#x}")])).map(drop)
    }

    /// The number of the latest block.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn height(&self) -> Result<u64, Error> {
        Ok(rpc::number(&self.rpc("eth_blockNumber", json!([]))?)?)
    }

    /// Sends it a request.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn rpc(&self, method: &str, params: Value) -> Result<Value, Error> {
        Ok(rpc::call(&self.url(), method, params)?)
    }

    /// Its log, which is kept over restarts.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.process.log()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    fn run(&mut self) -> Result<(), Error> {
        let AnvilSettings { chain_id, hardfork, mining, keep_state, extra } = &self.settings;
        let mut command = Command::new(&self.program);
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        command.args(["--chain-id", &chain_id.to_string(), "--hardfork", hardfork]);
        match mining {
            Mining::Instantly => {}
            Mining::Every(interval) => drop(command.args(["--block-time", &interval.as_secs().to_string()])),
            Mining::OnDemand => drop(command.arg("--no-mining")),
        }
        if *keep_state {
            // Also what contracts held some blocks ago: clients ask there for what is settled.
            command.arg("--preserve-historical-states");
        }
        if self.state().exists() {
            command.arg("--load-state").arg(self.state());
        }
        self.process.start(command.args(extra))?;
        let (process, url) = (&mut self.process, format!("http://127.0.0.1:{}", self.port));
        let answers = until(PATIENCE, || match process.ended() {
            Some(status) => Err(Error::Node { what: format!("anvil ended ({status})"), logs: process.last_words() }),
            None => Ok(rpc::call(&url, "eth_chainId", json!([])).ok()),
        })?;
        // What another program answers on the port is not ours.
        if answers.as_ref().and_then(|id| rpc::number(id).ok()) == Some(*chain_id) {
            return Ok(());
        }
        let what = format!("anvil does not say its chain's number after {PATIENCE:?}, but {answers:?}");
        Err(Error::Node { what, logs: self.process.last_words() })
    }

    /// Writes the state where the next start finds it. By itself anvil writes it at an orderly end, or in intervals of
    /// a second or more and not at once, so that a kill would come too early or find half a file.
    fn keep_state(&self) -> Result<(), Error> {
        // Taken now, a transaction waits; mined now, it would be settled for whoever looks, and then forgotten.
        self.rpc("evm_setAutomine", json!([false]))?;
        self.rpc("evm_setIntervalMining", json!([0]))?;
        let dump = self.rpc("anvil_dumpState", json!([true]))?;
        let packed = dump.as_str().and_then(from_hex).ok_or(rpc::Error::NotUnderstood("of anvil_dumpState".into()))?;
        let (state, half) = (self.state(), self.state().with_extension("half"));
        let file = File::create(&half).at("make", &half)?;
        let mut gzip = Command::new("gzip");
        gzip.arg("-dc").stdin(Stdio::piped()).stdout(file).stderr(Stdio::null());
        let mut gzip = gzip.spawn().at("run", "gzip".as_ref())?;
        let written = gzip.stdin.take().map(|mut stdin| stdin.write_all(&packed));
        let done = gzip.wait().at("wait for", "gzip".as_ref())?;
        written.transpose().at("write to", "gzip".as_ref())?;
        if !done.success() {
            return Err(rpc::Error::NotUnderstood("of anvil_dumpState: gzip refuses it".into()).into());
        }
        self.keep_one_genesis(&half)?;
        fs::rename(&half, &state).at("rename", &half)
    }

    /// Each start makes a first block of its own, by the clock, and loads the one of the state beside it. The state then
    /// has both, in any order, and the next start would take one by chance.
    fn keep_one_genesis(&self, state: &Path) -> Result<(), Error> {
        let not_understood = || rpc::Error::NotUnderstood("of anvil_dumpState".to_owned());
        let genesis = self.rpc("eth_getBlockByNumber", json!(["0x0", false]))?;
        let time = rpc::number(&genesis["timestamp"])?;
        let text = fs::read(state).at("read", state)?;
        let mut whole: Value = serde_json::from_slice(&text).map_err(|_| not_understood())?;
        let blocks = whole["blocks"].as_array_mut().ok_or_else(not_understood)?;
        let before = blocks.len();
        blocks.retain(|block| {
            let header = |field: &str| rpc::number(&block["header"][field]).ok();
            header("number") != Some(0) || header("timestamp") == Some(time)
        });
        if blocks.len() == before {
            return Ok(());
        }
        fs::write(state, whole.to_string()).at("write", state)
    }
}

/// The bytes of a `0x` text.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_in_whole_bytes() {
        assert_eq!(from_hex("0x00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!(from_hex("0x"), Some(Vec::new()));
        for wrong in ["00", "0x0", "0x0g", ""] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }

    /// Were the shell that watches killed together with the test process, this is what is left.
    #[test]
    fn what_a_killed_process_left_is_swept_by_the_next() {
        let mut anvil = match Anvil::start(&AnvilSettings::default()) {
            Err(error @ Error::NotInstalled { .. }) => return eprintln!("skipped: {error}"),
            anvil => anvil.expect("a node starts"),
        };
        let path = anvil.folder.path().to_owned();
        let pid = fs::read_to_string(path.join("anvil/pid")).expect("it runs");
        anvil.folder.forget_owner();
        let mut orphan = std::mem::ManuallyDrop::new(anvil);

        // Another test's node may sweep it before ours does; gone is gone.
        let next = Anvil::start(&AnvilSettings::default()).expect("another one starts");
        assert!(!path.exists(), "{} is still there", path.display());
        assert!(orphan.process.ended().is_some(), "process {pid} still runs");
        assert!(next.folder.path().exists(), "what has an owner stays");
    }
}
