//! What a certificate says, read once and strictly: every field and extension of RFC 5280 that decides something here.
//!
//! Nothing is judged in this module. What cannot be read at all is malformed; what is read but has no meaning for us
//! and is critical is remembered as such, and [`crate::path`] refuses it.

use std::ops::Range;

use hocba_record::types::UnixTime;

use crate::der::{self, Element, Malformed, Reader, tag};

/// An OBJECT IDENTIFIER, as the content of its DER.
pub(crate) type Oid = Box<[u8]>;

/// Most values of any one list in an extension (policies, names, distribution points): what one certificate of 8 KiB
/// could make a verifier compare stays small.
const MAX_LIST: usize = 64;

/// Longest serial number, in bytes of its INTEGER.
pub(crate) const MAX_SERIAL: usize = 21;

/// anyPolicy, 2.5.29.32.0.
pub(crate) const ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x20, 0];

/// Bits of keyUsage (RFC 5280 §4.2.1.3), bit 0 leftmost.
pub(crate) mod key_usage {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 1 << 15;
    pub(crate) const NON_REPUDIATION: u16 = 1 << 14;
    pub(crate) const KEY_CERT_SIGN: u16 = 1 << 10;
    pub(crate) const CRL_SIGN: u16 = 1 << 9;
}

/// A certificate's content. Ranges point into the DER that was read.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) tbs: Range<usize>,
    pub(crate) signature_algorithm: Range<usize>,
    pub(crate) signature: Range<usize>,
    pub(crate) serial: Box<[u8]>,
    pub(crate) issuer: Name,
    pub(crate) issuer_der: Range<usize>,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) subject: Name,
    pub(crate) spki: Range<usize>,
    pub(crate) extensions: Extensions,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    /// `cA`, and pathLenConstraint (saturated).
    pub(crate) basic_constraints: Option<(bool, Option<usize>)>,
    pub(crate) key_usage: Option<u16>,
    pub(crate) extended_key_usage: Option<Vec<Oid>>,
    pub(crate) extended_key_usage_critical: bool,
    pub(crate) policies: Option<Vec<Oid>>,
    /// (issuerDomainPolicy, subjectDomainPolicy).
    pub(crate) policy_mappings: Vec<(Oid, Oid)>,
    pub(crate) require_explicit_policy: Option<usize>,
    pub(crate) inhibit_policy_mapping: Option<usize>,
    pub(crate) inhibit_any_policy: Option<usize>,
    pub(crate) permitted_subtrees: Vec<GeneralName>,
    pub(crate) excluded_subtrees: Vec<GeneralName>,
    pub(crate) subject_alt_names: Vec<GeneralName>,
    pub(crate) distribution_points: Option<Vec<DistributionPoint>>,
    pub(crate) authority_key_id: Option<Box<[u8]>>,
    pub(crate) subject_key_id: Option<Box<[u8]>>,
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
    pub(crate) ocsp_no_check: bool,
    /// Where authorityInfoAccess says that an OCSP responder answers (RFC 5280 §4.2.2.1).
    pub(crate) ocsp: Vec<String>,
    /// A critical extension that is not one of the above.
    pub(crate) unknown_critical: bool,
}

/// One CRL distribution point (RFC 5280 §4.2.1.13).
#[derive(Debug, Clone)]
pub(crate) struct DistributionPoint {
    pub(crate) name: Option<PointName>,
    /// Only for these reasons.
    pub(crate) reasons: bool,
    /// The CRL is issued by another.
    pub(crate) crl_issuer: bool,
}

/// `DistributionPointName`, with a name relative to the CRL issuer left as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PointName {
    Full(Vec<GeneralName>),
    Relative(Rdn),
}

/// A `GeneralName` (RFC 5280 §4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GeneralName {
    Rfc822(String),
    Dns(String),
    Directory(Name),
    Uri(String),
    Ip(Box<[u8]>),
    /// otherName, x400Address, ediPartyName, registeredID: tag and content.
    Other(u8, Box<[u8]>),
}

