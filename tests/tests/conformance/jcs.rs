//! RFC 8785: the RFC's own example (§3.2.2, §3.2.3), and the test data that its appendix points to
//! (`cyberphone/json-canonicalization`, `testdata/`), read with our reader and written with our writer.
//!
//! Our subset has no floats and no `null`, so three of the six files are refused as they stand, by name; with just those
//! values taken out they come out as published.

use hocba_record::canonical::{CanonicalError, Limits, parse, parse_canonical};

use crate::vector_file;

const LIMITS: Limits = Limits { bytes: 4096, depth: 8 };

fn file(name: &str, which: &str) -> String {
    String::from_utf8(vector_file(&format!("rfc8785/{name}.{which}.json"))).expect("UTF-8")
}

/// Input and output with `cut` replaced in both, to bring them into the subset.
fn canonical_after(name: &str, cut_input: &[(&str, &str)], cut_output: &[(&str, &str)]) {
    let cut = |text: String, cuts: &[(&str, &str)]| {
        cuts.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{name}: {from}");
            text.replace(from, to)
        })
    };
    let input = cut(file(name, "input"), cut_input);
    let output = cut(file(name, "output"), cut_output);
    let value = parse(input.as_bytes(), LIMITS).expect(name);
    assert_eq!(String::from_utf8(value.to_bytes()).expect("UTF-8"), output, "{name}");
    assert_eq!(parse_canonical(output.as_bytes(), LIMITS), Ok(value), "{name}");
    assert!(matches!(parse_canonical(input.as_bytes(), LIMITS), Err(CanonicalError::NotCanonical { .. })), "{name}");
}

#[test]
fn published_files_within_the_subset_come_out_as_published() {
    canonical_after("french", &[], &[]);
    canonical_after("unicode", &[], &[]);
    canonical_after("weird", &[], &[]);
}

#[test]
fn published_files_with_floats_or_null_are_refused_by_name() {
    let refuse = |name| parse(file(name, "input").as_bytes(), LIMITS).expect_err(name);
    assert!(matches!(refuse("arrays"), CanonicalError::Null { line: 5, .. }));
    assert!(matches!(refuse("structures"), CanonicalError::NotAnInteger { line: 2, .. }));
    assert!(matches!(refuse("values"), CanonicalError::NotAnInteger { line: 2, .. }));
}

#[test]
fn cut_to_the_subset_they_come_out_as_published() {
    canonical_after("arrays", &[("null", "false")], &[("null", "false")]);
    canonical_after("structures", &[("56.0", "56")], &[]);
    let numbers = "333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001";
    canonical_after(
        "values",
        &[(numbers, "3, 1, 4"), ("null, ", "")],
        &[("333333333.3333333,1e+30,4.5,0.002,1e-27", "3,1,4"), ("null,", "")],
    );
}

/// RFC 8785 appendix B, the integers among its numbers. JCS would write -0 as `0` and integers of 2^53 and more in a
/// rounded form; we refuse them instead, since no two programs need agree on what was meant.
#[test]
fn numbers_of_appendix_b_keep_their_value_or_are_refused() {
    for integer in ["0", "9007199254740991", "-9007199254740991"] {
        assert_eq!(parse(integer.as_bytes(), LIMITS).expect(integer).to_bytes(), integer.as_bytes());
    }
    for refused in [
        "-0",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740994",
        "295147905179352830000",
        "5e-324",
        "1.7976931348623157e+308",
        "1e+23",
        "0.000001",
        "333333333.3333332",
    ] {
        assert!(matches!(parse(refused.as_bytes(), LIMITS), Err(CanonicalError::NotAnInteger { .. })), "{refused}");
    }
    for never_json in ["NaN", "Infinity", "-Infinity"] {
        assert!(matches!(parse(never_json.as_bytes(), LIMITS), Err(CanonicalError::Syntax { .. })), "{never_json}");
    }
}
