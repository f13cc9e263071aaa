// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

contract CloseEraTest is Fixture {
    uint64 private batches;
    bytes32 private head;
    uint64 private statuses;
    bytes32 private statusHead;

    function setUp() public override {
        super.setUp();
        anchorNext(ROOT, 1);
        anchorNext(ROOT, 2);
        setNext(freshChanges(3));
        note();
    }

    function note() private {
        (batches, head) = register.head();
        (statuses, statusHead) = register.statusHead();
    }

    function closingRefused(bytes memory reason) private {
        refused(
            ADMIN,
            abi.encodeCall(IHocbaAnchor.closeEra, (batches, head, statuses, statusHead, CLOSING_STATEMENT)),
            reason
        );
        (uint64 closedAt,,) = register.closing();
        vm.assertEq(closedAt, 0);
    }

    function test_the_closing_is_stored_with_its_block_time_and_digest(bytes32 statement, uint64 time, uint64 chain)
        public
    {
        vm.assume(statement != 0 && chain != 0);
        time = uint64(between(time, START, type(uint40).max));
        vm.chainId(chain);
        vm.warp(time);
        address where = address(register);
        bytes32 digest = Digests.closing(chain, where, batches, head, statuses, statusHead, time, statement);

        vm.expectEmit(address(register));
        emit IHocbaAnchor.Closed(batches, head, statuses, statusHead, time, statement, digest);
        vm.prank(ADMIN);
        vm.assertEq(register.closeEra(batches, head, statuses, statusHead, statement), digest);

        (uint64 closedAt, bytes32 storedStatement, bytes32 storedDigest) = register.closing();
        vm.assertEq(closedAt, time);
        vm.assertEq(storedStatement, statement);
        vm.assertEq(storedDigest, digest);
    }

    function test_an_era_in_which_nothing_was_anchored_can_be_closed() public {
        register = deploy();
        note();
        close();
        (,, bytes32 digest) = register.closing();
        bytes32 expected =
            Digests.closing(block.chainid, address(register), 0, head, 0, statusHead, uint64(START), CLOSING_STATEMENT);
        vm.assertEq(digest, expected);
    }

    function test_no_one_but_the_admin_can_close(address sender) public {
        vm.assume(sender != ADMIN);
        refused(sender, closeCall(CLOSING_STATEMENT), unauthorised(sender, ADMIN_ROLE));
    }

    function test_a_wrong_number_of_batches_is_refused(uint64 wrong) public {
        vm.assume(wrong != batches);
        batches = wrong;
        closingRefused(abi.encodeWithSelector(IHocbaAnchor.IndexMismatch.selector, wrong, 2));
    }

    function test_a_wrong_head_digest_is_refused(bytes32 wrong) public {
        vm.assume(wrong != head);
        bytes memory reason = abi.encodeWithSelector(IHocbaAnchor.PrevDigestMismatch.selector, wrong, head);
        head = wrong;
        closingRefused(reason);
    }

    function test_a_wrong_number_of_statuses_is_refused(uint64 wrong) public {
        vm.assume(wrong != statuses);
        statuses = wrong;
        closingRefused(abi.encodeWithSelector(IHocbaAnchor.StatusIndexMismatch.selector, wrong, 3));
    }

    function test_a_wrong_digest_of_the_status_log_is_refused(bytes32 wrong) public {
        vm.assume(wrong != statusHead);
        bytes memory reason = abi.encodeWithSelector(IHocbaAnchor.StatusDigestMismatch.selector, wrong, statusHead);
        statusHead = wrong;
        closingRefused(reason);
    }

    function test_a_zero_statement_is_refused() public {
        refused(ADMIN, closeCall(0), abi.encodeWithSelector(IHocbaAnchor.ZeroClosingStatement.selector, 2));
    }

    function test_a_batch_that_arrives_in_between_makes_the_closing_fail() public {
        anchorNext(ROOT, 4);
        closingRefused(abi.encodeWithSelector(IHocbaAnchor.IndexMismatch.selector, 2, 3));
    }

    function test_a_status_that_arrives_in_between_makes_the_closing_fail() public {
        setNext(only(supersede(KEY, 2)));
        closingRefused(abi.encodeWithSelector(IHocbaAnchor.StatusIndexMismatch.selector, 3, 4));
    }
}

