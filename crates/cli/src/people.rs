//! Who signs: keys and certificates from files, or the example people in a demo folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use hocba_keystore::{Identity, KeystoreError, Passphrase, Secp256k1Key};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    algorithm::Algorithm,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};

use crate::{
    error::{Exit, Failure},
    folder::Folder,
    output::words,
};

/// Passphrase of the example keys; published.
const DEMO_PASSPHRASE: &str = "hocba-demo";

macro_rules! example_files {
    ($($name:literal),* $(,)?) => {
        /// The example keys and certificates that a demo folder gets copies of.
        const EXAMPLE_FILES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../../keys-example/", $name)))),*];
    };
}
example_files![
    "anchorer.key.pem",
    "chain-admin.key.pem",
    "department.crt.pem",
    "department.key.pem",
    "deputy.crt.pem",
    "deputy.key.pem",
    "principal.crt.pem",
    "principal.key.pem",
    "profile.crt.pem",
    "profile.key.pem",
    "root.crt.pem",
    "seal.crt.pem",
    "seal.key.pem",
    "status-keeper.key.pem",
    "teacher.crt.pem",
    "teacher.key.pem",
];

/// Puts copies of the example keys into a demo folder.
///
/// # Errors
/// When they cannot be written.
pub fn write_example_keys(folder: &Folder) -> anyhow::Result<()> {
    for (name, bytes) in EXAMPLE_FILES {
        folder.write(&format!("keys/{name}"), bytes)?;
    }
    Ok(())
}

/// A signer's files.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// Khoá ký có mật khẩu; thư mục demo có sẵn / Encrypted private key (PKCS#8 PEM)
    #[arg(long, value_name = "FILE", requires = "certificate", requires = "passphrase_file")]
    pub key: Option<PathBuf>,
    /// Chứng thư của người ký, rồi nơi cấp / Signer's certificate, its issuers after it (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá ở dòng đầu / File whose first line is the key's passphrase
    #[arg(long, value_name = "FILE", requires = "key")]
    pub passphrase_file: Option<PathBuf>,
}

/// A key that is open, and its certificate.
#[derive(Debug)]
pub struct Person {
    identity: Identity,
    certificate: Certificate,
}

impl Person {
    /// Opens the files given, or the demo person of this role.
    ///
    /// # Errors
    /// A [`Failure`] for missing arguments and for files that do not open.
    pub fn open(folder: &Folder, role: Role, args: &KeyArgs) -> anyhow::Result<Self> {
        let mode = folder.mode();
        let identity = match (&args.key, &args.certificate, &args.passphrase_file) {
            (Some(key), Some(certificate), Some(passphrase)) => Passphrase::read(passphrase, mode)
                .and_then(|passphrase| Identity::open(key, certificate, &passphrase, mode))
                .map_err(keystore)?,
            _ if folder.is_demo() => {
                let name = demo_name(role);
                let file = |ending: &str| folder.path(&format!("keys/{name}.{ending}.pem"));
                Identity::open(&file("key"), &file("crt"), &Passphrase::new(DEMO_PASSPHRASE), mode).map_err(keystore)?
            }
            _ => {
                return Err(Failure::new(
                    Exit::BadInput,
                    "no_key",
                    words("thiếu khoá của người ký", "the signer's key is missing"),
                )
                .hint(words(
                    "thêm --key TỆP --certificate TỆP --passphrase-file TỆP",
                    "add --key FILE --certificate FILE --passphrase-file FILE",
                ))
                .into());
            }
        };
        let leaf = identity.certificate_chain().first().context("a chain has a leaf")?;
        let certificate = Certificate::from_der(leaf).context("the signer's certificate")?;
        Ok(Self { identity, certificate })
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
    /// Its digest.
    pub fn digest(&self) -> Sha256Digest {
        *self.certificate.digest()
    }

    /// The certificate and its issuers, leaf first.
    pub fn chain(&self) -> &[Vec<u8>] {
        self.identity.certificate_chain()
    }

    /// Signs bytes.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.identity.key().sign(bytes).to_vec()
    }

    /// Signs a statement in a role.
    pub fn sign(&self, statement: Statement, typ: StatementType, role: Role, at: UnixTime) -> Statement {
        let input = statement.prepare(typ, role, Algorithm::Ed25519, self.digest(), at);
        let signature = self.sign_bytes(input.bytes());
        statement.attach(input, signature)
    }
}

/// Opens the key that pays for transactions.
///
/// # Errors
/// As for [`Person::open`].
pub fn open_chain_key(
    folder: &Folder,
    demo_name: &str,
    key: Option<&Path>,
    passphrase_file: Option<&Path>,
) -> anyhow::Result<Secp256k1Key> {
    let mode = folder.mode();
    match (key, passphrase_file) {
        (Some(key), Some(passphrase)) => {
            Ok(Passphrase::read(passphrase, mode).and_then(|p| Secp256k1Key::open(key, &p, mode)).map_err(keystore)?)
        }
        _ if folder.is_demo() => {
            let path = folder.path(&format!("keys/{demo_name}.key.pem"));
            Ok(Secp256k1Key::open(&path, &Passphrase::new(DEMO_PASSPHRASE), mode).map_err(keystore)?)
        }
        _ => Err(Failure::new(
            Exit::BadInput,
            "no_key",
            words("thiếu khoá ghi sổ chung", "the key that writes to the public record is missing"),
        )
        .hint(words("thêm --key TỆP --passphrase-file TỆP", "add --key FILE --passphrase-file FILE"))
        .into()),
    }
}

/// Reads a certificate file, leaf first.
///
/// # Errors
/// A [`Failure`] that names the file.
pub fn read_certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let chain = hocba_keystore::read_certificate_chain(path).map_err(keystore)?;
    chain.iter().map(|der| Certificate::from_der(der).with_context(|| path.display().to_string())).collect()
}

/// The name of the example person who signs in this role.
pub fn demo_name(role: Role) -> &'static str {
    match role {
        Role::HomeroomTeacher => "teacher",
        Role::Principal => "principal",
        Role::DeputyPrincipal => "deputy",
        Role::SchoolSeal => "seal",
        Role::Department => "department",
        Role::ProfilePublisher => "profile",
    }
}

/// What the keystore refused, as a failure of a command.
#[allow(clippy::needless_pass_by_value, reason = "used with map_err")]
pub fn keystore(error: KeystoreError) -> Failure {
    Failure::new(
        Exit::Environment,
        "key",
        words(format!("không mở được khoá hay chứng thư: {error}"), format!("key or certificate: {error}")),
    )
}
