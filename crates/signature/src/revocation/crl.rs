//! CRLs, version 2 (RFC 5280 §5), read in place: entries are walked through, not built in memory.
//!
//! A CRL that tells only a part (a delta, or one for some reasons) is believed where it says "revoked"; its silence says
//! nothing. So partial evidence can take a signature down and never holds one up.

use std::ops::Range;

use hocba_record::types::UnixTime;

use super::{Answer, EvidenceError, Reason, Revocation, Status, good};
use crate::{
    certificate::{Certificate, SignatureCache},
    der::{Malformed, Reader, tag},
    x509::{GeneralName, Name, PointName, each_extension, point_name},
};

/// Largest CRL, in bytes. An entry has about 40, so 100,000 revoked certificates; a caller may be stricter.
pub const MAX_CRL_BYTES: usize = 4 * 1024 * 1024;

/// A CRL. Reading it proves its shape, not its signature.
#[derive(Debug, Clone)]
pub struct Crl {
    der: Vec<u8>,
    tbs: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    issuer: Name,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    entries: Range<usize>,
    scope: Scope,
    /// Why silence says nothing, for a CRL that tells only a part.
    partial: Option<EvidenceError>,
    /// expiredCertsOnCRL (X.509 §9.5.2.8): entries of certificates that expired since then are kept.
    kept_since: Option<UnixTime>,
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for Crl {}

/// issuingDistributionPoint (§5.2.5).
#[derive(Debug, Clone, Default)]
struct Scope {
    point: Option<PointName>,
    only_users: bool,
    only_cas: bool,
    only_attributes: bool,
    some_reasons: bool,
    indirect: bool,
}

struct Entry<'a> {
    serial: &'a [u8],
    /// `None`: removeFromCRL.
    revocation: Option<Revocation>,
}

