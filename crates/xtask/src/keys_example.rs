//! `cargo xtask keys-example`: the demo CA, people, seals and chain keys in `keys-example/`.
//!
//! Every byte follows from this file and published strings: seeds, salts and serial numbers are SHA-256 of
//! `hocba example <key|salt|serial>: <name>`, and Ed25519 signatures are deterministic. So anyone can make the same keys
//! again, which is the point: nobody can take them for secret ones.

mod certificate;
mod readme;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, bail};
use ed25519_dalek::SigningKey;
use hocba_keystore::{Cost, Ed25519Key, Passphrase, Secp256k1Key};
use sha2::{Digest, Sha256};

/// Opens every example key; printed in the README.
const PASSPHRASE: &str = "hocba-demo";

/// What a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Self-signed trust anchor.
    Root,
    /// Issues end entities and nothing below (pathLen 0).
    Issuing,
    /// A person, an office or a seal: signs statements.
    Signer,
}

/// One Ed25519 key with its certificate.
struct Holder {
    name: &'static str,
    kind: Kind,
    /// Name of the holder that issues the certificate; its own for a root.
    issuer: &'static str,
    common_name: &'static str,
    organisation: &'static str,
    /// What it is, in Vietnamese and in English.
    about: (&'static str, &'static str),
}

/// One secp256k1 key of the chain.
struct ChainKey {
    name: &'static str,
    about: (&'static str, &'static str),
}

const MINISTRY: &str = "Cơ quan cấp chứng thư ví dụ (DEMO)";
const DEPARTMENT: &str = "Sở Giáo dục và Đào tạo (DEMO)";
const SCHOOL: &str = "Trường THCS Trần Phú";
const PRIMARY_SCHOOL: &str = "Trường Tiểu học Kim Đồng";
const UPPER_SCHOOL: &str = "Trường THPT Nguyễn Du";
const OTHER_DEPARTMENT: &str = "Sở Giáo dục và Đào tạo thứ hai (DEMO)";
const OTHER_SCHOOL: &str = "Trường THCS Lê Lợi";
const STRANGER: &str = "Nơi cấp chứng thư xa lạ (DEMO)";
const STRANGER_DEPARTMENT: &str = "Sở Giáo dục và Đào tạo xa lạ (DEMO)";
const STRANGER_SCHOOL: &str = "Trường THCS Nguyễn Du";

