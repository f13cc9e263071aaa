//! Merkle trees over the bytes of signed statements: build a batch, hand out a path, check a path; and the tiles in which
//! a batch's nodes are stored ([`Tree::tiles`], [`path_from_tiles`]), so that no batch is rebuilt for a proof.
//!
//! A batch of leaves becomes one 32-byte root, which is what the chain records. Each leaf then needs only a short path
//! to show that it was in the batch.
//!
//! What this crate does not do: it knows nothing of transcripts, of signatures, or of which root is the true one. It
//! proves "this leaf is at this place under this root of this size"; whoever calls it says where root and size come
//! from. It reads no clock, no file and no randomness.
//!
//! Specification: the tree of [RFC 6962 §2.1] (the same as RFC 9162 §2.1.1) with SHA-256:
//!
//! - leaf: `SHA-256(0x00 || bytes)`
//! - node: `SHA-256(0x01 || left || right)`
//! - a node without a right sibling is promoted unchanged to the next level
//! - path: siblings from the leaf upwards, checked as in [RFC 9162 §2.1.3.2]
//!
//! The two tags keep a node from passing as a leaf. Trees hold 1 to [`MAX_LEAVES`] leaves; the empty tree, which the
//! RFC gives the hash of the empty string, does not exist here: there is no batch of nothing to anchor.
//!
//! ```
//! use hocba_merkle::{Tree, leaf_hash, verify_inclusion};
//!
//! let leaves: Vec<_> = ["An", "Bình", "Chi"].iter().map(|name| leaf_hash(name.as_bytes())).collect();
//! let tree = Tree::new(&leaves)?;
//! let (root, size) = (tree.root(), tree.size()); // what the chain records
//!
//! let proof = tree.path(1)?; // what travels beside the second leaf
//! assert_eq!(verify_inclusion(&leaf_hash("Bình".as_bytes()), &proof, &root, size), Ok(()));
//! assert!(verify_inclusion(&leaf_hash("Bính".as_bytes()), &proof, &root, size).is_err());
//! # Ok::<(), hocba_merkle::TreeError>(())
//! ```
//!
//! [RFC 6962 §2.1]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1
//! [RFC 9162 §2.1.3.2]: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2

mod hash;
mod inclusion;
mod tile;
mod tree;

pub use hash::{LeafHash, Root, leaf_hash};
pub use inclusion::{InclusionError, InclusionProof, root_of_path, verify_inclusion};
pub use tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError, TileId, path_from_tiles, root_from_tiles, tiles_needed};
pub use tree::{Tree, TreeError};

/// Most leaves one tree may hold.
///
/// The country has some 18 million pupils and each has one year record a year: 18,000,000 / 65,536 < 275 batches carry
/// all of them. At this size a tree builds in about 26 ms, and a path has at most 16 nodes (512 bytes).
pub const MAX_LEAVES: u32 = 1 << MAX_PATH;

/// Most nodes a path may hold: the height of a tree of [`MAX_LEAVES`] leaves, log2(65,536) = 16.
pub const MAX_PATH: usize = 16;
