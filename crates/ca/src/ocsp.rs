//! OCSP (RFC 6960): reads a request, answers it.
//!
//! What a certificate's status is, the caller says: `good` only of certificates that were issued, `unknown` of others
//! (RFC 6960 §2.2 lets a responder call those good; this one does not). The invalidity date of a revocation goes into the
//! singleExtensions (§4.4), so that an answer is evidence of as much as a CRL.

use std::time::Duration;

use der::{
    Any, Choice, Decode as _, Encode as _, Sequence, Tag, TagMode, TagNumber,
    asn1::{AnyRef, BitString, ContextSpecific, GeneralizedTime, Null, ObjectIdentifier, OctetString},
};
use hocba_record::types::UnixTime;
use hocba_signature::algorithm::Algorithm;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{CaError, CaKey, Revocation, SerialNumber, key};

/// Largest request, in bytes. One question takes some 110, a nonce up to 140; signed requests bring certificates.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// Most certificates asked about at once; programs ask about one.
pub const MAX_QUESTIONS: usize = 16;
/// Longest nonce that is given back (RFC 9654 §2.1), in bytes.
const MAX_NONCE_BYTES: usize = 128;

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");

/// What is said of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was issued and not revoked.
    Good,
    /// It was revoked.
    Revoked(Revocation),
    /// It was never issued here.
    Unknown,
}

/// Why there is no answer about certificates, as a client reads it (RFC 6960 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The request cannot be read.
    MalformedRequest = 1,
    /// The responder's key does not sign, or its register cannot be read.
    InternalError = 2,
    /// The certificates are another CA's.
    Unauthorized = 6,
}

impl NoAnswer {
    /// The unsigned document that says so.
    pub fn to_der(self) -> Vec<u8> {
        // OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED }.
        vec![0x30, 0x03, 0x0a, 0x01, self as u8]
    }
}

/// One CA's responder.
pub struct Responder<'k> {
    key: &'k dyn CaKey,
    /// The DER of the CA's name, and the bits of its key, which requests have hashes of.
    ca_name: Vec<u8>,
    ca_key: Vec<u8>,
    own_name: Vec<u8>,
    certificates: Vec<Any>,
}

impl std::fmt::Debug for Responder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

impl<'k> Responder<'k> {
    /// A responder for what `ca` issued, with a certificate that [`crate::Authority::responder`] made.
    ///
    /// # Errors
    /// [`CaError::NotAnAuthority`] where `ca` or `certificate` is not what it should be, [`CaError::KeyMismatch`].
    pub fn new(ca: &[u8], certificate: &[u8], key: &'k dyn CaKey) -> Result<Self, CaError> {
        let not = CaError::NotAnAuthority;
        let read = |der| match X509Certificate::from_der(der) {
            Ok(([], parsed)) => Ok(parsed),
            _ => Err(not("not an X.509 certificate")),
        };
        let (parsed_ca, parsed) = (read(ca)?, read(certificate)?);
        if !parsed_ca.is_ca() {
            return Err(not("not a CA's certificate"));
        }
        let usage = parsed.extended_key_usage().ok().flatten();
        if !usage.is_some_and(|usage| usage.value.ocsp_signing) {
            return Err(not("the responder's certificate is not for signing OCSP answers"));
        }
        if parsed.issuer().as_raw() != parsed_ca.subject().as_raw() {
            return Err(not("the responder's certificate is another CA's"));
        }
        if parsed.public_key().raw != key.spki() {
            return Err(CaError::KeyMismatch);
        }
        // The CA's own goes along: a client that has only the root builds the path with it.
        let certificates = [certificate, ca].map(Any::from_der).into_iter().collect::<Result<_, _>>();
        Ok(Self {
            key,
            ca_name: parsed_ca.subject().as_raw().to_vec(),
            ca_key: parsed_ca.public_key().subject_public_key.data.to_vec(),
            own_name: parsed.subject().as_raw().to_vec(),
            certificates: certificates.map_err(|_| CaError::Encoding("certificate"))?,
        })
    }

    /// Answers a request. `now` is when the register said what `status` says; the answer holds until `next_update`.
    ///
    /// A signature on the request is not looked at: anyone may ask.
    ///
    /// # Errors
    /// [`NoAnswer`], which is to be sent in its stead.
    pub fn answer(
        &self,
        request: &[u8],
        now: UnixTime,
        next_update: UnixTime,
        status: impl Fn(&SerialNumber) -> Status,
    ) -> Result<Vec<u8>, NoAnswer> {
        if request.len() > MAX_REQUEST_BYTES {
            return Err(NoAnswer::MalformedRequest);
        }
        let request = OcspRequest::from_der(request).map_err(|_| NoAnswer::MalformedRequest)?.request;
        let questions = 1..=MAX_QUESTIONS;
        if request.version.is_some_and(|v| v != 0) || !questions.contains(&request.questions.len()) {
            return Err(NoAnswer::MalformedRequest);
        }
        let ours: Vec<bool> = request.questions.iter().map(|question| self.is_ours(&question.certificate)).collect();
        if !ours.contains(&true) {
            return Err(NoAnswer::Unauthorized);
        }
        let nonce = request.extensions.into_iter().flatten().find(|extension| extension.id == NONCE);
        if nonce.as_ref().is_some_and(|nonce| nonce.value.as_bytes().len() > MAX_NONCE_BYTES + 3) {
            return Err(NoAnswer::MalformedRequest);
        }
        let answers = request.questions.into_iter().zip(ours).map(|(question, ours)| {
            let serial = SerialNumber::from_bytes(question.certificate.serial.value()).filter(|_| ours);
            let status = serial.as_ref().map_or(Status::Unknown, &status);
            single(question.certificate, status, now, next_update)
        });
        let answers = answers.collect::<der::Result<Vec<_>>>();
        let answered = answers.and_then(|answers| self.signed(answers, now, nonce));
        answered.map_err(|_| NoAnswer::InternalError)
    }

