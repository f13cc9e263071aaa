//! List mode: one signature over a list of statements, for tokens that make three signatures a second and services that
//! bill each one (`docs/spec/statement.md` §6).
//!
//! A signer signs the Merkle root of the list, as a JWS whose payload is root and size. Each statement of the list
//! carries that signature and its own place and path, so it stands alone: whoever has one statement learns how long the
//! list was, and nothing else of the others.
//!
//! A leaf holds the digest of the statement's payload and the `prev` that a header would hold in mode `each`, so a
//! countersigner signs what was signed before in either mode, and lists of different signers need not be the same.

use hocba_merkle::{InclusionError, InclusionProof, LeafHash, Root, Tree, TreeError, leaf_hash, root_of_path};
use hocba_record::{canonical, encoding::Sha256Digest};
use serde::{Deserialize, Serialize};

/// Most statements that one signature covers: a class list has fewer than 60, a principal's year about 2,000.
pub const MAX_LIST: usize = 4096;

/// What a list signature is over: the root and the size of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ListPayload {
    root: Sha256Digest,
    size: u32,
}

impl ListPayload {
    fn new(root: &Root, size: u32) -> Self {
        Self { root: Sha256Digest::from_bytes(*root.as_bytes()), size }
    }

    /// The canonical bytes, as signed.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a digest and a small integer")
    }
}

/// Where a statement is in a list that was signed as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPlace {
    /// Place in the list, 0-based.
    pub index: u32,
    /// RFC 9162 audit path, bottom up.
    pub path: Vec<Sha256Digest>,
    /// Number of statements in the list.
    pub size: u32,
}

/// What a leaf of the list is the hash of.
#[derive(Serialize)]
struct Leaf<'a> {
    payload: Sha256Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<&'a Sha256Digest>,
}

/// The leaf of a statement with this payload and, from the second signer on, this digest of the entry before.
pub(crate) fn leaf(payload: &[u8], prev: Option<&Sha256Digest>) -> LeafHash {
    let leaf = Leaf { payload: Sha256Digest::of(payload), prev };
    leaf_hash(&canonical::to_vec(&leaf).expect("digests only"))
}

impl ListPlace {
    /// The payload of the JWS that a list is signed as, if a statement with this payload and, from the second signer on,
    /// this digest of the entry before is at this place. For whoever shows a list before it is signed.
    ///
    /// # Errors
    /// If index, size and path do not go together.
    pub fn signed_payload(&self, payload: &[u8], prev: Option<&Sha256Digest>) -> Result<Vec<u8>, InclusionError> {
        self.payload(&leaf(payload, prev)).map(|payload| payload.to_bytes())
    }

    /// The payload that the list's signature is over, if this leaf is at this place.
    pub(crate) fn payload(&self, leaf: &LeafHash) -> Result<ListPayload, InclusionError> {
        let path = self.path.iter().map(|node| *node.as_bytes()).collect();
        let root = root_of_path(leaf, &InclusionProof { index: self.index, size: self.size, path })?;
        Ok(ListPayload::new(&root, self.size))
    }
}

/// The list's payload and the place of each leaf.
pub(crate) fn places(leaves: &[LeafHash]) -> Result<(ListPayload, Vec<ListPlace>), TreeError> {
    let tree = Tree::new(leaves)?;
    let place = |index| {
        let proof = tree.path(index)?;
        let path = proof.path.into_iter().map(Sha256Digest::from_bytes).collect();
        Ok(ListPlace { index, path, size: tree.size() })
    };
    let places = (0..tree.size()).map(place).collect::<Result<_, TreeError>>()?;
    Ok((ListPayload::new(&tree.root(), tree.size()), places))
}
