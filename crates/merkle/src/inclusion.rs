//! Checking a path. Ours and not the library's: `rs_merkle` 1.5 accepts surplus nodes after a good path, so the same
//! statement would have endless proofs and a digest of the proof would mean nothing.

use thiserror::Error;

use crate::{LeafHash, MAX_LEAVES, Root, hash::node_hash};

/// A claim from outside that a leaf is at `index` of a tree of `size` leaves, with the nodes that should show it.
///
/// Plain data: any field may hold anything until [`verify_inclusion`] has agreed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InclusionProof {
    /// Place of the leaf, counted from 0.
    pub index: u32,
    /// Number of leaves in the tree.
    pub size: u32,
    /// Siblings from the leaf upwards; at most [`MAX_PATH`](crate::MAX_PATH) of 32 bytes each.
    pub path: Vec<[u8; 32]>,
}

/// Why a path does not show that the leaf is in the tree.
///
/// None of these is a passing trouble: the same input fails again. They differ in whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InclusionError {
    /// The proof speaks of a tree without leaves.
    #[error("the proof is for an empty tree")]
    SizeZero,
    /// The proof speaks of a tree larger than any this system makes.
    #[error("the proof is for {size} leaves, more than the {MAX_LEAVES} of one tree")]
    SizeTooLarge {
        /// Leaves claimed by the proof.
        size: u32,
    },
    /// The proof is for another tree than the one that was recorded.
    #[error("the proof is for {found} leaves, the tree has {expected}")]
    SizeDiffers {
        /// Leaves claimed by the proof.
        found: u32,
        /// Leaves recorded together with the root.
        expected: u32,
    },
    /// The index points beyond the last leaf.
    #[error("no leaf {index} in a tree of {size} leaves")]
    IndexOutOfRange {
        /// Index claimed by the proof, counted from 0.
        index: u32,
        /// Leaves claimed by the proof.
        size: u32,
    },
    /// The path ends before it reaches the root.
    #[error("the path has {found} nodes, this place needs {needed}")]
    MissingNodes {
        /// Nodes in the proof.
        found: usize,
        /// Nodes that index and size call for.
        needed: usize,
    },
    /// The path goes on after it has reached the root.
    #[error("the path has {found} nodes, this place needs only {needed}")]
    SurplusNodes {
        /// Nodes in the proof.
        found: usize,
        /// Nodes that index and size call for.
        needed: usize,
    },
    /// Everything has the right shape, but leaf and path lead to another root.
    #[error("leaf and path lead to another root")]
    RootMismatch,
}

/// Checks that `leaf` is at `proof.index` of the tree with this `root` and `expected_size` (RFC 9162 §2.1.3.2).
///
/// `root` and `expected_size` come from the anchor, never from the proof. Both are needed: one path can be right for
/// trees of several sizes, so the root alone does not fix where the leaf stands. Memory use is constant and time is at
/// most 16 hashes, however large the input; a wrong shape is refused before anything is hashed.
///
/// # Errors
/// One [`InclusionError`] per way to be wrong, in the order of that type.
pub fn verify_inclusion(
    leaf: &LeafHash,
    proof: &InclusionProof,
    root: &Root,
    expected_size: u32,
) -> Result<(), InclusionError> {
    // A size that no tree has is told before one that this tree has not.
    check_size(proof.size)?;
    if proof.size != expected_size {
        return Err(InclusionError::SizeDiffers { found: proof.size, expected: expected_size });
    }
    if root_of_path(leaf, proof)? == *root { Ok(()) } else { Err(InclusionError::RootMismatch) }
}

/// The root of the tree of `proof.size` leaves that has `leaf` at `proof.index`, if the path is right.
///
/// For a root that comes with a proof of its own, such as a signature over root *and* size; anywhere else,
/// [`verify_inclusion`] is what is wanted.
///
/// # Errors
/// A wrong shape; never `SizeDiffers` and `RootMismatch`.
pub fn root_of_path(leaf: &LeafHash, proof: &InclusionProof) -> Result<Root, InclusionError> {
    let &InclusionProof { index, size, ref path } = proof;
    check_size(size)?;
    if index >= size {
        return Err(InclusionError::IndexOutOfRange { index, size });
    }
    // Steps 4a and 5 of the RFC stop when `last` is 0 too early or too late. Counting first says the same, and lets
    // the error tell what was needed.
    let (found, needed) = (path.len(), path_length(index, size));
    if found < needed {
        return Err(InclusionError::MissingNodes { found, needed });
    }
    if found > needed {
        return Err(InclusionError::SurplusNodes { found, needed });
    }

    // `place` and `last` are the RFC's fn and sn: where we stand on this level, and where the level ends.
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf.as_bytes();
    for sibling in path {
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            // The last node of a level without a right sibling was promoted: go up to where it met a left one.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    Ok(Root::from_bytes(hash))
}

const fn check_size(size: u32) -> Result<(), InclusionError> {
    match size {
        0 => Err(InclusionError::SizeZero),
        size if size > MAX_LEAVES => Err(InclusionError::SizeTooLarge { size }),
        _ => Ok(()),
    }
}

/// How many nodes the path of leaf `index` has in a tree of `size` leaves; needs `index < size <= MAX_LEAVES`.
///
/// Up to the level where the leaf's way and the last leaf's way meet there is a sibling on every level. From there on
/// the leaf is on the right edge, where only a set bit of the index has a (left) sibling.
const fn path_length(index: u32, size: u32) -> usize {
    let below = u32::BITS - (index ^ (size - 1)).leading_zeros();
    let edge = (index >> below).count_ones();
    (below + edge) as usize
}
