// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

contract PauseTest is Fixture {
    bytes private constant PAUSED = abi.encodeWithSelector(Pausable.EnforcedPause.selector);

    function test_a_pauser_and_the_admin_can_pause() public {
        address[2] memory senders = [PAUSER, ADMIN];
        for (uint256 i = 0; i < senders.length; ++i) {
            vm.expectEmit(address(register));
            emit Pausable.Paused(senders[i]);
            pauseBy(senders[i]);
            vm.assertTrue(register.paused());
            vm.prank(ADMIN);
            register.unpause();
        }
    }

    function test_no_one_else_can_pause(address sender) public {
        vm.assume(sender != PAUSER && sender != ADMIN);
        refused(sender, abi.encodeCall(IHocbaAnchor.pause, ()), unauthorised(sender, PAUSER_ROLE));
    }

    function test_pausing_twice_is_refused() public {
        pauseBy(PAUSER);
        refused(PAUSER, abi.encodeCall(IHocbaAnchor.pause, ()), PAUSED);
    }

    function test_nothing_can_be_anchored_while_paused() public {
        bytes32 digest = anchorNext(ROOT, 1);
        pauseBy(PAUSER);
        refused(ANCHORER, anchorCall(ISSUER), PAUSED);
        refused(OTHER_ANCHORER, anchorCall(OTHER_ISSUER), PAUSED);
        assertHead(1, digest);
    }

    function test_statuses_go_on_while_paused() public {
        pauseBy(PAUSER);
        IHocbaAnchor.StatusChange memory change = revoke(KEY, 2);
        setNext(only(change));
        assertStatus(KEY, 2, true, 2, START);
        bytes32 genesis = Digests.statusGenesis(block.chainid, address(register));
        assertStatusHead(1, Digests.statusLink(block.chainid, address(register), 0, change, uint64(START), genesis));
    }

    function test_pausing_changes_nothing_that_can_be_read_but_the_flag() public {
        anchorNext(ROOT, 1);
        setNext(only(supersede(KEY, 2)));
        bytes memory before = content(register);
        pauseBy(PAUSER);
        vm.assertEq(content(register), before);
        assertStatus(KEY, 2, false, 1, START);
        vm.assertTrue(register.verifyInclusion(0, ROOT, 0, new bytes32[](0)));
    }

    function test_issuers_and_roles_can_be_changed_while_paused() public {
        pauseBy(PAUSER);
        setIssuer(ISSUER, 0, uint40(START), "*");
        vm.prank(ADMIN);
        register.revokeRole(anchorerRole(ISSUER), ANCHORER);
    }

    function test_the_era_can_be_closed_while_paused() public {
        pauseBy(PAUSER);
        close();
        vm.assertTrue(register.paused());
    }
}

contract UnpauseTest is Fixture {
    bytes private constant UNPAUSE = abi.encodeCall(IHocbaAnchor.unpause, ());

    function test_the_admin_lets_anchoring_go_on_from_the_same_head() public {
        anchorNext(ROOT, 1);
        bytes memory call = anchorCall(ISSUER);
        pauseBy(PAUSER);
        vm.expectEmit(address(register));
        emit Pausable.Unpaused(ADMIN);
        accepted(ADMIN, UNPAUSE);
        vm.assertFalse(register.paused());
        accepted(ANCHORER, call);
    }

    function test_no_one_but_the_admin_can_let_anchoring_go_on(address sender) public {
        vm.assume(sender != ADMIN);
        pauseBy(PAUSER);
        refused(sender, UNPAUSE, unauthorised(sender, ADMIN_ROLE));
        refused(PAUSER, UNPAUSE, unauthorised(PAUSER, ADMIN_ROLE));
    }

    function test_what_is_not_paused_cannot_be_let_go_on() public {
        refused(ADMIN, UNPAUSE, abi.encodeWithSelector(Pausable.ExpectedPause.selector));
    }
}
