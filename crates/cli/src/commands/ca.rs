//! `ca`: a certificate authority for pilots, in a folder. `docs/pilot-ca.md` is its page; `hocba-ca` its rules.
//!
//! Two tiers: the root's key signs the issuing CA and is put away; the issuing key signs people; a third key answers OCSP,
//! so that the machine that answers cannot issue. What was issued and revoked stands in an append-only register, and a
//! certificate is in it before it is handed out.

mod folder;
mod register;
mod serve;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use hocba_ca::{
    Addresses, Authority, CaError, CaKey as _, MAX_REQUEST_BYTES, Reason, Request, Revocation, SerialNumber, Subject,
    UnknownReason, Validity, pem, root,
};
use hocba_keystore::{Ed25519Key, SoftwareKey};
use hocba_record::types::{SchoolCode, UnixTime};
use hocba_signature::certificate::Certificate;
use serde_json::json;

use super::Context;
use crate::{
    day::day,
    edge::{now, random, read_input},
    error::{Exit, Failure},
    output::words,
};
use folder::{CaFolder, FileKey, Tier};
use register::{Event, Issued, Purpose, Register};

const DAY: i64 = 86_400;
/// How long a CRL of the issuing CA is good for: a week, made anew every day or after each revocation.
const CRL_DAYS: i64 = 7;
/// And of the root, whose key is fetched from its safe for it.
const ROOT_CRL_DAYS: i64 = 366;
/// How long a responder's certificate is good for: it cannot be revoked (RFC 6960 §4.2.2.2.1).
const RESPONDER_DAYS: i64 = 366;
/// How long a signer's certificate is good for, if nothing else is said.
const SIGNER_DAYS: i64 = 730;

/// Arguments of `ca`.
#[derive(Debug, Args)]
pub struct CaArgs {
    /// Thư mục của nơi cấp chứng thư / The CA's folder
    #[arg(long, global = true, value_name = "DIR", default_value = "hocba-ca")]
    folder: PathBuf,
    #[command(subcommand)]
    command: CaCommand,
}

#[derive(Debug, Subcommand)]
enum CaCommand {
    /// Lập CA gốc, CA cấp và khoá trả lời OCSP / Make a root, an issuing CA and an OCSP key
    Init(InitArgs),
    /// Cấp chứng thư cho người ký / Issue a certificate to a signer
    Issue(IssueArgs),
    /// Thu hồi chứng thư / Revoke a certificate
    Revoke(RevokeArgs),
    /// Làm danh sách thu hồi mới / Make a new CRL
    Crl(CrlArgs),
    /// Xem đã cấp, đã thu hồi những gì / List what was issued and revoked
    Status,
    /// Làm khoá và chứng thư trả lời OCSP mới / Make a new OCSP key and certificate
    Responder(ResponderArgs),
    /// Trả lời OCSP, cho tải danh sách thu hồi và chứng thư CA / Answer OCSP; serve CRLs and CA certificates
    Serve(serve::ServeArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyType {
    Ed25519,
    P256,
}

#[derive(Debug, Args)]
struct InitArgs {
    /// Tên cơ quan lập CA thử nghiệm / Who runs this pilot
    #[arg(long)]
    name: String,
    /// Loại khoá của CA / Kind of the CA's keys
    #[arg(long, value_enum, default_value = "ed25519")]
    key_type: KeyType,
    /// Tệp có mật khẩu của khoá gốc / File with the root key's passphrase
    #[arg(long, value_name = "FILE")]
    root_passphrase_file: PathBuf,
    /// Tệp có mật khẩu của khoá cấp và khoá OCSP / File with the passphrase of the other two keys
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
    /// Địa chỉ http mà `ca serve` sẽ có, ghi trong chứng thư / Address of `ca serve` as certificates name it
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Số năm của CA gốc / Years of the root
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i64).range(1..=30))]
    root_years: i64,
    /// Số năm của CA cấp / Years of the issuing CA
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=30))]
    issuing_years: i64,
}

