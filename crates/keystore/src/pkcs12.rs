//! PKCS#12 files (RFC 7292: `.p12`, `.pfx`), as certificate authorities hand them out: one key and its certificates.
//!
//! Read strictly: DER, a MAC by HMAC-SHA-2, and PBES2 with AES-256 as OpenSSL 3, Java and Windows write it. The MAC is
//! checked before anything is decrypted, so a wrong passphrase and a file in an old format are told apart.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac, digest::block_api::EagerHash};
use pkcs8::{
    ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    der::{
        Encode, Tag, Tagged,
        asn1::{AnyRef, OctetStringRef},
    },
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::{
    KeystoreError, MAX_CERTIFICATES, Mode, Passphrase, SoftwareKey,
    chain::{self, elements, whole},
    container::{self, MAX_PBKDF2_ROUNDS, PrivateKey},
    file,
};

/// What is looked for in a file; the rest (CRLs, secrets, names) is passed over.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// Most parts that are decrypted in one file. Each may ask for a second of work; honest files have two.
const MAX_ENCRYPTED_PARTS: usize = 4;

/// A key and the certificates that came with it, the key's own first; none if there is none for it.
pub(crate) struct Opened {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate_chain: Vec<Vec<u8>>,
}

/// Reads, checks, decrypts and guards one file.
pub(crate) fn open(path: &Path, passphrase: &Passphrase, mode: Mode) -> Result<Opened, KeystoreError> {
    let (bytes, access) = file::read_bytes(path)?;
    let file = File { path, passphrase };
    let (safe, mac) = file.outer(&bytes)?;
    file.check_mac(safe, mac)?;
    let bags = file.bags(safe)?;

    let [key] = bags.keys.as_slice() else {
        return Err(file.malformed(&format!("holds {} private keys, wanted one", bags.keys.len())));
    };
    let info = PrivateKeyInfoRef::try_from(key.as_bytes())
        .map_err(|_| file.malformed("the key inside is no PKCS#8 structure"))?;
    let key = SoftwareKey::from_pkcs8(&info, path)?;
    container::guard(&key, &access, path, mode)?;

    let public = key.public_key();
    let mut others = bags.certificates;
    let leaf = others.iter().position(|certificate| chain::key_of(certificate).as_ref() == Some(&public));
    let certificate_chain = match leaf.map(|at| others.swap_remove(at)) {
        Some(leaf) => chain::in_order(leaf, &others),
        None => Vec::new(),
    };
    Ok(Opened { key, certificate_chain })
}

#[derive(Default)]
struct Bags {
    keys: Vec<SecretDocument>,
    certificates: Vec<Vec<u8>>,
    encrypted_parts: usize,
}

struct File<'a> {
    path: &'a Path,
    passphrase: &'a Passphrase,
}

