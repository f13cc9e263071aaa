//! The data folder of one deployment.
//!
//! | path | holds |
//! |---|---|
//! | `hocba.json` | format, demo flag, chain, address of the pages ([`Config`]) |
//! | `hocba.sqlite` | everything the service remembers (`hocba-store`), unless `hocba.json` names a database elsewhere |
//! | `data.key` | the key that seals personal data in it; back it up apart from the database |
//! | `profile.hocba-profile.json` | the trust profile |
//! | `snapshot.hocba-snapshot.json` | the last snapshot of the public record |
//! | `bundles/<class>/NN.hocba.json` | bundles as exported, by the number in the class list |
//! | `chain/` | demo folders only: the embedded development chain |
//! | `keys/` | demo folders only: copies of the published example keys |
//! | `class.xlsx` | demo folders only: the made-up class as a school's spreadsheet |
//!
//! File names say nothing about pupils. Every file is written whole (temporary file, fsync, rename, fsync of the
//! folder), readable by its owner only. Commands and the service use a folder side by side: the database orders them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use hocba_app::{
    AccessSettings,
    access::{OpenIdReach, OpenIdRule, OpenIdSettings},
};
use hocba_bundle::facts::Address;
use hocba_keystore::Mode;
use hocba_openid::{Provider, ProviderSettings, SettingsError};
use hocba_server::config::{PublicUrl, SystemConfig};
use hocba_signature::policy::SigningMode;
use hocba_store::{Database, DatabaseUrl};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    error::{Exit, Failure},
    mail::MailConfig,
    output::words,
};

/// Name of the trust profile in a folder.
pub const PROFILE: &str = "profile.hocba-profile.json";
/// Name of the snapshot in a folder.
pub const SNAPSHOT: &str = "snapshot.hocba-snapshot.json";
/// Name of the database in a folder.
pub const DATABASE: &str = "hocba.sqlite";
/// Name of the data key in a folder.
pub const DATA_KEY: &str = "data.key";
/// Name of the settings in a folder.
pub const CONFIG: &str = "hocba.json";

/// The format marker of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FolderFormat {
    /// With a database.
    #[serde(rename = "folder-2")]
    V2,
}

/// `hocba.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Format.
    pub hocba: FolderFormat,
    /// In a demonstration example keys work, and nothing counts.
    #[serde(default)]
    pub demo: bool,
    /// Where batches are anchored.
    pub chain: ChainConfig,
    /// The database, where it is not the file in this folder or needs a setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseConfig>,
    /// How certificate authorities are asked about revocations, where that is not as usual, and which time-stamp
    /// authorities are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceConfig>,
    /// How people sign in, where that is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessConfig>,
    /// The OpenID Connect provider through which people may sign in besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<OpenIdConfig>,
    /// The mail server by which people are told that something waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailConfig>,
    /// Where verifiers reach the pages, as links and QR codes have it: `https://hocba.example.vn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<PublicUrl>,
    /// What the system is called and who owns it, as printed on every sheet (docs/paper.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemConfig>,
    /// `each`: a signature for each record; `list`: one for a whole list, for slow tokens and billed signatures. The trust
    /// profile has to accept it.
    #[serde(default, skip_serializing_if = "is_each")]
    pub signing: SigningMode,
}

impl Config {
    /// That of a new folder: everything that may be left out is as usual.
    pub fn new(demo: bool, chain: ChainConfig, signing: SigningMode) -> Self {
        let (database, evidence, access, openid, mail, base_url, system) = (None, None, None, None, None, None, None);
        let hocba = FolderFormat::V2;
        Self { hocba, demo, chain, database, evidence, access, openid, mail, base_url, system, signing }
    }
}

fn is_each(mode: &SigningMode) -> bool {
    *mode == SigningMode::Each
}

/// Where batches are anchored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChainConfig {
    /// The development chain in the folder; demonstrations only.
    Embedded {
        /// The port it is served on, on this machine.
        port: u16,
    },
    /// A network.
    Network {
        /// EIP-155 chain id.
        chain: u64,
        /// The contract.
        contract: Address,
        /// Price per gas in wei, 0 where the network is free of charge.
        #[serde(default)]
        gas_price: u64,
        /// In place of a fixed price: what the network asks (EIP-1559), up to a ceiling.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fees: Option<FeesConfig>,
        /// How many blocks on top of one make it settled; left out or 0 where blocks are final at once (QBFT, IBFT).
        #[serde(default, skip_serializing_if = "is_zero")]
        confirmations: u64,
        /// The contract was not there before this block.
        #[serde(default, skip_serializing_if = "is_zero")]
        since: u64,
        /// JSON-RPC address of a node, where one is asked and believed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Whose nodes are asked, where it is several; left out besides `url`, those of the trust profile.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        operators: Vec<OperatorConfig>,
        /// How many of these operators have to say the same; left out, what the trust profile says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quorum: Option<u8>,
        /// The contracts before this one, the earliest first; `hocba chain move` writes them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        past: Vec<PastConfig>,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A contract that was closed, with what it held then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastConfig {
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// Batches.
    pub batches: u64,
    /// Entries of the status log.
    pub statuses: u64,
}