#[derive(Debug, Args)]
struct IssueArgs {
    /// Yêu cầu cấp chứng thư PKCS#10, PEM hoặc DER / Certificate request
    #[arg(long, value_name = "FILE", required_unless_present = "spki", conflicts_with = "spki")]
    csr: Option<PathBuf>,
    /// Khoá công khai, khi đã tận mắt thấy khoá của người đó / Public key, where its owner was seen with it
    #[arg(long, value_name = "FILE")]
    spki: Option<PathBuf>,
    /// Họ và tên; với chữ ký của trường là tên trường / Name; of a seal, the school's
    #[arg(long)]
    name: String,
    /// Tên trường hoặc cơ quan / School or office
    #[arg(long)]
    organisation: String,
    /// Để ghi sổ; quyền ký do bổ nhiệm, không do chứng thư / For the register; the right to sign comes from appointments
    #[arg(long, value_enum)]
    role: Purpose,
    /// Mã trường, để ghi sổ / School code, for the register
    #[arg(long)]
    school: Option<SchoolCode>,
    /// Mã cán bộ, khi trùng tên / Staff code, where two have the same name
    #[arg(long)]
    code: Option<String>,
    /// Số ngày có hiệu lực / Days that it is valid
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: Option<i64>,
    /// Tệp có mật khẩu của khoá cấp / File with the issuing key's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// Số sê-ri, như `ca status` hiện / Serial number, as `ca status` shows it
    #[arg(required_unless_present = "certificate", conflicts_with = "certificate")]
    serial: Option<String>,
    /// Hoặc chứng thư / Or the certificate
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Lý do / Reason: keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn,
    /// cACompromise, aACompromise, unspecified
    #[arg(long, value_parser = reason)]
    reason: Reason,
    /// Khoá lọt ra ngoài từ ngày nào / Since when the key may be in other hands: 2027-03-05
    #[arg(long, value_name = "DATE", value_parser = day)]
    invalid_since: Option<UnixTime>,
    /// Làm luôn danh sách thu hồi mới, bằng khoá có mật khẩu ở tệp này / Make a new CRL at once, with the key of this passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CrlArgs {
    /// Danh sách của CA gốc, tức là về các CA cấp / The root's, about issuing CAs
    #[arg(long)]
    root: bool,
    /// Số ngày đến danh sách sau / Days until the next one
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: Option<i64>,
    /// Tệp có mật khẩu của khoá ký danh sách / File with the passphrase of the key that signs it
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
}

#[derive(Debug, Args)]
struct ResponderArgs {
    /// Tệp có mật khẩu của khoá cấp và khoá OCSP / File with the passphrase of the issuing and the OCSP key
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
}

fn reason(text: &str) -> Result<Reason, UnknownReason> {
    text.parse()
}

/// `ca`.
///
/// # Errors
/// A [`Failure`] for what the caller can mend.
pub fn run(context: &Context, args: &CaArgs) -> anyhow::Result<Exit> {
    match &args.command {
        CaCommand::Init(init) => run_init(context, &args.folder, init),
        CaCommand::Issue(issue) => run_issue(context, &args.folder, issue),
        CaCommand::Revoke(revoke) => run_revoke(context, &args.folder, revoke),
        CaCommand::Crl(crl) => run_crl(context, &args.folder, crl),
        CaCommand::Status => run_status(context, &args.folder),
        CaCommand::Responder(responder) => run_responder(context, &args.folder, responder),
        CaCommand::Serve(serve) => serve::run(context, &args.folder, serve),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "used with map_err")]
fn refused(error: CaError) -> Failure {
    let (code, vi) = match &error {
        CaError::NotAnAuthority(_) => ("not_a_ca", "chứng thư này không phải của CA".to_owned()),
        CaError::KeyMismatch => ("key", "khoá không đúng với chứng thư của CA".to_owned()),
        CaError::Algorithm => ("key", "CA không ký bằng loại khoá này".to_owned()),
        CaError::Sign(_) => ("key", "khoá của CA không ký được".to_owned()),
        CaError::Validity { .. } => ("validity", "thời hạn vượt quá thời hạn của CA, hoặc rỗng".to_owned()),
        CaError::Tier => ("tier", "CA này không được cấp loại chứng thư đó".to_owned()),
        CaError::Name(_) => ("name", "tên phải có từ 1 đến 64 ký tự, không có ký tự ẩn".to_owned()),
        CaError::Address(address) => ("address", format!("không phải địa chỉ http: {address}")),
        CaError::OwnKey => ("own_key", "đó là khoá của chính CA".to_owned()),
        CaError::Encoding(_) => ("encoding", "không ghi được chứng thư đúng như yêu cầu".to_owned()),
    };
    Failure::new(Exit::BadInput, code, words(vi, error.to_string()))
}

