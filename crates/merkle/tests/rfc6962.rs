//! The tree and its verifier against the published vectors and against a naive reading of RFC 6962.

use hocba_merkle::{InclusionError, InclusionProof, LeafHash, MAX_LEAVES, Root, Tree, leaf_hash, verify_inclusion};
use proptest::prelude::*;

/// Leaves of the RFC 6962 reference implementation.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// Their roots for 1 to 8 leaves.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// (index, size, path) as the Certificate Transparency reference tests publish them.
const PATHS: [(u32, u32, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

fn digest(hex: &str) -> [u8; 32] {
    hex::decode(hex).expect("hex in the table").try_into().expect("32 bytes in the table")
}

fn reference_leaves(size: u32) -> Vec<LeafHash> {
    LEAVES[..size as usize].iter().map(|leaf| leaf_hash(&hex::decode(leaf).expect("hex in the table"))).collect()
}

fn leaves(size: u32) -> Vec<LeafHash> {
    (0..size).map(|n| leaf_hash(format!("leaf {n}").as_bytes())).collect()
}

/// RFC 6962 §2.1, word for word: split at the largest power of two below the size, recurse. Slow on purpose.
mod naive {
    use hocba_merkle::LeafHash;
    use sha2::{Digest, Sha256};

    pub fn root(leaves: &[LeafHash]) -> [u8; 32] {
        let [only] = leaves else {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            return Sha256::digest([&[1][..], &root(left), &root(right)].concat()).into();
        };
        *only.as_bytes()
    }

    pub fn path(index: usize, leaves: &[LeafHash]) -> Vec<[u8; 32]> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, sibling) = match index.checked_sub(left.len()) {
            None => (path(index, left), root(right)),
            Some(index) => (path(index, right), root(left)),
        };
        path.push(sibling);
        path
    }
}

#[test]
fn the_roots_of_the_reference_implementation_come_out() {
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(Tree::new(&reference_leaves(size)).unwrap().root().to_string(), root, "{size} leaves");
    }
}

#[test]
fn the_published_paths_come_out_and_verify() {
    for (index, size, path) in PATHS {
        let leaves = reference_leaves(size);
        let published = InclusionProof { index, size, path: path.iter().map(|node| digest(node)).collect() };
        assert_eq!(Tree::new(&leaves).unwrap().path(index).unwrap(), published);
        let root = Root::from_bytes(digest(ROOTS[size as usize - 1]));
        assert_eq!(verify_inclusion(&leaves[index as usize], &published, &root, size), Ok(()));
    }
}

#[test]
fn every_root_and_path_up_to_260_leaves_equals_the_naive_tree_and_verifies() {
    let all = leaves(260);
    for size in 1..=260 {
        let leaves = &all[..size as usize];
        let tree = Tree::new(leaves).unwrap();
        assert_eq!(tree.root().as_bytes(), &naive::root(leaves), "{size} leaves");
        for index in 0..size {
            let proof = tree.path(index).unwrap();
            assert_eq!(proof.path, naive::path(index as usize, leaves), "leaf {index} of {size}");
            assert_eq!(verify_inclusion(&leaves[index as usize], &proof, &tree.root(), size), Ok(()));
        }
    }
}

/// What `verify_inclusion` must say of a path of `found` nodes at a place that needs `needed`.
fn shape_error(found: usize, needed: usize) -> InclusionError {
    match found.cmp(&needed) {
        std::cmp::Ordering::Less => InclusionError::MissingNodes { found, needed },
        std::cmp::Ordering::Equal => InclusionError::RootMismatch,
        std::cmp::Ordering::Greater => InclusionError::SurplusNodes { found, needed },
    }
}

/// Breaks one thing at a time in a proof that holds, and asks for exactly that refusal.
fn refuse_every_single_defect(tree: &Tree, leaves: &[LeafHash], index: u32) {
    let (root, size) = (tree.root(), tree.size());
    let leaf = leaves[index as usize];
    let good = tree.path(index).expect("the caller names a leaf of the tree");
    let needed = good.path.len();
    let at = format!("leaf {index} of {size}");
    let check = |proof: &InclusionProof| verify_inclusion(&leaf, proof, &root, size);
    let with_path = |path: Vec<[u8; 32]>| check(&InclusionProof { path, ..good.clone() });
    assert_eq!(check(&good), Ok(()), "{at}");

    for other in [index.wrapping_sub(1), index + 1, index ^ 2, size - 1 - index, 0] {
        let expected = if other == index {
            continue;
        } else if other >= size {
            InclusionError::IndexOutOfRange { index: other, size }
        } else {
            shape_error(needed, tree.path(other).expect("other < size").path.len())
        };
        assert_eq!(check(&InclusionProof { index: other, ..good.clone() }), Err(expected), "{at}, as {other}");
    }

    for found in [size - 1, size + 1, size * 2] {
        let expected = match found {
            0 => InclusionError::SizeZero,
            size if size > MAX_LEAVES => InclusionError::SizeTooLarge { size },
            _ => InclusionError::SizeDiffers { found, expected: size },
        };
        assert_eq!(check(&InclusionProof { size: found, ..good.clone() }), Err(expected), "{at}, size {found}");
    }

    let surplus = Err(InclusionError::SurplusNodes { found: needed + 1, needed });
    for extra in [[0; 32], *root.as_bytes(), *leaf.as_bytes()] {
        assert_eq!(with_path([&good.path[..], &[extra]].concat()), surplus, "{at}, node behind");
        assert_eq!(with_path([&[extra], &good.path[..]].concat()), surplus, "{at}, node in front");
    }

    for place in 0..needed {
        let mut path = good.path.clone();
        path.remove(place);
        let missing = Err(InclusionError::MissingNodes { found: needed - 1, needed });
        assert_eq!(with_path(path), missing, "{at}, without node {place}");

        let mut path = good.path.clone();
        path[place][place % 32] ^= 1 << (place % 8);
        assert_eq!(with_path(path), Err(InclusionError::RootMismatch), "{at}, bit flipped in node {place}");

        let mut path = good.path.clone();
        path.swap(place, 0);
        let expected = if place == 0 { Ok(()) } else { Err(InclusionError::RootMismatch) };
        assert_eq!(with_path(path), expected, "{at}, nodes 0 and {place} swapped");
    }

    let mismatch = Err(InclusionError::RootMismatch);
    assert_eq!(verify_inclusion(&leaf_hash(b"forged"), &good, &root, size), mismatch, "{at}, other leaf");
    assert_eq!(verify_inclusion(&leaf, &good, &Root::from_bytes([0; 32]), size), mismatch, "{at}, other root");
}

