// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

contract ConstructorTest is Fixture {
    function test_each_account_gets_its_own_role_and_no_other() public view {
        address[3] memory holders = [ADMIN, ANCHORER, STATUS_KEEPER];
        for (uint8 role = 0; role < 3; ++role) {
            for (uint8 holder = 0; holder < 3; ++holder) {
                vm.assertTrue(register.hasRole(IHocbaAnchor.Role(role), holders[holder]) == (role == holder));
            }
        }
    }

    function test_the_deployer_gets_no_role() public view {
        for (uint8 role = 0; role < 3; ++role) {
            vm.assertFalse(register.hasRole(IHocbaAnchor.Role(role), address(this)));
        }
    }

    function test_the_grants_are_in_the_log() public {
        address next = firstContractOf(STRANGER);
        vm.expectEmit(next);
        emit IHocbaAnchor.RoleGranted(IHocbaAnchor.Role.Admin, ADMIN, STRANGER);
        vm.expectEmit(next);
        emit IHocbaAnchor.RoleGranted(IHocbaAnchor.Role.Anchorer, ANCHORER, STRANGER);
        vm.expectEmit(next);
        emit IHocbaAnchor.RoleGranted(IHocbaAnchor.Role.StatusKeeper, STATUS_KEEPER, STRANGER);
        vm.prank(STRANGER);
        new HocbaAnchor(ADMIN, ANCHORER, STATUS_KEEPER);
    }

    function test_each_role_needs_an_account() public {
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.ZeroAccount.selector, IHocbaAnchor.Role.Admin));
        new HocbaAnchor(address(0), ANCHORER, STATUS_KEEPER);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.ZeroAccount.selector, IHocbaAnchor.Role.Anchorer));
        new HocbaAnchor(ADMIN, address(0), STATUS_KEEPER);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.ZeroAccount.selector, IHocbaAnchor.Role.StatusKeeper));
        new HocbaAnchor(ADMIN, ANCHORER, address(0));
    }

    function test_the_genesis_digests_name_the_chain_and_the_contract(uint64 chain) public {
        vm.assume(chain != 0);
        vm.chainId(chain);
        register = new HocbaAnchor(ADMIN, ANCHORER, STATUS_KEEPER);
        assertHead(0, Digests.anchorGenesis(chain, address(register)));
        assertStatusHead(0, Digests.statusGenesis(chain, address(register)));
    }

    function test_the_runtime_code_does_not_depend_on_the_deployment() public {
        vm.chainId(77);
        vm.assertEq(address(register).codehash, address(new HocbaAnchor(STRANGER, STRANGER, STRANGER)).codehash);
    }

    function test_the_interface_version_is_1() public view {
        vm.assertEq(register.VERSION(), 1);
    }
}

contract GrantRoleTest is Fixture {
    function test_an_admin_grants_a_role(uint8 r, address account) public {
        IHocbaAnchor.Role role = IHocbaAnchor.Role(r % 3);
        vm.assume(account != address(0) && !register.hasRole(role, account));
        vm.expectEmit(address(register));
        emit IHocbaAnchor.RoleGranted(role, account, ADMIN);
        vm.prank(ADMIN);
        register.grantRole(role, account);
        vm.assertTrue(register.hasRole(role, account));
    }

    function test_a_grant_gives_that_role_only() public {
        vm.prank(ADMIN);
        register.grantRole(IHocbaAnchor.Role.Anchorer, STRANGER);
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.Admin, STRANGER));
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.StatusKeeper, STRANGER));
    }

    function test_a_new_admin_can_grant_in_turn() public {
        vm.prank(ADMIN);
        register.grantRole(IHocbaAnchor.Role.Admin, STRANGER);
        vm.prank(STRANGER);
        register.grantRole(IHocbaAnchor.Role.Anchorer, address(0xE5));
        vm.assertTrue(register.hasRole(IHocbaAnchor.Role.Anchorer, address(0xE5)));
    }

    function test_no_one_but_an_admin_can_grant(uint8 r, address sender) public {
        vm.assume(sender != ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.MissingRole.selector, IHocbaAnchor.Role.Admin, sender));
        vm.prank(sender);
        register.grantRole(IHocbaAnchor.Role(r % 3), STRANGER);
    }

    function test_the_zero_address_is_refused() public {
        for (uint8 role = 0; role < 3; ++role) {
            vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.ZeroAccount.selector, role));
            vm.prank(ADMIN);
            register.grantRole(IHocbaAnchor.Role(role), address(0));
        }
    }

    function test_granting_twice_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(IHocbaAnchor.RoleAlreadyHeld.selector, IHocbaAnchor.Role.Anchorer, ANCHORER)
        );
        vm.prank(ADMIN);
        register.grantRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
    }

    function test_there_is_no_fourth_role() public {
        vm.prank(ADMIN);
        (bool done, bytes memory answer) =
            address(register).call(abi.encodeWithSelector(IHocbaAnchor.grantRole.selector, uint8(3), STRANGER));
        vm.assertFalse(done);
        vm.assertEq(answer.length, 0);
    }
}

