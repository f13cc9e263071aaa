//! Paths read from tiles against paths read from the tree; and what happens when a store is wrong.

use std::collections::BTreeMap;

use hocba_merkle::{
    LeafHash, MAX_LEAVES, TILE_WIDTH, TileError, TileId, Tree, TreeError, leaf_hash, path_from_tiles, root_from_tiles,
    tiles_needed, verify_inclusion,
};
use proptest::prelude::*;

type Store = BTreeMap<TileId, Vec<[u8; 32]>>;

fn leaves(size: u32) -> Vec<LeafHash> {
    (0..size).map(|n| leaf_hash(format!("leaf {n}").as_bytes())).collect()
}

fn stored(size: u32) -> (Vec<LeafHash>, Tree, Store) {
    let leaves = leaves(size);
    let tree = Tree::new(&leaves).expect("1 to 65,536 leaves");
    let store = tree.tiles().map(|tile| (tile.id(), tile.hashes)).collect();
    (leaves, tree, store)
}

fn path(index: u32, size: u32, store: &Store) -> Result<hocba_merkle::InclusionProof, TileError> {
    path_from_tiles(index, size, |tile| store.get(&tile).cloned())
}

fn the_tiles_give_what_the_tree_gives(size: u32, indices: impl IntoIterator<Item = u32>) {
    let (leaves, tree, store) = stored(size);
    for index in indices {
        let proof = path(index, size, &store).expect("all tiles are there");
        assert_eq!(proof, tree.path(index).expect("in range"), "leaf {index} of {size}");
        assert_eq!(verify_inclusion(&leaves[index as usize], &proof, &tree.root(), size), Ok(()));
    }
    assert_eq!(root_from_tiles(size, |tile| store.get(&tile).cloned()), Ok(tree.root()), "{size} leaves");
}

#[test]
fn tiles_give_the_path_of_every_leaf_around_the_widths_of_a_tile() {
    for size in (1..=20).chain([127, 128, 129, 255, 256, 257, 258, 383, 384, 511, 512, 513, 600, 699, 700]) {
        the_tiles_give_what_the_tree_gives(size, 0..size);
    }
}

#[test]
fn tiles_give_paths_of_the_largest_tree() {
    let size = MAX_LEAVES;
    the_tiles_give_what_the_tree_gives(size, [0, 1, 255, 256, 257, 12_345, 32_767, 32_768, 65_279, 65_280, size - 1]);
    the_tiles_give_what_the_tree_gives(size - 1, [0, 65_279, 65_280, size - 2]);
}

#[test]
fn tiles_come_in_the_order_of_levels_and_have_the_width_the_size_calls_for() {
    for size in [1, 255, 256, 257, 513, 700, MAX_LEAVES] {
        let tiles: Vec<_> = Tree::new(&leaves(size)).expect("a tree").tiles().collect();
        let lower = size.div_ceil(TILE_WIDTH);
        let expected: Vec<TileId> = (0..lower)
            .map(|number| TileId { level: 0, number })
            .chain((lower > 1).then_some(TileId { level: 8, number: 0 }))
            .collect();
        assert_eq!(tiles.iter().map(hocba_merkle::Tile::id).collect::<Vec<_>>(), expected);
        for tile in &tiles {
            assert_eq!(u32::try_from(tile.hashes.len()), Ok(tile.id().width(size)), "tile {} of {size}", tile.id());
        }
    }
}

#[test]
fn only_the_tiles_that_were_announced_are_asked_for() {
    let (_, _, store) = stored(700);
    for index in [0, 300, 699] {
        let mut asked = Vec::new();
        path_from_tiles(index, 700, |tile| {
            asked.push(tile);
            store.get(&tile).cloned()
        })
        .expect("all tiles are there");
        assert_eq!(Ok(asked), tiles_needed(index, 700));
    }
}

#[test]
fn a_missing_tile_is_named() {
    for size in [100, 700] {
        for tile in tiles_needed(90, size).expect("in range") {
            let (_, _, mut store) = stored(size);
            store.remove(&tile);
            assert_eq!(path(90, size, &store), Err(TileError::Missing { tile }));
        }
    }
    let missing = TileId { level: 8, number: 0 };
    assert_eq!(root_from_tiles(700, |_| None), Err(TileError::Missing { tile: missing }));
}