fn serial() -> anyhow::Result<SerialNumber> {
    Ok(SerialNumber::from_random(random()?))
}

fn new_key(kind: KeyType) -> anyhow::Result<FileKey> {
    let key = match kind {
        KeyType::Ed25519 => SoftwareKey::from(Ed25519Key::from_seed(&random()?)),
        // One number of 2^32 is not below the order of the curve.
        KeyType::P256 => loop {
            if let Some(key) = SoftwareKey::p256_from_secret(&random()?) {
                break key;
            }
        },
    };
    Ok(FileKey::new(key))
}

fn run_init(context: &Context, folder: &Path, args: &InitArgs) -> anyhow::Result<Exit> {
    let (root_passphrase, passphrase) =
        (folder::passphrase(&args.root_passphrase_file)?, folder::passphrase(&args.passphrase_file)?);
    let base_url = args.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    let subject = |what: &str| Subject::new(&args.name, what).map_err(refused);
    let now = now();
    let years = |years: i64| Validity::new(now, now.plus(years * 366 * DAY)).map_err(refused);
    let (root_key, issuing_key, ocsp_key) = (new_key(args.key_type)?, new_key(args.key_type)?, new_key(args.key_type)?);

    // Everything is made before anything is written: names and addresses are checked on the way.
    let root_serial = serial()?;
    let root_der = root(&root_key, &subject("CA gốc / Root CA (PILOT)")?, years(args.root_years)?, root_serial)
        .map_err(refused)?;
    let above = Authority::open(&root_der, &root_key).map_err(refused)?;
    let issuing_years = years(args.issuing_years.min(args.root_years))?;
    let issuing_serial = serial()?;
    let addresses = folder::addresses(base_url.as_deref(), Tier::Root);
    let issuing_der = above.issuing(
        issuing_key.spki(),
        &subject("CA cấp / Issuing CA (PILOT)")?,
        issuing_years,
        issuing_serial,
        // The root answers no OCSP: its key is put away.
        &Addresses { ocsp: None, ..addresses },
    );
    let issuing_der = issuing_der.map_err(refused)?;
    let issuing = Authority::open(&issuing_der, &issuing_key).map_err(refused)?;
    let (ocsp_serial, ocsp_der) = responder(&issuing, &ocsp_key, &args.name, now)?;
    let root_crl = above.crl(1, now, now.plus(ROOT_CRL_DAYS * DAY), &[]).map_err(refused)?;
    let issuing_crl = issuing.crl(1, now, now.plus(CRL_DAYS * DAY), &[]).map_err(refused)?;

    let made = CaFolder::create(folder, &args.name, base_url)?;
    made.save_key(Tier::Root, &root_key, &root_passphrase)?;
    made.save_key(Tier::Issuing, &issuing_key, &passphrase)?;
    made.save_key(Tier::Ocsp, &ocsp_key, &passphrase)?;
    let mut register = Register::open(&made)?;
    let tiers = [
        (Tier::Root, root_serial, &root_der, Purpose::Root),
        (Tier::Root, issuing_serial, &issuing_der, Purpose::IssuingCa),
        (Tier::Issuing, ocsp_serial, &ocsp_der, Purpose::Ocsp),
    ];
    for (issuer, serial, der, purpose) in tiers {
        register.append(&Event::Issued(Issued::of(issuer, &serial, der, purpose, &args.name, None, now)?))?;
    }
    for (tier, der) in [(Tier::Root, &root_der), (Tier::Issuing, &issuing_der), (Tier::Ocsp, &ocsp_der)] {
        made.save_certificate(tier, der)?;
    }
    for (tier, crl, days) in [(Tier::Root, &root_crl, ROOT_CRL_DAYS), (Tier::Issuing, &issuing_crl, CRL_DAYS)] {
        register.append(&Event::Crl { at: now, issuer: tier, number: 1, next_update: now.plus(days * DAY) })?;
        made.save_crl(tier, crl)?;
    }
    let name = folder.display();
    let root_key = made.key_path(Tier::Root);
    let out = &context.out;
    out.say(&words(
        format!("Đã lập CA THỬ NGHIỆM trong {name}. Đây không phải CA được cấp phép."),
        format!("Made a PILOT CA in {name}. It is no licensed CA."),
    ));
    let root_key = root_key.display();
    out.note(&words(
        format!(
            "chuyển {root_key} sang hai USB cất trong két rồi xoá ở đây; chỉ cần đến nó mỗi năm một lần (ca crl --root)"
        ),
        format!(
            "move {root_key} to two USB sticks in a safe and delete it here; it is needed once a year (ca crl --root)"
        ),
    ));
    out.document(&json!({
        "command": "ca init", "ok": true, "folder": folder, "root_sha256": sha256(&root_der),
        "issuing_sha256": sha256(&issuing_der),
    }));
    Ok(Exit::Ok)
}

