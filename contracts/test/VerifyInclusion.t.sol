// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {NaiveTree} from "./Reference.sol";
import {vm} from "./Vm.sol";

abstract contract InclusionFixture is Fixture {
    /// Anchors a batch and gives its number.
    function anchored(bytes32 root, uint256 size) internal returns (uint64 n) {
        (n,) = register.head();
        anchorNext(root, uint32(size));
    }

    function distinctLeaves(uint256 size) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = NaiveTree.leafHash(abi.encode("leaf", i));
        }
    }

    function cut(bytes32[] memory path, uint256 position) internal pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i < position ? i : i + 1];
        }
    }

    function insert(bytes32[] memory path, uint256 position, bytes32 node)
        internal
        pure
        returns (bytes32[] memory longer)
    {
        longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < longer.length; ++i) {
            longer[i] = i < position ? path[i] : i == position ? node : path[i - 1];
        }
    }

    /// The side on which each node of the path stands, from the definition of the tree: a leading 1, then from the leaf
    /// up 1 for a left neighbour and 0 for a right one.
    function shape(uint256 size, uint256 index) internal pure returns (uint256 sides) {
        sides = 1;
        uint256 level = 0;
        uint256[20] memory found;
        while (size > 1) {
            uint256 k = 1;
            while (k * 2 < size) k *= 2;
            found[level++] = index < k ? 0 : 1;
            (size, index) = index < k ? (k, index) : (size - k, index - k);
        }
        while (level > 0) sides = sides * 2 + found[--level];
    }
}

