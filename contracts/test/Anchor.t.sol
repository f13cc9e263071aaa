// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

contract AnchorTest is Fixture {
    function refused(bytes32 root, uint32 size, bytes16 issuer, uint8 alg, bytes memory reason) private {
        (uint64 count, bytes32 prev) = register.head();
        vm.expectRevert(reason);
        vm.prank(ANCHORER);
        register.anchor(count, prev, root, size, issuer, alg);
    }

    function test_a_batch_is_stored_with_its_block_time_and_chained(
        bytes32 root,
        uint32 size,
        uint256 issuerSeed,
        uint40 time,
        uint64 chain
    ) public {
        vm.assume(root != 0 && chain != 0);
        vm.chainId(chain);
        vm.warp(time);
        register = new HocbaAnchor(ADMIN, ANCHORER, STATUS_KEEPER);
        IHocbaAnchor.Batch memory b =
            IHocbaAnchor.Batch(root, uint32(between(size, 1, 1 << 16)), time, 1, issuerCode(issuerSeed));
        bytes32 prev = Digests.anchorGenesis(chain, address(register));
        bytes32 digest = Digests.anchorLink(chain, address(register), 0, b, prev);

        vm.expectEmit(address(register));
        emit IHocbaAnchor.Anchored(0, b.root, b.size, b.issuer, 1, time, digest);
        vm.prank(ANCHORER);
        vm.assertEq(register.anchor(0, prev, b.root, b.size, b.issuer, 1), digest);

        assertHead(1, digest);
        assertBatch(register.batch(0), b);
    }

    function test_each_digest_covers_the_one_before_it() public {
        bytes32 prev = Digests.anchorGenesis(block.chainid, address(register));
        for (uint64 i = 0; i < 20; ++i) {
            vm.warp(START + 60 * i);
            IHocbaAnchor.Batch memory b =
                IHocbaAnchor.Batch(keccak256(abi.encode(i)), uint32(i) + 1, uint40(START + 60 * i), 1, ISSUER);
            prev = Digests.anchorLink(block.chainid, address(register), i, b, prev);
            vm.assertEq(anchorNext(b.root, b.size), prev);
            assertHead(i + 1, prev);
        }
    }

    function test_anchoring_leaves_the_status_log_alone() public {
        (uint64 count, bytes32 digest) = register.statusHead();
        anchorNext(ROOT, 1);
        assertStatusHead(count, digest);
    }

    function test_the_same_root_may_be_anchored_again_as_a_batch_of_its_own() public {
        bytes32 first = anchorNext(ROOT, 1);
        vm.assertNotEq(anchorNext(ROOT, 1), first);
        assertBatch(register.batch(0), register.batch(1));
    }

    function test_two_batches_fit_in_one_block() public {
        anchorNext(ROOT, 1);
        anchorNext(keccak256("another root"), 1);
        vm.assertEq(register.batch(0).time, register.batch(1).time);
    }

    function test_the_smallest_and_the_largest_size_are_accepted() public {
        anchorNext(ROOT, 1);
        anchorNext(ROOT, 65_536);
        vm.assertEq(register.batch(1).size, 65_536);
    }

    function test_a_transaction_sent_twice_anchors_once() public {
        (, bytes32 prev) = register.head();
        vm.prank(ANCHORER);
        register.anchor(0, prev, ROOT, 1, ISSUER, 1);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.IndexMismatch.selector, 0, 1));
        vm.prank(ANCHORER);
        register.anchor(0, prev, ROOT, 1, ISSUER, 1);
    }

    function test_a_wrong_index_is_refused(uint64 index) public {
        bytes32 prev = anchorNext(ROOT, 1);
        vm.assume(index != 1);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.IndexMismatch.selector, index, 1));
        vm.prank(ANCHORER);
        register.anchor(index, prev, ROOT, 1, ISSUER, 1);
    }

    function test_a_wrong_previous_digest_is_refused(bytes32 wrong) public {
        bytes32 prev = anchorNext(ROOT, 1);
        vm.assume(wrong != prev);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.PrevDigestMismatch.selector, wrong, prev));
        vm.prank(ANCHORER);
        register.anchor(1, wrong, ROOT, 1, ISSUER, 1);
    }

    function test_no_one_but_an_anchorer_can_anchor(address sender) public {
        vm.assume(sender != ANCHORER);
        (, bytes32 prev) = register.head();
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.MissingRole.selector, IHocbaAnchor.Role.Anchorer, sender));
        vm.prank(sender);
        register.anchor(0, prev, ROOT, 1, ISSUER, 1);
    }

    function test_a_zero_root_is_refused() public {
        anchorNext(ROOT, 1);
        refused(0, 1, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.ZeroRoot.selector, 1));
    }

    function test_an_empty_batch_is_refused() public {
        refused(ROOT, 0, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.SizeOutOfRange.selector, 0, 65_536));
    }

    function test_a_batch_over_65536_leaves_is_refused(uint32 size) public {
        size = uint32(between(size, 65_537, type(uint32).max));
        refused(ROOT, size, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.SizeOutOfRange.selector, size, 65_536));
    }

    function test_another_tree_algorithm_is_refused(uint8 alg) public {
        vm.assume(alg != 1);
        refused(ROOT, 1, ISSUER, alg, abi.encodeWithSelector(IHocbaAnchor.UnsupportedAlg.selector, alg));
    }

    function test_a_malformed_issuer_is_refused() public {
        bytes16[10] memory malformed = [
            bytes16(0),
            bytes16(hex"00736764"), // starts with a zero
            bytes16("SGD"), // capitals
            bytes16("so_79"), // another mark than the hyphen
            bytes16(hex"736700640000"), // a zero inside
            bytes16(hex"73676400000000000000000000000064"), // a last byte after zeros
            bytes16(hex"736720640000"), // a space
            bytes16(hex"73670a640000"), // a line feed
            bytes16(hex"73677f640000"), // DEL
            bytes16(unicode"sgđ") // not ASCII
        ];
        for (uint256 i = 0; i < malformed.length; ++i) {
            refused(
                ROOT, 1, malformed[i], 1, abi.encodeWithSelector(IHocbaAnchor.MalformedIssuer.selector, malformed[i])
            );
        }
    }

    function test_an_issuer_code_of_one_or_of_sixteen_characters_is_accepted() public {
        bytes16[3] memory codes = [bytes16("a"), bytes16("abcdefghijklm-yz"), bytes16("0123456789------")];
        for (uint64 i = 0; i < codes.length; ++i) {
            (, bytes32 prev) = register.head();
            vm.prank(ANCHORER);
            register.anchor(i, prev, ROOT, 1, codes[i], 1);
            vm.assertEq(bytes32(register.batch(i).issuer), bytes32(codes[i]));
        }
    }

    function test_one_bad_byte_anywhere_in_an_issuer_is_refused(uint256 seed, uint8 position, uint8 bad) public {
        bytes16 issuer = issuerCode(seed);
        uint256 length = between(seed, 1, 16);
        position = uint8(position % length);
        vm.assume(!((bad >= 0x61 && bad <= 0x7a) || (bad >= 0x30 && bad <= 0x39) || bad == 0x2d));
        // A zero at the end is a shorter code, and good.
        vm.assume(bad != 0 || position + 1 < length || length == 1);
        issuer &= ~(bytes16(bytes1(0xff)) >> (8 * position));
        issuer |= bytes16(bytes1(bad)) >> (8 * position);
        refused(ROOT, 1, issuer, 1, abi.encodeWithSelector(IHocbaAnchor.MalformedIssuer.selector, issuer));
    }

    function test_a_refused_batch_leaves_no_trace() public {
        (uint64 count, bytes32 prev) = register.head();
        refused(0, 1, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.ZeroRoot.selector, 0));
        assertHead(count, prev);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.UnknownBatch.selector, 0, 0));
        register.batch(0);
    }
}
