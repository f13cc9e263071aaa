//! Keys, a CA of two tiers in both kinds of keys, and the `openssl` program.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use hocba_ca::{Addresses, Authority, CaKey, Request, SerialNumber, SignFailed, Subject, Validity, root};
use hocba_keystore::Ed25519Key;
use hocba_record::types::UnixTime;
use hocba_signature::algorithm::Algorithm;
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use tempfile::TempDir;

pub const DAY: i64 = 86_400;
pub const YEAR: i64 = 366 * DAY;

/// 2026-11-22T00:00:00Z.
pub fn now() -> UnixTime {
    UnixTime::from_seconds(1_795_305_600).expect("a time")
}

pub fn after(seconds: i64) -> UnixTime {
    now().plus(seconds)
}

pub fn validity(from: i64, until: i64) -> Validity {
    Validity::new(after(from), after(until)).expect("not empty")
}

pub fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_random([n; 16])
}

pub fn subject(name: &str) -> Subject {
    Subject::new("Trường THCS Trần Phú", name).expect("a name")
}

/// A CA's key in memory.
pub struct TestKey {
    spki: Vec<u8>,
    kind: Kind,
}

enum Kind {
    Ed25519(Ed25519Key),
    P256(SigningKey),
}

impl TestKey {
    pub fn ed25519(seed: u8) -> Self {
        let key = Ed25519Key::from_seed(&[seed; 32]);
        Self { spki: key.spki_der().to_vec(), kind: Kind::Ed25519(key) }
    }
    pub fn p256(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).expect("a scalar");
        // RFC 5480 §2: id-ecPublicKey, secp256r1, and the uncompressed point as a BIT STRING.
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let head = (0..head.len()).step_by(2).map(|i| u8::from_str_radix(&head[i..i + 2], 16).expect("hex"));
        let point = key.verifying_key().to_sec1_point(false);
        let spki = head.chain(point.as_bytes().iter().copied()).collect();
        Self { spki, kind: Kind::P256(key) }
    }
}

impl CaKey for TestKey {
    fn algorithm(&self) -> Algorithm {
        match self.kind {
            Kind::Ed25519(_) => Algorithm::Ed25519,
            Kind::P256(_) => Algorithm::Es256,
        }
    }
    fn spki(&self) -> &[u8] {
        &self.spki
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(match &self.kind {
            Kind::Ed25519(key) => key.sign(message).to_vec(),
            Kind::P256(key) => {
                let signature: Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        })
    }
}

/// A root, an issuing CA below it and an OCSP responder, in DER.
pub struct Pki {
    pub root_key: TestKey,
    pub issuing_key: TestKey,
    pub responder_key: TestKey,
    pub root: Vec<u8>,
    pub issuing: Vec<u8>,
    pub responder: Vec<u8>,
}

pub const ADDRESSES: [&str; 3] =
    ["http://ca.example/issuing.crl", "http://ca.example/ocsp", "http://ca.example/issuing.cer"];

pub fn addresses() -> Addresses {
    let [crl, ocsp, issuer] = ADDRESSES.map(|address| Some(address.to_owned()));
    Addresses { crl, ocsp, issuer }
}

impl Pki {
    pub fn new(key: fn(u8) -> TestKey) -> Self {
        let (root_key, issuing_key, responder_key) = (key(1), key(2), key(3));
        let name = |text| Subject::new("Phòng GD&ĐT Quận 3", text).expect("a name");
        let root = root(&root_key, &name("CA gốc"), validity(0, 10 * YEAR), serial(1)).expect("a root");
        let above = Authority::open(&root, &root_key).expect("opens");
        let issuing = above.issuing(
            issuing_key.spki(),
            &name("CA cấp"),
            validity(0, 5 * YEAR),
            serial(2),
            &Addresses { crl: Some("http://ca.example/root.crl".into()), ..Addresses::default() },
        );
        let issuing = issuing.expect("issued");
        let responder = Authority::open(&issuing, &issuing_key)
            .and_then(|ca| ca.responder(responder_key.spki(), &name("OCSP"), validity(0, YEAR), serial(3)))
            .expect("issued");
        Self { root_key, issuing_key, responder_key, root, issuing, responder }
    }

    pub fn both() -> [Self; 2] {
        [Self::new(TestKey::ed25519), Self::new(TestKey::p256)]
    }

    pub fn root(&self) -> Authority<'_> {
        Authority::open(&self.root, &self.root_key).expect("opens")
    }
    pub fn issuing(&self) -> Authority<'_> {
        Authority::open(&self.issuing, &self.issuing_key).expect("opens")
    }

    /// A signer's certificate.
    pub fn issue(&self, n: u8) -> Vec<u8> {
        let request = Request::from_spki(TestKey::ed25519(n).spki()).expect("a key");
        let name = format!("Nguyễn Thị Hoa {n}");
        self.issuing().signer(&request, &subject(&name), validity(0, YEAR), serial(n), &addresses()).expect("issued")
    }
}

/// A folder to call `openssl` in.
pub struct Desk(pub TempDir);

impl Desk {
    /// Every test here needs OpenSSL 3; the project's machines have it.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) -> &Self {
        fs::write(self.path(name), bytes).expect("written");
        self
    }

    pub fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("there")
    }

    /// DER as a PEM block.
    pub fn pem(&self, name: &str, label: &str, ders: &[&[u8]]) -> &Self {
        let blocks: String = ders.iter().map(|der| hocba_ca::pem::encode(label, der)).collect();
        self.put(name, blocks.as_bytes())
    }

    /// Everything of a CA as files.
    pub fn of(pki: &Pki) -> Self {
        let desk = Self::new();
        desk.pem("root.pem", "CERTIFICATE", &[&pki.root]).pem("issuing.pem", "CERTIFICATE", &[&pki.issuing]);
        desk.pem("chain.pem", "CERTIFICATE", &[&pki.root, &pki.issuing]);
        desk
    }

    pub fn openssl(&self, args: &str) -> Said {
        self.openssl_args(&args.split(' ').collect::<Vec<_>>())
    }

    pub fn openssl_args(&self, args: &[&str]) -> Said {
        let output = Command::new("openssl").args(args).current_dir(self.0.path()).output();
        Said(output.expect("OpenSSL 3 is installed (apt-get install openssl)"))
    }
}

/// What `openssl` said.
pub struct Said(Output);

impl Said {
    pub fn ok(&self) -> bool {
        self.0.status.success()
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&[&self.0.stdout[..], &self.0.stderr[..]].concat()).into_owned()
    }
    #[track_caller]
    pub fn expect(self) -> String {
        assert!(self.ok(), "{}", self.text());
        self.text()
    }
    #[track_caller]
    pub fn refuses(self, why: &str) {
        assert!(!self.ok() && self.text().contains(why), "wanted {why:?}: {}", self.text());
    }
}
