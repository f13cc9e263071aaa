//! A signing service of our own, in the shape of the Cloud Signature Consortium's API v2, run as a process of its own.
//!
//! It stands in for services that we cannot try here: what passes against it was **tested against our own reading of the
//! specification**, not against any provider. It can be slow (in a time of its own, that only signatures move), bound how
//! many signatures and seconds an authorisation covers, fall over after some signature, and misbehave.
//!
//! It shares no code with the client it tests, beyond the libraries of cryptography.

pub mod service;

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// How the service is to behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program; beside the test that asks, by default.
    pub program: PathBuf,
    /// Folder with `NAME.key.pem` (passphrase `hocba-test`) and `NAME.crt.pem` for each credential.
    pub keys: PathBuf,
    /// Names of the credentials.
    pub credentials: Vec<String>,
    /// More options; see [`service::Options`].
    pub options: Vec<String>,
    /// Where each authorisation and signature is noted, a line each, and added to after a restart.
    pub log: PathBuf,
}

impl Settings {
    /// A service with these credentials.
    #[must_use]
    pub fn new(keys: &Path, credentials: &[&str], log: &Path) -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        // A test lies in target/debug/deps, the program one folder up.
        let program = program.ancestors().nth(2).unwrap_or(Path::new(".")).join("hocba-test-csc");
        Self {
            program,
            keys: keys.to_owned(),
            credentials: credentials.iter().map(ToString::to_string).collect(),
            options: Vec::new(),
            log: log.to_owned(),
        }
    }

    /// With options: `&["--cap=100", "--pin=1234"]`.
    #[must_use]
    pub fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(ToString::to_string));
        self
    }
}

/// The service, running. Dropped, or when this process ends, it ends.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    child: Child,
    address: String,
}

impl Server {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// When the program is not built (`cargo build -p hocba-test-csc`) or does not start.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let (child, address) = spawn(&settings, "127.0.0.1:0")?;
        Ok(Self { settings, child, address })
    }

    /// The base of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/csc/v2", self.address)
    }

    /// Kills it, if it still runs, and starts it at the same address with other options.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self, options: &[&str]) -> io::Result<()> {
        self.kill();
        self.settings.options = options.iter().map(ToString::to_string).collect();
        (self.child, self.address) = spawn(&self.settings, &self.address)?;
        Ok(())
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // It may have ended by itself: that is what some of its options are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Lines of its log that begin with this word, over all restarts.
    #[must_use]
    pub fn logged(&self, word: &str) -> Vec<String> {
        let log = fs::read_to_string(&self.settings.log).unwrap_or_default();
        log.lines().filter(|line| line.split(' ').next() == Some(word)).map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(settings: &Settings, listen: &str) -> io::Result<(Child, String)> {
    let mut command = Command::new(&settings.program);
    command.arg(format!("--listen={listen}")).arg(format!("--keys={}", settings.keys.display()));
    command.arg(format!("--log={}", settings.log.display()));
    command.args(settings.credentials.iter().map(|name| format!("--credential={name}"))).args(&settings.options);
    // It ends when its input does, so when this process does.
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error} (cargo build -p hocba-test-csc)", settings.program.display()))
    })?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or_else(|| io::Error::other("its output was piped"))?;
    BufReader::new(output).read_line(&mut line)?;
    match line.trim().strip_prefix("listening on ") {
        Some(address) => Ok((child, address.to_owned())),
        None => Err(io::Error::other(format!("it said {line:?} and did not start: {:?}", child.wait()))),
    }
}
