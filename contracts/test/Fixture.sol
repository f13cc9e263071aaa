// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {vm} from "./Vm.sol";

/// The people, builders and comparisons that tests share.
abstract contract Helpers {
    address internal constant ADMIN = address(0xA1);
    address internal constant ANCHORER = address(0xB2);
    address internal constant OTHER_ANCHORER = address(0xB3);
    address internal constant STATUS_KEEPER = address(0xC3);
    address internal constant PAUSER = address(0xC4);
    address internal constant STRANGER = address(0xD4);

    // Written out a second time, as the interface words them.
    bytes32 internal constant ADMIN_ROLE = 0;
    bytes32 internal constant STATUS_KEEPER_ROLE = keccak256("hocba-status-keeper");
    bytes32 internal constant PAUSER_ROLE = keccak256("hocba-pauser");
    uint48 internal constant DELAY = 2 days;

    uint256 internal constant START = 1_780_000_000;
    bytes32 internal constant ROOT = keccak256("a root");
    bytes32 internal constant STATEMENT = keccak256("a statement");
    bytes32 internal constant KEY = keccak256("a key");
    bytes32 internal constant CLOSING_STATEMENT = keccak256("a closing statement");
    bytes16 internal constant ISSUER = "so-gddt-01";
    bytes16 internal constant OTHER_ISSUER = "so-gddt-02";
    uint40 internal constant FOREVER = type(uint40).max;

    IHocbaAnchor internal register;

    function anchorerRole(bytes16 issuer) internal pure returns (bytes32) {
        return keccak256(bytes.concat("hocba-anchorer", issuer));
    }

    /// Deploys the first era of a register, in which the admin has done nothing yet.
    function deploy() internal returns (IHocbaAnchor) {
        IHocbaAnchor.Predecessor memory none;
        return new HocbaAnchor(ADMIN, DELAY, none);
    }

    /// What an admin does first: two issuers for all time, each with its anchorer, one status keeper, one pauser.
    function appoint() internal {
        vm.startPrank(ADMIN);
        register.setIssuer(ISSUER, 0, FOREVER, "*");
        register.setIssuer(OTHER_ISSUER, 0, FOREVER, "79");
        register.grantRole(anchorerRole(ISSUER), ANCHORER);
        register.grantRole(anchorerRole(OTHER_ISSUER), OTHER_ANCHORER);
        register.grantRole(STATUS_KEEPER_ROLE, STATUS_KEEPER);
        register.grantRole(PAUSER_ROLE, PAUSER);
        vm.stopPrank();
    }

    /// The call of the admin or of anyone else, which the register has to refuse with these bytes.
    function refused(address sender, bytes memory call, bytes memory reason) internal {
        vm.prank(sender);
        (bool done, bytes memory answer) = address(register).call(call);
        vm.assertFalse(done);
        vm.assertEq(answer, reason);
    }

    function accepted(address sender, bytes memory call) internal {
        vm.prank(sender);
        (bool done,) = address(register).call(call);
        vm.assertTrue(done);
    }

    function unauthorised(address account, bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }

    function eraClosed(uint256 closedAt) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IHocbaAnchor.EraClosed.selector, closedAt);
    }

    function setIssuer(bytes16 issuer, uint40 from, uint40 until, string memory schools) internal {
        vm.prank(ADMIN);
        register.setIssuer(issuer, from, until, schools);
    }

    function pauseBy(address sender) internal {
        vm.prank(sender);
        register.pause();
    }

    /// The call that closes the era as it stands.
    function closeCall(bytes32 statement) internal view returns (bytes memory) {
        (uint64 batches, bytes32 head) = register.head();
        (uint64 statuses, bytes32 statusHead) = register.statusHead();
        return abi.encodeCall(IHocbaAnchor.closeEra, (batches, head, statuses, statusHead, statement));
    }

    function close() internal {
        accepted(ADMIN, closeCall(CLOSING_STATEMENT));
    }

    /// The call that anchors next under this issuer.
    function anchorCall(bytes16 issuer) internal view returns (bytes memory) {
        (uint64 count, bytes32 prev) = register.head();
        return abi.encodeCall(IHocbaAnchor.anchor, (count, prev, ROOT, 1, issuer, 1));
    }

    /// The call that sets a status next.
    function statusCall() internal view returns (bytes memory) {
        (uint64 count,) = register.statusHead();
        return abi.encodeCall(IHocbaAnchor.setStatus, (count, freshChanges(1)));
    }

    /// All that was written: batches, heads, issuers, predecessor. Statuses are covered by the head of their log.
    function content(IHocbaAnchor from) internal view returns (bytes memory) {
        (uint64 batches, bytes32 head) = from.head();
        (uint64 statuses, bytes32 statusHead) = from.statusHead();
        bytes memory issuers;
        for (uint256 i = 0; i < from.issuerCount(); ++i) {
            bytes16 code = from.issuerAt(i);
            (uint40 start, uint40 end, string memory schools) = from.issuer(code);
            issuers = bytes.concat(issuers, abi.encode(code, start, end, schools));
        }
        return bytes.concat(
            abi.encode(batches, head, statuses, statusHead),
            abi.encode(from.batches(0, 1000), from.predecessor(), issuers)
        );
    }

    /// The content and what stands of the era itself.
    function reading(IHocbaAnchor from) internal view returns (bytes memory) {
        (uint64 closedAt, bytes32 statement, bytes32 digest) = from.closing();
        return bytes.concat(content(from), abi.encode(closedAt, statement, digest, from.paused()));
    }

    function anchorNext(bytes32 root, uint32 size) internal returns (bytes32 digest) {
        (uint64 count, bytes32 prev) = register.head();
        vm.prank(ANCHORER);
        return register.anchor(count, prev, root, size, ISSUER, 1);
    }

    function setNext(IHocbaAnchor.StatusChange[] memory changes) internal {
        (uint64 count,) = register.statusHead();
        vm.prank(STATUS_KEEPER);
        register.setStatus(count, changes);
    }

    function setNextRefused(IHocbaAnchor.StatusChange[] memory changes, bytes memory reason) internal {
        (uint64 count,) = register.statusHead();
        vm.expectRevert(reason);
        vm.prank(STATUS_KEEPER);
        register.setStatus(count, changes);
    }

    function supersede(bytes32 key, uint32 liveVersion) internal pure returns (IHocbaAnchor.StatusChange memory) {
        return IHocbaAnchor.StatusChange(key, liveVersion, false, 1, STATEMENT);
    }

    function revoke(bytes32 key, uint32 liveVersion) internal pure returns (IHocbaAnchor.StatusChange memory) {
        return IHocbaAnchor.StatusChange(key, liveVersion, true, 2, STATEMENT);
    }

    function only(IHocbaAnchor.StatusChange memory change)
        internal
        pure
        returns (IHocbaAnchor.StatusChange[] memory changes)
    {
        changes = new IHocbaAnchor.StatusChange[](1);
        changes[0] = change;
    }

    function both(IHocbaAnchor.StatusChange memory first, IHocbaAnchor.StatusChange memory second)
        internal
        pure
        returns (IHocbaAnchor.StatusChange[] memory changes)
    {
        changes = new IHocbaAnchor.StatusChange[](2);
        (changes[0], changes[1]) = (first, second);
    }

    /// `n` supersessions of keys never used before.
    function freshChanges(uint256 n) internal pure returns (IHocbaAnchor.StatusChange[] memory changes) {
        changes = new IHocbaAnchor.StatusChange[](n);
        for (uint256 i = 0; i < n; ++i) {
            changes[i] = supersede(keccak256(abi.encode("fresh key", i)), 2);
            changes[i].statement = keccak256(abi.encode("fresh statement", i));
        }
    }

    /// What a transaction costs before it runs: base and calldata.
    function intrinsicGas(bytes memory data) internal pure returns (uint256 gas_) {
        gas_ = 21_000;
        for (uint256 i = 0; i < data.length; ++i) {
            gas_ += data[i] == 0 ? 4 : 16;
        }
    }

    /// Address of the first contract that `deployer` creates.
    function firstContractOf(address deployer) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes.concat(hex"d694", bytes20(deployer), hex"80")))));
    }

    function between(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + seed % (high - low + 1);
    }

    /// An issuer code of 1 to 16 characters of a-z, 0-9 and -.
    function issuerCode(uint256 seed) internal pure returns (bytes16 code) {
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-";
        uint256 length = between(seed, 1, 16);
        for (uint256 i = 0; i < length; ++i) {
            bytes1 character = alphabet[between(uint8(bytes32(seed)[i]), 0, alphabet.length - 1)];
            code |= bytes16(character) >> (8 * i);
        }
    }

    function assertBatch(IHocbaAnchor.Batch memory left, IHocbaAnchor.Batch memory right) internal pure {
        vm.assertEq(abi.encode(left), abi.encode(right));
    }

    function assertStatus(bytes32 key, uint32 liveVersion, bool revoked, uint8 reason, uint256 time) internal view {
        vm.assertEq(
            abi.encode(register.status(key)),
            abi.encode(IHocbaAnchor.Status(liveVersion, revoked, reason, uint40(time)))
        );
    }

    function assertHead(uint64 count, bytes32 digest) internal view {
        (uint64 c, bytes32 d) = register.head();
        vm.assertEq(c, count);
        vm.assertEq(d, digest);
    }

    function assertStatusHead(uint64 count, bytes32 digest) internal view {
        (uint64 c, bytes32 d) = register.statusHead();
        vm.assertEq(c, count);
        vm.assertEq(d, digest);
    }
}

/// A register with one account in each role, at a fixed time.
abstract contract Fixture is Helpers {
    function setUp() public virtual {
        vm.warp(START);
        register = deploy();
        appoint();
    }
}
