//! The published example keys, by fingerprint.

/// Written by `cargo xtask keys-example`: one line each, `<64 hex digits> <name>`, sorted.
const FINGERPRINTS: &str = include_str!("../../../keys-example/fingerprints.txt");

/// The name of the example key with this fingerprint, or `None` if it is not one of them.
///
/// The fingerprint is the SHA-256 of the DER SubjectPublicKeyInfo for Ed25519 keys, and of the 65 bytes of the
/// uncompressed point for secp256k1 keys.
#[must_use]
pub fn is_example_key(fingerprint: &[u8; 32]) -> Option<&'static str> {
    let wanted = hex::encode(fingerprint);
    FINGERPRINTS.lines().filter_map(|line| line.split_once(' ')).find(|(hex, _)| *hex == wanted).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_fingerprint_and_a_name_in_order() {
        let lines: Vec<&str> = FINGERPRINTS.lines().collect();
        assert!(lines.len() >= 19, "the list lost its keys: {} lines", lines.len());
        assert!(lines.is_sorted());
        for line in lines {
            let (hex, name) = line.split_once(' ').unwrap();
            let fingerprint: [u8; 32] = hex::decode(hex).unwrap().try_into().unwrap();
            assert_eq!(hex::encode(fingerprint), hex, "lowercase, or the comparison never matches");
            assert_eq!(is_example_key(&fingerprint), Some(name));
        }
    }

    #[test]
    fn other_keys_are_not_examples() {
        assert_eq!(is_example_key(&[0; 32]), None);
    }
}
