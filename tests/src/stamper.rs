//! A time-stamp authority that stamps at any time: its tokens are made here, byte by byte, with Ed25519.
//!
//! `tests/tsa` has OpenSSL's, which stands on its own and reads the clock of the machine; this one is for stories that
//! play at [`NOW`].

use hocba_keystore::Ed25519Key;
use hocba_record::encoding::Sha256Digest;
use hocba_signature::certificate::Certificate;
use sha2::{Digest as _, Sha512};

use crate::{DAY, NOW};

/// The policy under which it works.
pub const POLICY: &str = "1.3.6.1.4.1.55555.7";

const POLICY_DER: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xb2, 3, 7];
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
const SHA256: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA512: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const TST_INFO: &[u8] = &[6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
const CONTENT_TYPE: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const SIGNING_CERTIFICATE_V2: &[u8] = &[6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const BASIC_CONSTRAINTS: &[u8] = &[6, 3, 0x55, 0x1d, 19];
const KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 15];
const EXTENDED_KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 37];
const TIME_STAMPING: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
const TRUE: &[u8] = &[1, 1, 0xff];

/// The authority: a root, and a key with a certificate of that root.
pub struct Stamper {
    key: Ed25519Key,
    name: Vec<u8>,
    root: Vec<u8>,
    certificate: Vec<u8>,
}

impl Stamper {
    /// The n-th authority; each has keys of its own. Its certificate is good for years before and after `NOW`.
    pub fn new(n: u8) -> Self {
        Self::valid(n, NOW - 1000 * DAY, NOW + 1000 * DAY)
    }

    /// The same with a certificate that is good from one time to another.
    pub fn valid(n: u8, from: i64, until: i64) -> Self {
        let root_key = Ed25519Key::from_seed(&[n; 32]);
        let key = Ed25519Key::from_seed(&[n ^ 0x80; 32]);
        let (name, own) = (name("TSA root", n), name("TSA", n));
        let authority = extension(BASIC_CONSTRAINTS, &sequence(&[TRUE]));
        let extensions = [authority, extension(KEY_USAGE, &[3, 2, 1, 6])].concat();
        let life = [NOW - 2000 * DAY, NOW + 2000 * DAY];
        let root = certificate(&root_key, &name, life, &name, &root_key.spki_der(), &extensions, 1);
        let purpose = extension(EXTENDED_KEY_USAGE, &sequence(&[TIME_STAMPING]));
        let extensions = [extension(KEY_USAGE, &[3, 2, 7, 0x80]), purpose].concat();
        let certificate = certificate(&root_key, &name, [from, until], &own, &key.spki_der(), &extensions, 2);
        Self { key, name, root, certificate }
    }

    /// The certificate of its root, to be pinned.
    pub fn root(&self) -> Certificate {
        Certificate::from_der(&self.root).expect("a certificate")
    }

    /// A token: this digest, at this time, give or take a second.
    pub fn token(&self, digest: &Sha256Digest, time: i64) -> Vec<u8> {
        self.stamp(digest, time, &[])
    }

    /// What it answers to a question, at this time: a token with the digest and the nonce that were asked for.
    pub fn answer(&self, query: &[u8], time: i64) -> Vec<u8> {
        let place = query.windows(2).position(|w| w == [4, 32]).expect("a question over SHA-256") + 2;
        let digest = query[place..place + 32].try_into().expect("32 bytes");
        let mut rest = &query[place + 32..];
        if rest.first() == Some(&6) {
            rest = &rest[2 + usize::from(rest[1])..];
        }
        let nonce = if rest.first() == Some(&2) { &rest[..2 + usize::from(rest[1])] } else { &[] };
        let token = self.stamp(&Sha256Digest::from_bytes(digest), time, nonce);
        sequence(&[&sequence(&[&[2, 1, 0]]), &token])
    }

    fn stamp(&self, digest: &Sha256Digest, time: i64, nonce: &[u8]) -> Vec<u8> {
        let imprint = sequence(&[&sequence(&[SHA256]), &der(4, &[digest.as_bytes()])]);
        let at = der(0x18, &[format!("{}Z", civil(time)).as_bytes()]);
        let accuracy = sequence(&[&[2, 1, 1]]);
        let info = sequence(&[&[2, 1, 1], &der(6, &[POLICY_DER]), &imprint, &[2, 1, 9], &at, &accuracy, nonce]);
        let certificate_digest = Sha256Digest::of(&self.certificate);
        let named = sequence(&[&sequence(&[&sequence(&[&der(4, &[certificate_digest.as_bytes()])])])]);
        let attribute = |kind: &[u8], value: &[u8]| sequence(&[kind, &der(0x31, &[value])]);
        let mut attributes = [
            attribute(CONTENT_TYPE, TST_INFO),
            attribute(MESSAGE_DIGEST, &der(4, &[&Sha512::digest(&info)])),
            attribute(SIGNING_CERTIFICATE_V2, &named),
        ];
        attributes.sort();
        let attributes = attributes.concat();
        let signature = self.key.sign(&der(0x31, &[&attributes]));
        let signer = sequence(&[
            &[2, 1, 1],
            &sequence(&[&self.name, &[2, 1, 2]]),
            &sequence(&[SHA512]),
            &der(0xa0, &[&attributes]),
            ED25519,
            &der(4, &[&signature]),
        ]);
        let data = sequence(&[
            &[2, 1, 3],
            &der(0x31, &[&sequence(&[SHA512])]),
            &sequence(&[TST_INFO, &der(0xa0, &[&der(4, &[&info])])]),
            &der(0xa0, &[&self.certificate]),
            &der(0x31, &[&signer]),
        ]);
        sequence(&[SIGNED_DATA, &der(0xa0, &[&data])])
    }
}

fn certificate(
    issuer_key: &Ed25519Key,
    issuer: &[u8],
    [from, until]: [i64; 2],
    subject: &[u8],
    spki: &[u8],
    extensions: &[u8],
    serial: u8,
) -> Vec<u8> {
    // Years before 2050 have two digits (RFC 5280 §4.1.2.5).
    let time = |seconds| der(0x17, &[format!("{}Z", &civil(seconds)[2..]).as_bytes()]);
    let content = sequence(&[
        &der(0xa0, &[&[2, 1, 2]]),
        &[2, 1, serial],
        ED25519,
        issuer,
        &sequence(&[&time(from), &time(until)]),
        subject,
        spki,
        &der(0xa3, &[&sequence(&[extensions])]),
    ]);
    let signature = issuer_key.sign(&content);
    sequence(&[&content, ED25519, &der(3, &[&[0], &signature])])
}

fn extension(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[kind, TRUE, &der(4, &[value])])
}

fn name(what: &str, n: u8) -> Vec<u8> {
    let text = der(0x0c, &[format!("{what} {n}").as_bytes()]);
    sequence(&[&der(0x31, &[&sequence(&[COMMON_NAME, &text])])])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der(0x30, parts)
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count().min(7)..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(length.len()).expect("at most 8"));
    }
    out.extend_from_slice(length);
    out.extend(content);
    out
}

/// `YYYYMMDDHHMMSS` in UTC (days as in Howard Hinnant's `civil_from_days`).
fn civil(seconds: i64) -> String {
    let (days, time) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let z = days + 719_468;
    let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (month, day) = (if shifted < 10 { shifted + 3 } else { shifted - 9 }, of_year - (153 * shifted + 2) / 5 + 1);
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", time / 3600, time % 3600 / 60, time % 60)
}
