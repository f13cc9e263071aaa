//! A CA's folder.
//!
//! | path | holds |
//! |---|---|
//! | `ca.json` | format, name, address |
//! | `root.*`, `issuing.*`, `ocsp.*` | `.crt.pem` certificates, `.key.pem` keys (encrypted PKCS#8), `.crl` lists (DER) |
//! | `register.jsonl` | what was issued, revoked and published, one line each, never changed |
//! | `certificates/<serial>.crt.pem` | what was issued, with the issuing CA's certificate |

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use hocba_ca::{Addresses, CaKey, SerialNumber, SignFailed, pem};
use hocba_keystore::{Cost, Mode, Passphrase, SoftwareKey, read_certificate_chain};
use hocba_signature::algorithm::Algorithm;
use serde::{Deserialize, Serialize};

use crate::{
    edge::random,
    error::{Exit, Failure},
    folder::write_whole,
    output::words,
    people::keystore,
};

const CONFIG: &str = "ca.json";

/// One of the three keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Issues to CAs; put away.
    Root,
    /// Issues to people.
    Issuing,
    /// Answers OCSP.
    Ocsp,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
            Self::Ocsp => "ocsp",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "ca-1")]
    V1,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    hocba: Format,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
}

/// A CA's folder.
#[derive(Debug)]
pub struct CaFolder {
    root: PathBuf,
    config: Config,
}

impl CaFolder {
    /// Begins a folder; never over another.
    pub fn create(root: &Path, name: &str, base_url: Option<String>) -> anyhow::Result<Self> {
        if root.join(CONFIG).try_exists()? {
            let name = root.display();
            return Err(Failure::new(
                Exit::BadInput,
                "folder_exists",
                words(format!("{name} đã có một CA"), format!("{name} holds a CA already")),
            )
            .into());
        }
        let config = Config { hocba: Format::V1, name: name.to_owned(), base_url };
        let folder = Self { root: root.to_owned(), config };
        let mut bytes = serde_json::to_vec_pretty(&folder.config).context("the configuration as JSON")?;
        bytes.push(b'\n');
        write_whole(&root.join(CONFIG), &bytes)?;
        Ok(folder)
    }

    /// Opens a folder.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let name = root.display();
        let bytes = fs::read(root.join(CONFIG)).map_err(|_| {
            Failure::new(
                Exit::BadInput,
                "no_folder",
                words(format!("{name} không có CA nào"), format!("there is no CA in {name}")),
            )
            .hint(words("chạy `hocba ca init`, hoặc thêm --folder", "run `hocba ca init`, or add --folder"))
        })?;
        let config = serde_json::from_slice(&bytes).map_err(|_| {
            Failure::new(
                Exit::Environment,
                "damaged_file",
                words(format!("{name}/{CONFIG} bị hỏng"), format!("{name}/{CONFIG} is damaged")),
            )
        })?;
        Ok(Self { root: root.to_owned(), config })
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
    /// Who runs it.
    pub fn name(&self) -> &str {
        &self.config.name
    }
    /// What certificates of this issuer say about where to ask.
    pub fn addresses(&self, issuer: Tier) -> Addresses {
        addresses(self.config.base_url.as_deref(), issuer)
    }
    /// Where a key is.
    pub fn key_path(&self, tier: Tier) -> PathBuf {
        self.path(&format!("{}.key.pem", tier.name()))
    }
    /// Where a CRL is.
    pub fn crl_path(&self, tier: Tier) -> PathBuf {
        self.path(&format!("{}.crl", tier.name()))
    }
    fn certificate_path(&self, tier: Tier) -> PathBuf {
        self.path(&format!("{}.crt.pem", tier.name()))
    }

    /// Writes a new key; never over another.
    pub fn save_key(&self, tier: Tier, key: &FileKey, passphrase: &Passphrase) -> anyhow::Result<()> {
        let saved = key.key.save_encrypted(&self.key_path(tier), passphrase, Cost::Standard, &random()?);
        Ok(saved.map_err(keystore)?)
    }

    /// Writes a key in the place of the one before, whole or not at all.
    pub fn replace_key(&self, tier: Tier, key: &FileKey, passphrase: &Passphrase) -> anyhow::Result<()> {
        let path = self.key_path(tier);
        let new = self.path(&format!("{}.key.pem.new", tier.name()));
        // Left by a run that was cut off; nothing was issued for it that is in use.
        let _ = fs::remove_file(&new);
        key.key.save_encrypted(&new, passphrase, Cost::Standard, &random()?).map_err(keystore)?;
        fs::rename(&new, &path).with_context(|| path.display().to_string())
    }

    /// Opens a key.
    pub fn open_key(&self, tier: Tier, passphrase: &Passphrase) -> anyhow::Result<FileKey> {
        let path = self.key_path(tier);
        if tier == Tier::Root && !path.exists() {
            let name = path.display();
            return Err(Failure::new(
                Exit::Environment,
                "key",
                words(format!("khoá gốc không ở đây: {name}"), format!("the root's key is not here: {name}")),
            )
            .hint(words("lấy nó từ nơi cất về, dùng xong lại cất đi", "fetch it from its safe, and put it back after"))
            .into());
        }
        Ok(FileKey::new(SoftwareKey::open(&path, passphrase, Mode::Production).map_err(keystore)?))
    }

    /// Writes a CA's certificate.
    pub fn save_certificate(&self, tier: Tier, der: &[u8]) -> anyhow::Result<()> {
        write_whole(&self.certificate_path(tier), pem::encode("CERTIFICATE", der).as_bytes())
    }

    /// A CA's certificate in DER.
    pub fn certificate(&self, tier: Tier) -> anyhow::Result<Vec<u8>> {
        Ok(read_certificate_chain(&self.certificate_path(tier)).map_err(keystore)?.swap_remove(0))
    }

    /// Writes a CRL.
    pub fn save_crl(&self, tier: Tier, der: &[u8]) -> anyhow::Result<()> {
        write_whole(&self.crl_path(tier), der)
    }

    /// Writes an issued certificate with its issuer's after it, as signers need them.
    pub fn save_issued(&self, serial: &SerialNumber, der: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.path(&format!("certificates/{}.crt.pem", hex::encode(serial.as_bytes())));
        let issuing = self.certificate(Tier::Issuing)?;
        let text = pem::encode("CERTIFICATE", der) + &pem::encode("CERTIFICATE", &issuing);
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Where an issuer's CRL, OCSP responder and certificate are below an address.
pub fn addresses(base_url: Option<&str>, issuer: Tier) -> Addresses {
    let Some(base) = base_url else { return Addresses::default() };
    let name = issuer.name();
    Addresses {
        crl: Some(format!("{base}/{name}.crl")),
        ocsp: Some(format!("{base}/ocsp")),
        issuer: Some(format!("{base}/{name}.cer")),
    }
}

/// A passphrase in a file that only its owner reads.
pub fn passphrase(path: &Path) -> anyhow::Result<Passphrase> {
    Ok(Passphrase::read(path, Mode::Production).map_err(keystore)?)
}

/// A CA's key, from a file.
pub struct FileKey {
    key: SoftwareKey,
    spki: Vec<u8>,
    algorithm: Algorithm,
}

impl FileKey {
    /// Of an open key.
    pub fn new(key: SoftwareKey) -> Self {
        let (spki, algorithm) = (key.spki_der(), key.public_key().default_algorithm());
        Self { key, spki, algorithm }
    }
}

impl CaKey for FileKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
    fn spki(&self) -> &[u8] {
        &self.spki
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.key.sign(self.algorithm, message).ok_or_else(|| SignFailed("the key in the file failed at it".into()))
    }
}
