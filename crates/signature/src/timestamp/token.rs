//! The token: a `TSTInfo` in `SignedData` (RFC 5652 §5) with one signer.

use hocba_record::encoding::Sha256Digest;

use super::{TIME_STAMPING, TimeStampError, VerifiedTime, hash, info::Info, signing_certificate::SigningCertificate};
use crate::{
    algorithm::Hash,
    certificate::{Certificate, SignatureCache},
    der::{self, Element, Malformed, Reader, tag},
    path::{MAX_INTERMEDIATES, PathRules},
    scheme::cms_algorithm,
    x509::{MAX_SERIAL, Name, key_usage},
};

/// Most certificates in a token: the signer's, as many intermediates as a path may have, and the root, which is sent along
/// by many authorities and not looked at.
pub const MAX_TOKEN_CERTIFICATES: usize = MAX_INTERMEDIATES + 2;
/// Largest token, in bytes: 8 certificates of 2 KiB, which qualified ones do not reach, are 16 KiB; TSTInfo, attributes
/// and an RSA signature of 4096 bits stay below 2 KiB. Near twice both.
pub const MAX_TOKEN_BYTES: usize = 32 * 1024;
/// Most signed attributes; authorities sign four to six.
const MAX_ATTRIBUTES: usize = 16;
/// Most hashes that are named in front; one is in use.
const MAX_HASHES: usize = 4;

/// id-signedData, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4.
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
/// id-contentType, 1.2.840.113549.1.9.3.
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
/// id-messageDigest, 1.2.840.113549.1.9.4.
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
/// id-aa-signingCertificate, 1.2.840.113549.1.9.16.2.12.
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
/// id-aa-signingCertificateV2, 1.2.840.113549.1.9.16.2.47.
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];

/// A time-stamp token. Reading it proves its shape, not its signature; see [`TimeStampToken::verify`].
#[derive(Debug, Clone)]
pub struct TimeStampToken {
    der: Vec<u8>,
    /// What is signed, by its digest in the attributes.
    content: Box<[u8]>,
    info: Info,
    certificates: Vec<Certificate>,
    signer: SignerInfo,
}