/// A distinguished name in a form in which equal names are equal (RFC 5280 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name(pub(crate) Vec<Rdn>);

/// One relative name: its attributes, sorted.
pub(crate) type Rdn = Vec<Attribute>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attribute {
    pub(crate) kind: Oid,
    pub(crate) value: Value,
}

/// An attribute's value. Text is equal whatever string type it has, without regard to case and to how much space stands
/// between words; other values byte by byte.
#[derive(Debug, Clone, Eq)]
pub(crate) enum Value {
    Text { shown: String, folded: String },
    Bytes(Box<[u8]>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Value::Text { folded: a, .. }, Value::Text { folded: b, .. }) => a.cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
            (Value::Text { .. }, Value::Bytes(_)) => std::cmp::Ordering::Less,
            (Value::Bytes(_), Value::Text { .. }) => std::cmp::Ordering::Greater,
        }
    }
}

impl Name {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this name is `base` or below it.
    pub(crate) fn is_within(&self, base: &Name) -> bool {
        self.0.starts_with(&base.0)
    }

    /// Texts of one kind of attribute, from the root down.
    pub(crate) fn texts<'a>(&'a self, kind: &'a [u8]) -> impl Iterator<Item = &'a str> {
        self.0.iter().flatten().filter(move |attribute| *attribute.kind == *kind).filter_map(|attribute| {
            match &attribute.value {
                Value::Text { shown, .. } => Some(shown.as_str()),
                Value::Bytes(_) => None,
            }
        })
    }

    /// Reads a `Name`.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut names = reader.sequence()?;
        let mut rdns = Vec::new();
        while !names.is_empty() {
            rdns.push(rdn(names.expect(0x31)?)?);
        }
        Ok(Self(rdns))
    }
}

/// The content of a `RelativeDistinguishedName`.
pub(crate) fn rdn(content: &[u8]) -> Result<Rdn, Malformed> {
    let mut set = Reader::new(content);
    let mut attributes = Vec::new();
    while !set.is_empty() {
        let mut pair = set.sequence()?;
        let kind = pair.expect(tag::OID)?.into();
        let value = value(pair.next()?);
        pair.finish()?;
        attributes.push(Attribute { kind, value });
    }
    if attributes.is_empty() {
        return Err(Malformed);
    }
    attributes.sort();
    Ok(attributes)
}

