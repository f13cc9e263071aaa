//! Certificate paths that a hostile file could carry: every rule of RFC 5280 that stands between a stranger and a
//! recognised signature, broken one at a time. The certificates are written here byte by byte (X.690 DER), so that
//! nothing keeps us from writing wrong ones; those that OpenSSL made are in `openssl.rs`, those of NIST in `pkits.rs`,
//! those of `keys-example/` and what OpenSSL says of them in `xtask`.

use ed25519_dalek::{Signer as _, SigningKey};
use hocba_record::types::UnixTime;
use hocba_signature::certificate::{Certificate, CertificateError, MAX_CERTIFICATE_BYTES, PathError};

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        n @ 0..128 => out.push(n as u8),
        n @ 128..256 => out.extend([0x81, n as u8]),
        n => out.extend([0x82, (n >> 8) as u8, n as u8]),
    }
    out.extend_from_slice(content);
    out
}
fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
const DOCUMENT_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 0x24];
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];

/// What one certificate says. The defaults make a good end entity.
#[derive(Clone)]
struct Spec {
    subject: u8,
    issuer: u8,
    key: u8,
    signer: u8,
    from: &'static str,
    until: &'static str,
    ca: bool,
    path_length: Option<u8>,
    key_usage: Option<u8>,
    extended: Option<&'static [u8]>,
    critical_unknown: bool,
    broken_signature: bool,
}

impl Spec {
    fn leaf(name: u8, issuer: u8) -> Self {
        Self {
            subject: name,
            issuer,
            key: name,
            signer: issuer,
            from: "20250101000000Z",
            until: "20350101000000Z",
            ca: false,
            path_length: None,
            key_usage: Some(0b1100_0000),
            extended: Some(DOCUMENT_SIGNING),
            critical_unknown: false,
            broken_signature: false,
        }
    }
    fn ca(name: u8, issuer: u8) -> Self {
        Self { ca: true, key_usage: Some(0b0000_0110), extended: None, ..Self::leaf(name, issuer) }
    }

    fn der(&self) -> Vec<u8> {
        let name = |n: u8| {
            let text = tlv(0x0c, format!("name {n}").as_bytes());
            let attribute = sequence(&[tlv(6, &[0x55, 4, 3]), text]);
            sequence(&[tlv(0x31, &attribute)])
        };
        let extension = |oid: &[u8], critical: bool, value: Vec<u8>| {
            let flag = if critical { tlv(1, &[0xff]) } else { Vec::new() };
            sequence(&[tlv(6, oid), flag, tlv(4, &value)])
        };
        let mut extensions = Vec::new();
        if self.ca {
            let length = self.path_length.map(|n| tlv(2, &[n])).unwrap_or_default();
            extensions.push(extension(&[0x55, 0x1d, 0x13], true, sequence(&[tlv(1, &[0xff]), length])));
        }
        if let Some(bits) = self.key_usage {
            let unused = bits.trailing_zeros().min(7) as u8;
            extensions.push(extension(&[0x55, 0x1d, 0x0f], true, tlv(3, &[unused, bits])));
        }
        if let Some(oid) = self.extended {
            extensions.push(extension(&[0x55, 0x1d, 0x25], false, sequence(&[tlv(6, oid)])));
        }
        if self.critical_unknown {
            extensions.push(extension(&[0x2b, 6, 1, 4, 1, 0x83, 0x7f, 1], true, tlv(5, &[])));
        }
        let key = SigningKey::from_bytes(&[self.key; 32]).verifying_key();
        let spki = sequence(&[ED25519.to_vec(), tlv(3, &[&[0], key.as_bytes().as_slice()].concat())]);
        let tbs = sequence(&[
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &[self.subject & 0x7f | 1]),
            ED25519.to_vec(),
            name(self.issuer),
            sequence(&[self.from, self.until].map(utc_time)),
            name(self.subject),
            spki,
            tlv(0xa3, &sequence(&extensions)),
        ]);
        let mut signature = SigningKey::from_bytes(&[self.signer; 32]).sign(&tbs).to_vec();
        if self.broken_signature {
            signature[40] ^= 1;
        }
        sequence(&[tbs, ED25519.to_vec(), tlv(3, &[&[0], signature.as_slice()].concat())])
    }

    fn read(&self) -> Certificate {
        Certificate::from_der(&self.der()).expect("well-formed")
    }
}

/// RFC 5280 §4.1.2.5: dates before 2050 are UTCTime, with two digits of the year.
fn utc_time(date: &str) -> Vec<u8> {
    tlv(0x17, &date.as_bytes()[2..])
}

fn at(year: i64) -> UnixTime {
    UnixTime::from_seconds((year - 1970) * 31_556_952).expect("time")
}

