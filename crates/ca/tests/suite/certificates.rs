//! Roots, issuing CAs, certificates for those who sign.

use hocba_ca::{Addresses, Authority, CaError, CaKey as _, PILOT_POLICY, PILOT_UNIT, Request, Subject, Validity, root};
use hocba_signature::certificate::Certificate;
use x509_parser::{asn1_rs::Oid, extensions::ParsedExtension, prelude::*};

use crate::kit::{ADDRESSES, DAY, Desk, Pki, TestKey, YEAR, addresses, after, now, serial, subject, validity};

/// 2026-12-22: OpenSSL checks at this time, not at the machine's.
const AT: &str = "1797897600";

#[test]
fn openssl_builds_the_path_of_a_signer_to_the_root_and_to_no_other() {
    for pki in Pki::both() {
        let desk = Desk::of(&pki);
        desk.pem("teacher.pem", "CERTIFICATE", &[&pki.issue(9)]);
        let verify = format!("verify -x509_strict -attime {AT} -CAfile root.pem -untrusted issuing.pem teacher.pem");
        desk.openssl(&verify).expect();
        // The pilot's policy stands in every certificate below the root, so a check for it holds too.
        desk.openssl(
            &verify.replace("-x509_strict", "-policy 2.25.122928582555997328286103051177944501873 -explicit_policy"),
        )
        .expect();
        desk.openssl(&verify.replace("-x509_strict", "-policy 1.2.3.4 -explicit_policy")).refuses("no explicit policy");
        let other = Pki::new(|n| TestKey::ed25519(n + 100));
        desk.pem("root.pem", "CERTIFICATE", &[&other.root]);
        desk.openssl(&verify).refuses("unable to get local issuer certificate");
    }
}

#[test]
fn what_the_project_itself_verifies_by_leads_to_the_root() {
    for pki in Pki::both() {
        let read = |der: &[u8]| Certificate::from_der(der).expect("a certificate");
        let (root, issuing, teacher) = (read(&pki.root), read(&pki.issuing), read(&pki.issue(9)));
        let path = teacher.path(std::slice::from_ref(&issuing), &[root], after(DAY)).expect("a path");
        assert_eq!(path.intermediates, [*issuing.digest()]);
    }
}

fn extension<'a>(certificate: &'a X509Certificate<'_>, oid: &str) -> Option<(&'a ParsedExtension<'a>, bool)> {
    let found = certificate.iter_extensions().find(|extension| extension.oid.to_id_string() == oid);
    found.map(|extension| (extension.parsed_extension(), extension.critical))
}

#[test]
fn certificates_have_the_profile_and_say_that_they_are_a_pilots() {
    for pki in Pki::both() {
        let teacher = pki.issue(9);
        let all = [(&pki.root, Some(1)), (&pki.issuing, Some(0)), (&teacher, None), (&pki.responder, None)];
        for (der, path_length) in all {
            let (rest, certificate) = X509Certificate::from_der(der).expect("a certificate");
            assert!(rest.is_empty());
            assert_eq!(certificate.version(), X509Version::V3);
            let units: Vec<_> = certificate.subject().iter_organizational_unit().collect();
            assert_eq!(units.iter().map(|unit| unit.as_str()).collect::<Vec<_>>(), [Ok(PILOT_UNIT)]);
            let country = certificate.subject().iter_country().next().expect("a country");
            assert_eq!((country.as_str(), country.attr_value().header.tag().0), (Ok("VN"), 19));

            let (constraints, critical) = extension(&certificate, "2.5.29.19").expect("basicConstraints");
            let ParsedExtension::BasicConstraints(constraints) = constraints else { panic!("{constraints:?}") };
            assert!(critical);
            assert_eq!((constraints.ca, constraints.path_len_constraint), (path_length.is_some(), path_length));
            let (usage, critical) = extension(&certificate, "2.5.29.15").expect("keyUsage");
            let ParsedExtension::KeyUsage(usage) = usage else { panic!("{usage:?}") };
            assert!(critical);
            let bits = (usage.key_cert_sign(), usage.crl_sign(), usage.digital_signature(), usage.non_repudiation());
            let responder = der == &pki.responder;
            let ca = path_length.is_some();
            assert_eq!(bits, (ca, ca, !ca, !ca && !responder));

            let (policies, _) = extension(&certificate, "2.5.29.32").expect("certificatePolicies");
            let ParsedExtension::CertificatePolicies(policies) = policies else { panic!("{policies:?}") };
            assert_eq!(policies.iter().map(|p| p.policy_id.as_bytes()).collect::<Vec<_>>(), [&PILOT_POLICY[..]]);
            assert!(extension(&certificate, "2.5.29.14").is_some(), "subjectKeyIdentifier");
            assert_eq!(extension(&certificate, "2.5.29.35").is_some(), der != &pki.root, "authorityKeyIdentifier");
            // 126 random bits, positive.
            assert_eq!(certificate.raw_serial().len(), 16);
            assert_eq!(certificate.raw_serial()[0] & 0xc0, 0x40);
        }
        let (_, certificate) = X509Certificate::from_der(&teacher).expect("a certificate");
        let purposes = certificate.extended_key_usage().expect("reads").expect("is there").value;
        assert_eq!(purposes.other.iter().map(Oid::to_id_string).collect::<Vec<_>>(), ["1.3.6.1.5.5.7.3.36"]);
        assert!(!purposes.any && !purposes.ocsp_signing);
        let printed = Desk::new().put("t.der", &teacher).openssl("x509 -in t.der -inform DER -noout -text").expect();
        for address in ADDRESSES {
            assert!(printed.contains(&format!("URI:{address}")), "{address}: {printed}");
        }
    }
}

