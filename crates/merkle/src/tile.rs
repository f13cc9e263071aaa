//! Nodes to store, so that a path is read and not rebuilt.
//!
//! A full tree has 131,071 nodes, and a path needs at most 16 of them. Storing each node alone would make 131,071 rows a
//! batch; storing none means rebuilding 65,535 of them for every proof. Tiles are the middle way of transparency logs
//! (C2SP [tlog-tiles]): 256 neighbours of one level in one piece of 8 KiB, from which the seven levels above them are
//! hashed again when they are needed, 255 hashes.
//!
//! Level *k* of the tree is an array: entry *j* is the hash over leaves `j * 2^k` up to, and without,
//! `min((j + 1) * 2^k, size)`. Tile `(level, number)` holds entries `256 * number` onwards of that array. Only levels 0
//! and 8 are stored: with [`MAX_LEAVES`] leaves level 8 has 256 entries, which is one tile, and the root is hashed from
//! it. A tree of at most 256 leaves needs no level 8.
//!
//! One thing differs from tlog-tiles: a log grows, so its tiles hold complete subtrees only; a batch is closed when it
//! is hashed, so its last entry may stand for fewer than 256 leaves.
//!
//! [tlog-tiles]: https://c2sp.org/tlog-tiles

use std::fmt;

use thiserror::Error;

use crate::{InclusionProof, MAX_LEAVES, Root, Tree, TreeError, hash::node_hash};

/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u8 = 8;

/// Most hashes in one tile, 2^[`TILE_HEIGHT`]: 256 of 32 bytes are 8 KiB, two pages of a database.
pub const TILE_WIDTH: u32 = 1 << TILE_HEIGHT;

/// [`TILE_WIDTH`] for counting things in memory.
const WIDTH: usize = 1 << TILE_HEIGHT;

// One tile of level 8 covers the largest tree; with more leaves level 16 would be needed.
const _: () = assert!(MAX_LEAVES == TILE_WIDTH * TILE_WIDTH);

/// The name of a tile within one tree: what a store keys it by, beside the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// The level its hashes belong to, counted from the leaves: 0 or [`TILE_HEIGHT`].
    pub level: u8,
    /// Its place on that level, counted from 0.
    pub number: u32,
}

impl TileId {
    /// The tile of leaf hashes that has leaf `index`.
    const fn of_leaf(index: u32) -> Self {
        Self { level: 0, number: index / TILE_WIDTH }
    }

    /// The one tile above those of the leaves.
    const TOP: Self = Self { level: TILE_HEIGHT, number: 0 };

    /// How many hashes the tile has in a tree of `size` leaves, 1 to [`TILE_WIDTH`]; 0 where that tree has no such tile.
    #[must_use]
    pub const fn width(self, size: u32) -> u32 {
        let entries = match self.level {
            _ if size > MAX_LEAVES => 0,
            0 => size,
            TILE_HEIGHT if size > TILE_WIDTH => size.div_ceil(TILE_WIDTH),
            _ => 0,
        };
        let before = self.number.saturating_mul(TILE_WIDTH);
        let left = entries.saturating_sub(before);
        if left < TILE_WIDTH { left } else { TILE_WIDTH }
    }
}

/// `8/0`: level and number.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, self.number)
    }
}

/// A tile as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The level its hashes belong to, counted from the leaves: 0 or [`TILE_HEIGHT`].
    pub level: u8,
    /// Its place on that level, counted from 0.
    pub number: u32,
    /// 1 to [`TILE_WIDTH`] neighbours of the level, from left to right, 32 bytes each.
    pub hashes: Vec<[u8; 32]>,
}

impl Tile {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> TileId {
        TileId { level: self.level, number: self.number }
    }
}

/// Why tiles gave no path or no root.
///
/// All but the first mean that the store is incomplete or damaged. The tiles can be made again from the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TileError {
    /// There is no such tree, or no such leaf in it.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The store does not have a tile of the tree.
    #[error("tile {tile} is missing")]
    Missing {
        /// The tile asked for.
        tile: TileId,
    },
    /// The store gave a tile of another tree, or a piece of one.
    #[error("tile {tile} has {found} hashes, this tree needs {needed}")]
    WrongLength {
        /// The tile asked for.
        tile: TileId,
        /// Hashes given.
        found: usize,
        /// Hashes that the tree's size calls for.
        needed: u32,
    },
    /// The hashes of a tile do not lead to the one that the tile above has in their place.
    #[error("tile {tile} does not belong below the tile above it")]
    Disagree {
        /// The lower of the two tiles; either may be the damaged one.
        tile: TileId,
    },
}