fn sha256(der: &[u8]) -> String {
    hocba_record::encoding::Sha256Digest::of(der).to_hex()
}

fn responder(
    issuing: &Authority<'_>,
    key: &FileKey,
    name: &str,
    now: UnixTime,
) -> anyhow::Result<(SerialNumber, Vec<u8>)> {
    let until = now.plus(RESPONDER_DAYS * DAY).min(issuing.validity().not_after());
    let subject = Subject::new(name, "OCSP (PILOT)").map_err(refused)?;
    let serial = serial()?;
    let validity = Validity::new(now, until).map_err(refused)?;
    Ok((serial, issuing.responder(key.spki(), &subject, validity, serial).map_err(refused)?))
}

/// A request or public key: PEM of one of these labels, or DER.
fn read_der(path: &Path, labels: &[&str]) -> anyhow::Result<Vec<u8>> {
    let bytes = read_input(path, 2 * MAX_REQUEST_BYTES)?;
    if !bytes.starts_with(b"-----BEGIN") && !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Ok(bytes);
    }
    let decoded = pem::decode(&bytes).filter(|(label, _)| labels.contains(&label.as_str()));
    decoded.map(|(_, der)| der).ok_or_else(|| {
        let (name, wanted) = (path.display(), labels.join(", "));
        Failure::new(
            Exit::BadInput,
            "malformed",
            words(format!("{name} không phải PEM loại {wanted}"), format!("{name} is not PEM of {wanted}")),
        )
        .into()
    })
}

fn run_issue(context: &Context, folder: &Path, args: &IssueArgs) -> anyhow::Result<Exit> {
    let request = match (&args.csr, &args.spki) {
        (Some(path), _) => Request::from_csr(&read_der(path, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])?),
        (None, Some(path)) => Request::from_spki(&read_der(path, &["PUBLIC KEY"])?),
        (None, None) => anyhow::bail!("clap asks for one of the two"),
    };
    let request = request.map_err(|error| {
        Failure::new(
            Exit::BadInput,
            "request",
            words(format!("không cấp được theo yêu cầu này: {error}"), error.to_string()),
        )
    })?;
    let ca = CaFolder::open(folder)?;
    let key = ca.open_key(Tier::Issuing, &folder::passphrase(&args.passphrase_file)?)?;
    let mut register = Register::open(&ca)?;
    let der = ca.certificate(Tier::Issuing)?;
    let issuing = Authority::open(&der, &key).map_err(refused)?;
    let mut subject = Subject::new(&args.organisation, &args.name).map_err(refused)?;
    if let Some(code) = &args.code {
        subject = subject.with_code(code).map_err(refused)?;
    }
    let now = now();
    let until = match args.days {
        Some(days) => now.plus(days * DAY),
        // What nobody asked for is cut to what is possible.
        None => now.plus(SIGNER_DAYS * DAY).min(issuing.validity().not_after()),
    };
    let validity = Validity::new(now, until).map_err(refused)?;
    let serial = serial()?;
    let addresses = ca.addresses(Tier::Issuing);
    let made = issuing.signer(&request, &subject, validity, serial, &addresses).map_err(refused)?;
    if register.issued().any(|of| of.name == args.name && of.organisation == args.organisation) {
        context.out.note(&words(
            "đã có chứng thư cùng tên ở đây; hai người trùng tên thì thêm --code",
            "a certificate of this name was issued before; if these are two people, add --code",
        ));
    }
    let entry = Issued::of(Tier::Issuing, &serial, &made, args.role, &args.organisation, args.school.clone(), now)?;
    register.append(&Event::Issued(entry.clone()))?;
    let path = ca.save_issued(&serial, &made)?;
    let (name, serial) = (&args.name, &entry.serial);
    let place = path.display();
    context.out.say(&words(
        format!("Đã cấp chứng thư cho {name}, số {serial}: {place}"),
        format!("Issued a certificate to {name}, serial {serial}: {place}"),
    ));
    context.out.document(&json!({
        "command": "ca issue", "ok": true, "serial": serial, "file": path, "sha256": sha256(&made),
        "not_after": until.seconds(),
    }));
    Ok(Exit::Ok)
}

