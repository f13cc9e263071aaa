// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";

/// What the contract must compute, written a second time from the text of the interface: each field is given its width
/// by hand, so a changed type in the contract shows up as another digest.
library Digests {
    function anchorGenesis(uint256 chain, address register) internal pure returns (bytes32) {
        return sha256(bytes.concat("hocba-anchor-v1", bytes32(chain), bytes20(register)));
    }

    function anchorGenesis(uint256 chain, address register, bytes32 closingDigest) internal pure returns (bytes32) {
        return sha256(bytes.concat("hocba-anchor-v1", bytes32(chain), bytes20(register), closingDigest));
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

    function statusGenesis(uint256 chain, address register, bytes32 closingDigest) internal pure returns (bytes32) {
        return sha256(bytes.concat("hocba-status-log-v1", bytes32(chain), bytes20(register), closingDigest));
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

    function closing(
        uint256 chain,
        address register,
        uint64 batches,
        bytes32 head,
        uint64 statuses,
        bytes32 statusHead,
        uint64 time,
        bytes32 statement
    ) internal pure returns (bytes32) {
        bytes memory front = bytes.concat("hocba-closing-v1", bytes32(chain), bytes20(register));
        bytes memory heads = bytes.concat(bytes8(batches), head, bytes8(statuses), statusHead);
        return sha256(bytes.concat(front, heads, bytes8(time), statement));
    }
}

/// What the interface allows as schools, checked rule by rule on whole prefixes: unlike the one pass under test.
library SchoolList {
    bytes private constant ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    function wellFormed(string memory list) internal pure returns (bool) {
        bytes memory text = bytes(list);
        if (text.length > 512) return false;
        if (text.length == 0 || keccak256(text) == keccak256("*")) return true;
        bytes[] memory prefixes = _split(text);
        for (uint256 i = 0; i < prefixes.length; ++i) {
            if (prefixes[i].length == 0 || prefixes[i].length > 20) return false;
            for (uint256 j = 0; j < prefixes[i].length; ++j) {
                if (!_contains(ALPHABET, prefixes[i][j])) return false;
            }
            if (i != 0 && !_below(prefixes[i - 1], prefixes[i])) return false;
        }
        return true;
    }

    function _split(bytes memory text) private pure returns (bytes[] memory parts) {
        uint256 count = 1;
        for (uint256 i = 0; i < text.length; ++i) {
            if (text[i] == ",") ++count;
        }
        parts = new bytes[](count);
        uint256 part = 0;
        for (uint256 i = 0; i < text.length; ++i) {
            if (text[i] == ",") ++part;
            else parts[part] = bytes.concat(parts[part], text[i]);
        }
    }

    function _contains(bytes memory alphabet, bytes1 character) private pure returns (bool) {
        for (uint256 i = 0; i < alphabet.length; ++i) {
            if (alphabet[i] == character) return true;
        }
        return false;
    }

    function _below(bytes memory left, bytes memory right) private pure returns (bool) {
        for (uint256 i = 0; i < left.length && i < right.length; ++i) {
            if (left[i] != right[i]) return left[i] < right[i];
        }
        return left.length < right.length;
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