impl Crl {
    /// Reads a CRL, and every entry of it.
    ///
    /// # Errors
    /// `TooLarge`, `Malformed`, and what is outside our profile: `Indirect`, `UnknownCritical`.
    pub fn from_der(der: &[u8]) -> Result<Self, EvidenceError> {
        if der.len() > MAX_CRL_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        // `part` was read from `der`, so it lies inside.
        let place = |part: &[u8]| {
            let start = part.as_ptr() as usize - der.as_ptr() as usize;
            start..start + part.len()
        };
        let mut list = Reader::only(der, tag::SEQUENCE)?;
        let tbs = list.next()?;
        let signature_algorithm = list.expect(tag::SEQUENCE)?;
        let signature = list.bit_string()?;
        list.finish()?;

        let mut fields = Reader::only(tbs.whole, tag::SEQUENCE)?;
        if fields.expect(tag::INTEGER)? != [1] || fields.expect(tag::SEQUENCE)? != signature_algorithm {
            return Err(EvidenceError::Malformed);
        }
        let issuer = Name::read(&mut fields)?;
        let this_update = fields.time()?;
        let next_update = match fields.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(fields.time()?),
            _ => None,
        };
        let entries = fields.optional(tag::SEQUENCE)?.unwrap_or(&tbs.whole[..0]);
        let (mut scope, mut partial, mut kept_since) = (Scope::default(), None, None);
        if let Some(extensions) = fields.optional(tag::constructed(0))? {
            let mut refused = None;
            each_extension(extensions, |id, critical, value| {
                match id {
                    // issuingDistributionPoint
                    [0x55, 0x1d, 28] => {
                        scope = Scope::read(value)?;
                        if scope.indirect {
                            refused = refused.or(Some(EvidenceError::Indirect));
                        }
                        if scope.some_reasons {
                            partial = partial.or(Some(EvidenceError::SomeReasons));
                        }
                    }
                    // deltaCRLIndicator
                    [0x55, 0x1d, 27] => partial = Some(EvidenceError::Delta),
                    // expiredCertsOnCRL
                    [0x55, 0x1d, 60] => {
                        let mut time = Reader::new(value);
                        kept_since = Some(time.time()?);
                        time.finish()?;
                    }
                    // cRLNumber and authorityKeyIdentifier help to choose; who signed is asked of the signature.
                    [0x55, 0x1d, 20 | 35] => {}
                    _ if critical => refused = refused.or(Some(EvidenceError::UnknownCritical)),
                    _ => {}
                }
                Ok(())
            })?;
            if let Some(error) = refused {
                return Err(error);
            }
        }
        fields.finish()?;
        let mut reader = Reader::new(entries);
        while !reader.is_empty() {
            if read_entry(&mut reader)?.revocation.is_none() && partial != Some(EvidenceError::Delta) {
                return Err(EvidenceError::Malformed); // §5.3.1: removeFromCRL is for deltas
            }
        }
        Ok(Self {
            tbs: place(tbs.whole),
            signature_algorithm: place(signature_algorithm),
            signature: place(signature),
            issuer,
            this_update,
            next_update,
            entries: place(entries),
            scope,
            partial,
            kept_since,
            der: der.to_vec(),
        })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// The moment whose state this is.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }
    /// When a newer one was to be had at the latest.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    pub(super) fn answer(
        &self,
        certificate: &Certificate,
        issuers: &[&Certificate],
        cache: &SignatureCache,
    ) -> Result<Answer, EvidenceError> {
        if self.issuer != certificate.content().issuer {
            return Err(EvidenceError::OtherIssuer);
        }
        if !self.covers(certificate) {
            return Err(EvidenceError::NotCovered);
        }
        self.check_signature(issuers, cache)?;
        let part = |range: &Range<usize>| &self.der[range.clone()];
        let mut found = None;
        let mut reader = Reader::new(part(&self.entries));
        while !reader.is_empty() {
            let entry = read_entry(&mut reader)?;
            if entry.serial == certificate.serial() && found.replace(entry.revocation).is_some() {
                return Err(EvidenceError::Malformed); // two answers are none
            }
        }
        let status = match (found.flatten(), self.partial) {
            (Some(revocation), _) => Status::Revoked(revocation),
            (None, Some(partial)) => return Err(partial),
            (None, None) => good(self.this_update, certificate, self.kept_since),
        };
        Ok(Answer { this_update: self.this_update, next_update: self.next_update, status })
    }

    /// By the issuer's key, or, where the path goes on to a certificate of the same name, by that one's: a CA that changed
    /// its key and issued itself a certificate for the new one.
    fn check_signature(&self, issuers: &[&Certificate], cache: &SignatureCache) -> Result<(), EvidenceError> {
        let part = |range: &Range<usize>| &self.der[range.clone()];
        let mut refused = EvidenceError::OtherIssuer;
        for issuer in issuers.iter().filter(|issuer| issuer.content().subject == self.issuer) {
            let in_time = issuer.not_before() <= self.this_update && self.this_update <= issuer.not_after();
            match cache.verify(part(&self.signature_algorithm), issuer, part(&self.tbs), part(&self.signature)) {
                Ok(()) if issuer.may_sign_crls() && in_time => return Ok(()),
                Ok(()) => refused = EvidenceError::IssuerMayNot,
                Err(error) if refused != EvidenceError::IssuerMayNot => refused = error.into(),
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// §6.3.3 (b), for CRLs that are issued by the certificate's issuer.
    fn covers(&self, certificate: &Certificate) -> bool {
        let content = certificate.content();
        let is_ca = certificate.is_ca();
        if self.scope.only_attributes || (self.scope.only_users && is_ca) || (self.scope.only_cas && !is_ca) {
            return false;
        }
        let Some(point) = &self.scope.point else { return true };
        let ours = resolve(point, &self.issuer);
        match &content.extensions.distribution_points {
            // Points for some reasons or with a CRL issuer of their own are outside our profile.
            Some(points) => points.iter().filter(|p| !p.reasons && !p.crl_issuer).any(|p| {
                let named = p.name.as_ref().map(|name| resolve(name, &content.issuer)).unwrap_or_default();
                named.iter().any(|name| ours.contains(name))
            }),
            // §6.3.3: the point that goes without saying bears the issuer's name.
            None => ours.contains(&GeneralName::Directory(content.issuer.clone())),
        }
    }
}

/// The names of a distribution point, those relative to the CRL issuer made whole.
fn resolve(point: &PointName, issuer: &Name) -> Vec<GeneralName> {
    match point {
        PointName::Full(names) => names.clone(),
        PointName::Relative(rdn) => {
            let mut whole = issuer.clone();
            whole.0.push(rdn.clone());
            vec![GeneralName::Directory(whole)]
        }
    }
}

impl Scope {
    fn read(value: &[u8]) -> Result<Self, Malformed> {
        let flag = |fields: &mut Reader<'_>, n| match fields.optional(tag::primitive(n))? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Malformed),
        };
        let mut fields = Reader::only(value, tag::SEQUENCE)?;
        let scope = Self {
            point: fields.optional(tag::constructed(0))?.map(point_name).transpose()?,
            only_users: flag(&mut fields, 1)?,
            only_cas: flag(&mut fields, 2)?,
            some_reasons: fields.optional(tag::primitive(3))?.is_some(),
            indirect: flag(&mut fields, 4)?,
            only_attributes: flag(&mut fields, 5)?,
        };
        fields.finish()?;
        Ok(scope)
    }
}

/// One of `revokedCertificates`. An unknown critical extension in any entry makes the whole CRL unusable (§5.3).
fn read_entry<'a>(reader: &mut Reader<'a>) -> Result<Entry<'a>, EvidenceError> {
    let mut fields = reader.sequence()?;
    let serial = fields.expect(tag::INTEGER)?;
    let at = fields.time()?;
    let mut about = EntryFacts::default();
    if !fields.is_empty() {
        let mut refused = None;
        each_extension(fields.next()?.whole, |id, critical, value| {
            match id {
                // certificateIssuer
                [0x55, 0x1d, 29] => refused = Some(EvidenceError::Indirect),
                _ if !about.take(id, value)? && critical => refused = refused.or(Some(EvidenceError::UnknownCritical)),
                _ => {}
            }
            Ok(())
        })?;
        if let Some(error) = refused {
            return Err(error);
        }
    }
    fields.finish()?;
    let revocation = (!about.removed).then_some(Revocation {
        at,
        reason: about.reason.unwrap_or(Reason::Unspecified),
        invalidity_date: about.invalidity_date,
    });
    Ok(Entry { serial, revocation })
}

/// What extensions say of a revocation (§5.3.1, §5.3.2).
#[derive(Default)]
pub(super) struct EntryFacts {
    pub(super) reason: Option<Reason>,
    pub(super) removed: bool,
    pub(super) invalidity_date: Option<UnixTime>,
}

impl EntryFacts {
    /// `false` for an extension that is neither reasonCode nor invalidityDate.
    pub(super) fn take(&mut self, id: &[u8], value: &[u8]) -> Result<bool, Malformed> {
        let mut reader = Reader::new(value);
        match id {
            [0x55, 0x1d, 21] => {
                self.reason = Reason::from_code(reader.expect(tag::ENUMERATED)?)?;
                self.removed = self.reason.is_none();
            }
            [0x55, 0x1d, 24] => {
                if reader.peek() != Some(tag::GENERALIZED_TIME) {
                    return Err(Malformed);
                }
                self.invalidity_date = Some(reader.time()?);
            }
            _ => return Ok(false),
        }
        reader.finish()?;
        Ok(true)
    }
}
