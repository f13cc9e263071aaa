//! Certificates: a root, issuing CAs below it, and those who sign.

use der::{
    Encode as _, Sequence,
    asn1::{AnyRef, ObjectIdentifier},
};
use hocba_record::types::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose,
};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::{
    extensions::ParsedExtension,
    prelude::{FromDer as _, X509Certificate},
};

use crate::{
    CaError, CaKey, PILOT_POLICY, Request, Subject,
    key::{Bits, Signer},
    name,
};

/// id-ce-certificatePolicies.
const CERTIFICATE_POLICIES: [u64; 4] = [2, 5, 29, 32];
/// id-pe-authorityInfoAccess.
const AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
const OCSP_NOCHECK: [u64; 10] = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
/// id-kp-documentSigning (RFC 9336).
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];
const AD_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const AD_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// A certificate's serial number: 16 bytes, 126 of their bits from the caller's generator. Larger than the 64 bits that
/// keep an attacker from foreseeing a certificate's bytes, and within the 20 octets of RFC 5280 §4.1.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber([u8; 16]);

impl SerialNumber {
    /// Of fresh random bytes. The first two bits are set so that it is positive and always 16 bytes long.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[0] = bytes[0] & 0x3f | 0x40;
        Self(bytes)
    }

    /// One that was issued here: big-endian, as [`SerialNumber::as_bytes`] gave it. `None` for any other.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 16] = bytes.try_into().ok()?;
        (bytes[0] & 0xc0 == 0x40).then_some(Self(bytes))
    }

    /// Big-endian.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn rcgen(self) -> rcgen::SerialNumber {
        rcgen::SerialNumber::from_slice(&self.0)
    }
}

/// From when until when, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Validity {
    /// An interval.
    ///
    /// # Errors
    /// [`CaError::Validity`] where it is empty.
    pub fn new(not_before: UnixTime, not_after: UnixTime) -> Result<Self, CaError> {
        if not_before < not_after {
            Ok(Self { not_before, not_after })
        } else {
            Err(CaError::Validity { from: not_before, until: not_after })
        }
    }
    /// Its first second.
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }
    /// Its last second.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }
}

/// Where what the issuer publishes is found, as `http:` addresses. Plain HTTP on purpose: what is fetched is signed, and
/// checking a TLS certificate would need what is being fetched (RFC 5280 §8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The issuer's CRL.
    pub crl: Option<String>,
    /// An OCSP responder for what the issuer issued.
    pub ocsp: Option<String>,
    /// The issuer's certificate.
    pub issuer: Option<String>,
}

/// A CA at work: its certificate and its key.
pub struct Authority<'k> {
    der: Vec<u8>,
    spki: Vec<u8>,
    subject: Vec<u8>,
    path_length: Option<u32>,
    key_identifier: Vec<u8>,
    validity: Validity,
    key: &'k dyn CaKey,
}

impl std::fmt::Debug for Authority<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("validity", &self.validity).finish_non_exhaustive()
    }
}

/// Issues a root certificate: self-signed, pathLen 1, so that below it there are issuing CAs and below those none.
///
/// # Errors
/// See [`CaError`].
pub fn root(key: &dyn CaKey, subject: &Subject, validity: Validity, serial: SerialNumber) -> Result<Vec<u8>, CaError> {
    let mut parameters = parameters(subject, validity, serial, key.spki(), &Addresses::default())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // RFC 5280 §4.2.1.1 lets a self-signed certificate leave it out: it would repeat the key's own identifier.
    parameters.use_authority_key_identifier_extension = false;
    let signer = Signer::new(key)?;
    let made = parameters.self_signed(&signer).map_err(|_| signer.cause("certificate"))?;
    Ok(made.der().to_vec())
}

