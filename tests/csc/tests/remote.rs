//! The client of `hocba-keystore` against the service, each in a process of its own.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hocba_keystore::{
    Clock, Passphrase, Question, RemoteService, RemoteSettings, Secret, SigningError, SigningKey, Stopped, SystemClock,
    read_certificate_chain,
};
use hocba_record::types::UnixTime;
use hocba_signature::{
    algorithm::Algorithm,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};
use hocba_test_csc::{Server, Settings, service::TOKEN};
use tempfile::TempDir;

const PUPILS: usize = 40;

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/keystore/tests/fixtures")
}

fn start(credentials: &[&str], options: &[&str]) -> (Server, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = Settings::new(&keys(), credentials, &folder.path().join("log")).with(options);
    settings.program = env!("CARGO_BIN_EXE_hocba-test-csc").into();
    (Server::start(settings).expect("it starts"), folder)
}

fn settings(server: &Server) -> RemoteSettings {
    RemoteSettings { roots: Some(Vec::new()), ..RemoteSettings::new(server.url(), Passphrase::new(TOKEN)) }
}

/// The signer: knows PIN and OTP, and counts how often each is asked for.
#[derive(Clone, Default)]
struct Signer {
    asked: Arc<Mutex<Vec<Question>>>,
    otps: Arc<AtomicUsize>,
}

impl Signer {
    /// Has this many OTPs to give.
    fn with_otps(count: usize) -> Self {
        Self { otps: Arc::new(AtomicUsize::new(count)), ..Self::default() }
    }

    fn factor(&self) -> Box<dyn hocba_keystore::SecondFactor> {
        let signer = self.clone();
        Box::new(move |question: &Question| {
            signer.asked.lock().expect("one thread").push(question.clone());
            match question.id.as_str() {
                "PIN" => Some(Passphrase::new("1234")),
                _ => {
                    let left =
                        signer.otps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                    left.is_ok().then(|| Passphrase::new("778899"))
                }
            }
        })
    }

    fn asked(&self, id: &str) -> usize {
        self.asked.lock().expect("one thread").iter().filter(|question| question.id == id).count()
    }
}

/// Time that only this test moves.
#[derive(Clone, Default)]
struct VirtualClock(Arc<Mutex<Duration>>);

impl VirtualClock {
    fn pass(&self, time: Duration) {
        *self.0.lock().expect("one thread") += time;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        *self.0.lock().expect("one thread")
    }
    fn wait(&self, time: Duration) {
        self.pass(time);
    }
}

fn open(settings: &RemoteSettings, credential: &str, signer: &Signer) -> Result<SigningKey, SigningError> {
    let clock = Box::new(SystemClock::default());
    RemoteService::new(settings)?.open(Some(credential), None, signer.factor(), clock)
}

fn messages(pupils: usize) -> Vec<Vec<u8>> {
    (1..=pupils).map(|n| format!("eyJhbGciOiJ.học sinh STT {n}").into_bytes()).collect()
}

fn sign(key: &mut SigningKey, messages: &[Vec<u8>]) -> (Vec<Vec<u8>>, Result<(), Stopped>) {
    let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut signatures = Vec::new();
    let result = key.sign_each(&slices, &mut |_, signature| {
        signatures.push(signature);
        ControlFlow::Continue(())
    });
    (signatures, result)
}

fn all_verify(key: &SigningKey, messages: &[Vec<u8>], signatures: &[Vec<u8>]) {
    assert_eq!(signatures.len(), messages.len());
    let certificate = Certificate::from_der(&key.certificate_chain()[0]).expect("a certificate");
    for (message, signature) in messages.iter().zip(signatures) {
        certificate.key().verify(key.algorithm(), message, signature).expect("verifies");
    }
}

#[test]
fn a_class_is_signed_by_each_kind_of_key() {
    let (server, _folder) = start(&["rsa2048", "p256", "p384"], &["--pin=1234", "--otp=778899"]);
    for (name, algorithm, length) in [
        ("rsa2048", Algorithm::Rs256, 256),
        ("rsa2048", Algorithm::Ps256, 256),
        ("p256", Algorithm::Es256, 64),
        ("p384", Algorithm::Es384, 96),
    ] {
        let signer = Signer::with_otps(1);
        let service = RemoteService::new(&settings(&server)).expect("an address");
        let clock = Box::new(SystemClock::default());
        let mut key = service.open(Some(name), Some(algorithm), signer.factor(), clock).expect("opened");
        let chain = read_certificate_chain(&keys().join(format!("{name}.crt.pem"))).expect("a chain");
        assert_eq!((key.algorithm(), key.certificate_chain()), (algorithm, &chain[..]));
        let messages = messages(PUPILS);
        let (signatures, result) = sign(&mut key, &messages);
        result.unwrap_or_else(|error| panic!("{name}: {error}"));
        all_verify(&key, &messages, &signatures);
        assert!(signatures.iter().all(|signature| signature.len() == length));
        assert_eq!((signer.asked("PIN"), signer.asked("OTP")), (1, 1), "one authorisation for the class");
    }
    assert_eq!((server.logged("authorize").len(), server.logged("sign").len()), (4, 160));
}

