// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture, Helpers} from "./Fixture.sol";
import {Digests} from "./Reference.sol";
import {vm} from "./Vm.sol";

/// Uses the register as its people would, and as they should not, and keeps its own history of what must be true. An
/// expectation that fails reverts, which ends the run (`fail_on_revert`).
contract Handler is Helpers {
    uint256 private constant KEYS = 6;
    address[5] private people = [ADMIN, ANCHORER, STATUS_KEEPER, STRANGER, address(0xE5)];

    IHocbaAnchor.Batch[] private batches;
    IHocbaAnchor.StatusChange[] private log;
    uint64[] private logTimes;
    mapping(bytes32 => IHocbaAnchor.Status) private statuses;
    mapping(IHocbaAnchor.Role => mapping(address => bool)) private roles;
    uint256 private admins = 1;
    uint256 private clock = START;

    constructor(IHocbaAnchor register_) {
        register = register_;
        roles[IHocbaAnchor.Role.Admin][ADMIN] = true;
        roles[IHocbaAnchor.Role.Anchorer][ANCHORER] = true;
        roles[IHocbaAnchor.Role.StatusKeeper][STATUS_KEEPER] = true;
    }

    modifier timed(uint256 seed) {
        clock += seed % 3600;
        vm.warp(clock);
        _;
    }

    // Actions. Each predicts from the history alone whether the register must accept.

    function anchor(uint256 who, uint8 stale, bytes32 root, uint32 size, uint256 seed) external timed(seed) {
        address sender = person(who);
        size = uint32(between(size, 1, 65_536));
        if (root == 0) root = ROOT;
        uint64 index = uint64(batches.length);
        bytes32 prev = anchorDigest();
        // One call in eight is late by one, another continues another chain.
        if (stale % 8 == 0) index = index == 0 ? 1 : index - 1;
        if (stale % 8 == 1) prev = keccak256(abi.encode(prev));

        vm.prank(sender);
        bool done = call(abi.encodeCall(IHocbaAnchor.anchor, (index, prev, root, size, issuerCode(seed), 1)));
        vm.assertTrue(done == (roles[IHocbaAnchor.Role.Anchorer][sender] && stale % 8 > 1), "anchor");
        if (done) batches.push(IHocbaAnchor.Batch(root, size, uint40(clock), 1, issuerCode(seed)));
    }

    function setStatus(uint256 who, bool stale, uint128 keySeed, uint8 count, uint256 seed) external timed(seed) {
        address sender = person(who);
        IHocbaAnchor.StatusChange[] memory changes = new IHocbaAnchor.StatusChange[](between(count, 1, 4));
        for (uint256 i = 0; i < changes.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            IHocbaAnchor.Status memory now_ = statuses[key(uint256(keySeed) + i)];
            // Mostly up by one or level, at times down; mostly keeps the revocation, at times sets or clears it.
            uint32 version = dice % 16 == 0 && now_.liveVersion > 0 ? now_.liveVersion - 1 : now_.liveVersion;
            if (dice % 16 > 4) ++version;
            bool revoked = (dice >> 8) % 16 == 0 ? !now_.revoked : now_.revoked;
            changes[i] = IHocbaAnchor.StatusChange(
                key(uint256(keySeed) + i), version, revoked, uint8(between(dice >> 16, 1, 3)), bytes32(dice)
            );
        }
        uint64 index = uint64(log.length);
        if (stale) ++index;

        vm.prank(sender);
        bool done = call(abi.encodeCall(IHocbaAnchor.setStatus, (index, changes)));
        vm.assertTrue(
            done == (roles[IHocbaAnchor.Role.StatusKeeper][sender] && !stale && tightens(changes)), "setStatus"
        );
        if (!done) return;
        for (uint256 i = 0; i < changes.length; ++i) {
            IHocbaAnchor.StatusChange memory c = changes[i];
            log.push(c);
            logTimes.push(uint64(clock));
            statuses[c.key] = IHocbaAnchor.Status(c.liveVersion, c.revoked, c.reason, uint40(clock));
        }
    }

    function grantRole(uint256 who, uint256 whom, uint8 r) external {
        (address sender, address account, IHocbaAnchor.Role role) =
            (person(who), person(whom), IHocbaAnchor.Role(r % 3));
        vm.prank(sender);
        bool done = call(abi.encodeCall(IHocbaAnchor.grantRole, (role, account)));
        vm.assertTrue(done == (roles[IHocbaAnchor.Role.Admin][sender] && !roles[role][account]), "grantRole");
        if (!done) return;
        roles[role][account] = true;
        if (role == IHocbaAnchor.Role.Admin) ++admins;
    }

    function revokeRole(uint256 who, uint256 whom, uint8 r) external {
        (address sender, address account, IHocbaAnchor.Role role) =
            (person(who), person(whom), IHocbaAnchor.Role(r % 3));
        bool last = role == IHocbaAnchor.Role.Admin && admins == 1;
        vm.prank(sender);
        bool done = call(abi.encodeCall(IHocbaAnchor.revokeRole, (role, account)));
        vm.assertTrue(done == (roles[IHocbaAnchor.Role.Admin][sender] && roles[role][account] && !last), "revokeRole");
        if (!done) return;
        roles[role][account] = false;
        if (role == IHocbaAnchor.Role.Admin) --admins;
    }

    // Checks, called by the invariants.

    function checkBatches() external view {
        vm.assertEq(abi.encode(register.batches(0, 1000)), abi.encode(batches));
        assertHead(uint64(batches.length), anchorDigest());
    }

    function checkLog() external view {
        bytes32 digest = Digests.statusGenesis(block.chainid, address(register));
        for (uint64 i = 0; i < log.length; ++i) {
            digest = Digests.statusLink(block.chainid, address(register), i, log[i], logTimes[i], digest);
        }
        assertStatusHead(uint64(log.length), digest);
    }

    /// Read off the log, not off the statuses the predictions used.
    function checkStatuses() external view {
        for (uint256 k = 0; k < KEYS; ++k) {
            IHocbaAnchor.Status memory s;
            for (uint256 i = 0; i < log.length; ++i) {
                if (log[i].key != key(k)) continue;
                vm.assertGe(log[i].liveVersion, s.liveVersion);
                vm.assertTrue(log[i].revoked || !s.revoked, "a revocation was cleared");
                s = IHocbaAnchor.Status(log[i].liveVersion, log[i].revoked, log[i].reason, uint40(logTimes[i]));
            }
            assertStatus(key(k), s.liveVersion, s.revoked, s.reason, s.time);
        }
    }

    function checkRoles() external view {
        uint256 found = 0;
        for (uint8 r = 0; r < 3; ++r) {
            for (uint256 p = 0; p < people.length; ++p) {
                bool holds = register.hasRole(IHocbaAnchor.Role(r), people[p]);
                vm.assertTrue(holds == roles[IHocbaAnchor.Role(r)][people[p]], "hasRole");
                if (holds && r == 0) ++found;
            }
        }
        vm.assertEq(found, admins);
        vm.assertGe(found, 1);
    }

    function call(bytes memory data) private returns (bool done) {
        (done,) = address(register).call(data);
    }

    /// Half of the calls come from the three who started with a role.
    function person(uint256 seed) private view returns (address) {
        return people[seed % 2 == 0 ? (seed >> 1) % 3 : (seed >> 1) % people.length];
    }

    function key(uint256 seed) private pure returns (bytes32) {
        return keccak256(abi.encode("key", seed % KEYS));
    }

    function anchorDigest() private view returns (bytes32 digest) {
        digest = Digests.anchorGenesis(block.chainid, address(register));
        for (uint64 i = 0; i < batches.length; ++i) {
            digest = Digests.anchorLink(block.chainid, address(register), i, batches[i], digest);
        }
    }

    /// The keys of one call are all different, so each is held against what was stored before the call.
    function tightens(IHocbaAnchor.StatusChange[] memory changes) private view returns (bool) {
        for (uint256 i = 0; i < changes.length; ++i) {
            IHocbaAnchor.Status memory s = statuses[changes[i].key];
            if (changes[i].liveVersion < s.liveVersion) return false;
            if (s.revoked && !changes[i].revoked) return false;
            bool same = changes[i].liveVersion == s.liveVersion && changes[i].revoked == s.revoked;
            if (same && changes[i].reason == s.reason) return false;
        }
        return true;
    }
}

contract InvariantsTest is Fixture {
    Handler private handler;

    function setUp() public override {
        super.setUp();
        handler = new Handler(register);
    }

    /// Read by forge: the contracts whose functions the run calls.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// One run for all four, since runs with one seed make the same calls.
    function invariant_history_stands_digests_recompute_statuses_only_tighten_and_roles_hold() public view {
        handler.checkBatches();
        handler.checkLog();
        handler.checkStatuses();
        handler.checkRoles();
    }
}
