//! The values of `docs/spec/links.md`, which another implementation wrote.

use hocba_record::encoding::base64url;
use sha2::{Digest as _, Sha256};

use crate::common;

#[test]
fn the_values_of_the_specification_come_out() {
    let page = std::fs::read_to_string(hocba_tests::repository().join("docs/spec/links.md")).expect("the page");
    let value = |name: &str| {
        let line = page.lines().find(|line| line.starts_with(&format!("| {name}"))).expect(name);
        line.rsplit('`').nth(1).expect("a value in code").to_owned()
    };
    let secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).expect("small"));
    let nonce: [u8; 12] = std::array::from_fn(|i| u8::try_from(i).expect("small"));
    let (token, sealed) = common::seal_with(&secret, nonce, b"{}");
    assert_eq!(base64url(&secret), value("secret"));
    assert_eq!(base64url(&token), value("token"));
    assert_eq!(base64url(&common::derive(&secret, "hocba-link-key-v1")), value("key"));
    assert_eq!(base64url(&Sha256::digest(token)), value("id"));
    assert_eq!(base64url(&sealed.ciphertext), value("ciphertext"));
}
