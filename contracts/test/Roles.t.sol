// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm, Vm} from "./Vm.sol";

contract ConstructorTest is Fixture {
    function setUp() public override {
        vm.warp(START);
        register = deploy();
    }

    function test_the_admin_gets_the_administration_and_no_other_role() public view {
        vm.assertTrue(register.hasRole(ADMIN_ROLE, ADMIN));
        vm.assertEq(register.defaultAdmin(), ADMIN);
        vm.assertFalse(register.hasRole(STATUS_KEEPER_ROLE, ADMIN));
        vm.assertFalse(register.hasRole(PAUSER_ROLE, ADMIN));
        vm.assertFalse(register.hasRole(anchorerRole(ISSUER), ADMIN));
    }

    function test_the_deployer_gets_no_role() public view {
        vm.assertFalse(register.hasRole(ADMIN_ROLE, address(this)));
    }

    function test_the_one_grant_is_in_the_log() public {
        vm.recordLogs();
        vm.prank(STRANGER);
        register = deploy();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], IAccessControl.RoleGranted.selector);
        vm.assertEq(logs[0].topics[1], ADMIN_ROLE);
        vm.assertEq(logs[0].topics[2], bytes32(uint256(uint160(ADMIN))));
        vm.assertEq(logs[0].topics[3], bytes32(uint256(uint160(STRANGER))));
    }

    function test_a_register_without_an_admin_is_refused() public {
        IHocbaAnchor.Predecessor memory none;
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, address(0)
            )
        );
        new HocbaAnchor(address(0), DELAY, none);
    }

    function test_the_delay_of_a_hand_over_is_the_one_given(uint48 delay) public {
        IHocbaAnchor.Predecessor memory none;
        vm.assertEq(new HocbaAnchor(ADMIN, delay, none).defaultAdminDelay(), delay);
    }

    function test_the_genesis_digests_name_the_chain_and_the_contract(uint64 chain) public {
        vm.assume(chain != 0);
        vm.chainId(chain);
        register = deploy();
        assertHead(0, Digests.anchorGenesis(chain, address(register)));
        assertStatusHead(0, Digests.statusGenesis(chain, address(register)));
    }

    function test_it_starts_open_and_not_paused_without_issuers_and_without_a_predecessor() public view {
        IHocbaAnchor.Predecessor memory none;
        vm.assertEq(abi.encode(register.predecessor()), abi.encode(none));
        (uint64 closedAt, bytes32 statement, bytes32 digest) = register.closing();
        vm.assertEq(abi.encode(closedAt, statement, digest), abi.encode(0, 0, 0));
        vm.assertEq(register.issuerCount(), 0);
        vm.assertFalse(register.paused());
    }

    function test_the_runtime_code_does_not_depend_on_the_deployment() public {
        vm.chainId(77);
        IHocbaAnchor.Predecessor memory before = IHocbaAnchor.Predecessor(1, STRANGER, ROOT, 1);
        vm.assertEq(address(register).codehash, address(new HocbaAnchor(STRANGER, 7, before)).codehash);
    }

    function test_the_interface_version_is_2() public view {
        vm.assertEq(register.VERSION(), 2);
    }
}

contract RoleNamesTest is Fixture {
    function test_the_roles_are_the_digests_that_the_interface_names(bytes16 issuer) public view {
        vm.assertEq(register.STATUS_KEEPER_ROLE(), STATUS_KEEPER_ROLE);
        vm.assertEq(register.PAUSER_ROLE(), PAUSER_ROLE);
        vm.assertEq(register.anchorerRole(issuer), anchorerRole(issuer));
    }

    function test_the_anchorer_roles_of_two_issuers_differ(bytes16 one, bytes16 other) public view {
        vm.assume(one != other);
        vm.assertNotEq(register.anchorerRole(one), register.anchorerRole(other));
    }
}

contract GrantRoleTest is Fixture {
    function test_the_admin_grants_a_role(bytes32 role, address account) public {
        vm.assume(role != ADMIN_ROLE && !register.hasRole(role, account));
        vm.expectEmit(address(register));
        emit IAccessControl.RoleGranted(role, account, ADMIN);
        vm.prank(ADMIN);
        register.grantRole(role, account);
        vm.assertTrue(register.hasRole(role, account));
    }

    function test_a_grant_gives_that_role_only() public {
        vm.prank(ADMIN);
        register.grantRole(anchorerRole(ISSUER), STRANGER);
        vm.assertFalse(register.hasRole(anchorerRole(OTHER_ISSUER), STRANGER));
        vm.assertFalse(register.hasRole(STATUS_KEEPER_ROLE, STRANGER));
        vm.assertFalse(register.hasRole(PAUSER_ROLE, STRANGER));
        vm.assertFalse(register.hasRole(ADMIN_ROLE, STRANGER));
    }

    function test_no_one_but_the_admin_can_grant(bytes32 role, address sender) public {
        vm.assume(role != ADMIN_ROLE && sender != ADMIN);
        bytes memory call = abi.encodeCall(IAccessControl.grantRole, (role, sender));
        refused(sender, call, unauthorised(sender, ADMIN_ROLE));
    }

    function test_the_administration_cannot_be_granted() public {
        refused(
            ADMIN,
            abi.encodeCall(IAccessControl.grantRole, (ADMIN_ROLE, STRANGER)),
            abi.encodeWithSelector(IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminRules.selector)
        );
    }
}

