// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {Vm, vm} from "./Vm.sol";

contract SetStatusTest is Fixture {
    bytes32 private constant OTHER_KEY = keccak256("another key");

    function test_a_status_is_stored_with_its_block_time_and_chained(
        IHocbaAnchor.StatusChange memory change,
        uint40 time,
        uint64 chain
    ) public {
        vm.assume(change.key != 0 && change.reason != 0 && change.statement != 0 && chain != 0);
        vm.chainId(chain);
        vm.warp(time);
        register = deploy();
        appoint();
        bytes32 prev = Digests.statusGenesis(chain, address(register));

        vm.expectEmit(address(register));
        emit IHocbaAnchor.StatusSet(
            0, change.key, change.liveVersion, change.revoked, change.reason, time, change.statement
        );
        vm.prank(STATUS_KEEPER);
        register.setStatus(0, only(change));

        assertStatus(change.key, change.liveVersion, change.revoked, change.reason, time);
        assertStatusHead(1, Digests.statusLink(chain, address(register), 0, change, time, prev));
    }

    function test_each_change_of_each_call_is_one_link_of_the_log() public {
        bytes32 prev = Digests.statusGenesis(block.chainid, address(register));
        uint64 index = 0;
        for (uint32 version = 1; version <= 4; ++version) {
            uint64 time = uint64(START + 60 * version);
            vm.warp(time);
            IHocbaAnchor.StatusChange[] memory changes = freshChanges(7 * version);
            for (uint256 i = 0; i < changes.length; ++i) {
                changes[i].liveVersion = version;
                prev = Digests.statusLink(block.chainid, address(register), index++, changes[i], time, prev);
            }
            setNext(changes);
            assertStatusHead(index, prev);
        }
    }

    function test_every_change_has_its_event_with_its_index_in_the_log() public {
        setNext(only(supersede(KEY, 2)));
        vm.warp(START + 5);
        vm.expectEmit(address(register));
        emit IHocbaAnchor.StatusSet(1, KEY, 3, false, 1, uint64(START + 5), STATEMENT);
        vm.expectEmit(address(register));
        emit IHocbaAnchor.StatusSet(2, OTHER_KEY, 1, true, 2, uint64(START + 5), STATEMENT);
        vm.prank(STATUS_KEEPER);
        register.setStatus(1, both(supersede(KEY, 3), revoke(OTHER_KEY, 1)));
    }

    function test_each_call_says_where_the_one_before_it_is() public {
        vm.assertEq(register.statusBlock(), 0);
        uint64[4] memory blocks = [uint64(7), 7, 8, 5_000_000_000];
        uint64 index = 0;
        uint64 previous = 0;
        for (uint256 i = 0; i < blocks.length; ++i) {
            vm.roll(blocks[i]);
            IHocbaAnchor.StatusChange[] memory changes = freshChanges(i + 1);
            for (uint256 c = 0; c < changes.length; ++c) {
                changes[c].liveVersion = uint32(i + 1);
            }
            vm.recordLogs();
            setNext(changes);
            Vm.Log[] memory logs = vm.getRecordedLogs();
            Vm.Log memory last = logs[logs.length - 1];
            vm.assertEq(logs.length, changes.length + 1);
            vm.assertEq(last.topics[0], IHocbaAnchor.StatusesSet.selector);
            vm.assertEq(uint256(last.topics[1]), index);
            vm.assertEq(last.data, abi.encode(uint64(changes.length), previous));
            vm.assertEq(register.statusBlock(), blocks[i]);
            previous = blocks[i];
            index += uint64(changes.length);
        }
    }

    function test_setting_a_status_leaves_the_anchor_chain_alone() public {
        bytes32 digest = anchorNext(ROOT, 1);
        setNext(only(supersede(KEY, 2)));
        assertHead(1, digest);
    }

    function test_a_live_version_may_rise_and_a_revocation_may_follow() public {
        setNext(only(supersede(KEY, 2)));
        setNext(only(supersede(KEY, 7)));
        vm.warp(START + 9);
        setNext(only(revoke(KEY, 7)));
        assertStatus(KEY, 7, true, 2, START + 9);
    }

    function test_a_live_version_may_rise_under_a_revocation() public {
        setNext(only(revoke(KEY, 1)));
        setNext(only(revoke(KEY, 2)));
        assertStatus(KEY, 2, true, 2, START);
    }

    function test_the_reason_of_a_revocation_may_be_restated() public {
        setNext(only(revoke(KEY, 1)));
        IHocbaAnchor.StatusChange memory change = revoke(KEY, 1);
        change.reason = 9;
        setNext(only(change));
        assertStatus(KEY, 1, true, 9, START);
    }

    function test_one_key_may_change_twice_in_one_call() public {
        setNext(both(supersede(KEY, 2), revoke(KEY, 2)));
        assertStatus(KEY, 2, true, 2, START);
    }

    function test_a_change_touches_no_other_key() public {
        setNext(only(revoke(KEY, 1)));
        assertStatus(OTHER_KEY, 0, false, 0, 0);
    }

    function test_a_thousand_changes_fit_in_one_call() public {
        setNext(freshChanges(1000));
        (uint64 count,) = register.statusHead();
        vm.assertEq(count, 1000);
    }

    function test_a_thousand_and_one_changes_are_refused() public {
        setNextRefused(
            freshChanges(1001), abi.encodeWithSelector(IHocbaAnchor.ChangeCountOutOfRange.selector, 1001, 1000)
        );
    }

    function test_no_change_at_all_is_refused() public {
        setNextRefused(freshChanges(0), abi.encodeWithSelector(IHocbaAnchor.ChangeCountOutOfRange.selector, 0, 1000));
    }

    function test_a_transaction_sent_twice_applies_once() public {
        setNext(only(supersede(KEY, 2)));
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.StatusIndexMismatch.selector, 0, 1));
        vm.prank(STATUS_KEEPER);
        register.setStatus(0, only(supersede(KEY, 2)));
    }

    function test_a_wrong_index_is_refused(uint64 index) public {
        setNext(freshChanges(5));
        vm.assume(index != 5);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.StatusIndexMismatch.selector, index, 5));
        vm.prank(STATUS_KEEPER);
        register.setStatus(index, only(supersede(KEY, 2)));
    }

    function test_no_one_but_a_status_keeper_can_set_a_status(address sender) public {
        vm.assume(sender != STATUS_KEEPER);
        refused(sender, statusCall(), unauthorised(sender, STATUS_KEEPER_ROLE));
    }

    function test_a_zero_key_is_refused() public {
        setNextRefused(
            both(supersede(KEY, 2), supersede(0, 2)), abi.encodeWithSelector(IHocbaAnchor.ZeroKey.selector, 1)
        );
    }

    function test_a_zero_reason_is_refused() public {
        IHocbaAnchor.StatusChange memory change = supersede(OTHER_KEY, 2);
        change.reason = 0;
        setNextRefused(both(supersede(KEY, 2), change), abi.encodeWithSelector(IHocbaAnchor.ZeroReason.selector, 1));
    }

    function test_a_zero_statement_is_refused() public {
        IHocbaAnchor.StatusChange memory change = supersede(OTHER_KEY, 2);
        change.statement = 0;
        setNextRefused(both(supersede(KEY, 2), change), abi.encodeWithSelector(IHocbaAnchor.ZeroStatement.selector, 1));
    }

    function test_a_lower_live_version_is_refused(uint32 current, uint32 proposed, bool revoked) public {
        current = uint32(between(current, 1, type(uint32).max));
        proposed = uint32(between(proposed, 0, current - 1));
        setNext(only(supersede(KEY, current)));
        IHocbaAnchor.StatusChange memory lower = revoked ? revoke(KEY, proposed) : supersede(KEY, proposed);
        setNextRefused(
            both(supersede(OTHER_KEY, 1), lower),
            abi.encodeWithSelector(IHocbaAnchor.LiveVersionLowered.selector, 1, current, proposed)
        );
    }

    function test_a_revocation_cannot_be_cleared(uint32 liveVersion) public {
        setNext(only(revoke(KEY, 1)));
        liveVersion = uint32(between(liveVersion, 1, type(uint32).max));
        setNextRefused(
            both(supersede(OTHER_KEY, 1), supersede(KEY, liveVersion)),
            abi.encodeWithSelector(IHocbaAnchor.RevocationCleared.selector, 1, KEY)
        );
    }

    function test_a_change_that_changes_nothing_is_refused() public {
        setNext(only(supersede(KEY, 2)));
        IHocbaAnchor.StatusChange memory again = supersede(KEY, 2);
        again.statement = keccak256("another statement");
        setNextRefused(
            both(supersede(OTHER_KEY, 1), again), abi.encodeWithSelector(IHocbaAnchor.NothingChanged.selector, 1, KEY)
        );
    }

    function test_a_change_repeated_within_one_call_is_refused() public {
        setNextRefused(
            both(supersede(KEY, 2), supersede(KEY, 2)),
            abi.encodeWithSelector(IHocbaAnchor.NothingChanged.selector, 1, KEY)
        );
    }

    function test_one_bad_change_undoes_the_whole_call() public {
        (uint64 count, bytes32 digest) = register.statusHead();
        setNextRefused(
            both(supersede(KEY, 2), supersede(0, 2)), abi.encodeWithSelector(IHocbaAnchor.ZeroKey.selector, 1)
        );
        assertStatus(KEY, 0, false, 0, 0);
        assertStatusHead(count, digest);
    }

    function test_a_revoked_flag_that_is_no_boolean_is_refused() public {
        bytes memory call = abi.encodeCall(IHocbaAnchor.setStatus, (0, only(revoke(KEY, 1))));
        // Selector, index, offset, length, key, live version: the last byte of the next word is the flag.
        vm.assertEq(uint8(call[4 + 32 * 6 - 1]), 1);
        call[4 + 32 * 6 - 1] = 0x02;
        vm.prank(STATUS_KEEPER);
        (bool done,) = address(register).call(call);
        vm.assertFalse(done);
    }
}