/// What is offered for gas on a network with a base fee.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeesConfig {
    /// Tip, in wei per gas.
    pub tip: u64,
    /// The most, in wei per gas.
    pub ceiling: u64,
}

/// An operator and its nodes, as in the trust profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// Who it is; operators are counted, not addresses.
    pub id: String,
    /// JSON-RPC addresses of its nodes.
    pub urls: Vec<String>,
}

/// How certificate authorities are asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Hosts of the own network that may be asked, names or addresses without port. Certificates come from outside, and
    /// what they name inside is not asked otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<String>,
    /// Where time-stamp authorities of the trust profile are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_stamps: Vec<TimeStampConfig>,
}

/// A time-stamp authority that is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStampConfig {
    /// Which, as the trust profile calls it.
    pub authority: String,
    /// Its address, plain `http:`; inside the own network as well.
    pub url: String,
}

/// How people sign in, as `hocba.json` says it; what is left out is as usual ([`AccessSettings`], docs/accounts.md).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// A session ends after so many minutes without a request: 30 to 480.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u16>,
    /// A session ends so many hours after signing in: at most 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_hours: Option<u16>,
    /// A printed slip works for so many days: 1 to 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip_days: Option<u16>,
    /// Who needs a second factor: roles by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<Vec<String>>,
    /// What the installation is called in an authenticator app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl AccessConfig {
    /// The settings.
    ///
    /// # Errors
    /// The name of what is no role, or outside its bounds.
    pub fn settings(&self) -> Result<AccessSettings, Failure> {
        let refused = |what: &str| {
            Failure::new(
                Exit::BadInput,
                "access_settings",
                words(
                    format!("{CONFIG}: mục access có {what} không dùng được"),
                    format!("{CONFIG}: access has a {what} that cannot be used"),
                ),
            )
            .hint(words("xem docs/accounts.md, mục Settings", "see Settings in docs/accounts.md"))
        };
        let mut settings = AccessSettings::default();
        if let Some(minutes) = self.idle_minutes {
            settings.idle = i64::from(minutes) * 60;
        }
        if let Some(hours) = self.session_hours {
            settings.absolute = i64::from(hours) * 3600;
        }
        if let Some(days) = self.slip_days {
            settings.slip_life = i64::from(days) * 86_400;
        }
        if let Some(roles) = &self.second_factor {
            let roles: Result<_, _> = roles.iter().map(|role| role.parse()).collect();
            settings.second_factor = roles.map_err(|_| refused("second_factor"))?;
        }
        if let Some(name) = &self.name {
            settings.issuer.clone_from(name);
        }
        settings.check().map_err(|what| {
            refused(match what {
                "idle" => "idle_minutes",
                "absolute" => "session_hours",
                "slip_life" => "slip_days",
                _ => "name",
            })
        })?;
        Ok(settings)
    }
}

/// An OpenID Connect provider, as `hocba.json` says it (docs/accounts.md). The secret is in a file of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdConfig {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// A file with our secret there, seen from the folder; left out for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// What people call the provider: on the button.
    pub name: String,
    /// What is asked for besides `openid`; `profile` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The claim with the login; `preferred_username` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_claim: Option<String>,
    /// Whether accounts are linked by their login.
    #[serde(default)]
    pub link_by_login: bool,
    /// Values of `amr` or `acr` that stand for a second factor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr_second_factor: Vec<String>,
    /// Which claims give which roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<OpenIdRuleConfig>,
}

/// A rule of an [`OpenIdConfig`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdRuleConfig {
    /// The claim.
    pub claim: String,
    /// The value that it has to have.
    pub value: String,
    /// The role that it gives, by its name.
    pub role: String,
    /// In this school.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    /// In the schools whose codes are in this claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_claim: Option<String>,
    /// Only in schools whose codes begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

impl OpenIdRuleConfig {
    /// The rule; none where something is no role or no school, or where both a school and a claim are named.
    fn rule(&self) -> Option<OpenIdRule> {
        let prefix = self.prefix.as_ref().map(|prefix| prefix.parse()).transpose().ok()?;
        let reach = match (&self.school, &self.school_claim) {
            (Some(school), None) if prefix.is_none() => OpenIdReach::School(school.parse().ok()?),
            (None, Some(claim)) => OpenIdReach::SchoolClaim { claim: claim.clone(), prefix },
            (None, None) => OpenIdReach::Schools(prefix),
            _ => return None,
        };
        Some(OpenIdRule { claim: self.claim.clone(), value: self.value.clone(), role: self.role.parse().ok()?, reach })
    }
}

