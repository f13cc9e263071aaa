//! The keys of `keys-example/`, recognised by fingerprint. Their private halves are published, so whatever they sign
//! proves nothing; a verifier that meets one says DEMO, and a signer outside demo mode refuses it.

use hocba_record::encoding::Sha256Digest;

const FINGERPRINTS: &str = include_str!("../../../keys-example/fingerprints.txt");

/// The name of an example key, by the SHA-256 of its SubjectPublicKeyInfo; `None` for any other key.
pub fn key_name(spki_sha256: &Sha256Digest) -> Option<&'static str> {
    let fingerprint = spki_sha256.to_hex();
    FINGERPRINTS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| line.split_once(' ').filter(|(digest, _)| *digest == fingerprint))
        .map(|(_, name)| name.trim())
}
