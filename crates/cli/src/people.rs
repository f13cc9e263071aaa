//! Who signs: keys and certificates from files, or the example people in a demo folder.

use std::{
    io::IsTerminal as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use clap::Args;
use hocba_keystore::{
    KeystoreError, Mode, Passphrase, Question, RemoteService, RemoteSettings, Secp256k1Key, Secret, SigningError,
    SigningKey, Stopped, SystemClock, TokenChoice, TokenKey,
};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    algorithm::Algorithm,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

use crate::{
    error::{Exit, Failure},
    folder::Folder,
    output::{Words, words},
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
    "primary-principal.crt.pem",
    "primary-principal.key.pem",
    "primary-seal.crt.pem",
    "primary-seal.key.pem",
    "primary-teacher.crt.pem",
    "primary-teacher.key.pem",
    "profile.crt.pem",
    "profile.key.pem",
    "root.crt.pem",
    "seal.crt.pem",
    "seal.key.pem",
    "status-keeper.key.pem",
    "teacher.crt.pem",
    "teacher.key.pem",
    "upper-principal.crt.pem",
    "upper-principal.key.pem",
    "upper-seal.crt.pem",
    "upper-seal.key.pem",
    "upper-teacher.crt.pem",
    "upper-teacher.key.pem",
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

/// Where a signer's key is: a file, a token, or a signing service.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// Khoá ký có mật khẩu: .p12/.pfx, hoặc PKCS#8 PEM; thư mục demo có sẵn / Encrypted private key (PKCS#12, PKCS#8)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Chứng thư của người ký, rồi nơi cấp; .p12 và token thường có sẵn / Signer's certificate, its issuers after it (PEM)
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá ở dòng đầu; không có thì hỏi / File whose first line is the key's passphrase; else asked
    #[arg(long, value_name = "FILE", requires = "key")]
    pub passphrase_file: Option<PathBuf>,

    /// Thư viện PKCS#11 của USB token hay HSM / PKCS#11 library of the token or HSM
    #[arg(long, value_name = "LIBRARY", conflicts_with = "key")]
    pub pkcs11_module: Option<PathBuf>,
    /// Nhãn của token, nếu cắm nhiều / Label of the token, if there are several
    #[arg(long, value_name = "LABEL", requires = "pkcs11_module")]
    pub token_label: Option<String>,
    /// Số sê-ri của token / Serial number of the token
    #[arg(long, value_name = "SERIAL", requires = "pkcs11_module")]
    pub token_serial: Option<String>,
    /// Mã khoá trên token (hệ 16), nếu có nhiều / Id of the key on the token (hex), if there are several
    #[arg(long, value_name = "HEX", requires = "pkcs11_module")]
    pub key_id: Option<String>,

    /// Dịch vụ ký số tập trung (CSC API v2) / Central signing service: https://…/csc/v2
    #[arg(long, value_name = "URL", conflicts_with_all = ["key", "pkcs11_module"], requires = "remote_token_file")]
    pub remote: Option<String>,
    /// Tệp có mã truy cập dịch vụ / File with the service's access token
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub remote_token_file: Option<PathBuf>,
    /// Khoá nào ở dịch vụ, nếu có nhiều / Credential at the service, if there are several
    #[arg(long, value_name = "ID", requires = "remote")]
    pub credential: Option<String>,
    /// Nơi cấp chứng thư TLS của dịch vụ, nếu máy này không biết / Authorities of the service's TLS certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub remote_ca: Option<PathBuf>,
    /// Tệp có mã OTP, dùng được một lần; không có thì hỏi / File with an OTP, good for one authorisation; else asked
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub otp_file: Option<PathBuf>,

    /// Tệp có mã PIN của token hay dịch vụ; không có thì hỏi / File with the PIN of the token or service; else asked
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub pin_file: Option<PathBuf>,

    /// In a demonstration: of the names of the example people's keys at another school than the first.
    #[arg(skip)]
    pub demo: &'static str,
}

/// A key that is open, wherever it is, and its certificate.
#[derive(Debug, Clone)]
pub struct Person {
    key: Arc<Mutex<SigningKey>>,
    chain: Vec<Vec<u8>>,
    certificate: Certificate,
    algorithm: Algorithm,
}

impl Person {
    /// Opens the key that the arguments name, or the demo person of this role. May ask the signer for a passphrase or PIN,
    /// and talk to a token or a service.
    ///
    /// # Errors
    /// A [`Failure`] for missing arguments and for keys that do not open.
    pub fn open(folder: &Folder, role: Role, args: &KeyArgs) -> anyhow::Result<Self> {
        let mode = folder.mode();
        let key = if let Some(key) = open_key(args, mode)? {
            key
        } else if folder.is_demo() && args.certificate.is_none() && args.pin_file.is_none() {
            let name = format!("{}{}", args.demo, demo_name(role));
            let file = |ending: &str| folder.path(&format!("keys/{name}.{ending}.pem"));
            SigningKey::open_file(&file("key"), Some(&file("crt")), &Passphrase::new(DEMO_PASSPHRASE), None, mode)
                .map_err(|error| signing_failure(&error))?
        } else {
            return Err(no_key().into());
        };
        let chain = key.certificate_chain().to_vec();
        let certificate =
            Certificate::from_der(chain.first().context("a chain has a leaf")?).context("the signer's certificate")?;
        let algorithm = key.algorithm();
        if algorithm != certificate.key().default_algorithm() {
            let what = format!("{algorithm}");
            return Err(Failure::new(
                Exit::BadInput,
                "algorithm",
                words(
                    format!("khoá này chỉ ký được {what}, học bạ chưa nhận cách ký này"),
                    format!("this key only makes {what}, which records are not signed with yet"),
                ),
            )
            .into());
        }
        Ok(Self { key: Arc::new(Mutex::new(key)), chain, certificate, algorithm })
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
        &self.chain
    }

    /// Signs bytes; see [`SigningKey::sign`]. Blocks.
    ///
    /// # Errors
    /// A [`Failure`] that says what to do.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        waiting(|| self.key().sign(bytes)).map_err(|error| signing_failure(&error))
    }

    /// Signs messages one after the other; see [`SigningKey::sign_each`]. Blocks, for long where the key is slow: call it
    /// on a thread where that is allowed.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn sign_each(
        &self,
        messages: &[&[u8]],
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), Stopped> {
        self.key().sign_each(messages, taken)
    }

    /// Signs a statement in a role.
    ///
    /// # Errors
    /// As for [`sign_bytes`](Self::sign_bytes).
    pub fn sign(
        &self,
        statement: Statement,
        typ: StatementType,
        role: Role,
        at: UnixTime,
    ) -> Result<Statement, Failure> {
        let input = statement.prepare(typ, role, self.algorithm, self.digest(), at);
        let signature = self.sign_bytes(input.bytes())?;
        Ok(statement.attach(input, signature))
    }

    /// Signs a list of statements in a role, by one signature.
    ///
    /// # Errors
    /// As for [`sign_bytes`](Self::sign_bytes), and for a list that is empty or longer than one signature covers.
    pub fn sign_list(
        &self,
        statements: Vec<Statement>,
        typ: StatementType,
        role: Role,
        at: UnixTime,
    ) -> anyhow::Result<Vec<Statement>> {
        let input = Statement::prepare_list(&statements, typ, role, self.algorithm, self.digest(), at)?;
        let signature = self.sign_bytes(input.bytes())?;
        Ok(input.attach(statements, &signature)?)
    }

    fn key(&self) -> MutexGuard<'_, SigningKey> {
        // A signer that panicked left nothing half done that the next signature could trip over.
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the key that the arguments name, if they name one. May ask the signer for a passphrase or PIN, and talk to a token
/// or a service.
///
/// # Errors
/// A [`Failure`] for keys that do not open.
pub fn open_key(args: &KeyArgs, mode: Mode) -> anyhow::Result<Option<SigningKey>> {
    let opened = if let Some(key) = &args.key {
        let what = words("Mật khẩu của khoá", "Passphrase of the key");
        let passphrase = secret(args.passphrase_file.as_deref(), mode, &what)?.ok_or_else(no_secret)?;
        SigningKey::open_file(key, args.certificate.as_deref(), &passphrase, None, mode)
    } else if let Some(module) = &args.pkcs11_module {
        open_token(module, args, mode)?
    } else if let Some(url) = &args.remote {
        waiting(|| open_remote(url, args, mode))?
    } else {
        return Ok(None);
    };
    Ok(Some(opened.map_err(|error| signing_failure(&error))?))
}

