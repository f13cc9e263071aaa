//! RFC 7515 and RFC 8037: the published JWS through our reader and our verification.

use ed25519_dalek::VerifyingKey;
use hocba_record::{
    canonical::{CanonicalError, Limits, ShapeProblem, parse},
    encoding::from_base64url,
};
use hocba_signature::{
    algorithm::{Algorithm, BadSignature, PublicKey},
    statement::{Statement, StatementError, StatementType},
};
use serde_json::{Value, json};

use crate::{spki, vectors};

const LIMITS: Limits = Limits { bytes: 8192, depth: 4 };

/// The published texts are spaced for print; their canonical form is what we would read.
fn read(jws: &Value) -> Result<Statement, CanonicalError> {
    Statement::from_bytes(&parse(jws.to_string().as_bytes(), LIMITS)?.to_bytes(), LIMITS)
}

/// A flattened vector as general serialization with one signature.
fn general(name: &str) -> Value {
    let flat = &vectors("jose.json")[name];
    json!({
        "payload": flat["payload"],
        "signatures": [{ "protected": flat["protected"], "signature": flat["signature"] }],
    })
}

#[test]
fn the_ed25519_example_of_rfc8037_verifies_with_our_code() {
    let statement = read(&general("rfc8037-a4")).expect("it has exactly our members");
    assert_eq!(statement.payload(), b"Example of Ed25519 signing");
    let key = from_base64url(vectors("jose.json")["rfc8037-a4"]["public_key"].as_str().expect("text"));
    let key = VerifyingKey::from_bytes(&key.expect("base64url").try_into().expect("32 bytes")).expect("a point");
    let key = PublicKey::from(key);
    let entry = &general("rfc8037-a4")["signatures"][0];
    let input = |payload: &str| format!("{}.{payload}", entry["protected"].as_str().expect("text"));
    let payload = general("rfc8037-a4")["payload"].as_str().expect("text").to_owned();
    let signature = statement.signature(0).expect("one");
    assert_eq!(key.verify(Algorithm::Ed25519, input(&payload).as_bytes(), signature), Ok(()));

    // Its header says EdDSA (RFC 9864 has since split that name up) and no `typ`: not a statement of ours.
    for typ in [StatementType::Record, StatementType::Appointment, StatementType::Status, StatementType::Profile] {
        assert!(matches!(statement.headers(typ), Err(StatementError::Header { index: 0, .. })));
    }
    assert!(matches!(statement.verify(0, &key), Err(StatementError::Header { index: 0, .. })));

    let mut other = general("rfc8037-a4");
    other["payload"] = json!("RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd");
    assert!(read(&other).is_err(), "non-zero bits behind the last byte");
    let other = input("RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmE");
    assert_eq!(key.verify(Algorithm::Ed25519, other.as_bytes(), signature), Err(BadSignature));
}

#[test]
fn the_general_serialization_of_rfc7515_is_refused_for_its_unprotected_headers_then_its_algorithms() {
    let published = &vectors("jose.json")["rfc7515-a6"]["jws"];
    match read(published) {
        Err(CanonicalError::Shape { place, problem }) => {
            assert_eq!((place.as_str(), problem), ("signatures[0].header", ShapeProblem::UnknownMember));
        }
        other => panic!("{other:?}"),
    }
    let mut bare = published.clone();
    for entry in bare["signatures"].as_array_mut().expect("list") {
        entry.as_object_mut().expect("object").remove("header");
    }
    let statement = read(&bare).expect("exactly payload, protected and signature");
    assert_eq!(statement.len(), 2);
    let claims: Value = serde_json::from_slice(statement.payload()).expect("JSON");
    assert_eq!(claims, json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true}));
    assert!(matches!(statement.headers(StatementType::Record), Err(StatementError::Header { index: 0, .. })));
    // The ES256 signature has 64 bytes, as an Ed25519 one; under no other key does it verify.
    let other = hocba_keystore::Ed25519Key::from_seed(&[1; 32]).public_key();
    let other = PublicKey::from(VerifyingKey::from_bytes(&other).expect("a point"));
    assert!(matches!(statement.verify(0, &other), Err(StatementError::Header { index: 0, .. })));
    assert_eq!(statement.verify(2, &other), Err(StatementError::NoEntry { index: 2 }));

    // Their headers are not ours, but the signatures are of algorithms that are: keys of RFC 7515 §A.2.1 and §A.3.1.
    let jwk = |name: &str| vectors("jose.json")["rfc7515-a6"][name].clone();
    let number = |jwk: &Value, name: &str| from_base64url(jwk[name].as_str().expect("text")).expect("base64url");
    let (rsa, ec) = (jwk("rsa"), jwk("ec"));
    let rsa = spki::rsa(&number(&rsa, "n"), &number(&rsa, "e"));
    let ec = spki::p256(&[&[4], number(&ec, "x").as_slice(), &number(&ec, "y")].concat());
    for (index, alg, key) in [(0, Algorithm::Rs256, &rsa), (1, Algorithm::Es256, &ec)] {
        let key = PublicKey::from_spki_der(key).expect("a key");
        let entry = &bare["signatures"][index];
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let input = format!("{}.{}", text(&entry["protected"]), text(&bare["payload"]));
        let signature = statement.signature(index).expect("an entry");
        assert_eq!(key.verify(alg, input.as_bytes(), signature), Ok(()), "{alg}");
        assert_eq!(key.verify(alg, format!("{input}A").as_bytes(), signature), Err(BadSignature), "{alg}");
        assert_eq!(other.verify(alg, input.as_bytes(), signature), Err(BadSignature), "{alg}");
    }
}

#[test]
fn mac_and_unsecured_examples_of_rfc7515_are_refused() {
    for name in ["rfc7515-a1", "rfc7515-a5"] {
        let statement = read(&general(name)).expect("well-formed");
        assert!(matches!(statement.headers(StatementType::Record), Err(StatementError::Header { index: 0, .. })));
    }
}

#[test]
fn compact_and_flattened_serialization_are_refused() {
    let flat = &vectors("jose.json")["rfc7515-a1"];
    let member = |name: &str| flat[name].as_str().expect("text").to_owned();
    let compact = [member("protected"), member("payload"), member("signature")].join(".");
    assert!(matches!(Statement::from_bytes(compact.as_bytes(), LIMITS), Err(CanonicalError::Syntax { .. })));
    let flattened = json!({"payload": flat["payload"], "protected": flat["protected"], "signature": flat["signature"]});
    assert!(matches!(read(&flattened), Err(CanonicalError::Shape { problem: ShapeProblem::UnknownMember, .. })));
}
