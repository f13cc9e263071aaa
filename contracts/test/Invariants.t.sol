// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Helpers} from "./Fixture.sol";
import {Digests, SchoolList} from "./Reference.sol";
import {vm, Vm} from "./Vm.sol";

/// Uses a register as its people would, and as they should not, closes it, goes on with a successor, and keeps its own
/// history of what must be true. An expectation that fails reverts, which ends the run (`fail_on_revert`).
contract Handler is Helpers {
    uint256 private constant KEYS = 6;

    /// What must be true of one era.
    struct Era {
        IHocbaAnchor register;
        IHocbaAnchor.Predecessor predecessor;
        IHocbaAnchor.Batch[] batches;
        IHocbaAnchor.StatusChange[] log;
        uint64[] logTimes;
        mapping(bytes32 key => IHocbaAnchor.Status) statuses;
        mapping(bytes32 role => mapping(address account => bool)) roles;
        address admin;
        address nextAdmin;
        uint256 acceptableAfter;
        bytes16[] issuers;
        mapping(bytes16 issuer => Entitlement) entitlements;
        bool paused;
        uint64 closedAt;
        bytes32 statement;
        bytes32 closingDigest;
        /// Of all that could be read when it was closed.
        bytes32 sealed_;
        uint64 statusBlock;
    }

    struct Entitlement {
        uint40 from;
        uint40 until;
        string schools;
    }

    address[7] private people = [ADMIN, ANCHORER, OTHER_ANCHORER, STATUS_KEEPER, PAUSER, STRANGER, address(0xE5)];
    bytes16[3] private codes = [ISSUER, OTHER_ISSUER, bytes16("so-gddt-03")];
    string[5] private lists = ["", "*", "01,79", "79,01", "7 9"];
    bytes32[6] private roleNames;

    mapping(uint256 => Era) private eras;
    uint256 private era;
    uint256 private clock = START;

    constructor() {
        for (uint256 i = 0; i < 3; ++i) {
            roleNames[i] = anchorerRole(codes[i]);
        }
        (roleNames[3], roleNames[4], roleNames[5]) = (STATUS_KEEPER_ROLE, PAUSER_ROLE, ADMIN_ROLE);
        vm.warp(clock);
        open(deploy());
    }

    /// Notes a register in which `appoint` is all that was done.
    function open(IHocbaAnchor register_) private {
        register = register_;
        appoint();
        Era storage e = eras[era];
        e.register = register_;
        e.admin = ADMIN;
        e.roles[ADMIN_ROLE][ADMIN] = true;
        e.roles[roleNames[0]][ANCHORER] = true;
        e.roles[roleNames[1]][OTHER_ANCHORER] = true;
        e.roles[STATUS_KEEPER_ROLE][STATUS_KEEPER] = true;
        e.roles[PAUSER_ROLE][PAUSER] = true;
        e.entitlements[ISSUER] = Entitlement(0, FOREVER, "*");
        e.entitlements[OTHER_ISSUER] = Entitlement(0, FOREVER, "79");
        e.issuers = [ISSUER, OTHER_ISSUER];
    }

    modifier timed(uint256 seed) {
        clock += seed % 3600;
        vm.warp(clock);
        _;
    }

    // Actions. Each predicts from the history alone whether the register must accept.

    function anchor(uint256 who, uint8 which, uint8 stale, bytes32 root, uint32 size, uint256 seed)
        external
        timed(seed)
    {
        Era storage e = eras[era];
        bytes16 issuer = codes[which % 16 == 0 ? 2 : which % 2];
        // Three calls in four come from the one who started as its anchorer.
        address sender = who % 4 == 0 ? person(who >> 2) : issuer == ISSUER ? ANCHORER : OTHER_ANCHORER;
        size = uint32(between(size, 1, 65_536));
        if (root == 0) root = ROOT;
        uint64 index = uint64(e.batches.length);
        bytes32 prev = anchorDigest(e);
        // One call in sixteen is late by one, another continues another chain.
        if (stale % 16 == 0) index = index == 0 ? 1 : index - 1;
        if (stale % 16 == 1) prev = keccak256(abi.encode(prev));

        bool done = call(sender, abi.encodeCall(IHocbaAnchor.anchor, (index, prev, root, size, issuer, 1)));
        vm.assertTrue(done == (mayAnchor(e, sender, issuer) && stale % 16 > 1), "anchor");
        if (!done) return;
        e.batches.push(IHocbaAnchor.Batch(root, size, uint40(clock), 1, issuer));
        assertEvent(IHocbaAnchor.Anchored.selector, abi.encode(size, issuer, uint8(1), uint64(clock), anchorDigest(e)));
    }

    function setStatus(uint256 who, uint8 stale, uint128 keySeed, uint8 count, uint256 seed) external timed(seed) {
        Era storage e = eras[era];
        address sender = who % 2 == 0 ? STATUS_KEEPER : person(who);
        IHocbaAnchor.StatusChange[] memory changes = new IHocbaAnchor.StatusChange[](between(count, 1, 4));
        for (uint256 i = 0; i < changes.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            IHocbaAnchor.Status memory now_ = e.statuses[key(uint256(keySeed) + i)];
            // Mostly up by one or level, at times down; mostly keeps the revocation, at times sets or clears it.
            uint32 version = dice % 16 == 0 && now_.liveVersion > 0 ? now_.liveVersion - 1 : now_.liveVersion;
            if (dice % 16 > 4) ++version;
            bool revoked = (dice >> 8) % 16 == 0 ? !now_.revoked : now_.revoked;
            changes[i] = IHocbaAnchor.StatusChange(
                key(uint256(keySeed) + i), version, revoked, uint8(between(dice >> 16, 1, 3)), bytes32(dice)
            );
        }
        uint64 index = uint64(e.log.length);
        if (stale % 8 == 0) ++index;

        bool done = call(sender, abi.encodeCall(IHocbaAnchor.setStatus, (index, changes)));
        bool allowed = e.closedAt == 0 && e.roles[STATUS_KEEPER_ROLE][sender] && stale % 8 != 0;
        vm.assertTrue(done == (allowed && tightens(e, changes)), "setStatus");
        if (!done) return;
        for (uint256 i = 0; i < changes.length; ++i) {
            IHocbaAnchor.StatusChange memory c = changes[i];
            e.statuses[c.key] = IHocbaAnchor.Status(c.liveVersion, c.revoked, c.reason, uint40(clock));
        }
        logFromEvents(e, changes.length);
    }

    function setIssuer(uint256 who, uint8 which, uint8 list, uint256 a, uint256 b, uint256 seed) external timed(seed) {
        Era storage e = eras[era];
        (address sender, bytes16 issuer) = (who % 2 == 0 ? e.admin : person(who), codes[which % 3]);
        Entitlement memory known = e.entitlements[issuer];
        // Mostly the start as it is and no end, at times a start and an end in the hours around.
        uint40 from = a % 4 == 0 ? uint40(between(a >> 8, clock - 7200, clock + 7200)) : known.from;
        uint40 until = b % 8 != 0 ? FOREVER : uint40(between(b >> 8, clock - 3600, clock + 20_000));
        string memory schools = lists[list % lists.length];

        bool done = call(sender, abi.encodeCall(IHocbaAnchor.setIssuer, (issuer, from, until, schools)));
        bool allowed = e.closedAt == 0 && sender == e.admin && from < until && until >= clock;
        bool startStands = known.until == 0 || known.from > clock || known.from == from;
        vm.assertTrue(done == (allowed && startStands && SchoolList.wellFormed(schools)), "setIssuer");
        if (!done) return;
        if (known.until == 0) e.issuers.push(issuer);
        e.entitlements[issuer] = Entitlement(from, until, schools);
    }

    function pausing(uint256 who, uint8 way, uint256 seed) external timed(seed) {
        Era storage e = eras[era];
        address sender = who % 4 != 0 ? e.admin : person(who >> 2);
        bool on = way % 4 == 0;
        bytes4 selector = on ? IHocbaAnchor.pause.selector : IHocbaAnchor.unpause.selector;
        bool done = call(sender, abi.encodeWithSelector(selector));
        bool allowed = sender == e.admin || (on && e.roles[PAUSER_ROLE][sender]);
        vm.assertTrue(done == (allowed && e.closedAt == 0 && e.paused != on), "pausing");
        if (done) e.paused = on;
    }

    /// Grants more than it takes away, so that there is always somebody left to do something.
    function changeRole(uint256 who, uint256 whom, uint8 r, uint8 way) external {
        Era storage e = eras[era];
        address sender = who % 2 == 0 ? e.admin : person(who);
        (address account, bytes32 role) = (person(whom), roleNames[r % 6]);
        bool allowed = sender == e.admin && role != ADMIN_ROLE;
        if (way % 8 == 0) {
            account = sender;
            allowed = role != ADMIN_ROLE || sender != e.admin;
            bool done = call(sender, abi.encodeCall(IAccessControl.renounceRole, (role, sender)));
            vm.assertTrue(done == allowed, "renounceRole");
        } else if (way % 8 < 3) {
            bool done = call(sender, abi.encodeCall(IAccessControl.revokeRole, (role, account)));
            vm.assertTrue(done == allowed, "revokeRole");
        } else {
            bool done = call(sender, abi.encodeCall(IAccessControl.grantRole, (role, account)));
            vm.assertTrue(done == allowed, "grantRole");
        }
        if (allowed) e.roles[role][account] = way % 8 > 2;
    }

    /// Begins, cancels or accepts a hand-over of the administration.
    function handOver(uint256 who, uint256 whom, uint8 step, uint256 seed) external {
        clock += seed % DELAY;
        vm.warp(clock);
        Era storage e = eras[era];
        address sender = who % 2 == 0 ? (step % 4 < 2 ? e.admin : e.nextAdmin) : person(who);
        address next = whom % 8 == 0 ? address(0) : person(whom);
        if (step % 4 == 0) {
            bool done = call(sender, abi.encodeCall(IAccessControlDefaultAdminRules.beginDefaultAdminTransfer, (next)));
            vm.assertTrue(done == (sender == e.admin && next != address(0)), "beginDefaultAdminTransfer");
            if (done) (e.nextAdmin, e.acceptableAfter) = (next, clock + DELAY);
        } else if (step % 4 == 1) {
            bool done = call(sender, abi.encodeCall(IAccessControlDefaultAdminRules.cancelDefaultAdminTransfer, ()));
            vm.assertTrue(done == (sender == e.admin), "cancelDefaultAdminTransfer");
            if (done) (e.nextAdmin, e.acceptableAfter) = (address(0), 0);
        } else {
            bool done = call(sender, abi.encodeCall(IAccessControlDefaultAdminRules.acceptDefaultAdminTransfer, ()));
            bool due = e.acceptableAfter != 0 && e.acceptableAfter < clock;
            vm.assertTrue(done == (sender == e.nextAdmin && due), "acceptDefaultAdminTransfer");
            if (!done) return;
            e.roles[ADMIN_ROLE][e.admin] = false;
            e.roles[ADMIN_ROLE][sender] = true;
            (e.admin, e.nextAdmin, e.acceptableAfter) = (sender, address(0), 0);
        }
    }

    /// Closes the era, which mostly fails, or runs would be over soon; once closed, mostly goes on with a successor.
    function endEra(uint256 who, uint8 stale, bytes32 statement, uint256 seed) external timed(seed) {
        Era storage e = eras[era];
        if (e.closedAt != 0 && e.closedAt < clock && stale % 6 != 0) return succeed(e);
        address sender = who % 2 == 0 ? e.admin : person(who);
        (uint64 batches, bytes32 head) = (uint64(e.batches.length), anchorDigest(e));
        (uint64 statuses, bytes32 statusHead) = (uint64(e.log.length), statusDigest(e));
        if (stale % 6 == 0) ++batches;
        if (stale % 6 == 1) head = keccak256(abi.encode(head));
        if (stale % 6 == 2) ++statuses;
        if (stale % 6 == 3) statusHead = keccak256(abi.encode(statusHead));
        if (stale % 6 == 4) statement = 0;

        bool done =
            call(sender, abi.encodeCall(IHocbaAnchor.closeEra, (batches, head, statuses, statusHead, statement)));
        bool right = stale % 6 == 5 && statement != 0;
        vm.assertTrue(done == (sender == e.admin && e.closedAt == 0 && right), "closeEra");
        if (done) noteClosing(e, statement);
    }

    function noteClosing(Era storage e, bytes32 statement) private {
        (uint64 batches, bytes32 head) = (uint64(e.batches.length), anchorDigest(e));
        (uint64 statuses, bytes32 statusHead) = (uint64(e.log.length), statusDigest(e));
        (e.closedAt, e.statement) = (uint64(clock), statement);
        e.closingDigest = Digests.closing(
            block.chainid, address(e.register), batches, head, statuses, statusHead, e.closedAt, statement
        );
        assertEvent(
            IHocbaAnchor.Closed.selector,
            abi.encode(batches, head, statuses, statusHead, e.closedAt, statement, e.closingDigest)
        );
        e.sealed_ = keccak256(reading(e.register));
    }

    function succeed(Era storage e) private {
        IHocbaAnchor.Predecessor memory before =
            IHocbaAnchor.Predecessor(block.chainid, address(e.register), e.closingDigest, e.closedAt);
        ++era;
        eras[era].predecessor = before;
        open(new HocbaAnchor(ADMIN, DELAY, before));
    }

    // Checks, called by the invariants.

    // They add up what they find and assert once, since a cheatcode costs more than what it compares here.

    function checkBatches() external view {
        Era storage e = eras[era];
        vm.assertEq(abi.encode(register.batches(0, 1000)), abi.encode(e.batches));
        assertHead(uint64(e.batches.length), anchorDigest(e));
        bool entitled = true;
        for (uint256 i = 0; i < e.batches.length; ++i) {
            Entitlement storage known = e.entitlements[e.batches[i].issuer];
            uint40 time = e.batches[i].time;
            entitled = entitled && known.from <= time && time <= known.until && e.predecessor.closedAt < time;
        }
        vm.assertTrue(entitled, "a batch lies outside the interval of its issuer, or before the era");
    }

    /// Read off the events, not off the statuses that the predictions used.
    function checkStatuses() external view {
        Era storage e = eras[era];
        assertStatusHead(uint64(e.log.length), statusDigest(e));
        IHocbaAnchor.StatusChange[] memory log = e.log;
        bool tightened = true;
        for (uint256 k = 0; k < KEYS; ++k) {
            IHocbaAnchor.Status memory s;
            bytes32 wanted = key(k);
            for (uint256 i = 0; i < log.length; ++i) {
                if (log[i].key != wanted) continue;
                tightened = tightened && log[i].liveVersion >= s.liveVersion && (log[i].revoked || !s.revoked);
                s = IHocbaAnchor.Status(log[i].liveVersion, log[i].revoked, log[i].reason, uint40(e.logTimes[i]));
            }
            assertStatus(wanted, s.liveVersion, s.revoked, s.reason, s.time);
        }
        vm.assertTrue(tightened, "a version fell or a revocation was cleared");
    }

    function checkRoles() external view {
        Era storage e = eras[era];
        vm.assertEq(register.defaultAdmin(), e.admin);
        bool same = true;
        for (uint256 r = 0; r < roleNames.length; ++r) {
            for (uint256 p = 0; p < people.length; ++p) {
                bool holds = register.hasRole(roleNames[r], people[p]);
                same = same && holds == e.roles[roleNames[r]][people[p]];
                if (roleNames[r] == ADMIN_ROLE) same = same && holds == (people[p] == e.admin);
            }
        }
        vm.assertTrue(same, "a role is held that was not given, or the other way round");
    }

    function checkIssuers() external view {
        Era storage e = eras[era];
        vm.assertEq(register.issuerCount(), e.issuers.length);
        for (uint256 i = 0; i < e.issuers.length; ++i) {
            bytes16 code = e.issuers[i];
            vm.assertEq(bytes32(register.issuerAt(i)), bytes32(code));
            (uint40 from, uint40 until, string memory schools) = register.issuer(code);
            vm.assertEq(abi.encode(Entitlement(from, until, schools)), abi.encode(e.entitlements[code]));
        }
    }

    function checkEras() external view {
        Era storage e = eras[era];
        vm.assertTrue(register.paused() == e.paused, "paused");
        vm.assertEq(register.statusBlock(), e.statusBlock);
        vm.assertEq(abi.encode(register.predecessor()), abi.encode(e.predecessor));
        (uint64 closedAt, bytes32 statement, bytes32 digest) = register.closing();
        vm.assertEq(abi.encode(closedAt, statement, digest), abi.encode(e.closedAt, e.statement, e.closingDigest));
        for (uint256 i = 0; i <= era; ++i) {
            Era storage one = eras[i];
            if (one.closedAt != 0) vm.assertEq(keccak256(reading(one.register)), one.sealed_);
        }
    }

    function call(address sender, bytes memory data) private returns (bool done) {
        // From here on, so that what is read afterwards is of this call.
        vm.recordLogs();
        vm.prank(sender);
        (done,) = address(register).call(data);
    }

    function assertEvent(bytes32 topic, bytes memory data) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], topic);
        vm.assertEq(logs[0].data, data);
    }

    function logFromEvents(Era storage e, uint256 count) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, count + 1);
        vm.assertEq(logs[count].topics[0], IHocbaAnchor.StatusesSet.selector);
        vm.assertEq(uint256(logs[count].topics[1]), e.log.length);
        vm.assertEq(logs[count].data, abi.encode(uint64(count), e.statusBlock));
        e.statusBlock = uint64(block.number);
        for (uint256 i = 0; i < count; ++i) {
            vm.assertEq(logs[i].topics[0], IHocbaAnchor.StatusSet.selector);
            vm.assertEq(uint256(logs[i].topics[1]), e.log.length);
            (uint32 version, bool revoked, uint8 reason, uint64 time, bytes32 statement) =
                abi.decode(logs[i].data, (uint32, bool, uint8, uint64, bytes32));
            e.log.push(IHocbaAnchor.StatusChange(logs[i].topics[2], version, revoked, reason, statement));
            e.logTimes.push(time);
        }
    }

    /// Half of the calls come from those who started with a role.
    function person(uint256 seed) private view returns (address) {
        return people[seed % 2 == 0 ? (seed >> 1) % 5 : (seed >> 1) % people.length];
    }

    function key(uint256 seed) private pure returns (bytes32) {
        return keccak256(abi.encode("key", seed % KEYS));
    }

    function mayAnchor(Era storage e, address sender, bytes16 issuer) private view returns (bool) {
        Entitlement storage known = e.entitlements[issuer];
        return e.closedAt == 0 && !e.paused && e.roles[anchorerRole(issuer)][sender] && known.from <= clock
            && clock < known.until;
    }

    function anchorDigest(Era storage e) private view returns (bytes32 digest) {
        bytes32 closing = e.predecessor.closingDigest;
        digest = closing == 0
            ? Digests.anchorGenesis(block.chainid, address(e.register))
            : Digests.anchorGenesis(block.chainid, address(e.register), closing);
        for (uint64 i = 0; i < e.batches.length; ++i) {
            digest = Digests.anchorLink(block.chainid, address(e.register), i, e.batches[i], digest);
        }
    }

    function statusDigest(Era storage e) private view returns (bytes32 digest) {
        bytes32 closing = e.predecessor.closingDigest;
        digest = closing == 0
            ? Digests.statusGenesis(block.chainid, address(e.register))
            : Digests.statusGenesis(block.chainid, address(e.register), closing);
        for (uint64 i = 0; i < e.log.length; ++i) {
            digest = Digests.statusLink(block.chainid, address(e.register), i, e.log[i], e.logTimes[i], digest);
        }
    }

    /// The keys of one call are all different, so each is held against what was stored before the call.
    function tightens(Era storage e, IHocbaAnchor.StatusChange[] memory changes) private view returns (bool) {
        for (uint256 i = 0; i < changes.length; ++i) {
            IHocbaAnchor.Status memory s = e.statuses[changes[i].key];
            if (changes[i].liveVersion < s.liveVersion) return false;
            if (s.revoked && !changes[i].revoked) return false;
            bool same = changes[i].liveVersion == s.liveVersion && changes[i].revoked == s.revoked;
            if (same && changes[i].reason == s.reason) return false;
        }
        return true;
    }
}

contract InvariantsTest is Helpers {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    /// Read by forge: the contracts whose functions the run calls.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// One run for all, since runs with one seed make the same calls.
    function invariant_history_stands_digests_recompute_statuses_only_tighten_and_closed_eras_stay() public view {
        handler.checkBatches();
        handler.checkStatuses();
        handler.checkRoles();
        handler.checkIssuers();
        handler.checkEras();
    }
}