impl OpenIdConfig {
    fn refused(what: &str) -> Failure {
        Failure::new(
            Exit::BadInput,
            "openid_settings",
            words(
                format!("{CONFIG}: mục openid có {what} không dùng được"),
                format!("{CONFIG}: openid has a {what} that cannot be used"),
            ),
        )
        .hint(words("xem docs/accounts.md, mục OpenID Connect", "see OpenID Connect in docs/accounts.md"))
    }

    /// What the use cases are told.
    ///
    /// # Errors
    /// The name of what is outside its bounds.
    pub fn settings(&self) -> Result<OpenIdSettings, Failure> {
        let rules: Option<Vec<OpenIdRule>> = self.rules.iter().map(OpenIdRuleConfig::rule).collect();
        let settings = OpenIdSettings {
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            login_claim: self.login_claim.clone().unwrap_or_else(|| "preferred_username".to_owned()),
            link_by_login: self.link_by_login,
            second_factor: self.amr_second_factor.iter().cloned().collect(),
            rules: rules.ok_or_else(|| Self::refused("rules"))?,
        };
        settings.check().map_err(Self::refused)?;
        // What cannot be sent is found by every command, not by the first person who presses the button.
        self.reached(None).check().map_err(|error| Self::unreachable(&error))?;
        Ok(settings)
    }

    fn reached(&self, client_secret: Option<Zeroizing<String>>) -> ProviderSettings {
        ProviderSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret,
            scopes: self.scopes.clone().unwrap_or_else(|| vec!["profile".to_owned()]),
        }
    }

    fn unreachable(error: &SettingsError) -> Failure {
        Self::refused(match error {
            SettingsError::Issuer => "issuer",
            SettingsError::ClientId => "client_id",
            SettingsError::Scope => "scopes",
            SettingsError::Http(_) => "TLS",
        })
    }

    /// The provider, with our secret from its file.
    ///
    /// # Errors
    /// For a file that cannot be read or holds nothing, and settings that cannot be.
    pub fn provider(&self, folder: &Folder) -> Result<Provider, Failure> {
        let secret = match &self.client_secret_file {
            Some(file) => {
                let text = fs::read_to_string(folder.root().join(file)).map(Zeroizing::new);
                let text = text.map_err(|_| Self::refused("client_secret_file"))?;
                let secret = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
                if secret.is_empty() || secret.len() > 1024 || secret.contains('\n') {
                    return Err(Self::refused("client_secret_file"));
                }
                Some(secret)
            }
            None => None,
        };
        Provider::new(self.reached(secret)).map_err(|error| Self::unreachable(&error))
    }
}

/// A database, as `hocba.json` says it; what is left out is as usual ([`Database`]).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://USER@HOST/NAME` or `sqlite:PATH`. The password may stand here (the file is its owner's alone), in
    /// `HOCBA_DATABASE_URL`, or in libpq's password file.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text")]
    pub url: Option<DatabaseUrl>,
    /// A copy that follows it, for what verifiers look at.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text")]
    pub replica_url: Option<DatabaseUrl>,
    /// PostgreSQL: most connections that write, and as many that read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// PostgreSQL: a statement that takes longer is given up, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<u32>,
    /// SQLite: most bytes of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

