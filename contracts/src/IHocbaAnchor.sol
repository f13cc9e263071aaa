// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";

/// @title Append-only register of Merkle batch roots and of record statuses, one era of it
/// @notice Knows roots, times, keyed statuses and who anchors for which issuer; nothing about people. What was written
/// is never changed. An era is closed once, for good; a successor contract goes on from its closing digest.
/// @dev Every digest is SHA-256. `||` concatenates fixed-width big-endian values, as abi.encodePacked does.
///
/// Anchor chain, one link a batch:
///   genesis = SHA-256("hocba-anchor-v1" || chain id (32) || contract (20))
///             in an era with a predecessor: ... || closing digest of the predecessor (32)
///   digest  = SHA-256("hocba-anchor-v1" || chain id (32) || contract (20) || index (8) || root (32) || size (4)
///             || issuer (16) || alg (1) || block time (8) || previous digest (32))
///
/// Status log, one link a change:
///   genesis = SHA-256("hocba-status-log-v1" || chain id (32) || contract (20))
///             in an era with a predecessor: ... || closing digest of the predecessor (32)
///   digest  = SHA-256("hocba-status-log-v1" || chain id (32) || contract (20) || index (8) || key (32)
///             || live version (4) || revoked (1, 0 or 1) || reason (1) || block time (8) || statement (32)
///             || previous digest (32))
///
/// Closing, once:
///   digest  = SHA-256("hocba-closing-v1" || chain id (32) || contract (20) || batches (8) || head digest (32)
///             || statuses (8) || status head digest (32) || block time (8) || statement (32))
///
/// Roles are OpenZeppelin's: DEFAULT_ADMIN_ROLE (the department; one account, handed over in two steps with a delay,
/// never given up), STATUS_KEEPER_ROLE, PAUSER_ROLE, and one anchorer role an issuer. None includes another, but for
/// `pause`, which the admin may call too. A call without the role reverts AccessControlUnauthorizedAccount.
interface IHocbaAnchor is IAccessControlDefaultAdminRules {
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

    /// @notice The era that a register goes on from. All zero: it is the first.
    /// @param chainId EIP-155 id of the chain of that era
    /// @param anchorContract address of the register of that era
    /// @param closingDigest digest under which it was closed
    /// @param closedAt block time of its closing, seconds
    struct Predecessor {
        uint256 chainId;
        address anchorContract;
        bytes32 closingDigest;
        uint64 closedAt;
    }

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

    /// @notice One call set `count` statuses, from `firstIndex` on; the call before it was in block `previousBlock`, or
    /// there was none (0). From `statusBlock()` a reader finds the whole log by going back from block to block, without
    /// searching the chain for it.
    event StatusesSet(uint64 indexed firstIndex, uint64 count, uint64 previousBlock);

    /// @notice An issuer was registered, or its interval or schools were changed.
    event IssuerSet(bytes16 indexed issuer, uint40 from, uint40 until, string schools);

    /// @notice The era was closed. Nothing can be anchored or set any more.
    event Closed(
        uint64 batches,
        bytes32 headDigest,
        uint64 statuses,
        bytes32 statusHeadDigest,
        uint64 time,
        bytes32 statement,
        bytes32 digest
    );

    /// @notice The era was closed at block time `closedAt`.
    error EraClosed(uint64 closedAt);

    /// @notice The caller expected `expected` batches; there are `found`.
    error IndexMismatch(uint64 expected, uint64 found);

    /// @notice The caller expected the head digest `expected`; the chain is at `found`.
    error PrevDigestMismatch(bytes32 expected, bytes32 found);

    /// @notice Batch `index` was given a zero root.
    error ZeroRoot(uint64 index);

    /// @notice `size` is not in 1..`max`.
    error SizeOutOfRange(uint32 size, uint32 max);

    /// @notice `issuer` is not 1 to 16 of a-z, 0-9 and - followed by zero bytes only.
    error MalformedIssuer(bytes16 issuer);

    /// @notice `issuer` was never registered.
    error IssuerNotRegistered(bytes16 issuer);

    /// @notice `issuer` is entitled from `from` on; the block time is `time`.
    error IssuerNotYetEntitled(bytes16 issuer, uint40 from, uint64 time);

    /// @notice `issuer` was entitled until `until`; the block time is `time`.
    error IssuerNoLongerEntitled(bytes16 issuer, uint40 until, uint64 time);

    /// @notice An interval from `from` until `until` holds no time at all.
    error IssuerIntervalEmpty(uint40 from, uint40 until);

    /// @notice `issuer` is entitled since `from`, so this start cannot become `proposed`.
    error IssuerAlreadyStarted(bytes16 issuer, uint40 from, uint40 proposed);

    /// @notice An end at `until` would lie before the block time `time`.
    error IssuerEndInThePast(bytes16 issuer, uint40 until, uint64 time);

    /// @notice A list of schools of `length` bytes is longer than `max`.
    error SchoolsTooLong(uint256 length, uint256 max);

    /// @notice The byte at `position` of the schools is none of A-Z, 0-9 and the comma.
    error SchoolCharacterRefused(uint256 position, bytes1 character);

    /// @notice The prefix that ends before `position` of the schools has no character.
    error SchoolPrefixEmpty(uint256 position);

    /// @notice The prefix that goes on at `position` of the schools has more than `max` characters.
    error SchoolPrefixTooLong(uint256 position, uint256 max);

    /// @notice The prefix that ends before `position` of the schools does not sort after the one before it.
    error SchoolsNotSorted(uint256 position);

    /// @notice Issuer number `index` does not exist; there are `count`.
    error UnknownIssuer(uint256 index, uint256 count);

