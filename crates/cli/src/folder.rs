//! The data folder: one class of one school, in files.
//!
//! | path | holds |
//! |---|---|
//! | `hocba.json` | format, demo flag, school, issuer code, chain ([`Config`]) |
//! | `class.xlsx`, `class.csv` | the spreadsheet as imported |
//! | `drafts/class.json` | what it amounts to: for each pupil number, record id and sections ([`ClassDraft`]) |
//! | `records/<record id>.json` | the statement so far, disclosures, seed ([`RecordFile`]) |
//! | `appointments/<id>.json` | signed appointments |
//! | `certificates/<sha256>.der` | certificates of everyone who signed here, with their issuers |
//! | `batches/NNNNN.json` | leaves, attempt, receipt ([`BatchFile`]) |
//! | `chain/` | the embedded development chain |
//! | `keys/` | demo folders only: copies of the published example keys |
//! | `profile.hocba-profile.json` | the trust profile |
//! | `snapshot.hocba-snapshot.json` | the last snapshot of the public record |
//! | `bundles/NN.hocba.json` | one bundle for each pupil, by the number in the class list |
//!
//! Nothing is stored twice: a record's state is its number of signatures, a batch's is whether it has a receipt, and
//! where a leaf is follows from the batches. File names say nothing about pupils. Every file is written whole
//! (temporary file, fsync, rename, fsync of the folder), readable by its owner only; one command at a time holds
//! `.lock`. Each file is written in an order in which a crash between any two leaves a folder that the same command
//! completes when it is run again.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use hocba_bundle::facts::{Address, IssuerCode};
use hocba_keystore::Mode;
use hocba_record::{
    canonical::Json,
    disclosure::{Disclosure, Seed},
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, Grade, SchoolCode, SchoolYear, SectionName, UnixTime},
};
use hocba_signature::{certificate::Certificate, statement::Statement};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    edge::Chance,
    error::{Exit, Failure},
    output::words,
};

/// Name of the trust profile in a folder.
pub const PROFILE: &str = "profile.hocba-profile.json";
/// Name of the snapshot in a folder.
pub const SNAPSHOT: &str = "snapshot.hocba-snapshot.json";
const CONFIG: &str = "hocba.json";
const DRAFTS: &str = "drafts/class.json";

/// The format marker of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FolderFormat {
    /// The first.
    #[serde(rename = "folder-1")]
    V1,
}

/// `hocba.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Format.
    pub hocba: FolderFormat,
    /// Present in a demonstration: example keys work, and nothing counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoConfig>,
    /// The school.
    pub school: SchoolCode,
    /// The code the department anchors batches under.
    pub issuer: IssuerCode,
    /// Where batches are anchored.
    pub chain: ChainConfig,
}

/// What makes a folder a demonstration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoConfig {
    /// The number ids and seeds are derived from; without it they are random, as in earnest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
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
        /// JSON-RPC address of a node.
        url: String,
    },
}

/// `drafts/class.json`: what the imported spreadsheet amounts to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassDraft {
    /// Class.
    pub class: ClassName,
    /// Grade.
    pub grade: Grade,
    /// One for each pupil, ascending by number.
    pub pupils: Vec<PupilDraft>,
    /// School.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
}

/// One pupil's draft.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PupilDraft {
    /// Identity the record will have.
    pub id: RecordId,
    /// Number in the class list (STT).
    pub number: u32,
    /// Name and value of each section.
    pub sections: Vec<(SectionName, Json)>,
}

/// `records/<record id>.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordFile {
    /// All disclosures.
    pub disclosures: Vec<Disclosure>,
    /// Number in the class list (STT).
    pub number: u32,
    /// The seed of salts and decoys.
    pub seed: Seed,
    /// The statement with the signatures it has so far.
    pub statement: Statement,
}

/// What is anchored in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchKind {
    /// Appointments.
    Appointments,
    /// Records.
    Records,
}

/// `batches/NNNNN.json`: a closed batch, anchored once it has a receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchFile {
    /// The attempt under way, recorded before it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// What is in it.
    pub kind: BatchKind,
    /// The leaves in their order.
    pub leaves: Vec<Leaf>,
    /// Where it is on the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<BatchReceipt>,
    /// Merkle root.
    pub root: Sha256Digest,
}

/// One leaf.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The record or appointment.
    pub id: RecordId,
    /// Its leaf hash.
    pub leaf: Sha256Digest,
    /// The school it belongs to.
    pub school: SchoolCode,
}

/// A transaction made and not yet known to be mined.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The signed bytes in hex; sending them twice is harmless.
    pub raw: String,
}

/// Where an anchored batch is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchReceipt {
    /// Index in the contract.
    pub index: u64,
    /// Block time.
    pub time: UnixTime,
}

/// An open data folder. The lock ends with it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    config: Config,
    _lock: File,
}

impl Folder {
    /// Begins a folder. Fails where one is already.
    ///
    /// # Errors
    /// When a folder is there or cannot be written.
    pub fn create(root: &Path, config: Config) -> anyhow::Result<Self> {
        make_folder(root)?;
        let lock = lock(root)?;
        if root.join(CONFIG).try_exists()? {
            let name = root.display();
            return Err(Failure::new(
                Exit::BadInput,
                "folder_exists",
                words(format!("{name} đã là một thư mục dữ liệu"), format!("{name} is a data folder already")),
            )
            .into());
        }
        let folder = Self { root: root.to_owned(), config, _lock: lock };
        folder.write_json(CONFIG, &folder.config)?;
        Ok(folder)
    }

