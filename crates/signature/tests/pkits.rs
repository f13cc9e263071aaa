//! NIST PKITS, as packaged with its expectations in the source package of pyhanko-certvalidator: every case judged as a
//! verifier here would: a path, then revocation of every certificate on it. `docs/spec/certificates.md` §3 fixes what is
//! outside our profile; the table below repeats it.
//!
//! The suite is not in this repository. `cargo xtask test` and `cargo xtask pkits` fetch it to `xtask/pkits` in the target
//! folder (about 600 KB, through pip); `HOCBA_PKITS` names another folder with `pkits.json`, `certs/` and `crls/`.
#![allow(clippy::print_stdout, reason = "says what would let a skipped test run, and the figures")]

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use hocba_record::types::UnixTime;
use hocba_signature::{
    certificate::{Certificate, SignatureCache},
    path::{End, PathRules},
    revocation::{Evidence, Status},
};
use serde_json::Value;

/// Section, tests, why; the reasons are spelled out in the spec.
const OUTSIDE: [(&str, std::ops::RangeInclusive<u32>, &str); 8] = [
    ("401", 4..=6, "DSA"),
    ("402", 3..=3, "a date before 1970"),
    ("404", 19..=21, "another key for CRLs"),
    ("405", 1..=8, "another key for CRLs"),
    ("406", 8..=8, "the end of the path is a CA"),
    ("406", 14..=14, "the end of the path is a CA"),
    ("414", 15..=35, "CRLs for some reasons, indirect CRLs"),
    ("415", 1..=10, "delta CRLs"),
];

/// Where the suite is, or why the test cannot run. On CI it has to be there.
fn suite() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../xtask/pkits");
    let folder = std::env::var_os("HOCBA_PKITS").map_or(default, PathBuf::from);
    if folder.join("pkits.json").exists() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} has no pkits.json; `cargo xtask test` fetches it", folder.display());
    println!("SKIPPED: {} has no pkits.json; `cargo xtask pkits` fetches it", folder.display());
    None
}

struct Suite {
    folder: PathBuf,
    root: Certificate,
    time: UnixTime,
}

impl Suite {
    fn certificate(&self, name: &str) -> Result<Certificate, String> {
        let path = self.folder.join("certs").join(name);
        let der = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Certificate::from_der(&der).map_err(|e| format!("{name}: {e}"))
    }