impl PartialEq for TimeStampToken {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for TimeStampToken {}

#[derive(Debug, Clone)]
struct SignerInfo {
    id: SignerId,
    hash: Hash,
    attributes: Attributes,
    /// The attributes as they are signed (RFC 5652 §5.4): as a SET OF, not under the tag that they have in place.
    signed: Vec<u8>,
    signature_algorithm: Box<[u8]>,
    signature: Box<[u8]>,
}

/// Which of the certificates is the signer's. Not signed; what is signed is [`SigningCertificate`].
#[derive(Debug, Clone)]
enum SignerId {
    IssuerAndSerial(Name, Box<[u8]>),
    KeyId(Box<[u8]>),
}

#[derive(Debug, Clone, Default)]
struct Attributes {
    content_type: Option<Box<[u8]>>,
    message_digest: Option<Box<[u8]>>,
    signing_certificate: Option<SigningCertificate>,
    signing_certificate_v2: Option<SigningCertificate>,
}

impl TimeStampToken {
    /// Reads a token: a `ContentInfo` in DER.
    ///
    /// # Errors
    /// `TooLarge`, `Malformed`, and what is outside our profile whoever signed it: `NotATimeStamp`, `Signers`,
    /// `TooManyCertificates`, `UnsupportedAlgorithm`, `ImprintAlgorithm`, `UnknownCritical`.
    pub fn parse(der: &[u8]) -> Result<Self, TimeStampError> {
        if der.len() > MAX_TOKEN_BYTES {
            return Err(TimeStampError::TooLarge);
        }
        let mut outer = Reader::only(der, tag::SEQUENCE)?;
        if outer.expect(tag::OID)? != SIGNED_DATA {
            return Err(TimeStampError::NotATimeStamp);
        }
        let mut data = Reader::only(outer.expect(tag::constructed(0))?, tag::SEQUENCE)?;
        outer.finish()?;
        let version = data.expect(tag::INTEGER)?;
        let hashes = read_hashes(data.expect(tag::SET)?)?;
        let mut encapsulated = data.sequence()?;
        if encapsulated.expect(tag::OID)? != TST_INFO {
            return Err(TimeStampError::NotATimeStamp);
        }
        // RFC 5652 §5.1: 3 for content other than id-data; higher ones are for kinds of certificates that are none here.
        if version != [3] {
            return Err(TimeStampError::Malformed);
        }
        let mut content = Reader::new(encapsulated.expect(tag::constructed(0))?);
        encapsulated.finish()?;
        let info = content.expect(tag::OCTET_STRING)?;
        content.finish()?;
        let certificates = data.optional(tag::constructed(0))?.map_or(Ok(Vec::new()), read_certificates)?;
        // CRLs sent along: evidence is had from elsewhere.
        data.optional(tag::constructed(1))?;
        let signer = read_signer(data.expect(tag::SET)?)?;
        data.finish()?;
        // §5.1: the hashes of all signers, so that a reader in one pass knows them.
        if !hashes.contains(&Some(signer.hash)) {
            return Err(TimeStampError::Malformed);
        }
        Ok(Self { content: info.into(), info: Info::read(info)?, certificates, signer, der: der.to_vec() })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// The certificates that are in the token and can be used, in its order. Not signed.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether this is a time-stamp of a SHA-256 digest by an authority under one of the roots, and of when.
    ///
    /// The authority's certificate has to count at the time that the token states; nothing is asked about revocation.
    ///
    /// # Errors
    /// See [`TimeStampError`].
    pub fn verify(&self, digest: &Sha256Digest, roots: &[Certificate]) -> Result<VerifiedTime, TimeStampError> {
        self.verify_with(&SignatureCache::default(), digest, roots)
    }

    /// As [`TimeStampToken::verify`], with signatures that were checked before remembered.
    ///
    /// # Errors
    /// See [`TimeStampError`].
    pub fn verify_with(
        &self,
        cache: &SignatureCache,
        digest: &Sha256Digest,
        roots: &[Certificate],
    ) -> Result<VerifiedTime, TimeStampError> {
        let SignerInfo { hash, attributes, .. } = &self.signer;
        // RFC 5652 §5.6, §11.1, §11.2: what was signed is a TSTInfo, and this one.
        if attributes.content_type.as_deref() != Some(TST_INFO) {
            return Err(TimeStampError::ContentType);
        }
        if attributes.message_digest.as_deref() != Some(hash.digest(&self.content).as_slice()) {
            return Err(TimeStampError::MessageDigest);
        }
        let signer = self.signer()?;
        let algorithm =
            cms_algorithm(*hash, &self.signer.signature_algorithm).ok_or(TimeStampError::UnsupportedAlgorithm)?;
        cache.verify(algorithm.as_ref(), signer, &self.signer.signed, &self.signer.signature)?;
        // Its words from here on.
        if !is_for_time_stamps_only(signer) {
            return Err(TimeStampError::Usage);
        }
        if !self.info.names(signer) {
            return Err(TimeStampError::OtherName);
        }
        if self.info.digest != *digest {
            return Err(TimeStampError::OtherDigest);
        }
        let allowed = |c: &&Certificate| attributes.signing_certificates().all(|named| named.allows(c));
        let others: Vec<Certificate> = self.certificates.iter().filter(allowed).cloned().collect();
        let rules = PathRules { purposes: &[TIME_STAMPING], ..PathRules::default() };
        let path = signer.path_under(cache, &others, roots, self.info.time, &rules)?;
        let Info { policy, serial, time, accuracy, nonce, .. } = self.info.clone();
        Ok(VerifiedTime { time, accuracy, policy, serial, nonce, signer: *signer.digest(), path })
    }

    /// The signer's certificate: one that the signer is said to have and that is named by what it signed.
    fn signer(&self) -> Result<&Certificate, TimeStampError> {
        let mut named = self.signer.attributes.signing_certificates().peekable();
        named.peek().ok_or(TimeStampError::NoSigningCertificate)?;
        let named: Vec<&SigningCertificate> = named.collect();
        let mut candidates = self.certificates.iter().filter(|c| self.signer.id.is_of(c)).peekable();
        candidates.peek().ok_or(TimeStampError::NoCertificate)?;
        candidates.find(|c| named.iter().all(|named| named.names_signer(c))).ok_or(TimeStampError::OtherCertificate)
    }
}

impl Attributes {
    /// Both forms of the attribute; each that is there has to hold (RFC 5816 §2.2.1).
    fn signing_certificates(&self) -> impl Iterator<Item = &SigningCertificate> {
        self.signing_certificate.iter().chain(&self.signing_certificate_v2)
    }
}

impl SignerId {
    fn is_of(&self, certificate: &Certificate) -> bool {
        let content = certificate.content();
        match self {
            Self::IssuerAndSerial(issuer, serial) => content.issuer == *issuer && content.serial == *serial,
            Self::KeyId(id) => content.extensions.subject_key_id.as_ref() == Some(id),
        }
    }
}

/// RFC 3161 §2.3: one extKeyUsage, critical, and id-kp-timeStamping the only purpose in it. RFC 5280 §4.2.1.12: a keyUsage
/// that goes with it has digitalSignature or nonRepudiation or both, and nothing else.
fn is_for_time_stamps_only(certificate: &Certificate) -> bool {
    let extensions = &certificate.content().extensions;
    let purposes = extensions.extended_key_usage.as_deref().unwrap_or_default();
    let bits = key_usage::DIGITAL_SIGNATURE | key_usage::NON_REPUDIATION;
    extensions.extended_key_usage_critical
        && matches!(purposes, [only] if **only == *TIME_STAMPING)
        && extensions.key_usage.is_none_or(|usage| usage & bits != 0 && usage & !bits == 0)
}

fn read_hashes(set: &[u8]) -> Result<Vec<Option<Hash>>, TimeStampError> {
    let mut set = Reader::new(set);
    let mut hashes = Vec::new();
    while !set.is_empty() {
        hashes.push(hash(set.sequence()?)?);
        if hashes.len() > MAX_HASHES {
            return Err(TimeStampError::Malformed);
        }
    }
    Ok(hashes)
}

/// Those that we can read; an authority may send a chain in which other keys are of no use here. In any order: OpenSSL
/// does not sort them, and nothing follows from it.
fn read_certificates(set: &[u8]) -> Result<Vec<Certificate>, TimeStampError> {
    let mut set = Reader::new(set);
    let (mut certificates, mut seen) = (Vec::new(), 0);
    while !set.is_empty() {
        let element = set.next()?;
        if element.tag != tag::SEQUENCE {
            return Err(TimeStampError::Malformed);
        }
        seen += 1;
        if seen > MAX_TOKEN_CERTIFICATES {
            return Err(TimeStampError::TooManyCertificates);
        }
        certificates.extend(Certificate::from_der(element.whole));
    }
    Ok(certificates)
}

fn read_signer(set: &[u8]) -> Result<SignerInfo, TimeStampError> {
    let mut set = Reader::new(set);
    let mut signer =
        set.sequence().map_err(|_| if set.is_empty() { TimeStampError::Signers } else { Malformed.into() })?;
    if !set.is_empty() {
        return Err(TimeStampError::Signers);
    }
    let version = signer.expect(tag::INTEGER)?;
    let id = signer.next()?;
    let id = match (version, id.tag) {
        ([1], tag::SEQUENCE) => {
            let mut fields = Reader::new(id.content);
            let issuer = Name::read(&mut fields)?;
            let serial = der::integer(fields.expect(tag::INTEGER)?, MAX_SERIAL)?.into();
            fields.finish()?;
            SignerId::IssuerAndSerial(issuer, serial)
        }
        ([3], 0x80) => SignerId::KeyId(id.content.into()),
        _ => return Err(TimeStampError::Malformed),
    };
    let hash = hash(signer.sequence()?)?.ok_or(TimeStampError::UnsupportedAlgorithm)?;
    let (attributes, signed) = match signer.peek() {
        Some(0xa0) => {
            let element = signer.next()?;
            let mut signed = element.whole.to_vec();
            signed[0] = tag::SET;
            (Attributes::read(element)?, signed)
        }
        _ => (Attributes::default(), Vec::new()),
    };
    let signature_algorithm = signer.expect(tag::SEQUENCE)?.into();
    let signature = signer.expect(tag::OCTET_STRING)?.into();
    // Unsigned attributes: added by anyone.
    signer.optional(tag::constructed(1))?;
    signer.finish()?;
    Ok(SignerInfo { id, hash, attributes, signed, signature_algorithm, signature })
}

impl Attributes {
    /// Reads `SignedAttributes`: in the order of DER (X.690 §11.6), each kind once, with one value where it decides
    /// something.
    fn read(element: Element<'_>) -> Result<Self, TimeStampError> {
        let mut list = Reader::new(element.content);
        let mut out = Self::default();
        let (mut before, mut kinds): (&[u8], Vec<&[u8]>) = (&[], Vec::new());
        while !list.is_empty() {
            let attribute = list.next()?;
            let mut fields = Reader::only(attribute.whole, tag::SEQUENCE)?;
            let kind = fields.expect(tag::OID)?;
            let values = fields.expect(tag::SET)?;
            fields.finish()?;
            if attribute.whole <= before || kinds.contains(&kind) || kinds.len() >= MAX_ATTRIBUTES {
                return Err(TimeStampError::Malformed);
            }
            before = attribute.whole;
            kinds.push(kind);
            let one = |tag| Reader::only(values, tag).map(|value| value.rest().into());
            match kind {
                CONTENT_TYPE => out.content_type = Some(one(tag::OID)?),
                MESSAGE_DIGEST => out.message_digest = Some(one(tag::OCTET_STRING)?),
                SIGNING_CERTIFICATE => out.signing_certificate = Some(SigningCertificate::read(values)?),
                SIGNING_CERTIFICATE_V2 => out.signing_certificate_v2 = Some(SigningCertificate::read_v2(values)?),
                _ => {}
            }
        }
        Ok(out)
    }
}
