//! Basic OCSP responses (RFC 6960), signed by the issuer itself or by a responder that it certified for this.

use std::ops::Range;

use hocba_record::types::UnixTime;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{Answer, EvidenceError, Reason, Revocation, Status, crl::EntryFacts, good};
use crate::{
    certificate::{Certificate, SignatureCache},
    der::{Element, Malformed, Reader, element, tag},
    x509::{Name, each_extension},
};

/// Largest OCSP response, in bytes. One with two certificates has about 4,000.
pub const MAX_OCSP_BYTES: usize = 64 * 1024;
/// Most certificates in a response; one is needed.
const MAX_CERTIFICATES: usize = 4;
/// Most answers in a response; one is needed.
const MAX_ANSWERS: usize = 64;

/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2: for whoever asked, not for whoever reads it later.
const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
/// id-pkix-ocsp-archive-cutoff, 1.3.6.1.5.5.7.48.1.6.
const ARCHIVE_CUTOFF: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 6];
/// id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// A successful basic response. Reading it proves its shape, not its signature.
#[derive(Debug, Clone)]
pub struct OcspResponse {
    der: Vec<u8>,
    data: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    responder: ResponderId,
    produced_at: UnixTime,
    answers: Vec<Single>,
    certificates: Vec<Certificate>,
}

impl PartialEq for OcspResponse {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for OcspResponse {}

#[derive(Debug, Clone)]
enum ResponderId {
    Name(Name),
    /// SHA-1 of the key, as an identifier (§4.2.1).
    Key(Box<[u8]>),
}

#[derive(Debug, Clone)]
struct Single {
    hash: IdHash,
    issuer_name: Box<[u8]>,
    issuer_key: Box<[u8]>,
    serial: Box<[u8]>,
    answer: Answer,
    kept_since: Option<UnixTime>,
}

/// How `CertID` names the issuer. Identifiers only: what is named is compared with the issuer already found, so
/// collisions win nothing, and SHA-1 is what nearly every responder uses.
#[derive(Debug, Clone, Copy)]
enum IdHash {
    Sha1,
    Sha256,
    /// Names no certificate for us.
    Other,
}

impl IdHash {
    fn digest(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Sha1 => Some(Sha1::digest(bytes).to_vec()),
            Self::Sha256 => Some(Sha256::digest(bytes).to_vec()),
            Self::Other => None,
        }
    }
}

/// The question whether a certificate is revoked, for the responder of its issuer: an `OCSPRequest` (RFC 6960 §4.1.1) in
/// DER, unsigned and without a nonce, so that everyone asks the same and a responder may answer from its cache (RFC 5019).
/// The issuer is named by SHA-1, which every responder knows and which only identifies here.
pub fn ocsp_request(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    let hash = |bytes: &[u8]| element(tag::OCTET_STRING, &Sha1::digest(bytes));
    let algorithm = element(tag::SEQUENCE, &[element(tag::OID, SHA1), vec![0x05, 0x00]].concat());
    let id = [
        algorithm,
        hash(certificate.issuer_der()),
        hash(issuer.key_bits()),
        element(tag::INTEGER, certificate.serial()),
    ];
    // OCSPRequest, TBSRequest, requestList, Request, CertID.
    (0..5).fold(id.concat(), |content, _| element(tag::SEQUENCE, &content))
}