    fn is_ours(&self, certificate: &CertId) -> bool {
        let (name, key) = if certificate.hash.id == SHA_1 {
            (Sha1::digest(&self.ca_name).to_vec(), Sha1::digest(&self.ca_key).to_vec())
        } else if certificate.hash.id == SHA_256 {
            (Sha256::digest(&self.ca_name).to_vec(), Sha256::digest(&self.ca_key).to_vec())
        } else {
            return false;
        };
        certificate.issuer_name.as_bytes() == name && certificate.issuer_key.as_bytes() == key
    }

    fn signed(&self, answers: Vec<SingleResponse>, now: UnixTime, nonce: Option<Extension>) -> der::Result<Vec<u8>> {
        let data = ResponseData {
            responder: explicit(1, AnyRef::from_der(&self.own_name)?)?,
            produced_at: time(now)?,
            answers,
            extensions: nonce.map(|nonce| vec![nonce]),
        };
        let data = data.to_der()?;
        let signature = key::sign(self.key, &data).map_err(|_| der::Error::from(Tag::BitString.value_error()))?;
        let basic = BasicResponse {
            data: Any::from_der(&data)?,
            algorithm: algorithm(self.key.algorithm())?,
            signature: BitString::from_bytes(&signature)?,
            certificates: Some(self.certificates.clone()),
        };
        let bytes = ResponseBytes { kind: BASIC, bytes: OctetString::new(basic.to_der()?)? };
        // successful (0)
        Response { status: Any::new(Tag::Enumerated, [0])?, bytes: Some(bytes) }.to_der()
    }
}

fn single(certificate: CertId, status: Status, now: UnixTime, next_update: UnixTime) -> der::Result<SingleResponse> {
    let mut extensions = Vec::new();
    let status = match status {
        Status::Good => CertStatus::Good(Null),
        Status::Unknown => CertStatus::Unknown(Null),
        Status::Revoked(revocation) => {
            if let Some(since) = revocation.invalid_since {
                let value = OctetString::new(time(since)?.to_der()?)?;
                extensions.push(Extension { id: INVALIDITY_DATE, critical: false, value });
            }
            // RFC 5280 §5.3.1: unspecified is said by saying nothing.
            let reason = Some(revocation.reason.number()).filter(|number| *number != 0);
            let reason = reason.map(|number| Any::new(Tag::Enumerated, [number])).transpose()?;
            CertStatus::Revoked(RevokedInfo { at: time(revocation.at)?, reason })
        }
    };
    let extensions = Some(extensions).filter(|extensions| !extensions.is_empty());
    Ok(SingleResponse {
        certificate,
        status,
        this_update: time(now)?,
        next_update: Some(time(next_update)?),
        extensions,
    })
}

fn time(time: UnixTime) -> der::Result<GeneralizedTime> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(time.seconds().unsigned_abs()))
}

fn explicit(number: u32, value: AnyRef<'_>) -> der::Result<Any> {
    let tagged = ContextSpecific { tag_number: TagNumber(number), tag_mode: TagMode::Explicit, value };
    Any::from_der(&tagged.to_der()?)
}

fn algorithm(algorithm: Algorithm) -> der::Result<AlgorithmIdentifier> {
    let (id, parameters) = match algorithm {
        Algorithm::Ed25519 => ("1.3.101.112", None),
        Algorithm::Es256 => ("1.2.840.10045.4.3.2", None),
        Algorithm::Es384 => ("1.2.840.10045.4.3.3", None),
        Algorithm::Rs256 => ("1.2.840.113549.1.1.11", Some(Any::null())),
        Algorithm::Ps256 => return Err(Tag::Sequence.value_error().into()),
    };
    Ok(AlgorithmIdentifier { id: ObjectIdentifier::new(id)?, parameters })
}

/// `OCSPRequest`.
#[derive(Sequence)]
struct OcspRequest {
    request: TbsRequest,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    signature: Option<Any>,
}

#[derive(Sequence)]
struct TbsRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<u8>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    requestor: Option<Any>,
    questions: Vec<Question>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct Question {
    certificate: CertId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Sequence)]
struct CertId {
    hash: AlgorithmIdentifier,
    issuer_name: OctetString,
    issuer_key: OctetString,
    /// An INTEGER, as its bytes: what is given back is what was asked.
    serial: Any,
}

#[derive(Clone, Sequence)]
struct AlgorithmIdentifier {
    id: ObjectIdentifier,
    parameters: Option<Any>,
}

#[derive(Clone, Sequence)]
struct Extension {
    id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    critical: bool,
    value: OctetString,
}

/// `OCSPResponse`.
#[derive(Sequence)]
struct Response {
    status: Any,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    bytes: Option<ResponseBytes>,
}

#[derive(Sequence)]
struct ResponseBytes {
    kind: ObjectIdentifier,
    bytes: OctetString,
}

#[derive(Sequence)]
struct BasicResponse {
    data: Any,
    algorithm: AlgorithmIdentifier,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<Any>>,
}

#[derive(Sequence)]
struct ResponseData {
    /// byName [1].
    responder: Any,
    produced_at: GeneralizedTime,
    answers: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct SingleResponse {
    certificate: CertId,
    status: CertStatus,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Choice)]
enum CertStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

#[derive(Sequence)]
struct RevokedInfo {
    at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    reason: Option<Any>,
}
