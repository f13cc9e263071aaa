//! Where the database is and how it is used: a file (SQLite) for a pilot, a server (PostgreSQL) for a province.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{any::AnyConnectOptions, postgres::PgConnectOptions};

/// Which engine, by the scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One file, one machine.
    Sqlite,
    /// PostgreSQL 15 or later, or an engine that speaks its protocol (docs/database.md says what of it is needed).
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        })
    }
}

/// `sqlite:PATH`, `postgres://USER@HOST/NAME`. Written out, it shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Url);

#[derive(Clone, PartialEq, Eq)]
enum Url {
    Sqlite(PathBuf),
    /// As it was given, and as it is shown.
    Postgres(String, String),
}

/// Not the URL of a database. Says nothing of what was given: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a database URL: sqlite:PATH or postgres://USER@HOST/NAME")]
pub struct InvalidDatabaseUrl;

impl DatabaseUrl {
    /// A file of SQLite's.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Url::Sqlite(path.into()))
    }

    /// Which engine.
    pub fn backend(&self) -> Backend {
        match &self.0 {
            Url::Sqlite(_) => Backend::Sqlite,
            Url::Postgres(..) => Backend::Postgres,
        }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Url::Sqlite(path) => Some(path),
            Url::Postgres(..) => None,
        }
    }

    /// The whole URL, password and all, to be stored where nobody else reads.
    pub fn secret(&self) -> String {
        match &self.0 {
            Url::Sqlite(path) => format!("sqlite:{}", path.display()),
            Url::Postgres(url, _) => url.clone(),
        }
    }

    pub(crate) fn connect_options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        match &self.0 {
            Url::Sqlite(path) => {
                let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
                format!("sqlite://{path}").parse()
            }
            Url::Postgres(url, _) => url.parse(),
        }
    }

    /// The same for the driver itself, where `Any` cannot say what is needed.
    pub(crate) fn postgres_options(&self) -> Option<PgConnectOptions> {
        match &self.0 {
            Url::Sqlite(_) => None,
            Url::Postgres(url, _) => url.parse().ok(),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;
    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() || path.contains(['?', '\0']) {
                Err(InvalidDatabaseUrl)
            } else {
                Ok(Self::file(path))
            };
        }
        let options: PgConnectOptions = match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => text.parse().map_err(|_| InvalidDatabaseUrl)?,
            _ => return Err(InvalidDatabaseUrl),
        };
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let name = options.get_database().unwrap_or(options.get_username());
        let shown = format!("postgres://{}@{place}/{name}", options.get_username());
        Ok(Self(Url::Postgres(text.to_owned(), shown)))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Url::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Url::Postgres(_, shown) => f.write_str(shown),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// A database and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it is.
    pub url: DatabaseUrl,
    /// A copy that follows it (PostgreSQL's streaming replication), asked first where a moment's delay does no harm:
    /// what verifiers look at.
    pub replica: Option<DatabaseUrl>,
    /// PostgreSQL: at most so many connections that write, and so many that read. All servers' together stay below the
    /// engine's `max_connections` (100 by default): 8 + 8 leaves room for five servers and an administrator.
    /// SQLite writes with one and reads with four, whatever this says.
    pub connections: u32,
    /// PostgreSQL: a statement that takes longer is given up. The longest of ours, closing a batch of 4,096, takes well
    /// under a second.
    pub statement_timeout: Duration,
    /// SQLite: the file grows to so many bytes at most; no limit but the disk's where it is left out.
    pub max_bytes: Option<u64>,
}

impl Database {
    /// This database with the usual settings.
    pub fn at(url: DatabaseUrl) -> Self {
        Self { url, replica: None, connections: 8, statement_timeout: Duration::from_secs(30), max_bytes: None }
    }

    /// A file with the usual settings.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::at(DatabaseUrl::file(path))
    }

    /// Which engine.
    pub fn backend(&self) -> Backend {
        self.url.backend()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_says_which_engine_and_no_password_is_shown() {
        let url: DatabaseUrl =
            "postgres://hocba:geheim@db.example.vn:6543/province?sslmode=require".parse().expect("URL");
        assert_eq!(url.backend(), Backend::Postgres);
        assert_eq!(url.to_string(), "postgres://hocba@db.example.vn:6543/province");
        assert!(!format!("{url:?}").contains("geheim"));
        assert!(url.secret().contains("geheim"));
        let url: DatabaseUrl = "postgres://hocba@localhost/x?host=%2Ftmp%2Fpg".parse().expect("URL");
        assert_eq!(url.to_string(), "postgres://hocba@/tmp/pg/x");
        for text in ["sqlite:data/hocba.sqlite", "sqlite://data/hocba.sqlite"] {
            let url: DatabaseUrl = text.parse().expect("URL");
            assert_eq!(url.path(), Some(Path::new("data/hocba.sqlite")));
            assert_eq!(url.secret().parse::<DatabaseUrl>().expect("its own words"), url);
        }
        for text in ["", "hocba.sqlite", "mysql://x/y", "sqlite:", "sqlite:a?mode=ro", "postgres", "postgres://[bad"] {
            assert_eq!(text.parse::<DatabaseUrl>(), Err(InvalidDatabaseUrl), "{text}");
        }
    }
}
