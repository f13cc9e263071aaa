// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HocbaAnchor} from "../src/HocbaAnchor.sol";
import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Digests computed outside Solidity (vectors.mjs) for two fixed deployments and their history.
contract DigestVectorsTest is Fixture {
    string private vectors;

    function setUp() public override {
        vectors = vm.readFile("test/vectors.json");
        IHocbaAnchor.Predecessor memory none;
        deployAt(".chainId", ".contract", none);
    }

    /// Everything by one deployer, so the addresses are those of its first and second contract.
    function deployAt(string memory chain, string memory place, IHocbaAnchor.Predecessor memory before) private {
        vm.chainId(vm.parseJsonUint(vectors, chain));
        vm.prank(STRANGER);
        register = new HocbaAnchor(ADMIN, DELAY, before);
        vm.assertEq(address(register), vm.parseJsonAddress(vectors, place));
        appoint();
    }

    function field(string memory list, uint256 i, string memory name) private pure returns (string memory) {
        return string.concat(".", list, i == 0 ? "[0]" : i == 1 ? "[1]" : "[2]", name);
    }

    function uintAt(string memory list, uint256 i, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(vectors, field(list, i, name));
    }

    function bytes32At(string memory list, uint256 i, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(vectors, field(list, i, name));
    }

    function replayBatches(string memory list, string memory digests) private {
        assertHead(0, bytes32At(digests, 0, ""));
        for (uint64 i = 0; i < 2; ++i) {
            vm.warp(uintAt(list, i, ".time"));
            vm.assertEq(
                bytes32(bytes(vm.parseJsonString(vectors, field(list, i, ".issuer")))), bytes32(bytes16(ISSUER))
            );
            anchorNext(bytes32At(list, i, ".root"), uint32(uintAt(list, i, ".size")));
            assertHead(i + 1, bytes32At(digests, i + 1, ""));
        }
    }

    function replayChanges(string memory list, string memory digests) private {
        assertStatusHead(0, bytes32At(digests, 0, ""));
        for (uint64 i = 0; i < 2; ++i) {
            vm.warp(uintAt(list, i, ".time"));
            setNext(
                only(
                    IHocbaAnchor.StatusChange(
                        bytes32At(list, i, ".key"),
                        uint32(uintAt(list, i, ".liveVersion")),
                        vm.parseJsonBool(vectors, field(list, i, ".revoked")),
                        uint8(uintAt(list, i, ".reason")),
                        bytes32At(list, i, ".statement")
                    )
                )
            );
            assertStatusHead(i + 1, bytes32At(digests, i + 1, ""));
        }
    }

    function closeAsInTheVectors() private {
        vm.warp(vm.parseJsonUint(vectors, ".closing.time"));
        accepted(ADMIN, closeCall(vm.parseJsonBytes32(vectors, ".closing.statement")));
    }

    function test_the_anchor_chain_gives_the_digests_of_the_vectors() public {
        replayBatches("batches", "anchorDigests");
    }

    function test_the_status_log_gives_the_digests_of_the_vectors() public {
        replayChanges("changes", "statusDigests");
    }

    function test_the_closing_gives_the_digest_of_the_vectors() public {
        replayBatches("batches", "anchorDigests");
        replayChanges("changes", "statusDigests");
        closeAsInTheVectors();
        (,, bytes32 digest) = register.closing();
        vm.assertEq(digest, vm.parseJsonBytes32(vectors, ".closing.digest"));
    }

    function test_the_successor_gives_the_digests_of_the_vectors() public {
        vm.warp(vm.parseJsonUint(vectors, ".successor.predecessor.closedAt") + 1);
        IHocbaAnchor.Predecessor memory before = IHocbaAnchor.Predecessor(
            vm.parseJsonUint(vectors, ".successor.predecessor.chainId"),
            vm.parseJsonAddress(vectors, ".successor.predecessor.contract"),
            vm.parseJsonBytes32(vectors, ".successor.predecessor.closingDigest"),
            uint64(vm.parseJsonUint(vectors, ".successor.predecessor.closedAt"))
        );
        deployAt(".successor.chainId", ".successor.contract", before);
        replayBatches("successor.batches", "successor.anchorDigests");
        replayChanges("successor.changes", "successor.statusDigests");
    }
}

contract BatchTest is Fixture {
    function test_a_batch_is_found_by_its_number() public {
        anchorNext(ROOT, 5);
        vm.warp(START + 60);
        anchorNext(keccak256("another root"), 6);
        assertBatch(register.batch(0), IHocbaAnchor.Batch(ROOT, 5, uint40(START), 1, ISSUER));
        assertBatch(register.batch(1), IHocbaAnchor.Batch(keccak256("another root"), 6, uint40(START + 60), 1, ISSUER));
    }

    function test_an_unknown_batch_is_refused(uint64 n) public {
        anchorNext(ROOT, 1);
        n = uint64(between(n, 1, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.UnknownBatch.selector, n, 1));
        register.batch(n);
    }
}

contract BatchesTest is Fixture {
    uint64 private constant COUNT = 12;

    function setUp() public override {
        super.setUp();
        for (uint32 i = 0; i < COUNT; ++i) {
            anchorNext(keccak256(abi.encode(i)), i + 1);
        }
    }

    function test_a_page_holds_the_batches_from_its_start_on(uint64 from, uint64 limit) public view {
        from = uint64(between(from, 0, COUNT + 3));
        limit = uint64(between(limit, 0, COUNT + 3));
        uint64 left = from < COUNT ? COUNT - from : 0;
        IHocbaAnchor.Batch[] memory page = register.batches(from, limit);
        vm.assertEq(page.length, limit < left ? limit : left);
        for (uint64 i = 0; i < page.length; ++i) {
            assertBatch(page[i], register.batch(from + i));
        }
    }

    function test_pages_read_one_after_the_other_are_the_whole_register() public view {
        uint64 seen = 0;
        for (uint64 from = 0; from < COUNT; from += 5) {
            IHocbaAnchor.Batch[] memory page = register.batches(from, 5);
            for (uint64 i = 0; i < page.length; ++i) {
                vm.assertEq(page[i].size, ++seen);
            }
        }
        vm.assertEq(seen, COUNT);
    }

    function test_a_page_beyond_the_end_is_empty(uint64 from) public view {
        from = uint64(between(from, COUNT, type(uint64).max));
        vm.assertEq(register.batches(from, 1000).length, 0);
    }

    function test_a_page_of_a_thousand_is_allowed() public view {
        vm.assertEq(register.batches(0, 1000).length, COUNT);
    }

    function test_a_larger_page_is_refused(uint64 limit) public {
        limit = uint64(between(limit, 1001, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.PageTooLarge.selector, limit, 1000));
        register.batches(0, limit);
    }

    function test_an_empty_register_has_empty_pages() public {
        register = deploy();
        vm.assertEq(register.batches(0, 10).length, 0);
    }
}

contract StatusTest is Fixture {
    function test_a_key_never_set_is_all_zero(bytes32 key) public view {
        assertStatus(key, 0, false, 0, 0);
    }

    function test_a_status_is_the_latest_set() public {
        setNext(only(supersede(KEY, 2)));
        vm.warp(START + 60);
        setNext(only(revoke(KEY, 4)));
        assertStatus(KEY, 4, true, 2, START + 60);
    }
}