fn value(element: Element<'_>) -> Value {
    let text = match element.tag {
        0x0c | 0x13 | 0x16 | 0x12 => std::str::from_utf8(element.content).ok().map(str::to_owned),
        // TeletexString, read as Latin-1 as everyone does.
        0x14 => Some(element.content.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString and UniversalString.
        0x1e => {
            let (units, rest) = element.content.as_chunks::<2>();
            let text: Result<String, _> = char::decode_utf16(units.iter().map(|u| u16::from_be_bytes(*u))).collect();
            text.ok().filter(|_| rest.is_empty())
        }
        0x1c => {
            let (units, rest) = element.content.as_chunks::<4>();
            let text: Option<String> = units.iter().map(|u| char::from_u32(u32::from_be_bytes(*u))).collect();
            text.filter(|_| rest.is_empty())
        }
        _ => None,
    };
    match text {
        Some(shown) => {
            let words: Vec<String> = shown.split_whitespace().map(str::to_lowercase).collect();
            Value::Text { folded: words.join(" "), shown }
        }
        None => Value::Bytes(element.whole.into()),
    }
}

impl GeneralName {
    pub(crate) fn read(element: Element<'_>) -> Result<Self, Malformed> {
        let text = |content: &[u8]| {
            // IA5String.
            std::str::from_utf8(content).ok().filter(|text| text.is_ascii()).map(str::to_owned).ok_or(Malformed)
        };
        Ok(match element.tag {
            0x81 => Self::Rfc822(text(element.content)?),
            0x82 => Self::Dns(text(element.content)?),
            0x86 => Self::Uri(text(element.content)?),
            0x87 => Self::Ip(element.content.into()),
            0xa4 => {
                let mut inner = Reader::new(element.content);
                let name = Name::read(&mut inner)?;
                inner.finish()?;
                Self::Directory(name)
            }
            0xa0 | 0xa3 | 0xa5 | 0x88 => Self::Other(element.tag, element.content.into()),
            _ => return Err(Malformed),
        })
    }
}

/// The content of `GeneralNames`: one or more.
pub(crate) fn general_names(content: &[u8]) -> Result<Vec<GeneralName>, Malformed> {
    let mut reader = Reader::new(content);
    let mut names = Vec::new();
    while !reader.is_empty() {
        names.push(GeneralName::read(reader.next()?)?);
    }
    if names.is_empty() || names.len() > MAX_LIST { Err(Malformed) } else { Ok(names) }
}

/// The content of a `[0] DistributionPointName`, a choice of two.
pub(crate) fn point_name(content: &[u8]) -> Result<PointName, Malformed> {
    let mut choice = Reader::new(content);
    let element = choice.next()?;
    choice.finish()?;
    match element.tag {
        0xa0 => general_names(element.content).map(PointName::Full),
        0xa1 => rdn(element.content).map(PointName::Relative),
        _ => Err(Malformed),
    }
}

impl Content {
    /// Reads a `Certificate` (RFC 5280 §4.1) of version 3.
    pub(crate) fn read(der: &[u8]) -> Result<Self, Malformed> {
        let place = |part: &[u8]| {
            // `part` was read from `der`, so it lies inside.
            let start = part.as_ptr() as usize - der.as_ptr() as usize;
            start..start + part.len()
        };
        let mut certificate = Reader::only(der, tag::SEQUENCE)?;
        let tbs = certificate.next()?;
        let signature_algorithm = certificate.expect(tag::SEQUENCE)?;
        let signature = certificate.bit_string()?;
        certificate.finish()?;

        let mut fields = Reader::only(tbs.whole, tag::SEQUENCE)?;
        if Reader::only(fields.next()?.whole, tag::constructed(0))?.expect(tag::INTEGER)? != [2] {
            return Err(Malformed);
        }
        // Negative ones exist. RFC 5280 §4.1.2.2: at most 20 bytes, and one for the sign.
        let serial = der::integer(fields.expect(tag::INTEGER)?, MAX_SERIAL)?;
        // §4.1.1.2: the same algorithm inside and outside of what is signed.
        if fields.expect(tag::SEQUENCE)? != signature_algorithm {
            return Err(Malformed);
        }
        let issuer_der = place(fields.clone().next()?.whole);
        let issuer = Name::read(&mut fields)?;
        let mut validity = fields.sequence()?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.finish()?;
        let subject = Name::read(&mut fields)?;
        let spki = fields.next()?.whole;
        for unique_id in [1, 2] {
            fields.optional(tag::primitive(unique_id))?;
        }
        let extensions = match fields.optional(tag::constructed(3))? {
            Some(list) => Extensions::read(list)?,
            None => Extensions::default(),
        };
        fields.finish()?;
        Ok(Self {
            tbs: place(tbs.whole),
            signature_algorithm: place(signature_algorithm),
            signature: place(signature),
            serial: serial.into(),
            issuer,
            issuer_der,
            not_before,
            not_after,
            subject,
            spki: place(spki),
            extensions,
        })
    }

    /// RFC 5280 §6.1: subject and issuer are the same.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// Each extension of an `Extensions`: its identifier, whether it is critical, and the content of its value.
pub(crate) fn each_extension<'a>(
    list: &'a [u8],
    take: impl FnMut(&'a [u8], bool, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    each_extension_in(Reader::only(list, tag::SEQUENCE)?, take)
}

/// As [`each_extension`], of the content of an `Extensions` that has another tag.
pub(crate) fn each_extension_in<'a>(
    mut list: Reader<'a>,
    mut take: impl FnMut(&'a [u8], bool, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut seen: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let id = extension.expect(tag::OID)?;
        let critical = extension.default_false()?;
        let value = extension.expect(tag::OCTET_STRING)?;
        extension.finish()?;
        // RFC 5280 §4.2: not more than one of a kind.
        if seen.contains(&id) || seen.len() >= MAX_LIST {
            return Err(Malformed);
        }
        seen.push(id);
        take(id, critical, value)?;
    }
    Ok(())
}

/// `SkipCerts`, saturated: a path has a dozen certificates.
fn skip_certs(content: &[u8]) -> Result<usize, Malformed> {
    Ok(der::unsigned(content)?.iter().fold(0_usize, |n, byte| n.saturating_mul(256).saturating_add(usize::from(*byte))))
}

impl Extensions {
    fn read(list: &[u8]) -> Result<Self, Malformed> {
        let mut out = Self::default();
        each_extension(list, |id, critical, value| out.take(id, critical, value))?;
        Ok(out)
    }

    fn take(&mut self, id: &[u8], critical: bool, value: &[u8]) -> Result<(), Malformed> {
        let sequence = || Reader::only(value, tag::SEQUENCE);
        match id {
            // id-ce, 2.5.29
            [0x55, 0x1d, 14] => self.subject_key_id = Some(key_id(value)?),
            [0x55, 0x1d, 15] => {
                let mut bits = Reader::new(value);
                self.key_usage = Some(der::named_bits(bits.expect(tag::BIT_STRING)?)?);
                bits.finish()?;
            }
            [0x55, 0x1d, 17] => {
                self.subject_alt_names = Reader::only(value, tag::SEQUENCE)
                    .and_then(|_| general_names(Reader::new(value).expect(tag::SEQUENCE)?))?;
            }
            [0x55, 0x1d, 19] => {
                let mut fields = sequence()?;
                let ca = fields.default_false()?;
                let length = fields.optional(tag::INTEGER)?.map(skip_certs).transpose()?;
                fields.finish()?;
                self.basic_constraints = Some((ca, length));
            }
            [0x55, 0x1d, 30] => {
                let mut fields = sequence()?;
                self.permitted_subtrees = fields.optional(tag::constructed(0))?.map_or(Ok(Vec::new()), subtrees)?;
                self.excluded_subtrees = fields.optional(tag::constructed(1))?.map_or(Ok(Vec::new()), subtrees)?;
                fields.finish()?;
            }
            [0x55, 0x1d, 31] => {
                let mut points = sequence()?;
                let mut list = Vec::new();
                while !points.is_empty() {
                    let mut point = points.sequence()?;
                    let name = point.optional(tag::constructed(0))?.map(point_name).transpose()?;
                    let reasons = point.optional(tag::primitive(1))?.is_some();
                    let crl_issuer = point.optional(tag::constructed(2))?.is_some();
                    point.finish()?;
                    list.push(DistributionPoint { name, reasons, crl_issuer });
                }
                if list.is_empty() || list.len() > MAX_LIST {
                    return Err(Malformed);
                }
                self.distribution_points = Some(list);
            }
            [0x55, 0x1d, 32] => {
                let mut policies = sequence()?;
                let mut list: Vec<Oid> = Vec::new();
                while !policies.is_empty() {
                    let mut policy = policies.sequence()?;
                    let id: Oid = policy.expect(tag::OID)?.into();
                    // Qualifiers say something to people, nothing to us.
                    policy.optional(tag::SEQUENCE)?;
                    policy.finish()?;
                    // §4.2.1.4: each policy once.
                    if list.contains(&id) || list.len() >= MAX_LIST {
                        return Err(Malformed);
                    }
                    list.push(id);
                }
                self.policies = Some(list).filter(|list| !list.is_empty());
            }
            [0x55, 0x1d, 33] => {
                let mut mappings = sequence()?;
                while !mappings.is_empty() {
                    let mut mapping = mappings.sequence()?;
                    let pair = (mapping.expect(tag::OID)?.into(), mapping.expect(tag::OID)?.into());
                    mapping.finish()?;
                    self.policy_mappings.push(pair);
                }
                if self.policy_mappings.is_empty() || self.policy_mappings.len() > MAX_LIST {
                    return Err(Malformed);
                }
            }
            [0x55, 0x1d, 35] => {
                // Issuer and serial number beside the identifier only help to find the issuer.
                let mut fields = sequence()?;
                self.authority_key_id = fields.optional(tag::primitive(0))?.map(Into::into);
            }
            [0x55, 0x1d, 36] => {
                let mut fields = sequence()?;
                self.require_explicit_policy = fields.optional(tag::primitive(0))?.map(skip_certs).transpose()?;
                self.inhibit_policy_mapping = fields.optional(tag::primitive(1))?.map(skip_certs).transpose()?;
                fields.finish()?;
            }
            [0x55, 0x1d, 37] => {
                let mut purposes = sequence()?;
                let mut list: Vec<Oid> = Vec::new();
                while !purposes.is_empty() {
                    list.push(purposes.expect(tag::OID)?.into());
                }
                if list.is_empty() || list.len() > MAX_LIST {
                    return Err(Malformed);
                }
                self.extended_key_usage = Some(list);
                self.extended_key_usage_critical = critical;
            }
            [0x55, 0x1d, 54] => {
                let mut number = Reader::new(value);
                self.inhibit_any_policy = Some(skip_certs(number.expect(tag::INTEGER)?)?);
                number.finish()?;
            }
            // id-pkix-ocsp-nocheck, 1.3.6.1.5.5.7.48.1.5
            [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5] => self.ocsp_no_check = true,
            // id-pe-authorityInfoAccess, 1.3.6.1.5.5.7.1.1. It says where to ask, and decides nothing: one that cannot be
            // read is passed over, one that is critical is unknown as it always was.
            [0x2b, 6, 1, 5, 5, 7, 1, 1] => {
                self.unknown_critical |= critical;
                self.ocsp = responders(value).unwrap_or_default();
            }
            _ => self.unknown_critical |= critical,
        }
        Ok(())
    }
}

/// id-ad-ocsp, 1.3.6.1.5.5.7.48.1.
const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1];

