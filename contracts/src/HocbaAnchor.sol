// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IHocbaAnchor} from "./IHocbaAnchor.sol";

/// @title The register of IHocbaAnchor, as deployed
/// @dev No proxy, no immutables: the runtime code is the same in every deployment, so its hash names this contract.
contract HocbaAnchor is IHocbaAnchor, AccessControlDefaultAdminRules, Pausable {
    struct Issuer {
        uint40 from;
        // Above `from`, so zero means that there is no such issuer.
        uint40 until;
        string schools;
    }

    /// @inheritdoc IHocbaAnchor
    uint16 public constant VERSION = 2;

    /// @inheritdoc IHocbaAnchor
    bytes32 public constant STATUS_KEEPER_ROLE = keccak256("hocba-status-keeper");

    /// @inheritdoc IHocbaAnchor
    bytes32 public constant PAUSER_ROLE = keccak256("hocba-pauser");

    string private constant ANCHOR_DOMAIN = "hocba-anchor-v1";
    string private constant STATUS_DOMAIN = "hocba-status-log-v1";
    string private constant CLOSING_DOMAIN = "hocba-closing-v1";

    /// RFC 6962 tree over SHA-256.
    uint8 private constant ALG_RFC6962_SHA256 = 1;
    /// 2^16 leaves keep an audit path at 16 nodes or fewer.
    uint32 private constant MAX_SIZE = 1 << 16;
    /// 1000 changes of fresh keys take about 32 million gas, which a block has to hold.
    uint256 private constant MAX_CHANGES = 1000;
    /// 1000 batches are 160 kB of return data and about 5 million gas of a read call.
    uint64 private constant MAX_PAGE = 1000;
    /// 512 bytes hold 170 prefixes of two characters, five times the number of provinces.
    uint256 private constant MAX_SCHOOLS = 512;
    /// Longest school code that a record can carry.
    uint256 private constant MAX_PREFIX = 20;

    // One slot, with the flag of Pausable: anchoring and setting statuses read and write what they need of the era at
    // once. An issuer has to be registered before the first anchoring, so the slot is nonzero by then, and the first
    // costs no more than the later ones.
    uint64 private _batchCount;
    uint64 private _statusCount;
    // 48 bits of blocks last for a million years at ten a second.
    uint48 private _statusBlock;
    uint40 private _closedAt;
    uint32 private _issuerCount;

    bytes32 private _headDigest;
    bytes32 private _statusDigest;

    mapping(uint64 index => Batch) private _batches;
    mapping(bytes32 key => Status) private _statuses;
    mapping(bytes16 issuerCode => Issuer) private _issuers;
    mapping(uint256 index => bytes16 issuerCode) private _issuerCodes;

    bytes32 private _closingStatement;
    bytes32 private _closingDigest;
    Predecessor private _predecessor;

    modifier whileOpen() {
        _requireOpen();
        _;
    }

    /// @param admin the department; gets the administration and nothing else
    /// @param adminDelay seconds between the two steps of a hand-over of the administration
    /// @param predecessor_ the era this one goes on from, closed before this block; all zero if there is none
    constructor(address admin, uint48 adminDelay, Predecessor memory predecessor_)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        bytes memory continued = "";
        if (_isGiven(predecessor_)) {
            // Every block time here is then later than the closing, so nothing can be anchored or set in the past.
            if (predecessor_.closedAt >= block.timestamp) {
                revert PredecessorNotBefore(predecessor_.closedAt, uint64(block.timestamp));
            }
            continued = abi.encodePacked(predecessor_.closingDigest);
            _predecessor = predecessor_;
        }
        _headDigest = sha256(bytes.concat(_context(ANCHOR_DOMAIN), continued));
        _statusDigest = sha256(bytes.concat(_context(STATUS_DOMAIN), continued));
    }

    /// @inheritdoc IHocbaAnchor
    function anchor(
        uint64 expectedIndex,
        bytes32 expectedPrevDigest,
        bytes32 root,
        uint32 size,
        bytes16 issuerCode,
        uint8 alg
    ) external whileOpen onlyRole(anchorerRole(issuerCode)) whenNotPaused returns (bytes32 digest) {
        _requireEntitled(issuerCode);
        if (expectedIndex != _batchCount) revert IndexMismatch(expectedIndex, _batchCount);
        if (expectedPrevDigest != _headDigest) revert PrevDigestMismatch(expectedPrevDigest, _headDigest);
        if (root == 0) revert ZeroRoot(expectedIndex);
        if (size == 0 || size > MAX_SIZE) revert SizeOutOfRange(size, MAX_SIZE);
        if (alg != ALG_RFC6962_SHA256) revert UnsupportedAlg(alg);

        digest = sha256(
            abi.encodePacked(
                _context(ANCHOR_DOMAIN),
                expectedIndex,
                root,
                size,
                issuerCode,
                alg,
                uint64(block.timestamp),
                expectedPrevDigest
            )
        );
        _batches[expectedIndex] = Batch(root, size, uint40(block.timestamp), alg, issuerCode);
        _batchCount = expectedIndex + 1;
        _headDigest = digest;
        emit Anchored(expectedIndex, root, size, issuerCode, alg, uint64(block.timestamp), digest);
    }

    /// @inheritdoc IHocbaAnchor
    function setStatus(uint64 expectedIndex, StatusChange[] calldata changes)
        external
        whileOpen
        onlyRole(STATUS_KEEPER_ROLE)
    {
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
        uint64 previousBlock = _statusBlock;
        _statusCount = index;
        _statusBlock = uint48(block.number);
        _statusDigest = digest;
        emit StatusesSet(expectedIndex, uint64(changes.length), previousBlock);
    }

    /// @inheritdoc IHocbaAnchor
    function setIssuer(bytes16 issuerCode, uint40 from, uint40 until, string calldata schools)
        external
        whileOpen
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        if (!_isIssuerCode(issuerCode)) revert MalformedIssuer(issuerCode);
        if (from >= until) revert IssuerIntervalEmpty(from, until);
        if (until < block.timestamp) revert IssuerEndInThePast(issuerCode, until, uint64(block.timestamp));
        _checkSchools(bytes(schools));

        Issuer storage known = _issuers[issuerCode];
        if (known.until == 0) {
            _issuerCodes[_issuerCount++] = issuerCode;
        } else if (known.from <= block.timestamp && known.from != from) {
            revert IssuerAlreadyStarted(issuerCode, known.from, from);
        }
        _issuers[issuerCode] = Issuer(from, until, schools);
        emit IssuerSet(issuerCode, from, until, schools);
    }

    /// @inheritdoc IHocbaAnchor
    function pause() external whileOpen {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(PAUSER_ROLE);
        _pause();
    }

    /// @inheritdoc IHocbaAnchor
    function unpause() external whileOpen onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @inheritdoc IHocbaAnchor
    function closeEra(
        uint64 expectedBatches,
        bytes32 expectedHead,
        uint64 expectedStatuses,
        bytes32 expectedStatusHead,
        bytes32 statement
    ) external whileOpen onlyRole(DEFAULT_ADMIN_ROLE) returns (bytes32 digest) {
        if (expectedBatches != _batchCount) revert IndexMismatch(expectedBatches, _batchCount);
        if (expectedHead != _headDigest) revert PrevDigestMismatch(expectedHead, _headDigest);
        if (expectedStatuses != _statusCount) revert StatusIndexMismatch(expectedStatuses, _statusCount);
        if (expectedStatusHead != _statusDigest) revert StatusDigestMismatch(expectedStatusHead, _statusDigest);
        if (statement == 0) revert ZeroClosingStatement(expectedBatches);

        uint64 time = uint64(block.timestamp);
        digest = sha256(
            abi.encodePacked(
                _context(CLOSING_DOMAIN),
                expectedBatches,
                expectedHead,
                expectedStatuses,
                expectedStatusHead,
                time,
                statement
            )
        );
        _closedAt = uint40(time);
        _closingStatement = statement;
        _closingDigest = digest;
        emit Closed(expectedBatches, expectedHead, expectedStatuses, expectedStatusHead, time, statement, digest);
    }

    /// @inheritdoc IHocbaAnchor
    function predecessor() external view returns (Predecessor memory) {
        return _predecessor;
    }

    /// @inheritdoc IHocbaAnchor
    function closing() external view returns (uint64 closedAt, bytes32 statement, bytes32 digest) {
        return (_closedAt, _closingStatement, _closingDigest);
    }

    /// @inheritdoc IHocbaAnchor
    function issuer(bytes16 issuerCode) external view returns (uint40 from, uint40 until, string memory schools) {
        Issuer storage known = _issuers[issuerCode];
        return (known.from, known.until, known.schools);
    }

    /// @inheritdoc IHocbaAnchor
    function issuerCount() external view returns (uint256) {
        return _issuerCount;
    }

    /// @inheritdoc IHocbaAnchor
    function issuerAt(uint256 index) external view returns (bytes16 issuerCode) {
        if (index >= _issuerCount) revert UnknownIssuer(index, _issuerCount);
        return _issuerCodes[index];
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
    function statusBlock() external view returns (uint64) {
        return _statusBlock;
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

    /// @inheritdoc IHocbaAnchor
    function paused() public view override(IHocbaAnchor, Pausable) returns (bool) {
        return super.paused();
    }

    /// @inheritdoc IHocbaAnchor
    function anchorerRole(bytes16 issuerCode) public pure returns (bytes32) {
        return keccak256(abi.encodePacked("hocba-anchorer", issuerCode));
    }

    /// @inheritdoc AccessControlDefaultAdminRules
    /// @dev A hand-over to nobody is how the administration would be given up. A register without an admin could not
    /// be closed, and its issuers not ended.
    function beginDefaultAdminTransfer(address newAdmin)
        public
        override(AccessControlDefaultAdminRules, IAccessControlDefaultAdminRules)
    {
        if (newAdmin == address(0)) revert AccessControlInvalidDefaultAdmin(newAdmin);
        super.beginDefaultAdminTransfer(newAdmin);
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

    function _requireOpen() private view {
        if (_closedAt != 0) revert EraClosed(_closedAt);
    }

    function _requireEntitled(bytes16 issuerCode) private view {
        Issuer storage known = _issuers[issuerCode];
        if (known.until == 0) revert IssuerNotRegistered(issuerCode);
        if (block.timestamp < known.from) {
            revert IssuerNotYetEntitled(issuerCode, known.from, uint64(block.timestamp));
        }
        if (block.timestamp >= known.until) {
            revert IssuerNoLongerEntitled(issuerCode, known.until, uint64(block.timestamp));
        }
    }

    function _isGiven(Predecessor memory p) private pure returns (bool) {
        bool all = p.chainId != 0 && p.anchorContract != address(0) && p.closingDigest != 0 && p.closedAt != 0;
        bool none = p.chainId == 0 && p.anchorContract == address(0) && p.closingDigest == 0 && p.closedAt == 0;
        if (!all && !none) revert PredecessorIncomplete(p.chainId, p.anchorContract, p.closingDigest, p.closedAt);
        return all;
    }

    /// What ties a digest to this chain and this contract; hashed alone it is the genesis digest.
    function _context(string memory domain) private view returns (bytes memory) {
        return abi.encodePacked(domain, block.chainid, address(this));
    }

    /// The alphabet that every reader of the list takes (a-z, 0-9, -): one batch under a code that readers refuse would
    /// make the whole list unreadable to them, for good.
    function _isIssuerCode(bytes16 issuerCode) private pure returns (bool) {
        uint256 length = 0;
        while (length < 16 && _isIssuerCharacter(issuerCode[length])) ++length;
        return length != 0 && issuerCode << (8 * length) == 0;
    }

    function _isIssuerCharacter(bytes1 c) private pure returns (bool) {
        return (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
    }

    /// One text for one meaning, so that registry and trust profile can be compared as they stand. Prefixes of up to 20
    /// characters fit in a word, where zero bytes on the right sort below every character, as the end of a string does.
    function _checkSchools(bytes calldata schools) private pure {
        if (schools.length > MAX_SCHOOLS) revert SchoolsTooLong(schools.length, MAX_SCHOOLS);
        if (schools.length == 0 || (schools.length == 1 && schools[0] == "*")) return;

        bytes32 previous = 0;
        bytes32 prefix = 0;
        uint256 length = 0;
        for (uint256 i = 0; i <= schools.length; ++i) {
            if (i == schools.length || schools[i] == ",") {
                if (length == 0) revert SchoolPrefixEmpty(i);
                if (prefix <= previous) revert SchoolsNotSorted(i);
                (previous, prefix, length) = (prefix, 0, 0);
            } else {
                if (!_isSchoolCharacter(schools[i])) revert SchoolCharacterRefused(i, schools[i]);
                if (length == MAX_PREFIX) revert SchoolPrefixTooLong(i, MAX_PREFIX);
                prefix |= bytes32(schools[i]) >> (8 * length++);
            }
        }
    }

    function _isSchoolCharacter(bytes1 c) private pure returns (bool) {
        return (c >= "A" && c <= "Z") || (c >= "0" && c <= "9");
    }
}