/// URLs as text.
mod as_text {
    use hocba_store::DatabaseUrl;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: Serializer>(url: &Option<DatabaseUrl>, serializer: S) -> Result<S::Ok, S::Error> {
        match url {
            Some(url) => serializer.serialize_str(&url.secret()),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DatabaseUrl>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A data folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    config: Config,
    /// In place of what environment and configuration say.
    database: Option<DatabaseUrl>,
}

impl Folder {
    /// Begins a folder. Fails where one is already.
    ///
    /// # Errors
    /// When a folder is there or cannot be written.
    pub fn create(root: &Path, config: Config) -> anyhow::Result<Self> {
        make_folder(root)?;
        if root.join(CONFIG).try_exists()? {
            let name = root.display();
            return Err(Failure::new(
                Exit::BadInput,
                "folder_exists",
                words(format!("{name} đã là một thư mục dữ liệu"), format!("{name} is a data folder already")),
            )
            .into());
        }
        let folder = Self { root: root.to_owned(), config, database: None };
        folder.save_config()?;
        Ok(folder)
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// When there is none or its configuration is not readable.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let path = root.join(CONFIG);
        match fs::read(&path) {
            Ok(bytes) => Ok(Self { root: root.to_owned(), config: read_json(&path, &bytes)?, database: None }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let name = root.display();
                Err(Failure::new(
                    Exit::BadInput,
                    "no_folder",
                    words(format!("{name} chưa là thư mục dữ liệu"), format!("{name} is no data folder")),
                )
                .hint(words(
                    "chạy `hocba init --demo` hoặc `hocba init --help`, hay chọn thư mục khác bằng --data-dir",
                    "run `hocba init --demo` or `hocba init --help`, or choose another one with --data-dir",
                ))
                .into())
            }
            Err(e) => Err(e).with_context(|| path.display().to_string()),
        }
    }

    /// Whether a folder was begun here.
    pub fn exists(root: &Path) -> bool {
        root.join(CONFIG).exists()
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// Changes the configuration for good.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_config(&mut self, config: Config) -> anyhow::Result<()> {
        self.config = config;
        self.save_config()
    }
    /// The same folder with another database, whatever the environment says; nothing is written.
    #[must_use]
    pub fn with_database(&self, url: DatabaseUrl) -> Self {
        Self { database: Some(url), ..self.clone() }
    }
    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
    /// Whether it is a demonstration.
    pub fn is_demo(&self) -> bool {
        self.config.demo
    }
    /// Whether example keys open.
    pub fn mode(&self) -> Mode {
        if self.is_demo() { Mode::Demo } else { Mode::Production }
    }

    /// The database: what `HOCBA_DATABASE_URL` (and `HOCBA_REPLICA_URL`) says, else `hocba.json`, else the file here.
    ///
    /// # Errors
    /// For a variable that holds no database URL.
    pub fn database(&self) -> anyhow::Result<Database> {
        let config = self.config.database.clone().unwrap_or_default();
        let url = match &self.database {
            Some(url) => Some(url.clone()),
            None => from_environment("HOCBA_DATABASE_URL")?.or(config.url),
        };
        let usual = Database::at(url.unwrap_or_else(|| DatabaseUrl::file(self.path(DATABASE))));
        Ok(Database {
            replica: from_environment("HOCBA_REPLICA_URL")?.or(config.replica_url),
            connections: config.connections.unwrap_or(usual.connections),
            statement_timeout: config
                .statement_timeout
                .map_or(usual.statement_timeout, |seconds| Duration::from_secs(seconds.into())),
            max_bytes: config.max_bytes,
            ..usual
        })
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        write_whole(&self.path(name), bytes)
    }

    /// A file's bytes, if it is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| path.display().to_string()),
        }
    }

    fn save_config(&self) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(&self.config).context("the configuration as JSON")?;
        bytes.push(b'\n');
        self.write(CONFIG, &bytes)
    }
}

fn from_environment(name: &'static str) -> anyhow::Result<Option<DatabaseUrl>> {
    let Some(text) = std::env::var(name).ok().filter(|text| !text.is_empty()) else { return Ok(None) };
    let url = text.parse().map_err(|e| {
        Failure::new(
            Exit::BadInput,
            "database_url",
            words(format!("{name}: không phải địa chỉ cơ sở dữ liệu"), format!("{name}: {e}")),
        )
        .hint(words("ví dụ: postgres://hocba@may-chu/hocba", "for example postgres://hocba@host/hocba"))
    })?;
    Ok(Some(url))
}

/// The parser's message may repeat what it found, so only the place is passed on.
fn read_json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(bytes).map_err(|e| {
        let (name, line, column) = (path.display(), e.line(), e.column());
        Failure::new(
            Exit::Environment,
            "damaged_file",
            words(
                format!("{name} bị hỏng hoặc của bản khác (dòng {line}, cột {column})"),
                format!("{name} is damaged or of another release (line {line}, column {column})"),
            ),
        )
        .hint(words("khôi phục tệp này từ bản sao lưu", "restore this file from a backup"))
        .into()
    })
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| path.display().to_string())
}

/// Removes temporary files that a crash left in a folder: each may hold a pupil's transcript.
///
/// # Errors
/// When the folder cannot be read.
pub fn sweep(folder: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e).with_context(|| folder.display().to_string()),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with('.') || !name.ends_with(".tmp") {
            continue;
        }
        let left = OpenOptions::new().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if left {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// Writes a file whole or not at all: temporary file, fsync, rename, fsync of the folder.
///
/// # Errors
/// When the system refuses.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    // Two commands may write the same file; each has a temporary one of its own, and the later rename wins.
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().context("a file has a name")?);
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = parent.join(name);
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        // Held until it is renamed: tells `sweep` that somebody is at it.
        file.lock()?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        #[cfg(unix)]
        File::open(parent)?.sync_all()?;
        Ok(())
    };
    write().with_context(|| path.display().to_string())
}
