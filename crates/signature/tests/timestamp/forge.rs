//! Tokens put together piece by piece, so that exactly one piece can be wrong; keys and signatures are openssl's.

use hocba_record::encoding::Sha256Digest;
use hocba_signature::certificate::Certificate;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::desk::Desk;

/// 2026-07-01T00:00:00Z, which is when forged tokens say that they were made.
pub const FORGED_AT: i64 = 1_782_864_000;

pub fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der(0x30, parts)
}
pub fn set(parts: &[&[u8]]) -> Vec<u8> {
    der(0x31, parts)
}
/// An OBJECT IDENTIFIER from hexadecimal contents.
pub fn oid(contents: &str) -> Vec<u8> {
    der(6, &[&hex::decode(contents).expect("hexadecimal")])
}

pub const DATA: &str = "2a864886f70d010701";
pub const SIGNED_DATA: &str = "2a864886f70d010702";
pub const TST_INFO: &str = "2a864886f70d0109100104";
pub const CONTENT_TYPE: &str = "2a864886f70d010903";
pub const MESSAGE_DIGEST: &str = "2a864886f70d010904";
pub const SIGNING_TIME: &str = "2a864886f70d010905";
pub const SIGNING_CERTIFICATE: &str = "2a864886f70d010910020c";
pub const SIGNING_CERTIFICATE_V2: &str = "2a864886f70d010910022f";
pub const SHA1: &str = "2b0e03021a";
pub const SHA256: &str = "608648016503040201";
pub const SHA384: &str = "608648016503040202";
pub const SHA512: &str = "608648016503040203";
pub const RSA: &str = "2a864886f70d010101";
pub const SHA1_RSA: &str = "2a864886f70d010105";
pub const SHA256_RSA: &str = "2a864886f70d01010b";
pub const PSS: &str = "2a864886f70d01010a";
pub const ECDSA_SHA1: &str = "2a8648ce3d0401";
pub const ECDSA_SHA256: &str = "2a8648ce3d040302";
pub const ECDSA_SHA384: &str = "2a8648ce3d040303";
pub const ECDSA_SHA512: &str = "2a8648ce3d040304";
pub const ED25519: &str = "2b6570";

/// An `AlgorithmIdentifier` without parameters, or with NULL.
pub fn algorithm(id: &str) -> Vec<u8> {
    sequence(&[&oid(id)])
}
pub fn algorithm_null(id: &str) -> Vec<u8> {
    sequence(&[&oid(id), &[5, 0]])
}
/// `id-RSASSA-PSS` with one hash throughout.
pub fn pss(hash: &str, salt: u8) -> Vec<u8> {
    let mgf1 = sequence(&[&oid("2a864886f70d010108"), &algorithm_null(hash)]);
    let salt = der(0xa2, &[&der(2, &[&[salt]])]);
    sequence(&[&oid(PSS), &sequence(&[&der(0xa0, &[&algorithm_null(hash)]), &der(0xa1, &[&mgf1]), &salt])])
}

pub fn digest(hash: &str, message: &[u8]) -> Vec<u8> {
    match hash {
        SHA1 => Sha1::digest(message).to_vec(),
        SHA256 => Sha256::digest(message).to_vec(),
        SHA384 => Sha384::digest(message).to_vec(),
        SHA512 => Sha512::digest(message).to_vec(),
        other => panic!("{other}"),
    }
}

pub fn attribute(kind: &str, values: &[&[u8]]) -> Vec<u8> {
    sequence(&[&oid(kind), &set(values)])
}

/// A `SigningCertificateV2` that names these certificates by SHA-256.
pub fn signing_certificate_v2(certificates: &[&Certificate]) -> Vec<u8> {
    let ids: Vec<u8> = certificates.iter().flat_map(|c| sequence(&[&der(4, &[&Sha256::digest(c.der())])])).collect();
    sequence(&[&sequence(&[&ids])])
}
/// A `SigningCertificate` that names a certificate by SHA-1.
pub fn signing_certificate(certificate: &Certificate) -> Vec<u8> {
    sequence(&[&sequence(&[&sequence(&[&der(4, &[&Sha1::digest(certificate.der())])])])])
}

/// The name of a certificate's issuer and its serial number, in DER.
pub fn issuer_and_serial(certificate: &Certificate) -> (Vec<u8>, Vec<u8>) {
    let tbs = content(content(certificate.der()));
    // version, serial, signature, issuer, …
    let rest = after(tbs);
    let (serial, rest) = (element(rest), after(rest));
    (element(after(rest)).to_vec(), serial.to_vec())
}

/// The first element, and what is behind it.
pub fn element(bytes: &[u8]) -> &[u8] {
    let (header, length) = header(bytes);
    &bytes[..header + length]
}
fn after(bytes: &[u8]) -> &[u8] {
    &bytes[element(bytes).len()..]
}
pub fn content(bytes: &[u8]) -> &[u8] {
    let (header, length) = header(bytes);
    &bytes[header..header + length]
}
fn header(bytes: &[u8]) -> (usize, usize) {
    match bytes[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        0x81 => (3, usize::from(bytes[2])),
        _ => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
    }
}