/// The URIs of OCSP responders in an `AuthorityInfoAccessSyntax`.
fn responders(value: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut list = Reader::only(value, tag::SEQUENCE)?;
    let (mut found, mut seen) = (Vec::new(), 0);
    while !list.is_empty() {
        let mut description = list.sequence()?;
        let method = description.expect(tag::OID)?;
        let location = GeneralName::read(description.next()?)?;
        description.finish()?;
        if let (OCSP, GeneralName::Uri(uri)) = (method, location) {
            found.push(uri);
        }
        seen += 1;
        if seen > MAX_LIST {
            return Err(Malformed);
        }
    }
    Ok(found)
}

pub(crate) fn key_id(value: &[u8]) -> Result<Box<[u8]>, Malformed> {
    let mut reader = Reader::new(value);
    let id = reader.expect(tag::OCTET_STRING)?;
    reader.finish()?;
    Ok(id.into())
}

/// The content of `GeneralSubtrees`. `minimum` is 0 and `maximum` absent (RFC 5280 §4.2.1.10), so both are left out.
fn subtrees(content: &[u8]) -> Result<Vec<GeneralName>, Malformed> {
    let mut list = Reader::new(content);
    let mut names = Vec::new();
    while !list.is_empty() {
        let mut subtree = list.sequence()?;
        names.push(GeneralName::read(subtree.next()?)?);
        subtree.finish()?;
    }
    if names.is_empty() || names.len() > MAX_LIST { Err(Malformed) } else { Ok(names) }
}
