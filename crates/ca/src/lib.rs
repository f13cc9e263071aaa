//! A certificate authority for pilots, for schools that have no certificates yet.
//!
//! **For**: two-tier CAs ([`root`], [`Authority::issuing`]), certificates for those who sign transcripts
//! ([`Authority::signer`]) from a PKCS#10 request or a bare public key ([`Request`]), CRLs with reasons and invalidity
//! dates ([`Authority::crl`]), and OCSP answers by a responder of its own ([`ocsp`]).
//!
//! **Will not**: hold keys (they stay with their owners; the CA's own come as a [`CaKey`]), read clocks, make random
//! numbers, keep a register. Whoever calls it does, and `hocba ca` is one who does. And it is **no licensed CA**: every
//! subject says [`PILOT_UNIT`], every certificate carries [`PILOT_POLICY`].
//!
//! Specifications: RFC 5280 (certificates, CRLs), RFC 6960 and 9654 (OCSP), RFC 2986 (requests), RFC 7093 (key
//! identifiers), RFC 9336 (id-kp-documentSigning). Certificates and CRLs are encoded by `rcgen`, without its cryptography;
//! `docs/adr/0015-pilot-ca.md` says why.
//!
//! ```
//! use hocba_ca::{Addresses, Authority, CaKey, Request, SerialNumber, SignFailed, Subject, Validity, root};
//! use hocba_keystore::Ed25519Key;
//! use hocba_record::types::UnixTime;
//! use hocba_signature::algorithm::Algorithm;
//!
//! struct FileKey(Ed25519Key, [u8; 44]);
//! impl FileKey {
//!     fn new(seed: [u8; 32]) -> Self {
//!         let key = Ed25519Key::from_seed(&seed);
//!         let spki = key.spki_der();
//!         Self(key, spki)
//!     }
//! }
//! impl CaKey for FileKey {
//!     fn algorithm(&self) -> Algorithm { Algorithm::Ed25519 }
//!     fn spki(&self) -> &[u8] { &self.1 }
//!     fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> { Ok(self.0.sign(message).to_vec()) }
//! }
//!
//! let (root_key, issuing_key) = (FileKey::new([1; 32]), FileKey::new([2; 32])); // from keystores, in earnest
//! let at = |seconds| UnixTime::from_seconds(seconds).expect("a time");
//! let year = 31_536_000;
//! let from = at(1_790_000_000);
//!
//! let root_certificate = root(
//!     &root_key, &Subject::new("Phòng GD&ĐT Quận 3", "CA gốc")?,
//!     Validity::new(from, from.plus(10 * year))?, SerialNumber::from_random([7; 16]))?;
//! let root = Authority::open(&root_certificate, &root_key)?;
//! let issuing_certificate = root.issuing(
//!     issuing_key.spki(), &Subject::new("Phòng GD&ĐT Quận 3", "CA cấp")?,
//!     Validity::new(from, from.plus(5 * year))?, SerialNumber::from_random([8; 16]), &Addresses::default())?;
//! let issuing = Authority::open(&issuing_certificate, &issuing_key)?;
//!
//! let teacher = Request::from_spki(FileKey::new([3; 32]).spki())?;
//! let certificate = issuing.signer(
//!     &teacher, &Subject::new("Trường THCS Trần Phú", "Nguyễn Thị Hoa")?,
//!     Validity::new(from, from.plus(year))?, SerialNumber::from_random([9; 16]), &Addresses::default())?;
//! assert!(certificate.len() < 1024);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authority;
mod crl;
mod error;
mod key;
mod name;
pub mod ocsp;
pub mod pem;
mod request;

pub use authority::{Addresses, Authority, SerialNumber, Validity, root};
pub use crl::{Reason, Revocation, UnknownReason};
pub use error::CaError;
pub use key::{CaKey, SignFailed};
pub use name::Subject;
pub use request::{MAX_REQUEST_BYTES, Request, RequestError};

/// `organizationalUnitName` of every subject here, so that nobody takes a certificate for one of a licensed CA.
pub const PILOT_UNIT: &str = "THỬ NGHIỆM / PILOT";

/// The certificate policy of every certificate here, as DER content:
/// 2.25.122928582555997328286103051177944501873, the UUID 5c7b2f0e-9a41-4d6e-8f13-b0a6d2c94e71 under the arc that
/// needs no registration (X.667 §7). It promises nothing but that a pilot issued it.
pub const PILOT_POLICY: [u8; 20] = [
    0x69, 0x81, 0xb8, 0xfb, 0x97, 0xc3, 0xd3, 0xa4, 0x8a, 0xb5, 0xdd, 0x8f, 0x89, 0xec, 0x94, 0xed, 0x96, 0xa5, 0x9c,
    0x71,
];