fn run_revoke(context: &Context, folder: &Path, args: &RevokeArgs) -> anyhow::Result<Exit> {
    let ca = CaFolder::open(folder)?;
    let wanted = match (&args.serial, &args.certificate) {
        (Some(serial), _) => serial.replace(':', "").to_lowercase(),
        (None, Some(path)) => {
            let der = hocba_keystore::read_certificate_chain(path).map_err(crate::people::keystore)?.swap_remove(0);
            register::serial_of(&der)?
        }
        (None, None) => anyhow::bail!("clap asks for one of the two"),
    };
    let mut register = Register::open(&ca)?;
    let unknown = || {
        Failure::new(
            Exit::BadInput,
            "unknown_serial",
            words(
                format!("nơi đây không cấp chứng thư số {wanted}"),
                format!("no certificate {wanted} was issued here"),
            ),
        )
        .hint(words("xem `hocba ca status`", "see `hocba ca status`"))
    };
    let issued = register.issued().find(|issued| issued.serial == wanted).cloned().ok_or_else(unknown)?;
    if register.revocation(&wanted).is_some() {
        return Err(Failure::new(
            Exit::Order,
            "revoked_before",
            words(format!("chứng thư số {wanted} đã thu hồi rồi"), format!("{wanted} was revoked before")),
        )
        .into());
    }
    let at = now();
    if args.invalid_since.is_some_and(|since| at < since) {
        return Err(Failure::new(
            Exit::BadInput,
            "in_the_future",
            words("--invalid-since nằm trong tương lai", "--invalid-since lies in the future"),
        )
        .into());
    }
    let revocation = Revocation { at, reason: args.reason, invalid_since: args.invalid_since };
    register.append(&Event::Revoked {
        at,
        serial: wanted.clone(),
        reason: args.reason.to_string(),
        invalid_since: args.invalid_since,
    })?;
    context.out.say(&words(
        format!("Đã thu hồi chứng thư số {wanted} của {} ({})", issued.name, revocation.reason),
        format!("Revoked {wanted} of {} ({})", issued.name, revocation.reason),
    ));
    let published = match &args.passphrase_file {
        Some(path) => Some(publish(&ca, &mut register, issued.issuer, path, None)?),
        None => {
            let root = if issued.issuer == Tier::Root { " --root" } else { "" };
            context.out.note(&words(
                format!("OCSP trả lời ngay; chạy `hocba ca crl{root}` để danh sách thu hồi cũng có"),
                format!("OCSP says so at once; run `hocba ca crl{root}` for the CRL"),
            ));
            None
        }
    };
    context.out.document(&json!({
        "command": "ca revoke", "ok": true, "serial": wanted, "reason": args.reason.as_str(),
        "revoked_at": at.seconds(), "invalid_since": args.invalid_since.map(UnixTime::seconds), "crl": published,
    }));
    Ok(Exit::Ok)
}

/// Makes a CRL of one tier; its number.
fn publish(
    ca: &CaFolder,
    register: &mut Register,
    tier: Tier,
    passphrase: &Path,
    days: Option<i64>,
) -> anyhow::Result<u64> {
    let key = ca.open_key(tier, &folder::passphrase(passphrase)?)?;
    let der = ca.certificate(tier)?;
    let authority = Authority::open(&der, &key).map_err(refused)?;
    let at = now();
    let usual = if tier == Tier::Root { ROOT_CRL_DAYS } else { CRL_DAYS };
    let next_update = at.plus(days.unwrap_or(usual) * DAY);
    let number = register.next_crl_number(tier);
    let crl = authority.crl(number, at, next_update, &register.revocations(tier)).map_err(refused)?;
    // First the number: what is published and then lost would otherwise be published again with other content.
    register.append(&Event::Crl { at, issuer: tier, number, next_update })?;
    ca.save_crl(tier, &crl)?;
    Ok(number)
}