    /// @notice `alg` is no known tree algorithm.
    error UnsupportedAlg(uint8 alg);

    /// @notice The caller expected `expected` status changes; there are `found`.
    error StatusIndexMismatch(uint64 expected, uint64 found);

    /// @notice The caller expected the head digest `expected` of the status log; the log is at `found`.
    error StatusDigestMismatch(bytes32 expected, bytes32 found);

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

    /// @notice The closing after `batches` batches was given a zero statement digest.
    error ZeroClosingStatement(uint64 batches);

    /// @notice Some members of the predecessor are zero and others are not.
    error PredecessorIncomplete(uint256 chainId, address anchorContract, bytes32 closingDigest, uint64 closedAt);

    /// @notice The predecessor was closed at `closedAt`, which is not before the block time `time`.
    error PredecessorNotBefore(uint64 closedAt, uint64 time);

    /// @notice Appends one batch. Anchorers of the issuer only, while it is entitled, not while paused.
    /// @dev Two anchorers, or one transaction sent twice, cannot anchor the same batch twice: the second finds another
    /// index and another head.
    /// @param expectedIndex index the batch must get, the count of `head()`
    /// @param expectedPrevDigest head digest the batch must follow, the digest of `head()`
    /// @param root Merkle root, nonzero
    /// @param size number of leaves, 1 to 65536
    /// @param issuerCode code of a registered issuer that is entitled at the block time
    /// @param alg tree algorithm, 1
    /// @return digest the new head digest
    function anchor(
        uint64 expectedIndex,
        bytes32 expectedPrevDigest,
        bytes32 root,
        uint32 size,
        bytes16 issuerCode,
        uint8 alg
    ) external returns (bytes32 digest);

    /// @notice Appends changes to the status log, all or none, in order. Status keepers only.
    /// @dev A status only tightens: versions rise, a revocation stays. Each change differs from what is stored in live
    /// version, revocation or reason.
    /// @param expectedIndex index the first change must get, the count of `statusHead()`
    /// @param changes 1 to 1000 changes
    function setStatus(uint64 expectedIndex, StatusChange[] calldata changes) external;

    /// @notice Registers an issuer, or changes one. Admin only.
    /// @dev What was anchored stays entitled: a start that has come cannot be moved, an end cannot be set to the past.
    /// An end set to the block time itself ends the issuer from the next call on; what it anchored earlier in that very
    /// block then has the end as its time. Who is believed is said by trust profiles, so no digest covers this.
    /// @param issuerCode issuer code: 1 to 16 of a-z, 0-9 and -, right-padded with zero bytes
    /// @param from first block time at which the issuer may anchor
    /// @param until first block time at which it may not any more; above `from`, not below the block time
    /// @param schools prefixes of school codes, each of 1 to 20 of A-Z and 0-9, joined by commas, in ascending order
    /// without repetition, at most 512 bytes; "*" alone: every school; empty: none
    function setIssuer(bytes16 issuerCode, uint40 from, uint40 until, string calldata schools) external;

    /// @notice Stops anchoring, and nothing else. Pausers and the admin.
    function pause() external;

    /// @notice Lets anchoring go on. Admin only.
    function unpause() external;

    /// @notice Closes the era for good. Admin only, also while paused.
    /// @dev The closing statement names both heads, so a batch or a status that arrives in between makes the closing
    /// fail. Afterwards all functions above revert; roles can still change, and everything can be read for ever.
    /// @param expectedBatches count of `head()`
    /// @param expectedHead digest of `head()`
    /// @param expectedStatuses count of `statusHead()`
    /// @param expectedStatusHead digest of `statusHead()`
    /// @param statement SHA-256 leaf digest of the closing statement signed by the department, nonzero
    /// @return digest the closing digest
    function closeEra(
        uint64 expectedBatches,
        bytes32 expectedHead,
        uint64 expectedStatuses,
        bytes32 expectedStatusHead,
        bytes32 statement
    ) external returns (bytes32 digest);

    /// @notice Version of this interface, 2.
    function VERSION() external view returns (uint16);

    /// @notice The role that `setStatus` needs: keccak256("hocba-status-keeper").
    function STATUS_KEEPER_ROLE() external view returns (bytes32);

    /// @notice The role that can `pause`: keccak256("hocba-pauser").
    function PAUSER_ROLE() external view returns (bytes32);

    /// @notice The role that `anchor` needs under this issuer: keccak256("hocba-anchorer" || issuer (16)).
    function anchorerRole(bytes16 issuerCode) external pure returns (bytes32);

    /// @notice Whether anchoring is paused.
    function paused() external view returns (bool);

    /// @notice The era before this one; all zero if this is the first.
    function predecessor() external view returns (Predecessor memory);

    /// @notice When, by which statement and under which digest the era was closed; all zero while it is open.
    function closing() external view returns (uint64 closedAt, bytes32 statement, bytes32 digest);

    /// @notice Interval and schools of an issuer as they are now; `until` is zero if it was never registered.
    function issuer(bytes16 issuerCode) external view returns (uint40 from, uint40 until, string memory schools);

    /// @notice Number of issuers ever registered.
    function issuerCount() external view returns (uint256);

    /// @notice Code of issuer number `index`, counted from 0 in the order of registration; reverts if there is none.
    function issuerAt(uint256 index) external view returns (bytes16 issuerCode);

    /// @notice Number of batches and the digest of the last one, or the genesis digest.
    function head() external view returns (uint64 count, bytes32 digest);

    /// @notice Number of status changes and the digest of the last one, or the genesis digest.
    function statusHead() external view returns (uint64 count, bytes32 digest);

    /// @notice Block of the latest status change, 0 if there was none. Where reading the log begins.
    function statusBlock() external view returns (uint64);

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