/// No arguments name a key.
pub fn no_key() -> Failure {
    Failure::new(Exit::BadInput, "no_key", words("thiếu khoá của người ký", "the signer's key is missing")).hint(words(
        "thêm --key TỆP (.p12, hoặc PEM cùng --certificate TỆP), --pkcs11-module THƯ_VIỆN hay --remote URL",
        "add --key FILE (.p12, or PEM with --certificate FILE), --pkcs11-module LIBRARY or --remote URL",
    ))
}

/// Does what waits for a person, a token or a service, where a thread of the runtime may do so.
fn waiting<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => block_in_place(work),
        _ => work(),
    }
}

fn open_token(module: &Path, args: &KeyArgs, mode: Mode) -> anyhow::Result<Result<SigningKey, SigningError>> {
    let id = args.key_id.as_deref().map(hex::decode).transpose().map_err(|_| {
        Failure::new(Exit::BadInput, "key_id", words("--key-id phải là số hệ 16", "--key-id is not hexadecimal"))
    })?;
    let certificate_chain = args.certificate.as_deref().map(hocba_keystore::read_certificate_chain).transpose();
    let which = TokenKey {
        token: TokenChoice { label: args.token_label.clone(), serial: args.token_serial.clone() },
        id,
        certificate_chain: certificate_chain.map_err(keystore)?,
        algorithm: None,
    };
    // Without one, a token with a pad of its own asks by itself; any other says that it is missing.
    let pin = secret(args.pin_file.as_deref(), mode, &words("Mã PIN của token", "PIN of the token"))?;
    Ok(SigningKey::open_pkcs11(module, which, pin.as_ref()))
}

