//! Time-stamps of OpenSSL's time-stamp authority pass here, ours pass there, and of what is wrong each is refused for what
//! is wrong with it. What `openssl ts -verify` says is asked in every case; where it is laxer, the case says so.
#![allow(clippy::print_stdout, reason = "says what would let a skipped test run, and the figures")]

#[path = "timestamp/desk.rs"]
mod desk;
#[path = "timestamp/forge.rs"]
mod forge;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use desk::{Desk, ED25519, LONG, P256, P384, RSA};
use forge::{FORGED_AT, Forge, Info, algorithm, algorithm_null, attribute, der, oid, sequence};
use hocba_record::encoding::Sha256Digest;
use hocba_signature::{
    certificate::{Certificate, PathError, SignatureCache},
    timestamp::{
        Failure, MAX_TOKEN_BYTES, MAX_TOKEN_CERTIFICATES, Nonce, Refusal, ResponseError, TimeStampError,
        TimeStampResponse, TimeStampToken, VerifiedTime, request,
    },
};

fn batch() -> Sha256Digest {
    Sha256Digest::of(b"a batch")
}
fn other_batch() -> Sha256Digest {
    Sha256Digest::of(b"another batch")
}
#[expect(clippy::disallowed_methods, reason = "openssl's authority reads the clock")]
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs().try_into().expect("before 9999")
}

fn judge(token: &[u8], roots: &[Certificate]) -> Result<VerifiedTime, TimeStampError> {
    TimeStampToken::parse(token)?.verify(&batch(), roots)
}

/// Where a piece stands in a token.
fn place(token: &[u8], piece: &[u8]) -> usize {
    token.windows(piece.len()).position(|window| window == piece).expect("it is in there")
}

/// Flips each bit of a token. None makes a reader panic or another time; the bytes are returned of which one flip or
/// another leaves what is proven as it was.
fn flips_that_change_nothing(token: &[u8], roots: &[Certificate]) -> Vec<usize> {
    let good = judge(token, roots).expect("good as it is");
    let mut unchanged = Vec::new();
    for place in 0..token.len() {
        for bit in 0..8 {
            let mut changed = token.to_vec();
            changed[place] ^= 1 << bit;
            if let Ok(verified) = judge(&changed, roots) {
                assert_eq!(verified, good, "byte {place}, bit {bit}");
                unchanged.push(place);
            }
        }
    }
    unchanged.dedup();
    unchanged
}