impl Tree {
    /// All tiles to store: those of the leaves from left to right, then the one above them if there is one.
    ///
    /// A full tree has 257 tiles of 8 KiB, 2.1 MB. The hashes of level 8 are computed again, because the library keeps
    /// its nodes to itself: as many hashes as building the tree took.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> + use<> {
        let leaves = self.leaves();
        let above: Vec<[u8; 32]> =
            if leaves.len() > WIDTH { leaves.chunks(WIDTH).map(|tile| climb(tile, 0).1).collect() } else { Vec::new() };
        let lower =
            (0..).zip(leaves.chunks(WIDTH)).map(|(number, hashes)| Tile { level: 0, number, hashes: hashes.to_vec() });
        let upper = (!above.is_empty()).then_some(Tile { level: TILE_HEIGHT, number: 0, hashes: above });
        lower.chain(upper).collect::<Vec<_>>().into_iter()
    }
}

/// The tiles that [`path_from_tiles`] asks for: one or two. To be read from a store in one go.
///
/// # Errors
/// [`TreeError`], where there is no leaf `index` in any tree of `size` leaves.
pub fn tiles_needed(index: u32, size: u32) -> Result<Vec<TileId>, TreeError> {
    check_size(size)?;
    if index >= size {
        return Err(TreeError::IndexOutOfRange { index, size });
    }
    let mut tiles = vec![TileId::of_leaf(index)];
    if size > TILE_WIDTH {
        tiles.push(TileId::TOP);
    }
    Ok(tiles)
}

/// The audit path of leaf `index` in a tree of `size` leaves, the same as [`Tree::path`] gives, from its stored tiles.
///
/// `get` gives the hashes of a tile, or `None` where the store has none; it is asked once for each of [`tiles_needed`].
/// At most 510 hashes are computed, however large the tree.
///
/// A store can be wrong, and this function does not know the root: whoever hands the proof out first checks it with
/// [`verify_inclusion`](crate::verify_inclusion) against the anchored root and size.
///
/// ```
/// use std::collections::BTreeMap;
/// use hocba_merkle::{Tree, leaf_hash, path_from_tiles, root_from_tiles, tiles_needed};
///
/// let leaves: Vec<_> = (0..1000_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
/// let tree = Tree::new(&leaves)?;
/// // When the batch is closed: four tiles of leaves and one above them.
/// let store: BTreeMap<_, _> = tree.tiles().map(|tile| (tile.id(), tile.hashes)).collect();
/// assert_eq!(store.len(), 5);
///
/// // When a proof is asked for: two of them are read.
/// assert_eq!(tiles_needed(700, 1000)?.len(), 2);
/// let proof = path_from_tiles(700, 1000, |tile| store.get(&tile).cloned())?;
/// assert_eq!(proof, tree.path(700)?);
/// assert_eq!(root_from_tiles(1000, |tile| store.get(&tile).cloned())?, tree.root());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// One [`TileError`] per way to be wrong. That a tile's own hashes are the right ones is only seen where another tile
/// speaks of them ([`TileError::Disagree`]); otherwise the proof does not verify.
pub fn path_from_tiles(
    index: u32,
    size: u32,
    mut get: impl FnMut(TileId) -> Option<Vec<[u8; 32]>>,
) -> Result<InclusionProof, TileError> {
    let mut path = Vec::new();
    let mut place = index;
    let mut below: Option<(TileId, [u8; 32])> = None;
    for tile in tiles_needed(index, size)? {
        let hashes = fetch(tile, size, &mut get)?;
        let inside = usize::try_from(place % TILE_WIDTH).expect("below 256");
        if let Some((lower, top)) = below
            && hashes.get(inside) != Some(&top)
        {
            return Err(TileError::Disagree { tile: lower });
        }
        let (siblings, top) = climb(&hashes, inside);
        path.extend(siblings);
        below = Some((tile, top));
        place /= TILE_WIDTH;
    }
    Ok(InclusionProof { index, size, path })
}