contract RevokeRoleTest is Fixture {
    function test_an_admin_takes_a_role_away() public {
        vm.expectEmit(address(register));
        emit IHocbaAnchor.RoleRevoked(IHocbaAnchor.Role.Anchorer, ANCHORER, ADMIN);
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.Anchorer, ANCHORER));
    }

    function test_a_former_anchorer_cannot_anchor() public {
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
        (, bytes32 prev) = register.head();
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.MissingRole.selector, IHocbaAnchor.Role.Anchorer, ANCHORER));
        vm.prank(ANCHORER);
        register.anchor(0, prev, ROOT, 1, ISSUER, 1);
    }

    function test_no_one_but_an_admin_can_take_a_role_away(address sender) public {
        vm.assume(sender != ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.MissingRole.selector, IHocbaAnchor.Role.Admin, sender));
        vm.prank(sender);
        register.revokeRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
    }

    function test_a_role_not_held_cannot_be_taken(uint8 r) public {
        IHocbaAnchor.Role role = IHocbaAnchor.Role(r % 3);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.RoleNotHeld.selector, role, STRANGER));
        vm.prank(ADMIN);
        register.revokeRole(role, STRANGER);
    }

    function test_the_last_admin_cannot_remove_itself() public {
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.LastAdmin.selector, ADMIN));
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Admin, ADMIN);
    }

    function test_an_admin_can_leave_when_another_stays() public {
        vm.prank(ADMIN);
        register.grantRole(IHocbaAnchor.Role.Admin, STRANGER);
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Admin, ADMIN);
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.Admin, ADMIN));

        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.LastAdmin.selector, STRANGER));
        vm.prank(STRANGER);
        register.revokeRole(IHocbaAnchor.Role.Admin, STRANGER);
    }

    function test_the_last_anchorer_and_status_keeper_can_be_removed() public {
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.StatusKeeper, STATUS_KEEPER);
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.Anchorer, ANCHORER));
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.StatusKeeper, STATUS_KEEPER));
    }

    function test_what_was_anchored_outlives_the_role_of_the_anchorer() public {
        bytes32 digest = anchorNext(ROOT, 3);
        vm.prank(ADMIN);
        register.revokeRole(IHocbaAnchor.Role.Anchorer, ANCHORER);
        assertHead(1, digest);
        vm.assertEq(register.batch(0).root, ROOT);
    }
}

contract HasRoleTest is Fixture {
    function test_a_stranger_has_no_role(address account) public view {
        vm.assume(account != ADMIN && account != ANCHORER && account != STATUS_KEEPER);
        for (uint8 role = 0; role < 3; ++role) {
            vm.assertFalse(register.hasRole(IHocbaAnchor.Role(role), account));
        }
    }

    function test_one_account_may_hold_several_roles_and_lose_them_one_by_one() public {
        register = new HocbaAnchor(STRANGER, STRANGER, STRANGER);
        vm.prank(STRANGER);
        register.revokeRole(IHocbaAnchor.Role.StatusKeeper, STRANGER);
        vm.assertTrue(register.hasRole(IHocbaAnchor.Role.Admin, STRANGER));
        vm.assertTrue(register.hasRole(IHocbaAnchor.Role.Anchorer, STRANGER));
        vm.assertFalse(register.hasRole(IHocbaAnchor.Role.StatusKeeper, STRANGER));
    }
}

/// Every writing function, called by a holder of each role and by a stranger: one cell of the matrix is allowed per row.
contract RoleSeparationTest is Fixture {
    function test_each_function_answers_to_one_role_only() public {
        address[4] memory senders = [ADMIN, ANCHORER, STATUS_KEEPER, STRANGER];
        (, bytes32 prev) = register.head();
        bytes[4] memory calls = [
            abi.encodeCall(IHocbaAnchor.grantRole, (IHocbaAnchor.Role.Anchorer, address(0xE5))),
            abi.encodeCall(IHocbaAnchor.revokeRole, (IHocbaAnchor.Role.Anchorer, address(0xE5))),
            abi.encodeCall(IHocbaAnchor.anchor, (0, prev, ROOT, 1, ISSUER, 1)),
            abi.encodeCall(IHocbaAnchor.setStatus, (0, only(supersede(KEY, 2))))
        ];
        IHocbaAnchor.Role[4] memory needed = [
            IHocbaAnchor.Role.Admin, IHocbaAnchor.Role.Admin, IHocbaAnchor.Role.Anchorer, IHocbaAnchor.Role.StatusKeeper
        ];
        for (uint256 f = 0; f < calls.length; ++f) {
            for (uint256 s = 0; s < senders.length; ++s) {
                if (senders[s] == senders[uint8(needed[f])]) continue;
                vm.prank(senders[s]);
                (bool refusedDone, bytes memory answer) = address(register).call(calls[f]);
                vm.assertFalse(refusedDone);
                vm.assertEq(answer, abi.encodeWithSelector(IHocbaAnchor.MissingRole.selector, needed[f], senders[s]));
            }
            vm.prank(senders[uint8(needed[f])]);
            (bool done,) = address(register).call(calls[f]);
            vm.assertTrue(done);
        }
    }
}
