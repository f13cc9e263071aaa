//! RFC 9901 (SD-JWT): the published disclosures hash alike here, and the same claims in our canonical form are read.

use hocba_record::{
    canonical::{Json, Limits, parse},
    disclosure::Disclosure,
    encoding::{Sha256Digest, base64url, from_base64url},
};

use crate::{text, vectors};

const LIMITS: Limits = Limits { bytes: 4096, depth: 4 };

#[test]
fn published_disclosures_have_the_published_digests() {
    let file = vectors("rfc9901-disclosures.json");
    let tests = file["vectors"].as_array().expect("list");
    assert_eq!(tests.len(), 13);
    for test in tests {
        let (contents, disclosure) = (text(test, "contents"), text(test, "disclosure"));
        assert_eq!(base64url(contents.as_bytes()), disclosure);
        assert_eq!(from_base64url(disclosure).expect(disclosure), contents.as_bytes());
        assert_eq!(Sha256Digest::of(disclosure.as_bytes()).to_string(), text(test, "digest"), "{contents}");
    }
}

/// RFC 9901 §4.2.1 leaves white space and escapes to the issuer; we allow one spelling, so the published texts, with
/// their blank after each comma, are not disclosures of ours. The same claims spelled canonically are, where they are
/// object members (three items): our records have no disclosed array items.
#[test]
fn the_same_claims_in_canonical_form_are_read_and_the_published_spelling_is_refused() {
    let (mut members, mut items) = (0, 0);
    for test in vectors("rfc9901-disclosures.json")["vectors"].as_array().expect("list") {
        let (contents, published) = (text(test, "contents"), text(test, "disclosure"));
        assert!(Disclosure::from_text(published).is_err(), "{contents}");
        let value = parse(contents.as_bytes(), LIMITS).expect(contents);
        let ours = base64url(&value.to_bytes());
        let Json::Array(parts) = &value else { panic!("{contents}") };
        if let [salt, name, claim] = parts.as_slice() {
            let Ok(disclosure) = Disclosure::from_text(&ours) else {
                // The salt of §4.2.1 has 21 characters, which is no base64url of whole bytes; ours are 16 bytes.
                assert_eq!(test["section"], "4.2.3");
                continue;
            };
            assert_eq!(Some(disclosure.salt().to_string().as_str()), salt.as_str());
            assert_eq!(Some(disclosure.name().as_str()), name.as_str());
            assert_eq!(disclosure.value(), claim);
            assert_eq!(disclosure.to_text(), ours);
            assert_eq!(disclosure.digest(), Sha256Digest::of(ours.as_bytes()));
            members += 1;
        } else {
            assert!(Disclosure::from_text(&ours).is_err(), "an array item is none of ours: {contents}");
            items += 1;
        }
    }
    assert_eq!((members, items), (9, 3));
}

/// RFC 9901 §4.2.1: four spellings of one claim, all legal there, all with other digests. Here one is read at most.
#[test]
fn of_the_rfcs_spellings_of_one_claim_only_the_canonical_one_is_read() {
    let salt = "eluV5Og3gSNII8EYnsxA_A";
    let spellings = [
        format!(r#"["{salt}", "family_name", "Möbius"]"#),
        format!(r#"["{salt}", "family_name", "M\u00f6bius"]"#),
        format!(r#"["{salt}","family_name","Möbius"]"#),
        format!("[\n\"{salt}\",\n\"family_name\",\n\"Möbius\"\n]"),
    ];
    let read: Vec<bool> =
        spellings.iter().map(|text| Disclosure::from_text(&base64url(text.as_bytes())).is_ok()).collect();
    assert_eq!(read, [false, false, true, false]);
}