/// The root of a tree of `size` leaves from its topmost tile: at most 255 hashes.
///
/// It says that this tile is the one of the anchored root, not that the tiles below it are right.
///
/// # Errors
/// [`TileError::Tree`], [`TileError::Missing`] and [`TileError::WrongLength`].
pub fn root_from_tiles(size: u32, mut get: impl FnMut(TileId) -> Option<Vec<[u8; 32]>>) -> Result<Root, TileError> {
    check_size(size)?;
    let tile = if size > TILE_WIDTH { TileId::TOP } else { TileId::of_leaf(0) };
    Ok(Root::from_bytes(climb(&fetch(tile, size, &mut get)?, 0).1))
}

fn check_size(size: u32) -> Result<(), TreeError> {
    match size {
        0 => Err(TreeError::Empty),
        size if size > MAX_LEAVES => Err(TreeError::TooLarge { leaves: usize::try_from(size).unwrap_or(usize::MAX) }),
        _ => Ok(()),
    }
}

/// A tile from the store, as wide as the tree wants it.
fn fetch(
    tile: TileId,
    size: u32,
    get: &mut impl FnMut(TileId) -> Option<Vec<[u8; 32]>>,
) -> Result<Vec<[u8; 32]>, TileError> {
    let hashes = get(tile).ok_or(TileError::Missing { tile })?;
    let needed = tile.width(size);
    if u32::try_from(hashes.len()) != Ok(needed) {
        return Err(TileError::WrongLength { tile, found: hashes.len(), needed });
    }
    Ok(hashes)
}

/// The siblings of the entry at `place` from this level up to where one hash is left, and that hash.
///
/// Needs at least one hash and a place among them. A node without a right sibling moves up as it is and adds nothing to
/// the path, as in the tree itself.
fn climb(hashes: &[[u8; 32]], mut place: usize) -> (Vec<[u8; 32]>, [u8; 32]) {
    let mut level = hashes.to_vec();
    let mut siblings = Vec::new();
    while level.len() > 1 {
        siblings.extend(level.get(place ^ 1));
        level = level
            .chunks(2)
            .map(|pair| if let [left, right] = pair { node_hash(left, right) } else { pair[0] })
            .collect();
        place /= 2;
    }
    (siblings, level[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_is_as_wide_as_the_tree_has_entries_for_it() {
        let width = |level, number, size| TileId { level, number }.width(size);
        assert_eq!([width(0, 0, 1), width(0, 0, 256), width(0, 0, 257), width(0, 1, 257)], [1, 256, 256, 1]);
        assert_eq!([width(8, 0, 256), width(8, 0, 257), width(8, 0, 1000), width(8, 0, MAX_LEAVES)], [0, 2, 4, 256]);
        assert_eq!([width(0, 1, 256), width(8, 1, MAX_LEAVES), width(16, 0, MAX_LEAVES), width(1, 0, 600)], [0; 4]);
        assert_eq!([width(0, u32::MAX, u32::MAX), width(8, 0, u32::MAX), width(0, 0, 0)], [0; 3]);
    }

    #[test]
    fn tiles_are_named_by_level_and_number() {
        assert_eq!(TileId { level: 8, number: 0 }.to_string(), "8/0");
        let needed =
            |index, size| tiles_needed(index, size).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(needed(255, 256), Ok(vec!["0/0".to_owned()]));
        assert_eq!(needed(256, 257), Ok(vec!["0/1".to_owned(), "8/0".to_owned()]));
        assert_eq!(needed(MAX_LEAVES - 1, MAX_LEAVES), Ok(vec!["0/255".to_owned(), "8/0".to_owned()]));
        assert_eq!(needed(0, 0), Err(TreeError::Empty));
        assert_eq!(needed(5, 5), Err(TreeError::IndexOutOfRange { index: 5, size: 5 }));
        assert!(matches!(needed(0, MAX_LEAVES + 1), Err(TreeError::TooLarge { .. })));
        assert!(matches!(needed(u32::MAX, u32::MAX), Err(TreeError::TooLarge { .. })));
    }
}
