//! A CA and time-stamp authorities made with the openssl program, in a folder that goes away, and what it says itself of
//! the tokens that we judge.

use std::{fs, path::PathBuf, process::Command};

use hocba_record::encoding::Sha256Digest;
use hocba_signature::certificate::Certificate;

/// Extensions by name, and everything that `openssl ts -reply` wants to know.
const CONF: &str = "
[ca]
default_ca = c
[c]
database = index.txt
new_certs_dir = new
serial = serial
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[issuing_for_servers]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
extendedKeyUsage = serverAuth
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
subjectAltName = DNS:tsa.example
[eku_missing]
keyUsage = critical,digitalSignature
[eku_not_critical]
keyUsage = critical,digitalSignature
extendedKeyUsage = timeStamping
[eku_more]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping,emailProtection
[eku_more_unknown]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping,1.3.6.1.5.5.7.3.36
[eku_other]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,1.3.6.1.5.5.7.3.36
[eku_any]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,anyExtendedKeyUsage
[ku_none]
extendedKeyUsage = critical,timeStamping
[ku_both]
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = critical,timeStamping
[ku_other]
keyUsage = critical,keyAgreement
extendedKeyUsage = critical,timeStamping
[ku_more]
keyUsage = critical,digitalSignature,keyAgreement
extendedKeyUsage = critical,timeStamping
[tsa_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ts]
serial = tsserial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
other_policies = 1.3.6.1.4.1.55555.2
digests = sha256,sha512,sha1
clock_precision_digits = 6
accuracy = secs:1,millisecs:500,microsecs:100
ordering = yes
tsa_name = yes
[ts_plain]
serial = tsserial
signer_digest = sha384
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
[ts_chain]
serial = tsserial
signer_digest = sha512
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
ess_cert_id_chain = yes
[ts_sha1]
serial = tsserial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
ess_cert_id_alg = sha1
[ts_signs_sha1]
serial = tsserial
signer_digest = sha1
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
";

pub const RSA: &[&str] = &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
pub const P256: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub const P384: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
pub const ED25519: &[&str] = &["ED25519"];

/// From 2020 to 2040.
pub const LONG: [&str; 2] = ["20200101000000Z", "20400101000000Z"];

pub struct Desk(PathBuf);

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Desk {
    /// `None` if this machine has no openssl.
    pub fn open(name: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this test run");
            return None;
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ts-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("new")).expect("a folder");
        let desk = Self(folder);
        for (name, text) in [("ca.cnf", CONF), ("index.txt", ""), ("serial", "1000"), ("tsserial", "01")] {
            desk.write(name, text.as_bytes());
        }
        Some(desk)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).expect("a file");
    }
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Runs openssl: whether it succeeded, and what it said.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl").current_dir(&self.0).args(arguments).output().expect("it is there");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub fn openssl(&self, arguments: &[&str]) {
        let (succeeded, said) = self.run(arguments);
        assert!(succeeded, "openssl {arguments:?}: {said}");
    }

    pub fn key(&self, name: &str, kind: &[&str]) {
        self.openssl(&[&["genpkey", "-out", &format!("{name}.key"), "-algorithm"], kind].concat());
    }

    /// A certificate `name` over the key of `key`, by `issuer` (itself for a root), with the extensions of a section.
    pub fn certificate(
        &self,
        name: &str,
        key: &str,
        issuer: &str,
        section: &str,
        [from, to]: [&str; 2],
    ) -> Certificate {
        let (key, signer) = (format!("{key}.key"), format!("{issuer}.key"));
        // Names as people give them; the same for every certificate over one key.
        let subject = format!("/CN=Dấu thời gian {}", key.trim_end_matches(".key"));
        self.openssl(&["req", "-new", "-utf8", "-config", "ca.cnf", "-key", &key, "-subj", &subject, "-out", "csr"]);
        let (by, out) = (format!("{issuer}.pem"), format!("{name}.pem"));
        let by = if name == issuer {
            vec!["-selfsign", "-keyfile", &signer]
        } else {
            vec!["-cert", &by, "-keyfile", &signer]
        };
        let md = if self.run(&["pkey", "-in", &signer, "-noout", "-text"]).1.contains("ED25519") {
            "null"
        } else {
            "sha256"
        };
        let fixed = ["ca", "-batch", "-notext", "-utf8", "-config", "ca.cnf", "-in", "csr", "-out", &out, "-md", md];
        let dates = ["-extensions", section, "-startdate", from, "-enddate", to];
        self.openssl(&[&fixed[..], &dates, &by].concat());
        self.der(name)
    }

    fn der(&self, name: &str) -> Certificate {
        self.openssl(&["x509", "-in", &format!("{name}.pem"), "-outform", "DER", "-out", &format!("{name}.crt")]);
        Certificate::from_der(&self.read(&format!("{name}.crt"))).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Files with several certificates, one after the other.
    pub fn bundle(&self, name: &str, certificates: &[&str]) {
        let all: Vec<u8> = certificates.iter().flat_map(|c| self.read(&format!("{c}.pem"))).collect();
        self.write(name, &all);
    }

    /// What the authority with this section, certificate and key answers to a request.
    pub fn reply(&self, section: &str, request: &[u8], signer: &str, key: &str, more: &[&str]) -> Vec<u8> {
        self.write("query", request);
        let (signer, key) = (format!("{signer}.pem"), format!("{key}.key"));
        let fixed = ["ts", "-reply", "-config", "ca.cnf", "-section", section, "-queryfile", "query", "-out", "reply"];
        self.openssl(&[&fixed[..], &["-signer", &signer, "-inkey", &key], more].concat());
        self.read("reply")
    }

    /// Whether openssl's own time-stamp verifier takes a token for this digest, at this moment, under these roots.
    pub fn ts_verifies(&self, token: &[u8], digest: &Sha256Digest, roots: &str, at: i64) -> Result<(), String> {
        self.write("token", token);
        let (digest, at) = (hex::encode(digest.as_bytes()), at.to_string());
        let what = ["ts", "-verify", "-digest", &digest, "-in", "token", "-token_in"];
        self.answer(&[&what[..], &["-CAfile", roots, "-attime", &at]].concat())
    }

    /// The same of its verifier of CMS, which knows what its time-stamp verifier, built upon PKCS #7, does not: RSA-PSS and
    /// key identifiers.
    pub fn cms_verifies(&self, token: &[u8], roots: &str, at: i64) -> Result<(), String> {
        self.write("token", token);
        let at = at.to_string();
        let what = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "token", "-out", "content"];
        let more = ["-CAfile", roots, "-purpose", "timestampsign", "-attime", &at, "-cades"];
        self.answer(&[&what[..], &more].concat())
    }

    fn answer(&self, arguments: &[&str]) -> Result<(), String> {
        let (succeeded, said) = self.run(arguments);
        if succeeded { Ok(()) } else { Err(said) }
    }

    /// A signature with a key, and options of `openssl dgst`; with none, over the message itself (Ed25519).
    pub fn sign(&self, key: &str, how: &[&str], message: &[u8]) -> Vec<u8> {
        self.write("message", message);
        let key = format!("{key}.key");
        if how.is_empty() {
            self.openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", &key, "-in", "message", "-out", "signature"]);
        } else {
            self.openssl(&[&["dgst", "-sign", &key, "-out", "signature"], how, &["message"]].concat());
        }
        self.read("signature")
    }
}