const ROOT: u8 = 1;
const ISSUING: u8 = 2;
const LEAF: u8 = 3;

fn path(leaf: &Spec, others: &[Spec], root: &Spec, year: i64) -> Result<usize, PathError> {
    let others: Vec<Certificate> = others.iter().map(Spec::read).collect();
    leaf.read().path(&others, &[root.read()], at(year)).map(|p| p.intermediates.len())
}

#[test]
fn a_good_path_leads_to_the_pinned_root_and_names_what_it_used() {
    let (root, issuing, leaf) = (Spec::ca(ROOT, ROOT), Spec::ca(ISSUING, ROOT), Spec::leaf(LEAF, ISSUING));
    assert_eq!(path(&leaf, std::slice::from_ref(&issuing), &root, 2027), Ok(1));
    let stray = Spec::ca(9, ROOT);
    let others = [stray.read(), issuing.read()];
    let path = leaf.read().path(&others, &[root.read()], at(2027)).expect("path");
    assert_eq!(path.intermediates, [*issuing.read().digest()]);
}

#[test]
fn each_broken_rule_is_refused() {
    let (root, issuing, leaf) = (Spec::ca(ROOT, ROOT), Spec::ca(ISSUING, ROOT), Spec::leaf(LEAF, ISSUING));
    let with_leaf = |leaf: Spec| path(&leaf, std::slice::from_ref(&issuing), &root, 2027);
    let with_issuing = |issuing: Spec| path(&leaf, &[issuing], &root, 2027);

    assert_eq!(path(&leaf, &[], &root, 2027), Err(PathError::UnknownIssuer), "intermediate left out");
    assert_eq!(
        path(&leaf, std::slice::from_ref(&issuing), &Spec::ca(8, 8), 2027),
        Err(PathError::UnknownIssuer),
        "another root"
    );
    let impostor = Spec { key: 8, signer: 8, ..root.clone() };
    assert_eq!(
        path(&leaf, std::slice::from_ref(&issuing), &impostor, 2027),
        Err(PathError::Signature),
        "another root of the same name"
    );
    assert_eq!(with_leaf(Spec { broken_signature: true, ..leaf.clone() }), Err(PathError::Signature));
    assert_eq!(with_issuing(Spec { broken_signature: true, ..issuing.clone() }), Err(PathError::Signature));
    assert_eq!(with_leaf(Spec { until: "20260101000000Z", ..leaf.clone() }), Err(PathError::OutsideValidity));
    assert_eq!(with_leaf(Spec { from: "20280101000000Z", ..leaf.clone() }), Err(PathError::OutsideValidity));
    assert_eq!(with_issuing(Spec { until: "20260101000000Z", ..issuing.clone() }), Err(PathError::OutsideValidity));
    let old_root = Spec { until: "20260101000000Z", ..root.clone() };
    assert_eq!(
        path(&leaf, std::slice::from_ref(&issuing), &old_root, 2027),
        Err(PathError::OutsideValidity),
        "the path library does not look at the root's dates; we do"
    );
    assert_eq!(with_leaf(Spec { key_usage: Some(0b0010_0000), ..leaf.clone() }), Err(PathError::Usage), "key usage");
    assert_eq!(with_leaf(Spec { extended: Some(SERVER_AUTH), ..leaf.clone() }), Err(PathError::Usage), "extended");
    assert_eq!(with_leaf(Spec { ca: true, ..leaf.clone() }), Err(PathError::Usage), "a CA's certificate");
    assert_eq!(with_issuing(Spec { ca: false, ..issuing.clone() }), Err(PathError::Constraint), "no CA");
    assert_eq!(with_leaf(Spec { critical_unknown: true, ..leaf.clone() }), Err(PathError::Constraint));
    let no_further = Spec { path_length: Some(0), ..issuing.clone() };
    assert_eq!(path(&leaf, std::slice::from_ref(&no_further), &root, 2027), Ok(1));
    let below = [no_further, Spec::ca(4, ISSUING)];
    assert_eq!(path(&Spec::leaf(LEAF, 4), &below, &root, 2027), Err(PathError::Constraint), "path length");
    // No usage extensions at all: RFC 5280 then allows every use.
    assert_eq!(with_leaf(Spec { key_usage: None, extended: None, ..leaf.clone() }), Ok(1));
}

