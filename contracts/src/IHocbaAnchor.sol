// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Append-only register of Merkle batch roots and of record statuses
/// @notice Knows roots, times and keyed statuses; nothing about people. What was written is never changed.
/// @dev Every digest is SHA-256. `||` concatenates fixed-width big-endian values, as abi.encodePacked does.
///
/// Anchor chain, one link a batch:
///   genesis = SHA-256("hocba-anchor-v1" || chain id (32) || contract (20))
///   digest  = SHA-256("hocba-anchor-v1" || chain id (32) || contract (20) || index (8) || root (32) || size (4)
///             || issuer (16) || alg (1) || block time (8) || previous digest (32))
///
/// Status log, one link a change:
///   genesis = SHA-256("hocba-status-log-v1" || chain id (32) || contract (20))
///   digest  = SHA-256("hocba-status-log-v1" || chain id (32) || contract (20) || index (8) || key (32)
///             || live version (4) || revoked (1, 0 or 1) || reason (1) || block time (8) || statement (32)
///             || previous digest (32))
interface IHocbaAnchor {
    /// @notice The three roles. None includes another; holding one gives no right to the work of the others.
    enum Role {
        Admin,
        Anchorer,
        StatusKeeper
    }

    /// @notice One anchored batch.
    /// @param root Merkle root of the batch
    /// @param size number of leaves, 1 to 65536
    /// @param time block time of the anchoring, seconds
    /// @param alg tree algorithm; 1 = RFC 6962 tree over SHA-256
    /// @param issuer issuer code of a-z, 0-9 and -, right-padded with zero bytes
    struct Batch {
        bytes32 root;
        uint32 size;
        // 40 bits of seconds last until the year 36812.
        uint40 time;
        uint8 alg;
        bytes16 issuer;
    }

    /// @notice Standing of one record. All zero: no status was ever set.
    /// @param liveVersion lowest version that is still current
    /// @param revoked whether every version is revoked
    /// @param reason reason class of the latest change, nonzero once set
    /// @param time block time of the latest change, seconds
    struct Status {
        uint32 liveVersion;
        bool revoked;
        uint8 reason;
        uint40 time;
    }

    /// @notice One change of a status.
    /// @param key SHA-256("hocba-status-v1" || record id (16))
    /// @param liveVersion lowest version that is still current; never below the one stored
    /// @param revoked whether every version is revoked; never false once it was true
    /// @param reason reason class, nonzero
    /// @param statement SHA-256 leaf digest of the signed status statement, nonzero
    struct StatusChange {
        bytes32 key;
        uint32 liveVersion;
        bool revoked;
        uint8 reason;
        bytes32 statement;
    }

    /// @notice `sender` gave `role` to `account`.
    event RoleGranted(Role indexed role, address indexed account, address indexed sender);

    /// @notice `sender` took `role` from `account`.
    event RoleRevoked(Role indexed role, address indexed account, address indexed sender);

    /// @notice A batch was anchored. `digest` is the new head of the anchor chain.
    event Anchored(
        uint64 indexed index, bytes32 indexed root, uint32 size, bytes16 issuer, uint8 alg, uint64 time, bytes32 digest
    );

    /// @notice The status of a record was set. `index` counts changes over the whole log.
    event StatusSet(
        uint64 indexed index,
        bytes32 indexed key,
        uint32 liveVersion,
        bool revoked,
        uint8 reason,
        uint64 time,
        bytes32 statement
    );

    /// @notice `account` does not hold the `role` that the call needs.
    error MissingRole(Role role, address account);

    /// @notice `role` cannot be given to the zero address.
    error ZeroAccount(Role role);

    /// @notice `account` holds `role` already.
    error RoleAlreadyHeld(Role role, address account);

    /// @notice `account` does not hold `role`, so it cannot be taken.
    error RoleNotHeld(Role role, address account);

    /// @notice `account` is the only admin left.
    error LastAdmin(address account);

    /// @notice The caller expected the batch to get index `expected`; the chain is at `found`.
    error IndexMismatch(uint64 expected, uint64 found);

    /// @notice The caller expected the head digest `expected`; the chain is at `found`.
    error PrevDigestMismatch(bytes32 expected, bytes32 found);

    /// @notice Batch `index` was given a zero root.
    error ZeroRoot(uint64 index);

    /// @notice `size` is not in 1..`max`.
    error SizeOutOfRange(uint32 size, uint32 max);

    /// @notice `issuer` is not 1 to 16 of a-z, 0-9 and - followed by zero bytes only.
    error MalformedIssuer(bytes16 issuer);

