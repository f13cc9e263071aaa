//! Digests, identifiers and secrets as they are written in JSON: base64url without padding (RFC 4648 §5), one spelling
//! only (a set bit in the unused tail of the last character is refused).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// Text that is not the one base64url spelling of bytes of the expected length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding, or not of the expected length")]
pub struct EncodingError;

/// Bytes as base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text without padding.
///
/// # Errors
/// For padding, white space, characters of the other alphabet, and non-zero unused bits.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, EncodingError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EncodingError)
}

/// A fixed number of bytes of a certain meaning, shown and stored as base64url.
macro_rules! bytes_newtype {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Wraps the bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = EncodingError;
            fn from_str(text: &str) -> Result<Self, EncodingError> {
                from_base64url(text)?.try_into().map(Self).map_err(|_| EncodingError)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base64url(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

bytes_newtype!(
    /// A SHA-256 digest.
    Sha256Digest,
    32
);
bytes_newtype!(
    /// The identity of a record, an appointment or any other thing with a status: 128 random bits, the same in all
    /// versions. Says nothing about the pupil.
    RecordId,
    16
);
bytes_newtype!(
    /// A salt of one disclosure: 128 bits, as RFC 9901 §9.3 recommends.
    Salt,
    16
);

impl Sha256Digest {
    /// SHA-256 of the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Lowercase hex, for places that speak hex (the chain, file names).
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_spelling_of_each_value() {
        let digest = Sha256Digest::of(b"");
        let text = digest.to_string();
        assert_eq!(text, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!(text.parse(), Ok(digest));
        for other in [
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV",
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF",
            " 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        ] {
            assert_eq!(other.parse::<Sha256Digest>(), Err(EncodingError), "{other}");
        }
    }
}