impl<'k> Authority<'k> {
    /// Puts a CA's certificate and its key together.
    ///
    /// # Errors
    /// [`CaError::NotAnAuthority`], [`CaError::KeyMismatch`].
    pub fn open(certificate: &[u8], key: &'k dyn CaKey) -> Result<Self, CaError> {
        let not = CaError::NotAnAuthority;
        let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|_| not("not an X.509 certificate"))?;
        if !rest.is_empty() {
            return Err(not("something follows the certificate"));
        }
        if parsed.public_key().raw != key.spki() {
            return Err(CaError::KeyMismatch);
        }
        let constraints = parsed.basic_constraints().ok().flatten().ok_or_else(|| not("no basicConstraints"))?;
        let usage = parsed.key_usage().ok().flatten().ok_or_else(|| not("no keyUsage"))?;
        if !constraints.value.ca || !usage.value.key_cert_sign() || !usage.value.crl_sign() {
            return Err(not("it may not issue certificates and CRLs"));
        }
        let time = |t: i64| UnixTime::from_seconds(t).map_err(|_| not("dates out of range"));
        let validity = Validity::new(
            time(parsed.validity().not_before.timestamp())?,
            time(parsed.validity().not_after.timestamp())?,
        )?;
        // Read here already, so that it is known before a serial number is spent.
        name::read(parsed.subject())?;
        Ok(Self {
            der: certificate.to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            subject: parsed.subject().as_raw().to_vec(),
            path_length: constraints.value.path_len_constraint,
            key_identifier: key_identifier_of(&parsed).ok_or_else(|| not("no subjectKeyIdentifier"))?,
            validity,
            key,
        })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.der
    }
    /// Within which everything it issues has to lie.
    pub fn validity(&self) -> Validity {
        self.validity
    }
    pub(crate) fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// Issues the certificate of a CA that issues to those who sign, and to no CA (pathLen 0).
    ///
    /// # Errors
    /// See [`CaError`].
    pub fn issuing(
        &self,
        spki: &[u8],
        subject: &Subject,
        validity: Validity,
        serial: SerialNumber,
        addresses: &Addresses,
    ) -> Result<Vec<u8>, CaError> {
        if self.path_length == Some(0) {
            return Err(CaError::Tier);
        }
        let mut parameters = parameters(subject, validity, serial, spki, addresses)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        self.issue(&parameters, spki, validity)
    }

    /// Issues a certificate for someone who signs transcripts, appointments or profiles: digitalSignature and
    /// nonRepudiation, id-kp-documentSigning.
    ///
    /// # Errors
    /// See [`CaError`]; [`CaError::Tier`] from a root.
    pub fn signer(
        &self,
        request: &Request,
        subject: &Subject,
        validity: Validity,
        serial: SerialNumber,
        addresses: &Addresses,
    ) -> Result<Vec<u8>, CaError> {
        let mut parameters = parameters(subject, validity, serial, request.spki(), addresses)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec())];
        self.end_entity(&parameters, request.spki(), validity)
    }

    /// Issues a certificate for an OCSP responder (RFC 6960 §4.2.2.2), so that the key which issues need not be on the
    /// machine that answers. Its holder cannot be asked about in turn (id-pkix-ocsp-nocheck): keep it short.
    ///
    /// # Errors
    /// See [`CaError`]; [`CaError::Tier`] from a root.
    pub fn responder(
        &self,
        spki: &[u8],
        subject: &Subject,
        validity: Validity,
        serial: SerialNumber,
    ) -> Result<Vec<u8>, CaError> {
        let mut parameters = parameters(subject, validity, serial, spki, &Addresses::default())?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        // Its value is NULL.
        parameters.custom_extensions.push(CustomExtension::from_oid_content(&OCSP_NOCHECK, vec![0x05, 0x00]));
        self.end_entity(&parameters, spki, validity)
    }

    fn end_entity(&self, parameters: &CertificateParams, spki: &[u8], validity: Validity) -> Result<Vec<u8>, CaError> {
        if self.path_length != Some(0) {
            return Err(CaError::Tier);
        }
        self.issue(parameters, spki, validity)
    }

    fn issue(&self, parameters: &CertificateParams, spki: &[u8], validity: Validity) -> Result<Vec<u8>, CaError> {
        let Validity { not_before: from, not_after: until } = self.validity;
        if validity.not_before < from || until < validity.not_after {
            return Err(CaError::Validity { from, until });
        }
        if spki == self.spki {
            return Err(CaError::OwnKey);
        }
        let issuer = self.rcgen()?;
        let made = parameters.signed_by(&Bits::of(spki)?, &issuer).map_err(|_| issuer.key().cause("certificate"))?;
        // What a verifier compares byte for byte is compared here first.
        let (_, parsed) = X509Certificate::from_der(made.der()).map_err(|_| CaError::Encoding("certificate"))?;
        if parsed.issuer().as_raw() != self.subject || parsed.public_key().raw != spki {
            return Err(CaError::Encoding("issuer's name"));
        }
        Ok(made.der().to_vec())
    }

    /// The issuer as rcgen has it.
    pub(crate) fn rcgen(&self) -> Result<Issuer<'static, Signer<'k>>, CaError> {
        let (_, parsed) = X509Certificate::from_der(&self.der).map_err(|_| CaError::Encoding("issuer"))?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = name::read(parsed.subject())?;
        parameters.key_identifier_method = key_identifier_method(&self.key_identifier);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Issuer::new(parameters, Signer::new(self.key)?))
    }
}