#[test]
fn cycles_and_hundred_deep_chains_end() {
    let root = Spec::ca(ROOT, ROOT);
    let cycle = [Spec::ca(10, 11), Spec::ca(11, 10)];
    let refused = path(&Spec::leaf(LEAF, 10), &cycle, &root, 2027).expect_err("a circle leads nowhere");
    assert!(matches!(refused, PathError::UnknownIssuer | PathError::TooComplex), "{refused:?}");

    let mut chain = vec![Spec::ca(20, ROOT)];
    chain.extend((21..120).map(|n| Spec::ca(n, n - 1)));
    assert_eq!(path(&Spec::leaf(LEAF, 119), &chain, &root, 2027), Err(PathError::TooComplex));

    // A hundred issuers of one name and one key, none of them below the root: every one could be tried for every one.
    let many: Vec<Spec> = (0..100).map(|_| Spec { key: 30, signer: 30, ..Spec::ca(30, 30) }).collect();
    let refused = path(&Spec::leaf(LEAF, 30), &many, &root, 2027).expect_err("no root in sight");
    assert!(matches!(refused, PathError::UnknownIssuer | PathError::TooComplex), "{refused:?}");
}

/// Twins (same name and key, other bytes) at every level: each could stand on a path with each of the next level.
#[test]
fn a_mesh_of_twins_ends_too() {
    let twins = |name: u8, issuer: u8| {
        ["20350101000000Z", "20350102000000Z", "20350103000000Z", "20350104000000Z", "20350105000000Z"]
            .map(|until| Spec { until, ..Spec::ca(name, issuer) })
    };
    let mesh: Vec<Spec> = (50..56).flat_map(|name| twins(name, name - 1)).collect();
    let leaf = Spec::leaf(LEAF, 55);
    assert_eq!(path(&leaf, &mesh, &Spec::ca(ROOT, ROOT), 2027), Err(PathError::TooComplex), "5^6 ways to nowhere");
    assert_eq!(path(&leaf, &mesh, &Spec::ca(49, 49), 2027), Ok(6), "and the first one to the root is taken");
}

#[test]
fn the_roots_own_limits_bind() {
    let (issuing, leaf) = (Spec::ca(ISSUING, ROOT), Spec::leaf(LEAF, ISSUING));
    let with_root = |root: Spec| path(&leaf, std::slice::from_ref(&issuing), &root, 2027);
    let root = Spec::ca(ROOT, ROOT);
    assert_eq!(with_root(Spec { path_length: Some(1), ..root.clone() }), Ok(1));
    assert_eq!(with_root(Spec { path_length: Some(0), ..root.clone() }), Err(PathError::Constraint), "path length");
    assert_eq!(with_root(Spec { key_usage: Some(0b0000_0010), ..root.clone() }), Err(PathError::Constraint), "cRLSign");
    assert_eq!(with_root(Spec { key_usage: None, ..root.clone() }), Ok(1));
    assert_eq!(with_root(Spec { ca: false, ..root.clone() }), Err(PathError::Constraint), "no CA");
    let no_cert_sign = Spec { key_usage: Some(0b1000_0010), ..issuing.clone() };
    assert_eq!(path(&leaf, &[no_cert_sign], &root, 2027), Err(PathError::Constraint));
}

/// A certificate of the intermediate's name and key that may not issue does not stand in the way of one that may.
#[test]
fn another_way_is_taken_where_one_is_closed() {
    let (root, issuing, leaf) = (Spec::ca(ROOT, ROOT), Spec::ca(ISSUING, ROOT), Spec::leaf(LEAF, ISSUING));
    let expired = Spec { until: "20260101000000Z", ..issuing.clone() };
    let unfit = Spec { key_usage: Some(0b1000_0010), ..issuing.clone() };
    let forged = Spec { broken_signature: true, ..issuing.clone() };
    assert_eq!(path(&leaf, &[expired.clone(), unfit.clone(), forged.clone(), issuing], &root, 2027), Ok(1));
    assert!(path(&leaf, &[expired, unfit, forged], &root, 2027).is_err());
}

#[test]
fn what_is_no_certificate_is_said_to_be_none() {
    let good = Spec::leaf(LEAF, ISSUING).der();
    for end in 0..good.len() {
        assert!(Certificate::from_der(&good[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(Certificate::from_der(&[&good[..], &[0]].concat()), Err(CertificateError::Malformed), "trailing byte");
    assert_eq!(Certificate::from_der(&vec![0x30; MAX_CERTIFICATE_BYTES + 1]), Err(CertificateError::TooLarge));
    // The curve's identity point is a key under which some signatures verify for every message.
    let mut weak = good.clone();
    let key = *SigningKey::from_bytes(&[LEAF; 32]).verifying_key().as_bytes();
    let place = weak.windows(32).position(|w| w == key).expect("the key is in there");
    weak[place..place + 32].copy_from_slice(&[&[1][..], &[0; 31]].concat());
    assert_eq!(Certificate::from_der(&weak), Err(CertificateError::WeakKey));
}
