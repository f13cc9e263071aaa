// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHocbaAnchor} from "../src/IHocbaAnchor.sol";
import {Fixture} from "./Fixture.sol";
import {SchoolList} from "./Reference.sol";
import {vm} from "./Vm.sol";

abstract contract IssuerFixture is Fixture {
    bytes16 internal constant NEW_ISSUER = "so-gddt-03";

    function issuerRefused(bytes16 issuer, uint40 from, uint40 until, string memory schools, bytes memory reason)
        internal
    {
        refused(ADMIN, abi.encodeCall(IHocbaAnchor.setIssuer, (issuer, from, until, schools)), reason);
    }

    function assertIssuer(bytes16 issuer, uint40 from, uint40 until, string memory schools) internal view {
        (uint40 f, uint40 u, string memory s) = register.issuer(issuer);
        vm.assertEq(abi.encode(f, u, s), abi.encode(from, until, schools));
    }
}

contract SetIssuerTest is IssuerFixture {
    function test_an_issuer_is_registered_with_its_interval_and_its_schools(uint256 a, uint256 b, uint256 seed) public {
        uint40 from = uint40(between(a, 0, FOREVER - 1));
        uint40 until = uint40(between(b, from > START ? from + 1 : START, FOREVER));
        bytes16 issuer = issuerCode(seed);
        register = deploy();
        vm.expectEmit(address(register));
        emit IHocbaAnchor.IssuerSet(issuer, from, until, "01,79");
        setIssuer(issuer, from, until, "01,79");
        assertIssuer(issuer, from, until, "01,79");
        vm.assertEq(register.issuerCount(), 1);
    }

    function test_no_one_but_the_admin_can_register_an_issuer(address sender) public {
        vm.assume(sender != ADMIN);
        bytes memory call = abi.encodeCall(IHocbaAnchor.setIssuer, (NEW_ISSUER, 0, FOREVER, "*"));
        refused(sender, call, unauthorised(sender, ADMIN_ROLE));
    }

    function test_registering_gives_nobody_a_role() public {
        setIssuer(NEW_ISSUER, 0, FOREVER, "*");
        refused(ADMIN, anchorCall(NEW_ISSUER), unauthorised(ADMIN, anchorerRole(NEW_ISSUER)));
    }

    function test_registering_leaves_both_heads_alone() public {
        (uint64 count, bytes32 digest) = register.head();
        (uint64 statuses, bytes32 statusDigest) = register.statusHead();
        setIssuer(NEW_ISSUER, 0, FOREVER, "*");
        assertHead(count, digest);
        assertStatusHead(statuses, statusDigest);
    }

    function test_an_interval_without_time_is_refused(uint40 from, uint40 until) public {
        until = uint40(between(until, 0, from));
        bytes memory reason = abi.encodeWithSelector(IHocbaAnchor.IssuerIntervalEmpty.selector, from, until);
        issuerRefused(NEW_ISSUER, from, until, "*", reason);
    }

    function test_an_end_before_the_block_time_is_refused(uint256 end) public {
        uint40 until = uint40(between(end, 1, START - 1));
        bytes memory reason = abi.encodeWithSelector(IHocbaAnchor.IssuerEndInThePast.selector, ISSUER, until, START);
        issuerRefused(ISSUER, 0, until, "*", reason);
        reason = abi.encodeWithSelector(IHocbaAnchor.IssuerEndInThePast.selector, NEW_ISSUER, until, START);
        issuerRefused(NEW_ISSUER, 0, until, "*", reason);
    }

    function test_an_end_at_the_block_time_ends_the_issuer() public {
        bytes32 digest = anchorNext(ROOT, 3);
        vm.warp(START + 60);
        setIssuer(ISSUER, 0, uint40(START + 60), "*");
        bytes memory late =
            abi.encodeWithSelector(IHocbaAnchor.IssuerNoLongerEntitled.selector, ISSUER, START + 60, START + 60);
        refused(ANCHORER, anchorCall(ISSUER), late);
        assertHead(1, digest);
        vm.assertLt(register.batch(0).time, START + 60, "what was anchored lies within the interval");
    }

    function test_an_end_may_be_moved_later_and_earlier_until_it_has_come() public {
        setIssuer(ISSUER, 0, uint40(START + 600), "*");
        setIssuer(ISSUER, 0, uint40(START + 900), "*");
        setIssuer(ISSUER, 0, uint40(START + 60), "*");
        assertIssuer(ISSUER, 0, uint40(START + 60), "*");
    }

    function test_an_ended_issuer_can_be_taken_up_again() public {
        setIssuer(ISSUER, 0, uint40(START), "*");
        setIssuer(ISSUER, 0, FOREVER, "*");
        accepted(ANCHORER, anchorCall(ISSUER));
    }

    function test_a_start_that_has_come_cannot_be_moved(uint256 start, uint256 time, uint40 proposed) public {
        uint40 from = uint40(between(start, START, FOREVER - 2));
        proposed = uint40(between(proposed, 0, FOREVER - 1));
        vm.assume(proposed != from);
        setIssuer(NEW_ISSUER, from, FOREVER, "*");
        vm.warp(between(time, from, FOREVER));
        bytes memory reason =
            abi.encodeWithSelector(IHocbaAnchor.IssuerAlreadyStarted.selector, NEW_ISSUER, from, proposed);
        issuerRefused(NEW_ISSUER, proposed, FOREVER, "*", reason);
    }

    function test_a_start_cannot_be_moved_in_the_second_in_which_it_comes() public {
        setIssuer(NEW_ISSUER, uint40(START), FOREVER, "*");
        bytes memory reason =
            abi.encodeWithSelector(IHocbaAnchor.IssuerAlreadyStarted.selector, NEW_ISSUER, START, START + 1);
        issuerRefused(NEW_ISSUER, uint40(START + 1), FOREVER, "*", reason);
    }

    function test_a_start_can_be_moved_until_it_comes(uint256 start, uint256 time, uint40 proposed) public {
        uint40 from = uint40(between(start, START + 1, FOREVER - 1));
        proposed = uint40(between(proposed, 0, FOREVER - 1));
        setIssuer(NEW_ISSUER, from, FOREVER, "*");
        vm.warp(between(time, START, from - 1));
        setIssuer(NEW_ISSUER, proposed, FOREVER, "*");
        assertIssuer(NEW_ISSUER, proposed, FOREVER, "*");
    }

    function test_schools_may_change_at_any_time_to_shorter_and_longer_lists() public {
        string memory long = "01,02,04,06,08,10,11,12,14,15,17,19,20,22,24,25,26,27,30,31,33,34,35,36,37,38,40";
        setIssuer(ISSUER, 0, FOREVER, long);
        assertIssuer(ISSUER, 0, FOREVER, long);
        setIssuer(ISSUER, 0, FOREVER, "79");
        assertIssuer(ISSUER, 0, FOREVER, "79");
        setIssuer(ISSUER, 0, FOREVER, "");
        assertIssuer(ISSUER, 0, FOREVER, "");
    }

    function test_a_change_to_one_issuer_touches_no_other() public {
        setIssuer(ISSUER, 0, uint40(START + 60), "01");
        assertIssuer(OTHER_ISSUER, 0, FOREVER, "79");
    }

    function test_an_issuer_code_of_one_or_of_sixteen_characters_is_accepted() public {
        bytes16[3] memory codes = [bytes16("a"), bytes16("abcdefghijklm-yz"), bytes16("0123456789------")];
        for (uint64 i = 0; i < codes.length; ++i) {
            setIssuer(codes[i], 0, FOREVER, "*");
            assertIssuer(codes[i], 0, FOREVER, "*");
        }
    }

    function test_one_bad_byte_anywhere_in_an_issuer_is_refused(uint256 seed, uint8 position, uint8 bad) public {
        bytes16 issuer = issuerCode(seed);
        uint256 length = between(seed, 1, 16);
        position = uint8(position % length);
        vm.assume(!((bad >= 0x61 && bad <= 0x7a) || (bad >= 0x30 && bad <= 0x39) || bad == 0x2d));
        // A zero at the end is a shorter code, and good.
        vm.assume(bad != 0 || position + 1 < length || length == 1);
        issuer &= ~(bytes16(bytes1(0xff)) >> (8 * position));
        issuer |= bytes16(bytes1(bad)) >> (8 * position);
        malformed(issuer);
    }

    function test_every_other_byte_than_a_small_letter_a_digit_or_a_hyphen_is_refused() public {
        for (uint256 i = 1; i < 256; ++i) {
            bytes1 character = bytes1(uint8(i));
            if ((character >= "a" && character <= "z") || (character >= "0" && character <= "9")) continue;
            if (character != "-") malformed(bytes16("so-gddt-01") | bytes16(character) >> 80);
        }
    }

    function test_a_malformed_issuer_is_refused() public {
        malformed(0);
        malformed(hex"00736764"); // starts with a zero
        malformed("SGD"); // capitals
        malformed("so_79"); // another mark than the hyphen
        malformed(hex"736700640000"); // a zero inside
        malformed(hex"73676400000000000000000000000064"); // a last byte after zeros
        malformed(hex"736720640000"); // a space
        malformed(hex"73670a640000"); // a line feed
        malformed(hex"73677f640000"); // DEL
        malformed(unicode"sgđ"); // not ASCII
    }

    function malformed(bytes16 issuer) private {
        bytes memory reason = abi.encodeWithSelector(IHocbaAnchor.MalformedIssuer.selector, issuer);
        issuerRefused(issuer, 0, FOREVER, "*", reason);
    }
}