/// What all certificates have in common.
fn parameters(
    subject: &Subject,
    validity: Validity,
    serial: SerialNumber,
    spki: &[u8],
    addresses: &Addresses,
) -> Result<CertificateParams, CaError> {
    let mut parameters = CertificateParams::default();
    parameters.not_before = date(validity.not_before)?;
    parameters.not_after = date(validity.not_after)?;
    parameters.serial_number = Some(serial.rcgen());
    parameters.distinguished_name = subject.distinguished_name()?;
    // Says cA = FALSE, and has rcgen write the subjectKeyIdentifier, which it leaves out otherwise.
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_identifier_method = key_identifier_method(&key_identifier(spki)?);
    parameters.use_authority_key_identifier_extension = true;
    parameters.custom_extensions = vec![CustomExtension::from_oid_content(&CERTIFICATE_POLICIES, policies()?)];
    for address in [&addresses.crl, &addresses.ocsp, &addresses.issuer].into_iter().flatten() {
        if !(address.is_ascii() && address.starts_with("http://") && address.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(CaError::Address(address.clone()));
        }
    }
    if let Some(crl) = &addresses.crl {
        parameters.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![crl.clone()] }];
    }
    let access = [(AD_OCSP, &addresses.ocsp), (AD_CA_ISSUERS, &addresses.issuer)];
    let access = access.into_iter().filter_map(|(method, address)| Some((method, address.as_ref()?)));
    let access =
        access.map(|(method, address)| AccessDescription::new(method, address)).collect::<Result<Vec<_>, _>>()?;
    if !access.is_empty() {
        let content = access.to_der().map_err(|_| CaError::Encoding("addresses"))?;
        parameters.custom_extensions.push(CustomExtension::from_oid_content(&AUTHORITY_INFO_ACCESS, content));
    }
    Ok(parameters)
}

/// `AccessDescription ::= SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }` (RFC 5280 §4.2.2.1).
#[derive(Sequence)]
struct AccessDescription<'a> {
    method: ObjectIdentifier,
    /// uniformResourceIdentifier [6] IMPLICIT IA5String.
    location: AnyRef<'a>,
}

impl<'a> AccessDescription<'a> {
    fn new(method: ObjectIdentifier, address: &'a str) -> Result<Self, CaError> {
        let tag = der::Tag::ContextSpecific { constructed: false, number: der::TagNumber(6) };
        let location = AnyRef::new(tag, address.as_bytes()).map_err(|_| CaError::Encoding("address"))?;
        Ok(Self { method, location })
    }
}

/// `certificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier OBJECT IDENTIFIER }`: the pilot's, and no other.
fn policies() -> Result<Vec<u8>, CaError> {
    let error = |_| CaError::Encoding("policy");
    // As its bytes: an arc of 128 bits is more than parsers of dotted numbers hold.
    let oid = AnyRef::new(der::Tag::ObjectIdentifier, &PILOT_POLICY).map_err(error)?;
    vec![vec![oid]].to_der().map_err(error)
}

/// The leftmost 160 bits of SHA-256 over the key's bits (RFC 7093 §2, method 1), so that nothing here needs SHA-1.
fn key_identifier(spki: &[u8]) -> Result<Vec<u8>, CaError> {
    use rcgen::PublicKeyData as _;
    Ok(Sha256::digest(Bits::of(spki)?.der_bytes())[..20].to_vec())
}

pub(crate) fn key_identifier_method(identifier: &[u8]) -> KeyIdMethod {
    KeyIdMethod::PreSpecified(identifier.to_vec())
}

/// The subjectKeyIdentifier a certificate states.
fn key_identifier_of(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
        _ => None,
    })
}

pub(crate) fn date(time: UnixTime) -> Result<OffsetDateTime, CaError> {
    OffsetDateTime::from_unix_timestamp(time.seconds()).map_err(|_| CaError::Encoding("date"))
}