#[test]
fn every_single_defect_is_refused_by_its_own_error_in_small_trees() {
    let all = leaves(33);
    for size in 1..=33 {
        let leaves = &all[..size as usize];
        let tree = Tree::new(leaves).unwrap();
        (0..size).for_each(|index| refuse_every_single_defect(&tree, leaves, index));
    }
}

#[test]
fn an_inner_node_passed_off_as_a_leaf_is_refused() {
    let leaves = leaves(4);
    let tree = Tree::new(&leaves).unwrap();
    // The path of leaf 0 without its first step, for the node over leaves 0 and 1: it even leads to the root.
    let inner = LeafHash::from_bytes(naive::root(&leaves[..2]));
    let short = InclusionProof { index: 0, size: 2, path: tree.path(0).unwrap().path.split_off(1) };
    assert_eq!(verify_inclusion(&inner, &short, &tree.root(), 2), Ok(()), "what the size is there to stop");
    let expected = InclusionError::SizeDiffers { found: 2, expected: 4 };
    assert_eq!(verify_inclusion(&inner, &short, &tree.root(), 4), Err(expected));
    let claimed = InclusionProof { size: 4, ..short };
    let expected = InclusionError::MissingNodes { found: 1, needed: 2 };
    assert_eq!(verify_inclusion(&inner, &claimed, &tree.root(), 4), Err(expected));
}

#[test]
fn one_path_fits_several_sizes_so_the_size_must_come_from_the_anchor() {
    let leaves = leaves(7);
    let tree = Tree::new(&leaves).unwrap();
    let path = tree.path(3).unwrap().path;
    for size in [5, 6, 7, 8] {
        let proof = InclusionProof { index: 3, size, path: path.clone() };
        assert_eq!(verify_inclusion(&leaves[3], &proof, &tree.root(), size), Ok(()), "inherent in RFC 6962");
        let against_the_anchor = verify_inclusion(&leaves[3], &proof, &tree.root(), 7);
        assert_eq!(against_the_anchor.is_ok(), size == 7);
    }
}

#[test]
fn extreme_numbers_from_outside_are_refused_without_panic() {
    let leaf = leaf_hash(b"");
    let root = Root::from_bytes(*leaf.as_bytes());
    for (index, size) in [(0, 0), (u32::MAX, u32::MAX), (0, MAX_LEAVES + 1), (u32::MAX, 1), (MAX_LEAVES, MAX_LEAVES)] {
        let proof = InclusionProof { index, size, path: vec![[0; 32]; 64] };
        let expected = match size {
            0 => InclusionError::SizeZero,
            size if size > MAX_LEAVES => InclusionError::SizeTooLarge { size },
            _ => InclusionError::IndexOutOfRange { index, size },
        };
        assert_eq!(verify_inclusion(&leaf, &proof, &root, size), Err(expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn larger_trees_equal_the_naive_tree_and_refuse_every_single_defect(
        size in 261u32..5_000, at in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let tree = Tree::new(&leaves).unwrap();
        prop_assert_eq!(*tree.root().as_bytes(), naive::root(&leaves));
        for index in [at.index(leaves.len()), leaves.len() - 1] {
            let index_u32 = u32::try_from(index).unwrap();
            prop_assert_eq!(tree.path(index_u32).unwrap().path, naive::path(index, &leaves));
            refuse_every_single_defect(&tree, &leaves, index_u32);
        }
    }

    #[test]
    fn arbitrary_claims_never_panic_and_never_pass(
        index in any::<u32>(), size in any::<u32>(), expected_size in any::<u32>(),
        path in prop::collection::vec(any::<[u8; 32]>(), 0..20), root in any::<[u8; 32]>(),
    ) {
        let proof = InclusionProof { index, size, path };
        prop_assert!(verify_inclusion(&leaf_hash(b"x"), &proof, &Root::from_bytes(root), expected_size).is_err());
        let size = size % MAX_LEAVES + 1;
        let proof = InclusionProof { index: index % size, size, ..proof };
        prop_assert!(verify_inclusion(&leaf_hash(b"x"), &proof, &Root::from_bytes(root), size).is_err());
    }
}