contract SchoolsTest is IssuerFixture {
    /// 24 prefixes of 20 characters and one of 8, with 24 commas: 512 bytes.
    function longest() private pure returns (bytes memory list) {
        for (uint256 i = 0; i < 24; ++i) {
            list = bytes.concat(list, bytes1(uint8(65 + i)), "AAAAAAAAAAAAAAAAAAA,");
        }
        list = bytes.concat(list, "ZAAAAAAA");
    }

    function test_none_all_one_and_many_schools_are_accepted() public {
        string[8] memory good = [
            "", "*", "7", "01,79", "7,79,79A", "79000123,8", "ABCDEFGHIJKLMNOPQRST,UVWXYZ0123456789", string(longest())
        ];
        for (uint256 i = 0; i < good.length; ++i) {
            vm.assertTrue(SchoolList.wellFormed(good[i]));
            setIssuer(ISSUER, 0, FOREVER, good[i]);
            assertIssuer(ISSUER, 0, FOREVER, good[i]);
        }
    }

    function test_more_than_512_bytes_are_refused() public {
        schoolsRefused(string(bytes.concat(longest(), "A")), IHocbaAnchor.SchoolsTooLong.selector, 513, 512);
    }

    function test_a_prefix_of_more_than_20_characters_is_refused() public {
        schoolsRefused("ABCDEFGHIJKLMNOPQRSTU", IHocbaAnchor.SchoolPrefixTooLong.selector, 20, 20);
        schoolsRefused("01,ABCDEFGHIJKLMNOPQRSTU,X", IHocbaAnchor.SchoolPrefixTooLong.selector, 23, 20);
    }

    function test_an_empty_prefix_is_refused() public {
        schoolsRefused(",", IHocbaAnchor.SchoolPrefixEmpty.selector, 0);
        schoolsRefused(",79", IHocbaAnchor.SchoolPrefixEmpty.selector, 0);
        schoolsRefused("01,,79", IHocbaAnchor.SchoolPrefixEmpty.selector, 3);
        schoolsRefused("79,", IHocbaAnchor.SchoolPrefixEmpty.selector, 3);
    }

    function test_prefixes_out_of_order_or_repeated_are_refused() public {
        schoolsRefused("79,01", IHocbaAnchor.SchoolsNotSorted.selector, 5);
        schoolsRefused("79,79", IHocbaAnchor.SchoolsNotSorted.selector, 5);
        schoolsRefused("79,7", IHocbaAnchor.SchoolsNotSorted.selector, 4);
        schoolsRefused("01,A,9,Z", IHocbaAnchor.SchoolsNotSorted.selector, 6);
    }

    function test_all_schools_stand_alone() public {
        schoolsRefused("**", IHocbaAnchor.SchoolCharacterRefused.selector, 0, "*");
        schoolsRefused("*,79", IHocbaAnchor.SchoolCharacterRefused.selector, 0, "*");
        schoolsRefused("79,*", IHocbaAnchor.SchoolCharacterRefused.selector, 3, "*");
        schoolsRefused("79*", IHocbaAnchor.SchoolCharacterRefused.selector, 2, "*");
    }

    function test_every_other_byte_than_a_capital_a_digit_or_a_comma_is_refused() public {
        for (uint256 i = 0; i < 256; ++i) {
            bytes1 character = bytes1(uint8(i));
            if ((character >= "A" && character <= "Z") || (character >= "0" && character <= "9")) continue;
            if (character == ",") continue;
            bytes memory list = "01,7900,79A";
            list[4] = character;
            schoolsRefused(string(list), IHocbaAnchor.SchoolCharacterRefused.selector, 4, character);
        }
    }

    /// Lists over a small alphabet, where most rules are broken often and all are kept at times.
    function test_exactly_the_well_formed_lists_are_accepted(uint256 seed, uint8 length) public {
        bytes memory alphabet = "0AZ,,*z";
        bytes memory list = new bytes(between(length, 0, 9));
        for (uint256 i = 0; i < list.length; ++i) {
            // The last two characters are rare.
            uint256 dice = uint8(bytes32(seed)[i]);
            list[i] = alphabet[dice < 250 ? dice % 5 : 5 + dice % 2];
        }
        vm.prank(ADMIN);
        (bool done,) =
            address(register).call(abi.encodeCall(IHocbaAnchor.setIssuer, (ISSUER, 0, FOREVER, string(list))));
        vm.assertTrue(done == SchoolList.wellFormed(string(list)), string(list));
    }

    function schoolsRefused(string memory list, bytes4 refusal, uint256 position) private {
        listRefused(list, abi.encodeWithSelector(refusal, position));
    }

    function schoolsRefused(string memory list, bytes4 refusal, uint256 position, uint256 max) private {
        listRefused(list, abi.encodeWithSelector(refusal, position, max));
    }

    function schoolsRefused(string memory list, bytes4 refusal, uint256 position, bytes1 character) private {
        listRefused(list, abi.encodeWithSelector(refusal, position, character));
    }

    function listRefused(string memory list, bytes memory reason) private {
        vm.assertFalse(SchoolList.wellFormed(list));
        issuerRefused(ISSUER, 0, FOREVER, list, reason);
        assertIssuer(ISSUER, 0, FOREVER, "*");
    }
}

contract IssuerViewsTest is IssuerFixture {
    function test_an_issuer_never_registered_is_all_zero(bytes16 issuer) public view {
        vm.assume(issuer != ISSUER && issuer != OTHER_ISSUER);
        assertIssuer(issuer, 0, 0, "");
    }

    function test_issuers_are_listed_once_in_the_order_of_their_registration() public {
        setIssuer(NEW_ISSUER, 0, FOREVER, "*");
        setIssuer(ISSUER, 0, uint40(START + 60), "01");
        vm.assertEq(register.issuerCount(), 3);
        vm.assertEq(bytes32(register.issuerAt(0)), bytes32(ISSUER));
        vm.assertEq(bytes32(register.issuerAt(1)), bytes32(OTHER_ISSUER));
        vm.assertEq(bytes32(register.issuerAt(2)), bytes32(NEW_ISSUER));
    }

    function test_an_issuer_beyond_the_last_is_refused(uint256 index) public {
        index = between(index, 2, type(uint256).max - 1);
        vm.expectRevert(abi.encodeWithSelector(IHocbaAnchor.UnknownIssuer.selector, index, 2));
        register.issuerAt(index);
    }
}