#[test]
fn ecdsa_signatures_in_der_come_out_as_jws_wants_them() {
    let (server, _folder) = start(&["p256", "p384"], &["--der=yes"]);
    for (name, length) in [("p256", 64), ("p384", 96)] {
        let mut key = open(&settings(&server), name, &Signer::default()).expect("opened without any secret");
        let messages = messages(PUPILS);
        let (signatures, result) = sign(&mut key, &messages);
        result.expect("signed");
        all_verify(&key, &messages, &signatures);
        assert!(signatures.iter().all(|signature| signature.len() == length));
    }
}

#[test]
fn a_service_killed_after_the_17th_leaves_17_and_each_pupil_is_signed_once() {
    let (mut server, _folder) = start(&["p256"], &["--crash-after=17", "--pin=1234", "--otp=778899"]);
    let signer = Signer::with_otps(2);
    let one_by_one = RemoteSettings { batch: 1, ..settings(&server) };
    let mut key = open(&one_by_one, "p256", &signer).expect("opened");
    let messages = messages(PUPILS);
    let (mut signatures, result) = sign(&mut key, &messages);
    let stopped = result.expect_err("it fell over");
    assert_eq!((stopped.signed, stopped.of, signatures.len()), (17, 40, 17));
    assert!(matches!(stopped.why, SigningError::Unreachable { .. }), "{stopped}");
    let text = stopped.to_string();
    assert!(text.starts_with("signed 17 of 40, then: http://127.0.0.1") && text.contains("run again later"), "{text}");

    let (none, result) = sign(&mut key, &messages[17..]);
    assert!(none.is_empty() && matches!(result.expect_err("still down").why, SigningError::Unreachable { .. }));

    server.restart(&["--pin=1234", "--otp=778899"]).expect("it starts again");
    let signer = Signer::with_otps(1);
    let mut key = open(&one_by_one, "p256", &signer).expect("opened again");
    let (rest, result) = sign(&mut key, &messages[17..]);
    result.expect("signed");
    signatures.extend(rest);
    all_verify(&key, &messages, &signatures);
    let mut hashes = server.logged("sign");
    assert_eq!(hashes.len(), 40);
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 40, "each once");
}

/// What a lost answer costs, told as it is: the service made those signatures, and makes them again.
#[test]
fn signatures_of_a_lost_answer_are_made_again() {
    let (mut server, _folder) = start(&["p256"], &["--crash-after=17"]);
    let messages = messages(PUPILS);
    let mut key = open(&settings(&server), "p256", &Signer::default()).expect("opened");
    let (mut signatures, result) = sign(&mut key, &messages);
    assert_eq!((result.expect_err("it fell over").signed, signatures.len()), (10, 10), "the first request of ten");
    server.restart(&[]).expect("it starts again");
    let (rest, result) = sign(&mut key, &messages[10..]);
    result.expect("signed");
    signatures.extend(rest);
    all_verify(&key, &messages, &signatures);
    assert_eq!(server.logged("sign").len(), 40 + 7);
}

