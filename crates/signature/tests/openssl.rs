//! Certificates, CRLs, OCSP responses and signatures of OpenSSL's making, not ours: they pass and fail as they should.
//!
//! What takes a CA to make lies in `fixtures/openssl`, made by `fixtures/make.sh`, which says what is wrong with each.
//! Statements are signed by the openssl program while the tests run.
#![allow(clippy::print_stdout, reason = "says what would let a skipped test run, and the figures")]

use std::{fs, path::PathBuf};

use hocba_record::types::UnixTime;
use hocba_signature::{
    certificate::{Certificate, CertificateError, Path, PathError, SignatureCache},
    path::{DOCUMENT_SIGNING, End, PathRules},
    revocation::{
        Answer, Crl, Evidence, EvidenceError, OcspResponse, Reason, Revocation, Standing, Status, ocsp_request,
        standing,
    },
};

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/openssl", name].iter().collect();
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_der(&fixture(&format!("{name}.crt"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Midnight, UTC.
fn day(year: i64, month: i64, day: i64) -> UnixTime {
    let days_before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_days = (year - 1969) / 4 + i64::from(year % 4 == 0 && month > 2);
    let days = (year - 1970) * 365 + leap_days + days_before[month as usize - 1] + day - 1;
    UnixTime::from_seconds(days * 86_400).expect("a time")
}

/// All certificates were issued from 2025-01-01 to 2045-01-01.
fn noon() -> UnixTime {
    day(2026, 7, 1)
}

fn path_under(leaf: &str, rules: &PathRules<'_>) -> Result<Path, PathError> {
    let others = ["a-issuing", "b-issuing", "a-no-cert-sign", "a-no-crl-sign"].map(certificate);
    let roots = ["a-root", "b-root", "c-root", "d-root"].map(certificate);
    certificate(leaf).path_under(&SignatureCache::default(), &others, &roots, noon(), rules)
}

fn path(leaf: &str) -> Result<usize, PathError> {
    path_under(leaf, &PathRules::default()).map(|path| path.intermediates.len())
}

#[test]
fn paths_hold_in_every_family_of_keys() {
    for leaf in ["a-leaf-rsa", "a-leaf-p256", "a-leaf-pss", "b-leaf-p384", "b-leaf-ed25519"] {
        assert_eq!(path(leaf), Ok(1), "{leaf}");
    }
    assert_eq!(path("c-leaf-rsa"), Ok(0));
    let bits = ["a-root", "a-leaf-rsa", "c-leaf-rsa", "b-root", "b-leaf-ed25519"].map(|n| certificate(n).key().bits());
    assert_eq!(bits, [3072, 2048, 4096, 384, 256]);
}

#[test]
fn a_certificate_says_where_its_authority_may_be_asked() {
    let where_asked = certificate("where-asked");
    let ocsp: Vec<_> = where_asked.ocsp_urls().collect();
    assert_eq!(ocsp, ["http://ocsp.example/a", "http://ocsp.example/b"], "no mail, no issuer's certificate");
    let crl: Vec<_> = where_asked.crl_urls().collect();
    assert_eq!(crl, ["http://crl.example/a.crl", "ldap://crl.example/cn=a"], "not for some reasons, not of another's");
    let leaf = certificate("a-leaf-rsa");
    assert_eq!(leaf.crl_urls().collect::<Vec<_>>(), ["http://crl.example/issuing.crl"]);
    assert_eq!(leaf.ocsp_urls().count(), 0);
    assert!(where_asked.is_self_issued() && !leaf.is_self_issued());
    // A critical one stays unknown for a path, and is read all the same.
    assert_eq!(certificate("where-asked-critical").ocsp_urls().collect::<Vec<_>>(), ["http://ocsp.example/a"]);
}

#[test]
fn the_question_is_the_one_that_openssl_asks() {
    assert_eq!(ocsp_request(&certificate("a-leaf-rsa"), &certificate("a-issuing")), fixture("request.ocsp"));
}

#[test]
fn what_an_issuer_may_not_do_is_refused() {
    assert_eq!(path("leaf-of-no-cert-sign"), Err(PathError::Constraint), "keyCertSign missing on an intermediate");
    assert_eq!(path("leaf-of-d-root"), Err(PathError::Constraint), "keyCertSign missing on the root");
    assert_eq!(path("a-issuing"), Err(PathError::Usage), "a CA signs no documents");
    let authority = PathRules { end: End::Authority, ..PathRules::default() };
    assert!(path_under("a-issuing", &authority).is_ok());
    assert_eq!(path_under("a-leaf-rsa", &authority), Err(PathError::Usage));
}

#[test]
fn key_usage_and_purposes_are_those_for_documents() {
    assert_eq!(path("leaf-encipher"), Err(PathError::Usage), "neither digitalSignature nor nonRepudiation");
    assert_eq!(path("leaf-server"), Err(PathError::Usage), "for servers");
    assert_eq!(path("leaf-email"), Ok(1), "nonRepudiation, e-mail protection");
    assert_eq!(path("leaf-any_use"), Ok(1), "no extension, no limit");
    let strict = PathRules { purposes: &[DOCUMENT_SIGNING], ..PathRules::default() };
    assert_eq!(path_under("leaf-email", &strict), Err(PathError::Usage));
    assert!(path_under("a-leaf-rsa", &strict).is_ok());
    assert!(path_under("leaf-any_use", &strict).is_ok());
}

#[test]
fn signatures_with_other_hashes_or_parameters_are_refused() {
    for leaf in ["leaf-sha1", "leaf-sha224", "leaf-of-ec-sha1", "a-leaf-pss20"] {
        assert_eq!(path(leaf), Err(PathError::Signature), "{leaf}");
    }
}

#[test]
fn keys_that_are_weak_or_spelled_another_way_are_refused() {
    use CertificateError::{UnsupportedKey, WeakKey};
    for (name, error) in [
        ("leaf-rsa1024", WeakKey),
        ("leaf-rsa-e3", WeakKey),
        ("leaf-pss-key", UnsupportedKey),
        ("leaf-k256", UnsupportedKey),
        ("leaf-p521", UnsupportedKey),
        ("leaf-explicit", UnsupportedKey),
        ("leaf-compressed", UnsupportedKey),
        ("leaf-ed448", UnsupportedKey),
    ] {
        assert_eq!(Certificate::from_der(&fixture(&format!("{name}.crt"))), Err(error), "{name}");
    }
}

#[test]
fn no_flipped_bit_leaves_a_path() {
    for leaf in ["a-leaf-rsa", "a-leaf-pss", "b-leaf-p384", "b-leaf-ed25519"] {
        let der = fixture(&format!("{leaf}.crt"));
        let (others, roots) = (["a-issuing", "b-issuing"].map(certificate), ["a-root", "b-root"].map(certificate));
        for place in 0..der.len() {
            let mut changed = der.clone();
            changed[place] ^= 1 << (place % 8);
            let refused = Certificate::from_der(&changed).map(|c| c.path(&others, &roots, noon()).is_err());
            assert_ne!(refused, Ok(false), "{leaf}: byte {place}");
        }
    }
}

/// What one piece of evidence says of a-leaf-rsa.
fn ask(name: &str) -> Result<Answer, EvidenceError> {
    ask_der(&fixture(name))
}

fn ask_der(der: &[u8]) -> Result<Answer, EvidenceError> {
    let path = ["a-leaf-rsa", "a-issuing", "a-root"].map(certificate);
    Evidence::from_der(der)?.answer(&[&path[0], &path[1], &path[2]], &SignatureCache::default())
}

fn revoked(reason: Reason, invalidity_date: Option<UnixTime>) -> Status {
    Status::Revoked(Revocation { at: day(2026, 4, 20), reason, invalidity_date })
}

fn crl_says(status: Status) -> Result<Answer, EvidenceError> {
    Ok(Answer { this_update: day(2026, 6, 1), next_update: Some(day(2026, 7, 1)), status })
}

#[test]
fn a_crl_says_good_or_revoked_with_its_reason() {
    assert_eq!(ask("good.crl"), crl_says(Status::Good));
    assert_eq!(ask("good-pss.crl"), crl_says(Status::Good));
    for (name, reason) in [
        ("unspecified", Reason::Unspecified),
        ("keyCompromise", Reason::KeyCompromise),
        ("CACompromise", Reason::CaCompromise),
        ("affiliationChanged", Reason::AffiliationChanged),
        ("superseded", Reason::Superseded),
        ("cessationOfOperation", Reason::CessationOfOperation),
        ("certificateHold", Reason::CertificateHold),
    ] {
        assert_eq!(ask(&format!("revoked-{name}.crl")), crl_says(revoked(reason, None)), "{name}");
    }
    assert_eq!(ask("revoked.crl"), crl_says(revoked(Reason::Unspecified, None)), "no reason given");
    assert_eq!(ask("revoked-hold-instruction.crl"), crl_says(revoked(Reason::CertificateHold, None)));
    let since = Some(day(2026, 3, 15));
    for (name, reason) in [("keyCompromise", Reason::KeyCompromise), ("CACompromise", Reason::CaCompromise)] {
        let answer = ask(&format!("revoked-{name}-invalidity.crl"));
        assert_eq!(answer, crl_says(revoked(reason, since)), "{name}");
        assert_eq!(answer.expect("an answer").cut_off(None), since);
    }
}

#[test]
fn a_crl_that_is_not_the_issuers_or_not_about_the_certificate_says_nothing() {
    assert_eq!(ask("good-other-issuer.crl"), Err(EvidenceError::OtherIssuer));
    assert_eq!(ask("good-sha1.crl"), Err(EvidenceError::UnsupportedAlgorithm));
    assert_eq!(ask("scope-point.crl"), crl_says(Status::Good), "the distribution point that the certificate names");
    assert_eq!(ask("scope-users.crl"), crl_says(Status::Good));
    assert_eq!(ask("scope-other_point.crl"), Err(EvidenceError::NotCovered));
    assert_eq!(ask("scope-cas.crl"), Err(EvidenceError::NotCovered));
    assert_eq!(ask("scope-indirect.crl"), Err(EvidenceError::Indirect));
    assert_eq!(ask("scope-unknown.crl"), Err(EvidenceError::UnknownCritical));
    // A CRL that tells a part is believed in what it tells.
    assert_eq!(ask("scope-reasons.crl"), Err(EvidenceError::SomeReasons));
    assert_eq!(ask("scope-delta.crl"), Err(EvidenceError::Delta));
    let unspecified = crl_says(revoked(Reason::Unspecified, None));
    assert_eq!(ask("scope-reasons-revoked.crl"), unspecified);
    assert_eq!(ask("scope-delta-revoked.crl"), unspecified);
    // The CA's key usage.
    let path = ["leaf-of-no-crl-sign", "a-no-crl-sign", "a-root"].map(certificate);
    let crl = Evidence::from_der(&fixture("no-crl-sign.crl")).expect("a CRL");
    let path: Vec<&Certificate> = path.iter().collect();
    assert_eq!(crl.answer(&path, &SignatureCache::default()), Err(EvidenceError::IssuerMayNot));
    // By the issuer's issuer, or without one.
    let good = Evidence::from_der(&fixture("good.crl")).expect("a CRL");
    let (leaf, root) = (certificate("a-leaf-rsa"), certificate("a-root"));
    assert_eq!(good.answer(&[&leaf, &root], &SignatureCache::default()), Err(EvidenceError::OtherIssuer));
    assert_eq!(good.answer(&[&leaf], &SignatureCache::default()), Err(EvidenceError::OtherIssuer));
    // A CA of another key and the same name.
    let path = ["b-leaf", "b-issuing", "b-root"].map(certificate);
    let ecdsa = Evidence::from_der(&fixture("good-ecdsa.crl")).expect("a CRL");
    let path: Vec<&Certificate> = path.iter().collect();
    assert!(matches!(ecdsa.answer(&path, &SignatureCache::default()), Ok(Answer { status: Status::Good, .. })));
}

#[test]
fn silence_on_what_expired_says_nothing() {
    // A certificate that ran out in February 2025, in the CRL of June 2026.
    let path = ["responder-expired", "a-issuing", "a-root"].map(certificate);
    let path: Vec<&Certificate> = path.iter().collect();
    let crl = Evidence::from_der(&fixture("good.crl")).expect("a CRL");
    assert_eq!(crl.answer(&path, &SignatureCache::default()), crl_says(Status::Unknown));
    // The issuer had expired too by 2046, so that is what is said.
    assert_eq!(ask("good-after-expiry.crl"), Err(EvidenceError::IssuerMayNot));
}

#[test]
fn an_ocsp_response_of_the_issuer_or_its_delegate_is_believed() {
    for name in ["issuer", "issuer-key-id", "delegate", "delegate-key-id"] {
        let answer = ask(&format!("good-by-{name}.ocsp")).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(answer.status, Status::Good, "{name}");
        let next = answer.next_update.expect("it was made with one").seconds();
        assert_eq!(next - answer.this_update.seconds(), 7 * 86_400);
    }
    let status = |name: &str| ask(name).map(|answer| answer.status);
    assert_eq!(status("unknown.ocsp"), Ok(Status::Unknown));
    assert_eq!(status("revoked.ocsp"), Ok(revoked(Reason::Unspecified, None)));
    assert_eq!(status("revoked-superseded.ocsp"), Ok(revoked(Reason::Superseded, None)));
    let Ok(Status::Revoked(compromised)) = status("revoked-keyCompromise.ocsp") else { panic!("revoked") };
    assert_eq!((compromised.at, compromised.reason), (day(2026, 4, 20), Reason::KeyCompromise));
}

#[test]
fn an_ocsp_response_of_anybody_else_is_not() {
    for (name, error) in [
        ("good-by-no-purpose", EvidenceError::Responder),
        ("good-by-other-issuer", EvidenceError::Responder),
        ("good-by-expired", EvidenceError::Responder),
        ("good-by-delegate-not-sent", EvidenceError::Responder),
        ("good-sha1", EvidenceError::UnsupportedAlgorithm),
        ("good-sha512-id", EvidenceError::OtherIssuer),
        ("try-later", EvidenceError::NoAnswer),
    ] {
        assert_eq!(ask(&format!("{name}.ocsp")), Err(error), "{name}");
    }
    // Of another certificate of the same issuer, and of another issuer's.
    let response = Evidence::from_der(&fixture("good-by-issuer.ocsp")).expect("a response");
    let ask = |leaf: &str, issuer: &str| {
        let path = [leaf, issuer].map(certificate);
        response.answer(&[&path[0], &path[1]], &SignatureCache::default())
    };
    assert_eq!(ask("a-leaf-p256", "a-issuing"), Err(EvidenceError::NotCovered));
    assert_eq!(ask("b-leaf-p384", "b-issuing"), Err(EvidenceError::OtherIssuer));
}

#[test]
fn no_flipped_bit_changes_an_answer() {
    for name in ["good.crl", "revoked-keyCompromise.crl", "good-by-issuer.ocsp", "good-by-delegate.ocsp"] {
        let der = fixture(name);
        let told = ask_der(&der);
        let mut refused = 0;
        for place in 0..der.len() {
            let mut changed = der.clone();
            changed[place] ^= 1 << (place % 8);
            match ask_der(&changed) {
                Err(_) => refused += 1,
                // The issuer's certificate beside its own answer is not looked at.
                Ok(answer) => assert!(Ok(answer) == told && name == "good-by-issuer.ocsp", "{name}: byte {place}"),
            }
        }
        assert!(refused > 500, "{name}: {refused} of {} refused", der.len());
    }
}

#[test]
fn evidence_cut_short_or_too_large_is_no_evidence() {
    for name in ["good.crl", "good-by-delegate.ocsp"] {
        let der = fixture(name);
        for end in 0..der.len() {
            assert!(Evidence::from_der(&der[..end]).is_err(), "{name} cut at {end}");
        }
        assert_eq!(Evidence::from_der(&[&der[..], &[0]].concat()), Err(EvidenceError::Malformed));
        assert_eq!(Evidence::from_der(&der).expect("evidence").der(), der);
    }
    assert_eq!(Crl::from_der(&vec![0x30; 4 * 1024 * 1024 + 1]), Err(EvidenceError::TooLarge));
    assert_eq!(OcspResponse::from_der(&vec![0x30; 64 * 1024 + 1]), Err(EvidenceError::TooLarge));
}

#[test]
fn a_thief_of_march_loses_what_was_anchored_since_and_the_rest_stands() {
    let answer = ask("revoked-keyCompromise-invalidity.crl").expect("an answer");
    let at = |month, d| standing(&[answer], day(2026, month, d), 3 * 86_400, None);
    assert_eq!(at(3, 14), Standing::Proven, "before the theft");
    assert_eq!(at(3, 15), Standing::Fallen { cut_off: day(2026, 3, 15) });
    assert_eq!(at(4, 1), Standing::Fallen { cut_off: day(2026, 3, 15) }, "before it was revoked");
    // The department knows of an earlier day.
    let told = standing(&[answer], day(2026, 3, 14), 0, Some(day(2026, 3, 1)));
    assert_eq!(told, Standing::Fallen { cut_off: day(2026, 3, 1) });
}

mod statements {
    //! Statements signed by the openssl program.

    use std::{fs, path::PathBuf, process::Command};

    use hocba_record::{encoding::Sha256Digest, types::UnixTime};
    use hocba_signature::{
        algorithm::{Algorithm, KeyError, PublicKey},
        statement::{Role, SigningInput, Statement, StatementError, StatementType},
    };

    struct Desk(PathBuf);

    impl Drop for Desk {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    impl Desk {
        /// `None` if this machine has no openssl.
        fn open(name: &str) -> Option<Self> {
            if Command::new("openssl").arg("version").output().is_err() {
                println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this test run");
                return None;
            }
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("a folder");
            Some(Self(folder))
        }

        fn openssl(&self, arguments: &[&str]) {
            let output = Command::new("openssl").current_dir(&self.0).args(arguments).output().expect("it is there");
            assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }

        fn key(&self, name: &str, kind: &[&str]) -> Result<PublicKey, KeyError> {
            let (file, public) = (format!("{name}.pem"), format!("{name}.spki"));
            self.openssl(&[&["genpkey", "-out", &file, "-algorithm"], kind].concat());
            self.openssl(&["pkey", "-in", &file, "-pubout", "-outform", "DER", "-out", &public]);
            PublicKey::from_spki_der(&fs::read(self.0.join(public)).expect("written"))
        }

        fn sign(&self, key: &str, how: &[&str], input: &SigningInput) -> Vec<u8> {
            let key = format!("{key}.pem");
            fs::write(self.0.join("input"), input.bytes()).expect("a file");
            if how == ["raw"] {
                self.openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", &key, "-in", "input", "-out", "signature"]);
            } else {
                self.openssl(&[&["dgst", "-sign", &key, "-out", "signature"], how, &["input"]].concat());
            }
            fs::read(self.0.join("signature")).expect("written")
        }
    }

    /// `Ecdsa-Sig-Value` as r || s of fixed length (RFC 7518 §3.4).
    fn side_by_side(der: &[u8], coordinate: usize) -> Vec<u8> {
        let mut rest = &der[2..];
        let mut out = Vec::new();
        for _ in 0..2 {
            let (number, after) = rest[2..].split_at(usize::from(rest[1]));
            let number = &number[number.len().saturating_sub(coordinate)..];
            out.extend(std::iter::repeat_n(0, coordinate - number.len()));
            out.extend_from_slice(number);
            rest = after;
        }
        out
    }

    fn prepare(alg: Algorithm) -> SigningInput {
        let at = UnixTime::from_seconds(1_790_000_000).expect("a time");
        let certificate = Sha256Digest::of(b"certificate");
        unsigned().prepare(StatementType::Record, Role::Principal, alg, certificate, at)
    }
    fn unsigned() -> Statement {
        Statement::unsigned(br#"{"class":"9A3"}"#.to_vec())
    }

    const RSA: &[&str] = &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    const SHA256: &[&str] = &["-sha256"];
    const PSS: &[&str] = &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];

    #[test]
    fn statements_signed_by_openssl_verify_and_every_change_is_refused() {
        let Some(desk) = Desk::open("statements") else { return };
        let rsa = desk.key("rsa", RSA).expect("a key");
        let p256 = desk.key("p256", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]).expect("a key");
        let p384 = desk.key("p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]).expect("a key");
        let ed25519 = desk.key("ed25519", &["ED25519"]).expect("a key");
        let cases: [(&str, &PublicKey, Algorithm, &[&str], usize); 5] = [
            ("rsa", &rsa, Algorithm::Rs256, SHA256, 256),
            ("rsa", &rsa, Algorithm::Ps256, PSS, 256),
            ("p256", &p256, Algorithm::Es256, SHA256, 64),
            ("p384", &p384, Algorithm::Es384, &["-sha384"], 96),
            ("ed25519", &ed25519, Algorithm::Ed25519, &["raw"], 64),
        ];
        for (name, key, alg, how, length) in cases {
            let input = prepare(alg);
            let mut signature = desk.sign(name, how, &input);
            if matches!(alg, Algorithm::Es256 | Algorithm::Es384) {
                let der = unsigned().attach(input.clone(), signature.clone());
                assert_eq!(der.verify(0, key), Err(StatementError::Signature { index: 0 }), "{alg} in DER");
                signature = side_by_side(&signature, length / 2);
            }
            assert_eq!(signature.len(), length);
            let signed = unsigned().attach(input.clone(), signature.clone());
            assert_eq!(signed.verify(0, key), Ok(()), "{alg}");
            assert_eq!(signed.headers(StatementType::Record).expect("headers")[0].alg, alg);

            // One bit of the signature; of what is signed.
            for bit in (0..length * 8).step_by(if length == 256 { 37 } else { 5 }) {
                let mut flipped = signature.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let refused = unsigned().attach(input.clone(), flipped).verify(0, key);
                assert_eq!(refused, Err(StatementError::Signature { index: 0 }), "{alg}: bit {bit}");
            }
            let other = Statement::unsigned(br#"{"class":"9A2"}"#.to_vec()).attach(input.clone(), signature.clone());
            assert_eq!(other.verify(0, key), Err(StatementError::Signature { index: 0 }), "{alg}: another payload");
            for wrong in [&signature[1..], &[&[0][..], &signature].concat(), &[]] {
                let refused = unsigned().attach(input.clone(), wrong.to_vec()).verify(0, key);
                assert_eq!(refused, Err(StatementError::Signature { index: 0 }), "{alg}: {} bytes", wrong.len());
            }
            // Keys of every other kind.
            for other in [&rsa, &p256, &p384, &ed25519].into_iter().filter(|other| *other != key) {
                assert_eq!(signed.verify(0, other), Err(StatementError::Algorithm { index: 0 }), "{alg}: {other:?}");
            }
        }
    }

    #[test]
    fn another_hash_another_padding_and_another_key_are_refused() {
        let Some(desk) = Desk::open("refused") else { return };
        let rsa = desk.key("rsa", RSA).expect("a key");
        let p256 = desk.key("p256", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]).expect("a key");
        let refused = |key: &PublicKey, alg, signature: Vec<u8>| {
            let refused = unsigned().attach(prepare(alg), signature).verify(0, key);
            assert_eq!(refused, Err(StatementError::Signature { index: 0 }));
        };
        let rs256 = prepare(Algorithm::Rs256);
        for how in [&["-sha1"][..], &["-sha384"], &["-sha512"], PSS] {
            refused(&rsa, Algorithm::Rs256, desk.sign("rsa", how, &rs256));
        }
        let ps256 = prepare(Algorithm::Ps256);
        let salt = |n: &'static str| ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", n];
        for how in [
            SHA256,
            &salt("rsa_pss_saltlen:20"),
            &salt("rsa_pss_saltlen:0"),
            &salt("rsa_pss_saltlen:max"),
            &[&salt("rsa_pss_saltlen:32")[..], &["-sigopt", "rsa_mgf1_md:sha1"]].concat(),
        ] {
            refused(&rsa, Algorithm::Ps256, desk.sign("rsa", how, &ps256));
        }
        let es256 = prepare(Algorithm::Es256);
        refused(&p256, Algorithm::Es256, side_by_side(&desk.sign("p256", &["-sha1"], &es256), 32));
        // Signed as RS256, said to be PS256: the signature is over the header too.
        refused(&rsa, Algorithm::Ps256, desk.sign("rsa", SHA256, &rs256));
        // Another key of the same kind.
        for (name, kind) in [("rsa2", RSA), ("p2", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])] {
            let other = desk.key(name, kind).expect("a key");
            let (input, first) = if name == "rsa2" { (&rs256, "rsa") } else { (&es256, "p256") };
            let mut signature = desk.sign(first, SHA256, input);
            if first == "p256" {
                signature = side_by_side(&signature, 32);
            }
            refused(&other, if first == "rsa" { Algorithm::Rs256 } else { Algorithm::Es256 }, signature);
        }
        assert_eq!(desk.key("rsa1024", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]), Err(KeyError::Weak));
        let k256 = desk.key("k256", &["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]);
        assert_eq!(k256, Err(KeyError::Unsupported));
    }
}
