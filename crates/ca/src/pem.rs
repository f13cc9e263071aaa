//! PEM (RFC 7468), for requests, keys and certificates in files.

use der::pem::{LineEnding, decode_vec, encode_string};

/// A DER document as one block with this label.
pub fn encode(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).expect("labels are plain ASCII, documents far below the limit")
}

/// Label and DER of a text with one block. Text before it is legal and skipped.
pub fn decode(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let (label, der) = decode_vec(text).ok()?;
    Some((label.to_owned(), der))
}