/// The eight leaves of the reference implementation of RFC 6962, with its published roots and paths.
contract Rfc6962VectorsTest is InclusionFixture {
    bytes32[] private leaves;
    bytes32[8] private roots = [
        bytes32(0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d),
        0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125,
        0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77,
        0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7,
        0x4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4,
        0x76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef,
        0xddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c,
        0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
    ];

    function setUp() public override {
        super.setUp();
        bytes[8] memory inputs = [
            bytes(""),
            hex"00",
            hex"10",
            hex"2021",
            hex"3031",
            hex"40414243",
            hex"5051525354555657",
            hex"606162636465666768696a6b6c6d6e6f"
        ];
        for (uint256 i = 0; i < inputs.length; ++i) {
            leaves.push(NaiveTree.leafHash(inputs[i]));
        }
    }

    function firstLeaves(uint256 size) private view returns (bytes32[] memory list) {
        list = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            list[i] = leaves[i];
        }
    }

    function test_the_naive_tree_gives_the_published_roots() public view {
        for (uint256 size = 1; size <= 8; ++size) {
            vm.assertEq(NaiveTree.root(firstLeaves(size)), roots[size - 1]);
        }
    }

    function test_every_leaf_of_every_published_root_is_included() public {
        for (uint256 size = 1; size <= 8; ++size) {
            uint64 n = anchored(roots[size - 1], size);
            for (uint64 i = 0; i < size; ++i) {
                vm.assertTrue(register.verifyInclusion(n, leaves[i], i, NaiveTree.path(firstLeaves(size), i)));
            }
        }
    }

    function test_the_published_path_of_leaf_0_of_8_is_accepted() public {
        bytes32[] memory path = new bytes32[](3);
        path[0] = 0x96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7;
        path[1] = 0x5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e;
        path[2] = 0x6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4;
        vm.assertTrue(register.verifyInclusion(anchored(roots[7], 8), leaves[0], 0, path));
    }

    function test_the_published_path_of_leaf_5_of_8_is_accepted() public {
        bytes32[] memory path = new bytes32[](3);
        path[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
        path[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
        path[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        vm.assertTrue(register.verifyInclusion(anchored(roots[7], 8), leaves[5], 5, path));
    }

    function test_the_published_path_of_leaf_2_of_3_skips_the_levels_it_was_promoted_over() public {
        bytes32[] memory path = new bytes32[](1);
        path[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        vm.assertTrue(register.verifyInclusion(anchored(roots[2], 3), leaves[2], 2, path));
    }

    function test_the_published_path_of_leaf_1_of_5_is_accepted() public {
        bytes32[] memory path = new bytes32[](3);
        path[0] = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
        path[1] = 0x5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e;
        path[2] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
        vm.assertTrue(register.verifyInclusion(anchored(roots[4], 5), leaves[1], 1, path));
    }
}

contract VerifyInclusionTest is InclusionFixture {
    struct Case {
        uint64 n;
        bytes32 root;
        uint256 size;
        uint64 index;
        bytes32 leaf;
        bytes32[] path;
    }

    /// A leaf of a tree of up to 150 leaves, anchored, with its path.
    function anyCase(uint256 size, uint256 index, uint256 smallest) private returns (Case memory c) {
        c.size = between(size, smallest, 150);
        c.index = uint64(between(index, 0, c.size - 1));
        bytes32[] memory leaves = distinctLeaves(c.size);
        c.leaf = leaves[c.index];
        c.root = NaiveTree.root(leaves);
        c.path = NaiveTree.path(leaves, c.index);
        c.n = anchored(c.root, c.size);
    }

    function accepts(Case memory c) private view returns (bool) {
        return register.verifyInclusion(c.n, c.leaf, c.index, c.path);
    }

    /// External, so that each size starts with empty memory.
    function checkEveryIndex(uint256 size) external {
        bytes32[] memory leaves = distinctLeaves(size);
        uint64 n = anchored(NaiveTree.root(leaves), size);
        for (uint64 i = 0; i < size; ++i) {
            bytes32[] memory path = NaiveTree.path(leaves, i);
            vm.assertTrue(register.verifyInclusion(n, leaves[i], i, path));
            // The neighbour, cyclically: the wrong index that a mistaken loop is most likely to accept.
            if (size > 1) vm.assertFalse(register.verifyInclusion(n, leaves[i], uint64((i + 1) % size), path));
        }
    }

    function test_every_leaf_of_every_tree_up_to_66_leaves_is_included() public {
        for (uint256 size = 1; size <= 66; ++size) {
            this.checkEveryIndex(size);
        }
    }

    function test_a_leaf_of_a_larger_tree_is_included(uint256 size, uint256 index) public {
        vm.assertTrue(accepts(anyCase(size, index, 67)));
    }

    function test_a_full_batch_has_paths_of_sixteen_nodes(bytes32 leaf, uint16 index, bytes32[16] memory nodes) public {
        bytes32[] memory path = new bytes32[](16);
        bytes32 root = leaf;
        for (uint256 i = 0; i < 16; ++i) {
            path[i] = nodes[i];
            root = index >> i & 1 == 1
                ? sha256(bytes.concat(hex"01", nodes[i], root))
                : sha256(bytes.concat(hex"01", root, nodes[i]));
        }
        Case memory c = Case(anchored(root, 65_536), root, 65_536, index, leaf, path);
        vm.assertTrue(accepts(c));
        c.path = cut(path, 15);
        vm.assertFalse(accepts(c));
        c.path = insert(path, 16, nodes[0]);
        vm.assertFalse(accepts(c));
    }

    function test_the_only_leaf_of_a_batch_is_its_root(bytes32 leaf, bytes32 node) public {
        vm.assume(leaf != 0);
        Case memory c = Case(anchored(leaf, 1), leaf, 1, 0, leaf, new bytes32[](0));
        vm.assertTrue(accepts(c));
        c.path = insert(c.path, 0, node);
        vm.assertFalse(accepts(c));
    }

    function test_a_proof_holds_for_its_own_batch_only(uint256 size, uint256 index) public {
        Case memory c = anyCase(size, index, 1);
        c.n = anchored(keccak256("another root"), c.size);
        vm.assertFalse(accepts(c));
    }

    /// Up to 370 calls a run, so fewer runs.
    /// forge-config: default.fuzz.runs = 64
    function test_any_other_index_is_refused(uint256 size, uint256 index) public {
        Case memory c = anyCase(size, index, 2);
        uint64 right = c.index;
        for (c.index = 0; c.index < c.size + 70; ++c.index) {
            if (c.index != right) vm.assertFalse(accepts(c));
        }
    }

    function test_an_index_beyond_the_batch_is_refused(uint256 size, uint256 index, uint64 beyond) public {
        Case memory c = anyCase(size, index, 1);
        c.index = uint64(between(beyond, c.size, type(uint64).max));
        vm.assertFalse(accepts(c));
        // The same low bits, which alone steer the steps up the tree.
        for (uint256 bit = 8; bit < 64; ++bit) {
            c.index = uint64(index % c.size | 1 << bit);
            vm.assertFalse(accepts(c));
        }
    }

    /// A root does not say how many leaves it has: two sizes in which the path takes the same turns cannot be told
    /// apart, any other two are. That is why the size is anchored with the root.
    function test_a_size_that_bends_the_path_is_refused(uint256 size, uint256 index, uint256 other) public {
        Case memory c = anyCase(size, index, 1);
        uint256 wrong = between(other, 1, 300);
        c.n = anchored(c.root, wrong);
        vm.assertTrue(accepts(c) == (c.index < wrong && shape(c.size, c.index) == shape(wrong, c.index)));
    }

    function test_another_leaf_is_refused(uint256 size, uint256 index, bytes32 leaf) public {
        Case memory c = anyCase(size, index, 1);
        vm.assume(leaf != c.leaf);
        c.leaf = leaf;
        vm.assertFalse(accepts(c));
    }

    function test_a_path_without_any_one_of_its_nodes_is_refused(uint256 size, uint256 index) public {
        Case memory c = anyCase(size, index, 2);
        bytes32[] memory path = c.path;
        for (uint256 i = 0; i < path.length; ++i) {
            c.path = cut(path, i);
            vm.assertFalse(accepts(c));
        }
        c.path = new bytes32[](0);
        vm.assertFalse(accepts(c));
    }

    function test_a_path_with_a_surplus_node_anywhere_is_refused(uint256 size, uint256 index, bytes32 node) public {
        Case memory c = anyCase(size, index, 1);
        bytes32[] memory path = c.path;
        for (uint256 i = 0; i <= path.length; ++i) {
            c.path = insert(path, i, node);
            vm.assertFalse(accepts(c));
            // Also with what stands there anyway: the root over it is unchanged, if a verifier does not count.
            c.path = insert(path, i, i < path.length ? path[i] : c.root);
            vm.assertFalse(accepts(c));
        }
    }

    function test_a_path_with_two_nodes_swapped_is_refused(uint256 size, uint256 index) public {
        Case memory c = anyCase(size, index, 3);
        for (uint256 i = 1; i < c.path.length; ++i) {
            (c.path[i - 1], c.path[i]) = (c.path[i], c.path[i - 1]);
            vm.assertFalse(accepts(c));
            (c.path[i - 1], c.path[i]) = (c.path[i], c.path[i - 1]);
        }
    }

    function test_a_path_with_one_bit_flipped_is_refused(uint256 size, uint256 index, uint8 bit) public {
        Case memory c = anyCase(size, index, 2);
        for (uint256 i = 0; i < c.path.length; ++i) {
            c.path[i] ^= bytes32(1 << bit);
            vm.assertFalse(accepts(c));
            c.path[i] ^= bytes32(1 << bit);
        }
    }

    function test_an_inner_node_is_no_leaf(uint256 size, uint256 index) public {
        Case memory c = anyCase(size, index, 3);
        vm.assume(c.index % 2 == 0 && c.index + 1 < c.size);
        // Up one level: the parent, its own position, the rest of the path.
        c.leaf = sha256(bytes.concat(hex"01", c.leaf, c.path[0]));
        c.path = cut(c.path, 0);
        vm.assertFalse(accepts(c));
        c.index /= 2;
        vm.assertFalse(accepts(c));
    }

    function test_leaves_hashed_without_their_tag_are_refused() public {
        bytes32[] memory leaves = new bytes32[](2);
        leaves[0] = sha256("a");
        leaves[1] = sha256("b");
        bytes32 untagged = sha256(bytes.concat(leaves[0], leaves[1]));
        vm.assertFalse(register.verifyInclusion(anchored(untagged, 2), leaves[0], 0, cut(leaves, 0)));
    }

    function test_an_unknown_batch_is_no_answer(uint64 n) public {
        uint64 known = anchored(ROOT, 1);
        n = uint64(between(n, known + 1, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.UnknownBatch.selector, n, known + 1));
        register.verifyInclusion(n, ROOT, 0, new bytes32[](0));
    }
}
