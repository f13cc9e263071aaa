//! A throw-away software token for tests: SoftHSM 2, with tokens in a folder of its own.
//!
//! `cargo xtask test` fetches Debian's packages and unpacks them under the target folder, without installing anything
//! ([`fetch`]); an installed one does as well. Where there is neither, [`SoftHsm::new`] says [`Error::NotInstalled`].
//!
//! The module reads its settings from the file that `SOFTHSM2_CONF` names, so whoever loads it has to be a process started
//! with [`SoftHsm::environment`].

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Names the settings of SoftHSM.
pub const CONF: &str = "SOFTHSM2_CONF";
/// PIN of each token made here.
pub const PIN: &str = "123456";
const SO_PIN: &str = "87654321";
/// Debian's packages.
const PACKAGES: [&str; 3] = ["softhsm2", "libsofthsm2", "softhsm2-common"];
const MODULES: [&str; 2] = ["usr/lib/softhsm/libsofthsm2.so", "usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];

/// Why there is no token.
#[derive(Debug)]
pub enum Error {
    /// SoftHSM is neither installed nor fetched.
    NotInstalled,
    /// A program failed.
    Failed(String),
    /// A file.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => {
                f.write_str("SoftHSM 2 is missing: `apt-get install softhsm2`, or `cargo xtask softhsm`")
            }
            Self::Failed(what) => f.write_str(what),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Programs of SoftHSM under one root.
#[derive(Debug, Clone)]
struct Programs {
    module: PathBuf,
    util: PathBuf,
}

impl Programs {
    fn under(root: &Path) -> Option<Self> {
        let util = root.join("usr/bin/softhsm2-util");
        let module = MODULES.iter().map(|module| root.join(module)).find(|module| module.is_file())?;
        util.is_file().then_some(Self { module, util })
    }

    /// Installed, or where `cargo xtask` fetches it to: the target folder that this program was built in.
    fn find() -> Option<Self> {
        let fetched = || {
            let exe = std::env::current_exe().ok()?;
            exe.ancestors().find_map(|folder| Self::under(&folder.join("xtask/softhsm")))
        };
        Self::under(Path::new("/")).or_else(fetched)
    }
}

/// Fetches and unpacks SoftHSM into a folder, unless it is there or installed. Needs `apt-get` and `dpkg-deb`.
///
/// # Errors
/// With the words of the program that failed.
pub fn fetch(folder: &Path) -> Result<String, Error> {
    if Programs::under(Path::new("/")).is_some() || Programs::under(folder).is_some() {
        return Ok(String::new());
    }
    let debs = folder.join("debs");
    fs::create_dir_all(&debs)?;
    let download = || {
        run(Command::new("apt-get")
            .current_dir(&debs)
            .args(["download", "-qq", "-o", "APT::Sandbox::User=root"])
            .args(PACKAGES))
    };
    // Package lists may be missing or old on a new machine.
    let said = download().or_else(|_| {
        run(Command::new("apt-get").args(["update", "-qq"]))?;
        download()
    })?;
    for entry in fs::read_dir(&debs)? {
        run(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(folder))?;
    }
    Programs::under(folder).map(|_| said).ok_or(Error::NotInstalled)
}

/// A folder of tokens and the settings that lead there.
#[derive(Debug)]
pub struct SoftHsm {
    programs: Programs,
    folder: PathBuf,
}

impl SoftHsm {
    /// Settings in this folder, which is the caller's to remove; tokens that are in it already stay.
    ///
    /// # Errors
    /// `NotInstalled`.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        let programs = Programs::find().ok_or(Error::NotInstalled)?;
        let tokens = folder.join("tokens");
        fs::create_dir_all(&tokens)?;
        let settings = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n",
            tokens.display()
        );
        fs::write(folder.join("softhsm2.conf"), settings)?;
        Ok(Self { programs, folder: folder.to_owned() })
    }

    /// The PKCS#11 module.
    #[must_use]
    pub fn module(&self) -> &Path {
        &self.programs.module
    }

    /// Name and value of the variable that a process needs to see these tokens.
    #[must_use]
    pub fn environment(&self) -> (&'static str, PathBuf) {
        (CONF, self.folder.join("softhsm2.conf"))
    }

    /// A new token with this label and [`PIN`].
    ///
    /// # Errors
    /// With the words of `softhsm2-util`.
    pub fn init_token(&self, label: &str) -> Result<(), Error> {
        self.util(&["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN]).map(drop)
    }

    /// Puts an encrypted PKCS#8 key on a token, with the id in hex.
    ///
    /// # Errors
    /// With the words of `softhsm2-util`.
    pub fn import(&self, label: &str, key: &Path, passphrase: &str, id: &str) -> Result<(), Error> {
        let key = key.to_string_lossy();
        let to = ["--token", label, "--label", label, "--id", id, "--pin", PIN];
        self.util(&[&["--import", &key, "--file-pin", passphrase][..], &to].concat()).map(drop)
    }

    /// Takes all tokens away, as if they were pulled out.
    ///
    /// # Errors
    /// When the folder cannot be renamed.
    pub fn pull(&self) -> Result<(), Error> {
        fs::rename(self.folder.join("tokens"), self.folder.join("pulled"))?;
        Ok(fs::create_dir(self.folder.join("tokens"))?)
    }

    /// Puts them back.
    ///
    /// # Errors
    /// When they were not pulled.
    pub fn put_back(&self) -> Result<(), Error> {
        fs::remove_dir_all(self.folder.join("tokens"))?;
        Ok(fs::rename(self.folder.join("pulled"), self.folder.join("tokens"))?)
    }

    fn util(&self, arguments: &[&str]) -> Result<String, Error> {
        let (name, value) = self.environment();
        run(Command::new(&self.programs.util).arg("--module").arg(self.module()).args(arguments).env(name, value))
    }
}

fn run(command: &mut Command) -> Result<String, Error> {
    let output = command.output().map_err(|error| Error::Failed(format!("{command:?}: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said) } else { Err(Error::Failed(format!("{command:?}: {said}"))) }
}