contract ClosedEraTest is Fixture {
    bytes private before;

    function setUp() public override {
        super.setUp();
        anchorNext(ROOT, 1);
        setNext(only(supersede(KEY, 2)));
        before = content(register);
        close();
    }

    /// Each by whoever could do it before, and by one who never could: the era is over for both.
    function test_nothing_can_be_written_any_more(uint256 wait) public {
        vm.warp(START + between(wait, 0, FOREVER - START - 1));
        bytes[7] memory calls = [
            anchorCall(ISSUER),
            anchorCall(OTHER_ISSUER),
            statusCall(),
            abi.encodeCall(IHocbaAnchor.setIssuer, (ISSUER, 0, FOREVER, "79")),
            abi.encodeCall(IHocbaAnchor.pause, ()),
            abi.encodeCall(IHocbaAnchor.unpause, ()),
            closeCall(CLOSING_STATEMENT)
        ];
        address[7] memory holders = [ANCHORER, OTHER_ANCHORER, STATUS_KEEPER, ADMIN, PAUSER, ADMIN, ADMIN];
        bytes memory closed = reading(register);
        for (uint256 i = 0; i < calls.length; ++i) {
            refused(holders[i], calls[i], eraClosed(START));
            refused(STRANGER, calls[i], eraClosed(START));
        }
        vm.assertEq(reading(register), closed);
    }

    function test_an_era_closed_while_paused_is_closed_and_stays_paused() public {
        register = deploy();
        appoint();
        pauseBy(PAUSER);
        close();
        refused(ANCHORER, anchorCall(ISSUER), eraClosed(START));
        refused(ADMIN, abi.encodeCall(IHocbaAnchor.unpause, ()), eraClosed(START));
        vm.assertTrue(register.paused());
    }

    function test_everything_can_be_read_for_ever() public {
        vm.warp(type(uint64).max);
        assertBatch(register.batch(0), IHocbaAnchor.Batch(ROOT, 1, uint40(START), 1, ISSUER));
        vm.assertEq(register.batches(0, 10).length, 1);
        assertStatus(KEY, 2, false, 1, START);
        vm.assertTrue(register.verifyInclusion(0, ROOT, 0, new bytes32[](0)));
        (, bytes32 digest) = register.head();
        bytes32 genesis = Digests.anchorGenesis(block.chainid, address(register));
        vm.assertEq(digest, Digests.anchorLink(block.chainid, address(register), 0, register.batch(0), genesis));
    }

    function test_closing_changes_nothing_that_can_be_read_but_the_closing() public view {
        vm.assertEq(content(register), before);
    }

    function test_no_change_of_roles_opens_it_again() public {
        vm.startPrank(ADMIN);
        register.grantRole(anchorerRole(ISSUER), STRANGER);
        register.grantRole(STATUS_KEEPER_ROLE, STRANGER);
        register.beginDefaultAdminTransfer(STRANGER);
        vm.stopPrank();
        vm.warp(START + DELAY + 1);
        accepted(STRANGER, abi.encodeCall(IAccessControlDefaultAdminRules.acceptDefaultAdminTransfer, ()));
        refused(STRANGER, anchorCall(ISSUER), eraClosed(START));
        refused(STRANGER, statusCall(), eraClosed(START));
        refused(STRANGER, closeCall(CLOSING_STATEMENT), eraClosed(START));
    }
}