/// 2,000 messages at three signatures a second, 100 for each authorisation, interrupted and resumed twice. Time is
/// simulated on both sides (eleven minutes of it); what is counted is real.
#[test]
fn two_thousand_at_three_a_second_interrupted_twice() {
    let options = ["--cap=100", "--sad-seconds=300", "--per-second=3", "--pin=1234", "--otp=778899"];
    let with_crash =
        |at: &str| -> Vec<String> { options.iter().map(ToString::to_string).chain([at.to_owned()]).collect() };
    let (mut server, _folder) =
        start(&["rsa2048"], &with_crash("--crash-after=317").iter().map(String::as_str).collect::<Vec<_>>());
    let messages = messages(2_000);
    let signer = Signer::with_otps(usize::MAX);
    let settings = RemoteSettings { batch: 1, ..settings(&server) };
    let clock = VirtualClock::default();
    let mut signatures: Vec<Vec<u8>> = Vec::new();
    let mut key = None;
    for (run, (until, crash)) in
        [(317, Some("--crash-after=933")), (317 + 933, None), (2_000, None)].into_iter().enumerate()
    {
        let service = RemoteService::new(&settings).expect("an address");
        let key =
            key.insert(service.open(Some("rsa2048"), None, signer.factor(), Box::new(clock.clone())).expect("opened"));
        let slices: Vec<&[u8]> = messages[signatures.len()..].iter().map(Vec::as_slice).collect();
        let result = key.sign_each(&slices, &mut |_, signature| {
            signatures.push(signature);
            clock.pass(Duration::from_secs(1) / 3);
            ControlFlow::Continue(())
        });
        assert_eq!((signatures.len(), result.is_err()), (until, run < 2), "{result:?}");
        if run < 2 {
            let next = crash.map_or_else(|| options.iter().map(ToString::to_string).collect(), with_crash);
            server.restart(&next.iter().map(String::as_str).collect::<Vec<_>>()).expect("it starts again");
        }
    }
    all_verify(key.as_ref().expect("opened thrice"), &messages, &signatures);
    assert_eq!(server.logged("sign").len(), 2_000);
    // 317 signatures are 4 authorisations (the last for 100, of which 17 were used), 933 are 10, 750 are 8.
    assert_eq!(server.logged("authorize").len(), 4 + 10 + 8);
    assert_eq!(signer.asked("OTP"), 22);
    assert_eq!(signer.asked("PIN"), 3, "typed once a run");
    let seconds = clock.now().as_secs_f64();
    assert!((660.0..=670.0).contains(&seconds), "{seconds} seconds at three a second");
}