contract RevokeRoleTest is Fixture {
    function test_the_admin_takes_a_role_away() public {
        vm.expectEmit(address(register));
        emit IAccessControl.RoleRevoked(anchorerRole(ISSUER), ANCHORER, ADMIN);
        vm.prank(ADMIN);
        register.revokeRole(anchorerRole(ISSUER), ANCHORER);
        vm.assertFalse(register.hasRole(anchorerRole(ISSUER), ANCHORER));
    }

    function test_a_former_holder_can_do_the_work_no_more() public {
        vm.startPrank(ADMIN);
        register.revokeRole(anchorerRole(ISSUER), ANCHORER);
        register.revokeRole(STATUS_KEEPER_ROLE, STATUS_KEEPER);
        register.revokeRole(PAUSER_ROLE, PAUSER);
        vm.stopPrank();
        refused(ANCHORER, anchorCall(ISSUER), unauthorised(ANCHORER, anchorerRole(ISSUER)));
        refused(STATUS_KEEPER, statusCall(), unauthorised(STATUS_KEEPER, STATUS_KEEPER_ROLE));
        refused(PAUSER, abi.encodeCall(IHocbaAnchor.pause, ()), unauthorised(PAUSER, PAUSER_ROLE));
    }

    function test_no_one_but_the_admin_can_take_a_role_away(address sender) public {
        vm.assume(sender != ADMIN);
        bytes memory call = abi.encodeCall(IAccessControl.revokeRole, (anchorerRole(ISSUER), ANCHORER));
        refused(sender, call, unauthorised(sender, ADMIN_ROLE));
    }

    function test_the_administration_cannot_be_taken_away() public {
        refused(
            ADMIN,
            abi.encodeCall(IAccessControl.revokeRole, (ADMIN_ROLE, ADMIN)),
            abi.encodeWithSelector(IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminRules.selector)
        );
    }

    function test_what_was_anchored_outlives_the_role_of_the_anchorer() public {
        bytes32 digest = anchorNext(ROOT, 3);
        vm.prank(ADMIN);
        register.revokeRole(anchorerRole(ISSUER), ANCHORER);
        assertHead(1, digest);
        vm.assertEq(register.batch(0).root, ROOT);
    }
}

contract RenounceRoleTest is Fixture {
    function test_a_holder_gives_up_its_role() public {
        vm.prank(ANCHORER);
        register.renounceRole(anchorerRole(ISSUER), ANCHORER);
        refused(ANCHORER, anchorCall(ISSUER), unauthorised(ANCHORER, anchorerRole(ISSUER)));
    }

    function test_nobody_gives_up_the_role_of_another() public {
        refused(
            OTHER_ANCHORER,
            abi.encodeCall(IAccessControl.renounceRole, (anchorerRole(ISSUER), ANCHORER)),
            abi.encodeWithSelector(IAccessControl.AccessControlBadConfirmation.selector)
        );
    }

    function test_the_administration_cannot_be_given_up() public {
        bytes memory call = abi.encodeCall(IAccessControl.renounceRole, (ADMIN_ROLE, ADMIN));
        refused(ADMIN, call, tooEarly(0));

        vm.prank(ADMIN);
        register.beginDefaultAdminTransfer(STRANGER);
        vm.warp(START + DELAY + 1);
        refused(ADMIN, call, tooEarly(START + DELAY));
    }

    function tooEarly(uint256 schedule) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, schedule
        );
    }
}

