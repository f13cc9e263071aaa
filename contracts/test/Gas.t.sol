// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture, Helpers} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// What a whole transaction costs: 21,000 base, calldata and execution. In isolate mode forge runs every call from the
/// test as a transaction of its own, from cold storage, and reports just that.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    uint256 private constant ANCHOR_LIMIT = 120_000;
    uint256 private constant STATUS_LIMIT = 40_000;
    bytes16 private constant LONG_ISSUER = "0123456789abcdef";

    function setUp() public override {
        super.setUp();
        entitle(LONG_ISSUER);
    }

    function entitle(bytes16 issuer) private {
        setIssuer(issuer, 0, FOREVER, "*");
        vm.prank(ADMIN);
        register.grantRole(anchorerRole(issuer), ANCHORER);
    }

    function anchorCost(bytes32 root, uint32 size, bytes16 issuer) private returns (uint256 cost) {
        (uint64 count, bytes32 prev) = register.head();
        vm.prank(ANCHORER);
        register.anchor(count, prev, root, size, issuer, 1);
        cost = lastTransaction(abi.encodeCall(IHocbaAnchor.anchor, (count, prev, root, size, issuer, 1)));
        vm.assertLt(cost, ANCHOR_LIMIT, "one anchoring");
    }

    function statusCost(IHocbaAnchor.StatusChange[] memory changes) private returns (uint256 cost) {
        (uint64 count,) = register.statusHead();
        vm.prank(STATUS_KEEPER);
        register.setStatus(count, changes);
        cost = lastTransaction(abi.encodeCall(IHocbaAnchor.setStatus, (count, changes)));
    }

    /// Fails unless the figure holds base and calldata, which it would not outside isolate mode.
    function lastTransaction(bytes memory data) private view returns (uint256 cost) {
        cost = vm.lastCallGas().gasTotalUsed;
        vm.assertGe(cost, intrinsicGas(data) + 3_000);
    }

    function test_the_first_anchoring_is_as_cheap_as_the_later_ones() public {
        uint256 first = anchorCost(ROOT, 1, LONG_ISSUER);
        uint256 second = anchorCost(ROOT, 1, LONG_ISSUER);
        vm.snapshotValue("HocbaAnchor", "anchor, first", first);
        vm.snapshotValue("HocbaAnchor", "anchor, later", second);
        vm.assertLt(first > second ? first - second : second - first, 2_000, "first against later");
    }

    function test_anchoring_costs_the_same_whatever_the_size() public {
        anchorCost(ROOT, 1, LONG_ISSUER);
        anchorCost(ROOT, 4_096, LONG_ISSUER);
        vm.snapshotValue("HocbaAnchor", "anchor, 65536 leaves", anchorCost(ROOT, 65_536, LONG_ISSUER));
    }

    function test_fuzz_no_anchoring_reaches_the_limit(bytes32 root, uint32 size, uint256 issuer) public {
        vm.assume(root != 0);
        entitle(issuerCode(issuer));
        anchorCost(root, uint32(between(size, 1, 65_536)), issuerCode(issuer));
    }

    function test_one_status_change_on_its_own() public {
        vm.snapshotValue("HocbaAnchor", "setStatus, 1 change", statusCost(freshChanges(1)));
    }

    function test_a_thousand_fresh_statuses_stay_under_the_limit_per_change() public {
        uint256 cost = statusCost(freshChanges(1000));
        vm.snapshotValue("HocbaAnchor", "setStatus, 1000 changes", cost);
        vm.snapshotValue("HocbaAnchor", "setStatus, 1000 changes, each", cost / 1000);
        vm.assertLt(cost, 1000 * STATUS_LIMIT, "a thousand statuses");
    }

    function test_what_an_admin_pays() public {
        bytes memory call = abi.encodeCall(IHocbaAnchor.setIssuer, ("so-gddt-03", 0, FOREVER, "79"));
        vm.snapshotValue("HocbaAnchor", "setIssuer, 1 prefix", adminCost(call));
        bytes memory schools;
        for (uint256 i = 0; i < 64; ++i) {
            schools = bytes.concat(schools, bytes(i == 0 ? "" : ","), bytes.concat("79000", digits(i)));
        }
        call = abi.encodeCall(IHocbaAnchor.setIssuer, ("so-gddt-04", 0, FOREVER, string(schools)));
        vm.snapshotValue("HocbaAnchor", "setIssuer, 64 prefixes", adminCost(call));
        vm.snapshotValue("HocbaAnchor", "pause", adminCost(abi.encodeCall(IHocbaAnchor.pause, ())));
        vm.snapshotValue("HocbaAnchor", "closeEra", adminCost(closeCall(CLOSING_STATEMENT)));
    }

    function adminCost(bytes memory call) private returns (uint256) {
        accepted(ADMIN, call);
        return lastTransaction(call);
    }

    /// Two digits, so that lists of up to a hundred sort as they count.
    function digits(uint256 i) private pure returns (bytes memory) {
        return bytes.concat(bytes1(uint8(48 + i / 10)), bytes1(uint8(48 + i % 10)));
    }

    function test_the_check_of_a_path_of_sixteen_nodes() public {
        bytes32[] memory path = new bytes32[](16);
        bytes32 root = ROOT;
        for (uint256 i = 0; i < 16; ++i) {
            root = sha256(bytes.concat(hex"01", root, path[i]));
        }
        anchorNext(root, 65_536);
        vm.assertTrue(register.verifyInclusion(0, ROOT, 0, path));
        vm.snapshotValue("HocbaAnchor", "verifyInclusion, 16 nodes", vm.lastCallGas().gasTotalUsed);
    }

    function test_a_full_page_fits_a_read_call() public {
        for (uint256 i = 0; i < 1000; ++i) {
            anchorNext(ROOT, 1);
        }
        vm.assertEq(register.batches(0, 1000).length, 1000);
        vm.snapshotValue("HocbaAnchor", "batches, 1000", vm.lastCallGas().gasTotalUsed);
    }
}

/// forge reports no gas of a creation, so it is added up: base, calldata, and the opcode with all it runs and stores.
contract DeploymentGasTest is Helpers {
    function test_the_deployment() public {
        IHocbaAnchor.Predecessor memory none;
        bytes memory data = bytes.concat(type(HocbaAnchor).creationCode, abi.encode(ADMIN, DELAY, none));
        uint256 cost = intrinsicGas(data);
        uint256 left = gasleft();
        assembly {
            pop(create(0, add(data, 32), mload(data)))
        }
        cost += left - gasleft();
        vm.snapshotValue("HocbaAnchor", "deploy", cost);
    }
}
