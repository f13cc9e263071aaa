//! Public keys as SubjectPublicKeyInfo in DER, out of the numbers that vectors and JWKs give.

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("keys are short").to_be_bytes();
    let length: &[u8] = match length {
        [0, n @ 0..0x80] => &[n],
        [0, n] => &[0x81, n],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}

fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let key = tlv(3, &[&[0], key].concat());
    tlv(0x30, &[tlv(0x30, algorithm), key].concat())
}

/// RFC 3279 §2.3.1.
pub fn rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let zero: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
        tlv(2, &[zero, bytes].concat())
    };
    let algorithm = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    spki(&algorithm, &tlv(0x30, &[integer(n), integer(e)].concat()))
}

/// RFC 5480 §2.1.1.
pub fn p256(point: &[u8]) -> Vec<u8> {
    spki(&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], point)
}