    /// The path, and of each certificate on it an answer that is not outdated and says good.
    fn judge(&self, case: &Value) -> Result<(), String> {
        let names = |member: &str| case[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        let leaf = self.certificate(text(&case["cert"]))?;
        // A verifier passes over candidates that it cannot read.
        let others: Vec<Certificate> = names("other_certs").filter_map(|name| self.certificate(name).ok()).collect();
        let wanted: Vec<Vec<u8>> =
            case["params"]["user_initial_policy_set"].as_array().into_iter().flatten().map(|p| oid(text(p))).collect();
        let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
        let flag = |name: &str| case["params"][name].as_bool().unwrap_or(false);
        let rules = PathRules {
            end: if leaf.is_ca() { End::Authority } else { End::Signer },
            policies: &wanted,
            require_policy: flag("initial_explicit_policy"),
            inhibit_mapping: flag("initial_policy_mapping_inhibit"),
            inhibit_any_policy: flag("initial_any_policy_inhibit"),
            ..PathRules::default()
        };
        let cache = SignatureCache::default();
        let roots = std::slice::from_ref(&self.root);
        let path = leaf.path_under(&cache, &others, roots, self.time, &rules).map_err(|e| e.to_string())?;

        let mut chain = vec![&leaf];
        for digest in &path.intermediates {
            chain.push(others.iter().find(|c| c.digest() == digest).expect("named by the path"));
        }
        chain.push(&self.root);
        let evidence: Vec<Result<Evidence, String>> = std::iter::once("TrustAnchorRootCRL.crl")
            .chain(names("crls"))
            .map(|name| {
                let path = self.folder.join("crls").join(name);
                let der = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                Evidence::from_der(&der).map_err(|e| format!("{name}: {e}"))
            })
            .collect();
        for place in 0..chain.len() - 1 {
            let rest = &chain[place..];
            let mut found = Err(format!("{}: no evidence", rest[0].subject()));
            for evidence in &evidence {
                let answer = match evidence {
                    Ok(evidence) => evidence.answer(rest, &cache).map_err(|e| e.to_string()),
                    Err(error) => Err(error.clone()),
                };
                match answer {
                    Ok(answer) if answer.next_update.is_none_or(|next| next < self.time) => {
                        found = found.or(Err("the CRL is outdated".to_owned()));
                    }
                    Ok(answer) => match answer.status {
                        Status::Revoked(_) => return Err(format!("{} is revoked", rest[0].subject())),
                        Status::Good => found = Ok(()),
                        Status::Unknown => {}
                    },
                    Err(error) => found = found.or(Err(error)),
                }
            }
            found?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The content of an OBJECT IDENTIFIER.
fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let mut out = vec![u8::try_from(arcs[0] * 40 + arcs[1]).expect("small")];
    for arc in &arcs[2..] {
        let groups = (0..5).rev().map(|group| (arc >> (7 * group)) & 0x7f).skip_while(|group| *group == 0);
        let groups: Vec<u8> = groups.map(|group| group as u8).collect();
        let (last, rest) = groups.split_last().unwrap_or((&0, &[]));
        out.extend(rest.iter().map(|group| group | 0x80));
        out.push(*last);
    }
    out
}

fn load() -> Option<(Suite, Vec<Value>)> {
    let folder = suite()?;
    let cases = serde_json::from_slice(&fs::read(folder.join("pkits.json")).expect("a file")).expect("a list of cases");
    let der = fs::read(folder.join("certs/TrustAnchorRootCertificate.crt")).expect("the root");
    let time = UnixTime::from_seconds(1_640_995_200).expect("2022-01-01");
    Some((Suite { folder, root: Certificate::from_der(&der).expect("the root"), time }, cases))
}

#[test]
fn nist_pkits_comes_out_as_expected() {
    let Some((suite, cases)) = load() else { return };
    let (mut inside, mut passed, mut refused_outside) = (0, 0, 0);
    let (mut false_accepts, mut false_rejects) = (Vec::new(), Vec::new());
    for case in &cases {
        let (id, name) = (text(&case["id"]), text(&case["name"]));
        let number: u32 = id[3..].parse().expect("a number");
        let out = OUTSIDE.iter().any(|(section, tests, _)| id.starts_with(section) && tests.contains(&number));
        let expected = case.get("error").is_none();
        let verdict = suite.judge(case);
        inside += usize::from(!out);
        match (&verdict, expected) {
            (Ok(()), false) => false_accepts.push(format!("{id} {name}")),
            (Err(error), true) if !out => false_rejects.push(format!("{id} {name}: {error}")),
            _ if !out => passed += 1,
            (Err(_), _) => refused_outside += 1,
            (Ok(()), true) => {}
        }
    }
    println!(
        "PKITS: {} cases, {inside} in our profile, {passed} passed ({} %); outside: {refused_outside} refused; \
         false accepts {}, false rejects {}",
        cases.len(),
        passed * 100 / cases.len(),
        false_accepts.len(),
        false_rejects.len(),
    );
    for problem in false_accepts.iter().chain(&false_rejects) {
        println!("{problem}");
    }
    assert_eq!(false_accepts, [""; 0], "expected invalid, and accepted");
    assert_eq!(false_rejects, [""; 0], "in our profile, expected valid, and refused");
    assert_eq!((cases.len(), inside, passed), (246, 198, 198));
}

/// The cases in which a path exists for us are those that `rustls-webpki` accepts, and some that it refuses for what it
/// does not implement; never is a path of its refused here.
#[test]
fn every_path_that_webpki_accepts_is_accepted_here_or_refused_for_a_rule_it_does_not_have() {
    let Some((suite, cases)) = load() else { return };
    let (mut both, mut only_ours, mut only_theirs) = (0, 0, HashMap::new());
    for case in cases.iter().filter(|case| case.get("params").is_none()) {
        let Ok(leaf) = suite.certificate(text(&case["cert"])) else { continue };
        let names = case["other_certs"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let others: Vec<Certificate> = names.filter_map(|name| suite.certificate(name).ok()).collect();
        let ours = leaf.path(&others, std::slice::from_ref(&suite.root), suite.time);
        match (ours, second_opinion::path(&leaf, &others, &suite.root, suite.time)) {
            (Ok(_), true) => both += 1,
            (Ok(_), false) => only_ours += 1,
            (Err(error), true) => *only_theirs.entry(error.to_string()).or_insert(0) += 1,
            (Err(_), false) => {}
        }
    }
    println!("paths: {both} accepted by both, {only_ours} only here, only by webpki: {only_theirs:?}");
    assert!(both > 60, "{both}");
    // keyCertSign, the names and lengths of self-issued certificates, policies: webpki has no rule for them.
    for reason in only_theirs.keys() {
        assert!(reason.contains("RFC 5280") || reason.contains("policies"), "{reason}");
    }
}

mod second_opinion {
    //! `rustls-webpki` with our verification of RSA signatures.

    use std::time::Duration;

    use hocba_record::types::UnixTime;
    use hocba_signature::{
        algorithm::{Algorithm, PublicKey},
        certificate::Certificate,
    };
    use pki_types::{AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
    use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

    #[derive(Debug)]
    struct Rs256;

    impl SignatureVerificationAlgorithm for Rs256 {
        fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
            let length = |n: usize| [0x82, (n >> 8) as u8, n as u8];
            let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
            let bits = [&[3][..], &length(key.len() + 1), &[0], key].concat();
            let spki = [&[0x30][..], &length(algorithm.len() + bits.len()), &algorithm, &bits].concat();
            let key = PublicKey::from_spki_der(&spki).map_err(|_| InvalidSignature)?;
            key.verify(Algorithm::Rs256, message, signature).map_err(|_| InvalidSignature)
        }
        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::RSA_ENCRYPTION
        }
        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::RSA_PKCS1_SHA256
        }
    }

    pub fn path(leaf: &Certificate, others: &[Certificate], root: &Certificate, time: UnixTime) -> bool {
        let leaf = CertificateDer::from(leaf.der());
        let others: Vec<CertificateDer<'_>> = others.iter().map(|c| CertificateDer::from(c.der())).collect();
        let root = CertificateDer::from(root.der());
        let anchors = [anchor_from_trusted_cert(&root).expect("a root")];
        let time = pki_types::UnixTime::since_unix_epoch(Duration::from_secs(time.seconds().unsigned_abs()));
        let usage = KeyUsage::required_if_present(&[0x2b, 6, 1, 5, 5, 7, 3, 0x24]);
        EndEntityCert::try_from(&leaf)
            .is_ok_and(|leaf| leaf.verify_for_usage(&[&Rs256], &anchors, &others, time, usage, None, None).is_ok())
    }
}
