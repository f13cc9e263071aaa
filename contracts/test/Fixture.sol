// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {vm} from "./Vm.sol";

/// The people, builders and comparisons that tests share.
abstract contract Helpers {
    address internal constant ADMIN = address(0xA1);
    address internal constant ANCHORER = address(0xB2);
    address internal constant STATUS_KEEPER = address(0xC3);
    address internal constant STRANGER = address(0xD4);

    uint256 internal constant START = 1_780_000_000;
    bytes32 internal constant ROOT = keccak256("a root");
    bytes32 internal constant STATEMENT = keccak256("a statement");
    bytes32 internal constant KEY = keccak256("a key");
    bytes16 internal constant ISSUER = "so-gddt-01";

    IHocbaAnchor internal register;

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
        register = new HocbaAnchor(ADMIN, ANCHORER, STATUS_KEEPER);
    }
}