impl File<'_> {
    fn malformed(&self, what: &str) -> KeystoreError {
        KeystoreError::Malformed { path: self.path.to_owned(), what: what.into() }
    }

    fn old(&self, found: impl Into<String>) -> KeystoreError {
        KeystoreError::OldPkcs12 { path: self.path.to_owned(), found: found.into() }
    }

    /// The children of a SEQUENCE.
    fn sequence<'a>(&self, element: AnyRef<'a>, what: &str) -> Result<Vec<AnyRef<'a>>, KeystoreError> {
        let children = (element.tag() == Tag::Sequence).then(|| elements(element.value())).flatten();
        children.ok_or_else(|| self.malformed(what))
    }

    /// PFX (RFC 7292 §4): the bytes of the authenticated safe, and what proves them.
    fn outer<'a>(&self, bytes: &'a [u8]) -> Result<(&'a [u8], AnyRef<'a>), KeystoreError> {
        const WHAT: &str = "no PKCS#12 file in DER (if another program made it: openssl pkcs12 rewrites it)";
        let pfx = whole(bytes).ok_or_else(|| self.malformed(WHAT))?;
        let fields = self.sequence(pfx, WHAT)?;
        let [version, content, rest @ ..] = fields.as_slice() else { return Err(self.malformed(WHAT)) };
        if version.tag() != Tag::Integer || version.value() != [3] {
            return Err(self.malformed("not version 3 of PKCS#12"));
        }
        let (kind, content) = self.content(*content)?;
        if kind != DATA {
            return Err(self.old(format!("a public-key signature ({kind})")));
        }
        let safe = octets(content).ok_or_else(|| self.malformed(WHAT))?;
        match rest {
            [mac] => Ok((safe, *mac)),
            [] => Err(self.old("no MAC")),
            _ => Err(self.malformed(WHAT)),
        }
    }

    /// ContentInfo (RFC 5652 §3): its type, and what is inside `[0]`.
    fn content<'a>(&self, info: AnyRef<'a>) -> Result<(ObjectIdentifier, AnyRef<'a>), KeystoreError> {
        const WHAT: &str = "a part of the file is no ContentInfo";
        match self.sequence(info, WHAT)?.as_slice() {
            [kind, content] => match (kind.decode_as(), tagged_0(*content)) {
                (Ok(kind), Some(content)) => Ok((kind, content)),
                _ => Err(self.malformed(WHAT)),
            },
            _ => Err(self.malformed(WHAT)),
        }
    }

    /// MacData (RFC 7292 §4, appendix A).
    fn check_mac(&self, safe: &[u8], mac: AnyRef<'_>) -> Result<(), KeystoreError> {
        const WHAT: &str = "the MAC is no MacData";
        let malformed = || self.malformed(WHAT);
        let fields = self.sequence(mac, WHAT)?;
        let (info, salt, rounds) = match fields.as_slice() {
            [info, salt] => (*info, *salt, 1),
            [info, salt, rounds] => (*info, *salt, rounds.decode_as::<u32>().map_err(|_| malformed())?),
            _ => return Err(malformed()),
        };
        let [algorithm, tag] = self.sequence(info, WHAT)?.try_into().map_err(|_| malformed())?;
        let algorithm = match self.sequence(algorithm, WHAT)?.as_slice() {
            [only] => *only,
            [first, parameters] if parameters.is_null() => *first,
            _ => return Err(malformed()),
        };
        let algorithm: ObjectIdentifier = algorithm.decode_as().map_err(|_| malformed())?;
        let (tag, salt) = octets(tag).zip(octets(salt)).ok_or_else(malformed)?;
        if rounds > MAX_PBKDF2_ROUNDS {
            let asked = format!("{rounds} rounds of the PKCS#12 derivation");
            return Err(KeystoreError::CostTooHigh { path: self.path.to_owned(), asked });
        }
        let good = match algorithm {
            SHA256 => mac_is::<Sha256>(self.passphrase, salt, rounds, safe, tag),
            SHA384 => mac_is::<Sha384>(self.passphrase, salt, rounds, safe, tag),
            SHA512 => mac_is::<Sha512>(self.passphrase, salt, rounds, safe, tag),
            other => return Err(self.old(format!("a MAC by {other}"))),
        };
        good.then_some(()).ok_or_else(|| KeystoreError::WrongPassphrase { path: self.path.to_owned() })
    }

    /// AuthenticatedSafe (RFC 7292 §4.1): what lies in its parts, decrypted.
    fn bags(&self, safe: &[u8]) -> Result<Bags, KeystoreError> {
        const WHAT: &str = "the safe is no list of parts";
        let safe = whole(safe).ok_or_else(|| self.malformed(WHAT))?;
        let mut bags = Bags::default();
        for part in self.sequence(safe, WHAT)? {
            let (kind, content) = self.content(part)?;
            match kind {
                DATA => {
                    let contents = octets(content).ok_or_else(|| self.malformed(WHAT))?;
                    self.collect(contents, &mut bags)?;
                }
                ENCRYPTED_DATA => {
                    let contents = self.decrypt(&self.encrypted(content)?, &mut bags)?;
                    self.collect(contents.as_bytes(), &mut bags)?;
                }
                other => return Err(self.old(format!("public-key encryption ({other})"))),
            }
        }
        Ok(bags)
    }

    /// EncryptedData (RFC 5652 §8), in the form of an EncryptedPrivateKeyInfo, which has the same two fields.
    fn encrypted(&self, data: AnyRef<'_>) -> Result<Vec<u8>, KeystoreError> {
        const WHAT: &str = "an encrypted part is no EncryptedData";
        let malformed = || self.malformed(WHAT);
        let fields = self.sequence(data, WHAT)?;
        let [_version, info, ..] = fields.as_slice() else { return Err(malformed()) };
        let [_kind, algorithm, content] = self.sequence(*info, WHAT)?.try_into().map_err(|_| malformed())?;
        // encryptedContent is [0] IMPLICIT OCTET STRING; in DER not cut into pieces.
        let bare = matches!(content.tag(), Tag::ContextSpecific { number, constructed: false } if number.value() == 0);
        let content = OctetStringRef::new(content.value()).ok().filter(|_| bare).ok_or_else(malformed)?;
        let both = [algorithm.to_der(), content.to_der()].into_iter().collect::<Result<Vec<_>, _>>();
        let both = both.map_err(|_| malformed())?.concat();
        AnyRef::new(Tag::Sequence, &both).and_then(|sequence| sequence.to_der()).map_err(|_| malformed())
    }

    fn decrypt(&self, encrypted: &[u8], bags: &mut Bags) -> Result<SecretDocument, KeystoreError> {
        bags.encrypted_parts += 1;
        if bags.encrypted_parts > MAX_ENCRYPTED_PARTS {
            return Err(self.malformed("more encrypted parts than a key and its certificates need"));
        }
        container::decrypt_der(encrypted, self.passphrase, self.path).map_err(|error| match error {
            KeystoreError::UnsupportedEncryption { found, .. } => self.old(found),
            // The MAC was right, so the passphrase is.
            KeystoreError::WrongPassphrase { .. } => self.malformed("an encrypted part does not open"),
            other => other,
        })
    }

    /// SafeContents (RFC 7292 §4.2).
    fn collect(&self, contents: &[u8], bags: &mut Bags) -> Result<(), KeystoreError> {
        const WHAT: &str = "a part of the safe is no list of bags";
        let malformed = || self.malformed(WHAT);
        for bag in self.sequence(whole(contents).ok_or_else(malformed)?, WHAT)? {
            let fields = self.sequence(bag, WHAT)?;
            let [kind, value, ..] = fields.as_slice() else { return Err(malformed()) };
            let kind: ObjectIdentifier = kind.decode_as().map_err(|_| malformed())?;
            let value = tagged_0(*value).ok_or_else(malformed)?;
            match kind {
                KEY_BAG => return Err(self.old("no encryption of the key")),
                SHROUDED_KEY_BAG => {
                    let encrypted = value.to_der().map_err(|_| malformed())?;
                    let key = self.decrypt(&encrypted, bags)?;
                    bags.keys.push(key);
                }
                CERTIFICATE_BAG => {
                    let [kind, certificate] = self.sequence(value, WHAT)?.try_into().map_err(|_| malformed())?;
                    let certificate = tagged_0(certificate).and_then(octets).ok_or_else(malformed)?;
                    if kind.decode_as::<ObjectIdentifier>() == Ok(X509_CERTIFICATE) {
                        bags.certificates.push(certificate.to_vec());
                    }
                    if bags.certificates.len() > MAX_CERTIFICATES {
                        return Err(KeystoreError::TooLarge { path: self.path.to_owned() });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What is inside an explicit `[0]`.
fn tagged_0(element: AnyRef<'_>) -> Option<AnyRef<'_>> {
    let is_0 = matches!(element.tag(), Tag::ContextSpecific { number, constructed: true } if number.value() == 0);
    whole(element.value()).filter(|_| is_0)
}

fn octets(element: AnyRef<'_>) -> Option<&[u8]> {
    (element.tag() == Tag::OctetString).then(|| element.value())
}

fn mac_is<D: EagerHash + Digest>(passphrase: &Passphrase, salt: &[u8], rounds: u32, safe: &[u8], tag: &[u8]) -> bool
where
    Hmac<D>: KeyInit + Mac,
{
    let key = mac_key::<D>(passphrase, salt, rounds);
    let Ok(mac) = <Hmac<D> as KeyInit>::new_from_slice(&key) else { return false };
    mac.chain_update(safe).verify_slice(tag).is_ok()
}

/// The key of the MAC (RFC 7292 appendix B.2 with ID 3): as long as the hash, so one turn of the outer loop.
fn mac_key<D: EagerHash + Digest>(passphrase: &Passphrase, salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
    const ID: u8 = 3;
    let block = if <D as Digest>::output_size() <= 32 { 64 } else { 128 };
    // The passphrase as a BMPString with its final zero (§B.1).
    let mut units: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(passphrase.as_bytes().len() * 2 + 2));
    units.extend(passphrase.as_str().encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
    let filled = |bytes: &[u8]| -> Zeroizing<Vec<u8>> {
        Zeroizing::new(bytes.iter().copied().cycle().take(bytes.len().next_multiple_of(block)).collect())
    };
    let first = D::new().chain_update(vec![ID; block]).chain_update(&*filled(salt)).chain_update(&*filled(&units));
    let mut key = Zeroizing::new(first.finalize().to_vec());
    for _ in 1..rounds {
        key = Zeroizing::new(D::digest(&*key).to_vec());
    }
    key
}
