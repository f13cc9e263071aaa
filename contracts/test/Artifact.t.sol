// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {Digests, NaiveTree} from "./Reference.sol";
import {vm} from "./Vm.sol";

/// The committed bytecode itself, as it will be deployed: compiled for paris, run on whatever EVM the tests run on.
contract ArtifactTest is Fixture {
    function setUp() public override {
        vm.warp(START);
        IHocbaAnchor.Predecessor memory none;
        bytes memory code = bytes.concat(artifact("bytecode/HocbaAnchor.bin"), abi.encode(ADMIN, DELAY, none));
        address deployed;
        assembly {
            deployed := create(0, add(code, 32), mload(code))
        }
        register = IHocbaAnchor(deployed);
        appoint();
    }

    function artifact(string memory path) private view returns (bytes memory) {
        return vm.parseBytes(vm.trim(vm.readFile(path)));
    }

    function test_it_deploys_the_committed_runtime_code() public view {
        bytes memory runtime = artifact("bytecode/HocbaAnchor.runtime.bin");
        vm.assertEq(address(register).code, runtime);
        vm.assertEq(sha256(runtime), vm.parseJsonBytes32(vm.readFile("bytecode/HocbaAnchor.json"), ".runtimeSha256"));
    }

    function test_it_anchors_sets_a_status_checks_a_path_and_closes() public {
        bytes32[] memory leaves = new bytes32[](3);
        (leaves[0], leaves[1], leaves[2]) = (bytes32("a"), bytes32("b"), bytes32("c"));
        IHocbaAnchor.Batch memory b = IHocbaAnchor.Batch(NaiveTree.root(leaves), 3, uint40(START), 1, ISSUER);
        bytes32 digest = Digests.anchorLink(
            block.chainid, address(register), 0, b, Digests.anchorGenesis(block.chainid, address(register))
        );
        vm.assertEq(anchorNext(b.root, b.size), digest);
        vm.assertTrue(register.verifyInclusion(0, leaves[2], 2, NaiveTree.path(leaves, 2)));
        setNext(only(revoke(KEY, 2)));
        assertStatus(KEY, 2, true, 2, START);
        close();
        refused(ANCHORER, anchorCall(ISSUER), eraClosed(START));
    }
}
