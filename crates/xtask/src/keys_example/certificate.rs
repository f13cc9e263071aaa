//! X.509 v3 certificates of the example keys (RFC 5280, RFC 8410).

use std::str::FromStr;

use anyhow::Context;
use ed25519_dalek::Signature;
use sha2::{Digest, Sha256};
use x509_cert::{
    SubjectPublicKeyInfo, TbsCertificate,
    builder::{self, Builder, CertificateBuilder, profile::BuilderProfile},
    certificate::Rfc5280,
    der::{
        DateTime, EncodePem,
        asn1::{ObjectIdentifier, OctetString, UtcTime},
        pem::LineEnding,
    },
    ext::{
        Extension, ToExtension,
        pkix::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier},
    },
    name::Name,
    serial_number::SerialNumber,
    spki::SubjectPublicKeyInfoRef,
    time::{Time, Validity},
};

use super::{Holder, Kind, derive, find, signing_key};

/// Every subject says so, in ASCII, so that no tool can fail to show it.
const UNIT: &str = "DEMO - KHONG CO GIA TRI";

/// id-kp-documentSigning (RFC 9336).
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

/// The certificate of one holder in PEM, signed by its issuer.
pub(super) fn issue(holder: &Holder) -> anyhow::Result<String> {
    let issuer = find(holder.issuer)?;
    let profile = Profile { kind: holder.kind, subject: name(holder)?, issuer: name(issuer)? };
    let public_key = SubjectPublicKeyInfo::from_key(&signing_key(holder).verifying_key())?;
    CertificateBuilder::new(profile, serial_number(holder)?, validity()?, public_key)
        .and_then(|builder| builder.build::<_, Signature>(&signing_key(issuer)))
        .with_context(|| format!("issuing the certificate of {}", holder.name))?
        .to_pem(LineEnding::LF)
        .with_context(|| format!("encoding the certificate of {}", holder.name))
}

fn name(holder: &Holder) -> anyhow::Result<Name> {
    let Holder { common_name, organisation, .. } = holder;
    // RFC 4514 writes the most specific part first; encoded it is C, O, OU, CN.
    Name::from_str(&format!("CN={common_name},OU={UNIT},O={organisation},C=VN"))
        .with_context(|| format!("the name of {}", holder.name))
}

/// 127 bits: positive, and never with a leading zero that DER would forbid.
fn serial_number(holder: &Holder) -> anyhow::Result<SerialNumber<Rfc5280>> {
    let mut serial = derive("serial", holder.name);
    serial[0] = (serial[0] & 0x7f) | 0x40;
    Ok(SerialNumber::new(&serial[..16])?)
}

/// Fixed, so that the files never change; long, so that no demo ever stops for its date.
fn validity() -> anyhow::Result<Validity<Rfc5280>> {
    let new_year = |year| -> anyhow::Result<Time> {
        Ok(Time::UtcTime(UtcTime::from_date_time(DateTime::new(year, 1, 1, 0, 0, 0)?)?))
    };
    Ok(Validity::new(new_year(2025)?, new_year(2045)?))
}

struct Profile {
    kind: Kind,
    subject: Name,
    issuer: Name,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        subject_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        let mut add = |extension: Result<Extension, _>| extension.map(|extension| extensions.push(extension));
        let subject = tbs.subject();
        add((&SubjectKeyIdentifier(key_identifier(&subject_key)?)).to_extension(subject, &[]))?;
        if self.kind != Kind::Root {
            // RFC 5280 §4.2.1.1 lets a self-signed certificate leave it out: it would repeat the line above.
            let key_identifier = Some(key_identifier(&issuer_key)?);
            let authority = AuthorityKeyIdentifier { key_identifier, ..Default::default() };
            add((&authority).to_extension(subject, &[]))?;
        }
        let (usage, path_length) = match self.kind {
            Kind::Root => (KeyUsages::KeyCertSign | KeyUsages::CRLSign, Some(None)),
            Kind::Issuing => (KeyUsages::KeyCertSign | KeyUsages::CRLSign, Some(Some(0))),
            Kind::Signer => (KeyUsages::DigitalSignature | KeyUsages::NonRepudiation, None),
        };
        add((&KeyUsage(usage)).to_extension(subject, &[]))?;
        match path_length {
            Some(path_len_constraint) => {
                add((&BasicConstraints { ca: true, path_len_constraint }).to_extension(subject, &[]))?;
            }
            None => add((&ExtendedKeyUsage(vec![DOCUMENT_SIGNING])).to_extension(subject, &[]))?,
        }
        Ok(extensions)
    }
}

/// The leftmost 160 bits of SHA-256 over the key (RFC 7093 §2, method 1), so that nothing here needs SHA-1.
fn key_identifier(key: &SubjectPublicKeyInfoRef<'_>) -> builder::Result<OctetString> {
    Ok(OctetString::new(&Sha256::digest(key.subject_public_key.raw_bytes())[..20])?)
}