/// Pieces of a `TSTInfo`.
#[derive(Clone)]
pub struct Info {
    pub version: u8,
    pub imprint: Vec<u8>,
    pub time: String,
    /// What comes after genTime.
    pub rest: Vec<u8>,
}

impl Info {
    pub fn of(digest: &Sha256Digest) -> Self {
        Self {
            version: 1,
            imprint: sequence(&[&algorithm_null(SHA256), &der(4, &[digest.as_bytes()])]),
            time: "20260701000000Z".to_owned(),
            rest: Vec::new(),
        }
    }
    pub fn der(&self) -> Vec<u8> {
        let policy = oid("2b0601040183b20301");
        let time = der(0x18, &[self.time.as_bytes()]);
        sequence(&[&der(2, &[&[self.version]]), &policy, &self.imprint, &[2, 2, 0x2a, 7], &time, &self.rest])
    }
}

/// Pieces of a token. Fresh from [`Forge::new`] they are those of a good one.
#[derive(Clone)]
pub struct Forge {
    pub info: Vec<u8>,
    pub version: u8,
    pub kind: &'static str,
    pub hashes: Vec<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    /// Behind the certificates.
    pub crls: Vec<u8>,
    pub signer_version: u8,
    pub signer_id: Vec<u8>,
    pub hash: Vec<u8>,
    /// Sorted before they are signed, if `sorted`.
    pub attributes: Vec<Vec<u8>>,
    pub signature_algorithm: Vec<u8>,
    /// Name of the key, and options of `openssl dgst`.
    pub key: &'static str,
    pub how: Vec<&'static str>,
    pub unsigned: Vec<u8>,
    pub signers: usize,
    pub sorted: bool,
}

impl Forge {
    /// A token by the holder of an elliptic key `key`, with SHA-256.
    pub fn new(info: &Info, key: &'static str, certificates: &[&Certificate]) -> Self {
        let (issuer, serial) = issuer_and_serial(certificates[0]);
        Self {
            info: info.der(),
            version: 3,
            kind: TST_INFO,
            hashes: vec![algorithm(SHA256)],
            certificates: certificates.iter().map(|c| c.der().to_vec()).collect(),
            crls: Vec::new(),
            signer_version: 1,
            signer_id: sequence(&[&issuer, &serial]),
            hash: algorithm(SHA256),
            attributes: vec![
                attribute(CONTENT_TYPE, &[&oid(TST_INFO)]),
                attribute(SIGNING_TIME, &[&der(0x17, &[b"260701000000Z"])]),
                attribute(MESSAGE_DIGEST, &[&der(4, &[&digest(SHA256, &info.der())])]),
                attribute(SIGNING_CERTIFICATE_V2, &[&signing_certificate_v2(&certificates[..1])]),
            ],
            signature_algorithm: algorithm(ECDSA_SHA256),
            key,
            how: vec!["-sha256"],
            unsigned: Vec::new(),
            signers: 1,
            sorted: true,
        }
    }

    /// Signed in another way.
    pub fn signed(mut self, hash: &'static str, algorithm_id: Vec<u8>, how: &[&'static str]) -> Self {
        self.hashes = vec![algorithm(hash)];
        self.hash = algorithm(hash);
        self.signature_algorithm = algorithm_id;
        self.how = how.to_vec();
        let value = der(4, &[&digest(hash, &self.info)]);
        self.set(MESSAGE_DIGEST, &[&value]);
        self
    }

    /// Puts values into the attribute of a kind; with none, the attribute goes.
    pub fn set(&mut self, kind: &str, values: &[&[u8]]) {
        self.attributes.retain(|a| !content(a).starts_with(&oid(kind)));
        if !values.is_empty() {
            self.attributes.push(attribute(kind, values));
        }
    }

    /// Signs and puts together.
    pub fn token(&self, desk: &Desk) -> Vec<u8> {
        let mut attributes = self.attributes.clone();
        if self.sorted {
            attributes.sort();
        }
        let attributes = attributes.concat();
        let signature = desk.sign(self.key, &self.how, &set(&[&attributes]));
        let attributes = if attributes.is_empty() { Vec::new() } else { der(0xa0, &[&attributes]) };
        let signer = sequence(&[
            &der(2, &[&[self.signer_version]]),
            &self.signer_id,
            &self.hash,
            &attributes,
            &self.signature_algorithm,
            &der(4, &[&signature]),
            &self.unsigned,
        ]);
        let encapsulated = sequence(&[&oid(self.kind), &der(0xa0, &[&der(4, &[&self.info])])]);
        let certificates = self.certificates.concat();
        let certificates = if certificates.is_empty() { Vec::new() } else { der(0xa0, &[&certificates]) };
        let data = sequence(&[
            &der(2, &[&[self.version]]),
            &set(&[&self.hashes.concat()]),
            &encapsulated,
            &certificates,
            &self.crls,
            &set(&[&signer.repeat(self.signers)]),
        ]);
        sequence(&[&oid(SIGNED_DATA), &der(0xa0, &[&data])])
    }
}
