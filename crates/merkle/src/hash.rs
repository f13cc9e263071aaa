//! The two hash functions of the tree, and the types that keep their results apart.

use std::fmt;

use sha2::{Digest, Sha256};

/// Domain tag of a leaf (RFC 6962 §2.1).
const LEAF_TAG: [u8; 1] = [0x00];
/// Domain tag of an inner node (RFC 6962 §2.1).
const NODE_TAG: [u8; 1] = [0x01];

/// A leaf and a root are both 32 bytes of SHA-256; as types of their own they cannot be passed for each other.
macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            bytes: [u8; 32],
        }

        impl $name {
            /// Takes 32 bytes that came from outside: a receipt, the chain, a store. Nothing is checked, any 32 bytes
            /// could be a SHA-256.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self { bytes }
            }

            /// The 32 bytes of the digest.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.bytes
            }
        }

        /// 64 lowercase hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

digest_type! {
    /// The hash of one leaf: `SHA-256(0x00 || bytes)`. Made by [`leaf_hash`].
    LeafHash
}

digest_type! {
    /// The hash at the top of a tree.
    ///
    /// A root alone does not say how many leaves are below it; keep it together with the size, as the anchor does.
    Root
}

/// Hashes the bytes of one leaf: `SHA-256(0x00 || bytes)` (RFC 6962 §2.1).
///
/// `bytes` are taken as they are; for a signed statement the caller passes its canonical form.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> LeafHash {
    LeafHash { bytes: Sha256::new().chain_update(LEAF_TAG).chain_update(bytes).finalize().into() }
}

/// Hashes two children: `SHA-256(0x01 || left || right)` (RFC 6962 §2.1).
pub(crate) fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(NODE_TAG).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_print_as_lowercase_hex() {
        let leaf = leaf_hash(b"");
        let hex = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(leaf.to_string(), hex);
        assert_eq!(format!("{leaf:?}"), format!("LeafHash({hex})"));
        assert_eq!(format!("{:?}", Root::from_bytes(*leaf.as_bytes())), format!("Root({hex})"));
    }

    #[test]
    fn a_node_cannot_pass_as_a_leaf() {
        let (left, right) = ([1; 32], [2; 32]);
        let both = [left, right].concat();
        assert_ne!(leaf_hash(&both).as_bytes(), &node_hash(&left, &right));
    }
}