mod kept {
    //! Tokens that are committed, made by `fixtures/timestamp.sh`: the same bytes in every run.

    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/timestamp", name].iter().collect();
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }
    fn token(name: &str) -> Vec<u8> {
        let file = fixture(name);
        if name.ends_with(".tsr") { TimeStampResponse::parse(&file).expect("granted").token().to_vec() } else { file }
    }
    fn root() -> Certificate {
        Certificate::from_der(&fixture("root.crt")).expect("a certificate")
    }
    const TOKENS: [&str; 3] = ["p256.tsr", "rsa.tsr", "pss.tok"];

    #[test]
    fn tokens_verify_years_later() {
        for name in TOKENS {
            let token = TimeStampToken::parse(&token(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let verified = token.verify(&batch(), &[root()]).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(verified.accuracy, Some(Duration::from_micros(1_500_100)));
            assert_eq!(verified.policy.to_string(), "1.3.6.1.4.1.55555.1");
            assert!(verified.nonce.is_some());
            assert_eq!((verified.path.root, verified.path.intermediates.len()), (0, 1));
            assert_eq!(token.der(), self::token(name));
            // What was checked once is remembered, and is the same.
            let cache = SignatureCache::default();
            for _ in 0..2 {
                assert_eq!(token.verify_with(&cache, &batch(), &[root()]).as_ref(), Ok(&verified));
            }
        }
        let refused = TimeStampResponse::parse(&fixture("refused.tsr"));
        assert!(matches!(refused, Err(ResponseError::Refused { failure, .. }) if failure.has(Failure::BadAlgorithm)));
    }

    /// Tokens of authorities that work for others, out of the tests of the crate `sigstore-tsa` 0.15.1 (Apache-2.0): made by
    /// another program, with a key of P-384 and SHA-256.
    #[test]
    fn a_token_of_an_authority_at_work_verifies() {
        let folder = "../timestamp-foreign";
        let file = |name: &str| fixture(&format!("{folder}/{name}"));
        let response = TimeStampResponse::parse(&file("sigstore.tsr")).expect("granted");
        let token = TimeStampToken::parse(response.token()).expect("a token");
        let root = Certificate::from_der(&file("sigstore-root.crt")).expect("a certificate");
        let stamped = "6817ad42edeecac022b5c3575945a14e0bda2903bff4b3f4ff3a2a08d8882a3a";
        let stamped: [u8; 32] = hex::decode(stamped).expect("hex").try_into().expect("32 bytes");
        let verified = token.verify(&Sha256Digest::from_bytes(stamped), &[root]).expect("a time-stamp");
        assert_eq!(verified.time.seconds(), 1_754_506_296);
        assert_eq!(verified.accuracy, Some(Duration::from_secs(1)));
        assert_eq!(verified.policy.to_string(), "1.3.6.1.4.1.57264.2");
        // Whoever asked for this one did not ask for the certificate.
        let bare = TimeStampResponse::parse(&file("github.tsr")).expect("granted");
        assert_eq!(judge(bare.token(), &[]), Err(TimeStampError::NoCertificate));
    }

    #[test]
    fn each_flipped_bit_is_refused_but_in_what_is_not_signed() {
        for name in TOKENS {
            let token = token(name);
            let mut free = Vec::new();
            // The root that some authorities send along: what counts is the one in the profile.
            if let Some(at) = token.windows(root().der().len()).position(|window| window == root().der()) {
                free.extend(at..at + root().der().len());
            }
            // The signer's issuer, by which its certificate is found among those in the token (which one it has to be is
            // signed): names are compared without regard to case.
            if name != "pss.tok" {
                let issuer = token.windows(7).rposition(|window| window == b"issuing").expect("named by its issuer");
                free.extend(issuer..issuer + 7);
            }
            let unchanged = flips_that_change_nothing(&token, &[root()]);
            let others: Vec<_> = unchanged.iter().filter(|place| !free.contains(place)).collect();
            assert!(others.is_empty(), "{name}: {others:?}");
            println!("{name}: {} of {} bytes may change in one bit or another", unchanged.len(), token.len());
        }
    }

    #[test]
    fn no_byte_of_an_answer_makes_its_reader_panic() {
        for name in ["p256.tsr", "rsa.tsr", "refused.tsr"] {
            let file = fixture(name);
            for end in 0..file.len() {
                assert_eq!(
                    TimeStampResponse::parse(&file[..end]),
                    Err(ResponseError::Malformed),
                    "{name} cut at {end}"
                );
                for other in [0, 1, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xff] {
                    let mut changed = file.clone();
                    changed[end] = other;
                    let _ = TimeStampResponse::parse(&changed).map(|r| TimeStampToken::parse(r.token()).is_ok());
                }
            }
        }
    }
}

mod authority {
    //! `openssl ts` answers our requests.

    use super::*;

    struct Answer {
        verified: VerifiedTime,
        token: TimeStampToken,
    }

    /// Asks, and has both sides judge.
    fn ask(desk: &Desk, roots: &[Certificate], section: &str, signer: &str, more: &[&str]) -> Answer {
        let nonce = Nonce::from_bytes(&[0xff, 2, 3, 4, 5, 6, 7, 8]).expect("8 bytes");
        let reply = desk.reply(section, &request(&batch(), None, Some(&nonce)), signer, signer, more);
        let response = TimeStampResponse::parse(&reply).unwrap_or_else(|e| panic!("{section}, {signer}: {e}"));
        assert!(!response.with_modifications());
        let token = TimeStampToken::parse(response.token()).unwrap_or_else(|e| panic!("{section}, {signer}: {e}"));
        let verified = token.verify(&batch(), roots).unwrap_or_else(|e| panic!("{section}, {signer}: {e}"));
        assert_eq!(verified.nonce, Some(nonce));
        let at = verified.time.seconds();
        assert!((now() - 60..=now()).contains(&at), "{at}");
        assert_eq!(desk.ts_verifies(token.der(), &batch(), "roots.pem", at), Ok(()), "{section}, {signer}");
        // Of another batch, and under another root.
        assert_eq!(token.verify(&other_batch(), roots), Err(TimeStampError::OtherDigest));
        assert!(desk.ts_verifies(token.der(), &other_batch(), "roots.pem", at).is_err());
        assert_eq!(token.verify(&batch(), &roots[1..]), Err(TimeStampError::Path(PathError::UnknownIssuer)));
        assert!(desk.ts_verifies(token.der(), &batch(), "other.pem", at).is_err());
        Answer { verified, token }
    }

    fn office(name: &str) -> Option<(Desk, Vec<Certificate>)> {
        let desk = Desk::open(name)?;
        for (name, kind) in [("root", P256), ("other", P256), ("issuing", P384), ("tsa", P256)] {
            desk.key(name, kind);
        }
        let roots = ["root", "other"].map(|name| desk.certificate(name, name, name, "root", LONG));
        desk.certificate("issuing", "issuing", "root", "issuing", LONG);
        desk.bundle("roots.pem", &["root"]);
        desk.bundle("other.pem", &["other"]);
        desk.bundle("chain.pem", &["issuing", "root"]);
        Some((desk, roots.to_vec()))
    }

    #[test]
    fn a_request_is_the_one_that_openssl_makes() {
        let Some(desk) = Desk::open("request") else { return };
        let digest = hex::encode(batch().as_bytes());
        let query = |more: &[&str]| {
            desk.openssl(&[&["ts", "-query", "-digest", &digest, "-sha256", "-cert", "-out", "query"], more].concat());
            desk.read("query")
        };
        assert_eq!(request(&batch(), None, None), query(&["-no_nonce"]));
        let policy = "1.3.6.1.4.1.55555.2".parse().expect("an identifier");
        assert_eq!(request(&batch(), Some(&policy), None), query(&["-no_nonce", "-tspolicy", "1.3.6.1.4.1.55555.2"]));
        // With openssl's nonce of 64 bits.
        for _ in 0..8 {
            let theirs = query(&[]);
            let (_, nonce) = theirs.split_at(theirs.len() - 3 - 8);
            let nonce = Nonce::from_bytes(&nonce[..8]).expect("8 bytes");
            let ours = request(&batch(), None, Some(&nonce));
            // A nonce below 2^56 is written shorter; one in 256.
            assert!(ours == theirs || theirs.len() < ours.len(), "{}", hex::encode(theirs));
        }
    }

    #[test]
    fn tokens_of_openssls_authority_verify_whatever_its_key_and_settings() {
        let Some((desk, roots)) = office("settings") else { return };
        for (signer, kind) in [("rsa", RSA), ("p256", P256), ("p384", P384)] {
            desk.key(signer, kind);
            desk.certificate(signer, signer, "issuing", "tsa", LONG);
            for section in ["ts", "ts_plain", "ts_chain", "ts_sha1"] {
                // SHA-512 goes with RSA only (docs/spec/certificates.md §1).
                if section == "ts_chain" && signer != "rsa" {
                    continue;
                }
                let answer = ask(&desk, &roots, section, signer, &["-chain", "chain.pem"]);
                let detailed = section == "ts";
                assert_eq!(answer.verified.accuracy, detailed.then_some(Duration::from_micros(1_500_100)));
                assert_eq!(answer.verified.policy.to_string(), "1.3.6.1.4.1.55555.1");
                assert_eq!((answer.verified.path.root, answer.verified.path.intermediates.len()), (0, 1));
                let subjects: Vec<_> = answer.token.certificates().iter().map(Certificate::subject).collect();
                let [leaf, others] = [signer, "issuing"].map(|name| format!("Dấu thời gian {name}"));
                assert_eq!(subjects, [leaf.as_str(), &others, "Dấu thời gian root"], "{section}, {signer}");
            }
        }
        // The chain by itself, and not at all: then nothing leads to the root.
        let bare = desk.reply("ts", &request(&batch(), None, None), "rsa", "rsa", &[]);
        let bare = TimeStampResponse::parse(&bare).expect("granted");
        assert_eq!(judge(bare.token(), &roots), Err(TimeStampError::Path(PathError::UnknownIssuer)));
        assert!(desk.ts_verifies(bare.token(), &batch(), "roots.pem", now()).is_err());
    }

    #[test]
    fn a_policy_and_a_missing_nonce_are_told() {
        let Some((desk, roots)) = office("policy") else { return };
        desk.certificate("tsa", "tsa", "root", "tsa", LONG);
        let policy = "1.3.6.1.4.1.55555.2".parse().expect("an identifier");
        let reply = desk.reply("ts", &request(&batch(), Some(&policy), None), "tsa", "tsa", &[]);
        let token = TimeStampResponse::parse(&reply).expect("granted");
        let verified = judge(token.token(), &roots).expect("a time-stamp");
        assert_eq!((verified.policy, verified.nonce), (policy, None));
        assert_eq!(*verified.serial, [2], "its file said that 1 was the last");
        assert_eq!(verified.path.intermediates, []);
    }

    #[test]
    fn an_authority_that_refuses_says_why() {
        let Some((desk, _)) = office("refusals") else { return };
        desk.certificate("tsa", "tsa", "root", "tsa", LONG);
        let refused = |request: &[u8], section| {
            let reply = desk.reply(section, request, "tsa", "tsa", &[]);
            match TimeStampResponse::parse(&reply) {
                Err(ResponseError::Refused { status: Refusal::Rejection, failure }) => failure,
                other => panic!("{other:?}"),
            }
        };
        let unknown = "1.3.6.1.4.1.55555.3".parse().expect("an identifier");
        assert!(refused(&request(&batch(), Some(&unknown), None), "ts").has(Failure::UnacceptedPolicy));
        desk.openssl(&["ts", "-query", "-digest", &"ab".repeat(20), "-sha1", "-out", "sha1"]);
        assert!(refused(&desk.read("sha1"), "ts_plain").has(Failure::BadAlgorithm));
        assert!(refused(&sequence(&[&[2, 1, 1]]), "ts").has(Failure::BadDataFormat));
        // openssl's authority cannot sign with Ed25519 (PKCS #7 does not know it): so it says, and gives no reason.
        desk.key("ed", ED25519);
        desk.certificate("ed", "ed", "root", "tsa", LONG);
        desk.write("query", &request(&batch(), None, None));
        let to = ["-signer", "ed.pem", "-inkey", "ed.key", "-queryfile", "query", "-out", "reply"];
        desk.run(&[&["ts", "-reply", "-config", "ca.cnf", "-section", "ts"], &to[..]].concat());
        let reply = TimeStampResponse::parse(&desk.read("reply"));
        assert!(matches!(reply, Err(ResponseError::Refused { status: Refusal::Rejection, .. })), "{reply:?}");
    }

    #[test]
    fn a_digest_or_a_signature_by_another_hash_is_refused() {
        let Some((desk, roots)) = office("hashes") else { return };
        desk.certificate("tsa", "tsa", "root", "tsa", LONG);
        for (hash, bytes) in [("-sha1", 20), ("-sha512", 64)] {
            desk.openssl(&["ts", "-query", "-digest", &"ab".repeat(bytes), hash, "-cert", "-out", "other"]);
            let reply = desk.reply("ts", &desk.read("other"), "tsa", "tsa", &[]);
            let response = TimeStampResponse::parse(&reply).expect("granted");
            assert_eq!(judge(response.token(), &roots), Err(TimeStampError::ImprintAlgorithm), "{hash}");
            assert!(desk.ts_verifies(response.token(), &batch(), "roots.pem", now()).is_err());
        }
        let reply = desk.reply("ts_signs_sha1", &request(&batch(), None, None), "tsa", "tsa", &[]);
        let response = TimeStampResponse::parse(&reply).expect("granted");
        assert_eq!(judge(response.token(), &roots), Err(TimeStampError::UnsupportedAlgorithm));
        let reply = desk.reply("ts", &request(&batch(), None, None), "tsa", "tsa", &[]);
        let token = TimeStampResponse::parse(&reply).expect("granted").token().to_vec();
        assert!(judge(&token, &roots).is_ok(), "the same with SHA-256");
    }
}

mod forged {
    //! Tokens with one thing wrong.

    use super::*;
    use forge::{
        CONTENT_TYPE, DATA, ECDSA_SHA1, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, MESSAGE_DIGEST, PSS, SHA1, SHA1_RSA,
        SHA256, SHA256_RSA, SHA384, SHA512, SIGNED_DATA, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, SIGNING_TIME,
        content, digest, element, issuer_and_serial, pss, signing_certificate, signing_certificate_v2,
    };

    /// What `openssl ts -verify` says of the same token.
    #[derive(Clone, Copy)]
    enum Theirs {
        Agree,
        /// It takes what we refuse, because:
        Laxer(&'static str),
        /// It refuses what we take, because:
        Stricter(&'static str),
    }
    use Theirs::{Agree, Laxer, Stricter};

    struct Office {
        desk: Desk,
        roots: Vec<Certificate>,
        issuing: Certificate,
        /// Over the key `tsa`, by `issuing`.
        tsa: Certificate,
    }

    impl Office {
        fn open(name: &str) -> Option<Self> {
            let desk = Desk::open(name)?;
            for name in ["root", "issuing", "tsa"] {
                desk.key(name, P256);
            }
            let roots = vec![desk.certificate("root", "root", "root", "root", LONG)];
            let issuing = desk.certificate("issuing", "issuing", "root", "issuing", LONG);
            let tsa = desk.certificate("tsa", "tsa", "issuing", "tsa", LONG);
            Some(Self { desk, roots, issuing, tsa })
        }

        /// A good one.
        fn forge(&self) -> Forge {
            Forge::new(&Info::of(&batch()), "tsa", &[&self.tsa, &self.issuing])
        }
        fn with(&self, change: impl FnOnce(&mut Forge)) -> Vec<u8> {
            let mut forge = self.forge();
            change(&mut forge);
            forge.token(&self.desk)
        }
        fn with_info(&self, change: impl FnOnce(&mut Info)) -> Vec<u8> {
            let mut info = Info::of(&batch());
            change(&mut info);
            Forge::new(&info, "tsa", &[&self.tsa, &self.issuing]).token(&self.desk)
        }

        /// The same by the key `tsa` with another certificate, by the root.
        fn certified(&self, section: &str, dates: [&str; 2]) -> Vec<u8> {
            let certificate = self.desk.certificate("changed", "tsa", "root", section, dates);
            Forge::new(&Info::of(&batch()), "tsa", &[&certificate]).token(&self.desk)
        }

        /// Judges, here and there.
        fn check(&self, name: &str, token: &[u8], expected: Result<(), TimeStampError>, theirs: Theirs) {
            let ours = judge(token, &self.roots);
            assert_eq!(ours.clone().map(drop), expected, "{name}");
            if let Ok(verified) = ours {
                assert_eq!(verified.time.seconds(), FORGED_AT, "{name}");
            }
            let said = self.desk.ts_verifies(token, &batch(), "root.pem", FORGED_AT);
            match theirs {
                Agree => assert_eq!(said.is_ok(), expected.is_ok(), "{name}: {said:?}"),
                // So it was with openssl 3.0; one that has come to agree is welcome.
                Laxer(why) | Stricter(why) => {
                    let lax = matches!(theirs, Laxer(_));
                    assert_eq!(lax, expected.is_err(), "{name}");
                    let note = if said.is_ok() == expected.is_ok() { "no more: " } else { "" };
                    println!("{name}: openssl {}: {note}{why}", if lax { "takes it" } else { "refuses it" });
                }
            }
        }
        fn accepted(&self, name: &str, token: &[u8], theirs: Theirs) {
            self.check(name, token, Ok(()), theirs);
        }
        fn refused(&self, name: &str, token: &[u8], error: TimeStampError, theirs: Theirs) {
            self.check(name, token, Err(error), theirs);
        }
    }

    fn flip(token: &[u8], at: usize) -> Vec<u8> {
        let mut token = token.to_vec();
        token[at] ^= 1;
        token
    }

    #[test]
    fn what_was_signed_cannot_be_changed() {
        let Some(office) = Office::open("changed") else { return };
        let good = office.with(|_| ());
        office.accepted("as it is", &good, Agree);
        // In TSTInfo its serial number, its digest, its time.
        let info = place(&good, &[2, 2, 0x2a, 7]);
        office.refused("serial number", &flip(&good, info + 3), TimeStampError::MessageDigest, Agree);
        let imprint = place(&good, batch().as_bytes());
        office.refused("digest", &flip(&good, imprint + 31), TimeStampError::MessageDigest, Agree);
        let time = place(&good, b"20260701000000Z");
        office.refused("time", &flip(&good, time + 13), TimeStampError::MessageDigest, Agree);
        // Attributes: one that decides nothing, then those that do.
        let time = place(&good, b"\x17\x0d260701000000Z");
        office.refused("signing-time", &flip(&good, time + 13), TimeStampError::Signature, Agree);
        let message_digest = place(&good, &digest(SHA256, &Info::of(&batch()).der()));
        office.refused("message-digest", &flip(&good, message_digest), TimeStampError::MessageDigest, Agree);
        let named = place(&good, Sha256Digest::of(office.tsa.der()).as_bytes());
        office.refused("signing-certificate-v2", &flip(&good, named), TimeStampError::OtherCertificate, Agree);
        office.refused("signature", &flip(&good, good.len() - 1), TimeStampError::Signature, Agree);
        // Another's signature over the same.
        office.desk.key("thief", P256);
        let stolen = office.with(|forge| forge.key = "thief");
        office.refused("another key", &stolen, TimeStampError::Signature, Agree);
        // Good, and of another batch.
        let other = Forge::new(&Info::of(&other_batch()), "tsa", &[&office.tsa, &office.issuing]).token(&office.desk);
        office.refused("another digest", &other, TimeStampError::OtherDigest, Agree);
    }

    #[test]
    fn the_signature_says_whose_it_is() {
        use TimeStampError::{Malformed, NoCertificate, NoSigningCertificate, OtherCertificate};
        let Some(office) = Office::open("whose") else { return };
        let (v1, v2) = (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2);
        let (tsa, issuing) = (&office.tsa, &office.issuing);
        let attribute = |kind: &'static str, value: Vec<u8>| office.with(|forge| forge.set(kind, &[&value]));
        // One certificate identifier, with what comes before and after the digest.
        let id = |before: &[u8], digest: &[u8], after: &[u8]| {
            sequence(&[&sequence(&[&sequence(&[before, &der(4, &[digest]), after])])])
        };
        let hashed = |hash| digest(hash, tsa.der());
        let issued = |certificate: &Certificate| {
            let (issuer, serial) = issuer_and_serial(certificate);
            sequence(&[&sequence(&[&der(0xa4, &[&issuer])]), &serial])
        };

        let neither = office.with(|forge| forge.set(v2, &[]));
        office.refused("neither form", &neither, NoSigningCertificate, Agree);
        let bare = office.with(|forge| forge.attributes.clear());
        office.refused("no attributes", &bare, TimeStampError::ContentType, Agree);

        let old = office.with(|forge| {
            forge.set(v2, &[]);
            forge.set(v1, &[&signing_certificate(tsa)]);
        });
        office.accepted("the old form alone", &old, Agree);
        office.accepted("both forms", &attribute(v1, signing_certificate(tsa)), Agree);
        office.accepted("with issuer and serial", &attribute(v2, id(&[], &hashed(SHA256), &issued(tsa))), Agree);
        for (name, hash) in [("SHA-256", SHA256), ("SHA-384", SHA384), ("SHA-512", SHA512)] {
            let value = id(&algorithm(hash), &hashed(hash), &[]);
            office.accepted(&format!("{name}, spelled out"), &attribute(v2, value), Agree);
        }
        let policies = sequence(&[&signing_certificate_v2(&[tsa])[2..], &sequence(&[&sequence(&[&oid("2a03")])])]);
        office.accepted("with policies", &attribute(v2, policies), Agree);

        let other = attribute(v2, signing_certificate_v2(&[issuing]));
        office.refused("another certificate", &other, OtherCertificate, Agree);
        let other = office.with(|forge| {
            forge.set(v2, &[]);
            forge.set(v1, &[&signing_certificate(issuing)]);
        });
        office.refused("another certificate in the old form", &other, OtherCertificate, Agree);
        let other = attribute(v1, signing_certificate(issuing));
        office.refused("one form right, one wrong", &other, OtherCertificate, Agree);
        let second = attribute(v2, signing_certificate_v2(&[issuing, tsa]));
        office.refused("the signer named second", &second, OtherCertificate, Agree);
        let other = attribute(v2, id(&[], &hashed(SHA256), &issued(issuing)));
        office.refused("issuer and serial of another", &other, OtherCertificate, Agree);
        let sha1 = attribute(v2, id(&algorithm(SHA1), &hashed(SHA1), &[]));
        office.refused("the new form with SHA-1", &sha1, OtherCertificate, Laxer("SHA-1 is not SHA-2 to it"));
        let none = attribute(v2, sequence(&[&sequence(&[])]));
        office.refused("none named", &none, Malformed, Agree);

        // Another certificate of the same key, put in the signer's place.
        let again = office.desk.certificate("again", "tsa", "issuing", "tsa", LONG);
        let (issuer, serial) = issuer_and_serial(&again);
        let replaced = office.with(|forge| {
            forge.certificates[0] = again.der().to_vec();
            forge.signer_id = sequence(&[&issuer, &serial]);
        });
        office.refused("another certificate of the same key", &replaced, OtherCertificate, Agree);
        // Not there, or not of the signer that is said.
        let absent = office.with(|forge| drop(forge.certificates.remove(0)));
        office.refused("no certificate of the signer", &absent, NoCertificate, Agree);
        let nothing = office.with(|forge| forge.certificates.clear());
        office.refused("no certificates", &nothing, NoCertificate, Agree);
        let unknown = office.with(|forge| forge.signer_id = sequence(&[&issuer, &serial]));
        office.refused("a signer whose certificate is not there", &unknown, NoCertificate, Agree);

        // With the key identifier that is in the certificate.
        let key_id = |id: &[u8]| {
            office.with(|forge| {
                forge.signer_version = 3;
                forge.signer_id = der(0x80, &[id]);
            })
        };
        let extension = [&oid("551d0e")[..], &[4, 22, 4, 20]].concat();
        let at = place(tsa.der(), &extension) + extension.len();
        let own = key_id(&tsa.der()[at..at + 20]);
        office.accepted("by key identifier", &own, Stricter("PKCS #7 has no key identifiers"));
        assert_eq!(office.desk.cms_verifies(&own, "root.pem", FORGED_AT), Ok(()));
        office.refused("by another key identifier", &key_id(&[7; 20]), NoCertificate, Agree);

        // What else is named limits what the path may go through.
        let whole = attribute(v2, signing_certificate_v2(&[tsa, issuing]));
        office.accepted("the whole path named", &whole, Agree);
        let broken = attribute(v2, signing_certificate_v2(&[tsa, &again]));
        let unknown = TimeStampError::Path(PathError::UnknownIssuer);
        office.refused("the intermediate not among those named", &broken, unknown, Agree);
    }

    #[test]
    fn the_certificate_is_for_time_stamps_only() {
        use TimeStampError::Usage;
        let Some(office) = Office::open("usage") else { return };
        for (section, theirs) in [
            ("eku_missing", Agree),
            ("eku_not_critical", Agree),
            ("eku_more", Agree),
            ("eku_more_unknown", Laxer("it does not see purposes that it does not know")),
            ("eku_other", Agree),
            ("eku_any", Agree),
            ("ku_other", Agree),
            ("ku_more", Agree),
        ] {
            office.refused(section, &office.certified(section, LONG), Usage, theirs);
        }
        for section in ["tsa", "ku_none", "ku_both"] {
            office.accepted(section, &office.certified(section, LONG), Agree);
        }
        let of_ca = office.certified("tsa_ca", LONG);
        office.refused("a CA's", &of_ca, PathError::Usage.into(), Laxer("it lets CAs sign time-stamps"));
    }

    #[test]
    fn the_path_counts_at_the_time_of_the_stamp() {
        use PathError::{OutsideValidity, Signature, UnknownIssuer, Usage};
        let Some(office) = Office::open("path") else { return };
        let dates = |from: &str, to: &str| {
            let [from, to] = [from, to].map(|day| format!("{day}Z"));
            office.certified("tsa", [&from, &to])
        };
        // Both ends of the validity count.
        let last = dates("20260101000000", "20260701000000");
        office.accepted(
            "until this second",
            &last,
            Stricter("to it the last second is over; RFC 5280 §4.1.2.5 includes it"),
        );
        office.accepted("from this second", &dates("20260701000000", "20270101000000"), Agree);
        let expired = dates("20260101000000", "20260630235959");
        office.refused("expired", &expired, OutsideValidity.into(), Agree);
        let early = dates("20260701000001", "20270101000000");
        office.refused("not yet valid", &early, OutsideValidity.into(), Agree);
        // Expired since, which is what a time-stamp is for; asked of today, openssl says no.
        let since = Info { time: "20210701000000Z".to_owned(), ..Info::of(&batch()) };
        let short = office.desk.certificate("short", "tsa", "root", "tsa", ["20210101000000Z", "20220101000000Z"]);
        let old = Forge::new(&since, "tsa", &[&short]).token(&office.desk);
        let verified = judge(&old, &office.roots).expect("valid at its time");
        assert_eq!(verified.time.seconds(), 1_625_097_600);
        assert_eq!(office.desk.ts_verifies(&old, &batch(), "root.pem", 1_625_097_600), Ok(()));
        assert!(office.desk.ts_verifies(&old, &batch(), "root.pem", FORGED_AT).is_err());

        // Roots: another one; one of the same name; one that had ended.
        let desk = &office.desk;
        for name in ["stranger", "ended"] {
            desk.key(name, P256);
        }
        let stranger = desk.certificate("stranger", "stranger", "stranger", "root", LONG);
        let by_stranger = desk.certificate("by_stranger", "tsa", "stranger", "tsa", LONG);
        let token = Forge::new(&Info::of(&batch()), "tsa", &[&by_stranger, &stranger]).token(desk);
        office.refused("a root that is not pinned, sent along", &token, UnknownIssuer.into(), Agree);
        let good = office.with(|_| ());
        assert_eq!(judge(&good, &[]), Err(UnknownIssuer.into()));
        assert_eq!(judge(&good, std::slice::from_ref(&stranger)), Err(UnknownIssuer.into()));
        let both = [stranger, office.roots[0].clone()];
        assert_eq!(judge(&good, &both).map(|v| v.path.root), Ok(1));
        let ended = desk.certificate("ended", "root", "root", "root", ["20200101000000Z", "20260101000000Z"]);
        assert_eq!(judge(&good, &[ended]), Err(OutsideValidity.into()));
        assert!(desk.ts_verifies(&good, &batch(), "ended.pem", FORGED_AT).is_err());

        // Intermediates: missing; changed; for servers.
        let missing = Forge::new(&Info::of(&batch()), "tsa", &[&office.tsa]).token(desk);
        office.refused("no intermediate", &missing, UnknownIssuer.into(), Agree);
        let last = place(&good, office.issuing.der()) + office.issuing.der().len() - 1;
        office.refused("a changed intermediate", &flip(&good, last), Signature.into(), Agree);
        let servers = desk.certificate("servers", "issuing", "root", "issuing_for_servers", LONG);
        let token = Forge::new(&Info::of(&batch()), "tsa", &[&office.tsa, &servers]).token(desk);
        let why = Laxer("it asks for the purpose in the signer's certificate alone");
        office.refused("an authority for servers", &token, Usage.into(), why);
    }

    #[test]
    fn algorithms_are_those_of_certificates_and_agree_with_themselves() {
        use TimeStampError::{Malformed, Signature, UnsupportedAlgorithm};
        let Some(office) = Office::open("algorithms") else { return };
        let pkcs7 = "PKCS #7 has no RSA-PSS";
        let salt = |n: &'static str| vec!["-sigopt", "rsa_padding_mode:pss", "-sigopt", n];
        let by = |key: &'static str, kind: &[&str]| {
            office.desk.key(key, kind);
            let certificate = office.desk.certificate(key, key, "issuing", "tsa", LONG);
            Forge::new(&Info::of(&batch()), key, &[&certificate, &office.issuing])
        };
        let rsa = by("rsa", RSA);
        let token = |forge: &Forge, hash, algorithm: Vec<u8>, how: &[&'static str]| {
            forge.clone().signed(hash, algorithm, how).token(&office.desk)
        };
        for (hash, how, with_rsa, bytes) in [
            (SHA256, "-sha256", "2a864886f70d01010b", "rsa_pss_saltlen:32"),
            (SHA384, "-sha384", "2a864886f70d01010c", "rsa_pss_saltlen:48"),
            (SHA512, "-sha512", "2a864886f70d01010d", "rsa_pss_saltlen:64"),
        ] {
            let plain = token(&rsa, hash, algorithm_null(forge::RSA), &[how]);
            office.accepted(&format!("RSA {how}"), &plain, Agree);
            let named = token(&rsa, hash, algorithm_null(with_rsa), &[how]);
            office.accepted(&format!("RSA {how}, named in the signature too"), &named, Agree);
            let size = match how {
                "-sha256" => 32,
                "-sha384" => 48,
                _ => 64,
            };
            let padded = token(&rsa, hash, pss(hash, size), &[&[how][..], &salt(bytes)].concat());
            office.accepted(&format!("RSA-PSS {how}"), &padded, Stricter(pkcs7));
            assert_eq!(office.desk.cms_verifies(&padded, "root.pem", FORGED_AT), Ok(()));
        }
        let p256 = office.forge();
        let p384 = by("p384", P384);
        for (name, forge) in [("P-256", &p256), ("P-384", &p384)] {
            for (hash, id, how) in [(SHA256, ECDSA_SHA256, "-sha256"), (SHA384, ECDSA_SHA384, "-sha384")] {
                office.accepted(&format!("{name} {how}"), &token(forge, hash, algorithm(id), &[how]), Agree);
            }
            let sha512 = token(forge, SHA512, algorithm(ECDSA_SHA512), &["-sha512"]);
            let why = Laxer("ECDSA with SHA-512 is not in our table");
            office.refused(&format!("{name} -sha512"), &sha512, UnsupportedAlgorithm, why);
        }
        // openssl 3.0 knows Ed25519 in neither PKCS #7 nor CMS. RFC 8419 says how it is done.
        let ed = by("ed", ED25519);
        let unable = Stricter("openssl 3.0 has no Ed25519 in signed data");
        office.accepted("Ed25519", &token(&ed, SHA512, algorithm(forge::ED25519), &[]), unable);
        let sha256 = token(&ed, SHA256, algorithm(forge::ED25519), &[]);
        office.refused("Ed25519 with SHA-256", &sha256, UnsupportedAlgorithm, Agree);
        let flipped = token(&ed, SHA512, algorithm(forge::ED25519), &[]);
        office.refused("Ed25519, changed", &flip(&flipped, flipped.len() - 40), Signature, Agree);

        // SHA-1, in each place.
        let security = Laxer("SHA-1 is within its default level of security");
        let sha1 = token(&rsa, SHA1, algorithm_null(forge::RSA), &["-sha1"]);
        office.refused("RSA with SHA-1", &sha1, UnsupportedAlgorithm, security);
        let sha1 = token(&p256, SHA1, algorithm(ECDSA_SHA1), &["-sha1"]);
        office.refused("ECDSA with SHA-1", &sha1, UnsupportedAlgorithm, security);
        let sha1 = token(&rsa, SHA256, algorithm_null(SHA1_RSA), &["-sha1"]);
        office.refused("SHA-1 only in the signature", &sha1, UnsupportedAlgorithm, Agree);
        // Two hashes.
        let apart = "it does not look at the hash that the signature algorithm names";
        let mixed = token(&rsa, SHA384, algorithm_null(SHA256_RSA), &["-sha384"]);
        office.refused("two hashes, RSA", &mixed, UnsupportedAlgorithm, Laxer(apart));
        let mixed = token(&p256, SHA384, algorithm(ECDSA_SHA256), &["-sha384"]);
        office.refused("two hashes, ECDSA", &mixed, UnsupportedAlgorithm, Laxer(apart));
        let mut front = office.forge();
        front.hashes = vec![algorithm(SHA512)];
        office.refused("another hash named in front", &front.token(&office.desk), Malformed, Agree);
        // Of another kind of key; with another salt; with PSS that is not spelled out.
        let other = office.with(|forge| forge.signature_algorithm = algorithm_null(SHA256_RSA));
        office.refused("RSA said of a curve", &other, Signature, Laxer("it goes by the certificate's key"));
        let short = token(&rsa, SHA256, pss(SHA256, 20), &[&["-sha256"][..], &salt("rsa_pss_saltlen:20")].concat());
        office.refused("a short salt", &short, UnsupportedAlgorithm, Agree);
        let bare = token(&rsa, SHA256, algorithm(PSS), &[&["-sha256"][..], &salt("rsa_pss_saltlen:32")].concat());
        office.refused("PSS without parameters", &bare, UnsupportedAlgorithm, Agree);
        // NULL or nothing behind a hash, as RFC 5754 has it; nothing else.
        let null =
            office.with(|forge| (forge.hash, forge.hashes) = (algorithm_null(SHA256), vec![algorithm_null(SHA256)]));
        office.accepted("NULL behind the hash", &null, Agree);
        let text = office.with(|forge| forge.hash = sequence(&[&oid(SHA256), &[0x0c, 1, b'x']]));
        office.refused("something behind the hash", &text, Malformed, Laxer("it does not look at parameters"));
    }

    #[test]
    fn what_the_authority_says_has_one_meaning() {
        use TimeStampError::{ImprintAlgorithm, Malformed, OtherName, UnknownCritical};
        let Some(office) = Office::open("meaning") else { return };
        for (time, theirs) in
            [("20260701000000.5Z", Agree), ("20260701000000.000001Z", Agree), ("20260701000000.999999999Z", Agree)]
        {
            office.accepted(time, &office.with_info(|info| info.time = time.to_owned()), theirs);
        }
        let lax = Laxer("it does not look at the time's form");
        for time in
            ["20260701000000.50Z", "20260701000000.0Z", "20260701000000.Z", "202607010000Z", "20260701070000+0700"]
        {
            office.refused(time, &office.with_info(|info| info.time = time.to_owned()), Malformed, lax);
        }
        let rest = |parts: &[&[u8]]| office.with_info(|info| info.rest = parts.concat());
        let accuracy = sequence(&[&[2, 1, 1], &[0x80, 2, 1, 0xf4], &[0x81, 1, 100]]);
        let everything = rest(&[&accuracy, &[1, 1, 0xff], &[2, 1, 9]]);
        office.accepted("accuracy, order and nonce", &everything, Agree);
        let verified = judge(&everything, &office.roots).expect("a time-stamp");
        assert_eq!(verified.accuracy, Some(Duration::from_micros(1_500_100)));
        assert_eq!(verified.nonce, Nonce::from_bytes(&[0, 0, 0, 0, 0, 0, 0, 9]).ok());
        office.refused("order FALSE, written", &rest(&[&[1, 1, 0]]), Malformed, Laxer("DER leaves defaults out"));
        office.refused("a long nonce", &rest(&[&der(2, &[&[1; 34]])]), Malformed, Laxer("it has no limit"));
        office.refused("in another order", &rest(&[&[2, 1, 9], &accuracy]), Malformed, Agree);

        // Names of the authority.
        let (issuer, _) = issuer_and_serial(&office.tsa);
        let subject = element(&office.tsa.der()[place(office.tsa.der(), b"\x17\x0d200101000000Z") + 30..]);
        let directory = |name: &[u8]| rest(&[&der(0xa0, &[&der(0xa4, &[name])])]);
        office.accepted("its subject", &directory(subject), Agree);
        office.accepted("its DNS name", &rest(&[&der(0xa0, &[&der(0x82, &[b"tsa.example"])])]), Agree);
        office.refused("its issuer's name", &directory(&issuer), OtherName, Agree);
        let other = rest(&[&der(0xa0, &[&der(0x82, &[b"other.example"])])]);
        office.refused("another DNS name", &other, OtherName, Agree);

        // Extensions.
        let extension = |critical: &[u8]| {
            rest(&[&der(0xa1, &[&sequence(&[&oid("2b0601040183b20302"), critical, &der(4, &[&[5, 0]])])])])
        };
        office.accepted("an unknown extension", &extension(&[]), Agree);
        let why = Laxer("it looks at no extensions of TSTInfo");
        office.refused("a critical unknown extension", &extension(&[1, 1, 0xff]), UnknownCritical, why);

        // Imprints.
        let imprint = |algorithm: Vec<u8>, digest: &[u8]| {
            office.with_info(|info| info.imprint = sequence(&[&algorithm, &der(4, &[digest])]))
        };
        office.accepted("without NULL", &imprint(algorithm(SHA256), batch().as_bytes()), Agree);
        office.refused("SHA-1", &imprint(algorithm_null(SHA1), &[7; 20]), ImprintAlgorithm, Agree);
        office.refused("SHA-512", &imprint(algorithm_null(SHA512), &[7; 64]), ImprintAlgorithm, Agree);
        // The digest of the batch, said to be by another function.
        let hash = "it does not compare the hash function when it is given a digest";
        let said = imprint(algorithm_null("2a864886f70d0205"), batch().as_bytes());
        office.refused("SHA-256 said to be MD5", &said, ImprintAlgorithm, Laxer(hash));
        office.refused("33 bytes", &imprint(algorithm_null(SHA256), &[7; 33]), Malformed, Agree);
        let version = office.with_info(|info| info.version = 2);
        office.refused("TSTInfo of version 2", &version, Malformed, Agree);
    }

    #[test]
    fn a_token_has_one_signer_and_the_shape_of_one() {
        use TimeStampError::{ContentType, Malformed, MessageDigest, NotATimeStamp, Signers};
        let Some(office) = Office::open("shape") else { return };
        office.refused("two signers", &office.with(|forge| forge.signers = 2), Signers, Agree);
        office.refused("no signer", &office.with(|forge| forge.signers = 0), Signers, Agree);
        office.refused("data", &office.with(|forge| forge.kind = DATA), NotATimeStamp, Agree);
        let good = office.with(|_| ());
        let enveloped = flip(&good, place(&good, &oid(SIGNED_DATA)) + 10);
        office.refused("enveloped data", &enveloped, NotATimeStamp, Agree);

        let without = |kind| office.with(|forge| forge.set(kind, &[]));
        office.refused("no content-type", &without(CONTENT_TYPE), ContentType, Laxer("it does not ask for one"));
        office.refused("no message-digest", &without(MESSAGE_DIGEST), MessageDigest, Agree);
        office.accepted("no signing-time", &without(SIGNING_TIME), Agree);
        let typed = office.with(|forge| forge.set(CONTENT_TYPE, &[&oid(DATA)]));
        office.refused("content-type data", &typed, ContentType, Laxer("it does not compare content types"));
        // Twice, and with two values.
        let digest = der(4, &[&digest(SHA256, &office.forge().info)]);
        let two = office.with(|forge| forge.set(MESSAGE_DIGEST, &[&digest, &der(4, &[&[0xff; 32]])]));
        office.refused("two values", &two, Malformed, Laxer("it takes the first"));
        let twice = office.with(|forge| forge.attributes.push(attribute(MESSAGE_DIGEST, &[&der(4, &[&[0xff; 32]])])));
        office.refused("an attribute twice", &twice, Malformed, Laxer("it takes the first"));
        let unsorted = office.with(|forge| {
            forge.attributes.sort();
            forge.attributes.reverse();
            forge.sorted = false;
        });
        office.refused("attributes out of order", &unsorted, Malformed, Laxer("it verifies them as they stand"));
        let many = office.with(|forge| {
            let more = (0..13_u8).map(|n| attribute(&format!("2a0303{n:02x}"), &[&[5, 0]]));
            forge.attributes.extend(more);
        });
        office.refused("17 attributes", &many, Malformed, Laxer("it has no limit"));

        for (name, token) in [
            ("SignedData of version 1", office.with(|forge| forge.version = 1)),
            ("SignedData of version 4", office.with(|forge| forge.version = 4)),
            ("SignerInfo of version 3 with a serial number", office.with(|forge| forge.signer_version = 3)),
            ("no hashes in front", office.with(|forge| forge.hashes.clear())),
            ("five hashes in front", office.with(|forge| forge.hashes = vec![algorithm_null(SHA256); 5])),
        ] {
            let ours = judge(&token, &office.roots);
            assert_eq!(ours.map(drop), Err(Malformed), "{name}");
        }
        // Not signed, and so nothing follows from it.
        let crl = office.with(|forge| forge.crls = der(0xa1, &[&sequence(&[&[5, 0]])]));
        office.accepted("something for CRLs", &crl, Stricter("it reads them, and this is none"));
        let unsigned = office.with(|forge| forge.unsigned = der(0xa1, &[&attribute("2a0303", &[&[5, 0]])]));
        office.accepted("unsigned attributes", &unsigned, Agree);
        let mixed = office.with(|forge| forge.certificates.reverse());
        office.accepted("certificates in another order", &mixed, Agree);
        let junk = office.with(|forge| forge.certificates.push(sequence(&[&[5, 0]])));
        office.accepted("a certificate that is none", &junk, Stricter("it reads each certificate"));
        // All of it at once, and each bit flipped: only in those places is a change without effect.
        let filling = sequence(&[&der(4, &[&[0x55; 12]])]);
        let everything = office.with(|forge| {
            forge.certificates.push(filling.clone());
            forge.crls = der(0xa1, &[&sequence(&[&der(4, &[&[0x66; 12]])])]);
            forge.unsigned = der(0xa1, &[&attribute("2a0303", &[&der(4, &[&[0x77; 12]])])]);
        });
        let mut free = Vec::new();
        for (value, around) in [(0x55, 4), (0x66, 4), (0x77, 11)] {
            let at = place(&everything, &[value; 12]);
            free.extend(at - around..at + 12);
        }
        // The issuer by which the signer's certificate is found, without regard to case.
        let issuer = "Dấu thời gian issuing".as_bytes();
        let at = everything.windows(issuer.len()).rposition(|window| window == issuer).expect("named");
        free.extend(at..at + issuer.len());
        let unchanged = flips_that_change_nothing(&everything, &office.roots);
        let others: Vec<_> = unchanged.iter().filter(|place| !free.contains(place)).collect();
        assert!(others.is_empty(), "{others:?}");
        let attribute_certificate = office.with(|forge| forge.certificates.push(der(0xa2, &[&[5, 0]])));
        office.refused("an attribute certificate", &attribute_certificate, Malformed, Agree);
    }

    #[test]
    fn a_token_is_der_throughout_and_of_bounded_size() {
        use TimeStampError::{Malformed, TooLarge, TooManyCertificates};
        let Some(office) = Office::open("size") else { return };
        let good = office.with(|_| ());
        for end in 0..good.len() {
            assert_eq!(judge(&good[..end], &office.roots), Err(Malformed), "cut at {end}");
        }
        office.refused("cut short", &good[..good.len() - 1], Malformed, Agree);
        let behind = [&good[..], &[0]].concat();
        office.refused("a byte behind", &behind, Malformed, Laxer("it reads as far as the token goes"));
        // BER: indefinite length outside; a length with a zero in front; content in pieces.
        let indefinite = [&[0x30, 0x80][..], content(&good), &[0, 0]].concat();
        let ber = Laxer("it reads BER");
        office.refused("indefinite length", &indefinite, Malformed, ber);
        let length = content(&good).len();
        let long = [&[0x30, 0x83, 0, (length >> 8) as u8, length as u8][..], content(&good)].concat();
        office.refused("a longer length than needed", &long, Malformed, ber);
        let pieces = office.with(|forge| forge.info = [&[0x24, 0x80][..], &der(4, &[&forge.info]), &[0, 0]].concat());
        assert_eq!(judge(&pieces, &office.roots), Err(Malformed));

        let with = |n: usize| {
            let filling = vec![office.roots[0].der().to_vec(); n - 2];
            office.with(|forge| forge.certificates.extend(filling))
        };
        office.accepted("as many certificates as fit", &with(MAX_TOKEN_CERTIFICATES), Agree);
        let surplus = with(MAX_TOKEN_CERTIFICATES + 1);
        office.refused("one more", &surplus, TooManyCertificates, Laxer("it has no limit"));
        let filled = |n: usize| {
            office.with(|forge| forge.unsigned = der(0xa1, &[&attribute("2a0303", &[&der(4, &[&vec![7; n]])])]))
        };
        let room = MAX_TOKEN_BYTES - filled(20_000).len() + 20_000;
        // The length of an ECDSA signature in DER varies by two bytes.
        let of =
            |length| (0..1000).map(|n| filled(room - 3 + n % 7)).find(|token| token.len() == length).expect("soon");
        office.accepted("as large as may be", &of(MAX_TOKEN_BYTES), Agree);
        office.refused("one byte more", &of(MAX_TOKEN_BYTES + 1), TooLarge, Laxer("it has no limit"));
    }
}
