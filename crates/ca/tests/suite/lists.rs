//! CRLs: read by x509-parser, believed by OpenSSL.

use hocba_ca::{CaError, Reason, Revocation, SerialNumber};
use hocba_record::types::UnixTime;
use x509_parser::{extensions::ParsedExtension, prelude::*};

use crate::kit::{DAY, Desk, Pki, TestKey, after, now, serial};

fn revoked() -> Vec<(SerialNumber, Revocation)> {
    let of = |(n, reason)| {
        let invalid_since = (n % 2 == 0).then(|| after(-30 * DAY));
        (serial(n), Revocation { at: after(DAY), reason, invalid_since })
    };
    (10..).zip(Reason::ALL).map(of).collect()
}

#[test]
fn openssl_refuses_a_certificate_revoked_for_any_reason_and_no_other() {
    for pki in Pki::both() {
        let desk = Desk::of(&pki);
        let list = pki.issuing().crl(7, after(2 * DAY), after(40 * DAY), &revoked()).expect("a CRL");
        let above = pki.root().crl(1, after(DAY), after(400 * DAY), &[]).expect("a CRL");
        desk.pem("crls.pem", "X509 CRL", &[&list, &above]);
        desk.put("list.der", &list);
        desk.openssl("crl -in list.der -inform DER -noout -verify -CAfile chain.pem").expect();
        let verify = "verify -x509_strict -crl_check_all -attime 1797897600 -CAfile root.pem -untrusted issuing.pem \
                      -CRLfile crls.pem leaf.pem";
        for n in 10..18 {
            desk.pem("leaf.pem", "CERTIFICATE", &[&pki.issue(n)]);
            desk.openssl(verify).refuses("certificate revoked");
        }
        desk.pem("leaf.pem", "CERTIFICATE", &[&pki.issue(9)]);
        desk.openssl(verify).expect();
        // A list whose time is over proves nothing any more.
        desk.openssl(&verify.replace("1797897600", "1799020800")).refuses("CRL has expired");
    }
}

#[test]
fn entries_carry_reason_and_invalidity_date() {
    for pki in Pki::both() {
        let wanted = revoked();
        let list = pki.issuing().crl(7, after(2 * DAY), after(40 * DAY), &wanted).expect("a CRL");
        let (rest, list) = CertificateRevocationList::from_der(&list).expect("a CRL");
        assert!(rest.is_empty());
        assert_eq!(list.crl_number().map(ToString::to_string).as_deref(), Some("7"));
        assert_eq!(list.last_update().timestamp(), after(2 * DAY).seconds());
        assert_eq!(list.next_update().map(|t| t.timestamp()), Some(after(40 * DAY).seconds()));
        let (_, issuing) = X509Certificate::from_der(&pki.issuing).expect("a certificate");
        assert_eq!(list.issuer().as_raw(), issuing.subject().as_raw());
        let found: Vec<_> = list.iter_revoked_certificates().collect();
        assert_eq!(found.len(), Reason::ALL.len());
        for (entry, (serial, revocation)) in found.iter().zip(&wanted) {
            assert_eq!(entry.raw_serial(), serial.as_bytes());
            assert_eq!(entry.revocation_date.timestamp(), revocation.at.seconds());
            let reason = entry.reason_code().map(|(_, code)| code.0);
            let number =
                [0, 1, 2, 3, 4, 5, 9, 10][Reason::ALL.iter().position(|r| *r == revocation.reason).expect("one")];
            assert_eq!(reason, Some(number).filter(|n| *n != 0), "unspecified is said by saying nothing");
            let since = entry.extensions().iter().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::InvalidityDate(date) => Some(date.timestamp()),
                _ => None,
            });
            assert_eq!(since, revocation.invalid_since.map(UnixTime::seconds));
        }
    }
}

#[test]
fn the_order_in_which_certificates_were_revoked_does_not_matter() {
    let pki = Pki::new(TestKey::ed25519);
    let mut revoked = revoked();
    let of = |revoked: &[_]| pki.issuing().crl(7, now(), after(DAY), revoked).expect("a CRL");
    let one = of(&revoked);
    revoked.reverse();
    assert_eq!(of(&revoked), one);
}

#[test]
fn a_list_that_is_over_before_it_begins_is_refused() {
    let pki = Pki::new(TestKey::ed25519);
    for next in [0, -DAY] {
        assert!(matches!(pki.issuing().crl(1, now(), after(next), &[]), Err(CaError::Validity { .. })));
    }
}