fn run_crl(context: &Context, folder: &Path, args: &CrlArgs) -> anyhow::Result<Exit> {
    let ca = CaFolder::open(folder)?;
    let mut register = Register::open(&ca)?;
    let tier = if args.root { Tier::Root } else { Tier::Issuing };
    let number = publish(&ca, &mut register, tier, &args.passphrase_file, args.days)?;
    let revoked = register.revocations(tier).len();
    let path = ca.crl_path(tier);
    let name = path.display();
    context.out.say(&words(
        format!("Danh sách thu hồi số {number}, {revoked} chứng thư: {name}"),
        format!("CRL number {number}, {revoked} certificates: {name}"),
    ));
    context.out.document(&json!({
        "command": "ca crl", "ok": true, "number": number, "revoked": revoked, "file": path,
    }));
    Ok(Exit::Ok)
}

fn run_status(context: &Context, folder: &Path) -> anyhow::Result<Exit> {
    let ca = CaFolder::open(folder)?;
    let register = Register::read(&ca)?;
    let out = &context.out;
    let now = now();
    let mut list = Vec::new();
    for issued in register.issued() {
        let revocation = register.revocation(&issued.serial);
        let (state, vi) = match revocation {
            Some(_) => ("revoked", "đã thu hồi"),
            None if issued.not_after < now => ("expired", "hết hạn"),
            None => ("valid", "còn hiệu lực"),
        };
        out.line(&format!(
            "{}  {:<28} {:<11} {}  {}",
            issued.serial,
            issued.name,
            issued.purpose.as_str(),
            hocba_bundle::text::date(issued.not_after),
            out.lang.pick(&words(vi, state)),
        ));
        list.push(json!({
            "serial": issued.serial, "name": issued.name, "organisation": issued.organisation,
            "role": issued.purpose.as_str(), "school": issued.school, "not_after": issued.not_after, "state": state,
            "reason": revocation.map(|r| r.reason.as_str()), "revoked_at": revocation.map(|r| r.at),
            "invalid_since": revocation.and_then(|r| r.invalid_since),
        }));
    }
    let crls = [Tier::Root, Tier::Issuing].map(|tier| (tier, register.last_crl(tier)));
    for (tier, last) in crls {
        if last.is_none_or(|(_, next)| next < now) {
            let flag = if tier == Tier::Root { " --root" } else { "" };
            out.note(&words(
                format!("danh sách thu hồi đã quá hạn; chạy `hocba ca crl{flag}`"),
                format!("a CRL is out of date; run `hocba ca crl{flag}`"),
            ));
        }
    }
    if ca.key_path(Tier::Root).exists() {
        out.note(&words(
            "khoá gốc còn nằm trên máy này; cất đi và xoá ở đây",
            "the root's key is still on this machine; put it away and delete it here",
        ));
    }
    let crls = crls.map(|(tier, last)| {
        json!({
            "issuer": tier, "number": last.map(|(number, _)| number), "next_update": last.map(|(_, next)| next),
        })
    });
    out.document(&json!({ "command": "ca status", "ok": true, "certificates": list, "crls": crls }));
    Ok(Exit::Ok)
}

fn run_responder(context: &Context, folder: &Path, args: &ResponderArgs) -> anyhow::Result<Exit> {
    let ca = CaFolder::open(folder)?;
    let passphrase = folder::passphrase(&args.passphrase_file)?;
    let key = ca.open_key(Tier::Issuing, &passphrase)?;
    let mut register = Register::open(&ca)?;
    let der = ca.certificate(Tier::Issuing)?;
    let issuing = Authority::open(&der, &key).map_err(refused)?;
    let kind = if key.algorithm() == hocba_signature::algorithm::Algorithm::Ed25519 {
        KeyType::Ed25519
    } else {
        KeyType::P256
    };
    let own = new_key(kind)?;
    let at = now();
    let (serial, made) = responder(&issuing, &own, ca.name(), at)?;
    let entry = Issued::of(Tier::Issuing, &serial, &made, Purpose::Ocsp, ca.name(), None, at)?;
    register.append(&Event::Issued(entry))?;
    ca.replace_key(Tier::Ocsp, &own, &passphrase)?;
    ca.save_certificate(Tier::Ocsp, &made)?;
    let until = Certificate::from_der(&made).context("the certificate just made")?.not_after();
    context.out.say(&words(
        format!("Khoá OCSP mới, dùng đến {}; khởi động lại `hocba ca serve`", hocba_bundle::text::date(until)),
        format!("A new OCSP key, good until {}; start `hocba ca serve` again", hocba_bundle::text::date(until)),
    ));
    context.out.document(&json!({ "command": "ca responder", "ok": true, "not_after": until.seconds() }));
    Ok(Exit::Ok)
}
