//! OCSP: OpenSSL asks, and checks the answers.

use hocba_ca::{
    CaError, Reason, Revocation, SerialNumber,
    ocsp::{MAX_REQUEST_BYTES, NoAnswer, Responder, Status},
};

use crate::kit::{DAY, Desk, Pki, TestKey, after, serial};

/// 10 to 17 are revoked, one for each reason; 9 is good; nobody knows of others.
fn status(asked: &SerialNumber) -> Status {
    for (n, reason) in (10..).zip(Reason::ALL) {
        if *asked == serial(n) {
            return Status::Revoked(Revocation { at: after(DAY), reason, invalid_since: Some(after(-30 * DAY)) });
        }
    }
    if *asked == serial(9) { Status::Good } else { Status::Unknown }
}

fn responder(pki: &Pki) -> Responder<'_> {
    Responder::new(&pki.issuing, &pki.responder, &pki.responder_key).expect("a responder")
}

fn answer(pki: &Pki, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    responder(pki).answer(request, after(2 * DAY), after(3 * DAY), status)
}

/// Has OpenSSL ask about certificates, the responder answer and OpenSSL check; gives what it says.
fn asked(pki: &Pki, desk: &Desk, options: &str, numbers: &[u8]) -> String {
    let mut certificates = String::new();
    for n in numbers {
        desk.pem(&format!("{n}.pem"), "CERTIFICATE", &[&pki.issue(*n)]);
        certificates.push_str(&format!(" -cert {n}.pem"));
    }
    let nonce = if options == "-nonce" { "" } else { "-no_nonce " };
    let question = format!("ocsp {nonce}{options} -issuer issuing.pem{certificates}");
    desk.openssl(&format!("{question} -reqout request.der")).expect();
    let request = desk.get("request.der");
    desk.put("answer.der", &answer(pki, &request).expect("an answer"));
    // OpenSSL compares the times in an answer with the machine's clock, whatever `-attime`; these lie some days off.
    let check = "-respin answer.der -CAfile root.pem -attime 1795478460 -validity_period 1000000000";
    // By the request that was sent: the nonce.
    desk.openssl(&format!("ocsp -no_nonce -issuer issuing.pem -reqin request.der {check}")).expect();
    desk.openssl(
        &format!("ocsp -no_nonce {options} -issuer issuing.pem{certificates} {check} -resp_text")
            .replace("-nonce ", ""),
    )
    .expect()
}

#[test]
fn openssl_believes_answers_about_good_revoked_and_unknown_certificates() {
    for pki in Pki::both() {
        let desk = Desk::of(&pki);
        for options in ["-sha1", "-sha256"] {
            let said = asked(&pki, &desk, options, &[9]);
            assert!(said.contains("Response verify OK") && said.contains("9.pem: good"), "{said}");
        }
        let said = asked(&pki, &desk, "-sha256", &[20]);
        assert!(said.contains("Response verify OK") && said.contains("20.pem: unknown"), "{said}");
        for ((n, reason), number) in (10..).zip(Reason::ALL).zip([0, 1, 2, 3, 4, 5, 9, 10]) {
            let said = asked(&pki, &desk, "-sha1", &[n]);
            assert!(said.contains("Response verify OK") && said.contains(&format!("{n}.pem: revoked")), "{said}");
            // OpenSSL 3.0 has no names for the last two.
            let named = said.contains("Revocation Reason: ") && said.contains(&format!(" (0x{number:x})\n"));
            assert_eq!(named, reason != Reason::Unspecified, "{said}");
            assert!(said.contains("Invalidity Date"), "{said}");
        }
        let said = asked(&pki, &desk, "-sha1", &[9, 11, 20]);
        for wanted in ["9.pem: good", "11.pem: revoked", "20.pem: unknown"] {
            assert!(said.contains(wanted), "{said}");
        }
    }
}

#[test]
fn a_nonce_comes_back_and_an_answer_to_another_question_is_noticed() {
    let pki = Pki::new(TestKey::p256);
    let desk = Desk::of(&pki);
    let said = asked(&pki, &desk, "-nonce", &[9]);
    assert!(said.contains("OCSP Nonce") && !said.contains("WARNING: no nonce"), "{said}");
    let old = desk.get("answer.der");
    asked(&pki, &desk, "-nonce", &[9]);
    desk.put("answer.der", &old);
    desk.openssl("ocsp -no_nonce -issuer issuing.pem -reqin request.der -respin answer.der -CAfile root.pem")
        .refuses("Nonce Verify error");
}

#[test]
fn an_answer_that_was_changed_is_refused() {
    for pki in Pki::both() {
        let desk = Desk::of(&pki);
        asked(&pki, &desk, "-sha1", &[11]);
        let mut answer = desk.get("answer.der");
        let serial = answer.windows(16).position(|w| w == serial(11).as_bytes()).expect("the serial number");
        answer[serial] ^= 1;
        desk.put("answer.der", &answer);
        desk.openssl("ocsp -issuer issuing.pem -cert 11.pem -respin answer.der -CAfile root.pem").refuses("verify");
    }
}

#[test]
fn questions_about_another_ca_and_nonsense_get_no_answer() {
    let pki = Pki::new(TestKey::ed25519);
    let desk = Desk::of(&pki);
    asked(&pki, &desk, "-sha1", &[9]);
    let request = desk.get("request.der");
    let other = Pki::new(|n| TestKey::ed25519(n + 100));
    assert_eq!(answer(&other, &request), Err(NoAnswer::Unauthorized));
    let trailing = [&request[..], &[0]].concat();
    for bad in [&[][..], &request[1..], &request[..request.len() - 1], &trailing, &vec![0x30; MAX_REQUEST_BYTES + 1]] {
        assert_eq!(answer(&pki, bad), Err(NoAnswer::MalformedRequest));
    }
    desk.put("answer.der", &NoAnswer::Unauthorized.to_der());
    let said = desk.openssl("ocsp -respin answer.der -CAfile root.pem").text();
    assert!(said.contains("unauthorized (6)"), "{said}");
}

#[test]
fn only_a_certificate_for_it_answers() {
    let pki = Pki::new(TestKey::ed25519);
    let new = |certificate: &[u8], key: &TestKey| Responder::new(&pki.issuing, certificate, key).map(drop);
    assert_eq!(new(&pki.responder, &pki.issuing_key), Err(CaError::KeyMismatch));
    assert!(matches!(new(&pki.issue(9), &TestKey::ed25519(9)), Err(CaError::NotAnAuthority(_))));
    assert!(matches!(new(&pki.issuing, &pki.issuing_key), Err(CaError::NotAnAuthority(_))));
}