contract SuccessorTest is Fixture {
    IHocbaAnchor.Predecessor private before;

    function setUp() public override {
        super.setUp();
        anchorNext(ROOT, 1);
        setNext(only(revoke(KEY, 2)));
        close();
        (uint64 closedAt,, bytes32 digest) = register.closing();
        before = IHocbaAnchor.Predecessor(block.chainid, address(register), digest, closedAt);
        vm.warp(START + 1);
    }

    function succeed() private returns (IHocbaAnchor) {
        return new HocbaAnchor(ADMIN, DELAY, before);
    }

    function test_both_genesis_digests_cover_the_closing_digest(uint64 chain, bytes32 closing) public {
        vm.assume(chain != 0 && closing != 0);
        vm.chainId(chain);
        before.closingDigest = closing;
        register = succeed();
        assertHead(0, Digests.anchorGenesis(chain, address(register), closing));
        assertStatusHead(0, Digests.statusGenesis(chain, address(register), closing));
    }

    function test_the_links_are_those_of_a_first_era() public {
        register = succeed();
        appoint();
        (, bytes32 genesis) = register.head();
        (, bytes32 statusGenesis) = register.statusHead();
        bytes32 digest = anchorNext(ROOT, 5);
        vm.assertEq(digest, Digests.anchorLink(block.chainid, address(register), 0, register.batch(0), genesis));
        setNext(only(supersede(KEY, 2)));
        bytes32 link = Digests.statusLink(
            block.chainid, address(register), 0, supersede(KEY, 2), uint64(block.timestamp), statusGenesis
        );
        assertStatusHead(1, link);
    }

    function test_it_names_its_predecessor() public {
        vm.assertEq(abi.encode(succeed().predecessor()), abi.encode(before));
    }

    function test_nothing_of_the_predecessor_is_taken_over() public {
        register = succeed();
        vm.assertEq(register.issuerCount(), 0);
        vm.assertFalse(register.hasRole(anchorerRole(ISSUER), ANCHORER));
        assertStatus(KEY, 0, false, 0, 0);
        vm.assertEq(register.batches(0, 10).length, 0);
        (uint64 closedAt,,) = register.closing();
        vm.assertEq(closedAt, 0);
    }

    function test_a_predecessor_closed_in_this_very_block_or_later_is_refused(uint64 closedAt) public {
        before.closedAt = uint64(between(closedAt, block.timestamp, type(uint64).max));
        vm.expectRevert(
            abi.encodeWithSelector(IHocbaAnchor.PredecessorNotBefore.selector, before.closedAt, block.timestamp)
        );
        succeed();
    }

    function test_every_time_in_it_is_later_than_the_closing() public {
        register = succeed();
        appoint();
        anchorNext(ROOT, 1);
        vm.assertLt(before.closedAt, register.batch(0).time, "the first batch");
    }

    function test_a_predecessor_of_which_a_part_is_missing_is_refused() public {
        IHocbaAnchor.Predecessor memory whole = before;
        for (uint256 given = 1; given < 15; ++given) {
            before = IHocbaAnchor.Predecessor(
                given & 1 == 0 ? 0 : whole.chainId,
                given & 2 == 0 ? address(0) : whole.anchorContract,
                given & 4 == 0 ? bytes32(0) : whole.closingDigest,
                given & 8 == 0 ? 0 : whole.closedAt
            );
            vm.expectRevert(
                abi.encodeWithSelector(
                    IHocbaAnchor.PredecessorIncomplete.selector,
                    before.chainId,
                    before.anchorContract,
                    before.closingDigest,
                    before.closedAt
                )
            );
            succeed();
        }
    }

    function test_an_era_after_an_era_can_be_closed_in_turn() public {
        register = succeed();
        appoint();
        anchorNext(ROOT, 1);
        (, bytes32 head) = register.head();
        (, bytes32 statusHead) = register.statusHead();
        close();
        (,, bytes32 digest) = register.closing();
        vm.assertEq(
            digest,
            Digests.closing(
                block.chainid, address(register), 1, head, 0, statusHead, uint64(START + 1), CLOSING_STATEMENT
            )
        );
    }
}