/// The hand-over of the administration. That OpenZeppelin's part keeps its word is theirs to test; that it is the part
/// in force here, with the delay given and never to nobody, is ours.
contract HandOverTest is Fixture {
    bytes private accept = abi.encodeCall(IAccessControlDefaultAdminRules.acceptDefaultAdminTransfer, ());

    function begin(address next) private {
        vm.prank(ADMIN);
        register.beginDefaultAdminTransfer(next);
    }

    function test_the_administration_passes_in_two_steps_after_the_delay() public {
        begin(STRANGER);
        vm.assertTrue(register.hasRole(ADMIN_ROLE, ADMIN));
        vm.warp(START + DELAY + 1);
        accepted(STRANGER, accept);
        vm.assertEq(register.defaultAdmin(), STRANGER);
        vm.assertTrue(register.hasRole(ADMIN_ROLE, STRANGER));
        vm.assertFalse(register.hasRole(ADMIN_ROLE, ADMIN));
        refused(ADMIN, closeCall(CLOSING_STATEMENT), unauthorised(ADMIN, ADMIN_ROLE));
        accepted(STRANGER, closeCall(CLOSING_STATEMENT));
    }

    function test_it_does_not_pass_before_the_delay_is_over(uint256 wait) public {
        begin(STRANGER);
        vm.warp(START + between(wait, 0, DELAY));
        refused(
            STRANGER,
            accept,
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, START + DELAY
            )
        );
    }

    function test_no_one_but_the_account_named_can_accept(address sender) public {
        vm.assume(sender != STRANGER);
        begin(STRANGER);
        vm.warp(START + DELAY + 1);
        bytes4 refusal = IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector;
        refused(sender, accept, abi.encodeWithSelector(refusal, sender));
    }

    function test_a_cancelled_hand_over_cannot_be_accepted() public {
        begin(STRANGER);
        vm.prank(ADMIN);
        register.cancelDefaultAdminTransfer();
        vm.warp(START + DELAY + 1);
        bytes4 refusal = IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector;
        refused(STRANGER, accept, abi.encodeWithSelector(refusal, STRANGER));
    }

    function test_the_administration_cannot_be_handed_to_nobody() public {
        bytes memory call = abi.encodeCall(IAccessControlDefaultAdminRules.beginDefaultAdminTransfer, (address(0)));
        bytes4 refusal = IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector;
        refused(ADMIN, call, abi.encodeWithSelector(refusal, address(0)));
    }
}

/// Every writing function, called by a holder of each role and by a stranger: each is refused but the holder of the one
/// role that the function needs. `pause` alone answers to two.
contract RoleSeparationTest is Fixture {
    uint256 private constant FUNCTIONS = 14;
    address private constant PENDING = address(0xE5);

    /// Call number `f`, the role it needs and who holds it. In this order each can be carried out.
    function row(uint256 f) private view returns (bytes memory call, bytes32 role, address holder) {
        if (f == 0) return (anchorCall(ISSUER), anchorerRole(ISSUER), ANCHORER);
        if (f == 1) return (anchorCall(OTHER_ISSUER), anchorerRole(OTHER_ISSUER), OTHER_ANCHORER);
        if (f == 2) return (statusCall(), STATUS_KEEPER_ROLE, STATUS_KEEPER);
        if (f == 3) return (abi.encodeCall(IHocbaAnchor.pause, ()), PAUSER_ROLE, PAUSER);
        if (f == 4) return (abi.encodeCall(IHocbaAnchor.unpause, ()), ADMIN_ROLE, ADMIN);
        if (f == 5) {
            return (abi.encodeCall(IHocbaAnchor.setIssuer, (ISSUER, 0, FOREVER, "01,79")), ADMIN_ROLE, ADMIN);
        }
        return (adminCall(f), ADMIN_ROLE, ADMIN);
    }

    function adminCall(uint256 f) private view returns (bytes memory) {
        if (f == 6) return abi.encodeCall(IAccessControl.grantRole, (PAUSER_ROLE, STRANGER));
        if (f == 7) return abi.encodeCall(IAccessControl.revokeRole, (PAUSER_ROLE, STRANGER));
        if (f == 8) return abi.encodeCall(IAccessControl.grantRole, (anchorerRole(ISSUER), PENDING));
        if (f == 9) return abi.encodeCall(IAccessControlDefaultAdminRules.beginDefaultAdminTransfer, (PENDING));
        if (f == 10) return abi.encodeCall(IAccessControlDefaultAdminRules.cancelDefaultAdminTransfer, ());
        if (f == 11) return abi.encodeCall(IAccessControlDefaultAdminRules.changeDefaultAdminDelay, (7 days));
        if (f == 12) return abi.encodeCall(IAccessControlDefaultAdminRules.rollbackDefaultAdminDelay, ());
        return closeCall(CLOSING_STATEMENT);
    }

    function test_no_role_can_do_the_work_of_another() public {
        address[6] memory senders = [ADMIN, ANCHORER, OTHER_ANCHORER, STATUS_KEEPER, PAUSER, STRANGER];
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            (bytes memory call, bytes32 role, address holder) = row(f);
            for (uint256 s = 0; s < senders.length; ++s) {
                if (senders[s] == holder || (role == PAUSER_ROLE && senders[s] == ADMIN)) continue;
                refused(senders[s], call, unauthorised(senders[s], role));
            }
            accepted(holder, call);
        }
    }
}
