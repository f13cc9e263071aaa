//! Certificates as they come from files, tokens and services, put in order.

use std::path::Path;

use hocba_signature::algorithm::PublicKey;
use pkcs8::{
    Document,
    der::{Decode, Reader, SliceReader, asn1::AnyRef},
};

use crate::{KeystoreError, file};

/// Most certificates in one chain file, as in the protocol's limits.
pub const MAX_CERTIFICATES: usize = 16;

/// Reads the DER of one or more `CERTIFICATE` blocks; text between them is legal in PEM (RFC 7468 §2) and skipped.
///
/// # Errors
/// `FileNotFound` and its kin, `TooLarge` above [`MAX_CERTIFICATES`], `Malformed` for anything but certificates.
pub fn read_certificate_chain(path: &Path) -> Result<Vec<Vec<u8>>, KeystoreError> {
    let contents = file::read(path)?;
    pem_blocks(contents.text.as_str()).map_err(|fault| match fault {
        CertificatesFault::TooMany => KeystoreError::TooLarge { path: path.to_owned() },
        CertificatesFault::Malformed(what) => KeystoreError::Malformed { path: path.to_owned(), what },
    })
}

/// Why bytes are not certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificatesFault {
    /// More than [`MAX_CERTIFICATES`].
    #[error("more than {MAX_CERTIFICATES} certificates")]
    TooMany,
    /// Not what PEM or DER of certificates looks like.
    #[error("{0}")]
    Malformed(String),
}

/// The DER of the certificates in bytes that somebody sent: PEM as in a file, or one certificate in DER.
///
/// # Errors
/// See [`CertificatesFault`]. Whether what is in DER is a certificate is looked at by whoever reads it.
pub fn certificates_of(bytes: &[u8]) -> Result<Vec<Vec<u8>>, CertificatesFault> {
    // The tag of a SEQUENCE (X.690 §8.9.1), with a length of two bytes; `0` in a text is followed by other things.
    if bytes.starts_with(&[0x30, 0x82]) {
        return Ok(vec![bytes.to_vec()]);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| CertificatesFault::Malformed("neither PEM nor DER".into()))?;
    pem_blocks(text)
}

fn pem_blocks(text: &str) -> Result<Vec<Vec<u8>>, CertificatesFault> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut rest = text;
    let mut chain = Vec::new();
    while let Some(end) = rest.find(END) {
        if chain.len() == MAX_CERTIFICATES {
            return Err(CertificatesFault::TooMany);
        }
        let (block, behind) = rest.split_at(end + END.len());
        let (_, document) =
            Document::from_pem(block).map_err(|error| CertificatesFault::Malformed(error.to_string()))?;
        chain.push(document.into_vec());
        rest = behind;
    }
    if chain.is_empty() || rest.contains("-----BEGIN") {
        return Err(CertificatesFault::Malformed("wanted certificates and nothing else".into()));
    }
    Ok(chain)
}

/// The three parts of a certificate that tell which is whose.
pub(crate) struct Parts<'a> {
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) spki: &'a [u8],
}

/// Reads a certificate's names and key; `None` if it is none.
pub(crate) fn parts(certificate: &[u8]) -> Option<Parts<'_>> {
    let (rest, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let tbs = parsed.tbs_certificate;
    rest.is_empty().then(|| Parts {
        issuer: tbs.issuer.as_raw(),
        subject: tbs.subject.as_raw(),
        spki: tbs.subject_pki.raw,
    })
}

/// The key that a certificate is for; `None` if it is no certificate, or its key of a kind we do not verify.
pub(crate) fn key_of(certificate: &[u8]) -> Option<PublicKey> {
    PublicKey::from_spki_der(parts(certificate)?.spki).ok()
}

/// The leaf, then its issuers as far as they are among the others, found by name: each once, no root needed. Files and
/// tokens hold them in any order, and others beside them.
pub(crate) fn in_order(leaf: Vec<u8>, others: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut chain = vec![leaf];
    while chain.len() < MAX_CERTIFICATES {
        let Some(last) = chain.last().and_then(|last| parts(last)) else { break };
        let is_next =
            |other: &&Vec<u8>| !chain.contains(other) && parts(other).is_some_and(|other| other.subject == last.issuer);
        let Some(next) = others.iter().find(is_next).cloned() else { break };
        chain.push(next);
    }
    chain
}

/// The content of one DER element with this tag, which fills the bytes wholly.
pub(crate) fn whole(bytes: &[u8]) -> Option<AnyRef<'_>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let element = AnyRef::decode(&mut reader).ok()?;
    reader.is_finished().then_some(element)
}

/// The DER elements that fill the bytes, one after the other.
pub(crate) fn elements(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(found)
}