    /// Opens a folder for one command.
    ///
    /// # Errors
    /// When there is none, when another command holds it, and when its files are not readable.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let config = Self::config_of(root)?;
        Ok(Self { root: root.to_owned(), config, _lock: lock(root)? })
    }

    /// The configuration of a folder, without holding it.
    ///
    /// # Errors
    /// When there is none or it is not readable.
    pub fn config_of(root: &Path) -> anyhow::Result<Config> {
        let path = root.join(CONFIG);
        match fs::read(&path) {
            Ok(bytes) => read_json(&path, &bytes),
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

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
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
        self.config.demo.is_some()
    }
    /// Whether example keys open.
    pub fn mode(&self) -> Mode {
        if self.is_demo() { Mode::Demo } else { Mode::Production }
    }
    /// Where ids and seeds come from.
    pub fn chance(&self) -> Chance {
        self.config.demo.and_then(|demo| demo.seed).map_or(Chance::System, Chance::DemoOnly)
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

    /// The draft of the class, if one was imported.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn drafts(&self) -> anyhow::Result<Option<ClassDraft>> {
        self.read_json(DRAFTS)
    }
    /// Keeps the draft of the class.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_drafts(&self, drafts: &ClassDraft) -> anyhow::Result<()> {
        self.write_json(DRAFTS, drafts)
    }

    /// The signed record of this identity, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record(&self, id: &RecordId) -> anyhow::Result<Option<RecordFile>> {
        self.read_json(&record_name(id))
    }
    /// Keeps a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_record(&self, id: &RecordId, record: &RecordFile) -> anyhow::Result<()> {
        self.write_json(&record_name(id), record)
    }

    /// All appointments signed here, by id.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn appointments(&self) -> anyhow::Result<Vec<Statement>> {
        self.all("appointments", ".json")?.iter().map(|(path, bytes)| read_json(path, bytes)).collect()
    }
    /// Keeps an appointment.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_appointment(&self, id: &RecordId, statement: &Statement) -> anyhow::Result<()> {
        self.write(&format!("appointments/{id}.json"), &statement.to_bytes())
    }

    /// All closed batches, in order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn batches(&self) -> anyhow::Result<Vec<BatchFile>> {
        self.all("batches", ".json")?.iter().map(|(path, bytes)| read_json(path, bytes)).collect()
    }
    /// Keeps the batch of this number.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_batch(&self, number: usize, batch: &BatchFile) -> anyhow::Result<()> {
        self.write_json(&format!("batches/{number:05}.json"), batch)
    }

    /// Certificates of all who signed here.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn certificates(&self) -> anyhow::Result<Vec<Certificate>> {
        self.all("certificates", ".der")?
            .iter()
            .map(|(path, der)| Certificate::from_der(der).with_context(|| path.display().to_string()))
            .collect()
    }
    /// Keeps a certificate.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_certificate(&self, der: &[u8]) -> anyhow::Result<()> {
        let name = format!("certificates/{}.der", Sha256Digest::of(der).to_hex());
        if self.path(&name).try_exists()? { Ok(()) } else { self.write(&name, der) }
    }

    fn all(&self, folder: &str, ending: &str) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
        let folder = self.path(folder);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e).with_context(|| folder.display().to_string()),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            // Temporary files, which a crash may leave, begin with a dot.
            let counts =
                path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.ends_with(ending) && !n.starts_with('.'));
            if counts {
                paths.push(path);
            }
        }
        paths.sort();
        let read = |path: PathBuf| {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            Ok((path, bytes))
        };
        paths.into_iter().map(read).collect()
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<Option<T>> {
        self.read(name)?.map(|bytes| read_json(&self.path(name), &bytes)).transpose()
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value).context("a file's content as JSON")?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

fn record_name(id: &RecordId) -> String {
    format!("records/{id}.json")
}

/// The parser's message may repeat what it found, so only the place is passed on.
fn read_json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(bytes).map_err(|e| {
        let (name, line, column) = (path.display(), e.line(), e.column());
        Failure::new(
            Exit::Environment,
            "damaged_file",
            words(
                format!("{name} bị hỏng (dòng {line}, cột {column})"),
                format!("{name} is damaged (line {line}, column {column})"),
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

fn lock(root: &Path) -> anyhow::Result<File> {
    let path = root.join(".lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let name = root.display();
            Err(Failure::new(
                Exit::Environment,
                "locked",
                words(
                    format!("một lệnh khác đang dùng {name}; đợi lệnh đó xong rồi chạy lại"),
                    format!("another command is using {name}; run this again when it is done"),
                ),
            )
            .into())
        }
        Err(TryLockError::Error(e)) => Err(e).with_context(|| path.display().to_string()),
    }
}

/// Writes a file whole or not at all: temporary file, fsync, rename, fsync of the folder.
///
/// # Errors
/// When the system refuses.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    // One command at a time writes here, so the name need not be unique; a leftover of a crash is overwritten.
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().context("a file has a name")?);
    name.push(".tmp");
    let temporary = parent.join(name);
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        #[cfg(unix)]
        File::open(parent)?.sync_all()?;
        Ok(())
    };
    write().with_context(|| path.display().to_string())
}
