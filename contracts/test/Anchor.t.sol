// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

contract AnchorTest is Fixture {
    function entitle(bytes16 issuer, address anchorer, uint40 from, uint40 until) private {
        setIssuer(issuer, from, until, "");
        vm.prank(ADMIN);
        register.grantRole(anchorerRole(issuer), anchorer);
    }

    function refusedBatch(bytes32 root, uint32 size, bytes16 issuer, uint8 alg, bytes memory reason) private {
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
        vm.assume(root != 0 && chain != 0 && time < FOREVER);
        vm.chainId(chain);
        vm.warp(time);
        register = deploy();
        IHocbaAnchor.Batch memory b =
            IHocbaAnchor.Batch(root, uint32(between(size, 1, 1 << 16)), time, 1, issuerCode(issuerSeed));
        entitle(b.issuer, ANCHORER, 0, FOREVER);
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

    function test_no_one_but_an_anchorer_of_the_issuer_can_anchor(address sender) public {
        vm.assume(sender != ANCHORER);
        refused(sender, anchorCall(ISSUER), unauthorised(sender, anchorerRole(ISSUER)));
    }

    function test_an_anchorer_of_one_issuer_cannot_anchor_under_another() public {
        refused(ANCHORER, anchorCall(OTHER_ISSUER), unauthorised(ANCHORER, anchorerRole(OTHER_ISSUER)));
        refused(OTHER_ANCHORER, anchorCall(ISSUER), unauthorised(OTHER_ANCHORER, anchorerRole(ISSUER)));
        accepted(OTHER_ANCHORER, anchorCall(OTHER_ISSUER));
        vm.assertEq(bytes32(register.batch(0).issuer), bytes32(OTHER_ISSUER));
    }

    function test_an_account_may_anchor_for_two_issuers() public {
        vm.prank(ADMIN);
        register.grantRole(anchorerRole(OTHER_ISSUER), ANCHORER);
        accepted(ANCHORER, anchorCall(ISSUER));
        accepted(ANCHORER, anchorCall(OTHER_ISSUER));
    }

    /// A role can be granted for any code, so the registry alone keeps codes out that readers of the list refuse.
    function test_an_issuer_that_is_not_registered_is_refused(bytes16 issuer) public {
        vm.assume(issuer != ISSUER && issuer != OTHER_ISSUER);
        vm.prank(ADMIN);
        register.grantRole(anchorerRole(issuer), ANCHORER);
        bytes memory unknown = abi.encodeWithSelector(IHocbaAnchor.IssuerNotRegistered.selector, issuer);
        refused(ANCHORER, anchorCall(issuer), unknown);
    }

    function test_an_issuer_is_entitled_from_its_start_until_before_its_end(uint256 a, uint256 b, uint256 t) public {
        uint40 from = uint40(between(a, START, FOREVER - 1));
        uint40 until = uint40(between(b, from + 1, FOREVER));
        uint256 time = between(t, from, until - 1);
        entitle("an-issuer", ANCHORER, from, until);
        vm.warp(time);
        accepted(ANCHORER, anchorCall("an-issuer"));
    }

    function test_anchoring_before_the_start_of_the_issuer_is_refused(uint256 a, uint256 t) public {
        uint40 from = uint40(between(a, START + 1, FOREVER - 1));
        uint256 time = between(t, START, from - 1);
        entitle("an-issuer", ANCHORER, from, FOREVER);
        vm.warp(time);
        bytes memory early =
            abi.encodeWithSelector(IHocbaAnchor.IssuerNotYetEntitled.selector, bytes16("an-issuer"), from, time);
        refused(ANCHORER, anchorCall("an-issuer"), early);
        vm.warp(from);
        accepted(ANCHORER, anchorCall("an-issuer"));
    }

    function test_anchoring_from_the_end_of_the_issuer_on_is_refused(uint256 b, uint256 t) public {
        uint40 until = uint40(between(b, START + 1, FOREVER));
        uint256 time = between(t, until, type(uint64).max);
        entitle("an-issuer", ANCHORER, uint40(START), until);
        vm.warp(until - 1);
        accepted(ANCHORER, anchorCall("an-issuer"));
        vm.warp(time);
        bytes memory late =
            abi.encodeWithSelector(IHocbaAnchor.IssuerNoLongerEntitled.selector, bytes16("an-issuer"), until, time);
        refused(ANCHORER, anchorCall("an-issuer"), late);
    }

    function test_the_end_of_one_issuer_stops_no_other() public {
        setIssuer(ISSUER, 0, uint40(START), "*");
        accepted(OTHER_ANCHORER, anchorCall(OTHER_ISSUER));
    }

    function test_a_zero_root_is_refused() public {
        anchorNext(ROOT, 1);
        refusedBatch(0, 1, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.ZeroRoot.selector, 1));
    }

    function test_an_empty_batch_is_refused() public {
        refusedBatch(ROOT, 0, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.SizeOutOfRange.selector, 0, 65_536));
    }

    function test_a_batch_over_65536_leaves_is_refused(uint32 size) public {
        size = uint32(between(size, 65_537, type(uint32).max));
        refusedBatch(ROOT, size, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.SizeOutOfRange.selector, size, 65_536));
    }

    function test_another_tree_algorithm_is_refused(uint8 alg) public {
        vm.assume(alg != 1);
        refusedBatch(ROOT, 1, ISSUER, alg, abi.encodeWithSelector(IHocbaAnchor.UnsupportedAlg.selector, alg));
    }

    function test_a_refused_batch_leaves_no_trace() public {
        (uint64 count, bytes32 prev) = register.head();
        refusedBatch(0, 1, ISSUER, 1, abi.encodeWithSelector(IHocbaAnchor.ZeroRoot.selector, 0));
        assertHead(count, prev);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.UnknownBatch.selector, 0, 0));
        register.batch(0);
    }
}
