// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";

/// What the contract must compute, written a second time from the text of the interface: each field is given its width
/// by hand, so a changed type in the contract shows up as another digest.
library Digests {
    function anchorGenesis(uint256 chain, address register) internal pure returns (bytes32) {
        return sha256(bytes.concat("hocba-anchor-v1", bytes32(chain), bytes20(register)));
    }

    function anchorLink(uint256 chain, address register, uint64 index, IHocbaAnchor.Batch memory b, bytes32 prev)
        internal
        pure
        returns (bytes32)
    {
        bytes memory front = bytes.concat("hocba-anchor-v1", bytes32(chain), bytes20(register), bytes8(index));
        bytes memory back = bytes.concat(b.root, bytes4(b.size), b.issuer, bytes1(b.alg), bytes8(uint64(b.time)), prev);
        return sha256(bytes.concat(front, back));
    }

    function statusGenesis(uint256 chain, address register) internal pure returns (bytes32) {
        return sha256(bytes.concat("hocba-status-log-v1", bytes32(chain), bytes20(register)));
    }

    function statusLink(
        uint256 chain,
        address register,
        uint64 index,
        IHocbaAnchor.StatusChange memory c,
        uint64 time,
        bytes32 prev
    ) internal pure returns (bytes32) {
        bytes memory front = bytes.concat("hocba-status-log-v1", bytes32(chain), bytes20(register), bytes8(index));
        bytes memory middle =
            bytes.concat(c.key, bytes4(c.liveVersion), c.revoked ? bytes1(0x01) : bytes1(0x00), bytes1(c.reason));
        return sha256(bytes.concat(front, middle, bytes8(time), c.statement, prev));
    }
}

/// The tree of RFC 6962 section 2.1 as its recursive definition reads: slow, and unlike the loop under test.
library NaiveTree {
    function leafHash(bytes memory leaf) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", leaf));
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return _root(leaves, 0, leaves.length);
    }

    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory) {
        return _path(leaves, index, 0, leaves.length);
    }

    function _root(bytes32[] memory leaves, uint256 start, uint256 length) private pure returns (bytes32) {
        if (length == 1) return leaves[start];
        uint256 k = _split(length);
        return sha256(bytes.concat(hex"01", _root(leaves, start, k), _root(leaves, start + k, length - k)));
    }

    function _path(bytes32[] memory leaves, uint256 index, uint256 start, uint256 length)
        private
        pure
        returns (bytes32[] memory)
    {
        if (length == 1) return new bytes32[](0);
        uint256 k = _split(length);
        return index < k
            ? _append(_path(leaves, index, start, k), _root(leaves, start + k, length - k))
            : _append(_path(leaves, index - k, start + k, length - k), _root(leaves, start, k));
    }

    /// The largest power of two smaller than `length`.
    function _split(uint256 length) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < length) k *= 2;
    }

    function _append(bytes32[] memory list, bytes32 item) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = item;
    }
}
