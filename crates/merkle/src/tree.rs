//! Building a tree and reading paths from it.

use std::fmt;

use rs_merkle::{Hasher, MerkleTree};
use thiserror::Error;

use crate::{
    InclusionProof, LeafHash, MAX_LEAVES, Root,
    hash::{leaf_hash, node_hash},
};

/// Teaches `rs_merkle` the tagged hashes of RFC 6962; untagged, it would take a node for a leaf.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> Self::Hash {
        *leaf_hash(data).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        // RFC 6962 splits at the largest power of two, so a node without a sibling moves up as it is. Hashing it with
        // itself instead would let two different leaf lists share a root (CVE-2012-2459).
        right.map_or(*left, |right| node_hash(left, right))
    }
}

/// A complete tree over 1 to [`MAX_LEAVES`] leaves, held in memory with all its nodes (64 bytes a leaf).
#[derive(Clone)]
pub struct Tree {
    nodes: MerkleTree<Rfc6962>,
    root: Root,
    size: u32,
}

impl Tree {
    /// Builds the tree over `leaves`, whose order is the order of the batch.
    ///
    /// # Errors
    /// [`TreeError::Empty`] and [`TreeError::TooLarge`].
    pub fn new(leaves: &[LeafHash]) -> Result<Self, TreeError> {
        let size = match u32::try_from(leaves.len()) {
            Ok(0) => return Err(TreeError::Empty),
            Ok(size) if size <= MAX_LEAVES => size,
            _ => return Err(TreeError::TooLarge { leaves: leaves.len() }),
        };
        let hashes: Vec<[u8; 32]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        let nodes = MerkleTree::<Rfc6962>::from_leaves(&hashes);
        let root = Root::from_bytes(nodes.root().expect("a tree with at least one leaf has a root"));
        Ok(Self { nodes, root, size })
    }

    /// The Merkle tree hash of all leaves (RFC 6962 §2.1, MTH).
    #[must_use]
    pub const fn root(&self) -> Root {
        self.root
    }

    /// The number of leaves, 1 to [`MAX_LEAVES`].
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// A copy of the leaf hashes, in the order of the batch.
    pub(crate) fn leaves(&self) -> Vec<[u8; 32]> {
        self.nodes.leaves().expect("a tree has at least one leaf")
    }

    /// The audit path of the leaf at `index`, counted from 0 (RFC 6962 §2.1.1, PATH).
    ///
    /// # Errors
    /// [`TreeError::IndexOutOfRange`].
    pub fn path(&self, index: u32) -> Result<InclusionProof, TreeError> {
        if index >= self.size {
            return Err(TreeError::IndexOutOfRange { index, size: self.size });
        }
        let index_in_memory = usize::try_from(index).expect("an index below 65,536 fits every usize we build for");
        let path = self.nodes.proof(&[index_in_memory]).proof_hashes().to_vec();
        Ok(InclusionProof { index, size: self.size, path })
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("size", &self.size).field("root", &self.root).finish_non_exhaustive()
    }
}

/// Why a tree could not be built or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// No leaves: there is nothing to anchor.
    #[error("a tree needs at least one leaf")]
    Empty,
    /// More than [`MAX_LEAVES`] leaves: split them into several batches.
    #[error("{leaves} leaves are more than the {MAX_LEAVES} of one tree")]
    TooLarge {
        /// How many leaves were given.
        leaves: usize,
    },
    /// The tree has no leaf at this index.
    #[error("no leaf {index} in a tree of {size} leaves")]
    IndexOutOfRange {
        /// The index asked for, counted from 0.
        index: u32,
        /// The number of leaves in the tree.
        size: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_tree_is_refused() {
        assert_eq!(Tree::new(&[]).unwrap_err(), TreeError::Empty);
    }

    #[test]
    fn a_full_tree_builds_and_one_leaf_more_is_refused() {
        let full = usize::try_from(MAX_LEAVES).unwrap();
        let leaves: Vec<_> = (0..=MAX_LEAVES).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let tree = Tree::new(&leaves[..full]).unwrap();
        assert_eq!((tree.size(), tree.path(0).unwrap().path.len()), (MAX_LEAVES, crate::MAX_PATH));
        assert_eq!(Tree::new(&leaves).unwrap_err(), TreeError::TooLarge { leaves: full + 1 });
    }

    #[test]
    fn a_path_beyond_the_last_leaf_is_refused() {
        let tree = Tree::new(&[leaf_hash(b"only")]).unwrap();
        assert!(tree.path(0).unwrap().path.is_empty());
        assert_eq!(tree.path(1).unwrap_err(), TreeError::IndexOutOfRange { index: 1, size: 1 });
    }

    #[test]
    fn debug_output_stays_short() {
        let tree = Tree::new(&[leaf_hash(b"")]).unwrap();
        let root = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(format!("{tree:?}"), format!("Tree {{ size: 1, root: Root({root}), .. }}"));
    }
}