#[test]
fn a_tile_of_the_wrong_length_is_refused() {
    let (_, _, store) = stored(700);
    // Leaf 650 is in the last tile, which has 700 - 512 hashes.
    for (level, number, needed) in [(0, 2, 188_u32), (8, 0, 3)] {
        let tile = TileId { level, number };
        for found in [0, needed - 1, needed + 1, 256, 257] {
            let mut store = store.clone();
            store.get_mut(&tile).expect("there").resize(found as usize, [7; 32]);
            let expected = TileError::WrongLength { tile, found: found as usize, needed };
            assert_eq!(path(650, 700, &store), Err(expected), "{tile} with {found} hashes");
        }
    }
    let short = root_from_tiles(700, |_| Some(vec![[0; 32]; 2]));
    assert!(matches!(short, Err(TileError::WrongLength { found: 2, needed: 3, .. })), "{short:?}");
}

#[test]
fn a_tile_of_another_batch_is_refused() {
    let (_, _, mut store) = stored(700);
    let other = Tree::new(&(0..700_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect::<Vec<_>>()).expect("a tree");
    let tile = TileId { level: 0, number: 1 };
    let foreign = other.tiles().find(|t| t.id() == tile).expect("there").hashes;
    store.insert(tile, foreign);
    assert_eq!(path(300, 700, &store), Err(TileError::Disagree { tile }));
}

#[test]
fn a_leaf_or_a_tree_that_cannot_be_is_refused_before_the_store_is_asked() {
    let refused = |index, size| path_from_tiles(index, size, |tile| panic!("asked for {tile}"));
    assert_eq!(refused(0, 0), Err(TreeError::Empty.into()));
    assert_eq!(refused(7, 7), Err(TreeError::IndexOutOfRange { index: 7, size: 7 }.into()));
    assert!(matches!(refused(0, MAX_LEAVES + 1), Err(TileError::Tree(TreeError::TooLarge { .. }))));
    assert!(matches!(refused(u32::MAX, u32::MAX), Err(TileError::Tree(TreeError::TooLarge { .. }))));
    assert_eq!(root_from_tiles(0, |tile| panic!("asked for {tile}")), Err(TreeError::Empty.into()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tiles_of_any_small_tree_give_the_path_of_any_leaf(size in 1_u32..=700, at in any::<prop::sample::Index>()) {
        let index = u32::try_from(at.index(size as usize)).expect("below 700");
        the_tiles_give_what_the_tree_gives(size, [index]);
    }

    /// Damage is seen between two tiles, or the proof does not verify. Only the leaf's own hash in a tree of one tile
    /// is neither: no node of its path depends on it, and the proof still verifies for the true leaf and no other.
    #[test]
    fn a_flipped_bit_in_a_tile_never_gives_a_proof_that_verifies(
        size in 2_u32..=700, at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(),
        entry in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let (leaves, tree, mut store) = stored(size);
        let index = u32::try_from(at.index(size as usize)).expect("below 700");
        let needed = tiles_needed(index, size).expect("in range");
        let tile = needed[which.index(needed.len())];
        let hashes = store.get_mut(&tile).expect("there");
        let entry = entry.index(hashes.len());
        hashes[entry][bit / 8] ^= 1 << (bit % 8);
        let flipped = LeafHash::from_bytes(hashes[entry]);
        let own = tile.level == 0 && entry == (index % TILE_WIDTH) as usize;
        match path(index, size, &store) {
            Err(error) => prop_assert_eq!(error, TileError::Disagree { tile: needed[0] }),
            Ok(proof) if own => {
                prop_assert!(size <= TILE_WIDTH);
                prop_assert!(verify_inclusion(&flipped, &proof, &tree.root(), size).is_err());
                prop_assert_eq!(proof, tree.path(index).expect("in range"));
            }
            Ok(proof) => prop_assert!(verify_inclusion(&leaves[index as usize], &proof, &tree.root(), size).is_err()),
        }
    }
}