#[test]
fn a_name_shared_by_two_gets_a_code() {
    let pki = Pki::new(TestKey::ed25519);
    let request = Request::from_spki(TestKey::ed25519(9).spki()).expect("a key");
    let hoa = subject("Nguyễn Thị Hoa").with_code("GV-0123").expect("a code");
    let made = pki.issuing().signer(&request, &hoa, validity(0, YEAR), serial(9), &addresses()).expect("issued");
    let printed = Desk::new().put("t.der", &made).openssl("x509 -in t.der -inform DER -noout -subject -nameopt utf8");
    assert!(printed.expect().contains("serialNumber=GV-0123"));
}

#[test]
fn nothing_is_issued_beyond_the_issuers_validity() {
    for pki in Pki::both() {
        let limits = CaError::Validity { from: now(), until: after(5 * YEAR) };
        let request = Request::from_spki(TestKey::ed25519(9).spki()).expect("a key");
        let issue = |from, until| {
            pki.issuing().signer(&request, &subject("Hoa"), validity(from, until), serial(9), &addresses())
        };
        assert!(issue(0, 5 * YEAR).is_ok(), "both ends count");
        for (from, until) in [(-1, YEAR), (0, 5 * YEAR + 1), (-YEAR, 6 * YEAR), (5 * YEAR, 5 * YEAR + 1)] {
            assert_eq!(issue(from, until), Err(limits.clone()), "{from} {until}");
        }
        let below = TestKey::ed25519(50);
        let issuing = |until| {
            pki.root().issuing(below.spki(), &subject("CA"), validity(0, until), serial(9), &Addresses::default())
        };
        assert!(issuing(10 * YEAR).is_ok());
        assert!(matches!(issuing(10 * YEAR + 1), Err(CaError::Validity { .. })));
        assert!(Validity::new(now(), now()).is_err());
    }
}

#[test]
fn roots_issue_to_cas_and_issuing_cas_to_people() {
    let pki = Pki::new(TestKey::ed25519);
    let request = Request::from_spki(TestKey::ed25519(9).spki()).expect("a key");
    let by_root = pki.root().signer(&request, &subject("Hoa"), validity(0, YEAR), serial(9), &addresses());
    assert_eq!(by_root, Err(CaError::Tier));
    let below = pki.issuing().issuing(request.spki(), &subject("CA"), validity(0, YEAR), serial(9), &addresses());
    assert_eq!(below, Err(CaError::Tier));
    let own = Request::from_spki(pki.issuing_key.spki()).expect("a key");
    let own = pki.issuing().signer(&own, &subject("Hoa"), validity(0, YEAR), serial(9), &addresses());
    assert_eq!(own, Err(CaError::OwnKey));
}

#[test]
fn only_a_cas_certificate_with_its_own_key_opens() {
    let pki = Pki::new(TestKey::ed25519);
    assert_eq!(Authority::open(&pki.issuing, &pki.root_key).err(), Some(CaError::KeyMismatch));
    let teacher = TestKey::ed25519(9);
    assert!(matches!(Authority::open(&pki.issue(9), &teacher), Err(CaError::NotAnAuthority(_))));
    let followed = [&pki.issuing[..], &[0]].concat();
    assert!(matches!(Authority::open(&followed, &pki.issuing_key), Err(CaError::NotAnAuthority(_))));
    assert!(matches!(Authority::open(&[], &pki.issuing_key), Err(CaError::NotAnAuthority(_))));
}

#[test]
fn names_that_would_not_be_read_as_written_are_refused() {
    for bad in ["", " Hoa", "Hoa\u{200b}", "Nguye\u{302}\u{303}n", "Hoa\nCN=Minh", &"a".repeat(65)] {
        assert_eq!(Subject::new("Trường", bad), Err(CaError::Name("the name")), "{bad:?}");
        assert_eq!(Subject::new(bad, "Hoa"), Err(CaError::Name("the organisation")), "{bad:?}");
    }
    // 64 characters, of three bytes each.
    assert!(Subject::new(&"ệ".repeat(64), "Hoa").is_ok());
    let key = TestKey::ed25519(1);
    let coded = subject("CA").with_code("Ệ").expect("text");
    assert_eq!(root(&key, &coded, validity(0, YEAR), serial(1)), Err(CaError::Name("the code")));
}

#[test]
fn addresses_are_plain_http() {
    let pki = Pki::new(TestKey::ed25519);
    let request = Request::from_spki(TestKey::ed25519(9).spki()).expect("a key");
    for bad in ["https://ca.example/crl", "http://sở.example/crl", "ldap://x", "http://a b", "http://a\n"] {
        let addresses = Addresses { crl: Some(bad.into()), ..Addresses::default() };
        let refused = pki.issuing().signer(&request, &subject("Hoa"), validity(0, YEAR), serial(9), &addresses);
        assert_eq!(refused, Err(CaError::Address(bad.into())));
    }
}
