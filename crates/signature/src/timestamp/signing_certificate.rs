//! The signed attributes signing-certificate (RFC 2634 §5.4) and signing-certificate-v2 (RFC 5035 §3): whose signature
//! this is. The signature covers them, so nobody can put another certificate of the same key, or of the same name, in the
//! signer's place.

use sha1::{Digest as _, Sha1};

use super::{hash, token::MAX_TOKEN_CERTIFICATES};
use crate::{
    algorithm::Hash,
    certificate::Certificate,
    der::{Malformed, Reader, tag},
    x509::{GeneralName, general_names},
};

/// Certificates that one of the two attributes names: the signer's, and then those that its path may go through.
#[derive(Debug, Clone)]
pub(super) struct SigningCertificate(Vec<CertificateId>);

#[derive(Debug, Clone)]
struct CertificateId {
    hash: IdHash,
    digest: Box<[u8]>,
    issuer_serial: Option<(Vec<GeneralName>, Box<[u8]>)>,
}

/// How a certificate is named.
#[derive(Debug, Clone, Copy)]
enum IdHash {
    /// What the first form of the attribute has. To be named by it, two certificates with one SHA-1 digest would have to
    /// be made by an authority on a path to a pinned root.
    Sha1,
    Sha2(Hash),
    /// Names no certificate for us.
    Other,
}

impl SigningCertificate {
    /// Reads a `SigningCertificate`.
    pub(super) fn read(value: &[u8]) -> Result<Self, Malformed> {
        read(value, |_| Ok(IdHash::Sha1))
    }

    /// Reads a `SigningCertificateV2`.
    pub(super) fn read_v2(value: &[u8]) -> Result<Self, Malformed> {
        read(value, |id| {
            // SHA-256 by default. DER leaves a default out; some write it, and it is the same.
            Ok(match id.optional(tag::SEQUENCE)? {
                None => IdHash::Sha2(Hash::Sha256),
                Some(algorithm) => hash(Reader::new(algorithm))?.map_or(IdHash::Other, IdHash::Sha2),
            })
        })
    }

    /// Whether this certificate is the signer's.
    pub(super) fn names_signer(&self, certificate: &Certificate) -> bool {
        self.0.first().is_some_and(|id| id.names(certificate))
    }

    /// Whether the signer's path may go through this certificate: if more than the signer's is named, the others are all
    /// that may be used (RFC 5035 §5.4.1).
    pub(super) fn allows(&self, certificate: &Certificate) -> bool {
        self.0.len() == 1 || self.0.iter().any(|id| id.names(certificate))
    }
}

impl CertificateId {
    fn names(&self, certificate: &Certificate) -> bool {
        let same = match self.hash {
            IdHash::Sha1 => *Sha1::digest(certificate.der()) == *self.digest,
            IdHash::Sha2(hash) => *hash.digest(certificate.der()) == *self.digest,
            IdHash::Other => false,
        };
        let content = certificate.content();
        let issued_so = |(issuer, serial): &(Vec<GeneralName>, Box<[u8]>)| {
            matches!(issuer.as_slice(), [GeneralName::Directory(name)] if *name == content.issuer)
                && *serial == content.serial
        };
        same && self.issuer_serial.as_ref().is_none_or(issued_so)
    }
}

/// Both forms: a list of identifiers, and policies that mean nothing here.
fn read(
    value: &[u8],
    hash: impl Fn(&mut Reader<'_>) -> Result<IdHash, Malformed>,
) -> Result<SigningCertificate, Malformed> {
    let mut fields = Reader::only(value, tag::SEQUENCE)?;
    let mut list = fields.sequence()?;
    let mut ids = Vec::new();
    while !list.is_empty() {
        let mut id = list.sequence()?;
        let hash = hash(&mut id)?;
        let digest = id.expect(tag::OCTET_STRING)?.into();
        let issuer_serial = match id.optional(tag::SEQUENCE)? {
            Some(content) => {
                let mut fields = Reader::new(content);
                let issuer = general_names(fields.expect(tag::SEQUENCE)?)?;
                let serial = fields.expect(tag::INTEGER)?.into();
                fields.finish()?;
                Some((issuer, serial))
            }
            None => None,
        };
        id.finish()?;
        ids.push(CertificateId { hash, digest, issuer_serial });
    }
    fields.optional(tag::SEQUENCE)?;
    fields.finish()?;
    if (1..=MAX_TOKEN_CERTIFICATES).contains(&ids.len()) { Ok(SigningCertificate(ids)) } else { Err(Malformed) }
}