    /// @notice `alg` is no known tree algorithm.
    error UnsupportedAlg(uint8 alg);

    /// @notice The caller expected the first change to get index `expected`; the log is at `found`.
    error StatusIndexMismatch(uint64 expected, uint64 found);

    /// @notice The number of changes in one call is not in 1..`max`.
    error ChangeCountOutOfRange(uint256 count, uint256 max);

    /// @notice The change at `position` in the call has a zero key.
    error ZeroKey(uint256 position);

    /// @notice The change at `position` in the call has a zero reason.
    error ZeroReason(uint256 position);

    /// @notice The change at `position` in the call has a zero statement digest.
    error ZeroStatement(uint256 position);

    /// @notice The change at `position` in the call would lower the live version from `current` to `proposed`.
    error LiveVersionLowered(uint256 position, uint32 current, uint32 proposed);

    /// @notice The change at `position` in the call would clear the revocation of `key`.
    error RevocationCleared(uint256 position, bytes32 key);

    /// @notice The change at `position` in the call repeats the stored live version, revocation and reason of `key`.
    error NothingChanged(uint256 position, bytes32 key);

    /// @notice Batch `index` does not exist; there are `count`.
    error UnknownBatch(uint64 index, uint64 count);

    /// @notice A page of `limit` batches is more than `max`.
    error PageTooLarge(uint64 limit, uint64 max);

    /// @notice Gives `role` to `account`. Admins only.
    function grantRole(Role role, address account) external;

    /// @notice Takes `role` from `account`. Admins only; the last admin cannot be removed.
    function revokeRole(Role role, address account) external;

    /// @notice Appends one batch. Anchorers only.
    /// @dev Two anchorers, or one transaction sent twice, cannot anchor the same batch twice: the second finds another
    /// index and another head.
    /// @param expectedIndex index the batch must get, the count of `head()`
    /// @param expectedPrevDigest head digest the batch must follow, the digest of `head()`
    /// @param root Merkle root, nonzero
    /// @param size number of leaves, 1 to 65536
    /// @param issuer issuer code: 1 to 16 of a-z, 0-9 and -, right-padded with zero bytes
    /// @param alg tree algorithm, 1
    /// @return digest the new head digest
    function anchor(
        uint64 expectedIndex,
        bytes32 expectedPrevDigest,
        bytes32 root,
        uint32 size,
        bytes16 issuer,
        uint8 alg
    ) external returns (bytes32 digest);

    /// @notice Appends changes to the status log, all or none, in order. Status keepers only.
    /// @dev A status only tightens: versions rise, a revocation stays. Each change differs from what is stored in live
    /// version, revocation or reason.
    /// @param expectedIndex index the first change must get, the count of `statusHead()`
    /// @param changes 1 to 1000 changes
    function setStatus(uint64 expectedIndex, StatusChange[] calldata changes) external;

    /// @notice Version of this interface, 1.
    function VERSION() external view returns (uint16);

    /// @notice Whether `account` holds `role`.
    function hasRole(Role role, address account) external view returns (bool);

    /// @notice Number of batches and the digest of the last one, or the genesis digest.
    function head() external view returns (uint64 count, bytes32 digest);

    /// @notice Number of status changes and the digest of the last one, or the genesis digest.
    function statusHead() external view returns (uint64 count, bytes32 digest);

    /// @notice Batch `n`, counted from 0; reverts if there is none.
    function batch(uint64 n) external view returns (Batch memory);

    /// @notice Up to `limit` batches from index `from` on, fewer or none at the end of the register.
    /// @param limit at most 1000
    function batches(uint64 from, uint64 limit) external view returns (Batch[] memory page);

    /// @notice Status stored under `key`; all zero if none was ever set.
    function status(bytes32 key) external view returns (Status memory);

    /// @notice Whether batch `n` holds the leaf at that index, checked as RFC 9162 section 2.1.3.2 says.
    /// @dev False for a wrong index and for missing, surplus or wrong nodes; reverts if there is no batch `n`, which
    /// says nothing about the leaf.
    /// @param leafHash SHA-256(0x00 || leaf bytes)
    /// @param leafIndex position of the leaf in the batch, from 0
    /// @param path audit path from the leaf to the root; a node is SHA-256(0x01 || left || right)
    function verifyInclusion(uint64 n, bytes32 leafHash, uint64 leafIndex, bytes32[] calldata path)
        external
        view
        returns (bool);
}