/// Everyone who holds a certificate; issuers come before those they issue to.
const HOLDERS: [Holder; 24] = {
    const fn holder(
        name: &'static str,
        kind: Kind,
        issuer: &'static str,
        common_name: &'static str,
        organisation: &'static str,
        about: (&'static str, &'static str),
    ) -> Holder {
        Holder { name, kind, issuer, common_name, organisation, about }
    }
    use Kind::{Issuing, Root, Signer};
    [
        holder("root", Root, "root", "CA gốc ví dụ (DEMO)", MINISTRY, ("CA gốc", "root CA")),
        holder("issuing", Issuing, "root", "CA cấp ví dụ (DEMO)", MINISTRY, ("CA cấp chứng thư", "issuing CA")),
        holder(
            "profile",
            Signer,
            "issuing",
            "Danh sách nơi cấp được công nhận (DEMO)",
            MINISTRY,
            ("ký danh sách nơi cấp được công nhận", "signs the trust profile"),
        ),
        holder("department", Signer, "issuing", DEPARTMENT, DEPARTMENT, ("sở GD&ĐT", "department of education")),
        holder("principal", Signer, "issuing", "Trần Văn Minh", SCHOOL, ("hiệu trưởng", "principal")),
        holder("deputy", Signer, "issuing", "Lê Thu Hà", SCHOOL, ("phó hiệu trưởng, ký KT.", "deputy principal")),
        holder("teacher", Signer, "issuing", "Nguyễn Thị Hoa", SCHOOL, ("giáo viên chủ nhiệm", "homeroom teacher")),
        holder("seal", Signer, "issuing", SCHOOL, SCHOOL, ("chữ ký số của trường", "school seal")),
        holder(
            "primary-principal",
            Signer,
            "issuing",
            "Nguyễn Thu Thủy",
            PRIMARY_SCHOOL,
            ("hiệu trưởng trường tiểu học cùng sở", "principal of a primary school of the same department"),
        ),
        holder(
            "primary-teacher",
            Signer,
            "issuing",
            "Bùi Thị Nga",
            PRIMARY_SCHOOL,
            ("giáo viên trường tiểu học cùng sở", "teacher of a primary school of the same department"),
        ),
        holder(
            "primary-seal",
            Signer,
            "issuing",
            PRIMARY_SCHOOL,
            PRIMARY_SCHOOL,
            ("chữ ký số của trường tiểu học cùng sở", "seal of a primary school of the same department"),
        ),
        holder(
            "upper-principal",
            Signer,
            "issuing",
            "Đỗ Quang Vinh",
            UPPER_SCHOOL,
            ("hiệu trưởng trường THPT cùng sở", "principal of a upper secondary school of the same department"),
        ),
        holder(
            "upper-teacher",
            Signer,
            "issuing",
            "Hồ Thị Thanh",
            UPPER_SCHOOL,
            ("giáo viên trường THPT cùng sở", "teacher of a upper secondary school of the same department"),
        ),
        holder(
            "upper-seal",
            Signer,
            "issuing",
            UPPER_SCHOOL,
            UPPER_SCHOOL,
            ("chữ ký số của trường THPT cùng sở", "seal of a upper secondary school of the same department"),
        ),
        holder(
            "other-department",
            Signer,
            "issuing",
            OTHER_DEPARTMENT,
            OTHER_DEPARTMENT,
            ("sở khác, cùng CA cấp", "another department, same issuing CA"),
        ),
        holder(
            "other-principal",
            Signer,
            "issuing",
            "Phạm Quốc Hùng",
            OTHER_SCHOOL,
            ("hiệu trưởng trường khác, cùng CA cấp", "principal of another school, same issuing CA"),
        ),
        holder(
            "other-teacher",
            Signer,
            "issuing",
            "Đặng Thị Lan",
            OTHER_SCHOOL,
            ("giáo viên trường khác, cùng CA cấp", "teacher of another school, same issuing CA"),
        ),
        holder(
            "other-seal",
            Signer,
            "issuing",
            OTHER_SCHOOL,
            OTHER_SCHOOL,
            ("chữ ký số của trường khác, cùng CA cấp", "seal of another school, same issuing CA"),
        ),
        holder(
            "stranger-root",
            Root,
            "stranger-root",
            "CA gốc xa lạ (DEMO)",
            STRANGER,
            ("CA gốc không được công nhận", "root CA that no profile knows"),
        ),
        holder(
            "stranger-issuing",
            Issuing,
            "stranger-root",
            "CA cấp xa lạ (DEMO)",
            STRANGER,
            ("CA cấp dưới CA gốc xa lạ", "issuing CA under the stranger root"),
        ),
        holder(
            "stranger-department",
            Signer,
            "stranger-issuing",
            STRANGER_DEPARTMENT,
            STRANGER_DEPARTMENT,
            ("sở dưới CA xa lạ", "department under the stranger root"),
        ),
        holder(
            "stranger-principal",
            Signer,
            "stranger-issuing",
            "Hoàng Văn Tùng",
            STRANGER_SCHOOL,
            ("hiệu trưởng dưới CA xa lạ", "principal under the stranger root"),
        ),
        holder(
            "stranger-teacher",
            Signer,
            "stranger-issuing",
            "Vũ Thị Mai",
            STRANGER_SCHOOL,
            ("giáo viên dưới CA xa lạ", "teacher under the stranger root"),
        ),
        holder(
            "stranger-seal",
            Signer,
            "stranger-issuing",
            STRANGER_SCHOOL,
            STRANGER_SCHOOL,
            ("chữ ký số của trường dưới CA xa lạ", "seal under the stranger root"),
        ),
    ]
};