fn open_remote(url: &str, args: &KeyArgs, mode: Mode) -> anyhow::Result<Result<SigningKey, SigningError>> {
    let token = args.remote_token_file.as_deref().context("clap requires it")?;
    let mut settings = RemoteSettings::new(url, Passphrase::read(token, mode).map_err(keystore)?);
    if let Some(roots) = &args.remote_ca {
        settings.roots = Some(hocba_keystore::read_certificate_chain(roots).map_err(keystore)?);
    }
    let (pin_file, mut otp_file) = (args.pin_file.clone(), args.otp_file.clone());
    let factor = move |question: &Question| -> Option<Passphrase> {
        // An OTP in a file is good for one authorisation; then a person is asked, if there is one.
        let file = if question.stays { pin_file.clone() } else { otp_file.take() };
        let Question { label, signatures, .. } = question;
        let what =
            words(format!("{label} (cho {signatures} chữ ký)"), format!("{label} (for {signatures} signatures)"));
        secret(file.as_deref(), mode, &what).ok().flatten()
    };
    let opened = RemoteService::new(&settings).and_then(|service| {
        service.open(args.credential.as_deref(), None, Box::new(factor), Box::new(SystemClock::default()))
    });
    Ok(opened)
}

/// A secret from its file, or from the person at the terminal; `None` if there is neither.
fn secret(file: Option<&Path>, mode: Mode, what: &Words) -> Result<Option<Passphrase>, Failure> {
    if let Some(file) = file {
        return Passphrase::read(file, mode).map(Some).map_err(keystore);
    }
    let terminal = console::Term::stderr();
    if !terminal.is_term() || !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let typed = terminal.write_str(&format!("{} / {}: ", what.vi, what.en)).and_then(|()| terminal.read_secure_line());
    Ok(typed.ok().filter(|typed| !typed.is_empty()).map(Passphrase::new))
}

