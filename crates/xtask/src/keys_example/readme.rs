//! The README of `keys-example/`, written from the same table as the keys.

use std::fmt::Write;

use super::{CHAIN_KEYS, HOLDERS, Kind, PASSPHRASE};

pub(super) fn text() -> String {
    let mut table = String::new();
    let holders = HOLDERS.iter().map(|holder| (holder.name, holder.common_name, holder.issuer, holder.about));
    let chain_keys = CHAIN_KEYS.iter().map(|key| (key.name, "", "", key.about));
    for (name, common_name, issuer, (vietnamese, english)) in holders.chain(chain_keys) {
        writeln!(table, "| `{name}` | {common_name} | {issuer} | {vietnamese} | {english} |")
            .expect("writing to a String does not fail");
    }
    let signers: Vec<&str> = HOLDERS
        .iter()
        .filter(|holder| holder.kind == Kind::Signer && holder.issuer == "issuing")
        .map(|holder| holder.name)
        .collect();
    let signers = signers.join(" ");
    format!(
        "\
# Khóa ví dụ: KHÔNG AN TOÀN

**Đừng dùng các khóa này cho bất cứ việc gì có giá trị.** Mọi khóa ở đây đều công khai: ai cũng có thể ký bằng chúng.
Chúng chỉ để chạy thử và kiểm thử. Ngoài chế độ demo, chương trình nhận ra chúng theo dấu vân tay và từ chối; kết quả
xác minh trong chế độ demo luôn ghi DEMO.

- `<tên>.key.pem`: khóa riêng, PKCS#8 mã hóa, mật khẩu `{PASSPHRASE}`.
- `<tên>.crt.pem`: chứng thư X.509; với người ký thì kèm theo chứng thư của CA cấp.
- `fingerprints.txt`: mỗi dòng là SHA-256 của khóa công khai và tên khóa.

Thư mục này do `cargo xtask keys-example` sinh ra, đừng sửa tay. `cargo xtask keys-example --check` báo lỗi nếu có tệp
nào khác đi.

| tên / name | CN | CA cấp / issuer | là gì | what it is |
|---|---|---|---|---|
{table}
# Example keys: UNSAFE

**Never use these keys for anything that matters.** Every one of them is public: anyone can sign with them. They exist
for the demo and the tests. Outside demo mode the program recognises them by fingerprint and refuses; under demo mode
every verdict says DEMO.

- `<name>.key.pem`: the private key, encrypted PKCS#8, passphrase `{PASSPHRASE}`. The derivation is deliberately cheap
  (PBKDF2-HMAC-SHA256, 2,048 rounds, then AES-256-CBC).
- `<name>.crt.pem`: the X.509 certificate; for signers, the issuing CA's certificate follows.
- `fingerprints.txt`: sorted lines of `<sha256> <name>`, the hash taken over the DER SubjectPublicKeyInfo of an Ed25519
  key, or over the 65 bytes of the uncompressed point of a secp256k1 key.

`stranger-*` is a whole chain under a root that no trust profile knows; `other-*` is another school under the same
issuing CA. Tests use them to attack.

This folder is written by `cargo xtask keys-example`; do not edit it by hand. With `--check` the command writes nothing
and fails if a file differs. Everything is derived from published strings: the Ed25519 seed or secp256k1 secret is
SHA-256 of `hocba example key: <name>`; the first half of SHA-256 of `hocba example salt: <name>` salts the key
derivation and the second half is the IV; the serial number comes from `hocba example serial: <name>`. All certificates
are valid from 2025-01-01 to 2045-01-01.

To check the certificates without us:

```sh
for name in {signers}; do
  openssl verify -x509_strict -CAfile root.crt.pem -untrusted issuing.crt.pem $name.crt.pem
done
```
"
    )
}