impl OcspResponse {
    /// Reads a response.
    ///
    /// # Errors
    /// `TooLarge`, `Malformed`, `NoAnswer`, `UnknownCritical`.
    pub fn from_der(der: &[u8]) -> Result<Self, EvidenceError> {
        if der.len() > MAX_OCSP_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        // `part` was read from `der`, so it lies inside.
        let place = |part: &[u8]| {
            let start = part.as_ptr() as usize - der.as_ptr() as usize;
            start..start + part.len()
        };
        let mut response = Reader::only(der, tag::SEQUENCE)?;
        let status = response.expect(tag::ENUMERATED)?;
        if status != [0] {
            return Err(if matches!(status, [1..=6]) { EvidenceError::NoAnswer } else { EvidenceError::Malformed });
        }
        let mut bytes = Reader::only(response.expect(tag::constructed(0))?, tag::SEQUENCE)?;
        response.finish()?;
        if bytes.expect(tag::OID)? != BASIC {
            return Err(EvidenceError::Malformed);
        }
        let mut basic = Reader::only(bytes.expect(tag::OCTET_STRING)?, tag::SEQUENCE)?;
        bytes.finish()?;
        let data = basic.next()?;
        let signature_algorithm = basic.expect(tag::SEQUENCE)?;
        let signature = basic.bit_string()?;
        let certificates = match basic.optional(tag::constructed(0))? {
            Some(list) => read_certificates(list)?,
            None => Vec::new(),
        };
        basic.finish()?;

        let mut fields = Reader::only(data.whole, tag::SEQUENCE)?;
        if fields.peek() == Some(tag::constructed(0)) {
            // DEFAULT v1 is left out in DER; some write it, and there is no other version.
            let mut version = Reader::new(fields.next()?.content);
            if version.expect(tag::INTEGER)? != [0] {
                return Err(EvidenceError::Malformed);
            }
        }
        let responder = fields.next()?;
        let mut id = Reader::new(responder.content);
        let responder = match responder.tag {
            0xa1 => ResponderId::Name(Name::read(&mut id)?),
            0xa2 => ResponderId::Key(id.expect(tag::OCTET_STRING)?.into()),
            _ => return Err(EvidenceError::Malformed),
        };
        id.finish()?;
        let produced_at = generalized(fields.next()?)?;
        let mut list = fields.sequence()?;
        let mut answers = Vec::new();
        while !list.is_empty() {
            answers.push(read_single(&mut list)?);
            if answers.len() > MAX_ANSWERS {
                return Err(EvidenceError::TooLarge);
            }
        }
        if let Some(extensions) = fields.optional(tag::constructed(1))? {
            let mut unknown = false;
            each_extension(extensions, |id, critical, _| {
                unknown |= critical && id != NONCE;
                Ok(())
            })?;
            if unknown {
                return Err(EvidenceError::UnknownCritical);
            }
        }
        fields.finish()?;
        Ok(Self {
            data: place(data.whole),
            signature_algorithm: place(signature_algorithm),
            signature: place(signature),
            responder,
            produced_at,
            answers,
            certificates,
            der: der.to_vec(),
        })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// When the response was signed.
    pub fn produced_at(&self) -> UnixTime {
        self.produced_at
    }

    pub(super) fn answer(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        cache: &SignatureCache,
    ) -> Result<Answer, EvidenceError> {
        let (name, key) = (certificate.issuer_der(), issuer.key_bits());
        let of_issuer = |single: &&Single| {
            let named = |hash: &[u8], bytes| single.hash.digest(bytes).is_some_and(|digest| *digest == *hash);
            named(&single.issuer_name, name) && named(&single.issuer_key, key)
        };
        let mut about = self.answers.iter().filter(of_issuer).filter(|single| *single.serial == *certificate.serial());
        let single = match (about.next(), about.next()) {
            (Some(single), None) => single,
            (Some(_), Some(_)) => return Err(EvidenceError::Malformed), // two answers are none
            (None, _) if self.answers.iter().any(|single| of_issuer(&single)) => return Err(EvidenceError::NotCovered),
            (None, _) => return Err(EvidenceError::OtherIssuer),
        };
        self.check_signature(issuer, cache)?;
        let status = match single.answer.status {
            Status::Good => good(single.answer.this_update, certificate, single.kept_since),
            status => status,
        };
        Ok(Answer { status, ..single.answer })
    }

    /// §4.2.2.2: signed by the issuer, or by a responder whose certificate the issuer itself issued, with
    /// id-kp-OCSPSigning. Nothing is asked about the revocation of that certificate, as with id-pkix-ocsp-nocheck.
    fn check_signature(&self, issuer: &Certificate, cache: &SignatureCache) -> Result<(), EvidenceError> {
        let valid = |c: &Certificate| c.not_before() <= self.produced_at && self.produced_at <= c.not_after();
        if !valid(issuer) {
            return Err(EvidenceError::IssuerMayNot);
        }
        let mut delegates = self.certificates.iter().filter(|c| self.is_responder(c) && c.key() != issuer.key());
        let signer = if self.is_responder(issuer) {
            issuer
        } else {
            let delegated = |c: &&Certificate| {
                let extensions = &c.content().extensions;
                c.content().issuer == issuer.content().subject
                    && extensions.extended_key_usage.iter().flatten().any(|id| **id == *OCSP_SIGNING)
                    && !extensions.unknown_critical
                    && c.may_sign_documents()
                    && valid(c)
                    && c.check_signature(issuer, cache).is_ok()
            };
            delegates.find(delegated).ok_or(EvidenceError::Responder)?
        };
        let part = |range: &Range<usize>| &self.der[range.clone()];
        cache.verify(part(&self.signature_algorithm), signer, part(&self.data), part(&self.signature))?;
        Ok(())
    }

    fn is_responder(&self, certificate: &Certificate) -> bool {
        match &self.responder {
            ResponderId::Name(name) => certificate.content().subject == *name,
            ResponderId::Key(hash) => *Sha1::digest(certificate.key_bits()) == **hash,
        }
    }
}

/// Those that we can read; a responder may add its own chain, in which other keys are of no use here.
fn read_certificates(list: &[u8]) -> Result<Vec<Certificate>, EvidenceError> {
    let mut list = Reader::only(list, tag::SEQUENCE)?;
    let (mut certificates, mut seen) = (Vec::new(), 0);
    while !list.is_empty() {
        certificates.extend(Certificate::from_der(list.next()?.whole));
        seen += 1;
        if seen > MAX_CERTIFICATES {
            return Err(EvidenceError::TooLarge);
        }
    }
    Ok(certificates)
}

fn generalized(element: Element<'_>) -> Result<UnixTime, Malformed> {
    if element.tag == tag::GENERALIZED_TIME { crate::der::time(element.tag, element.content) } else { Err(Malformed) }
}

fn read_single(list: &mut Reader<'_>) -> Result<Single, EvidenceError> {
    let mut single = list.sequence()?;
    let mut id = single.sequence()?;
    let mut algorithm = id.sequence()?;
    let hash = match algorithm.expect(tag::OID)? {
        SHA1 => IdHash::Sha1,
        SHA256 => IdHash::Sha256,
        _ => IdHash::Other,
    };
    let issuer_name = id.expect(tag::OCTET_STRING)?.into();
    let issuer_key = id.expect(tag::OCTET_STRING)?.into();
    let serial = id.expect(tag::INTEGER)?.into();
    id.finish()?;

    let status = single.next()?;
    let mut about = EntryFacts::default();
    let revoked_at = match (status.tag, status.content) {
        (0x80 | 0x82, []) => None,
        (0xa1, content) => {
            let mut info = Reader::new(content);
            let at = generalized(info.next()?)?;
            if let Some(reason) = info.optional(tag::constructed(0))? {
                about.reason =
                    Some(Reason::from_code(Reader::only(reason, tag::ENUMERATED)?.rest())?.ok_or(Malformed)?);
            }
            info.finish()?;
            Some(at)
        }
        _ => return Err(EvidenceError::Malformed),
    };
    let this_update = generalized(single.next()?)?;
    let next_update = match single.optional(tag::constructed(0))? {
        Some(content) => {
            let mut time = Reader::new(content);
            let next = generalized(time.next()?)?;
            time.finish()?;
            Some(next)
        }
        None => None,
    };
    let (mut kept_since, mut unknown) = (None, false);
    if let Some(extensions) = single.optional(tag::constructed(1))? {
        each_extension(extensions, |id, critical, value| {
            if id == ARCHIVE_CUTOFF {
                let mut time = Reader::new(value);
                kept_since = Some(generalized(time.next()?)?);
                return time.finish();
            }
            // §4.4.5: extensions of CRL entries may stand here too.
            unknown |= !about.take(id, value)? && critical;
            Ok(())
        })?;
    }
    single.finish()?;
    if unknown {
        return Err(EvidenceError::UnknownCritical);
    }
    let status = match revoked_at {
        Some(_) if about.removed => return Err(EvidenceError::Malformed),
        Some(at) => {
            let reason = about.reason.unwrap_or(Reason::Unspecified);
            Status::Revoked(Revocation { at, reason, invalidity_date: about.invalidity_date })
        }
        None if status.tag == 0x80 => Status::Good,
        None => Status::Unknown,
    };
    let answer = Answer { this_update, next_update, status };
    Ok(Single { hash, issuer_name, issuer_key, serial, answer, kept_since })
}