const CHAIN_KEYS: [ChainKey; 3] = [
    ChainKey {
        name: "anchorer", about: ("ghi gốc lô lên sổ chung (secp256k1)", "anchors batch roots (secp256k1)")
    },
    ChainKey {
        name: "status-keeper", about: ("ghi trạng thái bản ghi (secp256k1)", "sets record status (secp256k1)")
    },
    ChainKey {
        name: "chain-admin", about: ("quản trị hợp đồng (secp256k1)", "administers the contract (secp256k1)")
    },
];

/// Makes the example keys and certificates again.
#[derive(clap::Args)]
pub struct Args {
    /// Write nothing; fail if a committed file differs, is missing or does not belong
    #[arg(long)]
    check: bool,
}

/// Writes or checks `keys-example/`.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let folder = crate::workspace_root().join("keys-example");
    if args.check { check(&folder) } else { write(&folder) }
}

fn write(folder: &Path) -> anyhow::Result<()> {
    let files = files()?;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    println!("keys-example: wrote {} files", files.len());
    Ok(())
}

fn check(folder: &Path) -> anyhow::Result<()> {
    let files = files()?;
    let mut wrong = Vec::new();
    for (name, text) in &files {
        match fs::read_to_string(folder.join(name)) {
            Ok(found) if found == *text => {}
            Ok(_) => wrong.push(format!("{name} differs")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !files.contains_key(&name) {
            wrong.push(format!("{name} does not belong here"));
        }
    }
    if !wrong.is_empty() {
        bail!("keys-example is not what `cargo xtask keys-example` writes:\n  {}", wrong.join("\n  "));
    }
    println!("keys-example: {} files as they should be", files.len());
    Ok(())
}

/// All files by name.
fn files() -> anyhow::Result<BTreeMap<String, String>> {
    let passphrase = Passphrase::new(PASSPHRASE);
    let mut files = BTreeMap::new();
    let mut fingerprints = Vec::new();
    let mut add = |name: &str, key_pem: String, fingerprint: [u8; 32]| {
        files.insert(format!("{name}.key.pem"), key_pem);
        fingerprints.push(format!("{} {name}\n", hex::encode(fingerprint)));
    };
    for Holder { name, .. } in HOLDERS {
        let key = Ed25519Key::from_seed(&derive("key", name));
        add(name, key.to_encrypted_pem(&passphrase, Cost::Example, &derive("salt", name)), key.spki_sha256());
    }
    for ChainKey { name, .. } in CHAIN_KEYS {
        let key = Secp256k1Key::from_secret(&derive("key", name)).context("the hash is no number of the curve")?;
        add(name, key.to_encrypted_pem(&passphrase, Cost::Example, &derive("salt", name)), key.public_key_sha256());
    }
    for holder in &HOLDERS {
        let mut chain = certificate::issue(holder)?;
        if holder.kind == Kind::Signer {
            chain.push_str(&certificate::issue(find(holder.issuer)?)?);
        }
        files.insert(format!("{}.crt.pem", holder.name), chain);
    }
    fingerprints.sort();
    files.insert("fingerprints.txt".to_owned(), fingerprints.concat());
    files.insert("README.md".to_owned(), readme::text());
    Ok(files)
}

fn find(name: &str) -> anyhow::Result<&'static Holder> {
    const { &HOLDERS }.iter().find(|holder| holder.name == name).with_context(|| format!("no holder {name:?}"))
}

/// The seed of an example key, which anyone can compute.
pub(crate) fn seed(name: &str) -> [u8; 32] {
    derive("key", name)
}

fn signing_key(holder: &Holder) -> SigningKey {
    SigningKey::from_bytes(&derive("key", holder.name))
}

/// SHA-256 of a string that the README prints.
fn derive(what: &str, name: &str) -> [u8; 32] {
    Sha256::digest(format!("hocba example {what}: {name}")).into()
}

#[cfg(test)]
mod tests;
