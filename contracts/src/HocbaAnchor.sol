// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "./IHocbaAnchor.sol";

/// @title The register of IHocbaAnchor, as deployed
/// @dev No proxy, no immutables: the runtime code is the same in every deployment, so its hash names this contract.
contract HocbaAnchor is IHocbaAnchor {
    /// @inheritdoc IHocbaAnchor
    uint16 public constant VERSION = 1;

    string private constant ANCHOR_DOMAIN = "hocba-anchor-v1";
    string private constant STATUS_DOMAIN = "hocba-status-log-v1";

    /// RFC 6962 tree over SHA-256.
    uint8 private constant ALG_RFC6962_SHA256 = 1;
    /// 2^16 leaves keep an audit path at 16 nodes or fewer.
    uint32 private constant MAX_SIZE = 1 << 16;
    /// 1000 changes of fresh keys take about 32 million gas, which a block has to hold.
    uint256 private constant MAX_CHANGES = 1000;
    /// 1000 batches are 160 kB of return data and about 5 million gas of a read call.
    uint64 private constant MAX_PAGE = 1000;

    // One slot. The admin count keeps it nonzero, so that the first anchoring costs the same as the later ones.
    uint64 private _batchCount;
    uint64 private _statusCount;
    uint64 private _adminCount;

    bytes32 private _headDigest;
    bytes32 private _statusDigest;

    mapping(uint64 index => Batch) private _batches;
    mapping(bytes32 key => Status) private _statuses;
    mapping(Role => mapping(address account => bool)) private _roles;

    modifier only(Role role) {
        if (!_roles[role][msg.sender]) revert MissingRole(role, msg.sender);
        _;
    }

    constructor(address admin, address anchorer, address statusKeeper) {
        _grant(Role.Admin, admin);
        _grant(Role.Anchorer, anchorer);
        _grant(Role.StatusKeeper, statusKeeper);
        _headDigest = sha256(_context(ANCHOR_DOMAIN));
        _statusDigest = sha256(_context(STATUS_DOMAIN));
    }

    /// @inheritdoc IHocbaAnchor
    function grantRole(Role role, address account) external only(Role.Admin) {
        _grant(role, account);
    }

    /// @inheritdoc IHocbaAnchor
    function revokeRole(Role role, address account) external only(Role.Admin) {
        if (!_roles[role][account]) revert RoleNotHeld(role, account);
        if (role == Role.Admin) {
            if (_adminCount == 1) revert LastAdmin(account);
            --_adminCount;
        }
        _roles[role][account] = false;
        emit RoleRevoked(role, account, msg.sender);
    }

    /// @inheritdoc IHocbaAnchor
    function anchor(
        uint64 expectedIndex,
        bytes32 expectedPrevDigest,
        bytes32 root,
        uint32 size,
        bytes16 issuer,
        uint8 alg
    ) external only(Role.Anchorer) returns (bytes32 digest) {
        if (expectedIndex != _batchCount) revert IndexMismatch(expectedIndex, _batchCount);
        if (expectedPrevDigest != _headDigest) revert PrevDigestMismatch(expectedPrevDigest, _headDigest);
        if (root == 0) revert ZeroRoot(expectedIndex);
        if (size == 0 || size > MAX_SIZE) revert SizeOutOfRange(size, MAX_SIZE);
        if (!_isIssuerCode(issuer)) revert MalformedIssuer(issuer);
        if (alg != ALG_RFC6962_SHA256) revert UnsupportedAlg(alg);

        digest = sha256(
            abi.encodePacked(
                _context(ANCHOR_DOMAIN),
                expectedIndex,
                root,
                size,
                issuer,
                alg,
                uint64(block.timestamp),
                expectedPrevDigest
            )
        );
        _batches[expectedIndex] = Batch(root, size, uint40(block.timestamp), alg, issuer);
        _batchCount = expectedIndex + 1;
        _headDigest = digest;
        emit Anchored(expectedIndex, root, size, issuer, alg, uint64(block.timestamp), digest);
    }

    /// @inheritdoc IHocbaAnchor
    function setStatus(uint64 expectedIndex, StatusChange[] calldata changes) external only(Role.StatusKeeper) {
        uint64 index = _statusCount;
        if (expectedIndex != index) revert StatusIndexMismatch(expectedIndex, index);
        if (changes.length == 0 || changes.length > MAX_CHANGES) {
            revert ChangeCountOutOfRange(changes.length, MAX_CHANGES);
        }

        bytes memory context = _context(STATUS_DOMAIN);
        bytes32 digest = _statusDigest;
        for (uint256 i = 0; i < changes.length; ++i) {
            _applyChange(index, i, changes[i]);
            digest = _chainStatus(context, index, changes[i], digest);
            ++index;
        }
        _statusCount = index;
        _statusDigest = digest;
    }

    /// @inheritdoc IHocbaAnchor
    function hasRole(Role role, address account) external view returns (bool) {
        return _roles[role][account];
    }

    /// @inheritdoc IHocbaAnchor
    function head() external view returns (uint64 count, bytes32 digest) {
        return (_batchCount, _headDigest);
    }

    /// @inheritdoc IHocbaAnchor
    function statusHead() external view returns (uint64 count, bytes32 digest) {
        return (_statusCount, _statusDigest);
    }

    /// @inheritdoc IHocbaAnchor
    function batch(uint64 n) external view returns (Batch memory) {
        return _batch(n);
    }

    /// @inheritdoc IHocbaAnchor
    function batches(uint64 from, uint64 limit) external view returns (Batch[] memory page) {
        if (limit > MAX_PAGE) revert PageTooLarge(limit, MAX_PAGE);
        uint64 left = from < _batchCount ? _batchCount - from : 0;
        page = new Batch[](limit < left ? limit : left);
        for (uint64 i = 0; i < page.length; ++i) {
            page[i] = _batches[from + i];
        }
    }

    /// @inheritdoc IHocbaAnchor
    function status(bytes32 key) external view returns (Status memory) {
        return _statuses[key];
    }

    /// @inheritdoc IHocbaAnchor
    function verifyInclusion(uint64 n, bytes32 leafHash, uint64 leafIndex, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        Batch storage b = _batch(n);
        if (leafIndex >= b.size) return false;

        // Names and steps are those of RFC 9162 section 2.1.3.2.
        uint64 fn = leafIndex;
        uint64 sn = b.size - 1;
        bytes32 r = leafHash;
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                r = sha256(abi.encodePacked(uint8(1), path[i], r));
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                r = sha256(abi.encodePacked(uint8(1), r, path[i]));
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && r == b.root;
    }

    function _grant(Role role, address account) private {
        if (account == address(0)) revert ZeroAccount(role);
        if (_roles[role][account]) revert RoleAlreadyHeld(role, account);
        if (role == Role.Admin) ++_adminCount;
        _roles[role][account] = true;
        emit RoleGranted(role, account, msg.sender);
    }

    function _applyChange(uint64 index, uint256 position, StatusChange calldata change) private {
        if (change.key == 0) revert ZeroKey(position);
        if (change.reason == 0) revert ZeroReason(position);
        if (change.statement == 0) revert ZeroStatement(position);

        Status memory current = _statuses[change.key];
        if (change.liveVersion < current.liveVersion) {
            revert LiveVersionLowered(position, current.liveVersion, change.liveVersion);
        }
        if (current.revoked && !change.revoked) revert RevocationCleared(position, change.key);
        if (
            change.liveVersion == current.liveVersion && change.revoked == current.revoked
                && change.reason == current.reason
        ) revert NothingChanged(position, change.key);

        _statuses[change.key] = Status(change.liveVersion, change.revoked, change.reason, uint40(block.timestamp));
        emit StatusSet(
            index,
            change.key,
            change.liveVersion,
            change.revoked,
            change.reason,
            uint64(block.timestamp),
            change.statement
        );
    }

    function _chainStatus(bytes memory context, uint64 index, StatusChange calldata change, bytes32 prev)
        private
        view
        returns (bytes32)
    {
        return sha256(
            abi.encodePacked(
                context,
                index,
                change.key,
                change.liveVersion,
                change.revoked,
                change.reason,
                uint64(block.timestamp),
                change.statement,
                prev
            )
        );
    }

    function _batch(uint64 n) private view returns (Batch storage) {
        if (n >= _batchCount) revert UnknownBatch(n, _batchCount);
        return _batches[n];
    }

    /// What ties a digest to this chain and this contract; hashed alone it is the genesis digest.
    function _context(string memory domain) private view returns (bytes memory) {
        return abi.encodePacked(domain, block.chainid, address(this));
    }

    /// The alphabet that every reader of the list takes (a-z, 0-9, -): one batch under a code that readers refuse would
    /// make the whole list unreadable to them, for good.
    function _isIssuerCode(bytes16 issuer) private pure returns (bool) {
        uint256 length = 0;
        while (length < 16 && _isIssuerCharacter(issuer[length])) ++length;
        return length != 0 && issuer << (8 * length) == 0;
    }

    function _isIssuerCharacter(bytes1 c) private pure returns (bool) {
        return (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
    }
}
