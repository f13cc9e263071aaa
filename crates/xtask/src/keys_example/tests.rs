use std::{path::PathBuf, process::Command, time::Duration};

use ed25519_dalek::{Signature, VerifyingKey};
use pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use unicode_normalization::is_nfc;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::{
    Certificate,
    der::{Decode, Encode, asn1::ObjectIdentifier},
    ext::pkix::{BasicConstraints, ExtendedKeyUsage},
};

use super::*;

fn folder() -> PathBuf {
    crate::workspace_root().join("keys-example")
}

fn signers() -> impl Iterator<Item = &'static Holder> {
    const { &HOLDERS }.iter().filter(|holder| holder.kind == Kind::Signer)
}

/// DER certificates of one committed file.
fn chain(name: &str) -> Vec<CertificateDer<'static>> {
    let pem = fs::read(folder().join(format!("{name}.crt.pem"))).unwrap();
    let chain = Certificate::load_pem_chain(&pem).unwrap();
    chain.iter().map(|certificate| CertificateDer::from(certificate.to_der().unwrap())).collect()
}

#[test]
fn the_committed_files_are_what_the_command_writes() {
    check(&folder()).unwrap();
}

#[test]
fn a_changed_a_missing_and_a_foreign_file_are_each_reported() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    check(folder.path()).unwrap();
    fs::write(folder.path().join("README.md"), "safe, really").unwrap();
    fs::remove_file(folder.path().join("teacher.key.pem")).unwrap();
    fs::write(folder.path().join("real.key.pem"), "").unwrap();
    let report = check(folder.path()).unwrap_err().to_string();
    for wanted in ["README.md differs", "teacher.key.pem: ", "real.key.pem does not belong here"] {
        assert!(report.contains(wanted), "{report}");
    }
    assert_eq!(report.lines().count(), 4, "{report}");
}

#[test]
fn names_are_unique_short_enough_and_in_nfc() {
    let mut names: Vec<_> = HOLDERS.iter().map(|h| h.name).chain(CHAIN_KEYS.iter().map(|key| key.name)).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    for holder in &HOLDERS {
        for text in [holder.common_name, holder.organisation, holder.about.0] {
            assert!(is_nfc(text), "{text}");
            // RFC 5280 appendix A: ub-common-name and ub-organization-name are 64 characters.
            assert!(text.chars().count() <= 64, "{text}");
        }
    }
}

/// What webpki needs to know of Ed25519; its own come with ring or aws-lc.
#[derive(Debug)]
struct Ed25519;

impl SignatureVerificationAlgorithm for Ed25519 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::try_from(key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_slice(signature).map_err(|_| InvalidSignature)?;
        key.verify_strict(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }
}

fn build_path(name: &str, root: &str, unix_seconds: u64) -> Result<(), webpki::Error> {
    /// id-kp-documentSigning (RFC 9336), the content bytes of 1.3.6.1.5.5.7.3.36.
    const DOCUMENT_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 36];
    let root = chain(root);
    let anchor = anchor_from_trusted_cert(&root[0])?;
    let chain = chain(name);
    let (leaf, above) = chain.split_first().unwrap();
    EndEntityCert::try_from(leaf)?
        .verify_for_usage(
            &[&Ed25519],
            &[anchor],
            above,
            UnixTime::since_unix_epoch(Duration::from_secs(unix_seconds)),
            // Not `required`: webpki would ask it of the issuing CA as well, and CAs seldom carry one.
            KeyUsage::required_if_present(DOCUMENT_SIGNING),
            None,
            None,
        )
        .map(drop)
}

#[test]
fn signers_are_for_signing_documents_and_for_nothing_else() {
    for holder in signers() {
        let leaf = Certificate::from_der(&chain(holder.name)[0]).unwrap();
        let leaf = leaf.tbs_certificate();
        let (critical, usage) = leaf.get_extension::<x509_cert::ext::pkix::KeyUsage>().unwrap().unwrap();
        assert!(critical && usage.digital_signature() && usage.non_repudiation() && usage.0.bits().count_ones() == 2);
        let (_, extended) = leaf.get_extension::<ExtendedKeyUsage>().unwrap().unwrap();
        assert_eq!(extended.0, [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36")]);
        assert!(leaf.get_extension::<BasicConstraints>().unwrap().is_none());
    }
}

/// Of a signer: the root above its issuer, and the root that is not.
fn roots(holder: &Holder) -> (&'static str, &'static str) {
    match holder.issuer {
        "issuing" => ("root", "stranger-root"),
        "stranger-issuing" => ("stranger-root", "root"),
        other => panic!("{other} is no issuing CA"),
    }
}

#[test]
fn webpki_builds_a_path_from_every_signer_to_its_root_and_to_no_other() {
    const YEAR_2026: u64 = 1_767_225_600;
    for holder in signers() {
        let (root, other_root) = roots(holder);
        assert_eq!(build_path(holder.name, root, YEAR_2026), Ok(()), "{}", holder.name);
        assert_eq!(build_path(holder.name, other_root, YEAR_2026), Err(webpki::Error::UnknownIssuer));
    }
}

#[test]
fn certificates_hold_from_2025_to_2045_and_not_a_second_longer() {
    let (from, to) = (1_735_689_600, 2_366_841_600);
    assert_eq!(build_path("teacher", "root", from), Ok(()));
    assert_eq!(build_path("teacher", "root", to), Ok(()));
    assert!(matches!(build_path("teacher", "root", from - 1), Err(webpki::Error::CertNotValidYet { .. })));
    assert!(matches!(build_path("teacher", "root", to + 1), Err(webpki::Error::CertExpired { .. })));
}

#[test]
fn openssl_accepts_every_signer_under_its_root() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this test run");
        return;
    }
    for holder in signers() {
        let (root, other_root) = roots(holder);
        for (root, accepted) in [(root, true), (other_root, false)] {
            let output = Command::new("openssl")
                .current_dir(folder())
                .args(["verify", "-x509_strict", "-CAfile", &format!("{root}.crt.pem")])
                .args(["-untrusted", &format!("{}.crt.pem", holder.issuer), &format!("{}.crt.pem", holder.name)])
                .output()
                .unwrap();
            assert_eq!(output.status.success(), accepted, "{}: {output:?}", holder.name);
        }
    }
}