/// The same 2,000 as a list: one signature, one authorisation, and each record verifies by itself.
#[test]
fn two_thousand_in_a_list_take_one_signature() {
    let (server, _folder) = start(&["rsa2048"], &["--cap=100", "--pin=1234", "--otp=778899"]);
    let signer = Signer::with_otps(1);
    let mut key = open(&settings(&server), "rsa2048", &signer).expect("opened");
    let certificate = Certificate::from_der(&key.certificate_chain()[0]).expect("a certificate");
    let records: Vec<Statement> =
        (0..2_000).map(|n| Statement::unsigned(format!(r#"{{"pupil":{n}}}"#).into_bytes())).collect();
    let (typ, at) = (StatementType::Record, UnixTime::from_seconds(1_811_808_000).expect("in range"));
    let input = Statement::prepare_list(&records, typ, Role::Principal, key.algorithm(), *certificate.digest(), at)
        .expect("a list");
    let signature = key.sign(input.bytes()).expect("signed");
    let signed = input.attach(records, &signature).expect("as many");
    assert!(signed.iter().all(|record| record.verify(0, certificate.key()).is_ok()));
    assert_eq!((signed.len(), server.logged("sign").len(), server.logged("authorize").len()), (2_000, 1, 1));
    assert_eq!((signer.asked("OTP"), signer.asked("PIN")), (1, 1));
}

#[test]
fn an_authorisation_that_lapses_in_time_is_asked_for_again() {
    // 40 signatures at one a second, each authorisation lasts 20 seconds, of which 5 are kept back: 15 + 15 + 10.
    let (server, _folder) = start(&["p256"], &["--sad-seconds=20", "--per-second=1", "--otp=778899"]);
    let (signer, clock) = (Signer::with_otps(9), VirtualClock::default());
    let settings = RemoteSettings { batch: 1, ..settings(&server) };
    let service = RemoteService::new(&settings).expect("an address");
    let mut key = service.open(Some("p256"), None, signer.factor(), Box::new(clock.clone())).expect("opened");
    let messages = messages(PUPILS);
    let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut signatures = Vec::new();
    key.sign_each(&slices, &mut |_, signature| {
        signatures.push(signature);
        clock.pass(Duration::from_secs(1));
        ControlFlow::Continue(())
    })
    .expect("signed");
    all_verify(&key, &messages, &signatures);
    assert_eq!((server.logged("authorize").len(), signer.asked("OTP")), (3, 3));
}

/// The client's clock stands still, so it does not see the end of the authorisation coming; the service says so.
#[test]
fn an_authorisation_that_the_service_ends_early_is_asked_for_again() {
    let (server, _folder) = start(&["p256"], &["--sad-seconds=10", "--per-second=1", "--otp=778899"]);
    let signer = Signer::with_otps(9);
    let settings = RemoteSettings { batch: 1, ..settings(&server) };
    let service = RemoteService::new(&settings).expect("an address");
    let mut key = service.open(Some("p256"), None, signer.factor(), Box::new(VirtualClock::default())).expect("opened");
    let messages = messages(PUPILS);
    let (signatures, result) = sign(&mut key, &messages);
    result.expect("signed");
    all_verify(&key, &messages, &signatures);
    assert_eq!(server.logged("sign").len(), 40, "no signature twice");
    assert_eq!(signer.asked("OTP"), 4);
}

#[test]
fn one_otp_is_good_for_one_authorisation_and_the_rest_is_named() {
    let (server, _folder) = start(&["p256"], &["--cap=25", "--otp=778899"]);
    let mut key = open(&settings(&server), "p256", &Signer::with_otps(1)).expect("opened");
    let messages = messages(PUPILS);
    let (mut signatures, result) = sign(&mut key, &messages);
    let stopped = result.expect_err("one OTP only");
    assert_eq!((stopped.signed, signatures.len()), (25, 25));
    assert!(matches!(stopped.why, SigningError::AuthorisationExhausted { signatures: 25 }), "{stopped}");
    assert!(stopped.to_string().contains("authorise again"), "{stopped}");
    let mut key = open(&settings(&server), "p256", &Signer::with_otps(1)).expect("opened");
    let (rest, result) = sign(&mut key, &messages[25..]);
    result.expect("signed");
    signatures.extend(rest);
    all_verify(&key, &messages, &signatures);
}

#[test]
fn wrong_and_missing_secrets_are_named_and_not_tried_twice() {
    for (options, wanted) in [
        (["--pin=4321", "--otp=778899"], Secret::Factor("PIN".into())),
        (["--pin=1234", "--otp=000000"], Secret::Factor("OTP".into())),
    ] {
        let (server, _folder) = start(&["p256"], &options);
        let signer = Signer::with_otps(9);
        let mut key = open(&settings(&server), "p256", &signer).expect("opened");
        let (signatures, result) = sign(&mut key, &messages(PUPILS));
        let stopped = result.expect_err("refused");
        assert!(signatures.is_empty() && stopped.signed == 0);
        assert!(matches!(&stopped.why, SigningError::WrongSecret { secret, .. } if *secret == wanted), "{stopped}");
        assert!(!stopped.to_string().contains("1234") && !stopped.to_string().contains("778899"), "{stopped}");
        assert_eq!(signer.asked("OTP"), 1);
    }
    let (server, _folder) = start(&["p256"], &["--otp=778899"]);
    let mut key = open(&settings(&server), "p256", &Signer::with_otps(0)).expect("opened");
    let (_, result) = sign(&mut key, &messages(1));
    let stopped = result.expect_err("nobody answers");
    assert!(matches!(&stopped.why, SigningError::SecretMissing { asked } if asked == "Mã OTP"), "{stopped}");
}

#[test]
fn hashes_are_named_in_the_authorisation_where_the_service_binds_them() {
    let (server, _folder) = start(&["p384"], &["--scal2=yes", "--cap=15", "--otp=778899"]);
    let mut key = open(&settings(&server), "p384", &Signer::with_otps(3)).expect("opened");
    let messages = messages(PUPILS);
    let (signatures, result) = sign(&mut key, &messages);
    result.expect("signed");
    all_verify(&key, &messages, &signatures);
    assert_eq!(server.logged("authorize"), ["authorize 15", "authorize 15", "authorize 10"]);
}

#[test]
fn a_confirmation_in_the_app_is_waited_for() {
    let (server, _folder) = start(&["p256"], &["--confirm-after=30"]);
    let clock = VirtualClock::default();
    let service = RemoteService::new(&settings(&server)).expect("an address");
    let signer = Signer::default();
    let mut key = service.open(Some("p256"), None, signer.factor(), Box::new(clock.clone())).expect("opened");
    let messages = messages(3);
    let (signatures, result) = sign(&mut key, &messages);
    result.expect("signed");
    all_verify(&key, &messages, &signatures);
    assert_eq!(clock.now().as_secs(), 60, "thirty questions, two seconds apart");

    let (server, _folder) = start(&["p256"], &["--confirm-after=1000"]);
    let service = RemoteService::new(&settings(&server)).expect("an address");
    let mut key = service.open(Some("p256"), None, signer.factor(), Box::new(clock)).expect("opened");
    let (_, result) = sign(&mut key, &messages);
    let stopped = result.expect_err("nobody confirms");
    assert!(matches!(stopped.why, SigningError::NotAuthorised { .. }), "{stopped}");
}

#[test]
fn credentials_are_listed_and_the_only_one_needs_no_name() {
    let (server, _folder) = start(&["p256", "rsa2048"], &[]);
    let service = || RemoteService::new(&settings(&server)).expect("an address");
    assert_eq!(service().info().expect("info").name, "hocba-test-csc");
    assert_eq!(service().credentials().expect("a list"), ["p256", "rsa2048"]);
    let error = |name| {
        let clock = Box::new(SystemClock::default());
        service().open(name, None, Signer::default().factor(), clock).expect_err("refused")
    };
    let ambiguous = error(None);
    assert!(matches!(&ambiguous, SigningError::KeyAmbiguous { seen } if seen.len() == 2), "{ambiguous}");
    let unknown = error(Some("nobody"));
    assert!(matches!(&unknown, SigningError::KeyNotFound { seen, .. } if seen.len() == 2), "{unknown}");

    let (server, _folder) = start(&["p256"], &[]);
    let service = RemoteService::new(&settings(&server)).expect("an address");
    let clock = Box::new(SystemClock::default());
    service.open(None, None, Signer::default().factor(), clock).expect("the only one");
}

#[test]
fn an_ed25519_key_is_refused_since_only_hashes_are_seen() {
    let (server, _folder) = start(&["ed25519"], &["--fault=ed25519"]);
    let error = open(&settings(&server), "ed25519", &Signer::default()).unwrap_err();
    assert!(matches!(error, SigningError::OnlyHashes { .. }), "{error}");
    assert!(error.to_string().contains("use an RSA or ECDSA key"), "{error}");
}

#[test]
fn a_service_that_misbehaves_is_told_by_how() {
    let opened = |fault: &str| {
        let (server, folder) = start(&["p256"], &[&format!("--fault={fault}")]);
        (open(&settings(&server), "p256", &Signer::default()), server, folder)
    };
    let error = |fault: &str| opened(fault).0.expect_err(fault);
    assert!(matches!(error("huge"), SigningError::BadAnswer { what, .. } if what.contains("1048576")));
    assert!(matches!(error("garbage"), SigningError::BadAnswer { .. }));
    assert!(matches!(error("redirect"), SigningError::BadAnswer { what, .. } if what.contains("307")));
    assert!(matches!(error("unavailable"), SigningError::Unreachable { .. }));
    assert!(matches!(error("expired-token"), SigningError::AccessExpired { .. }));

    let (key, _server, _folder) = opened("short");
    let (signatures, result) = sign(&mut key.expect("opened"), &messages(PUPILS));
    assert!(signatures.is_empty() && matches!(result.expect_err("short").why, SigningError::BadAnswer { .. }));

    // The fifth signature is wrong: four are handed over, the fifth and what came with it are not.
    let (key, _server, _folder) = opened("bad-signature");
    let (signatures, result) = sign(&mut key.expect("opened"), &messages(PUPILS));
    let stopped = result.expect_err("one is bad");
    assert_eq!((signatures.len(), stopped.signed), (4, 4));
    assert!(matches!(stopped.why, SigningError::BadSignature { .. }), "{stopped}");
}

#[test]
fn a_service_that_does_not_answer_is_given_up_after_the_time_said() {
    let (server, _folder) = start(&["p256"], &["--delay-ms=20000"]);
    let settings = RemoteSettings { timeout: Duration::from_millis(300), ..settings(&server) };
    let mut key = open(&settings, "p256", &Signer::default()).expect("opened");
    let (_, result) = sign(&mut key, &messages(1));
    let stopped = result.expect_err("too slow");
    assert!(matches!(stopped.why, SigningError::Unreachable { .. }), "{stopped}");
}

#[test]
fn the_log_of_the_service_is_where_it_was_asked_to_be() {
    let (server, folder) = start(&["p256"], &[]);
    let mut key = open(&settings(&server), "p256", &Signer::default()).expect("opened");
    sign(&mut key, &messages(2)).1.expect("signed");
    let log = fs::read_to_string(folder.path().join("log")).expect("a log");
    assert_eq!(
        log.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["authorize", "sign", "sign"]
    );
}