fn no_secret() -> Failure {
    Failure::new(Exit::BadInput, "no_passphrase", words("thiếu mật khẩu của khoá", "the key's passphrase is missing"))
        .hint(words("thêm --passphrase-file TỆP", "add --passphrase-file FILE"))
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

/// What a key said that did not open or sign, as a failure of a command: in Vietnamese what to do, then what it said.
pub fn signing_failure(error: &SigningError) -> Failure {
    use SigningError as E;
    let (code, vi) = match error {
        E::File(_) => ("key", "không mở được khoá hay chứng thư".into()),
        E::Module { .. } => {
            ("pkcs11_module", "không dùng được thư viện PKCS#11; cài trình điều khiển của token".into())
        }
        E::TokenAbsent { .. } => ("token_absent", "chưa cắm token cần dùng; cắm vào rồi chạy lại".into()),
        E::TokenPulled { .. } => ("token_pulled", "token đã bị rút hoặc ngừng trả lời; cắm lại rồi chạy lại".into()),
        E::TokenAmbiguous { .. } => ("token_ambiguous", "có nhiều token; chọn bằng --token-label".into()),
        E::WrongSecret { secret, tries_left } => {
            let what = match secret {
                Secret::Pin => "mã PIN",
                Secret::Factor(name) => name,
            };
            let left = tries_left.map(|n| format!("; còn {n} lần thử trước khi bị khoá")).unwrap_or_default();
            ("wrong_secret", format!("{what} sai{left}"))
        }
        E::PinLocked { .. } => ("pin_locked", "mã PIN đã bị khoá; mở bằng công cụ của hãng hoặc tại nơi cấp".into()),
        E::SecretMissing { .. } => ("secret_missing", "thiếu mã PIN hay OTP; thêm --pin-file, --otp-file".into()),
        E::AuthorisationExhausted { .. } => {
            ("authorisation_exhausted", "lượt cho phép ký đã hết; chạy lại và xác nhận lượt tiếp theo".into())
        }
        E::NotAuthorised { .. } => ("not_authorised", "người ký chưa xác nhận".into()),
        E::AccessExpired { .. } => ("access_expired", "mã truy cập dịch vụ hết hạn; đăng nhập lại ở dịch vụ".into()),
        E::Address { .. } => ("remote_address", "địa chỉ hay cài đặt của dịch vụ ký không dùng được".into()),
        E::Unreachable { .. } => ("unreachable", "dịch vụ ký không trả lời; chạy lại sau".into()),
        E::Refused { .. } => ("refused", "nơi giữ khoá từ chối ký".into()),
        E::KeyNotFound { .. } => ("key_not_found", "không có khoá này ở đó".into()),
        E::KeyAmbiguous { .. } => ("key_ambiguous", "có nhiều khoá; chọn bằng --key-id hay --credential".into()),
        E::CertificateMissing { .. } => ("certificate_missing", "không thấy chứng thư; thêm --certificate TỆP".into()),
        E::CertificateMismatch { .. } => ("certificate_mismatch", "chứng thư không phải của khoá này".into()),
        E::UnsupportedMechanism { .. } => ("unsupported_mechanism", "khoá này không ký được theo cách cần dùng".into()),
        E::OnlyHashes { .. } => ("only_hashes", "dịch vụ chỉ ký giá trị băm; dùng khoá RSA hay ECDSA".into()),
        E::BadSignature { .. } => ("bad_signature", "nơi giữ khoá trả về chữ ký sai; đừng dùng tiếp".into()),
        E::BadAnswer { .. } => ("bad_answer", "nơi giữ khoá trả lời không đúng chuẩn".into()),
        _ => ("device", "token báo lỗi".into()),
    };
    Failure::new(Exit::Environment, code, words(format!("{vi} ({error})"), error.to_string()))
}
